package state

import (
	"encoding/json"
	"fmt"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state/jsonline"
)

// The lines of format version 1, apart from messages: what is on disk is kept
// apart from the model, so that either can change without the other.

// formatVersion is the version of the formats that this package writes, and
// the newest that it reads.
const formatVersion = 1

// versionLine is all that is read of a file's first line before its version is
// known.
type versionLine struct {
	Sow     string `json:"sow"`
	Version int    `json:"version"`
}

type headerLine struct {
	Sow     string `json:"sow"` // "state"
	Version int    `json:"version"`
	Lineage string `json:"lineage"`
	Serial  uint64 `json:"serial"`
	headerFields
	// Folded identifies the journal that this snapshot took in, so that what
	// is left of it after a crash is recognised.
	Folded string `json:"folded,omitempty"`
}

// headerFields are the fields of a header that a run may change.
type headerFields struct {
	Dataset      string         `json:"dataset,omitempty"`
	AppID        string         `json:"appId,omitempty"`
	Region       string         `json:"region,omitempty"`
	Anchor       *int64         `json:"anchor,omitempty"`
	Generation   int            `json:"generation,omitempty"`
	HashKey      string         `json:"hashKey,omitempty"`
	SenderLimits map[string]int `json:"senderLimits,omitempty"`
	LookBack     bool           `json:"lookBack,omitempty"`
	Shard        *shardFields   `json:"shard,omitempty"`
	Merged       *mergedFields  `json:"merged,omitempty"`
}

type shardFields struct {
	Plan   string `json:"plan"`
	Number int    `json:"number"`
	Of     int    `json:"of"`
	Base   string `json:"base,omitempty"`
}

type mergedFields struct {
	Plan   string              `json:"plan"`
	Of     int                 `json:"of"`
	Base   string              `json:"base,omitempty"`
	Shards []mergedShardFields `json:"shards"`
}

type mergedShardFields struct {
	Number      int    `json:"number"`
	Fingerprint string `json:"fingerprint"`
	Anchor      *int64 `json:"anchor,omitempty"`
}

func fieldsOf(h Header) headerFields {
	return headerFields{
		Dataset: h.Dataset, AppID: h.AppID, Region: h.Region, Anchor: h.Anchor,
		Generation: h.Generation, HashKey: h.HashKey, SenderLimits: h.SenderLimit, LookBack: h.LookBack,
		Shard: (*shardFields)(h.Shard), Merged: mergedFieldsOf(h.Merged),
	}
}

func mergedFieldsOf(m *Merged) *mergedFields {
	if m == nil {
		return nil
	}
	f := &mergedFields{Plan: m.Plan, Of: m.Of, Base: m.Base}
	for _, s := range m.Shards {
		f.Shards = append(f.Shards, mergedShardFields(s))
	}
	return f
}

func (f *mergedFields) merged() *Merged {
	if f == nil {
		return nil
	}
	m := &Merged{Plan: f.Plan, Of: f.Of, Base: f.Base}
	for _, s := range f.Shards {
		m.Shards = append(m.Shards, MergedShard(s))
	}
	return m
}

func (f headerFields) header(lineage string, serial uint64) Header {
	return Header{
		Lineage: lineage, Serial: serial,
		Dataset: f.Dataset, AppID: f.AppID, Region: f.Region, Anchor: f.Anchor,
		Generation: f.Generation, HashKey: f.HashKey, SenderLimit: f.SenderLimits, LookBack: f.LookBack,
		Shard: (*Shard)(f.Shard), Merged: f.Merged.merged(),
	}
}

type userLine struct {
	User           addr.Object       `json:"user"`
	UID            string            `json:"uid"`
	Name           string            `json:"name,omitempty"`
	Avatar         string            `json:"avatar,omitempty"`
	Link           string            `json:"link,omitempty"`
	Role           string            `json:"role,omitempty"`
	Metadata       json.RawMessage   `json:"metadata,omitempty"`
	Tags           []string          `json:"tags,omitempty"`
	Sealed         map[string]string `json:"sealed,omitempty"`
	Origin         Origin            `json:"origin,omitempty"`
	CreatedAt      int64             `json:"createdAt,omitempty"`
	PreventDestroy bool              `json:"preventDestroy,omitempty"`
	Gone           bool              `json:"gone,omitempty"`
}

type groupLine struct {
	Group          addr.Object       `json:"group"`
	GUID           string            `json:"guid"`
	Name           string            `json:"name,omitempty"`
	Type           string            `json:"type,omitempty"`
	Icon           string            `json:"icon,omitempty"`
	Description    string            `json:"description,omitempty"`
	Metadata       json.RawMessage   `json:"metadata,omitempty"`
	Tags           []string          `json:"tags,omitempty"`
	Owner          string            `json:"owner,omitempty"`
	Admins         []string          `json:"admins,omitzero"` // left out when not managed, [] when there are none
	Moderators     []string          `json:"moderators,omitzero"`
	Participants   []string          `json:"participants,omitzero"`
	Sealed         map[string]string `json:"sealed,omitempty"`
	Origin         Origin            `json:"origin,omitempty"`
	CreatedAt      int64             `json:"createdAt,omitempty"`
	PreventDestroy bool              `json:"preventDestroy,omitempty"`
	Gone           bool              `json:"gone,omitempty"`
}

type conversationLine struct {
	Conversation   addr.Object `json:"conversation"`
	Between        []string    `json:"between,omitempty"`
	Group          string      `json:"group,omitempty"`
	Starts         string      `json:"starts,omitempty"`
	Pace           string      `json:"pace,omitempty"`
	PreventDestroy bool        `json:"preventDestroy,omitempty"`
	Gone           bool        `json:"gone,omitempty"`
}

// The beginnings of the lines that tell the kinds apart.
const (
	userPrefix         = `{"user":`
	groupPrefix        = `{"group":`
	conversationPrefix = `{"conversation":`
	endPrefix          = `{"end":`
)

func encodeUser(u *User) ([]byte, error) {
	return marshal(userLine{
		User: u.Addr, UID: u.UID, Name: u.Name, Avatar: u.Avatar, Link: u.Link, Role: u.Role,
		Metadata: u.Metadata, Tags: u.Tags, Sealed: u.Sealed,
		Origin: u.Origin, CreatedAt: u.CreatedAt, PreventDestroy: u.PreventDestroy, Gone: u.Gone,
	})
}

func decodeUser(line []byte) (*User, error) {
	var l userLine
	if err := unmarshalStrict(line, &l); err != nil {
		return nil, err
	}
	if l.User.Kind != addr.User {
		return nil, fmt.Errorf("%q is no user's address", l.User)
	}
	return &User{
		Addr: l.User, UID: l.UID, Name: l.Name, Avatar: l.Avatar, Link: l.Link, Role: l.Role,
		Metadata: compacted(l.Metadata), Tags: l.Tags, Sealed: l.Sealed,
		Origin: l.Origin, CreatedAt: l.CreatedAt, PreventDestroy: l.PreventDestroy, Gone: l.Gone,
	}, nil
}

// compacted takes white space out of JSON that a hand may have written.
func compacted(raw json.RawMessage) json.RawMessage {
	if raw == nil {
		return nil
	}
	raw, err := jsonline.AppendRaw(make([]byte, 0, len(raw)), raw)
	if err != nil {
		panic(err) // it was just decoded
	}
	return raw
}

func encodeGroup(g *Group) ([]byte, error) {
	return marshal(groupLine{
		Group: g.Addr, GUID: g.GUID, Name: g.Name, Type: g.Type, Icon: g.Icon, Description: g.Description,
		Metadata: g.Metadata, Tags: g.Tags, Owner: g.Owner,
		Admins: g.Admins, Moderators: g.Moderators, Participants: g.Participants, Sealed: g.Sealed,
		Origin: g.Origin, CreatedAt: g.CreatedAt, PreventDestroy: g.PreventDestroy, Gone: g.Gone,
	})
}

func decodeGroup(line []byte) (*Group, error) {
	var l groupLine
	if err := unmarshalStrict(line, &l); err != nil {
		return nil, err
	}
	if l.Group.Kind != addr.Group {
		return nil, fmt.Errorf("%q is no group's address", l.Group)
	}
	return &Group{
		Addr: l.Group, GUID: l.GUID, Name: l.Name, Type: l.Type, Icon: l.Icon, Description: l.Description,
		Metadata: compacted(l.Metadata), Tags: l.Tags, Owner: l.Owner,
		Admins: l.Admins, Moderators: l.Moderators, Participants: l.Participants, Sealed: l.Sealed,
		Origin: l.Origin, CreatedAt: l.CreatedAt, PreventDestroy: l.PreventDestroy, Gone: l.Gone,
	}, nil
}

func encodeConversation(c *Conversation) ([]byte, error) {
	return marshal(conversationLine{
		Conversation: c.Addr, Between: c.Between, Group: c.Group,
		Starts: c.Starts, Pace: c.Pace, PreventDestroy: c.PreventDestroy, Gone: c.Gone,
	})
}

func decodeConversation(line []byte) (*Conversation, error) {
	var l conversationLine
	if err := unmarshalStrict(line, &l); err != nil {
		return nil, err
	}
	if l.Conversation.Kind != addr.Conversation {
		return nil, fmt.Errorf("%q is no conversation's address", l.Conversation)
	}
	if l.Gone && l.Group == "" && len(l.Between) == 0 {
		return &Conversation{Addr: l.Conversation, Gone: true}, nil
	}
	if (l.Group == "") == (len(l.Between) == 0) || l.Group == "" && len(l.Between) != 2 {
		return nil, fmt.Errorf("%s is neither between two people nor in a group", l.Conversation)
	}
	return &Conversation{
		Addr: l.Conversation, Between: l.Between, Group: l.Group,
		Starts: l.Starts, Pace: l.Pace, PreventDestroy: l.PreventDestroy, Gone: l.Gone,
	}, nil
}

// checkVersion reads a file's first line as far as it needs to know whether
// the rest can be read at all.
func checkVersion(line []byte, kind string) error {
	var v versionLine
	if err := json.Unmarshal(line, &v); err != nil || v.Sow != kind || v.Version < 1 {
		return fmt.Errorf("this does not begin like a %s of sow", kind)
	}
	if v.Version > formatVersion {
		return fmt.Errorf("%w (format %d; this one reads up to %d): install the current sow", ErrNewer, v.Version, formatVersion)
	}
	return nil
}
