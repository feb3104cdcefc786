package planner

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
)

// TestUnchangedIsReadOnce: a plan without changes reads each message once, and
// holds none.
func TestUnchangedIsReadOnce(t *testing.T) {
	const n = 3000
	cfg := history(n, 1000, 0)
	seeded := newModel().applied(t, mustBuild(t, cfg, newModel(), Options{}), now)
	read := 0
	seeded.read = &read
	p := mustBuild(t, cfg, seeded, Options{Workers: 1})
	if !p.Empty() || p.Counts.Messages.NoOp != n {
		t.Fatalf("%s, %d unchanged", p.Counts, p.Counts.Messages.NoOp)
	}
	if read != n {
		t.Errorf("read %d messages of %d", read, n)
	}
	seeded.read = nil
	seeded.freeze()
	allocs := testing.AllocsPerRun(3, func() {
		p, _, err := Build(cfg, seeded, Options{Now: now, Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		p.Close()
	})
	if allocs > n/4 {
		t.Errorf("%.0f allocations for %d unchanged messages", allocs, n)
	}
}

// spool is a Spool in memory.
type spool struct {
	bytes.Buffer
	writeErr error
	closed   bool
}

func (s *spool) Write(b []byte) (int, error) {
	if s.writeErr != nil {
		return 0, s.writeErr
	}
	return s.Buffer.Write(b)
}

func (s *spool) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(s.Bytes()).ReadAt(p, off)
}

func (s *spool) Close() error {
	s.closed = true
	return nil
}

// TestSpool: a plan that is too large for memory is the same plan.
func TestSpool(t *testing.T) {
	cfg := history(40_000, 10_000, 0)
	held := mustBuild(t, cfg, newModel(), Options{})
	s := &spool{}
	opened := 0
	spooled := mustBuild(t, cfg, newModel(), Options{Spool: func() (Spool, error) { opened++; return s, nil }})
	if opened != 1 || s.Len() < inMemory {
		t.Fatalf("opened %d times, %d bytes", opened, s.Len())
	}
	if held.Digest != spooled.Digest {
		t.Error("the digests differ")
	}
	for i := range held.Lanes {
		next, stop := iter.Pull2(spooled.Lane(i))
		for want, err := range held.Lane(i) {
			got, spooledErr, _ := next()
			if err != nil || spooledErr != nil {
				t.Fatal(err, spooledErr)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatal(diff)
			}
		}
		if _, _, more := next(); more {
			t.Error("the spooled lane is longer")
		}
		stop()
	}
	if err := spooled.Close(); err != nil || !s.closed {
		t.Error("the spool stays open", err)
	}
	small := mustBuild(t, declare(t, digested), newModel(), Options{Spool: func() (Spool, error) { panic("a small plan is spooled") }})
	small.Close()
}

func TestSpoolFails(t *testing.T) {
	full := errors.New("no space left on device")
	cfg := history(40_000, 1000, 0)
	for name, open := range map[string]func() (Spool, error){
		"open":  func() (Spool, error) { return nil, full },
		"write": func() (Spool, error) { return &spool{writeErr: full}, nil },
	} {
		t.Run(name, func(t *testing.T) {
			p, _, err := Build(cfg, newModel(), Options{Now: now, Spool: open})
			if p != nil || !errors.Is(err, full) {
				t.Errorf("%v, %v", p, err)
			}
		})
	}
}

// broken is a state that cannot be read to its end.
type broken struct {
	*model
	err error
}

func (b broken) Messages(o addr.Object) iter.Seq2[*state.Message, error] {
	return func(yield func(*state.Message, error) bool) {
		for m := range b.model.Messages(o) {
			if !yield(m, nil) {
				return
			}
			break
		}
		yield(nil, b.err)
	}
}

func TestStateFails(t *testing.T) {
	cfg := history(1000, 10, 0)
	seeded := newModel().applied(t, mustBuild(t, cfg, newModel(), Options{}), now)
	damage := &state.DamageError{File: "sow.state.jsonl", Line: 7, What: "not JSON"}
	for _, workers := range []int{1, 4} {
		p, _, err := Build(cfg, broken{seeded, damage}, Options{Now: now, Workers: workers})
		if got := (*state.DamageError)(nil); p != nil || !errors.As(err, &got) {
			t.Errorf("%v, %v", p, err)
		}
	}
}

// TestMistakesComeTogether: what is wrong with the messages, and what the
// planner finds, is reported in one go, in the order of the files; there is no
// plan.
func TestMistakesComeTogether(t *testing.T) {
	cfg := declare(t, `
user ana Ana
user sam Sam
conversation bad ana sam
  ana: one
conversation chat ana sam starts=2026-06-25T09:00:00Z
  ana: one
conversation worse ana sam
  ana: one
`)
	mistake := func(c *config.Conversation, line int) {
		read := c.Read
		c.Read = func(yield func(*config.Message) bool) hcl.Diagnostics {
			return append(read(yield), &hcl.Diagnostic{
				Severity: hcl.DiagError, Summary: "Wrong", Subject: &hcl.Range{Filename: "main.sow.hcl", Start: hcl.Pos{Line: line, Byte: line}},
			})
		}
	}
	mistake(cfg.Conversations[0], 50)
	mistake(cfg.Conversations[2], 2)
	for _, workers := range []int{1, 3} {
		p, diags, err := Build(cfg, newModel(), Options{Now: now, Workers: workers})
		if p != nil || err != nil {
			t.Fatal(p, err)
		}
		var got []string
		for _, d := range diags {
			got = append(got, fmt.Sprint(d.Subject.Start.Line, " ", d.Summary))
		}
		if diff := cmp.Diff([]string{"2 Wrong", "7 Message in the future", "50 Wrong"}, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestAppAndAnchor(t *testing.T) {
	declared, pinned := int64(now-100), int64(now-200)
	seeded := newModel()
	seeded.header.AppID, seeded.header.Region, seeded.header.Anchor = "state", "eu", &pinned
	cfg := declare(t, "user ana Ana")
	p := mustBuild(t, cfg, seeded, Options{})
	if p.AppID != "state" || p.Region != "eu" || *p.Anchor != pinned || p.Reanchored {
		t.Errorf("from the state: %+v", p)
	}
	cfg.App, cfg.Anchor = config.App{AppID: "config", Region: "us"}, &declared
	p = mustBuild(t, cfg, seeded, Options{})
	if p.AppID != "config" || p.Region != "us" || *p.Anchor != declared || !p.Reanchored {
		t.Errorf("from the configuration: %+v", p)
	}
	p = mustBuild(t, cfg, seeded, Options{AppID: "flag", Region: "in"})
	if p.AppID != "flag" || p.Region != "in" {
		t.Errorf("from the flags: %+v", p)
	}
	if p := mustBuild(t, declare(t, "user ana Ana"), newModel(), Options{}); p.Anchor != nil || p.Provisional != now || p.Prior != "" {
		t.Errorf("without any: %+v", p)
	}
}

func TestPin(t *testing.T) {
	cfg := declare(t, `
user ana Ana
user sam Sam
conversation chat ana sam
  ana: hours @-2h
  sam: day @-1d_23:59:59
  ana: today @+0d_09:00
`)
	p := mustBuild(t, cfg, newModel(), Options{})
	want := []Time{{Base: config.Anchor, Seconds: -7200}, {Base: config.AnchorDay, Seconds: 9 * 3600}}
	if diff := cmp.Diff(want, p.Latest); diff != "" {
		t.Errorf("latest: %s", diff)
	}
	midnight := int64(now - now%86400)
	var future *FutureError
	if err := p.Pin(midnight + 86400); !errors.As(err, &future) || p.Anchor != nil {
		t.Fatalf("pinned to the next midnight: %v", err)
	}
	sent := func() (times []int64) {
		for m, err := range p.Lane(0) {
			if err != nil {
				t.Fatal(err)
			}
			times = append(times, m.After.SentAt)
		}
		return times
	}
	if diff := cmp.Diff([]int64{midnight - 1, now - 7200, midnight + 9*3600}, sent()); diff != "" {
		t.Errorf("before it is pinned: %s", diff)
	}
	// At 11:01, two hours ago is after nine: the order stays, with one second
	// between them.
	at := midnight + 11*3600 + 60
	if err := p.Pin(at); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int64{midnight - 1, at - 7200, at - 7199}, sent()); diff != "" {
		t.Errorf("pinned: %s", diff)
	}
	if err := p.Pin(at + 1000); err != nil || *p.Anchor != at {
		t.Error("a pinned plan is pinned again")
	}
}

func TestCompose(t *testing.T) {
	o := addr.Object{Kind: addr.Conversation, Name: "chat"}
	carrier := o.Message("a")
	p := &Plan{
		Dataset: "set",
		Users:   []UserChange{{Action: Create, Addr: addr.Object{Kind: addr.User, Name: "ana"}, After: &state.User{UID: "ana"}, Carrier: &carrier}},
		Lanes:   []LaneInfo{{Chat: "user:ana:sam", Changes: []ConversationChange{{Addr: o}}}},
	}
	want := &MessageChange{
		Action: Create, Addr: o.Message("a"), When: Time{Base: config.Anchor, Seconds: -5},
		After:   &state.Message{Key: "a", MUID: MUID("set", o, "a", 0), Sender: "ana", Text: "hi", SentAt: 17},
		Carries: []addr.Object{p.Users[0].Addr},
	}
	p.Compose([][]*MessageChange{{want}})
	for got, err := range p.Lane(0) {
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	for _, err := range (&Plan{}).Lane(0) {
		if err == nil {
			t.Error("a plan without a body has lanes")
		}
	}
}

func TestDestroy(t *testing.T) {
	cfg := declare(t, `
user ana Ana
user sam Sam
group lobby Lobby
conversation chat ana sam
  ana: one #one
conversation welcome lobby
  sam: two #two
`)
	seeded := newModel().applied(t, mustBuild(t, cfg, newModel(), Options{}), now)
	seeded.adopt("user.sam")
	seeded.adopt("group.lobby")
	seeded.doubt(t, "two")
	for _, test := range []struct {
		opts Options
		want string
	}{
		{Options{}, `
  - user.ana (no longer declared)
  - user.sam forget (no longer declared; it was there before sow, and stays)
  - group.lobby forget (no longer declared; it was there before sow, and stays)
user:ana:sam
  - conversation.chat
    - 2026-06-24T09:00:00Z #one ana: one (the conversation is no longer declared)
group:lobby
  - conversation.welcome
    - 2026-06-24T09:00:00Z #two sam: two (no longer declared, and in doubt: it was sent, but its answer was never seen)
`},
		{Options{IncludeAdopted: true}, `
  - user.ana (no longer declared)
  - user.sam (no longer declared)
  - group.lobby (no longer declared)
user:ana:sam
  - conversation.chat
    - 2026-06-24T09:00:00Z #one ana: one (the conversation is no longer declared)
group:lobby
  - conversation.welcome
    - 2026-06-24T09:00:00Z #two sam: two (no longer declared, and in doubt: it was sent, but its answer was never seen)
`},
	} {
		test.opts.Now = now
		p, diags, err := BuildDestroy(seeded, test.opts)
		if err != nil || len(diags) > 0 {
			t.Fatal(diags, err)
		}
		if diff := cmp.Diff(strings.TrimPrefix(test.want, "\n"), render(t, p)); diff != "" {
			t.Error(diff)
		}
		if p.NextGeneration() != 1 || !p.Destroy || p.Dataset != "test" {
			t.Errorf("%+v", p)
		}
		p.Close()
	}
}

func TestDestroyRefuses(t *testing.T) {
	cfg := declare(t, `
user ana Ana protected
user sam Sam
user kim Kim protected
group lobby Lobby protected
conversation chat ana sam protected
  ana: one #one
`)
	seeded := newModel().applied(t, mustBuild(t, cfg, newModel(), Options{}), now)
	seeded.adopt("user.kim")
	p, diags, err := BuildDestroy(seeded, Options{Now: now})
	if p != nil || err != nil || len(diags) != 1 {
		t.Fatal(p, diags, err)
	}
	for _, name := range []string{"user.ana", "group.lobby", "conversation.chat"} {
		if !strings.Contains(diags[0].Detail, name) {
			t.Errorf("%s is not named: %s", name, diags[0].Detail)
		}
	}
	if strings.Contains(diags[0].Detail, "user.kim") || strings.Contains(diags[0].Detail, "user.sam") {
		t.Errorf("what is not deleted, or not protected, is named: %s", diags[0].Detail)
	}
}

// TestAliasLeavesTheState: a run that was cut off between recording a message
// under its new key and deleting the old one must not make the app lose it.
func TestAliasLeavesTheState(t *testing.T) {
	text := "user ana Ana\nuser sam Sam\nconversation chat ana sam\n  ana: one\n  sam: two\n"
	seeded := newModel().applied(t, mustBuild(t, declare(t, text), newModel(), Options{}), now)
	cfg := declare(t, strings.Replace(text, "two", "two #two", 1))
	p := mustBuild(t, cfg, seeded, Options{})
	half := seeded.clone()
	for m, err := range p.Lane(0) {
		if err != nil {
			t.Fatal(err)
		}
		if m.From != "" {
			half.messages[m.Addr.Conversation][m.Addr.Key] = m.After
		}
	}
	p = mustBuild(t, cfg, half, Options{})
	want := "user:ana:sam\n" +
		"      2026-06-24T08:59:15Z ana: one\n" +
		"      2026-06-24T09:00:00Z #two sam: two\n" +
		"    - 2026-06-24T09:00:00Z sam: two state-only (the app has it under another key)\n"
	if diff := cmp.Diff(want, render(t, p)); diff != "" {
		t.Error(diff)
	}
	if p.Deletes() || p.Forecast.Requests != 3 {
		t.Errorf("it makes requests: %+v", p.Forecast)
	}
	if after := half.applied(t, p, now); !mustBuild(t, cfg, after, Options{}).Empty() {
		t.Error("there is more to do")
	}
}
