package cometchat

import (
	"bytes"
	"context"
	"io"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// exchange is what one request and its answer need while they last. The parts
// are costly to make and clean after a good end, so a client keeps them: there
// are as many as requests were ever under way at once.
type exchange struct {
	ctx    context.Context // of the request; ends with the caller's, or when time is up
	cancel context.CancelCauseFunc
	timer  *time.Timer
	caller context.Context
	detach func() bool // from the caller; false when the caller has ended
	// sent turns true before the transport lets go of anything that the app could
	// take for a request. A transport that is late with the exchange before may
	// turn it true too early, which is the side on which nothing is sent twice.
	sent   atomic.Bool
	answer bytes.Buffer     // the body
	rest   io.LimitedReader // of the body, while it is read
}

// maxKept is the largest room for an answer that is kept.
const maxKept = 64 << 10

// begin returns an exchange that lasts as long as the caller's context, and no
// longer than patience. It goes to release, or to discard.
func (c *Client) begin(caller context.Context, patience time.Duration) *exchange {
	x := c.kept()
	if x == nil {
		x = new(exchange)
		x.ctx, x.cancel = context.WithCancelCause(context.Background())
		x.timer = time.AfterFunc(patience, func() { x.cancel(errTimeout) })
		x.ctx = httptrace.WithClientTrace(x.ctx, &httptrace.ClientTrace{WroteHeaders: func() { x.sent.Store(true) }})
	} else {
		x.sent.Store(false)
		x.timer.Reset(patience)
	}
	x.caller = caller
	x.detach = context.AfterFunc(caller, x.abandon)
	return x
}

// abandon ends the exchange because the caller's context has ended.
func (x *exchange) abandon() { x.cancel(context.Cause(x.caller)) }

// kept takes an exchange that is kept, or returns nil when there is none.
func (c *Client) kept() *exchange {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := len(c.idle) - 1
	if last < 0 {
		return nil
	}
	x := c.idle[last]
	c.idle = c.idle[:last]
	return x
}

// release takes back an exchange whose answer was read to its end and is no
// longer needed.
func (c *Client) release(x *exchange) {
	inTime, detached := x.timer.Stop(), x.detach()
	if !inTime || !detached {
		x.cancel(nil)
		return
	}
	x.caller, x.detach, x.rest.R = nil, nil, nil
	if x.answer.Reset(); x.answer.Cap() > maxKept {
		x.answer = bytes.Buffer{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle = append(c.idle, x)
}

// discard ends an exchange that failed: the transport may still be at work on
// it.
func (x *exchange) discard() {
	x.timer.Stop()
	x.detach()
	x.cancel(nil)
}
