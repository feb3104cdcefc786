package applier

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sowdev/sow/planner"
)

func (f *fake) exists(id string, group bool) error {
	if group && f.groups[id] != nil || !group && f.users[id] != nil && !f.gone[id] {
		return nil
	}
	switch f.missing {
	case "auto":
		if group {
			f.groups[id] = &Group{GUID: id, Name: id, Type: "public", CreatedAt: time.Now().Unix()}
		} else {
			f.users[id] = &User{UID: id, Name: id, Role: "default", CreatedAt: time.Now().Unix()}
		}
		return nil
	case "bad_request":
		return refuse("ERR_BAD_REQUEST", "%s does not exist", id)
	}
	if group {
		return refuse("ERR_GUID_NOT_FOUND", "%s", id)
	}
	return refuse("ERR_UID_NOT_FOUND", "%s", id)
}

func (f *fake) admitUser(d *User) error {
	if d == nil {
		return nil
	}
	if f.users[d.UID] != nil {
		switch f.details {
		case "reject":
			return refuse("ERR_UID_ALREADY_EXISTS", "%s", d.UID)
		case "update":
			u := *d
			u.CreatedAt = f.users[d.UID].CreatedAt
			f.users[d.UID] = &u
		}
		return nil
	}
	u := *d
	if u.Role != "" && !f.roles[u.Role] {
		if f.role == "" {
			return refuse("ERR_BAD_REQUEST", "role %s", u.Role)
		}
		u.Role = ""
	}
	if u.Role == "" {
		u.Role = "default"
	}
	u.CreatedAt = time.Now().Unix()
	f.users[u.UID] = &u
	return nil
}

func (f *fake) admitGroup(d *Group) error {
	if d == nil {
		return nil
	}
	if d.Description != "" {
		d.Description = "" // details have none
	}
	if f.groups[d.GUID] != nil {
		if f.details == "reject" {
			return refuse("ERR_GUID_ALREADY_EXISTS", "%s", d.GUID)
		}
		return nil
	}
	g := *d
	if g.Owner != "" && f.users[g.Owner] == nil {
		switch f.owner {
		case "":
			return refuse("ERR_UID_NOT_FOUND", "owner %s", g.Owner)
		case "system":
			g.Owner = "app_system"
		}
	}
	f.newGroup(g)
	return nil
}

func (f *fake) newGroup(g Group) *Group {
	g.CreatedAt = time.Now().Unix()
	f.groups[g.GUID] = &g
	if f.ownerIn && g.Owner != "" {
		f.join(g.GUID, g.Owner, planner.Admin)
	}
	return &g
}

func (f *fake) join(guid, uid, scope string) {
	if f.members[guid] == nil {
		f.members[guid] = make(map[string]string)
	}
	if f.members[guid][uid] == "" {
		f.members[guid][uid] = scope
	}
}

func (f *fake) CreateUser(ctx context.Context, u *User) (*User, error) {
	declared := *u
	var seen *User
	err := f.do(ctx, "create user", u.UID, func() error {
		if f.users[declared.UID] != nil {
			return refuse("ERR_UID_ALREADY_EXISTS", "%s", declared.UID)
		}
		if declared.Role != "" && !f.roles[declared.Role] {
			return refuse("ERR_ROLE_NOT_FOUND", "%s", declared.Role)
		}
		if declared.Role == "" {
			declared.Role = "default"
		}
		declared.CreatedAt = time.Now().Unix()
		f.users[declared.UID] = &declared
		c := declared
		seen = &c
		return nil
	})
	if err != nil {
		return nil, err
	}
	return seen, nil
}

func (f *fake) getUser(uid string) (*User, error) {
	u := f.users[uid]
	if u == nil || f.gone[uid] {
		return nil, refuse("ERR_UID_NOT_FOUND", "%s", uid)
	}
	c := *u
	return &c, nil
}

func (f *fake) GetUser(ctx context.Context, uid string) (*User, error) {
	var seen *User
	err := f.do(ctx, "get user", uid, func() (err error) {
		seen, err = f.getUser(uid)
		return err
	})
	if err != nil {
		return nil, err
	}
	return seen, nil
}

// fakePeople is how many users, groups or members the fake lists at once.
const fakePeople = 3

// paged cuts a page out of a sorted list of ids.
func paged(ids []string, page int) (cut []string, more bool) {
	from := min((page-1)*fakePeople, len(ids))
	to := min(from+fakePeople, len(ids))
	return ids[from:to], to < len(ids)
}

func (f *fake) ListUsers(ctx context.Context, page int) (*UserPage, error) {
	p := new(UserPage)
	err := f.do(ctx, "list users", fmt.Sprint(page), func() error {
		var uids []string
		for _, uid := range slices.Sorted(maps.Keys(f.users)) {
			if !f.gone[uid] {
				uids = append(uids, uid)
			}
		}
		uids, p.More = paged(uids, page)
		for _, uid := range uids {
			u := *f.users[uid]
			p.Users = append(p.Users, &u)
		}
		return nil
	})
	return p, err
}

func (f *fake) UpdateUser(ctx context.Context, uid string, p Patch) (*User, error) {
	var seen *User
	err := f.do(ctx, "update user", uid+" "+strings.Join(slices.Sorted(maps.Keys(p.Set)), ","), func() error {
		if _, err := f.getUser(uid); err != nil {
			return err
		}
		u := *f.users[uid]
		for field, value := range p.Set {
			switch field {
			case "name":
				u.Name = value.(string)
			case "avatar":
				u.Avatar = value.(string)
			case "link":
				u.Link = value.(string)
			case "role":
				if !f.roles[value.(string)] {
					return refuse("ERR_ROLE_NOT_FOUND", "%s", value)
				}
				if value == "default" && f.clear == "rejected" {
					return refuse("ERR_BAD_REQUEST", "role")
				}
				if value != "default" || f.clear == "" {
					u.Role = value.(string)
				}
			case "metadata":
				u.Metadata = f.putMeta(u.Metadata, value.(json.RawMessage))
			case "tags":
				if err := f.putTags(&u.Tags, value.([]string)); err != nil {
					return err
				}
			}
		}
		for _, field := range p.Unset {
			switch field {
			case "avatar":
				u.Avatar = ""
			case "link":
				u.Link = ""
			case "metadata":
				u.Metadata = nil
			}
		}
		f.users[uid] = &u
		c := u
		seen = &c
		return nil
	})
	if err != nil {
		return nil, err
	}
	return seen, nil
}

func (f *fake) putMeta(old, value json.RawMessage) json.RawMessage {
	if f.metaMerge {
		return overlay(old, nil, value)
	}
	return value
}

func (f *fake) putTags(tags *[]string, value []string) error {
	if len(value) == 0 {
		switch f.clear {
		case "ignored":
			return nil
		case "rejected":
			return refuse("ERR_BAD_REQUEST", "tags")
		}
	}
	*tags = slices.Clone(value)
	return nil
}

func (f *fake) ReactivateUser(ctx context.Context, uid string) error {
	return f.do(ctx, "reactivate", uid, func() error {
		delete(f.gone, uid)
		return nil
	})
}

func (f *fake) DeleteUser(ctx context.Context, uid string) error {
	return f.do(ctx, "delete user", uid, func() error {
		if _, err := f.getUser(uid); err != nil {
			return err
		}
		delete(f.users, uid)
		f.messages = slices.DeleteFunc(f.messages, func(m *stored) bool {
			return m.Sender == uid || m.ReceiverType != "group" && m.Receiver == uid
		})
		return nil
	})
}

func (f *fake) CreateGroup(ctx context.Context, g *Group) (*Group, error) {
	declared := *g
	var seen *Group
	err := f.do(ctx, "create group", g.GUID, func() error {
		if f.groups[declared.GUID] != nil {
			return refuse("ERR_GUID_ALREADY_EXISTS", "%s", declared.GUID)
		}
		if declared.Owner != "" && f.users[declared.Owner] == nil {
			return refuse("ERR_UID_NOT_FOUND", "%s", declared.Owner)
		}
		c := *f.newGroup(declared)
		seen = &c
		return nil
	})
	if err != nil {
		return nil, err
	}
	return seen, nil
}

func (f *fake) getGroup(guid string) (*Group, error) {
	g := f.groups[guid]
	if g == nil {
		return nil, refuse("ERR_GUID_NOT_FOUND", "%s", guid)
	}
	c := *g
	c.Password = ""
	return &c, nil
}

func (f *fake) GetGroup(ctx context.Context, guid string) (*Group, error) {
	var seen *Group
	err := f.do(ctx, "get group", guid, func() (err error) {
		seen, err = f.getGroup(guid)
		return err
	})
	if err != nil {
		return nil, err
	}
	return seen, nil
}

func (f *fake) ListGroups(ctx context.Context, page int) (*GroupPage, error) {
	p := new(GroupPage)
	err := f.do(ctx, "list groups", fmt.Sprint(page), func() error {
		guids, more := paged(slices.Sorted(maps.Keys(f.groups)), page)
		p.More = more
		for _, guid := range guids {
			g := *f.groups[guid]
			p.Groups = append(p.Groups, &g)
		}
		return nil
	})
	return p, err
}

func (f *fake) UpdateGroup(ctx context.Context, guid string, p Patch) (*Group, error) {
	var seen *Group
	err := f.do(ctx, "update group", guid+" "+strings.Join(slices.Sorted(maps.Keys(p.Set)), ","), func() error {
		if _, err := f.getGroup(guid); err != nil {
			return err
		}
		g := *f.groups[guid]
		for field, value := range p.Set {
			switch field {
			case "name":
				g.Name = value.(string)
			case "type":
				g.Type = value.(string)
			case "password":
				g.Password = value.(string)
			case "icon":
				g.Icon = value.(string)
			case "description":
				g.Description = value.(string)
			case "owner":
				g.Owner = value.(string)
			case "metadata":
				g.Metadata = f.putMeta(g.Metadata, value.(json.RawMessage))
			case "tags":
				if err := f.putTags(&g.Tags, value.([]string)); err != nil {
					return err
				}
			}
		}
		for _, field := range p.Unset {
			switch field {
			case "icon":
				g.Icon = ""
			case "description":
				g.Description = ""
			case "metadata":
				g.Metadata = nil
			}
		}
		f.groups[guid] = &g
		c := g
		c.Password = ""
		seen = &c
		return nil
	})
	if err != nil {
		return nil, err
	}
	return seen, nil
}

func (f *fake) DeleteGroup(ctx context.Context, guid string) error {
	return f.do(ctx, "delete group", guid, func() error {
		if _, err := f.getGroup(guid); err != nil {
			return err
		}
		delete(f.groups, guid)
		delete(f.members, guid)
		f.messages = slices.DeleteFunc(f.messages, func(m *stored) bool {
			return m.ReceiverType == "group" && m.Receiver == guid
		})
		return nil
	})
}

func (f *fake) AddMembers(ctx context.Context, guid string, members []Member) (map[string]error, error) {
	var names []string
	for _, m := range members {
		names = append(names, m.UID+":"+m.Scope)
	}
	var results map[string]error
	err := f.do(ctx, "add members", guid+" "+strings.Join(names, ","), func() error {
		if _, err := f.getGroup(guid); err != nil {
			return err
		}
		if len(members) > 25 {
			return refuse("ERR_BAD_REQUEST", "too many")
		}
		results = make(map[string]error)
		for _, m := range members {
			switch {
			case f.users[m.UID] == nil:
				results[m.UID] = refuse("ERR_UID_NOT_FOUND", "%s", m.UID)
			case f.members[guid][m.UID] != "":
				results[m.UID] = refuse("ERR_ALREADY_JOINED", "%s", m.UID)
			default:
				f.join(guid, m.UID, m.Scope)
				results[m.UID] = nil
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

func (f *fake) ListMembers(ctx context.Context, guid string, page int) (*MemberPage, error) {
	p := new(MemberPage)
	err := f.do(ctx, "list members", guid, func() error {
		if f.groups[guid] == nil {
			return refuse("ERR_GUID_NOT_FOUND", "%s", guid)
		}
		uids, more := paged(slices.Sorted(maps.Keys(f.members[guid])), page)
		p.More = more
		for _, uid := range uids {
			p.Members = append(p.Members, Member{UID: uid, Scope: f.members[guid][uid]})
		}
		return nil
	})
	return p, err
}

func (f *fake) ChangeScope(ctx context.Context, guid, uid, scope string) error {
	return f.do(ctx, "change scope", guid+" "+uid+":"+scope, func() error {
		switch {
		case f.members[guid][uid] == "":
			return refuse("ERR_NOT_A_MEMBER", "%s", uid)
		case f.members[guid][uid] == scope:
			return refuse("ERR_SAME_SCOPE", "%s", uid)
		}
		f.members[guid][uid] = scope
		return nil
	})
}

func (f *fake) RemoveMember(ctx context.Context, guid, uid string) error {
	return f.do(ctx, "remove member", guid+" "+uid, func() error {
		if f.members[guid][uid] == "" {
			return refuse("ERR_NOT_A_MEMBER", "%s", uid)
		}
		delete(f.members[guid], uid)
		return nil
	})
}

func (f *fake) ListBanned(ctx context.Context, guid string, page int) (*MemberPage, error) {
	return &MemberPage{}, nil
}
