package planner

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/sowdev/sow/state"
)

// Encoding is the version of the form in which lanes are encoded.
const Encoding = 1

// A lane is encoded as JSON, one change a line, written and read by hand
// because there may be millions. A change's attributes, in this order, left out
// when empty:
//
//	do       the action
//	in       the conversation, as an index into the lane's
//	skip     unchanged messages left out before
//	when     base and seconds
//	file, line
//	why      the reason
//	fields   name, old, new of each, and true for those of the state only
//	secret   names of sensitive attributes
//	late, shift, record, from
//	was, is  the message before and after
//
// A message's attributes are those that its state has, but for "muid", which
// is left out when it is the one that follows from the key.

func appendChange(dst []byte, m *MessageChange, conversation int) []byte {
	dst = append(dst, `{"do":"`...)
	dst = append(dst, m.Action.String()...)
	dst = append(dst, `","in":`...)
	dst = strconv.AppendInt(dst, int64(conversation), 10)
	dst = appendIntField(dst, "skip", int64(m.Skipped))
	if m.After != nil && m.Action != NoOp {
		dst = append(dst, `,"when":[`...)
		dst = strconv.AppendInt(dst, int64(m.When.Base), 10)
		dst = append(dst, ',')
		dst = strconv.AppendInt(dst, m.When.Seconds, 10)
		dst = append(dst, ']')
	}
	dst = appendField(dst, "file", m.Source.File)
	dst = appendIntField(dst, "line", int64(m.Source.Line))
	dst = appendField(dst, "why", m.Reason)
	if len(m.Fields) > 0 {
		dst = append(dst, `,"fields":[`...)
		for i, f := range m.Fields {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, '[')
			dst = appendString(dst, f.Name)
			dst = append(dst, ',')
			dst = appendString(dst, f.Old)
			dst = append(dst, ',')
			dst = appendString(dst, f.New)
			if f.StateOnly {
				dst = append(dst, ",true"...)
			}
			dst = append(dst, ']')
		}
		dst = append(dst, ']')
	}
	if len(m.Sensitive) > 0 {
		dst = append(dst, `,"secret":`...)
		dst = appendStrings(dst, m.Sensitive)
	}
	if m.Late {
		dst = append(dst, `,"late":true`...)
	}
	dst = appendIntField(dst, "shift", m.Shifted)
	if m.StateOnly {
		dst = append(dst, `,"record":true`...)
	}
	dst = appendField(dst, "from", m.From)
	if m.Before != nil {
		dst = append(dst, `,"was":`...)
		dst = appendMessage(dst, m.Before, true)
	}
	if m.After != nil && m.Action != NoOp {
		dst = append(dst, `,"is":`...)
		// The muid of a message to be sent follows from its key, but for one in
		// doubt, which is sent again as it was.
		dst = appendMessage(dst, m.After, m.Before != nil && m.After.MUID == m.Before.MUID)
	}
	return append(dst, '}', '\n')
}

func appendMessage(dst []byte, m *state.Message, withMUID bool) []byte {
	dst = append(dst, `{"key":`...)
	dst = appendString(dst, m.Key)
	if withMUID {
		dst = appendField(dst, "muid", m.MUID)
	}
	dst = appendIntField(dst, "gen", int64(m.Generation))
	dst = appendField(dst, "id", m.ID)
	if m.InDoubt {
		dst = append(dst, `,"inDoubt":true`...)
	}
	dst = appendField(dst, "sender", m.Sender)
	dst = appendField(dst, "type", m.Type)
	dst = appendField(dst, "text", m.Text)
	if len(m.Attachments) > 0 {
		dst = append(dst, `,"attachments":`...)
		dst = appendAttachments(dst, m.Attachments)
	}
	dst = appendRaw(dst, "customData", m.CustomData)
	dst = appendRaw(dst, "metadata", m.Metadata)
	if len(m.Tags) > 0 {
		dst = append(dst, `,"tags":`...)
		dst = appendStrings(dst, m.Tags)
	}
	dst = append(dst, `,"sentAt":`...)
	dst = strconv.AppendInt(dst, m.SentAt, 10)
	dst = appendField(dst, "at", m.At)
	dst = appendField(dst, "after", m.After)
	dst = appendField(dst, "expect", m.Expect)
	dst = appendField(dst, "moderation", m.Moderation)
	if len(m.Sealed) > 0 {
		dst = append(dst, `,"sealed":{`...)
		for i, name := range slices.Sorted(maps.Keys(m.Sealed)) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(dst, name)
			dst = append(dst, ':')
			dst = appendString(dst, m.Sealed[name])
		}
		dst = append(dst, '}')
	}
	if len(m.Carries) > 0 {
		dst = append(dst, `,"carries":[`...)
		for i, o := range m.Carries {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(dst, o.String())
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

func appendAttachments(dst []byte, list []state.Attachment) []byte {
	dst = append(dst, '[')
	for i, a := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"url":`...)
		dst = appendString(dst, a.URL)
		dst = appendField(dst, "name", a.Name)
		dst = appendField(dst, "mimeType", a.MimeType)
		dst = appendField(dst, "extension", a.Extension)
		dst = appendField(dst, "size", a.Size)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

func appendField(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	return appendString(appendName(dst, name), value)
}

func appendIntField(dst []byte, name string, n int64) []byte {
	if n == 0 {
		return dst
	}
	return strconv.AppendInt(appendName(dst, name), n, 10)
}

func appendRaw(dst []byte, name string, raw json.RawMessage) []byte {
	if len(raw) == 0 {
		return dst
	}
	dst = appendName(dst, name)
	if bytes.IndexByte(raw, '\n') < 0 {
		return append(dst, raw...)
	}
	line := bytes.NewBuffer(dst)
	if err := json.Compact(line, raw); err != nil {
		panic("planner: a JSON value that is none: " + err.Error())
	}
	return line.Bytes()
}

func appendName(dst []byte, name string) []byte {
	dst = append(dst, ',', '"')
	dst = append(dst, name...)
	return append(dst, '"', ':')
}

func appendStrings(dst []byte, list []string) []byte {
	dst = append(dst, '[')
	for i, s := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, s)
	}
	return append(dst, ']')
}

// appendString appends s as a JSON string with no escapes but those that JSON
// demands. Bytes that are not UTF-8 become U+FFFD, as encoding/json has it.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c < 0x20 || c == '"' || c == '\\' {
				dst = append(dst, s[start:i]...)
				dst = appendEscape(dst, c)
				start = i + 1
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			dst = append(dst, s[start:i]...)
			dst = append(dst, "\uFFFD"...)
			start = i + 1
		}
		i += size
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

func appendEscape(dst []byte, c byte) []byte {
	const digits = "0123456789abcdef"
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
	return append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&0xF])
}
