package planner

import (
	"slices"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
)

// identity is what a user or a group is known by: the address is ours, the id
// is the app's.
type identity struct {
	addr addr.Object
	id   string
}

// pairUp finds the seeded object of each declared one: the one with the same
// id, which may have another address now, else the one with the same address,
// which then gets another id. It returns the index of each, or -1, and which
// seeded ones are left.
func pairUp(declared, seeded []identity) (of []int, left []int) {
	byID, byAddr := make(map[string]int), make(map[addr.Object]int)
	for i, s := range seeded {
		byAddr[s.addr] = i
		// Two with one id are left by a run that was cut off while it recorded
		// a new address.
		if _, twice := byID[s.id]; !twice {
			byID[s.id] = i
		}
	}
	taken := make([]bool, len(seeded))
	of = make([]int, len(declared))
	ids := make(map[string]bool)
	for i, d := range declared {
		ids[d.id], of[i] = true, -1
		s, ok := byAddr[d.addr]
		if !ok || seeded[s].id != d.id {
			s, ok = byID[d.id]
		}
		if ok {
			of[i], taken[s] = s, true
		}
	}
	for i, d := range declared {
		if of[i] >= 0 {
			continue
		}
		if s, ok := byAddr[d.addr]; ok && !taken[s] && !ids[seeded[s].id] {
			of[i], taken[s] = s, true
		}
	}
	for i := range seeded {
		if !taken[i] {
			left = append(left, i)
		}
	}
	return of, left
}

const (
	becauseUID     = "the uid of a user cannot be changed"
	becauseGUID    = "the guid of a group cannot be changed"
	becauseAdopted = "no longer declared; it was there before sow, and stays"
	becauseRenamed = "the state has it under another address"
)

// addUsers compares the declared users with the seeded ones.
func (b *builder) addUsers(declared []*config.User) {
	seeded := b.prior.Users()
	of, left := pairUp(userIdentities(declared), seededIdentities(seeded, func(u *state.User) identity { return identity{u.Addr, u.UID} }))
	for _, u := range seeded {
		b.people[u.UID] = person{u.Addr, u.Name}
	}
	addresses, ids := make(map[addr.Object]bool), make(map[string]bool)
	for i, d := range declared {
		addresses[d.Addr], ids[d.UID] = true, true
		named := person{d.Addr, d.Name}
		if slices.Contains(d.Sensitive, "name") {
			named.name = ""
		}
		b.people[d.UID] = named
		var before *state.User
		if of[i] >= 0 {
			before = seeded[of[i]]
		}
		b.addUser(d, before)
	}
	for _, i := range left {
		u := seeded[i]
		change := UserChange{Action: Delete, Addr: u.Addr, Before: u, Sensitive: sealedNames(u.Sealed), Reason: becauseGone}
		switch {
		case ids[u.UID]:
			if addresses[u.Addr] {
				continue // another user is recorded under the address
			}
			change.Forget, change.Reason = true, becauseRenamed
		case u.Origin == state.Adopted && !b.opts.IncludeAdopted:
			change.Forget, change.Reason = true, becauseAdopted
		case u.PreventDestroy:
			b.protect(u.Addr, nil)
		}
		b.plan.Users = append(b.plan.Users, change)
		b.plan.Counts.Users.add(Delete)
	}
	for i := range b.plan.Users {
		if c := &b.plan.Users[i]; addresses[c.From] {
			c.From = addr.Object{}
		}
	}
	slices.SortFunc(b.plan.Users, func(x, y UserChange) int { return x.Addr.Compare(y.Addr) })
}

func (b *builder) addUser(d *config.User, before *state.User) {
	after := newUser(d)
	change := UserChange{
		Action: Create, Addr: d.Addr, Before: before, After: after,
		Sensitive: d.Sensitive, Source: source(d.Range),
	}
	if before != nil {
		c := comparison{hashKey: b.header.HashKey, sensitive: d.Sensitive, sealed: before.Sealed}
		c.user(before, after)
		change.Fields = c.fields
		switch {
		case before.UID != after.UID:
			change.Action, change.Reason = Replace, becauseUID
			change.Forget = before.Origin == state.Adopted
			if after.PreventDestroy && !change.Forget {
				b.protect(d.Addr, &d.Range)
			}
		case len(c.fields) == 0:
			change.Action = NoOp
		default:
			change.Action, change.StateOnly = Update, stateOnly(c.fields)
			after.Origin, after.CreatedAt = before.Origin, before.CreatedAt
		}
		if before.Addr != d.Addr {
			change.From = before.Addr
		}
	}
	b.plan.Counts.Users.add(change.Action)
	if change.Action == NoOp {
		return
	}
	if change.Action != Update {
		b.missingUsers[d.Addr] = true
	}
	b.plan.Users = append(b.plan.Users, change)
}

// addGroups compares the declared groups with the seeded ones.
func (b *builder) addGroups(declared []*config.Group) {
	seeded := b.prior.Groups()
	of, left := pairUp(groupIdentities(declared), seededIdentities(seeded, func(g *state.Group) identity { return identity{g.Addr, g.GUID} }))
	addresses, ids := make(map[addr.Object]bool), make(map[string]bool)
	for i, d := range declared {
		addresses[d.Addr], ids[d.GUID] = true, true
		var before *state.Group
		if of[i] >= 0 {
			before = seeded[of[i]]
		}
		b.addGroup(d, before)
	}
	for _, i := range left {
		g := seeded[i]
		change := GroupChange{Action: Delete, Addr: g.Addr, Before: g, Sensitive: sealedNames(g.Sealed), Reason: becauseGone}
		switch {
		case ids[g.GUID]:
			if addresses[g.Addr] {
				continue
			}
			change.Forget, change.Reason = true, becauseRenamed
		case g.Origin == state.Adopted && !b.opts.IncludeAdopted:
			change.Forget, change.Reason = true, becauseAdopted
		case g.PreventDestroy:
			b.protect(g.Addr, nil)
		}
		b.plan.Groups = append(b.plan.Groups, change)
		b.plan.Counts.Groups.add(Delete)
	}
	for i := range b.plan.Groups {
		if c := &b.plan.Groups[i]; addresses[c.From] {
			c.From = addr.Object{}
		}
	}
	slices.SortFunc(b.plan.Groups, func(x, y GroupChange) int { return x.Addr.Compare(y.Addr) })
}

func (b *builder) addGroup(d *config.Group, before *state.Group) {
	after := newGroup(d)
	change := GroupChange{
		Action: Create, Addr: d.Addr, Before: before, After: after,
		Sensitive: groupSensitive(d), Source: source(d.Range),
	}
	if before != nil {
		c := comparison{hashKey: b.header.HashKey, sensitive: change.Sensitive, sealed: before.Sealed}
		c.group(before, after)
		change.Fields = c.fields
		switch {
		case before.GUID != after.GUID:
			change.Action, change.Reason = Replace, becauseGUID
			change.Forget = before.Origin == state.Adopted
			if after.PreventDestroy && !change.Forget {
				b.protect(d.Addr, &d.Range)
			}
		case len(c.fields) == 0:
			change.Action = NoOp
		default:
			change.Action, change.StateOnly = Update, stateOnly(c.fields)
			after.Origin, after.CreatedAt = before.Origin, before.CreatedAt
		}
		if before.Addr != d.Addr {
			change.From = before.Addr
		}
	}
	b.plan.Counts.Groups.add(change.Action)
	if change.Action == NoOp {
		return
	}
	if change.Action != Update {
		b.missingGroups[d.Addr] = true
	}
	b.plan.Groups = append(b.plan.Groups, change)
}

// groupSensitive names the sensitive attributes of a group. The password is
// one, whatever the loader knows of it.
func groupSensitive(g *config.Group) []string {
	if g.Password == "" || slices.Contains(g.Sensitive, "password") {
		return g.Sensitive
	}
	return append(slices.Clone(g.Sensitive), "password")
}

func userIdentities(users []*config.User) []identity {
	list := make([]identity, len(users))
	for i, u := range users {
		list[i] = identity{u.Addr, u.UID}
	}
	return list
}

func groupIdentities(groups []*config.Group) []identity {
	list := make([]identity, len(groups))
	for i, g := range groups {
		list[i] = identity{g.Addr, g.GUID}
	}
	return list
}

func seededIdentities[T any](objects []T, of func(T) identity) []identity {
	list := make([]identity, len(objects))
	for i, o := range objects {
		list[i] = of(o)
	}
	return list
}

// assignCarriers chooses, for each missing user and group, the message that
// creates it: the first that uses it, in the first lane that does. So a lane
// only ever waits for lanes before it. A group's owner has to be there before
// the group: unless a lane before the group's carries the owner, that is done
// by a request of its own, as it is where the first message cannot carry.
func (b *builder) assignCarriers() {
	b.assignGroups()
	for i := range b.plan.Users {
		u := &b.plan.Users[i]
		if first, ok := b.uses[u.Addr]; ok && u.creates() && !first.message.IsZero() {
			carrier := first.message
			u.Carrier = &carrier
		}
	}
}

// assignGroups chooses the carriers of groups. An owner who would be carried
// too late is not carried.
func (b *builder) assignGroups() {
	if len(b.plan.Groups) == 0 {
		return
	}
	addrs := make(map[string]addr.Object)
	for i := range b.plan.Users {
		if u := &b.plan.Users[i]; u.After != nil {
			addrs[u.After.UID] = u.Addr
		}
	}
	var late []addr.Object
	for i := range b.plan.Groups {
		g := &b.plan.Groups[i]
		if !g.creates() {
			continue
		}
		first, carried := b.uses[g.Addr]
		if carried {
			carrier := first.message
			g.Carrier = &carrier
		}
		owner, ok := addrs[g.After.Owner]
		if owned, ownerCarried := b.uses[owner]; ok && ownerCarried && (!carried || owned.lane >= first.lane) {
			late = append(late, owner)
		}
	}
	for _, owner := range late {
		delete(b.uses, owner)
	}
}

// protectTalk refuses to remove a conversation that is protected, or to move
// it to another chat, which removes all its messages.
func (b *builder) protectTalk(t *talk) {
	switch {
	case t.decl == nil && t.prev.PreventDestroy:
		b.protect(t.addr, nil)
	case t.moved() && t.next.PreventDestroy:
		b.protect(t.addr, &t.decl.Range)
	}
}
