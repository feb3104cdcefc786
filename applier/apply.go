package applier

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// Apply carries out the plan, which was made from prior, and tells what came of
// it. It never returns nil. A plan without an anchor is pinned to the time at
// which the apply begins.
//
// First a read proves that the app can be used; when it cannot, nothing is
// written, neither to the app nor to the state, and Summary.Stopped is a
// [*StopError] whose Wrote is false. Then the run begins in the journal of the
// lock. At the end the journal is closed and folded into the state, unless the
// context ended or the journal failed; then it stays for the next run. The lock
// remains the caller's to release.
//
// Applying again is always right: what is done is in the state, and what is in
// doubt is settled by looking before anything is sent in its lane.
func Apply(ctx context.Context, p *planner.Plan, prior state.Reader, lock state.Lock, app App, o Options) *Summary {
	o = o.withDefaults()
	r := &run{
		Options: o, ctx: ctx, plan: p, lanes: p.Lane, prior: prior, app: app,
		began: time.Now(), brake: newBrake(), gate: newGate(o.Parallelism),
		tag:   "sow:" + p.Dataset,
		chats: sync.OnceValue(func() map[string][]addr.Object { return byChat(prior.Conversations()) }),
	}
	r.tags = []string{r.tag}
	r.known.run = r
	r.oldest = sinceOldest(prior, r.began)
	defer r.brake.release()
	ended := make(chan struct{})
	defer close(ended)
	go r.obey(ended)

	r.apply(lock)
	s := r.finish()
	s.Elapsed = time.Since(r.began)
	r.Reporter.Report(Event{Kind: Finished})
	return s
}

// obey passes on the wish to stop.
func (r *run) obey(ended <-chan struct{}) {
	select {
	case <-ended:
	case <-r.Stop:
		if r.brake.stop(nil, settleGrace) {
			r.mu.Lock()
			r.summary.Interrupted = true
			r.mu.Unlock()
			r.Reporter.Report(Event{Kind: Interrupted})
		}
	}
}

// apply goes through the phases of a run.
func (r *run) apply(lock state.Lock) {
	if err := r.prepareHeader(); err != nil {
		r.end(err)
		return
	}
	r.Rates.remember(r.header.SenderLimit)
	r.foresee()
	r.enrol()
	r.enrolMembers()
	if err := r.probe(); err != nil {
		r.end(err)
		return
	}
	if err := r.findAwaited(); err != nil {
		r.end(err)
		return
	}
	if r.header.LookBack {
		r.lookBack.Store(true)
	}
	// The marker has the start of the oldest run whose outcome is open: should
	// this one break off too, what any of them made is still known as ours.
	marker := state.Run{ID: newRunID(), Started: r.oldest, Command: r.Command, Plan: r.plan.Digest}
	journal, err := lock.Begin(r.ctx, marker, r.header)
	if err != nil {
		r.end(&StopError{Cause: JournalFailed, Err: fmt.Errorf("begin the run: %w", err), Hint: beginHint})
		return
	}
	r.journal = journal
	if r.plan.Found != nil && r.recorded(r.plan.Found.Record(journal)) != nil {
		r.conclude(lock)
		return
	}
	r.Reporter.Report(Event{Kind: Started, Total: total(r.plan.Counts), Left: r.left()})
	r.work()
	r.judge()
	r.conclude(lock)
}

func newRunID() string {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// prepareHeader makes the header that the state has from the beginning of the
// run, and pins the anchor of a plan that has none.
func (r *run) prepareHeader() *StopError {
	p := r.plan
	if r.header = r.prior.Header(); !r.prior.Exists() {
		r.header = state.NewHeader(p.Dataset, p.AppID, p.Region)
	}
	r.header.Dataset, r.header.AppID, r.header.Region = p.Dataset, p.AppID, p.Region
	r.header.Generation = max(r.header.Generation, p.NextGeneration())
	if p.Anchor == nil {
		if err := p.Pin(r.began.Unix()); err != nil {
			return &StopError{Cause: PlanUnreadable, Err: err, Hint: futureHint}
		}
		r.pinned = true
	}
	if !p.Reanchored {
		r.header.Anchor = p.Anchor
	}
	return nil
}

// work makes the changes: what deletes comes first, then people and groups,
// then the lanes side by side, and at last the people and groups that go.
func (r *run) work() {
	r.letPass()
	r.clearLanes()
	r.replaceOld()
	r.createAlone()
	r.updateAll()
	r.sendLanes()
	r.deleteRest()
}

// each runs f for all of n, as many at a time as requests may be under way, and
// not once the apply is stopping.
func (r *run) each(n int, f func(i int)) {
	var g errgroup.Group
	g.SetLimit(r.Parallelism)
	for i := range n {
		if r.brake.isHalted() || r.ctx.Err() != nil {
			break
		}
		g.Go(func() error {
			f(i)
			return nil
		})
	}
	_ = g.Wait() // f has no errors
}

// replaceOld deletes the users and groups that others take the place of under
// the same address: once the new one is recorded, nobody would know of the old
// one.
func (r *run) replaceOld() {
	held := r.heldBack()
	if held == nil {
		return
	}
	replace := func(n *newcomer, old string, remove func() error) {
		if r.take(n) != nil {
			return
		}
		defer n.give()
		err := errStillUsed
		if !held[old] {
			err = remove()
		}
		if err != nil && !stopping(err) {
			r.settleNewcomer(n, err)
		}
	}
	r.enter(planner.StageReplaceGroups)
	r.each(len(r.plan.Groups), func(i int) {
		if c := &r.plan.Groups[i]; c.Action == planner.Replace {
			replace(r.newcomers.addrs[c.Addr], c.Before.GUID, func() error { return r.deleteGroup(c) })
		}
	})
	r.enter(planner.StageReplaceUsers)
	r.each(len(r.plan.Users), func(i int) {
		if c := &r.plan.Users[i]; c.Action == planner.Replace {
			replace(r.newcomers.addrs[c.Addr], c.Before.UID, func() error { return r.deleteUser(c) })
		}
	})
}

var errStillUsed = errors.New("the one before cannot be deleted while messages of it are left")

// createAlone creates the users and groups that no message carries.
func (r *run) createAlone() {
	var alone []*newcomer
	for _, stage := range []struct {
		name string
		kind addr.Kind
	}{{planner.StageCreateUsers, addr.User}, {planner.StageCreateGroups, addr.Group}} {
		r.enter(stage.name)
		alone = alone[:0]
		for _, n := range r.newcomers.all {
			if n.lane < 0 && n.addr.Kind == stage.kind {
				alone = append(alone, n)
			}
		}
		r.each(len(alone), func(i int) { _ = r.make(alone[i]) }) // a failure has been told
	}
}

// updateAll makes the planned updates of users and groups.
func (r *run) updateAll() {
	r.enter(planner.StageUpdateUsers)
	r.each(len(r.plan.Users), func(i int) {
		c := &r.plan.Users[i]
		if c.Action != planner.Update {
			return
		}
		if err := r.updateUser(c); err != nil {
			r.fail(Failure{Object: c.Addr, Action: c.Action, Source: c.Source, Err: err})
			return
		}
		r.done(c.Addr, c.Action)
	})
	r.enter(planner.StageUpdateGroups)
	r.each(len(r.plan.Groups), func(i int) {
		c := &r.plan.Groups[i]
		if c.Action != planner.Update {
			return
		}
		if err := r.updateGroup(c); err != nil {
			r.fail(Failure{Object: c.Addr, Action: c.Action, Source: c.Source, Err: err})
			return
		}
		if r.rolls[c.After.GUID] == nil {
			r.done(c.Addr, c.Action)
		}
	})
}

// deleteRest deletes the groups and users that go, unless messages of theirs
// could not be deleted.
func (r *run) deleteRest() {
	held := r.heldBack()
	if held == nil {
		return
	}
	r.enter(planner.StageRemoveGroups)
	r.each(len(r.plan.Groups), func(i int) {
		c := &r.plan.Groups[i]
		if c.Action != planner.Delete || held[c.Before.GUID] {
			return
		}
		if err := r.deleteGroup(c); err != nil {
			r.fail(Failure{Object: c.Addr, Action: c.Action, Source: c.Source, Err: err})
			return
		}
		r.done(c.Addr, c.Action)
	})
	r.enter(planner.StageRemoveUsers)
	r.each(len(r.plan.Users), func(i int) {
		c := &r.plan.Users[i]
		if c.Action != planner.Delete || held[c.Before.UID] {
			return
		}
		if err := r.deleteUser(c); err != nil {
			r.fail(Failure{Object: c.Addr, Action: c.Action, Source: c.Source, Err: err})
			return
		}
		r.done(c.Addr, c.Action)
	})
}

// conclude writes what the state has to remember beyond the changes, and folds
// the journal into the state.
func (r *run) conclude(lock state.Lock) {
	if r.ctx.Err() != nil {
		r.brake.stop(&StopError{Cause: Aborted, Err: context.Cause(r.ctx), Hint: againHint}, 0)
	}
	r.recordHeader()
	if err := r.journal.Close(); err != nil {
		_ = r.recorded(err)
	}
	_, reason := r.brake.why()
	if reason != nil && (reason.Cause == Aborted || reason.Cause == JournalFailed) {
		r.end(reason)
		return
	}
	if r.keepJournal() {
		r.end(reason)
		return
	}
	if err := lock.Fold(r.ctx); err != nil && reason == nil {
		reason = &StopError{Cause: JournalFailed, Err: fmt.Errorf("fold the journal into the state: %w", err), Hint: foldHint}
		if errors.Is(err, context.Canceled) {
			reason.Cause = Aborted
		}
	}
	r.end(reason)
}

// keepJournal reports whether the journal must stay: someone may have been
// created whom nothing records, and only the run marker tells since when what is
// found is ours.
func (r *run) keepJournal() bool {
	for _, n := range r.newcomers.addrs {
		if n.mayExist() {
			return true
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.summary.InDoubt) > 0 && r.newcomers.left.Load() > 0
}

// recordHeader writes the header's mutable fields when the run has changed
// them.
func (r *run) recordHeader() {
	r.mu.Lock()
	complete := len(r.summary.Failures) == 0 && len(r.summary.InDoubt) == 0
	generation := r.generation
	r.mu.Unlock()
	if stopped, _ := r.brake.why(); stopped {
		complete = false
	}
	h, changed := r.header, false
	if limits := r.Rates.learnt(); !sameLimits(limits, h.SenderLimit) {
		h.SenderLimit, changed = limits, true
	}
	if generation > h.Generation {
		h.Generation, changed = generation, true
	}
	if complete && h.LookBack && !r.plan.Destroy { // who removes what is known has not looked for more
		h.LookBack, changed = false, true
	}
	if complete && r.plan.Reanchored {
		h.Anchor, changed = r.plan.Anchor, true
	}
	if changed {
		_ = r.recorded(r.journal.PutHeader(h)) // the failure stops the run by itself
	}
}

func sameLimits(a, b map[string]int) bool {
	if len(a) != len(b) {
		return false
	}
	for uid, limit := range a {
		if b[uid] != limit {
			return false
		}
	}
	return true
}

// end notes why the apply ended early, if it did.
func (r *run) end(reason *StopError) {
	if reason == nil {
		return
	}
	reason.Wrote = r.wrote.Load()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.summary.Interrupted || reason.Cause != Aborted || !errors.Is(reason.Err, errHalted) {
		r.summary.Stopped = reason
	}
}
