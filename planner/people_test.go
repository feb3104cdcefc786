package planner

import (
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

func TestMemberCalls(t *testing.T) {
	many := func(n int) (uids []string) {
		for i := range n {
			uids = append(uids, string(rune('a'+i/26))+string(rune('a'+i%26)))
		}
		return uids
	}
	for _, test := range []struct {
		name          string
		before, after *state.Group
		want          int
	}{
		{"none", nil, &state.Group{}, 0},
		{"one", nil, &state.Group{Admins: []string{"a"}}, 1},
		{"25 of all scopes", nil, &state.Group{Admins: many(5), Moderators: many(20)[5:], Participants: many(25)[20:]}, 1},
		{"26", nil, &state.Group{Participants: many(26)}, 2},
		{"another scope", &state.Group{Admins: []string{"a"}, Moderators: []string{}}, &state.Group{Admins: []string{}, Moderators: []string{"a"}}, 1},
		{"removed", &state.Group{Admins: many(3)}, &state.Group{Admins: many(1)}, 2},
		{"no longer managed", &state.Group{Admins: many(3)}, &state.Group{}, 0},
		{"unchanged", &state.Group{Admins: many(3)}, &state.Group{Admins: many(3)}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := memberCalls(test.before, test.after); got != test.want {
				t.Errorf("%d calls, want %d", got, test.want)
			}
		})
	}
}
