package applier

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// run is one apply under way.
type run struct {
	Options
	ctx     context.Context
	plan    *planner.Plan
	lanes   func(i int) iter.Seq2[*planner.MessageChange, error]
	prior   state.Reader
	chats   func() map[string][]addr.Object // the conversations of prior, by chat; made when it is first asked for
	app     App
	journal state.Journal
	header  state.Header
	pinned  bool // this run has pinned the anchor

	began    time.Time
	skew     time.Duration // how far the app's clock is ahead, as the first reads told
	clockSet bool
	oldest   time.Time // the start of the oldest run that the state has not folded

	tag   string // the dataset's own
	tags  []string
	brake *brake
	gate  *gate

	newcomers  roster
	rolls      map[string]*roll // by guid
	carriers   [][]*newcomer    // by lane
	known      known
	outlook    outlook
	lookBack   atomic.Bool // the app may have messages that the state does not know
	plainly    atomic.Bool // details were refused once: create by own requests
	wrote      atomic.Bool // something may have been written to the app
	requests   atomic.Int64
	lastAnswer atomic.Int64 // UNIX nanoseconds
	waitShown  atomic.Int64 // UNIX nanoseconds: the end of the wait last reported

	mu       sync.Mutex
	summary  Summary
	expected []expectation
	blocked  naming
	spoilt   map[int]bool // lanes that did not come to their end
	// generation is the latest that a message in the app was found to have.
	generation int
}

// tries is how often a request is made whose outcome remains unknown.
const tries = 8

// scatter is how much longer than asked a wait may be at the most, so that those
// who wait for the same thing do not come back together.
const scatter = time.Millisecond

// wait sleeps. It returns errHalted once quit is closed, and errAborted once
// the context ended.
func (r *run) wait(d time.Duration, quit <-chan struct{}) error {
	if d <= 0 {
		return r.alive(quit)
	}
	t := time.NewTimer(d + time.Duration(r.Random()*float64(scatter)))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-quit:
		return errHalted
	case <-r.ctx.Done():
		return errAborted
	}
}

func (r *run) alive(quit <-chan struct{}) error {
	select {
	case <-quit:
		return errHalted
	case <-r.ctx.Done():
		return errAborted
	default:
		return nil
	}
}

// admit waits until a request may go out, and takes a place in the gate, which
// answered gives back.
func (r *run) admit(k kind, s *sender, quit <-chan struct{}) error {
	if s != nil {
		if d := s.reserve(); d > 0 {
			r.waiting("the limit of "+s.uid, d)
			if err := r.wait(d, quit); err != nil {
				return err
			}
		}
	}
	if d := r.Rates.reserve(k); d > 0 {
		r.waiting("the app's limit", d)
		if err := r.wait(d, quit); err != nil {
			return err
		}
	}
	if !r.gate.enter(r.ctx.Done(), quit) {
		return r.alive(quit)
	}
	for {
		d := r.Rates.paused()
		if d <= 0 {
			break
		}
		r.waiting("the app, which asks to slow down", d)
		if err := r.wait(d, quit); err != nil {
			r.gate.leave()
			return err
		}
	}
	if err := r.alive(quit); err != nil {
		r.gate.leave()
		return err
	}
	r.requests.Add(1)
	return nil
}

// answered takes in what came of a request that was admitted.
func (r *run) answered(s *sender, err error) {
	r.gate.leave()
	if err == nil {
		r.heard()
		if s != nil {
			s.succeeded()
		}
		return
	}
	if limited, ok := errors.AsType[*RateLimit](err); ok {
		r.lastAnswer.Store(time.Now().UnixNano())
		wait, own := r.Rates.refused(s, limited, r.Random)
		if own {
			r.waiting("the limit of "+s.uid, wait)
			return
		}
		r.gate.struggled()
		r.waiting("the app, which asks to slow down", wait)
		return
	}
	if isRefusal(err) {
		r.heard()
		return
	}
	if r.ctx.Err() == nil {
		r.gate.struggled()
	}
}

func (r *run) heard() {
	r.Rates.succeeded()
	r.gate.succeeded()
	r.lastAnswer.Store(time.Now().UnixNano())
}

// call makes a request that may be repeated until the app says yes or no, or
// has not answered so often that it is given up. Quit ends the waiting, not the
// request.
func (r *run) call(k kind, quit <-chan struct{}, f func(ctx context.Context) error) error {
	pause := r.newBackoff()
	begun := time.Now()
	for try := 1; ; {
		if err := r.admit(k, nil, quit); err != nil {
			return err
		}
		sent := time.Now()
		err := f(r.ctx)
		r.outlook.trips.took(time.Since(sent), err)
		r.answered(nil, err)
		switch {
		case err == nil:
			return nil
		case r.ctx.Err() != nil:
			return errAborted
		case is[*RateLimit](err):
			continue
		case !is[*Unknown](err) && !is[*NotSent](err):
			return err
		}
		if try++; try > tries {
			return r.gaveUp(err, begun)
		}
		if err := r.wait(pause.wait(), quit); err != nil {
			return err
		}
	}
}

// is reports whether there is a T in the chain of err.
func is[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}

// ask is call for a request that answers with something.
func ask[T any](r *run, k kind, quit <-chan struct{}, f func(ctx context.Context) (T, error)) (answer T, err error) {
	err = r.call(k, quit, func(ctx context.Context) (err error) {
		answer, err = f(ctx)
		return err
	})
	return answer, err
}

// gaveUp stops the whole apply when nothing at all was heard of the app since
// the first of the tries that are given up.
func (r *run) gaveUp(err error, begun time.Time) error {
	if r.lastAnswer.Load() < begun.UnixNano() {
		r.stop(&StopError{Cause: Unreachable, Err: err, Hint: unreachableHint})
	}
	return err
}

// stop ends the whole apply.
func (r *run) stop(reason *StopError) {
	if r.brake.stop(reason, settleGrace) {
		r.Reporter.Report(Event{Kind: Interrupted, Err: reason, Reason: string(reason.Cause)})
	}
}

// recorded ends the whole apply when a record could not be written.
func (r *run) recorded(err error) error {
	if err == nil {
		return nil
	}
	r.stop(&StopError{Cause: JournalFailed, Err: fmt.Errorf("write the journal: %w", err), Hint: journalHint})
	return errHalted
}

// waiting reports a wait that people would notice, unless a longer one was
// reported.
func (r *run) waiting(reason string, d time.Duration) {
	if d < time.Second {
		return
	}
	until := time.Now().Add(d).UnixNano()
	for {
		shown := r.waitShown.Load()
		if until <= shown+int64(time.Second) {
			return
		}
		if r.waitShown.CompareAndSwap(shown, until) {
			r.Reporter.Report(Event{Kind: Waiting, Reason: reason, Wait: d, Left: r.left()})
			return
		}
	}
}

// origin tells who made something, by when the app says that it was made: what
// is not older than the oldest run that may have made it is ours.
func (r *run) origin(createdAt int64) state.Origin {
	if createdAt >= r.appTime(r.oldest).Unix() {
		return state.Created
	}
	return state.Adopted
}

// isFresh reports whether something was made in this run.
func (r *run) isFresh(createdAt int64) bool { return createdAt >= r.appTime(r.began).Unix() }

// appTime is an instant of ours by the app's clock, as far as anybody knows it.
func (r *run) appTime(t time.Time) time.Time { return t.Add(r.skew) }
