package script

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
)

// source opens a source that holds text.
func source(t testing.TB, filename, text string) *Source {
	t.Helper()
	file, err := fstest.MapFS{filename: {Data: []byte(text)}}.Open(filename)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSource(file, filename, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// read returns all messages of a source, to keep.
func read(t testing.TB, filename, text string) ([]Message, hcl.Diagnostics) {
	t.Helper()
	s := source(t, filename, text)
	defer s.Close()
	var diags hcl.Diagnostics
	var messages []Message
	for m := range s.Messages(&diags) {
		messages = append(messages, *m)
	}
	return messages, diags
}

func TestSources(t *testing.T) {
	full := Message{From: "ana", Label: "hello", Type: "image", Text: "Hi, \"you\"!\nBye. 한", At: "-3d 09:12", After: "45", Expect: "approved",
		Attachments: []Attachment{{URL: "https://example.com/1.jpg"}, {Kind: "file", URL: "https://example.com/2", Name: "two", MimeType: "a/b", Extension: "c", Size: "12"}},
		Tags:        []string{"vip", "beta"}, Metadata: json.RawMessage(`{"a":[1.50,null],"b":"<"}`), CustomData: json.RawMessage(`{}`)}
	tests := []struct {
		name, filename, text string
		want                 []Message
	}{
		{"nothing", "a.jsonl", "", nil},
		{"blank lines", "a.jsonl", "\n \t\n\r\n", nil},
		{"lines", "a.ndjson", "{\"from\":\"ana\",\"text\":\"Hi!\"}\n\n{\"text\":\"Hello.\",\"from\":\"sam\"}", []Message{{From: "ana", Text: "Hi!"}, {From: "sam", Text: "Hello."}}},
		{"CR LF, mark and spaces", "a.JSONL", "\ufeff { \"from\" : \"ana\" , \"text\" : \"Hi!\" } \r\n", []Message{{From: "ana", Text: "Hi!"}}},
		{"all fields", "a.jsonl", `{"from":"ana","label":"hello","type":"image","text":"Hi, \"you\"!\nBye. \ud55c","at":"-3d 09:12","after":45,"expect":"approved",` +
			`"attachments":["https://example.com/1.jpg",{"url":"https://example.com/2","type":"file","name":"two","mime_type":"a/b","extension":"c","size":12}],` +
			`"tags":["vip","beta"],"metadata":{"b":"<", "a":[1.50,null]},"custom_data":{}}`, []Message{full}},
		{"nulls", "a.jsonl", `{"from":"ana","label":null,"text":"Hi!","at":null,"tags":null,"attachments":null,"metadata":null}`, []Message{{From: "ana", Text: "Hi!"}}},
		{"seconds", "a.jsonl", `{"from":"ana","text":"Hi!","at":1767603600}`, []Message{{From: "ana", Text: "Hi!", At: "1767603600"}}},
		{"size in quotes", "a.jsonl", `{"from":"ana","attachments":[{"url":"u","size":"7"}]}`, []Message{{From: "ana", Attachments: []Attachment{{URL: "u", Size: "7"}}}}},
		{"escapes", "a.jsonl", `{"from":"a\\","text":"\\\" \\\\","\u0074ags":["\"","a,]"]}`, []Message{{From: `a\`, Text: `\" \\`, Tags: []string{`"`, "a,]"}}}},

		{"header alone", "a.csv", "from,text\n", nil},
		{"records", "a.csv", "\ufefftext, from\r\nHi!,ana\r\n\r\n\"Hello, you\",sam", []Message{{From: "ana", Text: "Hi!"}, {From: "sam", Text: "Hello, you"}}},
		{"all columns", "a.csv", "from,label,type,text,at,after,expect,attachments,tags,metadata,custom_data\n" +
			`ana,hello,image,"Hi, ""you""!` + "\r\n" + `Bye. 한",-3d 09:12, 45 ,approved,"[""https://example.com/1.jpg"",{""url"":""https://example.com/2"",""type"":""file"",""name"":""two"",""mime_type"":""a/b"",""extension"":""c"",""size"":12}]",vip; beta,"{""b"":""<"",""a"":[1.50,null]}",{}` + "\n",
			[]Message{full}},
		{"tags as JSON", "a.csv", "from,text,tags\nana,Hi!,\"[\"\"a;b\"\",\"\"c\"\"]\"", []Message{{From: "ana", Text: "Hi!", Tags: []string{"a;b", "c"}}}},
		{"one attachment", "a.csv", "from,attachments\nana,https://example.com/1.jpg", []Message{{From: "ana", Attachments: []Attachment{{URL: "https://example.com/1.jpg"}}}}},
		{"text of several lines", "a.csv", "from,text\nana,\"one\n\ntwo \"\"x\"\"\n\"\nsam,three", []Message{{From: "ana", Text: "one\n\ntwo \"x\"\n"}, {From: "sam", Text: "three"}}},
		{"spaces in text", "a.csv", "from,text\n ana , Hi! ", []Message{{From: "ana", Text: " Hi! "}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, diags := read(t, tt.filename, tt.text)
			for _, diag := range diags {
				t.Errorf("unexpected: %s: %s", where(diag), diag.Detail)
			}
			if diff := cmp.Diff(tt.want, got, sameMeaning); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSourceMistakes(t *testing.T) {
	tests := []struct {
		name, filename, text string
		want                 [][2]string
	}{
		{"no object", "a.jsonl", `["ana"]`, [][2]string{{"1,1-8 Not a JSON object", "Each line is one message"}}},
		{"no JSON", "a.jsonl", "{\"from\":\"ana\"}\nfrom: ana", [][2]string{{"2,2-3 Invalid JSON", "invalid character 'r'"}}},
		{"comma missing", "a.jsonl", `{"from":"안" "text":"Hi!"}`, [][2]string{{"1,13-14 Invalid JSON", "after object key:value pair"}}},
		{"comma too many", "a.jsonl", `{"from":"ana",}`, [][2]string{{"1,15-16 Invalid JSON", "invalid character '}'"}}},
		{"two objects", "a.jsonl", `{"from":"ana"}{"from":"sam"}`, [][2]string{{"1,15-16 Invalid JSON", "after top-level value"}}},
		{"line break in an object", "a.jsonl", "{\"from\":\"ana\",\n\"text\":\"Hi!\"}", [][2]string{{"1,15-15 Invalid JSON", "the line ends before the object does"}, {"2,7-8 Invalid JSON", "after top-level value"}}},
		{"string without an end", "a.jsonl", `{"from":"ana}`, [][2]string{{"1,14-14 Invalid JSON", "the line ends"}}},
		{"control character", "a.jsonl", "{\"from\":\"a\x01\"}", [][2]string{{"1,11-12 Invalid JSON", "in string literal"}}},
		{"bad escape", "a.jsonl", `{"from":"\x"}`, [][2]string{{"1,11-12 Invalid JSON", "in string escape code"}}},
		{"bad number", "a.jsonl", `{"from":"ana","at":01}`, [][2]string{{"1,21-22 Invalid JSON", ""}}},
		{"unclosed", "a.jsonl", `{"from":"ana","metadata":{]}`, [][2]string{{"1,27-28 Invalid JSON", ""}}},
		{"unclosed, unknown", "a.jsonl", `{"from":"ana","x":[}}`, [][2]string{{"1,20-21 Invalid JSON", ""}}},
		{"unclosed list", "a.jsonl", `{"from":5,"tags":["a"`, [][2]string{{"1,22-22 Invalid JSON", "the line ends"}}},
		{"unknown", "a.jsonl", `{"From":"ana","txt":"Hi!"}`, [][2]string{{"1,2-8 Unknown field", `Did you mean "from"?`}, {"1,15-20 Unknown field", `Did you mean "text"?`}}},
		{"twice", "a.jsonl", `{"from":"ana","from":"sam"}`, [][2]string{{"1,15-21 Field given twice", ""}}},
		{"no sender", "a.jsonl", `{"text":"Hi!"}`, [][2]string{{"1,1-15 Sender is missing", "label or uid"}}},
		{"wrong types", "a.jsonl", `{"from":7,"text":[],"at":1.5,"after":true,"tags":"vip","metadata":[1],"attachments":{},"custom_data":"x"}`, [][2]string{
			{"1,9-10 Invalid value", `"from" is not right: it has to be a string.`}, {"1,18-20 Invalid value", `"text"`}, {"1,26-29 Invalid value", "whole number"}, {"1,38-42 Invalid value", "whole number"},
			{"1,50-55 Invalid value", `["vip", "beta"]`}, {"1,67-70 Invalid value", "JSON object"}, {"1,85-87 Invalid value", "it has to be a list"}, {"1,102-105 Invalid value", "JSON object"}}},
		{"wrong tag", "a.jsonl", `{"from":"ana","tags":["a",1]}`, [][2]string{{"1,22-29 Invalid value", "list of strings"}}},
		{"wrong attachments", "a.jsonl", `{"from":"ana","attachments":[1]}` + "\n" + `{"from":"ana","attachments":[{"link":"x","a":1,"url":"u"}]}` + "\n" + `{"from":"ana","attachments":[{"name":"x"}]}` + "\n" +
			`{"from":"ana","attachments":[{"url":"x","type":"img"}]}` + "\n" + `{"from":"ana","attachments":[{"url":"x","name":1}]}` + "\n" + `{"from":"ana","attachments":[{"url":"x","mimetype":"a/b"}]}`, [][2]string{
			{"1,29-32 Invalid value", "URLs or objects"}, {"2,29-59 Invalid value", `no "a"`}, {"3,29-43 Invalid value", "needs its url"}, {"4,29-55 Invalid value", `not "img"`}, {"5,29-51 Invalid value", "name of an attachment"}, {"6,29-59 Invalid value", `Did you mean "mime_type"?`}}},
		{"Latin-1", "a.jsonl", "{\"from\":\"ana\"}\n{\"from\":\"Jos\xe9\"}", [][2]string{{"2,13-14 Not UTF-8", "Save the file as UTF-8"}}},
		{"long line", "a.jsonl", `{"from":"ana","text":"` + strings.Repeat("x", maxLine) + `"}` + "\n" + `{"text":""}`, [][2]string{{"1,1-81 Line too long", "Line 1 has more than 1 MB"}, {"2,1-12 Sender is missing", ""}}},

		{"empty", "a.csv", "", [][2]string{{"1,1-1 Header is missing", "from,text,at,label"}}},
		{"semicolons", "a.csv", "from;text\nana;Hi!", [][2]string{{"1,1-10 Columns are not separated", "commas"}}},
		{"unknown column", "a.csv", "from,\"texts\",at,at\nana,Hi!", [][2]string{{"1,6-13 Unknown column", `Did you mean "text"?`}, {"1,17-19 Column given twice", ""}}},
		{"no column of senders", "a.csv", "text,at\nHi!,", [][2]string{{"1,1-8 Sender is missing", "one of them has to be"}}},
		{"no header", "a.csv", "ana,Hi!\nsam,Hello.", [][2]string{{"1,1-4 Unknown column", ""}, {"1,5-8 Unknown column", ""}}},
		{"cells too many", "a.csv", "from,text\nana,Hi, you!\nsam\n", [][2]string{{"2,1-13 Number of cells differs", "names 2 columns, and the cells of this record are 3"}, {"3,1-4 Number of cells differs", "are 1."}}},
		{"no sender in a record", "a.csv", "from,text\n,Hi!", [][2]string{{"2,1-5 Sender is missing", ""}}},
		{"quote inside", "a.csv", "from,text\nana,5\" pipe\nsam,ok", [][2]string{{"2,6-6 Invalid CSV", "each quote inside of it twice"}}},
		{"quote before the end", "a.csv", "from,text\nana,\"a\" b\nsam,\"x\n\"y\nana,\"\"z\"\"", [][2]string{{"2,7-7 Invalid CSV", "comma or the end"}, {"4,1-1 Invalid CSV", "comma or the end"}, {"5,6-6 Invalid CSV", ""}}},
		{"quote without an end", "a.csv", "from,text\nana,ok\nsam,\"x\nana,y", [][2]string{{"3,1-1 Quote without an end", "Close it"}}},
		{"very long value", "a.csv", "from,text\nsam,\"x\n" + strings.Repeat("0123456789\n", maxLine/10), [][2]string{{"2,1-1 Quote without an end", "Close it"}}},
		{"long record", "a.csv", "from,text\nsam," + strings.Repeat("x", maxLine) + "\n,y", [][2]string{{"2,1-81 Line too long", "Line 2 has"}, {"3,1-3 Sender is missing", ""}}},
		{"cells not right", "a.csv", "from,text,tags,metadata,attachments\n안,\"a\nb\",[1,{a},x\n안,,\"[\"\"a\"\"] x\",[],{}", [][2]string{
			{"3,4-6 Invalid value", `column "tags" is not right: its JSON has a mistake: unexpected end`}, {"3,7-10 Invalid value", `column "metadata" is not right: its JSON`}, {"3,11-12 Invalid value", `"attachments"`},
			{"4,4-15 Invalid value", `"tags"`}, {"4,16-18 Invalid value", "JSON object"}, {"4,19-21 Invalid value", "list"}}},
		{"Latin-1 in a cell", "a.csv", "from,text\nana,caf\xe9\nana,ok", [][2]string{{"2,8-9 Not UTF-8", ""}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, diags := read(t, tt.filename, tt.text)
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

func TestSourceRanges(t *testing.T) {
	tests := []struct {
		filename, text string
		want           []string
	}{
		{"a.jsonl", "\ufeff{\"from\":\"안\"}\r\n\n {\"text\": \"안녕\", \"from\":\"ana\",\"tags\":[ ] }", []string{
			`message 1,1-13 "{\"from\":\"안\"}"`, `from 1,9-12 "\"안\""`,
			`message 3,1-42 " {\"text\": \"안녕\", \"from\":\"ana\",\"tags\":[ ] }"`, `from 3,24-29 "\"ana\""`, `text 3,11-15 "\"안녕\""`, `tags 3,37-40 "[ ]"`}},
		{"a.csv", "from,text,label\r\n안,\"one\n  two\",hello\r\n\nana,three,\r\n", []string{
			`message 2,1-3,13 "안,\"one\n  two\",hello"`, `from 2,1-2 "안"`, `label 3,8-13 "hello"`, `text 2,3-3,7 "\"one\n  two\""`,
			`message 5,1-11 "ana,three,"`, `from 5,1-4 "ana"`, `text 5,5-10 "three"`}},
	}
	for _, tt := range tests {
		var got []string
		show := func(name string, r hcl.Range) {
			place := fmt.Sprintf("%d,%d-%d", r.Start.Line, r.Start.Column, r.End.Column)
			if r.Start.Line != r.End.Line {
				place = fmt.Sprintf("%d,%d-%d,%d", r.Start.Line, r.Start.Column, r.End.Line, r.End.Column)
			}
			got = append(got, fmt.Sprintf("%s %s %q", name, place, tt.text[r.Start.Byte:r.End.Byte]))
		}
		s := source(t, tt.filename, tt.text)
		var diags hcl.Diagnostics
		for m := range s.Messages(&diags) {
			show("message", m.Range)
			for f := range numFields {
				if r := m.FieldRange(f); r != m.Range {
					show(fieldNames[f], r)
				}
			}
		}
		for i, w := range tt.want {
			tt.want[i] = strings.ReplaceAll(w, "\n", `\n`)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: ranges (-want +got):\n%s", tt.filename, diff)
		}
		if len(diags) > 0 {
			t.Error(diags)
		}
	}
}

func TestOpenSource(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.jsonl")
	if err := os.WriteFile(path, []byte(`{"from":"ana","text":"Hi!"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := OpenSource(path, "a.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var diags hcl.Diagnostics
	n := 0
	for range s.Messages(&diags) {
		n++
	}
	if n != 1 || len(diags) > 0 {
		t.Errorf("%d messages and %v, want one and nothing", n, diags)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]string{"missing.jsonl": "no such file", "a.txt": "has to end in .jsonl", "dir.csv": "is a directory"} {
		switch name {
		case "a.txt":
			_ = os.WriteFile(filepath.Join(dir, name), nil, 0o644)
		case "dir.csv":
			_ = os.Mkdir(filepath.Join(dir, name), 0o755)
		}
		if _, err := OpenSource(filepath.Join(dir, name), name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v does not say %q", name, err, want)
		}
	}
}

// fakeFile is a file whose reading and looking at the test decides.
type fakeFile struct {
	io.Reader
	size  int64
	mode  fs.FileMode
	times []time.Time // what Stat says, call by call
}

func (f *fakeFile) Close() error { return nil }
func (f *fakeFile) Stat() (fs.FileInfo, error) {
	at := f.times[0]
	f.times = f.times[1:]
	return fakeInfo{f, at}, nil
}

type fakeInfo struct {
	file *fakeFile
	at   time.Time
}

func (i fakeInfo) Name() string       { return "fake" }
func (i fakeInfo) Size() int64        { return i.file.size }
func (i fakeInfo) Mode() fs.FileMode  { return i.file.mode }
func (i fakeInfo) ModTime() time.Time { return i.at }
func (i fakeInfo) IsDir() bool        { return false }
func (i fakeInfo) Sys() any           { return nil }

func TestSourceThatChanges(t *testing.T) {
	line := "{\"from\":\"ana\",\"text\":\"Hi!\"}\n"
	then, later := time.Unix(1767603600, 0), time.Unix(1767603601, 0)
	tests := []struct {
		name string
		file *fakeFile
		want string
	}{
		{"same", &fakeFile{strings.NewReader(line), int64(len(line)), 0, []time.Time{then, then}}, ""},
		{"touched", &fakeFile{strings.NewReader(line), int64(len(line)), 0, []time.Time{then, later}}, "Source changed while it was read"},
		{"shorter", &fakeFile{strings.NewReader(line), int64(2 * len(line)), 0, []time.Time{then, then}}, "Source changed while it was read"},
		{"longer", &fakeFile{strings.NewReader(line + line), int64(len(line)), 0, []time.Time{then, then}}, "Source changed while it was read"},
		{"longer line", &fakeFile{strings.NewReader(line[:20] + strings.Repeat(" ", 100) + line[20:]), int64(len(line)), 0, []time.Time{then, then}}, "Source changed while it was read"},
		{"pipe", &fakeFile{strings.NewReader(line + line), 0, fs.ModeNamedPipe, []time.Time{then, later}}, ""},
		{"broken", &fakeFile{io.MultiReader(strings.NewReader(line), brokenReader{}), int64(2 * len(line)), 0, []time.Time{then, then}}, "Cannot read the source"},
	}
	for _, tt := range tests {
		s, err := NewSource(tt.file, "a.jsonl", nil)
		if err != nil {
			t.Fatal(err)
		}
		var diags hcl.Diagnostics
		for range s.Messages(&diags) {
			continue
		}
		got := ""
		if len(diags) > 0 {
			got = diags[0].Summary
		}
		if got != tt.want || len(diags) > 1 {
			t.Errorf("%s: %v, want %q", tt.name, diags, tt.want)
		}
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: "/somewhere", Err: errors.New("input/output error")}
}

func TestSourceStopsWithTheConsumer(t *testing.T) {
	for name, text := range map[string]string{"a.jsonl": strings.Repeat("{\"from\":\"ana\"}\n", 3) + "x", "a.csv": "from\na\nb\nc\n\"x"} {
		s := source(t, name, text)
		var diags hcl.Diagnostics
		n := 0
		for range s.Messages(&diags) {
			if n++; n == 2 {
				break
			}
		}
		if n != 2 || len(diags) > 0 {
			t.Errorf("%s: %d messages and %v, want 2 and nothing", name, n, diags)
		}
	}
}

// reference is what encoding/json makes of a line.
func reference(text string) (m Message, ok bool) {
	dec := json.NewDecoder(strings.NewReader(text))
	if token, err := dec.Token(); err != nil || token != json.Delim('{') || !json.Valid([]byte(text)) {
		return m, false
	}
	seen := map[string]bool{}
	for dec.More() {
		key, _ := dec.Token()
		name := key.(string)
		var raw json.RawMessage
		if dec.Decode(&raw) != nil || seen[name] {
			return m, false
		}
		seen[name] = true
		if string(raw) == "null" && slices.Contains(fieldNames[:], name) {
			continue
		}
		var err error
		switch name {
		case "from":
			err = json.Unmarshal(raw, &m.From)
		case "text":
			err = json.Unmarshal(raw, &m.Text)
		case "label":
			err = json.Unmarshal(raw, &m.Label)
		case "type":
			err = json.Unmarshal(raw, &m.Type)
		case "expect":
			err = json.Unmarshal(raw, &m.Expect)
		case "at":
			err = stringOrWhole(raw, &m.At)
		case "after":
			err = stringOrWhole(raw, &m.After)
		case "tags":
			var elems []any
			err = json.Unmarshal(raw, &elems)
			for _, elem := range elems {
				s, ok := elem.(string)
				if !ok {
					return m, false
				}
				m.Tags = append(m.Tags, s)
			}
		case "attachments":
			m.Attachments, err = decodeAttachments(raw)
		case "metadata":
			m.Metadata, err = canonicalObject(raw)
		case "custom_data":
			m.CustomData, err = canonicalObject(raw)
		default:
			return m, false
		}
		if err != nil {
			return m, false
		}
	}
	return m, m.From != ""
}

func stringOrWhole(raw json.RawMessage, to *string) error {
	if raw[0] == '"' {
		return json.Unmarshal(raw, to)
	}
	var n uint64
	*to = string(raw)
	if err := json.Unmarshal(raw, &n); err != nil && strings.Trim(*to, "0123456789") != "" {
		return err
	}
	return nil
}

// A line means what encoding/json says it means, and what is told of it lies
// inside.
func FuzzJSONL(f *testing.F) {
	f.Add(`{"from":"ana","text":"Hi!","at":"-3d 09:12","after":45,"tags":["a","\"b"],"label":null}`)
	f.Add("{\"from\":\"ana\"}\r\n{ \"text\" : \"\\u00e9\\ud800\" , \"metadata\":{\"a\":[1,{}]}, \"from\":\"x\" }\nnot json")
	f.Add(`{"from":"ana","attachments":["https://example.com/1",{"url":"u","size":1}],"custom_data":{"b":1,"a":2}}`)
	f.Fuzz(func(t *testing.T, text string) {
		got, diags := read(t, "f.jsonl", text)
		for _, m := range got {
			checkRange(t, text, m.Range)
			for f := range numFields {
				checkRange(t, text, m.FieldRange(f))
			}
		}
		for _, diag := range diags {
			checkRange(t, text, *diag.Subject)
		}
		var want []Message
		mistakes := 0
		for line := range strings.SplitSeq(strings.TrimPrefix(text, byteOrderMark), "\n") {
			line = strings.TrimRight(line, "\r")
			if strings.Trim(line, " \t") == "" {
				continue
			}
			m, ok := reference(line)
			if ok && utf8.ValidString(line) {
				want = append(want, m)
			} else {
				mistakes++
			}
		}
		if diff := cmp.Diff(want, got, sameMeaning, cmp.Comparer(slices.Equal[[]string])); diff != "" {
			t.Errorf("%q: messages (-want +got):\n%s", text, diff)
		}
		if mistakes > 0 != diags.HasErrors() {
			t.Errorf("%q: %d lines with mistakes, and %v", text, mistakes, diags)
		}
	})
}

// A file of CSV means what encoding/csv says it means, and what is told of it
// lies inside.
func FuzzCSV(f *testing.F) {
	f.Add("from,text,tags\nana,\"Hi, \"\"you\"\"\nand you\",a; b\n\nsam,x,")
	f.Add("\ufefffrom,at,after,label,type,attachments,metadata,custom_data,expect\r\nana,1,2,l,image,https://x/y,\"{\"\"a\"\":1}\",{},approved\r\n")
	f.Add("from,text\nana,\"a\" b\nsam,\"x\n\"y\nana,5\" z")
	f.Fuzz(func(t *testing.T, text string) {
		got, diags := read(t, "f.csv", text)
		for _, m := range got {
			checkRange(t, text, m.Range)
			for f := range numFields {
				checkRange(t, text, m.FieldRange(f))
			}
		}
		for _, diag := range diags {
			checkRange(t, text, *diag.Subject)
		}
		if diags.HasErrors() {
			return
		}
		records, err := csvReference(text)
		if err != nil {
			t.Fatalf("%q: %v, and no mistake was told", text, err)
		}
		var texts, want []string
		for _, record := range records {
			want = append(want, record["from"]+"|"+record["text"]+"|"+record["label"])
		}
		for _, m := range got {
			texts = append(texts, m.From+"|"+m.Text+"|"+m.Label)
		}
		if diff := cmp.Diff(want, texts); diff != "" {
			t.Errorf("%q: messages (-want +got):\n%s", text, diff)
		}
	})
}

func sampleLines(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"from":"user-%d","text":"Hello, this is message %d of many, about as long as what one would write.","at":"2026-01-05T09:%02d:%02dZ","label":"m%d"}`+"\n", i%40, i, i/60%60, i%60, i)
	}
	return b.String()
}

func BenchmarkJSONL(b *testing.B) {
	text := sampleLines(10_000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		got := 0
		var diags hcl.Diagnostics
		s, _ := NewSource(&fakeFile{strings.NewReader(text), int64(len(text)), 0, make([]time.Time, 2)}, "bench.jsonl", nil)
		for range s.Messages(&diags) {
			got++
		}
		if got != 10_000 || len(diags) > 0 {
			b.Fatal(got, diags)
		}
	}
}

// BenchmarkJSONLFloor is what encoding/json needs for the same lines.
func BenchmarkJSONLFloor(b *testing.B) {
	text := sampleLines(10_000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		dec := json.NewDecoder(strings.NewReader(text))
		for dec.More() {
			var m struct {
				From        string            `json:"from"`
				Text        string            `json:"text"`
				At          string            `json:"at"`
				After       string            `json:"after"`
				Label       string            `json:"label"`
				Type        string            `json:"type"`
				Expect      string            `json:"expect"`
				Tags        []string          `json:"tags"`
				Attachments []json.RawMessage `json:"attachments"`
				Metadata    json.RawMessage   `json:"metadata"`
				CustomData  json.RawMessage   `json:"custom_data"`
			}
			if err := dec.Decode(&m); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkCSV(b *testing.B) {
	var text strings.Builder
	text.WriteString("from,text,at,label\n")
	for i := range 10_000 {
		fmt.Fprintf(&text, "user-%d,\"Hello, this is message %d of many, about as long as what one would write.\",2026-01-05T09:%02d:%02dZ,m%d\n", i%40, i, i/60%60, i%60, i)
	}
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		got := 0
		var diags hcl.Diagnostics
		s, _ := NewSource(&fakeFile{strings.NewReader(text.String()), int64(text.Len()), 0, make([]time.Time, 2)}, "bench.csv", nil)
		for range s.Messages(&diags) {
			got++
		}
		if got != 10_000 || len(diags) > 0 {
			b.Fatal(got, diags)
		}
	}
}

// csvReference is what encoding/csv makes of a file with a header.
func csvReference(text string) ([]map[string]string, error) {
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, byteOrderMark)))
	header, err := r.Read()
	if err != nil {
		return nil, err
	}
	var records []map[string]string
	for {
		cells, err := r.Read()
		if err == io.EOF {
			return records, nil
		}
		if err != nil {
			return nil, err
		}
		record := map[string]string{}
		for i, cell := range cells {
			name := strings.TrimSpace(header[i])
			if name != "text" {
				cell = strings.TrimSpace(cell)
			}
			record[name] = cell
		}
		records = append(records, record)
	}
}

// TestSourceIsComparedWithTheFile rewrites a file while it is read, with the
// size and the time that it had.
func TestSourceIsComparedWithTheFile(t *testing.T) {
	const before, after = "{\"from\":\"ana\",\"text\":\"Hi!\"}\n", "{\"from\":\"ana\",\"text\":\"Ho!\"}\n"
	for name, tt := range map[string]struct {
		change func(path string) error
		want   bool
	}{
		"left alone":  {func(string) error { return nil }, false},
		"overwritten": {func(path string) error { return os.WriteFile(path, []byte(after), 0o666) }, true},
		"replaced": {func(path string) error {
			if err := os.WriteFile(path+".new", []byte(after), 0o666); err != nil {
				return err
			}
			return os.Rename(path+".new", path)
		}, true},
		"removed": {os.Remove, true},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.jsonl")
			when := time.Unix(1767603600, 0)
			write := func(text string) {
				if err := errors.Join(os.WriteFile(path, []byte(text), 0o666), os.Chtimes(path, when, when)); err != nil {
					t.Fatal(err)
				}
			}
			write(before)
			s, err := OpenSource(path, "a.jsonl")
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			var diags hcl.Diagnostics
			for range s.Messages(&diags) {
				if err := tt.change(path); err != nil {
					t.Fatal(err)
				}
				if err := os.Chtimes(path, when, when); err != nil && !errors.Is(err, fs.ErrNotExist) {
					t.Fatal(err)
				}
			}
			if got := diags.HasErrors(); got != tt.want {
				t.Errorf("%v", diags)
			}
			if tt.want && diags[0].Summary != "Source changed while it was read" {
				t.Errorf("%v", diags)
			}
			if _, ok := s.Sum(); ok == tt.want {
				t.Errorf("has a sum: %t", ok)
			}
		})
	}
}

// endless is a file that goes on for as long as it was told, in lines of that
// length.
type endless struct{ left, line, at int }

func (e *endless) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), e.left)
	for i := range p[:n] {
		e.at++
		if p[i] = ' '; e.at%e.line == 0 {
			p[i] = '\n'
		}
	}
	e.left -= n
	return n, nil
}

// TestSourceIsNotHeld reads far more than it may allocate: a file of many
// lines, and one of a single line.
func TestSourceIsNotHeld(t *testing.T) {
	const size, most = 64 << 20, 8 << 20
	for _, line := range []int{100, size} {
		s, err := NewSource(&fakeFile{&endless{left: size, line: line}, size, 0, make([]time.Time, 2)}, "a.jsonl", nil)
		if err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var diags hcl.Diagnostics
		for range s.Messages(&diags) {
			t.Error("a blank line is a message")
		}
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > most {
			t.Errorf("lines of %d bytes: %d bytes were allocated", line, got)
		}
		if diags.HasErrors() != (line > maxLine) {
			t.Errorf("lines of %d bytes: %v", line, diags)
		}
	}
}
