package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sowdev/sow/applier/emulator"
	"github.com/sowdev/sow/config"
)

type emulatorOptions struct {
	dir          string
	addr         string
	data         string
	memory       bool
	quirks       []string
	quirkProfile string
	faults       []string
	seed         uint64
	plan         string
	keywords     []string
	images       bool
	hosts        []string
	log          bool
	listQuirks   bool
	listFaults   bool
}

func newEmulatorCmd(r *run) *cobra.Command {
	o := &emulatorOptions{}
	cmd := &cobra.Command{
		Use:     "emulator [DIR]",
		GroupID: groupMain,
		Short:   "Run a CometChat on this machine",
		Long: `Serves the documented API of CometChat on this machine, and a web page that
shows the seeded chats as people would see them in an app, until Ctrl-C. What
is sent to it is kept in DIR/.sow/emulator, where sow apply --emulator keeps it
too.

What the documentation leaves open is a quirk with a choice of behaviours; what
can go wrong on the way is a fault. Both can be chosen, so that one can see how
sow, or an app, gets along with them. It takes any key, unless --api-key-file
gives the only one to take.`,
		Example: `  # look at what sow apply --emulator demo has seeded
  sow emulator demo

  # an unfriendly app: lists hide what moderation holds back, and one request
  # in twenty is done without an answer
  sow emulator --quirk disapproved_listing=hidden --fault drop_after=0.05

  # which quirks and faults there are
  sow emulator --quirks
  sow emulator --faults`,
		Args: atMostOne("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dir = dirOf(args)
			return runEmulator(cmd.Context(), r, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.addr, "addr", "127.0.0.1:4620", "the `address` to listen on; port 0 takes a free one")
	f.StringVar(&o.data, "data", "", "the `directory` that keeps what is stored (default: DIR/.sow/emulator)")
	f.BoolVar(&o.memory, "memory", false, "keep nothing after the end")
	f.StringArrayVar(&o.quirks, "quirk", nil, "a choice of behaviour, as `name=option`; may be repeated")
	f.StringVar(&o.quirkProfile, "quirk-profile", "default", "the `name` of a set of choices: "+strings.Join(emulator.Profiles(), ", "))
	f.StringArrayVar(&o.faults, "fault", nil, "a `rule` that makes requests fail, such as drop_after=0.05 or \"500@POST /users#1\"; may be repeated")
	f.Uint64Var(&o.seed, "seed", 1, "the `number` that decides what chance decides")
	f.StringVar(&o.plan, "plan", string(emulator.Standard), "the rate limits of a `tier`: free, standard or off")
	f.StringArrayVar(&o.keywords, "keyword", nil, "a `word` that makes a message disapproved; may be repeated (default: "+strings.Join(emulator.DefaultKeywords(), ", ")+")")
	f.BoolVar(&o.images, "images", false, "let the page load avatars and media from where they are")
	f.StringArrayVar(&o.hosts, "host", nil, "another `name` under which requests may come in; may be repeated")
	f.BoolVar(&o.log, "log", false, "tell of every request")
	f.BoolVar(&o.listQuirks, "quirks", false, "list the quirks and their options, and end")
	f.BoolVar(&o.listFaults, "faults", false, "list the faults and their parameters, and end")
	return cmd
}

func runEmulator(ctx context.Context, r *run, o *emulatorOptions) error {
	if o.listQuirks || o.listFaults {
		return r.view.Say(o.lists())
	}
	options, err := o.server(r)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", o.addr)
	if err != nil {
		return &failure{code: exitError, summary: "The emulator cannot listen", err: err,
			detail: fmt.Sprintf("On %s: %v. Choose another address, HOST:PORT; port 0 takes a free one:\n  --addr 127.0.0.1:0", o.addr, err)}
	}
	server, err := emulator.New(options)
	if err != nil {
		return errors.Join(emulatorFailed(err), listener.Close())
	}
	if err := r.view.Say(o.ready(listener, options)); lessGone(err) != nil {
		return errors.Join(err, listener.Close(), server.Close())
	}
	return serve(ctx, listener, server)
}

// serve answers requests until ctx ends, which is the way it is meant to end.
func serve(ctx context.Context, listener net.Listener, server *emulator.Server) error {
	h := &http.Server{Handler: server, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(listener) }()
	var err error
	select {
	case err = <-ended:
		err = wrap(err, exitError, "The emulator cannot go on", "Serving")
	case <-ctx.Done():
		err = h.Close()
	}
	return errors.Join(err, server.Close())
}

// server turns the flags into the emulator's options.
func (o *emulatorOptions) server(r *run) (emulator.Options, error) {
	quirks, faults, err := o.behaviour()
	if err != nil {
		return emulator.Options{}, err
	}
	options := emulator.Options{
		Dir:      o.dataDir(),
		Plan:     emulator.Plan(o.plan),
		Quirks:   quirks,
		Faults:   faults,
		Seed:     o.seed,
		Keywords: o.keywords,
		Images:   o.images,
		Hosts:    o.hosts,
	}
	switch options.Plan {
	case emulator.Free, emulator.Standard, emulator.Unlimited:
	default:
		return emulator.Options{}, usage("There is no plan %q: the plans are free, standard and off.", o.plan)
	}
	if options.AppID, err = o.appID(r, options.Dir); err != nil {
		return emulator.Options{}, err
	}
	if r.globals.keyFile != "" {
		key, err := r.globals.apiKey(r.env)
		if err != nil {
			return emulator.Options{}, err
		}
		options.APIKey = string(key)
	}
	if o.log {
		options.OnRequest = func(q emulator.Request) { r.view.Note(requestLine(q)) }
	}
	return options, nil
}

// appID is the app to be: the one that a flag names, the one that was seeded
// into the data, or the one that sow apply --emulator would be.
func (o *emulatorOptions) appID(r *run, data string) (string, error) {
	if seeded := seededApp(data); r.globals.appID == "" && seeded != "" {
		return seeded, nil
	}
	d := datasetOptions{dir: o.dir}
	var app config.App
	if cfg, diags := config.Load(o.dir, d.vars.options(r.env)); !diags.HasErrors() {
		app = cfg.App
	}
	return d.emulatorAppID(r, app)
}

// seededApp is the one app that has a state beside the emulator's data, or "".
func seededApp(data string) string {
	if data == "" {
		return ""
	}
	state, err := onlyState(data)
	if err != nil || state == "" {
		return ""
	}
	return strings.TrimSuffix(strings.TrimPrefix(filepath.Base(state), statePrefix), stateSuffix)
}

func (o *emulatorOptions) behaviour() (emulator.Quirks, []emulator.Fault, error) {
	quirks, err := emulator.Profile(o.quirkProfile, o.seed)
	if err != nil {
		return quirks, nil, usage("%s.", sentence(err.Error()))
	}
	for _, assignment := range o.quirks {
		if err := quirks.Set(assignment); err != nil {
			return quirks, nil, usage("%s.\n\nAll of them are listed by:\n  sow emulator --quirks", sentence(err.Error()))
		}
	}
	var faults []emulator.Fault
	for _, rule := range o.faults {
		fault, err := emulator.ParseFault(rule)
		if err != nil {
			return quirks, nil, usage("%s.\n\nAll of them are listed by:\n  sow emulator --faults", sentence(err.Error()))
		}
		faults = append(faults, fault)
	}
	return quirks, faults, nil
}

// dataDir is where the emulator keeps what is stored, or "".
func (o *emulatorOptions) dataDir() string {
	switch {
	case o.memory:
		return ""
	case o.data != "":
		return o.data
	}
	return emulatorDir(o.dir)
}

// emulatorDir is where the emulator of a dataset keeps what is stored.
func emulatorDir(dir string) string { return filepath.Join(dir, ".sow", "emulator") }

// ready is what people need to know once the emulator runs.
func (o *emulatorOptions) ready(listener net.Listener, options emulator.Options) string {
	url := "http://" + listener.Addr().String()
	data := options.Dir
	if data == "" {
		data = "in memory"
	}
	key := "emulator"
	if options.APIKey != "" {
		key = "…"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "The emulator is ready; Ctrl-C ends it.\n\n  page  %s/\n  API   %s/v3\n  data  %s\n", url, url, data)
	if choices := options.Quirks.String(); choices != "" {
		fmt.Fprintf(&b, "  quirks  %s\n", choices)
	}
	for _, fault := range options.Faults {
		fmt.Fprintf(&b, "  fault  %s\n", fault)
	}
	fmt.Fprintf(&b, "\nTo seed it, in another terminal:\n\n  export COMETCHAT_ENDPOINT=%s\n  export COMETCHAT_APP_ID=%s\n  export COMETCHAT_API_KEY=%s\n",
		url, shellWord(options.AppID), key)
	state := filepath.Join(options.Dir, stateName(options.AppID))
	if _, err := os.Stat(state); options.Dir != "" && err == nil {
		fmt.Fprintf(&b, "\nWhat is in it was seeded with --emulator; the state that remembers it is\n\n  --state %s\n", shellWord(state))
	}
	return b.String()
}

func requestLine(q emulator.Request) string {
	outcome := fmt.Sprint(q.Status)
	if q.Status == 0 {
		outcome = "no answer"
	}
	if q.Fault != "" {
		outcome += " (" + q.Fault + ")"
	}
	return fmt.Sprintf("%s %s → %s, %s", q.Method, q.Path, outcome, q.Took.Round(100*time.Microsecond))
}

// lists returns the lists of quirks and of faults that were asked for.
func (o *emulatorOptions) lists() string {
	var b strings.Builder
	if o.listQuirks {
		for _, q := range emulator.List() {
			fmt.Fprintf(&b, "%-4s  %s\n      %s\n      %s\n", q.ID, q.Name, q.About, strings.Join(q.Options, " | "))
		}
	}
	if o.listFaults {
		for _, kind := range emulator.FaultKinds() {
			fmt.Fprintf(&b, "%s\n      %s\n", kind.Name, kind.About)
			if kind.Params != "" {
				fmt.Fprintf(&b, "      %s:%s\n", kind.Name, kind.Params)
			}
		}
	}
	return b.String()
}
