package emulator

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// view is a conversation as one user sees it.
type view struct {
	*conversation
	uid string
}

// listConversations is GET /conversations: those of the user for whom the
// request acts, or each user's in turn.
func (s *Server) listConversations(c *call) *failure {
	query := c.query()
	p, f := newPage(query, 100)
	if f != nil {
		return f
	}
	kind, search := query.Get("conversationType"), strings.ToLower(query.Get("searchKey"))
	tags, withTags, unread := queryList(query, "tags"), queryBool(query, "withTags"), queryBool(query, "unread")
	s.mu.Lock()
	defer s.mu.Unlock()
	views, f := s.views(c)
	if f != nil {
		return f
	}
	for _, v := range views {
		if kind != "" && kind != receiverType(v.isGroup()) || !haveAny(v.tags[v.uid], tags) ||
			search != "" && !strings.Contains(strings.ToLower(s.nameOf(v)), search) ||
			unread && s.unread(c, v) == 0 {
			continue
		}
		if p.add() {
			p.b = s.appendConversation(p.b, c, v, withTags)
		}
		if p.more {
			break
		}
	}
	p.reply(c)
	return nil
}

// views returns the conversations to be listed, in the order of the API: by
// user, then the one changed last first, then by the other side.
func (s *Server) views(c *call) ([]view, *failure) {
	var uids []string
	if c.behalf != "" {
		if _, f := s.findUser(c.behalf); f != nil {
			return nil, f
		}
		uids = []string{c.behalf}
	} else {
		for _, p := range s.data.everybody {
			if p.DeactivatedAt == 0 {
				uids = append(uids, p.UID)
			}
		}
		slices.Sort(uids)
	}
	byUser := make(map[string][]view)
	for _, uid := range uids {
		for _, conv := range s.data.people[uid].convs {
			byUser[uid] = append(byUser[uid], view{conv, uid})
		}
	}
	for _, r := range s.data.allRooms {
		conv := s.data.convs[groupPrefix+r.GUID]
		if conv == nil {
			continue
		}
		if c.behalf != "" {
			if r.joined(c.behalf) != nil {
				byUser[c.behalf] = append(byUser[c.behalf], view{conv, c.behalf})
			}
			continue
		}
		for _, m := range r.order {
			if !m.Banned {
				byUser[m.UID] = append(byUser[m.UID], view{conv, m.UID})
			}
		}
	}
	var all []view
	for _, uid := range uids {
		views := slices.DeleteFunc(byUser[uid], func(v view) bool { return v.index.size == 0 })
		slices.SortFunc(views, func(a, b view) int {
			if t, u := s.updated(c, a.conversation), s.updated(c, b.conversation); t != u {
				return int(u - t)
			}
			return strings.Compare(a.with(uid), b.with(uid))
		})
		all = append(all, views...)
	}
	return all, nil
}

// last is the message that a conversation shows as its last one.
func (s *Server) last(c *call, conv *conversation) *message {
	id := conv.arrived
	if c.quirks.of(conversationLastMessage) == "by_sent_at" {
		id = conv.latest.id
	}
	return s.data.message(id)
}

func (s *Server) updated(c *call, conv *conversation) int64 {
	if c.quirks.of(conversationLastMessage) == "by_sent_at" {
		return conv.latest.at
	}
	return conv.updatedAt
}

// nameOf is the name of the other side.
func (s *Server) nameOf(v view) string {
	if v.isGroup() {
		if r := s.data.rooms[v.guid]; r != nil {
			return r.Name
		}
	} else if p := s.data.people[v.with(v.uid)]; p != nil {
		return p.Name
	}
	return v.with(v.uid)
}

// unread counts the messages that a user has not read.
func (s *Server) unread(c *call, v view) int {
	n := 0
	read := v.read[v.uid]
	v.index.before(key{math.MaxInt64, math.MaxInt64}, func(k key) bool {
		if k.id > read {
			if m := s.data.message(k.id); m.sender != v.uid && m.category != "action" && m.deletedAt == 0 && c.visible(m) {
				n++
			}
		}
		return true
	})
	return n
}

func (s *Server) appendConversation(dst []byte, c *call, v view, withTags bool) []byte {
	o := begin(dst)
	o.text("conversationId", v.id)
	o.text("conversationType", receiverType(v.isGroup()))
	o.text("unreadMessageCount", strconv.Itoa(s.unread(c, v)))
	o.number("createdAt", v.createdAt)
	o.number("updatedAt", s.updated(c, v.conversation))
	if m := s.last(c, v.conversation); m != nil && c.visible(m) {
		o.name("lastMessage")
		o.b = s.show(c, m).append(o.b)
	}
	o.name("conversationWith")
	if r := s.data.rooms[v.guid]; r != nil {
		o.b = appendGroup(o.b, r.group, r.view(v.uid), false)
	} else if p := s.data.people[v.with(v.uid)]; p != nil {
		e := object{append(o.b, p.entity...)}
		e.text("conversationId", v.id)
		o.b = e.end()
	} else {
		o.b = append(o.b, '{', '}')
	}
	if withTags {
		o.texts("tags", v.tags[v.uid])
	}
	return o.end()
}

// findConversation returns the conversation that the path names, as the user
// sees it for whom the request acts.
func (s *Server) findConversation(c *call) (view, *failure) {
	if c.behalf == "" {
		return view{}, invalid(codeBadRequest, "onBehalfOf", "the header onBehalfOf is required")
	}
	if _, f := s.findUser(c.behalf); f != nil {
		return view{}, f
	}
	var conv *conversation
	if strings.HasPrefix(c.endpoint.path, "/groups/") {
		r, f := s.openGroup(c, c.args[0])
		if f != nil {
			return view{}, f
		}
		conv = s.data.convs[groupPrefix+r.GUID]
	} else {
		p, f := s.findUser(c.args[0])
		if f != nil {
			return view{}, f
		}
		conv = s.data.pair(c.behalf, p.UID)
	}
	if conv == nil || conv.index.size == 0 {
		return view{}, refuse(codeConversationClosed, "There is no such conversation, or nothing was said in it yet.")
	}
	return view{conv, c.behalf}, nil
}

// getConversation is GET /users/{uid}/conversation and the same of a group.
func (s *Server) getConversation(c *call) *failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, f := s.findConversation(c)
	if f != nil {
		return f
	}
	s.replyConversation(c, v)
	return nil
}

func (s *Server) replyConversation(c *call, v view) {
	b := s.appendConversation(nil, c, v, true)
	if c.quirks.of(conversationGetShape) == "array" {
		b = append(append([]byte{'['}, b...), ']')
	}
	c.reply(b)
}

// updateConversation is PUT /users/{uid}/conversation and the same of a group.
func (s *Server) updateConversation(c *call) *failure {
	body, f := bodyObject(c, maxEntityBody)
	if f != nil {
		return f
	}
	var k checks
	tags := k.tags("tags", body.field("tags"))
	if f := k.failure(); f != nil {
		return f
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v, f := s.findConversation(c)
	if f != nil {
		return f
	}
	if v.tags == nil {
		v.tags = make(map[string][]string)
	}
	v.tags[v.uid] = tags
	s.log.conversation(v.conversation)
	s.replyConversation(c, v)
	return nil
}

// deleteConversation is DELETE /users/{uid}/conversation and the same of a
// group. The messages are removed only where the body says so; otherwise the
// user has read everything.
func (s *Server) deleteConversation(c *call) *failure {
	body, f := bodyObject(c, maxEntityBody)
	if f != nil {
		return f
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v, f := s.findConversation(c)
	if f != nil {
		return f
	}
	if permanent, _ := body.field("deleteMessagesPermanently").boolean(); permanent {
		s.eraseConversation(v.conversation)
	} else {
		s.markRead(v, v.arrived)
	}
	c.replySuccess("The conversation %s was deleted for the user %s.", v.id, v.uid)
	return nil
}

func (s *Server) markRead(v view, upTo int64) {
	if v.read == nil {
		v.read = make(map[string]int64)
	}
	v.read[v.uid] = upTo
	s.log.conversation(v.conversation)
}

// markConversation is POST and DELETE of …/conversation/read, and POST of
// …/conversation/delivered, which leaves no trace here.
func (s *Server) markConversation(c *call) *failure {
	body, f := bodyObject(c, maxEntityBody)
	if f != nil {
		return f
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v, f := s.findConversation(c)
	if f != nil {
		return f
	}
	upTo := v.arrived
	if field := body.field("messageId"); !field.missing() {
		id, ok := field.integer()
		if !ok {
			id, _ = strconv.ParseInt(field.text(), 10, 64)
		}
		m := s.data.message(id)
		if m == nil || m.conv != v.conversation {
			return refuse(codeMessageNotFound, "There is no such message in the conversation.")
		}
		upTo = id
	}
	what := "delivered"
	switch {
	case c.endpoint.method == "DELETE":
		what = "unread"
		s.markRead(v, min(upTo, v.read[v.uid]))
	case strings.HasSuffix(c.endpoint.path, "/read"):
		what = "read"
		s.markRead(v, max(upTo, v.read[v.uid]))
	}
	// The answer about users spells the name of the text so.
	name := "message"
	if !v.isGroup() && c.endpoint.method == "POST" {
		name = "Message"
	}
	o := begin(nil)
	o.boolean("success", true)
	o.text(name, "The messages of the conversation are marked as "+what+" for the user "+v.uid+".")
	c.reply(o.end())
	return nil
}
