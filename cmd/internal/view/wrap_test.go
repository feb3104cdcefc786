package view

import (
	"strings"
	"testing"

	"github.com/rivo/uniseg"
	"pgregory.net/rapid"
)

// TestPlainWord holds that what is told without the standard's tables is what
// the standard tells: a plain word ends at one of its breaks, and at none
// between blanks before that.
func TestPlainWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune(`ab19  .,;:!?'"()[]{}<>/\-+*&%$#@=_|~é日`+"\t\n\u200d\u00a0\u0301"))).Draw(t, "text")
		width := rapid.IntRange(1, 12).Draw(t, "width")
		word := plainWord(text, width)
		if word == "" {
			return
		}
		at, state := 0, -1
		for rest := text; rest != "" && at < len(word); {
			var segment string
			segment, rest, _, state = uniseg.FirstLineSegmentInString(rest, state)
			at += len(segment)
			if at < len(word) && strings.HasSuffix(segment, " ") {
				t.Fatalf("%q may break after %q, and the word is %q", text, text[:at], word)
			}
		}
		if at != len(word) {
			t.Fatalf("%q has no break after %q", text, word)
		}
	})
}
