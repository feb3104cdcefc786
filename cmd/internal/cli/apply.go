package cli

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sowdev/sow/applier"
	"github.com/sowdev/sow/cmd/internal/view"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

type applyOptions struct {
	datasetOptions
	approval
	sending
	file   string // of a saved plan
	json   bool
	full   bool
	events string
}

// sending is how a plan is carried out.
type sending struct {
	parallelism    int
	onError        string
	waitModeration time.Duration
	doubtWindow    time.Duration
	timeout        time.Duration
	lockTimeout    time.Duration
}

func (s *sending) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.IntVar(&s.parallelism, "parallelism", 16, "the largest `number` of requests under way at once")
	f.StringVar(&s.onError, "on-error", onErrorContinue, "`what` to do after a failure: continue with the other conversations, or stop")
	f.DurationVar(&s.waitModeration, "wait-moderation", 0, "how long to wait for the moderation of messages that expect a status")
	f.DurationVar(&s.doubtWindow, "doubt-window", 30*time.Second, "how long after a lost answer a message may still turn up in the app")
	f.DurationVar(&s.timeout, "timeout", 30*time.Second, "how long one request may take; sends with attachments may take four times as long")
	f.DurationVar(&s.lockTimeout, "lock-timeout", 0, "how long to wait for another run to end")
}

const (
	onErrorContinue = "continue"
	onErrorStop     = "stop"
)

// check refuses values that the flags' types let through.
func (s *sending) check() error {
	switch {
	case s.parallelism < 1 || s.parallelism > 1024:
		return usage("--parallelism %d is not between 1 and 1024.", s.parallelism)
	case s.onError != onErrorContinue && s.onError != onErrorStop:
		return usage("--on-error %q is neither continue nor stop.", s.onError)
	}
	for name, d := range map[string]time.Duration{"--wait-moderation": s.waitModeration, "--lock-timeout": s.lockTimeout} {
		if d < 0 {
			return usage("%s %s is negative.", name, d)
		}
	}
	for name, d := range map[string]time.Duration{"--doubt-window": s.doubtWindow, "--timeout": s.timeout} {
		if d <= 0 {
			return usage("%s %s is not above zero.", name, d)
		}
	}
	return nil
}

func newApplyCmd(r *run) *cobra.Command {
	o := &applyOptions{}
	cmd := &cobra.Command{
		Use:     "apply [DIR | FILE [DIR]]",
		GroupID: groupMain,
		Short:   "Seed the app",
		Long: `Shows the plan, asks, and carries it out: messages in their order, conversations
side by side, as fast as the app allows. FILE is a plan that sow plan --out has
saved; it is carried out as it is, or refused if the state of DIR has moved on.

Running it again is always right. What was sent is in the state; a message whose
answer was lost is looked for in the app before it is sent again. The first
Ctrl-C sends nothing new and lets what is under way settle; the second one ends
at once.

Without a terminal to ask on, --auto-approve, --expect or a saved plan must say
that the plan is agreed to. A plan that deletes needs --allow-deletes beside
--auto-approve, and one that removes more than 30 % of a dataset needs --force.`,
		Example: `  # without an account: seed the emulator, then look at it
  sow apply --emulator demo
  sow emulator demo

  # a real app
  export COMETCHAT_API_KEY=…
  sow apply --app-id 2604abc --region us demo

  # in CI, just what was reviewed
  sow apply demo.plan
  sow apply --expect sha256:… demo

  # every night
  sow apply --auto-approve --lock-timeout 10m demo`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 && isFile(args[0]) {
				return nil
			}
			return atMostOne("DIR or FILE")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && isFile(args[0]) {
				o.file, args = args[0], args[1:]
			}
			o.dir = dirOf(args)
			return runApply(cmd.Context(), r, o)
		},
	}
	o.bind(cmd)
	cmd.Flags().BoolVar(&o.allowDeletes, "allow-deletes", false, "let --auto-approve agree to deletes")
	cmd.Flags().BoolVar(&o.force, "force", false, "let the plan delete or replace more than 30 % of the dataset")
	return cmd
}

func (o *applyOptions) bind(cmd *cobra.Command) {
	o.datasetOptions.bind(cmd)
	o.approval.bind(cmd)
	o.sending.bind(cmd)
	f := cmd.Flags()
	f.BoolVar(&o.json, "json", false, "print a stream of events, one JSON object a line")
	f.BoolVar(&o.full, "full", false, "show all of the plan")
	f.StringVar(&o.events, "events", "", "also write the stream of events to a `file`")
}

func runApply(ctx context.Context, r *run, o *applyOptions) error {
	return o.withEvents(r, func() error {
		if o.file != "" {
			return o.applyFile(ctx, r)
		}
		return o.applyDir(ctx, r, false)
	})
}

// withEvents sets up what is shown, with the file of events beside it if there
// is to be one, and does the work.
func (o *applyOptions) withEvents(r *run, work func() error) error {
	if o.events == "" {
		r.show(stream(o.json), nil)
		return work()
	}
	file, err := os.Create(o.events)
	if err != nil {
		r.show(stream(o.json), nil)
		return wrap(err, exitError, "The events cannot be written", "Nothing was sent")
	}
	events := &firstError{w: file}
	r.show(stream(o.json), events)
	err = work()
	if err != nil {
		// The stream ends with the error, so it is told before the file closes.
		code := r.finish(err)
		err = status(code)
	}
	if lost := errors.Join(events.err, file.Close()); lost != nil && (err == nil || exitCode(err) == exitOK) {
		err = wrap(lost, exitError, "The events are not complete", "Everything else is done")
	}
	return err
}

// firstError remembers that something could not be written.
type firstError struct {
	w   io.Writer
	err error
}

func (f *firstError) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	if f.err == nil {
		f.err = err
	}
	return n, err
}

// applyDir plans what the configuration in a directory asks for, and carries
// it out once it is agreed to.
func (o *applyOptions) applyDir(ctx context.Context, r *run, destroy bool) error {
	if err := o.check(); err != nil {
		return err
	}
	d, err := o.openFor(ctx, r, destroy)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.target.needApp(); err != nil {
		return err
	}
	plan, err := d.plan(r, destroy)
	if err != nil {
		return err
	}
	defer plan.Close()
	return o.carryOut(ctx, r, d, plan)
}

// applyFile carries out a saved plan.
func (o *applyOptions) applyFile(ctx context.Context, r *run) error {
	if err := o.check(); err != nil {
		return err
	}
	plan, err := openPlan(o.file)
	if err != nil {
		return err
	}
	defer plan.Close()
	d, err := o.openSaved(ctx, r, plan)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.target.needApp(); err != nil {
		return err
	}
	o.reviewed = true
	return o.carryOut(ctx, r, d, plan)
}

// carryOut shows the plan, gets it agreed to, and applies it. Nothing is
// written to the app or the state before that.
func (o *applyOptions) carryOut(ctx context.Context, r *run, d *dataset, plan *planner.Plan) error {
	if err := lessGone(r.view.Plan(plan, view.PlanOptions{Full: o.full})); err != nil {
		return err
	}
	if err := o.guard(plan); err != nil {
		return err
	}
	if plan.Empty() {
		return o.nothingToDo(ctx, r, d)
	}
	key, err := d.key(r)
	if err != nil {
		return err
	}
	if d.target.Warning != "" {
		r.warn("The endpoint is not encrypted", d.target.Warning)
	}
	if err := o.ask(ctx, r, question(plan, d.target)); err != nil {
		return err
	}
	app, err := o.connect(r, d, key)
	if err != nil {
		return err
	}
	summary, err := o.apply(ctx, r, d, plan, app)
	if err := errors.Join(err, app.close()); err != nil || summary == nil {
		return err
	}
	return o.outcome(r, d, plan, summary)
}

// question is what is asked before a plan is carried out.
func question(p *planner.Plan, t target) string {
	doing := "Make these changes"
	if p.Destroy {
		doing = "Remove all of this from the app"
	}
	if t.emulator {
		return doing + " in the emulator?"
	}
	return fmt.Sprintf("%s in the app %s (%s)?", doing, t.AppID, t.Region)
}

// nothingToDo ends an apply of a plan without changes. A run that was cut off
// may have left a journal that only needs to be folded.
func (o *applyOptions) nothingToDo(ctx context.Context, r *run, d *dataset) error {
	if d.prior.Interrupted() != nil {
		lock, err := o.lock(ctx, r, d)
		if err != nil {
			return err
		}
		if err := errors.Join(lock.Fold(ctx), lock.Unlock()); err != nil {
			return err
		}
	}
	return d.outputs(r)
}

// outputs shows the outputs of the configuration, if there is one.
func (d *dataset) outputs(r *run) error {
	if d.config == nil || len(d.config.Outputs) == 0 {
		return nil
	}
	return r.view.Outputs(d.config.Outputs)
}

// lock takes the lock of the state and makes sure that the state is still the
// one that the plan was made from.
func (o *applyOptions) lock(ctx context.Context, r *run, d *dataset) (state.Lock, error) {
	if err := d.makeHome(); err != nil {
		return nil, wrap(err, exitError, "The emulator has no place", "Making its directory")
	}
	host, _ := os.Hostname() // "" is shown as it is
	lock, err := d.store.Lock(ctx, state.LockInfo{
		ID:      newRunID(),
		Host:    host,
		PID:     os.Getpid(),
		User:    cmp.Or(r.env.Getenv("USER"), r.env.Getenv("USERNAME")),
		Command: r.command,
		Started: r.env.Now(),
	}, o.lockTimeout)
	if err != nil {
		return nil, err
	}
	if err := d.unmoved(ctx); err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	return lock, nil
}

// newRunID names a run, so that its lock can be spoken of.
func newRunID() string {
	b := make([]byte, 6)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// unmoved refuses to go on when another run changed the state since it was
// read.
func (d *dataset) unmoved(ctx context.Context) error {
	now, err := d.store.Read(ctx)
	if err != nil {
		return err
	}
	defer now.Close()
	if now.Fingerprint() == d.prior.Fingerprint() {
		return nil
	}
	return fail(exitRefused, "The plan is stale",
		"%s was changed by another run after this plan was made. Nothing was sent. Plan again.", d.store.Location())
}

// apply carries out the plan under the lock.
func (o *applyOptions) apply(ctx context.Context, r *run, d *dataset, plan *planner.Plan, app *app) (*applier.Summary, error) {
	lock, err := o.lock(ctx, r, d)
	if err != nil {
		return nil, err
	}
	progress := r.view.Progress(plan)
	summary := applier.Apply(r.aborted, plan, d.prior, lock, app.client, applier.Options{
		Command:        r.command,
		Parallelism:    o.parallelism,
		StopOnError:    o.onError == onErrorStop,
		Stop:           ctx.Done(),
		WaitModeration: o.waitModeration,
		Rates:          app.rates,
		Window:         o.doubtWindow,
		Skew:           app.skew,
		Reporter:       progress,
	})
	progress.Close()
	return summary, lock.Unlock()
}

// outcome shows what came of an apply.
func (o *applyOptions) outcome(r *run, d *dataset, plan *planner.Plan, s *applier.Summary) error {
	end := ending(s)
	var failed *failure
	if errors.As(end, &failed) {
		return failed
	}
	err := r.view.Summary(s, view.SummaryOptions{State: d.store.Location(), Resume: o.command(r.verb), Look: o.look(d)})
	switch {
	case end != nil:
		return end
	case lessGone(err) != nil:
		return wrap(err, exitError, "The summary cannot be written", "Everything is done, and the state says so")
	case plan.Destroy:
		return nil
	}
	return d.outputs(r)
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
	case applier.FirstFailure:
		code, summary = exitPartial, "The first change failed"
	}
	detail := sentence(s.Err.Error()) + "."
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
