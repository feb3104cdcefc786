package script

import (
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
)

// Source is a file of messages, one to a line, that is read as a stream. It is
// not safe for concurrent use.
type Source struct {
	file     fs.File
	again    func() (fs.File, error) // opens the file once more; nil when it cannot be read twice
	filename string
	format   string // the extension
	size     int64  // -1 when it is not known
	modified time.Time
	sum      *Sum // of what was read to its end
}

// Sum stands for the content of a source, within one run of the program: two
// readings that saw the same bytes have the same sum.
type Sum uint64

var sumSeed = maphash.MakeSeed()

// OpenSource opens a .jsonl, .ndjson or .csv file. filename is what the ranges
// call it.
func OpenSource(path, filename string) (*Source, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return NewSource(file, filename, func() (fs.File, error) { return os.Open(path) })
}

// NewSource reads from an open file, which the source closes; when there is an
// error, the file is closed already. The extension of filename tells the
// format. again opens the file once more, to see that what was read is what it
// holds; with nil, only its size and its time are looked at.
func NewSource(file fs.File, filename string, again func() (fs.File, error)) (*Source, error) {
	s := &Source{file: file, again: again, filename: filename, format: strings.ToLower(path.Ext(filename))}
	info, err := file.Stat()
	switch {
	case err != nil:
	case info.IsDir():
		err = fmt.Errorf("%q is a directory: name a file in it", filename)
	case s.format != ".jsonl" && s.format != ".ndjson" && s.format != ".csv":
		err = fmt.Errorf("%q is no file of messages that sow can read: its name has to end in .jsonl, .ndjson or .csv", filename)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	s.size, s.modified = info.Size(), info.ModTime()
	if !info.Mode().IsRegular() {
		s.size = -1 // a pipe tells nothing of what will come
	}
	return s, nil
}

// Sum returns the sum of the file, once [Source.Messages] has read it to its
// end and it did not change meanwhile. Of a pipe there is none.
func (s *Source) Sum() (sum Sum, ok bool) {
	if s.sum == nil {
		return 0, false
	}
	return *s.sum, true
}

// Close closes the file.
func (s *Source) Close() error { return s.file.Close() }

// Messages yields the file's messages, in order. It can be called once. The
// *Message is valid until the next one; its strings and slices are the
// caller's to keep, and may share memory with each other.
//
// After the loop, *diags holds what is wrong, as for [Parse]: lines with
// mistakes are not yielded. A file that changed while it was read is an error.
//
// The formats are described in docs/sources.md.
func (s *Source) Messages(diags *hcl.Diagnostics) iter.Seq[*Message] {
	return func(yield func(*Message) bool) {
		read := &summedReader{r: s.file}
		read.hash.SetSeed(sumSeed)
		r := &sourceReader{
			lines:    newLines(read, s.size),
			filename: s.filename,
			yield:    yield,
		}
		if s.format == ".csv" {
			r.readCSV()
		} else {
			r.readJSONL()
		}
		if !r.stopped {
			s.finish(r, Sum(read.hash.Sum64()))
		}
		*diags = append(*diags, r.report.all()...)
	}
}

// summedReader sums what is read through it.
type summedReader struct {
	r    io.Reader
	hash maphash.Hash
}

func (s *summedReader) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.hash.Write(p[:n])
	return n, err
}

// finish tells why reading ended, if not at the end of the file that was
// opened. sum is that of what was read.
func (s *Source) finish(r *sourceReader, sum Sum) {
	at := hcl.Pos{Line: max(r.lines.number, 1), Column: 1, Byte: int(r.lines.offset)}
	where := hcl.Range{Filename: s.filename, Start: at, End: at}
	err := r.lines.err
	if err == nil {
		return // what was read told of itself
	}
	changed := false
	if errors.Is(err, io.EOF) {
		changed, err = s.changed(r.lines, sum)
	}
	switch {
	case err != nil:
		r.report.error(where, "Cannot read the source", "Reading stopped here: %v.", cause(err))
	case changed:
		r.report.error(where, "Source changed while it was read",
			"Something writes to %s, so what was read may be half of the old and half of the new. Wait until it is complete, and try again.", s.filename)
	case s.size >= 0:
		s.sum = &sum
	}
}

// changed reports whether the file is another one than when it was opened, or
// holds something else than the bytes that were read. A file can be written
// with its size and its time as they were, so its bytes are looked at too.
func (s *Source) changed(read *lines, sum Sum) (bool, error) {
	if s.size < 0 {
		return false, nil
	}
	info, err := s.file.Stat()
	complete := !read.grown && read.next == s.size
	if err != nil || !complete || !s.unchanged(info) || s.again == nil {
		return !complete || !s.unchanged(info), err
	}
	file, err := s.again()
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	now := &summedReader{r: file}
	now.hash.SetSeed(sumSeed)
	for err == nil {
		_, err = now.Read(read.buf)
	}
	if !errors.Is(err, io.EOF) {
		return false, err
	}
	return Sum(now.hash.Sum64()) != sum, nil
}

// unchanged reports whether a file has the size and the time that it was opened
// with.
func (s *Source) unchanged(info fs.FileInfo) bool {
	return info != nil && info.Size() == s.size && info.ModTime().Equal(s.modified)
}

// cause leaves away the name of the call, which says nothing to users.
func cause(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// sourceReader is the state of reading a source.
type sourceReader struct {
	lines    *lines
	filename string
	yield    func(*Message) bool
	stopped  bool // the consumer broke off
	report   report

	msg Message
	bad bool // msg has a mistake and is not to be yielded
}

// begin starts the message of a line or record, which is written and stands
// from start to end.
func (r *sourceReader) begin(written string, start, end hcl.Pos) {
	r.bad = false
	r.msg = Message{
		written: written,
		origin:  start,
		Range:   hcl.Range{Filename: r.filename, Start: start, End: end},
	}
}

// finish yields the message.
func (r *sourceReader) finish() {
	if r.msg.From == "" && !r.bad {
		r.errorAt(0, len(r.msg.written), "Sender is missing", "Every message says who it is from, in the field \"from\": a user's label or uid.")
	}
	if !r.bad {
		r.stopped = !r.yield(&r.msg)
	}
}

// errorAt tells a mistake in a part of what is written.
func (r *sourceReader) errorAt(from, to int, summary, format string, args ...any) {
	r.bad = true
	start := advance(r.msg.origin, r.msg.written[:from])
	at := hcl.Range{Filename: r.filename, Start: start, End: advance(start, r.msg.written[from:to])}
	r.report.error(at, summary, format, args...)
}

// invalid tells what is wrong with the value of a field. what is what the
// format calls fields.
func (r *sourceReader) invalid(what string, f Field, err error) {
	detail := err.Error()
	if !strings.HasSuffix(detail, "?") {
		detail += "."
	}
	at := r.msg.spans[f]
	r.errorAt(int(at.start), int(at.end), "Invalid value", "The %s %q is not right: %s", what, fieldNames[f], detail)
}

// fieldNames are the names of the fields, as both formats have them.
var fieldNames = [numFields]string{
	From: "from", Label: "label", Type: "type", Text: "text", At: "at", After: "after", Expect: "expect",
	Attachments: "attachments", Tags: "tags", Metadata: "metadata", CustomData: "custom_data",
}

// fieldOf returns the field with that name, or numFields.
func fieldOf(name string) Field {
	switch name { // the compiler makes more of this than of a map
	case "from":
		return From
	case "label":
		return Label
	case "type":
		return Type
	case "text":
		return Text
	case "at":
		return At
	case "after":
		return After
	case "expect":
		return Expect
	case "attachments":
		return Attachments
	case "tags":
		return Tags
	case "metadata":
		return Metadata
	case "custom_data":
		return CustomData
	}
	return numFields
}

// unknownField says what to do about a name that is none of the fields'.
func unknownField(name string) string {
	return fmt.Sprintf("There is no field %q; a message has %s.%s", name, strings.Join(fieldNames[:], ", "), suggest(strings.ToLower(name), fieldNames[:]))
}

// text returns where the value of a field that is a string goes.
func (m *Message) text(f Field) *string {
	switch f {
	case From:
		return &m.From
	case Label:
		return &m.Label
	case Type:
		return &m.Type
	case Text:
		return &m.Text
	case At:
		return &m.At
	case After:
		return &m.After
	case Expect:
		return &m.Expect
	}
	return nil
}
