package state

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
)

// Seal returns the keyed hash that stands in the state for a sensitive value:
// the hex HMAC-SHA-256 of the attribute's name and the value under the header's
// hash key. Equal values of one attribute have equal hashes, so that a change
// is seen; nothing else is.
//
// The key lies in the same file: a value that can be guessed can be confirmed
// by whoever reads the state. An empty key is a programmer's mistake and panics.
func Seal(key, attribute, value string) string {
	if key == "" {
		panic("state: no key to hash a sensitive value with")
	}
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(attribute))
	mac.Write([]byte{0})
	mac.Write([]byte(value))
	return hex.EncodeToString(mac.Sum(nil))
}

// sealer moves values of one object into its sealed ones.
type sealer struct {
	key    string
	sealed map[string]string
}

// text seals a string attribute that has a value, and empties it.
func (s *sealer) text(name string, value *string) {
	if *value == "" {
		return
	}
	s.put(name, *value)
	*value = ""
}

// raw seals a JSON attribute, and empties it.
func (s *sealer) raw(name string, value *json.RawMessage) {
	if len(*value) == 0 {
		return
	}
	s.put(name, string(*value))
	*value = nil
}

// list seals a list by its JSON form, and empties it.
func list[T any](s *sealer, name string, value *[]T) {
	if len(*value) == 0 {
		return
	}
	text, err := marshal(*value)
	if err != nil {
		panic(err) // strings and structs of strings
	}
	s.put(name, string(text))
	*value = nil
}

func (s *sealer) put(name, value string) {
	if s.sealed == nil {
		s.sealed = map[string]string{}
	}
	s.sealed[name] = Seal(s.key, name, value)
}

// mustBeOpen is for a name that has no rule. Names, people and times are what the
// state is ordered by: a configuration may not keep them secret, but it may
// reach them through an object that has a secret elsewhere. With any other name
// a value would be stored that must not be.
func mustBeOpen(kind, name string, open ...string) {
	if !slices.Contains(open, name) {
		panic(fmt.Sprintf("state: the attribute %q of a %s cannot be sealed", name, kind))
	}
}

// SealUser replaces the values of the named attributes (as they are called in
// a configuration: name, avatar, link, role, metadata, tags) by their hashes
// under the header's hash key. Attributes without a value stay as they are, and
// so do uids, types and times, which the state must have in clear. A name that
// no user has panics, rather than let a secret through.
func SealUser(u *User, names []string, key string) {
	s := &sealer{key: key, sealed: u.Sealed}
	for _, name := range names {
		switch name {
		case "name":
			s.text(name, &u.Name)
		case "avatar":
			s.text(name, &u.Avatar)
		case "link":
			s.text(name, &u.Link)
		case "role":
			s.text(name, &u.Role)
		case "metadata":
			s.raw(name, &u.Metadata)
		case "tags":
			list(s, name, &u.Tags)
		default:
			mustBeOpen("user", name, "uid")
		}
	}
	u.Sealed = s.sealed
}

// SealGroup is SealUser for a group: name, icon, description, metadata, tags,
// and the password, which is sealed whether it is named or not.
func SealGroup(g *Group, names []string, key string) {
	s := &sealer{key: key, sealed: g.Sealed}
	s.text("password", &g.Password)
	for _, name := range names {
		switch name {
		case "password":
		case "name":
			s.text(name, &g.Name)
		case "icon":
			s.text(name, &g.Icon)
		case "description":
			s.text(name, &g.Description)
		case "metadata":
			s.raw(name, &g.Metadata)
		case "tags":
			list(s, name, &g.Tags)
		default:
			mustBeOpen("group", name, "guid", "type", "owner", "admins", "moderators", "participants")
		}
	}
	g.Sealed = s.sealed
}

// SealMessage is SealUser for a message: text, attachments, custom_data,
// metadata, tags.
func SealMessage(m *Message, names []string, key string) {
	s := &sealer{key: key, sealed: m.Sealed}
	for _, name := range names {
		switch name {
		case "text":
			s.text(name, &m.Text)
		case "attachments":
			list(s, name, &m.Attachments)
		case "custom_data":
			s.raw(name, &m.CustomData)
		case "metadata":
			s.raw(name, &m.Metadata)
		case "tags":
			list(s, name, &m.Tags)
		default:
			mustBeOpen("message", name, "from", "type", "at", "after", "expect")
		}
	}
	m.Sealed = s.sealed
}
