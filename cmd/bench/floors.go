package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/dynblock"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// The floors are the least that a program with the public libraries would do
// for the same input. Each is a role of this program, and prints what it found
// so that nothing can be left out.

// readAll reads files and does nothing with them.
func readAll(files []string) error {
	var size int64
	buffer := make([]byte, 64<<10)
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		for err == nil {
			var n int
			n, err = f.Read(buffer)
			size += int64(n)
		}
		f.Close()
		if !errors.Is(err, io.EOF) {
			return err
		}
	}
	fmt.Println(size)
	return nil
}

// parsedMessage and parsedConversation are what gohcl decodes a generated
// dataset into.
type parsedMessage struct {
	From string `hcl:"from"`
	Text string `hcl:"text"`
}

type parsedConversation struct {
	Name     string          `hcl:"name,label"`
	Between  []string        `hcl:"between"`
	Pace     string          `hcl:"pace,optional"`
	Messages []parsedMessage `hcl:"message,block"`
}

// scope has the users of the largest generated dataset that is parsed here.
func scope() *hcl.EvalContext {
	users := make(map[string]cty.Value)
	for u := range 1000 {
		uid := fmt.Sprintf("u%06d", u)
		users[uid] = cty.StringVal(uid)
	}
	return &hcl.EvalContext{
		Variables: map[string]cty.Value{"user": cty.ObjectVal(users)},
		Functions: map[string]function.Function{"range": stdlib.RangeFunc, "flatten": stdlib.FlattenFunc, "min": stdlib.MinFunc},
	}
}

// parseBlocks parses whole files with hclparse and decodes them with gohcl.
func parseBlocks(files []string) error {
	var root struct {
		Conversations []parsedConversation `hcl:"conversation,block"`
	}
	scope, parser := scope(), hclparse.NewParser()
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

// parseForEach does the same for a conversation with for_each, whose dynamic
// blocks HCL's own extension expands.
func parseForEach(files []string) error {
	var root struct {
		Locals struct {
			Chats hcl.Expression `hcl:"chats"`
		} `hcl:"locals,block"`
		Conversation struct {
			Name    string         `hcl:"name,label"`
			ForEach hcl.Expression `hcl:"for_each"`
			Between hcl.Expression `hcl:"between"`
			Pace    string         `hcl:"pace"`
			Rest    hcl.Body       `hcl:",remain"`
		} `hcl:"conversation,block"`
	}
	file, diags := hclparse.NewParser().ParseHCLFile(files[0])
	if diags.HasErrors() {
		return diags
	}
	all := scope()
	if diags := gohcl.DecodeBody(file.Body, all, &root); diags.HasErrors() {
		return diags
	}
	chats, diags := root.Locals.Chats.Value(all)
	if diags.HasErrors() {
		return diags
	}
	all.Variables["local"] = cty.ObjectVal(map[string]cty.Value{"chats": chats})
	var messages struct {
		Messages []parsedMessage `hcl:"message,block"`
	}
	n := 0
	for key, value := range chats.Elements() {
		each := all.NewChild()
		each.Variables = map[string]cty.Value{"each": cty.ObjectVal(map[string]cty.Value{"key": key, "value": value})}
		if diags := gohcl.DecodeBody(dynblock.Expand(root.Conversation.Rest, each), each, &messages); diags.HasErrors() {
			return diags
		}
		n += len(messages.Messages)
	}
	fmt.Println(n)
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
		for d := json.NewDecoder(bufio.NewReaderSize(f, 64<<10)); ; n++ {
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

// copyFile copies a file and brings the copy to the disk.
func copyFile(args []string) error {
	from, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.Create(args[1])
	if err != nil {
		return err
	}
	defer to.Close()
	// The plain loop: the system's way to copy within itself writes nothing.
	if _, err := io.Copy(struct{ io.Writer }{to}, struct{ io.Reader }{from}); err != nil {
		return err
	}
	return to.Sync()
}
