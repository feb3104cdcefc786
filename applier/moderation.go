package applier

import (
	"context"
	"time"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// expectation is a message that declares how moderation must judge it.
type expectation struct {
	addr    addr.Message
	source  planner.Source
	want    string
	got     string
	id      string
	message state.Message // as it is recorded
}

// firstPoll and longestPoll space the questions about what moderation says.
const (
	firstPoll   = time.Second
	longestPoll = 10 * time.Second
)

// judge holds what moderation says against what was expected, and asks again
// about what is pending for as long as the options allow. What is pending then
// is undecided, which is no failure.
func (r *run) judge() {
	open := r.expected
	deadline := time.Now().Add(r.WaitModeration)
	pause := firstPoll
	for {
		open = r.settleExpectations(open)
		left := time.Until(deadline)
		if len(open) == 0 || r.WaitModeration <= 0 || left <= 0 {
			break
		}
		r.waiting("moderation", left)
		if r.wait(min(pause, left), r.brake.halted) != nil {
			break
		}
		pause = min(2*pause, longestPoll)
		if !r.poll(open) {
			break
		}
	}
	for _, e := range open {
		r.summary.Undecided = append(r.summary.Undecided, e.unmet())
	}
}

// settleExpectations takes out those that are decided, and keeps the unmet.
func (r *run) settleExpectations(all []expectation) (open []expectation) {
	for _, e := range all {
		switch e.got {
		case e.want:
		case pending:
			open = append(open, e)
		default:
			r.summary.Unmet = append(r.summary.Unmet, e.unmet())
		}
	}
	return open
}

func (e *expectation) unmet() Unmet {
	return Unmet{Message: e.addr, Source: e.source, ID: e.id, Want: e.want, Got: e.got}
}

// poll asks about the open expectations and records what has changed. It
// reports whether the apply goes on.
func (r *run) poll(open []expectation) bool {
	for i := range open {
		e := &open[i]
		m, err := ask(r, standard, r.brake.halted, func(ctx context.Context) (*Message, error) {
			return r.app.GetMessage(ctx, e.id)
		})
		if stopping(err) {
			return false
		}
		if err != nil || m.Moderation == e.got || m.Moderation == "" {
			continue
		}
		r.summary.Moderation[e.got]--
		if r.summary.Moderation[e.got] == 0 {
			delete(r.summary.Moderation, e.got)
		}
		r.summary.Moderation[m.Moderation]++
		e.got, e.message.Moderation = m.Moderation, m.Moderation
		if r.recorded(r.journal.PutMessage(e.addr.Conversation, &e.message)) != nil {
			return false
		}
	}
	return true
}
