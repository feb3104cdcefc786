package applier

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// comparison holds what the state has of an object against what the app tells
// of it. Only declared values count, and only what the app tells: what it adds
// is its own, and what it leaves out it may still have.
type comparison struct {
	hashKey string
	fields  []planner.FieldChange
}

// differs notes a difference.
func (c *comparison) differs(name, before, after string) {
	c.fields = append(c.fields, planner.FieldChange{Name: name, Old: before, New: after})
}

// concealed stands for a sensitive value in a finding.
const concealed = "(sensitive)"

// text compares a declared text, which may be sealed, and gives the record what
// the app has instead.
func (c *comparison) text(name string, value *string, sealed map[string]string, seen string) {
	seal, secret := sealed[name]
	switch {
	case secret && (seen == "" || planner.Seal(c.hashKey, name, seen) != seal):
		c.differs(name, concealed, concealed)
		delete(sealed, name)
		if seen != "" {
			sealed[name] = planner.Seal(c.hashKey, name, seen)
		}
	case !secret && *value != "" && *value != seen:
		c.differs(name, *value, seen)
		*value = seen
	}
}

// object compares the declared fields of a JSON object. Sealed ones cannot be
// compared: a seal tells nothing of a value that is spelt otherwise.
func (c *comparison) object(name string, value *json.RawMessage, seen json.RawMessage) {
	if len(*value) == 0 || covers(seen, *value) {
		return
	}
	has := common(seen, *value)
	c.differs(name, string(*value), string(has))
	*value = has
}

// common are the fields of declared as remote has them, and those of the app
// as declared. An object without any is none.
func common(remote, declared json.RawMessage) json.RawMessage {
	have, result := fieldsOf(remote), make(map[string]json.RawMessage)
	for field, value := range fieldsOf(declared) {
		if isPrivate(field) {
			result[field] = value
		} else if value, ok := have[field]; ok {
			result[field] = value
		}
	}
	if len(result) == 0 {
		return nil
	}
	whole, err := json.Marshal(result)
	if err != nil {
		panic(err) // values that were read as JSON
	}
	return whole
}

// list compares declared tags: whoever adds some takes none away.
func (c *comparison) list(name string, value *[]string, seen []string) {
	var has []string
	for _, v := range *value {
		if slices.Contains(seen, v) {
			has = append(has, v)
		}
	}
	if len(has) == len(*value) {
		return
	}
	c.differs(name, strings.Join(*value, ", "), strings.Join(has, ", "))
	*value = has
}

// messageAsSeen returns the record of a message as the app has it, and in what
// that differs from the record.
func messageAsSeen(m *state.Message, seen *Message, hashKey string, tagsTold bool) (*state.Message, []planner.FieldChange) {
	as := *m
	as.Sealed = maps.Clone(m.Sealed)
	c := &comparison{hashKey: hashKey}
	if seen.Sender != "" && seen.Sender != as.Sender {
		c.differs("from", as.Sender, seen.Sender)
		as.Sender = seen.Sender
	}
	if seen.Type != "" && seen.Type != wireType(as.Type) {
		c.differs("type", wireType(as.Type), seen.Type)
		as.Type = seen.Type
	}
	if seen.SentAt != 0 && seen.SentAt != as.SentAt {
		c.differs("sent_at", timeText(as.SentAt), timeText(seen.SentAt))
		as.SentAt = seen.SentAt
	}
	if tellsContent(&seen.Data) {
		c.text("text", &as.Text, as.Sealed, seen.Data.Text)
		if as.Text == "" && as.Sealed["text"] == "" && seen.Data.Text != "" {
			c.differs("text", "", seen.Data.Text)
			as.Text = seen.Data.Text
		}
		if len(as.Attachments) > 0 && !sameFiles(as.Attachments, seen.Data.Attachments) {
			has := filesOf(seen.Data.Attachments)
			c.differs("attachments", fileNames(as.Attachments), fileNames(has))
			as.Attachments = has
		}
		c.object("custom_data", &as.CustomData, seen.Data.CustomData)
		c.object("metadata", &as.Metadata, seen.Data.Metadata)
	}
	if tagsTold {
		c.list("tags", &as.Tags, seen.Tags)
	}
	return &as, c.fields
}

// tellsContent reports whether an answer tells what a message says: one that
// says nothing does not exist.
func tellsContent(d *MessageData) bool {
	return d.Text != "" || len(d.Attachments) > 0 || len(fieldsOf(d.CustomData)) > 0
}

func timeText(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }

// sameFiles compares attachments by what stays the same wherever the app keeps
// them: name, type and extension, as far as they are told.
func sameFiles(declared []state.Attachment, seen []Attachment) bool {
	if len(seen) == 0 {
		return true // a message of files has some: the app does not tell them
	}
	if len(declared) != len(seen) {
		return false
	}
	same := func(declared, seen string) bool { return seen == "" || declared == seen }
	for i, d := range declared {
		s := seen[i]
		if !same(d.Name, s.Name) || !same(d.MimeType, s.MimeType) || !same(d.Extension, s.Extension) {
			return false
		}
	}
	return true
}

func filesOf(seen []Attachment) []state.Attachment {
	files := make([]state.Attachment, len(seen))
	for i, a := range seen {
		files[i] = state.Attachment(a)
	}
	return files
}

func fileNames(files []state.Attachment) string {
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.Name
	}
	return strings.Join(names, ", ")
}

// userAsSeen is messageAsSeen for a user.
func userAsSeen(u *state.User, seen *User, hashKey string, tagsTold bool) (*state.User, []planner.FieldChange) {
	as := *u
	as.Sealed = maps.Clone(u.Sealed)
	c := &comparison{hashKey: hashKey}
	c.text("name", &as.Name, as.Sealed, seen.Name)
	c.text("avatar", &as.Avatar, as.Sealed, seen.Avatar)
	c.text("link", &as.Link, as.Sealed, seen.Link)
	c.text("role", &as.Role, as.Sealed, seen.Role)
	c.object("metadata", &as.Metadata, seen.Metadata)
	if tagsTold {
		c.list("tags", &as.Tags, seen.Tags)
	}
	return &as, c.fields
}

// groupAsSeen is messageAsSeen for a group. The password is in no read. Scopes
// has the members by uid, and is nil when they were not read.
func groupAsSeen(g *state.Group, seen *Group, scopes map[string]string, hashKey string, tagsTold bool) (*state.Group, []planner.FieldChange) {
	as := *g
	as.Sealed = maps.Clone(g.Sealed)
	c := &comparison{hashKey: hashKey}
	c.text("name", &as.Name, as.Sealed, seen.Name)
	c.text("type", &as.Type, as.Sealed, seen.Type)
	c.text("icon", &as.Icon, as.Sealed, seen.Icon)
	c.text("description", &as.Description, as.Sealed, seen.Description)
	c.text("owner", &as.Owner, as.Sealed, seen.Owner)
	c.object("metadata", &as.Metadata, seen.Metadata)
	if tagsTold {
		c.list("tags", &as.Tags, seen.Tags)
	}
	if scopes != nil {
		c.members(&as, seen.Owner, scopes)
	}
	return &as, c.fields
}

// members compares the declared members. Who else is in a group may have
// joined, or was let in to send: that is nobody's business. An owner cannot be
// made less than that, whatever the list says.
func (c *comparison) members(g *state.Group, owner string, scopes map[string]string) {
	want := planner.ScopesOf(g)
	for _, list := range []struct {
		name, scope string
		uids        *[]string
	}{{"admins", planner.Admin, &g.Admins}, {"moderators", planner.Moderator, &g.Moderators}, {"participants", planner.Participant, &g.Participants}} {
		if *list.uids == nil {
			continue
		}
		in := []string{}
		for _, uid := range *list.uids {
			if want[uid] != list.scope || scopes[uid] == list.scope || uid == owner || uid == g.Owner {
				in = append(in, uid)
			}
		}
		if len(in) < len(*list.uids) {
			c.differs(list.name, strings.Join(*list.uids, ", "), strings.Join(in, ", "))
			*list.uids = in
		}
	}
}
