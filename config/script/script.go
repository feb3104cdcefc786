// Package script reads messages that are not written in HCL: transcripts in
// the .chat notation, and files of messages as JSON lines or CSV.
//
// It knows the notations and nothing of what is behind the words: names,
// times and statuses leave it as they are written, with their ranges.
package script

import (
	"encoding/json"
	"strings"

	"github.com/apparentlymart/go-textseg/v15/textseg"
	"github.com/hashicorp/hcl/v2"
)

// Message is one message as it is written. Empty fields are not given.
type Message struct {
	From        string // who speaks, as written
	Label       string
	Type        string // text, image, file, audio or video; sources only
	Text        string
	At          string // as config.ParseTime reads it; excludes After
	After       string // as config.ParseDuration reads it
	Expect      string
	Attachments []Attachment
	Tags        []string
	Metadata    json.RawMessage // a JSON object with sorted keys
	CustomData  json.RawMessage // a JSON object with sorted keys
	Range       hcl.Range       // from the name to the end of what was said; in a source, the line

	// Where the fields stand: spans of written, which begins at origin.
	written string
	origin  hcl.Pos
	spans   [numFields]span
}

// Attachment is a file as a message names it. All but URL may be empty.
type Attachment struct {
	Kind      string // image, file, audio or video
	URL       string
	Name      string
	MimeType  string
	Extension string
	Size      string // bytes, in digits
}

// Field names a part of a message, for its range.
type Field uint8

// The parts of a message.
const (
	From Field = iota
	Label
	Type
	Text
	At
	After
	Expect
	Attachments
	Tags
	Metadata
	CustomData
	numFields
)

// span is a part of a text, from one byte to before another.
type span struct{ start, end int32 }

func (s span) empty() bool { return s.start == s.end }

// FieldRange returns where that part of the message is written, or m.Range
// when it is not given. Like m itself it is valid until the next message is
// read.
func (m *Message) FieldRange(f Field) hcl.Range {
	s := m.spans[f]
	if s.empty() {
		return m.Range
	}
	start := advance(m.origin, m.written[:s.start])
	return hcl.Range{
		Filename: m.Range.Filename,
		Start:    start,
		End:      advance(start, m.written[s.start:s.end]),
	}
}

// advance returns the position after s, which begins at p.
func advance(p hcl.Pos, s string) hcl.Pos {
	if i := strings.LastIndexByte(s, '\n'); i >= 0 {
		p = hcl.Pos{Line: p.Line + strings.Count(s, "\n"), Column: 1, Byte: p.Byte + i + 1}
		s = s[i+1:]
	}
	return advanceInLine(p, s)
}

// advanceInLine is advance for a part of one line.
func advanceInLine(p hcl.Pos, s string) hcl.Pos {
	p.Column += columns(s)
	p.Byte += len(s)
	return p
}

// columns counts the characters of a piece of a line as people see them, which
// is how hcl counts.
func columns(s string) int {
	i := asciiPrefix(s)
	if i == len(s) {
		return i
	}
	n, err := textseg.TokenCount([]byte(s[i:]), textseg.ScanGraphemeClusters)
	if err != nil {
		panic(err) // the scanner knows no errors
	}
	return i + n
}

// asciiPrefix returns how many bytes of s, from its beginning, are ASCII and
// stand for a character each whatever follows them.
func asciiPrefix(s string) int {
	i := 0
	for i+8 <= len(s) && s[i]|s[i+1]|s[i+2]|s[i+3]|s[i+4]|s[i+5]|s[i+6]|s[i+7] < 0x80 {
		i += 8
	}
	for i < len(s) && s[i] < 0x80 {
		i++
	}
	if i < len(s) && i > 0 {
		i-- // what follows may belong to it
	}
	return i
}
