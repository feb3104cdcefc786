package state

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const testKey = "00112233445566778899aabbccddeeff"

func TestSeal(t *testing.T) {
	one := Seal(testKey, "text", "secret")
	if want := "f8fbce8b0abeb05cb1ff9813aa48dbf018fe64cc5f2a5fe4f0560c001026ba07"; one != want {
		t.Errorf("Seal = %s, want %s", one, want)
	}
	for name, other := range map[string]string{
		"value":     Seal(testKey, "text", "secret2"),
		"attribute": Seal(testKey, "name", "secret"),
		"key":       Seal(strings.ToUpper(testKey), "text", "secret"),
		"border":    Seal(testKey, "texts", "ecret"),
	} {
		if other == one {
			t.Errorf("another %s has the same seal", name)
		}
	}
}

// A sealed object has nothing of its secrets left, and the rest untouched.
func TestSealObjects(t *testing.T) {
	u := &User{UID: "ana", Name: "secret-1", Avatar: "secret-2", Link: "secret-3", Role: "secret-4", Metadata: json.RawMessage(`{"secret-5":1}`), Tags: []string{"secret-6"}}
	SealUser(u, []string{"name", "avatar", "link", "role", "metadata", "tags", "uid"}, testKey)
	g := &Group{GUID: "g", Name: "secret-1", Password: "secret-2", Icon: "secret-3", Description: "secret-4", Metadata: json.RawMessage(`{"secret-5":1}`), Tags: []string{"secret-6"}, Owner: "ana"}
	SealGroup(g, []string{"name", "icon", "description", "metadata", "tags", "password", "owner"}, testKey)
	m := &Message{Key: "k", Sender: "ana", SentAt: 7, Text: "secret-1", Attachments: []Attachment{{URL: "secret-2"}}, CustomData: json.RawMessage(`"secret-3"`), Metadata: json.RawMessage(`"secret-4"`), Tags: []string{"secret-5"}}
	SealMessage(m, []string{"text", "attachments", "custom_data", "metadata", "tags", "from"}, testKey)
	for _, test := range []struct {
		object any
		sealed map[string]string
		count  int
	}{{u, u.Sealed, 6}, {g, g.Sealed, 6}, {m, m.Sealed, 5}} {
		text, err := marshal(test.object)
		must(t, err)
		if strings.Contains(string(text), "secret") {
			t.Errorf("%s", text)
		}
		if len(test.sealed) != test.count {
			t.Errorf("%d sealed values, want %d: %v", len(test.sealed), test.count, test.sealed)
		}
	}
	if u.UID != "ana" || g.Owner != "ana" || m.Sender != "ana" || m.SentAt != 7 {
		t.Error("sealing changed what is no secret")
	}
	if want := Seal(testKey, "password", "secret-2"); g.Sealed["password"] != want {
		t.Errorf("password sealed as %s, want %s", g.Sealed["password"], want)
	}
	if want := Seal(testKey, "tags", `["secret-6"]`); u.Sealed["tags"] != want {
		t.Errorf("tags sealed as %s, want %s", u.Sealed["tags"], want)
	}
}

// What has no value needs no seal, and what is not named stays in clear.
func TestSealNothing(t *testing.T) {
	u, g, m := &User{Name: "Ana"}, &Group{Name: "Lobby"}, &Message{Text: "hi"}
	SealUser(u, []string{"avatar", "metadata", "tags"}, testKey)
	SealGroup(g, nil, testKey)
	SealMessage(m, []string{"custom_data", "attachments"}, testKey)
	if diff := cmp.Diff([]any{&User{Name: "Ana"}, &Group{Name: "Lobby"}, &Message{Text: "hi"}}, []any{u, g, m}); diff != "" {
		t.Error(diff)
	}
}

// A secret that nobody knows how to seal must not be stored.
func TestSealUnknown(t *testing.T) {
	for name, seal := range map[string]func(){
		"user":    func() { SealUser(&User{}, []string{"colour"}, testKey) },
		"group":   func() { SealGroup(&Group{}, []string{"colour"}, testKey) },
		"message": func() { SealMessage(&Message{}, []string{"colour"}, testKey) },
		"key":     func() { Seal("", "text", "x") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			seal()
		}()
	}
}
