package emulator

import (
	"slices"
)

// hasModeration refuses when the app lacks the moderation endpoints.
func hasModeration(c *call, writes bool) *failure {
	switch option := c.quirks.of(endpointAvailability); {
	case option == "gone":
		return refuse(codeAPINotFound, "There is no "+c.endpoint.name()+".")
	case option == "plan_restricted" && writes:
		return planRestriction()
	}
	return nil
}

// moderationPage is how many messages the moderation list gives at once.
const moderationPage = 100

// listModerated is GET /moderation/messages.
func (s *Server) listModerated(c *call) *failure {
	if f := hasModeration(c, false); f != nil {
		return f
	}
	query := c.query()
	paging := c.quirks.of(moderationListPaging)
	number := 1
	if paging != "cursor" {
		var k checks
		number = queryInt(query, "page", 1, 1<<30, 1, &k)
		if f := k.failure(); f != nil && paging == "page" {
			return f
		}
		for _, name := range []string{"affix", "sentAt", "id", "limit"} {
			query.Del(name)
		}
	}
	q, f := s.readMessageQuery(c, query, moderationPage, "limit")
	if f != nil {
		return f
	}
	status := query.Get("moderationStatus")
	if status != "" && !slices.Contains([]string{"disapproved", "pending"}, status) {
		return invalid(codeBadRequest, "moderationStatus", "moderationStatus must be disapproved or pending")
	}
	uid, guid := lower(query.Get("receiverUID")), lower(query.Get("receiverGUID"))
	narrow := q.keep
	q.keep = func(m *message) bool {
		return m.category != "action" && narrow(m) &&
			(uid == "" || !m.conv.isGroup() && m.receiver == uid) &&
			(guid == "" || m.conv.guid == guid) &&
			(status == "" || s.moderation(c.quirks, m, c.now) == status)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(c)
	switch sender := lower(query.Get("sender")); {
	case status != "":
		q.index, q.byID = &s.data.unapproved, true
	case sender != "":
		q.index = s.sentBy(sender)
	default:
		q.index = &s.data.index
	}
	if paging == "page" && number > 1 {
		skip := (number - 1) * q.limit
		narrow := q.keep
		q.keep = func(m *message) bool {
			if !narrow(m) {
				return false
			}
			skip--
			return skip < 0
		}
	}
	s.list(c, q)
	return nil
}

// settle forgets the messages that were approved in the meantime.
func (s *Server) settle(c *call) {
	if c.quirks.of(moderationSwitch) == "off" || c.quirks.of(moderationSettles) == "never" {
		return
	}
	var approved []key
	s.data.unapproved.after(key{-1, 0}, func(k key) bool {
		m := s.data.message(k.id)
		// Whoever comes later was moderated later, but for edits.
		if s.moderation(c.quirks, m, c.now) == "approved" {
			approved = append(approved, k)
		}
		return true
	})
	for _, k := range approved {
		s.data.unapproved.remove(k)
	}
}

// getModerated is GET /moderation/messages/{id}.
func (s *Server) getModerated(c *call) *failure {
	if f := hasModeration(c, false); f != nil {
		return f
	}
	return s.getMessage(c)
}

// editModerated is PUT /moderation/messages/{id}. It answers with the message
// itself.
func (s *Server) editModerated(c *call) *failure {
	if f := hasModeration(c, true); f != nil {
		return f
	}
	v, f := bodyObject(c, maxBody)
	if f != nil {
		return f
	}
	if v.field("data").missing() {
		return invalid(codeBadRequest, "data", "data is required")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, f := s.findMessage(c)
	if f != nil {
		return f
	}
	m, f = s.edit(c, m, v)
	if f != nil {
		return f
	}
	c.replyMessage(s.show(c, m))
	return nil
}

// deleteModerated is DELETE /moderation/messages/{id}.
func (s *Server) deleteModerated(c *call) *failure {
	if f := hasModeration(c, true); f != nil {
		return f
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, f := s.findMessage(c)
	if f != nil {
		return f
	}
	if c.quirks.of(moderationDelete) == "hard" {
		s.removeMessage(m)
	} else {
		s.mark(c, m)
	}
	c.replySuccess("The message %d was deleted.", m.id)
	return nil
}
