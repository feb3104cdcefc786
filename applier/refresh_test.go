package applier

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/planner"
)

// rich is a dataset with something of everything.
func (w *world) rich() *talk {
	d := w.data
	d.user("ana", func(u *config.User) {
		u.Avatar, u.Link, u.Role = "https://example.com/ana.png", "https://example.com/ana", "default"
		u.Metadata, u.Tags = meta(map[string]any{"team": "support", "@private": map[string]string{"email": "ana"}}), []string{"staff", "vip"}
	})
	d.group("lobby", func(g *config.Group) {
		g.Owner, g.Description, g.Icon = d.user("ana"), "A place", "https://example.com/lobby.png"
		g.Moderators, g.Participants = []*config.User{d.user("kim")}, []*config.User{d.user("sam")}
		g.Metadata, g.Tags = meta(map[string]int{"floor": 2}), []string{"public"}
	})
	d.between("a", "ana", "sam").chatter(5, "ana", "sam").
		say("meta", "ana", "with metadata", func(m *config.Message) {
			m.Metadata, m.Tags = meta(map[string]any{"a": 1, "b": []int{}}), []string{"vip"}
		}).
		say("file", "sam", "", func(m *config.Message) {
			m.Type = "image"
			m.Attachments = []config.Attachment{{URL: "https://example.com/a.jpg", Name: "a.jpg", MimeType: "image/jpeg", Extension: "jpg"}}
		}).
		say("secret", "ana", "4711", func(m *config.Message) { m.Sensitive = []string{"text"} })
	return d.in("c", "lobby").chatter(6, "ana", "sam", "kim").say("bad", "sam", "a scam, this badword", func(m *config.Message) { m.Tags = []string{"vip"} })
}

// verified holds the app against the state.
func (w *world) verified() *Verification {
	w.Helper()
	o := ReadOptions{Options: w.opts, Written: w.written, eager: w.eager}
	v, err := Verify(context.Background(), w.store.read(w), w.arena.App(NewRates(Limits{})), o)
	if err != nil {
		w.Fatalf("verify: %v", err)
	}
	return v
}

// verify reads the app and returns the kinds of what differs.
func (w *world) verify() map[planner.FindingKind]int {
	w.Helper()
	v := w.verified()
	defer v.Found.Close()
	for f, err := range v.Found.All() {
		if err != nil {
			w.Fatal(err)
		}
		w.Logf("verify: %s %v %v %s %+v", f.Kind, f.Object, f.Message, f.ID, f.Fields)
	}
	return v.Found.Counts
}

// found reads the app and returns the kinds of what a refresh finds.
func (w *world) found() map[planner.FindingKind]int {
	w.Helper()
	refreshed, plan := w.look(w.store.read(w), w.arena.App(NewRates(Limits{})), w.opts)
	defer refreshed.Close()
	for f, err := range plan.Found.All() {
		if err != nil {
			w.Fatal(err)
		}
		w.Logf("found: %s %v %v %s %+v", f.Kind, f.Object, f.Message, f.ID, f.Fields)
	}
	return plan.Found.Counts
}

func (w *world) mustFind(what string, got, want map[planner.FindingKind]int) {
	w.Helper()
	if diff := gocmp.Diff(want, got); diff != "" {
		w.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

type findings = map[planner.FindingKind]int

// ReadBack seeds an app, reads it back, harms it and reads it again: it is how
// each way in which an app may tell what it has is tried.
func ReadBack(t *testing.T, arena func() Arena) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(restart))
		w := &world{TB: t, arena: arena(), store: &memory{boot: "one"}, data: newDataset()}
		defer w.arena.Close()
		talk := w.rich()
		w.mustComplete(w.apply())
		w.written = time.Now()
		w.mustFind("at once", w.found(), findings{})
		w.mustFind("at once", w.verify(), findings{})
		time.Sleep(time.Hour)
		began := time.Now()
		w.mustFind("later", w.found(), findings{})
		w.mustFind("later", w.verify(), findings{})
		if took := time.Since(began); took > time.Second {
			t.Errorf("reading what is as it was took %v", took)
		}

		held := w.arena.Messages()
		app, ctx := w.arena.App(NewRates(Limits{})), context.Background()
		if err := app.DeleteMessage(ctx, held[1].ID); err != nil {
			t.Fatal(err)
		}
		if _, err := app.EditMessage(ctx, held[3].ID, MessageData{Text: "others"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		w.mustReadAlike()
		w.mustFind("after harm", w.found(), findings{planner.Missing: 1, planner.Edited: 1})
		w.mustFind("after harm", w.verify(), findings{planner.Missing: 1, planner.Edited: 1})

		backup := w.store.snapshot
		w.mustComplete(w.refresh())
		time.Sleep(time.Hour)
		w.mustHold()
		talk.say("more", "kim", "one more")
		w.mustComplete(w.apply())
		time.Sleep(time.Hour)

		w.store.snapshot = backup
		w.mustComplete(w.refresh())
		time.Sleep(time.Hour)
		w.mustHold()
		w.store.snapshot = nil
		w.mustReadAlike()
		w.mustComplete(w.refresh())
		time.Sleep(time.Hour)
		w.mustHold()
		w.mustFind("at the end", w.verify(), findings{})
	})
}

// mustHold holds the app against the dataset.
func (w *world) mustHold() {
	w.Helper()
	if diff := gocmp.Diff(w.declared(), w.chats()); diff != "" {
		w.Fatalf("the app's chats (-want +got):\n%s", diff)
	}
	w.mustBeQuiet()
}

// RestoreOld applies without a refresh, on a state that was restored from a
// backup after more was sent: the app shows it, and nothing is doubled.
func RestoreOld(t *testing.T, arena func() Arena) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(restart))
		w := &world{TB: t, arena: arena(), store: &memory{boot: "one"}, data: newDataset()}
		defer w.arena.Close()
		talk := w.rich()
		w.mustComplete(w.apply())
		backup := slices.Clone(w.store.snapshot)
		time.Sleep(time.Hour)
		talk.say("more", "ana", "one more").say("again", "sam", "and another, badword")
		w.data.between("new", "kim", "sam").chatter(3, "kim", "sam")
		w.mustComplete(w.apply())
		time.Sleep(time.Hour)
		w.store.snapshot = backup
		s := w.mustComplete(w.apply())
		if s.Adopted != 5 {
			t.Errorf("%d messages were adopted, want 5", s.Adopted)
		}
		time.Sleep(time.Hour)
		w.mustHold()
	})
}

// TestRefreshOutlastsADelete cuts a destroy off while a delete is on its way, which
// the app does some seconds later. A refresh meanwhile still sees the message, and
// must not take it for settled.
func TestRefreshOutlastsADelete(t *testing.T) {
	inWorld(t, quirks{}, func(w *world) {
		w.data.between("a", "ana", "bo").chatter(2, "ana", "bo")
		w.mustComplete(w.apply())
		time.Sleep(time.Hour)
		ctx, cancel := context.WithCancel(context.Background())
		w.app.faults = func(op string, n int) fault {
			if op != "delete" {
				return fault{}
			}
			cancel()
			return fault{kind: "later", delay: 9 * time.Second}
		}
		prior := w.store.read(t)
		Apply(ctx, w.planDestroy(prior), prior, w.store, w.app, Options{})
		w.app.faults = nil
		w.written = time.Now()
		w.mustComplete(w.refresh())
		time.Sleep(time.Minute)
		w.mustBeSeeded()
	})
}

func TestRefreshOfAWipedApp(t *testing.T) {
	for _, duplicate := range []string{"", "reject", "existing"} {
		inWorld(t, quirks{duplicate: duplicate}, func(w *world) {
			w.rich()
			w.mustComplete(w.apply())
			time.Sleep(time.Hour)
			w.written = time.Now().Add(-time.Hour)
			before := w.store.read(w).Header().Generation
			w.app.messages, w.app.users, w.app.groups = nil, make(map[string]*User), make(map[string]*Group)
			w.app.members = make(map[string]map[string]string)
			w.mustFind("found", w.found(), findings{planner.Missing: 3 + 1 + 15})
			w.mustComplete(w.refresh())
			if got := w.store.read(w).Header().Generation; got <= before {
				t.Errorf("the generation is %d, and was %d", got, before)
			}
			time.Sleep(time.Hour)
			w.mustHold()
		})
	}
}

// TestRefreshKeepsWhatTheAppCannotTell: an app whose lists lack what it has
// leads to nothing.
func TestRefreshKeepsWhatTheAppCannotTell(t *testing.T) {
	inWorld(t, quirks{}, func(w *world) {
		w.small()
		w.mustComplete(w.apply())
		time.Sleep(time.Hour)
		w.written = time.Now().Add(-time.Hour)
		w.app.unlisted = true
		w.mustFind("found", w.found(), findings{planner.Unclear: 15})
		w.mustFind("verified", w.verify(), findings{planner.Unclear: 15})
		refreshed, plan := w.look(w.store.read(w), w.app, w.opts)
		defer refreshed.Close()
		if !plan.Empty() {
			t.Errorf("the plan is not empty: %+v", plan.Counts)
		}
	})
}

// TestRefreshWaits: what was sent just now may be shown late, and what is not
// shown then is missing.
func TestRefreshWaits(t *testing.T) {
	inWorld(t, quirks{settle: 10 * time.Second}, func(w *world) {
		w.small()
		w.mustComplete(w.apply())
		w.written = time.Now()
		began := time.Now()
		w.mustFind("found", w.found(), findings{})
		if took := time.Since(began); took < 9*time.Second || took > 20*time.Second {
			t.Errorf("it took %v", took)
		}
		if err := w.app.DeleteMessage(context.Background(), w.app.messages[0].ID); err != nil {
			t.Fatal(err)
		}
		w.mustFind("found", w.found(), findings{planner.Missing: 1})
		if took := time.Since(began); took < 30*time.Second || took > 40*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// TestRefreshReadsInWindows reads one long chat a window at a time, with as many
// requests as it has pages, and finds what is missing, edited and added.
func TestRefreshReadsInWindows(t *testing.T) {
	inWorld(t, quirks{}, func(w *world) {
		const n = 3*windowSize + 17
		w.app.page = pageOfReading
		w.data.between("a", "ana", "sam").chatter(n, "ana", "sam")
		w.opts.Parallelism = 64
		w.mustComplete(w.apply())
		time.Sleep(time.Hour)
		w.written = time.Now().Add(-time.Hour)
		lists := w.app.calls["list"]
		w.mustFind("found", w.found(), findings{})
		if got := w.app.calls["list"] - lists; got != 1+4 {
			t.Errorf("%d lists were read", got)
		}
		for _, i := range []int{0, 5, windowSize - 1, windowSize, n - 1} {
			w.app.messages[i].Data.Text = "others"
		}
		gone := w.app.messages[2*windowSize]
		w.app.messages = slices.DeleteFunc(w.app.messages, func(m *stored) bool { return m == gone })
		w.mustFind("found", w.found(), findings{planner.Missing: 1, planner.Edited: 5})
		w.store.snapshot = nil
		w.mustFind("found", w.found(), findings{planner.Adopted: 2 + n - 1})
	})
}

// TestRefreshInfersTheAnchor: a dataset whose times count from an anchor that
// was lost with the state has them from the app.
func TestRefreshInfersTheAnchor(t *testing.T) {
	for _, readback := range []string{"", "nowhere"} {
		inWorld(t, quirks{readback: readback}, func(w *world) {
			w.data.Anchor = nil
			w.small()
			w.data.Conversations[0].Starts = &config.Time{Base: config.AnchorDay, Seconds: -86400 + 9*3600}
			w.data.Conversations[1].Starts = &config.Time{Base: config.Anchor, Seconds: -7200}
			w.mustComplete(w.apply())
			anchor := w.store.read(w).Header().Anchor
			time.Sleep(50 * time.Hour)
			w.store.snapshot = nil
			s := w.refresh()
			if total(s.Done) != 0 {
				t.Errorf("something was done: %s", describe(s))
			}
			if got := w.store.read(w).Header().Anchor; got == nil || *got != *anchor {
				t.Errorf("the anchor is %v, want %v", got, *anchor)
			}
			w.mustHold()
		})
	}
}

// TestRefreshSettlesDoubt: a message in doubt that the app has is no longer.
func TestRefreshSettlesDoubt(t *testing.T) {
	inWorld(t, quirks{}, func(w *world) {
		w.small()
		ctx, cancel := context.WithCancel(context.Background())
		w.app.faults = func(op string, n int) fault {
			if op == "send" && n == 5 {
				time.AfterFunc(time.Second, cancel)
				return fault{kind: "slow", delay: time.Minute}
			}
			return fault{}
		}
		w.applyCtx(ctx)
		w.app.faults = nil
		time.Sleep(time.Hour)
		w.written = time.Now().Add(-time.Hour)
		got := w.found()
		if got[planner.Settled] == 0 || got[planner.InDoubt] > 0 {
			t.Errorf("found %v", got)
		}
		w.mustComplete(w.refresh())
		w.mustHold()
	})
}

// TestVerifyTellsOfOthers: messages of others, those in another order, and
// expectations that moderation did not meet.
func TestVerifyTellsOfOthers(t *testing.T) {
	inWorld(t, quirks{moderation: "keyword"}, func(w *world) {
		w.data.between("a", "ana", "sam").chatter(4, "ana", "sam").
			say("expected", "ana", "badword", func(m *config.Message) { m.Expect = "approved" }).
			say("met", "ana", "fine", func(m *config.Message) { m.Expect = "approved" })
		w.mustComplete(w.apply())
		time.Sleep(time.Hour)
		w.written = time.Now().Add(-time.Hour)
		w.mustFind("before", w.verify(), findings{planner.Unmet: 1})
		at := w.app.messages[2].SentAt
		w.app.messages[0].SentAt = at + 1
		stranger := outgoingOf(Held{Chat: "user:ana:sam", Sender: "ana", Text: "hello?", SentAt: at}, "x", nil)
		if _, err := w.app.SendMessage(context.Background(), stranger); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		w.mustFind("after", w.verify(), findings{planner.Unmet: 1, planner.Foreign: 1, planner.Reordered: 1})
		w.mustFind("found", w.found(), findings{planner.Edited: 1})
	})
}

// What is read is told as it is read: in the end, all chats and all messages.
func TestReadingTellsHowFarItIs(t *testing.T) {
	inWorld(t, quirks{}, func(w *world) {
		w.rich()
		w.mustComplete(w.apply())
		w.written = time.Now()
		var mu sync.Mutex
		var last Event
		told := reportFunc(func(e Event) {
			mu.Lock()
			defer mu.Unlock()
			if e.Kind == Read && (e.Chats >= last.Chats && e.Messages >= last.Messages) {
				last = e
			}
		})
		v, err := Verify(context.Background(), w.store.read(w), w.arena.App(NewRates(Limits{})),
			ReadOptions{Options: Options{Reporter: told, Window: w.opts.Window}, Written: w.written})
		if err != nil {
			w.Fatal(err)
		}
		defer v.Found.Close()
		want := Event{Kind: Read, Total: v.Chats, Chats: v.Chats, Messages: v.Messages}
		if diff := gocmp.Diff(want, last); diff != "" {
			w.Errorf("the last of what was told (-want +got):\n%s", diff)
		}
	})
}

// TestReadingStops: a key that is refused, an app that cannot be reached, and
// somebody who has no time.
func TestReadingStops(t *testing.T) {
	for name, test := range map[string]struct {
		kind string
		want Cause
	}{"refused": {"no", Refused}, "unreachable": {"refuse", Unreachable}, "broken": {"before", Unreachable}} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, quirks{}, func(w *world) {
				w.small()
				w.mustComplete(w.apply())
				w.app.faults = func(string, int) fault { return fault{kind: test.kind} }
				_, err := Verify(context.Background(), w.store.read(w), w.app, ReadOptions{})
				var stop *StopError
				if !errors.As(err, &stop) || stop.Cause != test.want {
					t.Errorf("%v", err)
				}
			})
		})
	}
	inWorld(t, quirks{}, func(w *world) {
		w.small()
		w.mustComplete(w.apply())
		stop := make(chan struct{})
		close(stop)
		_, err := Verify(context.Background(), w.store.read(w), w.app, ReadOptions{Options: Options{Stop: stop}})
		var why *StopError
		if !errors.As(err, &why) || why.Cause != Aborted {
			t.Errorf("%v", err)
		}
	})
	for nth := 2; nth < 9; nth++ { // in the middle
		inWorld(t, quirks{}, func(w *world) {
			w.small()
			w.mustComplete(w.apply())
			calls := 0
			w.app.faults = func(string, int) fault {
				if calls++; calls == nth {
					return fault{kind: "no"}
				}
				return fault{}
			}
			if _, err := Verify(context.Background(), w.store.read(w), w.app, ReadOptions{Options: Options{Parallelism: 1}}); calls >= nth && err == nil {
				t.Errorf("%d: no error", nth)
			}
		})
	}
}

// TestReadingKeepsToLimits reads an app that lets few requests through, and
// fails some.
func TestReadingKeepsToLimits(t *testing.T) {
	inWorld(t, quirks{appMax: 30, retryAfter: true}, func(w *world) {
		for i := range 40 {
			w.data.between(fmt.Sprintf("c%d", i), "ana", fmt.Sprintf("u%d", i)).chatter(2, "ana")
		}
		w.mustComplete(w.apply())
		time.Sleep(time.Hour)
		n := 0
		w.app.faults = func(string, int) fault {
			if n++; n%7 == 0 {
				return fault{kind: "before"}
			}
			return fault{}
		}
		w.mustFind("verified", w.verify(), findings{})
	})
}
