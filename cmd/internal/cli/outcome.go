package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sowdev/sow/applier"
	"github.com/sowdev/sow/cmd/internal/view"
	"github.com/sowdev/sow/planner"
)

// outcome shows what came of an apply.
func (o *applyOptions) outcome(r *run, d *dataset, plan *planner.Plan, s *applier.Summary) error {
	end := ending(s)
	var failed *failure
	if errors.As(end, &failed) {
		return failed
	}
	err := r.view.Summary(s, view.SummaryOptions{State: d.store.Location(), Resume: o.resume(r), Look: o.look(d)})
	switch {
	case end != nil:
		return end
	case lessGone(err) != nil:
		return wrap(err, exitError, "The summary cannot be written", "Everything is done, and the state says so")
	case plan.Destroy:
		return nil
	case plan.Shard != nil:
		return r.view.Say(fmt.Sprintf("When all %d shards are applied:\n  sow state merge DIR %s …", plan.Shard.Of+1, shellWord(d.store.Location())))
	}
	return d.outputs(r)
}

// resume is the command that goes on where a run has stopped: of a whole plan
// that is an apply of the configuration, of a shard it is the same again.
func (o *applyOptions) resume(r *run) string {
	if o.shard {
		return o.command(r.verb, shellWord(o.file))
	}
	return o.command(r.verb)
}

// ending turns the outcome of an apply into the error that it ends with: nil
// when all is done, a failure when nothing was sent, else the exit code that
// goes with what the summary tells.
func ending(s *applier.Summary) error {
	var stop *applier.StopError
	errors.As(s.Stopped, &stop)
	switch {
	case s.Interrupted, stop != nil && stop.Cause == applier.Aborted:
		return status(exitInterrupted)
	case stop != nil && !stop.Wrote:
		return stopped(stop)
	case s.Stopped != nil, len(s.Failures) > 0, len(s.InDoubt) > 0, s.NotAttempted > 0:
		return status(exitPartial)
	}
	return nil
}

// stopped is the failure of an apply that ended before anything was sent.
func stopped(s *applier.StopError) error {
	code, summary := exitError, "Nothing was sent"
	switch s.Cause {
	case applier.BadKey:
		code, summary = exitUnreachable, "The app refused the key"
	case applier.Unreachable:
		code, summary = exitUnreachable, "The app cannot be reached"
	case applier.NoEndpoint, applier.PlanRestricted, applier.Refused:
		code, summary = exitUnreachable, "The app refused"
	case applier.JournalFailed:
		summary = "The state cannot be written"
	case applier.PlanUnreadable:
		summary = "The plan cannot be read"
	case applier.StateUnreadable:
		summary = "The state cannot be read"
	case applier.NotYet:
		code, summary = exitRefused, "The first shard is not applied"
	case applier.FirstFailure:
		code, summary = exitPartial, "The first change failed"
	}
	_, why, told := strings.Cut(sentence(s.Err.Error()), summary+": ")
	if !told {
		why = s.Err.Error()
	}
	detail := sentence(why) + "."
	if !strings.HasPrefix(s.Hint, nothingSent) {
		detail += " " + nothingSent
	}
	if s.Hint != "" {
		detail += " " + s.Hint
	}
	return &failure{code: code, summary: summary, detail: detail, err: s}
}

const nothingSent = "Nothing was sent."

// look is where the seeded chats can be looked at.
func (o *applyOptions) look(d *dataset) string {
	switch {
	case d.target.emulator && d.dir == ".":
		return "sow emulator"
	case d.target.emulator:
		return "sow emulator " + shellWord(d.dir)
	case d.target.Region == onThisMachine:
		return strings.TrimSuffix(d.target.BaseURL, "v3")
	}
	return "https://app.cometchat.com/apps/" + d.target.AppID
}
