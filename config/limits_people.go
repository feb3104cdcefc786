package config

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/sowdev/sow/config/addr"
)

// More limits of the page "Properties and constraints": of people and groups as a
// whole, and of what an app has of them.
const (
	maxPersonRequest = 10 * 1024 // bytes of the request that creates a user or group
	maxMembers       = 100_000
	maxShownMembers  = 300 // in groups that lists of conversations follow
	maxGroupsOfUser  = 2000
	maxRoles         = 25
)

// defaultRole is the role that every app has.
const defaultRole = "default"

// CheckUser checks a user as a whole: as JSON, the request that creates it is 10
// KB at most. Its fields are checked each on their own.
func CheckUser(u *User) error {
	n := len(`{"uid":,"name":,"avatar":,"link":,"role":,"metadata":,"tags":[]}`) + len(u.Metadata) + tagsSize(u.Tags)
	for _, s := range [...]string{u.UID, u.Name, u.Avatar, u.Link, u.Role} {
		n += jsonString(s).bytes
	}
	return checkRequest("user", n)
}

// CheckGroup checks a group as a whole: its size as [CheckUser] does, and that
// there are no more than 100,000 declared members. More than 300 are a
// *[Warning].
func CheckGroup(g *Group) error {
	n := len(`{"guid":,"name":,"type":,"password":,"icon":,"description":,"owner":,"metadata":,"tags":[]}`) + len(g.Metadata) + tagsSize(g.Tags)
	for _, s := range [...]string{g.GUID, g.Name, g.Type, g.Password, g.Icon, g.Description} {
		n += jsonString(s).bytes
	}
	if g.Owner != nil {
		n += jsonString(g.Owner.UID).bytes
	}
	if err := checkRequest("group", n); err != nil {
		return err
	}
	members := g.members()
	switch {
	case members > maxMembers:
		return fmt.Errorf("the group has %d members, and the limit is %d: make several groups of it", members, maxMembers)
	case members > maxShownMembers:
		return &Warning{fmt.Sprintf("The group has %d members. In groups of more than %d, the app keeps no counts of unread messages, and lists of conversations do not show what is new.",
			members, maxShownMembers)}
	}
	return nil
}

func tagsSize(tags []string) int {
	n := 0
	for _, tag := range tags {
		n += jsonString(tag).bytes + len(`,`)
	}
	return n
}

func checkRequest(what string, n int) error {
	if n <= maxPersonRequest {
		return nil
	}
	return fmt.Errorf("the %s is %d bytes of JSON in all, and the limit is %d: shorten its metadata, tags or links", what, n, maxPersonRequest)
}

// members counts the declared members, of whom the owner is one.
func (g *Group) members() int {
	n := len(g.Admins) + len(g.Moderators) + len(g.Participants)
	if g.Owner != nil && !slices.Contains(g.Admins, g.Owner) {
		n++
	}
	return n
}

// checkApp holds all users and groups together against what an app has room for.
func (l *loader) checkApp() {
	l.checkRoles()
	groups := map[*User]int{}
	for _, g := range l.cfg.Groups {
		for _, members := range [...][]*User{g.Admins, g.Moderators, g.Participants} {
			for _, u := range members {
				groups[u]++
			}
		}
		if g.Owner != nil && !slices.Contains(g.Admins, g.Owner) {
			groups[g.Owner]++
		}
	}
	for _, u := range l.cfg.Users {
		if n := groups[u]; n > maxGroupsOfUser {
			l.report(errorAt(u.Range, "Too many groups",
				"%s is a member of %d groups, and the limit is %d. Leave some out.", u.Addr, n, maxGroupsOfUser))
		}
	}
}

// checkRoles reports the first role that an app has no room for.
func (l *loader) checkRoles() {
	first := map[string]*User{}
	for _, u := range l.cfg.Users {
		if u.Role == "" || u.Role == defaultRole {
			continue
		}
		if other := first[u.Role]; other == nil || byPlace(u, other) < 0 {
			first[u.Role] = u
		}
	}
	if len(first) <= maxRoles {
		return
	}
	users := make([]*User, 0, len(first))
	for _, u := range first {
		users = append(users, u)
	}
	slices.SortFunc(users, byPlace)
	u := users[maxRoles]
	l.report(errorAt(u.Range, "Too many roles",
		"The users have %d roles beside %q, and an app has %d at most. The role %q of %s is the first that is one too many.",
		len(first), defaultRole, maxRoles, u.Role, u.Addr))
}

// byPlace orders users by where they are declared.
func byPlace(a, b *User) int {
	return cmp.Or(comparePlaces(&a.Range, &b.Range), addr.Object.Compare(a.Addr, b.Addr))
}
