package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"sync"
)

// bareClient is the floor of everything that is sent: an http.Transport and as
// many loops as connections.
type bareClient struct {
	client      *http.Client
	connections int
}

func newBareClient(connections string) (*bareClient, error) {
	n, err := strconv.Atoi(connections)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost, transport.MaxConnsPerHost = n, n
	return &bareClient{client: &http.Client{Transport: transport}, connections: n}, nil
}

// request is a request to be made.
type request struct {
	method, url string
	body        []byte
}

// all makes the requests that come, side by side, and returns the first
// failure.
func (c *bareClient) all(requests <-chan request) error {
	var (
		workers sync.WaitGroup
		once    sync.Once
		failure error
	)
	for range c.connections {
		workers.Go(func() {
			for r := range requests {
				if err := c.do(r); err != nil {
					once.Do(func() { failure = err })
				}
			}
		})
	}
	workers.Wait()
	return failure
}

// do makes a request and leaves its answer unread.
func (c *bareClient) do(r request) error {
	return c.ask(r, func(io.Reader) error { return nil })
}

// ask makes a request and has its answer read.
func (c *bareClient) ask(r request, read func(answer io.Reader) error) error {
	q, err := http.NewRequest(r.method, r.url, bytes.NewReader(r.body))
	if err != nil {
		return err
	}
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("apikey", benchKey)
	answer, err := c.client.Do(q)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	err = read(answer.Body)
	if _, e := io.Copy(io.Discard, answer.Body); err == nil { // so that the connection can be used again
		err = e
	}
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the bare client was answered %s", answer.Status)
	}
	return nil
}

// messagesPath is where messages are sent to.
const messagesPath = "/v3/moderation/messages"

// postAll posts the lines of a file: address, file, connections, and how many
// lines to leave out at the beginning.
func postAll(args []string) error {
	client, err := newBareClient(args[2])
	if err != nil {
		return err
	}
	skip, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	f, err := os.Open(args[1])
	if err != nil {
		return err
	}
	defer f.Close()
	requests := make(chan request, client.connections)
	lines := bufio.NewScanner(f)
	go func() {
		defer close(requests)
		for n := 0; lines.Scan(); n++ {
			if n >= skip {
				requests <- request{http.MethodPost, args[0] + messagesPath, bytes.Clone(lines.Bytes())}
			}
		}
	}()
	if err := client.all(requests); err != nil {
		return err
	}
	return lines.Err()
}

// listAll reads all messages of an app, page by page: address.
func listAll(args []string) error {
	client, err := newBareClient("1")
	if err != nil {
		return err
	}
	n, query := 0, url.Values{"limit": {"100"}}
	for {
		var page struct {
			Data []struct{ ID, Muid, Sender string }
			Meta struct {
				Next struct {
					ID     string
					SentAt int64
				}
			}
		}
		err := client.ask(request{http.MethodGet, args[0] + "/v3/messages?" + query.Encode(), nil}, func(answer io.Reader) error {
			return json.NewDecoder(answer).Decode(&page)
		})
		if err != nil {
			return err
		}
		if len(page.Data) == 0 {
			fmt.Println(n)
			return nil
		}
		n += len(page.Data)
		query.Set("id", page.Meta.Next.ID)
		query.Set("sentAt", strconv.FormatInt(page.Meta.Next.SentAt, 10))
	}
}

// deleteAll deletes the messages from id 1: address, number of messages,
// connections.
func deleteAll(args []string) error {
	client, err := newBareClient(args[2])
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	requests := make(chan request, client.connections)
	go func() {
		defer close(requests)
		for id := range n {
			requests <- request{http.MethodDelete, args[0] + messagesPath + "/" + strconv.Itoa(id+1), nil}
		}
	}()
	return client.all(requests)
}
