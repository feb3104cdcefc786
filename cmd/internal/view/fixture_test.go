package view_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/sowdev/sow/cmd/internal/view"
	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares what was shown with testdata/name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		t.Fatalf("%s is missing; run the test with -update\ngot:\n%s", path, got)
	}
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, diff)
	}
}

// screen is a View and what it wrote.
type screen struct {
	*view.View
	out, err, events bytes.Buffer
}

func newScreen(change ...func(*view.Options)) *screen {
	s := &screen{}
	o := view.Options{Out: &s.out, Err: &s.err}
	for _, c := range change {
		c(&o)
	}
	s.View = view.New(o)
	return s
}

func format(f view.Format) func(*view.Options) { return func(o *view.Options) { o.Format = f } }

// terminal makes both streams terminals of that width, without colour.
func terminal(width int) func(*view.Options) {
	return func(o *view.Options) {
		o.OutTerminal, o.ErrTerminal, o.NoColor = true, true, true
		o.Width = func() int { return width }
	}
}

func colour(o *view.Options) {
	o.OutTerminal, o.ErrTerminal, o.NoColor = true, true, false
	o.Width = func() int { return 100 }
}

func user(name string) addr.Object         { return addr.Object{Kind: addr.User, Name: name} }
func group(name string) addr.Object        { return addr.Object{Kind: addr.Group, Name: name} }
func conversation(name string) addr.Object { return addr.Object{Kind: addr.Conversation, Name: name} }
func agent(key string) addr.Object {
	return addr.Object{Kind: addr.User, Name: "agent", Key: addr.StringKey(key)}
}

func members() []state.User {
	return []state.User{
		{Addr: agent("sam"), UID: "agent-sam", Name: "Sam Ochoa"},
		{Addr: user("ana"), UID: "ana", Name: "Ana Lima"},
	}
}

// noon is Fri 2 Jan 2026 09:12:00 UTC; the anchor of the fixtures lies three
// days later.
const (
	morning = 1767345120
	anchor  = 1767603600
)

const digest = "sha256:9f2c41d0a4b1e8c77d1f0b35c2a9e6d4f8071a2b3c4d5e6f708192a3b4c5d6e7"

func text(key, sender, text string, at int64) *state.Message {
	return &state.Message{Key: key, MUID: "sow-" + key, Sender: sender, Text: text, SentAt: at}
}

func create(c addr.Object, m *state.Message) *planner.MessageChange {
	return &planner.MessageChange{Action: planner.Create, Addr: c.Message(m.Key), After: m, When: config.Time{Seconds: m.SentAt}}
}

func unchanged(c addr.Object, m *state.Message) *planner.MessageChange {
	return &planner.MessageChange{Action: planner.NoOp, Addr: c.Message(m.Key), Before: m, After: m, When: config.Time{Seconds: m.SentAt}}
}

func remove(c addr.Object, m *state.Message) *planner.MessageChange {
	return &planner.MessageChange{Action: planner.Delete, Addr: c.Message(m.Key), Before: m, Reason: "no longer declared"}
}

// refundPlan has one of everything: it is the picture of what a plan should
// feel like.
func refundPlan() *planner.Plan {
	at := int64(anchor)
	refund, welcome := conversation("refund"), conversation("welcome")
	hello := welcome.Message("hello")
	first := welcome.Message("~5b1")
	p := &planner.Plan{
		Dataset: "support-demo", AppID: "2604abc", Region: "us", Anchor: &at, Digest: digest,
		Prior: "3:9a1b", Lineage: "b7c1", Serial: 3, Generation: 1,
		Users: []planner.UserChange{
			{Action: planner.Update, Addr: agent("sam"), Before: &state.User{Addr: agent("sam"), UID: "agent-sam", Name: "Sam", Role: "agent", Origin: state.Created},
				After:  &state.User{Addr: agent("sam"), UID: "agent-sam", Name: "Sam Ochoa", Role: "agent", Origin: state.Created},
				Fields: []planner.FieldChange{{Name: "name", Old: "Sam", New: "Sam Ochoa"}, {Name: "metadata", Old: "(sensitive)", New: "(sensitive)"}},
				Source: planner.Source{File: "main.sow.hcl", Line: 4}, Sensitive: []string{"metadata"}},
			{Action: planner.Create, Addr: user("ana"), After: &state.User{Addr: user("ana"), UID: "ana", Name: "Ana Lima"},
				Source: planner.Source{File: "main.sow.hcl", Line: 3}, Carrier: &hello},
			{Action: planner.Delete, Addr: user("bob"), Before: &state.User{Addr: user("bob"), UID: "bob", Name: "Bob", Origin: state.Adopted}, Forget: true},
			{Action: planner.Create, Addr: user("kim"), After: &state.User{Addr: user("kim"), UID: "kim", Name: "김하늘"}, Source: planner.Source{File: "main.sow.hcl", Line: 9}},
		},
		Groups: []planner.GroupChange{
			{Action: planner.Create, Addr: group("lobby"), After: &state.Group{Addr: group("lobby"), GUID: "lobby", Name: "Lobby", Type: "password", Password: "hunter2"},
				Sensitive: []string{"password"}, Source: planner.Source{File: "main.sow.hcl", Line: 20}, Carrier: &first},
		},
		Counts: planner.Counts{
			Users: planner.ActionCounts{Create: 2, Update: 1, Delete: 1}, Groups: planner.ActionCounts{Create: 1},
			Messages: planner.ActionCounts{Create: 4, Update: 1, Replace: 1, Delete: 1, NoOp: 11},
		},
		Forecast: planner.Forecast{Requests: 12, CoreRequests: 2, PerMinute: 500, SlowestSender: "ana", SlowestCount: 4, Seconds: 3.2},
		Lanes: []planner.LaneInfo{
			{
				Chat: "user:agent-sam:ana", Between: []string{"agent-sam", "ana"}, Members: members(), Total: 16,
				Counts: planner.Counts{Messages: planner.ActionCounts{Create: 2, Update: 1, Replace: 1, Delete: 1, NoOp: 11}},
				Changes: []planner.ConversationChange{{Action: planner.Update, Addr: refund,
					Before: &state.Conversation{Addr: refund, Between: []string{"agent-sam", "ana"}, Pace: "45s"},
					After:  &state.Conversation{Addr: refund, Between: []string{"agent-sam", "ana"}, Pace: "30s"},
					Fields: []planner.FieldChange{{Name: "pace", Old: "45s", New: "30s"}}, Source: planner.Source{File: "main.sow.hcl", Line: 30}, Skipped: 10}},
				Trailing: 8,
			},
			{
				Chat: "group:lobby", Group: "lobby", Members: members(), Total: 2,
				Counts: planner.Counts{Messages: planner.ActionCounts{Create: 2}},
				Changes: []planner.ConversationChange{{Action: planner.Create, Addr: welcome,
					After: &state.Conversation{Addr: welcome, Group: "lobby", Starts: "-3d 18:00"}, Source: planner.Source{File: "main.sow.hcl", Line: 50}}},
			},
		},
	}
	edited := text("~3", "agent-sam", "Let me check that for you.", morning+120)
	edited.ID = "42"
	before := text("~3", "agent-sam", "Let me look that for you.", morning+120)
	before.ID = "42"
	thanks := text("~3fa9c01b77e24d10", "ana", "thanks", morning+180)
	parcel := text("~6", "agent-sam", "this one?", morning+240)
	parcel.Type, parcel.Expect = "image", "approved"
	parcel.Attachments = []state.Attachment{{URL: "https://example.com/parcel.jpg", Name: "parcel.jpg", MimeType: "image/jpeg", Extension: "jpg"}}
	wrong := text("~7", "ana", "Yes!", morning+300)
	right := text("~7", "agent-sam", "Yes!", morning+360)
	lost := text("code", "agent-sam", "4711", morning+420)
	lost.InDoubt = true
	late := text("~8", "ana", "One more thing: could you send it to my sister's address instead? She is at home all week, and the\nneighbours have been so kind already.", morning+390)
	p.Compose([][]*planner.MessageChange{
		{
			{Action: planner.NoOp, Addr: refund.Message("hello"), Before: text("hello", "ana", "Hi! My order hasn't arrived.", morning), After: text("hello", "ana", "Hi! My order hasn't arrived.", morning), Skipped: 2},
			{Action: planner.Update, Addr: refund.Message("~3"), Before: before, After: edited, When: config.Time{Seconds: edited.SentAt},
				Fields: []planner.FieldChange{{Name: "text", Old: before.Text, New: edited.Text}, {Name: "tags", New: "vip"}}, Source: planner.Source{File: "refund.chat", Line: 3}},
			remove(refund, thanks),
			{Action: planner.Create, Addr: refund.Message("~6"), After: parcel, When: config.Time{Seconds: parcel.SentAt}, Source: planner.Source{File: "refund.chat", Line: 5}},
			{Action: planner.Replace, Addr: refund.Message("~7"), Before: wrong, After: right, When: config.Time{Seconds: right.SentAt},
				Fields: []planner.FieldChange{{Name: "from", Old: "ana", New: "agent-sam"}, {Name: "sent_at", Old: "2026-01-02T09:17:00Z", New: "2026-01-02T09:18:00Z"}},
				Reason: "the sender and the time of a message cannot be changed", Source: planner.Source{File: "refund.chat", Line: 6}},
			{Action: planner.Create, Addr: refund.Message("~8"), After: late, When: config.Time{Seconds: late.SentAt}, Source: planner.Source{File: "refund.chat", Line: 7}, Late: true},
			unchanged(refund, text("~9", "agent-sam", "Of course.", morning+400)),
		},
		{
			{Action: planner.Create, Addr: hello, After: text("hello", "ana", "Hello everybody", morning+9*3600), When: config.Time{Seconds: morning + 9*3600}, Carries: []addr.Object{user("ana")}, Source: planner.Source{File: "main.sow.hcl", Line: 52}},
			{Action: planner.Create, Addr: first, Before: lost, After: text("~5b1", "agent-sam", "The door code is 4711", morning+33*3600), When: config.Time{Seconds: morning + 33*3600}, Sensitive: []string{"text"}, Carries: []addr.Object{group("lobby")}, Source: planner.Source{File: "main.sow.hcl", Line: 55}},
		},
	})
	return p
}

// unpinnedPlan is fresh and counts from an anchor that nobody has set yet.
func unpinnedPlan() *planner.Plan {
	refund, checkin := conversation("refund"), conversation("check-in")
	p := &planner.Plan{
		Dataset: "support-demo", Provisional: anchor, Digest: digest, Generation: 0,
		Users: []planner.UserChange{
			{Action: planner.Create, Addr: agent("sam"), After: &state.User{Addr: agent("sam"), UID: "agent-sam", Name: "Sam Ochoa"}},
			{Action: planner.Create, Addr: user("ana"), After: &state.User{Addr: user("ana"), UID: "ana", Name: "Ana Lima"}},
		},
		Counts:   planner.Counts{Users: planner.ActionCounts{Create: 2}, Messages: planner.ActionCounts{Create: 5}},
		Forecast: planner.Forecast{Requests: 8, PerMinute: 500, Seconds: 1},
	}
	for _, c := range []addr.Object{checkin, refund} {
		p.Lanes = append(p.Lanes, planner.LaneInfo{
			Chat: "user:agent-sam:ana", Between: []string{"agent-sam", "ana"}, Members: members(), Total: 2,
			Counts:  planner.Counts{Messages: planner.ActionCounts{Create: 2}},
			Changes: []planner.ConversationChange{{Action: planner.Create, Addr: c, After: &state.Conversation{Addr: c, Between: []string{"agent-sam", "ana"}}}},
		})
	}
	relative := func(c addr.Object, m *state.Message, when config.Time) *planner.MessageChange {
		m.SentAt = when.At(anchor)
		return &planner.MessageChange{Action: planner.Create, Addr: c.Message(m.Key), After: m, When: when}
	}
	p.Compose([][]*planner.MessageChange{
		{
			relative(checkin, text("~1", "ana", "Are you there?", 0), config.Time{Base: config.Anchor, Seconds: -2 * 3600}),
			relative(checkin, text("~2", "agent-sam", "Always.", 0), config.Time{Base: config.Anchor, Seconds: -2*3600 + 45}),
		},
		{
			relative(refund, text("~1", "ana", "Hi! My order hasn't arrived.", 0), config.Time{Base: config.AnchorDay, Seconds: -3*86400 + 9*3600 + 12*60}),
			relative(refund, text("~2", "agent-sam", "Sorry to hear that.", 0), config.Time{Base: config.AnchorDay, Seconds: -3*86400 + 9*3600 + 14*60}),
			relative(refund, text("~3", "agent-sam", "Is it there now?", 0), config.Time{Base: config.AnchorDay, Seconds: -86400 + 8*3600}),
		},
	})
	return p
}

// rawJSON checks that text is JSON and returns it decoded.
func rawJSON(t *testing.T, text string) any {
	t.Helper()
	var v any
	d := json.NewDecoder(strings.NewReader(text))
	if err := d.Decode(&v); err != nil {
		t.Fatalf("no JSON: %v\n%s", err, text)
	}
	return v
}

// inBubble runs a test under virtual time, which begins at the same instant
// every time.
func inBubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}
