package view

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"unicode"
	"unicode/utf8"
)

// encode writes a value as JSON on one line. The values are the true ones, but
// what could act on a terminal, or could not be seen, is spelt as \u escapes,
// and so is the second of two #, which begin a command in the logs of some CI
// systems (see guardLine). What is encoded is this package's own: failing is a
// mistake of the program.
func encode(value any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		panic(fmt.Sprintf("view: %T is no JSON: %v", value, err))
	}
	return escapeJSON(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// escapeJSON spells characters differently; outside of strings, JSON has none
// of those.
func escapeJSON(text []byte) []byte {
	if !slices.ContainsFunc(text, func(b byte) bool { return b > '~' || b == '#' }) {
		return text
	}
	out := make([]byte, 0, len(text)+len(text)/8)
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r == '#' && i > 0 && text[i-1] == '#', r > '~' && !unicode.IsGraphic(r):
			out = appendEscape(out, r)
		default:
			out = append(out, text[i:i+size]...)
		}
		i += size
	}
	return out
}

func appendEscape(b []byte, r rune) []byte {
	if r > 0xFFFF {
		r -= 0x10000
		return fmt.Appendf(b, `\u%04x\u%04x`, 0xD800+r>>10, 0xDC00+r&0x3FF)
	}
	return fmt.Appendf(b, `\u%04x`, r)
}

// document writes one JSON document piece by piece, so that what it holds need
// not be in memory. Each member of an array stands on a line of its own.
type document struct {
	w     *bufio.Writer
	comma bool // the next member follows another one
}

// document writes a document to Out.
func (v *View) document(write func(*document) error) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	w := bufio.NewWriterSize(v.o.Out, 1<<15)
	if err := write(&document{w: w}); err != nil {
		_ = w.Flush() // what failed before matters more
		return err
	}
	_ = w.WriteByte('\n')
	return w.Flush()
}

func (d *document) raw(text string) { _, _ = d.w.WriteString(text) } // bufio keeps the error for Flush

// begin and end enclose an object.
func (d *document) begin() { d.raw("{"); d.comma = false }
func (d *document) end()   { d.raw("}"); d.comma = true }

// member writes one member of an object.
func (d *document) member(name string, value any) {
	d.name(name)
	_, _ = d.w.Write(encode(value))
}

func (d *document) name(name string) {
	if d.comma {
		d.raw(",")
	}
	d.comma = true
	d.raw(`"` + name + `":`)
}

// array writes the member of that name; fill adds its items.
func (d *document) array(name string, fill func() error) error {
	d.name(name)
	d.raw("[")
	d.comma = false
	err := fill()
	d.raw("\n]")
	d.comma = true
	return err
}

// item begins an item of an array.
func (d *document) item() {
	if d.comma {
		d.raw(",")
	}
	d.raw("\n")
	d.comma = true
}

// value adds an item to an array.
func (d *document) value(value any) {
	d.item()
	_, _ = d.w.Write(encode(value))
}
