package applier

import (
	"sync"

	"github.com/sowdev/sow/planner"
)

// eachLane runs f for every lane that want asks for, a bounded number at a
// time. Lanes begin in their order: a lane waits for newcomers of lanes before
// it only, so that the first of those under way can always go on.
func (r *run) eachLane(want func(i int) bool, f func(l *lane)) {
	places := make(chan struct{}, planner.ActiveLanes(r.Parallelism))
	var under sync.WaitGroup
	for i := range r.plan.Lanes {
		if !want(i) {
			continue
		}
		select {
		case places <- struct{}{}:
		case <-r.ctx.Done():
		}
		if r.brake.isHalted() || r.ctx.Err() != nil {
			break
		}
		under.Go(func() {
			f(r.newLane(i))
			<-places
		})
	}
	under.Wait()
}

// clearLanes deletes what lanes delete or replace. A lane that fails here is
// not sent.
func (r *run) clearLanes() {
	r.enter(planner.StageClear)
	r.eachLane(r.deletes, func(l *lane) {
		if !l.clear() {
			r.spoil(l.index)
		}
	})
}

// spoil notes that a lane did not come to its end.
func (r *run) spoil(i int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.spoilt == nil {
		r.spoilt = make(map[int]bool)
	}
	r.spoilt[i] = true
}

func (r *run) isSpoilt(i int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.spoilt[i]
}

// sendLanes sends the lanes, while the members of groups are added beside them.
func (r *run) sendLanes() {
	r.enter(planner.StageSend)
	over := make(chan struct{})
	var rolls sync.WaitGroup
	for i := range r.plan.Groups {
		if c := &r.plan.Groups[i]; c.After != nil && r.rolls[c.After.GUID] != nil {
			rolls.Go(func() { r.rolls[c.After.GUID].work(r, over) })
		}
	}
	for i, carried := range r.carriers {
		if r.isSpoilt(i) {
			abandonAll(carried)
		}
	}
	r.eachLane(func(i int) bool { return !r.isSpoilt(i) }, func(l *lane) {
		if !l.send() {
			r.spoil(l.index)
		}
		abandonAll(r.carriers[l.index])
	})
	close(over)
	rolls.Wait()
}

// abandonAll gives up newcomers whose carriers will not be sent any more. Those
// that exist are not affected.
func abandonAll(carried []*newcomer) {
	for _, n := range carried {
		n.abandon()
	}
}

// heldBack returns the ids of users and groups that must not be deleted because
// a lane with messages of theirs did not come to its end; nil when nothing may
// be deleted any more.
func (r *run) heldBack() map[string]bool {
	if r.brake.isHalted() || r.ctx.Err() != nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	held := make(map[string]bool)
	for i := range r.spoilt {
		info := &r.plan.Lanes[i]
		held[info.Group] = true
		for _, uid := range info.Between {
			held[uid] = true
		}
		for k := range info.Members {
			held[info.Members[k].UID] = true
		}
	}
	return held
}
