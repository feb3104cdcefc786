package applier

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/sowdev/sow/planner"
)

// App is the chat app that a plan is applied to. Package cometchat is the one
// over HTTP.
//
// Methods make exactly one request and never retry: whether a request may be
// repeated is the engine's decision. Errors are a [*Refusal] when the app
// answered that it will not do it, [*RateLimit] when it asks to wait,
// [*Unknown] when nobody can say whether it was done, [*NotSent] when the
// request surely never reached the app, or ctx's error when ctx ended before
// the request was written. Once it was written, an ended ctx is an Unknown
// that wraps ctx's error. Methods may be called concurrently.
type App interface {
	SendMessage(ctx context.Context, m *Outgoing) (*Message, error)
	EditMessage(ctx context.Context, id string, data MessageData) (*Message, error)
	DeleteMessage(ctx context.Context, id string) error
	GetMessage(ctx context.Context, id string) (*Message, error)
	ListMessages(ctx context.Context, q MessageQuery) (*MessagePage, error)
	// ListModerated reads the list of messages that moderation holds back.
	ListModerated(ctx context.Context, q ModeratedQuery) (*MessagePage, error)

	CreateUser(ctx context.Context, u *User) (*User, error)
	GetUser(ctx context.Context, uid string) (*User, error)
	ListUsers(ctx context.Context, page int) (*UserPage, error)
	UpdateUser(ctx context.Context, uid string, p Patch) (*User, error)
	// ReactivateUser brings a deactivated user back.
	ReactivateUser(ctx context.Context, uid string) error
	// DeleteUser removes the user for good.
	DeleteUser(ctx context.Context, uid string) error

	CreateGroup(ctx context.Context, g *Group) (*Group, error)
	GetGroup(ctx context.Context, guid string) (*Group, error)
	ListGroups(ctx context.Context, page int) (*GroupPage, error)
	UpdateGroup(ctx context.Context, guid string, p Patch) (*Group, error)
	DeleteGroup(ctx context.Context, guid string) error

	// AddMembers adds at most 25 members; the map has an error, or nil, for
	// each uid.
	AddMembers(ctx context.Context, guid string, members []Member) (map[string]error, error)
	ListMembers(ctx context.Context, guid string, page int) (*MemberPage, error)
	ChangeScope(ctx context.Context, guid, uid, scope string) error
	RemoveMember(ctx context.Context, guid, uid string) error
	ListBanned(ctx context.Context, guid string, page int) (*MemberPage, error)
}

// Outgoing is a message on its way, in the words of POST
// /moderation/messages.
type Outgoing struct {
	Sender       string
	Receiver     string // uid or guid
	ReceiverType string // user or group
	Type         string
	Data         MessageData
	MUID         string
	Tags         []string
	SentAt       int64 // UNIX seconds

	SenderDetails   *User  // set for a sender that is believed missing
	ReceiverDetails *User  // set for a receiver that is believed missing
	GroupDetails    *Group // set for a group that is believed missing
}

// MessageData is the content of a message.
type MessageData struct {
	Text        string
	CustomData  json.RawMessage
	Metadata    json.RawMessage
	Attachments []Attachment
}

// Attachment is a file of a media message.
type Attachment struct {
	URL       string `json:"url"`
	Name      string `json:"name"`
	MimeType  string `json:"mimeType"`
	Extension string `json:"extension"`
	Size      string `json:"size,omitempty"`
}

// Message is a message as the app tells it. Everything but ID may be missing.
type Message struct {
	ID             string
	MUID           string
	ConversationID string
	Sender         string
	Receiver       string
	ReceiverType   string
	Category       string
	Type           string
	Data           MessageData
	Tags           []string
	SentAt         int64
	UpdatedAt      int64
	EditedAt       int64
	DeletedAt      int64
	Moderation     string // "" when the app says nothing of it
	// What the app says of the people and the group, where the answer carries
	// them.
	SenderEntity   *User
	ReceiverEntity *User
	GroupEntity    *Group
}

// User is a user, declared or as the app tells it.
type User struct {
	UID           string
	Name          string
	Avatar        string
	Link          string
	Role          string
	Metadata      json.RawMessage
	Tags          []string
	CreatedAt     int64
	DeactivatedAt int64
}

// Group is a group, declared or as the app tells it.
type Group struct {
	GUID        string
	Name        string
	Type        string
	Password    string
	Icon        string
	Description string
	Owner       string // uid
	Metadata    json.RawMessage
	Tags        []string
	CreatedAt   int64
}

// Member is a user of a group; the scope is admin, moderator or participant.
type Member = planner.Member

// Patch is a partial update: Set holds JSON values by the API's field names,
// Unset the fields to clear.
type Patch struct {
	Set   map[string]any
	Unset []string
}

// MessageQuery selects messages to list. Zero fields do not narrow.
type MessageQuery struct {
	// Two people, or a group: the chat to list.
	UserA, UserB string
	Group        string
	// ConversationID, once it is known from an answer, selects the chat instead.
	ConversationID string
	Sender         string
	Tag            string
	From, To       int64  // sentAt in UNIX seconds, both inclusive
	Cursor         Cursor // of the page before; zero for the first page
	Limit          int
	Newest         bool // newest first
}

// ModeratedQuery selects messages of the moderation list.
type ModeratedQuery struct {
	Sender       string
	ReceiverUID  string
	ReceiverGUID string
	Status       string // disapproved or pending
	Cursor       Cursor
}

// Cursor is where a list goes on, as the app gave it. Opaque.
type Cursor map[string]string

// MessagePage is one page of messages. Next is nil on the last one.
type MessagePage struct {
	Messages []*Message
	Next     Cursor
	Limit    int // the most messages that a page has, 0 when the app does not say
}

// UserPage, GroupPage and MemberPage are pages of page-style lists.
type (
	UserPage struct {
		Users []*User
		More  bool
	}
	GroupPage struct {
		Groups []*Group
		More   bool
	}
	MemberPage struct {
		Members []Member
		More    bool
	}
)

// Refusal is an answer that says no: nothing was done, or only in part where
// the request carried details.
type Refusal struct {
	Code    string // error.code, or "" when the body was no JSON error
	Status  int
	Message string
	Details json.RawMessage
}

func (e *Refusal) Error() string {
	code := e.Code
	if code == "" {
		code = fmt.Sprintf("HTTP %d", e.Status)
	}
	if e.Message == "" {
		return code
	}
	return code + ": " + e.Message
}

// RateLimit is an answer that asks to wait; the request was not processed.
type RateLimit struct {
	RetryAfter time.Duration // 0 when the app did not say
	Rate       Rate          // what the same answer says about the app's limits
}

func (e *RateLimit) Error() string { return "the app asks to slow down" }

// Unknown means that the request may or may not have been done.
type Unknown struct {
	Status int    // 0 when no answer was read
	Body   string // the beginning of the answer
	Err    error
}

func (e *Unknown) Error() string {
	if e.Err != nil {
		return "no usable answer: " + e.Err.Error()
	}
	return fmt.Sprintf("no usable answer: HTTP %d", e.Status)
}

func (e *Unknown) Unwrap() error { return e.Err }

// NotSent means that the request surely never reached the app.
type NotSent struct{ Err error }

func (e *NotSent) Error() string { return "the app cannot be reached: " + e.Err.Error() }
func (e *NotSent) Unwrap() error { return e.Err }

// Rate is what the app's answer says about its limits. Zero Limit: not said.
type Rate struct {
	Limit     int
	Remaining int
	Reset     time.Time
}
