// Package state records what has been seeded into one app: a sorted snapshot
// plus the journal of the runs that have not been folded into it yet.
//
// The package holds the model, the journal's records and the rules for reading
// them; where the bytes live is the business of a [Store], of which package
// local is one.
package state

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"

	"github.com/sowdev/sow/config/addr"
)

// Header is what the state says of itself.
type Header struct {
	Lineage string // random; made with the state and never changed
	Serial  uint64 // raised by every fold
	Dataset string
	AppID   string
	Region  string
	// Anchor is the instant relative times count from, in UNIX seconds; nil
	// until the first apply pins it.
	Anchor *int64
	// Generation is the generation of messages created from now on. A run that
	// deletes or replaces messages raises it, so that the muid of a deleted
	// message is never used again.
	Generation int
	// HashKey keys the hashes of sensitive values (hex).
	HashKey string
	// SenderLimit remembers, per uid, the messages a minute that the app was
	// seen to allow that sender.
	SenderLimit map[string]int
	// LookBack is true when records of a run may have been lost: it was cut off
	// by a power failure, or on another machine. Then messages may be in the app
	// that the state does not know, and every unfinished lane must be looked
	// back at before anything is sent in it. The store sets it; the apply that
	// leaves no lane unfinished clears it with PutHeader.
	LookBack bool
	// Shard is set in the state of a shard, which has only what a worker did;
	// see [MergeError].
	Shard *Shard
	// Merged says which shards were merged into the state since its last run.
	Merged *Merged
}

// NewHeader returns the header of a state that begins: with a lineage and a
// hash key of its own.
func NewHeader(dataset, appID, region string) Header {
	return Header{Lineage: randomHex(16), Dataset: dataset, AppID: appID, Region: region, HashKey: randomHex(32)}
}

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// Origin says how an object came to be in the app.
type Origin string

const (
	// Created: sow's own request made it; destroy removes it.
	Created Origin = "created"
	// Adopted: it was there before; destroy leaves it unless told otherwise.
	Adopted Origin = "adopted"
)

// User is a seeded user: the declared values as they were last written to the
// app. Undeclared fields are empty.
type User struct {
	Addr           addr.Object       `json:"addr"`
	UID            string            `json:"uid"`
	Name           string            `json:"name"`
	Avatar         string            `json:"avatar,omitempty"`
	Link           string            `json:"link,omitempty"`
	Role           string            `json:"role,omitempty"`
	Metadata       json.RawMessage   `json:"metadata,omitempty"`
	Tags           []string          `json:"tags,omitempty"`
	Sealed         map[string]string `json:"sealed,omitempty"` // attribute → keyed hash, instead of a sensitive value
	Origin         Origin            `json:"origin"`
	CreatedAt      int64             `json:"createdAt,omitempty"` // as the app says
	PreventDestroy bool              `json:"preventDestroy,omitempty"`
	Gone           bool              `json:"gone,omitempty"` // in the state of a shard: it was deleted
}

// Group is a seeded group, as User is a seeded user. A nil list of members is
// not managed. The password is always sealed.
type Group struct {
	Addr           addr.Object       `json:"addr"`
	GUID           string            `json:"guid"`
	Name           string            `json:"name"`
	Type           string            `json:"type"`
	Password       string            `json:"-"` // in a plan only; never stored
	Icon           string            `json:"icon,omitempty"`
	Description    string            `json:"description,omitempty"`
	Metadata       json.RawMessage   `json:"metadata,omitempty"`
	Tags           []string          `json:"tags,omitempty"`
	Owner          string            `json:"owner,omitempty"` // uid
	Admins         []string          `json:"admins"`          // uids, sorted; null when not managed
	Moderators     []string          `json:"moderators"`
	Participants   []string          `json:"participants"`
	Sealed         map[string]string `json:"sealed,omitempty"`
	Origin         Origin            `json:"origin"`
	CreatedAt      int64             `json:"createdAt,omitempty"`
	PreventDestroy bool              `json:"preventDestroy,omitempty"`
	Gone           bool              `json:"gone,omitempty"`
}

// Conversation is a seeded conversation. Its messages are read apart.
type Conversation struct {
	Addr           addr.Object `json:"addr"`
	Between        []string    `json:"between,omitempty"` // two uids, sorted
	Group          string      `json:"group,omitempty"`   // or a guid
	Starts         string      `json:"starts,omitempty"`  // as declared, in canonical form
	Pace           string      `json:"pace,omitempty"`
	PreventDestroy bool        `json:"preventDestroy,omitempty"`
	Gone           bool        `json:"gone,omitempty"`
}

// Chat is the identity of the chat in the app, in the same form as
// config.Conversation.Chat.
func (c *Conversation) Chat() string {
	if c.Group != "" {
		return "group:" + c.Group
	}
	return "user:" + c.Between[0] + ":" + c.Between[1]
}

// Message is a message that was sent, or that may have been: while InDoubt is
// true, nobody knows whether the app has it.
type Message struct {
	Key        string `json:"key"` // in the conversation; see addr.Message
	MUID       string `json:"muid"`
	Generation int    `json:"gen,omitempty"`
	// ID is the app's, and empty while nobody knows whether the message came to
	// be. One in doubt that has an id was about to be deleted: nobody knows
	// whether the app still has it.
	ID          string            `json:"id,omitempty"`
	InDoubt     bool              `json:"inDoubt,omitempty"`
	Sender      string            `json:"sender"`         // uid
	Type        string            `json:"type,omitempty"` // empty means text
	Text        string            `json:"text,omitempty"`
	Attachments []Attachment      `json:"attachments,omitempty"`
	CustomData  json.RawMessage   `json:"customData,omitempty"`
	Metadata    json.RawMessage   `json:"metadata,omitempty"`
	Tags        []string          `json:"tags,omitempty"` // without the dataset's own
	SentAt      int64             `json:"sentAt"`         // UNIX seconds
	At          string            `json:"at,omitempty"`   // as declared, in canonical form
	After       string            `json:"after,omitempty"`
	Expect      string            `json:"expect,omitempty"`
	Moderation  string            `json:"moderation,omitempty"` // the status last seen
	Sealed      map[string]string `json:"sealed,omitempty"`
	// Carries is set while in doubt: what the message's details would create.
	Carries []addr.Object `json:"carries,omitempty"`
	// Gone is set in the state of a shard: the message was deleted.
	Gone bool `json:"gone,omitempty"`
}

// Attachment is a file of a media message, as declared.
type Attachment struct {
	URL       string `json:"url"`
	Name      string `json:"name"`
	MimeType  string `json:"mimeType"`
	Extension string `json:"extension"`
	Size      string `json:"size,omitempty"`
}
