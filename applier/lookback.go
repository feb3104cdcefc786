package applier

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// scan looks in the app for the messages that a lane is about to send, when
// the state may not know all that was sent: it was lost, restored from an old
// copy, or the last records of a run are missing. What is found is taken over
// as it is instead of being sent a second time.
//
// It works ahead of the lane in pieces, so that it needs no more memory for a
// long one. A lane that fits into one piece is lined up with all of its chat: what
// was sent may have been declared with other times, texts and keys.
type scan struct {
	lane  *lane
	piece []*planner.MessageChange
	whole bool // the piece is all of the lane
	at    map[*planner.MessageChange]*sighting
}

// sighting is what the app has of one change.
type sighting struct {
	message    *Message
	generation int
	others     []string // ids of further copies
}

const (
	// scanPiece is how many changes of a long lane are looked for at once.
	scanPiece = 256
	// scanWhole is how many changes a lane has at most that is looked for as a whole.
	scanWhole = 4096
)

// generations is how many generations before and after its own a message is
// known by: the one it was sent with may have been lost with the records.
const generations = 16

func newScan(l *lane) *scan {
	return &scan{lane: l, at: make(map[*planner.MessageChange]*sighting)}
}

// found is what the app has for a change, or nil.
func (s *scan) found(c *planner.MessageChange) *sighting {
	if s == nil {
		return nil
	}
	return s.at[c]
}

// changes yields the lane's changes once they were looked for. When the app does
// not let us look, the change that was to be looked for comes with the error; an
// error without a change is the plan's.
func (s *scan) changes(lane iter.Seq2[*planner.MessageChange, error]) iter.Seq2[*planner.MessageChange, error] {
	return func(yield func(*planner.MessageChange, error) bool) {
		flush := func() bool {
			if len(s.piece) == 0 {
				return true
			}
			if err := s.search(); err != nil {
				yield(s.piece[0], err)
				return false
			}
			for _, c := range s.piece {
				if !yield(c, nil) {
					return false
				}
			}
			s.piece = s.piece[:0]
			clear(s.at)
			return true
		}
		counts := s.lane.info.Counts.Messages
		s.whole = counts.Create+counts.Update+counts.Replace+counts.Delete+counts.NoOp <= scanWhole
		for c, err := range lane {
			if err != nil {
				yield(nil, err)
				return
			}
			s.piece = append(s.piece, c)
			if len(s.piece) == scanPiece && !s.whole && !flush() {
				return
			}
		}
		flush()
	}
}

// search looks for the piece's changes. What it does not see counts as absent
// only once the window has passed since the run began: the run before may have
// sent it moments ago.
func (s *scan) search() error {
	for {
		begun := time.Now()
		missing, err := s.sweep()
		if err != nil {
			return err
		}
		left := s.lane.began.Add(s.lane.Window).Sub(begun)
		if missing == 0 || left <= 0 {
			return nil
		}
		if err := s.lane.wait(left, s.lane.brake.halted); err != nil {
			return err
		}
	}
}

// sweep reads the chat over the piece's time, and the lists of moderation, lines
// up what they show with the piece, and counts the messages to be sent that are
// not there.
func (s *scan) sweep() (missing int, err error) {
	l := s.lane
	clear(s.at)
	entries, at, err := s.expected()
	if err != nil {
		return 0, err
	}
	open := slices.DeleteFunc(slices.Clone(entries), (*expected).seeded)
	if len(open) == 0 {
		return 0, nil
	}
	if s.whole || l.pinned {
		at = span{} // what was sent before may have had other times, or counts from another anchor
	}
	lined := newLineup(l.plan.Dataset, l.header.HashKey, entries)
	lined.whole = s.whole
	senders := senders(open)
	err = l.listAround(&l.here, senders[0], at.from, at.to, func(m *Message) {
		lined.tagsTold = lined.tagsTold || slices.Contains(m.Tags, l.tag)
		lined.take(m)
	})
	if err != nil {
		return 0, err
	}
	for _, sender := range senders {
		err := l.listModerated(&l.here, sender, lined.takeHeld)
		if err != nil && !errors.Is(err, errIncomplete) {
			return 0, err
		}
	}
	lined.settle()
	for _, e := range open {
		if e.seen == nil {
			missing++
			continue
		}
		seen := &sighting{message: e.seen, generation: e.generation}
		for _, m := range e.copies {
			seen.others = append(seen.others, m.ID)
		}
		s.at[e.change] = seen
	}
	return missing, nil
}

// expected is what the piece is about: what is to be sent, with the time that it
// covers, and what the state has, so that the two are told apart. What is in
// doubt is settled message by message.
func (s *scan) expected() (entries []*expected, at span, err error) {
	if s.whole {
		if entries, err = s.seeded(); err != nil {
			return nil, at, err
		}
	}
	cover := func(sent int64) {
		if at.from == 0 || sent < at.from {
			at.from = sent
		}
		at.to = max(at.to, sent)
	}
	for _, c := range s.piece {
		if c.Before != nil && !s.whole {
			entries = append(entries, &expected{conversation: c.Addr.Conversation, record: c.Before})
		}
		if c.Action != planner.Create && c.Action != planner.Replace || c.Before != nil && c.Before.InDoubt {
			continue
		}
		record := *s.lane.sealedMessage(c.After, c.Sensitive)
		record.Key = c.Addr.Key
		entries = append(entries, &expected{conversation: c.Addr.Conversation, record: &record, change: c})
		cover(record.SentAt)
		if c.Before != nil {
			cover(c.Before.SentAt)
		}
	}
	return entries, at, nil
}

// seeded is all that the state has of the lane's chat: a lane does not yield what
// is unchanged at its end.
func (s *scan) seeded() (entries []*expected, err error) {
	for _, conversation := range s.lane.chats()[s.lane.info.Chat] {
		for e, err := range recorded(s.lane.prior, conversation) {
			if err != nil {
				return nil, err
			}
			entries = append(entries, e)
		}
	}
	return entries, nil
}

// adopt takes over a message that the app has, as it is there: what differs
// from the declaration is for the next plan.
func (l *lane) adopt(s *sending, seen *sighting) error {
	m, c := seen.message, s.change
	if len(seen.others) > 0 {
		return withHint(&ambiguousError{ids: append([]string{m.ID}, seen.others...)}, ambiguousHint)
	}
	l.raiseGeneration(seen.generation)
	l.record.Generation = seen.generation
	return l.takeOver(s, c, m)
}

// takeOver records a message that was found instead of sent, as the app has it.
func (l *lane) takeOver(s *sending, c *planner.MessageChange, m *Message) error {
	as := *c.After
	var differs []string
	if m.Sender != "" && m.Sender != as.Sender {
		as.Sender, differs = m.Sender, append(differs, "sender")
	}
	if m.SentAt != 0 && m.SentAt != l.record.SentAt {
		if !l.pinned {
			differs = append(differs, "time")
		}
		l.record.SentAt = m.SentAt
	}
	if m.Data.Text != "" && m.Data.Text != as.Text {
		as.Text, differs = m.Data.Text, append(differs, "text")
	}
	if len(c.Sensitive) > 0 {
		as = *l.sealedMessage(&as, c.Sensitive)
	}
	l.record.Sender, l.record.Text, l.record.Sealed = as.Sender, as.Text, as.Sealed
	if m.MUID != "" {
		l.record.MUID = m.MUID
	}
	if len(differs) > 0 {
		l.warn(c.Addr.Conversation, fmt.Errorf("%s was in the app already, with another %s: see sow plan", c.Addr, strings.Join(differs, " and ")))
	}
	return l.receive(s, m, true)
}

// raiseGeneration keeps the muids of generations that are in use from being
// used again.
func (r *run) raiseGeneration(to int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.generation = max(r.generation, to)
}

// byChat lists the conversations of a state by the chat that they are in.
func byChat(conversations []*state.Conversation) map[string][]addr.Object {
	chats := make(map[string][]addr.Object, len(conversations))
	for _, c := range conversations {
		chats[c.Chat()] = append(chats[c.Chat()], c.Addr)
	}
	return chats
}
