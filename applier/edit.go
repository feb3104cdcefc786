package applier

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sowdev/sow/planner"
)

// How long after a send the app may refuse to change the message (seen: about
// 3 s), and how often it is tried meanwhile.
const (
	settleTime  = 15 * time.Second
	settlePause = time.Second
)

// patiently repeats a request on a message that the app does not let anybody
// touch yet, or does not show yet, because it was only just sent: in the run
// before, perhaps, which may have ended a moment ago. What counts is when the app
// was asked: an answer may come long after it was given.
func (r *run) patiently(f func(ctx context.Context) error) error {
	begun := time.Now()
	for {
		var asked time.Time
		err := r.call(standard, r.brake.halted, func(ctx context.Context) error {
			asked = time.Now()
			return f(ctx)
		})
		switch {
		case refusedWith(err, codeNoAccess) && asked.Sub(begun) < settleTime:
		case refusedWith(err, codeNoMessage, codeNoMessageOld) && asked.Sub(r.began) < settleTime:
		default:
			return err
		}
		if err := r.wait(settlePause, r.brake.halted); err != nil {
			return err
		}
	}
}

// update changes a message in place.
func (l *lane) update(c *planner.MessageChange) error {
	l.compose(c)
	l.record.ID, l.record.Moderation = c.Before.ID, c.Before.Moderation
	if !c.StateOnly {
		if err := l.outlast(isUnknown(c.Before)); err != nil {
			return err
		}
		if err := l.changingMessage(c.Addr.Conversation, c.Before); err != nil {
			return err
		}
		answer, err := l.edit(c)
		switch {
		case isRefusal(err): // nothing happened
			return cmp.Or(l.recorded(l.journal.PutMessage(c.Addr.Conversation, c.Before)), err)
		case err != nil:
			return err
		}
		if answer.Moderation != "" {
			l.record.Moderation = answer.Moderation
		}
		l.note(c, &Message{ID: c.Before.ID, Moderation: answer.Moderation})
	}
	if err := l.recorded(l.journal.PutMessage(c.Addr.Conversation, &l.record)); err != nil {
		return err
	}
	if c.From != "" {
		if err := l.recorded(l.journal.DeleteMessage(c.Addr.Conversation.Message(c.From))); err != nil {
			return err
		}
	}
	l.finished(c, c.Before.ID, false)
	return nil
}

var errGone = errors.New("the app no longer has the message")

// edit writes a message's data, whole: whether the app would keep what is left
// out is not documented. Metadata that others have added stays.
func (l *lane) edit(c *planner.MessageChange) (answer *Message, err error) {
	id := c.Before.ID
	var remote *Message
	err = l.patiently(func(ctx context.Context) (err error) {
		remote, err = l.app.GetMessage(ctx, id)
		return err
	})
	switch {
	case refusedWith(err, codeNoMessage, codeNoMessageOld), err == nil && remote.DeletedAt != 0:
		return nil, withHint(errGone, goneHint)
	case err != nil:
		return nil, err
	}
	data := l.outgoing.Data
	if whole := overlay(remote.Data.Metadata, c.Before.Metadata, data.Metadata); string(whole) != "{}" {
		data.Metadata = whole
	}
	l.wrote.Store(true)
	err = l.patiently(func(ctx context.Context) (err error) {
		answer, err = l.app.EditMessage(ctx, id, data)
		return err
	})
	if err != nil {
		return nil, err
	}
	if left := lingering(answer.Data.Metadata, c.Before.Metadata, data.Metadata); len(left) > 0 {
		l.warn(c.Addr.Conversation, fmt.Errorf("%s: the app keeps metadata that is no longer declared: %s", c.Addr, strings.Join(left, ", ")))
	}
	return answer, nil
}

// remove deletes the message that the state has. One in doubt is looked for
// first; one that the app does not have is as good as deleted. The state says
// that the message is going before the app is told: should the run end before
// its record, the next one knows that the app may have it no longer.
func (l *lane) remove(c *planner.MessageChange) error {
	b := c.Before
	address := c.Addr.Conversation.Message(b.Key)
	id := b.ID
	if b.InDoubt && id == "" {
		there := l.before(c)
		found, err := l.settle(l.wanted(b), &there, l.began, c)
		if err != nil {
			return &doubtError{err}
		}
		if found == nil {
			return l.recorded(l.journal.Void(address, b.MUID))
		}
		id = found.ID
	}
	if err := l.goingMessage(c.Addr.Conversation, b, id); err != nil {
		return err
	}
	l.wrote.Store(true)
	err := l.patiently(func(ctx context.Context) error { return l.app.DeleteMessage(ctx, id) })
	if err != nil && !refusedWith(err, codeNoMessage, codeNoMessageOld) {
		return err
	}
	return l.recorded(l.journal.DeleteMessage(address))
}

// unlist takes a message out of the state that the app keeps under another
// key.
func (l *lane) unlist(c *planner.MessageChange) error {
	if !c.StateOnly {
		return nil // it was deleted before
	}
	if err := l.recorded(l.journal.DeleteMessage(c.Addr.Conversation.Message(c.Before.Key))); err != nil {
		return err
	}
	l.finished(c, c.Before.ID, false)
	return nil
}

// before is the chat that a message was sent to, which is another one when its
// conversation has moved.
func (l *lane) before(c *planner.MessageChange) chat {
	for i := range l.info.Changes {
		if k := &l.info.Changes[i]; k.Addr == c.Addr.Conversation && k.Before != nil {
			return chatOfRecord(k.Before)
		}
	}
	return l.here
}
