package emulator

import "slices"

// readRole sets the fields of r that v has. For an update, r is a copy of the
// role as it was.
func readRole(r *role, v value, k *checks, update bool) {
	v.fields(func(name string, field value) {
		switch name {
		case "role":
			if !update {
				r.Role = k.id(name, field)
			}
		case "name":
			r.Name = k.required(name, field, maxName)
		case "description":
			r.Description = k.text(name, field, maxDescription)
		case "metadata":
			r.Metadata = k.object(name, field, maxMetadata)
		case "settings":
			r.Settings = k.object(name, field, maxMetadata)
			checkSettings(k, value(r.Settings))
		case "unset":
			if update {
				r.unset(k, field)
			}
		}
	})
	k.needs("role", r.Role)
	k.needs("name", r.Name)
}

func checkSettings(k *checks, settings value) {
	for _, name := range []string{"listUsers", "sendMessagesTo"} {
		if s := settings.field(name); !s.missing() && s.text() != "all" && s.text() != "friendsOnly" {
			k.bad("settings."+name, "settings.%s must be all or friendsOnly", name)
		}
	}
}

func (r *role) unset(k *checks, names value) {
	list, ok := names.texts()
	if !ok {
		k.bad("unset", "unset must be a list of strings")
	}
	for _, name := range list {
		switch name {
		case "settings":
			r.Settings = nil
		case "description":
			r.Description = ""
		case "metadata":
			r.Metadata = nil
		default:
			k.bad("unset", "unset takes settings, description and metadata, not %s", name)
		}
	}
}

func appendRole(dst []byte, r *role) []byte {
	o := begin(dst)
	o.text("role", r.Role)
	o.text("name", r.Name)
	o.some("description", r.Description)
	o.raw("metadata", r.Metadata)
	o.raw("settings", r.Settings)
	o.number("createdAt", r.CreatedAt)
	o.time("updatedAt", r.UpdatedAt)
	return o.end()
}

// createRole is POST /roles.
func (s *Server) createRole(c *call) *failure {
	v, f := bodyObject(c, maxEntityBody)
	if f != nil {
		return f
	}
	var k checks
	r := &role{CreatedAt: c.seconds()}
	readRole(r, v, &k, false)
	if f := k.failure(); f != nil {
		return f
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.data.roles[r.Role] != nil:
		return refuse(codeRoleExists, "There is a role "+r.Role+" already.")
	case len(s.data.roles) >= maxRoles:
		return refuse(codePlanQuota, "An app has at most 25 roles.")
	}
	s.putRole(r)
	c.reply(appendRole(nil, r))
	return nil
}

func (s *Server) putRole(r *role) {
	s.data.setRole(r)
	s.log.role(r)
}

func (s *Server) findRole(name string) (*role, *failure) {
	if r := s.data.roles[lower(name)]; r != nil {
		return r, nil
	}
	return nil, refuse(codeRoleNotFound, "There is no role "+name+".")
}

// getRole is GET /roles/{role}.
func (s *Server) getRole(c *call) *failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, f := s.findRole(c.args[0])
	if f != nil {
		return f
	}
	c.reply(appendRole(nil, r))
	return nil
}

// listRoles is GET /roles.
func (s *Server) listRoles(c *call) *failure {
	p, f := newPage(c.query(), 100)
	if f != nil {
		return f
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range s.data.roleOrder {
		if p.add() {
			p.b = appendRole(p.b, s.data.roles[name])
		}
	}
	p.reply(c)
	return nil
}

// updateRole is PUT /roles/{role}.
func (s *Server) updateRole(c *call) *failure {
	v, f := bodyObject(c, maxEntityBody)
	if f != nil {
		return f
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old, f := s.findRole(c.args[0])
	if f != nil {
		return f
	}
	var k checks
	r := *old
	readRole(&r, v, &k, true)
	if f := k.failure(); f != nil {
		return f
	}
	r.UpdatedAt = c.seconds()
	s.putRole(&r)
	c.reply(appendRole(nil, &r))
	return nil
}

// deleteRole is DELETE /roles/{role}. Users who had it have the default one
// then.
func (s *Server) deleteRole(c *call) *failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, f := s.findRole(c.args[0])
	if f != nil {
		return f
	}
	if r.Role == defaultRole {
		return refuse(codeRoleDeleteDenied, "The default role cannot be deleted.")
	}
	for _, p := range slices.Clone(s.data.everybody) {
		if p.Role == r.Role {
			u := *p.user
			u.Role = ""
			s.putUser(c.quirks, &u)
		}
	}
	s.data.removeRole(r.Role)
	s.log.drop("role", r.Role)
	c.replySuccess("The role %s was deleted.", r.Role)
	return nil
}
