package view

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
)

// excerptLine is one line of a source, with what is pointed at.
type excerptLine struct {
	number   int // 0: lines are left out here
	gutter   int // columns of the widest number
	text     []byte
	from, to int // the bytes of text that are pointed at; from > to: none
}

// How many lines of a long range are quoted at its beginning and its end.
const (
	excerptHead = 3
	excerptTail = 1
)

// excerpt quotes the lines that a diagnostic is about, and the line that the
// surrounding block begins with. It returns nothing when the text is not the
// one that the range was made for.
func excerpt(d *hcl.Diagnostic, text []byte) []excerptLine {
	r := *d.Subject
	if len(text) == 0 || r.Start.Byte < 0 || r.Start.Byte > len(text) || r.End.Byte < r.Start.Byte || r.End.Byte > len(text) || r.Start.Line < 1 {
		return nil
	}
	var lines []excerptLine
	if c := d.Context; c != nil && c.Filename == r.Filename && c.Start.Line >= 1 && c.Start.Line < r.Start.Line && c.Start.Byte >= 0 && c.Start.Byte < r.Start.Byte {
		lines = append(lines, excerptLine{number: c.Start.Line, text: text[lineStart(text, c.Start.Byte):lineEnd(text, c.Start.Byte)], from: 1})
		if c.Start.Line+1 < r.Start.Line {
			lines = append(lines, excerptLine{})
		}
	}
	lines = append(lines, pointed(r, text)...)
	widest := 0
	for _, line := range lines {
		widest = max(widest, len(strconv.Itoa(line.number)))
	}
	for i := range lines {
		lines[i].gutter = widest
	}
	return lines
}

// pointed returns the lines of a range. Of a long one the middle is left out.
func pointed(r hcl.Range, text []byte) []excerptLine {
	var lines []excerptLine
	number := r.Start.Line
	for at := lineStart(text, r.Start.Byte); ; number++ {
		end := lineEnd(text, at)
		from, to := max(r.Start.Byte, at)-at, min(r.End.Byte, end)-at
		if from > end-at {
			from = end - at
		}
		if number > r.Start.Line {
			blanks := len(text[at:end]) - len(bytes.TrimLeft(text[at:end], " \t"))
			if from = min(blanks, to); from == to {
				from, to = 1, 0
			}
		}
		lines = append(lines, excerptLine{number: number, text: text[at:end], from: from, to: to})
		if end >= r.End.Byte || end >= len(text) || end+1 == r.End.Byte {
			break
		}
		at = end + 1
	}
	if len(lines) <= excerptHead+excerptTail+1 {
		return lines
	}
	head, tail := lines[:excerptHead:excerptHead], lines[len(lines)-excerptTail:]
	return append(append(head, excerptLine{}), tail...)
}

func lineStart(text []byte, at int) int { return bytes.LastIndexByte(text[:at], '\n') + 1 }

func lineEnd(text []byte, at int) int {
	if n := bytes.IndexByte(text[at:], '\n'); n >= 0 {
		return at + n
	}
	return len(text)
}

// tabWidth is how far apart the tab stops of a quoted line are.
const tabWidth = 4

// print prints a line and the underline below it.
func (l excerptLine) print(p *printer) {
	if l.number == 0 {
		p.line(pad(proseIndent+l.gutter), say(faint, " ⋮"))
		return
	}
	number := strconv.Itoa(l.number)
	room := max(p.width-proseIndent-l.gutter-len(" │ "), 10)
	before, inside, after := l.parts()
	before, inside, after = narrowed(before, inside, after, room)
	line := spans{pad(proseIndent + l.gutter - len(number)), say(faint, number), say(faint, " │ ")}
	line = append(append(append(line, before...), inside...), after...)
	p.line(line...)
	if l.from > l.to {
		return
	}
	carets := strings.Repeat("^", max(inside.width(), 1))
	p.line(pad(proseIndent+l.gutter), say(faint, " │ "), pad(before.width()), say(marked, carets))
}

// maxQuoted bounds, in bytes, what is looked at on either side of what is
// pointed at: the lines of a message source can be long.
const maxQuoted = 1000

// parts returns the line in three, made visible, tabs as blanks.
func (l excerptLine) parts() (before, inside, after spans) {
	text := bytes.TrimSuffix(l.text, []byte("\r"))
	from, to := min(l.from, len(text)), min(l.to, len(text))
	if l.from > l.to {
		from, to = len(text), len(text)
	}
	column := 0
	take := func(base style, raw []byte) spans {
		s := foreign(base, expandTabs(raw, column))
		column += s.width()
		return s
	}
	more := spans{say(faint, "…")}
	if skip := runeStart(text, from-maxQuoted); skip > 0 {
		before = append(before, more...)
		column++
		before = append(before, take(plain, text[skip:from])...)
	} else {
		before = take(plain, text[:from])
	}
	inside = take(marked, text[from:runeStart(text, min(to, from+maxQuoted))])
	if to > from+maxQuoted {
		return before, append(inside, more...), nil
	}
	end := runeStart(text, min(len(text), to+maxQuoted))
	after = take(plain, text[to:end])
	if end < len(text) {
		after = append(after, more...)
	}
	return before, inside, after
}

// runeStart returns the nearest offset at or before at where a character
// begins.
func runeStart(text []byte, at int) int {
	if at >= len(text) {
		return len(text)
	}
	for at > 0 && !utf8.RuneStart(text[at]) {
		at--
	}
	return max(at, 0)
}

// expandTabs replaces tabs by blanks up to the next stop; text begins in that
// column.
func expandTabs(text []byte, column int) string {
	if bytes.IndexByte(text, '\t') < 0 {
		return string(text)
	}
	var b strings.Builder
	for i, part := range bytes.Split(text, []byte("\t")) {
		if i > 0 {
			n := tabWidth - column%tabWidth
			b.WriteString(strings.Repeat(" ", n))
			column += n
		}
		b.Write(part)
		column += foreign(plain, string(part)).width()
	}
	return b.String()
}

// narrowed cuts a line that is too long to the stretch around what is pointed
// at.
func narrowed(before, inside, after spans, room int) (b, i, a spans) {
	if before.width()+inside.width()+after.width() <= room {
		return before, inside, after
	}
	inside = truncate(inside, room*2/3)
	left := room - inside.width()
	if before.width() > left*2/3 {
		before = truncateLeft(before, max(left*2/3, 2))
	}
	after = truncate(after, max(left-before.width(), 1))
	return before, inside, after
}

// truncateLeft cuts a line to width columns from its end.
func truncateLeft(line spans, width int) spans {
	text := line.text()
	cut := 0
	for cut < len(text) && textWidth(text[cut:]) > width-1 {
		_, size := utf8.DecodeRuneInString(text[cut:])
		cut += size
	}
	return append(spans{say(faint, "…")}, line.slice(cut, len(text))...)
}
