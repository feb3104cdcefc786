package applier_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/sowdev/sow/applier"
	"github.com/sowdev/sow/applier/cometchat"
	"github.com/sowdev/sow/applier/emulator"
)

var walks = flag.Int("walks", 60, "how many histories the simulation over the emulator walks")

// TestEmulatorSimulation is TestSimulation over the emulator and the client
// that is used for real, over HTTP in memory: nobody who wrote one of the three
// saw the others' tests.
func TestEmulatorSimulation(t *testing.T) {
	applier.EachSeed(t, *walks, newEmulated)
}

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
	hook   func()
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

func newEmulator(quirks emulator.Quirks, seed uint64) *emulated {
	server, err := emulator.New(emulator.Options{APIKey: "key", Plan: emulator.Standard, Quirks: quirks, Seed: seed})
	if err != nil {
		panic(err)
	}
	return &emulated{server: server, quirks: quirks}
}

func (e *emulated) App(rates *applier.Rates) applier.App {
	c, err := cometchat.New(cometchat.Options{
		BaseURL: "http://emulator.api-us.cometchat.io/v3", Key: "key", Transport: hooked{e},
		OnAnswer: func(a cometchat.Answer) { rates.Observe(a.Rate) },
	})
	if err != nil {
		panic(err)
	}
	return c
}

// hooked calls the arena's hook before each request.
type hooked struct{ e *emulated }

func (h hooked) RoundTrip(req *http.Request) (*http.Response, error) {
	if h.e.hook != nil {
		h.e.hook()
	}
	return h.e.server.Transport().RoundTrip(req)
}

func (e *emulated) Fail(random *rand.Rand, share float64, hook func()) {
	e.hook, e.faults = hook, nil
	if share > 0 {
		rules := []string{
			"refuse", "dns", "drop_before", "drop_after", "half", "slow:45s", "delay:2s", "stored_later:8s", "lag:9s",
			"408", "425", "429:seconds", "429:date", "429:none", "500", "502:html:before", "503:empty:after", "504:later",
			"content_type", "truncated", "skew",
		}
		for range 4 {
			f, err := emulator.ParseFault(fmt.Sprintf("%s=%.3f", rules[random.IntN(len(rules))], share/4))
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

func (e *emulated) Broken() string { return "" }

func (e *emulated) Close() {
	if err := e.server.Close(); err != nil {
		panic(err)
	}
}

func (e *emulated) String() string { return fmt.Sprintf("quirks %v, faults %v", e.quirks, e.faults) }
