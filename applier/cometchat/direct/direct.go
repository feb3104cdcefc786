// Package direct makes HTTP/1.1 requests over plain connections, each driven by
// the goroutine that asks.
//
// The transport of net/http hands every request on to two goroutines of its
// connection and the answer back, which is how it can speak HTTP/2 and cancel at
// any moment. With an app on the same machine or network, that costs more than
// the request. What goes over the wire is written and read by net/http here,
// too; only the connections are ours.
package direct

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	patience = 30 * time.Second // for a connection to come about
	room     = 16 << 10         // bytes; a common request leaves in one write
	maxHead  = 1 << 20          // bytes of an answer before its body
)

var (
	errScheme   = errors.New("only plain HTTP is spoken directly")
	errLength   = errors.New("the body of the request is not as long as it is said to be")
	errHead     = errors.New("the headers of the answer are too long")
	errSwitched = errors.New("the answer switches protocols, which nobody asked for")
)

// Transport makes requests. It uses no proxy, follows no redirects, unpacks
// nothing and repeats nothing; whether a request may have left is told by the
// WroteHeaders hook of net/http/httptrace, which is called before it does. As
// with every [http.RoundTripper], a context that ends, ends the request and the
// reading of its answer. A Transport may be used concurrently.
type Transport struct {
	dialer net.Dialer
	keep   int

	mu   sync.Mutex
	idle map[string][]*conn // by address, the one used last at the end
}

// New returns a transport that keeps up to that many idle connections to each
// address.
func New(keep int) *Transport {
	return &Transport{dialer: net.Dialer{Timeout: patience}, keep: keep, idle: make(map[string][]*conn)}
}

// RoundTrip implements [http.RoundTripper].
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	if err := check(req); err != nil {
		return nil, err
	}
	c, err := t.connection(req.Context(), address(req))
	if err != nil {
		return nil, err
	}
	res, err := c.exchange(req)
	if err != nil {
		c.drop()
		return nil, err
	}
	return res, nil
}

// check refuses what cannot be sent.
func check(req *http.Request) error {
	if req.URL.Scheme != "http" {
		return errScheme
	}
	if req.Body != nil && req.ContentLength < 0 {
		return errLength
	}
	for name, values := range req.Header {
		for _, value := range values {
			if strings.ContainsFunc(name, breaksLine) || strings.ContainsFunc(value, breaksLine) {
				return fmt.Errorf("the header %s cannot be sent as it is", name) // its value may be a secret
			}
		}
	}
	return nil
}

// breaksLine reports whether a character could end a field of the head early.
func breaksLine(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// CloseIdleConnections closes the connections that are not in use.
func (t *Transport) CloseIdleConnections() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, conns := range t.idle {
		for _, c := range conns {
			c.line.Close()
		}
	}
	clear(t.idle)
}

// address is where a request goes to.
func address(req *http.Request) string {
	port := req.URL.Port()
	if port == "" {
		port = "80"
	}
	return net.JoinHostPort(req.URL.Hostname(), port)
}

// connection returns an idle connection that still stands, or a new one.
func (t *Transport) connection(ctx context.Context, address string) (*conn, error) {
	for c := t.take(address); c != nil; c = t.take(address) {
		if c.watch.stands() {
			return c, nil
		}
		c.line.Close()
	}
	line, err := t.dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	c := &conn{transport: t, address: address, line: line, watch: newWatch(line), head: io.LimitedReader{R: line}}
	c.in, c.out = bufio.NewReader(&c.head), bufio.NewWriterSize(line, room)
	return c, nil
}

// take takes the connection that was used last, or returns nil.
func (t *Transport) take(address string) *conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	conns := t.idle[address]
	if len(conns) == 0 {
		return nil
	}
	last := len(conns) - 1
	t.idle[address] = conns[:last]
	return conns[last]
}

// put keeps a connection, if there is room.
func (t *Transport) put(c *conn) {
	t.mu.Lock()
	kept := len(t.idle[c.address]) < t.keep
	if kept {
		t.idle[c.address] = append(t.idle[c.address], c)
	}
	t.mu.Unlock()
	if !kept {
		c.line.Close()
	}
}

// conn is a connection. From one exchange's beginning to the end of its body it
// belongs to the goroutine that asks.
type conn struct {
	transport *Transport
	address   string
	line      net.Conn
	head      io.LimitedReader // of line; bounds what comes before a body
	in        *bufio.Reader
	out       *bufio.Writer
	watch     *watch
	unwatch   func() bool // the request's context; false when that has ended
}

// exchange sends the request and reads the answer up to its body. To close that
// lets go of the connection.
func (c *conn) exchange(req *http.Request) (*http.Response, error) {
	c.unwatch = context.AfterFunc(req.Context(), func() { _ = c.line.SetDeadline(time.Unix(1, 0)) })
	if err := c.write(req); err != nil {
		return nil, err
	}
	// A request that could not be sent to its end may have been answered: too
	// long, for example.
	unsent := c.out.Flush()
	res, err := c.answer(req)
	if err != nil {
		return nil, cmp.Or(unsent, err)
	}
	c.head.N = math.MaxInt64
	res.Body = &body{conn: c, rest: res.Body, last: unsent != nil || res.Close || req.Close}
	return res, nil
}

// answer reads the head of the answer, past those that only announce it.
func (c *conn) answer(req *http.Request) (*http.Response, error) {
	c.head.N = maxHead
	for {
		res, err := readAnswer(c.in, req)
		switch {
		case err != nil && c.head.N <= 0:
			return nil, errHead
		case err != nil:
			return nil, fmt.Errorf("read the answer: %w", err)
		case res.StatusCode == http.StatusSwitchingProtocols:
			return nil, errSwitched
		case res.StatusCode >= 200:
			return res, nil
		}
	}
}

// write writes the request, of which the end is still to be flushed. Errors of
// the connection stay with the writer; one of the request's body is returned.
func (c *conn) write(req *http.Request) error {
	if trace := httptrace.ContextClientTrace(req.Context()); trace != nil && trace.WroteHeaders != nil {
		trace.WroteHeaders() // they may, from here on
	}
	_, _ = c.out.Write(appendHead(c.out.AvailableBuffer(), req))
	if req.Body == nil {
		return nil
	}
	n, err := io.Copy(c.out, req.Body)
	if _, broken := c.out.Write(nil); broken != nil || n == req.ContentLength {
		return nil
	}
	return cmp.Or(err, errLength)
}

// appendHead appends what comes before a request's body.
func appendHead(b []byte, req *http.Request) []byte {
	b = append(b, cmp.Or(req.Method, http.MethodGet)...)
	b = append(b, ' ')
	b = append(b, req.URL.RequestURI()...)
	b = append(b, " HTTP/1.1\r\n"...)
	b = appendField(b, "Host", cmp.Or(req.Host, req.URL.Host))
	for name, values := range req.Header {
		for _, value := range values {
			b = appendField(b, name, value)
		}
	}
	if req.Body != nil {
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, req.ContentLength, 10)
		b = append(b, "\r\n"...)
	}
	return append(b, "\r\n"...)
}

func appendField(b []byte, name, value string) []byte {
	b = append(b, name...)
	b = append(b, ": "...)
	b = append(b, value...)
	return append(b, "\r\n"...)
}

// drop ends the connection in the middle of an exchange.
func (c *conn) drop() {
	c.unwatch()
	c.line.Close()
}

// body is the body of an answer.
type body struct {
	conn  *conn // nil once the body is closed
	rest  io.ReadCloser
	last  bool // the connection has nothing to give after it
	ended bool // it was read to its end
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	if b.conn == nil {
		return 0, http.ErrBodyReadAfterClose
	}
	n, err := b.rest.Read(p)
	if err == io.EOF {
		b.ended = true
	}
	return n, err
}

// Close implements [io.Closer]. After a body that was read to its end, the
// connection can be used again.
func (b *body) Close() error {
	c := b.conn
	if c == nil {
		return nil
	}
	b.conn = nil
	if !b.ended || b.last || c.in.Buffered() > 0 || !c.unwatch() {
		c.drop()
		return nil
	}
	c.transport.put(c)
	return nil
}
