package emulator

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// doors are the ways into a server: connections in memory and over listeners.
type doors struct {
	closed  chan struct{}
	mu      sync.Mutex
	pipes   *pipeListener
	servers []*http.Server
}

func (d *doors) isClosed() bool {
	select {
	case <-d.closed:
		return true
	default:
		return false
	}
}

// pause waits, unless the client goes away or the server closes first.
func (d *doors) pause(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-d.closed:
	}
	return false
}

func (d *doors) close() {
	d.mu.Lock()
	servers := d.servers
	d.servers = nil
	if !d.isClosed() {
		close(d.closed)
	}
	d.mu.Unlock()
	for _, server := range servers {
		_ = server.Close() // nothing is left to be said to anybody
	}
}

// inMemory marks the requests that came through the transport.
type inMemory struct{}

func isInMemory(r *http.Request) bool { return r.Context().Value(inMemory{}) != nil }

// Serve answers requests that come in over l until the server is closed. It
// always closes l. The error is nil after [Server.Close].
func (s *Server) Serve(l net.Listener) error {
	err := s.serveOn(l, nil)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func (s *Server) serveOn(l net.Listener, mark func(context.Context, net.Conn) context.Context) error {
	server := &http.Server{
		Handler:     s,
		ConnContext: mark,
		// Broken connections are what this server is for.
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	if mark == nil { // strangers may come, and leave without a word
		server.ReadHeaderTimeout, server.IdleTimeout = 30*time.Second, 5*time.Minute
	}
	d := &s.doors
	d.mu.Lock()
	if d.isClosed() {
		d.mu.Unlock()
		_ = l.Close() // it was never used
		return http.ErrServerClosed
	}
	d.servers = append(d.servers, server)
	d.mu.Unlock()
	return server.Serve(l)
}

// Transport returns a transport whose connections end in this server, whatever
// host they are made for, through real HTTP over pipes in memory. It works
// inside testing/synctest; then the server has to be closed inside, too. https
// needs no certificate.
func (s *Server) Transport() http.RoundTripper {
	d := &s.doors
	d.mu.Lock()
	first := d.pipes == nil
	if first {
		d.pipes = &pipeListener{conns: make(chan net.Conn), done: d.closed}
	}
	pipes := d.pipes
	d.mu.Unlock()
	if first {
		go func() {
			_ = s.serveOn(pipes, func(ctx context.Context, _ net.Conn) context.Context {
				return context.WithValue(ctx, inMemory{}, true)
			}) // ends with the server
		}()
	}
	t := &transport{server: s}
	t.inner = &http.Transport{
		DialContext:         pipes.dial,
		DialTLSContext:      pipes.dial,
		MaxIdleConnsPerHost: 1024,
	}
	return t
}

// transport makes requests over pipes, and lets connections fail.
type transport struct {
	server *Server
	inner  *http.Transport
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := t.dialError(r); err != nil {
		if r.Body != nil {
			_ = r.Body.Close() // as every transport must, on errors too
		}
		return nil, err
	}
	return t.inner.RoundTrip(r)
}

// CloseIdleConnections closes connections that are not in use.
func (t *transport) CloseIdleConnections() { t.inner.CloseIdleConnections() }

func (t *transport) dialError(r *http.Request) error {
	host := r.URL.Hostname()
	if app, region, ok := appOfHost(host); ok && t.server.quirks.Load().of(wrongAppID) == "dns_error" &&
		(app != t.server.options.AppID || region != t.server.options.Region) {
		return noSuchHost(host)
	}
	e, _ := route(t.server.endpoints, r.Method, apiPath(r.URL.EscapedPath()))
	f := t.server.faults.Load().decideDial(e)
	if f == nil {
		return nil
	}
	t.server.stats.fault(f.Kind)
	switch f.Kind {
	case faultDNS:
		return noSuchHost(host)
	case faultTLS:
		return &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
	}
	return &net.OpError{Op: "dial", Net: "tcp", Addr: pipeAddr(host), Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}

func noSuchHost(host string) error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
}

// pipeListener hands connections from dial to Accept.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
}

func (l *pipeListener) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	client, server := pipe(addr)
	select {
	case l.conns <- server:
		return client, nil
	case <-l.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: pipeAddr(addr), Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { return nil }
func (l *pipeListener) Addr() net.Addr { return pipeAddr("memory") }

type pipeAddr string

func (pipeAddr) Network() string  { return "memory" }
func (a pipeAddr) String() string { return string(a) }

// end is one end of a connection in memory, which fails as one over TCP does.
type end struct {
	net.Conn
	addr   pipeAddr
	broken *atomic.Bool // shared by both ends: closing was a reset
}

func pipe(addr string) (client, server *end) {
	a, b := net.Pipe()
	broken := new(atomic.Bool)
	return &end{a, pipeAddr(addr), broken}, &end{b, pipeAddr(addr), broken}
}

// cut makes the closing that follows a reset.
func (e *end) cut() { e.broken.Store(true) }

func (e *end) LocalAddr() net.Addr  { return e.addr }
func (e *end) RemoteAddr() net.Addr { return e.addr }

func (e *end) Read(b []byte) (int, error) {
	n, err := e.Conn.Read(b)
	if err != nil && e.broken.Load() && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe)) {
		err = e.error("read", syscall.ECONNRESET)
	}
	return n, err
}

func (e *end) Write(b []byte) (int, error) {
	n, err := e.Conn.Write(b)
	if errors.Is(err, io.ErrClosedPipe) {
		number := syscall.EPIPE
		if e.broken.Load() {
			number = syscall.ECONNRESET
		}
		err = e.error("write", number)
	}
	return n, err
}

func (e *end) error(op string, number syscall.Errno) error {
	return &net.OpError{Op: op, Net: "tcp", Addr: e.addr, Err: os.NewSyscallError(op, number)}
}

// apiPath is the part of a path that follows the version.
func apiPath(path string) string { return strings.TrimPrefix(path, "/v3") }
