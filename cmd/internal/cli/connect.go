package cli

import (
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/sowdev/sow/applier"
	"github.com/sowdev/sow/applier/cometchat"
	"github.com/sowdev/sow/applier/emulator"
	"github.com/sowdev/sow/config"
)

// app is the app that a plan is carried out in, and what its answers teach.
type app struct {
	client *cometchat.Client
	rates  *applier.Rates
	server *emulator.Server // nil unless the app runs inside sow
	ahead  atomic.Int64     // the app's clock less ours, in nanoseconds
}

func (a *app) skew() time.Duration { return time.Duration(a.ahead.Load()) }

func (a *app) heard(answer cometchat.Answer) {
	a.rates.Observe(answer.Rate)
	if answer.HasSkew {
		a.ahead.Store(int64(answer.Skew))
	}
}

func (a *app) close() error {
	if a.server == nil {
		return nil
	}
	return a.server.Close()
}

// key is the API key of the app.
func (d *dataset) key(r *run) (cometchat.Key, error) {
	if d.target.emulator {
		return emulatorApp, nil
	}
	return r.globals.apiKey(r.env)
}

// requests are the flags of the commands that make some.
type requests struct {
	parallelism int
	doubtWindow time.Duration
	timeout     time.Duration
}

func (q *requests) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.IntVar(&q.parallelism, "parallelism", 16, "the largest `number` of requests under way at once")
	f.DurationVar(&q.doubtWindow, "doubt-window", 30*time.Second, "how long after it was sent a message may still turn up in the app")
	f.DurationVar(&q.timeout, "timeout", 30*time.Second, "how long one request may take; sends with attachments may take four times as long")
}

// check refuses values that the flags' types let through.
func (q *requests) check() error {
	if q.parallelism < 1 || q.parallelism > 1024 {
		return usage("--parallelism %d is not between 1 and 1024.", q.parallelism)
	}
	for name, d := range map[string]time.Duration{"--doubt-window": q.doubtWindow, "--timeout": q.timeout} {
		if d <= 0 {
			return usage("%s %s is not above zero.", name, d)
		}
	}
	return nil
}

// connect prepares the requests to the app. It makes none.
func (q *requests) connect(r *run, d *dataset, key cometchat.Key) (*app, error) {
	a := &app{rates: applier.NewRates(d.limits())}
	options := cometchat.Options{
		BaseURL:   d.target.BaseURL,
		Key:       key,
		Transport: r.env.Transport,
		Timeout:   q.timeout,
		UserAgent: "sow/" + readVersion().Version,
		OnAnswer:  a.heard,
	}
	if d.target.emulator {
		server, err := d.startEmulator()
		if err != nil {
			return nil, err
		}
		a.server, options.Transport = server, server.Transport()
		a.rates = applier.NewRates(applier.Limits{}) // what holds for the real app is of no use here
	}
	if options.Transport == nil {
		options.Transport = cometchat.NewTransport(options.BaseURL, q.parallelism)
	}
	client, err := cometchat.New(options)
	if err != nil {
		return nil, errors.Join(wrap(err, exitError, "The app cannot be used", "Preparing"), a.close())
	}
	a.client = client
	return a, nil
}

// limits are what the configuration says of the app's pace. Without it, what
// the app's answers say has to do.
func limits(cfg *config.Config) applier.Limits {
	if cfg == nil {
		return applier.Limits{}
	}
	l := applier.Limits{
		RequestsPerMinute:        cfg.App.Rate.RequestsPerMinute,
		MessagesPerUserPerMinute: cfg.App.Rate.MessagesPerUserPerMinute,
	}
	// Page "Rate limits" of the REST documentation.
	switch {
	case l.RequestsPerMinute > 0:
	case cfg.App.Plan == "free":
		l.RequestsPerMinute, l.CoreRequestsPerMinute = 500, 500
	case cfg.App.Plan == "standard":
		l.RequestsPerMinute, l.CoreRequestsPerMinute = 20_000, 10_000
	}
	return l
}

// startEmulator opens the app inside sow, with what is kept beside the
// dataset.
func (d *dataset) startEmulator() (*emulator.Server, error) {
	dir := emulatorDir(d.dir)
	if d.homeless() {
		dir = "" // reading makes no folder
	}
	server, err := emulator.New(emulator.Options{Dir: dir, AppID: d.target.AppID, Plan: emulator.Unlimited})
	if err != nil {
		return nil, emulatorFailed(err)
	}
	return server, nil
}

func emulatorFailed(err error) error {
	var busy *emulator.InUseError
	if errors.As(err, &busy) {
		return fail(exitError, "The emulator is in use",
			"Another sow has its data in %s open. Wait for it to end; or, if it is a sow emulator, seed that one: it says how when it starts, with %s.", busy.Dir, envEndpoint)
	}
	return &failure{code: exitError, summary: "The emulator cannot start", detail: sentence(err.Error()) + ".", err: err}
}

// makeHome makes the directory of the emulator, which git is told to leave
// alone.
func (d *dataset) makeHome() error {
	if !d.target.emulator {
		return nil
	}
	dir := emulatorDir(d.dir)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	err := writeNew(filepath.Join(filepath.Dir(dir), ".gitignore"), []byte("*\n"))
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	return err
}
