// Package planner computes what would have to change for the app to hold what
// the configuration declares.
//
// It is pure: no network, no files, no clock, no environment. The same
// configuration, prior state and options give the same plan, byte for byte. It
// works lane by lane over streams, so that its memory depends on the largest
// conversation, not on the number of messages.
package planner

import (
	"iter"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
)

// Action is what happens to one object.
type Action rune

// The actions; each value begins the symbol that plans print.
const (
	NoOp    Action = ' '
	Create  Action = '+'
	Update  Action = '~'
	Replace Action = '±'
	Delete  Action = '-'
)

// Symbol returns the action as plans print it.
func (a Action) Symbol() string {
	if a == Replace {
		return "-/+"
	}
	return string(rune(a))
}

// Time is an instant as it was declared; see [config.Time].
type Time = config.Time

// Plan is the outcome of a comparison. Users, groups and the summary are in
// memory; the changes of the chats are read lane by lane.
type Plan struct {
	Dataset string
	AppID   string
	Region  string
	// Anchor is the instant relative times count from, or nil while it is
	// neither declared nor pinned: then times are shown and digested relative
	// to it, and apply pins it.
	Anchor *int64
	// Provisional is the anchor that an unpinned plan was computed with.
	Provisional int64
	// Destroy is set on a plan that removes the dataset.
	Destroy bool
	// Prior is the fingerprint of the state the plan was made from, "" for
	// none. A plan is stale when the state has another one.
	Prior string
	// Generation is the generation that the plan's new messages carry.
	Generation int

	Users    []UserChange  // sorted by address, no-ops left out
	Groups   []GroupChange // sorted by address, no-ops left out
	Lanes    []LaneInfo    // in the order of their first conversation's address; unchanged ones left out
	Counts   Counts
	Forecast Forecast
	// Digest is "sha256:" and the hex SHA-256 over the canonical semantic form
	// of the plan: equal digests mean that apply would do the same.
	Digest string

	body Body
}

// Body gives the lanes of a plan: from memory, from a spool, or from a plan
// file.
type Body interface {
	// Lane reads the lane with that index in Plan.Lanes. It may be called
	// concurrently.
	Lane(i int) iter.Seq2[*MessageChange, error]
	Close() error
}

// Lane yields the changes of the ith lane in the order of the chat. A few
// unchanged messages around each change come along as context, with action
// NoOp. Deleted messages stand where they stood.
func (p *Plan) Lane(i int) iter.Seq2[*MessageChange, error] { return p.body.Lane(i) }

// Close releases what the plan's lanes are read from.
func (p *Plan) Close() error {
	if p.body == nil {
		return nil
	}
	return p.body.Close()
}

// Empty reports whether there is nothing to do.
func (p *Plan) Empty() bool {
	return len(p.Users) == 0 && len(p.Groups) == 0 && len(p.Lanes) == 0
}

// Source is where an object is declared; zero for objects that no longer are.
type Source struct {
	File string `json:"file"` // relative to the configuration's directory, with slashes
	Line int    `json:"line"`
}

// FieldChange is one attribute's difference. Old and New are for people and
// hold "(sensitive)" where the value must not be shown.
type FieldChange struct {
	Name string `json:"name"`
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
}

// UserChange is what happens to one user.
type UserChange struct {
	Action    Action
	Addr      addr.Object
	Before    *state.User // nil when the user is created
	After     *state.User // nil when it is deleted; sensitive values in clear
	Sensitive []string    // attributes of After that must be sealed and never shown
	Fields    []FieldChange
	Reason    string // of a replacement or a delete
	Source    Source
	Carrier   *addr.Message // the message that creates the user; nil: its own request
	Forget    bool          // with Delete: only leaves state, because it was adopted
}

// GroupChange is what happens to one group.
type GroupChange struct {
	Action    Action
	Addr      addr.Object
	Before    *state.Group
	After     *state.Group
	Sensitive []string
	Fields    []FieldChange
	Reason    string
	Source    Source
	Carrier   *addr.Message
	Forget    bool
}

// LaneInfo is the summary of one chat with changes.
type LaneInfo struct {
	Chat    string               // see config.Conversation.Chat
	Between []string             // both uids, sorted, of a one-to-one chat
	Group   string               // or the guid
	Members []state.User         // the people who speak, for display: Addr, UID and Name
	Counts  Counts               // of messages
	Total   int                  // messages in the chat after the apply
	Changes []ConversationChange // the conversations of the lane, sorted by address, unchanged ones included
}

// ConversationChange is what happens to the record of one conversation.
type ConversationChange struct {
	Action  Action
	Addr    addr.Object
	Before  *state.Conversation
	After   *state.Conversation
	Fields  []FieldChange
	Reason  string
	Source  Source
	Skipped int // unchanged messages that Lane does not yield
}

// MessageChange is what happens to one message.
type MessageChange struct {
	Action Action
	Addr   addr.Message
	// Before is the message in state; Before.InDoubt means that nobody knows
	// whether the app has it, and apply looks before it does anything else.
	Before *state.Message
	// After is the message to be, complete, sensitive values in clear. In an
	// unpinned plan SentAt is provisional and When decides.
	After     *state.Message
	When      Time // of After
	Sensitive []string
	Fields    []FieldChange
	Reason    string
	Source    Source
	Carries   []addr.Object // the users and the group that this message creates
	Skipped   int           // unchanged messages of the lane left out before this one
	Late      bool          // sent after messages with a later time: see Conversation order
}

// Counts says how many objects change, by action.
type Counts struct {
	Users    ActionCounts `json:"users"`
	Groups   ActionCounts `json:"groups"`
	Messages ActionCounts `json:"messages"`
}

// ActionCounts counts the objects of one kind by action.
type ActionCounts struct {
	Create  int `json:"create"`
	Update  int `json:"update"`
	Replace int `json:"replace"`
	Delete  int `json:"delete"`
	NoOp    int `json:"noop"`
}

// Forecast is what an apply of the plan will cost.
type Forecast struct {
	Requests      int     `json:"requests"`     // all together
	CoreRequests  int     `json:"coreRequests"` // of these, creating and deleting users and groups and joining
	PerMinute     int     `json:"perMinute"`    // the app's limit on requests that was assumed
	SlowestSender string  `json:"slowestSender,omitempty"`
	SlowestCount  int     `json:"slowestCount,omitempty"`
	Seconds       float64 `json:"seconds"`
}
