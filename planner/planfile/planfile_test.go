package planfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

const now = 1782295200 // 2026-06-24T10:00:00Z

// fake is a state in memory.
type fake struct {
	header        state.Header
	fingerprint   string
	users         []*state.User
	groups        []*state.Group
	conversations []*state.Conversation
	messages      map[addr.Object][]*state.Message
	run           *state.Run
}

func (f *fake) Header() state.Header                 { return f.header }
func (f *fake) Exists() bool                         { return f.fingerprint != "" }
func (f *fake) Fingerprint() string                  { return f.fingerprint }
func (f *fake) Users() []*state.User                 { return f.users }
func (f *fake) Groups() []*state.Group               { return f.groups }
func (f *fake) Conversations() []*state.Conversation { return f.conversations }
func (f *fake) Count(o addr.Object) int              { return len(f.messages[o]) }
func (f *fake) Interrupted() *state.Run              { return f.run }
func (f *fake) Close() error                         { return nil }
func (f *fake) Messages(o addr.Object) iter.Seq2[*state.Message, error] {
	return func(yield func(*state.Message, error) bool) {
		for _, m := range f.messages[o] {
			if !yield(m, nil) {
				return
			}
		}
	}
}

var chat = addr.Object{Kind: addr.Conversation, Name: "chat", Key: addr.StringKey(`a "b"`)}

// build plans something of everything.
func build(t testing.TB) (*planner.Plan, *fake) {
	t.Helper()
	user := func(uid string) *config.User {
		return &config.User{Addr: addr.Object{Kind: addr.User, Name: uid}, UID: uid, Name: strings.ToUpper(uid), Range: hcl.Range{Filename: "people.sow.hcl", Start: hcl.Pos{Line: 3}}}
	}
	ana, sam, zoe := user("ana"), user("sam"), user("zoe")
	zoe.Metadata, zoe.Tags = json.RawMessage(`{"team":"<support>"}`), []string{"staff"}
	ana.Avatar, ana.Sensitive = "https://example.com/secret.png", []string{"avatar"}
	lobby := &config.Group{
		Addr: addr.Object{Kind: addr.Group, Name: "lobby"}, GUID: "lobby", Name: "Lobby", Type: "password", Password: "hunter2",
		Owner: ana, Admins: []*config.User{}, Sensitive: []string{"password"},
	}
	starts := config.Time{Base: config.AnchorDay, Seconds: -3*86400 + 9*3600}
	after := int64(120)
	messages := []*config.Message{
		{Label: "hello", From: ana, Type: "text", Text: "hi\nthere \"you\" <&> 😀"},
		{From: zoe, Type: "text", Text: "1234", Sensitive: []string{"text"}, After: &after, Tags: []string{"vip"}},
		{From: ana, Type: "image", Attachments: []config.Attachment{{URL: "https://example.com/a.png", Name: "a.png", MimeType: "image/png", Extension: "png"}}, Expect: "approved"},
	}
	read := func(list []*config.Message) func(func(*config.Message) bool) hcl.Diagnostics {
		return func(yield func(*config.Message) bool) hcl.Diagnostics {
			for _, m := range list {
				if !yield(m) {
					break
				}
			}
			return nil
		}
	}
	cfg := &config.Config{
		Dataset: "test", App: config.App{AppID: "2604abc", Region: "us", Plan: "free"},
		Users: []*config.User{ana, sam, zoe}, Groups: []*config.Group{lobby},
		Conversations: []*config.Conversation{
			{Addr: chat, Between: [2]*config.User{ana, zoe}, Starts: &starts, Read: read(messages)},
			{Addr: addr.Object{Kind: addr.Conversation, Name: "hall"}, Group: lobby, Read: read(messages[:1])},
		},
	}
	old := addr.Object{Kind: addr.Conversation, Name: "old"}
	prior := &fake{
		header:        state.Header{Lineage: "1234", Serial: 7, Dataset: "test", HashKey: "00", Generation: 2},
		fingerprint:   "before",
		users:         []*state.User{{Addr: sam.Addr, UID: "sam", Name: "Sammy", Origin: state.Adopted, CreatedAt: 5}},
		conversations: []*state.Conversation{{Addr: old, Between: []string{"ana", "sam"}, Starts: "-2h"}},
		messages: map[addr.Object][]*state.Message{old: {
			{Key: "~0000000000000001", MUID: "sow-x", Generation: 1, ID: "17", Sender: "sam", Text: "bye", SentAt: now - 86400, Moderation: "approved"},
		}},
	}
	p, diags, err := planner.Build(cfg, prior, planner.Options{Now: now})
	if err != nil || diags.HasErrors() {
		t.Fatal(diags, err)
	}
	return p, prior
}

func write(t testing.TB, p *planner.Plan) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(b []byte) (*planner.Plan, error) { return Read(bytes.NewReader(b), int64(len(b))) }

func lanes(t testing.TB, p *planner.Plan) (all [][]*planner.MessageChange) {
	t.Helper()
	for i := range p.Lanes {
		var lane []*planner.MessageChange
		for m, err := range p.Lane(i) {
			if err != nil {
				t.Fatal(err)
			}
			lane = append(lane, m)
		}
		all = append(all, lane)
	}
	return all
}

func TestRoundTrip(t *testing.T) {
	want, prior := build(t)
	b := write(t, want)
	got, err := read(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(planner.Plan{})); diff != "" {
		t.Errorf("(-written +read)\n%s", diff)
	}
	if diff := cmp.Diff(lanes(t, want), lanes(t, got)); diff != "" {
		t.Errorf("(-written +read)\n%s", diff)
	}
	if len(want.Lanes) != 3 || want.Users[0].Carrier == nil && want.Users[2].Carrier == nil {
		t.Errorf("the plan shows too little: %+v", want)
	}
	if again := write(t, got); !bytes.Equal(b, again) {
		t.Error("a plan that was read is written differently")
	}
	if err := Stale(got, prior); err != nil {
		t.Error(err)
	}
	if planner.Diff(want, got) != nil {
		t.Error("the digest differs")
	}
}

// TestPinnedAfterReading: a saved plan without an anchor gets it when it is
// applied.
func TestPinnedAfterReading(t *testing.T) {
	p, _ := build(t)
	got, err := read(write(t, p))
	if err != nil {
		t.Fatal(err)
	}
	if err := got.Pin(now + 600); err != nil {
		t.Fatal(err)
	}
	for i, lane := range lanes(t, got) {
		for _, m := range lane {
			if m.After != nil && m.Action == planner.Create && m.After.SentAt != m.When.At(now+600) {
				t.Errorf("lane %d: %s at %d", i, m.Addr, m.After.SentAt)
			}
		}
	}
}

func TestFile(t *testing.T) {
	p, _ := build(t)
	path := filepath.Join(t.TempDir(), "plan.sow")
	if err := os.WriteFile(path, []byte("something else"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, p); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	got, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(lanes(t, p), lanes(t, got)); diff != "" {
		t.Error(diff)
	}
	if err := got.Close(); err != nil {
		t.Error(err)
	}
	for _, err := range got.Lane(0) {
		if err == nil {
			t.Error("a closed plan can be read")
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if err := WriteFile(filepath.Join(path, "below"), p); err == nil {
		t.Error("written below a file")
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("something is left: %v, %v", entries, err)
	}
}

func TestNotAPlan(t *testing.T) {
	for _, text := range []string{"", "\n", "hello", `{"format":"sow state","version":1}` + "\n", "{\"a\":1}\n", strings.Repeat("x", 10_000)} {
		if _, err := read([]byte(text)); !errors.Is(err, ErrNotPlan) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

func TestNewer(t *testing.T) {
	p, _ := build(t)
	b := bytes.Replace(write(t, p), []byte(`"version":1`), []byte(`"version":2`), 1)
	var newer *NewerError
	if _, err := read(b); !errors.As(err, &newer) || newer.Version != 2 {
		t.Errorf("%v", err)
	}
}

// TestDamage: no byte can change, and no end be missing, without notice.
func TestDamage(t *testing.T) {
	p, _ := build(t)
	b := write(t, p)
	known := func(err error) bool {
		var newer *NewerError
		var damage *DamageError
		return errors.Is(err, ErrNotPlan) || errors.As(err, &newer) || errors.As(err, &damage)
	}
	for i := range b {
		damaged := bytes.Clone(b)
		damaged[i] ^= 1
		if _, err := read(damaged); !known(err) {
			t.Errorf("byte %d of %d: %v", i, len(b), err)
		}
		if _, err := read(b[:i]); !known(err) {
			t.Errorf("cut off at %d of %d: %v", i, len(b), err)
		}
	}
	if _, err := read(append(bytes.Clone(b), '\n')); !known(err) {
		t.Errorf("with a line more: %v", err)
	}
}

// seal completes a file that was made by hand.
func seal(lanes, document string) []byte {
	head := `{"format":"sow plan","version":1}` + "\n"
	text := head + lanes + document + "\n"
	text += fmt.Sprintf("end %020d ", len(head)+len(lanes))
	sum := sha256.Sum256([]byte(text))
	return []byte(text + hex.EncodeToString(sum[:]) + "\n")
}

// TestWrongDocument: a file that is whole, and still not right.
func TestWrongDocument(t *testing.T) {
	for _, test := range []struct{ lanes, document, want string }{
		{"", `{"encoding":1}`, ""},
		{"", `{"encoding":2}`, "it holds what this version of the format has not"},
		{"", `{"encoding":1,"new":true}`, `json: unknown field "new"`},
		{"", `{"encoding":1} {}`, "it holds what this version of the format has not"},
		{"", `[]`, "json: cannot unmarshal array into Go value of type planfile.document"},
		{"", `{"encoding":1,"users":[{"action":"explode","addr":"user.a"}]}`, `"explode" is no action`},
		{"x", `{"encoding":1}`, "it has other lanes than it lists"},
		{"x", `{"encoding":1,"ends":[99]}`, "its lanes lie in disorder"},
		{"", `{"encoding":1,"lanes":[{"chat":"a","changes":[]}]}`, "it has other lanes than it lists"},
	} {
		p, err := read(seal(test.lanes, test.document))
		var damage *DamageError
		switch {
		case test.want == "" && (err != nil || !p.Empty()):
			t.Errorf("%s: %v", test.document, err)
		case test.want != "" && (!errors.As(err, &damage) || damage.What != test.want):
			t.Errorf("%s: %v, want %q", test.document, err, test.want)
		}
	}
}

func TestWrongLane(t *testing.T) {
	lane := "{\"do\":\"explode\"}\n"
	p, err := read(seal(lane, fmt.Sprintf(`{"encoding":1,"lanes":[{"chat":"a","changes":[]}],"ends":[%d]}`, 34+len(lane))))
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range p.Lane(0) {
		if err == nil || err.Error() != `cannot read the plan: lane 1: "explode" is no action` {
			t.Error(err)
		}
	}
}

// apply returns the state after the plan was applied.
func apply(t testing.TB, p *planner.Plan, prior *fake) *fake {
	t.Helper()
	after := &fake{header: prior.header, fingerprint: "after", messages: map[addr.Object][]*state.Message{}}
	after.header.Serial++
	for _, u := range p.Users {
		if u.After != nil {
			after.users = append(after.users, u.After)
		}
	}
	for _, g := range p.Groups {
		if g.After != nil {
			after.groups = append(after.groups, g.After)
		}
	}
	for _, lane := range lanes(t, p) {
		for _, m := range lane {
			if m.After != nil {
				after.messages[m.Addr.Conversation] = append(after.messages[m.Addr.Conversation], m.After)
			}
		}
	}
	return after
}

func TestStale(t *testing.T) {
	p, prior := build(t)
	with := func(change func(*fake)) *fake {
		c := *prior
		c.fingerprint = "other"
		change(&c)
		return &c
	}
	for _, test := range []struct {
		name  string
		prior *fake
		cause Cause
		what  string
	}{
		{"as it was", prior, 0, ""},
		{"gone", with(func(f *fake) { f.fingerprint = "" }), Other, "is not there"},
		{"another", with(func(f *fake) { f.header.Lineage = "5678" }), Other, "begun anew"},
		{"folded since", with(func(f *fake) { f.header.Serial = 9 }), Moved, "the serial 7 when it was made, and now has 9"},
		{"a run since", with(func(*fake) {}), Moved, "a run has changed the state"},
		{"begun", with(func(f *fake) { f.run = &state.Run{Plan: p.Digest} }), Begun, "goes on where it ended"},
		{"another begun", with(func(f *fake) { f.run = &state.Run{Plan: "sha256:00"} }), Moved, "a run has changed the state"},
		{"applied", apply(t, p, prior), Applied, "plan again"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := Stale(p, test.prior)
			var stale *StaleError
			if errors.As(err, &stale) != (test.cause != 0) {
				t.Fatal(err)
			}
			if stale != nil && (stale.Cause != test.cause || !strings.Contains(err.Error(), test.what)) {
				t.Errorf("%d: %v", stale.Cause, err)
			}
		})
	}
	half := apply(t, p, prior)
	half.messages[chat] = nil
	if err := Stale(p, half); err == nil || strings.Contains(err.Error(), "applied already") {
		t.Errorf("applied in part: %v", err)
	}
	fresh, _, err := planner.Build(&config.Config{Dataset: "test"}, &fake{}, planner.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if err := Stale(fresh, prior); err == nil || !strings.Contains(err.Error(), "there was no state") {
		t.Error(err)
	}
	if err := Stale(fresh, &fake{}); err != nil {
		t.Error(err)
	}
}

// FuzzRead: no file makes the reader panic, and a plan that can be read can be
// written and read again.
func FuzzRead(f *testing.F) {
	p, _ := build(f)
	f.Add(write(f, p), false)
	f.Add(seal("", `{"encoding":1}`), false)
	f.Add([]byte(`{"encoding":1,"users":[{"action":"create","addr":"user.a","after":{"addr":"user.a","uid":"a"}}]}`), true)
	f.Add([]byte(`{"encoding":1,"lanes":[{"chat":"a","changes":[]}],"ends":[34]}`), true)
	f.Fuzz(func(t *testing.T, b []byte, wrap bool) {
		if wrap {
			b = seal("", string(b))
		}
		p, err := read(b)
		if err != nil {
			return
		}
		for i := range p.Lanes {
			for _, err := range p.Lane(i) {
				if err != nil {
					return
				}
			}
		}
		again, err := read(write(t, p))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p, again, cmpopts.IgnoreUnexported(planner.Plan{}), cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}

// TestFound: what reading the app showed goes with the plan.
func TestFound(t *testing.T) {
	want, _ := build(t)
	w := planner.NewFindingsWriter(2, nil)
	for i, text := range []string{"second", "first"} {
		c := w.Begin(1 - i)
		m := chat.Message(text)
		found := planner.Finding{Kind: planner.Missing, Message: &m, Chat: "user:a:b", Before: &state.Message{Key: text, Text: text + "\u2028<", SentAt: now}}
		if err := errors.Join(c.Put(&found), c.End()); err != nil {
			t.Fatal(err)
		}
	}
	anchor := int64(now)
	ana := addr.Object{Kind: addr.User, Name: "ana"}
	people := []planner.Finding{{Kind: planner.Edited, Object: &ana, User: &state.User{Addr: ana, UID: "ana", Name: "Ana"}}}
	lesson := planner.Lesson{Dataset: want.Dataset, AppID: want.AppID, Region: want.Region, Anchor: &anchor, Generation: 3, HashKey: "00"}
	var err error
	if want.Found, err = w.Findings(lesson, people); err != nil {
		t.Fatal(err)
	}
	want.Found.Requests = 9
	b := write(t, want)
	got, err := read(b)
	if err != nil {
		t.Fatal(err)
	}
	all := func(p *planner.Plan) (list []*planner.Finding) {
		for f, err := range p.Found.All() {
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, f)
		}
		return list
	}
	if diff := cmp.Diff(all(want), all(got)); diff != "" || len(all(got)) != 3 || all(got)[1].Before.Key != "first" {
		t.Errorf("(-written +read)\n%s", diff)
	}
	if diff := cmp.Diff(want.Found, got.Found, cmpopts.IgnoreUnexported(planner.Findings{})); diff != "" {
		t.Errorf("(-written +read)\n%s", diff)
	}
	if diff := cmp.Diff(lanes(t, want), lanes(t, got)); diff != "" {
		t.Errorf("(-written +read)\n%s", diff)
	}
	if again := write(t, got); !bytes.Equal(b, again) {
		t.Error("a plan that was read is written differently")
	}
	for i := range b {
		damaged := bytes.Clone(b)
		damaged[i] ^= 1
		if _, err := read(damaged); err == nil {
			t.Errorf("byte %d of %d changed without notice", i, len(b))
		}
	}
}
