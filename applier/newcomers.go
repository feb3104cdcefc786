package applier

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
)

// newcomer is a user or a group that the app is believed not to have. It is
// created once: by the message that carries it, or, when that message fails or
// details have proved to be trouble, by its own request. Whoever needs it waits
// until it is settled.
type newcomer struct {
	addr   addr.Object
	id     string              // uid or guid
	user   *planner.UserChange // one of the two is set
	group  *planner.GroupChange
	lane   int // of the carrier; -1 without one
	source planner.Source
	rolls  []*roll // groups that it shall be a member of
	// revenant is set on what should exist and was missed: nobody waits for it
	// but who found that out.
	revenant bool

	making   chan struct{} // holds a token while somebody works on it
	orphan   chan struct{}
	orphaned sync.Once
	settled  chan struct{}
	tried    atomic.Bool // a request that makes it was sent
	ready    atomic.Bool // settled well
	flawed   atomic.Bool // it exists, but not as declared
	err      error       // of a newcomer that settled badly; read after settled
}

func newNewcomer(o addr.Object, id string, source planner.Source) *newcomer {
	return &newcomer{
		addr: o, id: id, lane: -1, source: source,
		making: make(chan struct{}, 1), orphan: make(chan struct{}), settled: make(chan struct{}),
	}
}

// take makes the caller the only one who works on the newcomer, until give. It
// is no mutex because it is held over requests and must end with the context.
func (r *run) take(n *newcomer) error {
	select {
	case n.making <- struct{}{}: // whether or not the context has ended: what is known of it can still be recorded
		return nil
	default:
	}
	select {
	case n.making <- struct{}{}:
		return nil
	case <-r.ctx.Done():
		return errAborted
	}
}

func (n *newcomer) give() { <-n.making }

// isSettled reports whether the newcomer exists or has failed to.
func (n *newcomer) isSettled() bool {
	select {
	case <-n.settled:
		return true
	default:
		return false
	}
}

// mayExist reports whether the newcomer was left with a request whose outcome
// nobody knows. For when no lane runs any more.
func (n *newcomer) mayExist() bool {
	return n.tried.Load() && (!n.isSettled() || n.err != nil && !isRefusal(n.err))
}

// settle says that the newcomer exists, or why it does not. Only the first time
// counts, which it reports. The caller has taken the newcomer.
func (n *newcomer) settle(err error) bool {
	if n.isSettled() {
		return false
	}
	n.err = err
	n.ready.Store(err == nil)
	close(n.settled)
	return true
}

// abandon says that the carrier will not be sent in this run.
func (n *newcomer) abandon() { n.orphaned.Do(func() { close(n.orphan) }) }

// action is what the plan says of it.
func (n *newcomer) action() planner.Action {
	if n.user != nil {
		return n.user.Action
	}
	return n.group.Action
}

// roster finds newcomers. It does not change while lanes run.
type roster struct {
	users  map[string]*newcomer // by uid
	groups map[string]*newcomer // by guid
	addrs  map[addr.Object]*newcomer
	all    []*newcomer  // in the order of the plan
	left   atomic.Int64 // newcomers that are not ready
}

// enrol makes the roster of a plan, and tells each lane which newcomers its
// messages carry.
func (r *run) enrol() {
	laneOf := make(map[addr.Object]int)
	for i := range r.plan.Lanes {
		for _, c := range r.plan.Lanes[i].Changes {
			if c.After != nil {
				laneOf[c.Addr] = i
			}
		}
	}
	r.carriers = make([][]*newcomer, len(r.plan.Lanes))
	r.newcomers = roster{
		users:  make(map[string]*newcomer),
		groups: make(map[string]*newcomer),
		addrs:  make(map[addr.Object]*newcomer),
	}
	carried := func(n *newcomer, by *addr.Message) {
		if by == nil {
			return
		}
		if i, ok := laneOf[by.Conversation]; ok {
			n.lane = i
			r.carriers[i] = append(r.carriers[i], n)
		}
	}
	for i := range r.plan.Users {
		if c := &r.plan.Users[i]; creates(c.Action) {
			n := newNewcomer(c.Addr, c.After.UID, c.Source)
			n.user = c
			carried(n, c.Carrier)
			r.newcomers.users[n.id] = n
			r.newcomers.add(n)
		}
	}
	for i := range r.plan.Groups {
		if c := &r.plan.Groups[i]; creates(c.Action) {
			n := newNewcomer(c.Addr, c.After.GUID, c.Source)
			n.group = c
			carried(n, c.Carrier)
			r.newcomers.groups[n.id] = n
			r.newcomers.add(n)
		}
	}
	r.newcomers.left.Store(int64(len(r.newcomers.addrs)))
}

func (l *roster) add(n *newcomer) {
	l.addrs[n.addr] = n
	l.all = append(l.all, n)
}

func creates(a planner.Action) bool { return a == planner.Create || a == planner.Replace }

// missingError says that a change could not be made because something it needs
// could not be created.
type missingError struct {
	addr addr.Object
	err  error
}

func (e *missingError) Error() string {
	return fmt.Sprintf("%s, which it needs, could not be created: %v", e.addr, e.err)
}

func (e *missingError) Unwrap() error { return e.err }

// await returns once the newcomer exists. A lane waits for carriers of lanes
// before it only, so that no two can wait for each other; any other newcomer
// that is not there yet it creates itself.
func (r *run) await(n *newcomer, lane int) error {
	if n.ready.Load() {
		return nil
	}
	if n.lane >= 0 && n.lane < lane {
		select {
		case <-n.settled:
		case <-n.orphan:
		case <-r.brake.halted:
			return errHalted
		case <-r.ctx.Done():
			return errAborted
		}
	}
	return r.make(n)
}

// make creates the newcomer by its own request, unless it is settled.
func (r *run) make(n *newcomer) error {
	if err := r.take(n); err != nil {
		return err
	}
	defer n.give()
	if !n.isSettled() {
		var err error
		if n.user != nil {
			err = r.makeUser(n)
		} else {
			err = r.makeGroup(n)
		}
		if stopping(err) {
			return err
		}
		r.settleNewcomer(n, err)
	}
	if n.err != nil {
		return &missingError{addr: n.addr, err: n.err}
	}
	return nil
}

// settleNewcomer says that the newcomer exists, or why it does not. The caller
// has taken the newcomer.
func (r *run) settleNewcomer(n *newcomer, err error) {
	flaw, flawed := errors.AsType[*flawError](err)
	if flawed {
		n.flawed.Store(true)
		err = nil
	}
	if !n.settle(err) || n.revenant {
		return
	}
	for _, l := range n.rolls {
		l.nudge()
	}
	switch {
	case err != nil:
		r.fail(Failure{Object: n.addr, Action: n.action(), Source: n.source, Err: err})
		return
	case flawed:
		r.fail(Failure{Object: n.addr, Action: n.action(), Source: n.source, Err: flaw.err})
	case n.user != nil || r.rolls[n.id] == nil:
		r.done(n.addr, n.action())
	}
	r.newcomers.left.Add(-1)
}

// flawError says that a user or group exists, but not as declared: a failure
// of the object, and no reason for others not to use it.
type flawError struct{ err error }

func (e *flawError) Error() string { return e.err.Error() }
func (e *flawError) Unwrap() error { return e.err }
