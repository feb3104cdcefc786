package planner

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// scanner reads the JSON that sow wrote off a line. It takes no white space,
// which sow does not write, outside of raw values.
type scanner struct {
	s string
	i int
}

var errCutOff = errors.New("the line is cut off")

func (p *scanner) unexpected(want string) error {
	if p.i >= len(p.s) {
		return errCutOff
	}
	return fmt.Errorf("expected %s at column %d, found %q", want, p.i+1, p.s[p.i:min(p.i+12, len(p.s))])
}

func (p *scanner) eat(c byte) bool {
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *scanner) end() error {
	if p.i < len(p.s) {
		return p.unexpected("the end of the line")
	}
	return nil
}

// object calls field for each attribute of an object; field takes the value.
func (p *scanner) object(field func(name string) error) error {
	if !p.eat('{') {
		return p.unexpected("an object")
	}
	if p.eat('}') {
		return nil
	}
	for {
		name, err := p.str()
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

// array calls element before each element of an array; element takes it.
func (p *scanner) array(element func() error) error {
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

func (p *scanner) str() (string, error) {
	if !p.eat('"') {
		return "", p.unexpected("a string")
	}
	start := p.i
	for p.i < len(p.s) {
		switch c := p.s[p.i]; {
		case c == '"':
			s := p.s[start:p.i]
			p.i++
			return s, nil
		case c == '\\':
			return p.escaped(start)
		case c < 0x20:
			return "", p.unexpected("a string without control characters")
		}
		p.i++
	}
	return "", errCutOff
}

// escaped goes on with a string that began at start and has its first
// backslash here. What is escaped is rare, so the library may read it.
func (p *scanner) escaped(start int) (string, error) {
	for p.i < len(p.s) {
		switch c := p.s[p.i]; c {
		case '"':
			var s string
			p.i++
			if err := json.Unmarshal([]byte(p.s[start-1:p.i]), &s); err != nil {
				return "", err
			}
			return s, nil
		case '\\':
			p.i++
		}
		p.i++
	}
	return "", errCutOff
}

func (p *scanner) int64() (int64, error) {
	start := p.i
	p.eat('-')
	for p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9' {
		p.i++
	}
	n, err := strconv.ParseInt(p.s[start:p.i], 10, 64)
	if err != nil {
		p.i = start
		return 0, p.unexpected("a whole number")
	}
	return n, nil
}

// int takes a count.
func (p *scanner) int() (int, error) {
	n, err := p.int64()
	if err == nil && (n < 0 || n > 1<<40) {
		err = fmt.Errorf("%d is no count", n)
	}
	return int(n), err
}

func (p *scanner) bool() (bool, error) {
	if len(p.s)-p.i >= 4 && p.s[p.i:p.i+4] == "true" {
		p.i += 4
		return true, nil
	}
	return false, p.unexpected("true")
}

func (p *scanner) strs() (list []string, err error) {
	err = p.array(func() error {
		s, err := p.str()
		list = append(list, s)
		return err
	})
	return list, err
}

func (p *scanner) strMap() (m map[string]string, err error) {
	err = p.object(func(name string) error {
		s, err := p.str()
		if m == nil {
			m = make(map[string]string)
		}
		m[name] = s
		return err
	})
	return m, err
}

// raw takes an object or a list and returns its text.
func (p *scanner) raw() (json.RawMessage, error) {
	start, depth := p.i, 0
	for p.i < len(p.s) {
		switch p.s[p.i] {
		case '"':
			if _, err := p.str(); err != nil {
				return nil, err
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		p.i++
		if depth <= 0 {
			break
		}
	}
	raw := json.RawMessage(p.s[start:p.i])
	if !json.Valid(raw) || !utf8.Valid(raw) {
		p.i = start
		return nil, p.unexpected("a JSON value")
	}
	return raw, nil
}
