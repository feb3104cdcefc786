package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sowdev/sow/applier/emulator"
)

// benchKey is what the servers here accept as a key.
const benchKey = "00000000000000000000000000000000benchkey"

// serveEmulator serves an emulator without rate limits, with its data in the
// given directory.
func serveEmulator(args []string) error {
	// The bare loop posts out of order, before the messages that carry people.
	var quirks emulator.Quirks
	if err := quirks.Set("missing_entity=auto_create"); err != nil {
		return err
	}
	server, err := emulator.New(emulator.Options{Dir: args[0], AppID: "bench", Plan: emulator.Unlimited, Quirks: quirks})
	if err != nil {
		return err
	}
	return serve(server)
}

// serveNull serves an app that accepts everything and keeps nothing. With an
// argument it writes the body of each message to that file, one a line, so that
// a bare client can post the same ones.
func serveNull(args []string) error {
	record := io.Discard
	if len(args) > 0 {
		f, err := os.Create(args[0])
		if err != nil {
			return err
		}
		record = f
	}
	return serve(&nullApp{record: record})
}

type nullApp struct {
	ids    atomic.Int64
	mu     sync.Mutex
	record io.Writer
	marks  []time.Time // when each 500th message arrived
}

// markEvery is how many messages lie between two marks.
const markEvery = 500

// marksPath answers with the rate of the last tenth of the messages over that
// of the first tenth.
const marksPath = "/bench/pace"

func (n *nullApp) pace() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	tenth := len(n.marks) / 10
	if tenth == 0 {
		return "-"
	}
	last := len(n.marks) - 1
	first := n.marks[tenth].Sub(n.marks[0])
	return fmt.Sprintf("%.2f", float64(n.marks[last].Sub(n.marks[last-tenth]))/float64(first))
}

func (n *nullApp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if r.URL.Path == marksPath {
		io.WriteString(w, n.pace())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if uid, ok := strings.CutPrefix(r.URL.Path, "/v3/users/"); ok {
		// Everybody is there, as the datasets here declare them.
		fmt.Fprintf(w, `{"data":{"uid":%q,"name":%q,"createdAt":%d}}`, uid, personName(uid), time.Now().Unix())
		return
	}
	if r.Method == http.MethodPost && r.URL.Path == "/v3/users" {
		fmt.Fprintf(w, `{"data":%s}`, body)
		return
	}
	if r.Method != http.MethodPost || r.URL.Path != "/v3/moderation/messages" {
		io.WriteString(w, `{"data":[]}`)
		return
	}
	if n.record != io.Discard {
		n.mu.Lock()
		_, err = n.record.Write(append(bytes.ReplaceAll(body, []byte{'\n'}, nil), '\n'))
		n.mu.Unlock()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	// The answer is the message with an id, as the app's would be.
	id := n.ids.Add(1)
	answer := append([]byte(`{"data":{"id":"`), strconv.FormatInt(id, 10)...)
	answer = append(answer, `",`...)
	answer = append(answer, bytes.TrimPrefix(body, []byte{'{'})...)
	answer = append(answer, '}')
	if id%markEvery == 0 {
		n.mu.Lock()
		n.marks = append(n.marks, time.Now())
		n.mu.Unlock()
	}
	w.Write(answer)
}

// serve listens on a free port of the loopback interface, prints the address
// and serves until standard input ends, which it does with the parent.
func serve(handler http.Handler) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("http://" + listener.Addr().String())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		listener.Close()
	}()
	if err := http.Serve(listener, handler); err != nil && !isClosed(err) {
		return err
	}
	if c, ok := handler.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
