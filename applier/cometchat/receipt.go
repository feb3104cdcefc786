package cometchat

import (
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/sowdev/sow/applier"
)

// readReceipt reads from the answer to a send what a receipt is made of. There
// may be millions, so that it reads the form that the app usually answers with
// and no other; for what it does not know, and for whatever is not quite right,
// it returns false, and [readMessage] has the word. Where it returns true, that
// would read the same.
func readReceipt(body []byte, sent *applier.Outgoing) (m *applier.Message, ok bool) {
	r := receiptReader{cursor: cursor{b: body}, sent: sent, m: new(applier.Message)}
	if !r.object(r.answerField) || !r.atEnd() || r.m.ID == "" {
		return nil, false
	}
	if e := &r.sender; e.there {
		r.m.SenderEntity = &applier.User{UID: e.uid, CreatedAt: e.created}
	}
	switch e := &r.receiver; {
	case e.there && e.guid != "":
		r.m.GroupEntity = &applier.Group{GUID: e.guid, CreatedAt: e.created}
	case e.there:
		r.m.ReceiverEntity = &applier.User{UID: e.uid, CreatedAt: e.created}
	}
	return r.m, true
}

// receiptReader reads one answer.
type receiptReader struct {
	cursor
	sent             *applier.Outgoing
	m                *applier.Message
	sender, receiver briefEntity
}

// briefEntity is what a receipt needs of a user or a group.
type briefEntity struct {
	there     bool
	uid, guid string
	created   int64
}

func (r *receiptReader) answerField(name []byte) bool {
	if string(name) == "data" {
		return r.object(r.messageField)
	}
	return r.skip()
}

func (r *receiptReader) messageField(name []byte) bool {
	switch string(name) {
	case "id":
		return r.text(&r.m.ID, "")
	case "muid":
		return r.text(&r.m.MUID, r.sent.MUID)
	case "conversationId":
		return r.text(&r.m.ConversationID, "")
	case "sender":
		return r.text(&r.m.Sender, r.sent.Sender)
	case "sentAt":
		return r.seconds(&r.m.SentAt)
	case "data":
		return r.object(r.dataField)
	}
	return r.skip()
}

func (r *receiptReader) dataField(name []byte) bool {
	switch string(name) {
	case "text":
		return r.text(&r.m.Data.Text, r.sent.Data.Text)
	case "moderation":
		return r.object(r.moderationField)
	case "entities":
		return r.object(r.entitiesField)
	}
	return r.skip()
}

func (r *receiptReader) moderationField(name []byte) bool {
	if string(name) == "status" {
		return r.text(&r.m.Moderation, "")
	}
	return r.skip()
}

func (r *receiptReader) entitiesField(name []byte) bool {
	switch string(name) {
	case "sender":
		return r.entity(&r.sender, r.sent.Sender)
	case "receiver":
		return r.entity(&r.receiver, r.sent.Receiver)
	}
	return r.skip()
}

// entity takes a user or a group, which is likely the one with that id.
func (r *receiptReader) entity(e *briefEntity, likely string) bool {
	return r.object(func(name []byte) bool {
		if string(name) != "entity" {
			return r.skip()
		}
		e.there = true
		return r.object(func(name []byte) bool {
			switch string(name) {
			case "uid":
				return r.text(&e.uid, likely)
			case "guid":
				return r.text(&e.guid, likely)
			case "createdAt":
				return r.seconds(&e.created)
			}
			return r.skip()
		})
	})
}

// text takes a string, or the digits of a number. When it is the likely one, it
// shares its memory.
func (r *receiptReader) text(into *string, likely string) bool {
	raw, plain, ok := r.scalar()
	switch {
	case !ok:
		return false
	case plain && string(raw) == likely:
		*into = likely
	case plain:
		*into = string(raw)
	default:
		whole, err := jsontext.AppendUnquote(nil, r.b[r.i-len(raw)-2:r.i])
		if err != nil {
			return false
		}
		*into = string(whole)
	}
	return true
}

// seconds takes a whole number, or a string of one.
func (r *receiptReader) seconds(into *int64) bool {
	raw, _, ok := r.scalar()
	if !ok {
		return false
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	*into = n
	return err == nil
}

// cursor walks through JSON that is in order, and stops at what is not.
type cursor struct {
	b     []byte
	i     int
	depth int
}

// maxDepth bounds the nesting that is followed.
const maxDepth = 32

// peek skips white space and returns what comes next, 0 at the end.
func (c *cursor) peek() byte {
	for ; c.i < len(c.b); c.i++ {
		switch c.b[c.i] {
		case ' ', '\t', '\r', '\n':
		default:
			return c.b[c.i]
		}
	}
	return 0
}

func (c *cursor) atEnd() bool { return c.peek() == 0 && c.i == len(c.b) }

// eat takes the byte if it comes next.
func (c *cursor) eat(want byte) bool {
	if c.peek() != want {
		return false
	}
	c.i++
	return true
}

// object takes an object; field takes the value of each attribute.
func (c *cursor) object(field func(name []byte) bool) bool {
	return c.nested('{', '}', func() bool {
		name, plain, ok := c.quoted()
		return ok && plain && c.eat(':') && field(name)
	})
}

// nested takes what stands between two brackets; element takes each part.
func (c *cursor) nested(open, closing byte, element func() bool) bool {
	if !c.eat(open) || c.depth == maxDepth {
		return false
	}
	if c.eat(closing) {
		return true
	}
	c.depth++
	defer func() { c.depth-- }()
	for element() {
		if c.eat(closing) {
			return true
		}
		if !c.eat(',') {
			return false
		}
	}
	return false
}

// quoted takes a string and returns what stands between its quotes. It is plain
// when that is its text: nothing is escaped, and all of it is UTF-8.
func (c *cursor) quoted() (raw []byte, plain, ok bool) {
	if !c.eat('"') {
		return nil, false, false
	}
	start, high, escaped := c.i, byte(0), false
	for ; c.i < len(c.b); c.i++ {
		switch b := c.b[c.i]; {
		case b == '"':
			raw = c.b[start:c.i]
			c.i++
			return raw, !escaped && (high < utf8.RuneSelf || utf8.Valid(raw)), true
		case b == '\\':
			escaped = true
			c.i++
		case b < ' ':
			return nil, false, false
		default:
			high |= b
		}
	}
	return nil, false, false
}

// scalar takes a string or a number; a number is plain.
func (c *cursor) scalar() (raw []byte, plain, ok bool) {
	if c.peek() == '"' {
		return c.quoted()
	}
	raw, ok = c.number()
	return raw, true, ok
}

// number takes a whole number.
func (c *cursor) number() (raw []byte, ok bool) {
	start := c.i
	c.eat('-')
	digits := c.i
	for c.i < len(c.b) && c.b[c.i] >= '0' && c.b[c.i] <= '9' {
		c.i++
	}
	switch {
	case c.i == digits, c.b[digits] == '0' && c.i > digits+1:
		return nil, false
	case c.i < len(c.b) && (c.b[c.i] == '.' || c.b[c.i]|0x20 == 'e'):
		return nil, false
	}
	return c.b[start:c.i], true
}

// skip takes any value.
func (c *cursor) skip() bool {
	switch b := c.peek(); b {
	case '{':
		return c.object(func([]byte) bool { return c.skip() })
	case '[':
		return c.nested('[', ']', c.skip)
	case 't':
		return c.word("true")
	case 'f':
		return c.word("false")
	case 'n':
		return c.word("null")
	case '"':
		start := c.i
		_, plain, ok := c.quoted()
		if ok && !plain {
			_, err := jsontext.AppendUnquote(nil, c.b[start:c.i])
			ok = err == nil
		}
		return ok
	}
	_, ok := c.number()
	return ok
}

func (c *cursor) word(w string) bool {
	if len(c.b)-c.i < len(w) || string(c.b[c.i:c.i+len(w)]) != w {
		return false
	}
	c.i += len(w)
	return true
}
