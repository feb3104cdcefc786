package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"

	"github.com/sowdev/sow/cmd/internal/view"
	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/planner/planfile/wholefile"
	"github.com/sowdev/sow/state"
)

type planOptions struct {
	datasetOptions
	requests
	refresh          bool
	destroy          bool
	detailedExitCode bool
	json             bool
	full             bool
	markdown         string
	out              string
	shards           int
}

func newPlanCmd(r *run) *cobra.Command {
	o := &planOptions{}
	cmd := &cobra.Command{
		Use:     "plan [DIR]",
		GroupID: groupMain,
		Short:   "Show what would change",
		Long: `Compares the configuration with the state and shows what sow apply would do:
deletes first, then people and groups, then every conversation as it would read.
It uses neither the network nor a key, so it can run anywhere, for a pull
request from a fork too. The same configuration and state give the same plan,
and the same digest, to the byte.

With --refresh the app is read first, which needs the key and changes nothing,
and the plan is made against what is really there: what is missing is planned
again, what the state does not know is taken in, what others edited is set right.

A plan that is saved with --out holds everything that sow apply needs to carry
out just that plan. It may hold sensitive values, so only its owner can read it.

With --shards N it is cut by conversation: FILE.0 has what the others need, and
FILE.1 to FILE.N can then be applied side by side, each on a machine of its own
that has nothing but the file. What they did is brought together by sow state
merge. If --out is a directory, the files are named after the dataset.`,
		Example: `  sow plan demo

  # in a pull request: a comment, a saved plan, and code 2 if there are changes
  sow plan --markdown plan.md --out demo.plan --detailed-exitcode demo

  # for 16 workers: demo.0.sowplan first, then demo.1.sowplan to demo.16.sowplan
  sow plan --shards 16 --out demo.sowplan demo

  # what would destroy remove?
  sow plan --destroy demo`,
		Args: atMostOne("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dir = dirOf(args)
			return runPlan(cmd.Context(), r, o)
		},
	}
	o.datasetOptions.bind(cmd)
	o.requests.bind(cmd)
	bindRefresh(cmd, &o.refresh)
	f := cmd.Flags()
	f.BoolVar(&o.destroy, "destroy", false, "plan to remove the dataset")
	f.BoolVar(&o.detailedExitCode, "detailed-exitcode", false, "end with code 2 if there are changes, 0 if there are none")
	f.BoolVar(&o.json, "json", false, "print a JSON document")
	f.BoolVar(&o.full, "full", false, "cut nothing")
	f.StringVar(&o.markdown, "markdown", "", "also write the plan to a `file` as a comment for a pull request")
	f.StringVar(&o.out, "out", "", "save the plan to a `file` for sow apply")
	f.IntVar(&o.shards, "shards", 0, "cut the plan into a first part and this `number` of parts for as many workers")
	return cmd
}

func runPlan(ctx context.Context, r *run, o *planOptions) error {
	v := r.show(document(o.json), nil)
	if err := o.checkShards(); err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return err
	}
	d, err := o.openFor(ctx, r, o.destroy)
	if err != nil {
		return err
	}
	defer d.Close()
	if o.refresh {
		if err := o.readFirst(ctx, r, d, o.destroy); err != nil {
			return err
		}
	}
	plan, err := d.plan(r, o.destroy)
	if err != nil {
		return err
	}
	defer plan.Close()
	shown := view.PlanOptions{Full: o.full, Next: o.next(plan)}
	if o.shards > 0 {
		if shown.Shards, err = o.saveShards(d, plan); err != nil {
			return err
		}
		shown.Next = o.nextShards(plan, shown.Shards)
	} else if o.out != "" {
		if err := savePlan(o.out, plan); err != nil {
			return err
		}
	}
	if o.markdown != "" {
		if err := writeMarkdown(o.markdown, plan); err != nil {
			return wrap(err, exitError, "The plan cannot be written", "As Markdown")
		}
	}
	if err := v.Plan(plan, shown); lessGone(err) != nil {
		return err
	}
	if o.detailedExitCode && !plan.Empty() {
		return status(exitChanges)
	}
	return nil
}

// writeMarkdown writes the plan to a file, or to a device such as /dev/stderr.
func writeMarkdown(path string, plan *planner.Plan) (err error) {
	const readable = 0o666
	f, err := wholefile.Create(path, readable)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Cleanup()) }()
	if err := view.Markdown(f, plan); err != nil {
		return err
	}
	return f.CloseAtomicallyReplace()
}

// next is what to do with the plan.
func (o *planOptions) next(p *planner.Plan) string {
	if o.out != "" && p.AppID == "" {
		return "It says nothing of an app, so it cannot be carried out. For one that can be, name the app:\n  export COMETCHAT_APP_ID=…"
	}
	name, args := "apply", []string(nil)
	if p.Guard() != nil {
		args = append(args, "--force")
	}
	switch {
	case o.out != "":
		args = append(args, shellWord(o.out))
	case o.destroy:
		name = "destroy"
	case o.refresh:
		args = append([]string{"--refresh"}, args...)
	}
	return "To carry it out:\n  " + o.command(name, args...)
}

// command is how to call another command for the same dataset and app.
func (o *datasetOptions) command(name string, args ...string) string {
	words := []string{"sow", name}
	if o.emulator {
		words = append(words, "--emulator")
	}
	if o.state != "" {
		words = append(words, "--state", shellWord(o.state))
	}
	for _, v := range o.vars {
		if v.File != "" {
			words = append(words, "--var-file", shellWord(v.File))
		} else {
			words = append(words, "--var", shellWord(v.Name+"=…"))
		}
	}
	words = append(words, args...)
	if o.dir != "." {
		words = append(words, shellWord(o.dir))
	}
	return strings.Join(words, " ")
}

// plan computes the plan and shows the warnings. A destroy needs no
// configuration.
func (d *dataset) plan(r *run, destroy bool) (*planner.Plan, error) {
	if last := d.prior.Interrupted(); last != nil {
		r.view.Note(fmt.Sprintf("A run that began at %s has not ended. The plan counts with what it has done so far.", last.Started.UTC().Format(time.RFC3339)))
	}
	plan, diags, err := d.build(r, destroy, d.known())
	if err != nil {
		return nil, err
	}
	plan.Found = d.found
	if len(diags) > 0 {
		r.view.Diagnostics(diags, r.sources)
	}
	return plan, nil
}

// build computes the plan from what is known. The diagnostics are warnings.
func (d *dataset) build(r *run, destroy bool, known state.Reader) (*planner.Plan, hcl.Diagnostics, error) {
	opts := planner.Options{
		AppID:  d.target.AppID,
		Region: d.target.Region,
		Now:    r.env.Now().Unix(),
		Spool:  newSpool,
	}
	var (
		plan  *planner.Plan
		diags hcl.Diagnostics
		err   error
	)
	if destroy {
		if d.config != nil {
			opts.App = d.config.App
		}
		plan, diags, err = planner.BuildDestroy(known, opts)
		if plan != nil && plan.Dataset == "" { // there is no state that would say it
			plan.Dataset = d.name()
		}
	} else {
		plan, diags, err = planner.Build(d.config, known, opts)
	}
	diags = config.Merge(d.diags, diags)
	switch {
	case diags.HasErrors():
		return nil, nil, diags
	case err != nil:
		return nil, nil, unplanned(err)
	}
	return plan, diags, nil
}

// unplanned is the failure of a plan that cannot be made.
func unplanned(err error) error {
	var full *planner.SpoolError
	if !errors.As(err, &full) {
		return wrap(err, exitError, "The plan cannot be made", "Nothing was changed")
	}
	return fail(exitError, "The plan cannot be made",
		"Plans of more than 256 KB go through a temporary file, and it cannot be written:\n  %v\nNothing was changed. Free some space there, or name another folder with TMPDIR.", full.Err)
}

// spool is a temporary file for a plan that is too large for memory. It has no
// name where the system lets an open file go without.
type spool struct{ *os.File }

func newSpool() (planner.Spool, error) {
	f, err := os.CreateTemp("", "sow-plan-*")
	if err != nil {
		return nil, err
	}
	s := spool{f}
	_ = os.Remove(f.Name()) // where this fails, Close does it
	return s, nil
}

func (s spool) Close() error {
	err := s.File.Close()
	if rmErr := os.Remove(s.Name()); rmErr != nil && !errors.Is(rmErr, fs.ErrNotExist) {
		err = errors.Join(err, rmErr)
	}
	return err
}
