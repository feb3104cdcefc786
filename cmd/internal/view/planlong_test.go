package view_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/sowdev/sow/cmd/internal/view"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// freshPlan adds that many chats of that many messages. Change, which may be
// nil, may make something else of any message.
func freshPlan(chats, perChat int, change func(chat, i int, m *planner.MessageChange)) *planner.Plan {
	p := &planner.Plan{Dataset: "big", AppID: "2604abc", Region: "us", Digest: digest}
	pinned := int64(anchor)
	p.Anchor = &pinned
	var lanes [][]*planner.MessageChange
	for i := range chats {
		c := conversation(fmt.Sprintf("c%04d", i))
		info := planner.LaneInfo{
			Chat: fmt.Sprintf("user:agent-sam:u%d", i), Between: []string{"agent-sam", "ana"}, Members: members(), Total: perChat,
			Changes: []planner.ConversationChange{{Action: planner.Create, Addr: c, After: &state.Conversation{Addr: c, Between: []string{"agent-sam", "ana"}}}},
		}
		var lane []*planner.MessageChange
		for j := range perChat {
			m := create(c, text(fmt.Sprintf("m%d", j), "ana", fmt.Sprintf("chat %d message %d", i, j), morning+int64(60*j)))
			if change != nil {
				change(i, j, m)
			}
			switch m.Action {
			case planner.Create:
				info.Counts.Messages.Create++
			case planner.Update:
				info.Counts.Messages.Update++
			}
			if m.Before != nil {
				info.Changes[0].Action, info.Changes[0].Before = planner.NoOp, info.Changes[0].After
			}
			lane = append(lane, m)
		}
		p.Counts.Messages.Create += info.Counts.Messages.Create
		p.Counts.Messages.Update += info.Counts.Messages.Update
		p.Lanes = append(p.Lanes, info)
		lanes = append(lanes, lane)
	}
	p.Compose(lanes)
	return p
}

func planText(t *testing.T, p *planner.Plan, o view.PlanOptions) string {
	t.Helper()
	s := newScreen()
	if err := s.Plan(p, o); err != nil {
		t.Fatal(err)
	}
	return s.out.String()
}

func TestEmptyPlanIsOneLine(t *testing.T) {
	p := &planner.Plan{Dataset: "demo", AppID: "2604abc", Region: "us", Digest: digest}
	if got, want := planText(t, p, view.PlanOptions{Next: "sow apply"}), "Nothing to do: demo in app 2604abc (us) is as declared.\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	p.Destroy = true
	if got, want := planText(t, p, view.PlanOptions{}), "Nothing to do: nothing of demo is left in app 2604abc (us).\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Of many additions the middle is cut; what changes among them never is.
func TestLongChat(t *testing.T) {
	edit := func(_, i int, m *planner.MessageChange) {
		switch i {
		case 60:
			before := *m.After
			before.Text = "chat 0 message sixty"
			m.Action, m.Before = planner.Update, &before
			m.Fields = []planner.FieldChange{{Name: "text", Old: before.Text, New: m.After.Text}}
		case 70:
			lost := *m.After
			lost.InDoubt = true
			m.Before, m.Reason = &lost, "in doubt: it was sent, but its answer was never seen"
		}
	}
	p := freshPlan(1, 100, edit)
	golden(t, "plan/long-chat.txt", planText(t, p, view.PlanOptions{}))
	full := planText(t, p, view.PlanOptions{Full: true})
	for i := range 100 {
		if i != 60 && !strings.Contains(full, fmt.Sprintf("message %d", i)) {
			t.Errorf("message %d is missing from the full plan", i)
		}
	}
	if strings.Contains(full, "--full") {
		t.Error("the full plan cuts something")
	}
}

// Of many chats that only grow the first ones are shown, and of the others
// what changes or is in doubt.
func TestManyChats(t *testing.T) {
	p := freshPlan(40, 2, func(chat, i int, m *planner.MessageChange) {
		if i != 1 {
			return
		}
		switch chat {
		case 35:
			lost := *m.After
			lost.InDoubt = true
			m.Before = &lost
		case 38:
			before := *m.After
			m.Action, m.Before = planner.Update, &before
			m.Fields = []planner.FieldChange{{Name: "tags", New: "vip"}}
		}
	})
	out := planText(t, p, view.PlanOptions{})
	for want, n := range map[string]int{
		"\nconversation.c":  32, // thirty, the doubt and the edit
		"in doubt":          1,
		"tags  {+vip+}":     1,
		"chat 35 message 0": 0,
		"… 9 more conversations with 17 messages to add; --full shows all": 1,
	} {
		if got := strings.Count(out, want); got != n {
			t.Errorf("%q appears %d times, want %d\n%s", want, got, n, out[len(out)-900:])
		}
	}
}

// Conversations that share a chat are told apart, and so are people of the same
// name.
func TestSharedChat(t *testing.T) {
	a, b := conversation("a"), conversation("b")
	twins := []state.User{{Addr: agent("ana"), UID: "agent-ana"}, {Addr: user("ana"), UID: "ana"}}
	pinned := int64(anchor)
	p := &planner.Plan{Dataset: "demo", AppID: "2604abc", Region: "us", Digest: digest, Anchor: &pinned,
		Counts: planner.Counts{Messages: planner.ActionCounts{Create: 3}},
		Lanes: []planner.LaneInfo{{
			Chat: "user:agent-ana:ana", Between: []string{"agent-ana", "ana"}, Members: twins, Total: 3,
			Counts:  planner.Counts{Messages: planner.ActionCounts{Create: 3}},
			Changes: []planner.ConversationChange{{Action: planner.Create, Addr: a}, {Action: planner.Create, Addr: b}},
		}}}
	p.Compose([][]*planner.MessageChange{{
		create(a, text("~1", "ana", "one", morning)), create(b, text("~1", "agent-ana", "two", morning+60)), create(a, text("~2", "ana", "three", morning+120)),
	}})
	golden(t, "plan/shared-chat.txt", planText(t, p, view.PlanOptions{}))
}

// A destroy shows all that goes once, in full.
func TestDestroy(t *testing.T) {
	c := conversation("refund")
	pinned := int64(anchor)
	p := &planner.Plan{Dataset: "demo", AppID: "2604abc", Region: "us", Digest: digest, Destroy: true, Anchor: &pinned,
		Users: []planner.UserChange{
			{Action: planner.Delete, Addr: user("ana"), Before: &state.User{Addr: user("ana"), UID: "ana", Name: "Ana Lima", Origin: state.Created}},
			{Action: planner.Delete, Addr: user("bob"), Before: &state.User{Addr: user("bob"), UID: "bob", Name: "Bob", Origin: state.Adopted}, Forget: true, Reason: "it was in the app before"},
		},
		Counts: planner.Counts{Users: planner.ActionCounts{Delete: 2}, Messages: planner.ActionCounts{Delete: 60}},
		Lanes: []planner.LaneInfo{{
			Chat: "user:agent-sam:ana", Between: []string{"agent-sam", "ana"}, Members: members(),
			Counts:  planner.Counts{Messages: planner.ActionCounts{Delete: 60}},
			Changes: []planner.ConversationChange{{Action: planner.Delete, Addr: c, Before: &state.Conversation{Addr: c}, Reason: "the dataset is destroyed"}},
		}},
	}
	var lane []*planner.MessageChange
	for i := range 60 {
		m := remove(c, text(fmt.Sprintf("m%d", i), "ana", fmt.Sprintf("message %d", i), morning+int64(60*i)))
		m.Reason = "the dataset is destroyed"
		lane = append(lane, m)
	}
	p.Compose([][]*planner.MessageChange{lane})
	golden(t, "plan/destroy.txt", planText(t, p, view.PlanOptions{}))
}

// A lane that cannot be read is an error in every form.
func TestUnreadableLane(t *testing.T) {
	p := refundPlan()
	p.Attach(rubbish{})
	for _, f := range []view.Format{view.Text, view.JSON, view.Stream} {
		if err := newScreen(format(f)).Plan(p, view.PlanOptions{}); err == nil {
			t.Errorf("format %d: no error", f)
		}
	}
	if err := view.Markdown(io.Discard, p); err == nil {
		t.Error("Markdown: no error")
	}
}

type rubbish struct{}

func (rubbish) Section(int) *io.SectionReader {
	text := "no change\n"
	return io.NewSectionReader(strings.NewReader(text), 0, int64(len(text)))
}

func (rubbish) Close() error { return nil }

// Other people's words do nothing to a terminal, and are true in JSON.
func TestHostilePlan(t *testing.T) {
	words := append(naughty(t), "\x1b[2J\u202eabc\u200b", "::error::x\n::warning::y", "##[error]z", "a\nb\n\nc", "\t::stop-commands::x")
	for i, w := range words {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			p := hostilePlan(w)
			for line := range strings.Lines(planText(t, p, view.PlanOptions{Full: true})) {
				harmless(t, strings.TrimSuffix(line, "\n"))
			}
			for _, f := range []view.Format{view.JSON, view.Stream} {
				s := newScreen(format(f))
				if err := s.Plan(p, view.PlanOptions{}); err != nil {
					t.Fatal(err)
				}
				for line := range strings.Lines(s.out.String()) {
					harmless(t, strings.TrimSuffix(line, "\n"))
				}
				if f == view.JSON {
					chats := rawJSON(t, s.out.String()).(map[string]any)["chats"].([]any)
					added := chats[0].(map[string]any)["messages"].([]any)[2].(map[string]any)["after"].(map[string]any)
					if got, _ := added["text"].(string); got != strings.ToValidUTF8(w, "\ufffd") {
						t.Errorf("JSON holds %q, want %q", added["text"], w)
					}
				}
			}
		})
	}
}

// No secret is shown in any form.
func TestSecretsAreNotShown(t *testing.T) {
	var page bytes.Buffer
	if err := view.Markdown(&page, refundPlan()); err != nil {
		t.Fatal(err)
	}
	all := page.String()
	for _, f := range []view.Format{view.Text, view.JSON, view.Stream} {
		s := newScreen(format(f))
		if err := s.Plan(refundPlan(), view.PlanOptions{Full: true}); err != nil {
			t.Fatal(err)
		}
		all += s.out.String() + s.err.String()
	}
	for _, secret := range []string{"hunter2", "4711"} {
		if strings.Contains(all, secret) {
			t.Errorf("%q is shown", secret)
		}
	}
}

// Showing holds one message at a time, whatever the form.
func BenchmarkPlan(b *testing.B) {
	for _, size := range []struct{ chats, messages int }{{10, 100}, {100, 100}, {1, 10_000}} {
		p := freshPlan(size.chats, size.messages, func(_, i int, m *planner.MessageChange) { m.Source = planner.Source{File: "a.chat", Line: i + 1} })
		for name, show := range map[string]func(v *view.View) error{
			"text":     func(v *view.View) error { return v.Plan(p, view.PlanOptions{}) },
			"full":     func(v *view.View) error { return v.Plan(p, view.PlanOptions{Full: true}) },
			"json":     func(v *view.View) error { return v.Plan(p, view.PlanOptions{}) },
			"markdown": func(*view.View) error { return view.Markdown(io.Discard, p) },
		} {
			b.Run(fmt.Sprintf("%dx%d/%s", size.chats, size.messages, name), func(b *testing.B) {
				o := view.Options{Out: io.Discard, Err: io.Discard}
				if name == "json" {
					o.Format = view.JSON
				}
				v := view.New(o)
				b.ReportAllocs()
				for b.Loop() {
					if err := show(v); err != nil {
						b.Fatal(err)
					}
				}
				n := float64(size.chats * size.messages)
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/message")
			})
		}
	}
}
