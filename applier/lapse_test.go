package applier

import (
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// Lapses are the times that things take. Each follows from a seed, from what is
// done, and from how often that was done before, and not from what else goes on:
// so the seed decides in which order things are done that are begun at once. It
// may be used concurrently.
type Lapses struct {
	seed uint64
	mu   sync.Mutex
	seen map[string]uint64
}

// NewLapses returns the times of one history.
func NewLapses(seed uint64) *Lapses { return &Lapses{seed: seed, seen: make(map[string]uint64)} }

// Random is the source of chance for what is done now.
func (l *Lapses) Random(what string) *rand.Rand {
	h := fnv.New64a()
	_, _ = io.WriteString(h, what) // never fails
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen[what]++
	return rand.New(rand.NewPCG(l.seed^h.Sum64(), l.seen[what]))
}

// pass lets the time go by that something takes.
func (l *Lapses) pass(what string, longest time.Duration) {
	time.Sleep(time.Duration(l.Random(what).Int64N(int64(longest))))
}

// random is a source of chance for waits.
func (l *Lapses) random() float64 { return l.Random("wait").Float64() }

// hand is how long it takes at the most to have something read or written.
const hand = time.Millisecond

// unhurried is a plan's lanes, each of which takes a while to be read.
type unhurried struct {
	planner.Body
	lapses *Lapses
}

func (u unhurried) Section(i int) *io.SectionReader {
	u.lapses.pass(fmt.Sprintf("read lane %d", i), hand)
	return u.Body.Section(i)
}

// slowLock is a lock whose journal takes a while for each record.
type slowLock struct {
	state.Lock
	lapses *Lapses
}

func (s slowLock) Begin(ctx context.Context, run state.Run, header state.Header) (state.Journal, error) {
	j, err := s.Lock.Begin(ctx, run, header)
	if err != nil {
		return nil, err
	}
	return slowJournal{j, s.lapses}, nil
}

type slowJournal struct {
	state.Journal
	lapses *Lapses
}

func (j slowJournal) Intend(o addr.Object, m *state.Message) error {
	j.lapses.pass("intend "+m.MUID, hand)
	return j.Journal.Intend(o, m)
}

func (j slowJournal) Receipt(o addr.Object, m *state.Message) error {
	j.lapses.pass("receipt "+m.MUID, hand)
	return j.Journal.Receipt(o, m)
}

func (j slowJournal) Void(a addr.Message, muid string) error {
	j.lapses.pass("void "+muid, hand)
	return j.Journal.Void(a, muid)
}

func (j slowJournal) PutMessage(o addr.Object, m *state.Message) error {
	j.lapses.pass("put "+o.String()+m.Key, hand)
	return j.Journal.PutMessage(o, m)
}

func (j slowJournal) DeleteMessage(a addr.Message) error {
	j.lapses.pass("delete "+a.String(), hand)
	return j.Journal.DeleteMessage(a)
}

func (j slowJournal) PutUser(u *state.User) error {
	j.lapses.pass("put "+u.Addr.String(), hand)
	return j.Journal.PutUser(u)
}

func (j slowJournal) PutGroup(g *state.Group) error {
	j.lapses.pass("put "+g.Addr.String(), hand)
	return j.Journal.PutGroup(g)
}

func (j slowJournal) PutConversation(c *state.Conversation) error {
	j.lapses.pass("put "+c.Addr.String(), hand)
	return j.Journal.PutConversation(c)
}

func (j slowJournal) Delete(o addr.Object) error {
	j.lapses.pass("delete "+o.String(), hand)
	return j.Journal.Delete(o)
}
