package applier

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// TestEveryAnswerOfTheTable seeds the same dataset under each behaviour that
// the API leaves open.
func TestEveryAnswerOfTheTable(t *testing.T) {
	tests := map[string]quirks{
		"Q5 muid nowhere":               {readback: "nowhere"},
		"Q7 settles late":               {settle: 10 * time.Second},
		"Q8 details reject":             {details: "reject"},
		"Q8 details update":             {details: "update"},
		"Q10 auto":                      {missing: "auto"},
		"Q14 members only":              {member: "always", creator: true},
		"Q14 members only, no waiver":   {member: "always"},
		"Q11 entities stay":             {member: "always", effects: "entities"},
		"Q11 message stays":             {member: "always", effects: "message"},
		"Q15 sending joins":             {member: "always", creator: true, joins: true},
		"Q21 by id":                     {byID: true},
		"Q24 moderation off":            {moderation: "off"},
		"Q26 hidden":                    {moderation: "keyword", hidden: true},
		"Q32 sender limit":              {senderMax: 3, retryAfter: true},
		"Q34 sender limit, not told":    {senderMax: 3},
		"app limit":                     {appMax: 10, retryAfter: true},
		"app limit, not told":           {appMax: 10},
		"answers tell nothing of users": {untold: true},
	}
	for name, q := range tests {
		t.Run(name, func(t *testing.T) {
			inWorld(t, q, func(w *world) {
				w.small()
				w.mustComplete(w.apply())
				time.Sleep(time.Minute)
				w.mustBeSeeded()
			})
		})
	}
}

// TestLostAnswers loses the answer to a send in every way under every behaviour
// that matters then.
func TestLostAnswers(t *testing.T) {
	faults := map[string]fault{
		"refused":       {kind: "refuse"},
		"not stored":    {kind: "before"},
		"stored":        {kind: "after"},
		"stored later":  {kind: "later", delay: 9 * time.Second},
		"slow":          {kind: "slow", delay: 20 * time.Second},
		"asked to wait": {kind: "429", delay: 3 * time.Second},
	}
	behaviours := map[string]quirks{
		"plain":             {},
		"settles late":      {settle: 10 * time.Second},
		"rejects twice":     {duplicate: "reject"},
		"rejects import":    {duplicate: "reject", rejectCode: "import"},
		"rejects somehow":   {duplicate: "reject", rejectCode: "unknown"},
		"returns existing":  {duplicate: "existing"},
		"muid only on send": {readback: "send"},
		"muid nowhere":      {readback: "nowhere", settle: 3 * time.Second},
		"held back":         {moderation: "pending", hidden: true},
		"disapproved":       {moderation: "disapproved", hidden: true, paging: "page"},
		"by id":             {byID: true},
		"members only":      {member: "always", creator: true},
		"details kept":      {effects: "entities", details: "reject"},
	}
	for fname, f := range faults {
		for bname, q := range behaviours {
			t.Run(fname+"/"+bname, func(t *testing.T) {
				inWorld(t, q, func(w *world) {
					w.small()
					w.app.faults = func(op string, n int) fault {
						if op == "send" && n%4 == 1 {
							return f
						}
						return fault{}
					}
					s := w.mustComplete(w.apply())
					w.app.faults = nil
					time.Sleep(time.Minute)
					w.mustBeSeeded()
					if len(s.InDoubt) != 0 {
						t.Errorf("in doubt: %v", s.InDoubt)
					}
				})
			})
		}
	}
}

func TestMessageStaysInDoubtWhenTheAppCannotTell(t *testing.T) {
	inWorld(t, quirks{}, func(w *world) {
		w.data.between("a", "ana", "sam").chatter(3, "ana", "sam")
		w.data.between("b", "ana", "kim").chatter(60, "ana", "kim")
		lost := false
		w.app.faults = func(op string, n int) fault {
			if op == "send" && !lost && strings.HasSuffix(w.app.log[len(w.app.log)-1], "sam says 1") {
				lost = true
				return fault{kind: "after"}
			}
			switch {
			case lost && op == "list":
				return fault{kind: "before"}
			case lost && op == "send":
				return fault{kind: "slow", delay: 10 * time.Second} // the app is there all the while
			}
			return fault{}
		}
		s := w.apply()
		if len(s.InDoubt) != 1 || s.Stopped != nil {
			t.Fatalf("want one message in doubt: %s", describe(s))
		}
		if len(s.Failures) != 1 || s.Failures[0].Hint != doubtHint {
			t.Errorf("failures: %s", describe(s))
		}
		w.app.faults = nil
		w.mustComplete(w.apply())
		w.mustBeSeeded()
	})
}

func TestAdoptsPeopleWhoAreThere(t *testing.T) {
	for _, details := range []string{"", "update", "reject"} {
		for _, effects := range []string{"", "entities", "message"} {
			t.Run(details+"/"+effects, func(t *testing.T) {
				inWorld(t, quirks{details: details, effects: effects}, func(w *world) {
					w.app.users["ana"] = &User{UID: "ana", Name: "Old", Role: "default", CreatedAt: time.Now().Unix() - 1000}
					w.app.groups["lobby"] = &Group{GUID: "lobby", Name: "Old", Type: "private", CreatedAt: time.Now().Unix() - 1000}
					w.small()
					w.mustComplete(w.apply())
					w.mustBeSeeded()
					if got := w.origin("ana"); got != state.Adopted {
						t.Errorf("ana is %s", got)
					}
					if got := w.origin("sam"); got != state.Created {
						t.Errorf("sam is %s", got)
					}
					if name := w.app.users["ana"].Name; name != "The ana" {
						t.Errorf("ana's name is %q", name)
					}
					if g := w.app.groups["lobby"]; g.Name != "The lobby" || g.Type != "public" {
						t.Errorf("the lobby is %+v", g)
					}
					w.mustComplete(w.destroy())
					if w.app.users["ana"] == nil || w.app.users["sam"] != nil || w.app.groups["lobby"] == nil {
						t.Errorf("destroy left %v", w.app.users)
					}
				})
			})
		}
	}
}

func TestEditsReplacesAndDeletes(t *testing.T) {
	for name, q := range map[string]quirks{"plain": {}, "settles late": {settle: 10 * time.Second}, "merges": {metaMerge: true}, "rejects twice": {duplicate: "reject"}} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, q, func(w *world) {
				a := w.data.between("a", "ana", "sam").chatter(5, "ana", "sam")
				gone := w.data.between("b", "ana", "kim").chatter(3, "ana", "kim")
				a.messages[1].Metadata = meta(map[string]any{"x": 1, "y": 2})
				w.mustComplete(w.apply())
				a.messages[1].Text = "better"
				a.messages[1].Metadata = meta(map[string]any{"x": 3})
				a.messages[2].From = w.data.user("sam")
				a.messages = append(a.messages[:3], a.messages[4:]...)
				w.data.Conversations = w.data.Conversations[:1]
				_ = gone
				s := w.mustComplete(w.apply())
				want := planner.ActionCounts{Update: 1, Replace: 1, Delete: 4}
				if diff := gocmp.Diff(want, s.Done.Messages); diff != "" {
					t.Errorf("done (-want +got):\n%s", diff)
				}
				w.mustBeSeeded()
				for _, m := range w.app.messages {
					if m.Data.Text == "better" && !sameJSON(m.Data.Metadata, meta(map[string]any{"x": 3})) && name != "merges" {
						t.Errorf("metadata is %s", m.Data.Metadata)
					}
				}
				w.mustComplete(w.destroy())
				if len(w.app.messages)+len(w.app.users)+len(w.app.groups) > 0 {
					t.Errorf("destroy left %d messages, %d users", len(w.app.messages), len(w.app.users))
				}
				w.mustComplete(w.apply())
				w.mustBeSeeded()
			})
		})
	}
}

func TestSensitiveValuesAreSealed(t *testing.T) {
	inWorld(t, quirks{}, func(w *world) {
		w.data.user("ana", func(u *config.User) { u.Avatar, u.Sensitive = "https://secret.test/", []string{"avatar"} })
		g := w.data.group("lobby", func(g *config.Group) { g.Type, g.Password = "password", "secret-1" })
		w.data.in("c", "lobby").say("m", "ana", "secret words", func(m *config.Message) { m.Sensitive = []string{"text"} })
		w.app.faults = func(op string, n int) fault {
			if op == "send" && n == 1 {
				return fault{kind: "after"}
			}
			return fault{}
		}
		w.mustComplete(w.apply())
		w.mustBeQuiet()
		if strings.Contains(string(w.store.snapshot), "secret") {
			t.Errorf("the state holds a secret:\n%s", w.store.snapshot)
		}
		if w.app.groups["lobby"].Password != "secret-1" || w.app.users["ana"].Avatar != "https://secret.test/" {
			t.Errorf("the app has %+v", w.app.groups["lobby"])
		}
		g.Password = "secret-2"
		w.mustComplete(w.apply())
		w.mustBeQuiet()
		if w.app.groups["lobby"].Password != "secret-2" || strings.Contains(string(w.store.snapshot), "secret") {
			t.Errorf("the app has %+v", w.app.groups["lobby"])
		}
	})
}

func TestFailureStopsItsLaneOnly(t *testing.T) {
	inWorld(t, quirks{}, func(w *world) {
		w.data.between("a", "ana", "sam").say("1", "ana", "hi").say("2", "sam", "forbidden").say("3", "ana", "bye")
		w.data.between("b", "kim", "ana").chatter(3, "kim", "ana")
		s := w.apply()
		if len(s.Failures) != 1 || s.NotAttempted != 1 || s.Done.Messages.Create != 4 {
			t.Fatalf("%s", describe(s))
		}
		f := s.Failures[0]
		if f.Message != message("a", "2") || f.Source.File != "main.sow.hcl" || f.Source.Line == 0 || f.Hint != blockedHint {
			t.Errorf("%+v", f)
		}
		if !refusedWith(f.Err, "ERR_BLOCKED_BY_EXTENSION") {
			t.Errorf("%v", f.Err)
		}
		w.mustAgree()
	})
}

// TestCarrierFails has the carrier of somebody fail whom another lane waits
// for.
func TestCarrierFails(t *testing.T) {
	inWorld(t, quirks{}, func(w *world) {
		w.data.between("a", "ana", "sam").say("1", "ana", "forbidden").say("2", "sam", "bye")
		w.data.between("b", "sam", "kim").chatter(3, "sam", "kim")
		w.data.in("c", "lobby").chatter(3, "ana", "kim")
		s := w.apply()
		if len(s.Failures) != 1 || s.Done.Messages.Create != 6 {
			t.Fatalf("%s", describe(s))
		}
		if w.app.users["ana"] == nil || w.app.users["sam"] == nil {
			t.Errorf("users: %v", w.app.users)
		}
		w.mustAgree()
	})
}

func TestStopOnError(t *testing.T) {
	inWorld(t, quirks{}, func(w *world) {
		w.data.between("a", "ana", "sam").say("1", "ana", "forbidden")
		w.data.between("b", "kim", "ana").chatter(30, "kim", "ana")
		w.opts.StopOnError = true
		s := w.apply()
		var stop *StopError
		if !errors.As(s.Stopped, &stop) || stop.Cause != FirstFailure || s.Done.Messages.Create > 29 {
			t.Fatalf("%s", describe(s))
		}
		w.mustAgree()
	})
}

func TestFirstSendDecidesForAll(t *testing.T) {
	for code, cause := range map[string]Cause{
		"ERR_API_NOT_FOUND": NoEndpoint, "ERR_PLAN_RESTRICTION": PlanRestricted, "AUTH_ERR_NO_ACCESS": BadKey,
	} {
		t.Run(code, func(t *testing.T) {
			inWorld(t, quirks{restricted: code}, func(w *world) {
				w.small()
				s := w.apply()
				var stop *StopError
				if !errors.As(s.Stopped, &stop) || stop.Cause != cause || stop.Hint == "" {
					t.Fatalf("%s", describe(s))
				}
				if len(s.InDoubt) > 0 || len(w.app.messages) > 0 || s.Done.Messages.Create > 0 {
					t.Errorf("%s", describe(s))
				}
			})
		})
	}
}

func TestProbe(t *testing.T) {
	tests := map[string]struct {
		fail  func(op string, n int) fault
		err   error
		cause Cause
	}{
		"unreachable": {fail: func(string, int) fault { return fault{kind: "refuse"} }, cause: Unreachable},
		"no answer":   {fail: func(string, int) fault { return fault{kind: "before"} }, cause: Unreachable},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inWorld(t, quirks{}, func(w *world) {
				w.small()
				w.app.faults = test.fail
				s := w.apply()
				var stop *StopError
				if !errors.As(s.Stopped, &stop) || stop.Cause != test.cause || stop.Wrote {
					t.Fatalf("%s", describe(s))
				}
				if w.store.snapshot != nil || w.store.journal != nil {
					t.Error("something was written to the state")
				}
			})
		})
	}
}

func TestMessageOfTheFuture(t *testing.T) {
	inWorld(t, quirks{}, func(w *world) {
		w.data.Anchor = nil
		talk := w.data.between("a", "ana", "sam")
		at, _ := config.ParseTime("+0d 12:00:30")
		talk.c.Starts = &at
		talk.say("1", "ana", "hi")
		time.Sleep(40 * time.Second)
		prior := w.store.read(w)
		p := w.data.plan(w, prior)
		s := Apply(context.Background(), p, prior, w.store, w.app, w.opts)
		if !s.Complete() {
			t.Fatalf("%s", describe(s))
		}
		if w.store.read(w).Header().Anchor == nil {
			t.Error("the anchor was not pinned")
		}
		w.mustBeQuiet()
	})
}

func TestMetadata(t *testing.T) {
	object := func(s string) json.RawMessage { return json.RawMessage(s) }
	if !covers(object(`{"a":1.0,"b":[],"@x":1}`), object(`{"a":1,"b":{}}`)) {
		t.Error("values are the same, whatever their spelling")
	}
	if covers(object(`{"a":1}`), object(`{"a":1,"b":null}`)) {
		t.Error("a missing field is no null")
	}
	got := overlay(object(`{"a":1,"@x":2,"c":3}`), object(`{"a":1,"c":3}`), object(`{"a":5}`))
	if string(got) != `{"@x":2,"a":5}` {
		t.Errorf("overlay: %s", got)
	}
}
