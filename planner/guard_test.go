package planner

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGuard(t *testing.T) {
	messages := func(a ActionCounts) *Plan { return &Plan{Counts: Counts{Messages: a}} }
	for _, test := range []struct {
		name    string
		plan    *Plan
		want    error
		deletes bool
	}{
		{"nothing", messages(ActionCounts{}), nil, false},
		{"only new", messages(ActionCounts{Create: 100}), nil, false},
		{"edits", messages(ActionCounts{Update: 100}), nil, false},
		{"a small dataset", messages(ActionCounts{Delete: 9}), nil, true},
		{"30 of 100", messages(ActionCounts{Delete: 20, Replace: 10, NoOp: 70}), nil, true},
		{"31 of 100", messages(ActionCounts{Delete: 20, Replace: 11, NoOp: 60, Update: 9}), &GuardError{31, 100}, true},
		{"new ones do not count", messages(ActionCounts{Delete: 4, NoOp: 6, Create: 1000}), &GuardError{4, 10}, true},
		{"all kinds", &Plan{Counts: Counts{Users: ActionCounts{Delete: 4}, Groups: ActionCounts{NoOp: 6}}}, &GuardError{4, 10}, true},
		{"what only leaves the state", &Plan{
			Counts: Counts{Users: ActionCounts{Delete: 4}, Groups: ActionCounts{NoOp: 6}},
			Users:  []UserChange{{Action: Delete, Forget: true}, {Action: Delete, Forget: true}, {Action: Delete, Forget: true}, {Action: Delete, Forget: true}},
		}, nil, false},
		{"destroying is meant", &Plan{Destroy: true, Counts: Counts{Messages: ActionCounts{Delete: 100}}}, nil, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.plan.Guard()); diff != "" {
				t.Error(diff)
			}
			if got := test.plan.Deletes(); got != test.deletes {
				t.Errorf("deletes: %t", got)
			}
		})
	}
}

func TestExpect(t *testing.T) {
	p := &Plan{Digest: "sha256:" + strings.Repeat("ab", 32), Counts: Counts{Messages: ActionCounts{Create: 3}}}
	for _, digest := range []string{p.Digest, strings.Repeat("AB", 32), " " + p.Digest + "\n"} {
		if err := p.Expect(digest); err != nil {
			t.Errorf("%q: %v", digest, err)
		}
	}
	for _, digest := range []string{"", "sha256:abab", "sha256:" + strings.Repeat("cd", 32)} {
		var refused *DigestError
		if err := p.Expect(digest); !errors.As(err, &refused) || !strings.Contains(err.Error(), "3 messages to add") {
			t.Errorf("%q: %v", digest, err)
		}
	}
}

func TestDiff(t *testing.T) {
	const before = `
user ana Ana
user sam Sam
user kim Kim
conversation a ana sam
  ana: one
conversation b ana kim
  ana: one
`
	plan := func(text string) *Plan { return mustBuild(t, declare(t, text), newModel(), Options{}) }
	old := plan(before)
	if d := Diff(old, plan(before)); d != nil {
		t.Errorf("equal plans differ: %+v", d)
	}
	d := Diff(old, plan(strings.Replace(before, "user kim Kim", "user kim Kimberly\nuser zoe Zoe", 1)+"  kim: two\n"))
	var objects []string
	for _, o := range d.Objects {
		objects = append(objects, o.String())
	}
	if diff := cmp.Diff([]string{"user.kim", "user.zoe", "conversation.b"}, objects); diff != "" {
		t.Error(diff)
	}
	if d.OldCounts.String() != "3 users, 2 messages to add" || d.NewCounts.String() != "4 users, 3 messages to add" {
		t.Errorf("%s; %s", d.OldCounts, d.NewCounts)
	}
}

func TestCountsSay(t *testing.T) {
	for _, test := range []struct {
		counts Counts
		want   string
	}{
		{Counts{}, "nothing to change"},
		{Counts{Users: ActionCounts{NoOp: 4}}, "nothing to change"},
		{Counts{Users: ActionCounts{Create: 2}, Groups: ActionCounts{Create: 1}, Messages: ActionCounts{Create: 3, Update: 1, Replace: 2, Delete: 1}},
			"2 users, 1 group, 3 messages to add; 1 message to change; 2 messages to replace; 1 message to delete"},
	} {
		if got := test.counts.String(); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}
