package script

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hashicorp/hcl/v2"
	"pgregory.net/rapid"
)

// parse returns all messages of a transcript, to keep.
func parse(src string) ([]Message, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	var messages []Message
	for m := range Parse(src, "test.chat", hcl.InitialPos, &diags) {
		messages = append(messages, *m)
	}
	return messages, diags
}

// sameMeaning compares what messages say, and not where.
var sameMeaning = cmp.Options{
	cmpopts.IgnoreUnexported(Message{}),
	cmpopts.IgnoreFields(Message{}, "Range"),
	cmp.Comparer(func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }),
}

func TestParse(t *testing.T) {
	tests := []struct {
		name, src string
		want      []Message
	}{
		{"nothing", "", nil},
		{"only comments", "# one\n\n# two", nil},
		{"line", "ana: Hi!", []Message{{From: "ana", Text: "Hi!"}}},
		{"lines", "ana: Hi!\nsam: Hello.\n", []Message{{From: "ana", Text: "Hi!"}, {From: "sam", Text: "Hello."}}},
		{"CR LF", "ana: Hi!\r\n  more\r\n\r\nsam: Hello.\r\n", []Message{{From: "ana", Text: "Hi!\nmore"}, {From: "sam", Text: "Hello."}}},
		{"byte order mark", "\ufeffana: Hi!", []Message{{From: "ana", Text: "Hi!"}}},
		{"spaces around", "ana  :   Hi!  \t", []Message{{From: "ana", Text: "Hi!"}}},
		{"tab after the colon", "ana:\tHi!", []Message{{From: "ana", Text: "Hi!"}}},
		{"comment", "# a note\nana: one\n#another\n  two", []Message{{From: "ana", Text: "one\ntwo"}}},

		{"name of two words", "Ana Lima: Hi!", []Message{{From: "Ana Lima", Text: "Hi!"}}},
		{"name in Korean", "김하늘: 안녕하세요", []Message{{From: "김하늘", Text: "안녕하세요"}}},
		{"name escaped", "\\#1 fan: a\n\\@sam: b\n\\+1 555: c\n\\\\#x: d\n\\o/: e", []Message{
			{From: "#1 fan", Text: "a"}, {From: "@sam", Text: "b"}, {From: "+1 555", Text: "c"}, {From: "\\#x", Text: "d"}, {From: "\\o/", Text: "e"}}},

		{"colons", "ana: see http://x.example/a:b, 10:30: ok", []Message{{From: "ana", Text: "see http://x.example/a:b, 10:30: ok"}}},
		{"emoji", "ana: 👩‍👩‍👧 👍🏽 #1!", []Message{{From: "ana", Text: "👩‍👩‍👧 👍🏽 #1!"}}},
		{"backslashes stay", `ana: C:\new\#x \o/ \\server\share ¯\_(ツ)_/¯ \`, []Message{{From: "ana", Text: `C:\new\#x \o/ \\server\share ¯\_(ツ)_/¯ \`}}},
		{"backslash begins", "ana: \\o/\nana: \\\\server\\share\nana: \\[x^2\\]\nana: \\{1, 2\\}", []Message{
			{From: "ana", Text: `\o/`}, {From: "ana", Text: `\\server\share`}, {From: "ana", Text: `\[x^2\]`}, {From: "ana", Text: `\{1, 2\}`}}},

		{"goes on", "ana: one\n  two\n\tthree\n", []Message{{From: "ana", Text: "one\ntwo\nthree"}}},
		{"goes on below the name", "ana:\n  one\n  two", []Message{{From: "ana", Text: "one\ntwo"}}},
		{"goes on after blank lines", "ana: one\n\n \n  two\n\nsam: three", []Message{{From: "ana", Text: "one\n\n\ntwo"}, {From: "sam", Text: "three"}}},
		{"keeps deeper lines", "ana: list\n    - a\n      - b\n  - c\n    - d", []Message{{From: "ana", Text: "list\n- a\n  - b\n- c\n- d"}}},
		{"goes on in tabs", "ana: list\n\ta\n\t\tb\n  c", []Message{{From: "ana", Text: "list\na\n\tb\nc"}}},
		{"goes on with signs", "ana: all of\n  +1\n  #blessed\n  @sam\n  @ home\n  note: this", []Message{{From: "ana", Text: "all of\n+1\n#blessed\n@sam\n@ home\nnote: this"}}},
		{"goes on with escapes", "ana: all of\n  \\# this\n  \\@ -3d\n  \\+2m\n  \\ x\n  \\\\# that\n    \\# deep", []Message{{From: "ana", Text: "all of\n# this\n@ -3d\n+2m\n x\n\\# that\n  # deep"}}},
		{"begins with spaces", "ana: \\  x", []Message{{From: "ana", Text: "  x"}}},

		{"time", "@ -3d 09:12\nana: Hi!", []Message{{From: "ana", Text: "Hi!", At: "-3d 09:12"}}},
		{"time spaced", "@\t-3d   09:12 \n\n# c\nana: Hi!", []Message{{From: "ana", Text: "Hi!", At: "-3d 09:12"}}},
		{"gap", "ana: Hi!\n+2m\nsam: Hello.\n+ 1h30m\nana: Bye.", []Message{{From: "ana", Text: "Hi!"}, {From: "sam", Text: "Hello.", After: "2m"}, {From: "ana", Text: "Bye.", After: "1h30m"}}},

		{"label", "ana: Hi!            #hello", []Message{{From: "ana", Text: "Hi!", Label: "hello"}}},
		{"label after a tab", "ana: Hi!\t#hello-2.b", []Message{{From: "ana", Text: "Hi!", Label: "hello-2.b"}}},
		{"label above the text", "ana:  #hello\n  Hi!", []Message{{From: "ana", Text: "Hi!", Label: "hello"}}},
		{"hashtag", "ana: love this #blessed", []Message{{From: "ana", Text: "love this #blessed"}}},
		{"hashtags", "ana: Paris.  #paris #travel", []Message{{From: "ana", Text: "Paris.  #paris #travel"}}},
		{"hashtag alone", "ana: #blessed", []Message{{From: "ana", Text: "#blessed"}}},
		{"number, not a label", "ana: It is order  #4471", []Message{{From: "ana", Text: "It is order  #4471"}}},
		{"sentence, not a label", "ana: What a  #day!", []Message{{From: "ana", Text: "What a  #day!"}}},
		{"label escaped", "ana: Paris.  \\#paris\nana: Paris. \\#paris\nana: \\#paris\nana: Paris.  \\\\#paris", []Message{
			{From: "ana", Text: "Paris.  #paris"}, {From: "ana", Text: "Paris. #paris"}, {From: "ana", Text: "#paris"}, {From: "ana", Text: "Paris.  \\#paris"}}},

		{"options", "ana: yes!  {expect=approved tags=vip,beta}", []Message{{From: "ana", Text: "yes!", Expect: "approved", Tags: []string{"vip", "beta"}}}},
		{"options after one space", "ana: yes! {tags=vip}", []Message{{From: "ana", Text: "yes!", Tags: []string{"vip"}}}},
		{"options with quotes", `ana: yes! { tags="very important,b{c=d}" metadata.b="\"x\"" metadata.a=1 custom_data.order=A-7 }`, []Message{{
			From: "ana", Text: "yes!", Tags: []string{"very important", "b{c=d}"},
			Metadata: json.RawMessage(`{"a":"1","b":"\"x\""}`), CustomData: json.RawMessage(`{"order":"A-7"}`)}}},
		{"options and label", "ana: yes!  #ok {tags=vip}\nana: yes!  {tags=vip}  #ok\nana: yes! {tags=vip} #ok", []Message{
			{From: "ana", Text: "yes!", Label: "ok", Tags: []string{"vip"}}, {From: "ana", Text: "yes!", Label: "ok", Tags: []string{"vip"}}, {From: "ana", Text: "yes!", Label: "ok", Tags: []string{"vip"}}}},
		{"braces, not options", "ana: a {b} and {c d}\nana: f(x){a=b}\nana: {}", []Message{{From: "ana", Text: "a {b} and {c d}"}, {From: "ana", Text: "f(x){a=b}"}, {From: "ana", Text: "{}"}}},
		{"options escaped", "ana: use \\{tags=vip}\nana: \\{tags=vip}\nana: use \\\\{tags=vip}", []Message{{From: "ana", Text: "use {tags=vip}"}, {From: "ana", Text: "{tags=vip}"}, {From: "ana", Text: "use \\{tags=vip}"}}},

		{"attachment", "sam: [image https://example.com/parcel.jpg] this one?", []Message{{From: "sam", Text: "this one?", Attachments: []Attachment{{Kind: "image", URL: "https://example.com/parcel.jpg"}}}}},
		{"attachments", "sam: [file https://example.com/1  Invoice May 1.pdf ] [audio http://example.com/2][video https://example.com/3]  #clip", []Message{{From: "sam", Label: "clip", Attachments: []Attachment{
			{Kind: "file", URL: "https://example.com/1", Name: "Invoice May 1.pdf"}, {Kind: "audio", URL: "http://example.com/2"}, {Kind: "video", URL: "https://example.com/3"}}}}},
		{"attachments below the name", "sam:\n  [image https://example.com/1]\n  [image https://example.com/2] both\n  of them", []Message{{From: "sam", Text: "both\nof them", Attachments: []Attachment{
			{Kind: "image", URL: "https://example.com/1"}, {Kind: "image", URL: "https://example.com/2"}}}}},
		{"brackets, not attachments", "sam: [sighs] I know\nsam: [image of a cat]\nsam: [video call ended]\nsam: [image]\nsam: see [image 2]", []Message{
			{From: "sam", Text: "[sighs] I know"}, {From: "sam", Text: "[image of a cat]"}, {From: "sam", Text: "[video call ended]"}, {From: "sam", Text: "[image]"}, {From: "sam", Text: "see [image 2]"}}},
		{"attachment escaped", "sam: \\[image https://example.com/1] is how\nsam: write \\[image https://example.com/1]\nsam: \\[image parcel.jpg]", []Message{
			{From: "sam", Text: "[image https://example.com/1] is how"}, {From: "sam", Text: "write [image https://example.com/1]"}, {From: "sam", Text: "[image parcel.jpg]"}}},
		{"attachment and hashtag", "sam: [image https://example.com/1] #blessed", []Message{{From: "sam", Text: "#blessed", Attachments: []Attachment{{Kind: "image", URL: "https://example.com/1"}}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, diags := parse(tt.src)
			for _, diag := range diags {
				t.Errorf("unexpected: %v", diag)
			}
			if diff := cmp.Diff(tt.want, got, sameMeaning); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
		})
	}
}

// Each mistake is wanted as "line,column-column summary", and what its detail
// says.
func TestParseMistakes(t *testing.T) {
	tests := []struct {
		name, src string
		want      [][2]string
	}{
		{"no colon", "ana: Hi!\nHow are you?\n  more\nsam: ok", [][2]string{{"2,1-13 Not a line of a transcript", "indent the line"}}},
		{"no space", "bot:The Hero card", [][2]string{{"1,1-18 Not a line of a transcript", "Put a space after the colon: \"bot: …\""}}},
		{"no name", ": Hi!", [][2]string{{"1,1-6 Not a line of a transcript", "name is missing"}}},
		{"link", "http://example.com/a", [][2]string{{"1,1-21 Not a line of a transcript", "indent the line"}}},
		{"wide colon", "小林：こんにちは", [][2]string{{"1,1-9 Not a line of a transcript", "ordinary one"}}},
		{"setting", "user=tom", [][2]string{{"1,1-9 Not a line of a transcript", "declared in the configuration"}}},
		{"bracket", "[Typing][Delay=3000]", [][2]string{{"1,1-21 Not a line of a transcript", "right after the name"}}},
		{"nothing above", "  Hi!", [][2]string{{"1,1-6 Nothing to go on with", "remove the spaces"}}},
		{"nothing above a time", "ana: a\n@ -3d\n  b\nana: c", [][2]string{{"3,1-4 Nothing to go on with", ""}}},
		{"empty", "ana:\nsam: ok", [][2]string{{"1,1-5 Empty message", "what ana says"}}},
		{"only a label", "ana:  #hello", [][2]string{{"1,1-13 Empty message", ""}}},
		{"time missing", "@\nana: a", [][2]string{{"1,1-2 Time is missing", "@ -3d 09:12"}}},
		{"time without space", "@sam: Hi!", [][2]string{{"1,1-10 Not a time", "\\@sam"}}},
		{"time at the end", "ana: a\n@ -3d", [][2]string{{"2,1-6 Time without a message", ""}}},
		{"two times", "@ -3d\n+2m\nana: a", [][2]string{{"2,1-4 Message has two times", "The line at 1"}}},
		{"gap with words", "+1 555 0100: Hi!", [][2]string{{"1,1-17 Not a gap", "\\+1 555"}}},
		{"gap missing", "+\nana: a", [][2]string{{"1,1-2 Not a gap", "+2m"}}},
		{"label on a later line", "ana: a\n  b  #hello", [][2]string{{"2,4-12 Label or options on a later line", "line with the name"}}},
		{"options on a later line", "ana: a\n  b {tags=x}", [][2]string{{"2,4-13 Label or options on a later line", "backslash"}}},
		{"comment indented", "ana: a\n  # note", [][2]string{{"2,3-9 Indented line is ambiguous", "a comment"}}},
		{"time indented", "ana: a\n  @ -3d 09:12", [][2]string{{"2,3-14 Indented line is ambiguous", "a time"}}},
		{"gap indented", "ana: a\n  +2m", [][2]string{{"2,3-6 Indented line is ambiguous", "a gap"}}},
		{"option misspelt", "ana: yes! {expct=approved}", [][2]string{{"1,12-26 Invalid option", `Did you mean "expect"?`}}},
		{"options, three mistakes", "ana: yes! {tag=a  b expect= tags=x}", [][2]string{
			{"1,12-17 Invalid option", `Did you mean "tags"?`}, {"1,19-20 Invalid option", `"b" is not`}, {"1,21-28 Invalid option", "Leave the option away"}}},
		{"option twice", "ana: yes! {tags=a tags=b}", [][2]string{{"1,19-25 Invalid option", "twice"}}},
		{"option without an end", `ana: yes! {tags="a}`, [][2]string{{"1,12-19 Invalid option", "end with a quote"}}},
		{"option of quotes", `ana: yes! {tags=a"b"}`, [][2]string{{"1,12-21 Invalid option", "enclose the whole value"}}},
		{"option without a key", `ana: yes! {metadata.=a metadata.a.b=c}`, [][2]string{{"1,12-23 Invalid option", "no option"}, {"1,24-38 Invalid option", "no option"}}},
		{"attachment without a URL", "ana: [image parcel.jpg] this?", [][2]string{{"1,6-30 Attachment without a URL", "https://"}}},
		{"attachment of another scheme", "ana: [file ftp://example.com/1]", [][2]string{{"1,6-32 Attachment without a URL", "https://"}}},
		{"attachment without an end", "ana: [image https://example.com/1", [][2]string{{"1,6-34 Attachment without a URL", ""}}},
		{"attachment after the text", "ana: 한글 [image https://example.com/1] this?", [][2]string{{"1,9-38 Attachment after the text", "backslash before the bracket"}}},
		{"attachment on a later line", "ana: look\n  [image https://example.com/1]", [][2]string{{"2,3-32 Attachment after the text", ""}}},
		{"Latin-1", "ana: a\nana: caf\xe9 x", [][2]string{{"2,9-10 Not UTF-8", "Save the file as UTF-8"}}},
		{"several", "x\nana: a {b=c}\n  # d\ny", [][2]string{{"1,1-2 Not a line of a transcript", ""}, {"2,9-12 Invalid option", ""}, {"3,3-6 Indented line is ambiguous", ""}, {"4,1-2 Not a line of a transcript", ""}}},
		{"speech indented", "sam: a\nana: b\n  sam: c", [][2]string{{"3,3-6 Indented line of speech", "If sam says it"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, diags := parse(tt.src)
			var got, want []string
			for i, diag := range diags {
				got = append(got, where(diag))
				if i < len(tt.want) && !strings.Contains(diag.Detail, tt.want[i][1]) {
					t.Errorf("%s: detail %q does not say %q", got[i], diag.Detail, tt.want[i][1])
				}
			}
			for _, w := range tt.want {
				want = append(want, w[0])
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
		})
	}
}

func where(diag *hcl.Diagnostic) string {
	r := diag.Subject
	if r.Start.Line != r.End.Line {
		return fmt.Sprintf("%d,%d-%d,%d %s", r.Start.Line, r.Start.Column, r.End.Line, r.End.Column, diag.Summary)
	}
	return fmt.Sprintf("%d,%d-%d %s", r.Start.Line, r.Start.Column, r.End.Column, diag.Summary)
}

// A message with a mistake is not yielded; the others are.
func TestParseGoesOnAfterMistakes(t *testing.T) {
	got, diags := parse("ana: a\nwhat\n  is this\nsam: b {x=y}\n  c\n@ -3d\nnonsense\nana: d\n")
	if len(diags) != 3 {
		t.Errorf("%d mistakes, want 3: %v", len(diags), diags)
	}
	want := []Message{{From: "ana", Text: "a"}, {From: "ana", Text: "d"}}
	if diff := cmp.Diff(want, got, sameMeaning); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestParseStopsWithTheConsumer(t *testing.T) {
	var diags hcl.Diagnostics
	n := 0
	for range Parse("ana: a\nana: b\nana: c\nwhat", "test.chat", hcl.InitialPos, &diags) {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 || len(diags) > 0 {
		t.Errorf("%d messages and %v, want 2 and nothing", n, diags)
	}
}

// A file of another notation does not bury what is wrong with it.
func TestParseCapsMistakes(t *testing.T) {
	_, diags := parse(strings.Repeat("what\n", 100))
	if len(diags) != maxMistakes+1 {
		t.Fatalf("%d mistakes, want %d", len(diags), maxMistakes+1)
	}
	last := diags[maxMistakes]
	if where(last) != "21,1-5 More of these" || !strings.Contains(last.Detail, "80 more lines") {
		t.Errorf("the last is %v", last)
	}
	_, diags = parse(strings.Repeat("what\n", maxMistakes+1))
	if last := diags[maxMistakes]; !strings.Contains(last.Detail, "1 more line ") {
		t.Errorf("the last is %v", last)
	}
}

func TestParseRanges(t *testing.T) {
	src := "# 한\n@  -3d 09:12\nAna 한: [image https://example.com/1] [file https://example.com/2]  Hi 👩‍👩‍👧!  #hello {tags=a expect=approved metadata.x=1 metadata.y=2}\n\n  more\n+2m\nsam: ok"
	messages := []string{}
	var diags hcl.Diagnostics
	start := hcl.Pos{Line: 7, Column: 5, Byte: 100}
	for m := range Parse(src, "test.chat", start, &diags) {
		show := func(name string, r hcl.Range) {
			messages = append(messages, fmt.Sprintf("%s %d,%d-%d,%d %q", name, r.Start.Line, r.Start.Column, r.End.Line, r.End.Column, src[r.Start.Byte-100:r.End.Byte-100]))
		}
		show("message", m.Range)
		for f := range numFields {
			if r := m.FieldRange(f); r != m.Range {
				show(fieldNames[f], r)
			}
		}
	}
	want := []string{
		`message 9,1-11,7 "Ana 한: [image https://example.com/1] [file https://example.com/2]  Hi 👩\u200d👩\u200d👧!  #hello {tags=a expect=approved metadata.x=1 metadata.y=2}\n\n  more"`,
		`from 9,1-9,6 "Ana 한"`,
		`label 9,76-9,81 "hello"`,
		`text 9,68-11,7 "Hi 👩\u200d👩\u200d👧!  #hello {tags=a expect=approved metadata.x=1 metadata.y=2}\n\n  more"`,
		`at 8,4-8,13 "-3d 09:12"`,
		`expect 9,90-9,105 "expect=approved"`,
		`attachments 9,8-9,66 "[image https://example.com/1] [file https://example.com/2]"`,
		`tags 9,83-9,89 "tags=a"`,
		`metadata 9,106-9,131 "metadata.x=1 metadata.y=2"`,
		`message 13,1-13,8 "sam: ok"`,
		`from 13,1-13,4 "sam"`,
		`text 13,6-13,8 "ok"`,
		`after 12,2-12,4 "2m"`,
	}
	if diff := cmp.Diff(want, messages); diff != "" {
		t.Errorf("ranges (-want +got):\n%s", diff)
	}
	if len(diags) > 0 {
		t.Error(diags)
	}
}

// Other people's transcripts in another notation bring few and helpful errors.
func TestParseChatdown(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/fixtures/chatdown/*")
	if len(files) == 0 {
		t.Skip("no fixtures here")
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, diags := parse(string(src))
		if len(diags) > maxMistakes+1 {
			t.Errorf("%s: %d mistakes", file, len(diags))
		}
		for _, diag := range diags {
			t.Logf("%s: %s: %s", filepath.Base(file), where(diag), diag.Detail)
		}
	}
}

func TestFormat(t *testing.T) {
	tests := []struct{ name, src, want string }{
		{"nothing", "", ""},
		{"blank", "\n \n", ""},
		{"line", "ana  :  Hi!  ", "ana: Hi!\n"},
		{"CR LF and mark", "\ufeffana: Hi!\r\nsam: ok\r\n", "ana: Hi!\nsam: ok\n"},
		{"blank lines", "\n\n# a\n\n\n# b\nana: Hi!\n\n\n\nsam: ok\n\n", "# a\n\n# b\nana: Hi!\n\nsam: ok\n"},
		{"blank lines in a text", "ana: one\n\n\n# c\n   two\n     three\n\n\n# d\n\n", "ana: one\n\n\n# c\n  two\n    three\n\n# d\n"},
		{"times", "@   -3d    09:12\nana: a\n+  2m  \nana: b", "@ -3d 09:12\nana: a\n+2m\nana: b\n"},
		{"tail", "ana: a \t  #b{\nana: a     #b   {tags=\"x\"  expect=approved}\nana: a {metadata.b=1 metadata.a=\"a b\"}  #c", "ana: a \t  #b{\nana: a  #b {expect=approved tags=x}\nana: a  #c {metadata.a=\"a b\" metadata.b=1}\n"},
		{"tail without text", "ana: \t#b\n  c\nana: {tags=a}\n  c", "ana:  #b\n  c\nana:  {tags=a}\n  c\n"},
		{"attachments", "ana:[ x\n", "ana:[ x\n"},
		{"attachments", "ana:  [image   https://example.com/1   a  b ][file https://example.com/2]   yes", "ana: [image https://example.com/1 a  b] [file https://example.com/2] yes\n"},
		{"escapes stay", "\\#ana:   \\[image x.jpg]  \\#b", "\\#ana: \\[image x.jpg]  \\#b\n"},
		{"braces in a value", `ana: a {tags="a {b=c}"}`, `ana: a {tags="a {b=c}"}`},
		{"mistakes", "what\n\n\n", "what\n\n\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, string(Format([]byte(tt.src)))); diff != "" {
				t.Errorf("Format (-want +got):\n%s", diff)
			}
		})
	}
}

// checkFormat holds what Format promises: the same messages, and nothing left
// to format.
func checkFormat(t interface{ Fatalf(string, ...any) }, src string) {
	want, diags := parse(src)
	formatted := string(Format([]byte(src)))
	got, _ := parse(formatted)
	if diff := cmp.Diff(want, got, sameMeaning); diff != "" {
		t.Fatalf("%q\nis formatted\n%q\nmessages (-want +got):\n%s", src, formatted, diff)
	}
	if again := string(Format([]byte(formatted))); again != formatted {
		t.Fatalf("%q\nis formatted\n%q\nand that\n%q", src, formatted, again)
	}
	if diags.HasErrors() && formatted != src {
		t.Fatalf("%q has mistakes, and is formatted %q", src, formatted)
	}
}

// transcripts draws text that is rich in what the notation knows.
func transcripts() *rapid.Generator[string] {
	word := rapid.SampledFrom([]string{"ana", "sam", "Ana Lima", ":", ": ", ":\t", "hi", " ", "  ", "\t", "\n", "\n  ", "\n    ", "\n\n", "\r\n", "\r",
		"#", "#a", "  #label", "# ", "@ ", "@ -3d 09:12\n", "+2m\n", "+", "\\", "\\\\", "{", "}", "{tags=a}", " {expect=approved metadata.a=\"b c\"}", `"`, "=",
		"[image https://example.com/a.jpg]", " [file https://example.com/b name] ", "[image x.jpg]", "[", "]", "ana: ", "\nsam: ", "한", "é", "\ufeff", "http://x/y"})
	return rapid.Map(rapid.SliceOfN(word, 0, 30), func(words []string) string { return strings.Join(words, "") })
}

func TestFormatKeepsMeaning(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkFormat(t, transcripts().Draw(t, "transcript")) })
}

// Whatever is in a file, reading it ends, and what is told of it lies inside.
func FuzzTranscript(f *testing.F) {
	f.Add("# refund.chat\n@ -3d 09:12\nana: Hi! My order hasn't arrived.   #hello\n+2m\nsam: Sorry.\n  Is this it?\nsam: [image https://example.com/parcel.jpg] this one?\nana: yes!  {expect=approved tags=vip}\n")
	f.Add("ana: a  #b {tags=\"x {y=z\" metadata.k=v}\n\n  \\# c\n\r\n\\#d: [image x.jpg\n")
	f.Add("\ufeffuser=a\n\xff")
	f.Fuzz(func(t *testing.T, src string) {
		var diags hcl.Diagnostics
		for m := range Parse(src, "f", hcl.InitialPos, &diags) {
			if m.From == "" || m.Text == "" && len(m.Attachments) == 0 {
				t.Errorf("message without a sender or content: %+v", m)
			}
			checkRange(t, src, m.Range)
			for f := range numFields {
				checkRange(t, src, m.FieldRange(f))
			}
		}
		for _, diag := range diags {
			checkRange(t, src, *diag.Subject)
		}
		checkFormat(t, src)
	})
}

// checkRange holds that a range lies inside the file, and that line, column
// and byte say the same.
func checkRange(t *testing.T, src string, r hcl.Range) {
	t.Helper()
	if r.Start.Byte < 0 || r.End.Byte > len(src) || r.Start.Byte > r.End.Byte {
		t.Fatalf("range %+v is not inside %q", r, src)
	}
	for _, pos := range []hcl.Pos{r.Start, r.End} {
		before := src[:pos.Byte]
		if line := 1 + strings.Count(before, "\n"); line != pos.Line {
			t.Fatalf("byte %d is on line %d, not %d, of %q", pos.Byte, line, pos.Line, src)
		}
		if pos.Column < 1 || pos.Column > pos.Byte-strings.LastIndexByte(before, '\n')+1 {
			t.Fatalf("byte %d is not in column %d of %q", pos.Byte, pos.Column, src)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	var src strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&src, "+2m\nana: Hello, this is message %d of many, and it is as long as one would write.  #m%d\nsam: Fine.\n  Thank you!\n", i, i)
	}
	text := src.String()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		var diags hcl.Diagnostics
		n := 0
		for range Parse(text, "bench.chat", hcl.InitialPos, &diags) {
			n++
		}
		if n != 20_000 || len(diags) > 0 {
			b.Fatal(n, diags)
		}
	}
}

// What people write stays what they wrote, however odd it is: the big list of
// naughty strings goes through unchanged, or is an error.
func TestParseNaughtyStrings(t *testing.T) {
	raw, err := os.ReadFile("../../../shared/fixtures/blns/blns.json")
	if err != nil {
		t.Skip("no fixtures here")
	}
	var naughty []string
	if err := json.Unmarshal(raw, &naughty); err != nil {
		t.Fatal(err)
	}
	for _, text := range naughty {
		text = trimSpace(text)
		if text == "" || strings.Contains(text, "\n") {
			continue
		}
		messages, diags := parse("ana: " + text)
		if diags.HasErrors() {
			t.Logf("%q: %v", text, diags)
			continue
		}
		want := []Message{{From: "ana", Text: text}}
		if diff := cmp.Diff(want, messages, sameMeaning); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
		checkFormat(t, "ana: "+text)
	}
}
