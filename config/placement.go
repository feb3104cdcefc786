package config

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// placement finds where the lines of a text stand that was written in a
// heredoc.
type placement struct {
	at    hcl.Range // of the whole expression
	lines []hcl.Pos // the beginnings of the text's lines, when they are known
	in    []int     // the same, as offsets in the text
}

func newPlacement(src *sources, at hcl.Range, text string) *placement {
	p := &placement{at: at}
	file := src.get(at.Filename)
	if file == nil || at.End.Byte > len(file.text) || !strings.HasPrefix(file.text[at.Start.Byte:at.End.Byte], "<<") {
		return p
	}
	written := file.text[at.Start.Byte:at.End.Byte]
	pos := at.Start.Byte
	var lines []hcl.Pos
	var in []int
	offset, line := 0, at.Start.Line
	rest := text
	for next := range strings.SplitAfterSeq(written, "\n") {
		begin := pos
		pos += len(next)
		line++
		if begin == at.Start.Byte {
			line-- // the line that opens the heredoc
			continue
		}
		if rest == "" {
			break
		}
		end := strings.IndexByte(rest, '\n') + 1
		if end == 0 {
			end = len(rest)
		}
		indent := len(next) - end
		if indent < 0 || next[indent:] != rest[:end] || strings.TrimLeft(next[:indent], " \t") != "" {
			return p // templates make the text differ from what is written
		}
		lines = append(lines, hcl.Pos{Line: line, Column: 1 + indent, Byte: begin + indent})
		in = append(in, offset)
		offset += end
		rest = rest[end:]
	}
	p.lines, p.in = lines, in
	return p
}

// move returns where something is written that stands at r in the text.
func (p *placement) move(r hcl.Range) hcl.Range {
	start, ok1 := p.pos(r.Start)
	end, ok2 := p.pos(r.End)
	if !ok1 || !ok2 {
		return p.at
	}
	return hcl.Range{Filename: p.at.Filename, Start: start, End: end}
}

func (p *placement) pos(pos hcl.Pos) (hcl.Pos, bool) {
	i := pos.Line - 1
	if i == len(p.lines) && i > 0 && pos.Column == 1 { // after the last line break
		last := p.lines[i-1]
		return hcl.Pos{Line: last.Line, Column: last.Column, Byte: last.Byte}, true
	}
	if i < 0 || i >= len(p.lines) {
		return hcl.Pos{}, false
	}
	line := p.lines[i]
	return hcl.Pos{Line: line.Line, Column: line.Column + pos.Column - 1, Byte: line.Byte + pos.Byte - p.in[i]}, true
}

// moved returns a diagnostic about the text as one about where it is written.
func (p *placement) moved(diag *hcl.Diagnostic) *hcl.Diagnostic {
	d := *diag
	at := p.move(*diag.Subject)
	d.Subject, d.Context = &at, nil
	return &d
}

// hidden returns the line of something that cannot be shown where it is
// written, or 0. A nil placement shows everything.
func (p *placement) hidden(r hcl.Range) int {
	if p == nil || p.lines != nil {
		return 0
	}
	return r.Start.Line
}
