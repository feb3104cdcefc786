package emulator

import (
	"bytes"
	"strconv"
)

// shown is a message with all that an answer says of it. It is put together
// under the lock, and encoded after it.
type shown struct {
	m        *message
	sender   []byte // entities, their closing braces missing; nil for one that is gone
	receiver []byte
	members  int // of the group that is the receiver
	toGroup  bool
	conv     string
	status   string // moderation
	muid     bool
	tags     bool
	number   bool // ids are numbers
	injected bool
	behalf   string
	mentions []byte // an object, or nil
}

// show puts a message together for a read.
func (s *Server) show(c *call, m *message) *shown {
	v := &shown{
		m: m, conv: m.conv.id, toGroup: m.conv.isGroup(),
		status:   s.moderation(c.quirks, m, c.now),
		muid:     c.quirks.of(muidReadback) == "everywhere",
		tags:     true,
		number:   c.quirks.of(messageIDType) == "number",
		injected: c.quirks.of(injectedFields) == "defaults_and_metadata",
		behalf:   c.behalf,
	}
	if m.category == "action" {
		return v
	}
	if p := s.data.people[m.sender]; p != nil {
		v.sender = p.entity
	} else if m.sender == systemUID {
		v.sender = appendSystem(nil)
	}
	if v.toGroup {
		if r := s.data.rooms[m.receiver]; r != nil {
			v.receiver, v.members = r.entity, r.size
		}
	} else if p := s.data.people[m.receiver]; p != nil {
		v.receiver = p.entity
	}
	if bytes.Contains(m.data, []byte(mentionMark)) {
		v.mentions = s.mentionsIn(m)
	}
	return v
}

// showSent puts a message together for the answer to its own send.
func (s *Server) showSent(c *call, m *message) *shown {
	v := s.show(c, m)
	v.muid = c.quirks.of(muidReadback) != "nowhere"
	return v
}

func (s *Server) mentionsIn(m *message) []byte {
	o := begin(nil)
	for _, uid := range mentioned(textOf(m.data)) {
		if p := s.data.active(uid); p != nil {
			o.name(quoted(uid))
			o.b = append(append(o.b, p.entity...), '}')
		}
	}
	return o.end()
}

// append appends the message as JSON.
func (v *shown) append(dst []byte) []byte {
	m := v.m
	o := begin(dst)
	v.id(&o, "id", m.id)
	if v.muid {
		o.some("muid", m.muid)
	}
	o.text("conversationId", v.conv)
	o.text("sender", m.sender)
	o.text("receiverType", receiverType(v.toGroup))
	o.text("receiver", m.receiver)
	o.text("category", m.category)
	o.text("type", m.kind)
	o.name("data")
	o.b = v.appendData(o.b)
	if m.parent != 0 {
		v.id(&o, "parentId", m.parent)
	}
	o.number("sentAt", m.sentAt)
	if m.editedAt != 0 {
		o.number("editedAt", m.editedAt)
		o.text("editedBy", m.editedBy)
	}
	if m.deletedAt != 0 {
		o.number("deletedAt", m.deletedAt)
		o.text("deletedBy", m.deletedBy)
	}
	o.number("updatedAt", m.updatedAt)
	if v.tags {
		o.texts("tags", m.tags)
	}
	return o.end()
}

func receiverType(group bool) string {
	if group {
		return "group"
	}
	return "user"
}

// id writes a message id in the form that the app gives them.
func (v *shown) id(o *object, name string, id int64) {
	if v.number {
		o.number(name, id)
		return
	}
	o.name(name)
	o.b = append(strconv.AppendInt(append(o.b, '"'), id, 10), '"')
}

func (v *shown) appendData(dst []byte) []byte {
	m := v.m
	o := object{append(dst, '{')}
	switch {
	case m.category == "action":
		return append(append(o.b, m.data...), '}')
	case m.deletedAt != 0: // only that it was there is told
	case v.injected:
		o.b = v.appendInjected(o.b)
	default:
		o.b = append(o.b, m.data...)
	}
	if v.sender != nil || v.receiver != nil {
		o.name("entities")
		o.b = v.appendEntities(o.b)
	}
	if len(v.mentions) > 2 {
		o.raw("mentions", v.mentions)
	}
	if len(m.reactions) > 0 {
		o.name("reactions")
		o.b = appendReactionCounts(o.b, m.reactions, v.behalf)
	}
	if v.status != "" {
		o.name("moderation")
		inner := begin(o.b)
		inner.text("status", v.status)
		o.b = inner.end()
	}
	return o.end()
}

// appendInjected appends the content with what extensions add to its metadata.
func (v *shown) appendInjected(dst []byte) []byte {
	const injected = `{"metadata":{"@injected":{"extensions":{}}}}`
	data := objectOf(v.m.data)
	with := value(injected)
	if metadata := data.field("metadata"); metadata != nil {
		o := begin(nil)
		o.raw("metadata", mergeObjects(metadata, with.field("metadata")))
		with = o.end()
	}
	merged := mergeObjects(data, with)
	return append(dst, merged[1:len(merged)-1]...)
}

func (v *shown) appendEntities(dst []byte) []byte {
	o := begin(dst)
	if v.sender != nil {
		o.name("sender")
		e := object{append(append(o.b, `{"entity":`...), v.sender...)}
		if !v.toGroup {
			e.text("conversationId", v.conv)
		}
		e.b = append(e.b, `},"entityType":"user"}`...)
		o.b = e.b
	}
	if v.receiver != nil {
		o.name("receiver")
		e := object{append(append(o.b, `{"entity":`...), v.receiver...)}
		if v.toGroup {
			e.number("membersCount", int64(v.members))
		}
		o.b = append(append(append(e.b, `},"entityType":"`...), receiverType(v.toGroup)...), `"}`...)
	}
	return o.end()
}

func appendReactionCounts(dst []byte, reactions []reaction, behalf string) []byte {
	var order []string
	count, mine := make(map[string]int64), make(map[string]bool)
	for _, r := range reactions {
		if count[r.Reaction] == 0 {
			order = append(order, r.Reaction)
		}
		count[r.Reaction]++
		mine[r.Reaction] = mine[r.Reaction] || r.UID == behalf
	}
	dst = append(dst, '[')
	for i, name := range order {
		if i > 0 {
			dst = append(dst, ',')
		}
		o := begin(dst)
		o.text("reaction", name)
		o.number("count", count[name])
		if mine[name] {
			o.boolean("reactedByMe", true)
		}
		dst = o.end()
	}
	return append(dst, ']')
}

// replyMessage makes a message the answer.
func (c *call) replyMessage(v *shown) {
	o := begin(c.out)
	o.name("data")
	o.b = v.append(o.b)
	c.out = o.end()
}
