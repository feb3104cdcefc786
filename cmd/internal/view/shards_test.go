package view_test

import (
	"fmt"
	"testing"

	"github.com/sowdev/sow/cmd/internal/view"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// shardsOf are shards of a plan as far as they are shown.
func shardsOf(whole *planner.Plan, n int) []view.Shard {
	shards := make([]view.Shard, n+1)
	for k := range shards {
		p := &planner.Plan{
			Dataset: whole.Dataset, AppID: whole.AppID, Region: whole.Region, Digest: fmt.Sprintf("sha256:%064d", k),
			Shard: &planner.Shard{Number: k, Of: n, Whole: whole.Digest},
		}
		if k == 0 {
			p.Users = []planner.UserChange{{Action: planner.Create}}
			p.Counts.Users.Create = 1
		} else if k < n {
			p.Lanes = make([]planner.LaneInfo, k)
			p.Counts.Messages.Create = 100 * k
			p.Forecast = planner.Forecast{Requests: 100 * k, PerMinute: 500 / n, Seconds: float64(40 * k)}
		}
		shards[k] = view.Shard{Plan: p, File: fmt.Sprintf("parts/demo.%d.sowplan", k)}
	}
	return shards
}

// TestPlanShards: below a plan stands what each shard does, and that more
// workers do not move the app's limits.
func TestPlanShards(t *testing.T) {
	for name, change := range map[string]func(*planner.Forecast){
		"app": func(f *planner.Forecast) { f.Requests, f.PerMinute, f.Seconds = 6000, 500, 720 },
		"sender": func(f *planner.Forecast) {
			f.SlowestSender, f.SlowestCount, f.SenderPerMinute, f.Seconds = "ana", 900, 30, 1800
		},
		"lane": func(f *planner.Forecast) { f.LongestLane, f.Seconds = 9000, 1350 },
	} {
		p := refundPlan()
		change(&p.Forecast)
		for variant, change := range map[string]func(*view.Options){"100.txt": terminal(100), "60.txt": terminal(60), "json": format(view.JSON)} {
			t.Run(name+"/"+variant, func(t *testing.T) {
				s := newScreen(change)
				if err := s.Plan(p, view.PlanOptions{Shards: shardsOf(p, 3), Next: "Then:\n  sow apply parts/demo.0.sowplan"}); err != nil {
					t.Fatal(err)
				}
				golden(t, "plan/shards-"+name+"."+variant, s.out.String())
			})
		}
	}
	t.Run("many", func(t *testing.T) {
		s := newScreen(terminal(100))
		p := refundPlan()
		if err := s.Plan(p, view.PlanOptions{Shards: shardsOf(p, 40)}); err != nil {
			t.Fatal(err)
		}
		golden(t, "plan/shards-many.100.txt", s.out.String())
	})
	t.Run("one of them", func(t *testing.T) {
		p := refundPlan()
		p.Shard = &planner.Shard{Number: 2, Of: 3, Whole: "sha256:whole"}
		for variant, change := range map[string]func(*view.Options){"100.txt": terminal(100), "json": format(view.JSON)} {
			s := newScreen(change)
			if err := s.Plan(p, view.PlanOptions{}); err != nil {
				t.Fatal(err)
			}
			golden(t, "plan/shard."+variant, s.out.String())
		}
	})
}

// TestMerge: what came of a merge, and what is still missing.
func TestMerge(t *testing.T) {
	all := &state.Merged{Plan: "sha256:whole", Of: 2, Shards: []state.MergedShard{{Number: 0}, {Number: 1}, {Number: 2}}}
	for name, m := range map[string]view.Merge{
		"all":     {Given: 3, News: 3, Merged: all},
		"some":    {Given: 2, News: 1, Merged: &state.Merged{Plan: "sha256:whole", Of: 40, Shards: all.Shards}},
		"nothing": {Given: 3, Merged: all},
	} {
		m.Location, m.Next = "demo/sow.2604abc.state.jsonl", "sow plan demo"
		for variant, change := range map[string]func(*view.Options){"txt": terminal(100), "json": format(view.JSON)} {
			t.Run(name+"/"+variant, func(t *testing.T) {
				s := newScreen(change)
				if err := s.Merge(m); err != nil {
					t.Fatal(err)
				}
				golden(t, "results/merge-"+name+"."+variant, s.out.String())
			})
		}
	}
}
