package view_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/cmd/internal/view"
	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
)

// memory is a state in memory.
type memory struct {
	header        state.Header
	missing       bool
	users         []*state.User
	groups        []*state.Group
	conversations []*state.Conversation
	messages      map[addr.Object][]*state.Message
	run           *state.Run
	damaged       error
}

func (m *memory) Header() state.Header                 { return m.header }
func (m *memory) Exists() bool                         { return !m.missing }
func (m *memory) Fingerprint() string                  { return "" }
func (m *memory) Users() []*state.User                 { return m.users }
func (m *memory) Groups() []*state.Group               { return m.groups }
func (m *memory) Conversations() []*state.Conversation { return m.conversations }
func (m *memory) Count(c addr.Object) int              { return len(m.messages[c]) }
func (m *memory) Interrupted() *state.Run              { return m.run }
func (m *memory) Close() error                         { return nil }

func (m *memory) Messages(c addr.Object) iter.Seq2[*state.Message, error] {
	return func(yield func(*state.Message, error) bool) {
		for _, message := range m.messages[c] {
			if !yield(message, nil) {
				return
			}
		}
		if m.damaged != nil {
			yield(nil, m.damaged)
		}
	}
}

func seeded() *memory {
	pinned := int64(anchor)
	refund, long := conversation("refund"), conversation("weeks")
	m := &memory{
		header: state.Header{Lineage: "b7c1", Serial: 3, Dataset: "support-demo", AppID: "2604abc", Region: "us", Anchor: &pinned, Generation: 1, HashKey: "c0ffee"},
		users: []*state.User{
			{Addr: agent("sam"), UID: "agent-sam", Name: "Sam Ochoa", Origin: state.Created, CreatedAt: morning, Sealed: map[string]string{"metadata": "5eed"}},
			{Addr: user("ana"), UID: "ana", Name: "Ana Lima", Origin: state.Adopted, Tags: []string{"vip"}},
		},
		groups: []*state.Group{{Addr: group("lobby"), GUID: "lobby", Name: "Lobby", Type: "password", Origin: state.Created, Owner: "ana", Moderators: []string{"agent-sam"}, Sealed: map[string]string{"password": "5eed"}}},
		conversations: []*state.Conversation{
			{Addr: refund, Between: []string{"agent-sam", "ana"}, Starts: "-3d 09:12", Pace: "45s"},
			{Addr: conversation("silence"), Group: "lobby"},
			{Addr: long, Group: "lobby"},
		},
		messages: map[addr.Object][]*state.Message{
			refund: {
				{Key: "hello", MUID: "sow-a", ID: "41", Sender: "ana", Text: "Hi! My order\nhasn't arrived.", SentAt: morning, Moderation: "approved"},
				{Key: "~6", MUID: "sow-b", Sender: "agent-sam", Type: "image", Attachments: []state.Attachment{{URL: "https://example.com/parcel.jpg", Name: "parcel.jpg", MimeType: "image/jpeg", Extension: "jpg"}}, SentAt: morning + 60, InDoubt: true},
				{Key: "~7", MUID: "sow-c", ID: "43", Sender: "ghost", SentAt: morning + 86400, Sealed: map[string]string{"text": "5eed"}},
			},
		},
		run: &state.Run{ID: "r1", Started: time.Unix(morning, 0), Command: "sow apply"},
	}
	for i := range 40 {
		m.messages[long] = append(m.messages[long], &state.Message{Key: fmt.Sprintf("m%d", i), MUID: fmt.Sprintf("sow-%d", i), ID: fmt.Sprint(i), Sender: "ana", Text: fmt.Sprintf("message %d", i), SentAt: morning + int64(60*i)})
	}
	return m
}

func TestState(t *testing.T) {
	for variant, change := range map[string]func(*view.Options){"txt": terminal(100), "json": format(view.JSON)} {
		show := func(name string, print func(s *screen) error) {
			t.Run(name+"/"+variant, func(t *testing.T) {
				s := newScreen(change)
				if err := print(s); err != nil {
					t.Fatal(err)
				}
				golden(t, "state/"+name+"."+variant, s.out.String())
			})
		}
		show("whole", func(s *screen) error {
			return s.State(seeded(), view.StateOptions{Location: "demo/sow.2604abc.state.jsonl"})
		})
		show("missing", func(s *screen) error { return s.State(&memory{missing: true}, view.StateOptions{}) })
		show("list", func(s *screen) error { return s.StateList(seeded(), user("ana"), conversation("refund")) })
		for name, o := range map[string]addr.Object{"user": agent("sam"), "group": group("lobby"), "conversation": conversation("refund")} {
			show(name, func(s *screen) error {
				found, err := s.StateObject(seeded(), o)
				if !found {
					err = errors.New("not found")
				}
				return err
			})
		}
		show("message", func(s *screen) error {
			found, err := s.StateMessage(seeded(), conversation("refund").Message("hello"))
			if !found {
				err = errors.New("not found")
			}
			return err
		})
	}
}

func TestStateFull(t *testing.T) {
	s := newScreen()
	if err := s.State(seeded(), view.StateOptions{Full: true}); err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		if want := fmt.Sprintf("message %d\n", i); !bytes.Contains(s.out.Bytes(), []byte(want)) {
			t.Errorf("%q is missing", want)
		}
	}
}

func TestStateListsEverything(t *testing.T) {
	s := newScreen()
	if err := s.StateList(seeded()); err != nil {
		t.Fatal(err)
	}
	if got, want := bytes.Count(s.out.Bytes(), []byte("\n")), 2+1+3+43; got != want {
		t.Errorf("%d lines, want %d", got, want)
	}
}

func TestStateWithoutTheObject(t *testing.T) {
	for _, o := range []addr.Object{user("bob"), group("attic"), conversation("none")} {
		s := newScreen()
		if found, err := s.StateObject(seeded(), o); found || err != nil {
			t.Errorf("%s: found %v, error %v", o, found, err)
		}
	}
	s := newScreen()
	if found, err := s.StateMessage(seeded(), conversation("refund").Message("none")); found || err != nil {
		t.Errorf("found %v, error %v", found, err)
	}
	if s.out.Len() > 0 {
		t.Errorf("printed %q", s.out.String())
	}
}

// A state that cannot be read to its end is an error, not a short listing.
func TestDamagedState(t *testing.T) {
	damage := &state.DamageError{File: "sow.state.jsonl", Line: 7, What: "cut off"}
	r := seeded()
	r.damaged = damage
	for name, print := range map[string]func(s *screen) error{
		"text": func(s *screen) error { return s.State(r, view.StateOptions{}) },
		"list": func(s *screen) error { return s.StateList(r) },
		"object": func(s *screen) error {
			_, err := s.StateObject(r, conversation("refund"))
			return err
		},
		"message": func(s *screen) error {
			_, err := s.StateMessage(r, conversation("refund").Message("none"))
			return err
		},
	} {
		for _, f := range []view.Format{view.Text, view.JSON} {
			if err := print(newScreen(format(f))); !errors.Is(err, error(damage)) {
				t.Errorf("%s in format %d: got %v", name, f, err)
			}
		}
	}
}

func TestResults(t *testing.T) {
	content := "user \"ana\" {}\n"
	warning := hcl.Diagnostics{{Severity: hcl.DiagWarning, Summary: "Old times", Detail: "More than six months back.", Subject: at("main.sow.hcl", map[string]string{"main.sow.hcl": content}, "ana")}}
	failure := hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Missing argument", Detail: "A user needs a name.", Subject: at("main.sow.hcl", map[string]string{"main.sow.hcl": content}, "user")}}
	sources := func(string) []byte { return []byte(content) }
	outputs := []config.Output{
		{Name: "app", Value: json.RawMessage(`"2604abc"`), Description: "where it went"},
		{Name: "door_code", Value: json.RawMessage(`"4711"`), Sensitive: true},
		{Name: "people", Value: json.RawMessage(`["ana","sam\u202e"]`)},
	}
	for variant, f := range map[string]view.Format{"txt": view.Text, "json": view.JSON, "ndjson": view.Stream} {
		show := func(name string, print func(s *screen) error) {
			t.Run(name+"/"+variant, func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					s := newScreen(format(f))
					if err := print(s); err != nil {
						t.Fatal(err)
					}
					golden(t, "results/"+name+"."+variant, "-- out --\n"+s.out.String()+"-- err --\n"+s.err.String())
				})
			})
		}
		if f != view.Stream {
			show("valid", func(s *screen) error {
				return s.Validation(view.Validation{Dataset: "support-demo", Users: 3, Groups: 1, Conversations: 2, Messages: 1204, Diagnostics: warning}, sources)
			})
			show("invalid", func(s *screen) error {
				return s.Validation(view.Validation{Dataset: "support-demo", Diagnostics: failure}, sources)
			})
			show("version", func(s *screen) error {
				return s.Version(view.Version{Version: "0.1.0", Commit: "0123456789abcdef0123", Modified: true, Go: "go1.26", Platform: "linux/amd64"})
			})
		}
		if f != view.JSON {
			show("outputs", func(s *screen) error { return s.Outputs(outputs) })
		}
		show("note", func(s *screen) error {
			s.Note("Waiting for the lock, which sow apply (pid 12 on \x1b[2Jhost) holds.")
			return nil
		})
	}
}

func TestSay(t *testing.T) {
	s := newScreen()
	if err := s.Say("A dataset is in de\x1b[31mmo:\n\n  sow plan demo\n::error::x"); err != nil {
		t.Fatal(err)
	}
	want := "A dataset is in de\\x1b[31mmo:\n\n  sow plan demo\n\\x3a:error::x\n"
	if diff := cmp.Diff(want, s.out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestRaw(t *testing.T) {
	s := newScreen()
	raw := "a\x00\xff\u202e\n::x"
	if err := s.Raw([]byte(raw)); err != nil {
		t.Fatal(err)
	}
	if s.out.String() != raw {
		t.Errorf("got %q", s.out.String())
	}
}

func TestAsk(t *testing.T) {
	s := newScreen()
	s.Ask("Two people will be deleted.\nApply this plan? (yes/no)")
	if want := "Two people will be deleted.\nApply this plan? (yes/no) "; s.err.String() != want {
		t.Errorf("got %q, want %q", s.err.String(), want)
	}
	if s.out.Len() > 0 {
		t.Errorf("a question is no result, and went to the standard output: %q", s.out.String())
	}
}

// A result that could not be written is an error.
func TestLostResult(t *testing.T) {
	for name, print := range map[string]func(v *view.View) error{
		"plan":    func(v *view.View) error { return v.Plan(refundPlan(), view.PlanOptions{}) },
		"state":   func(v *view.View) error { return v.State(seeded(), view.StateOptions{}) },
		"say":     func(v *view.View) error { return v.Say("hello") },
		"raw":     func(v *view.View) error { return v.Raw([]byte("hello")) },
		"version": func(v *view.View) error { return v.Version(view.Version{Version: "1"}) },
	} {
		for _, f := range []view.Format{view.Text, view.JSON} {
			v := view.New(view.Options{Out: brokenPipe{}, Err: brokenPipe{}, Format: f})
			if err := print(v); err == nil {
				t.Errorf("%s in format %d: no error", name, f)
			}
		}
	}
}
