package view_test

import (
	"bytes"
	"testing"

	"github.com/sowdev/sow/cmd/internal/view"
	"github.com/sowdev/sow/planner"
)

func plans() map[string]*planner.Plan {
	return map[string]*planner.Plan{"refund": refundPlan(), "unpinned": unpinnedPlan()}
}

func TestPlan(t *testing.T) {
	for name, p := range plans() {
		for variant, change := range map[string]func(*view.Options){
			"100.txt":    terminal(100),
			"60.txt":     terminal(60),
			"colour.txt": colour,
			"json":       format(view.JSON),
		} {
			t.Run(name+"/"+variant, func(t *testing.T) {
				s := newScreen(change)
				if err := s.Plan(p, view.PlanOptions{Next: "To apply exactly this, run:\n  sow apply --expect " + p.Digest}); err != nil {
					t.Fatal(err)
				}
				golden(t, "plan/"+name+"."+variant, s.out.String())
				if s.err.Len() > 0 {
					t.Errorf("a plan is a result, and went to the standard error too:\n%s", s.err.String())
				}
			})
		}
		t.Run(name+"/stream", func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				s := newScreen(format(view.Stream))
				if err := s.Plan(p, view.PlanOptions{}); err != nil {
					t.Fatal(err)
				}
				golden(t, "plan/"+name+".ndjson", s.out.String())
			})
		})
		t.Run(name+"/md", func(t *testing.T) {
			var b bytes.Buffer
			if err := view.Markdown(&b, p); err != nil {
				t.Fatal(err)
			}
			golden(t, "plan/"+name+".md", b.String())
		})
	}
}
