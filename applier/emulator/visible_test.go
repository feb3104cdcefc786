package emulator

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestSegments(t *testing.T) {
	name := func(uid string) string { return "Name of " + uid }
	hiddenAs := func(code string) string { return "[" + code + "]" }
	show := func(list []segment) string {
		var b strings.Builder
		for _, s := range list {
			switch s.Kind {
			case "text":
				b.WriteString(s.Text)
			case "hidden", "marks":
				b.WriteString(hiddenAs(s.Text))
			default:
				b.WriteString("<" + s.Kind + " " + s.Text + ">")
			}
		}
		return b.String()
	}
	tests := []struct{ in, want string }{
		{"plain\ntext\t!", "plain\ntext\t!"},
		{"<b>&amp;", "<b>&amp;"},
		{"hi <@uid:SAM>!", "hi <mention @Name of sam>!"},
		{"hi <@uid:no way>", "hi <@uid:no way>"},
		{"hi <@uid:sam", "hi <@uid:sam"},
		{"see https://x.test/a?b=1&c=(d), ok", "see <link https://x.test/a?b=1&c=(d>), ok"},
		{"(http://x.test).", "(<link http://x.test>)."},
		{"xhttps://x.test", "xhttps://x.test"},
		{"https://", "https://"},
		{"javascript:alert(1)", "javascript:alert(1)"},
		{"https://x.test/\u202egnp", "<link https://x.test/>[U+202E]gnp"},
		{"\x00\x1b[31m\x7f\u0085", "[U+0000][U+001B][31m[U+007F][U+0085]"},
		{"a\u202eb\u202cc\u2066d\u2069", "a[U+202E]b[U+202C]c[U+2066]d[U+2069]"},
		{"a\u200bb\ufeffc\u2060d\u00ade\u3164", "a[U+200B]b[U+FEFF]c[U+2060]d[U+00AD]e[U+3164]"},
		{"a\u2028b", "a[U+2028]b"},
		// What joins emoji, letters and flags is left alone.
		{"👨\u200d👩\u200d👧 🏳\ufe0f\u200d🌈 ❤\ufe0f 👍🏽\u200d", "👨\u200d👩\u200d👧 🏳\ufe0f\u200d🌈 ❤\ufe0f 👍🏽[U+200D]"},
		{"می\u200cخواهم", "می\u200cخواهم"},
		{"क्\u200dष", "क्\u200dष"},
		{"a\u200db", "a[U+200D]b"},
		{"\U0001F3F4\U000E0067\U000E0062\U000E007F!", "\U0001F3F4\U000E0067\U000E0062\U000E007F!"},
		{"x\U000E0067", "x[U+E0067]"},
		// Marks are no flood.
		{"e\u0301 n\u0303", "e\u0301 n\u0303"},
		{"Z" + strings.Repeat("\u0301", 50) + "a", "Z" + strings.Repeat("\u0301", 6) + "[+44]a"},
		{strings.Repeat("\u0301", 9), strings.Repeat("\u0301", 6) + "[+3]"},
		{"", ""},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, show(segments(test.in, name))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.in, diff)
		}
	}
}

func TestVisibleText(t *testing.T) {
	for in, want := range map[string]string{
		"  Ana \n\t Lima ":                 "Ana Lima",
		"Ev\u202eil":                       "Ev‹U+202E›il",
		"a\u200b b":                        "a‹U+200B› b",
		"https://x.test <@uid:a>":          "https://x.test <@uid:a>",
		"Z" + strings.Repeat("\u0301", 20): "Z" + strings.Repeat("\u0301", 6),
	} {
		if got := visibleText(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestInitials(t *testing.T) {
	for in, want := range map[string]string{
		"Ana Lima": "AL", "ana": "A", "김하늘": "김", "Launch week 🚀": "L", "🦊 Fox": "🦊", "👨‍👩‍👧 family": "👨‍👩‍👧",
		"": "?", "  ": "?", "--": "?", "O'Brien, Pat": "OP", "Zoë von Österberg": "ZÖ", "עומר כהן": "עכ", "agent 7": "A7",
	} {
		if got := initials(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func FuzzSegments(f *testing.F) {
	for _, s := range []string{"a\u202eb", "<@uid:x>", "https://x.test/\u200b", "👨\u200d👩", "Z\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		visibleText(s)
		initials(s)
		for _, piece := range segments(s, func(uid string) string { return uid }) {
			switch piece.Kind {
			case "link":
				if !isLink(piece.Text) {
					t.Fatalf("%q has the link %q", s, piece.Text)
				}
			case "text":
				for _, r := range piece.Text {
					if r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
						t.Fatalf("%q shows %q as it is", s, r)
					}
				}
			}
		}
	})
}
