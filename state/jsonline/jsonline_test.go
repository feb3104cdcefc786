package jsonline_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/sowdev/sow/state/jsonline"
)

// Strings come back as they were, through our reader and through everybody's.
func TestStrings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(t, "s")
		line := string(jsonline.AppendText(nil, s))
		if strings.ContainsAny(line, "\n\r\u2028\u2029") {
			t.Fatalf("%q is not on one line", line)
		}
		want := strings.ToValidUTF8(s, "\uFFFD")
		if !utf8.ValidString(s) { // one mark for each byte, not for each run
			want = string([]rune(s))
		}
		p := jsonline.Scan(line)
		ours, err := p.Text()
		if err != nil || ours != want || p.End() != nil {
			t.Fatalf("read back %q, %v from %s, want %q", ours, err, line, want)
		}
		var theirs string
		if err := json.Unmarshal([]byte(line), &theirs); err != nil || theirs != want {
			t.Fatalf("encoding/json reads %q, %v from %s, want %q", theirs, err, line, want)
		}
	})
}
