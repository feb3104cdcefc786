package applier

import (
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

func TestDeactivatedUserComesBack(t *testing.T) {
	inWorld(t, quirks{details: "reject"}, func(w *world) {
		w.app.users["ana"] = &User{UID: "ana", Name: "Old", CreatedAt: 1}
		w.app.gone["ana"] = true
		w.small()
		w.mustComplete(w.apply())
		w.mustBeSeeded()
		if w.app.calls["reactivate"] != 1 || w.origin("ana") != state.Adopted {
			t.Errorf("calls: %v", w.app.calls)
		}
	})
}

func TestMissingPeopleAreMadeAgain(t *testing.T) {
	for _, missing := range []string{"", "bad_request", "auto"} {
		t.Run(missing, func(t *testing.T) {
			inWorld(t, quirks{missing: missing}, func(w *world) {
				a := w.data.between("a", "ana", "sam").chatter(2, "ana", "sam")
				c := w.data.in("c", "lobby").chatter(2, "ana", "sam")
				w.mustComplete(w.apply())
				delete(w.app.users, "sam")
				delete(w.app.groups, "lobby")
				time.Sleep(time.Hour)
				a.say("more", "sam", "still here")
				c.say("more", "sam", "here too")
				w.mustComplete(w.apply())
				if u := w.app.users["sam"]; u == nil || u.Name != "The sam" {
					t.Errorf("sam is %+v", u)
				}
				if g := w.app.groups["lobby"]; g == nil || g.Name != "The lobby" {
					t.Errorf("the lobby is %+v", g)
				}
				w.mustBeQuiet()
			})
		})
	}
}

func TestUnknownRole(t *testing.T) {
	for _, role := range []string{"", "default"} {
		t.Run(role, func(t *testing.T) {
			inWorld(t, quirks{role: role}, func(w *world) {
				w.data.user("ana", func(u *config.User) { u.Role = "boss" })
				w.data.between("a", "ana", "sam").chatter(2, "sam", "ana")
				w.data.between("b", "kim", "sam").chatter(2, "kim", "sam")
				s := w.apply()
				if len(s.Failures) == 0 || s.Failures[0].Object.Name != "ana" || s.Failures[0].Hint != roleHint {
					t.Fatalf("want ana's role to fail: %s", describe(s))
				}
				if s.Done.Messages.Create < 2 {
					t.Errorf("the other lane did not go on: %s", describe(s))
				}
				w.app.roles["boss"] = true
				w.mustComplete(w.apply())
				w.mustBeSeeded()
				if r := w.app.users["ana"].Role; r != "boss" {
					t.Errorf("ana's role is %q", r)
				}
			})
		})
	}
}

func TestOwner(t *testing.T) {
	for _, owner := range []string{"", "system", "dangling"} {
		t.Run(owner, func(t *testing.T) {
			inWorld(t, quirks{owner: owner, member: "always", creator: true}, func(w *world) {
				w.data.group("lobby", func(g *config.Group) { g.Owner = w.data.user("zoe") })
				w.data.in("c", "lobby").chatter(4, "ana", "zoe")
				w.mustComplete(w.apply())
				w.mustBeSeeded()
				if g := w.app.groups["lobby"]; g.Owner != "zoe" {
					t.Errorf("the owner is %q", g.Owner)
				}
				if scope := w.app.members["lobby"]["zoe"]; scope != planner.Admin {
					t.Errorf("the owner is %q", scope)
				}
			})
		})
	}
}

func TestMembersJoinBeforeTheySpeak(t *testing.T) {
	inWorld(t, quirks{member: "always", creator: true}, func(w *world) {
		w.data.group("lobby", func(g *config.Group) {
			g.Moderators = []*config.User{w.data.user("kim")}
			for i := range 60 {
				g.Participants = append(g.Participants, w.data.user("p"+string(rune('a'+i/26))+string(rune('a'+i%26))))
			}
		})
		w.data.between("a", "kim", "sam").chatter(1, "kim")
		w.data.in("c", "lobby").chatter(6, "ana", "kim", "paa")
		w.mustComplete(w.apply())
		w.mustBeSeeded()
		if scope := w.app.members["lobby"]["kim"]; scope != planner.Moderator {
			t.Errorf("kim is %q", scope)
		}
		if n := len(w.app.members["lobby"]); n != 62 { // the declared and ana, who spoke
			t.Errorf("%d members", n)
		}
		if n := w.app.calls["add members"]; n > 6 {
			t.Errorf("%d requests to add members", n)
		}
	})
}

func TestMemberChanges(t *testing.T) {
	inWorld(t, quirks{}, func(w *world) {
		g := w.data.group("lobby", func(g *config.Group) {
			g.Admins = []*config.User{w.data.user("ana")}
			g.Participants = []*config.User{w.data.user("sam"), w.data.user("kim")}
		})
		w.mustComplete(w.apply())
		w.app.members["lobby"]["stranger"] = planner.Participant
		g.Admins = []*config.User{w.data.user("ana"), w.data.user("sam")}
		g.Participants = []*config.User{w.data.user("zoe")}
		w.mustComplete(w.apply())
		w.mustBeQuiet()
		want := map[string]string{"ana": planner.Admin, "sam": planner.Admin, "zoe": planner.Participant, "stranger": planner.Participant}
		if diff := gocmp.Diff(want, w.app.members["lobby"]); diff != "" {
			t.Errorf("members (-want +got):\n%s", diff)
		}
	})
}

func TestUserUpdates(t *testing.T) {
	for name, q := range map[string]quirks{
		"clears": {}, "ignores": {clear: "ignored"}, "rejects": {clear: "rejected"}, "merges": {metaMerge: true},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, q, func(w *world) {
				w.app.roles["boss"] = true
				u := w.data.user("ana", func(u *config.User) {
					u.Avatar, u.Link, u.Role, u.Tags = "https://a.test/a.png", "https://a.test", "boss", []string{"vip"}
					u.Metadata = meta(map[string]any{"keep": 1, "drop": 2})
				})
				w.mustComplete(w.apply())
				there := w.app.users["ana"]
				there.Metadata = meta(map[string]any{"keep": 1, "drop": 2, "theirs": 3})
				u.Name, u.Avatar, u.Role, u.Tags = "Ana", "", "", nil
				u.Metadata = meta(map[string]any{"keep": 4})
				s := w.mustComplete(w.apply())
				w.mustBeQuiet()
				there = w.app.users["ana"]
				if there.Name != "Ana" || there.Avatar != "" || there.Link != "https://a.test" {
					t.Errorf("ana is %+v", there)
				}
				if want := meta(map[string]any{"keep": 4, "theirs": 3}); !sameJSON(there.Metadata, want) {
					t.Errorf("metadata is %s", there.Metadata)
				}
				cleared := len(there.Tags) == 0 && there.Role == "default"
				if q.clear == "" && (!cleared || len(s.Warnings) > 0) || q.clear != "" && (cleared || len(s.Warnings) != 2) {
					t.Errorf("ana is %+v, warnings %q", there, s.Warnings)
				}
			})
		})
	}
}

func TestAnotherUID(t *testing.T) {
	inWorld(t, quirks{}, func(w *world) {
		u := w.data.user("ana")
		w.data.between("a", "ana", "sam").chatter(4, "ana", "sam")
		w.data.in("c", "lobby").chatter(3, "ana", "sam")
		w.mustComplete(w.apply())
		time.Sleep(time.Hour)
		u.UID = "anabel"
		w.data.byGUID["lobby"].GUID = "hall"
		s := w.mustComplete(w.apply())
		w.mustBeSeeded()
		if w.app.users["ana"] != nil || w.app.groups["lobby"] != nil {
			t.Errorf("the old ones are still there: %v", w.app.users)
		}
		if s.Elapsed > 5*time.Second {
			t.Errorf("it took %v", s.Elapsed)
		}
	})
}

func TestOldUserStaysWhileMessagesAreLeft(t *testing.T) {
	inWorld(t, quirks{}, func(w *world) {
		u := w.data.user("ana")
		w.data.between("a", "ana", "sam").chatter(4, "ana", "sam")
		w.mustComplete(w.apply())
		time.Sleep(time.Hour)
		u.UID = "anabel"
		w.app.faults = func(op string, n int) fault {
			if op == "delete" {
				return fault{kind: "before"}
			}
			return fault{}
		}
		s := w.apply()
		if s.Complete() || w.app.users["ana"] == nil || w.app.users["anabel"] != nil {
			t.Fatalf("%s: %v", describe(s), w.app.users)
		}
		w.app.faults = nil
		w.mustComplete(w.apply())
		w.mustBeSeeded()
	})
}

func TestAnotherAddress(t *testing.T) {
	inWorld(t, quirks{}, func(w *world) {
		talk := w.data.between("a", "ana", "sam").chatter(3, "ana", "sam")
		w.mustComplete(w.apply())
		w.data.user("ana").Addr.Name = "anna"
		talk.messages[1].Label = "other"
		before := w.total()
		s := w.mustComplete(w.apply())
		w.mustBeQuiet()
		w.mustAgree()
		if n := w.total() - before; n > 3 {
			t.Errorf("%d requests for what only the state has: %s", n, describe(s))
		}
	})
}

func TestConversationMoves(t *testing.T) {
	inWorld(t, quirks{}, func(w *world) {
		talk := w.data.between("a", "ana", "sam").chatter(3, "ana")
		w.mustComplete(w.apply())
		time.Sleep(time.Hour)
		talk.c.Between[1] = w.data.user("kim")
		w.mustComplete(w.apply())
		w.mustBeSeeded()
	})
}
