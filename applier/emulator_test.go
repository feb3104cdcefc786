package applier_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sowdev/sow/applier"
	"github.com/sowdev/sow/applier/cometchat"
	"github.com/sowdev/sow/applier/emulator"
)

// TestSimulation walks histories over the emulator and the client that is used
// for real, through HTTP in memory: nobody who wrote one of the three saw the
// others' tests.
func TestSimulation(t *testing.T) {
	applier.Simulate(t, newEmulated)
}

// TestRepeat holds one seed to one history.
func TestRepeat(t *testing.T) { applier.Repeat(t, newEmulated) }

// TestNothingIsWaitedForByDefault seeds the emulator as people start it: no
// answer there leaves a doubt that has to be waited out.
func TestNothingIsWaitedForByDefault(t *testing.T) {
	arena := func() applier.Arena { return newEmulator(emulator.Quirks{}, 1) }
	applier.SeedSmall(t, arena, func(t *testing.T, s *applier.Summary, events []applier.Event) {
		if s.Elapsed > time.Second {
			t.Errorf("it took %v", s.Elapsed)
		}
		for _, e := range events {
			if e.Kind == applier.Doubt || e.Kind == applier.Waiting {
				t.Errorf("%+v", e)
			}
		}
	})
}

// emulated is the emulator as an arena.
type emulated struct {
	server *emulator.Server
	quirks emulator.Quirks
	faults []emulator.Fault
	lapses *applier.Lapses // of requests
	skew   atomic.Int64    // the app's clock less ours, in nanoseconds

	mu     sync.Mutex
	hear   func(what string)
	broken string
}

// unseedable are the answers to open questions under which nothing can be
// seeded, or under which it is right to stop.
var unseedable = map[string]bool{
	"endpoint_availability": true, "wrong_app_id": true, "moderation_when_off": true,
}

func newEmulated(r *rand.Rand) applier.Arena {
	var quirks emulator.Quirks
	for _, q := range emulator.List() {
		if unseedable[q.Name] || r.IntN(3) == 0 {
			continue
		}
		option := q.Options[r.IntN(len(q.Options))]
		if err := quirks.Set(q.Name + "=" + option); err != nil {
			panic(err)
		}
	}
	return newEmulator(quirks, r.Uint64())
}

// arenaKey and arenaHost are the key of the app, and the host that it may be
// sent to.
const (
	arenaKey  = "c0ffee5ec2e7"
	arenaHost = "emulator.api-us.cometchat.io"
)

func newEmulator(quirks emulator.Quirks, seed uint64) *emulated {
	server, err := emulator.New(emulator.Options{APIKey: arenaKey, Plan: emulator.Standard, Quirks: quirks, Seed: seed})
	if err != nil {
		panic(err)
	}
	return &emulated{server: server, quirks: quirks, lapses: applier.NewLapses(seed)}
}

func (e *emulated) App(rates *applier.Rates) applier.App {
	c, err := cometchat.New(cometchat.Options{
		BaseURL: "http://" + arenaHost + "/v3", Key: arenaKey, Transport: wire{e, e.server.Transport()},
		OnAnswer: func(a cometchat.Answer) {
			rates.Observe(a.Rate)
			if a.HasSkew {
				e.skew.Store(int64(a.Skew))
			}
		},
	})
	if err != nil {
		panic(err)
	}
	return c
}

func (e *emulated) Skew() time.Duration { return time.Duration(e.skew.Load()) }
func (e *emulated) Key() string         { return arenaKey }

// wire is the way to the app. Every request takes a while of its own both ways,
// which the seed decides: so the seed decides in which order requests arrive.
type wire struct {
	e     *emulated
	inner http.RoundTripper
}

// slowest is how long a request is on its way at the most, either way.
const slowest = 40 * time.Millisecond

func (w wire) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Host != arenaHost || req.Host != arenaHost {
		w.e.breaks("a request went to " + req.URL.Host + " as " + req.Host)
	}
	there, back := w.e.latencies(req)
	err := sleep(req.Context(), there)
	what := req.Method + " " + req.URL.RequestURI()
	if err == nil {
		w.e.tell("%s", what)
		err = sleep(req.Context(), time.Nanosecond) // whoever ends with the telling does
	}
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close() // as every transport must, on errors too
		}
		return nil, err
	}
	res, err := w.inner.RoundTrip(req)
	if err != nil {
		time.Sleep(back)
		w.e.tell("%s: %v", what, err)
		time.Sleep(time.Nanosecond)
		return nil, err
	}
	w.e.tell("%s: %s", what, res.Status)
	if err := sleep(req.Context(), back); err != nil {
		_ = res.Body.Close() // nobody reads it
		return nil, err
	}
	return res, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// latencies are how long a request takes, and its answer.
func (e *emulated) latencies(req *http.Request) (there, back time.Duration) {
	what := bytes.NewBufferString(req.Method + " " + req.URL.String() + " ")
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			panic(err)
		}
		if _, err := io.Copy(what, body); err != nil {
			panic(err)
		}
	}
	r := e.lapses.Random(what.String())
	return time.Duration(r.Int64N(int64(slowest))), time.Duration(r.Int64N(int64(slowest)))
}

// tell tells those who watch.
func (e *emulated) tell(format string, args ...any) {
	e.mu.Lock()
	hear := e.hear
	e.mu.Unlock()
	if hear != nil {
		hear(fmt.Sprintf(format, args...))
	}
}

func (e *emulated) Watch(hear func(what string)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.hear = hear
}

func (e *emulated) breaks(rule string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.broken = rule
}

// someFault is a fault of any kind.
func someFault(random *rand.Rand) string {
	of := func(words ...string) string { return words[random.IntN(len(words))] }
	kinds := emulator.FaultKinds()
	switch kind := kinds[random.IntN(len(kinds))].Name; kind {
	case "slow", "late":
		return kind + ":45s"
	case "delay":
		return kind + ":" + of("200ms", "2s")
	case "stored_later", "lag":
		return kind + ":" + of("1s", "9s")
	case "huge":
		return kind + ":64K"
	case "skew":
		return kind + ":" + of("10m", "-10m")
	case "429":
		return kind + ":" + of("seconds", "date", "none")
	case "500", "502", "503", "504":
		return kind + ":" + of("json", "html", "empty") + ":" + of("before", "after", "later")
	default:
		return kind
	}
}

func (e *emulated) Fail(random *rand.Rand, share float64) {
	e.faults = nil
	if share > 0 {
		for range 4 {
			f, err := emulator.ParseFault(fmt.Sprintf("%s=%.3f", someFault(random), share/4))
			if err != nil {
				panic(err)
			}
			e.faults = append(e.faults, f)
		}
	}
	if err := e.server.SetFaults(e.faults); err != nil {
		panic(err)
	}
}

// Lateness counts in that a message takes a while to be shown.
func (e *emulated) Lateness() time.Duration {
	const done, late, shown = 9 * time.Second, 45 * time.Second, 10 * time.Second // see someFault, and the quirk message_settle_time
	if slices.ContainsFunc(e.faults, func(f emulator.Fault) bool { return f.Kind == "late" }) {
		return late + shown
	}
	return done + shown
}

func (e *emulated) Injected() map[string]int { return e.server.Snapshot().Faults }

func (e *emulated) Messages() (held []applier.Held) {
	for _, m := range e.server.Snapshot().Messages {
		if m.Category != "message" || m.DeletedAt != 0 {
			continue
		}
		chat := "group:" + m.Receiver
		if m.ReceiverType != "group" {
			chat = "user:" + min(m.Sender, m.Receiver) + ":" + max(m.Sender, m.Receiver)
		}
		held = append(held, applier.Held{
			ID: m.ID, MUID: m.MUID, Chat: chat, Sender: m.Sender, Text: m.Text, SentAt: m.SentAt,
			TellsMUID: e.quirks.Get("muid_readback") == "everywhere",
		})
	}
	return held
}

func (e *emulated) People() map[string]string {
	names := make(map[string]string)
	for _, u := range e.server.Snapshot().Users {
		names[u.UID] = u.Name
	}
	return names
}

func (e *emulated) Groups() map[string]string {
	names := make(map[string]string)
	for _, g := range e.server.Snapshot().Groups {
		names[g.GUID] = g.Name
	}
	return names
}

func (e *emulated) Members(guid string) map[string]string {
	scopes := make(map[string]string)
	for _, g := range e.server.Snapshot().Groups {
		if g.GUID == guid {
			for _, m := range g.Members {
				scopes[m.UID] = m.Scope
			}
		}
	}
	return scopes
}

func (e *emulated) Populate(uid, name string) {
	if _, err := e.App(applier.NewRates(applier.Limits{})).CreateUser(context.Background(), &applier.User{UID: uid, Name: name}); err != nil {
		panic(err)
	}
}

func (e *emulated) Broken() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.broken
}

func (e *emulated) Close() {
	if err := e.server.Close(); err != nil {
		panic(err)
	}
}

func (e *emulated) String() string { return fmt.Sprintf("faults %v, quirks %v", e.faults, e.quirks) }

// TestEmulatorRefreshSimulation does harm to the emulator.
func TestEmulatorRefreshSimulation(t *testing.T) {
	applier.EachRefresh(t, newEmulated)
}

// TestEmulatorReadBack reads the emulator back under each answer to each open
// question.
func TestEmulatorReadBack(t *testing.T) { eachQuirk(t, applier.ReadBack) }

// TestEmulatorRestoreOld restores an old state under each answer to each open
// question.
func TestEmulatorRestoreOld(t *testing.T) { eachQuirk(t, applier.RestoreOld) }

func eachQuirk(t *testing.T, test func(t *testing.T, arena func() applier.Arena)) {
	for _, q := range emulator.List() {
		if unseedable[q.Name] {
			continue
		}
		for i, option := range q.Options {
			if i == 0 && q.Name != "muid_duplicate" {
				continue // the default, which is the same for all
			}
			t.Run(q.Name+"="+option, func(t *testing.T) {
				var quirks emulator.Quirks
				if err := quirks.Set(q.Name + "=" + option); err != nil {
					t.Fatal(err)
				}
				test(t, func() applier.Arena { return newEmulator(quirks, 1) })
			})
		}
	}
}

// TestReadingRequests counts the requests that reading the emulator takes.
func TestReadingRequests(t *testing.T) {
	applier.ReadingRequests(t, func() applier.Arena { return newEmulator(emulator.Quirks{}, 1) })
}
