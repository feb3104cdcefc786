package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sowdev/sow/cmd/internal/view"
)

type showOptions struct {
	datasetOptions
	json bool
	full bool
}

func newShowCmd(r *run) *cobra.Command {
	o := &showOptions{}
	cmd := &cobra.Command{
		Use:     "show [DIR | FILE]",
		GroupID: groupState,
		Short:   "Show the state, or a saved plan",
		Long: `Shows what was seeded, people and conversations, from the state of DIR; or a
plan that sow plan --out has saved in FILE. A state in another place is given
with --state, or as FILE. It uses neither the network nor a key.`,
		Example: `  sow show demo
  sow show demo.plan
  sow show --json demo | jq .`,
		Args: atMostOne("DIR or FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dir = dirOf(args)
			return runShow(cmd.Context(), r, o)
		},
	}
	o.bind(cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, "print a JSON document")
	cmd.Flags().BoolVar(&o.full, "full", false, "cut nothing")
	return cmd
}

func runShow(ctx context.Context, r *run, o *showOptions) error {
	v := r.show(document(o.json), nil)
	if isFile(o.dir) {
		if !strings.HasSuffix(o.dir, ".jsonl") {
			return showPlan(v, o)
		}
		o.dir, o.state = filepath.Dir(o.dir), o.dir
	}
	d, err := o.openState(ctx, r)
	if err != nil {
		return err
	}
	defer d.Close()
	if !d.prior.Exists() {
		return d.noState()
	}
	return v.State(d.prior, view.StateOptions{Full: o.full, Location: d.store.Location()})
}

// showPlan shows a saved plan.
func showPlan(v *view.View, o *showOptions) error {
	plan, err := openPlan(o.dir)
	if err != nil {
		return err
	}
	defer plan.Close()
	return v.Plan(plan, view.PlanOptions{Full: o.full})
}

// noState is the failure of a command that looks into a state where there is
// none.
func (d *dataset) noState() error {
	where := "in " + d.dir
	if d.store != nil {
		where = "at " + d.store.Location()
	}
	return fail(exitError, "There is no state",
		"Nothing was seeded yet: there is no state %s. The first sow apply makes one. What was seeded with --emulator is shown with --emulator.", where)
}

// isFile reports whether path is there and is no directory.
func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}
