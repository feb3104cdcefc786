package cli

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/sowdev/sow/applier"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

func bindRefresh(cmd *cobra.Command, refresh *bool) {
	cmd.Flags().BoolVar(refresh, "refresh", false, "read the app first, and plan against what is really there")
}

// readFirst reads the app, so that the next plan is made against what is there.
// It changes nothing.
func (q *requests) readFirst(ctx context.Context, r *run, d *dataset, destroy bool) error {
	app, err := q.reach(r, d)
	if err != nil {
		return err
	}
	declare := func(known state.Reader) (*planner.Plan, error) {
		plan, _, err := d.build(r, destroy, known)
		return plan, err
	}
	progress := r.view.Reading()
	refreshed, err := applier.Refresh(ctx, d.folder(), declare, app.client, q.reading(d, app, progress, ctx.Done()))
	progress.Close()
	if err = errors.Join(unread(err), app.close()); err != nil {
		return err
	}
	d.refreshed, d.found = refreshed.Reader, refreshed.Found
	return nil
}

// reach prepares the requests of a command that only reads.
func (q *requests) reach(r *run, d *dataset) (*app, error) {
	if err := d.target.needApp(); err != nil {
		return nil, err
	}
	key, err := d.key(r)
	if err != nil {
		return nil, err
	}
	if d.target.Warning != "" {
		r.warn("The endpoint is not encrypted", d.target.Warning)
	}
	return q.connect(r, d, key)
}

// reading says how the app is read.
func (q *requests) reading(d *dataset, app *app, reporter applier.Reporter, stop <-chan struct{}) applier.ReadOptions {
	return applier.ReadOptions{
		Options: applier.Options{
			Parallelism: q.parallelism,
			Stop:        stop,
			Rates:       app.rates,
			Window:      q.doubtWindow,
			Skew:        app.skew,
			Reporter:    reporter,
		},
		Written: d.written(),
		Spool:   newSpool,
	}
}

// folder is the state as it was read.
func (d *dataset) folder() state.Folder {
	folder, ok := d.prior.(state.Folder)
	if !ok {
		panic("cli: the store reads states that cannot be folded")
	}
	return folder
}

// written is when the state was last written; zero when nobody knows.
func (d *dataset) written() (last time.Time) {
	if d.store == nil {
		return last
	}
	for _, path := range []string{d.store.Location(), d.store.Location() + journalSuffix} {
		if info, err := os.Stat(path); err == nil && info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	return last
}

// amend takes up what was found when a saved plan was made.
func (d *dataset) amend(ctx context.Context, plan *planner.Plan) (err error) {
	if plan.Found == nil {
		return nil
	}
	d.refreshed, err = applier.Amend(ctx, d.folder(), plan.Found, newSpool)
	return err
}

// unread turns the end of a reading into what the command fails with.
func unread(err error) error {
	var stop *applier.StopError
	if !errors.As(err, &stop) {
		return err
	}
	if stop.Cause == applier.Aborted {
		return context.Canceled
	}
	return stopped(stop)
}
