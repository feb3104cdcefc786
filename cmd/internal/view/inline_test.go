package view

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rivo/uniseg"
	"pgregory.net/rapid"
)

// The shortcut of words leads to the words of the standard.
func TestWordsAreThoseOfTheStandard(t *testing.T) {
	parts := []string{"a", "Z", "7", "0", " ", "  ", "'", "’", ".", ",", "_", "-", ":", "é", "e\u0301", "\u200d", "\u00ad", "\t", "\n", "\r\n", "字", "カ", "👩", "🇩", "🇪", "א", "\"", "\xff"}
	rapid.Check(t, func(t *rapid.T) {
		text := ""
		for _, part := range rapid.SliceOf(rapid.SampledFrom(parts)).Draw(t, "parts") {
			text += part
		}
		want := []string{}
		for rest, state := text, -1; rest != ""; {
			var word string
			word, rest, state = uniseg.FirstWordInString(rest, state)
			want = append(want, word)
		}
		if diff := cmp.Diff(want, words(text)); diff != "" {
			t.Fatal(diff)
		}
	})
}
