package applier

import (
	"errors"
	"sync"
	"time"
)

// Errors of work that was not done because the apply ends.
var (
	errHalted  = errors.New("the apply is stopping")
	errAborted = errors.New("the apply was aborted")
)

// settleGrace is how long after a stop a lost answer is still looked for: long
// enough for a message that was just sent to become readable, short enough for
// someone who has pressed Ctrl-C.
const settleGrace = 5 * time.Second

// brake ends an apply in two steps: once halted, nothing new is begun; once
// over, nothing is waited for.
type brake struct {
	halted chan struct{}
	over   chan struct{}

	mu      sync.Mutex
	stopped bool
	reason  *StopError // nil when it was stopped from outside
	timer   *time.Timer
}

func newBrake() *brake {
	return &brake{halted: make(chan struct{}), over: make(chan struct{})}
}

// stop halts, and is over after the grace. The first reason counts. It reports
// whether it was the first.
func (b *brake) stop(reason *StopError, grace time.Duration) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped {
		return false
	}
	b.stopped, b.reason = true, reason
	close(b.halted)
	if grace <= 0 {
		close(b.over)
		return true
	}
	b.timer = time.AfterFunc(grace, func() { close(b.over) })
	return true
}

// isHalted reports whether nothing new may be begun.
func (b *brake) isHalted() bool {
	select {
	case <-b.halted:
		return true
	default:
		return false
	}
}

// why returns whether and why it was stopped.
func (b *brake) why() (stopped bool, reason *StopError) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.stopped, b.reason
}

// release frees the timer.
func (b *brake) release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.timer != nil {
		b.timer.Stop()
	}
}
