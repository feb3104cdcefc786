package script

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
)

// readCSV reads one message from each record after the header.
func (r *sourceReader) readCSV() {
	records := &csvRecords{lines: r.lines}
	header := r.readHeader(records)
	if header == nil {
		r.stopped = r.report.mistake // which is what to mend first
		return
	}
	for !r.stopped && r.readRecord(records) {
		r.readCells(records, header)
		r.finish()
	}
}

// readRecord reads the next record that can be read, and begins a message
// with it.
func (r *sourceReader) readRecord(records *csvRecords) bool {
	for !r.stopped && records.next() {
		if records.tooLong && !records.quoted {
			r.tellTooLong(records.raw, records.origin)
			continue
		}
		record := string(bytes.TrimRight(records.raw, "\r\n"))
		r.begin(record, records.origin, advance(records.origin, record))
		switch {
		case records.quoted:
			r.errorAt(0, 0, "Quote without an end", "A quoted value begins in this record and does not end. Close it with a quote; a quote inside of it is written twice.")
			r.stopped = true
		case !utf8.ValidString(record):
			r.reportInvalid()
		case !records.parse():
			at := min(records.errorAt(), len(record))
			r.errorAt(at, at, "Invalid CSV", "%s", records.problem())
		default:
			return true
		}
	}
	return false
}

// readHeader returns the fields that the columns hold, or nil when it cannot.
func (r *sourceReader) readHeader(records *csvRecords) []Field {
	if !r.readRecord(records) {
		if !r.report.mistake && errors.Is(r.lines.err, io.EOF) {
			at := hcl.Pos{Line: 1, Column: 1}
			r.report.error(hcl.Range{Filename: r.filename, Start: at, End: at}, "Header is missing",
				"The file is empty. Its first line names the columns, as in:\n  from,text,at,label")
		}
		return nil
	}
	header := make([]Field, len(records.cells))
	seen := map[Field]bool{}
	for i, cell := range records.cells {
		name := strings.TrimSpace(cell)
		f := fieldOf(name)
		at := records.span(i)
		switch {
		case f == numFields && len(records.cells) == 1 && strings.ContainsAny(name, ";\t|"):
			r.errorAt(int(at.start), int(at.end), "Columns are not separated", "The columns of a .csv file are separated by commas, and here by something else. Save the file with commas and try again.")
		case f == numFields:
			r.errorAt(int(at.start), int(at.end), "Unknown column", "%s", unknownField(name))
		case seen[f]:
			r.errorAt(int(at.start), int(at.end), "Column given twice", "The column %q is there twice. Leave one away.", name)
		}
		header[i] = f
		seen[f] = true
	}
	if !seen[From] && !r.bad {
		r.errorAt(0, len(r.msg.written), "Sender is missing", "The first line names the columns, and one of them has to be \"from\": a user's label or uid.")
	}
	if r.bad {
		return nil
	}
	return header
}

// readCells reads a record's cells into the message.
func (r *sourceReader) readCells(records *csvRecords, header []Field) {
	if len(records.cells) != len(header) {
		r.errorAt(0, len(r.msg.written), "Number of cells differs", "The header names %d columns, and the cells of this record are %d. A value with a comma or a line break in it is put in quotes.", len(header), len(records.cells))
		return
	}
	for i, cell := range records.cells {
		f := header[i]
		if f != Text {
			cell = strings.TrimSpace(cell)
		}
		if cell == "" {
			continue
		}
		r.msg.spans[f] = records.span(i)
		r.setCell(f, cell)
	}
}

// setCell decodes a cell that is not empty into its field.
func (r *sourceReader) setCell(f Field, cell string) {
	var err error
	switch f {
	case Tags:
		r.msg.Tags, err = splitTags(cell)
	case Attachments:
		if isWebLink(cell) && !strings.ContainsAny(cell, " \t\n") {
			r.msg.Attachments = []Attachment{{URL: cell}}
			return
		}
		r.msg.Attachments, err = decodeAttachments([]byte(cell))
	case Metadata:
		r.msg.Metadata, err = canonicalObject([]byte(cell))
	case CustomData:
		r.msg.CustomData, err = canonicalObject([]byte(cell))
	default:
		*r.msg.text(f) = cell
	}
	if err != nil {
		r.badCell(f, err)
	}
}

func (r *sourceReader) badCell(f Field, err error) {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		err = errors.New("its JSON has a mistake: " + err.Error())
	}
	r.invalid("column", f, err)
}

// splitTags reads tags with semicolons between them, or a JSON list.
func splitTags(cell string) ([]string, error) {
	if strings.HasPrefix(cell, "[") {
		s := jsonScanner{text: cell}
		return s.strings(span{0, int32(len(cell))})
	}
	tags := strings.Split(cell, ";")
	for i, tag := range tags {
		tags[i] = strings.TrimSpace(tag)
	}
	return tags, nil
}

// csvRecords cuts a file into records, so that none is larger than a line may
// be and it is known where each begins. What a record holds, encoding/csv says.
type csvRecords struct {
	lines *lines

	raw     []byte // the record with its line ends
	origin  hcl.Pos
	quoted  bool // the file ended inside of a quoted value
	tooLong bool
	cells   []string
	err     error

	reader *csv.Reader
	feed   bytes.Reader
	before int // lines that reader has read
	kept   []byte
}

// next finds the next record that is not blank.
func (c *csvRecords) next() bool {
	for {
		line, ok := c.lines.read()
		if !ok {
			return false
		}
		c.origin = c.lines.pos()
		c.raw, c.tooLong = line, c.lines.tooLong
		if c.tooLong {
			c.quoted = false
			return true
		}
		if len(bytes.TrimRight(line, "\r\n")) > 0 {
			break
		}
	}
	c.quoted = endsQuoted(c.raw, false)
	if !c.quoted {
		return true
	}
	c.kept = append(c.kept[:0], c.raw...)
	for c.quoted && !c.tooLong {
		line, ok := c.lines.read()
		if !ok {
			break
		}
		c.quoted = endsQuoted(line, true)
		c.kept = append(c.kept, line...)
		c.tooLong = c.lines.tooLong || len(c.kept) > maxLine
		if c.tooLong {
			c.quoted = true
		}
	}
	c.raw = c.kept
	return true
}

// endsQuoted reports whether a line of a record ends inside of a quoted value.
// quoted says whether it begins inside of one.
func endsQuoted(line []byte, quoted bool) bool {
	if !quoted && bytes.IndexByte(line, '"') < 0 {
		return false
	}
	begins := !quoted // of a cell
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case quoted && c == '"' && i+1 < len(line) && line[i+1] == '"':
			i++
		case quoted && c == '"':
			quoted = false
		case !quoted && c == '"' && begins:
			quoted = true
		}
		begins = !quoted && line[i] == ','
	}
	return quoted
}

// parse splits the record into cells.
func (c *csvRecords) parse() bool {
	if c.reader == nil {
		c.reader = csv.NewReader(&c.feed)
		c.reader.FieldsPerRecord = -1
		c.reader.ReuseRecord = true
		c.before = 0
	}
	c.feed.Reset(c.raw)
	c.cells, c.err = c.reader.Read()
	if c.err != nil {
		c.reader = nil // it has read a part of the record
		return false
	}
	c.before += bytes.Count(c.raw, []byte("\n"))
	return true
}

// span returns where in the record a cell stands.
func (c *csvRecords) span(i int) span {
	start := c.offset(c.reader.FieldPos(i))
	end := len(bytes.TrimRight(c.raw, "\r\n"))
	if i+1 < len(c.cells) {
		end = c.offset(c.reader.FieldPos(i+1)) - 1 // the comma
	}
	return span{int32(start), int32(end)}
}

// offset returns where in the record a line and a byte of it stand.
func (c *csvRecords) offset(line, column int) int {
	at := 0
	for line -= c.before - bytes.Count(c.raw, []byte("\n")); line > 1; line-- {
		at += bytes.IndexByte(c.raw[at:], '\n') + 1
	}
	return min(at+column-1, len(c.raw))
}

// errorAt returns where in the record the mistake is.
func (c *csvRecords) errorAt() int {
	var parseErr *csv.ParseError
	if !errors.As(c.err, &parseErr) {
		return 0
	}
	at := 0
	for line := parseErr.Line - c.before; line > 1; line-- {
		at += bytes.IndexByte(c.raw[at:], '\n') + 1
	}
	at = min(max(at+parseErr.Column-1, 0), len(c.raw))
	for at > 0 && at < len(c.raw) && !utf8.RuneStart(c.raw[at]) {
		at--
	}
	return at
}

// problem says what is wrong with a record that cannot be parsed.
func (c *csvRecords) problem() string {
	switch {
	case errors.Is(c.err, csv.ErrBareQuote):
		return "A quote stands in a value that does not begin with one. Put the whole value in quotes, and write each quote inside of it twice."
	case errors.Is(c.err, csv.ErrQuote):
		return "After the quote that ends a value comes a comma or the end of the line. A quote inside of a value is written twice."
	}
	return "This record is no CSV: " + c.err.Error() + "."
}
