package cli

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"

	"github.com/sowdev/sow/applier"
	"github.com/sowdev/sow/cmd/internal/view"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// carryOut shows the plan, gets it agreed to, and applies it. Nothing is
// written to the app or the state before that.
func (o *applyOptions) carryOut(ctx context.Context, r *run, d *dataset, plan *planner.Plan) error {
	if err := lessGone(r.view.Plan(plan, view.PlanOptions{Full: o.full})); err != nil {
		return err
	}
	if err := o.guard(plan); err != nil {
		return err
	}
	receipt, err := o.openReceipt(plan)
	if err != nil {
		return err
	}
	return errors.Join(o.carryOutWith(ctx, r, d, plan, receipt), receipt.close())
}

// carryOutWith is carryOut with a place for the receipt, or nil.
func (o *applyOptions) carryOutWith(ctx context.Context, r *run, d *dataset, plan *planner.Plan, receipt *receipt) error {
	if plan.Empty() {
		if err := o.nothingToDo(ctx, r, d, plan); err != nil {
			return err
		}
		return receipt.write(ctx, r, d, &applier.Summary{})
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
	lock, err := o.lock(ctx, r, d)
	if err != nil {
		return err
	}
	app, err := o.connect(r, d, key)
	if err != nil {
		return errors.Join(err, lock.Unlock())
	}
	summary := o.apply(ctx, r, d, plan, lock, app, receipt)
	unwritten := receipt.write(ctx, r, d, summary)
	err = errors.Join(app.close(), lock.Unlock())
	err = errors.Join(o.outcome(r, d, plan, summary), err)
	if err == nil {
		return unwritten
	}
	r.view.Diagnostics(diagnose(unwritten), nil)
	return err
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

// nothingToDo ends an apply of a plan without changes. What a refresh found is
// recorded all the same, and a run that was cut off may have left a journal that
// only needs to be folded.
func (o *applyOptions) nothingToDo(ctx context.Context, r *run, d *dataset, plan *planner.Plan) error {
	if d.shard != nil {
		return o.record(ctx, r, d)
	}
	record := func(lock state.Lock) error { return lock.Fold(ctx) }
	switch {
	case plan.Found != nil && plan.Found.Corrections() > 0:
		record = func(lock state.Lock) error { return applier.Record(ctx, plan, d.known(), lock, r.command) }
	case d.prior.Interrupted() == nil:
		_ = d.store.Tidy(ctx) // a run that died at its very end has left its files
		return d.outputs(r)
	}
	lock, err := o.lock(ctx, r, d)
	if err != nil {
		return err
	}
	if err := errors.Join(record(lock), lock.Unlock()); err != nil {
		return err
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
	lock, err := d.store.Lock(ctx, o.lockInfo(r), o.lockTimeout)
	if err != nil {
		return nil, o.explainLock(err)
	}
	if err := d.unmoved(ctx); err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	return lock, nil
}

// lockInfo says who holds a lock of this run.
func (o *applyOptions) lockInfo(r *run) state.LockInfo {
	host, _ := os.Hostname() // "" is shown as it is
	return state.LockInfo{
		ID:      newRunID(),
		Host:    host,
		PID:     os.Getpid(),
		User:    cmp.Or(r.env.Getenv("USER"), r.env.Getenv("USERNAME")),
		Command: r.command,
		Started: r.env.Now(),
	}
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
func (o *applyOptions) apply(ctx context.Context, r *run, d *dataset, plan *planner.Plan, lock state.Lock, app *app, receipt *receipt) *applier.Summary {
	progress := r.view.Progress()
	defer progress.Close()
	return applier.Apply(r.aborted, plan, d.known(), lock, app.client, applier.Options{
		Command:        r.command,
		Parallelism:    o.parallelism,
		StopOnError:    o.onError == onErrorStop,
		Stop:           ctx.Done(),
		WaitModeration: o.waitModeration,
		Rates:          app.rates,
		Window:         o.doubtWindow,
		Skew:           app.skew,
		Reporter:       receipt.beside(progress),
	})
}
