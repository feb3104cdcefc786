package view

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sowdev/sow/config"
)

func TestWrap(t *testing.T) {
	tests := []struct {
		name, in string
		width    int
		want     []string
	}{
		{"fits", "one two", 7, []string{"one two"}},
		{"breaks between words", "one two three", 8, []string{"one two", "three"}},
		{"nothing", "", 8, []string{""}},
		{"a long word is cut", "abcdefghij kl", 4, []string{"abcd", "efgh", "ij", "kl"}},
		{"wide characters take two columns", "김하늘 반가워요", 8, []string{"김하늘", "반가워요"}},
		{"between ideographs there is no blank", "日本語の文章です", 8, []string{"日本語の", "文章です"}},
		{"a picture is not cut", "👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 4, []string{"👨‍👩‍👧‍👦👨‍👩‍👧‍👦", "👨‍👩‍👧‍👦"}},
		{"an address may break", "see https://example.com/parcel", 12, []string{"see https://", "example.com/", "parcel"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, line := range wrap(foreign(plain, test.in), test.width) {
				got = append(got, line.text())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Wrapping loses nothing but blanks at breaks, and keeps to the width.
func TestWrapProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("ab -/.,é김日👩 \u0301")), 0, 80, -1).Draw(t, "text")
		width := rapid.IntRange(2, 30).Draw(t, "width")
		paragraph := foreign(plain, text)
		joined := ""
		for _, line := range wrap(paragraph, width) {
			if line.width() > width {
				t.Fatalf("%q takes %d columns of %d", line.text(), line.width(), width)
			}
			joined += line.text()
		}
		want := strings.ReplaceAll(paragraph.text(), " ", "")
		if got := strings.ReplaceAll(joined, " ", ""); got != want {
			t.Fatalf("wrapped %q into %q", want, got)
		}
	})
}

func TestEdit(t *testing.T) {
	tests := []struct{ before, after, want string }{
		{"Let me look that for you.", "Let me check that for you.", "Let me [-look-]{+check+} that for you."},
		{"same", "same", "same"},
		{"", "new", "{+new+}"},
		{"old", "", "[-old-]"},
		{"I am here", "I am not here", "I am {+not +}here"},
		{"I will look at it now", "I will check on it now", "I will [-look at-]{+check on+} it now"},
		{"Completely different", "Nothing in common with that", "[-Completely different-]{+Nothing in common with that+}"},
		{"See you at 5.", "See you at 6!", "See you at [-5.-]{+6!+}"},
		{"한국어 문장 하나", "한국어 문장 둘", "한국어 문장 [-하나-]{+둘+}"},
		{"a\nb c d e f", "a b c d e f", `a[-\n-]{+ +}b c d e f`},
		{"ends \x1b[0m here", "ends \x1b[1m here", `ends \x1b[[-0m-]{+1m+} here`},
	}
	for _, test := range tests {
		t.Run(test.want, func(t *testing.T) {
			if got := edit(test.before, test.after).text(); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// Taking the old halves of a difference gives the old text, the new halves the
// new one.
func TestWordDiffProperties(t *testing.T) {
	texts := rapid.StringOfN(rapid.RuneFrom([]rune("abc .!\n日")), 0, 40, -1)
	rapid.Check(t, func(t *rapid.T) {
		before, after := texts.Draw(t, "before"), texts.Draw(t, "after")
		var gotBefore, gotAfter string
		for _, p := range wordDiff(before, after) {
			gotBefore += p.before
			gotAfter += p.after
		}
		if gotBefore != before || gotAfter != after {
			t.Fatalf("%q → %q became %q → %q", before, after, gotBefore, gotAfter)
		}
	})
}

func TestWords(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "-1,234"} {
		if got := number(n); got != want {
			t.Errorf("number(%d) = %q, want %q", n, got, want)
		}
	}
	for seconds, want := range map[float64]string{
		0: "1 s", 3.2: "4 s", 89: "89 s", 90: "2 min", 89 * 60: "89 min", 90 * 60: "1 h 30 min", 7200: "2 h", 50 * 3600: "2 days 2 h", 72 * 3600: "3 days",
	} {
		if got := about(seconds); got != want {
			t.Errorf("about(%v) = %q, want %q", seconds, got, want)
		}
	}
	if got, want := enumerate([]string{"ana", "sam", "kim"}), "ana, sam and kim"; got != want {
		t.Errorf("enumerate: got %q, want %q", got, want)
	}
}

func TestMoment(t *testing.T) {
	tests := []struct {
		at   config.Time
		want moment
	}{
		{config.Time{Seconds: 1767345120}, moment{"Fri 2 Jan 2026", "09:12", "Fri 2 Jan 2026 09:12"}},
		{config.Time{Base: config.AnchorDay, Seconds: -3*daySeconds + 9*3600 + 12*60}, moment{"day -3", "09:12", "day -3 09:12"}},
		{config.Time{Base: config.AnchorDay, Seconds: 59}, moment{"the anchor's day", "00:00", "the anchor's day 00:00"}},
		{config.Time{Base: config.Anchor, Seconds: -7200}, moment{"counted from the anchor", "-2h", "2h before the anchor"}},
		{config.Time{Base: config.Anchor, Seconds: -7155}, moment{"counted from the anchor", "-2h", "2h before the anchor"}},
		{config.Time{Base: config.Anchor, Seconds: -93784}, moment{"counted from the anchor", "-1d2h4m", "1d2h4m before the anchor"}},
		{config.Time{Base: config.Anchor, Seconds: -30}, moment{"counted from the anchor", "-1m", "1m before the anchor"}},
		{config.Time{Base: config.Anchor, Seconds: 0}, moment{"counted from the anchor", "+0m", "0m after the anchor"}},
	}
	for _, test := range tests {
		if got := relative(test.at); got != test.want {
			t.Errorf("relative(%+v) = %+v, want %+v", test.at, got, test.want)
		}
	}
}

func TestColour(t *testing.T) {
	tests := []struct {
		name     string
		env      map[string]string
		no       bool
		terminal bool
		want     bool
	}{
		{"terminal", nil, false, true, true},
		{"pipe", nil, false, false, false},
		{"--no-color", nil, true, true, false},
		{"NO_COLOR", map[string]string{"NO_COLOR": "1"}, false, true, false},
		{"NO_COLOR beats force", map[string]string{"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, false, true, false},
		{"an empty NO_COLOR says nothing", map[string]string{"NO_COLOR": ""}, false, true, true},
		{"forced into a pipe", map[string]string{"CLICOLOR_FORCE": "1"}, false, false, true},
		{"0 does not force", map[string]string{"CLICOLOR_FORCE": "0"}, false, false, false},
		{"CLICOLOR=0", map[string]string{"CLICOLOR": "0"}, false, true, false},
		{"dumb terminal", map[string]string{"TERM": "dumb"}, false, true, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := Options{NoColor: test.no, Getenv: func(name string) string { return test.env[name] }}
			if got := o.colour(test.terminal); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestEncode(t *testing.T) {
	tests := []struct{ in, want string }{
		{"<b>&\"", `"<b>&\""`},
		{"\u202e\u009b", `"\u202e\u009b"`},
		{"##[error]x", `"#\u0023[error]x"`},
		{"###", `"#\u0023\u0023"`},
		{"\U000e0041", `"\udb40\udc41"`},
		{"김 👩‍💻", "\"김 👩\\u200d💻\""},
	}
	for _, test := range tests {
		if got := string(encode(test.in)); got != test.want {
			t.Errorf("encode(%q) = %s, want %s", test.in, got, test.want)
		}
	}
}

func BenchmarkWrap(b *testing.B) {
	for name, text := range map[string]string{
		"ascii": strings.Repeat("Sorry to hear that. ", 20),
		"wide":  strings.Repeat("반가워요 日本 ", 20),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				wrap(foreign(plain, text), 80)
			}
		})
	}
}

func ExampleTerminal() {
	fmt.Println(Terminal("invoice\u202egpj.exe"))
	// Output: invoice\u202egpj.exe
}
