package applier

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// maxSends is how often a message is sent whose answer is lost and which the
// app then does not have.
const maxSends = 4

// sending is one message on its way.
type sending struct {
	change   *planner.MessageChange
	intended bool // the journal has an intent without an outcome
	resend   bool // an earlier send may have reached the app
	lost     int  // answers that never came
	joined   bool // the sender was made a member
	restored bool // it was tried to bring back what is missing
}

// create sends a message, or takes over the one that the app has.
func (l *lane) create(c *planner.MessageChange) error {
	l.compose(c)
	if err := l.open(c.Addr.Conversation); err != nil {
		return err
	}
	s := sending{change: c}
	if seen := l.scan.found(c); seen != nil {
		return l.adopt(&s, seen)
	}
	if c.Action == planner.Create && c.Before != nil && c.Before.InDoubt {
		found, err := l.settle(l.wanted(c.Before), &l.here, l.began, c)
		if err != nil {
			return &doubtError{err}
		}
		if found != nil {
			return l.takeOver(&s, c, found)
		}
		if err := l.recorded(l.journal.Void(c.Addr, c.Before.MUID)); err != nil {
			return err
		}
		s.resend = true
	}
	if err := l.due(); err != nil {
		return err
	}
	return l.deliver(&s)
}

// compose fills in what is sent and what is recorded.
func (l *lane) compose(c *planner.MessageChange) {
	m := c.After
	l.record = *m
	if len(c.Sensitive) > 0 {
		l.record = *l.sealedMessage(m, c.Sensitive)
	}
	l.record.Key = c.Addr.Key
	l.record.ID, l.record.Moderation, l.record.InDoubt, l.record.Carries = "", "", false, nil
	if b := c.Before; c.Action == planner.Create && b != nil && b.InDoubt {
		// What may be in the app already is sent again as it was.
		l.record.MUID, l.record.SentAt, l.record.Generation = b.MUID, b.SentAt, b.Generation
	}
	if l.record.MUID == "" {
		l.record.MUID = state.MUID(l.plan.Dataset, c.Addr.Conversation, c.Addr.Key, l.record.Generation)
	}
	l.attempts = 0
	l.outgoing = Outgoing{
		Sender: m.Sender, Receiver: l.here.other(m.Sender), ReceiverType: "user",
		Type: wireType(m.Type), Data: contentOf(m), MUID: l.record.MUID, Tags: l.tags, SentAt: l.record.SentAt,
	}
	if l.here.group != "" {
		l.outgoing.ReceiverType = "group"
	}
	if len(m.Tags) > 0 {
		l.outgoing.Tags = append(slices.Clone(l.tags), m.Tags...)
	}
	if l.pace == nil || l.pace.uid != m.Sender {
		l.pace = l.Rates.sender(m.Sender)
	}
}

// wireType is a message's type as the API names it.
func wireType(declared string) string {
	if declared == "" {
		return "text"
	}
	return declared
}

func contentOf(m *state.Message) MessageData {
	data := MessageData{Text: m.Text, CustomData: m.CustomData, Metadata: m.Metadata}
	if len(m.Attachments) > 0 {
		data.Attachments = make([]Attachment, len(m.Attachments))
		for i, a := range m.Attachments {
			data.Attachments[i] = Attachment(a)
		}
	}
	return data
}

// maxAhead is how far in the future a message's time may be to be waited for.
const maxAhead = time.Minute

// due waits until a message's time has come by the app's clock.
func (l *lane) due() error {
	// Counted from the beginning: meanwhile somebody may have set the clock.
	now := l.began.Add(time.Since(l.began))
	ahead := time.Unix(l.outgoing.SentAt, 0).Sub(l.appTime(now))
	if ahead <= 0 {
		return nil
	}
	if ahead > maxAhead {
		at := time.Unix(l.outgoing.SentAt, 0).UTC().Format(time.RFC3339)
		return withHint(fmt.Errorf("its time, %s, is still to come", at), futureHint)
	}
	return l.wait(ahead, l.brake.halted)
}

// deliver sends the composed message until the app has it for certain, or
// surely has not and will not.
func (l *lane) deliver(s *sending) error {
	var (
		pause *backoff
		try   int
		begun time.Time
	)
	for {
		if err := l.prepare(s.change); err != nil {
			return l.drop(s, err)
		}
		if err := l.admit(standard, l.pace, l.brake.halted); err != nil {
			return l.drop(s, err)
		}
		if !s.intended {
			if err := l.intend(s); err != nil {
				l.gate.leave()
				return err
			}
		}
		l.attempts++
		sent := time.Now()
		answer, err := l.app.SendMessage(l.ctx, &l.outgoing)
		l.outlook.trips.took(time.Since(sent), err)
		l.answered(l.pace, err)
		if err == nil {
			return l.accept(s, answer)
		}
		again := false
		if unknown, ok := errors.AsType[*Unknown](err); ok {
			again, err = l.lost(s, unknown)
		} else if refusal, ok := errors.AsType[*Refusal](err); ok {
			// Even for somebody who has no time: the app may have the message.
			again, err = l.refused(s, refusal)
		} else if l.ctx.Err() != nil {
			return l.drop(s, errAborted)
		} else if is[*RateLimit](err) {
			continue
		} else {
			if pause == nil {
				pause, begun = l.newBackoff(), time.Now()
			}
			if try++; try >= tries {
				return l.drop(s, l.gaveUp(err, begun))
			}
			if err := l.wait(pause.wait(), l.brake.halted); err != nil {
				return l.drop(s, err)
			}
			continue
		}
		if !again {
			return err
		}
	}
}

// intend records that the message is about to be sent.
func (l *lane) intend(s *sending) error {
	if !l.wrote.Load() {
		l.wrote.Store(true)
	}
	if err := l.recorded(l.journal.Intend(s.change.Addr.Conversation, &l.record)); err != nil {
		return err
	}
	s.intended = true
	for _, n := range l.carried {
		n.tried.Store(true)
	}
	return nil
}

// drop gives up a message that the app surely does not have.
func (l *lane) drop(s *sending, err error) error {
	if !s.intended {
		return err
	}
	if e := l.recorded(l.journal.Void(s.change.Addr, l.record.MUID)); e != nil {
		return &doubtError{e}
	}
	s.intended = false
	return err
}

// prepare waits until everything that the message needs exists, but for what
// it creates itself, and gives it the details of that.
func (l *lane) prepare(c *planner.MessageChange) error {
	o := &l.outgoing
	o.SenderDetails, o.ReceiverDetails, o.GroupDetails = nil, nil, nil
	l.carried, l.record.Carries = l.carried[:0], nil
	ridesAlong := false
	if l.newcomers.left.Load() > 0 {
		if l.here.group != "" {
			if g := l.newcomers.groups[l.here.group]; g != nil && !g.ready.Load() {
				if l.rides(c, g) {
					if err := l.awaitOwner(g); err != nil {
						return err
					}
					o.GroupDetails = wireGroup(g.group.After)
					l.carry(g)
				} else if err := l.await(g, l.index); err != nil {
					return err
				}
			}
		} else if n := l.newcomers.users[o.Receiver]; n != nil && !n.ready.Load() {
			if l.rides(c, n) {
				o.ReceiverDetails = wireUser(n.user.After)
				l.carry(n)
			} else if err := l.await(n, l.index); err != nil {
				return err
			}
		}
		if n := l.newcomers.users[o.Sender]; n != nil && !n.ready.Load() {
			// In a group that exists, a new sender is no member: the message would
			// be refused, and a refusal of a call with details leaves open what the
			// call has done.
			if l.rides(c, n) && (l.here.group == "" || o.GroupDetails != nil) {
				o.SenderDetails = wireUser(n.user.After)
				l.carry(n)
				ridesAlong = true
			} else if err := l.await(n, l.index); err != nil {
				return err
			}
		}
	}
	if l.here.group != "" && o.GroupDetails == nil && !ridesAlong {
		return l.awaitSeat(l.here.group, o.Sender)
	}
	return nil
}

// rides reports whether the message is to create the newcomer.
func (l *lane) rides(c *planner.MessageChange, n *newcomer) bool {
	return !n.isSettled() && !l.plainly.Load() && slices.Contains(c.Carries, n.addr)
}

func (l *lane) carry(n *newcomer) {
	l.carried = append(l.carried, n)
	l.record.Carries = append(l.record.Carries, n.addr)
}

// accept takes in the answer to a send.
func (l *lane) accept(s *sending, m *Message) error {
	o := &l.outgoing
	if m.MUID != "" && m.MUID != o.MUID || m.Sender != "" && m.Sender != o.Sender ||
		m.SentAt != 0 && m.SentAt != o.SentAt || m.Data.Text != "" && m.Data.Text != o.Data.Text {
		return &doubtError{collision(m.ID, o.MUID)}
	}
	return l.receive(s, m, false)
}

// collision says that a muid is used twice.
func collision(id, muid string) error {
	return withHint(fmt.Errorf("the app has another message, %s, with this one's muid %s", id, muid), collisionHint)
}

// receive records that the app has the message, sent or found, and settles what
// it carried.
func (l *lane) receive(s *sending, m *Message, found bool) error {
	c := s.change
	l.record.ID, l.record.Moderation, l.record.Carries = m.ID, m.Moderation, nil
	if err := l.recorded(l.journal.Receipt(c.Addr.Conversation, &l.record)); err != nil {
		return &doubtError{err}
	}
	if m.ConversationID != "" && l.here.id == "" {
		l.here.id = m.ConversationID
	}
	l.note(c, m)
	l.finished(c, m.ID, found)
	if found && len(l.carried) == 0 {
		l.carryAll(c)
	}
	if err := l.confirm(m); err != nil {
		return err
	}
	return l.notice(m)
}

// carryAll takes up the newcomers of a message that was found instead of sent.
func (l *lane) carryAll(c *planner.MessageChange) {
	for _, o := range c.Carries {
		if n := l.newcomers.addrs[o]; n != nil && !n.isSettled() {
			l.carried = append(l.carried, n)
		}
	}
}

// confirm settles the newcomers that the message carried.
func (l *lane) confirm(m *Message) error {
	for _, n := range l.carried {
		if err := l.take(n); err != nil {
			return err
		}
		var err error
		switch {
		case n.isSettled():
		case n.user == nil:
			err = l.confirmGroup(n, m.GroupEntity)
		case n.id == l.outgoing.Sender:
			err = l.confirmUser(n, m.SenderEntity)
		default:
			err = l.confirmUser(n, m.ReceiverEntity)
		}
		if !stopping(err) {
			l.settleNewcomer(n, err)
		}
		n.give()
		if stopping(err) {
			return err
		}
	}
	l.carried = l.carried[:0]
	return nil
}

// notice sees a user or group that the app has just made up because it did not
// have it, and gives it its declared values.
func (l *lane) notice(m *Message) error {
	since := l.appTime(l.began).Unix()
	adopt := func(id string, ofUser bool) error {
		if l.newcomers.users[id] != nil || l.newcomers.groups[id] != nil {
			return nil
		}
		n := l.known.revenant(id, ofUser)
		if n == nil || n.isSettled() {
			return nil
		}
		if err := l.take(n); err != nil {
			return err
		}
		defer n.give()
		var err error
		if ofUser {
			err = l.confirmUser(n, nil)
		} else {
			err = l.confirmGroup(n, nil)
		}
		if !stopping(err) {
			l.settleNewcomer(n, err)
		}
		return err
	}
	var err error
	if e := m.SenderEntity; e != nil && e.CreatedAt >= since {
		err = adopt(e.UID, true)
	}
	if e := m.ReceiverEntity; err == nil && e != nil && e.CreatedAt >= since {
		err = adopt(e.UID, true)
	}
	if e := m.GroupEntity; err == nil && e != nil && e.CreatedAt >= since {
		err = adopt(e.GUID, false)
	}
	return onlyStopping(err)
}

// note takes what the answer says of moderation into the tally.
func (l *lane) note(c *planner.MessageChange, m *Message) {
	if l.tally.moderation == nil {
		l.tally.moderation = make(map[string]int)
	}
	l.tally.moderation[m.Moderation]++
	if c.After.Expect != "" {
		l.tally.expected = append(l.tally.expected, expectation{
			addr: c.Addr, source: c.Source, want: c.After.Expect, got: m.Moderation, id: m.ID, message: l.record,
		})
	} else if m.Moderation == disapproved {
		if l.tally.blockedAll++; len(l.tally.blocked) < maxNamed {
			l.tally.blocked = append(l.tally.blocked, fmt.Sprintf("%s (%s)", c.Addr, m.ID))
		}
	}
}
