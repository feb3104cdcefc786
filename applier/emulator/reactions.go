package emulator

import (
	"math"
	"slices"
	"unicode/utf8"
)

// react is POST /messages/{id}/reactions/{reaction}.
func (s *Server) react(c *call) *failure {
	name := c.args[1]
	if n := utf8.RuneCountInString(name); n > maxReaction {
		return invalid(codeBadRequest, "reaction", "a reaction has at most 45 characters")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, f := s.findReacting(c)
	if f != nil {
		return f
	}
	distinct := make(map[string]bool)
	for _, r := range m.reactions {
		distinct[r.Reaction] = true
		if r.Reaction == name && r.UID == c.behalf {
			if c.quirks.of(reactionDuplicate) == "reject" {
				return invalid(codeBadRequest, "reaction", "the user has reacted so already")
			}
			c.replyMessage(s.show(c, m))
			return nil
		}
	}
	if !distinct[name] && len(distinct) >= maxReactions {
		return invalid(codeBadRequest, "reaction", "a message has at most 25 different reactions")
	}
	s.data.reactionID++
	again := *m
	again.reactions = append(slices.Clone(m.reactions), reaction{ID: s.data.reactionID, Reaction: name, UID: c.behalf, At: c.seconds()})
	s.putMessage(&again)
	c.replyMessage(s.show(c, &again))
	return nil
}

// unreact is DELETE /messages/{id}/reactions/{reaction}.
func (s *Server) unreact(c *call) *failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, f := s.findReacting(c)
	if f != nil {
		return f
	}
	again := *m
	again.reactions = slices.DeleteFunc(slices.Clone(m.reactions), func(r reaction) bool {
		return r.UID == c.behalf && r.Reaction == c.args[1]
	})
	s.putMessage(&again)
	c.replyMessage(s.show(c, &again))
	return nil
}

// findReacting returns the message for a user who reacts to it.
func (s *Server) findReacting(c *call) (*message, *failure) {
	if c.behalf == "" {
		return nil, invalid(codeBadRequest, "onBehalfOf", "the header onBehalfOf is required")
	}
	if _, f := s.findUser(c.behalf); f != nil {
		return nil, f
	}
	m, f := s.findMessage(c)
	if f == nil && (m.deletedAt != 0 || m.category == "action") {
		return nil, refuse(codeActionNotAllowed, "Nobody can react to that message.")
	}
	return m, f
}

// listReactions is GET /messages/{id}/reactions and, for one of them,
// …/reactions/{reaction}.
func (s *Server) listReactions(c *call) *failure {
	query := c.query()
	var k checks
	limit := queryInt(query, "limit", 1, maxPerPage, 100, &k)
	from := queryInt64(query, "id", &k)
	if f := k.failure(); f != nil {
		return f
	}
	back := query.Get("affix") == "prepend"
	s.mu.Lock()
	defer s.mu.Unlock()
	m, f := s.findMessage(c)
	if f != nil {
		return f
	}
	if back && from == 0 {
		from = math.MaxInt64
	}
	list := slices.DeleteFunc(slices.Clone(m.reactions), func(r reaction) bool {
		return len(c.args) > 1 && r.Reaction != c.args[1] || back && r.ID >= from || !back && r.ID <= from
	})
	if len(list) > limit {
		if back {
			list = list[len(list)-limit:]
		} else {
			list = list[:limit]
		}
	}
	s.replyReactions(c, m, list, limit, back)
	return nil
}

func (s *Server) replyReactions(c *call, m *message, list []reaction, limit int, back bool) {
	v := shown{number: c.quirks.of(messageIDType) == "number"}
	o := begin(nil)
	o.name("data")
	o.b = append(o.b, '[')
	for i, r := range list {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		item := begin(o.b)
		v.id(&item, "id", r.ID)
		v.id(&item, "messageId", m.id)
		item.text("reaction", r.Reaction)
		item.text("uid", r.UID)
		item.number("reactedAt", r.At)
		if p := s.data.people[r.UID]; p != nil {
			item.raw("reactedBy", append(slices.Clone(p.entity), '}'))
		}
		o.b = item.end()
	}
	o.b = append(o.b, ']')
	o.name("meta")
	meta := begin(o.b)
	meta.name("current")
	current := begin(meta.b)
	current.number("limit", int64(limit))
	current.number("count", int64(len(list)))
	meta.b = current.end()
	if len(list) > 0 {
		affix, last := "append", list[len(list)-1]
		if back {
			affix, last = "prepend", list[0]
		}
		meta.name("next")
		next := begin(meta.b)
		next.text("affix", affix)
		v.id(&next, "id", last.ID)
		meta.b = next.end()
	}
	o.b = meta.end()
	c.out = append(c.out, o.end()...)
}
