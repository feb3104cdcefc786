package applier

import (
	"fmt"
	"time"

	"github.com/sowdev/sow/planner"
)

// patience is how long after the window an app is asked that cannot tell.
const patience = 5 * time.Minute

// longestLook is the most time between two looks.
const longestLook = 8 * time.Second

// settle finds out whether the app has a message whose answer was lost at the
// time since. It looks at once and again until the window has passed, because
// the app may show late what it has: only then nil means that it has not. An
// error means that nobody can tell.
func (r *run) settle(w *wanted, in *chat, since time.Time, c *planner.MessageChange) (found *Message, err error) {
	r.Reporter.Report(Event{Kind: Doubt, Message: c.Addr, Action: c.Action})
	defer func() {
		r.Reporter.Report(Event{Kind: Settled, Message: c.Addr, Action: c.Action, Adopted: found != nil, Err: err})
	}()
	deadline := since.Add(r.Window)
	pause := time.Second
	for {
		begun := time.Now()
		found, err := r.look(w, in)
		switch {
		case found != nil, stopping(err), isCertain(err):
			return found, err
		case err == nil && !begun.Before(deadline):
			return nil, nil
		case err != nil && time.Now().After(deadline.Add(patience)):
			return nil, withHint(fmt.Errorf("the app cannot say whether it has the message: %w", r.gaveUp(err, since)), doubtHint)
		}
		next := pause
		if left := time.Until(deadline); err == nil && next > left {
			next = left
		}
		if err := r.wait(next, r.brake.over); err != nil {
			return nil, err
		}
		pause = min(2*pause, longestLook)
	}
}

// isCertain reports whether another look would not tell more.
func isCertain(err error) bool {
	return is[*hintedError](err)
}

// lost takes in that the answer to a send never came. It reports whether the
// message has to be sent again.
func (l *lane) lost(s *sending, cause *Unknown) (again bool, err error) {
	if l.ctx.Err() != nil {
		return false, &doubtError{errAborted}
	}
	s.lost++
	found, err := l.settle(l.wanted(&l.record), &l.here, time.Now(), s.change)
	if err != nil {
		return false, &doubtError{err}
	}
	if found != nil {
		return false, l.takeOver(s, s.change, found)
	}
	if err := l.reread(); err != nil {
		return false, l.drop(s, err)
	}
	s.resend = true
	if s.lost >= maxSends {
		return false, l.drop(s, fmt.Errorf("%w (sent %d times; the app does not have it)", cause, s.lost))
	}
	return true, l.drop(s, nil)
}

// reread looks which of the newcomers that a failed message carried exist now
// all the same.
func (l *lane) reread() error {
	for _, n := range l.carried {
		if err := l.take(n); err != nil {
			return err
		}
		err := l.settleIfThere(n)
		n.give()
		if stopping(err) {
			return err
		}
	}
	return nil
}

// settleIfThere settles a newcomer that exists. The caller has taken it.
func (l *lane) settleIfThere(n *newcomer) error {
	if n.isSettled() {
		return nil
	}
	var err error
	if n.user != nil {
		var seen *User
		if seen, err = l.getUser(n.id); err == nil {
			err = l.keepUser(n.user, seen, l.origin(seen.CreatedAt), true)
		}
	} else {
		var seen *Group
		if seen, err = l.getGroup(n.id); err == nil {
			err = l.keepGroup(n.group, seen, l.origin(seen.CreatedAt), true, false)
		}
	}
	if err == nil || is[*flawError](err) {
		l.settleNewcomer(n, err)
	}
	return err
}

// refused takes in that the app said no to a send. It reports whether the
// message is to be sent again.
func (l *lane) refused(s *sending, e *Refusal) (again bool, err error) {
	if stop := fatal(e); stop != nil {
		l.stop(stop)
		return false, l.drop(s, errHalted)
	}
	if len(l.carried) > 0 {
		return l.refusedWithDetails(s)
	}
	suspect := blamesMUID(e) || isUnheardOf(e)
	err = e
	if !suspect {
		mended, mendErr := l.mend(s, e)
		switch {
		case stopping(mendErr):
			return false, l.drop(s, mendErr)
		case mendErr != nil:
			err = mendErr
		case mended:
			return true, nil
		}
	}
	if s.resend || suspect {
		found, lookErr := l.lookAfter(s, s.resend)
		switch {
		case lookErr != nil:
			return false, &doubtError{lookErr}
		case found != nil:
			return false, l.takeOver(s, s.change, found)
		case s.resend && suspect:
			return false, &doubtError{withHint(err, doubtHint)}
		}
	}
	return false, l.drop(s, err)
}

// refusedWithDetails takes in the refusal of a message with details. The app
// may have done a part of the call, the message included. What exists is
// settled, and the message goes out once more without details. From here on
// the whole apply does without them.
func (l *lane) refusedWithDetails(s *sending) (again bool, err error) {
	l.plainly.Store(true)
	if err := l.reread(); err != nil {
		return false, &doubtError{err}
	}
	found, err := l.settle(l.wanted(&l.record), &l.here, time.Now(), s.change)
	if err != nil {
		return false, &doubtError{err}
	}
	if found != nil {
		return false, l.takeOver(s, s.change, found)
	}
	return true, nil
}

// lookAfter looks for a message that was refused: over the whole window when it
// may have been sent before.
func (l *lane) lookAfter(s *sending, resend bool) (*Message, error) {
	w := l.wanted(&l.record)
	if resend {
		return l.settle(w, &l.here, time.Now(), s.change)
	}
	return l.look(w, &l.here)
}

// mend does what a refusal asks for, once each: make the sender a member, or
// bring back who is missing. It reports whether it did.
func (l *lane) mend(s *sending, e *Refusal) (bool, error) {
	o := &l.outgoing
	switch e.Code {
	case codeNotJoined, codeNoMember:
		if l.here.group == "" || s.joined {
			return false, nil
		}
		s.joined = true
		return true, l.join(l.here.group, o.Sender)
	case codeNoUser, codeNoGroup, codeBadRequest:
		if s.restored {
			return false, nil
		}
		s.restored = true
		return l.restore(o)
	}
	return false, nil
}

// restore brings back whoever a message needs that should exist and does not.
func (l *lane) restore(o *Outgoing) (bool, error) {
	some, err := l.restoreUser(o.Sender)
	if err != nil {
		return false, err
	}
	bring := l.restoreUser
	if l.here.group != "" {
		bring = l.restoreGroup
	}
	more, err := bring(o.Receiver)
	return some || more, err
}
