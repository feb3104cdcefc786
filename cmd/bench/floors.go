package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"
)

// floors are the least that a program with the public libraries would do for
// the same input. Each runs in a process of its own.
var floors = map[string]func(args []string) error{
	"floor-hcl":   parseWhole,
	"floor-json":  decodeLines,
	"floor-start": func([]string) error { return nil },
	"floor-post":  postAll,
	"null-server": serveNull,
	"emulator":    serveEmulator,
}

// parseWhole parses whole files with hclparse and decodes them with gohcl.
func parseWhole(files []string) error {
	type message struct {
		From string `hcl:"from"`
		Text string `hcl:"text"`
	}
	type conversation struct {
		Name     string    `hcl:"name,label"`
		Between  []string  `hcl:"between"`
		Pace     string    `hcl:"pace,optional"`
		Messages []message `hcl:"message,block"`
	}
	var root struct {
		Conversations []conversation `hcl:"conversation,block"`
	}
	users := make(map[string]cty.Value)
	for u := range 100_000 {
		users[fmt.Sprintf("u%05d", u)] = cty.StringVal(fmt.Sprintf("u%05d", u))
		if u > 2000 {
			break
		}
	}
	scope := &hcl.EvalContext{Variables: map[string]cty.Value{"user": cty.ObjectVal(users)}}
	parser := hclparse.NewParser()
	for _, file := range files {
		f, diags := parser.ParseHCLFile(file)
		if diags.HasErrors() {
			return diags
		}
		if diags := gohcl.DecodeBody(f.Body, scope, &root); diags.HasErrors() {
			return diags
		}
	}
	fmt.Println(len(root.Conversations))
	return nil
}

// decodeLines decodes JSON lines into structs with encoding/json.
func decodeLines(files []string) error {
	n := 0
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		for d := json.NewDecoder(bufio.NewReaderSize(f, 1<<20)); ; n++ {
			var m struct {
				From string `json:"from"`
				Text string `json:"text"`
				At   string `json:"at"`
			}
			if err := d.Decode(&m); err == io.EOF {
				break
			} else if err != nil {
				return err
			}
		}
		f.Close()
	}
	fmt.Println(n)
	return nil
}

// postAll posts each line of a file as a body, with that many connections and
// nothing else: what any client would at least have to do.
func postAll(args []string) error {
	url, file := args[0], args[1]
	var connections int
	if _, err := fmt.Sscan(args[2], &connections); err != nil {
		return err
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	bodies := bytes.Split(bytes.TrimSuffix(content, []byte{'\n'}), []byte{'\n'})
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = connections
	transport.MaxConnsPerHost = connections
	client := &http.Client{Transport: transport}
	queue := make(chan []byte, connections)
	failures := make(chan error, connections)
	var workers sync.WaitGroup
	for range connections {
		workers.Go(func() {
			for body := range queue {
				if err := post(client, url, body); err != nil {
					select {
					case failures <- err:
					default:
					}
				}
			}
		})
	}
	for _, body := range bodies {
		queue <- body
	}
	close(queue)
	workers.Wait()
	select {
	case err := <-failures:
		return err
	default:
		return nil
	}
}

func post(client *http.Client, url string, body []byte) error {
	request, err := http.NewRequest(http.MethodPost, url+"/moderation/messages", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("apikey", benchKey)
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the bare loop was answered %s", response.Status)
	}
	return nil
}
