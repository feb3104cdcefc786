// Package layout gives configurations in the native syntax of HCL their
// canonical layout.
package layout

import (
	"bytes"

	"github.com/apparentlymart/go-textseg/v15/textseg"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Format returns src in the canonical layout of the native syntax, as the fmt
// commands of Terraform and OpenTofu give it:
//
//   - A line is indented by two spaces for every line above it that opens more
//     brackets than it closes and is not closed yet.
//   - Tokens of a line stand one space apart, or none, as spaceBetween says.
//   - The = of consecutive lines stand in one column if what they assign ends
//     on their line, and so do the comments at the ends of consecutive lines.
//   - Spaces at the end of a line go. If the source does not end with a line
//     end, as many as stand at its end stay.
//
// Only spaces and tabs between tokens change: lines are neither broken nor
// joined, and the literal parts of strings and heredocs, comments and line
// ends stay as they are. A source that is not made of tokens of the syntax is
// returned as it is. Whether the tokens make sense is not looked at: an author
// of mistakes should be told of them first. Formatting what was formatted
// changes nothing.
//
// Format does not change src, and what it returns may be src itself. It takes
// time and memory in proportion to the length of src.
func Format(src []byte) []byte {
	tokens, diags := hclsyntax.LexConfig(src, "", hcl.InitialPos)
	if diags.HasErrors() {
		return src
	}
	s := newSheet(tokens)
	s.separate()
	s.indent()
	s.align(func(l line) int { return l.assign })
	s.align(func(l line) int { return l.comment })
	return s.text(src)
}

// sheet is a source on its way to its layout.
type sheet struct {
	tokens hclsyntax.Tokens // without the one that ends the source
	spaces []int            // before each token
	lines  []line
}

// line is what stands between two line ends, as tokens: a heredoc or a comment
// of many lines is part of one line.
type line struct {
	first, end int
	assign     int // the = to align, or none
	comment    int // the comment at the end, or none
}

// none is the index of a token that a line does not have.
const none = -1

func newSheet(tokens hclsyntax.Tokens) *sheet {
	tokens = tokens[:len(tokens)-1]
	s := &sheet{tokens: tokens, spaces: make([]int, len(tokens))}
	first := 0
	for i, token := range tokens {
		if endsLine(token) || i == len(tokens)-1 {
			s.lines = append(s.lines, s.lineOf(first, i+1))
			first = i + 1
		}
	}
	return s
}

// endsLine reports whether a token contains the end of its line. Comments from
// # or // do, except at the end of the source.
func endsLine(token hclsyntax.Token) bool {
	switch token.Type {
	case hclsyntax.TokenNewline:
		return true
	case hclsyntax.TokenComment:
		return bytes.HasSuffix(token.Bytes, []byte("\n"))
	}
	return false
}

func (s *sheet) lineOf(first, end int) line {
	l := line{first: first, end: end, assign: none, comment: none}
	if last := end - 1; last > first && s.tokens[last].Type == hclsyntax.TokenComment {
		l.comment = last
	}
	for i := first + 1; i < end; i++ {
		if s.tokens[i].Type != hclsyntax.TokenEqual {
			continue
		}
		if s.opened(i, end) == 0 {
			l.assign = i
		}
		break
	}
	return l
}

// opened returns how many more brackets the tokens open than they close.
func (s *sheet) opened(first, end int) int {
	n := 0
	for _, token := range s.tokens[first:end] {
		n += opens(token.Type)
	}
	return n
}

// opens returns 1 for a bracket that opens, -1 for one that closes.
func opens(t hclsyntax.TokenType) int {
	switch t {
	case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen,
		hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
		return 1
	case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen,
		hclsyntax.TokenTemplateSeqEnd:
		return -1
	}
	return 0
}

// align brings the cells of consecutive lines that have one into one column.
func (s *sheet) align(cell func(line) int) {
	for rest := s.lines; len(rest) > 0; {
		run, column := 0, 0
		for ; run < len(rest) && cell(rest[run]) != none; run++ {
			column = max(column, s.width(rest[run].first, cell(rest[run])))
		}
		for _, l := range rest[:run] {
			s.spaces[cell(l)] = column - s.width(l.first, cell(l)) + 1
		}
		rest = rest[max(run, 1):]
	}
}

// width returns the columns that the tokens take, each with the spaces before
// it.
func (s *sheet) width(first, end int) int {
	n := 0
	for i := first; i < end; i++ {
		n += s.spaces[i] + columns(s.tokens[i].Bytes)
	}
	return n
}

// columns counts what a reader sees as one character each.
func columns(text []byte) int {
	for _, c := range text {
		if c >= 0x80 || c == '\r' {
			n, err := textseg.TokenCount(text, textseg.ScanGraphemeClusters)
			if err != nil {
				panic(err) // the scanner knows no errors
			}
			return n
		}
	}
	return len(text)
}

// text writes the tokens with the spaces between them.
func (s *sheet) text(src []byte) []byte {
	size := 0
	for i, token := range s.tokens {
		size += s.spaces[i] + len(token.Bytes)
	}
	end := 0
	if len(s.tokens) > 0 {
		end = s.tokens[len(s.tokens)-1].Range.End.Byte
	}
	out := make([]byte, 0, size+len(src)-end)
	for i, token := range s.tokens {
		out = appendSpaces(out, s.spaces[i])
		out = append(out, token.Bytes...)
	}
	return appendSpaces(out, len(src)-end)
}

func appendSpaces(out []byte, n int) []byte {
	for range n {
		out = append(out, ' ')
	}
	return out
}
