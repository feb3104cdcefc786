package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
)

type applyOptions struct {
	datasetOptions
	refresh bool
	approval
	sending
	file    string // of a saved plan
	shard   bool   // which is a shard
	json    bool
	full    bool
	events  string
	receipt string
}

// sending is how a plan is carried out.
type sending struct {
	requests
	onError        string
	waitModeration time.Duration
	lockTimeout    time.Duration
}

func (s *sending) bind(cmd *cobra.Command) {
	s.requests.bind(cmd)
	f := cmd.Flags()
	f.StringVar(&s.onError, "on-error", onErrorContinue, "`what` to do after a failure: continue with the other conversations, or stop")
	f.DurationVar(&s.waitModeration, "wait-moderation", 0, "how long to wait for the moderation of messages that expect a status")
	f.DurationVar(&s.lockTimeout, "lock-timeout", 0, "how long to wait for another run to end")
}

const (
	onErrorContinue = "continue"
	onErrorStop     = "stop"
)

// check refuses values that the flags' types let through.
func (s *sending) check() error {
	if err := s.requests.check(); err != nil {
		return err
	}
	if s.onError != onErrorContinue && s.onError != onErrorStop {
		return usage("--on-error %q is neither continue nor stop.", s.onError)
	}
	for name, d := range map[string]time.Duration{"--wait-moderation": s.waitModeration, "--lock-timeout": s.lockTimeout} {
		if d < 0 {
			return usage("%s %s is negative.", name, d)
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
A shard, which sow plan --shards has saved, needs no state: it keeps its own
beside FILE, and goes on from there when it is applied again.

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

  # a part of a plan that was cut for several workers
  sow apply demo.3.sowplan

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
	bindRefresh(cmd, &o.refresh)
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
	f.StringVar(&o.receipt, "receipt", "", "write what was done, object by object, to a `file`")
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
	if r.env.Applying != nil {
		r.env.Applying()
	}
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
	if o.refresh {
		if err := o.readFirst(ctx, r, d, destroy); err != nil {
			return err
		}
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
	if o.refresh {
		return usage("--refresh reads the app before a plan is made, and %s is one already: give --refresh to sow plan.", o.file)
	}
	plan, err := openPlan(o.file)
	if err != nil {
		return err
	}
	defer plan.Close()
	if plan.Shard != nil {
		return o.applyShard(ctx, r, plan)
	}
	d, err := o.openSaved(ctx, r, plan)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.target.needApp(); err != nil {
		return err
	}
	if err := d.amend(ctx, plan); err != nil {
		return err
	}
	o.reviewed = true
	return o.carryOut(ctx, r, d, plan)
}
