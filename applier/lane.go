package applier

import (
	"errors"
	"fmt"
	"slices"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// lane sends the changes of one chat, one after the other. It is used by one
// goroutine.
type lane struct {
	*run
	index int
	info  *planner.LaneInfo
	here  chat

	opened  addr.Object // the conversation that was last seen to be recorded
	records map[addr.Object]*planner.ConversationChange
	pace    *sender // of the last sender
	scan    *scan   // nil while the state is trusted
	tally   tally

	// Used again for every message.
	record   state.Message
	outgoing Outgoing
	attempts int // at sending it
	carried  []*newcomer
}

func (r *run) newLane(i int) *lane {
	info := &r.plan.Lanes[i]
	l := &lane{run: r, index: i, info: info, here: chatOf(info), records: make(map[addr.Object]*planner.ConversationChange)}
	for k := range info.Changes {
		l.records[info.Changes[k].Addr] = &info.Changes[k]
	}
	return l
}

// deletes says whether the ith lane has something to delete first.
func (r *run) deletes(i int) bool {
	info := &r.plan.Lanes[i]
	return info.Counts.Messages.Delete+info.Counts.Messages.Replace > 0 ||
		slices.ContainsFunc(info.Changes, func(c planner.ConversationChange) bool {
			return c.Action == planner.Delete || c.Action == planner.Replace
		})
}

// clear deletes what the plan deletes or replaces. It reports whether the lane
// may go on.
func (l *lane) clear() bool {
	defer func() { l.add(&l.tally) }()
	for c, err := range l.lanes(l.index) {
		if err != nil {
			return l.unreadable(err)
		}
		if l.brake.isHalted() || l.ctx.Err() != nil {
			return false
		}
		if c.Action != planner.Delete && c.Action != planner.Replace || c.StateOnly {
			continue
		}
		if err := l.remove(c); err != nil {
			return l.failed(c, err)
		}
		if c.Action == planner.Delete {
			l.finished(c, "", false)
		}
	}
	for i := range l.info.Changes {
		c := &l.info.Changes[i]
		var err error
		switch c.Action {
		case planner.Delete:
			err = l.journal.Delete(c.Addr)
		case planner.Replace:
			err = l.journal.PutConversation(c.After)
		}
		if l.recorded(err) != nil {
			return false
		}
	}
	return true
}

// send makes the lane's other changes, in the order of the chat. It reports
// whether all were made.
func (l *lane) send() bool {
	defer func() { l.add(&l.tally) }()
	if l.lookBack.Load() {
		l.scan = newScan(l)
	}
	next := l.lanes(l.index)
	if l.scan != nil {
		next = l.scan.changes(next)
	}
	for c, err := range next {
		if err != nil {
			switch {
			case stopping(err):
				return false
			case c != nil: // it was to be looked for, and the app did not let us
				return l.failed(c, err)
			}
			return l.unreadable(err)
		}
		if l.brake.isHalted() || l.ctx.Err() != nil {
			return false
		}
		switch c.Action {
		case planner.Create, planner.Replace:
			err = l.create(c)
		case planner.Update:
			err = l.update(c)
		case planner.Delete:
			err = l.unlist(c)
		}
		if err != nil {
			return l.failed(c, err)
		}
	}
	for i := range l.info.Changes {
		c := &l.info.Changes[i]
		if c.Action == planner.Update || c.Action == planner.Create && l.records[c.Addr] != nil {
			if l.recorded(l.journal.PutConversation(c.After)) != nil {
				return false
			}
		}
	}
	return true
}

// open sees to it that the conversation is recorded before its first message.
func (l *lane) open(o addr.Object) error {
	if o == l.opened {
		return nil
	}
	if c := l.records[o]; c != nil && c.Action == planner.Create {
		if err := l.recorded(l.journal.PutConversation(c.After)); err != nil {
			return err
		}
		delete(l.records, o)
	}
	l.opened = o
	return nil
}

// finished counts a change that was made.
func (l *lane) finished(c *planner.MessageChange, id string, adopted bool) {
	count(&l.tally.done, c.Action, 1)
	if adopted {
		l.tally.adopted++
	}
	done := Event{Kind: Done, Message: c.Addr, Action: c.Action, ID: id, Adopted: adopted, StateOnly: c.StateOnly, Left: l.left()}
	if creates(c.Action) {
		done.Attempts = l.attempts
	}
	l.Reporter.Report(done)
}

// failed takes in a change that was not made and ends the lane.
func (l *lane) failed(c *planner.MessageChange, err error) bool {
	if doubt, ok := errors.AsType[*doubtError](err); ok {
		l.tally.inDoubt = append(l.tally.inDoubt, c.Addr)
		err = doubt.err
	}
	if !stopping(err) {
		l.fail(Failure{Message: c.Addr, Action: c.Action, Source: c.Source, Err: err})
	}
	return false
}

func (l *lane) unreadable(err error) bool {
	l.stop(&StopError{Cause: PlanUnreadable, Err: fmt.Errorf("read the plan: %w", err), Hint: "Make a new plan and apply that."})
	return false
}

// doubtError says that a message is still in doubt, and why its lane stops.
type doubtError struct{ err error }

func (e *doubtError) Error() string { return e.err.Error() }
func (e *doubtError) Unwrap() error { return e.err }
