package planner

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
)

func TestPairUp(t *testing.T) {
	user := func(name, uid string) identity { return identity{addr.Object{Kind: addr.User, Name: name}, uid} }
	for _, test := range []struct {
		name             string
		declared, seeded []identity
		of, left         []int
	}{
		{"same", []identity{user("a", "1")}, []identity{user("a", "1")}, []int{0}, nil},
		{"new", []identity{user("a", "1")}, nil, []int{-1}, nil},
		{"gone", nil, []identity{user("a", "1")}, []int{}, []int{0}},
		{"renamed", []identity{user("b", "1")}, []identity{user("a", "1")}, []int{0}, nil},
		{"another uid", []identity{user("a", "2")}, []identity{user("a", "1")}, []int{0}, nil},
		{"labels swapped", []identity{user("a", "2"), user("b", "1")}, []identity{user("a", "1"), user("b", "2")}, []int{1, 0}, nil},
		{"renamed, and the label taken by another", []identity{user("a", "2"), user("b", "1")}, []identity{user("a", "1")}, []int{-1, 0}, nil},
		{"recorded under two addresses", []identity{user("b", "1")}, []identity{user("a", "1"), user("b", "1")}, []int{1}, []int{0}},
		{"recorded twice, and the label taken by another", []identity{user("a", "2"), user("b", "1")}, []identity{user("a", "1"), user("b", "1")}, []int{-1, 1}, []int{0}},
	} {
		t.Run(test.name, func(t *testing.T) {
			of, left := pairUp(test.declared, test.seeded)
			if diff := cmp.Diff([][]int{test.of, test.left}, [][]int{of, left}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRenameCutOff: a run that was cut off between recording a new address and
// deleting the old one must not make anybody be deleted.
func TestRenameCutOff(t *testing.T) {
	seeded := newModel()
	p := mustBuild(t, declare(t, "user ana Ana\ngroup lobby Lobby"), seeded, Options{})
	seeded = seeded.applied(t, p, now)
	cfg := declare(t, "user anna uid=ana Ana\ngroup hall guid=lobby Lobby")
	p = mustBuild(t, cfg, seeded, Options{})
	for i := range p.Users {
		p.Users[i].From = addr.Object{}
	}
	for i := range p.Groups {
		p.Groups[i].From = addr.Object{}
	}
	seeded = seeded.applied(t, p, now)
	want := "  - user.ana forget (the state has it under another address)\n  - group.lobby forget (the state has it under another address)\n"
	p = mustBuild(t, cfg, seeded, Options{})
	if diff := cmp.Diff(want, render(t, p)); diff != "" {
		t.Error(diff)
	}
	if p.Deletes() {
		t.Error("forgetting counts as deleting")
	}
}

func TestRoll(t *testing.T) {
	for _, test := range []struct {
		name          string
		before, after *state.Group
		want          Roll
	}{
		{"nobody", nil, &state.Group{}, Roll{}},
		{"all scopes, the highest of each", nil,
			&state.Group{Admins: []string{"a"}, Moderators: []string{"b", "a"}, Participants: []string{"c", "b"}},
			Roll{Add: []Member{{"a", Admin}, {"b", Moderator}, {"c", Participant}}}},
		{"the owner of a new group", nil, &state.Group{Owner: "o"}, Roll{Add: []Member{{"o", Admin}}}},
		{"the owner, declared as less", nil, &state.Group{Owner: "o", Participants: []string{"o"}}, Roll{Add: []Member{{"o", Participant}}}},
		{"another scope", &state.Group{Admins: []string{"a"}, Moderators: []string{}}, &state.Group{Admins: []string{}, Moderators: []string{"a"}},
			Roll{Rescope: []Member{{"a", Moderator}}}},
		{"removed", &state.Group{Admins: []string{"a", "b", "c"}}, &state.Group{Admins: []string{"b"}}, Roll{Remove: []string{"a", "c"}}},
		{"no longer managed", &state.Group{Admins: []string{"a"}}, &state.Group{}, Roll{}},
		{"unchanged", &state.Group{Admins: []string{"a"}}, &state.Group{Admins: []string{"a"}}, Roll{}},
		{"another owner", &state.Group{Owner: "o", Participants: []string{"o"}}, &state.Group{Owner: "p", Participants: []string{"o"}},
			Roll{Add: []Member{{"p", Admin}}, Rescope: []Member{{"o", Participant}}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := GroupChange{Action: Create, Before: test.before, After: test.after}
			if test.before != nil {
				c.Action = Update
			}
			if diff := cmp.Diff(test.want, c.Roll()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A message that is nearly as large as the app takes one carries nobody: with
// the details it would be refused.
func TestHeavyMessagesCarryNobody(t *testing.T) {
	for _, test := range []struct {
		length  int
		carried bool
	}{{maxCarrierWeight, true}, {maxCarrierWeight + 1, false}} {
		cfg := declare(t, "user ana Ana\nuser sam Sam\nconversation a ana sam\n  ana: "+strings.Repeat("x", test.length))
		p := mustBuild(t, cfg, newModel(), Options{})
		for _, u := range p.Users {
			if (u.Carrier != nil) != test.carried {
				t.Errorf("%d bytes: carried by %v", test.length, u.Carrier)
			}
		}
		if len(p.Users) != 2 {
			t.Errorf("%d bytes: %d users", test.length, len(p.Users))
		}
	}
}
