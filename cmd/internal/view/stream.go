package view

import (
	"bytes"
	"io"
	"sync"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/applier"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
)

// eventsFormat names the form of the events. Types and members may be added
// within a version; none is taken away or changes its meaning.
const eventsFormat = "sow.events/1"

// stream writes events, one JSON object a line, each with one write. A nil
// stream takes everything and writes nothing. A place that cannot be written
// to is given up; what went wrong is told by err.
type stream struct {
	mu     sync.Mutex
	events io.Writer // everything; nil for nobody
	out    io.Writer // everything, with the format Stream
	talk   io.Writer // diagnostics and notes alone, with the format JSON
	err    error     // the first error of events
}

// newStream returns the stream that the options ask for, or nil.
func newStream(o Options) *stream {
	s := &stream{events: o.Events}
	switch o.Format {
	case JSON:
		s.talk = o.Err
	case Stream:
		s.out = o.Out
	default:
		if o.Events == nil {
			return nil
		}
	}
	return s
}

// actsHeard reports whether anybody hears more than diagnostics and notes.
func (s *stream) actsHeard() bool { return s != nil && (s.events != nil || s.out != nil) }

// emit writes an event with the members of payload, a struct. Talk also goes
// where only that is wanted.
func (s *stream) emit(kind string, payload any, isTalk bool) {
	if s == nil || !isTalk && s.events == nil && s.out == nil {
		return
	}
	head := encode(struct {
		Format string    `json:"format"`
		Type   string    `json:"type"`
		Time   time.Time `json:"time"`
	}{eventsFormat, kind, time.Now().UTC()})
	body := encode(payload)
	line := head
	if !bytes.Equal(body, []byte("{}")) {
		line = append(append(head[:len(head)-1], ','), body[1:]...)
	}
	line = append(line, '\n')

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.events != nil {
		if _, err := s.events.Write(line); err != nil {
			s.events, s.err = nil, err
		}
	}
	if s.out != nil {
		if _, err := s.out.Write(line); err != nil {
			s.out = nil
		}
	}
	if isTalk && s.talk != nil {
		if _, err := s.talk.Write(line); err != nil {
			s.talk = nil
		}
	}
}

// broken returns the error that ended the events file, or nil.
func (s *stream) broken() error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *stream) note(text string) {
	s.emit("note", struct {
		Text string `json:"text"`
	}{text}, true)
}

func (s *stream) diagnostic(d *hcl.Diagnostic, sources Sources) {
	if s == nil {
		return
	}
	s.emit("diagnostic", diagnosticOf(d, sources), true)
}

// plan writes a plan as events: what it comes to, then each change.
func (s *stream) plan(p *planner.Plan) error {
	if !s.actsHeard() {
		return nil
	}
	s.emit("plan", struct {
		Dataset  string           `json:"dataset"`
		App      appJSON          `json:"app"`
		Destroy  bool             `json:"destroy"`
		Empty    bool             `json:"empty"`
		Digest   string           `json:"digest"`
		Prior    string           `json:"prior"`
		Anchor   *int64           `json:"anchor"`
		Counts   planner.Counts   `json:"counts"`
		Forecast planner.Forecast `json:"forecast"`
		Found    *foundJSON       `json:"found,omitempty"`
	}{p.Dataset, appJSON{p.AppID, p.Region}, p.Destroy, p.Empty(), p.Digest, p.Prior, p.Anchor, p.Counts, p.Forecast, foundOf(p.Found)}, false)
	if p.Found != nil {
		for found, err := range p.Found.All() {
			if err != nil {
				return err
			}
			if found.Conversation == nil {
				s.emit("finding", findingOf(found), false)
			}
		}
	}
	for _, c := range p.Users {
		s.change("user", userChange(c))
	}
	for _, c := range p.Groups {
		s.change("group", groupChange(c))
	}
	for i := range p.Lanes {
		for _, c := range p.Lanes[i].Changes {
			if c.Action != planner.NoOp {
				s.change("conversation", conversationChange(c))
			}
		}
		for m, err := range p.Lane(i) {
			if err != nil {
				return err
			}
			if m.Action != planner.NoOp {
				s.change("message", messageChange(p, m))
			}
		}
	}
	return nil
}

func (s *stream) change(kind string, change any) {
	s.emit("change", struct {
		Kind   string `json:"kind"`
		Change any    `json:"change"`
	}{kind, change}, false)
}

// applied writes what an apply reports, but for its end: the summary says
// more.
func (s *stream) applied(e applier.Event) {
	if e.Kind == applier.Finished || !s.actsHeard() {
		return
	}
	payload := eventJSON{
		Address: addressOf(e.Object, e.Message),
		ID:      e.ID, Hint: e.Hint, Reason: e.Reason, WaitSeconds: e.Wait.Seconds(), Total: e.Total,
	}
	if e.Kind == applier.Settled || e.Adopted {
		adopted := e.Adopted // e itself stays off the heap
		payload.Adopted = &adopted
	}
	if e.Kind == applier.Done || e.Kind == applier.Failed {
		payload.Action = e.Action.String()
	}
	if e.Kind == applier.Failed {
		payload.Source = sourceJSON(e.Source)
	}
	if e.Err != nil {
		payload.Error = errorOf(e.Err)
	}
	s.emit(string(e.Kind), payload, false)
}

type eventJSON struct {
	Address     string          `json:"address,omitempty"`
	Action      string          `json:"action,omitempty"`
	Source      *planner.Source `json:"source,omitempty"`
	ID          string          `json:"id,omitempty"`
	Adopted     *bool           `json:"adopted,omitempty"`
	Reason      string          `json:"reason,omitempty"`
	WaitSeconds float64         `json:"waitSeconds,omitempty"`
	Total       int             `json:"total,omitempty"`
	Error       *errorJSON      `json:"error,omitempty"`
	Hint        string          `json:"hint,omitempty"`
}

// addressOf is the address of what an event or a failure is about, or "".
func addressOf(o addr.Object, m addr.Message) string {
	switch {
	case !m.IsZero():
		return m.String()
	case !o.IsZero():
		return o.String()
	}
	return ""
}
