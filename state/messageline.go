package state

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state/jsonline"
)

// A message's line is written by hand and read by hand, because there may be
// millions. Its attributes, in this order:
//
//	msg          key
//	sent         UNIX seconds
//	from         uid
//	type, text, attachments (url, name, mime, ext, size), customData, metadata,
//	tags, at, after, expect, gen, sealed     as in Message; left out when empty
//	muid         left out when it is the one that MUID derives
//	id, mod      what the app answered
//	doubt        true while in doubt
//	carries      addresses, while in doubt
//	gone         true when it was deleted, in the state of a shard
//
// What stands before id is the message's body: it does not change between
// intent and receipt.

const messagePrefix = `{"msg":`

// appendMessage appends m as an object. The muid is left out when it equals
// derived.
func appendMessage(dst []byte, m *Message, derived string) ([]byte, error) {
	dst, err := appendBody(dst, m, derived)
	if err != nil {
		return dst, err
	}
	return appendOutcome(dst, m), nil
}

// appendBody appends all of the object that comes before id, without its
// closing brace.
func appendBody(dst []byte, m *Message, derived string) ([]byte, error) {
	if m.Key == "" || m.SentAt < 0 {
		return dst, fmt.Errorf("a message with the key %q and the time %d cannot be stored", m.Key, m.SentAt)
	}
	dst = append(dst, messagePrefix...)
	dst = jsonline.AppendText(dst, m.Key)
	dst = append(dst, `,"sent":`...)
	dst = strconv.AppendInt(dst, m.SentAt, 10)
	dst = append(dst, `,"from":`...)
	dst = jsonline.AppendText(dst, m.Sender)
	dst = jsonline.AppendField(dst, "type", m.Type)
	dst = jsonline.AppendField(dst, "text", m.Text)
	if len(m.Attachments) > 0 {
		dst = append(dst, `,"attachments":[`...)
		for i, a := range m.Attachments {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendAttachment(dst, a)
		}
		dst = append(dst, ']')
	}
	var err error
	if len(m.CustomData) > 0 {
		dst = append(dst, `,"customData":`...)
		if dst, err = jsonline.AppendRaw(dst, m.CustomData); err != nil {
			return dst, err
		}
	}
	if len(m.Metadata) > 0 {
		dst = append(dst, `,"metadata":`...)
		if dst, err = jsonline.AppendRaw(dst, m.Metadata); err != nil {
			return dst, err
		}
	}
	if len(m.Tags) > 0 {
		dst = append(dst, `,"tags":`...)
		dst = jsonline.AppendTexts(dst, m.Tags)
	}
	dst = jsonline.AppendField(dst, "at", m.At)
	dst = jsonline.AppendField(dst, "after", m.After)
	dst = jsonline.AppendField(dst, "expect", m.Expect)
	if m.Generation != 0 {
		dst = append(dst, `,"gen":`...)
		dst = strconv.AppendInt(dst, int64(m.Generation), 10)
	}
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
	if m.MUID != derived {
		dst = append(dst, `,"muid":`...)
		dst = jsonline.AppendText(dst, m.MUID)
	}
	return dst, nil
}

// sameBody reports whether two messages have the same body: what appendBody
// writes, which bytes that are not UTF-8 and the spelling of JSON may make equal
// besides.
func sameBody(a, b *Message) bool {
	return a.Key == b.Key && a.MUID == b.MUID && a.Generation == b.Generation && a.SentAt == b.SentAt &&
		a.Sender == b.Sender && a.Type == b.Type && a.Text == b.Text &&
		slices.Equal(a.Attachments, b.Attachments) &&
		bytes.Equal(a.CustomData, b.CustomData) && bytes.Equal(a.Metadata, b.Metadata) &&
		slices.Equal(a.Tags, b.Tags) &&
		a.At == b.At && a.After == b.After && a.Expect == b.Expect &&
		maps.Equal(a.Sealed, b.Sealed)
}

// appendOutcome appends what the body leaves out, and the closing brace.
func appendOutcome(dst []byte, m *Message) []byte {
	dst = jsonline.AppendField(dst, "id", m.ID)
	dst = jsonline.AppendField(dst, "mod", m.Moderation)
	if m.InDoubt {
		dst = append(dst, `,"doubt":true`...)
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
	if m.Gone {
		dst = append(dst, `,"gone":true`...)
	}
	return append(dst, '}')
}

func appendAttachment(dst []byte, a Attachment) []byte {
	dst = append(dst, `{"url":`...)
	dst = jsonline.AppendText(dst, a.URL)
	dst = jsonline.AppendField(dst, "name", a.Name)
	dst = jsonline.AppendField(dst, "mime", a.MimeType)
	dst = jsonline.AppendField(dst, "ext", a.Extension)
	dst = jsonline.AppendField(dst, "size", a.Size)
	return append(dst, '}')
}

// decodeMessage reads a message's object. A missing muid is derived, or with
// nil muids an error.
func decodeMessage(line string, muids *MUIDs) (*Message, error) {
	p := messageScanner{jsonline.Scan(line)}
	m := &Message{}
	var seen uint32
	err := p.Object(func(name string) error {
		bit, err := p.messageField(m, name)
		if err == nil && seen&bit != 0 {
			err = fmt.Errorf("%q stands there twice", name)
		}
		seen |= bit
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := p.End(); err != nil {
		return nil, err
	}
	switch {
	case m.Key == "":
		return nil, errors.New(`a message without "msg"`)
	case seen&hasSent == 0:
		return nil, errors.New(`a message without "sent"`)
	case m.SentAt < 0:
		return nil, fmt.Errorf("%d is no time of a message", m.SentAt)
	case seen&hasMUID == 0 && muids == nil:
		return nil, errors.New(`a message without "muid"`)
	case seen&hasMUID == 0:
		m.MUID = muids.Of(m.Key, m.Generation)
	}
	return m, nil
}

// The attributes of a message, one bit each, to notice doubles.
const (
	hasKey uint32 = 1 << iota
	hasSent
	hasFrom
	hasType
	hasText
	hasAttachments
	hasCustomData
	hasMetadata
	hasTags
	hasAt
	hasAfter
	hasExpect
	hasGen
	hasSealed
	hasMUID
	hasID
	hasMod
	hasDoubt
	hasCarries
	hasGone
)

// messageScanner takes messages off a line.
type messageScanner struct{ jsonline.Scanner }

// messageField takes the value of one attribute of a message.
func (p *messageScanner) messageField(m *Message, name string) (bit uint32, err error) {
	switch name {
	case "msg":
		bit = hasKey
		m.Key, err = p.Text()
	case "sent":
		bit = hasSent
		m.SentAt, err = p.Integer()
	case "from":
		bit = hasFrom
		m.Sender, err = p.Text()
	case "type":
		bit = hasType
		m.Type, err = p.Text()
	case "text":
		bit = hasText
		m.Text, err = p.Text()
	case "attachments":
		bit = hasAttachments
		m.Attachments, err = p.attachments()
	case "customData":
		bit = hasCustomData
		m.CustomData, err = p.Raw()
	case "metadata":
		bit = hasMetadata
		m.Metadata, err = p.Raw()
	case "tags":
		bit = hasTags
		m.Tags, err = p.Texts()
	case "at":
		bit = hasAt
		m.At, err = p.Text()
	case "after":
		bit = hasAfter
		m.After, err = p.Text()
	case "expect":
		bit = hasExpect
		m.Expect, err = p.Text()
	case "gen":
		bit = hasGen
		m.Generation, err = p.generation()
	case "sealed":
		bit = hasSealed
		m.Sealed, err = p.TextMap()
	case "muid":
		bit = hasMUID
		m.MUID, err = p.Text()
	case "id":
		bit = hasID
		m.ID, err = p.Text()
	case "mod":
		bit = hasMod
		m.Moderation, err = p.Text()
	case "doubt":
		bit = hasDoubt
		m.InDoubt, err = p.Boolean()
	case "carries":
		bit = hasCarries
		m.Carries, err = p.addresses()
	case "gone":
		bit = hasGone
		m.Gone, err = p.Boolean()
	default:
		err = fmt.Errorf("a message has no %q", name)
	}
	return bit, err
}

func (p *messageScanner) generation() (int, error) {
	n, err := p.Integer()
	if err == nil && (n < 0 || n > math.MaxInt32) {
		err = fmt.Errorf("%d is no generation", n)
	}
	return int(n), err
}

func (p *messageScanner) addresses() (list []addr.Object, err error) {
	err = p.Array(func() error {
		text, err := p.Text()
		if err != nil {
			return err
		}
		o, err := addr.ParseObject(text)
		list = append(list, o)
		return err
	})
	return list, err
}

func (p *messageScanner) attachments() (list []Attachment, err error) {
	err = p.Array(func() error {
		var a Attachment
		err := p.Object(func(name string) (err error) {
			switch name {
			case "url":
				a.URL, err = p.Text()
			case "name":
				a.Name, err = p.Text()
			case "mime":
				a.MimeType, err = p.Text()
			case "ext":
				a.Extension, err = p.Text()
			case "size":
				a.Size, err = p.Text()
			default:
				err = fmt.Errorf("an attachment has no %q", name)
			}
			return err
		})
		list = append(list, a)
		return err
	})
	return list, err
}

// place is where a message stands in its conversation.
type place struct {
	sent int64
	key  []byte
}

func (p place) compare(q place) int {
	if p.sent != q.sent {
		if p.sent < q.sent {
			return -1
		}
		return 1
	}
	return bytes.Compare(p.key, q.key)
}

// placeOf reads key and time off the front of a message's object, as sow
// writes it, without allocating; other forms take the long way.
func placeOf(object []byte) (place, error) {
	if rest, ok := bytes.CutPrefix(object, []byte(messagePrefix+`"`)); ok {
		if key, rest, ok := bytes.Cut(rest, []byte(`","sent":`)); ok && bytes.IndexByte(key, '\\') < 0 && bytes.IndexByte(key, '"') < 0 {
			if sent, ok := leadingInt(rest); ok {
				return place{sent: sent, key: key}, nil
			}
		}
	}
	m, err := decodeMessage(string(object), &MUIDs{})
	if err != nil {
		return place{}, err
	}
	return place{sent: m.SentAt, key: []byte(m.Key)}, nil
}

// leadingInt reads a whole number that a comma follows.
func leadingInt(b []byte) (int64, bool) {
	digits, _, ok := bytes.Cut(b, []byte{','})
	if !ok || len(digits) == 0 || len(digits) > 18 {
		return 0, false
	}
	var n int64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}
