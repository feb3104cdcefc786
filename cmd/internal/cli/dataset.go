package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
	"github.com/sowdev/sow/state/local"
)

// datasetOptions are the flags of the commands that know a dataset.
type datasetOptions struct {
	dir      string
	vars     variables
	state    string
	emulator bool
}

func (o *datasetOptions) bind(cmd *cobra.Command) {
	o.vars.bind(cmd)
	f := cmd.Flags()
	f.StringVar(&o.state, "state", "", "the `file` of the state (default: sow.APP.state.jsonl beside the configuration)")
	f.BoolVar(&o.emulator, "emulator", false, "use the app that runs inside sow, with its data in DIR/.sow/emulator")
}

// dataset is a configuration, the app it goes to, and what was seeded there.
type dataset struct {
	dir    string
	config *config.Config  // nil when only the state is needed and it does not load
	diags  hcl.Diagnostics // warnings of the configuration
	target target
	store  state.Store // nil when there is no app id and no state
	prior  state.Reader
	// Of a shard that is applied, which part it is, and the state of its own.
	shard *planner.Shard
	own   state.Reader
	// refreshed is the state with what reading the app showed, and found is that;
	// nil until somebody reads it.
	refreshed state.Reader
	found     *planner.Findings
}

// name is what the dataset is called where no state says it.
func (d *dataset) name() string {
	if d.config != nil {
		return d.config.Dataset
	}
	return d.dir
}

// known is what a plan is made from: the state, with what reading the app showed.
func (d *dataset) known() state.Reader {
	if d.refreshed != nil {
		return d.refreshed
	}
	return d.prior
}

func (d *dataset) Close() error {
	if d.refreshed != nil {
		return errors.Join(d.refreshed.Close(), d.prior.Close())
	}
	return d.prior.Close()
}

// open loads the configuration and reads the state. All mistakes of the
// configuration come in one error.
func (o *datasetOptions) open(ctx context.Context, r *run) (*dataset, error) {
	cfg, diags := config.Load(o.dir, o.vars.options(r.env))
	r.sources = cfg.Source
	if diags.HasErrors() {
		return nil, config.Merge(diags, cfg.Check())
	}
	d := &dataset{dir: o.dir, config: cfg, diags: diags}
	if err := o.locate(r, d, cfg.App); err != nil {
		return nil, err
	}
	if err := d.read(ctx); err != nil {
		return nil, err
	}
	if err := d.guard(cfg); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// openFor opens a dataset for a plan of either kind. To destroy it the state
// is enough: a configuration that is broken or gone must not be in the way. One
// that loads has its say in which apps are allowed.
func (o *datasetOptions) openFor(ctx context.Context, r *run, destroy bool) (*dataset, error) {
	if !destroy {
		return o.open(ctx, r)
	}
	d, err := o.openState(ctx, r)
	if err != nil {
		return nil, err
	}
	if err = d.guardWhole(); err == nil && d.config != nil {
		err = d.guard(d.config)
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// openState reads the state alone.
func (o *datasetOptions) openState(ctx context.Context, r *run) (*dataset, error) {
	d, err := o.find(r)
	if err != nil {
		return nil, err
	}
	if err := d.read(ctx); err != nil {
		return nil, err
	}
	if err := d.guardApp(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// find decides which state it is about, and reads nothing of it. The
// configuration is asked for the app; while it cannot be loaded, the flags and
// the environment have to do.
func (o *datasetOptions) find(r *run) (*dataset, error) {
	d := &dataset{dir: o.dir}
	var app config.App
	if cfg, diags := config.Load(o.dir, o.vars.options(r.env)); !diags.HasErrors() {
		d.config, app = cfg, cfg.App
	}
	return d, o.locate(r, d, app)
}

// locate decides which app and which state it is about.
func (o *datasetOptions) locate(r *run, d *dataset, app config.App) (err error) {
	if o.emulator {
		return o.locateEmulator(r, d, app)
	}
	if d.target, err = r.globals.resolve(r.env, app); err != nil {
		return err
	}
	path := o.state
	switch {
	case path != "":
	case d.target.AppID != "":
		path = filepath.Join(o.dir, stateName(d.target.AppID))
	default:
		if path, err = onlyState(o.dir); path == "" {
			return err
		}
	}
	d.store = local.New(path)
	return nil
}

// emulatorApp is the app id of the emulator when nobody gives one.
const emulatorApp = "emulator"

// locateEmulator chooses the app inside sow.
func (o *datasetOptions) locateEmulator(r *run, d *dataset, app config.App) error {
	if r.globals.endpoint != "" || r.globals.region != "" || r.globals.keyFile != "" {
		return usage("--emulator is an app of its own: --endpoint, --region and --api-key-file are of no use with it.")
	}
	id, err := o.emulatorAppID(r, app)
	if err != nil {
		return err
	}
	d.target = target{AppID: id, Region: onThisMachine, BaseURL: "http://" + emulatorApp + "/v3", emulator: true}
	path := o.state
	if path == "" {
		path = filepath.Join(emulatorDir(o.dir), stateName(id))
	}
	d.store = local.New(path)
	return nil
}

// emulatorAppID is the id of the app inside sow. Of the settings for a real app
// it uses the id and nothing else.
func (o *datasetOptions) emulatorAppID(r *run, app config.App) (string, error) {
	g := globals{appID: r.globals.appID}
	env := Env{Environ: []string{envAppID + "=" + r.env.Getenv(envAppID)}}
	t, err := g.resolve(env, config.App{AppID: app.AppID})
	return cmp.Or(t.AppID, emulatorApp), err
}

// stateName is the name of the file with the state of an app.
func stateName(appID string) string { return statePrefix + appID + stateSuffix }

const (
	statePrefix   = "sow."
	stateSuffix   = ".state.jsonl"
	journalSuffix = ".journal"
)

// onlyState returns the one state there is in dir, "" when there is none. A
// first run that was cut off has left a journal only.
func onlyState(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", wrap(err, exitError, "The directory cannot be read", "Looking for the state")
	}
	var found []string
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), journalSuffix)
		if strings.HasPrefix(name, statePrefix) && strings.HasSuffix(name, stateSuffix) && !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	switch len(found) {
	case 0:
		return "", nil
	case 1:
		return filepath.Join(dir, found[0]), nil
	}
	return "", fail(exitError, "Which state?",
		"Nobody says which app it is about, and there are several states:\n  %s\nGive the app with --app-id or %s, or the file with --state.",
		strings.Join(found, "\n  "), envAppID)
}

// read opens the state. Without a place for one it is empty.
func (d *dataset) read(ctx context.Context) (err error) {
	if d.store == nil || d.homeless() {
		d.prior, err = state.Open(nil, nil, "")
		return err
	}
	if d.prior, err = d.store.Read(ctx); err != nil {
		return err
	}
	if d.prior.Header().Shard != nil {
		d.prior = state.Living(d.prior)
	}
	if backup := d.store.Backup(); backup != "" && !d.prior.Exists() {
		d.diags = append(d.diags, lost(d.store.Location(), backup))
	}
	return nil
}

// lost warns of a state that was there once. To begin anew without one is
// allowed, but must not happen by surprise: the app may be full already.
func lost(location, backup string) *hcl.Diagnostic {
	return &hcl.Diagnostic{
		Severity: hcl.DiagWarning,
		Summary:  "The state is missing",
		Detail: fmt.Sprintf("There is no %s, while the snapshot before it is still there: %s. Without the state, everything counts as not yet seeded. "+
			"Put the file back, from version control or from that backup, before you apply; or remove the backup to begin anew.", location, backup),
	}
}

// homeless reports whether the emulator has not been used yet, so that there
// is no folder to look for a state in.
func (d *dataset) homeless() bool {
	if !d.target.emulator {
		return false
	}
	_, err := os.Stat(filepath.Dir(d.store.Location()))
	return errors.Is(err, fs.ErrNotExist)
}

// guard refuses a state of another dataset or another app, and an app that is
// not allowed.
func (d *dataset) guard(cfg *config.Config) error {
	if err := d.guardWhole(); err != nil {
		return err
	}
	if h := d.prior.Header(); d.prior.Exists() && h.Dataset != cfg.Dataset {
		return fail(exitRefused, "The state is of another dataset",
			"%s remembers the dataset %q, and the configuration is %q. Nothing was changed. If the dataset was renamed, give it its old name back; muids are made from it. Otherwise keep the two apart with --state.",
			d.store.Location(), h.Dataset, cfg.Dataset)
	}
	if err := d.guardApp(); err != nil {
		return err
	}
	if d.target.emulator {
		return nil
	}
	return d.target.allow(cfg.AllowedApps)
}

// guardWhole refuses the state of a shard.
func (d *dataset) guardWhole() error {
	shard := d.prior.Header().Shard
	if shard == nil {
		return nil
	}
	return fail(exitRefused, "The state is a shard's",
		"%s is what a worker did of shard %d of a plan. Nothing was changed. Bring it into the state of the dataset:\n  sow state merge %s",
		d.store.Location(), shard.Number, shellWord(d.store.Location()))
}

// guardApp refuses a state of another app. What nobody said about the app, the
// state knows.
func (d *dataset) guardApp() error {
	h, t := d.prior.Header(), &d.target
	if !d.prior.Exists() {
		return nil
	}
	if t.AppID != "" && h.AppID != t.AppID {
		return fail(exitRefused, "The state is of another app",
			"%s remembers what was seeded into the app %s, and this is about %s. Nothing was changed. Every app has a state of its own: leave --state out, or name the right file.",
			d.store.Location(), h.AppID, t.AppID)
	}
	if t.Region != "" && h.Region != "" && h.Region != t.Region {
		return fail(exitRefused, "The state is of another app",
			"%s remembers what was seeded into %s at %s, and this is about %s at %s. Nothing was changed. Name another state with --state, or go to where the app was.",
			d.store.Location(), h.AppID, h.Region, t.AppID, t.Region)
	}
	t.complete(h.AppID, h.Region)
	return nil
}
