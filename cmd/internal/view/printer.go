package view

import (
	"bufio"
	"io"
	"strings"
)

// printer writes finished lines to one stream.
type printer struct {
	w     *bufio.Writer
	paint paint
	width int // columns that lines should keep to
	buf   strings.Builder
	below bool // there is something above what is printed

	bounded bool
	limit   int  // of a bounded printer: the characters that may still be printed
	cut     bool // something was not printed, because of the limit
}

func newPrinter(w io.Writer, colour bool, width int) *printer {
	return &printer{w: bufio.NewWriterSize(w, 1<<15), paint: newPaint(colour), width: width}
}

// flush writes what is buffered and returns the first error of any write.
func (p *printer) flush() error { return p.w.Flush() }

// line prints one line. Nothing is printed behind one that the limit cuts off.
func (p *printer) line(pieces ...span) {
	line := p.compose(pieces)
	if !p.paint.on() {
		line = strings.TrimRight(line, " ")
	}
	if p.bounded {
		size := commentLength(line) + 1
		if p.cut = p.cut || size > p.limit; p.cut {
			return
		}
		p.limit -= size
	}
	_, _ = p.w.WriteString(line) // bufio keeps the error for flush
	_ = p.w.WriteByte('\n')
}

// open prints the beginning of a line.
func (p *printer) open(pieces ...span) { _, _ = p.w.WriteString(p.compose(pieces)) }

func (p *printer) compose(pieces []span) string {
	p.buf.Reset()
	for i := 0; i < len(pieces); {
		text, j := pieces[i].text, i+1
		for ; j < len(pieces) && pieces[j].style == pieces[i].style; j++ {
			text += pieces[j].text
		}
		p.buf.WriteString(p.paint.apply(pieces[i].style, text))
		i = j
	}
	return guardLine(p.buf.String())
}

func (p *printer) blank() { p.line() }

// hang prints a paragraph behind what begins its first line; the others are
// indented by as much. A paragraph whose column would be too narrow to read
// goes below instead.
func (p *printer) hang(first spans, paragraphs ...spans) {
	indent := first.width()
	if room := p.width - indent; room < narrow && room < p.width/2 {
		p.line(first...)
		first, indent = spans{pad(hangBelow)}, hangBelow
	}
	for _, paragraph := range paragraphs {
		for _, line := range wrap(paragraph, p.width-indent) {
			p.line(append(first[:len(first):len(first)], line...)...)
			first = spans{pad(indent)}
		}
	}
}

const (
	narrow    = 24 // columns below which text is no longer read with ease
	hangBelow = 8
)

// prose prints other people's sentences, wrapped. A line that begins with a
// blank is an example or a command: it stays as it is.
func (p *printer) prose(text string, indent int) {
	margin := spans{pad(indent)}
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		line = strings.TrimRight(line, "\r")
		switch {
		case strings.TrimSpace(line) == "":
			p.blank()
		case line[0] == ' ' || line[0] == '\t':
			p.line(append(margin[:1:1], foreign(plain, strings.ReplaceAll(line, "\t", "    "))...)...)
		default:
			p.hang(margin, foreign(plain, line))
		}
	}
}

// columns lays pieces out behind each other, each padded to its width.
func columns(pieces []spans, widths []int) spans {
	var line spans
	for i, piece := range pieces {
		line = append(line, piece...)
		if i < len(pieces)-1 {
			line = append(line, pad(widths[i]-piece.width()+columnGap))
		}
	}
	return line
}

const columnGap = 3
