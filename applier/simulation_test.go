package applier

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sowdev/sow/config"
)

var (
	seeds = flag.Int("seeds", 300, "how many histories the simulation walks")
	seed  = flag.Uint64("seed", 0, "the one history to walk")
)

// TestSimulation walks random datasets under random behaviours of the app,
// faults, crashes and changes of mind. Whatever happens, applying again ends
// with every message in the app exactly once, in order, and the state agreeing.
func TestSimulation(t *testing.T) {
	if *seed != 0 {
		simulate(t, *seed)
		return
	}
	n := *seeds
	if testing.Short() {
		n = min(n, 50)
	}
	for s := range n {
		if t.Failed() {
			return
		}
		t.Run(fmt.Sprint(s+1), func(t *testing.T) { simulate(t, uint64(s+1)) })
	}
}

// history is one walk.
type history struct {
	*world
	*rand.Rand
	talks []*simTalk
	lost  bool // the power has failed once
	steps []string
}

func simulate(t *testing.T, seed uint64) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(restart))
		h := &history{
			world: &world{T: t, store: &memory{boot: "one"}, data: newDataset()},
			Rand:  rand.New(rand.NewPCG(seed, 1)),
		}
		defer func() {
			if t.Failed() {
				t.Logf("run again with -run Simulation -seed %d; quirks %+v", seed, h.app.quirks)
				for _, step := range h.steps {
					t.Log(step)
				}
			}
		}()
		h.app = newFake(h.behave())
		h.compose()
		for range h.IntN(5) {
			h.round()
			if h.IntN(3) == 0 {
				h.changeMind()
			}
			time.Sleep(time.Duration(h.IntN(40)) * time.Second)
		}
		h.calm()
	})
}

func (h *history) note(format string, args ...any) {
	h.steps = append(h.steps, fmt.Sprintf(format, args...))
}

func pick[T any](h *history, of ...T) T { return of[h.IntN(len(of))] }

// behave chooses how the app behaves.
func (h *history) behave() quirks {
	return quirks{
		duplicate:  pick(h, "", "reject", "existing"),
		rejectCode: pick(h, "", "import", "unknown"),
		readback:   pick(h, "", "send", "nowhere"),
		settle:     pick(h, 0, 3*time.Second, 10*time.Second),
		details:    pick(h, "", "update", "reject"),
		missing:    pick(h, "", "bad_request", "auto"),
		effects:    pick(h, "", "entities", "message"),
		owner:      pick(h, "", "system", "dangling"),
		member:     pick(h, "", "always"),
		creator:    h.IntN(2) == 0,
		joins:      h.IntN(2) == 0,
		ownerIn:    h.IntN(2) == 0,
		hidden:     h.IntN(3) == 0,
		paging:     pick(h, "", "page"),
		byID:       h.IntN(2) == 0,
		moderation: pick(h, "", "keyword", "pending", "approved", "off"),
		senderMax:  pick(h, 0, 0, 5),
		appMax:     pick(h, 0, 0, 60),
		retryAfter: h.IntN(2) == 0,
		metaMerge:  h.IntN(2) == 0,
		untold:     h.IntN(3) == 0,
	}
}

func (h *history) people() []string { return []string{"ana", "bo", "cy", "di", "ed"}[:2+h.IntN(4)] }

// compose makes up a dataset.
func (h *history) compose() {
	people := h.people()
	for i := range h.IntN(3) {
		h.data.group(fmt.Sprintf("g%d", i), func(g *config.Group) {
			if h.IntN(2) == 0 {
				g.Owner = h.data.user(pick(h, people...))
			}
			if h.IntN(2) == 0 {
				g.Participants = []*config.User{}
				for _, uid := range people {
					if h.IntN(2) == 0 {
						g.Participants = append(g.Participants, h.data.user(uid))
					}
				}
			}
			if h.IntN(2) == 0 {
				g.Description = "about"
			}
		})
	}
	for i := range 1 + h.IntN(5) {
		h.converse(fmt.Sprintf("c%d", i), people)
	}
	if h.IntN(3) == 0 {
		h.data.user("lonely")
	}
	if h.IntN(4) == 0 {
		h.app.users["ana"] = &User{UID: "ana", Name: "Was here", CreatedAt: 1}
	}
}

func (h *history) converse(name string, people []string) {
	var t *talk
	from := people
	if len(h.data.Groups) > 0 && h.IntN(2) == 0 {
		t = h.data.in(name, pick(h, h.data.Groups...).GUID)
	} else {
		a := h.IntN(len(people))
		b := (a + 1 + h.IntN(len(people)-1)) % len(people)
		from = []string{people[a], people[b]}
		t = h.data.between(name, from[0], from[1])
	}
	// Conversations of one chat must not share seconds.
	starts := config.Time{Seconds: restart.Add(-time.Duration(len(h.data.Conversations)) * 24 * time.Hour).Unix()}
	t.c.Starts = &starts
	for i := range h.IntN(8) {
		h.speak(t, fmt.Sprintf("m%d", i), from)
	}
	h.talks = append(h.talks, &simTalk{t, from})
}

// simTalk is a conversation and who may speak in it.
type simTalk struct {
	*talk
	from []string
}

func (h *history) speak(t *talk, label string, from []string) {
	t.say(label, pick(h, from...), "text "+label+pick(h, "", " badword"), func(m *config.Message) {
		if h.IntN(4) == 0 {
			m.Metadata = meta(map[string]int{"n": h.IntN(3)})
		}
		if h.IntN(5) == 0 {
			m.Tags = []string{"vip"}
		}
	})
}

// changeMind edits the dataset.
func (h *history) changeMind() {
	t := pick(h, h.talks...)
	switch n := len(t.messages); {
	case n == 0 || h.IntN(3) == 0:
		h.note("a message is added to %s", t.c.Addr)
		h.speak(t.talk, fmt.Sprintf("x%d", h.data.line), t.from)
	case h.IntN(3) == 0 && !h.lost:
		// A message that was sent, whose records were lost, and which then is
		// declared no longer is nobody's: only reading the whole app shows it.
		i := h.IntN(n)
		h.note("%s is removed", t.c.Addr.Message(t.messages[i].Label))
		t.messages = append(t.messages[:i:i], t.messages[i+1:]...)
	case h.IntN(2) == 0:
		i := h.IntN(n)
		h.note("%s is sent by another", t.c.Addr.Message(t.messages[i].Label))
		m := *t.messages[i]
		m.From = h.data.user(pick(h, t.from...))
		t.messages[i] = &m
	default:
		i := h.IntN(n)
		h.note("%s is edited", t.c.Addr.Message(t.messages[i].Label))
		m := *t.messages[i]
		m.Text = fmt.Sprintf("edited %d", h.data.line)
		t.messages[i] = &m
		h.data.line++
	}
}

// round is one apply that may be hit by anything.
func (h *history) round() {
	rate := pick(h, 0, 0.05, 0.3)
	r := rand.New(rand.NewPCG(h.Uint64(), 2))
	h.app.faults = func(op string, n int) fault {
		if r.Float64() >= rate {
			return fault{}
		}
		f := fault{kind: []string{"refuse", "before", "after", "later", "slow", "429"}[r.IntN(6)]}
		f.delay = time.Duration(1+r.IntN(9)) * time.Second
		return f
	}
	h.opts.Parallelism = 1 + h.IntN(8)
	h.opts.StopOnError = h.IntN(4) == 0
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stop := make(chan struct{})
	h.opts.Stop = stop
	// Things happen after so many requests, or after so long.
	after := func(f func()) func() bool {
		if h.IntN(2) == 0 {
			return time.AfterFunc(time.Duration(h.IntN(60_000))*time.Millisecond, f).Stop
		}
		left := 1 + h.IntN(60)
		faults := h.app.faults
		h.app.faults = func(op string, n int) fault {
			if left--; left == 0 {
				f()
			}
			return faults(op, n)
		}
		return func() bool { return true }
	}
	how := pick(h, "to its end", "stop", "abort", "kill", "power failure", "disk")
	var undo func() bool
	switch how {
	case "stop":
		undo = after(func() { close(stop) })
	case "abort":
		undo = after(cancel)
	case "kill", "power failure":
		undo = after(func() {
			h.store.kill()
			cancel()
		})
	case "disk":
		undo = after(func() {
			h.store.mu.Lock()
			h.store.broken = errors.New("no space left on device")
			h.store.mu.Unlock()
		})
	}
	h.lost = h.lost || how == "power failure"
	s := h.applyCtx(ctx)
	if undo != nil {
		undo()
	}
	h.store.mu.Lock()
	h.store.broken = nil
	h.store.mu.Unlock()
	h.store.revive(how == "power failure", func(n int) int { return h.IntN(n + 1) })
	h.app.faults, h.opts.Stop, h.opts.StopOnError = nil, nil, false
	h.note("an apply goes %s, %.0f %% faults: %s", how, 100*rate, describe(s))
	if h.app.broken != "" {
		h.Fatal(h.app.broken)
	}
	if h.app.most > h.opts.Parallelism {
		h.Fatalf("%d requests at once, want at most %d", h.app.most, h.opts.Parallelism)
	}
	h.app.most = 0
}

// calm applies without faults until all is done, and looks at what there is.
func (h *history) calm() {
	for range 3 {
		s := h.apply()
		h.note("a calm apply: %s", describe(s))
		if s.Complete() && h.data.plan(h, h.store.read(h)).Empty() {
			break
		}
	}
	time.Sleep(time.Minute)
	h.mustBeSeeded()
	if h.IntN(3) > 0 {
		return
	}
	h.mustComplete(h.destroy())
	if len(h.app.messages) > 0 {
		h.Fatalf("destroy left %d messages", len(h.app.messages))
	}
	h.mustComplete(h.apply())
	time.Sleep(time.Minute)
	h.mustBeSeeded()
}
