package applier

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/planner"
)

// Traffic is what an arena saw of an apply.
type Traffic struct{ Standard, Core, TooMany int }

// Metered is an arena that tells of the traffic since it was last asked, and
// takes the round trip of the forecast for each request.
type Metered interface {
	Arena
	Traffic() Traffic
}

// Terms are what an app grants.
type Terms struct {
	Free          bool // else standard
	Declared      int  // requests a minute that the configuration says
	SenderLimited bool // 30 messages a minute
}

func (m Terms) app() config.App {
	app := config.App{AppID: "app", Region: "us", Plan: "standard", Rate: config.Rate{RequestsPerMinute: m.Declared}}
	if m.Free {
		app.Plan = "free"
	}
	return app
}

func (m Terms) limits() Limits {
	switch {
	case m.Declared > 0:
		return Limits{RequestsPerMinute: m.Declared}
	case m.Free:
		return Limits{RequestsPerMinute: 500, CoreRequestsPerMinute: 500}
	}
	return Limits{RequestsPerMinute: 20_000, CoreRequestsPerMinute: 10_000}
}

// EachForecast holds the forecasts of random datasets against what applying
// them takes: seeding them, changing them, and removing them.
func EachForecast(t *testing.T, n int, arena func(Terms) Metered) {
	terms := []Terms{{}, {Free: true}, {Declared: 1000}, {Declared: 100}, {SenderLimited: true}, {Free: true, SenderLimited: true}}
	for s := range n {
		m := terms[s%len(terms)]
		t.Run(fmt.Sprintf("%d %+v", s+1, m), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newForecastWorld(t, arena(m), m)
				defer w.arena.Close()
				r := rand.New(rand.NewPCG(uint64(s+1), 3))
				w.composeMuch(r)
				w.foresee("seed", m)
				w.change(r)
				w.foresee("change", m)
				w.foresee("destroy", m)
			})
		})
	}
}

// ForecastExamples does so with the examples.
func ForecastExamples(t *testing.T, arena func(Terms) Metered) {
	dirs, err := filepath.Glob("../examples/*")
	if err != nil || len(dirs) < 3 {
		t.Fatalf("%v %v", dirs, err)
	}
	for _, dir := range dirs {
		for _, m := range []Terms{{}, {Free: true}, {SenderLimited: true}} {
			t.Run(fmt.Sprintf("%s %+v", filepath.Base(dir), m), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newForecastWorld(t, arena(m), m)
					defer w.arena.Close()
					cfg, diags := config.Load(dir, config.Options{})
					if diags.HasErrors() {
						t.Fatal(diags)
					}
					cfg.App = m.app()
					w.data.Config = *cfg
					w.foresee("seed", m)
					w.foresee("destroy", m)
				})
			})
		}
	}
}

func newForecastWorld(t *testing.T, arena Metered, m Terms) *world {
	time.Sleep(time.Until(restart))
	w := &world{TB: t, arena: arena, store: &memory{boot: "one"}, data: newDataset()}
	w.data.App = m.app()
	return w
}

// foresee applies or destroys the dataset and compares.
func (w *world) foresee(what string, m Terms) {
	w.Helper()
	prior := w.store.read(w)
	var p *planner.Plan
	if what == "destroy" {
		p = w.planDestroy(prior)
	} else {
		p = w.data.plan(w, prior)
	}
	f := p.Forecast
	w.arena.(Metered).Traffic()
	began := time.Now()
	var heard clockwork
	o := Options{Rates: NewRates(m.limits()), Reporter: &heard}
	s := w.mustComplete(Apply(context.Background(), p, prior, w.store, w.arena.App(o.Rates), o))
	ended := time.Now()
	took := ended.Sub(began).Seconds()
	defer time.Sleep(time.Hour)
	saw := w.arena.(Metered).Traffic()

	known := len(prior.Header().SenderLimit) > 0
	seconds := f.Seconds
	if m.SenderLimited && f.SecondsIfLimited > 0 {
		if seconds = f.SecondsIfLimited; known {
			w.Errorf("%s: the limit of senders is known, and not part of the forecast", what)
		}
	}
	w.near(what+": core requests", float64(f.CoreRequests), float64(saw.Core), littleTraffic)
	w.near(what+": other requests", float64(f.Requests-f.CoreRequests), float64(saw.Standard-saw.TooMany), littleTraffic)
	if m.SenderLimited && !known {
		// Nobody has counted how lanes wait for each other's senders.
		w.near(what+": seconds, if senders are limited", seconds, took, 0.2*took)
	} else {
		w.near(what+": seconds", seconds, took, littleTime)
	}
	if s.Requests != saw.Standard+saw.Core {
		w.Errorf("%s: %d requests counted, %+v seen", what, s.Requests, saw)
	}
	if saw.TooMany > 0 && (!m.SenderLimited || known) {
		w.Errorf("%s: the app was asked too much %d times", what, saw.TooMany)
	}
	if m.SenderLimited && !known {
		return // what is left changes with the first refusal
	}
	w.nearlyLeft(what, heard.said, ended, took)
}

// How far off a forecast of a little plan may be: requests, and seconds.
const (
	littleTraffic = 3
	littleTime    = 2
	littleLeft    = 3
)

// near reports a forecast that is wrong by more than a tenth, and by more than
// what a little plan may be.
func (w *world) near(what string, foreseen, was, little float64) {
	w.Helper()
	if off := math.Abs(foreseen - was); off > max(little, 0.1*was) {
		w.Errorf("%s: %.1f foreseen, %.1f in fact", what, foreseen, was)
	}
}

// nearlyLeft compares what was said to be left, all along, with what was left.
func (w *world) nearlyLeft(what string, said []remainder, ended time.Time, took float64) {
	w.Helper()
	for _, r := range said {
		left := ended.Sub(r.at).Seconds()
		if off := math.Abs(r.left.Seconds() - left); off > max(littleLeft, 0.1*took) {
			w.Errorf("%s: %.1f s before the end of %.1f s, %.1f s left were foreseen", what, left, took, r.left.Seconds())
			return
		}
	}
}

// remainder is what was said to be left at some time.
type remainder struct {
	at   time.Time
	left time.Duration
}

// clockwork notes what is said to be left.
type clockwork struct {
	mu   sync.Mutex
	said []remainder
}

func (c *clockwork) Report(e Event) {
	if e.Kind == Started || e.Kind == Done {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.said = append(c.said, remainder{time.Now(), e.Left})
	}
}

// composeMuch makes up a dataset of some size.
func (w *world) composeMuch(r *rand.Rand) {
	d := w.data
	people := make([]string, 3+r.IntN(40))
	for i := range people {
		people[i] = fmt.Sprintf("p%02d", i)
		d.user(people[i], func(u *config.User) {
			if r.IntN(3) == 0 {
				u.Metadata, u.Tags, u.Avatar = meta(map[string]int{"n": i}), []string{"team"}, "https://example.com/a.png"
			}
		})
	}
	talks := 1 + r.IntN(20)
	long := []int{5, 20, 60, 150}[r.IntN(4)]
	for i := range talks {
		name := fmt.Sprintf("c%02d", i)
		var t *talk
		var from []string
		if r.IntN(3) == 0 {
			guid := fmt.Sprintf("g%02d", i)
			d.group(guid, func(g *config.Group) { w.populate(r, g, people) })
			t, from = d.in(name, guid), people
		} else {
			a := r.IntN(len(people))
			b := (a + 1 + r.IntN(len(people)-1)) % len(people)
			// Conversations of one chat must not share seconds.
			t, from = d.between(name, people[a], people[b]), []string{people[a], people[b]}
		}
		starts := config.Time{Seconds: restart.Add(-time.Duration(i+1) * 24 * time.Hour).Unix()}
		t.c.Starts = &starts
		for k := range 1 + r.IntN(long) {
			t.say(fmt.Sprintf("m%03d", k), from[r.IntN(len(from))], fmt.Sprintf("text %d", k))
		}
		w.talks = append(w.talks, t)
	}
}

// populate declares of a group what people declare.
func (w *world) populate(r *rand.Rand, g *config.Group, people []string) {
	if r.IntN(2) == 0 {
		g.Owner = w.data.user(people[r.IntN(len(people))])
	}
	if r.IntN(2) == 0 {
		g.Description = "about"
	}
	for _, uid := range people {
		switch r.IntN(4) {
		case 0:
			g.Moderators = append(g.Moderators, w.data.user(uid))
		case 1:
			if r.IntN(2) == 0 {
				g.Participants = append(g.Participants, w.data.user(uid))
			}
		}
	}
}

// change edits the dataset here and there.
func (w *world) change(r *rand.Rand) {
	d := w.data
	for _, u := range d.Users {
		switch r.IntN(6) {
		case 0:
			u.Name += " the Second"
		case 1:
			u.Metadata = meta(map[string]int{"n": -1})
		}
	}
	for _, t := range w.talks {
		var kept []*config.Message
		for k, m := range t.messages {
			changed := *m
			switch r.IntN(12) {
			case 0:
				continue
			case 1:
				changed.Text += ", edited"
			case 2:
				changed.Type, changed.Text, changed.Attachments = "image", "", []config.Attachment{{URL: "https://example.com/a.png", Name: "a.png", MimeType: "image/png", Extension: "png"}}
			case 3:
				t.d.line++
				kept = append(kept, &config.Message{Label: fmt.Sprintf("n%03d", k), From: m.From, Type: "text", Text: "new", Range: t.d.at()})
			}
			kept = append(kept, &changed)
		}
		t.messages = kept
	}
}
