package emulator

import (
	"slices"
	"strings"
)

// listUsers is GET /users.
func (s *Server) listUsers(c *call) *failure {
	query := c.query()
	p, f := newPage(query, 100)
	if f != nil {
		return f
	}
	var (
		search   = searchOf(query.Get("searchKey"), queryList(query, "searchIn"))
		roles    = queryList(query, "role", "roles")
		tags     = queryList(query, "tags")
		withTags = queryBool(query, "withTags")
		only     = queryBool(query, "onlyDeactivated")
		with     = only || queryBool(query, "withDeactivated")
		status   = query.Get("status")
	)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, person := range s.data.everybody {
		u := person.user
		deactivated := u.DeactivatedAt != 0
		role := u.Role
		if role == "" {
			role = defaultRole
		}
		if deactivated && !with || !deactivated && only || status == "available" ||
			!search.matches(u.UID, u.Name) || len(roles) > 0 && !slices.Contains(roles, role) || !haveAny(u.Tags, tags) {
			continue
		}
		if p.add() {
			p.b = appendUser(p.b, c.quirks, u, withTags)
		}
		if p.more {
			break
		}
	}
	p.reply(c)
	return nil
}

// search is what a searchKey looks for: the beginning of an id or of a word of
// a name.
type search struct {
	key          string
	inID, inName bool
}

func searchOf(key string, in []string) search {
	s := search{key: strings.ToLower(key), inID: len(in) == 0, inName: len(in) == 0}
	for _, field := range in {
		switch strings.ToLower(field) {
		case "uid", "guid":
			s.inID = true
		case "name":
			s.inName = true
		}
	}
	return s
}

func (s search) matches(id, name string) bool {
	if s.key == "" {
		return true
	}
	return s.inID && strings.HasPrefix(id, s.key) || s.inName && strings.HasPrefix(strings.ToLower(name), s.key)
}

// listGroups is GET /groups.
func (s *Server) listGroups(c *call) *failure {
	query := c.query()
	p, f := newPage(query, 100)
	if f != nil {
		return f
	}
	var (
		search   = searchOf(query.Get("searchKey"), queryList(query, "searchIn"))
		types    = queryList(query, "type", "types")
		tags     = queryList(query, "tags")
		withTags = queryBool(query, "withTags")
		joined   = queryBool(query, "hasJoined") && c.behalf != ""
	)
	s.mu.Lock()
	defer s.mu.Unlock()
	rooms := sortedRooms(s.data.allRooms, query.Get("sortBy"), query.Get("sortOrder"))
	for _, r := range rooms {
		if !search.matches(r.GUID, r.Name) || len(types) > 0 && !slices.Contains(types, r.Type) ||
			!haveAny(r.Tags, tags) || joined && r.joined(c.behalf) == nil {
			continue
		}
		if p.add() {
			p.b = appendGroup(p.b, r.group, r.view(c.behalf), withTags)
		}
		if p.more {
			break
		}
	}
	p.reply(c)
	return nil
}

// sortedRooms is the list in the order that the request wants; without a wish,
// in that of creation.
func sortedRooms(rooms []*room, by, order string) []*room {
	var compare func(a, b *room) int
	switch by {
	case "name":
		compare = func(a, b *room) int { return strings.Compare(a.Name, b.Name) }
	case "guid":
		compare = func(a, b *room) int { return strings.Compare(a.GUID, b.GUID) }
	default:
		if order != "desc" {
			return rooms
		}
		compare = func(a, b *room) int { return a.place - b.place }
	}
	rooms = slices.Clone(rooms)
	slices.SortStableFunc(rooms, func(a, b *room) int {
		if order == "desc" {
			a, b = b, a
		}
		return compare(a, b)
	})
	return rooms
}
