package planner

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sowdev/sow/config"
)

func TestForecast(t *testing.T) {
	const people = `
user ana Ana
user sam Sam
user zoe Zoe
group lobby Lobby description=hall admins=ana,zoe
group attic Attic
conversation chat ana sam
  ana: one
  sam: two
  ana: three
conversation welcome lobby
  sam: welcome
`
	// Ana and Sam are carried, and the lobby; Zoe and the attic are not. The
	// lobby's description and its two admins take a request each.
	const requests, core = probeRequests + 4 + 2 + 1 + 1, 3
	for _, test := range []struct {
		name   string
		app    config.App
		limits map[string]int
		want   Forecast
	}{
		{"standard", config.App{}, nil, Forecast{
			PerMinute: 20000, CorePerMinute: 10000, Seconds: 3 * roundTrip}},
		{"free", config.App{Plan: "free"}, nil, Forecast{
			PerMinute: 500, CorePerMinute: 500, Seconds: float64(requests-core) / 500 * 60}},
		{"declared", config.App{Rate: config.Rate{RequestsPerMinute: 60}}, nil, Forecast{
			PerMinute: 60, CorePerMinute: 60, Seconds: requests - core}},
		{"declared for a sender", config.App{Rate: config.Rate{MessagesPerUserPerMinute: 30}}, map[string]int{"sam": 1}, Forecast{
			PerMinute: 20000, CorePerMinute: 10000, SlowestSender: "ana", SlowestCount: 2, SenderPerMinute: 30, Seconds: 4}},
		{"learnt of a sender", config.App{}, map[string]int{"sam": 10}, Forecast{
			PerMinute: 20000, CorePerMinute: 10000, SlowestSender: "sam", SlowestCount: 2, SenderPerMinute: 10, Seconds: 12}},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := declare(t, people)
			cfg.App = test.app
			seeded := newModel()
			seeded.header.SenderLimit = test.limits
			p := mustBuild(t, cfg, seeded, Options{})
			test.want.Requests, test.want.CoreRequests, test.want.LongestLane = requests, core, 3
			if diff := cmp.Diff(test.want, p.Forecast, cmp.Comparer(nearly)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func nearly(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 }

func TestForecastOfChanges(t *testing.T) {
	seeded := newModel()
	first := declare(t, `
user ana Ana
user sam Sam
user old Old
group lobby Lobby admins=
conversation chat ana sam
  ana: one #one
  sam: two #two
  ana: three #three
  sam: four #four
  sam: five #five
`)
	seeded = seeded.applied(t, mustBuild(t, first, seeded, Options{}), now)
	seeded.doubt(t, "five")
	p := mustBuild(t, declare(t, `
user ana Anna
user sam Sam protected
group lobby Lobbi admins=sam
conversation chat ana sam
  ana: eins #one
  sam: two #two !approved
  ana: three #three =image
  sam: five #five
`), seeded, Options{})
	// Ana's name, the lobby's name, its admin, the old user; the edit, the
	// replacement (2), the delete, and the one in doubt with a look before (2).
	want := Forecast{
		Requests: probeRequests + 2 + 1 + 1 + 1 + 2 + 1 + 2, CoreRequests: 2, LongestLane: 6,
		PerMinute: 20000, CorePerMinute: 10000, Seconds: 6 * roundTrip,
	}
	if diff := cmp.Diff(want, p.Forecast, cmp.Comparer(nearly)); diff != "" {
		t.Error(diff)
	}
	seeded = seeded.applied(t, p, now)
	if f := mustBuild(t, first, seeded, Options{}); f.Empty() {
		t.Error("nothing to do after all that")
	}
}

func TestNothingCostsNothing(t *testing.T) {
	p := mustBuild(t, declare(t, ""), newModel(), Options{})
	if p.Forecast.Requests != 0 || p.Forecast.Seconds != 0 {
		t.Errorf("an empty plan costs %+v", p.Forecast)
	}
}
