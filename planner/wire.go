package planner

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/sowdev/sow/state"
	"github.com/sowdev/sow/state/jsonline"
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
	dst = jsonline.AppendField(dst, "file", m.Source.File)
	dst = appendIntField(dst, "line", int64(m.Source.Line))
	dst = jsonline.AppendField(dst, "why", m.Reason)
	if len(m.Fields) > 0 {
		dst = append(dst, `,"fields":[`...)
		for i, f := range m.Fields {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, '[')
			dst = jsonline.AppendText(dst, f.Name)
			dst = append(dst, ',')
			dst = jsonline.AppendText(dst, f.Old)
			dst = append(dst, ',')
			dst = jsonline.AppendText(dst, f.New)
			if f.StateOnly {
				dst = append(dst, ",true"...)
			}
			dst = append(dst, ']')
		}
		dst = append(dst, ']')
	}
	if len(m.Sensitive) > 0 {
		dst = append(dst, `,"secret":`...)
		dst = jsonline.AppendTexts(dst, m.Sensitive)
	}
	if m.Late {
		dst = append(dst, `,"late":true`...)
	}
	dst = appendIntField(dst, "shift", m.Shifted)
	if m.StateOnly {
		dst = append(dst, `,"record":true`...)
	}
	dst = jsonline.AppendField(dst, "from", m.From)
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
	dst = jsonline.AppendText(dst, m.Key)
	if withMUID {
		dst = jsonline.AppendField(dst, "muid", m.MUID)
	}
	dst = appendIntField(dst, "gen", int64(m.Generation))
	dst = jsonline.AppendField(dst, "id", m.ID)
	if m.InDoubt {
		dst = append(dst, `,"inDoubt":true`...)
	}
	dst = jsonline.AppendField(dst, "sender", m.Sender)
	dst = jsonline.AppendField(dst, "type", m.Type)
	dst = jsonline.AppendField(dst, "text", m.Text)
	if len(m.Attachments) > 0 {
		dst = append(dst, `,"attachments":`...)
		dst = appendAttachments(dst, m.Attachments)
	}
	dst = appendRaw(dst, "customData", m.CustomData)
	dst = appendRaw(dst, "metadata", m.Metadata)
	if len(m.Tags) > 0 {
		dst = append(dst, `,"tags":`...)
		dst = jsonline.AppendTexts(dst, m.Tags)
	}
	dst = append(dst, `,"sentAt":`...)
	dst = strconv.AppendInt(dst, m.SentAt, 10)
	dst = jsonline.AppendField(dst, "at", m.At)
	dst = jsonline.AppendField(dst, "after", m.After)
	dst = jsonline.AppendField(dst, "expect", m.Expect)
	dst = jsonline.AppendField(dst, "moderation", m.Moderation)
	if len(m.Sealed) > 0 {
		dst = append(dst, `,"sealed":{`...)
		for i, name := range slices.Sorted(maps.Keys(m.Sealed)) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = jsonline.AppendText(dst, name)
			dst = append(dst, ':')
			dst = jsonline.AppendText(dst, m.Sealed[name])
		}
		dst = append(dst, '}')
	}
	if len(m.Carries) > 0 {
		dst = append(dst, `,"carries":[`...)
		for i, o := range m.Carries {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = jsonline.AppendText(dst, o.String())
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
		dst = jsonline.AppendText(dst, a.URL)
		dst = jsonline.AppendField(dst, "name", a.Name)
		dst = jsonline.AppendField(dst, "mimeType", a.MimeType)
		dst = jsonline.AppendField(dst, "extension", a.Extension)
		dst = jsonline.AppendField(dst, "size", a.Size)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

func appendIntField(dst []byte, name string, n int64) []byte {
	if n == 0 {
		return dst
	}
	return strconv.AppendInt(jsonline.AppendName(dst, name), n, 10)
}

func appendRaw(dst []byte, name string, raw json.RawMessage) []byte {
	if len(raw) == 0 {
		return dst
	}
	dst = jsonline.AppendName(dst, name)
	if bytes.IndexByte(raw, '\n') < 0 {
		return append(dst, raw...)
	}
	line := bytes.NewBuffer(dst)
	if err := json.Compact(line, raw); err != nil {
		panic("planner: a JSON value that is none: " + err.Error())
	}
	return line.Bytes()
}
