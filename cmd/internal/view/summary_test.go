package view_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sowdev/sow/applier"
	"github.com/sowdev/sow/cmd/internal/view"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
)

func summaries() map[string]*applier.Summary {
	refund, welcome := conversation("refund"), conversation("welcome")
	done := planner.Counts{
		Users: planner.ActionCounts{Create: 2}, Groups: planner.ActionCounts{Create: 1},
		Messages: planner.ActionCounts{Create: 1203, Update: 1, Delete: 1},
	}
	return map[string]*applier.Summary{
		"whole": {
			Done: done, Adopted: 2, Requests: 1211, Elapsed: 3700 * time.Millisecond,
			Moderation: map[string]int{"approved": 1200, "disapproved": 1, "pending": 2},
		},
		"nothing-sent": {Elapsed: 200 * time.Millisecond, Requests: 1},
		"partly": {
			Done: done, NotAttempted: 14, Requests: 1240, Elapsed: 95 * time.Second,
			Failures: []applier.Failure{
				{
					Message: welcome.Message("~5b1"), Action: planner.Create, Source: planner.Source{File: "welcome.chat", Line: 7},
					Err:  &applier.Refusal{Code: "ERR_UID_NOT_FOUND", Status: 404, Message: "The user \u202eghost does not exist"},
					Hint: "The user was deactivated or deleted outside of sow. Bring it back, or take it out of the state:\n  sow state rm user.ghost",
				},
				{Object: user("kim"), Action: planner.Update, Source: planner.Source{File: "main.sow.hcl", Line: 9}, Err: &applier.Refusal{Status: 400}},
			},
			InDoubt: []addr.Message{refund.Message("~6")},
			Unmet: []applier.Unmet{
				{Message: refund.Message("hello"), Source: planner.Source{File: "refund.chat", Line: 3}, Want: "approved", Got: "disapproved"},
			},
			Undecided:  []applier.Unmet{{Message: refund.Message("~7"), ID: "77", Want: "approved"}},
			Moderation: map[string]int{"approved": 3, "": 4},
			Warnings:   []string{"user.ana was in the app already, with another name.", "::warning::not a command"},
		},
		"interrupted": {Done: planner.Counts{Messages: planner.ActionCounts{Create: 3}}, NotAttempted: 40, Interrupted: true, Requests: 4, Elapsed: 2 * time.Second},
		"stopped": {
			Done: planner.Counts{}, NotAttempted: 43, Requests: 1, Elapsed: time.Second,
			Stopped: &applier.StopError{Cause: applier.JournalFailed, Err: errors.New("write the journal: no space left on device"), Hint: "Make room on the disk, then go on. What was sent is recorded."},
		},
	}
}

func TestSummary(t *testing.T) {
	o := view.SummaryOptions{State: "demo/sow.2604abc.state.jsonl", Resume: "sow apply demo", Look: "http://127.0.0.1:8080/"}
	for name, sum := range summaries() {
		for variant, change := range map[string]func(*view.Options){
			"100.txt": terminal(100), "60.txt": terminal(60), "colour.txt": colour, "ndjson": format(view.Stream),
		} {
			t.Run(name+"/"+variant, func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					s := newScreen(change)
					if err := s.Summary(sum, o); err != nil {
						t.Fatal(err)
					}
					golden(t, "summary/"+name+"."+variant, s.out.String())
				})
			})
		}
	}
}

func TestSummaryCutsLongLists(t *testing.T) {
	sum := &applier.Summary{}
	for range 400 {
		sum.Failures = append(sum.Failures, applier.Failure{Object: user("ana"), Err: errors.New("no")})
	}
	s := newScreen()
	if err := s.Summary(sum, view.SummaryOptions{}); err != nil {
		t.Fatal(err)
	}
	if want := "… 350 more"; !strings.Contains(s.out.String(), want) {
		t.Errorf("the summary does not say %q", want)
	}
}

// A summary stands off from the plan above it.
func TestSummaryBelowPlan(t *testing.T) {
	s := newScreen()
	if err := s.Plan(refundPlan(), view.PlanOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Summary(summaries()["whole"], view.SummaryOptions{}); err != nil {
		t.Fatal(err)
	}
	if want := "\n\nApplied in 4 s"; !strings.Contains(s.out.String(), want) {
		t.Errorf("no blank line before the summary:\n%s", s.out.String())
	}
}
