package planner

import (
	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/state"
)

// survey is what the first reading of a long conversation tells. It is the sink
// of that reading.
type survey struct {
	*lane
	changed   bool
	unchanged int // messages
	lastStays int // the last message that the app has and keeps, or -1
	// What messages are found again by: those that come, and those that go. A
	// message may lose its label to another one.
	labels, contents struct{ come, gone hashSet }
	timed            bool // some have times of their own
	fingerprints     *fingerprints
	// What is appended after the last message that stays or has a time of its own,
	// beginning with which message; and whether that one stays.
	appended  appended
	from      int
	afterKept bool
	behind    int // how many
}

func newSurvey(l *lane) *survey {
	return &survey{lane: l, lastStays: -1, fingerprints: newFingerprints(l.header.HashKey)}
}

// check reports that the conversation has to be held, because a message that
// goes in one part may be the one that comes in another: it is, if it has a label;
// and it can be, if it counts from a message with a time of its own, for that may
// have moved past it.
func (s *survey) check() error {
	if s.labels.come.meets(&s.labels.gone) || s.timed && s.contents.come.meets(&s.contents.gone) {
		return errWhole
	}
	return nil
}

// tail returns how there is room for what is appended, or nil when nothing has
// to be done for that.
func (s *survey) tail(c *clock) *tail {
	if !s.afterKept || c.paced {
		return nil
	}
	if pace := c.squeeze(s.appended); pace < c.pace {
		return &tail{s.from, pace}
	}
	return nil
}

func (s *survey) pass(declared *config.Message, m *state.Message) error {
	s.unchanged++
	s.timed = s.timed || declared.At != nil
	s.lastStays, s.from = s.from+s.behind, s.from+s.behind+1
	s.behind, s.afterKept, s.appended = 0, true, appended{from: m.SentAt}
	return nil
}

func (s *survey) keys() (*keyNumbers, error) { return &keyNumbers{}, nil }

func (s *survey) part(before int) error {
	s.changed = s.changed || len(s.gone) > 0 || len(s.talks[0].strange) > 0
	for i := range s.live {
		e := &s.live[i]
		if e.action == NoOp {
			s.unchanged++
		} else {
			s.changed = true
		}
		s.place(e, before+i)
		s.timed = s.timed || e.exact()
		label := e.decl.Label
		switch {
		case label != "" && (e.prev == nil || e.prev.Key != label):
			s.labels.come.add(s.fingerprints.ofDeclared(e.decl)[0])
		case e.prev == nil:
			s.contents.come.add(s.fingerprints.ofDeclared(e.decl)[0])
		}
		if e.prev != nil && isLabel(e.prev.Key) && e.prev.Key != label {
			s.labels.gone.add(s.fingerprints.ofSeeded(e.prev)[0])
		}
	}
	for i := range s.gone {
		gone := &s.contents.gone
		if isLabel(s.gone[i].prev.Key) {
			gone = &s.labels.gone
		}
		gone.add(s.fingerprints.ofSeeded(s.gone[i].prev)[0])
	}
	return nil
}

// place takes note of where a message is placed that is not the same as it was.
func (s *survey) place(e *entry, i int) {
	if !e.sends() {
		s.lastStays = i
	}
	if e.kept || e.exact() {
		s.from, s.behind, s.afterKept, s.appended = i+1, 0, e.kept, appended{from: e.at}
		return
	}
	s.behind++
	s.appended.add(e.decl)
}
