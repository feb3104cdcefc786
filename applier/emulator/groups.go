package emulator

import "fmt"

// readGroup sets the fields of g that v has. For an update, g is a copy of the
// group as it was.
func (s *Server) readGroup(g *group, v value, k *checks, prefix string, q *Quirks, update bool) {
	v.fields(func(name string, field value) {
		at := prefix + name
		switch name {
		case "guid":
			if !update {
				g.GUID = k.id(at, field)
			}
		case "name":
			g.Name = k.required(at, field, maxName)
		case "type":
			g.Type = k.required(at, field, maxName)
		case "password":
			g.Password = k.text(at, field, maxPassword)
		case "icon":
			g.Icon = k.link(at, field)
		case "description":
			if prefix == "" { // the details that a message carries have none
				g.Description = k.text(at, field, maxDescription)
			}
		case "owner":
			g.Owner = lower(k.text(at, field, maxID))
		case "metadata":
			if m := k.object(at, field, maxMetadata); m != nil {
				g.Metadata = putMetadata(q, g.Metadata, m, update)
			}
		case "tags":
			g.Tags = setOrClearTags(q, k, at, g.Tags, k.tags(at, field), field, update)
		case "createdAt":
			if prefix != "" {
				g.CreatedAt = k.time(at, field)
			}
		case "unset":
			if update {
				g.unset(k, field)
			}
		}
	})
	k.needs(prefix+"guid", g.GUID)
	k.needs(prefix+"name", g.Name)
	switch g.Type {
	case "public", "private", "password":
	case "":
		k.bad(prefix+"type", "%stype is required", prefix)
	default:
		k.bad(prefix+"type", "%stype must be public, private or password", prefix)
	}
}

func (g *group) unset(k *checks, names value) {
	list, ok := names.texts()
	if !ok {
		k.bad("unset", "unset must be a list of strings")
	}
	for _, name := range list {
		switch name {
		case "icon":
			g.Icon = ""
		case "description":
			g.Description = ""
		case "metadata":
			g.Metadata = nil
		default:
			k.bad("unset", "unset takes icon, description and metadata, not %s", name)
		}
	}
}

// createGroup is POST /groups.
func (s *Server) createGroup(c *call) *failure {
	v, f := bodyObject(c, maxEntityBody)
	if f != nil {
		return f
	}
	var k checks
	g := &group{Owner: c.behalf}
	s.readGroup(g, v, &k, "", c.quirks, false)
	wanted := readMembers(v.field("members"), &k, "members.")
	s.mu.Lock()
	defer s.mu.Unlock()
	if g.Owner != "" && s.data.active(g.Owner) == nil {
		k.bad("owner", "there is no user %s to be the owner", g.Owner)
	}
	if f := k.failure(); f != nil {
		return f
	}
	if s.data.rooms[g.GUID] != nil {
		return refuse(codeGUIDExists, "There is a group with the guid "+g.GUID+" already.")
	}
	if g.Type == "password" && g.Password == "" {
		return refuse(codeEmptyGroupPass, "A group of type password needs a password.")
	}
	g.CreatedAt = c.seconds()
	r := s.putNewGroup(c, g)
	for _, m := range wanted {
		s.addMember(c, r, m) // single failures do not fail the call
	}
	c.reply(appendGroup(nil, r.group, r.view(g.Owner), true))
	return nil
}

// putNewGroup stores a group, with its owner as a member where the app makes
// them one.
func (s *Server) putNewGroup(c *call, g *group) *room {
	if g.Owner == "" {
		g.Owner = systemUID
	}
	r := s.putGroup(c.quirks, g)
	if c.quirks.of(ownerIsMember) == "yes" && s.data.active(g.Owner) != nil {
		s.putMember(r, &member{GUID: g.GUID, UID: g.Owner, Scope: "admin", JoinedAt: c.seconds()})
	}
	return r
}

// putGroup stores a new or changed group.
func (s *Server) putGroup(q *Quirks, g *group) *room {
	g.entity = q.appendGroupEntity(nil, g)
	r := s.data.setGroup(g)
	s.log.group(g)
	return r
}

func (s *Server) findGroup(guid string) (*room, *failure) {
	if r := s.data.rooms[lower(guid)]; r != nil {
		return r, nil
	}
	return nil, refuse(codeGUIDNotFound, "There is no group with the guid "+guid+".")
}

// openGroup is findGroup for a read on behalf of a user, who must be a member.
func (s *Server) openGroup(c *call, guid string) (*room, *failure) {
	r, f := s.findGroup(guid)
	if f == nil && c.behalf != "" && r.joined(c.behalf) == nil {
		return nil, notJoined(c.behalf, r.GUID)
	}
	return r, f
}

func notJoined(uid, guid string) *failure {
	return refuse(codeNotJoined, fmt.Sprintf("The user %s is not a member of the group %s.", uid, guid))
}

// getGroup is GET /groups/{guid}.
func (s *Server) getGroup(c *call) *failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, f := s.openGroup(c, c.args[0])
	if f != nil {
		return f
	}
	c.reply(appendGroup(nil, r.group, r.view(c.behalf), true))
	return nil
}

// updateGroup is PUT /groups/{guid}.
func (s *Server) updateGroup(c *call) *failure {
	v, f := bodyObject(c, maxEntityBody)
	if f != nil {
		return f
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, f := s.openGroup(c, c.args[0])
	if f != nil {
		return f
	}
	var k checks
	g := *r.group
	s.readGroup(&g, v, &k, "", c.quirks, true)
	if c.behalf != "" {
		g.Owner = r.Owner
	} else if g.Owner != r.Owner && s.data.active(g.Owner) == nil {
		k.bad("owner", "there is no user %s to be the owner", g.Owner)
	}
	if f := k.failure(); f != nil {
		return f
	}
	if g.Type == "password" && g.Password == "" {
		return refuse(codeEmptyGroupPass, "A group of type password needs a password.")
	}
	g.UpdatedAt = c.seconds()
	s.putGroup(c.quirks, &g)
	c.reply(appendGroup(nil, r.group, r.view(c.behalf), true))
	return nil
}

// deleteGroup is DELETE /groups/{guid}. Its conversation goes with it.
func (s *Server) deleteGroup(c *call) *failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, f := s.findGroup(c.args[0])
	if f != nil {
		return f
	}
	if conv := s.data.convs[groupPrefix+r.GUID]; conv != nil {
		s.eraseConversation(conv)
	}
	for len(r.order) > 0 {
		s.dropMember(r, r.order[0].UID)
	}
	s.data.removeGroup(r.GUID)
	s.log.drop("group", r.GUID)
	c.replySuccess("The group %s was deleted.", r.GUID)
	return nil
}
