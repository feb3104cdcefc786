package applier

import (
	"time"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
)

// Reporter hears what an apply or a reading does. Its methods are called concurrently and
// must not block for long.
type Reporter interface {
	Report(Event)
}

// EventKind says what happened.
type EventKind string

// The kinds of events.
const (
	Started     EventKind = "started"     // the apply begins; Total is set
	Done        EventKind = "done"        // one change is done
	Failed      EventKind = "failed"      // one change failed; its lane stops
	Waiting     EventKind = "waiting"     // sending pauses; Reason and Wait say why and how long
	Doubt       EventKind = "doubt"       // an answer was lost; the app is read back
	Settled     EventKind = "settled"     // a doubt is over; Adopted says how
	Warned      EventKind = "warned"      // something worth knowing; Err says what
	Interrupted EventKind = "interrupted" // no new sends from here on
	Finished    EventKind = "finished"    // the apply is over

	// Read is the one kind that a reading has of its own: a chat of the app was
	// read, or a stretch of a long one. Total, Chats and Messages are set.
	Read EventKind = "read"
)

// Event is one thing that happened during an apply.
type Event struct {
	Kind    EventKind
	Object  addr.Object    // of a user, group or conversation
	Message addr.Message   // of a message
	Action  planner.Action // with Done and Failed
	Source  planner.Source // with Failed: where the object is declared
	ID      string         // with Done: the app's id of the message
	Adopted bool           // with Done and Settled: the app had it
	// Attempts, with Done of a message that was to be sent, is how often it was:
	// 0 when the app was found to have it before.
	Attempts int
	// StateOnly, with Done, says that nothing was asked of the app.
	StateOnly bool
	Reason    string // with Waiting: what is waited for
	Wait      time.Duration
	Err       error
	Hint      string // with Failed: what to do about it
	Total     int    // with Started: changes to be made; with Read: chats to be read
	// Chats and Messages, with Read, are how many were held against the state so
	// far.
	Chats, Messages int
	// Left, with Started, Done and Waiting, is how long the rest takes by the
	// model of the plan's forecast, with the limits that are known by now.
	Left time.Duration
}

// Summary is the outcome of an apply.
type Summary struct {
	Done         planner.Counts
	Adopted      int       // messages that were found in the app instead of sent
	Failures     []Failure // sorted by address
	NotAttempted int       // changes of failed lanes, or after an interruption
	InDoubt      []addr.Message
	Moderation   map[string]int // messages sent, by moderation status; "" where the app said none
	Unmet        []Unmet        // expectations that the app did not meet
	Undecided    []Unmet        // expectations that moderation had not decided yet
	Warnings     []string
	Interrupted  bool
	Requests     int
	Elapsed      time.Duration
	// Stopped is the [*StopError] that ended the whole apply, or nil. An
	// interruption through Options.Stop is none.
	Stopped error
}

// OK reports whether everything was done and every expectation that moderation
// decided was met.
func (s *Summary) OK() bool {
	return s.Complete() && len(s.Unmet) == 0
}

// Complete reports whether everything in the plan was done.
func (s *Summary) Complete() bool {
	return s.Stopped == nil && !s.Interrupted && len(s.Failures) == 0 && len(s.InDoubt) == 0 && s.NotAttempted == 0
}

// Failure is one change that could not be made.
type Failure struct {
	Object  addr.Object
	Message addr.Message
	Action  planner.Action
	Source  planner.Source
	Err     error
	Hint    string // what to do about it
}

// Unmet is a moderation expectation that was not met.
type Unmet struct {
	Message addr.Message
	Source  planner.Source
	ID      string
	Want    string
	Got     string
}
