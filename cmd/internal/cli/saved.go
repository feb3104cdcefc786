package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/planner/planfile"
)

// savePlan saves a plan for a later apply.
func savePlan(path string, plan *planner.Plan) error {
	if err := planfile.WriteFile(path, plan); err != nil {
		return &failure{code: exitError, summary: "The plan cannot be saved", err: err,
			detail: sentence(err.Error()) + ". Nothing was changed. Make room there, or give --out another place."}
	}
	return nil
}

// openPlan opens a saved plan. One that was tampered with is refused like one
// that is stale.
func openPlan(path string) (*planner.Plan, error) {
	plan, err := planfile.Open(path)
	var damage *planfile.DamageError
	switch {
	case err == nil:
		return plan, nil
	case errors.As(err, &damage):
		return nil, &failure{code: exitRefused, summary: "The saved plan is damaged", err: err, detail: err.Error() + "."}
	case errors.Is(err, planfile.ErrNotPlan):
		return nil, &failure{code: exitError, summary: "The saved plan cannot be read", err: err,
			detail: fmt.Sprintf("%s is not a plan that sow plan --out has saved. To apply a configuration, name its directory:\n  sow apply %s", path, shellWord(filepath.Dir(path)))}
	}
	return nil, &failure{code: exitError, summary: "The saved plan cannot be read", err: err, detail: err.Error() + "."}
}

// openSaved finds the state that a saved plan was made from. The plan says
// which app it is for; the directory says where the state is. A first state is
// made only beside the configuration of that dataset: anywhere else, the next
// plan would not find it, and seed everything once more.
func (o *datasetOptions) openSaved(ctx context.Context, r *run, plan *planner.Plan) (*dataset, error) {
	if plan.AppID == "" {
		return nil, planForNoApp()
	}
	cfg, diags := config.Load(o.dir, o.vars.options(r.env))
	d := &dataset{dir: o.dir}
	var app config.App
	if !diags.HasErrors() {
		d.config, app = cfg, cfg.App
	}
	app.AppID = cmp.Or(app.AppID, plan.AppID)
	if err := o.locate(r, d, app); err != nil {
		return nil, err
	}
	if err := d.meant(plan); err != nil {
		return nil, err
	}
	if err := d.read(ctx); err != nil {
		return nil, err
	}
	err := d.fits(plan)
	if err == nil && !d.prior.Exists() && o.state == "" && cfg.Dataset != plan.Dataset {
		err = fail(exitError, "Where is the dataset?",
			"The plan is for the dataset %q, and %s does not hold it. Name its directory, so that its state is kept there:\n  sow apply PLAN DIR", plan.Dataset, o.dir)
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// meant refuses to carry out a plan in another app than it was made for.
func (d *dataset) meant(plan *planner.Plan) error {
	t := &d.target
	if t.AppID != plan.AppID || t.Region != "" && plan.Region != "" && t.Region != plan.Region {
		return fail(exitRefused, "The plan is for another app",
			"It was made for %s, and this is about %s. Nothing was sent. Leave the app out, for the plan says it, or plan again.",
			placeOf(plan.AppID, plan.Region), placeOf(t.AppID, t.Region))
	}
	t.complete(plan.AppID, plan.Region)
	return nil
}

// fits refuses a plan that the state has moved on from.
func (d *dataset) fits(plan *planner.Plan) error {
	if err := d.guardApp(); err != nil {
		return err
	}
	err := planfile.Stale(plan, d.prior)
	var stale *planfile.StaleError
	if errors.As(err, &stale) {
		return &failure{code: exitRefused, summary: "The plan is stale", detail: sentence(stale.Error()) + ".", err: err}
	}
	if err != nil {
		return wrap(err, exitError, "The plan cannot be held against the state", "Nothing was sent")
	}
	if d.target.emulator || d.config == nil {
		return nil
	}
	return d.target.allow(d.config.AllowedApps)
}

// placeOf says which app that is.
func placeOf(appID, region string) string {
	if region == "" {
		return "the app " + appID
	}
	return "the app " + appID + " (" + region + ")"
}
