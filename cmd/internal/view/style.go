package view

import (
	"strings"

	"github.com/fatih/color"
)

// style is how a piece of a line looks where there are colours. It never
// carries a meaning alone.
type style uint8

const (
	plain   style = iota
	faint         // what may be skipped: context, notes, digests
	strong        // headings, addresses of conversations
	added         // a create, and what an edit put in
	removed       // a delete, and what an edit took out
	changed       // an update, a replacement
	failed        // errors
	warned        // warnings
	marked        // what a diagnostic points at
	hidden        // the visible form of what cannot be seen
	styles
)

// paint turns styles into escape sequences, or into nothing.
type paint struct{ of *[styles]*color.Color }

// newPaint returns a paint that is on or off for good, whatever fatih/color
// finds in the environment: the choice is made once, by [Options].
func newPaint(on bool) paint {
	if !on {
		return paint{}
	}
	p := paint{of: &[styles]*color.Color{
		faint:   color.New(color.Faint),
		strong:  color.New(color.Bold),
		added:   color.New(color.FgGreen),
		removed: color.New(color.FgRed),
		changed: color.New(color.FgYellow),
		failed:  color.New(color.FgRed, color.Bold),
		warned:  color.New(color.FgYellow, color.Bold),
		marked:  color.New(color.FgRed, color.Bold),
		hidden:  color.New(color.Faint, color.ReverseVideo),
	}}
	for _, c := range p.of {
		if c != nil {
			c.EnableColor()
		}
	}
	return p
}

func (p paint) on() bool { return p.of != nil }

func (p paint) apply(s style, text string) string {
	if p.of == nil || s == plain || text == "" {
		return text
	}
	return p.of[s].Sprint(text)
}

// span is a piece of a line in one style. Its text is safe to print.
type span struct {
	text  string
	style style
}

// spans is a line, or a paragraph before it is wrapped.
type spans []span

func (s spans) width() int {
	n := 0
	for _, piece := range s {
		n += textWidth(piece.text)
	}
	return n
}

func (s spans) text() string {
	if len(s) == 1 {
		return s[0].text
	}
	var b strings.Builder
	for _, piece := range s {
		b.WriteString(piece.text)
	}
	return b.String()
}

// say is a span of the program's own words.
func say(s style, text string) span { return span{text: text, style: s} }

// symbolStyle is the look of what an action stands before.
func symbolStyle(symbol string) style {
	switch symbol {
	case "+":
		return added
	case "-":
		return removed
	case "~", "-/+":
		return changed
	}
	return plain
}
