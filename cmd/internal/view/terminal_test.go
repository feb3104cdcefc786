package view_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/sowdev/sow/cmd/internal/view"
)

func TestTerminal(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"plain", "Hi! My order hasn't arrived.", "Hi! My order hasn't arrived."},
		{"other scripts", "김하늘 שלום Привет", "김하늘 שלום Привет"},
		{"colour", "\x1b[31mred\x1b[0m", `\x1b[31mred\x1b[0m`},
		{"eight-bit CSI", "a\u009b31m", `a\u009b31m`},
		{"window title", "\x1b]0;pwned\x07", `\x1b]0;pwned\x07`},
		{"carriage return hides what was printed", "rm -rf /\rls", `rm -rf /\rls`},
		{"line breaks and tabs", "a\nb\tc", `a\nb\tc`},
		{"backspace and delete", "a\b\x7f", `a\x08\x7f`},
		{"right to left override", "invoice\u202egpj.exe", `invoice\u202egpj.exe`},
		{"isolates", "\u2066a\u2069", `\u2066a\u2069`},
		{"marks of direction", "a\u200e\u200f\u061c", `a\u200e\u200f\u061c`},
		{"zero width", "pay\u200bpal\ufeff\u2060", `pay\u200bpal\ufeff\u2060`},
		{"soft hyphen", "co\u00adop", `co\u00adop`},
		{"line separators", "a\u2028b\u2029", `a\u2028b\u2029`},
		{"tags hide text", "a\U000e0041\U000e0042", `a\U000e0041\U000e0042`},
		{"fillers look like nothing", "\u3164\u115f\uffa0\u2800", `\u3164\u115f\uffa0\u2800`},
		{"private use", "\ue000", `\ue000`},
		{"invalid UTF-8", "a\xff\xc3(", `a\xff\xc3(`},
		{"a replacement character is one", "\ufffd", "\ufffd"},
		{"NUL", "a\x00", `a\x00`},

		{"a family is one picture", "👨‍👩‍👧‍👦 hi", "👨‍👩‍👧‍👦 hi"},
		{"skin and profession", "👩🏽‍💻", "👩🏽‍💻"},
		{"rainbow flag", "🏳️‍🌈", "🏳️‍🌈"},
		{"keycap", "1️⃣", "1️⃣"},
		{"a joiner between letters joins nothing", "a\u200db", `a\u200db`},
		{"a joiner at the end", "👩\u200d", `👩\u200d`},
		{"Persian needs the non-joiner", "می\u200cخواهم", "می\u200cخواهم"},
		{"Latin does not", "a\u200cb", `a\u200cb`},
		{"Hindi conjunct", "क्\u200dष", "क्\u200dष"},
		{"a variation with nothing to vary", "\ufe0f", `\ufe0f`},
		{"data hidden in variations", "a\ufe01\ufe02", "a\ufe01" + `\ufe02`},
		{"ideographic variation", "葛\U000e0100", "葛\U000e0100"},
		{"other variation", "a\U000e0100", `a\U000e0100`},
		{"accents", "e\u0301", "e\u0301"},
		{"a mark with no letter", "\u0301", `\u0301`},
		{"a tower of marks", "a" + strings.Repeat("\u0301", 8), "a" + strings.Repeat("\u0301", 6) + `\u0301\u0301`},

		{"GitHub command", "::error::x", `\x3a:error::x`},
		{"GitHub command behind blanks", "  ::add-mask::x", `  \x3a:add-mask::x`},
		{"inside a line it is none", "std::string", "std::string"},
		{"old command, anywhere", "x ##[error]y", `x #\x23[error]y`},
		{"Azure", "##vso[task.setvariable variable=a]b", `#\x23vso[task.setvariable variable=a]b`},
		{"TeamCity", "##teamcity[buildStop]", `#\x23teamcity[buildStop]`},
		{"more of them", "###[a]###[b]", `##\x23[a]##\x23[b]`},
		{"a heading is none", "## Hello [x]", "## Hello [x]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := view.Terminal(test.in); got != test.want {
				t.Errorf("Terminal(%q)\n got %q\nwant %q", test.in, got, test.want)
			}
		})
	}
}

// harmless fails the test when a line of output could act on a terminal or on
// the log of a CI system.
func harmless(t *testing.T, line string) {
	t.Helper()
	if !utf8.ValidString(line) {
		t.Errorf("invalid UTF-8: %q", line)
	}
	joins := unicode.In
	for _, r := range line {
		switch {
		case r == '\u200c', r == '\u200d': // shown between what they join; see the table
		case unicode.IsControl(r), joins(r, unicode.Bidi_Control, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs):
			t.Errorf("%U came through: %q", r, line)
		}
	}
	if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##[") || strings.Contains(line, "##vso[") {
		t.Errorf("reads as a workflow command: %q", line)
	}
}

func FuzzTerminalText(f *testing.F) {
	for _, s := range naughty(f) {
		f.Add(s)
	}
	for _, s := range []string{"::error::x", "##[group]", "\x1b[2J", "a\u202eb", "\xff", "👨\u200d👩\u200d👧", "می\u200cخواهم"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := view.Terminal(text)
		harmless(t, got)
		if again := view.Terminal(got); again != got {
			t.Errorf("not stable:\n once %q\ntwice %q", got, again)
		}
	})
}

// naughty returns texts that broke other programs. They lie beside the
// repository where it is developed; without them there are none.
func naughty(tb testing.TB) []string {
	tb.Helper()
	content, err := os.ReadFile(filepath.Join(naughtyDir(tb), "blns.json"))
	if err != nil {
		return nil
	}
	var all []string
	if err := json.Unmarshal(content, &all); err != nil {
		tb.Fatal(err)
	}
	return all
}
