package config

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"golang.org/x/text/unicode/norm"
)

// Most messages say nothing that needs evaluating: a person, a text, perhaps a
// time or a tag. The methods here read such blocks straight from the text.
// They have no mistakes to report: whatever is not plain, or not right, is
// left to hclsyntax, which gives the same message, or says what is wrong.

// plain reads and yields the message block that begins at start, if it can.
func (rd *reading) plain(s *scanner, start hcl.Pos) bool {
	if rd.hclOnly {
		return false
	}
	m, ok := rd.plainMessage(s, start)
	if !ok {
		return false
	}
	rd.plainly++
	rd.remember(m.Label, m.Range)
	rd.emit(m)
	return true
}

// plainMessage reads the message block that begins at start, where s stands.
// When it is not ok, nothing is read.
func (rd *reading) plainMessage(s *scanner, start hcl.Pos) (m *Message, ok bool) {
	ahead := *s
	m = &Message{}
	if !ahead.plainHeader(m, start) || !rd.plainBody(&ahead, m) || !ahead.endOfItem() || m.From == nil {
		return nil, false
	}
	if _, taken := rd.labels[m.Label]; taken {
		return nil, false
	}
	m.Lifecycle.ReplaceOnEdit = rd.conversation.Lifecycle.ReplaceOnEdit
	right, warned := true, partLabel
	complete(m, rd.conversation, func(p part, err error) {
		var warning *Warning
		if errors.As(err, &warning) && rd.advice.has(p) && warned == partLabel {
			warned = p
			return
		}
		right = false
	})
	if !right {
		return nil, false
	}
	if warned != partLabel {
		rd.advice.add(warned, m.Range, nil)
	}
	*s = ahead
	return m, true
}

// plainHeader reads up to the end of the line with the opening brace.
func (s *scanner) plainHeader(m *Message, start hcl.Pos) bool {
	if s.ident() != "message" {
		return false
	}
	end := s.pos
	s.skipSpaces()
	if s.startsWith(`"`) {
		opened := s.pos
		label, ok := s.plainString()
		if !ok || label == "" || len(label) != s.pos-opened-len(`""`) || !isASCII(label) {
			return false
		}
		m.Label, end = label, s.pos
		s.skipSpaces()
	}
	m.Range = hcl.Range{Filename: s.file.name, Start: start, End: start}
	m.Range.End.Column += end - start.Byte
	m.Range.End.Byte = end
	if !s.startsWith("{") {
		return false
	}
	s.pos++
	return s.plainLineEnd()
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// plainLineEnd goes over the rest of a line on which nothing but a comment
// stands.
func (s *scanner) plainLineEnd() bool {
	s.skipSpaces()
	if s.pos == len(s.src) {
		return false
	}
	switch {
	case s.src[s.pos] == '\n':
		s.pos++
		s.line++
		return true
	case s.startsWith("\r\n"):
		s.pos += len("\r\n")
		s.line++
		return true
	case s.src[s.pos] == '#' || s.startsWith("//"):
		return s.skipComment()
	}
	return false
}

// plainLineStart goes to the next thing that stands on a line. It is not ok at
// the end, or before a block comment.
func (s *scanner) plainLineStart() bool {
	for {
		s.skipSpaces()
		if s.pos == len(s.src) {
			return false
		}
		switch s.src[s.pos] {
		case '\n', '\r', '#', '/':
			if !s.plainLineEnd() {
				return false
			}
		default:
			return true
		}
	}
}

// plainBody reads a message's arguments and attachments, and its closing brace.
func (rd *reading) plainBody(s *scanner, m *Message) bool {
	var seen [partCustomData + 1]bool
	for s.plainLineStart() {
		if s.src[s.pos] == '}' {
			s.pos++
			return true
		}
		name := s.ident()
		if name == "attachment" {
			a, ok := s.plainAttachment()
			if !ok || !s.plainLineEnd() {
				return false
			}
			m.Attachments = append(m.Attachments, a)
			continue
		}
		p, ok := plainPart(name)
		if !ok || seen[p] || !s.plainEquals() || !rd.plainArgument(s, m, p) || !s.plainLineEnd() {
			return false
		}
		seen[p] = true
	}
	return false
}

// plainEquals goes over the sign between an argument and its value.
func (s *scanner) plainEquals() bool {
	s.skipSpaces()
	if !s.startsWith("=") {
		return false
	}
	s.pos++
	s.skipSpaces()
	return s.pos < len(s.src)
}

func plainPart(name string) (part, bool) {
	switch name {
	case "from":
		return partFrom, true
	case "text":
		return partText, true
	case "type":
		return partType, true
	case "at":
		return partAt, true
	case "after":
		return partAfter, true
	case "expect":
		return partExpect, true
	case "tags":
		return partTags, true
	}
	return 0, false
}

// plainArgument reads the value of an argument.
func (rd *reading) plainArgument(s *scanner, m *Message, p part) (ok bool) {
	switch p {
	case partFrom:
		m.From = rd.people.plainUser(s)
		return m.From != nil
	case partText:
		if s.src[s.pos] == '<' {
			m.Text, ok = s.plainHeredoc()
		} else {
			m.Text, ok = s.plainString()
		}
		return ok
	case partTags:
		m.Tags, ok = s.plainStrings()
		return ok
	}
	text, ok := s.plainString()
	if !ok || text == "" {
		return false
	}
	switch p {
	case partType:
		m.Type = text
	case partExpect:
		m.Expect = text
	case partAt:
		at, err := ParseTime(text)
		m.At = &at
		return err == nil
	case partAfter:
		after, err := ParseDuration(text)
		m.After = &after
		return err == nil
	}
	return true
}

// plainUser reads a reference to a user, or a uid.
func (p *people) plainUser(s *scanner) *User {
	if s.src[s.pos] == '"' {
		uid, _ := s.plainString()
		return p.users[uid]
	}
	start := s.pos
	for s.pos < len(s.src) && (isIdentByte(s.src[s.pos]) || s.src[s.pos] == '.') {
		s.pos++
	}
	if s.startsWith("[") {
		s.pos++
		if s.startsWith(`"`) {
			if _, ok := s.plainString(); !ok {
				return nil
			}
		}
		for s.pos < len(s.src) && '0' <= s.src[s.pos] && s.src[s.pos] <= '9' {
			s.pos++
		}
		if !s.startsWith("]") {
			return nil
		}
		s.pos++
	}
	return p.refs[s.src[start:s.pos]]
}

// plainString reads a quoted string without templates.
func (s *scanner) plainString() (text string, ok bool) {
	if !s.startsWith(`"`) {
		return "", false
	}
	start, ascii := s.pos+1, true
	for i := start; i < len(s.src); i++ {
		switch c := s.src[i]; {
		case c == '"':
			s.pos = i + 1
			return normal(s.src[start:i], ascii), true
		case c == '\\':
			return s.plainEscapes(start, i)
		case c == '\n' || c == '\r' || beginsTemplate(s.src[i:]):
			return "", false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return "", false
}

// beginsTemplate reports whether text begins with a template or with something
// that could be one.
func beginsTemplate(text string) bool {
	return (text[0] == '$' || text[0] == '%') && len(text) > 1 && (text[1] == '{' || text[1] == text[0])
}

// plainEscapes reads a quoted string on from its first backslash.
func (s *scanner) plainEscapes(start, i int) (string, bool) {
	var b strings.Builder
	for i < len(s.src) {
		switch c := s.src[i]; {
		case c == '"':
			b.WriteString(s.src[start:i])
			s.pos = i + 1
			return normal(b.String(), false), true
		case c == '\\' && i+1 < len(s.src):
			b.WriteString(s.src[start:i])
			switch s.src[i+1] {
			case 'n':
				b.WriteByte('\n')
			case 'r':
				b.WriteByte('\r')
			case 't':
				b.WriteByte('\t')
			case '"', '\\':
				b.WriteByte(s.src[i+1])
			default:
				return "", false
			}
			i += 2
			start = i
		case c == '\n' || c == '\r' || beginsTemplate(s.src[i:]):
			return "", false
		default:
			i++
		}
	}
	return "", false
}

// normal returns text as the values of the language have it: in Unicode's
// normal form C.
func normal(text string, ascii bool) string {
	if ascii {
		return text
	}
	return norm.NFC.String(text)
}

// plainStrings reads a list of quoted strings on one line.
func (s *scanner) plainStrings() (texts []string, ok bool) {
	if !s.startsWith("[") {
		return nil, false
	}
	s.pos++
	texts = []string{}
	for {
		s.skipSpaces()
		if s.startsWith("]") {
			s.pos++
			return texts, true
		}
		text, ok := s.plainString()
		if !ok {
			return nil, false
		}
		texts = append(texts, text)
		s.skipSpaces()
		if s.startsWith(",") {
			s.pos++
		} else if !s.startsWith("]") {
			return nil, false
		}
	}
}

// plainHeredoc reads a heredoc without templates, up to the line break behind
// its closing marker.
func (s *scanner) plainHeredoc() (text string, ok bool) {
	if !s.startsWith("<<") {
		return "", false
	}
	s.pos += len("<<")
	flush := s.startsWith("-")
	if flush {
		s.pos++
	}
	marker := s.ident()
	if marker == "" || !s.startsWith("\n") && !s.startsWith("\r\n") {
		return "", false
	}
	s.pos += strings.IndexByte(s.src[s.pos:], '\n') + 1
	s.line++
	start := s.pos
	for {
		end := strings.IndexByte(s.src[s.pos:], '\n')
		if end < 0 {
			return "", false
		}
		line := s.src[s.pos : s.pos+end]
		if strings.TrimSpace(line) == marker {
			text = s.src[start:s.pos]
			s.pos += len(strings.TrimSuffix(line, "\r"))
			break
		}
		s.pos += end + 1
		s.line++
	}
	for i := range len(text) {
		if beginsTemplate(text[i:]) {
			return "", false
		}
	}
	if flush {
		if text, ok = flushed(text); !ok {
			return "", false
		}
	}
	return normal(text, isASCII(text)), true
}

// flushed takes the indentation that all lines share off each, as <<- does. A
// line of nothing but spaces is left as it is.
func flushed(text string) (string, bool) {
	indent := -1
	for line := range strings.Lines(text) {
		spaces := len(line) - len(strings.TrimLeft(line, " \t"))
		switch rest := line[spaces:]; {
		case rest == "\n" || rest == "\r\n":
		case strings.TrimSpace(rest[:1]) == "" || rest[0] >= utf8.RuneSelf:
			return "", false // spaces of another kind, perhaps
		case indent < 0 || spaces < indent:
			indent = spaces
		}
	}
	if indent <= 0 {
		return text, true
	}
	var b strings.Builder
	b.Grow(len(text))
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			line = line[indent:]
		}
		b.WriteString(line)
	}
	return b.String(), true
}

// plainAttachment reads an attachment block, up to its closing brace.
func (s *scanner) plainAttachment() (a Attachment, ok bool) {
	s.skipSpaces()
	if !s.startsWith("{") {
		return a, false
	}
	s.pos++
	s.skipSpaces()
	oneLine := s.pos < len(s.src) && isIdentByte(s.src[s.pos])
	if !oneLine && !s.plainLineEnd() {
		return a, false
	}
	for s.plainLineStart() {
		if s.src[s.pos] == '}' {
			s.pos++
			return derivePlain(a)
		}
		field := plainField(&a, s.ident())
		if field == nil || *field != "" || !s.plainEquals() {
			return a, false
		}
		if *field, ok = s.plainString(); !ok || *field == "" {
			return a, false
		}
		if oneLine {
			s.skipSpaces()
			if !s.startsWith("}") {
				return a, false
			}
		} else if !s.plainLineEnd() {
			return a, false
		}
	}
	return a, false
}

func plainField(a *Attachment, name string) *string {
	switch name {
	case "url":
		return &a.URL
	case "name":
		return &a.Name
	case "mime_type":
		return &a.MimeType
	case "extension":
		return &a.Extension
	case "size":
		return &a.Size
	}
	return nil
}

func derivePlain(given Attachment) (Attachment, bool) {
	a, err := DeriveAttachment(given.URL, given.Name, given.MimeType, given.Extension)
	if err != nil {
		return a, false
	}
	a.Size = given.Size
	return a, CheckAttachment(a) == nil
}
