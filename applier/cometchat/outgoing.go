package cometchat

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/sowdev/sow/applier"
)

// outgoingRoom is about how long the body of a message is.
func outgoingRoom(m *applier.Outgoing) int {
	d := &m.Data
	return 384 + len(d.Text) + len(d.Text)/8 + len(d.CustomData) + len(d.Metadata) + 256*len(d.Attachments)
}

// appendOutgoing appends the body of POST /moderation/messages (page "Send
// message" of the moderation API). It is written by hand, because there may be
// millions. An error says that a value which should be JSON is none.
func appendOutgoing(dst []byte, m *applier.Outgoing) ([]byte, error) {
	dst = append(dst, `{"category":"message"`...)
	dst = appendText(dst, "type", orText(m.Type))
	dst = append(dst, `,"data":`...)
	dst, err := appendData(dst, &m.Data)
	if err != nil {
		return nil, err
	}
	dst = appendText(dst, "sender", m.Sender)
	dst = appendText(dst, "receiver", m.Receiver)
	dst = appendText(dst, "receiverType", m.ReceiverType)
	if m.MUID != "" { // an empty one is refused
		dst = appendText(dst, "muid", m.MUID)
	}
	if len(m.Tags) > 0 {
		dst = append(dst, `,"tags":`...)
		separator := byte('[')
		for _, tag := range m.Tags {
			dst = appendQuoted(append(dst, separator), tag)
			separator = ','
		}
		dst = append(dst, ']')
	}
	if m.SentAt != 0 {
		dst = append(dst, `,"sentAt":`...)
		dst = strconv.AppendInt(dst, m.SentAt, 10)
	}
	if u := m.SenderDetails; u != nil {
		if dst, err = appendValue(dst, "senderUserDetails", detailsOfUser(u)); err != nil {
			return nil, err
		}
	}
	if u := m.ReceiverDetails; u != nil {
		if dst, err = appendValue(dst, "receiverUserDetails", detailsOfUser(u)); err != nil {
			return nil, err
		}
	}
	if g := m.GroupDetails; g != nil {
		if dst, err = appendValue(dst, "receiverGroupDetails", detailsOfGroup(g)); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

func orText(kind string) string {
	if kind == "" {
		return "text"
	}
	return kind
}

// appendData appends the content of a message.
func appendData(dst []byte, d *applier.MessageData) ([]byte, error) {
	if len(d.CustomData) == 0 && len(d.Metadata) == 0 && len(d.Attachments) == 0 && d.Text != "" {
		dst = append(dst, `{"text":`...)
		return append(appendQuoted(dst, d.Text), '}'), nil
	}
	encoded, err := encode(bodyOf(*d))
	return append(dst, encoded...), err
}

func appendText(dst []byte, name, value string) []byte {
	return appendQuoted(appendName(dst, name), value)
}

func appendValue(dst []byte, name string, v any) ([]byte, error) {
	encoded, err := encode(v)
	return append(appendName(dst, name), encoded...), err
}

func appendName(dst []byte, name string) []byte {
	dst = append(dst, ',', '"')
	dst = append(dst, name...)
	return append(dst, '"', ':')
}

// appendQuoted appends a JSON string. Bytes that are not UTF-8 become U+FFFD.
func appendQuoted(dst []byte, s string) []byte {
	dst, _ = jsontext.AppendQuote(dst, s) // which also returns an error for those
	return dst
}
