package config

import (
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// scanner walks over HCL's native syntax by bytes. It knows just enough of it
// to tell where a block or an argument ends: strings and their escapes,
// templates, heredocs, comments and brackets. What it is not sure of it gives
// up on, and hclsyntax reads that instead. So it may be strict, but where it
// goes on it must agree with hclsyntax, to which a fuzz test holds it.
type scanner struct {
	file  *source
	src   string // the file's text, up to where the scanner may go
	pos   int
	line  int   // of pos, from 1
	fault fault // why it gave up
}

// fault is why a scanner gave up.
type fault struct {
	why  reasonToStop
	what string // what stands there, for people; "" when it did not give up
	at   int    // the byte at which it stands
	line int
}

type reasonToStop uint8

const (
	// unsure: hclsyntax has to look at it.
	unsure reasonToStop = iota
	// unclosed: something is not closed, so the rest of the file is part of it.
	unclosed
	// tooDeep: hclsyntax, which recurses, could run out of its stack.
	tooDeep
)

const (
	// maxNesting is the depth of brackets, templates and signs up to which
	// files are read.
	maxNesting = 200
	// maxConditions is the number of conditionals in one expression, and of
	// templates in one string.
	maxConditions = 10_000
)

// item is an argument or a block of a body.
type item struct {
	name  string // the argument's name or the block's type
	block bool
	start hcl.Pos
	end   int // the byte after it
	// Of a block: the byte after its opening brace, and the line of it.
	body, line int
}

// giveUp remembers the first reason why the scanner stopped. It returns false,
// for the caller to return.
func (s *scanner) giveUp(why reasonToStop, at, line int, what string) bool {
	if s.fault.what == "" {
		s.fault = fault{why, what, at, line}
	}
	return false
}

func (s *scanner) unsure(what string) bool { return s.giveUp(unsure, s.pos, s.line, what) }

// startsWith reports whether prefix stands at s.pos.
func (s *scanner) startsWith(prefix string) bool { return strings.HasPrefix(s.src[s.pos:], prefix) }

// skipBlank goes to the next thing that is neither white space nor a comment,
// and returns its place. It is not ok when nothing follows, or on a fault.
func (s *scanner) skipBlank() (pos hcl.Pos, ok bool) {
	lineStart, plain := s.pos, true // since lineStart, there are only spaces
	if s.pos == 0 && s.startsWith(byteOrderMark) {
		s.pos, plain = len(byteOrderMark), false
	}
	for s.pos < len(s.src) {
		switch s.src[s.pos] {
		case ' ', '\t':
			s.pos++
		case '\n':
			s.pos++
			s.line++
			lineStart, plain = s.pos, true
		case '\r':
			if !s.startsWith("\r\n") {
				return pos, s.unsure("a carriage return without a line feed")
			}
			s.pos++
		case '#', '/':
			line := s.line
			if !s.skipComment() {
				return pos, false
			}
			if s.line > line && s.src[s.pos-1] == '\n' {
				lineStart, plain = s.pos, true
			} else {
				plain = false
			}
		default:
			if lineStart > 0 && s.src[lineStart-1] != '\n' {
				return pos, s.unsure("a block on one line")
			}
			if plain {
				return hcl.Pos{Line: s.line, Column: 1 + s.pos - lineStart, Byte: s.pos}, true
			}
			return s.lexedPos(lineStart), true
		}
	}
	return pos, false
}

// lexedPos returns the place of s.pos as hclsyntax counts it: what stands
// between it and the beginning of a line has characters of several bytes, or
// line breaks.
func (s *scanner) lexedPos(lineStart int) hcl.Pos {
	between := s.src[lineStart:s.pos]
	start := hcl.Pos{Line: s.line - strings.Count(between, "\n"), Column: 1, Byte: lineStart}
	tokens, _ := hclsyntax.LexConfig([]byte(between), s.file.name, start)
	return tokens[len(tokens)-1].Range.Start
}

// skipComment goes behind the comment that begins at s.pos. The line break
// that ends a comment is part of it.
func (s *scanner) skipComment() bool {
	switch {
	case s.src[s.pos] == '#', s.startsWith("//"):
		end := strings.IndexByte(s.src[s.pos:], '\n')
		if end < 0 {
			s.pos = len(s.src)
			return true
		}
		s.pos += end + 1
		s.line++
	case s.startsWith("/*"):
		end := strings.Index(s.src[s.pos+2:], "*/")
		if end < 0 {
			return s.giveUp(unclosed, s.pos, s.line, "comment")
		}
		end += len("/**/")
		s.line += strings.Count(s.src[s.pos:s.pos+end], "\n")
		s.pos += end
	default:
		return s.unsure("a lone slash")
	}
	return true
}

// atComment reports whether a comment begins at s.pos.
func (s *scanner) atComment() bool {
	return s.src[s.pos] == '#' || s.startsWith("//") || s.startsWith("/*")
}

// skipSpaces goes over spaces and tabs.
func (s *scanner) skipSpaces() {
	for s.pos < len(s.src) && (s.src[s.pos] == ' ' || s.src[s.pos] == '\t') {
		s.pos++
	}
}

// ident reads a name of ASCII characters, or "" when there is none. A name
// with others in it is not read at all.
func (s *scanner) ident() string {
	start := s.pos
	for s.pos < len(s.src) {
		c := s.src[s.pos]
		if !isIdentByte(c) || s.pos == start && (c == '-' || '0' <= c && c <= '9') {
			break
		}
		s.pos++
	}
	if s.pos < len(s.src) && s.src[s.pos] >= utf8.RuneSelf {
		s.pos = start
	}
	return s.src[start:s.pos]
}

func isIdentByte(c byte) bool { return isAlnum(c) || c == '_' || c == '-' }

// item reads the argument or block that begins at s.pos, whose place is start.
// Afterwards s.pos is behind it, before the line break that ends it.
func (s *scanner) item(start hcl.Pos) (it item, ok bool) {
	it = item{start: start, name: s.ident()}
	if it.name == "" {
		return it, s.unsure("something that is neither an argument nor a block")
	}
	s.skipSpaces()
	if s.pos < len(s.src) && s.src[s.pos] == '=' {
		s.pos++
		ok = s.skipExpression()
	} else {
		it.block = true
		ok = s.openBlock(&it) && s.skipBrackets('}', 0)
	}
	it.end = s.pos
	return it, ok && s.endOfItem()
}

// openBlock goes over the labels and the opening brace of a block.
func (s *scanner) openBlock(it *item) bool {
	for s.pos < len(s.src) {
		switch s.src[s.pos] {
		case '{':
			s.pos++
			it.body, it.line = s.pos, s.line
			return true
		case ' ', '\t':
			s.pos++
		case '"':
			if !s.skipString(0) {
				return false
			}
		default:
			if s.ident() == "" {
				return s.unsure("something that is no label of a block")
			}
		}
	}
	return s.unsure("a block without a body")
}

// endOfItem reports whether nothing but a comment follows on the line.
func (s *scanner) endOfItem() bool {
	ahead := *s
	for ahead.pos < len(ahead.src) {
		switch ahead.src[ahead.pos] {
		case ' ', '\t':
			ahead.pos++
		case '\n':
			return true
		case '\r':
			if ahead.startsWith("\r\n") {
				return true
			}
			return s.unsure("a carriage return without a line feed")
		case '#', '/':
			if !ahead.skipComment() {
				s.fault = ahead.fault
				return false
			}
			if ahead.src[ahead.pos-1] == '\n' {
				return true
			}
		default:
			return s.unsure("something behind an argument or block")
		}
	}
	return true
}
