package jsonline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// AppendText appends s as a JSON string. Only what JSON demands is escaped,
// so that the text stays greppable, and the two line separators of Unicode, so
// that a line is one line everywhere. Bytes that are not UTF-8 become U+FFFD,
// as encoding/json has it.
func AppendText(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := plainLength(s); i < len(s); i += plainLength(s[i:]) {
		c := s[i]
		if c < utf8.RuneSelf {
			dst = append(dst, s[start:i]...)
			dst = appendEscape(dst, c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			dst = append(dst, s[start:i]...)
			dst = append(dst, "\uFFFD"...)
			i++
			start = i
			continue
		}
		if r == '\u2028' || r == '\u2029' {
			dst = append(dst, s[start:i]...)
			dst = append(dst, `\u202`...)
			dst = append(dst, hexDigits[r&0xF])
			i += size
			start = i
			continue
		}
		i += size
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xF])
}

// AppendTexts appends a list of strings.
func AppendTexts(dst []byte, list []string) []byte {
	dst = append(dst, '[')
	for i, s := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendText(dst, s)
	}
	return append(dst, ']')
}

// AppendRaw appends a JSON value without insignificant white space, which
// keeps it on one line. A value that is not JSON is an error.
func AppendRaw(dst []byte, raw json.RawMessage) ([]byte, error) {
	b := bytes.NewBuffer(dst)
	if err := json.Compact(b, raw); err != nil {
		return dst, fmt.Errorf("a stored value is not JSON: %w", err)
	}
	return b.Bytes(), nil
}

// AppendField appends a string attribute and the comma before it, unless it is
// empty.
func AppendField(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	return AppendText(AppendName(dst, name), value)
}

// AppendName appends what stands before the value of an attribute that is not
// the first of its object. The name must need no escapes.
func AppendName(dst []byte, name string) []byte {
	dst = append(dst, ',', '"')
	dst = append(dst, name...)
	return append(dst, '"', ':')
}
