package planner

import (
	"cmp"
	"errors"
	"maps"
	"runtime"
	"slices"
	"sync"

	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
)

// Options are what a plan depends on besides configuration and state.
type Options struct {
	// Now is the time of the plan in UNIX seconds. A message later than that is
	// an error, and relative times count from it until an anchor is pinned.
	Now int64
	// AppID and Region say where the plan goes; they count more than the
	// configuration's cometchat block, which counts more than the state.
	AppID  string
	Region string
	// Spool opens the place to which lanes go once there are more than a few MB
	// of them; nil keeps all in memory. It is called at most once.
	Spool func() (Spool, error)
	// Workers is how many lanes are planned at a time; 0 means as many as there
	// are processors. The plan does not depend on it.
	Workers int
	// IncludeAdopted makes BuildDestroy delete also what was there before sow.
	IncludeAdopted bool
	// App has the limits that BuildDestroy forecasts with; Build takes those of
	// the configuration.
	App config.App
	// window and gap replace usualWindow and usualGap, where they are not zero.
	window, gap int
}

// Build compares what cfg declares with what prior says was seeded. All
// mistakes of the configuration and of the plan come out together, in order;
// with an error among them there is no plan. The error is that of reading the
// state or writing the spool. The caller closes the plan.
func Build(cfg *config.Config, prior state.Reader, opts Options) (*Plan, hcl.Diagnostics, error) {
	b := newBuilder(prior, opts)
	b.plan.Dataset = cfg.Dataset
	b.plan.AppID = cmp.Or(opts.AppID, cfg.App.AppID, b.header.AppID)
	b.plan.Region = cmp.Or(opts.Region, cfg.App.Region, b.header.Region)
	b.pace = paceOf(&cfg.App)
	b.plan.pace = b.pace
	b.setAnchor(cfg.Anchor)
	b.addUsers(cfg.Users)
	b.addGroups(cfg.Groups)
	b.addConversations(cfg.Conversations)
	return b.build()
}

// BuildDestroy plans the removal of all that prior says was seeded. People and
// groups that were there before sow only leave the state, unless
// opts.IncludeAdopted is set. An object with prevent_destroy is an error
// diagnostic, and there is no plan.
func BuildDestroy(prior state.Reader, opts Options) (*Plan, hcl.Diagnostics, error) {
	b := newBuilder(prior, opts)
	b.plan.Destroy = true
	b.pace = paceOf(&opts.App)
	b.plan.Dataset = b.header.Dataset
	b.plan.AppID = cmp.Or(opts.AppID, b.header.AppID)
	b.plan.Region = cmp.Or(opts.Region, b.header.Region)
	b.setAnchor(nil)
	b.addUsers(nil)
	b.addGroups(nil)
	b.addConversations(nil)
	return b.build()
}

// builder makes one plan. While lanes are planned, it is only read.
type builder struct {
	plan   *Plan
	prior  state.Reader
	header state.Header
	opts   Options
	now    int64
	pace   Pace

	anchor     int64 // declared, pinned or provisional
	pinned     bool
	reanchored bool

	people        map[string]person    // by uid, for display
	missingUsers  map[addr.Object]bool // to be created
	missingGroups map[addr.Object]bool
	lanes         []*lane
	protected     []protected
	diags         hcl.Diagnostics
	work          work
	// uses has the first use of each missing user and group that a lane uses.
	uses  map[addr.Object]use
	taken int // lanes
}

// person is how a plan names someone.
type person struct {
	addr addr.Object
	name string
}

// use is the first message that uses a missing user or group.
type use struct {
	lane    int
	message addr.Message
}

func newBuilder(prior state.Reader, opts Options) *builder {
	b := &builder{
		prior: prior, header: prior.Header(), opts: opts, now: opts.Now,
		people: make(map[string]person), uses: make(map[addr.Object]use),
		missingUsers: make(map[addr.Object]bool), missingGroups: make(map[addr.Object]bool),
	}
	b.plan = &Plan{
		Provisional: opts.Now, Generation: b.header.Generation,
		Lineage: b.header.Lineage, Serial: b.header.Serial,
	}
	if prior.Exists() {
		b.plan.Prior = prior.Fingerprint()
	}
	return b
}

// setAnchor chooses the anchor: the declared one, else the one that the first
// apply pinned, else now, for as long as the plan is not applied.
func (b *builder) setAnchor(declared *int64) {
	pinned := b.header.Anchor
	anchor := cmp.Or(declared, pinned)
	if anchor == nil {
		b.anchor = b.now
		return
	}
	b.anchor, b.pinned = *anchor, true
	b.reanchored = pinned != nil && *pinned != *anchor
	at := *anchor
	b.plan.Anchor, b.plan.Provisional, b.plan.Reanchored = &at, at, b.reanchored
}

// addConversations groups declared and seeded conversations by chat.
func (b *builder) addConversations(declared []*config.Conversation) {
	talks := make(map[addr.Object]*talk)
	for _, c := range b.prior.Conversations() {
		talks[c.Addr] = &talk{addr: c.Addr, prev: c}
	}
	for _, c := range declared {
		t := talks[c.Addr]
		if t == nil {
			t = &talk{addr: c.Addr}
			talks[c.Addr] = t
		}
		t.decl = c
		t.next = t.record()
	}
	chats := make(map[string]*lane)
	for _, o := range slices.SortedFunc(maps.Keys(talks), addr.Object.Compare) {
		t := talks[o]
		b.protectTalk(t)
		chat := cmp.Or(t.next, t.prev).Chat()
		l := chats[chat]
		if l == nil {
			l = &lane{builder: b, chat: chat}
			chats[chat] = l
			b.lanes = append(b.lanes, l)
		}
		l.talks = append(l.talks, t)
	}
}

// build plans the lanes and completes the plan.
func (b *builder) build() (*Plan, hcl.Diagnostics, error) {
	body := newStore(b.opts.Spool)
	b.diags = append(b.diags, b.protections()...)
	err := b.planLanes(body)
	if err == nil && !b.diags.HasErrors() {
		err = body.finish()
	}
	diags := config.Merge(b.diags)
	if err != nil || diags.HasErrors() {
		return nil, diags, errors.Join(err, body.Close())
	}
	b.plan.Attach(body)
	b.assignCarriers()
	b.plan.Forecast = b.forecast()
	b.plan.Digest = digestOf(b.plan)
	return b.plan, diags, nil
}

// planLanes plans the lanes, several at a time, and takes their results in
// order.
func (b *builder) planLanes(body *store) error {
	workers := b.opts.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	q := newQueue(len(b.lanes), workers)
	writers := sync.Pool{New: func() any { return &laneWriter{body: body} }}
	work := func() {
		for i, ok := q.next(); ok; i, ok = q.next() {
			l := b.lanes[i]
			out := writers.Get().(*laneWriter)
			out.reset(q.turns[i])
			r := l.plan(out)
			l.release()
			q.finish(i, func() error {
				defer writers.Put(out)
				return b.take(r, out)
			})
		}
	}
	var group sync.WaitGroup
	for range min(workers, len(b.lanes)) - 1 {
		group.Go(work)
	}
	work() // a single lane needs no one else
	group.Wait()
	return q.err
}

// release lets go of the messages that the lane held.
func (l *lane) release() {
	l.live, l.gone = nil, nil
	for _, t := range l.talks {
		t.declared, t.seeded, t.tail, t.strange, t.matcher = nil, nil, nil, nil, nil
	}
}

// take adds a lane to the plan. Lanes are taken in order.
func (b *builder) take(r *laneResult, out *laneWriter) error {
	b.diags = append(b.diags, r.diags...)
	if r.err != nil {
		return r.err
	}
	if b.diags.HasErrors() {
		return nil
	}
	p := b.plan
	p.Counts.Messages.merge(r.info.Counts.Messages)
	p.Renames += r.renames
	for base, t := range r.latest {
		if t != nil {
			b.later(base, *t)
		}
	}
	for o, m := range r.needs {
		if _, ok := b.uses[o]; !ok {
			b.uses[o] = use{b.taken, m}
		}
	}
	b.taken++
	if !r.changed {
		return nil
	}
	b.work.merge(&r.work)
	p.Lanes = append(p.Lanes, r.info)
	return out.flush()
}

// later keeps the latest time of each base.
func (b *builder) later(base int, t Time) {
	p := b.plan
	i, ok := slices.BinarySearchFunc(p.Latest, t, func(a, b Time) int { return cmp.Compare(a.Base, b.Base) })
	switch {
	case !ok:
		p.Latest = slices.Insert(p.Latest, i, t)
	case t.Seconds > p.Latest[i].Seconds:
		p.Latest[i] = t
	}
}

// source is the place of a declaration.
func source(r hcl.Range) Source { return Source{File: r.Filename, Line: r.Start.Line} }
