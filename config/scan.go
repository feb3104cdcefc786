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

// skipExpression goes over an argument's value, up to the end of its line.
func (s *scanner) skipExpression() bool {
	var count signs
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; {
		case c == '\n' || c == '\r' || c == '#' || s.startsWith("//"):
			return true
		case s.startsWith("/*"):
			if !s.skipComment() {
				return false
			}
		default:
			if !count.take(c) {
				return s.giveUp(tooDeep, s.pos, s.line, "expression")
			}
			if !s.skipToken(0) {
				return false
			}
		}
	}
	return true
}

// skipBrackets goes behind the bracket that closes the one before s.pos.
func (s *scanner) skipBrackets(closing byte, depth int) bool {
	opened, line := s.pos-1, s.line
	if depth > maxNesting {
		return s.giveUp(tooDeep, opened, line, "expression")
	}
	var count signs
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; {
		case c == closing:
			s.pos++
			return true
		case c == ' ' || c == '\t' || c == '\r':
			s.pos++
		case c == '\n':
			s.pos++
			s.line++
			if closing == '}' { // of a block, in which a line break ends an argument
				count = signs{}
			}
		case (c == '#' || c == '/') && s.atComment():
			if !s.skipComment() {
				return false
			}
		default:
			if !count.take(c) {
				return s.giveUp(tooDeep, s.pos, s.line, "expression")
			}
			if !s.skipToken(depth) {
				return false
			}
		}
	}
	return s.giveUp(unclosed, opened, line, "block or bracket")
}

// signs counts what makes expressions nest without brackets.
type signs struct{ unary, conditions int }

// take counts what begins at the byte c, and reports whether it is not too
// much.
func (n *signs) take(c byte) bool {
	switch c {
	case '!', '-':
		n.unary++
	case '?':
		n.conditions++
	case ',':
		*n = signs{}
	default:
		n.unary = 0
	}
	return n.unary <= maxNesting && n.conditions <= maxConditions
}

// skipToken goes over what begins at s.pos and is no space, line break or
// comment.
func (s *scanner) skipToken(depth int) bool {
	switch c := s.src[s.pos]; c {
	case '"':
		return s.skipString(depth)
	case '{':
		s.pos++
		return s.skipBrackets('}', depth+1)
	case '[':
		s.pos++
		return s.skipBrackets(']', depth+1)
	case '(':
		s.pos++
		return s.skipBrackets(')', depth+1)
	case '}', ']', ')':
		return s.unsure("a bracket that closes nothing")
	case '~':
		if s.startsWith("~}") {
			return s.unsure("a bracket that closes nothing")
		}
		s.pos++
	case '<':
		if s.startsWith("<<") {
			return s.skipHeredoc(depth)
		}
		s.pos++
	default:
		s.pos++
	}
	return true
}

// skipString goes over a quoted string.
func (s *scanner) skipString(depth int) bool {
	opened, line := s.pos, s.line
	templates := 0
	s.pos++
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; c {
		case '"':
			s.pos++
			return true
		case '\\':
			s.pos += 2
			if s.pos > len(s.src) || s.src[s.pos-1] == '\n' || s.src[s.pos-1] == '\r' {
				return s.giveUp(unclosed, opened, line, "string")
			}
		case '\n', '\r':
			return s.giveUp(unclosed, opened, line, "string")
		case '$', '%':
			if !s.skipTemplate(c, depth, &templates) {
				return false
			}
		default:
			s.pos++
		}
	}
	return s.giveUp(unclosed, opened, line, "string")
}

// skipTemplate goes over a dollar or percent sign in a string, and over the
// template that it may begin. templates counts those of the string.
func (s *scanner) skipTemplate(sign byte, depth int, templates *int) bool {
	rest := s.src[s.pos+1:]
	switch {
	case strings.HasPrefix(rest, "{"):
		if *templates++; *templates > maxConditions {
			return s.giveUp(tooDeep, s.pos, s.line, "string")
		}
		s.pos += len("${")
		return s.skipSequence(depth + 1)
	case len(rest) > 1 && rest[0] == sign && rest[1] == '{': // an escape
		s.pos += len("$${")
	default:
		s.pos++
	}
	return true
}

// skipSequence goes behind the brace that closes a template sequence.
func (s *scanner) skipSequence(depth int) bool {
	opened, line := s.pos-len("${"), s.line
	if depth > maxNesting {
		return s.giveUp(tooDeep, opened, line, "template")
	}
	if s.startsWith("~") {
		s.pos++
	}
	var count signs
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; {
		case c == '}':
			s.pos++
			return true
		case s.startsWith("~}"):
			s.pos += len("~}")
			return true
		case c == '\n':
			s.pos++
			s.line++
		case (c == '#' || c == '/') && s.atComment():
			if !s.skipComment() {
				return false
			}
		default:
			if !count.take(c) {
				return s.giveUp(tooDeep, s.pos, s.line, "template")
			}
			if !s.skipToken(depth) {
				return false
			}
		}
	}
	return s.giveUp(unclosed, opened, line, "template")
}

// skipHeredoc goes over a heredoc, up to the line break behind its closing
// marker.
func (s *scanner) skipHeredoc(depth int) bool {
	opened, line := s.pos, s.line
	s.pos += len("<<")
	if s.startsWith("-") {
		s.pos++
	}
	marker := s.ident()
	if marker == "" || !s.startsWith("\n") && !s.startsWith("\r\n") {
		return s.unsure("something that looks like a heredoc")
	}
	s.pos += strings.IndexByte(s.src[s.pos:], '\n') + 1
	s.line++
	templates := 0
	for {
		end := strings.IndexByte(s.src[s.pos:], '\n')
		if end < 0 {
			return s.giveUp(unclosed, opened, line, "heredoc")
		}
		if text := s.src[s.pos : s.pos+end]; strings.TrimSpace(text) == marker {
			s.pos += len(strings.TrimSuffix(text, "\r"))
			return true
		}
		if !s.skipHeredocLine(depth, &templates) {
			return false
		}
	}
}

// skipHeredocLine goes over a line of a heredoc, and over the lines on which
// its templates go on.
func (s *scanner) skipHeredocLine(depth int, templates *int) bool {
	for {
		i := strings.IndexAny(s.src[s.pos:], "$%\n")
		if i < 0 {
			s.pos = len(s.src)
			return true // the caller finds that nothing closes the heredoc
		}
		s.pos += i
		if s.src[s.pos] == '\n' {
			s.pos++
			s.line++
			return true
		}
		if !s.skipTemplate(s.src[s.pos], depth, templates) {
			return false
		}
	}
}
