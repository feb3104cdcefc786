// Package jsonline writes and reads JSON of which a file may have millions of
// lines, by hand: each line says which attributes it has and in which order, and
// nothing is held but the line.
package jsonline

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"unicode/utf8"
)

// Scanner takes JSON values off a line, one after the other, past white space. It
// is strict, and the strings it returns share the line's memory where they hold
// no escapes: one allocation serves a whole line. Its errors say what stands
// where, for people who look at the line.
type Scanner struct {
	s string
	i int
}

// ErrCutOff says that the line ends in the middle of a value.
var ErrCutOff = errors.New("the line is cut off")

// Scan returns a scanner at the beginning of the line.
func Scan(line string) Scanner { return Scanner{s: line} }

func (p *Scanner) unexpected(want string) error {
	if p.i >= len(p.s) {
		return ErrCutOff
	}
	return fmt.Errorf("expected %s at column %d, found %q", want, p.i+1, p.s[p.i:min(p.i+12, len(p.s))])
}

func (p *Scanner) space() {
	for p.i < len(p.s) {
		switch p.s[p.i] {
		case ' ', '\t', '\r', '\n':
			p.i++
		default:
			return
		}
	}
}

// eat takes c, after white space, if it comes next.
func (p *Scanner) eat(c byte) bool {
	p.space()
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

// End makes sure that nothing follows.
func (p *Scanner) End() error {
	p.space()
	if p.i < len(p.s) {
		return p.unexpected("the end of the line")
	}
	return nil
}

// Object calls field for each attribute of an object; field takes the value.
func (p *Scanner) Object(field func(name string) error) error {
	if !p.eat('{') {
		return p.unexpected("an object")
	}
	if p.eat('}') {
		return nil
	}
	for {
		name, err := p.Text()
		if err != nil {
			return err
		}
		if !p.eat(':') {
			return p.unexpected("a colon")
		}
		if err := field(name); err != nil {
			return err
		}
		if p.eat('}') {
			return nil
		}
		if !p.eat(',') {
			return p.unexpected("a comma or }")
		}
	}
}

// Array calls element before each element of an array; element takes it.
func (p *Scanner) Array(element func() error) error {
	if !p.eat('[') {
		return p.unexpected("a list")
	}
	if p.eat(']') {
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		if p.eat(']') {
			return nil
		}
		if !p.eat(',') {
			return p.unexpected("a comma or ]")
		}
	}
}

// Text takes a string.
func (p *Scanner) Text() (string, error) {
	if !p.eat('"') {
		return "", p.unexpected("a string")
	}
	start := p.i
	ascii := true
	for {
		p.i += plainLength(p.s[p.i:])
		if p.i >= len(p.s) {
			return "", ErrCutOff
		}
		switch c := p.s[p.i]; {
		case c == '"':
			s := p.s[start:p.i]
			p.i++
			if !ascii && !utf8.ValidString(s) {
				return "", errors.New("a string is not UTF-8")
			}
			return s, nil
		case c == '\\':
			return p.escaped(start)
		case c < 0x20:
			return "", p.unexpected("a string without control characters")
		}
		ascii = false
		for p.i < len(p.s) && p.s[p.i] >= utf8.RuneSelf {
			p.i++
		}
	}
}

// plainLength returns how many bytes at the front of s are ASCII and mean
// themselves in a string. It looks at eight of them at a time.
func plainLength(s string) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(s); i += 8 {
		b := s[i : i+8]
		x := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
			uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
		// The high bit of each byte that is special, up to the first one: those
		// behind it may be wrong.
		quote, slash := x^ones*'"', x^ones*'\\'
		special := (x | (x-ones*0x20)&^x | (quote-ones)&^quote | (slash-ones)&^slash) & highs
		if special != 0 {
			return i + bits.TrailingZeros64(special)/8
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			break
		}
	}
	return i
}

// escaped goes on with a string that began at start and has its first
// backslash here.
func (p *Scanner) escaped(start int) (string, error) {
	text := append(make([]byte, 0, 2*(p.i-start)+32), p.s[start:p.i]...)
	for p.i < len(p.s) {
		c := p.s[p.i]
		switch {
		case c == '"':
			p.i++
			if !utf8.Valid(text) {
				return "", errors.New("a string is not UTF-8")
			}
			return string(text), nil
		case c == '\\':
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			text = utf8.AppendRune(text, r)
		case c < 0x20:
			return "", p.unexpected("a string without control characters")
		default:
			text = append(text, c)
			p.i++
		}
	}
	return "", ErrCutOff
}

// escape takes one escape sequence, a surrogate pair as one.
func (p *Scanner) escape() (rune, error) {
	if p.i+1 >= len(p.s) {
		return 0, ErrCutOff
	}
	switch c := p.s[p.i+1]; c {
	case '"', '\\', '/':
		p.i += 2
		return rune(c), nil
	case 'b', 'f', 'n', 'r', 't':
		p.i += 2
		return map[byte]rune{'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}[c], nil
	case 'u':
		first, err := p.codeUnit()
		if err != nil || first < 0xD800 || first > 0xDFFF {
			return first, err
		}
		second, err := p.codeUnit()
		if err != nil {
			return 0, err
		}
		if first > 0xDBFF || second < 0xDC00 || second > 0xDFFF {
			return 0, errors.New("half a surrogate pair in a string")
		}
		return (first-0xD800)<<10 + (second - 0xDC00) + 0x10000, nil
	}
	return 0, p.unexpected("an escape sequence")
}

// codeUnit takes \uXXXX.
func (p *Scanner) codeUnit() (rune, error) {
	if p.i+6 > len(p.s) {
		return 0, ErrCutOff
	}
	if p.s[p.i] != '\\' || p.s[p.i+1] != 'u' {
		return 0, p.unexpected(`\u and four hex digits`)
	}
	n, err := strconv.ParseUint(p.s[p.i+2:p.i+6], 16, 16)
	if err != nil {
		return 0, p.unexpected(`\u and four hex digits`)
	}
	p.i += 6
	return rune(n), nil
}

// Integer takes a whole number.
func (p *Scanner) Integer() (int64, error) {
	p.space()
	start := p.i
	if p.i < len(p.s) && p.s[p.i] == '-' {
		p.i++
	}
	digits := p.i
	for p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9' {
		p.i++
	}
	n, err := strconv.ParseInt(p.s[start:p.i], 10, 64)
	if err != nil || p.s[digits] == '0' && p.i > digits+1 {
		p.i = start
		return 0, p.unexpected("a whole number")
	}
	return n, nil
}

// Boolean takes true or false.
func (p *Scanner) Boolean() (bool, error) {
	p.space()
	switch rest := p.s[p.i:]; {
	case len(rest) >= 4 && rest[:4] == "true":
		p.i += 4
		return true, nil
	case len(rest) >= 5 && rest[:5] == "false":
		p.i += 5
		return false, nil
	}
	return false, p.unexpected("true or false")
}

// Texts takes a list of strings; an empty one is nil.
func (p *Scanner) Texts() (list []string, err error) {
	err = p.Array(func() error {
		s, err := p.Text()
		list = append(list, s)
		return err
	})
	return list, err
}

// TextMap takes an object of strings; an empty one is nil.
func (p *Scanner) TextMap() (m map[string]string, err error) {
	err = p.Object(func(name string) error {
		if _, twice := m[name]; twice {
			return fmt.Errorf("%q stands there twice", name)
		}
		s, err := p.Text()
		if m == nil {
			m = map[string]string{}
		}
		m[name] = s
		return err
	})
	return m, err
}

// Raw takes any value and returns its text, without white space around its
// parts.
func (p *Scanner) Raw() (json.RawMessage, error) {
	p.space()
	start := p.i
	depth := 0
	for p.i < len(p.s) {
		switch p.s[p.i] {
		case '"':
			if _, err := p.Text(); err != nil {
				return nil, err
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return p.compact(start)
			}
		case ',':
			if depth == 0 {
				return p.compact(start)
			}
		}
		p.i++
	}
	return p.compact(start)
}

func (p *Scanner) compact(start int) (json.RawMessage, error) {
	raw, err := AppendRaw(make([]byte, 0, p.i-start), json.RawMessage(p.s[start:p.i]))
	if err != nil {
		p.i = start
		return nil, p.unexpected("a JSON value")
	}
	return raw, nil
}
