// Package config turns a directory of HCL into plain, resolved values.
//
// Expressions are evaluated at the door: what leaves this package has neither
// cty values nor unknowns, only strings, numbers, JSON and source ranges. What
// is wrong with the input leaves as hcl.Diagnostics, all of it in one run.
//
// Users and groups are few and are held in a [Config]. Messages are many and
// are not: a [Conversation] yields them on demand, one conversation at a time,
// so that memory does not grow with the number of messages.
package config

import (
	"encoding/json"
	"iter"

	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/config/addr"
)

// Config is one dataset as its files declare it.
type Config struct {
	Dir         string   // the directory that was loaded
	Dataset     string   // sow.dataset, or the directory's name
	AllowedApps []string // sow.allowed_apps: glob patterns; empty allows any app
	Anchor      *int64   // sow.anchor in UNIX seconds; nil when not declared
	App         App      // the cometchat block; all of it optional

	Users         []*User         // sorted by address
	Groups        []*Group        // sorted by address
	Conversations []*Conversation // sorted by address
	Outputs       []Output        // sorted by name

	sources *sources
}

// App is the cometchat block: where the dataset goes, and how fast.
type App struct {
	AppID    string
	Region   string // us, eu or in
	Endpoint string // scheme, host and port; overrides the URL made of app id and region
	Plan     string // rate tier: free, standard or ""
	Rate     Rate
	Range    hcl.Range
}

// Rate is the declared pace. Zero fields are not declared.
type Rate struct {
	RequestsPerMinute        int
	MessagesPerUserPerMinute int
}

// Lifecycle is the lifecycle block of an object. Not every field has a meaning
// for every kind of object.
type Lifecycle struct {
	PreventDestroy bool
	ReplaceOnEdit  bool // on_edit = "replace": a changed message is sent anew
	StrictOrder    bool // order = "strict": an insertion replaces what follows
}

// User is a declared user. Empty fields are not declared.
type User struct {
	Addr      addr.Object
	UID       string
	Name      string
	Avatar    string
	Link      string
	Role      string
	Metadata  json.RawMessage // a JSON object with sorted keys, or nil
	Tags      []string
	Sensitive []string // names of the attributes whose values must not be shown or stored
	Lifecycle Lifecycle
	Range     hcl.Range // of the block's header
}

// Group is a declared group. Empty fields are not declared.
type Group struct {
	Addr        addr.Object
	GUID        string
	Name        string
	Type        string // public, private or password
	Password    string // always sensitive
	Icon        string
	Description string
	Metadata    json.RawMessage // a JSON object with sorted keys, or nil
	Tags        []string
	Owner       *User // nil when not declared
	// The members with a scope. A nil slice is not declared and so not
	// managed; an empty one declares that there are none.
	Admins, Moderators, Participants []*User
	Sensitive                        []string
	Lifecycle                        Lifecycle
	Range                            hcl.Range
}

// Conversation is a declared conversation: who talks, and when it starts. Its
// messages are read with [Conversation.Messages].
type Conversation struct {
	Addr      addr.Object
	Between   [2]*User // both set in a one-to-one conversation
	Group     *Group   // set in a group's conversation
	Starts    *Time    // nil when not declared
	Pace      *int64   // seconds; nil when not declared
	Lifecycle Lifecycle
	Range     hcl.Range

	// Read yields the messages; see Messages. The loader sets it.
	Read func(yield func(*Message) bool) hcl.Diagnostics

	reader *reader
}

// Messages yields the conversation's messages in declared order: message
// blocks and dynamic blocks where they stand, then the script, then the
// source. Each *Message is the caller's to keep. Reading stops when the
// consumer breaks off. After the loop, *diags holds what was wrong with the
// messages; while it has errors, what was yielded must not be planned.
//
// Messages of different conversations may be read concurrently.
func (c *Conversation) Messages(diags *hcl.Diagnostics) iter.Seq[*Message] {
	return func(yield func(*Message) bool) {
		*diags = append(*diags, c.Read(yield)...)
	}
}

// Chat is the identity of the chat in the app that the conversation belongs
// to: "user:" and both uids in order, or "group:" and the guid. Conversations
// with the same Chat are one lane.
func (c *Conversation) Chat() string {
	if c.Group != nil {
		return "group:" + c.Group.GUID
	}
	a, b := c.Between[0].UID, c.Between[1].UID
	return "user:" + min(a, b) + ":" + max(a, b)
}

// Message is one declared message, all limits of the API checked.
type Message struct {
	Label       string // "" when the message has no label
	From        *User
	Type        string // text, image, file, audio or video
	Text        string // the text, or the caption of a media message
	Attachments []Attachment
	CustomData  json.RawMessage // a JSON object with sorted keys, or nil
	Metadata    json.RawMessage // a JSON object with sorted keys, or nil
	Tags        []string        // as declared; the dataset's own tag is not among them
	At          *Time           // nil when not declared; excludes After
	After       *int64          // seconds after the previous message; nil when not declared
	Expect      string          // the moderation status the message must end with, or ""
	Sensitive   []string        // names of the attributes whose values must not be shown or stored
	Lifecycle   Lifecycle
	Range       hcl.Range // of the block's header, the transcript's line or the source's line
}

// Attachment is a file that a media message carries. All but Size are set.
type Attachment struct {
	URL       string `json:"url"`
	Name      string `json:"name"`
	MimeType  string `json:"mimeType"`
	Extension string `json:"extension"`
	Size      string `json:"size,omitempty"` // bytes
}

// Output is a declared output.
type Output struct {
	Name        string
	Description string
	Value       json.RawMessage
	Sensitive   bool
	Range       hcl.Range
}
