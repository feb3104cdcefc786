package view

import (
	"encoding/json"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
)

// The forms of users, groups, conversations and messages in JSON are apart
// from those of the state, so that either can change without the other.

type userJSON struct {
	UID            string          `json:"uid"`
	Name           string          `json:"name,omitempty"`
	Avatar         string          `json:"avatar,omitempty"`
	Link           string          `json:"link,omitempty"`
	Role           string          `json:"role,omitempty"`
	Metadata       json.RawMessage `json:"metadata,omitempty"`
	Tags           []string        `json:"tags,omitempty"`
	Origin         state.Origin    `json:"origin,omitempty"`
	CreatedAt      int64           `json:"createdAt,omitempty"`
	PreventDestroy bool            `json:"preventDestroy,omitempty"`
}

func userOf(u *state.User, declared []string) *userJSON {
	if u == nil {
		return nil
	}
	hides := hiding(declared, u.Sealed)
	return &userJSON{
		UID:  u.UID,
		Name: shown(hides("name"), u.Name), Avatar: shown(hides("avatar"), u.Avatar),
		Link: shown(hides("link"), u.Link), Role: shown(hides("role"), u.Role),
		Metadata: shownJSON(hides("metadata"), u.Metadata), Tags: shownList(hides("tags"), u.Tags),
		Origin: u.Origin, CreatedAt: u.CreatedAt, PreventDestroy: u.PreventDestroy,
	}
}

type groupJSON struct {
	GUID           string          `json:"guid"`
	Name           string          `json:"name,omitempty"`
	Type           string          `json:"type,omitempty"`
	Password       string          `json:"password,omitempty"` // "(sensitive)" where there is one
	Icon           string          `json:"icon,omitempty"`
	Description    string          `json:"description,omitempty"`
	Metadata       json.RawMessage `json:"metadata,omitempty"`
	Tags           []string        `json:"tags,omitempty"`
	Owner          string          `json:"owner,omitempty"`
	Admins         []string        `json:"admins"` // null: not managed
	Moderators     []string        `json:"moderators"`
	Participants   []string        `json:"participants"`
	Origin         state.Origin    `json:"origin,omitempty"`
	CreatedAt      int64           `json:"createdAt,omitempty"`
	PreventDestroy bool            `json:"preventDestroy,omitempty"`
}

func groupOf(g *state.Group, declared []string) *groupJSON {
	if g == nil {
		return nil
	}
	hides := hiding(declared, g.Sealed)
	return &groupJSON{
		GUID: g.GUID,
		Name: shown(hides("name"), g.Name), Type: g.Type,
		Password: shown(g.Password != "" || hides("password"), ""),
		Icon:     shown(hides("icon"), g.Icon), Description: shown(hides("description"), g.Description),
		Metadata: shownJSON(hides("metadata"), g.Metadata), Tags: shownList(hides("tags"), g.Tags),
		Owner: g.Owner, Admins: g.Admins, Moderators: g.Moderators, Participants: g.Participants,
		Origin: g.Origin, CreatedAt: g.CreatedAt, PreventDestroy: g.PreventDestroy,
	}
}

type conversationJSON struct {
	Between        []string `json:"between,omitempty"`
	Group          string   `json:"group,omitempty"`
	Starts         string   `json:"starts,omitempty"`
	Pace           string   `json:"pace,omitempty"`
	PreventDestroy bool     `json:"preventDestroy,omitempty"`
}

func conversationOf(c *state.Conversation) *conversationJSON {
	if c == nil {
		return nil
	}
	return &conversationJSON{c.Between, c.Group, c.Starts, c.Pace, c.PreventDestroy}
}

type messageJSON struct {
	MUID        string             `json:"muid"`
	Generation  int                `json:"generation,omitempty"`
	ID          string             `json:"id,omitempty"`
	InDoubt     bool               `json:"inDoubt,omitempty"`
	Sender      string             `json:"sender"`
	Type        string             `json:"type"`
	Text        string             `json:"text,omitempty"`
	Attachments []state.Attachment `json:"attachments,omitempty"`
	CustomData  json.RawMessage    `json:"customData,omitempty"`
	Metadata    json.RawMessage    `json:"metadata,omitempty"`
	Tags        []string           `json:"tags,omitempty"`
	SentAt      int64              `json:"sentAt,omitempty"` // UNIX seconds; or When
	When        string             `json:"when,omitempty"`   // counted from an anchor that is not pinned yet
	At          string             `json:"at,omitempty"`     // as declared
	After       string             `json:"after,omitempty"`  // as declared
	Expect      string             `json:"expect,omitempty"`
	Moderation  string             `json:"moderation,omitempty"`
	Carries     []addr.Object      `json:"carries,omitempty"` // in doubt: what it would create
}

func messageOf(m *state.Message, declared []string) *messageJSON {
	if m == nil {
		return nil
	}
	hides := hiding(declared, m.Sealed)
	return &messageJSON{
		MUID: m.MUID, Generation: m.Generation, ID: m.ID, InDoubt: m.InDoubt, Sender: m.Sender, Type: orElse(m.Type, "text"),
		Text:        shown(hides("text"), m.Text),
		Attachments: attachmentsOf(hides("attachment") || hides("attachments"), m.Attachments),
		CustomData:  shownJSON(hides("custom_data"), m.CustomData),
		Metadata:    shownJSON(hides("metadata"), m.Metadata),
		Tags:        shownList(hides("tags"), m.Tags),
		SentAt:      m.SentAt, At: m.At, After: m.After, Expect: m.Expect, Moderation: m.Moderation, Carries: m.Carries,
	}
}
