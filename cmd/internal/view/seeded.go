package view

import (
	"iter"
	"slices"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
)

// seeded finds messages of a state by their address. It reads along with a
// plan, whose messages come in the order of the chat as those of the state do,
// and so keeps none of them; only where the two part, because a message was
// found in the app with another time, is a conversation read into memory.
type seeded struct {
	state state.Reader
	talks map[addr.Object]*seededTalk
}

type seededTalk struct {
	next func() (*state.Message, error, bool)
	stop func()
	head *state.Message // read and not passed yet
	all  map[string]*state.Message
}

func newSeeded(r state.Reader) *seeded {
	return &seeded{state: r, talks: make(map[addr.Object]*seededTalk)}
}

// find returns the message that should have been sent at that time; nil when
// the state does not have it.
func (s *seeded) find(a addr.Message, sentAt int64) (*state.Message, error) {
	t := s.talks[a.Conversation]
	if t == nil {
		t = &seededTalk{}
		t.next, t.stop = iter.Pull2(s.state.Messages(a.Conversation))
		s.talks[a.Conversation] = t
	}
	for t.all == nil {
		if t.head == nil {
			m, err, ok := t.next()
			if err != nil {
				return nil, err
			}
			if !ok {
				break
			}
			t.head = m
		}
		if t.head.SentAt > sentAt {
			break
		}
		m := t.head
		t.head = nil
		if m.Key == a.Key {
			return m, nil
		}
	}
	if t.all == nil {
		t.stop()
		t.all = make(map[string]*state.Message)
		for m, err := range s.state.Messages(a.Conversation) {
			if err != nil {
				return nil, err
			}
			t.all[m.Key] = m
		}
	}
	return t.all[a.Key], nil
}

// close ends the reading along.
func (s *seeded) close() {
	for _, t := range s.talks {
		t.stop()
	}
}

// find returns the object with that address among sorted ones, or nil.
func find[T any](sorted []*T, addrOf func(*T) addr.Object, a addr.Object) *T {
	i, ok := slices.BinarySearchFunc(sorted, a, func(o *T, a addr.Object) int { return addrOf(o).Compare(a) })
	if !ok {
		return nil
	}
	return sorted[i]
}
