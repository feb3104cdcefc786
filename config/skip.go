package config

import "strings"

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
