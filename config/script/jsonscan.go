package script

import (
	"encoding/json"
	"errors"
	"strings"
)

// jsonScanner goes through the outermost object of a line of JSON. It finds
// where values begin and end; of those that are more than plain strings and
// numbers, encoding/json says what they hold. It is no slower for good lines
// than it has to be, and of bad ones it says only that they are.
//
// The text is valid UTF-8.
type jsonScanner struct {
	text   string
	at     int
	begun  bool // a member was read, so that a comma has to follow
	failed bool
}

func (s *jsonScanner) space() {
	for s.at < len(s.text) && (s.text[s.at] == ' ' || s.text[s.at] == '\t' || s.text[s.at] == '\r' || s.text[s.at] == '\n') {
		s.at++
	}
}

// open reads an opening brace or bracket.
func (s *jsonScanner) open(brace byte) bool {
	s.space()
	s.begun = false
	return s.take(brace)
}

// take reads that byte, if it is the next one.
func (s *jsonScanner) take(c byte) bool {
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

// more reports whether another element begins, after the comma that has to
// stand before it, or else reads the closing brace or bracket.
func (s *jsonScanner) more(brace byte) bool {
	s.space()
	if s.take(brace) {
		return false
	}
	if s.begun && !s.take(',') {
		s.failed = true
		return false
	}
	s.begun = true
	return true
}

// end reports whether nothing follows.
func (s *jsonScanner) end() bool {
	s.space()
	return s.at == len(s.text)
}

// key reads the name of a member and the colon.
func (s *jsonScanner) key() (key string, at span) {
	s.space()
	at = s.quoted()
	if s.failed {
		return "", at
	}
	key, err := s.string(at)
	s.space()
	if err != nil || !s.take(':') {
		s.failed = true
	}
	return key, at
}

// quoted reads a string, and checks nothing of it but where it ends.
func (s *jsonScanner) quoted() span {
	start := s.at
	if !s.take('"') {
		s.failed = true
		return span{}
	}
	for {
		i := strings.IndexByte(s.text[s.at:], '"')
		if i < 0 {
			s.failed = true
			return span{}
		}
		s.at += i + 1
		if s.text[s.at-2] != '\\' || !escaped(s.text[start+1:s.at-1]) {
			return span{int32(start), int32(s.at)}
		}
	}
}

// escaped reports whether a quote after s, which is inside a string, is
// escaped.
func escaped(s string) bool {
	return (len(s)-len(strings.TrimRight(s, `\`)))%2 == 1
}

// value reads a value, and checks nothing of it but where it ends.
func (s *jsonScanner) value() span {
	s.space()
	start := s.at
	if start == len(s.text) {
		s.failed = true
		return span{}
	}
	switch c := s.text[start]; c {
	case '"':
		return s.quoted()
	case '{', '[':
		s.nested()
	default:
		for s.at < len(s.text) && strings.IndexByte(" \t\r\n,}]", s.text[s.at]) < 0 {
			s.at++
		}
		if word := s.text[start:s.at]; !isNumberOrWord(word) {
			s.failed = true
		}
	}
	return span{int32(start), int32(s.at)}
}

// isNumberOrWord reports whether s is a JSON number, true, false or null.
func isNumberOrWord(s string) bool {
	return s != "" && (isWhole(s) || s == "null" || json.Valid([]byte(s)))
}

// nested skips an object or a list.
func (s *jsonScanner) nested() {
	for depth := 0; s.at < len(s.text); {
		switch s.text[s.at] {
		case '"':
			s.quoted()
			if s.failed {
				return
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		s.at++
		if depth == 0 {
			return
		}
	}
	s.failed = true
}

// string decodes the string at a span.
func (s *jsonScanner) string(at span) (string, error) {
	text := s.text[at.start+1 : at.end-1]
	if isPlain(text) {
		return text, nil
	}
	var decoded string
	err := json.Unmarshal([]byte(s.text[at.start:at.end]), &decoded)
	return decoded, err
}

// isPlain reports whether a JSON string is what stands between its quotes:
// without escapes, and without what has to be escaped.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] == '\\' || s[i] < ' ' {
			return false
		}
	}
	return true
}

var errNotStrings = errors.New(`it has to be a list of strings, as in ["vip", "beta"]`)

// strings decodes the list of strings at a span.
func (s *jsonScanner) strings(at span) ([]string, error) {
	raw := []byte(s.text[at.start:at.end])
	list := jsonScanner{text: s.text[:at.end], at: int(at.start)}
	decoded := []string{}
	if list.open('[') {
		for list.more(']') {
			elem := list.value()
			if list.failed || s.text[elem.start] != '"' {
				return nil, syntaxOr(raw, errNotStrings)
			}
			text, err := list.string(elem)
			if err != nil {
				return nil, err
			}
			decoded = append(decoded, text)
		}
	}
	if list.failed || !list.end() {
		return nil, syntaxOr(raw, errNotStrings)
	}
	return decoded, nil
}

// syntaxOr returns the syntax error that raw has, or else err.
func syntaxOr(raw []byte, err error) error {
	if syntax := json.Unmarshal(raw, new(json.RawMessage)); syntax != nil {
		return syntax
	}
	return err
}
