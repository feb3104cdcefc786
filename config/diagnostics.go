package config

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// Merge puts diagnostics in the order in which they are shown: those without a
// place first, then by file, line and column. What is said twice of the same
// place is kept once.
func Merge(lists ...hcl.Diagnostics) hcl.Diagnostics {
	all := slices.Concat(lists...)
	slices.SortStableFunc(all, func(a, b *hcl.Diagnostic) int {
		return cmp.Or(
			comparePlaces(a.Subject, b.Subject),
			cmp.Compare(a.Severity, b.Severity),
		)
	})
	type identity struct {
		severity        hcl.DiagnosticSeverity
		summary, detail string
		subject         hcl.Range
	}
	seen := make(map[identity]bool, len(all))
	return slices.DeleteFunc(all, func(d *hcl.Diagnostic) bool {
		id := identity{severity: d.Severity, summary: d.Summary, detail: d.Detail}
		if d.Subject != nil {
			id.subject = *d.Subject
		}
		twice := seen[id]
		seen[id] = true
		return twice
	})
}

func comparePlaces(a, b *hcl.Range) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return cmp.Or(
		cmp.Compare(a.Filename, b.Filename),
		cmp.Compare(a.Start.Byte, b.Start.Byte),
		cmp.Compare(a.End.Byte, b.End.Byte),
	)
}

// errorAt is a diagnostic about a place in the configuration.
func errorAt(at hcl.Range, summary, format string, args ...any) *hcl.Diagnostic {
	return &hcl.Diagnostic{
		Severity: hcl.DiagError,
		Summary:  summary,
		Detail:   fmt.Sprintf(format, args...),
		Subject:  &at,
	}
}

// warningAt is errorAt for what does not keep the configuration from use.
func warningAt(at hcl.Range, summary, format string, args ...any) *hcl.Diagnostic {
	d := errorAt(at, summary, format, args...)
	d.Severity = hcl.DiagWarning
	return d
}

// place writes where something is, for a diagnostic about another place.
func place(r hcl.Range) string { return spot{r.Filename, r.Start.Line}.String() }

// spot is the line of a file.
type spot struct {
	file string
	line int
}

func (s spot) String() string { return fmt.Sprintf("%s, line %d", s.file, s.line) }
