package emulator

import (
	"fmt"
	"slices"
)

// readUser sets the fields of u that v has. For an update, u is a copy of the
// user as it was.
func (s *Server) readUser(u *user, v value, k *checks, prefix string, q *Quirks, update bool) {
	v.fields(func(name string, field value) {
		at := prefix + name
		switch name {
		case "uid":
			if !update {
				u.UID = k.id(at, field)
			}
		case "name":
			u.Name = k.required(at, field, maxName)
		case "avatar":
			u.Avatar = k.link(at, field)
		case "link":
			u.Link = k.link(at, field)
		case "role":
			u.Role = setOrClear(q, k, at, u.Role, lower(k.text(at, field, maxID)), update)
		case "statusMessage":
			u.StatusMessage = setOrClear(q, k, at, u.StatusMessage, k.text(at, field, maxDescription), update)
		case "metadata":
			if m := k.object(at, field, maxMetadata); m != nil {
				u.Metadata = putMetadata(q, u.Metadata, m, update)
			}
		case "tags":
			u.Tags = setOrClearTags(q, k, at, u.Tags, k.tags(at, field), field, update)
		case "createdAt":
			if prefix != "" { // only in the details that a message carries
				u.CreatedAt = k.time(at, field)
			}
		case "unset":
			if update {
				u.unset(k, field)
			}
		}
	})
	if !update {
		k.needs(prefix+"uid", u.UID)
		k.needs(prefix+"name", u.Name)
	}
}

func (k *checks) needs(field, s string) {
	if s == "" {
		k.bad(field, "%s is required", field)
	}
}

func (u *user) unset(k *checks, names value) {
	list, ok := names.texts()
	if !ok {
		k.bad("unset", "unset must be a list of strings")
	}
	for _, name := range list {
		switch name {
		case "avatar":
			u.Avatar = ""
		case "link":
			u.Link = ""
		case "metadata":
			u.Metadata = nil
		default:
			k.bad("unset", "unset takes avatar, link and metadata, not %s", name)
		}
	}
}

// setOrClear is the new value of a text that cannot be unset.
func setOrClear(q *Quirks, k *checks, field, old, text string, update bool) string {
	if text != "" || !update || old == "" {
		return text
	}
	switch q.of(clearByEmpty) {
	case "ignored":
		return old
	case "rejected":
		k.bad(field, "%s must not be empty", field)
	}
	return ""
}

func setOrClearTags(q *Quirks, k *checks, field string, old, tags []string, v value, update bool) []string {
	if v.missing() && update {
		return old
	}
	if len(tags) == 0 && setOrClear(q, k, field, "some", "", update) != "" && len(old) > 0 {
		return old
	}
	return tags
}

// putMetadata is the metadata after a PUT.
func putMetadata(q *Quirks, old, with []byte, update bool) []byte {
	if !update || q.of(metadataPut) == "replace" {
		return with
	}
	return mergeObjects(old, with)
}

// mergeObjects overlays the fields of one object on those of another.
func mergeObjects(old, with value) value {
	o := begin(nil)
	old.fields(func(name string, field value) {
		if with.field(name) == nil {
			o.name(quoted(name))
			o.b = append(o.b, field...)
		}
	})
	with.fields(func(name string, field value) {
		o.name(quoted(name))
		o.b = append(o.b, field...)
	})
	return o.end()
}

// quoted is a name fit for [object.name], which does not escape.
func quoted(name string) string {
	b := appendString(nil, name)
	return string(b[1 : len(b)-1])
}

// checkRole refuses a role that does not exist.
func (s *Server) checkRole(u *user, k *checks, prefix string) {
	if u.Role != "" && u.Role != defaultRole && s.data.roles[u.Role] == nil {
		k.bad(prefix+"role", "there is no role %s", u.Role)
	}
}

// createUser is POST /users.
func (s *Server) createUser(c *call) *failure {
	v, f := bodyObject(c, maxEntityBody)
	if f != nil {
		return f
	}
	var k checks
	u := &user{}
	s.readUser(u, v, &k, "", c.quirks, false)
	token, _ := v.field("withAuthToken").boolean()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checkRole(u, &k, "")
	if f := k.failure(); f != nil {
		return f
	}
	if f := s.mayCreateUser(c.quirks, u.UID); f != nil {
		return f
	}
	u.CreatedAt = c.seconds()
	s.putUser(c.quirks, u)
	o := begin(c.out)
	o.name("data")
	o.b = appendUser(o.b, c.quirks, u, true)
	if token {
		o.b = o.b[:len(o.b)-1]
		o.text("authToken", fmt.Sprintf("%s_%016x", u.UID, uint64(chance(s.options.Seed, uint64(u.CreatedAt))*(1<<53))))
		o.b = append(o.b, '}')
	}
	c.out = o.end()
	return nil
}

// mayCreateUser refuses a uid that is taken.
func (s *Server) mayCreateUser(q *Quirks, uid string) *failure {
	old := s.data.people[uid]
	if uid == systemUID || old != nil && (old.DeactivatedAt == 0 || q.of(softDeletedUID) == "taken") {
		return refuse(codeUIDExists, "There is a user with the uid "+uid+" already.")
	}
	return nil
}

// putUser stores a new or changed user.
func (s *Server) putUser(q *Quirks, u *user) {
	u.entity = q.appendUserEntity(nil, u)
	s.data.setUser(u)
	s.log.user(u)
}

// findUser returns an active user.
func (s *Server) findUser(uid string) (*person, *failure) {
	if p := s.data.active(lower(uid)); p != nil {
		return p, nil
	}
	return nil, refuse(codeUIDNotFound, "There is no user with the uid "+uid+".")
}

// getUser is GET /users/{uid}.
func (s *Server) getUser(c *call) *failure {
	s.mu.Lock()
	p, f := s.findUser(c.args[0])
	s.mu.Unlock()
	if f != nil {
		return f
	}
	c.reply(appendUser(nil, c.quirks, p.user, true))
	return nil
}

// reply makes {"data": …} the answer.
func (c *call) reply(data []byte) {
	o := begin(c.out)
	o.raw("data", data)
	c.out = o.end()
}

// replySuccess makes a success object the answer.
func (c *call) replySuccess(format string, args ...any) {
	o := begin(nil)
	o.boolean("success", true)
	o.text("message", fmt.Sprintf(format, args...))
	c.reply(o.end())
}

// updateUser is PUT /users/{uid}.
func (s *Server) updateUser(c *call) *failure {
	v, f := bodyObject(c, maxEntityBody)
	if f != nil {
		return f
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, f := s.findUser(c.args[0])
	if f != nil {
		return f
	}
	var k checks
	u := *p.user
	s.readUser(&u, v, &k, "", c.quirks, true)
	s.checkRole(&u, &k, "")
	if f := k.failure(); f != nil {
		return f
	}
	u.UpdatedAt = c.seconds()
	s.putUser(c.quirks, &u)
	c.reply(appendUser(nil, c.quirks, &u, true))
	return nil
}

// deleteUser is DELETE /users/{uid}.
func (s *Server) deleteUser(c *call) *failure {
	v, f := bodyObject(c, maxEntityBody)
	if f != nil {
		return f
	}
	permanent, ok := v.field("permanent").boolean()
	if !ok && !v.field("permanent").missing() {
		return invalid(codeBadRequest, "permanent", "permanent must be true or false")
	}
	uid := lower(c.args[0])
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.data.people[uid]
	if p == nil || p.DeactivatedAt != 0 && !permanent {
		return refuse(codeUIDNotFound, "There is no user with the uid "+uid+".")
	}
	if permanent {
		s.eraseUser(p)
	} else {
		s.deactivate(c, p)
	}
	c.replySuccess("The user %s was deleted.", uid)
	return nil
}

func (s *Server) deactivate(c *call, p *person) {
	u := *p.user
	u.DeactivatedAt = c.seconds()
	s.putUser(c.quirks, &u)
}

// eraseUser removes a user with their memberships, conversations and messages.
func (s *Server) eraseUser(p *person) {
	for _, conv := range slices.Clone(p.convs) {
		s.eraseConversation(conv)
	}
	for _, id := range p.sent.ids() {
		s.removeMessage(s.data.message(id))
	}
	for _, r := range s.data.allRooms {
		if r.members[p.UID] != nil {
			s.dropMember(r, p.UID)
		}
	}
	s.data.removeUser(p.UID)
	s.log.drop("user", p.UID)
}

// deactivateUsers is DELETE /users.
func (s *Server) deactivateUsers(c *call) *failure {
	return s.eachUser(c, "uidsToDeactivate", "deactivatedUids", func(p *person) bool {
		if p == nil || p.DeactivatedAt != 0 {
			return false
		}
		s.deactivate(c, p)
		return true
	})
}

// reactivateUsers is PUT /users.
func (s *Server) reactivateUsers(c *call) *failure {
	return s.eachUser(c, "uidsToActivate", "nonDeactivatedUids", func(p *person) bool {
		if p == nil {
			return false
		}
		if p.DeactivatedAt != 0 {
			u := *p.user
			u.DeactivatedAt, u.UpdatedAt = 0, c.seconds()
			s.putUser(c.quirks, &u)
		}
		return true
	})
}

func (s *Server) eachUser(c *call, field, done string, do func(*person) bool) *failure {
	v, f := bodyObject(c, maxEntityBody)
	if f != nil {
		return f
	}
	uids, ok := v.field(field).texts()
	if !ok || len(uids) == 0 {
		return invalid(codeBadRequest, field, field+" must be a list of uids")
	}
	o := begin(nil)
	o.name(done)
	o.b = append(o.b, '[')
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, uid := range uids {
		uid = lower(uid)
		if do(s.data.people[uid]) {
			if o.b[len(o.b)-1] != '[' {
				o.b = append(o.b, ',')
			}
			o.b = appendString(o.b, uid)
		}
	}
	o.b = append(o.b, ']')
	c.reply(o.end())
	return nil
}
