package applier

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func TestDeclaredLimitIsKeptAndUsed(t *testing.T) {
	inWorld(t, quirks{appMax: 500}, func(w *world) {
		w.opts.Rates = NewRates(Limits{RequestsPerMinute: 500})
		for i := range 20 {
			w.data.between(fmt.Sprintf("c%02d", i), fmt.Sprintf("a%02d", i), fmt.Sprintf("b%02d", i)).chatter(75, fmt.Sprintf("a%02d", i), fmt.Sprintf("b%02d", i))
		}
		w.data.App.Rate.RequestsPerMinute = 500
		f := w.data.plan(t, w.store.read(t)).Forecast
		s := w.mustComplete(w.apply())
		if ratio := s.Elapsed.Seconds() / f.Seconds; ratio < 0.9 || ratio > 1.1 {
			t.Errorf("it took %v, %v were foreseen", s.Elapsed, f.Seconds)
		}
		if left := w.heard.kinds(Started)[0].Left; left.Seconds() < 0.9*s.Elapsed.Seconds() || left > s.Elapsed*11/10 {
			t.Errorf("at the start %v were left of %v", left, s.Elapsed)
		}
		if n := w.refused(); n > 0 {
			t.Errorf("the app asked %d times to slow down", n)
		}
		if s.Requests != w.total() {
			t.Errorf("%d requests counted, %d made", s.Requests, w.total())
		}
	})
}

// total is how many requests were made.
func (w *world) total() (n int) {
	for _, calls := range w.app.calls {
		n += calls
	}
	return n
}

// refused is how many waits the app asked for.
func (w *world) refused() (n int) {
	for _, e := range w.heard.kinds(Waiting) {
		if strings.Contains(e.Reason, "slow down") {
			n++
		}
	}
	return n
}

func TestLimitIsLearntFromHeaders(t *testing.T) {
	inWorld(t, quirks{appMax: 120, retryAfter: true}, func(w *world) {
		w.opts.Rates = NewRates(Limits{})
		w.app.heard = w.opts.Rates.Observe
		for i := range 10 {
			w.data.between(fmt.Sprintf("c%02d", i), fmt.Sprintf("a%02d", i), fmt.Sprintf("b%02d", i)).chatter(40, fmt.Sprintf("a%02d", i), fmt.Sprintf("b%02d", i))
		}
		s := w.mustComplete(w.apply())
		if s.Elapsed < 2*time.Minute || s.Elapsed > 4*time.Minute {
			t.Errorf("403 requests at 120 a minute took %v", s.Elapsed)
		}
		if n := w.total() - 403; n > 20 {
			t.Errorf("%d requests too many", n)
		}
	})
}

func TestSenderLimitHoldsUpThatSenderOnly(t *testing.T) {
	for _, told := range []bool{true, false} {
		inWorld(t, quirks{senderMax: 30, retryAfter: told}, func(w *world) {
			w.data.between("a", "ana", "bo").chatter(90, "ana")
			for i := range 10 {
				w.data.between(fmt.Sprintf("c%d", i), fmt.Sprintf("x%d", i), fmt.Sprintf("y%d", i)).chatter(50, fmt.Sprintf("x%d", i), fmt.Sprintf("y%d", i))
			}
			began := time.Now()
			var others, all time.Duration
			done := 0
			w.app.faults = func(op string, n int) fault { return fault{} }
			s := w.apply()
			w.mustComplete(s)
			for _, m := range w.app.messages {
				at := time.Unix(m.UpdatedAt, 0).Sub(began)
				if m.Sender == "ana" {
					all = max(all, at)
				} else {
					others = max(others, at)
				}
				done++
			}
			if done != 590 || others > 5*time.Second {
				t.Errorf("the others took %v", others)
			}
			if all < 2*time.Minute || all > 3*time.Minute+10*time.Second {
				t.Errorf("ana took %v", all)
			}
			limits := w.store.read(t).Header().SenderLimit
			if limits["ana"] != 30 || len(limits) != 1 {
				t.Errorf("remembered: %v", limits)
			}
		})
	}
}

func TestRememberedSenderLimitIsKept(t *testing.T) {
	inWorld(t, quirks{senderMax: 30}, func(w *world) {
		a := w.data.between("a", "ana", "bo").chatter(40, "ana")
		w.mustComplete(w.apply())
		time.Sleep(time.Hour)
		for i := range 60 {
			a.say(fmt.Sprintf("n%d", i), "ana", "more")
		}
		before := w.app.calls["send"]
		w.mustComplete(w.apply())
		if n := w.app.calls["send"] - before; n != 60 {
			t.Errorf("%d sends for 60 messages", n)
		}
	})
}

func TestDeclaredSenderLimit(t *testing.T) {
	inWorld(t, quirks{senderMax: 12}, func(w *world) {
		w.opts.Rates = NewRates(Limits{MessagesPerUserPerMinute: 12})
		w.data.between("a", "ana", "bo").chatter(48, "ana")
		s := w.mustComplete(w.apply())
		if w.app.calls["send"] != 48 || s.Elapsed > 4*time.Minute+10*time.Second {
			t.Errorf("%d sends in %v", w.app.calls["send"], s.Elapsed)
		}
	})
}

func TestOddRefusalsDoNotSlowASenderDown(t *testing.T) {
	inWorld(t, quirks{}, func(w *world) {
		w.data.between("a", "ana", "bo").chatter(600, "ana")
		w.app.faults = func(op string, n int) fault {
			if op == "send" && n%100 == 40 {
				return fault{kind: "429", delay: time.Second}
			}
			return fault{}
		}
		s := w.mustComplete(w.apply())
		if s.Elapsed > time.Minute {
			t.Errorf("600 messages took %v", s.Elapsed)
		}
		if limits := w.store.read(t).Header().SenderLimit; len(limits) > 0 {
			t.Errorf("remembered: %v", limits)
		}
	})
}

// TestStormCostsTimeOnly refuses everything for a while, with and without word
// on how long to wait.
func TestStormCostsTimeOnly(t *testing.T) {
	for _, told := range []time.Duration{0, 2 * time.Second} {
		inWorld(t, quirks{}, func(w *world) {
			w.small()
			calm := time.Now().Add(10 * time.Minute)
			w.app.faults = func(op string, n int) fault {
				if time.Now().Before(calm) && n > 2 {
					return fault{kind: "429", delay: told}
				}
				return fault{}
			}
			s := w.mustComplete(w.apply())
			w.app.faults = nil
			w.mustBeSeeded()
			if late := s.Elapsed - 10*time.Minute; late < 0 || late > 7*time.Minute {
				t.Errorf("it took %v", s.Elapsed)
			}
			if w.total() > 400 {
				t.Errorf("%d requests", w.total())
			}
		})
	}
}

// TestRefusalsOfOneStorm has several refusals come together, each of which asks
// for a little more: the last one counts, and none of them makes the next pause
// longer than was asked.
func TestRefusalsOfOneStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRates(Limits{})
		half := func() float64 { return 0.5 }
		for range 3 {
			time.Sleep(100 * time.Millisecond)
			r.refused(nil, &RateLimit{RetryAfter: 2 * time.Second}, half)
		}
		if left := r.paused(); left != 2*time.Second {
			t.Errorf("after the last of them %v are waited for", left)
		}
		time.Sleep(time.Second)
		r.succeeded() // of a request from before
		if left := r.paused(); left != time.Second {
			t.Errorf("an answer from before leaves %v of the last second", left)
		}
		time.Sleep(time.Second)
		r.succeeded()
		if wait, _ := r.refused(nil, &RateLimit{RetryAfter: time.Second}, half); wait != time.Second {
			t.Errorf("a new storm begins with %v", wait)
		}
	})
}

func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(8)
		time.Sleep(time.Hour)
		inside := func() (n int) {
			for {
				select {
				case <-g.tokens:
					n++
				default:
					for range n {
						g.tokens <- struct{}{}
					}
					return n
				}
			}
		}
		for range 3 {
			if !g.enter(nil, nil) {
				t.Fatal("the gate is closed")
			}
		}
		g.struggled()
		g.struggled() // at once: counts once
		for range 3 {
			g.leave()
		}
		// The tokens that were not in use are withdrawn as they come by.
		for range 8 {
			g.enter(nil, nil)
			g.leave()
		}
		if n := inside(); n != 4 {
			t.Errorf("%d may enter, want 4", n)
		}
		for range 100 {
			g.enter(nil, nil)
			g.leave()
			g.succeeded()
		}
		if n := inside(); n != 8 {
			t.Errorf("%d may enter again, want 8", n)
		}
	})
}

// TestNoMinuteSeesMoreThanTheLimit is the promise of spread.
func TestNoMinuteSeesMoreThanTheLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 2000).Draw(t, "limit")
		l := spread(limit)
		now := restart
		var sent []time.Time
		for range 3 * limit {
			if rapid.IntRange(0, 50).Draw(t, "pause") == 0 {
				now = now.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "seconds")) * time.Second)
			}
			now = now.Add(l.ReserveN(now, 1).DelayFrom(now))
			sent = append(sent, now)
		}
		for i, first := 0, 0; i < len(sent); i++ {
			for sent[i].Sub(sent[first]) >= time.Minute {
				first++
			}
			if i-first+1 > limit {
				t.Fatalf("%d in one minute, the limit is %d", i-first+1, limit)
			}
		}
	})
}

func TestObserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRates(Limits{})
		if r.reserve(standard) != 0 {
			t.Error("nothing is known, and nothing is waited for")
		}
		r.Observe(Rate{Limit: 30, Remaining: 0, Reset: time.Now().Add(time.Minute)})
		if r.paused() > 0 || r.buckets[standard].limiter.Load() != nil {
			t.Error("a limit of 30 is a sender's")
		}
		r.Observe(Rate{Limit: 500, Remaining: 10, Reset: time.Now().Add(time.Minute)})
		if l := r.buckets[core].limiter.Load(); l == nil || l.Burst() != 8 {
			t.Error("the limit was not learnt")
		}
		r.Observe(Rate{Limit: 20000, Remaining: 10})
		r.Observe(Rate{Limit: 10000, Remaining: 10})
		if a, b := r.buckets[standard].limiter.Load().Burst(), r.buckets[core].limiter.Load().Burst(); a != 327 || b != 8 {
			t.Errorf("bursts are %d and %d", a, b)
		}
		declared := NewRates(Limits{RequestsPerMinute: 500})
		declared.Observe(Rate{Limit: 20000, Remaining: 1})
		if b := declared.buckets[standard].limiter.Load().Burst(); b != 8 {
			t.Errorf("a declared limit was widened to a burst of %d", b)
		}
	})
}

func TestParallelism(t *testing.T) {
	inWorld(t, quirks{}, func(w *world) {
		w.opts.Parallelism = 3
		for i := range 20 {
			w.data.between(fmt.Sprintf("c%02d", i), fmt.Sprintf("a%02d", i), fmt.Sprintf("b%02d", i)).chatter(10, fmt.Sprintf("a%02d", i), fmt.Sprintf("b%02d", i))
		}
		w.mustComplete(w.apply())
		if w.app.most != 3 {
			t.Errorf("%d requests at once, want 3", w.app.most)
		}
		if w.app.broken != "" {
			t.Error(w.app.broken)
		}
	})
}
