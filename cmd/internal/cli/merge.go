package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sowdev/sow/cmd/internal/view"
	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/state"
	"github.com/sowdev/sow/state/local"
)

type mergeOptions struct {
	applyOptions
	files []string
}

func newStateMergeCmd(r *run) *cobra.Command {
	o := &mergeOptions{}
	cmd := &cobra.Command{
		Use:   "merge [DIR] SHARD-STATE…",
		Short: "Bring what shards did into the state",
		Long: `Takes what the workers of sow plan --shards recorded into the state of the
dataset: all of it or, if anything is wrong, nothing. A shard that was applied in
part is taken in as far as it came, messages in doubt included. It can be merged
again later; merging one that has nothing new changes nothing.

Shards of another dataset, app or plan are refused, and so are those of a plan
that the state has moved on from. It uses neither the network nor a key.`,
		Example: `  sow state merge seed.*.shard.jsonl
  sow state merge demo results/seed.*.shard.jsonl`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 || len(args) == 1 && isDir(args[0]) {
				return usage("sow state merge takes the states of shards, which lie beside the shards as NAME.K%s.", shardSuffix)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dir = "."
			if isDir(args[0]) {
				o.dir, args = args[0], args[1:]
			}
			o.files = args
			return runStateMerge(cmd.Context(), r, o)
		},
	}
	o.datasetOptions.bind(cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, "print a JSON document")
	cmd.Flags().DurationVar(&o.lockTimeout, "lock-timeout", 0, "how long to wait for another run to end")
	return cmd
}

func runStateMerge(ctx context.Context, r *run, o *mergeOptions) error {
	v := r.show(document(o.json), nil)
	if o.lockTimeout < 0 {
		return usage("--lock-timeout %s is negative.", o.lockTimeout)
	}
	shards, err := o.openShards(ctx, r)
	defer func() {
		for _, s := range shards {
			s.close()
		}
	}()
	if err != nil {
		return err
	}
	d, err := o.openMerged(ctx, r, shards)
	if err != nil {
		return err
	}
	defer d.Close()
	lock, err := o.lock(ctx, r, d)
	if err != nil {
		return err
	}
	news, err := merge(ctx, lock, shards)
	if err = errors.Join(err, lock.Unlock()); err != nil {
		return err
	}
	now, err := d.store.Read(ctx)
	if err != nil {
		return err
	}
	defer now.Close()
	merged := now.Header().Merged
	if merged == nil {
		merged = &state.Merged{}
	}
	return v.Merge(view.Merge{
		Location: d.store.Location(), Given: len(shards), News: news, Merged: merged, Next: o.command("plan"),
	})
}

// shardInput is the state of a shard, locked if it can be.
type shardInput struct {
	path   string
	reader state.Reader
	lock   state.Lock // nil where the folder cannot be written: then nobody applies the shard there
}

func (s *shardInput) close() {
	if s.reader != nil {
		_ = s.reader.Close() // it was only read
	}
	if s.lock != nil {
		_ = s.lock.Unlock() // nothing was written
	}
}

// openShards reads the states of the shards. A worker that was cut off may have
// left a journal only.
func (o *mergeOptions) openShards(ctx context.Context, r *run) (shards []*shardInput, err error) {
	var seen []string
	for _, path := range o.files {
		path = strings.TrimSuffix(path, journalSuffix)
		if slices.Contains(seen, path) {
			continue
		}
		seen = append(seen, path)
		s := &shardInput{path: path}
		store := local.New(path)
		s.lock, err = store.Lock(ctx, o.lockInfo(r), 0)
		var access *state.AccessError
		if err != nil && !errors.As(err, &access) {
			return shards, err
		}
		shards = append(shards, s)
		if s.reader, err = store.Read(ctx); err != nil {
			return shards, err
		}
		if !s.reader.Exists() {
			return shards, wrap(os.ErrNotExist, exitError, "There is no state of a shard", "%s", path)
		}
		if s.reader.Header().Shard == nil {
			return shards, refuseMerge(path, "it is not the state of a shard")
		}
	}
	return shards, nil
}

func refuseMerge(path, what string) error {
	return fail(exitRefused, "The shard cannot be merged", "%s: %s. Nothing was changed.", path, what)
}

// openMerged finds the state that the shards are merged into. A first state is
// made only beside the configuration of the dataset.
func (o *mergeOptions) openMerged(ctx context.Context, r *run, shards []*shardInput) (*dataset, error) {
	h := shards[0].reader.Header()
	d := &dataset{dir: o.dir}
	var app config.App
	if cfg, diags := config.Load(o.dir, o.vars.options(r.env)); !diags.HasErrors() {
		d.config, app = cfg, cfg.App
	}
	app.AppID = cmp.Or(app.AppID, h.AppID)
	if err := o.locate(r, d, app); err != nil {
		return nil, err
	}
	if err := d.read(ctx); err != nil {
		return nil, err
	}
	d.target.complete(h.AppID, h.Region)
	err := errors.Join(d.guardWhole(), d.guardApp())
	switch {
	case err != nil:
	case d.target.AppID != h.AppID:
		err = refuseMerge(shards[0].path, fmt.Sprintf("it is of the app %s, and this is about %s", h.AppID, d.target.AppID))
	case !d.prior.Exists() && o.state == "" && (d.config == nil || d.config.Dataset != h.Dataset):
		err = fail(exitError, "Where is the dataset?",
			"The shards are of the dataset %q, and %s does not hold it. Name its directory, so that its state is kept there:\n  sow state merge DIR SHARD-STATE…", h.Dataset, o.dir)
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// merge takes the shards into the state that is locked.
func merge(ctx context.Context, lock state.Lock, shards []*shardInput) (news int, err error) {
	merger, ok := lock.(state.Merger)
	if !ok {
		return 0, fail(exitError, "The shards cannot be merged", "The place where the state is does not know how to.")
	}
	readers := make([]state.Reader, len(shards))
	for i, s := range shards {
		readers[i] = s.reader
	}
	news, err = merger.Merge(ctx, readers)
	if refused, ok := errors.AsType[*state.MergeError](err); ok {
		return 0, refuseMerge(shards[refused.Shard].path, refused.What)
	}
	return news, err
}
