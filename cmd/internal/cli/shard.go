package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sowdev/sow/applier"
	"github.com/sowdev/sow/cmd/internal/view"
	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
	"github.com/sowdev/sow/state/local"
)

// shardFile is the file that shard k of a plan is saved in: FILE with the
// number before its extension, or one named after the dataset in a directory.
func shardFile(out, dataset string, k int) string {
	if strings.HasSuffix(out, "/") || strings.HasSuffix(out, string(filepath.Separator)) || isDir(out) {
		out = filepath.Join(out, dataset+".sowplan")
	}
	ext := filepath.Ext(out)
	return fmt.Sprintf("%s.%d%s", strings.TrimSuffix(out, ext), k, ext)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// shardSuffix ends the name of a shard's state.
const shardSuffix = ".shard.jsonl"

// shardState is where the state of the shard in that file is kept, unless
// --state says otherwise.
func shardState(file string) string {
	return strings.TrimSuffix(file, filepath.Ext(file)) + shardSuffix
}

// saveShards cuts the plan and saves the shards, if they are to be saved.
func (o *planOptions) saveShards(d *dataset, plan *planner.Plan) ([]view.Shard, error) {
	shards, err := plan.Cut(d.prior, o.shards)
	if err != nil {
		return nil, wrap(err, exitError, "The plan cannot be cut", "Nothing was changed")
	}
	shown := make([]view.Shard, len(shards))
	for k, shard := range shards {
		shown[k].Plan = shard
		if o.out == "" {
			continue
		}
		shown[k].File = shardFile(o.out, plan.Dataset, k)
		if err := savePlan(shown[k].File, shard); err != nil {
			return nil, err
		}
	}
	return shown, nil
}

// checkShards refuses flags that do not go with --shards.
func (o *planOptions) checkShards() error {
	switch {
	case o.shards == 0:
		return nil
	case o.shards < 0 || o.shards > planner.MaxShards:
		return usage("--shards %d is not between 1 and %d.", o.shards, planner.MaxShards)
	case o.destroy:
		return usage("--shards does not go with --destroy: people and groups are deleted last, when all of their messages are.")
	case o.refresh:
		return usage("--shards does not go with --refresh: each worker has a state of its own, and what reading the app showed belongs to the dataset's. Take it in first:\n  %s", o.command("apply", "--refresh"))
	}
	return nil
}

// nextShards says how the shards are carried out.
func (o *planOptions) nextShards(p *planner.Plan, shards []view.Shard) string {
	if o.out == "" {
		return "To save the shards, each for a worker:\n  " + o.command("plan", "--shards", fmt.Sprint(o.shards), "--out", "FILE")
	}
	var args []string
	if p.Guard() != nil {
		args = append(args, "--force")
	}
	worker := o.datasetOptions
	worker.state, worker.vars = "", nil
	if !o.emulator {
		worker.dir = "." // it needs nothing but the file
	}
	apply := func(k int) string { return worker.command("apply", append(args, shellWord(shards[k].File))...) }
	return fmt.Sprintf("To carry them out, the first one first, then the others side by side:\n  %s\n  %s\nThen bring what they did together:\n  %s",
		apply(0), apply(1), o.mergeCommand(mergeArgs(shards)))
}

// mergeCommand is how to merge states of shards, which come last.
func (o *datasetOptions) mergeCommand(states string) string {
	here := *o
	here.dir = "."
	if o.dir == "." {
		return here.command("state merge", states)
	}
	return here.command("state merge", shellWord(o.dir), states)
}

// mergeArgs are the states of the shards, as a pattern for the shell.
func mergeArgs(shards []view.Shard) string {
	first := shardState(shards[0].File)
	return shellWord(strings.TrimSuffix(first, ".0"+shardSuffix)) + ".*" + shardSuffix
}

// applyShard carries out a shard, or what a run before has left of it.
func (o *applyOptions) applyShard(ctx context.Context, r *run, plan *planner.Plan) error {
	d, err := o.openShard(ctx, r, plan)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.target.needApp(); err != nil {
		return err
	}
	o.reviewed, o.shard = true, true
	if !d.own.Exists() {
		return o.carryOut(ctx, r, d, plan)
	}
	rest, err := plan.Rest(d.own, newSpool)
	if err != nil {
		return wrap(err, exitError, "The plan cannot be held against the state", "Nothing was sent")
	}
	defer rest.Close()
	if last := d.own.Interrupted(); last != nil || !rest.Empty() {
		r.view.Note("A run has done a part of this shard. What is left is shown.")
	}
	return o.carryOut(ctx, r, d, rest)
}

// openShard finds the state of a shard, which lies beside the shard's file, and
// refuses a shard that what is known of the dataset's state has moved on from.
func (o *applyOptions) openShard(ctx context.Context, r *run, plan *planner.Plan) (*dataset, error) {
	if plan.AppID == "" {
		return nil, planForNoApp()
	}
	d := &dataset{dir: o.dir, shard: plan.Shard}
	var app config.App
	if cfg, diags := config.Load(o.dir, o.vars.options(r.env)); !diags.HasErrors() && cfg.Dataset == plan.Dataset {
		d.config, app = cfg, cfg.App
	}
	app.AppID = cmp.Or(app.AppID, plan.AppID)
	whole := o.datasetOptions
	whole.state = ""
	if err := whole.locate(r, d, app); err != nil {
		return nil, err
	}
	if err := d.meant(plan); err != nil {
		return nil, err
	}
	if d.config != nil && !d.target.emulator {
		if err := d.target.allow(d.config.AllowedApps); err != nil {
			return nil, err
		}
	}
	own := local.New(cmp.Or(o.state, shardState(o.file)))
	if err := d.openOwn(ctx, own, plan); err != nil {
		return nil, err
	}
	if err := d.follows(ctx, plan); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	d.store = state.ShardStore(own, plan.Shard.Around.Conversations)
	d.prior = state.InShard(d.own, plan.Shard.Header, plan.Shard.Around)
	return d, nil
}

// openOwn reads the state that the shard has of its own.
func (d *dataset) openOwn(ctx context.Context, store state.Store, plan *planner.Plan) error {
	own, err := store.Read(ctx)
	if err != nil {
		return err
	}
	d.own, d.prior = own, own
	h := own.Header()
	switch {
	case !own.Exists():
		return nil
	case h.Shard == nil:
		err = fail(exitRefused, "The state is not a shard's",
			"%s is the state of the dataset %q, and a shard has one of its own. Nothing was sent. Leave --state out, or name another file.", store.Location(), h.Dataset)
	case *h.Shard != *plan.Shard.Header.Shard || h.Lineage != plan.Shard.Header.Lineage:
		err = fail(exitRefused, "The state is of another shard",
			"%s is what was done of shard %d of the plan %s, and this is shard %d of %s. Nothing was sent. Merge that one with sow state merge, then move it away; or name another file with --state.",
			store.Location(), h.Shard.Number, shortDigest(h.Shard.Plan), plan.Shard.Number, shortDigest(plan.Shard.Whole))
	}
	if err != nil {
		return errors.Join(err, own.Close())
	}
	return nil
}

// shortDigest is the beginning of a digest, for people.
func shortDigest(digest string) string { return digest[:min(len(digest), len("sha256:")+8)] }

// follows refuses a shard when the state of the dataset is at hand and is not
// the one that the plan was made from, but for other shards. Most workers have
// none; then it shows when the shard is merged.
func (d *dataset) follows(ctx context.Context, plan *planner.Plan) error {
	if d.store == nil || d.homeless() {
		return nil
	}
	whole, err := d.store.Read(ctx)
	if err != nil {
		return err
	}
	defer whole.Close()
	h, shard := whole.Header(), plan.Shard.Header.Shard
	if !whole.Exists() || h.Dataset != plan.Dataset || whole.Fingerprint() == shard.Base {
		return nil
	}
	if m := h.Merged; m != nil && m.Plan == shard.Plan && m.Base == shard.Base {
		for _, merged := range m.Shards {
			if merged.Number == shard.Number && !d.own.Exists() {
				return fail(exitRefused, "The shard was applied already",
					"%s has taken in what was done of shard %d, and a plan is applied once. Nothing was sent. Plan again to see whether there is more to do.", d.store.Location(), shard.Number)
			}
		}
		return nil
	}
	return fail(exitRefused, "The plan is stale",
		"%s has moved on since the plan was cut into shards. Nothing was sent. Plan again.", d.store.Location())
}

// record leaves the state of a shard that has nothing to do, so that every
// worker leaves one.
func (o *applyOptions) record(ctx context.Context, r *run, d *dataset) error {
	if d.own.Exists() && d.own.Interrupted() == nil {
		_ = d.store.Tidy(ctx) // a worker that died at its very end has left its files
		return nil
	}
	lock, err := o.lock(ctx, r, d)
	if err != nil {
		return err
	}
	journal, err := lock.Begin(ctx, state.Run{ID: newRunID(), Started: r.env.Now(), Command: r.command, Plan: d.shard.Whole}, d.prior.Header())
	if err == nil {
		err = journal.Close()
	}
	if err == nil {
		err = lock.Fold(ctx)
	}
	return errors.Join(err, lock.Unlock())
}

// limits are what the run may use of the app's limits.
func (d *dataset) limits() applier.Limits {
	if d.shard == nil {
		return limits(d.config)
	}
	pace := d.shard.Pace
	return applier.Limits{
		RequestsPerMinute: pace.RequestsPerMinute, CoreRequestsPerMinute: pace.CorePerMinute,
		MessagesPerUserPerMinute: pace.SenderPerMinute,
		Share:                    pace.Share, SenderShare: pace.SenderShare,
	}
}

func planForNoApp() error {
	return fail(exitRefused, "The plan is for no app",
		"When it was made, nobody said which app it is for. Nothing was sent. Plan again, with --app-id or %s.", envAppID)
}
