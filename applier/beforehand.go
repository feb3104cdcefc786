package applier

import (
	"context"
	"slices"
	"time"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
)

// What changes or deletes something in the app is recorded beforehand, and the
// record is on the disk before the request goes out. Should the run end before
// it can say what became of it, the state must not claim to know: the next plan
// then asks for the change once more, even if by then somebody wants what was
// there before.

// goingMessage records that the app is about to be told to delete a message,
// which therefore may be gone.
func (l *lane) goingMessage(conversation addr.Object, m *state.Message, id string) error {
	going := *m
	going.ID, going.InDoubt = id, true
	return l.surely(l.journal.PutMessage(conversation, &going))
}

// changingMessage records that nobody knows the content of a message any more:
// no declaration is the same as none.
func (l *lane) changingMessage(conversation addr.Object, m *state.Message) error {
	changing := *m
	switch {
	case m.Text != "":
		changing.Text = ""
	case len(m.Attachments) > 0:
		changing.Attachments = nil
	default:
		changing.CustomData = nil
	}
	return l.surely(l.journal.PutMessage(conversation, &changing))
}

// outlast waits, before something is changed of which nobody knows what it is,
// until what the run before has sent can no longer come: it would undo the
// change.
func (r *run) outlast(unknown bool) error {
	if !unknown {
		return nil
	}
	return r.wait(time.Until(r.began.Add(r.Window)), r.brake.halted)
}

// isUnknown reports whether nobody knows the content of a message.
func isUnknown(m *state.Message) bool {
	return m.Text == "" && len(m.Attachments) == 0 && len(m.CustomData) == 0
}

// changingUser records that nobody knows the values of a user any more, nor
// whether the app still has it: a user without a name is one to be updated, and
// an update makes a user that is missing.
func (r *run) changingUser(u *state.User) error {
	changing := *u
	changing.Name = ""
	return r.surely(r.journal.PutUser(&changing))
}

// changingGroup is changingUser for a group.
func (r *run) changingGroup(g *state.Group) error {
	changing := *g
	changing.Name = ""
	return r.surely(r.journal.PutGroup(&changing))
}

// surely returns once what was recorded is on the disk.
func (r *run) surely(err error) error {
	if err == nil {
		err = r.journal.Sync()
	}
	return r.recorded(err)
}

// erase makes a request that deletes what may be made again under the same id.
// When an answer to it is lost, it may still be on its way, and would take away
// the new one: so it is over only once the window has passed. Somebody who
// wants the apply to end is not kept waiting for that; then it is not over, and
// what was recorded beforehand stays.
func (r *run) erase(k kind, request func(ctx context.Context) error) error {
	r.wrote.Store(true)
	var lost time.Time
	err := r.call(k, r.brake.halted, func(ctx context.Context) error {
		err := request(ctx)
		if is[*Unknown](err) {
			lost = time.Now()
		}
		return err
	})
	if lost.IsZero() {
		return err
	}
	if cut := r.wait(time.Until(lost.Add(r.Window)), r.brake.halted); cut != nil {
		return cut
	}
	return err
}

// letPass waits where the run before left behind that it was about to change or
// delete a user or a group: its request may still be on its way, and would take
// away what this run makes.
func (r *run) letPass() {
	changing := slices.ContainsFunc(r.prior.Users(), func(u *state.User) bool { return u.Name == "" }) ||
		slices.ContainsFunc(r.prior.Groups(), func(g *state.Group) bool { return g.Name == "" })
	if !changing {
		return
	}
	left := time.Until(r.began.Add(r.Window))
	r.waiting("what the last run may still have under way", left)
	_ = r.wait(left, r.brake.halted) // a run that is told to stop does nothing next
}
