package applier

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sowdev/sow/config"
)

// TestAnyPrefixResumes cuts the journal of an apply anywhere, gives every send
// that is open at the cut any outcome (the app has the message, will have it
// within the window, or never hears of it), and applies again: whatever was
// drawn, every message is in the app exactly once. After a power failure the
// app may also have messages that the journal does not name.
func TestAnyPrefixResumes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rapid.SyncTest(rt, func(rt *rapid.T) {
			time.Sleep(time.Until(restart))
			try := &attempt{TB: t}
			defer func() {
				if p := recover(); p != nil {
					if p != any(try) {
						panic(p)
					}
					rt.Fatalf("%s", try.why)
				}
			}()
			resume(rt, try)
		})
	})
}

func resume(rt *rapid.T, try *attempt) {
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "quirks"), 7))
	q := behave(random)
	q.senderMax, q.appMax = 0, 0 // they only cost time
	declare := func(w *world) {
		w.data.group("lobby", func(g *config.Group) { g.Owner = w.data.user("ana") })
		w.small()
	}
	first := newFake(q)
	w := &world{TB: try, app: first, arena: fakeArena{first}, store: &memory{boot: "one"}, data: newDataset()}
	declare(w)
	w.opts.Parallelism = rapid.IntRange(1, 4).Draw(rt, "parallelism")
	w.mustComplete(w.apply())
	whole := w.store.folded

	// The marker of the run, the second line, is on the disk before anything is
	// sent.
	marker := bytes.IndexByte(whole, '\n') + 1
	marker += bytes.IndexByte(whole[marker:], '\n') + 1
	cut := rapid.IntRange(marker, len(whole)).Draw(rt, "cut")
	powerFailure := rapid.Bool().Draw(rt, "power failure")
	journal := readJournal(try, whole[:cut])

	app := newFake(q)
	app.nextID = first.nextID
	beyond := make(map[string]bool) // chats in which nothing more had been sent
	for _, m := range first.messages {
		chat := chatName(&m.Message)
		switch {
		case journal.received[m.MUID]:
			app.keep(first, m)
		case journal.intended[m.MUID] || powerFailure && !beyond[chat] && rapid.Bool().Draw(rt, "sent beyond the journal"):
			beyond[chat] = true // it is the last of its chat
			switch rapid.SampledFrom([]string{"stored", "stored later", "never came"}).Draw(rt, m.Data.Text) {
			case "stored":
				app.keep(first, m)
			case "stored later":
				time.AfterFunc(time.Duration(rapid.IntRange(1, 20).Draw(rt, "seconds"))*time.Second, func() {
					app.mu.Lock()
					defer app.mu.Unlock()
					app.keep(first, m)
				})
			}
		default:
			beyond[chat] = true
		}
	}
	for _, uid := range journal.users {
		app.users[uid] = first.users[uid]
	}
	for _, guid := range journal.groups {
		app.groups[guid], app.members[guid] = first.groups[guid], first.members[guid]
	}

	again := &world{TB: try, app: app, arena: fakeArena{app}, store: &memory{boot: "one", journal: whole[:cut]}, data: newDataset()}
	if powerFailure {
		again.store.boot = "two"
	}
	declare(again)
	again.mustComplete(again.apply())
	time.Sleep(time.Minute)
	again.mustBeSeeded()
}

// keep gives the app a message that another app has, with everybody it needs.
func (f *fake) keep(of *fake, m *stored) {
	kept := *m
	f.messages = append(f.messages, &kept)
	for _, uid := range []string{m.Sender, m.Receiver} {
		if u := of.users[uid]; u != nil {
			f.users[uid] = u
		}
	}
	if g := of.groups[m.Receiver]; g != nil {
		f.groups[m.Receiver], f.members[m.Receiver] = g, of.members[m.Receiver]
		if g.Owner != "" {
			f.users[g.Owner] = of.users[g.Owner]
		}
	}
}

// toldJournal is what the lines of a journal say that are whole.
type toldJournal struct {
	intended, received map[string]bool // muids
	users, groups      []string        // ids
}

func readJournal(t testing.TB, text []byte) toldJournal {
	j := toldJournal{intended: make(map[string]bool), received: make(map[string]bool)}
	numbers := make(map[int]string)
	for line := range bytes.Lines(text) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		var record struct {
			N       int
			Intend  string
			Put     string
			Receipt int
			M       struct{ MUID, ID string }
			Object  struct{ UID, GUID string }
		}
		if err := json.Unmarshal(line, &record); err != nil {
			t.Fatal(fmt.Errorf("%s: %w", line, err))
		}
		switch {
		case record.Intend != "":
			j.intended[record.M.MUID] = true
			numbers[record.N] = record.M.MUID
		case record.Receipt != 0:
			j.received[numbers[record.Receipt]] = true
		case record.Put != "" && record.M.ID != "":
			j.received[record.M.MUID] = true
		case record.Object.UID != "" && !slices.Contains(j.users, record.Object.UID):
			j.users = append(j.users, record.Object.UID)
		case record.Object.GUID != "" && !slices.Contains(j.groups, record.Object.GUID):
			j.groups = append(j.groups, record.Object.GUID)
		}
	}
	return j
}
