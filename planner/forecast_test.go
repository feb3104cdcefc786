package planner

import (
	"slices"
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
	// lobby's description takes a request, and one takes in its two admins and
	// Sam, who speaks there.
	const requests, core = 3 + 2 + 4 + 1 + 1, 3
	stages := []Stage{
		{Name: StageCheck, Requests: 3, Longest: 3, Seconds: 3 * AssumedRoundTrip},
		{Name: StageCreateUsers, Requests: 1, CoreRequests: 1, Longest: 1, Seconds: AssumedRoundTrip},
		{Name: StageCreateGroups, Requests: 1, CoreRequests: 1, Longest: 1, Seconds: AssumedRoundTrip},
		{Name: StageSend, Requests: 6, CoreRequests: 1, Longest: 4, Seconds: 4 * AssumedRoundTrip},
	}
	const seconds = 9 * AssumedRoundTrip
	// What the limit of a sender makes of the last stage: Sam speaks in the lobby
	// first, and Ana has the last word in the other chat.
	sending := func(limited float64) []Stage {
		changed := slices.Clone(stages)
		changed[len(changed)-1].Seconds = limited
		return changed
	}
	for _, test := range []struct {
		name   string
		app    config.App
		limits map[string]int
		want   Forecast
	}{
		{"standard", config.App{}, nil, Forecast{
			PerMinute: 20000, CorePerMinute: 10000, SlowestSender: "ana", SlowestCount: 2, Stages: stages, Seconds: seconds}},
		{"free", config.App{Plan: "free"}, nil, Forecast{
			PerMinute: 500, CorePerMinute: 500, SlowestSender: "ana", SlowestCount: 2, Stages: stages, Seconds: seconds}},
		{"declared", config.App{Rate: config.Rate{RequestsPerMinute: 61}}, nil, Forecast{
			PerMinute: 61, CorePerMinute: 61, SlowestSender: "ana", SlowestCount: 2, Seconds: 2 + 1 + 4,
			Stages: []Stage{
				// One request a second: three take two seconds, and two at once one.
				{Name: StageCheck, Requests: 3, Longest: 3, Seconds: 2},
				{Name: StageCreateUsers, Requests: 1, CoreRequests: 1, Longest: 1, Seconds: AssumedRoundTrip},
				{Name: StageCreateGroups, Requests: 1, CoreRequests: 1, Longest: 1, Seconds: 1 - AssumedRoundTrip},
				{Name: StageSend, Requests: 6, CoreRequests: 1, Longest: 4, Seconds: 4},
			}}},
		{"declared for a sender", config.App{Rate: config.Rate{MessagesPerUserPerMinute: 30}}, map[string]int{"sam": 1}, Forecast{
			PerMinute: 20000, CorePerMinute: 10000, SlowestSender: "sam", SlowestCount: 2, SenderPerMinute: 1,
			Stages: sending(61 + 2*AssumedRoundTrip), Seconds: seconds - 2*AssumedRoundTrip + 61}},
		{"learnt of a sender", config.App{}, map[string]int{"sam": 10}, Forecast{
			PerMinute: 20000, CorePerMinute: 10000, SlowestSender: "sam", SlowestCount: 2, SenderPerMinute: 10,
			Stages: sending(6.1 + 2*AssumedRoundTrip), Seconds: seconds - 2*AssumedRoundTrip + 6.1}},
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
	// The old user goes at the end, and so does the delete at the beginning, with
	// the replaced one. An edit reads before it writes, and the one in doubt is
	// looked for. The lobby has another name and another admin.
	trips := func(n int) float64 { return float64(n) * AssumedRoundTrip }
	want := Forecast{
		Requests: 3 + 2 + 2 + 6 + 1, CoreRequests: 2, LongestLane: 5,
		PerMinute: 20000, CorePerMinute: 10000, SlowestSender: "ana", SlowestCount: 1, Seconds: trips(3 + 2 + 2 + 5 + 1),
		Stages: []Stage{
			{Name: StageCheck, Requests: 3, Longest: 3, Seconds: trips(3)},
			{Name: StageClear, Requests: 2, Longest: 2, Seconds: trips(2)},
			{Name: StageUpdateUsers, Requests: 1, Longest: 1, Seconds: trips(1)},
			{Name: StageUpdateGroups, Requests: 1, Longest: 1, Seconds: trips(1)},
			{Name: StageSend, Requests: 6, CoreRequests: 1, Longest: 5, Seconds: trips(5)},
			{Name: StageRemoveUsers, Requests: 1, CoreRequests: 1, Longest: 1, Seconds: trips(1)},
		},
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
