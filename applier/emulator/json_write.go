package emulator

import (
	"strconv"
	"unicode/utf8"
)

// appendString appends s as a JSON string. What is no UTF-8 becomes the
// replacement character.
func appendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(append(dst, s[from:i]...), "\ufffd"...)
				from = i + 1
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		dst = append(dst, s[from:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		from = i
	}
	return append(append(dst, s[from:]...), '"')
}

// appendCompact appends v without the blanks between its tokens.
func appendCompact(dst []byte, v value) []byte {
	for i := 0; i < len(v); {
		switch v[i] {
		case '"':
			end := skipString(v, i)
			dst = append(dst, v[i:end]...)
			i = end
		case ' ', '\t', '\n', '\r':
			i++
		default:
			dst = append(dst, v[i])
			i++
		}
	}
	return dst
}

// object writes a JSON object field by field. The zero value is not ready: see
// begin.
type object struct {
	b []byte
}

// begin opens an object at the end of dst.
func begin(dst []byte) object { return object{append(dst, '{')} }

// end closes the object and returns what was written.
func (o *object) end() []byte { return append(o.b, '}') }

// name writes the name of a field; its value is to be appended to b.
func (o *object) name(name string) {
	if last := o.b[len(o.b)-1]; last != '{' {
		o.b = append(o.b, ',')
	}
	o.b = append(append(append(o.b, '"'), name...), '"', ':')
}

func (o *object) text(name, s string) {
	o.name(name)
	o.b = appendString(o.b, s)
}

// some writes a text that is not empty.
func (o *object) some(name, s string) {
	if s != "" {
		o.text(name, s)
	}
}

func (o *object) number(name string, n int64) {
	o.name(name)
	o.b = strconv.AppendInt(o.b, n, 10)
}

// time writes an instant that is not zero.
func (o *object) time(name string, t int64) {
	if t != 0 {
		o.number(name, t)
	}
}

func (o *object) boolean(name string, b bool) {
	o.name(name)
	o.b = strconv.AppendBool(o.b, b)
}

// raw writes JSON that is not empty.
func (o *object) raw(name string, v []byte) {
	if len(v) > 0 {
		o.name(name)
		o.b = append(o.b, v...)
	}
}

// texts writes a list that is not empty.
func (o *object) texts(name string, list []string) {
	if len(list) == 0 {
		return
	}
	o.name(name)
	o.b = append(o.b, '[')
	for i, s := range list {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = appendString(o.b, s)
	}
	o.b = append(o.b, ']')
}
