package applier_test

import (
	"flag"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sowdev/sow/applier"
	"github.com/sowdev/sow/applier/cometchat"
	"github.com/sowdev/sow/applier/emulator"
	"github.com/sowdev/sow/planner"
)

var forecasts = flag.Int("forecasts", 12, "how many random datasets are forecast and applied")

// TestForecast holds what a plan foresees, and what an apply says is left,
// against an app that enforces its limits, under a virtual clock.
func TestForecast(t *testing.T) {
	applier.EachForecast(t, *forecasts, func(m applier.Terms) applier.Metered { return newMetered(m) })
}

func TestForecastOfExamples(t *testing.T) {
	applier.ForecastExamples(t, func(m applier.Terms) applier.Metered { return newMetered(m) })
}

// metered is the emulator, as far away as the forecast takes an app to be.
type metered struct {
	*emulated

	mu      sync.Mutex
	traffic applier.Traffic
}

func newMetered(m applier.Terms) *metered {
	var quirks emulator.Quirks
	if m.SenderLimited {
		if err := quirks.Set("rest_sender_limit=30_per_min"); err != nil {
			panic(err)
		}
	}
	plan := emulator.Standard
	if m.Free {
		plan = emulator.Free
	}
	server, err := emulator.New(emulator.Options{APIKey: "key", Plan: plan, Quirks: quirks})
	if err != nil {
		panic(err)
	}
	return &metered{emulated: &emulated{server: server, quirks: quirks}}
}

func (m *metered) App(rates *applier.Rates) applier.App {
	c, err := cometchat.New(cometchat.Options{
		BaseURL: "http://emulator.api-us.cometchat.io/v3", Key: "key", Transport: m,
		OnAnswer: func(a cometchat.Answer) { rates.Observe(a.Rate) },
	})
	if err != nil {
		panic(err)
	}
	return c
}

func (m *metered) RoundTrip(req *http.Request) (*http.Response, error) {
	time.Sleep(time.Duration(planner.AssumedRoundTrip * float64(time.Second)))
	res, err := m.server.Transport().RoundTrip(req)
	m.mu.Lock()
	defer m.mu.Unlock()
	if isCore(req) {
		m.traffic.Core++
	} else {
		m.traffic.Standard++
	}
	if err == nil && res.StatusCode == http.StatusTooManyRequests {
		m.traffic.TooMany++
	}
	return res, err
}

// isCore reports whether a request is one of the core operations that have a
// limit of their own: creating and deleting users, creating groups, joining and
// leaving them (page "Rate limits").
func isCore(req *http.Request) bool {
	path := strings.Split(strings.TrimPrefix(req.URL.Path, "/v3/"), "/")
	switch {
	case req.Method == http.MethodPost:
		return len(path) == 1 && (path[0] == "users" || path[0] == "groups") || len(path) == 3 && path[2] == "members"
	case req.Method == http.MethodDelete:
		return path[0] == "users" || len(path) == 4 && path[2] == "members"
	}
	return false
}

func (m *metered) Traffic() applier.Traffic {
	m.mu.Lock()
	defer m.mu.Unlock()
	seen := m.traffic
	m.traffic = applier.Traffic{}
	return seen
}
