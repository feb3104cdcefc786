package view

import (
	"fmt"
	"sync"
	"time"

	"github.com/sowdev/sow/applier"
)

// Reading shows how far the app is read: a line at the foot of a terminal, plain
// lines elsewhere.
type Reading struct {
	end func()

	mu    sync.Mutex // guards the rest
	last  applier.Event
	waits string    // what reading waits for
	until time.Time // when that is over
}

var _ applier.Reporter = (*Reading)(nil)

// Reading returns a reporter for one reading of an app. Close it before what
// came of it is shown.
func (v *View) Reading() *Reading {
	r := new(Reading)
	r.end = v.follow(r.status)
	return r
}

// Close ends the live line. It may be called more than once.
func (r *Reading) Close() { r.end() }

// Report takes in an event.
func (r *Reading) Report(e applier.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch e.Kind {
	case applier.Read: // side by side, one may be told after the next
		r.last.Total = e.Total
		r.last.Chats, r.last.Messages = max(r.last.Chats, e.Chats), max(r.last.Messages, e.Messages)
	case applier.Waiting:
		r.waits, r.until = e.Reason, time.Now().Add(e.Wait)
	}
}

// status is the line that says how far things are: "Reading the app: 3 of 40
// chats, 1,234 messages".
func (r *Reading) status(now time.Time) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	status := "Reading the app"
	if r.last.Total > 0 {
		status += fmt.Sprintf(": %s of %s, %s", number(r.last.Chats), count(r.last.Total, "chat"), count(r.last.Messages, "message"))
	}
	if wait := r.until.Sub(now); wait > 0 {
		status += fmt.Sprintf(", waiting %s: %s", about(wait.Seconds()), r.waits)
	}
	return status
}
