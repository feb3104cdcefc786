package emulator

import (
	"strconv"
)

// findMessage returns the message that the path names.
func (s *Server) findMessage(c *call) (*message, *failure) {
	id, err := strconv.ParseInt(c.args[0], 10, 64)
	m := s.data.message(id)
	switch {
	case err != nil || m == nil:
		return nil, refuse(codeMessageNotFound, "There is no message with the id "+c.args[0]+".")
	case !c.visible(m):
		return nil, refuse(codeNoAccess, "The message is not ready yet.")
	case !s.mayRead(c, m):
		return nil, refuse(codeNoAccess, "The user "+c.behalf+" takes no part in the conversation.")
	}
	return m, nil
}

// getMessage is GET /messages/{id}.
func (s *Server) getMessage(c *call) *failure {
	s.mu.Lock()
	m, f := s.findMessage(c)
	if f != nil {
		s.mu.Unlock()
		return f
	}
	v := s.show(c, m)
	s.mu.Unlock()
	c.replyMessage(v)
	return nil
}

// editMessage is PUT /messages/{id}. It answers with an action message about
// the edit.
func (s *Server) editMessage(c *call) *failure {
	v, f := bodyObject(c, maxBody)
	if f != nil {
		return f
	}
	if v.field("data").missing() && v.field("tags").missing() {
		return invalid(codeBadRequest, "data", "data or tags is required")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, f := s.findOwn(c)
	if f != nil {
		return f
	}
	m, f = s.edit(c, m, v)
	if f != nil {
		return f
	}
	s.replyAction(c, m, "edited")
	return nil
}

// findOwn is findMessage for a change, which a user may make to their own
// messages only.
func (s *Server) findOwn(c *call) (*message, *failure) {
	m, f := s.findMessage(c)
	if f == nil && c.behalf != "" && m.sender != c.behalf {
		return nil, refuse(codeNotASender, "The user "+c.behalf+" did not send the message.")
	}
	return m, f
}

// edit changes a message as the body says, and has it moderated again.
func (s *Server) edit(c *call, m *message, v value) (*message, *failure) {
	if m.category == "action" || m.deletedAt != 0 {
		return nil, refuse(codeActionNotAllowed, "The message cannot be edited.")
	}
	again := *m
	var k checks
	if tags := v.field("tags"); !tags.missing() {
		again.tags = k.tags("tags", tags)
	}
	if f := k.failure(); f != nil {
		return nil, f
	}
	if data := v.field("data"); !data.missing() {
		if data.isObject() && c.quirks.of(metadataPut) == "merge" {
			data = mergeData(objectOf(m.data), data)
		}
		content, f := s.readContent(c.quirks, m.category, m.kind, data)
		if f != nil {
			return nil, f
		}
		again.data = content.fields
		if m.moderatedAt != 0 {
			again.moderatedAt, again.bad = c.now.UnixNano(), s.isBad(content.text)
		}
	}
	again.editedAt, again.updatedAt, again.editedBy = c.seconds(), c.seconds(), c.actor()
	s.putMessage(&again)
	return &again, nil
}

// mergeData overlays new content on old, and its metadata on the old one.
func mergeData(old, with value) value {
	merged := mergeObjects(old, with)
	if a, b := old.field("metadata"), with.field("metadata"); a.isObject() && b.isObject() {
		o := begin(nil)
		o.raw("metadata", mergeObjects(a, b))
		merged = mergeObjects(merged, o.end())
	}
	return merged
}

// actor is the user who does what the request asks for.
func (c *call) actor() string {
	if c.behalf != "" {
		return c.behalf
	}
	return systemUID
}

// mark marks a message as deleted.
func (s *Server) mark(c *call, m *message) *message {
	if m.deletedAt != 0 {
		return m
	}
	again := *m
	again.deletedAt, again.updatedAt, again.deletedBy = c.seconds(), c.seconds(), c.actor()
	s.putMessage(&again)
	return &again
}

// deleteMessage is DELETE /messages/{id}.
func (s *Server) deleteMessage(c *call) *failure {
	v, f := bodyObject(c, maxEntityBody)
	if f != nil {
		return f
	}
	permanent, ok := v.field("permanent").boolean()
	if !ok && !v.field("permanent").missing() {
		return invalid(codeBadRequest, "permanent", "permanent must be true or false")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, f := s.findOwn(c)
	switch {
	case f != nil:
		return f
	case m.category == "action" && !permanent:
		return refuse(codeActionNotAllowed, "An action message cannot be deleted.")
	}
	m = s.mark(c, m)
	if permanent {
		s.removeMessage(m)
	}
	switch c.quirks.of(messageDeleteResponse) {
	case "success_object":
		c.replySuccess("The message %d was deleted.", m.id)
	case "action_edited":
		s.replyAction(c, m, "edited")
	default:
		s.replyAction(c, m, "deleted")
	}
	return nil
}

// replyAction answers with an action message about a message. It has an id of
// its own, and is not in any list.
func (s *Server) replyAction(c *call, m *message, action string) {
	v := s.show(c, m)
	o := begin(nil)
	v.id(&o, "id", s.data.nextID())
	s.log.next(int64(len(s.data.messages)))
	o.text("conversationId", m.conv.id)
	o.text("sender", m.sender)
	o.text("receiverType", receiverType(v.toGroup))
	o.text("receiver", m.receiver)
	o.text("category", "action")
	o.text("type", "message")
	o.name("data")
	data := begin(o.b)
	data.text("action", action)
	data.name("entities")
	e := begin(data.b)
	by := appendSystem(nil)
	if p := s.data.people[c.behalf]; p != nil {
		by = p.entity
	}
	e.raw("by", appendEntityOf(nil, by, "user"))
	if v.receiver != nil {
		e.raw("for", appendEntityOf(nil, v.receiver, receiverType(v.toGroup)))
	}
	on := v.append(nil)
	e.raw("on", appendEntityOf(nil, on[:len(on)-1], "message"))
	data.b = e.end()
	o.b = data.end()
	o.number("sentAt", c.seconds())
	o.number("updatedAt", c.seconds())
	c.reply(o.end())
}
