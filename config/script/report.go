package script

import (
	"fmt"

	"github.com/agext/levenshtein"
	"github.com/hashicorp/hcl/v2"
)

// maxMistakes is how many mistakes of one file are told. A file in another
// notation would bring one for every line.
const maxMistakes = 20

// report gathers what is wrong with one file.
type report struct {
	diags   hcl.Diagnostics
	more    int // mistakes that were not told
	moreAt  hcl.Range
	mistake bool // an error was told or left out
}

func (r *report) error(at hcl.Range, summary, format string, args ...any) {
	r.mistake = true
	r.add(hcl.DiagError, at, summary, format, args)
}

func (r *report) warn(at hcl.Range, summary, format string, args ...any) {
	r.add(hcl.DiagWarning, at, summary, format, args)
}

func (r *report) add(severity hcl.DiagnosticSeverity, at hcl.Range, summary, format string, args []any) {
	if len(r.diags) == maxMistakes {
		if r.more == 0 {
			r.moreAt = at
		}
		r.more++
		return
	}
	r.diags = append(r.diags, &hcl.Diagnostic{
		Severity: severity,
		Summary:  summary,
		Detail:   fmt.Sprintf(format, args...),
		Subject:  &at,
	})
}

// all returns what was gathered, and how much more there was.
func (r *report) all() hcl.Diagnostics {
	if r.more == 0 {
		return r.diags
	}
	severity, rest := hcl.DiagWarning, "There is 1 more line to look at in this file, from here on."
	if r.mistake {
		severity = hcl.DiagError
	}
	if r.more > 1 {
		rest = fmt.Sprintf("There are %d more lines to look at in this file, from here on.", r.more)
	}
	return append(r.diags, &hcl.Diagnostic{
		Severity: severity,
		Summary:  "More of these",
		Detail:   rest + " They are not shown, because the first ones often explain the others.",
		Subject:  &r.moreAt,
	})
}

// suggest returns " Did you mean …?" for the candidate that is closest to what
// was given, or "" when none is close.
func suggest(given string, candidates []string) string {
	best, distance := "", 4
	for _, candidate := range candidates {
		if d := levenshtein.Distance(given, candidate, nil); d < distance && d < len(given) {
			best, distance = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" Did you mean %q?", best)
}
