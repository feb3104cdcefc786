package emulator

// sendReply is POST /messages/{id}/thread. It takes neither a muid nor a time.
func (s *Server) sendReply(c *call) *failure {
	if c.behalf == "" {
		return invalid(codeBadRequest, "onBehalfOf", "the header onBehalfOf is required")
	}
	d, f := readDraft(c, s, false)
	if f != nil {
		return f
	}
	d.muid = ""
	if f := s.senderLimit(c, d.sender); f != nil {
		return f
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	parent, f := s.findMessage(c)
	if f != nil {
		return f
	}
	if f := checkThread(parent, d); f != nil {
		return f
	}
	d.parent = parent.id
	sent, f := s.deliverDraft(c, d)
	if f != nil || sent == nil {
		return f
	}
	c.replyMessage(sent)
	return nil
}

func checkThread(parent *message, d *draft) *failure {
	switch conv := parent.conv; {
	case parent.category == "action" || parent.deletedAt != 0:
		return refuse(codeThreadCategory, "Nobody can reply to that message.")
	case parent.parent != 0:
		return refuse(codeThreadNesting, "Nobody can reply to a reply.")
	case conv.isGroup() != d.toGroup,
		d.toGroup && conv.guid != d.receiver,
		!d.toGroup && (conv.a != min(d.sender, d.receiver) || conv.b != max(d.sender, d.receiver)):
		return refuse(codeWrongThread, "The message is in another conversation.")
	}
	return nil
}

// listThread is GET /messages/{id}/thread.
func (s *Server) listThread(c *call) *failure {
	query := c.query()
	q, f := s.readMessageQuery(c, query, 100, "perPage", "limit")
	if f != nil {
		return f
	}
	var k checks
	skip := (queryInt(query, "page", 1, 1<<30, 1, &k) - 1) * q.limit
	if f := k.failure(); f != nil {
		return f
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	parent, f := s.findMessage(c)
	if f != nil {
		return f
	}
	narrow := q.keep
	q.index = &parent.conv.index
	q.keep = func(m *message) bool {
		if m.parent != parent.id || !narrow(m) {
			return false
		}
		skip--
		return skip < 0
	}
	s.list(c, q)
	return nil
}
