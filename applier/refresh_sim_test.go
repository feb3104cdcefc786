package applier

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// refresh reads the app, plans on what it shows and applies that.
func (w *world) refresh() *Summary {
	w.Helper()
	prior := w.store.read(w)
	o := w.opts
	o.Reporter, o.Rates = &w.heard, NewRates(Limits{})
	app := w.arena.App(o.Rates)
	refreshed, plan := w.look(prior, app, o)
	defer refreshed.Close()
	if plan.Empty() {
		if plan.Found.Corrections() > 0 {
			if err := Record(context.Background(), plan, refreshed, w.store, "refresh"); err != nil {
				w.Fatal(err)
			}
		}
		return &Summary{}
	}
	return Apply(context.Background(), plan, refreshed, w.store, app, o)
}

// look reads the app and plans on what it shows.
func (w *world) look(prior *state.Files, app App, o Options) (*Refreshed, *planner.Plan) {
	w.Helper()
	declare := func(known state.Reader) (*planner.Plan, error) { return w.data.plan(w, known), nil }
	refreshed, err := Refresh(context.Background(), prior, declare, app, ReadOptions{Options: o, Written: w.written, eager: w.eager})
	if err != nil {
		w.Fatalf("refresh: %v", err)
	}
	plan := w.data.plan(w, refreshed)
	plan.Found = refreshed.Found
	return refreshed, plan
}

var harms = flag.Int("harms", 60, "how many apps are harmed and set right by a refresh")

// EachRefresh walks histories, or the one that -seed names: a dataset is seeded,
// harm is done to the app and to the state behind sow's back, and an apply that
// looks first sets all of it right.
func EachRefresh(t *testing.T, arena func(r *rand.Rand) Arena) {
	onOneProcessor(t)
	if *seed != 0 {
		harm(t, *seed, arena)
		return
	}
	n := *harms
	if testing.Short() {
		n = min(n, 30)
	}
	for s := range n {
		t.Run(fmt.Sprint(s+1), func(t *testing.T) { harm(t, uint64(s+1), arena) })
		if t.Failed() {
			return
		}
	}
}

// TestRefreshSimulation does harm to the fake app.
func TestRefreshSimulation(t *testing.T) {
	EachRefresh(t, newFakeArena)
}

// harmed is one walk.
type harmed struct {
	history
	app     App
	backup  []byte
	foreign map[string]bool // ids of messages that others sent
}

func harm(t *testing.T, seed uint64, arena func(r *rand.Rand) Arena) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(restart))
		r := rand.New(rand.NewPCG(seed, 3))
		h := &harmed{history: history{
			world:  &world{TB: t, arena: arena(r), store: &memory{boot: "one"}, data: newDataset()},
			Rand:   r,
			told:   new(chronicle),
			lapses: NewLapses(seed),
		}, foreign: make(map[string]bool)}
		h.opts.Random = h.lapses.random
		h.eager = seed%2 == 0
		defer h.arena.Close()
		defer func() {
			if t.Failed() {
				t.Logf("run again with -run '%s' -seed %d; %s", strings.Split(t.Name(), "/")[0], seed, h.arena)
				for _, step := range h.told.notes() {
					t.Log(step)
				}
			}
		}()
		h.compose()
		if h.IntN(3) == 0 {
			h.cutOff()
		}
		h.app = h.arena.App(NewRates(Limits{}))
		h.mustComplete(h.calmly())
		time.Sleep(time.Hour)
		h.backup = slices.Clone(h.store.snapshot)
		if h.IntN(2) == 0 {
			h.settled = true
			h.changeMind()
			h.mustComplete(h.calmly())
			time.Sleep(time.Hour)
		}
		h.written = time.Now().Add(-time.Hour)
		for range 1 + h.IntN(4) {
			h.doHarm()
		}
		time.Sleep(time.Minute)
		h.mustReadAlike()
		for try := 0; ; try++ {
			s := h.refresh()
			h.written = time.Now()
			h.note("a refresh: %s", describe(s))
			// What only a refused send shows is taken in as it is, with a warning that
			// says so, and is for the next apply.
			again := slices.ContainsFunc(s.Warnings, func(text string) bool { return strings.Contains(text, "see sow plan") })
			if s.Complete() && !again {
				break
			}
			if try == 2 {
				t.Fatalf("not complete: %s", describe(s))
			}
		}
		time.Sleep(time.Minute)
		h.mustHaveAll()
	})
}

// cutOff applies under faults, and ends somewhere.
func (h *harmed) cutOff() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	left := h.IntN(60)
	var mu sync.Mutex
	h.arena.Fail(rand.New(rand.NewPCG(h.Uint64(), 2)), pick(h.Rand, 0.05, 0.3))
	h.arena.Watch(func(string) {
		mu.Lock()
		defer mu.Unlock()
		if left--; left == 0 {
			cancel()
		}
	})
	h.note("an apply is cut off: %s", describe(h.applyCtx(ctx)))
	h.outlive()
	h.arena.Fail(nil, 0)
	h.arena.Watch(nil)
}

// calmly applies without faults until all is done.
func (h *harmed) calmly() (s *Summary) {
	for range 3 {
		if s = h.apply(); s.Complete() {
			break
		}
	}
	h.note("a calm apply: %s", describe(s))
	return s
}

// doHarm does one thing behind sow's back.
func (h *harmed) doHarm() {
	ctx := context.Background()
	held := slices.DeleteFunc(h.arena.Messages(), func(m Held) bool { return h.foreign[m.ID] })
	slices.SortFunc(held, func(a, b Held) int { return strings.Compare(a.ID, b.ID) })
	switch h.IntN(9) {
	case 0:
		h.note("the state is lost")
		h.store.snapshot, h.store.journal = nil, nil
	case 1:
		h.note("the state is restored from a backup")
		h.store.snapshot, h.store.journal = h.backup, nil
	case 2:
		h.note("all messages are deleted")
		for _, m := range held {
			if err := h.app.DeleteMessage(ctx, m.ID); err != nil {
				h.Fatal(err)
			}
		}
	case 3, 4:
		if len(held) == 0 {
			return
		}
		m := pick(h.Rand, held...)
		h.note("message %s (%s) is deleted", m.ID, m.Text)
		if err := h.app.DeleteMessage(ctx, m.ID); err != nil {
			h.Fatal(err)
		}
	case 5:
		if len(held) == 0 {
			return
		}
		m := pick(h.Rand, held...)
		if slices.ContainsFunc(held, func(o Held) bool {
			return o.ID != m.ID && o.Chat == m.Chat && o.Sender == m.Sender && o.SentAt == m.SentAt
		}) {
			return // a copy that says something else is no copy that anybody could tell
		}
		h.note("message %s (%s) is edited", m.ID, m.Text)
		if _, err := h.app.EditMessage(ctx, m.ID, MessageData{Text: "edited by others"}); err != nil {
			h.Fatal(err)
		}
	case 6:
		if len(held) == 0 {
			return
		}
		m := pick(h.Rand, held...)
		_, err := h.app.SendMessage(ctx, outgoingOf(m, m.MUID, []string{"sow:demo"}))
		h.note("message %s (%s) is sent once more: %v", m.ID, m.Text, err)
	case 7:
		if len(held) == 0 {
			return
		}
		m := pick(h.Rand, held...)
		m.Text, m.SentAt = "somebody else", m.SentAt+h.Int64N(3)
		answer, err := h.app.SendMessage(ctx, outgoingOf(m, fmt.Sprintf("other-%d", h.Uint64()), nil))
		h.note("others write to %s: %v", m.Chat, err)
		if err == nil {
			h.foreign[answer.ID] = true
		}
	case 8:
		u := pick(h.Rand, h.data.Users...)
		_, err := h.app.UpdateUser(ctx, u.UID, Patch{Set: map[string]any{"name": "Another name"}})
		h.note("%s is renamed: %v", u.UID, err)
	}
	time.Sleep(20 * time.Second) // until what was sent can be read
}

// outgoingOf sends what the app holds once more.
func outgoingOf(m Held, muid string, tags []string) *Outgoing {
	o := &Outgoing{Sender: m.Sender, ReceiverType: "user", Type: "text", Data: MessageData{Text: m.Text}, MUID: muid, Tags: tags, SentAt: m.SentAt}
	if guid, ok := strings.CutPrefix(m.Chat, "group:"); ok {
		o.Receiver, o.ReceiverType = guid, "group"
		return o
	}
	a, b, _ := strings.Cut(strings.TrimPrefix(m.Chat, "user:"), ":")
	o.Receiver = a
	if m.Sender == a {
		o.Receiver = b
	}
	return o
}

// mustHaveAll holds the app against the dataset: every declared message once,
// in order, and nothing left to plan.
func (h *harmed) mustHaveAll() {
	h.Helper()
	want := h.declared()
	got := make(map[string][]string)
	held := h.arena.Messages()
	slices.SortFunc(held, func(a, b Held) int { return int(a.SentAt - b.SentAt) })
	for _, m := range held {
		if !h.foreign[m.ID] {
			got[m.Chat] = append(got[m.Chat], m.Sender+": "+m.Text)
		}
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		h.Fatalf("the app's chats (-want +got):\n%s", diff)
	}
	h.mustBeQuiet()
	names := h.arena.People()
	for _, u := range h.data.Users {
		if names[u.UID] != u.Name {
			h.Fatalf("%s is called %q", u.UID, names[u.UID])
		}
	}
}
