package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sowdev/sow/state"
)

type forceUnlockOptions struct {
	datasetOptions
	id    string
	force bool
}

func newForceUnlockCmd(r *run) *cobra.Command {
	o := &forceUnlockOptions{}
	cmd := &cobra.Command{
		Use:     "force-unlock LOCK-ID [DIR]",
		GroupID: groupState,
		Short:   "Take the lock of the state away from a run that cannot give it back",
		Long: `Takes the lock of the state away from the run with that id. Whoever is told that
the state is locked is told the id.

It is seldom needed: a lock ends with the process that holds it, however that
ends. What is left are runs on another machine that shares the folder and has
gone away. A run that is alive on this machine keeps its lock; end its process
instead. Should a run come back whose lock was taken away, its next record
fails, and it sends nothing more.

It asks before it does so; --force is for where there is nobody to ask.`,
		Example: `  sow force-unlock 3f9a1c07d2be demo
  sow force-unlock --force 3f9a1c07d2be demo`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 || len(args) == 2 {
				return nil
			}
			return usage("%s takes the id of the lock, and then the directory if it is another one. The id is told by the run that found the state locked.", cmd.CommandPath())
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.id, o.dir = args[0], dirOf(args[1:])
			return runForceUnlock(cmd.Context(), r, o)
		},
	}
	o.bind(cmd)
	cmd.Flags().BoolVar(&o.force, "force", false, "do not ask")
	return cmd
}

func runForceUnlock(ctx context.Context, r *run, o *forceUnlockOptions) error {
	d, err := o.find(r)
	if err != nil {
		return err
	}
	if d.store == nil || d.homeless() {
		return d.noState()
	}
	holder, err := d.store.Holder()
	if err != nil {
		return err
	}
	if holder != nil && holder.ID == o.id {
		if err := o.agree(ctx, r, d, holder); err != nil {
			return err
		}
	}
	if err := d.store.ForceUnlock(o.id); err != nil {
		return o.explain(err, d)
	}
	return r.view.Say("The lock is free. Whatever the run had under way, the next one settles:\n\n  " + o.command("apply") + "\n")
}

// agree asks whether the lock is to be taken away from that run.
func (o *forceUnlockOptions) agree(ctx context.Context, r *run, d *dataset, holder *state.LockInfo) error {
	if o.force {
		return nil
	}
	const unchanged = "The lock is as it was."
	if !r.env.Terminal.Stdin {
		return fail(exitRefused, "Nobody approved", "There is no terminal to ask on. %s Take it away without being asked:\n  --force", unchanged)
	}
	question := fmt.Sprintf("%s is locked by %s\nTake the lock away?", d.store.Location(), describeHolder(holder))
	yes, err := r.confirm(ctx, question)
	if err == nil && !yes {
		err = fail(exitRefused, "Not approved", "The answer was not \"yes\". %s", unchanged)
	}
	return err
}

// explain says why the lock was not taken away.
func (o *forceUnlockOptions) explain(err error, d *dataset) error {
	var (
		locked *state.LockedError
		alive  *state.AliveError
	)
	switch {
	case errors.Is(err, state.ErrNotLocked):
		return fail(exitError, "The state is not locked", "No run holds the lock of %s. There is nothing to take away.", d.store.Location())
	case errors.As(err, &alive):
		return &failure{code: exitLocked, summary: "The run is alive", err: err, detail: fmt.Sprintf(
			"%v. Its lock was not taken away: two runs at once would send twice. Wait for it, or end it and the lock ends with it; what it has under way is then settled by the next run:\n  kill %d",
			alive, alive.Holder.PID)}
	case errors.As(err, &locked) && locked.Holder != nil:
		return &failure{code: exitLocked, summary: "Another run holds the lock", err: err, detail: fmt.Sprintf(
			"%s is locked by %s, and %q is not its id. Nothing was changed.", locked.Location, describeHolder(locked.Holder), o.id)}
	}
	return err
}

// describeHolder says all that is known of the holder of a lock.
func describeHolder(h *state.LockInfo) string {
	by := ""
	if h.User != "" {
		by = " by " + h.User
	}
	return fmt.Sprintf("%s, run%s as process %d on %s since %s (lock id %s)", h.Command, by, h.PID, h.Host, h.Started.UTC().Format(time.RFC3339), h.ID)
}

// explainLock says who holds the lock that an apply did not get, and what can
// be done.
func (o *datasetOptions) explainLock(err error) error {
	var locked *state.LockedError
	if !errors.As(err, &locked) || locked.Holder == nil || locked.Holder.ID == "" {
		return err
	}
	return &failure{code: exitLocked, summary: "The state is locked", err: err, detail: fmt.Sprintf(
		"%v. The id of the lock is %s.\n\nWait for that run to end, or give this one time to wait with --lock-timeout 5m. The lock ends with the process that holds it; if that was on a machine that is gone, take the lock away:\n  %s",
		locked, locked.Holder.ID, o.command("force-unlock", shellWord(locked.Holder.ID)))}
}
