package view_test

import (
	"bytes"
	"testing"

	"github.com/sowdev/sow/applier"
	"github.com/sowdev/sow/cmd/internal/view"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// findings has one of each kind.
func findings(t *testing.T) *planner.Findings {
	t.Helper()
	refund, welcome := conversation("refund"), conversation("welcome")
	about := func(c addr.Object, key string) *addr.Message {
		m := c.Message(key)
		return &m
	}
	before := text("~3", "agent-sam", "Let me look that for you.", morning+120)
	edited := text("~3", "agent-sam", "Let me check this for you.", morning+120)
	before.ID, edited.ID = "42", "42"
	sealed := text("~5", "agent-sam", "", morning+150)
	sealed.Sealed = map[string]string{"text": "4f"}
	parcel := text("~6", "agent-sam", "this one?", morning+240)
	parcel.Type, parcel.Attachments = "image", []state.Attachment{{URL: "https://example.com/parcel.jpg", Name: "parcel.jpg", MimeType: "image/jpeg", Extension: "jpg"}}
	w := planner.NewFindingsWriter(2, nil)
	put := func(chat int, list ...planner.Finding) {
		c := w.Begin(chat)
		for i := range list {
			if err := c.Put(&list[i]); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.End(); err != nil {
			t.Fatal(err)
		}
	}
	const pair, hall = "user:agent-sam:ana", "group:lobby"
	put(0,
		planner.Finding{Kind: planner.Missing, Message: about(refund, "hello"), Chat: pair, Before: text("hello", "ana", "Hi! My order hasn't arrived.", morning)},
		planner.Finding{Kind: planner.Edited, Message: about(refund, "~3"), Chat: pair, ID: "42", Before: before, After: edited,
			Fields: []planner.FieldChange{{Name: "text", Old: before.Text, New: edited.Text}, {Name: "tags", Old: "vip"}}},
		planner.Finding{Kind: planner.Edited, Message: about(refund, "~5"), Chat: pair, ID: "43", Before: sealed, After: sealed,
			Fields: []planner.FieldChange{{Name: "text", Old: "(sensitive)", New: "(sensitive)"}}},
		planner.Finding{Kind: planner.Doubled, Message: about(refund, "~6+51"), Chat: pair, ID: "51", After: parcel, Why: `a copy of conversation.refund.message["~6"]`},
		planner.Finding{Kind: planner.Unclear, Message: about(refund, "~7"), Chat: pair, Before: text("~7", "ana", "thanks", morning+300), Why: "no list of the app shows it, and the app has it or cannot say"},
		planner.Finding{Kind: planner.Stray, Chat: pair, ID: "77", After: text("", "ana", "An older version\u202e of this", morning+24*3600)},
	)
	put(1,
		planner.Finding{Kind: planner.Adopted, Object: &welcome, Chat: hall, Conversation: &state.Conversation{Addr: welcome, Group: "lobby"}},
		planner.Finding{Kind: planner.Adopted, Message: about(welcome, "hello"), Chat: hall, ID: "60", After: text("hello", "ana", "Hello everybody", morning)},
		planner.Finding{Kind: planner.Settled, Message: about(welcome, "~9"), Chat: hall, ID: "61", Before: text("~9", "ana", "Here I am", morning+60), After: text("~9", "ana", "Here I am", morning+60)},
		planner.Finding{Kind: planner.Foreign, Chat: hall, ID: "99", After: text("", "stranger", "*anybody* here?\n::error::no", morning+90)},
		planner.Finding{Kind: planner.Reordered, Message: about(welcome, "~a"), Chat: hall, ID: "62", Before: text("~a", "ana", "First", morning+100), After: text("~a", "ana", "First", morning+200),
			Fields: []planner.FieldChange{{Name: "sent_at", Old: "2026-01-02T09:13:40Z", New: "2026-01-02T09:15:20Z"}}},
		planner.Finding{Kind: planner.InDoubt, Message: about(welcome, "~b"), Chat: hall, Before: text("~b", "ana", "Lost?", morning+300)},
		planner.Finding{Kind: planner.Unmet, Message: about(welcome, "~c"), Chat: hall, ID: "63", Before: text("~c", "ana", "spam", morning+400),
			Fields: []planner.FieldChange{{Name: "moderation", Old: "approved", New: "disapproved"}}},
		planner.Finding{Kind: planner.Undecided, Message: about(welcome, "~d"), Chat: hall, ID: "64", Before: text("~d", "ana", "later", morning+500),
			Fields: []planner.FieldChange{{Name: "moderation", Old: "approved", New: "pending"}}},
	)
	ana, lobby := user("ana"), group("lobby")
	f, err := w.Findings(planner.Lesson{Dataset: "support-demo"}, []planner.Finding{
		{Kind: planner.Edited, Object: &ana, User: &state.User{Addr: ana, UID: "ana", Name: "Somebody else", Origin: state.Created}, Fields: []planner.FieldChange{{Name: "name", Old: "Ana Lima", New: "Somebody else"}}},
		{Kind: planner.Missing, Object: &lobby, Group: &state.Group{Addr: lobby, GUID: "lobby", Name: "Lobby", Type: "public", Origin: state.Created}},
	})
	if err != nil {
		t.Fatal(err)
	}
	f.Requests = 12
	return f
}

// TestFound shows a plan that was made after the app was read.
func TestFound(t *testing.T) {
	p := refundPlan()
	p.Found = findings(t)
	empty := refundPlan()
	empty.Users, empty.Groups, empty.Lanes = nil, nil, nil
	empty.Found = p.Found
	for name, p := range map[string]*planner.Plan{"found": p, "found-only": empty} {
		for variant, change := range map[string]func(*view.Options){"100.txt": terminal(100), "colour.txt": colour, "json": format(view.JSON)} {
			t.Run(name+"/"+variant, func(t *testing.T) {
				s := newScreen(change)
				if err := s.Plan(p, view.PlanOptions{}); err != nil {
					t.Fatal(err)
				}
				golden(t, "plan/"+name+"."+variant, s.out.String())
			})
		}
		t.Run(name+"/stream", func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				s := newScreen(format(view.Stream))
				if err := s.Plan(p, view.PlanOptions{}); err != nil {
					t.Fatal(err)
				}
				golden(t, "plan/"+name+".ndjson", s.out.String())
			})
		})
		t.Run(name+"/md", func(t *testing.T) {
			var b bytes.Buffer
			if err := view.Markdown(&b, p); err != nil {
				t.Fatal(err)
			}
			golden(t, "plan/"+name+".md", b.String())
		})
	}
}

// TestVerification shows an app that differs, and one that does not.
func TestVerification(t *testing.T) {
	none, err := planner.NewFindingsWriter(0, nil).Findings(planner.Lesson{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]*planner.Findings{"differs": findings(t), "same": none} {
		for variant, change := range map[string]func(*view.Options){"100.txt": terminal(100), "json": format(view.JSON)} {
			t.Run(name+"/"+variant, func(t *testing.T) {
				s := newScreen(change)
				v := &applier.Verification{Found: f, Users: 2, Groups: 1, Chats: 2, Messages: 18}
				if err := s.Verification(seeded(), v, view.VerificationOptions{Next: "To bring it back to what is declared:\n  sow apply --refresh"}); err != nil {
					t.Fatal(err)
				}
				golden(t, "verification/"+name+"."+variant, s.out.String())
			})
		}
	}
}
