package planner

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/state"
	"github.com/sowdev/sow/state/jsonline"
)

// hidden stands for a value that must not be shown.
const hidden = "(sensitive)"

// comparison gathers the attributes in which an object differs from what the
// state has of it. Sensitive values are compared by their seals.
type comparison struct {
	hashKey   string
	sensitive []string          // attributes that are sensitive now
	sealed    map[string]string // those that were, as the state has them
	fields    []FieldChange
}

// value compares an attribute that a request can change.
func (c *comparison) value(name, before, after string) {
	seal, wasSecret := c.sealed[name]
	isSecret := after != "" && slices.Contains(c.sensitive, name)
	if !wasSecret && !isSecret {
		if before != after {
			c.fields = append(c.fields, FieldChange{Name: name, Old: before, New: after})
		}
		return
	}
	same := before == after
	if wasSecret {
		before = hidden
		same = after != "" && Seal(c.hashKey, name, after) == seal
	}
	if same && wasSecret == isSecret {
		return
	}
	if isSecret {
		after = hidden
		if before != "" {
			before = hidden
		}
	}
	c.fields = append(c.fields, FieldChange{Name: name, Old: before, New: after, StateOnly: same})
}

func (c *comparison) json(name string, before, after json.RawMessage) {
	if _, wasSecret := c.sealed[name]; !wasSecret && bytes.Equal(before, after) && !slices.Contains(c.sensitive, name) {
		return
	}
	c.value(name, string(before), string(after))
}

func (c *comparison) list(name string, before, after []string) {
	if _, wasSecret := c.sealed[name]; !wasSecret && slices.Equal(before, after) && !slices.Contains(c.sensitive, name) {
		return
	}
	c.value(name, listText(before), listText(after))
}

// record compares an attribute that is of no concern to the app.
func (c *comparison) record(name, before, after string) {
	if before != after {
		c.fields = append(c.fields, FieldChange{Name: name, Old: before, New: after, StateOnly: true})
	}
}

func (c *comparison) recordBool(name string, before, after bool) {
	if before != after {
		c.record(name, strconv.FormatBool(before), strconv.FormatBool(after))
	}
}

// stateOnly reports whether nothing differs that the app has.
func stateOnly(fields []FieldChange) bool {
	return !slices.ContainsFunc(fields, func(f FieldChange) bool { return !f.StateOnly })
}

// newUser returns a declared user as the state has users, values in clear.
func newUser(u *config.User) *state.User {
	return &state.User{
		Addr: u.Addr, UID: u.UID, Name: u.Name, Avatar: u.Avatar, Link: u.Link, Role: u.Role,
		Metadata: u.Metadata, Tags: u.Tags, PreventDestroy: u.Lifecycle.PreventDestroy,
	}
}

func (c *comparison) user(before, after *state.User) {
	c.value("uid", before.UID, after.UID)
	c.value("name", before.Name, after.Name)
	c.value("avatar", before.Avatar, after.Avatar)
	c.value("link", before.Link, after.Link)
	c.value("role", before.Role, after.Role)
	c.json("metadata", before.Metadata, after.Metadata)
	c.list("tags", before.Tags, after.Tags)
	c.recordBool("prevent_destroy", before.PreventDestroy, after.PreventDestroy)
	c.record("address", before.Addr.String(), after.Addr.String())
}

// newGroup returns a declared group as the state has groups, values in clear.
func newGroup(g *config.Group) *state.Group {
	group := &state.Group{
		Addr: g.Addr, GUID: g.GUID, Name: g.Name, Type: g.Type, Password: g.Password, Icon: g.Icon,
		Description: g.Description, Metadata: g.Metadata, Tags: g.Tags,
		Admins: uids(g.Admins), Moderators: uids(g.Moderators), Participants: uids(g.Participants),
		PreventDestroy: g.Lifecycle.PreventDestroy,
	}
	if g.Owner != nil {
		group.Owner = g.Owner.UID
	}
	return group
}

// uids returns the sorted uids of declared members; nil stays nil, because it
// means that they are not managed.
func uids(users []*config.User) []string {
	if users == nil {
		return nil
	}
	list := make([]string, len(users))
	for i, u := range users {
		list[i] = u.UID
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func (c *comparison) group(before, after *state.Group) {
	c.value("guid", before.GUID, after.GUID)
	c.value("name", before.Name, after.Name)
	c.value("type", before.Type, after.Type)
	c.value("password", before.Password, after.Password)
	c.value("icon", before.Icon, after.Icon)
	c.value("description", before.Description, after.Description)
	c.json("metadata", before.Metadata, after.Metadata)
	c.list("tags", before.Tags, after.Tags)
	c.owner(before.Owner, after.Owner)
	c.members("admins", before.Admins, after.Admins)
	c.members("moderators", before.Moderators, after.Moderators)
	c.members("participants", before.Participants, after.Participants)
	c.recordBool("prevent_destroy", before.PreventDestroy, after.PreventDestroy)
	c.record("address", before.Addr.String(), after.Addr.String())
}

// owner compares owners. A group cannot be left without one, so an owner that
// is no longer declared stays.
func (c *comparison) owner(before, after string) {
	if after == "" {
		c.record("owner", before, after)
		return
	}
	c.value("owner", before, after)
}

// members compares the members with one scope. A list that is no longer
// declared is no longer managed, and its members stay.
func (c *comparison) members(name string, before, after []string) {
	switch {
	case after == nil && before == nil:
	case after == nil:
		c.record(name, membersText(before), "(not managed)")
	case before == nil:
		c.fields = append(c.fields, FieldChange{Name: name, Old: "(not managed)", New: membersText(after)})
	case !slices.Equal(before, after):
		c.fields = append(c.fields, FieldChange{Name: name, Old: membersText(before), New: membersText(after)})
	}
}

func membersText(list []string) string { return string(jsonline.AppendTexts(nil, list)) }
