package local_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
	"github.com/sowdev/sow/state/local"
	"github.com/sowdev/sow/state/local/faultfs"
)

const statePath = "/data/app.state"

// content is what a state says, apart from its serial.
type content struct {
	Generation    int
	Users         map[string]state.User
	Groups        map[string]state.Group
	Conversations map[string]state.Conversation
	Messages      map[string][]state.Message
}

func newContent() *content {
	return &content{
		Users: map[string]state.User{}, Groups: map[string]state.Group{},
		Conversations: map[string]state.Conversation{}, Messages: map[string][]state.Message{},
	}
}

func (c *content) clone() *content {
	d := &content{
		Generation: c.Generation, Users: maps.Clone(c.Users), Groups: maps.Clone(c.Groups),
		Conversations: maps.Clone(c.Conversations), Messages: maps.Clone(c.Messages),
	}
	for name, list := range d.Messages {
		d.Messages[name] = slices.Clone(list)
	}
	return d
}

// find returns the index of the message with the key, or -1.
func (c *content) find(conversation, key string) int {
	return slices.IndexFunc(c.Messages[conversation], func(m state.Message) bool { return m.Key == key })
}

func (c *content) putMessage(conversation string, m state.Message) {
	c.deleteMessage(conversation, m.Key)
	list := append(slices.Clone(c.Messages[conversation]), m)
	slices.SortFunc(list, func(a, b state.Message) int {
		if a.SentAt != b.SentAt {
			return int(a.SentAt - b.SentAt)
		}
		return cmpStrings(a.Key, b.Key)
	})
	c.Messages[conversation] = list
}

func cmpStrings(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (c *content) deleteMessage(conversation, key string) {
	if i := c.find(conversation, key); i >= 0 {
		c.Messages[conversation] = slices.Delete(slices.Clone(c.Messages[conversation]), i, i+1)
		if len(c.Messages[conversation]) == 0 {
			c.Messages[conversation] = nil
		}
	}
}

// contentOf reads all of a state.
func contentOf(r state.Reader) (*content, error) {
	c := newContent()
	c.Generation = r.Header().Generation
	for _, u := range r.Users() {
		c.Users[u.Addr.String()] = *u
	}
	for _, g := range r.Groups() {
		c.Groups[g.Addr.String()] = *g
	}
	for _, conversation := range r.Conversations() {
		name := conversation.Addr.String()
		c.Conversations[name] = *conversation
		c.Messages[name] = nil
		for m, err := range r.Messages(conversation.Addr) {
			if err != nil {
				return nil, err
			}
			c.Messages[name] = append(c.Messages[name], *m)
		}
		if n := r.Count(conversation.Addr); n != len(c.Messages[name]) {
			return nil, fmt.Errorf("Count(%s) = %d of %d", name, n, len(c.Messages[name]))
		}
	}
	return c, nil
}

// machine is a state under test on a disk that breaks, beside the model of what
// it must say.
type machine struct {
	t    *rapid.T
	disk *faultfs.Disk

	lock    state.Lock // of the living process, or nil
	journal state.Journal

	// history is what the state says after each record, from the last fold on.
	// A record whose method failed may be there or not: it is the last one.
	history []*content
	acked   int // how many of them were acknowledged
	durable int // how many of them the disk had confirmed
}

func (m *machine) now() *content { return m.history[len(m.history)-1] }

func (m *machine) store() *local.Store { return local.NewIn(m.disk.FS(), statePath) }

// record makes one change through the journal and in the model.
func (m *machine) record(write func() error, change func(*content)) {
	next := m.now().clone()
	change(next)
	m.history = append(m.history, next)
	err := write()
	if err == nil {
		m.acked = len(m.history) - 1
		return
	}
	if m.journal.Err() == nil {
		m.t.Fatalf("a record was refused: %v", err)
	}
	m.crash("the journal failed", err)
}

// crash ends the process after an error that nothing can go on from. The disk
// stays as the error left it.
func (m *machine) crash(why string, err error) {
	m.t.Logf("crash: %s: %v", why, err)
	m.disk.OnOp(nil)
	m.disk.Kill()
	if m.journal != nil {
		_ = m.journal.Close() // of a dead process: only ends its goroutine
	}
	m.lock, m.journal = nil, nil
	m.sees()
}

// begin takes the lock, if need be, and begins a run.
func (m *machine) begin() {
	ctx := context.Background()
	if m.lock == nil {
		lock, err := m.store().Lock(ctx, state.LockInfo{ID: "1"}, 0)
		if err != nil {
			m.crash("Lock", err)
			return
		}
		m.lock = lock
	}
	header := state.Header{Dataset: "d", Generation: m.now().Generation}
	journal, err := m.lock.Begin(ctx, state.Run{ID: "r"}, header)
	if err != nil {
		m.crash("Begin", err)
		return
	}
	m.journal = journal
	m.acked = len(m.history) - 1
	m.durable = m.acked
}

// check reads the state by a new process, and holds it against the model: it
// must be what it was after some record, the given one or a later one.
func (m *machine) check(least int) {
	r, err := m.store().Read(context.Background())
	if err != nil {
		m.t.Fatalf("the state cannot be read: %v", err)
	}
	defer r.Close()
	got, err := contentOf(r)
	if err != nil {
		m.t.Fatalf("the state cannot be read: %v", err)
	}
	for i := len(m.history) - 1; i >= least; i-- {
		if cmp.Equal(m.history[i], got) {
			if i < m.acked && !r.Header().LookBack {
				m.t.Fatalf("%d records are lost, and the state does not say so", m.acked-i)
			}
			m.history, m.acked = m.history[:i+1], i
			return
		}
	}
	m.t.Fatalf("the state says none of what it could (-model +state):\n%s", cmp.Diff(m.history[m.acked], got))
}

// sees checks a state whose disk is fine: exactly what was acknowledged is
// there, and perhaps the record that failed.
func (m *machine) sees() { m.check(m.acked) }

func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rapid.SyncTest(t, func(t *rapid.T) {
			m := &machine{t: t, disk: faultfs.New("/data"), history: []*content{newContent()}}
			t.Repeat(m.actions())
			if m.journal != nil {
				_ = m.journal.Close()
			}
		})
	})
}

var (
	conversationNames = []string{"a", "b"}
	messageKeys       = []string{"k1", "k2", "k3", "k4"}
)

func (m *machine) actions() map[string]func(*rapid.T) {
	conversation := func(t *rapid.T) addr.Object {
		return addr.Object{Kind: addr.Conversation, Name: rapid.SampledFrom(conversationNames).Draw(t, "conversation")}
	}
	known := func(t *rapid.T) addr.Object {
		m.writing(t)
		if len(m.now().Conversations) == 0 {
			t.Skip("no conversation")
		}
		name := rapid.SampledFrom(slices.Sorted(maps.Keys(m.now().Conversations))).Draw(t, "conversation")
		return m.now().Conversations[name].Addr
	}
	draw := func(t *rapid.T, c addr.Object) state.Message {
		key := rapid.SampledFrom(messageKeys).Draw(t, "key")
		generation := rapid.IntRange(0, 1).Draw(t, "generation")
		return state.Message{
			Key: key, Generation: generation, MUID: state.MUID("d", c, key, generation),
			Sender: "ana", SentAt: int64(rapid.IntRange(1, 6).Draw(t, "sent")), Text: rapid.StringN(0, 60, -1).Draw(t, "text"),
		}
	}
	answered := func(t *rapid.T, x state.Message) state.Message {
		x.ID, x.InDoubt = fmt.Sprint(rapid.IntRange(1, 9).Draw(t, "id")), false
		x.Moderation = rapid.SampledFrom([]string{"", "approved"}).Draw(t, "moderation")
		return x
	}
	return map[string]func(*rapid.T){
		"begin": func(t *rapid.T) {
			if m.journal != nil {
				t.Skip("there is a run")
			}
			m.begin()
		},
		"intend": func(t *rapid.T) {
			c := known(t)
			x := draw(t, c)
			// The contract: a message in the way has been deleted, unless it is
			// in doubt with the same muid.
			if i := m.now().find(c.String(), x.Key); i >= 0 {
				if old := m.now().Messages[c.String()][i]; !old.InDoubt || old.MUID != x.MUID {
					t.Skip("the message is there")
				}
			}
			m.record(func() error { return m.journal.Intend(c, &x) }, func(s *content) {
				x := x
				x.InDoubt = true
				s.putMessage(c.String(), x)
			})
		},
		"receipt": func(t *rapid.T) {
			c := known(t)
			var doubts []state.Message
			for _, x := range m.now().Messages[c.String()] {
				if x.InDoubt {
					doubts = append(doubts, x)
				}
			}
			if len(doubts) == 0 {
				t.Skip("no doubt")
			}
			x := answered(t, rapid.SampledFrom(doubts).Draw(t, "doubt"))
			// It may wait for the record after it, or for the committer.
			acked, journal := m.acked, m.journal
			m.record(func() error { return m.journal.Receipt(c, &x) }, func(s *content) { s.putMessage(c.String(), x) })
			if m.journal == journal {
				m.acked = acked
			}
		},
		"void": func(t *rapid.T) {
			c := known(t)
			x := draw(t, c)
			m.record(func() error { return m.journal.Void(c.Message(x.Key), x.MUID) }, func(s *content) {
				if i := s.find(c.String(), x.Key); i >= 0 && s.Messages[c.String()][i].MUID == x.MUID {
					s.deleteMessage(c.String(), x.Key)
				}
			})
		},
		"put": func(t *rapid.T) {
			c := known(t)
			x := answered(t, draw(t, c))
			m.record(func() error { return m.journal.PutMessage(c, &x) }, func(s *content) { s.putMessage(c.String(), x) })
		},
		"delete": func(t *rapid.T) {
			c := known(t)
			key := rapid.SampledFrom(messageKeys).Draw(t, "key")
			m.record(func() error { return m.journal.DeleteMessage(c.Message(key)) }, func(s *content) { s.deleteMessage(c.String(), key) })
		},
		"conversation": func(t *rapid.T) {
			m.writing(t)
			c := conversation(t)
			x := state.Conversation{Addr: c, Group: rapid.SampledFrom([]string{"g", "h"}).Draw(t, "group")}
			m.record(func() error { return m.journal.PutConversation(&x) }, func(s *content) {
				s.Conversations[c.String()] = x
				s.Messages[c.String()] = s.Messages[c.String()] // the key is there, even without messages
			})
		},
		"deleteConversation": func(t *rapid.T) {
			m.writing(t)
			if rapid.IntRange(0, 3).Draw(t, "seldom") > 0 {
				t.Skip("seldom")
			}
			c := conversation(t)
			m.record(func() error { return m.journal.Delete(c) }, func(s *content) {
				delete(s.Conversations, c.String())
				delete(s.Messages, c.String())
			})
		},
		"user": func(t *rapid.T) {
			m.writing(t)
			o := addr.Object{Kind: addr.User, Name: rapid.SampledFrom([]string{"ana", "sam"}).Draw(t, "user")}
			u := state.User{Addr: o, UID: o.Name, Name: rapid.String().Draw(t, "name")}
			m.record(func() error { return m.journal.PutUser(&u) }, func(s *content) { s.Users[o.String()] = u })
		},
		"deleteUser": func(t *rapid.T) {
			m.writing(t)
			o := addr.Object{Kind: addr.User, Name: rapid.SampledFrom([]string{"ana", "sam"}).Draw(t, "user")}
			m.record(func() error { return m.journal.Delete(o) }, func(s *content) { delete(s.Users, o.String()) })
		},
		"group": func(t *rapid.T) {
			m.writing(t)
			o := addr.Object{Kind: addr.Group, Name: "g"}
			g := state.Group{Addr: o, GUID: "g", Name: rapid.String().Draw(t, "name"), Admins: []string{}}
			m.record(func() error { return m.journal.PutGroup(&g) }, func(s *content) { s.Groups[o.String()] = g })
		},
		"header": func(t *rapid.T) {
			m.writing(t)
			generation := rapid.IntRange(0, 5).Draw(t, "generation")
			m.record(func() error {
				return m.journal.PutHeader(state.Header{Dataset: "d", Generation: generation})
			}, func(s *content) { s.Generation = generation })
		},
		"wait": func(t *rapid.T) {
			m.writing(t)
			time.Sleep(15 * time.Millisecond)
			if err := m.journal.Err(); err != nil {
				m.crash("sync", err)
				return
			}
			m.durable = len(m.history) - 1
			m.acked = m.durable
		},
		"close": func(t *rapid.T) {
			m.writing(t)
			if err := m.journal.Close(); err != nil {
				m.crash("Close", err)
				return
			}
			m.journal = nil
			m.durable = len(m.history) - 1
			m.acked = m.durable
		},
		"fold": func(t *rapid.T) {
			if m.lock == nil || m.journal != nil {
				t.Skip("no lock, or a run")
			}
			if err := m.lock.Fold(context.Background()); err != nil {
				m.crash("Fold", err)
				return
			}
			m.durable = len(m.history) - 1
			m.sees()
		},
		"unlock": func(t *rapid.T) {
			if m.lock == nil || m.journal != nil {
				t.Skip("no lock, or a run")
			}
			if err := m.lock.Unlock(); err != nil {
				m.crash("Unlock", err)
				return
			}
			m.lock = nil
		},
		"read": func(t *rapid.T) {
			if m.journal == nil {
				m.sees()
			}
		},
		"kill": func(t *rapid.T) {
			m.crash("killed", nil)
		},
		"powerCut": func(t *rapid.T) {
			seed := rapid.Uint64().Draw(t, "seed")
			m.crash("power cut", nil)
			m.disk.PowerCut(rand.New(rand.NewPCG(seed, seed)))
			m.check(m.durable)
			m.history, m.acked, m.durable = m.history[len(m.history)-1:], 0, 0
		},
		// One of the next operations fails, or is the last.
		"fault": func(t *rapid.T) {
			if m.disk.Ops() == 0 {
				t.Skip("nothing yet")
			}
			at := m.disk.Ops() + rapid.IntRange(1, 30).Draw(t, "after")
			fault := faultfs.Fault{Done: rapid.IntRange(0, 80).Draw(t, "done")}
			fault.Err = rapid.SampledFrom([]error{syscall.EIO, syscall.ENOSPC, nil}).Draw(t, "error")
			fault.Stop = fault.Err == nil
			m.disk.OnOp(func(op faultfs.Op) faultfs.Fault {
				if op.N != at || !op.Kind.Changes() {
					return faultfs.Fault{}
				}
				return fault
			})
		},
		"": func(t *rapid.T) {},
	}
}

// writing skips an action that needs a run.
func (m *machine) writing(t *rapid.T) {
	if m.journal == nil {
		t.Skip("no run")
	}
}
