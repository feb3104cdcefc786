package applier

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// roll is who has to be a member of a group, and who no longer. It is worked
// through beside the lanes, as the users it names come to exist: many at once,
// but nobody waits for others than those who are there.
type roll struct {
	change *planner.GroupChange
	group  *newcomer // nil when the group exists
	keep   *state.Group

	seats   []*seat
	seatOf  map[string]*seat // by uid; not changed while lanes run
	rescope []Member
	remove  []string
	urgent  atomic.Bool   // a lane waits for a seat
	wake    chan struct{} // somebody in the seats was settled, or it is urgent
	ended   chan struct{} // nothing more is done
}

// seat is one member to be.
type seat struct {
	Member
	user  *newcomer // nil when the user exists
	guest bool      // not declared: joins in order to speak
	taken chan struct{}
	tries int
	done  bool
	err   error
}

// enrolMembers makes the rolls of the plan's groups.
func (r *run) enrolMembers() {
	r.rolls = make(map[string]*roll)
	guests := r.plan.Guests()
	for i := range r.plan.Groups {
		c := &r.plan.Groups[i]
		if c.After == nil || c.StateOnly {
			continue
		}
		l := &roll{
			change: c, group: r.newcomers.groups[c.After.GUID],
			seatOf: make(map[string]*seat), wake: make(chan struct{}, 1), ended: make(chan struct{}),
		}
		todo := c.Roll()
		l.rescope, l.remove = todo.Rescope, todo.Remove
		for _, m := range todo.Add {
			l.sit(r, m)
		}
		for _, m := range guests[c.After.GUID] {
			l.sit(r, m).guest = true
		}
		if len(l.seats)+len(l.rescope)+len(l.remove) > 0 {
			r.rolls[c.After.GUID] = l
		}
	}
}

func (l *roll) sit(r *run, m Member) *seat {
	s := &seat{Member: m, user: r.newcomers.users[m.UID], taken: make(chan struct{})}
	l.seats = append(l.seats, s)
	l.seatOf[m.UID] = s
	if s.user != nil {
		s.user.rolls = append(s.user.rolls, l)
	}
	return s
}

// begin takes the record of the group that now exists. A managed list begins
// empty on a new group: who is in is recorded when all are.
func (l *roll) begin(keep *state.Group) {
	if l == nil {
		return
	}
	if l.group != nil {
		for _, list := range []*[]string{&keep.Admins, &keep.Moderators, &keep.Participants} {
			if *list != nil {
				*list = []string{}
			}
		}
	}
	record := *keep
	l.keep = &record
}

// nudge says that one of the people in the seats was settled, or that a lane
// waits.
func (l *roll) nudge() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// work fills the seats as their people come to exist, until all are filled or
// no more can come; over is closed when no lane will create anybody any more.
func (l *roll) work(r *run, over <-chan struct{}) {
	defer close(l.ended)
	if l.group != nil {
		select {
		case <-l.group.settled:
		case <-over:
		case <-r.brake.halted:
		case <-r.ctx.Done():
		}
		if !l.group.ready.Load() {
			return
		}
	}
	if l.keep == nil {
		return // the update of the group failed
	}
	err := l.dismiss(r)
	for err == nil {
		last := closed(over)
		urgent := l.urgent.Swap(false)
		batch, waiting := l.next()
		full := len(batch) == planner.MembersPerCall
		if len(batch) > 0 && (full || waiting == 0 || last || urgent) {
			if urgent && full {
				l.urgent.Store(true) // it may be for one of the rest
			}
			err = l.add(r, batch)
			continue
		}
		if waiting == 0 || last {
			break
		}
		select {
		case <-l.wake:
		case <-over:
		case <-r.brake.halted:
			err = errHalted
		case <-r.ctx.Done():
			err = errAborted
		}
	}
	l.finish(r, err)
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// next returns the members that can be added now, and counts those whose users
// do not exist yet.
func (l *roll) next() (batch []*seat, waiting int) {
	for _, s := range l.seats {
		switch {
		case s.done:
		case s.user != nil && s.user.isSettled() && !s.user.ready.Load():
			s.leave(s.user.err)
		case s.user != nil && !s.user.ready.Load():
			waiting++
		case len(batch) < planner.MembersPerCall:
			batch = append(batch, s)
		}
	}
	return batch, waiting
}

// leave says that the seat is filled, or why it is not.
func (s *seat) leave(err error) {
	s.done, s.err = true, err
	close(s.taken)
}

// seatTries is how often it is tried to add a member about whom the answer says
// nothing.
const seatTries = 3

// add adds members by one request.
func (l *roll) add(r *run, batch []*seat) error {
	members := make([]Member, len(batch))
	for i, s := range batch {
		members[i] = s.Member
		s.tries++
	}
	results, err := r.addMembers(l.change.After.GUID, members)
	if stopping(err) {
		return err
	}
	for _, s := range batch {
		one := err
		if err == nil {
			one = results[s.UID]
		}
		switch {
		case err == nil && is[*Unknown](one) && s.tries < seatTries:
			continue
		case refusedWith(one, codeNoUser) && s.tries == 1:
			if restored, _ := r.restoreUser(s.UID); restored {
				continue
			}
		case refusedWith(one, codeJoined) && !s.guest && s.UID != l.change.After.Owner:
			// With which scope, nobody said.
			one = r.changeScope(l.change.After.GUID, s.Member)
		}
		if stopping(one) {
			return one
		}
		if isSeated(one) {
			one = nil
		}
		s.leave(one)
	}
	return nil
}

// isSeated reports whether the outcome means that the user is a member with the
// scope.
func isSeated(err error) bool {
	return err == nil || refusedWith(err, codeJoined, codeSameScope, codeOwnerScope)
}

func (r *run) addMembers(guid string, members []Member) (map[string]error, error) {
	r.wrote.Store(true)
	return ask(r, core, r.brake.halted, func(ctx context.Context) (map[string]error, error) {
		return r.app.AddMembers(ctx, guid, members)
	})
}

func (r *run) changeScope(guid string, m Member) error {
	r.wrote.Store(true)
	return r.call(standard, r.brake.halted, func(ctx context.Context) error {
		return r.app.ChangeScope(ctx, guid, m.UID, m.Scope)
	})
}

// dismiss changes scopes and removes the members that are no longer declared.
func (l *roll) dismiss(r *run) error {
	guid := l.change.After.GUID
	for _, uid := range l.remove {
		r.wrote.Store(true)
		err := r.call(core, r.brake.halted, func(ctx context.Context) error { return r.app.RemoveMember(ctx, guid, uid) })
		if err != nil && !refusedWith(err, codeNoMember, codeNotJoined, codeNoUser) {
			return fmt.Errorf("remove %s: %w", uid, err)
		}
	}
	for _, m := range l.rescope {
		err := r.changeScope(guid, m)
		if refusedWith(err, codeNoMember, codeNotJoined, codeNoUser) {
			// Nobody waits for the seat of a member that was one before.
			l.seats = append(l.seats, &seat{Member: m, taken: make(chan struct{})})
			continue
		}
		if !isSeated(err) {
			return fmt.Errorf("make %s %s: %w", m.UID, m.Scope, err)
		}
	}
	return nil
}

// finish records who is in, and tells of those who are not.
func (l *roll) finish(r *run, err error) {
	c := l.change
	out := make(map[string]bool)
	missing := 0
	for _, s := range l.seats {
		if s.guest || s.done && s.err == nil {
			continue // a guest who did not get in is refused when speaking
		}
		out[s.UID] = true
		if missing++; s.err != nil && err == nil {
			err = fmt.Errorf("add %s as %s: %w", s.UID, s.Scope, s.err)
		}
	}
	keep := *l.keep
	if err == nil || l.group != nil {
		keep.Admins, keep.Moderators, keep.Participants = without(c.After.Admins, out), without(c.After.Moderators, out), without(c.After.Participants, out)
	}
	if e := r.recorded(r.journal.PutGroup(&keep)); e != nil {
		return
	}
	switch {
	case err != nil:
		r.fail(Failure{Object: c.Addr, Action: c.Action, Source: c.Source, Err: err})
	case missing == 0 && !l.flawed(r):
		r.done(c.Addr, c.Action)
	}
}

// flawed reports whether the group exists but not as declared, which has been
// told.
func (l *roll) flawed(r *run) bool { return l.group != nil && l.group.flawed.Load() }

// without returns the list without some of it; nil stays nil.
func without(list []string, out map[string]bool) []string {
	if list == nil {
		return nil
	}
	in := []string{}
	for _, uid := range list {
		if !out[uid] {
			in = append(in, uid)
		}
	}
	return in
}

// awaitSeat returns once a member that the plan adds to the group is in, or
// cannot be.
func (r *run) awaitSeat(guid, uid string) error {
	l := r.rolls[guid]
	if l == nil {
		return nil
	}
	s := l.seatOf[uid]
	if s == nil {
		return nil
	}
	select {
	case <-s.taken:
		return nil
	default:
	}
	l.urgent.Store(true)
	l.nudge()
	select {
	case <-s.taken:
	case <-l.ended:
	case <-r.brake.halted:
		return errHalted
	case <-r.ctx.Done():
		return errAborted
	}
	return nil
}

// join makes a sender a member, with the declared scope or as a participant.
func (r *run) join(guid, uid string) error {
	m := Member{UID: uid, Scope: planner.Participant}
	if l := r.rolls[guid]; l != nil && l.seatOf[uid] != nil {
		m.Scope = l.seatOf[uid].Scope
	} else if scope := r.known.scope(guid, uid); scope != "" {
		m.Scope = scope
	}
	results, err := r.addMembers(guid, []Member{m})
	if err == nil {
		err = results[uid]
	}
	if isSeated(err) {
		return nil
	}
	return err
}
