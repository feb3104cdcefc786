package view_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/cmd/internal/view"
)

// at is the range of the first occurrence of what in a file, or of the nth.
func at(filename string, files map[string]string, what string, nth ...int) *hcl.Range {
	content := files[filename]
	start := strings.Index(content, what)
	for range nth {
		start += 1 + strings.Index(content[start+1:], what)
	}
	if start < 0 {
		panic(what + " is not in " + filename)
	}
	pos := func(b int) hcl.Pos {
		before := content[:b]
		return hcl.Pos{Line: 1 + strings.Count(before, "\n"), Column: b - strings.LastIndexByte(before, '\n'), Byte: b}
	}
	return &hcl.Range{Filename: filename, Start: pos(start), End: pos(start + len(what))}
}

func TestDiagnostics(t *testing.T) {
	files := map[string]string{
		"main.sow.hcl": "user \"ana\" { name = \"Ana Lima\" }\n\nconversation \"refund\" {\n  between = [user.ana, user.sam]\n\n\tmessage {\n\t\tfrom\t= user.anna\n\t\ttext = \"한국어 텍스트\" + 日本\n\t}\n}\n",
		"refund.chat":  "ana: Hi!\nsam; Sorry to hear that.\r\n\x1b[31mana: \u202eyes\n",
		"h.jsonl":      `{"from":"ana","text":"` + strings.Repeat("so long ", 40) + `","tpye":"text","text":"` + strings.Repeat("and longer ", 200) + `"}` + "\n",
		"ci.chat":      "::error::ana: hi\n",
	}
	block := at("main.sow.hcl", files, "conversation \"refund\" {")
	diags := hcl.Diagnostics{
		{Severity: hcl.DiagError, Summary: "No such user", Subject: at("main.sow.hcl", files, "user.anna"), Context: block,
			Detail: "There is no user named \"anna\". Did you mean user.ana?"},
		{Severity: hcl.DiagError, Summary: "Unsuitable value", Subject: at("main.sow.hcl", files, "日本"), Detail: "Wide characters take two columns each, and the underline must know it."},
		{Severity: hcl.DiagWarning, Summary: "A long block", Subject: at("main.sow.hcl", files, "conversation \"refund\" {\n  between = [user.ana, user.sam]\n\n\tmessage {\n\t\tfrom\t= user.anna\n\t\ttext = \"한국어 텍스트\" + 日本\n\t}"), Detail: "Only its ends are quoted."},
		{Severity: hcl.DiagError, Summary: "No speaker", Subject: at("refund.chat", files, ";"), Detail: "A line is NAME: TEXT. To go on with the text of the line before, indent it:\n  sam: Sorry to hear that.\n    Is this the parcel?\n\nNames are user labels."},
		{Severity: hcl.DiagError, Summary: "Hidden characters", Subject: at("refund.chat", files, "\u202e"), Detail: "They are \u202e made visible."},
		{Severity: hcl.DiagError, Summary: "Unknown field", Subject: at("h.jsonl", files, `"tpye"`), Detail: "Did you mean \"type\"?"},
		{Severity: hcl.DiagError, Summary: "At the very end", Subject: &hcl.Range{Filename: "refund.chat", Start: hcl.Pos{Line: 4, Column: 1, Byte: len(files["refund.chat"])}, End: hcl.Pos{Line: 4, Column: 1, Byte: len(files["refund.chat"])}}, Detail: "Something is missing here."},
		{Severity: hcl.DiagError, Summary: "Command for a CI", Subject: at("ci.chat", files, "ana"), Detail: "::error::a detail"},
		{Severity: hcl.DiagError, Summary: "Changed since", Subject: &hcl.Range{Filename: "ci.chat", Start: hcl.Pos{Line: 9, Column: 1, Byte: 900}, End: hcl.Pos{Line: 9, Column: 4, Byte: 903}}, Detail: "The place is not in the text."},
		{Severity: hcl.DiagError, Summary: "No place", Detail: "The state is locked by sow apply (pid 12 on host, since 2026-01-02T09:12:00Z).\n\nWait for it, or run:\n  sow plan --lock-timeout 5m --and-some-very-long-flags-that-make-a-command-too-long-for-the-line --yes"},
	}
	sources := func(filename string) []byte {
		if content, ok := files[filename]; ok {
			return []byte(content)
		}
		return nil
	}
	for variant, change := range map[string]func(*view.Options){
		"100.txt": terminal(100), "60.txt": terminal(60), "colour.txt": colour, "json": format(view.JSON),
	} {
		t.Run(variant, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				s := newScreen(change)
				s.Diagnostics(diags, sources)
				golden(t, "diagnostics/all."+variant, s.err.String())
				if s.out.Len() > 0 {
					t.Errorf("diagnostics are no result, and went to the standard output:\n%s", s.out.String())
				}
				for line := range strings.Lines(s.err.String()) {
					if variant != "colour.txt" {
						harmless(t, strings.TrimSuffix(line, "\n"))
					}
				}
			})
		})
	}
}

func TestNoDiagnostics(t *testing.T) {
	s := newScreen()
	s.Diagnostics(nil, nil)
	if got := s.err.String(); got != "" {
		t.Errorf("got %q", got)
	}
}

// A place in a large file is found without reading the file from its
// beginning.
func BenchmarkDiagnosticInLargeFile(b *testing.B) {
	content := bytes.Repeat([]byte(`{"from":"ana","text":"hello there"}`+"\n"), 1<<20)
	at := len(content) / 2
	at -= at % 37
	d := hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "x", Subject: &hcl.Range{Filename: "f", Start: hcl.Pos{Line: 9, Column: 1, Byte: at}, End: hcl.Pos{Line: 9, Column: 5, Byte: at + 4}}}}
	s := newScreen()
	b.ReportAllocs()
	for b.Loop() {
		s.err.Reset()
		s.Diagnostics(d, func(string) []byte { return content })
	}
}

func FuzzDiagnostic(f *testing.F) {
	f.Add([]byte("user \"ana\" {\n\tname = 日本\n}\n"), 14, 20, "There is no such thing.\n  sow plan\n")
	f.Add([]byte("::error::\r\n\xff\x1b[31m"), 0, 12, "::error::x")
	f.Fuzz(func(t *testing.T, content []byte, start, end int, detail string) {
		r := &hcl.Range{Filename: "f", Start: hcl.Pos{Line: 1, Column: 1, Byte: start}, End: hcl.Pos{Line: 1, Column: 1, Byte: end}}
		s := newScreen()
		s.Diagnostics(hcl.Diagnostics{{Severity: hcl.DiagError, Summary: detail, Detail: detail, Subject: r}}, func(string) []byte { return content })
		for line := range strings.Lines(s.err.String()) {
			harmless(t, strings.TrimSuffix(line, "\n"))
		}
		s = newScreen(format(view.JSON))
		s.Diagnostics(hcl.Diagnostics{{Severity: hcl.DiagError, Summary: detail, Subject: r}}, func(string) []byte { return content })
		rawJSON(t, s.err.String())
	})
}

func ExampleView_Diagnostics() {
	content := "user \"ana\" {\n  titel = \"Ana Lima\"\n}\n"
	var out bytes.Buffer
	v := view.New(view.Options{Out: &out, Err: &out})
	v.Diagnostics(hcl.Diagnostics{{
		Severity: hcl.DiagError,
		Summary:  "Unknown argument",
		Detail:   `A user has no argument "titel". Did you mean "name"?`,
		Subject:  at("main.sow.hcl", map[string]string{"main.sow.hcl": content}, "titel"),
	}}, func(string) []byte { return []byte(content) })
	fmt.Print(out.String())
	// Output:
	// Error: Unknown argument
	//   main.sow.hcl:2:3
	//   2 │   titel = "Ana Lima"
	//     │   ^^^^^
	//   A user has no argument "titel". Did you mean "name"?
}
