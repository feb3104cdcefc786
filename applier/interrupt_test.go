package applier

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

func TestStopSettlesWhatIsUnderWay(t *testing.T) {
	inWorld(t, quirks{settle: 3 * time.Second}, func(w *world) {
		w.small()
		stop := make(chan struct{})
		w.opts.Stop = stop
		w.app.faults = func(op string, n int) fault {
			if op == "send" && n == 4 {
				close(stop)
				return fault{kind: "after"}
			}
			return fault{}
		}
		s := w.apply()
		if !s.Interrupted || s.Stopped != nil || len(s.InDoubt) > 0 || len(s.Failures) > 0 || s.NotAttempted == 0 {
			t.Fatalf("%s", describe(s))
		}
		if s.Elapsed > 2*settleGrace {
			t.Errorf("it took %v to stop", s.Elapsed)
		}
		if w.store.journal != nil {
			t.Error("the state is not folded")
		}
		w.mustAgree()
		w.app.faults, w.opts.Stop = nil, nil
		w.mustComplete(w.apply())
		w.mustBeSeeded()
	})
}

func TestStopGivesUpOnALongDoubt(t *testing.T) {
	inWorld(t, quirks{}, func(w *world) {
		w.small()
		stop := make(chan struct{})
		w.opts.Stop = stop
		w.app.faults = func(op string, n int) fault {
			if op == "send" && n == 4 {
				close(stop)
				return fault{kind: "before"}
			}
			return fault{}
		}
		s := w.apply()
		if !s.Interrupted || len(s.InDoubt) != 1 || len(s.Failures) > 0 || s.Elapsed > 2*settleGrace {
			t.Fatalf("%s", describe(s))
		}
		w.app.faults, w.opts.Stop = nil, nil
		w.mustComplete(w.apply())
		w.mustBeSeeded()
		for uid := range w.app.users {
			if w.origin(uid) != state.Created {
				t.Errorf("%s is %s", uid, w.origin(uid))
			}
		}
	})
}

// TestStopBesideSomeoneInTheMaking stops while the answers to a creation by its
// own request are lost. The app makes the user a while later: it is ours.
func TestStopBesideSomeoneInTheMaking(t *testing.T) {
	inWorld(t, quirks{}, func(w *world) {
		w.data.user("lone")
		stop := make(chan struct{})
		w.opts.Stop = stop
		w.app.faults = func(op string, n int) fault {
			if op != "create user" {
				return fault{}
			}
			if n == 1 {
				close(stop)
			}
			return fault{kind: "later", delay: 20 * time.Second}
		}
		if s := w.apply(); !s.Interrupted || w.origin("lone") != "" {
			t.Fatalf("%s", describe(s))
		}
		time.Sleep(time.Minute)
		w.app.faults, w.opts.Stop = nil, nil
		w.mustComplete(w.apply())
		w.mustBeSeeded()
		if got := w.origin("lone"); got != state.Created {
			t.Errorf("lone is %s", got)
		}
	})
}

func TestAbortLeavesTheTruth(t *testing.T) {
	inWorld(t, quirks{}, func(w *world) {
		w.small()
		ctx, cancel := context.WithCancel(context.Background())
		w.app.faults = func(op string, n int) fault {
			if op == "send" && n == 5 {
				time.AfterFunc(time.Second, cancel)
			}
			if op == "send" && n >= 5 {
				return fault{kind: "slow", delay: time.Minute}
			}
			return fault{}
		}
		began := time.Now()
		s := w.applyCtx(ctx)
		var stop *StopError
		if !errors.As(s.Stopped, &stop) || stop.Cause != Aborted || len(s.InDoubt) == 0 || time.Since(began) > 5*time.Second {
			t.Fatalf("%s", describe(s))
		}
		w.app.faults = nil
		w.mustComplete(w.apply())
		w.mustBeSeeded()
	})
}

// TestAbortKeepsARefusalInDoubt ends a run at once while the answer to a send with
// details is on its way. It is a refusal, but the app has kept the message: the next
// run has to look before it sends.
func TestAbortKeepsARefusalInDoubt(t *testing.T) {
	inWorld(t, quirks{effects: "message", member: "always", settle: 3 * time.Second}, func(w *world) {
		w.data.group("lobby")
		w.data.in("c", "lobby").chatter(2, "ana", "sam")
		ctx, cancel := context.WithCancel(context.Background())
		w.app.heed = func(what string) {
			if strings.HasPrefix(what, "send ") {
				cancel()
			}
		}
		w.applyCtx(ctx)
		if len(w.app.messages) != 1 {
			t.Fatalf("the app has %d messages, want the one that it refused", len(w.app.messages))
		}
		w.app.heed = nil
		w.mustComplete(w.apply())
		time.Sleep(time.Minute)
		w.mustBeSeeded()
	})
}

func TestFullDiskStopsSending(t *testing.T) {
	inWorld(t, quirks{}, func(w *world) {
		w.small()
		full := errors.New("no space left on device")
		w.app.faults = func(op string, n int) fault {
			if op == "send" && n == 6 {
				w.store.mu.Lock()
				w.store.broken = full
				w.store.mu.Unlock()
			}
			return fault{}
		}
		s := w.apply()
		var stop *StopError
		if !errors.As(s.Stopped, &stop) || stop.Cause != JournalFailed || !errors.Is(stop, full) || !stop.Wrote || stop.Hint != journalHint {
			t.Fatalf("%s", describe(s))
		}
		if w.app.calls["send"] > 8 {
			t.Errorf("%d sends", w.app.calls["send"])
		}
		w.store.broken, w.app.faults = nil, nil
		w.mustComplete(w.apply())
		w.mustBeSeeded()
	})
}

func TestFullDiskBeforeTheRun(t *testing.T) {
	inWorld(t, quirks{}, func(w *world) {
		w.small()
		w.store.broken = errors.New("no space left on device")
		s := w.apply()
		var stop *StopError
		if !errors.As(s.Stopped, &stop) || stop.Cause != JournalFailed || stop.Wrote || w.app.calls["send"] > 0 {
			t.Fatalf("%s", describe(s))
		}
	})
}

// TestLostState applies again when the state is gone, or is an old copy: what
// is in the app is taken over.
func TestLostState(t *testing.T) {
	quirky := map[string]quirks{
		"plain": {}, "muid nowhere": {readback: "nowhere"}, "rejects twice": {duplicate: "reject"},
		"settles late": {settle: 10 * time.Second}, "held back": {moderation: "pending", hidden: true},
		"by id": {byID: true},
	}
	for name, q := range quirky {
		for _, anchored := range []bool{true, false} {
			inWorld(t, q, func(w *world) {
				if !anchored {
					if q.readback != "" {
						return // without muid and with another anchor nothing can be told apart
					}
					w.data.Anchor = nil
				}
				w.small()
				w.mustComplete(w.apply())
				// A state that is lost within the seconds in which nothing of the run
				// can be read yet looks like a first apply.
				time.Sleep(q.settle)
				if !anchored {
					time.Sleep(90 * time.Minute)
				}
				w.store.snapshot = nil
				s := w.mustComplete(w.apply())
				if s.Adopted != 15 || w.app.calls["send"] != 15 {
					t.Errorf("%s: adopted %d, %d sends: %s", name, s.Adopted, w.app.calls["send"], describe(s))
				}
				w.mustBeSeeded()
			})
		}
	}
}

// TestLostStateOfAnEditedChat applies again without the state of a dataset that was
// edited before: the times, the keys and the generations of what is in the app
// are not those that a first plan gives.
func TestLostStateOfAnEditedChat(t *testing.T) {
	edits := map[string]func(a *talk){
		"inserted before the first": func(a *talk) {
			a.say("", "sam", "the very first")
			a.messages = append(a.messages[4:], a.messages[:4]...)
		},
		"deleted":     func(a *talk) { a.messages = a.messages[1:] },
		"others swap": func(a *talk) { a.messages[1], a.messages[2] = a.messages[2], a.messages[1] },
		"said anew": func(a *talk) {
			a.messages[0].From, a.messages[1].From = a.messages[1].From, a.messages[0].From
		},
	}
	for name, edit := range edits {
		for _, readback := range []string{"", "nowhere"} {
			t.Run(name+" "+readback, func(t *testing.T) {
				inWorld(t, quirks{readback: readback}, func(w *world) {
					a := w.data.between("a", "ana", "sam")
					for _, text := range []string{"one", "two", "three", "four"} {
						a.say("", "ana", text)
					}
					a.messages[1].From = w.data.user("sam")
					w.mustComplete(w.apply())
					edit(a)
					w.mustComplete(w.apply())
					w.mustBeSeeded()
					there, sent := len(w.app.messages), w.app.calls["send"]
					w.store.snapshot = nil
					w.mustComplete(w.apply())
					if len(w.app.messages) != there || w.app.calls["send"] != sent {
						t.Errorf("%d messages became %d, with %d sends", there, len(w.app.messages), w.app.calls["send"]-sent)
					}
					w.mustBeSeeded()
				})
			})
		}
	}
}

// TestDestroyDoesNotForgetToLookBack has the power fail in an apply, so that
// only the run's marker is left of it, and a destroy after that, which finds
// nothing to remove. The apply after them still looks for what the first may
// have sent.
func TestDestroyDoesNotForgetToLookBack(t *testing.T) {
	inWorld(t, quirks{settle: 3 * time.Second}, func(w *world) {
		w.small()
		ctx, cancel := context.WithCancel(context.Background())
		w.app.faults = func(op string, n int) fault {
			if op == "send" && n == 4 {
				cancel()
			}
			return fault{}
		}
		w.applyCtx(ctx)
		w.app.faults = nil
		sent := len(w.app.messages)
		marker := bytes.SplitAfterN(w.store.journal, []byte("\n"), 3)[:2]
		w.store.journal, w.store.boot = bytes.Join(marker, nil), "two"
		w.mustComplete(w.destroy())
		s := w.mustComplete(w.apply())
		if sent == 0 || s.Adopted != sent {
			t.Errorf("%d were sent, and %d adopted", sent, s.Adopted)
		}
		time.Sleep(time.Minute)
		w.mustBeSeeded()
	})
}

func TestRestoredBackup(t *testing.T) {
	for name, q := range map[string]quirks{"plain": {}, "by id": {byID: true}, "returns existing": {duplicate: "existing"}} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, q, func(w *world) {
				a := w.data.between("a", "ana", "sam").chatter(3, "ana", "sam")
				w.data.between("z", "ana", "kim").chatter(150, "ana", "kim")
				w.mustComplete(w.apply())
				backup := w.store.snapshot
				time.Sleep(time.Hour)
				a.say("4", "ana", "one more")
				w.data.in("c", "lobby").chatter(3, "ana", "sam")
				w.mustComplete(w.apply())
				w.store.snapshot = backup
				time.Sleep(time.Hour)
				w.mustComplete(w.apply())
				w.mustBeSeeded()
			})
		})
	}
}

// TestLookingIsRefused: an app that does not let us look fails the lane that
// wanted to, whichever look it is, and says nothing against the plan. The next
// run finds everything.
func TestLookingIsRefused(t *testing.T) {
	for nth := 1; nth <= 8; nth++ {
		t.Run(fmt.Sprint(nth), func(t *testing.T) {
			inWorld(t, quirks{}, func(w *world) {
				w.small()
				w.mustComplete(w.apply())
				time.Sleep(time.Hour)
				w.store.snapshot = nil
				before := w.app.calls["list"]
				w.app.faults = func(op string, n int) fault {
					if op == "list" && n == before+nth {
						return fault{kind: "no"}
					}
					return fault{}
				}
				s := w.apply()
				var stopped *StopError
				if errors.As(s.Stopped, &stopped) && stopped.Cause == PlanUnreadable {
					t.Errorf("the plan is blamed: %s", describe(s))
				}
				w.app.faults = nil
				w.mustComplete(w.apply())
				w.mustBeSeeded()
			})
		})
	}
}

// TestEditedWhileTheStateWasLost takes over what is there as it is, and leaves
// the difference to the next plan.
func TestEditedWhileTheStateWasLost(t *testing.T) {
	inWorld(t, quirks{}, func(w *world) {
		a := w.data.between("a", "ana", "sam").chatter(3, "ana", "sam")
		w.mustComplete(w.apply())
		w.store.snapshot = nil
		a.messages[1].Text = "changed"
		s := w.mustComplete(w.apply())
		if len(s.Warnings) != 1 {
			t.Errorf("%s", describe(s))
		}
		w.mustComplete(w.apply())
		w.mustBeSeeded()
	})
}

func TestMUIDOfAnotherMessage(t *testing.T) {
	inWorld(t, quirks{duplicate: "existing"}, func(w *world) {
		w.data.between("a", "ana", "sam").chatter(2, "ana", "sam")
		var muid string
		p := w.data.plan(t, w.store.read(t))
		for c := range p.Lane(0) {
			muid = c.After.MUID
			break
		}
		w.app.messages = []*stored{{Message: Message{ID: "77", MUID: muid, Sender: "eve", Receiver: "mallory", ReceiverType: "user", SentAt: 1700000000}}}
		s := w.apply()
		if len(s.Failures) != 1 || s.Failures[0].Hint != collisionHint {
			t.Fatalf("%s", describe(s))
		}
	})
}

func TestTwiceInTheApp(t *testing.T) {
	inWorld(t, quirks{}, func(w *world) {
		w.data.between("a", "ana", "sam").chatter(2, "ana", "sam")
		w.app.faults = func(op string, n int) fault {
			if op == "send" && n == 1 {
				return fault{kind: "later", delay: 50 * time.Second} // past the window
			}
			return fault{}
		}
		w.mustComplete(w.apply())
		time.Sleep(time.Minute)
		w.app.faults = nil
		w.store.snapshot = nil
		s := w.apply()
		var twice *ambiguousError
		if len(s.Failures) != 1 || !errors.As(s.Failures[0].Err, &twice) || len(twice.ids) != 2 {
			t.Fatalf("%s", describe(s))
		}
	})
}

func TestReanchorIsRecordedLast(t *testing.T) {
	inWorld(t, quirks{}, func(w *world) {
		a := w.data.between("a", "ana", "sam").chatter(4, "ana", "sam")
		a.c.Starts = nil
		w.mustComplete(w.apply())
		before := *w.data.Anchor
		moved := before + 3600
		time.Sleep(2 * time.Hour)
		w.data.Anchor = &moved
		stop := make(chan struct{})
		w.opts.Stop = stop
		w.app.faults = func(op string, n int) fault {
			if op == "send" && n == 6 {
				close(stop)
			}
			return fault{}
		}
		if s := w.apply(); !s.Interrupted {
			t.Fatalf("%s", describe(s))
		}
		if got := *w.store.read(t).Header().Anchor; got != before {
			t.Errorf("the anchor is %d before all is moved", got)
		}
		w.app.faults, w.opts.Stop = nil, nil
		w.mustComplete(w.apply())
		if got := *w.store.read(t).Header().Anchor; got != moved {
			t.Errorf("the anchor is %d, want %d", got, moved)
		}
		w.mustBeSeeded()
	})
}

func TestModeration(t *testing.T) {
	for name, test := range map[string]struct {
		q         quirks
		wait      time.Duration
		unmet     int
		undecided int
	}{
		"not waited for": {quirks{moderation: "keyword"}, 0, 0, 3},
		"waited for":     {quirks{moderation: "keyword"}, time.Minute, 1, 0},
		"never decides":  {quirks{moderation: "pending"}, time.Minute, 0, 3},
		"is off":         {quirks{moderation: "off"}, time.Minute, 3, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, test.q, func(w *world) {
				w.opts.WaitModeration = test.wait
				talk := w.data.between("a", "ana", "sam")
				expect := func(status string) func(m *config.Message) { return func(m *config.Message) { m.Expect = status } }
				talk.say("1", "ana", "hi", expect("approved")).say("2", "sam", "badword", expect("disapproved")).say("3", "sam", "badword", expect("approved"))
				s := w.mustComplete(w.apply())
				if len(s.Unmet) != test.unmet || len(s.Undecided) != test.undecided {
					t.Errorf("unmet %v, undecided %v", s.Unmet, s.Undecided)
				}
				total := 0
				for _, n := range s.Moderation {
					total += n
				}
				if total != 3 {
					t.Errorf("moderation: %v", s.Moderation)
				}
				w.mustBeQuiet()
			})
		})
	}
}

func TestApplyingNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(restart))
		m := &memory{}
		p := &planner.Plan{Dataset: "demo"}
		if s := Apply(context.Background(), p, m.read(t), m, newFake(quirks{}), Options{}); !s.OK() {
			t.Errorf("%s", describe(s))
		}
	})
}

// TestOutageStopsTheApply has the app go away in the middle: the lanes are not
// tried one after the other.
func TestOutageStopsTheApply(t *testing.T) {
	for _, kind := range []string{"refuse", "before"} {
		inWorld(t, quirks{}, func(w *world) {
			for i := range 40 {
				w.data.between(fmt.Sprintf("c%02d", i), fmt.Sprintf("a%02d", i), "sam").chatter(3, "sam")
			}
			w.opts.Parallelism = 2
			w.app.faults = func(op string, n int) fault {
				if w.app.calls["send"] > 10 {
					return fault{kind: kind}
				}
				return fault{}
			}
			s := w.apply()
			var stop *StopError
			if !errors.As(s.Stopped, &stop) || stop.Cause != Unreachable || !stop.Wrote || s.Elapsed > 30*time.Minute {
				t.Fatalf("%v: %s", s.Elapsed, describe(s))
			}
			w.app.faults = nil
			w.mustComplete(w.apply())
			w.mustBeSeeded()
		})
	}
}

// TestDeleteWithoutARecord ends a destroy between a delete and its record, and
// then the dataset is wanted after all: the message that is gone is sent again,
// although the state knew its id.
func TestDeleteWithoutARecord(t *testing.T) {
	for _, kind := range []string{"", "before"} { // the app has deleted it, or has not
		inWorld(t, quirks{duplicate: "reject"}, func(w *world) {
			w.small()
			w.mustComplete(w.apply())
			time.Sleep(time.Hour)
			w.app.faults = func(op string, n int) fault {
				if op == "delete" && n == 3 {
					w.store.mu.Lock()
					w.store.broken = errors.New("input/output error")
					w.store.mu.Unlock()
					return fault{kind: kind}
				}
				return fault{}
			}
			if s := w.destroy(); s.Stopped == nil {
				t.Fatalf("%s", describe(s))
			}
			w.store.broken, w.app.faults = nil, nil
			w.mustComplete(w.apply())
			w.mustBeSeeded()
		})
	}
}

// TestLateWordOnADelete has the app say, of a message that it does not show yet,
// that it has no such message, and that answer take a while: it does not mean
// that the message is gone.
func TestLateWordOnADelete(t *testing.T) {
	inWorld(t, quirks{settle: 10 * time.Second}, func(w *world) {
		a := w.data.between("a", "ana", "bo").say("one", "ana", "first").say("two", "ana", "second")
		w.mustComplete(w.apply())
		a.messages[1].From = w.data.user("bo")
		w.app.faults = func(op string, n int) fault {
			if op == "delete" && n == 9 {
				return fault{kind: "slow", delay: 8 * time.Second}
			}
			return fault{}
		}
		w.mustComplete(w.apply())
		time.Sleep(time.Minute)
		w.mustBeSeeded()
	})
}

// TestLostDeleteComesLate loses the answers to a destroy's deletes of people
// and groups, which the app does a while later. What is seeded right after it
// must not be deleted by them.
func TestLostDeleteComesLate(t *testing.T) {
	inWorld(t, quirks{}, func(w *world) {
		w.small()
		w.mustComplete(w.apply())
		w.app.faults = func(op string, n int) fault {
			if (op == "delete user" || op == "delete group") && n == 1 {
				return fault{kind: "later", delay: 20 * time.Second}
			}
			return fault{}
		}
		w.mustComplete(w.destroy())
		w.mustComplete(w.apply())
		time.Sleep(time.Minute)
		w.mustBeSeeded()
	})
}
