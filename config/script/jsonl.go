package script

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
)

// readJSONL reads one JSON object from each line that is not blank.
func (r *sourceReader) readJSONL() {
	for !r.stopped {
		raw, ok := r.lines.read()
		if !ok {
			return
		}
		if r.lines.tooLong {
			r.tellTooLong(raw, r.lines.pos())
			continue
		}
		raw = bytes.TrimRight(raw, "\r\n")
		if len(bytes.TrimLeft(raw, " \t")) == 0 {
			continue
		}
		line, start := string(raw), r.lines.pos()
		r.begin(line, start, advanceInLine(start, line))
		r.readObject()
		r.finish()
	}
}

// tellTooLong tells of a line of which raw is the beginning.
func (r *sourceReader) tellTooLong(raw []byte, start hcl.Pos) {
	line := string(bytes.ToValidUTF8(raw, nil))
	r.begin(line, start, advanceInLine(start, line))
	r.errorAt(0, len(r.msg.written), "Line too long", "Line %d has more than %d MB. A source has one message on each line.", r.lines.number, maxLine>>20)
}

// readObject reads the fields of the line's object into the message.
func (r *sourceReader) readObject() {
	if !utf8.ValidString(r.msg.written) {
		r.bad = true
		r.reportInvalid()
		return
	}
	s := jsonScanner{text: r.msg.written}
	if !s.open('{') {
		r.tellSyntax()
		return
	}
	for s.more('}') {
		r.readMember(&s)
		if s.failed {
			break
		}
	}
	if s.failed || !s.end() {
		r.tellSyntax()
	}
}

// readMember reads one member of the object.
func (r *sourceReader) readMember(s *jsonScanner) {
	key, at := s.key()
	if s.failed {
		return
	}
	value := s.value()
	if s.failed {
		return
	}
	f := fieldOf(key)
	switch {
	case f < numFields && r.msg.spans[f].empty():
		r.msg.spans[f] = value
		r.setField(s, f, value)
	case !json.Valid([]byte(s.text)):
		s.failed = true // the syntax comes first
	case f == numFields:
		r.errorAt(int(at.start), int(at.end), "Unknown field", "%s", unknownField(key))
	default:
		r.errorAt(int(at.start), int(at.end), "Field given twice", "The field %q is there twice. Leave one away.", key)
	}
}

// setField decodes a value into its field.
func (r *sourceReader) setField(s *jsonScanner, f Field, at span) {
	raw := s.text[at.start:at.end]
	if raw == "null" {
		return
	}
	var err error
	switch f {
	case Tags:
		r.msg.Tags, err = s.strings(at)
	case Attachments:
		r.msg.Attachments, err = decodeAttachments([]byte(raw))
	case Metadata:
		r.msg.Metadata, err = canonicalObject([]byte(raw))
	case CustomData:
		r.msg.CustomData, err = canonicalObject([]byte(raw))
	default:
		to := r.msg.text(f)
		switch {
		case raw[0] == '"':
			*to, err = s.string(at)
		case (f == At || f == After) && isWhole(raw):
			*to = raw
		case f == At || f == After:
			err = errors.New("it has to be a string or a whole number")
		default:
			err = errors.New("it has to be a string")
		}
	}
	if err != nil {
		r.badValue(s, f, err)
	}
}

// badValue tells what is wrong with the value of a field, if the syntax is
// right; else that comes first.
func (r *sourceReader) badValue(s *jsonScanner, f Field, err error) {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) || !json.Valid([]byte(s.text)) {
		s.failed = true
		return
	}
	r.invalid("field", f, err)
}

// tellSyntax tells where the line is no JSON object. What encoding/json says
// of it is better than what a scanner for good lines knows.
func (r *sourceReader) tellSyntax() {
	r.bad = true
	var v map[string]json.RawMessage
	err := json.Unmarshal([]byte(r.msg.written), &v)
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		r.errorAt(0, len(r.msg.written), "Not a JSON object", "Each line is one message as a JSON object, as in:\n  {\"from\": \"ana\", \"text\": \"Hi!\"}")
		return
	}
	at := min(max(int(syntax.Offset)-1, 0), len(r.msg.written))
	for at > 0 && at < len(r.msg.written) && !utf8.RuneStart(r.msg.written[at]) {
		at--
	}
	end := at
	if at < len(r.msg.written) {
		_, n := utf8.DecodeRuneInString(r.msg.written[at:])
		end += n
	}
	detail := syntax.Error()
	if detail == "unexpected end of JSON input" {
		at, end = len(r.msg.written), len(r.msg.written)
		detail = "the line ends before the object does"
	}
	r.errorAt(at, end, "Invalid JSON", "This line is no JSON: %s. Each line is one message as a JSON object, as in:\n  {\"from\": \"ana\", \"text\": \"Hi!\"}", detail)
}

// reportInvalid tells where the line is no UTF-8.
func (r *sourceReader) reportInvalid() {
	i := invalidAt(r.msg.written)
	start := advance(r.msg.origin, r.msg.written[:i])
	end := start
	end.Column++
	end.Byte++
	at := r.msg.Range
	at.Start, at.End = start, end
	r.report.error(at, "Not UTF-8", "A source is text in UTF-8, and here it is not. Save the file as UTF-8 and try again.")
}

// invalidAt returns where s is no UTF-8.
func invalidAt(s string) int {
	for i := 0; ; {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n <= 1 {
			return i
		}
		i += n
	}
}

// isWhole reports whether a JSON number is a whole one.
func isWhole(raw string) bool {
	return raw == "0" || raw[0] != '0' && strings.Trim(raw, "0123456789") == ""
}

// decodeAttachments reads a list whose elements are URLs, or objects with url,
// type, name, mime_type, extension and size.
func decodeAttachments(raw []byte) ([]Attachment, error) {
	if err := json.Unmarshal(raw, new(json.RawMessage)); err != nil {
		return nil, err // before anything is said of its parts
	}
	var elems []json.RawMessage
	if json.Unmarshal(raw, &elems) != nil {
		return nil, errors.New(`it has to be a list, as in ["https://example.com/photo.jpg"]`)
	}
	attachments := make([]Attachment, len(elems))
	for i, elem := range elems {
		a := &attachments[i]
		if json.Unmarshal(elem, &a.URL) == nil && a.URL != "" {
			continue
		}
		var attrs map[string]json.RawMessage
		if json.Unmarshal(elem, &attrs) != nil || attrs == nil {
			return nil, errors.New(`its elements have to be URLs or objects, as in {"url": "https://example.com/photo.jpg"}`)
		}
		if err := a.set(attrs); err != nil {
			return nil, err
		}
	}
	return attachments, nil
}

var attachmentKeys = []string{"url", "type", "name", "mime_type", "extension", "size"}

// set takes the attributes of an attachment.
func (a *Attachment) set(attrs map[string]json.RawMessage) error {
	to := map[string]*string{"url": &a.URL, "type": &a.Kind, "name": &a.Name, "mime_type": &a.MimeType, "extension": &a.Extension, "size": &a.Size}
	for _, key := range attachmentKeys {
		raw, ok := attrs[key]
		delete(attrs, key)
		switch {
		case !ok || string(raw) == "null":
		case key == "size" && isWhole(string(raw)):
			a.Size = string(raw)
		case json.Unmarshal(raw, to[key]) != nil:
			return fmt.Errorf("the %s of an attachment has to be a string", key)
		}
	}
	if len(attrs) > 0 {
		key := slices.Min(slices.Collect(maps.Keys(attrs)))
		return fmt.Errorf("an attachment has no %q, it has %s.%s", key, strings.Join(attachmentKeys, ", "), suggest(strings.ToLower(key), attachmentKeys))
	}
	switch {
	case a.URL == "":
		return errors.New("an attachment needs its url")
	case a.Kind != "" && a.Kind != "image" && a.Kind != "file" && a.Kind != "audio" && a.Kind != "video":
		return fmt.Errorf("the type of an attachment is image, file, audio or video, not %q", a.Kind)
	}
	return nil
}
