package emulator

// carried are the users and the group that a message brings with it. Nothing is
// stored until commit.
type carried struct {
	s     *Server
	c     *call
	users []*user // to be created or updated, in order
	group *group  // to be created or updated
	other *group  // to be created as well
	// newGroup is set when the group does not exist yet.
	newGroup  bool
	moderated bool
}

// read decides what becomes of the sender and the receiver. After a failure,
// what was decided before it stands.
func (p *carried) read(d *draft) *failure {
	p.moderated = d.moderated
	if f := p.user(d.sender, d.senderDetails, "sender", "senderUserDetails"); f != nil {
		return f
	}
	if d.toGroup {
		return p.room(d)
	}
	return p.user(d.receiver, d.receiverDetails, "receiver", "receiverUserDetails")
}

// exists reports whether a user is there, or will be.
func (p *carried) exists(uid string) bool {
	for _, u := range p.users {
		if u.UID == uid {
			return true
		}
	}
	return p.s.data.active(uid) != nil
}

func (p *carried) user(uid string, details value, field, detailsField string) *failure {
	q := p.c.quirks
	if details.missing() {
		return p.missingUser(uid, field)
	}
	k := checks{now: p.c.seconds()}
	given := &user{}
	p.s.readUser(given, details, &k, detailsField+".", q, false)
	if given.Role != "" && given.Role != defaultRole && p.s.data.roles[given.Role] == nil {
		if q.of(detailsRoleMissing) == "reject" {
			k.bad(detailsField+".role", "there is no role %s", given.Role)
		} else {
			given.Role = ""
		}
	}
	if given.UID != uid && q.of(detailsIDMismatch) == "reject" {
		k.bad(detailsField+".uid", "%s.uid is not the %s", detailsField, field)
	}
	if f := k.failure(); f != nil {
		return f
	}
	if given.UID != uid && q.of(detailsIDMismatch) == "create_both" {
		if f := p.detailed(given); f != nil {
			return f
		}
	}
	again := *given
	again.UID = uid
	return p.detailed(&again)
}

// detailed decides about a user for whom there are details.
func (p *carried) detailed(given *user) *failure {
	q := p.c.quirks
	old := p.s.data.active(given.UID)
	if old == nil {
		if p.exists(given.UID) { // twice in one call
			return nil
		}
		if f := p.s.mayCreateUser(q, given.UID); f != nil {
			return f
		}
		if given.CreatedAt == 0 {
			given.CreatedAt = p.c.seconds()
		}
		p.users = append(p.users, given)
		return nil
	}
	switch q.of(detailsOnExisting) {
	case "reject":
		return refuse(codeUIDExists, "There is a user with the uid "+given.UID+" already.")
	case "update":
		given.CreatedAt, given.UpdatedAt = old.CreatedAt, p.c.seconds()
		p.users = append(p.users, given)
	}
	return nil
}

// missing is what happens to a message for somebody who does not exist.
func (p *carried) missing() string {
	if !p.moderated {
		return "not_found"
	}
	return p.c.quirks.of(missingEntity)
}

func (p *carried) missingUser(uid, field string) *failure {
	if uid == systemUID || p.exists(uid) {
		return nil
	}
	switch p.missing() {
	case "bad_request":
		return invalid(codeBadRequest, field, "there is no user "+uid)
	case "auto_create":
		if p.s.data.people[uid] == nil {
			p.users = append(p.users, &user{UID: uid, Name: uid, CreatedAt: p.c.seconds()})
			return nil
		}
	}
	return refuse(codeUIDNotFound, "There is no user with the uid "+uid+".")
}

func (p *carried) room(d *draft) *failure {
	q := p.c.quirks
	if d.groupDetails.missing() {
		return p.missingGroup(d.receiver)
	}
	k := checks{now: p.c.seconds()}
	given := &group{}
	p.s.readGroup(given, d.groupDetails, &k, "receiverGroupDetails.", q, false)
	if given.GUID != d.receiver && q.of(detailsIDMismatch) == "reject" {
		k.bad("receiverGroupDetails.guid", "receiverGroupDetails.guid is not the receiver")
	}
	if given.Type == "password" && given.Password == "" {
		return refuse(codeEmptyGroupPass, "A group of type password needs a password.")
	}
	if given.Owner != "" && !p.exists(given.Owner) {
		switch q.of(detailsOwnerMissing) {
		case "reject":
			k.bad("receiverGroupDetails.owner", "there is no user %s to be the owner", given.Owner)
		case "system_owner":
			given.Owner = systemUID
		}
	}
	if f := k.failure(); f != nil {
		return f
	}
	if given.CreatedAt == 0 {
		given.CreatedAt = p.c.seconds()
	}
	if given.GUID != d.receiver && q.of(detailsIDMismatch) == "create_both" && p.s.data.rooms[given.GUID] == nil {
		other := *given
		if other.Owner == "" {
			other.Owner = systemUID
		}
		p.other = &other
	}
	given.GUID = d.receiver
	old := p.s.data.rooms[d.receiver]
	if old == nil {
		p.group, p.newGroup = given, true
		return nil
	}
	switch q.of(detailsOnExisting) {
	case "reject":
		return refuse(codeGUIDExists, "There is a group with the guid "+d.receiver+" already.")
	case "update":
		given.CreatedAt, given.UpdatedAt, given.Description = old.CreatedAt, p.c.seconds(), old.Description
		if given.Owner == "" {
			given.Owner = old.Owner
		}
		p.group = given
	}
	return nil
}

func (p *carried) missingGroup(guid string) *failure {
	if p.s.data.rooms[guid] != nil {
		return nil
	}
	switch p.missing() {
	case "bad_request":
		return invalid(codeBadRequest, "receiver", "there is no group "+guid)
	case "auto_create":
		p.group = &group{GUID: guid, Name: guid, Type: "public", Owner: systemUID, CreatedAt: p.c.seconds()}
		p.newGroup = true
		return nil
	}
	return refuse(codeGUIDNotFound, "There is no group with the guid "+guid+".")
}

// checkMembership refuses a sender who may not send to the group.
func (p *carried) checkMembership(d *draft) *failure {
	if !d.toGroup || d.sender == systemUID {
		return nil
	}
	q := p.c.quirks
	kind, owner := "", ""
	if p.group != nil {
		kind, owner = p.group.Type, p.group.Owner
	}
	if r := p.s.data.rooms[d.receiver]; r != nil {
		if m := r.members[d.sender]; m != nil && m.Banned {
			return refuse(codeBanned, "The user "+d.sender+" is banned from the group "+d.receiver+".")
		} else if m != nil {
			return nil
		}
		kind = r.Type
	} else if q.of(creatorMembership) == "waived" || owner == d.sender && q.of(ownerIsMember) == "yes" {
		return nil
	}
	required := q.of(membershipRequired)
	if required == "never" || required == "closed_groups" && kind == "public" {
		return nil
	}
	return notJoined(d.sender, d.receiver)
}

// commit stores what was decided.
func (p *carried) commit() {
	for _, u := range p.users {
		p.s.putUser(p.c.quirks, u)
	}
	if p.other != nil {
		p.s.putGroup(p.c.quirks, p.other)
	}
	switch {
	case p.group == nil:
	case p.newGroup:
		p.s.putNewGroup(p.c, p.group)
	default:
		p.s.putGroup(p.c.quirks, p.group)
	}
}
