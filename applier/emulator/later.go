package emulator

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// later holds requests whose callers were told nothing or something wrong, and
// that are done some time afterwards. No goroutine waits for them: they are
// done when somebody looks.
type later struct {
	running sync.Mutex   // held while calls are done, so that they are done in order
	due     atomic.Int64 // of the first one, UNIX nanoseconds; 0 when there is none
	mu      sync.Mutex
	calls   []deferred // by time
}

type deferred struct {
	at   time.Time
	call *call
}

// never is after everything.
var never = time.Unix(0, math.MaxInt64)

// postpone takes a call to be done after a while.
func (s *Server) postpone(c *call, wait time.Duration) {
	again := *c
	again.body = slices.Clone(c.body)
	again.now = c.now.Add(wait)
	again.doomed, again.deferred, again.out = false, true, nil
	l := &s.later
	l.mu.Lock()
	defer l.mu.Unlock()
	place, _ := slices.BinarySearchFunc(l.calls, again.now, func(d deferred, at time.Time) int {
		if d.at.After(at) {
			return 1
		}
		return -1
	})
	l.calls = slices.Insert(l.calls, place, deferred{again.now, &again})
	l.due.Store(l.calls[0].at.UnixNano())
}

// run does what is due. Its answers go nowhere.
func (l *later) run(s *Server, now time.Time) {
	if due := l.due.Load(); due == 0 || due > now.UnixNano() {
		return
	}
	l.running.Lock()
	defer l.running.Unlock()
	for _, d := range l.take(now) {
		d.call.endpoint.do(s, d.call)
	}
	_ = s.flush() // whoever writes next tries again, and tells of the failure
}

// take removes and returns what is due.
func (l *later) take(now time.Time) []deferred {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for n < len(l.calls) && !l.calls[n].at.After(now) {
		n++
	}
	ready := slices.Clone(l.calls[:n])
	l.calls = slices.Delete(l.calls, 0, n)
	l.due.Store(0)
	if len(l.calls) > 0 {
		l.due.Store(l.calls[0].at.UnixNano())
	}
	return ready
}

func (l *later) pending() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.calls)
}
