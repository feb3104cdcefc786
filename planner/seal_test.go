package planner

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sowdev/sow/state"
)

// A sensitive attribute that nobody knows how to seal must not pass: it would
// be stored in clear.
func TestSealKnowsEveryAttributeOrPanics(t *testing.T) {
	for name, seal := range map[string]func(){
		"user":    func() { SealUser(&state.User{}, []string{"shoe_size"}, "k") },
		"group":   func() { SealGroup(&state.Group{}, []string{"shoe_size"}, "k") },
		"message": func() { SealMessage(&state.Message{}, []string{"shoe_size"}, "k") },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("an unknown attribute was passed over")
				}
			}()
			seal()
		})
	}
}

func TestSealGroupKeepsNoPassword(t *testing.T) {
	for _, sensitive := range [][]string{nil, {"password"}} {
		got := SealGroup(&state.Group{Name: "Lobby", Password: "open sesame"}, sensitive, "k")
		want := &state.Group{Name: "Lobby", Sealed: map[string]string{"password": Seal("k", "password", "open sesame")}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("sensitive %v (-want +got):\n%s", sensitive, diff)
		}
	}
}
