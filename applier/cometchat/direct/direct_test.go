package direct

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// transport is a transport of a test.
func transport(t *testing.T) *Transport {
	t.Helper()
	d := New(2)
	t.Cleanup(d.CloseIdleConnections)
	return d
}

// post makes a request and reads its answer.
func post(ctx context.Context, d *Transport, url, body string) (status int, answer string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	res, err := d.RoundTrip(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

// asked is what a server makes out of a request.
type asked struct {
	Method, URI, Host, Body string
	Length                  int64
	Header                  http.Header
}

// What a server sees is what it sees of the transport of net/http.
func TestRequestsAreAsOfNetHTTP(t *testing.T) {
	var got asked
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = asked{r.Method, r.RequestURI, r.Host, string(body), r.ContentLength, r.Header}
	}))
	defer server.Close()
	header := http.Header{
		"Apikey": {"k"}, "Accept": {"a", "b"}, "Accept-Encoding": {"identity"}, "User-Agent": {"sow"}, "Empty": {""},
	}
	for _, test := range []struct {
		name, method, path string
		body               io.Reader
	}{
		{"a get", http.MethodGet, "/v3/users?page=2&tag=a%20b", nil},
		{"no method", "", "", nil},
		{"a path with escapes", http.MethodDelete, "/v3/messages/a%2Fb", strings.NewReader("{}")},
		{"an empty body", http.MethodPut, "/", http.NoBody},
		{"a long body", http.MethodPost, "/v3/messages", strings.NewReader(strings.Repeat("long", 100_000))},
	} {
		t.Run(test.name, func(t *testing.T) {
			seen := make([]asked, 0, 2)
			general := &http.Transport{DisableCompression: true}
			defer general.CloseIdleConnections()
			for _, transport := range []http.RoundTripper{general, transport(t)} {
				req, err := http.NewRequest(test.method, server.URL+test.path, test.body)
				if err != nil {
					t.Fatal(err)
				}
				if req.GetBody != nil {
					if req.Body, err = req.GetBody(); err != nil {
						t.Fatal(err)
					}
				}
				req.Header = header
				res, err := transport.RoundTrip(req)
				if err != nil {
					t.Fatal(err)
				}
				res.Body.Close()
				seen = append(seen, got)
			}
			if diff := gocmp.Diff(seen[0], seen[1]); diff != "" {
				t.Errorf("net/http and direct differ:\n%s", diff)
			}
			if seen[1].Method == "" {
				t.Error("the server saw nothing")
			}
		})
	}
}

func TestRefusesWhatCannotBeSent(t *testing.T) {
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	defer server.Close()
	request := func(change func(*http.Request)) *http.Request {
		req, err := http.NewRequest(http.MethodPost, server.URL, strings.NewReader("body"))
		if err != nil {
			t.Fatal(err)
		}
		change(req)
		return req
	}
	for name, req := range map[string]*http.Request{
		"TLS":                    request(func(r *http.Request) { r.URL.Scheme = "https" }),
		"a line in a value":      request(func(r *http.Request) { r.Header["Apikey"] = []string{"secret\r\nEvil: 1"} }),
		"a line in a name":       request(func(r *http.Request) { r.Header["A\nb"] = []string{"1"} }),
		"a NUL in a value":       request(func(r *http.Request) { r.Header["Apikey"] = []string{"secret\x00"} }),
		"a body without an end":  request(func(r *http.Request) { r.ContentLength = -1 }),
		"a body that is shorter": request(func(r *http.Request) { r.ContentLength = 5 }),
		"a body that is longer":  request(func(r *http.Request) { r.ContentLength = 3 }),
	} {
		res, err := transport(t).RoundTrip(req)
		if err == nil {
			res.Body.Close()
			t.Errorf("%s: sent", name)
			continue
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error tells a value: %v", name, err)
		}
	}
	if n := requests.Load(); n > 0 {
		t.Errorf("the server had %d requests", n)
	}
}

// script is a server that answers every request on a connection with the next
// of its answers as they are, and closes it after the last.
func script(t *testing.T, answers ...string) (url string, connections *atomic.Int64) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	connections = new(atomic.Int64)
	var served sync.WaitGroup
	t.Cleanup(func() {
		listener.Close()
		served.Wait()
	})
	served.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			served.Go(func() {
				defer c.Close()
				in := bufio.NewReader(c)
				for _, answer := range answers {
					req, err := http.ReadRequest(in)
					if err != nil {
						return
					}
					io.Copy(io.Discard, req.Body)
					io.WriteString(c, answer)
				}
			})
		}
	})
	return "http://" + listener.Addr().String(), connections
}

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

func TestAnswers(t *testing.T) {
	for _, test := range []struct {
		name, answer string
		status       int
		body         string
		broken       error // at least; nil for none
	}{
		{name: "a length", answer: ok, status: 200, body: "ok"},
		{name: "chunks", answer: "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n", status: 201, body: "ok"},
		{name: "until the end", answer: "HTTP/1.1 200 OK\r\n\r\nall of it", status: 200, body: "all of it"},
		{name: "an older version", answer: "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", status: 200, body: "ok"},
		{name: "no content", answer: "HTTP/1.1 204 No Content\r\n\r\n", status: 204},
		{name: "an announcement before", answer: "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + ok, status: 200, body: "ok"},
		{name: "a redirect", answer: "HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n", status: 302},
		{name: "nothing", answer: "", broken: io.ErrUnexpectedEOF},
		{name: "half a head", answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", broken: io.ErrUnexpectedEOF},
		{name: "half a body", answer: "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf", broken: io.ErrUnexpectedEOF},
		{name: "half a chunk", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf", broken: io.ErrUnexpectedEOF},
		{name: "another protocol", answer: "HTTP/1.1 101 Switching Protocols\r\n\r\n", broken: errSwitched},
		{name: "a head without an end", answer: "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: "+strings.Repeat("x", 1000)+"\r\n", 1100), broken: errHead},
	} {
		t.Run(test.name, func(t *testing.T) {
			url, _ := script(t, test.answer)
			status, body, err := post(t.Context(), transport(t), url, "{}")
			switch {
			case !errors.Is(err, test.broken):
				t.Errorf("got the error %v, want %v", err, test.broken)
			case test.broken == nil && (status != test.status || body != test.body):
				t.Errorf("got %d %q, want %d %q", status, body, test.status, test.body)
			}
		})
	}
	t.Run("no HTTP", func(t *testing.T) {
		url, _ := script(t, "220 smtp\r\n\r\n")
		if _, _, err := post(t.Context(), transport(t), url, "{}"); err == nil {
			t.Error("it was taken for an answer")
		}
	})
}

// A connection serves one request after another, until somebody says or shows
// that it is the last.
func TestConnections(t *testing.T) {
	for _, test := range []struct {
		name        string
		answers     []string
		connections int64 // for three requests
	}{
		{"kept", []string{ok, ok, ok}, 1},
		{"closed after each", []string{ok}, 3},
		{"said to be the last", []string{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", ok}, 3},
		{"more than was asked for", []string{ok + ok, ok}, 3},
		{"a body to the end of the connection", []string{"HTTP/1.1 200 OK\r\n\r\nok"}, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			url, connections := script(t, test.answers...)
			d := transport(t)
			for range 3 {
				if status, body, err := post(t.Context(), d, url, "{}"); status != 200 || body != "ok" || err != nil {
					t.Fatalf("got %d %q %v", status, body, err)
				}
				outlive(t, d)
			}
			if n := connections.Load(); n != test.connections {
				t.Errorf("%d connections, want %d", n, test.connections)
			}
		})
	}
}

// outlive waits for what the server does with idle connections on its own.
func outlive(t *testing.T, d *Transport) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, conns := range d.idle {
		for _, c := range conns {
			line := c.line.(*net.TCPConn)
			line.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
			if _, err := c.in.Peek(1); err == nil || !errors.Is(err, io.EOF) && !isTimeout(err) {
				t.Logf("the connection has something to say: %v", err)
			}
			line.SetReadDeadline(time.Time{})
		}
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func TestKeepsNoMoreThanAsked(t *testing.T) {
	var inside sync.WaitGroup
	inside.Add(3)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inside.Done()
		inside.Wait()
	}))
	defer server.Close()
	d := transport(t)
	var asking sync.WaitGroup
	for range 3 {
		asking.Go(func() {
			if _, _, err := post(t.Context(), d, server.URL, "{}"); err != nil {
				t.Error(err)
			}
		})
	}
	asking.Wait()
	kept := 0
	for _, conns := range d.idle {
		kept += len(conns)
	}
	if kept != 2 {
		t.Errorf("%d connections are kept, want 2", kept)
	}
}

// A context that ends, ends what is going on.
func TestContext(t *testing.T) {
	silent := "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf"
	for _, test := range []struct {
		name string
		head string // what the server says before it falls silent
	}{
		{"before the head", ""},
		{"in the head", "HTTP/1.1 200 OK\r\n"},
		{"in the body", silent},
	} {
		t.Run(test.name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				c, err := listener.Accept()
				if err != nil {
					return
				}
				defer c.Close()
				http.ReadRequest(bufio.NewReader(c))
				io.WriteString(c, test.head)
				cancel()
				io.Copy(io.Discard, c)
			}()
			d := transport(t)
			if _, _, err := post(ctx, d, "http://"+listener.Addr().String(), "{}"); !isTimeout(err) {
				t.Errorf("got %v, want a timeout", err)
			}
			if len(d.idle[listener.Addr().String()]) > 0 {
				t.Error("the connection is kept")
			}
		})
	}
	t.Run("before the connection", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		url, connections := script(t, ok)
		var op *net.OpError
		if _, _, err := post(ctx, transport(t), url, "{}"); !errors.As(err, &op) || op.Op != "dial" || connections.Load() > 0 {
			t.Errorf("got %v, want that no connection is made", err)
		}
	})
}

// The hook is called before anything leaves, and not where nothing leaves.
func TestTellsWhatMayHaveLeft(t *testing.T) {
	url, _ := script(t, ok)
	for _, test := range []struct {
		url  string
		want bool
	}{{url, true}, {"http://127.0.0.1:1", false}} {
		told := false
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{WroteHeaders: func() { told = true }})
		_, _, _ = post(ctx, transport(t), test.url, "{}")
		if told != test.want {
			t.Errorf("%s: told %v, want %v", test.url, told, test.want)
		}
	}
}

// An answer that comes before all of the request was taken is an answer.
func TestEarlyAnswer(t *testing.T) {
	const tooLong = "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		c, err := listener.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		in := bufio.NewReader(c)
		http.ReadRequest(in)
		io.WriteString(c, tooLong)
		c.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, in)
	}()
	status, body, err := post(t.Context(), transport(t), "http://"+listener.Addr().String(), strings.Repeat("long", 1<<20))
	if status != http.StatusRequestEntityTooLarge || body != "no" || err != nil {
		t.Errorf("got %d %q %v", status, body, err)
	}
}

// A body that was closed has no part in what its connection does later.
func TestClosedBodyStaysClosed(t *testing.T) {
	url, connections := script(t, ok, ok, ok)
	d := transport(t)
	req, _ := http.NewRequest(http.MethodGet, url, nil)
	first, err := d.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, first.Body)
	first.Body.Close()
	second, err := d.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Body.Close()
	first.Body.Close()
	if n, err := first.Body.Read(make([]byte, 8)); n > 0 || !errors.Is(err, http.ErrBodyReadAfterClose) {
		t.Errorf("the closed body gave %d bytes and %v", n, err)
	}
	if body, err := io.ReadAll(second.Body); string(body) != "ok" || err != nil {
		t.Errorf("the second answer is %q, %v", body, err)
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

// Many goroutines share a transport, and every one gets its own answers.
func TestConcurrently(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "answer to %s", body)
	}))
	defer server.Close()
	d := transport(t)
	var asking sync.WaitGroup
	for i := range 8 {
		asking.Go(func() {
			for j := range 50 {
				body := fmt.Sprint(i, ".", j)
				if _, answer, err := post(t.Context(), d, server.URL, body); answer != "answer to "+body || err != nil {
					t.Errorf("%s: got %q, %v", body, answer, err)
				}
			}
		})
	}
	asking.Wait()
}
