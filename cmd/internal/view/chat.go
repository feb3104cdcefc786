package view

import (
	"strings"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
)

// chat prints the messages of one chat as a chat: symbol, time, name, text.
type chat struct {
	p    *printer
	cast cast
	// leftSymbols puts the symbols into the first column, where the colouring
	// of a diff wants them.
	leftSymbols bool

	clockWidth int
	nameWidth  int
	day        string // the one that the last message was on
	// several is set where conversations share the chat; then each change from
	// one to the other is told.
	several      bool
	conversation addr.Object
}

func newChat(p *printer, c cast, uids ...string) *chat {
	return &chat{p: p, cast: c, clockWidth: len("09:12"), nameWidth: c.nameWidth(uids...)}
}

// entry is one message as a chat shows it.
type entry struct {
	symbol string
	at     moment
	sender string // uid
	from   addr.Object
	body   []spans  // the paragraphs
	notes  []string // what stands behind the text
	below  []spans  // what stands below it, a line each
	quiet  bool     // only there as context
}

// symbolWidth is the width of the column of symbols: the widest is "-/+".
const symbolWidth = 3

// symbolColumn is the symbol at the beginning of a line, at the right end of
// its column or at the left.
func symbolColumn(symbol string, left bool) spans {
	s := say(symbolStyle(symbol), symbol)
	blanks := pad(symbolWidth - len(symbol))
	if left {
		return spans{s, blanks, pad(1)}
	}
	return spans{blanks, s, pad(1)}
}

func (c *chat) symbol(symbol string) spans { return symbolColumn(symbol, c.leftSymbols) }

// begin tells the day that the heading of the chat has named already.
func (c *chat) begin(first moment, conversation addr.Object) {
	c.day, c.conversation = first.day, conversation
	c.clockWidth = max(c.clockWidth, len(first.clock))
}

func (c *chat) print(e entry) {
	margin := c.symbol(" ")
	if e.at.day != c.day {
		c.day = e.at.day
		c.p.line(append(margin, say(faint, c.day))...)
	}
	if c.several && e.from != c.conversation {
		c.conversation = e.from
		c.p.line(append(c.symbol(" "), foreign(faint, e.from.String())...)...)
	}
	name := truncate(foreign(nameStyle(e), c.cast.name(e.sender)), maxNameWidth)
	c.nameWidth = max(c.nameWidth, name.width())
	line := append(c.symbol(e.symbol), say(faint, e.at.clock), pad(c.clockWidth-len(e.at.clock)+2))
	line = append(line, name...)
	line = append(line, pad(c.nameWidth-name.width()+2))
	indent := line.width()
	c.p.hang(line, e.withNotes()...)
	for _, below := range e.below {
		c.p.hang(spans{pad(min(indent, c.p.width/2))}, below)
	}
}

func nameStyle(e entry) style {
	if e.quiet {
		return faint
	}
	return strong
}

// withNotes puts the notes behind the last paragraph of the text.
func (e entry) withNotes() []spans {
	body := e.body
	if len(body) == 0 {
		body = []spans{nil}
	}
	if len(e.notes) == 0 {
		return body
	}
	last := len(body) - 1
	line := body[last][:len(body[last]):len(body[last])]
	if len(line) > 0 {
		line = append(line, pad(columnGap))
	}
	line = append(line, foreign(faint, strings.Join(e.notes, ", "))...)
	return append(body[:last:last], line)
}

// gap tells of messages that are not shown.
func (c *chat) gap(what string) {
	c.p.line(append(c.symbol(" "), say(faint, "… "+what))...)
}

// content is what a message says: its files, then its text.
func content(base style, m *state.Message, hides func(attribute string) bool) []spans {
	var text []spans
	switch {
	case hides("text"):
		text = []spans{{say(faint, sensitive)}}
	case m.Text != "":
		text = foreignLines(base, m.Text)
	}
	return withFiles(base, m, hides, text)
}

// withFiles puts a message's files before the paragraphs of its text.
func withFiles(base style, m *state.Message, hides func(attribute string) bool, text []spans) []spans {
	names := attachments(m, hides)
	if len(names) == 0 {
		return text
	}
	files := foreign(base, strings.Join(names, " "))
	if len(text) == 0 {
		return []spans{files}
	}
	first := append(append(files, say(base, " ")), text[0]...)
	return append([]spans{first}, text[1:]...)
}

// sensitive stands for a value that must not be shown.
const sensitive = "(sensitive)"

// attachments names a message's files as a transcript does.
func attachments(m *state.Message, hides func(attribute string) bool) []string {
	kind := m.Type
	if kind == "" || kind == "text" {
		if len(m.Attachments) == 0 {
			return nil
		}
		kind = "file"
	}
	if hides("attachment") || hides("attachments") {
		return []string{"[" + kind + " " + sensitive + "]"}
	}
	var names []string
	for _, a := range m.Attachments {
		name := a.Name
		if name == "" {
			name = a.URL
		}
		names = append(names, "["+kind+" "+name+"]")
	}
	return names
}
