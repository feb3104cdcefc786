package view

import (
	"strconv"

	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// cast gives the people of a chat the short names that they are known by in
// the configuration: "ana", and "sam" for user.agent["sam"].
type cast map[string]string

// newCast names people by uid. Two of the same short name get their addresses
// instead.
func newCast(people []state.User) cast {
	c := make(cast, len(people))
	bearer := make(map[string]string, len(people)) // short name → uid
	for _, u := range people {
		short := shortName(u)
		if first, taken := bearer[short]; taken {
			c[first] = longName(c, people, first)
			c[u.UID] = u.Addr.String()
			continue
		}
		bearer[short] = u.UID
		c[u.UID] = short
	}
	return c
}

func longName(c cast, people []state.User, uid string) string {
	for _, u := range people {
		if u.UID == uid && !u.Addr.IsZero() {
			return u.Addr.String()
		}
	}
	return c[uid]
}

func shortName(u state.User) string {
	if text, ok := u.Addr.Key.Text(); ok {
		return text
	}
	if n, ok := u.Addr.Key.Int(); ok {
		return u.Addr.Name + "[" + strconv.Itoa(n) + "]"
	}
	if u.Addr.IsZero() {
		return u.UID
	}
	return u.Addr.Name
}

// name returns how a person is called; one who is not in the cast by uid.
func (c cast) name(uid string) string {
	if name, ok := c[uid]; ok {
		return name
	}
	return uid
}

// maxNameWidth is where a column of names stops growing.
const maxNameWidth = 20

// nameWidth is the width of the column of names.
func (c cast) nameWidth(uids ...string) int {
	widest := 0
	for uid := range c {
		uids = append(uids, uid)
	}
	for _, uid := range uids {
		widest = max(widest, foreign(plain, c.name(uid)).width())
	}
	return min(widest, maxNameWidth)
}

// maxNamed is how many people of a group's chat are named.
const maxNamed = 4

// participants says who talks in a lane: "ana and sam", "in lobby: ana, sam
// and kim".
func participants(lane *planner.LaneInfo, c cast) string {
	if lane.Group == "" {
		var names []string
		for _, uid := range lane.Between {
			names = append(names, c.name(uid))
		}
		return enumerate(names)
	}
	var names []string
	for _, u := range lane.Members {
		names = append(names, c.name(u.UID))
	}
	if len(names) == 0 {
		return "in " + lane.Group
	}
	if more := len(names) - maxNamed; more > 1 {
		names = append(names[:maxNamed], number(more)+" more")
	}
	return "in " + lane.Group + ": " + enumerate(names)
}
