package applier

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// scan looks in the app for the messages that a lane is about to send, when
// the state may not know all that was sent: it was lost, restored from an old
// copy, or the last records of a run are missing. What is found is taken over
// as it is instead of being sent a second time.
//
// It works ahead of the lane in pieces, so that it needs no more memory for a
// long one.
type scan struct {
	lane  *lane
	piece []*planner.MessageChange
	at    map[*planner.MessageChange]*sighting
}

// sighting is what the app has of one change.
type sighting struct {
	message    *Message
	generation int
	others     []string // ids of further copies
}

// scanPiece is how many changes are looked for at once.
const scanPiece = 256

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
		for c, err := range lane {
			if err != nil {
				yield(nil, err)
				return
			}
			if s.piece = append(s.piece, c); len(s.piece) == scanPiece && !flush() {
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

// sweep reads the chat over the piece's time, and the lists of moderation, and
// counts the messages to be sent that are not there.
func (s *scan) sweep() (missing int, err error) {
	l := s.lane
	clear(s.at)
	index := newIndex(s)
	if len(index.open) == 0 {
		return 0, nil
	}
	from, to := index.from, index.to
	if l.pinned {
		from, to = 0, 0 // what was sent before counts from another anchor
	}
	if err := l.listAround(&l.here, index.senders[0], from, to, index.take); err != nil {
		return 0, err
	}
	for _, sender := range index.senders {
		err := l.listModerated(&l.here, sender, index.take)
		if err != nil && !errors.Is(err, errIncomplete) {
			return 0, err
		}
	}
	return len(index.open) - len(s.at), nil
}

// index finds the change that a message of the app stands for.
type index struct {
	scan    *scan
	open    []*planner.MessageChange // by time
	byMUID  map[string]version
	senders []string
	from    int64
	to      int64
}

type version struct {
	change     *planner.MessageChange
	generation int
}

func newIndex(s *scan) *index {
	x := &index{scan: s, byMUID: make(map[string]version)}
	for _, c := range s.piece {
		if c.Action != planner.Create && c.Action != planner.Replace || c.Before != nil && c.Before.InDoubt {
			continue // those in doubt are settled one by one
		}
		x.open = append(x.open, c)
		x.name(c)
		x.cover(c.After.SentAt)
		if c.Before != nil {
			x.cover(c.Before.SentAt)
		}
		if !slices.Contains(x.senders, c.After.Sender) {
			x.senders = append(x.senders, c.After.Sender)
		}
	}
	return x
}

func (x *index) cover(at int64) {
	if x.from == 0 || at < x.from {
		x.from = at
	}
	x.to = max(x.to, at)
}

// name lists the muids that the change's message may have been sent with.
func (x *index) name(c *planner.MessageChange) {
	g := c.After.Generation
	for n := max(0, g-generations); n <= g+generations; n++ {
		muid := state.MUID(x.scan.lane.plan.Dataset, c.Addr.Conversation, c.Addr.Key, n)
		if c.Before == nil || muid != c.Before.MUID {
			x.byMUID[muid] = version{c, n}
		}
	}
	if c.After.MUID != "" {
		x.byMUID[c.After.MUID] = version{c, g}
	}
}

// take notes a message of the app that is one of those to be sent.
func (x *index) take(m *Message) {
	if m.DeletedAt != 0 {
		return
	}
	v, ok := x.byMUID[m.MUID]
	if !ok || m.MUID == "" {
		if m.MUID != "" && !slices.Contains(m.Tags, x.scan.lane.tag) {
			return // somebody else's
		}
		if v.change = x.byContent(m); v.change == nil {
			return
		}
		v.generation = v.change.After.Generation
	}
	switch seen := x.scan.at[v.change]; {
	case seen == nil:
		x.scan.at[v.change] = &sighting{message: m, generation: v.generation}
	case seen.message.ID != m.ID && !slices.Contains(seen.others, m.ID):
		seen.others = append(seen.others, m.ID)
	}
}

// byContent finds a change by its message's time, which no other of the lane
// has: a message with the dataset's tag and that time is what was sent for the
// change, even if the declaration is another one by now. Without the tag,
// sender, type and text have to agree as well.
func (x *index) byContent(m *Message) *planner.MessageChange {
	i, ok := slices.BinarySearchFunc(x.open, m.SentAt, func(c *planner.MessageChange, at int64) int {
		return int(c.After.SentAt - at)
	})
	if !ok || x.open[i].Before != nil && x.open[i].Before.ID == m.ID {
		return nil
	}
	bare := *m
	bare.MUID = ""
	if slices.Contains(m.Tags, x.scan.lane.tag) || x.scan.lane.wanted(x.open[i].After).matches(&bare) == same {
		return x.open[i]
	}
	return nil
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
