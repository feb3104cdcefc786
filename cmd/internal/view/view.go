// Package view is everything that people and machines read from sow: plans,
// progress, summaries, diagnostics, the state; as text, JSON and Markdown.
//
// The rules of what goes where:
//
//   - Results go to Out: a plan, a summary, a listing, a JSON document. They
//     are what a pipe wants.
//   - Everything else goes to Err: diagnostics, questions, progress, notes.
//   - Other people's words (texts, names, keys, file names, what an app
//     answered) pass [Terminal] or [MarkdownText] before they are shown, so
//     that no byte of them acts on the terminal, on the log of a CI system or
//     on the page of a pull request. JSON holds the true values.
//   - Colour never carries a meaning alone, and is chosen for each stream by
//     itself.
//   - A failed write is told to the caller where it loses a result, and is
//     ignored where it loses only talk.
package view

import (
	"io"
	"strings"
	"sync"
)

// Format is the form of what is shown.
type Format int

const (
	// Text is for people.
	Text Format = iota
	// JSON is one document on Out, of a command that has a result. Diagnostics
	// and notes are lines of JSON on Err.
	JSON
	// Stream is one line of JSON on Out for each event, of a command that acts.
	// Diagnostics and notes are among the events; Err stays empty.
	Stream
)

// Options are what a View knows of the world.
type Options struct {
	Out, Err                 io.Writer
	OutTerminal, ErrTerminal bool
	// Width returns the columns of the terminal, or 0 where nobody knows. It is
	// asked anew where it matters, because windows are resized. Nil is 0.
	Width func() int
	// Getenv gives NO_COLOR, CLICOLOR, CLICOLOR_FORCE and TERM. Nil is an empty
	// environment.
	Getenv  func(name string) string
	NoColor bool // --no-color; counts more than the environment
	Format  Format
	// Events also gets the stream, whatever the format is (--events). Nil means
	// no stream beside the view.
	Events io.Writer
}

// View shows things. Its methods may be called concurrently.
type View struct {
	o      Options
	stream *stream

	mu   sync.Mutex // guards Out, Err and what follows
	live *liveLine  // the line at the foot of Err, while there is one
	used bool       // Out has something already, from which the next result stands off
}

// New makes a View.
func New(o Options) *View {
	if o.Width == nil {
		o.Width = func() int { return 0 }
	}
	if o.Getenv == nil {
		o.Getenv = func(string) string { return "" }
	}
	return &View{o: o, stream: newStream(o)}
}

// colour decides for one stream, by the conventions of no-color.org and
// bixense.com/clicolors.
func (o Options) colour(terminal bool) bool {
	force := o.Getenv("CLICOLOR_FORCE")
	switch {
	case o.NoColor || o.Getenv("NO_COLOR") != "":
		return false
	case force != "" && force != "0":
		return true
	}
	return terminal && o.Getenv("TERM") != "dumb" && o.Getenv("CLICOLOR") != "0"
}

// The widths that lines are wrapped to. Off a terminal the width is fixed, so
// that the same input gives the same bytes everywhere.
const (
	pipeWidth = 100
	minWidth  = 40
	maxWidth  = 120
)

func (o Options) width(terminal bool) int {
	if !terminal {
		return pipeWidth
	}
	if w := o.Width(); w > 0 {
		return min(max(w, minWidth), maxWidth)
	}
	return 80
}

// result writes to Out what print prints.
func (v *View) result(print func(*printer)) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.live.hide()
	defer v.live.show()
	p := newPrinter(v.o.Out, v.o.colour(v.o.OutTerminal), v.o.width(v.o.OutTerminal))
	p.below = v.used
	print(p)
	v.used = true
	return p.flush()
}

// talk writes to Err what print prints, above the live line.
func (v *View) talk(print func(*printer)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.live.hide()
	defer v.live.show()
	p := newPrinter(v.o.Err, v.o.colour(v.o.ErrTerminal), v.o.width(v.o.ErrTerminal))
	print(p)
	_ = p.flush() // nobody is left to tell
}

// Ask shows a question on Err, with the cursor behind it. Reading the answer is
// the caller's business.
func (v *View) Ask(question string) {
	v.talk(func(p *printer) {
		before, last := "", question
		if i := strings.LastIndexByte(question, '\n'); i >= 0 {
			before, last = question[:i], question[i+1:]
		}
		if before != "" {
			p.prose(before, 0)
		}
		p.open(append(foreign(strong, strings.TrimRight(last, " ")), say(plain, " "))...)
	})
}

// Note shows a sentence or two about what goes on, on Err. In the other formats
// it is an event.
func (v *View) Note(text string) {
	v.stream.note(text)
	if v.o.Format == Text {
		v.talk(func(p *printer) { p.prose(text, 0) })
	}
}

// Say shows text for people on Out, made safe for terminals. Its lines stay as
// they are.
func (v *View) Say(text string) error {
	return v.result(func(p *printer) {
		for line := range strings.Lines(text) {
			p.line(foreign(plain, strings.TrimRight(line, "\r\n"))...)
		}
	})
}

// Raw writes a result to Out byte for byte: a formatted file, a completion
// script.
func (v *View) Raw(result []byte) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	_, err := v.o.Out.Write(result)
	return err
}
