package view

import (
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// Sources returns the text of a file that a diagnostic's range names, or nil;
// config.Config.Source is one.
type Sources func(filename string) []byte

func (s Sources) text(filename string) []byte {
	if s == nil {
		return nil
	}
	return s(filename)
}

// Diagnostics shows diagnostics on Err in the order given, or as events. The
// sources may be nil. hcl's own writer is not used: it prints what it quotes
// raw, knows no wide characters and no tabs, and reads each file from its
// beginning for each diagnostic.
func (v *View) Diagnostics(diags hcl.Diagnostics, sources Sources) {
	for _, d := range diags {
		v.stream.diagnostic(d, sources)
	}
	if v.o.Format != Text || len(diags) == 0 {
		return
	}
	v.talk(func(p *printer) {
		for i, d := range diags {
			if i > 0 {
				p.blank()
			}
			diagnosticText(p, d, sources)
		}
		if len(diags) > 1 {
			p.blank()
			p.line(say(strong, diagnosticCounts(diags)))
		}
	})
}

// diagnosticCounts says how many there are: "2 errors, 1 warning".
func diagnosticCounts(diags hcl.Diagnostics) string {
	var errors, warnings int
	for _, d := range diags {
		if d.Severity == hcl.DiagError {
			errors++
		} else {
			warnings++
		}
	}
	var parts []string
	if errors > 0 {
		parts = append(parts, count(errors, "error"))
	}
	if warnings > 0 {
		parts = append(parts, count(warnings, "warning"))
	}
	return strings.Join(parts, ", ")
}

// proseIndent is how far the lines of a diagnostic stand from its first one.
const proseIndent = 2

// diagnosticText prints what is wrong, where, and why.
func diagnosticText(p *printer, d *hcl.Diagnostic, sources Sources) {
	head := say(failed, "Error: ")
	if d.Severity != hcl.DiagError {
		head = say(warned, "Warning: ")
	}
	p.hang(spans{head}, foreign(strong, d.Summary))
	if d.Subject != nil {
		where := d.Subject.Filename + ":" + strconv.Itoa(d.Subject.Start.Line)
		if d.Subject.Start.Column > 0 {
			where += ":" + strconv.Itoa(d.Subject.Start.Column)
		}
		p.line(append(spans{pad(proseIndent)}, foreign(faint, where)...)...)
		for _, line := range excerpt(d, sources.text(d.Subject.Filename)) {
			line.print(p)
		}
	}
	if d.Detail != "" {
		p.prose(d.Detail, proseIndent)
	}
}

// diagnosticJSON is a diagnostic in events and in the document of validate.
type diagnosticJSON struct {
	Severity string     `json:"severity"`
	Summary  string     `json:"summary"`
	Detail   string     `json:"detail,omitempty"`
	Range    *rangeJSON `json:"range,omitempty"`
	Snippet  string     `json:"snippet,omitempty"` // the line that Range starts in
}

type rangeJSON struct {
	File  string  `json:"file"`
	Start posJSON `json:"start"`
	End   posJSON `json:"end"`
}

type posJSON struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Byte   int `json:"byte"`
}

func diagnosticOf(d *hcl.Diagnostic, sources Sources) diagnosticJSON {
	out := diagnosticJSON{Severity: "warning", Summary: d.Summary, Detail: d.Detail}
	if d.Severity == hcl.DiagError {
		out.Severity = "error"
	}
	if r := d.Subject; r != nil {
		out.Range = &rangeJSON{File: r.Filename, Start: posJSON(r.Start), End: posJSON(r.End)}
		text := sources.text(r.Filename)
		if start := r.Start.Byte; start >= 0 && start <= len(text) {
			line := text[lineStart(text, start):lineEnd(text, start)]
			out.Snippet = string(line[:min(len(line), maxSnippet)])
		}
	}
	return out
}

// maxSnippet bounds the line that goes with a diagnostic as JSON, in bytes.
const maxSnippet = 4096
