package applier

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// wantedUser is a user that the state has, or that the plan would create.
type wantedUser struct {
	record  *state.User
	unknown bool // to the state
}

type wantedGroup struct {
	record  *state.Group
	unknown bool
}

// readPeople reads the users and groups of the app, and the members of the
// groups that manage theirs, and returns what it finds.
func (rd *reading) readPeople(draft *planner.Plan) ([]planner.Finding, error) {
	users, err := rd.findUsers(draft)
	if err != nil {
		return nil, err
	}
	groups, err := rd.findGroups(draft)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(users, byObject)
	slices.SortFunc(groups, byObject)
	return append(users, groups...), nil
}

func byObject(a, b planner.Finding) int { return a.Object.Compare(*b.Object) }

// shelf is a list of the app, read page by page until all that is wanted was
// seen. When the app has so many others that its list is longer than what is left
// to be found, the rest is asked for one by one.
type shelf[T any] struct {
	page   func(ctx context.Context, number int) (items []T, more bool, err error)
	single func(ctx context.Context, id string) (T, error)
	id     func(T) string
	absent string // the code that says that there is no such thing
}

func find[T any](rd *reading, s shelf[T], ids []string, visit func(T)) error {
	left := make(map[string]bool, len(ids))
	for _, id := range ids {
		left[id] = true
	}
	for number := 1; len(left) > 0; number++ {
		var more bool
		items, err := ask(rd.run, standard, rd.brake.halted, func(ctx context.Context) (items []T, err error) {
			items, more, err = s.page(ctx, number)
			return items, err
		})
		if err != nil {
			return err
		}
		for _, item := range items {
			if left[s.id(item)] {
				delete(left, s.id(item))
				visit(item)
			}
		}
		if !more || len(items) == 0 {
			return nil
		}
		// An app that has little else shows what is left on the page after those that
		// are wanted would fill.
		if number < len(left) || (number-1)*len(items) < len(ids) {
			continue
		}
		for _, id := range slices.Sorted(maps.Keys(left)) {
			item, err := ask(rd.run, standard, rd.brake.halted, func(ctx context.Context) (T, error) { return s.single(ctx, id) })
			switch {
			case refusedWith(err, s.absent):
			case err != nil:
				return err
			default:
				visit(item)
			}
		}
		return nil
	}
	return nil
}

// lacking are the ids of what was wanted and not seen.
func lacking[W, T any](wanted map[string]W, seen map[string]T) map[string]bool {
	ids := make(map[string]bool)
	for id := range wanted {
		if _, ok := seen[id]; !ok {
			ids[id] = true
		}
	}
	return ids
}

func (rd *reading) findUsers(draft *planner.Plan) ([]planner.Finding, error) {
	wanted := make(map[string]wantedUser)
	for _, u := range rd.prior.Users() {
		wanted[u.UID] = wantedUser{record: u}
	}
	if draft != nil {
		for i := range draft.Users {
			if c := &draft.Users[i]; c.Action == planner.Create && wanted[c.After.UID].record == nil {
				record := rd.sealedUser(c.After, c.Sensitive)
				record.Addr = c.Addr
				wanted[c.After.UID] = wantedUser{record, true}
			}
		}
	}
	seen := make(map[string]*User)
	tagsTold := false
	err := find(rd, shelf[*User]{
		page: func(ctx context.Context, number int) ([]*User, bool, error) {
			p, err := rd.app.ListUsers(ctx, number)
			if err != nil {
				return nil, false, err
			}
			return p.Users, p.More, nil
		},
		single: rd.app.GetUser, id: func(u *User) string { return u.UID }, absent: codeNoUser,
	}, slices.Sorted(maps.Keys(wanted)), func(u *User) {
		seen[u.UID] = u
		tagsTold = tagsTold || len(u.Tags) > 0
	})
	if err != nil {
		return nil, err
	}
	rd.nobody = lacking(wanted, seen)
	var found []planner.Finding
	for uid, w := range wanted {
		f := planner.Finding{Object: &w.record.Addr, User: w.record}
		u := seen[uid]
		switch {
		case u == nil && w.unknown:
			continue
		case u == nil:
			f.Kind = planner.Missing
			found = append(found, f)
			continue
		}
		f.User, f.Fields = userAsSeen(w.record, u, rd.header.HashKey, tagsTold)
		switch {
		case w.unknown:
			f.Kind = planner.Adopted
			f.User.Origin, f.User.CreatedAt = rd.origin(u.CreatedAt), u.CreatedAt
		case len(f.Fields) == 0:
			continue
		default:
			f.Kind = planner.Edited
		}
		found = append(found, f)
	}
	return found, nil
}

func (rd *reading) findGroups(draft *planner.Plan) ([]planner.Finding, error) {
	wanted := make(map[string]wantedGroup)
	for _, g := range rd.prior.Groups() {
		wanted[g.GUID] = wantedGroup{record: g}
	}
	if draft != nil {
		for i := range draft.Groups {
			if c := &draft.Groups[i]; c.Action == planner.Create && wanted[c.After.GUID].record == nil {
				record := rd.sealedGroup(c.After, c.Sensitive)
				record.Addr = c.Addr
				wanted[c.After.GUID] = wantedGroup{record, true}
			}
		}
	}
	seen := make(map[string]*Group)
	tagsTold := false
	err := find(rd, shelf[*Group]{
		page: func(ctx context.Context, number int) ([]*Group, bool, error) {
			p, err := rd.app.ListGroups(ctx, number)
			if err != nil {
				return nil, false, err
			}
			return p.Groups, p.More, nil
		},
		single: rd.app.GetGroup, id: func(g *Group) string { return g.GUID }, absent: codeNoGroup,
	}, slices.Sorted(maps.Keys(wanted)), func(g *Group) {
		seen[g.GUID] = g
		tagsTold = tagsTold || len(g.Tags) > 0
	})
	if err != nil {
		return nil, err
	}
	rd.nowhere = lacking(wanted, seen)
	var (
		mu    sync.Mutex
		found []planner.Finding
		first error
	)
	guids := slices.Sorted(maps.Keys(wanted))
	rd.each(len(guids), func(i int) {
		f, err := rd.compareGroup(wanted[guids[i]], seen[guids[i]], tagsTold)
		mu.Lock()
		defer mu.Unlock()
		first = cmp.Or(first, err)
		if f != nil {
			found = append(found, *f)
		}
	})
	return found, cmp.Or(first, rd.alive(rd.brake.halted))
}

// compareGroup holds a group against what the app tells of it; nil when it is as
// it was, or unknown to both.
func (rd *reading) compareGroup(w wantedGroup, g *Group, tagsTold bool) (*planner.Finding, error) {
	f := &planner.Finding{Object: &w.record.Addr, Group: w.record}
	if g == nil {
		if w.unknown {
			return nil, nil
		}
		f.Kind = planner.Missing
		return f, nil
	}
	var scopes map[string]string
	if r := w.record; r.Admins != nil || r.Moderators != nil || r.Participants != nil {
		var err error
		if scopes, err = rd.readMembers(g.GUID); err != nil {
			return nil, err
		}
	}
	f.Group, f.Fields = groupAsSeen(w.record, g, scopes, rd.header.HashKey, tagsTold)
	switch {
	case w.unknown:
		f.Kind = planner.Adopted
		f.Group.Origin, f.Group.CreatedAt = rd.origin(g.CreatedAt), g.CreatedAt
	case len(f.Fields) == 0:
		return nil, nil
	default:
		f.Kind = planner.Edited
	}
	return f, nil
}

// readMembers reads the scopes of a group's members, without those who are
// banned: the list of members may have them. It is nil when the app does not
// let us read them.
func (rd *reading) readMembers(guid string) (map[string]string, error) {
	scopes := make(map[string]string)
	read := func(list func(ctx context.Context, guid string, page int) (*MemberPage, error), visit func(Member)) error {
		for number := 1; ; number++ {
			p, err := ask(rd.run, standard, rd.brake.halted, func(ctx context.Context) (*MemberPage, error) {
				return list(ctx, guid, number)
			})
			if err != nil {
				return err
			}
			for _, m := range p.Members {
				visit(m)
			}
			if !p.More {
				return nil
			}
		}
	}
	err := read(rd.app.ListMembers, func(m Member) { scopes[m.UID] = m.Scope })
	if err == nil {
		err = read(rd.app.ListBanned, func(m Member) { delete(scopes, m.UID) })
	}
	if isRefusal(err) && fatal(err) == nil {
		return nil, nil
	}
	return scopes, err
}
