package emulator

import (
	"bytes"
	"cmp"
)

// appendUser appends a user as the API shows them.
func appendUser(dst []byte, q *Quirks, u *user, tags bool) []byte {
	o := object{q.appendUserEntity(dst, u)}
	if tags {
		o.texts("tags", u.Tags)
	}
	return o.end()
}

// appendUserEntity appends a user without the closing brace, for fields may
// follow.
func (q *Quirks) appendUserEntity(dst []byte, u *user) []byte {
	o := begin(dst)
	o.text("uid", u.UID)
	o.text("name", u.Name)
	o.some("link", u.Link)
	o.some("avatar", u.Avatar)
	o.raw("metadata", q.metadataOf(u))
	o.text("status", "offline")
	o.some("statusMessage", u.StatusMessage)
	role := cmp.Or(u.Role, defaultRole)
	if role == defaultRole && q.of(injectedFields) == "none" {
		role = ""
	}
	o.some("role", role)
	o.number("createdAt", u.CreatedAt)
	o.time("updatedAt", u.UpdatedAt)
	o.time("deactivatedAt", u.DeactivatedAt)
	return o.b
}

// metadataOf is a user's metadata as it is returned.
func (q *Quirks) metadataOf(u *user) []byte {
	m := value(u.Metadata)
	if q.of(privateMetadataRead) == "hidden" && bytes.Contains(m, []byte(`@private`)) {
		m = withoutField(m, "@private")
	}
	return q.inject(m)
}

func withoutField(v value, without string) value {
	o := begin(nil)
	v.fields(func(name string, field value) {
		if name != without {
			o.name(quoted(name))
			o.b = append(o.b, field...)
		}
	})
	return o.end()
}

// inject adds what extensions of the service add to metadata.
func (q *Quirks) inject(metadata value) value {
	if q.of(injectedFields) != "defaults_and_metadata" {
		return metadata
	}
	if metadata == nil {
		metadata = value("{}")
	}
	return mergeObjects(metadata, value(`{"@injected":{"extensions":{}}}`))
}

// appendGroup appends a group as the API shows it to a user, or to nobody in
// particular when uid is "".
func appendGroup(dst []byte, g *group, seen groupView, tags bool) []byte {
	o := object{append(dst, g.entity...)}
	o.number("membersCount", int64(seen.members))
	if seen.member != nil {
		o.text("scope", seen.member.Scope)
		o.number("joinedAt", seen.member.JoinedAt)
		o.boolean("hasJoined", true)
	} else {
		o.boolean("hasJoined", false)
	}
	if tags {
		o.texts("tags", g.Tags)
	}
	return o.end()
}

// groupView is what the answer says of a group besides the group itself.
type groupView struct {
	members int
	member  *member // of the user who asks
}

func (r *room) view(uid string) groupView {
	return groupView{members: r.size, member: r.joined(uid)}
}

// appendGroupEntity appends a group without the closing brace.
func (q *Quirks) appendGroupEntity(dst []byte, g *group) []byte {
	o := begin(dst)
	o.text("guid", g.GUID)
	o.text("name", g.Name)
	o.some("description", g.Description)
	o.some("icon", g.Icon)
	o.text("type", g.Type)
	if q.of(groupPasswordRead) == "returned" {
		o.some("password", g.Password)
	}
	o.text("owner", g.Owner)
	o.raw("metadata", q.inject(value(g.Metadata)))
	o.text("conversationId", groupPrefix+g.GUID)
	o.number("createdAt", g.CreatedAt)
	o.time("updatedAt", g.UpdatedAt)
	return o.b
}

// appendSystem appends the user that the app acts as.
func appendSystem(dst []byte) []byte {
	o := begin(dst)
	o.text("uid", systemUID)
	o.text("name", "System")
	o.text("status", "offline")
	o.text("role", defaultRole)
	return o.b
}
