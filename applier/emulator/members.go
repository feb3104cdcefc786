package emulator

import (
	"fmt"
	"slices"
	"strings"
)

// wish is a user who is to become a member, or to be banned.
type wish struct {
	field string // admins, moderators, participants or usersToBan
	uid   string
}

// memberFields are the fields of a request that name users, the highest scope
// first, and the scopes that go with them.
func memberFields() [4][2]string {
	return [4][2]string{{"admins", "admin"}, {"moderators", "moderator"}, {"participants", "participant"}, {"usersToBan", ""}}
}

func scopeOfField(field string) string {
	for _, f := range memberFields() {
		if f[0] == field {
			return f[1]
		}
	}
	return ""
}

// readMembers reads who is to be added. A user who is named twice gets the
// highest scope.
func readMembers(v value, k *checks, prefix string) []wish {
	var wishes []wish
	seen := make(map[string]bool)
	for _, f := range memberFields() {
		list := v.field(f[0])
		if list.missing() {
			continue
		}
		uids, ok := list.texts()
		if !ok {
			k.bad(prefix+f[0], "%s must be a list of uids", prefix+f[0])
		}
		for _, uid := range uids {
			if uid = lower(uid); !seen[uid] {
				seen[uid] = true
				wishes = append(wishes, wish{f[0], uid})
			}
		}
	}
	if len(wishes) > maxMembersCall {
		k.bad(prefix+"participants", "%d users are named, and at most %d are allowed in one call", len(wishes), maxMembersCall)
	}
	return wishes
}

// addMembers is POST /groups/{guid}/members.
func (s *Server) addMembers(c *call) *failure {
	v, f := bodyObject(c, maxEntityBody)
	if f != nil {
		return f
	}
	var k checks
	wishes := readMembers(v, &k, "")
	if len(wishes) == 0 {
		k.bad("participants", "at least one user must be named")
	}
	if f := k.failure(); f != nil {
		return f
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, f := s.openGroup(c, c.args[0])
	if f != nil {
		return f
	}
	results := make(map[string]*object)
	for _, w := range wishes {
		o := results[w.field]
		if o == nil {
			o = &object{[]byte{'{'}}
			results[w.field] = o
		}
		o.name(quoted(w.uid))
		o.b = s.appendResult(o.b, c, r, w)
	}
	data := begin(nil)
	for _, f := range memberFields() {
		if o := results[f[0]]; o != nil {
			data.raw(f[0], o.end())
		}
	}
	c.reply(data.end())
	return nil
}

func (s *Server) appendResult(dst []byte, c *call, r *room, w wish) []byte {
	action, f := s.addMember(c, r, w)
	o := begin(dst)
	o.boolean("success", f == nil)
	if f != nil {
		o.name("error")
		o.b = c.quirks.appendFailure(o.b, f)
	} else if action != nil {
		o.name("data")
		o.b = s.show(c, action).append(o.b)
	}
	return o.end()
}

// addMember fulfils a wish. The message is the one that the addition leaves in
// the conversation, or nil.
func (s *Server) addMember(c *call, r *room, w wish) (*message, *failure) {
	if _, f := s.findUser(w.uid); f != nil {
		return nil, f
	}
	scope, old := scopeOfField(w.field), r.members[w.uid]
	if w.field == "usersToBan" {
		return nil, s.ban(c, r, w.uid)
	}
	if old != nil && !old.Banned {
		switch {
		case old.UID == r.Owner && scope != old.Scope:
			return nil, refuse(codeOwnerDemote, "The owner of the group keeps the scope.")
		case scope == old.Scope && scope != "participant":
			return nil, refuse(codeSameScope, "The user has that scope already.")
		case scope == old.Scope:
			return nil, refuse(codeAlreadyJoined, "The user is a member already.")
		}
		again := *old
		again.Scope = scope
		s.putMember(r, &again)
		return nil, nil
	}
	if r.size >= maxMembers {
		return nil, refuse(codeNoVacancy, "The group is full.")
	}
	s.putMember(r, &member{GUID: r.GUID, UID: w.uid, Scope: scope, JoinedAt: c.seconds()})
	if c.quirks.of(memberActionMessage) == "none" {
		return nil, nil
	}
	return s.addAction(c, r, w.uid, "added"), nil
}

// putMember stores a member or a ban.
func (s *Server) putMember(r *room, m *member) {
	r.setMember(m)
	s.log.member(m)
}

func (s *Server) dropMember(r *room, uid string) {
	r.removeMember(uid)
	s.log.dropMember(r.GUID, uid)
}

// addAction leaves an action message in a group's conversation, stamped now.
func (s *Server) addAction(c *call, r *room, uid, action string) *message {
	data := begin(nil)
	data.text("action", action)
	data.name("entities")
	e := begin(data.b)
	e.raw("by", appendEntityOf(nil, appendSystem(nil), "user"))
	if p := s.data.people[uid]; p != nil {
		e.raw("on", appendEntityOf(nil, p.entity, "user"))
	}
	e.raw("for", appendEntityOf(nil, r.entity, "group"))
	data.b = e.end()
	m := &message{
		conv:     s.data.groupChat(r.GUID, c.seconds()),
		sender:   systemUID,
		receiver: r.GUID,
		category: "action",
		kind:     "groupMember",
		data:     data.b[1:],
		sentAt:   c.seconds(), updatedAt: c.seconds(),
		storedAt: c.now.UnixNano(),
	}
	s.putNewMessage(m)
	return m
}

// appendEntityOf wraps an entity, whose closing brace is missing.
func appendEntityOf(dst, entity []byte, kind string) []byte {
	dst = append(append(append(dst, `{"entity":`...), entity...), `},"entityType":"`...)
	return append(append(dst, kind...), `"}`...)
}

// listMembers is GET /groups/{guid}/members.
func (s *Server) listMembers(c *call) *failure {
	query := c.query()
	scopes := queryList(query, "scopes")
	return s.memberPage(c, func(m *member) bool {
		return (!m.Banned || c.quirks.of(bannedInMembers) == "listed") &&
			(len(scopes) == 0 || slices.Contains(scopes, m.Scope)) && query.Get("status") != "available"
	})
}

// listBanned is GET /groups/{guid}/bannedusers.
func (s *Server) listBanned(c *call) *failure {
	return s.memberPage(c, func(m *member) bool { return m.Banned })
}

func (s *Server) memberPage(c *call, wanted func(*member) bool) *failure {
	p, f := newPage(c.query(), 100)
	if f != nil {
		return f
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, f := s.openGroup(c, c.args[0])
	if f != nil {
		return f
	}
	for _, m := range r.order {
		person := s.data.active(m.UID)
		if person == nil || !wanted(m) {
			continue
		}
		if p.add() {
			o := object{append(p.b, person.entity...)}
			o.text("scope", m.Scope)
			o.number("joinedAt", m.JoinedAt)
			p.b = o.end()
		}
		if p.more {
			break
		}
	}
	p.reply(c)
	return nil
}

// findMember returns a group and a member of it.
func (s *Server) findMember(c *call) (*room, *member, *failure) {
	r, f := s.openGroup(c, c.args[0])
	if f != nil {
		return nil, nil, f
	}
	uid := lower(c.args[1])
	if _, f := s.findUser(uid); f != nil {
		return nil, nil, f
	}
	m := r.joined(uid)
	if m == nil {
		return nil, nil, refuse(codeNotAMember, fmt.Sprintf("The user %s is not a member of the group %s.", uid, r.GUID))
	}
	return r, m, nil
}

// changeScope is PUT /groups/{guid}/members/{uid}.
func (s *Server) changeScope(c *call) *failure {
	v, f := bodyObject(c, maxEntityBody)
	if f != nil {
		return f
	}
	scope := v.field("scope").text()
	if !slices.Contains([]string{"admin", "moderator", "participant"}, scope) {
		return invalid(codeBadRequest, "scope", "scope must be admin, moderator or participant")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, m, f := s.findMember(c)
	switch {
	case f != nil:
		return f
	case m.Scope == scope:
		return refuse(codeSameScope, "The user has that scope already.")
	case m.UID == r.Owner:
		return refuse(codeOwnerDemote, "The owner of the group keeps the scope.")
	}
	again := *m
	again.Scope = scope
	s.putMember(r, &again)
	o := begin(nil)
	o.text("guid", r.GUID)
	o.text("uid", m.UID)
	o.text("scope", scope)
	o.number("joinedAt", m.JoinedAt)
	c.reply(o.end())
	return nil
}

// removeMember is DELETE /groups/{guid}/members/{uid}.
func (s *Server) removeMember(c *call) *failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, m, f := s.findMember(c)
	if f != nil {
		return f
	}
	s.dropMember(r, m.UID)
	c.replySuccess("The member %s was removed from the group %s.", m.UID, r.GUID)
	return nil
}

// ban bans a user, who need not be a member.
func (s *Server) ban(c *call, r *room, uid string) *failure {
	m := member{GUID: r.GUID, UID: uid, Scope: "participant", JoinedAt: c.seconds()}
	if old := r.members[uid]; old != nil {
		if old.Banned {
			return refuse(codeAlreadyBanned, "The user is banned already.")
		}
		m = *old
	}
	m.Banned = true
	s.putMember(r, &m)
	return nil
}

// banUser is POST /groups/{guid}/bannedusers/{uid}.
func (s *Server) banUser(c *call) *failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, m, f := s.findMember(c)
	if f != nil {
		return f
	}
	if f := s.ban(c, r, m.UID); f != nil {
		return f
	}
	c.replySuccess("The user %s was banned from the group %s.", m.UID, r.GUID)
	return nil
}

// unbanUser is DELETE /groups/{guid}/bannedusers/{uid}.
func (s *Server) unbanUser(c *call) *failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, f := s.openGroup(c, c.args[0])
	if f != nil {
		return f
	}
	uid := strings.ToLower(c.args[1])
	if m := r.members[uid]; m == nil || !m.Banned {
		return refuse(codeNotBanned, fmt.Sprintf("The user %s is not banned from the group %s.", uid, r.GUID))
	}
	s.dropMember(r, uid)
	c.replySuccess("The user %s is no longer banned from the group %s.", uid, r.GUID)
	return nil
}
