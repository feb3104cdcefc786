// Package script reads messages that are not written in HCL: transcripts in
// the .chat notation, and files of messages as JSON lines or CSV.
//
// It knows the notations and nothing of what is behind the words: names,
// times and statuses leave it as they are written, with their ranges.
package script

import (
	"encoding/json"
	"io/fs"
	"iter"

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
)

// FieldRange returns where that part of the message is written, or m.Range
// when it is not given. Like m itself it is valid until the next message is
// read.
func (m *Message) FieldRange(f Field) hcl.Range { panic("skeleton") }

// Parse yields the messages of a transcript, in order. filename and start say
// where src stands, for the ranges. The *Message is valid until the next one;
// its strings and slices are the caller's to keep, and may share src's memory.
//
// After the loop, *diags holds what is wrong; lines with mistakes are not
// yielded. At most 20 mistakes of a file are told, and how many more there
// are.
func Parse(src, filename string, start hcl.Pos, diags *hcl.Diagnostics) iter.Seq[*Message] {
	panic("skeleton")
}

// Format returns the transcript in its canonical spacing. A transcript with
// mistakes is returned as it is.
func Format(src []byte) []byte { panic("skeleton") }

// Source is a file of messages, one to a line, that is read as a stream.
type Source struct{}

// OpenSource opens a .jsonl, .ndjson or .csv file. filename is what the ranges
// call it.
func OpenSource(path, filename string) (*Source, error) { panic("skeleton") }

// NewSource reads from an open file, which the source closes.
func NewSource(file fs.File, filename string) (*Source, error) { panic("skeleton") }

// Messages yields the file's messages, in order, like [Parse]. It can be called
// once.
func (s *Source) Messages(diags *hcl.Diagnostics) iter.Seq[*Message] { panic("skeleton") }

// Close closes the file.
func (s *Source) Close() error { panic("skeleton") }
