package config

// size is how large something is as JSON.
type size struct{ bytes, chars int }

func (s *size) add(other size) {
	s.bytes += other.bytes
	s.chars += other.chars
}

// ascii adds n characters of one byte.
func (s *size) ascii(n int) { s.add(size{n, n}) }

// envelope is what a request holds beside data and tags: the ids, the type and
// the time, and the names and braces of all fields.
const envelope = 1024

// dataSize returns the size of the message's data object: text, attachments,
// customData and metadata.
func dataSize(m *Message) size {
	var total size
	total.ascii(len(`{"text":,"attachments":[],"customData":,"metadata":}`))
	total.add(jsonString(m.Text))
	for _, a := range m.Attachments {
		total.ascii(len(`{"url":,"name":,"mimeType":,"extension":,"size":},`))
		for _, s := range [...]string{a.URL, a.Name, a.MimeType, a.Extension, a.Size} {
			total.add(jsonString(s))
		}
	}
	total.add(raw(m.CustomData))
	total.add(raw(m.Metadata))
	return total
}

// jsonString returns the size of s as a JSON string, written with no more
// escapes than JSON asks for.
func jsonString(s string) size {
	n := size{bytes: len(s) + len(`""`), chars: len(`""`)}
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\' || c == '\n' || c == '\r' || c == '\t' || c == '\b' || c == '\f':
			n.bytes++
			n.chars += 2
		case c < ' ':
			n.bytes += len(`\u0000`) - 1
			n.chars += len(`\u0000`)
		case c&0xc0 != 0x80: // not inside a character
			n.chars++
		}
	}
	return n
}

// raw returns the size of what is JSON already.
func raw(b []byte) size {
	n := size{bytes: len(b)}
	for _, c := range b {
		if c&0xc0 != 0x80 {
			n.chars++
		}
	}
	return n
}
