package planner

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
)

// TestContentKeyIsForever: keys are in states and in addresses. These must never
// change.
func TestContentKeyIsForever(t *testing.T) {
	ana := &config.User{UID: "ana"}
	photo := config.Attachment{URL: "https://example.com/p.jpg", Name: "p.jpg", MimeType: "image/jpeg", Extension: "jpg"}
	for _, test := range []struct {
		message config.Message
		want    string
	}{
		{config.Message{From: ana, Type: "text", Text: "thanks"}, "~161f9d50a7f7dbc2"},
		{config.Message{From: ana, Type: "image", Text: "thanks", Attachments: []config.Attachment{photo}}, "~9563d46b4c0b138c"},
		{config.Message{From: ana, Type: "text", Text: "thanks", CustomData: json.RawMessage(`{"a":1}`)}, "~16a6bd8818fb0038"},
		{config.Message{From: ana, Type: "text", Text: "thanks", Sensitive: []string{"text"}}, "~bdb9d5bb22014bb7"},
	} {
		if got := ContentKey(&test.message); got != test.want {
			t.Errorf("%v %q: %s, want %s", test.message.Sensitive, test.message.Type, got, test.want)
		}
	}
}

func TestMUIDIsForever(t *testing.T) {
	o := addr.Object{Kind: addr.Conversation, Name: "refund"}
	const want = "sow-bfohkiwpwt2g3d757x7drjfv7biey5sscnusjsvzkxu5gpd25o2q"
	if got := MUID("support-demo", o, "hello", 2); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestContentKeySeparates: no two contents have the same form, wherever one
// part ends and the next begins.
func TestContentKeySeparates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) *config.Message {
			m := &config.Message{From: &config.User{UID: rapid.StringMatching("[ab]{1,2}").Draw(t, name)}, Type: "text"}
			m.Text = rapid.StringMatching("[ab]{0,2}").Draw(t, name)
			for range rapid.IntRange(0, 1).Draw(t, name) {
				m.Attachments = append(m.Attachments, config.Attachment{URL: rapid.StringMatching("[ab]{0,2}").Draw(t, name)})
			}
			return m
		}
		a, b := draw("a"), draw("b")
		same := a.From.UID == b.From.UID && a.Text == b.Text && sameAttachments(a.Attachments, declaredAttachments(b.Attachments))
		if got := ContentKey(a) == ContentKey(b); got != same {
			t.Fatalf("equal keys: %t, equal contents: %t", got, same)
		}
	})
}

func TestContentKeyHidesSecrets(t *testing.T) {
	one := config.Message{From: &config.User{UID: "ana"}, Type: "text", Text: "1234", Sensitive: []string{"text"}}
	two := one
	two.Text = "9999"
	if ContentKey(&one) != ContentKey(&two) {
		t.Error("the key tells secrets apart, so it lets people guess them")
	}
}

func TestParseKey(t *testing.T) {
	for _, test := range []struct {
		key    string
		hash   uint64
		number int
		ok     bool
	}{
		{"~00000000000000ff", 255, 1, true},
		{"~00000000000000ff.2", 255, 2, true},
		{"~00000000000000ff.12", 255, 12, true},
		{"~00000000000000ff.1", 255, 1, false},
		{"~00000000000000ff.", 255, 0, false},
		{"~00000000000000ffx", 0, 0, false},
		{"~00000000000000f", 0, 0, false},
		{"~0000000000000zff", 0, 0, false},
		{"hello", 0, 0, false},
	} {
		hash, number, ok := parseKey(test.key)
		if ok != test.ok || ok && (hash != test.hash || number != test.number) {
			t.Errorf("%s: %d, %d, %t", test.key, hash, number, ok)
		}
		if ok && numberKey(hash, number) != test.key {
			t.Errorf("%s becomes %s", test.key, numberKey(hash, number))
		}
	}
}

// TestSealsAgree: a message that is sealed is the one it was declared as, and
// nothing else is.
func TestSealsAgree(t *testing.T) {
	const hashKey = "6b6579"
	m := &config.Message{
		From: &config.User{UID: "ana"}, Type: "image", Text: "secret", CustomData: json.RawMessage(`{"a":1}`), Metadata: json.RawMessage(`{"b":2}`),
		Tags: []string{"x", "y"}, Attachments: []config.Attachment{{URL: "https://example.com/a.png", Name: "a.png", MimeType: "image/png", Extension: "png"}},
	}
	clear := &state.Message{
		Key: "~0", Sender: "ana", Type: "image", Text: m.Text, CustomData: m.CustomData, Metadata: m.Metadata, Tags: m.Tags,
		Attachments: declaredAttachments(m.Attachments),
	}
	names := []string{"text", "attachments", "custom_data", "metadata", "tags"}
	f := newFingerprints(hashKey)
	for bits := range 1 << len(names) {
		m.Sensitive = nil
		for i, name := range names {
			if bits>>i&1 == 1 {
				m.Sensitive = append(m.Sensitive, name)
			}
		}
		sealed := SealMessage(clear, m.Sensitive, hashKey)
		if len(sealed.Sealed) != len(m.Sensitive) {
			t.Errorf("%v: %d seals", m.Sensitive, len(sealed.Sealed))
		}
		for _, name := range m.Sensitive {
			if sealed.Sealed[name] == "" || sealed.Sealed[name] != Seal(hashKey, name, sealable(m, name)) {
				t.Errorf("%v: the seal of %s is not that of its value", m.Sensitive, name)
			}
		}
		content, whole := f.declared(m)
		seededContent, seededWhole := f.seeded(sealed)
		if content != seededContent || whole != seededWhole {
			t.Errorf("%v: the sealed message is not found again", m.Sensitive)
		}
		c := comparison{hashKey: hashKey, sensitive: m.Sensitive, sealed: sealed.Sealed}
		c.content(sealed, m)
		c.list("tags", sealed.Tags, m.Tags)
		if len(c.fields) > 0 {
			t.Errorf("%v: the sealed message differs: %v", m.Sensitive, c.fields)
		}
	}
	if clear.Text != "secret" || clear.Sealed != nil {
		t.Error("sealing changed the message")
	}
}

func TestSealKnowsItsAttribute(t *testing.T) {
	if Seal("k", "text", "a") == Seal("k", "tags", "a") || Seal("k", "text", "a") == Seal("l", "text", "a") {
		t.Error("seals of different attributes or states can be compared")
	}
	g := SealGroup(&state.Group{Password: "hunter2", Name: "n"}, nil, "k")
	if g.Password != "" || g.Sealed["password"] == "" || g.Name != "n" {
		t.Errorf("the password of a group is not sealed: %+v", g)
	}
	u := SealUser(&state.User{Name: "n", Avatar: "a", Link: "l", Role: "r", Metadata: json.RawMessage(`{}`), Tags: []string{"t"}},
		[]string{"name", "avatar", "link", "role", "metadata", "tags"}, "k")
	if u.Name+u.Avatar+u.Link+u.Role != "" || u.Metadata != nil || u.Tags != nil || len(u.Sealed) != 6 {
		t.Errorf("something of the user is not sealed: %+v", u)
	}
}
