package planner

import (
	"maps"
	"slices"

	"github.com/sowdev/sow/state"
)

// The scopes of members.
const (
	Admin       = "admin"
	Moderator   = "moderator"
	Participant = "participant"
)

// Member is a user of a group, with the scope that is declared.
type Member struct{ UID, Scope string }

// Roll is what has to be done about the members of one group, each list sorted
// by uid.
type Roll struct {
	Add     []Member // 25 by one request
	Rescope []Member // members that get another scope
	Remove  []string
}

// MembersPerCall is how many members one request adds (page "Add members").
const MembersPerCall = 25

// Roll compares the members of the group. The owner belongs to them: as an
// admin, unless declared as something else. A list that is not managed stays as
// it is.
func (c *GroupChange) Roll() Roll {
	var r Roll
	g := c.After
	if g == nil || c.StateOnly {
		return r
	}
	made := c.Action == Create || c.Action == Replace
	before, after := map[string]string{}, ScopesOf(g)
	if !made {
		before = ScopesOf(c.Before)
	}
	for _, uid := range slices.Sorted(maps.Keys(after)) {
		switch was, is := before[uid], after[uid]; {
		case was == "":
			r.Add = append(r.Add, Member{uid, is})
		case was != is:
			r.Rescope = append(r.Rescope, Member{uid, is})
		}
	}
	ownerChanged := made || c.Before.Owner != g.Owner
	if !made && ownerChanged {
		// Who owned the group was more than declared for as long.
		if old := c.Before.Owner; after[old] != "" && before[old] == after[old] {
			r.Rescope = append(r.Rescope, Member{old, after[old]})
		}
	}
	if g.Owner != "" && after[g.Owner] == "" && ownerChanged {
		r.Add = append(r.Add, Member{g.Owner, Admin})
	}
	managed := map[string]bool{Admin: g.Admins != nil, Moderator: g.Moderators != nil, Participant: g.Participants != nil}
	for _, uid := range slices.Sorted(maps.Keys(before)) {
		if after[uid] == "" && managed[before[uid]] && uid != g.Owner {
			r.Remove = append(r.Remove, uid)
		}
	}
	return r
}

// ScopesOf returns the declared members of a group with their scopes, the
// highest of each.
func ScopesOf(g *state.Group) map[string]string {
	scopes := make(map[string]string)
	if g == nil {
		return scopes
	}
	for _, uid := range g.Participants {
		scopes[uid] = Participant
	}
	for _, uid := range g.Moderators {
		scopes[uid] = Moderator
	}
	for _, uid := range g.Admins {
		scopes[uid] = Admin
	}
	return scopes
}

// Guests are, by guid, those who speak in a group that the plan creates without
// being declared as its members: they join it before they speak, since an app
// may let only members speak. Where the participants are managed nobody joins
// unasked.
func (p *Plan) Guests() map[string][]Member {
	open := make(map[string]*state.Group)
	for i := range p.Groups {
		if c := &p.Groups[i]; (c.Action == Create || c.Action == Replace) && c.After.Participants == nil {
			open[c.After.GUID] = c.After
		}
	}
	guests := make(map[string][]Member)
	for i := range p.Lanes {
		g := open[p.Lanes[i].Group]
		if g == nil {
			continue
		}
		declared := ScopesOf(g)
		for _, uid := range p.Lanes[i].Voices {
			if declared[uid] == "" && uid != g.Owner {
				guests[g.GUID] = append(guests[g.GUID], Member{uid, Participant})
			}
		}
	}
	return guests
}
