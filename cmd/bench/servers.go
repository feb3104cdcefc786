package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sowdev/sow/applier/emulator"
	"github.com/sowdev/sow/cmd/internal/nullapp"
)

// serveEmulator serves an emulator without rate limits, with its data in the
// given directory.
func serveEmulator(args []string) error {
	var quirks emulator.Quirks
	for _, choice := range []string{
		// The bare client posts out of order, before the messages that carry people.
		"missing_entity=auto_create",
		// Waiting is no work: what was sent can be read at once.
		"message_settle_time=0s",
	} {
		if err := quirks.Set(choice); err != nil {
			return err
		}
	}
	app, err := emulator.New(emulator.Options{Dir: args[0], AppID: appID, Plan: emulator.Unlimited, Quirks: quirks})
	if err != nil {
		return err
	}
	return errors.Join(serve(app), app.Close())
}

// serveNull serves an app that keeps nothing. With an argument, the bodies of
// the messages go to that file.
func serveNull(args []string) error {
	if len(args) == 0 {
		return serve(nullapp.New(nil))
	}
	f, err := os.Create(args[0])
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	return errors.Join(serve(nullapp.New(w)), w.Flush(), f.Close())
}

// serve listens on a free port of the loopback interface, prints the address
// and serves until standard input ends, which it does with the parent.
func serve(handler http.Handler) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("http://" + listener.Addr().String())
	server := &http.Server{Handler: &watch{app: handler}}
	go func() {
		io.Copy(io.Discard, os.Stdin)
		server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// watch counts the messages that an app is sent, and knows when they came.
type watch struct {
	app   http.Handler
	mu    sync.Mutex
	sent  int
	marks []time.Time // when each so many came
}

// markEvery is how many messages lie between two marks.
const markEvery = 500

// The paths at which a watch answers for itself.
const (
	sentPath = "/bench/sent" // the number of messages
	pacePath = "/bench/pace" // the time of the last 10,000 over that of the first
)

func (w *watch) ServeHTTP(answer http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == sentPath:
		w.mu.Lock()
		defer w.mu.Unlock()
		fmt.Fprint(answer, w.sent)
		return
	case r.URL.Path == pacePath:
		w.mu.Lock()
		defer w.mu.Unlock()
		fmt.Fprint(answer, pace(w.marks))
		return
	case r.Method == http.MethodPost && r.URL.Path == messagesPath:
		w.mu.Lock()
		if w.sent++; w.sent%markEvery == 0 {
			w.marks = append(w.marks, time.Now())
		}
		w.mu.Unlock()
	}
	w.app.ServeHTTP(answer, r)
}

// pace is the time that the last 10,000 messages took over that of the first
// 10,000; of an app that was sent fewer than 100,000, the last and first tenth.
// It is 0 when there are too few to tell.
func pace(marks []time.Time) float64 {
	stretch := min(10_000/markEvery, len(marks)/10)
	if stretch == 0 {
		return 0
	}
	last := len(marks) - 1
	return float64(marks[last].Sub(marks[last-stretch])) / float64(marks[stretch].Sub(marks[0]))
}

// server is an app in a process of its own.
type server struct {
	cmd   *exec.Cmd
	stdin io.Closer
	url   string
	data  string // the directory that goes with it; may be empty
}

// The kinds of servers.
const (
	nullServer     = "null-app"
	emulatorServer = "emulator"
)

func (b *benchmark) start(kind string, args ...string) (*server, error) {
	data := ""
	if kind == emulatorServer {
		var err error
		if data, err = os.MkdirTemp(b.dir, "app-"); err != nil {
			return nil, err
		}
		args = append(args, data)
	}
	cmd := b.floor(kind, args...).command()
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("the %s did not start: %w", kind, errors.Join(err, cmd.Wait()))
	}
	return &server{cmd: cmd, stdin: stdin, url: strings.TrimSpace(url), data: data}, nil
}

// stop ends the server, waits until it has put its things away, and removes
// them.
func (s *server) stop() error {
	return errors.Join(s.stdin.Close(), s.cmd.Wait(), os.RemoveAll(s.data))
}

// ask returns the number with which a watch answers.
func (s *server) ask(path string) (float64, error) {
	answer, err := http.Get(s.url + path)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(string(text), 64)
}
