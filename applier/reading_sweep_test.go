package applier

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sowdev/sow/planner"
)

// mustReadAlike holds reading by a sweep against reading by the chats' own
// lists: whatever the app does, both find the same.
func (w *world) mustReadAlike() {
	w.Helper()
	defer func(eager bool) { w.eager = eager }(w.eager)
	type both struct{ Refreshed, Verified []string }
	var found [2]both
	for i, eager := range []bool{false, true} {
		w.eager = eager
		refreshed, plan := w.look(w.store.read(w), w.arena.App(NewRates(Limits{})), w.opts)
		found[i].Refreshed = w.texts(plan.Found)
		if err := refreshed.Close(); err != nil {
			w.Fatal(err)
		}
		v := w.verified()
		found[i].Verified = w.texts(v.Found)
		if err := v.Found.Close(); err != nil {
			w.Fatal(err)
		}
	}
	if diff := gocmp.Diff(found[0], found[1]); diff != "" {
		w.Fatalf("what a sweep finds (-own lists +sweep):\n%s", diff)
	}
}

// texts are findings as they are written down, without their seals: each reading
// that knows of no state seals with a key of its own.
func (w *world) texts(found *planner.Findings) (texts []string) {
	w.Helper()
	for f, err := range found.All() {
		if err != nil {
			w.Fatal(err)
		}
		if f.After != nil {
			for name := range f.After.Sealed {
				f.After.Sealed[name] = ""
			}
		}
		text, err := json.Marshal(f)
		if err != nil {
			w.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	return texts
}

// sweptApp is an app whose list of all messages is told otherwise.
type sweptApp struct {
	*fake
	tell  func(q MessageQuery, page *MessagePage) (*MessagePage, error)
	pages atomic.Int64 // of all messages
	chats atomic.Int64 // pages of the messages of one chat
	sent  atomic.Int64 // pages of what somebody sent
}

func (a *sweptApp) ListMessages(ctx context.Context, q MessageQuery) (*MessagePage, error) {
	page, err := a.fake.ListMessages(ctx, q)
	switch {
	case q.UserA != "":
		a.chats.Add(1)
	case q.Sender != "":
		a.sent.Add(1)
	case q.Tag == "":
		a.pages.Add(1)
		if err == nil {
			return a.tell(q, page)
		}
	}
	return page, err
}

// TestSweepProvesNothing: whatever is wrong with the list of all messages, what
// is missing and what is there twice is found.
func TestSweepProvesNothing(t *testing.T) {
	const chats = 64
	for _, test := range []struct {
		name         string
		pages, chats int64 // requests
		tell         func(q MessageQuery, page *MessagePage) (*MessagePage, error)
	}{
		{"as it should be", 2, 1, func(_ MessageQuery, page *MessagePage) (*MessagePage, error) { return page, nil }},
		{"refused", 1, chats, func(MessageQuery, *MessagePage) (*MessagePage, error) {
			return nil, refuse("ERR_BAD_REQUEST", "ask for a conversation")
		}},
		{"broken", probeTries, chats, func(MessageQuery, *MessagePage) (*MessagePage, error) {
			return nil, &Unknown{Status: 504}
		}},
		{"empty", 1, chats, func(MessageQuery, *MessagePage) (*MessagePage, error) { return new(MessagePage), nil }},
		{"without an end", chats / chatsPerPage, chats, func(q MessageQuery, page *MessagePage) (*MessagePage, error) {
			page.Next = Cursor{"from": "0"}
			return page, nil
		}},
		{"cut off", 1, chats, func(q MessageQuery, page *MessagePage) (*MessagePage, error) {
			page.Next = nil
			return page, nil
		}},
		{"without receivers", 2, chats, func(_ MessageQuery, page *MessagePage) (*MessagePage, error) {
			for _, m := range page.Messages {
				m.Receiver = ""
			}
			return page, nil
		}},
		{"without every other message", 2, chats, func(_ MessageQuery, page *MessagePage) (*MessagePage, error) {
			page.Messages = slices.DeleteFunc(page.Messages, func(m *Message) bool { return m.SentAt%2 == 0 })
			return page, nil
		}},
		{"without ids", 2, chats, func(_ MessageQuery, page *MessagePage) (*MessagePage, error) {
			for _, m := range page.Messages {
				m.ID = ""
			}
			return page, nil
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, quirks{page: 100}, func(w *world) {
				for i := range chats {
					a, b := fmt.Sprintf("a%d", i), fmt.Sprintf("b%d", i)
					w.data.between(fmt.Sprintf("c%d", i), a, b).chatter(2, a, b)
				}
				w.mustComplete(w.apply())
				time.Sleep(time.Hour)
				w.written = time.Now()
				again := *w.app.messages[3]
				again.ID, again.Tags = "9999", nil
				w.app.messages = append(w.app.messages[1:], &again)
				time.Sleep(time.Hour)
				app := &sweptApp{fake: w.app, tell: test.tell}
				refreshed, plan := w.look(w.store.read(t), app, w.opts)
				defer refreshed.Close()
				w.mustFind("found", plan.Found.Counts, findings{planner.Missing: 1, planner.Doubled: 1})
				if pages, own := app.pages.Load(), app.chats.Load(); pages != test.pages || own != test.chats {
					t.Errorf("%d pages of all messages and %d of chats, want %d and %d", pages, own, test.pages, test.chats)
				}
			})
		})
	}
}

// TestSweepOfWhoIsNotThere: of chats whose people the app does not have, nothing
// is asked that a sweep has told, and what is in them is found all the same.
func TestSweepOfWhoIsNotThere(t *testing.T) {
	const chats = 40
	inWorld(t, quirks{page: 100, hidden: true, moderation: "keyword"}, func(w *world) {
		w.written = time.Now()
		for i := range chats {
			a, b := fmt.Sprintf("a%d", i), fmt.Sprintf("b%d", i)
			w.data.between(fmt.Sprintf("c%d", i), a, b).chatter(2, a, b).say("bad", b, "badword")
		}
		look := func(what string, want findings) {
			t.Helper()
			app := &sweptApp{fake: w.app, tell: func(_ MessageQuery, page *MessagePage) (*MessagePage, error) { return page, nil }}
			refreshed, plan := w.look(w.store.read(t), app, w.opts)
			defer refreshed.Close()
			w.mustFind(what, plan.Found.Counts, want)
			if app.chats.Load() > 0 || app.sent.Load() > 0 {
				t.Errorf("%s: %d lists of chats, and %d of what somebody sent", what, app.chats.Load(), app.sent.Load())
			}
		}
		time.Sleep(time.Hour)
		look("nothing was seeded", findings{})
		w.mustComplete(w.apply())
		time.Sleep(time.Hour)
		w.written = time.Now()
		time.Sleep(time.Hour)
		for uid := range w.app.users {
			w.app.gone[uid] = true
		}
		look("all are deactivated", findings{planner.Missing: 2 * chats})
		w.mustReadAlike()
		w.app.messages = w.app.messages[1:]
		look("a message is deleted, too", findings{planner.Missing: 2*chats + 1})
		w.mustReadAlike()
	})
}

// TestSweepsHoldLittle: the chats for which one sweep is made have no more
// messages than may be held, and sweeps are made only where they spare requests.
func TestSweepsHoldLittle(t *testing.T) {
	for _, test := range []struct{ chats, messages, batches int }{
		{2*chatsPerPage - 1, 2, 0},
		{2 * chatsPerPage, 2, 1},
		{1000, 2, 1},
		{1000, smallChat, 0},
		{1000, smallChat + 1, 0},
		{10_000, 0, 0},
		{10_000, 5, 2},
		{100_000, 2, 6}, // what is left over is too little for one
	} {
		inWorld(t, quirks{}, func(w *world) {
			rd := newReading(t.Context(), w.store.read(t), "demo", w.app, ReadOptions{})
			lane := planner.LaneInfo{}
			lane.Counts.Messages.Create = test.messages
			rd.plan = &planner.Plan{Lanes: slices.Repeat([]planner.LaneInfo{lane}, test.chats)}
			for i := range rd.plan.Lanes {
				rd.chats = append(rd.chats, &place{lane: i})
			}
			batches, others := rd.batches(rd.chats)
			if len(batches) != test.batches {
				t.Errorf("%d×%d: %d batches, want %d", test.chats, test.messages, len(batches), test.batches)
			}
			left := test.chats - len(others)
			for _, batch := range batches {
				left -= len(batch)
				if n := len(batch) * test.messages; n > maxSwept {
					t.Errorf("%d×%d: a batch has %d messages", test.chats, test.messages, n)
				}
			}
			if left != 0 {
				t.Errorf("%d×%d: %d chats are in none", test.chats, test.messages, left)
			}
		})
	}
}
