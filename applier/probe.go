package applier

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// probeTries is how often the first read is made: a wrong app id or region
// shows as an app that cannot be reached, and is not worth a long wait.
const probeTries = 3

// probe reads before anything is written. It proves the key, the app id and the
// region, and that the app has the endpoint that messages are sent to, as far
// as a read can tell. And it sees whether the app has messages of the dataset
// that the state knows nothing of.
func (r *run) probe() *StopError {
	var page *MessagePage
	err := r.first(func(ctx context.Context) (err error) {
		page, err = r.app.ListMessages(ctx, MessageQuery{Tag: r.tag, Limit: probePage, Newest: true})
		return err
	})
	if err != nil {
		return probeError(err)
	}
	seen := page.Messages
	if m := r.plan.Counts.Messages; m.Create+m.Replace+m.Update > 0 {
		for _, status := range []string{pending, disapproved} {
			err := r.first(func(ctx context.Context) (err error) {
				page, err = r.app.ListModerated(ctx, ModeratedQuery{Status: status})
				return err
			})
			if err != nil {
				return probeError(err)
			}
			for _, m := range page.Messages {
				if r.isOurs(m) {
					seen = append(seen, m)
				}
			}
		}
	}
	if r.plan.Shard != nil {
		seen = r.inNewChats(seen)
	}
	strange, err := r.strange(seen)
	if err != nil {
		return &StopError{Cause: StateUnreadable, Err: err}
	}
	if strange {
		r.lookBack.Store(true)
		return nil
	}
	return r.sample()
}

// isOurs reports whether a message is of the dataset. Where its tags are not
// told, any that sow has sent may be.
func (r *run) isOurs(m *Message) bool {
	return slices.Contains(m.Tags, r.tag) || len(m.Tags) == 0 && strings.HasPrefix(m.MUID, muidPrefix)
}

// muidPrefix begins every muid; see state.MUID.
const muidPrefix = "sow-"

// probePage is how many messages of the dataset the first read asks for.
const probePage = 100

// first makes one of the first reads.
func (r *run) first(f func(ctx context.Context) error) error {
	err := r.few(f)
	if err == nil {
		r.setClock()
	}
	return err
}

// few makes a read that is not worth a long wait.
func (r *run) few(f func(ctx context.Context) error) error {
	pause := r.newBackoff()
	for try := 1; ; {
		if err := r.admit(standard, nil, r.brake.halted); err != nil {
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
		case isRefusal(err):
			return err
		}
		if try++; try > probeTries {
			return err
		}
		if err := r.wait(pause.wait(), r.brake.halted); err != nil {
			return err
		}
	}
}

// clockResolution is how exact a Date header can be, and the moment at which it
// is read.
const clockResolution = 2 * time.Second

// setClock takes in how far the app's clock is ahead. One wrong header must not
// move the whole apply, so the smallest distance counts that the first reads
// tell.
func (r *run) setClock() {
	if r.Skew == nil {
		return
	}
	skew := r.Skew()
	if skew.Abs() <= clockResolution {
		skew = 0
	}
	if !r.clockSet || skew.Abs() < r.skew.Abs() {
		r.skew, r.clockSet = skew, true
	}
}

// probeError says why nothing is sent.
func probeError(err error) *StopError {
	if stop := fatal(err); stop != nil {
		return stop
	}
	switch {
	case errors.Is(err, errHalted), errors.Is(err, errAborted):
		return &StopError{Cause: Aborted, Err: err}
	case isRefusal(err):
		return &StopError{Cause: Refused, Err: err, Hint: keyHint}
	}
	return &StopError{Cause: Unreachable, Err: err, Hint: unreachableHint}
}

// strange reports whether one of the dataset's messages in the app is not in
// the state.
func (r *run) strange(messages []*Message) (bool, error) {
	left := make(map[string][]*Message) // by chat
	for _, m := range messages {
		if m.DeletedAt == 0 {
			left[chatName(m)] = append(left[chatName(m)], m)
		}
	}
	if len(left) == 0 {
		return false, nil
	}
	for _, c := range r.prior.Conversations() {
		unknown := left[c.Chat()]
		if len(unknown) == 0 {
			continue
		}
		ids := make(map[string]bool)
		for m, err := range r.prior.Messages(c.Addr) {
			if err != nil {
				return false, err
			}
			ids[m.ID], ids[m.MUID] = true, true
		}
		rest := unknown[:0]
		for _, m := range unknown {
			if !ids[m.ID] && (m.MUID == "" || !ids[m.MUID]) {
				rest = append(rest, m)
			}
		}
		left[c.Chat()] = rest
	}
	for _, unknown := range left {
		if len(unknown) > 0 {
			return true, nil
		}
	}
	return false, nil
}

// chatName is the identity of a message's chat, as state.Conversation.Chat
// gives it.
func chatName(m *Message) string {
	if m.ReceiverType == "group" {
		return "group:" + m.Receiver
	}
	between := []string{min(m.Sender, m.Receiver), max(m.Sender, m.Receiver)}
	return (&state.Conversation{Between: between}).Chat()
}

// sample looks for the first new message of a few lanes: a state that was
// restored from an old copy knows the latest messages but not all of them.
func (r *run) sample() *StopError {
	if !r.prior.Exists() {
		return nil // then every message of the dataset was strange
	}
	for _, i := range planner.SampleLanes(len(r.plan.Lanes)) {
		if r.plan.Lanes[i].Counts.Messages.Create == 0 {
			continue
		}
		c, err := r.firstCreate(i)
		if err != nil {
			return &StopError{Cause: PlanUnreadable, Err: err}
		}
		if c == nil {
			continue
		}
		in := chatOf(&r.plan.Lanes[i])
		there := false
		err = r.listAround(&in, c.After.Sender, c.After.SentAt, c.After.SentAt, func(m *Message) {
			there = there || r.wanted(c.After).matches(m) != different
		})
		if err != nil {
			return probeError(err)
		}
		if there {
			r.lookBack.Store(true)
			return nil
		}
	}
	return nil
}

// firstCreate is the first message of a lane that the state knows nothing of,
// or nil.
func (r *run) firstCreate(i int) (*planner.MessageChange, error) {
	for c, err := range r.lanes(i) {
		if err != nil {
			return nil, err
		}
		if c.Action == planner.Create && c.Before == nil {
			return c, nil
		}
	}
	return nil, nil
}

// sinceOldest is the start of the oldest run that the state has not folded.
func sinceOldest(prior state.Reader, began time.Time) time.Time {
	if run := prior.Interrupted(); run != nil && !run.Started.IsZero() && run.Started.Before(began) {
		return run.Started
	}
	return began
}
