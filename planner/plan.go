// Package planner computes what would have to change for the app to hold what
// the configuration declares.
//
// It is pure: no network, no files, no clock, no environment. The same
// configuration, prior state and options give the same plan, byte for byte. It
// works lane by lane over streams, so that its memory depends on the largest
// conversation, not on the number of messages.
package planner

import (
	"errors"
	"fmt"
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

// String returns the action as a word.
func (a Action) String() string {
	switch a {
	case NoOp:
		return "no-op"
	case Create:
		return "create"
	case Update:
		return "update"
	case Replace:
		return "replace"
	case Delete:
		return "delete"
	}
	return fmt.Sprintf("Action(%d)", rune(a))
}

// ParseAction reads what [Action.String] writes.
func ParseAction(word string) (Action, error) {
	for _, a := range []Action{NoOp, Create, Update, Replace, Delete} {
		if a.String() == word {
			return a, nil
		}
	}
	return 0, fmt.Errorf("%q is no action", word)
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
	// to it, and apply pins it with Pin.
	Anchor *int64
	// Provisional is the anchor that an unpinned plan was computed with.
	Provisional int64
	// Reanchored is set when the state has another anchor than the plan. Then
	// apply writes the anchor to the state only after every change is done: a
	// run that breaks off must leave behind that there is more to be moved.
	Reanchored bool
	// Latest has, for each base, the latest time at which the plan sends a
	// message, if there is one. A relative one may come to lie in the future
	// between plan and apply; see Pin.
	Latest []Time
	// Destroy is set on a plan that removes the dataset.
	Destroy bool
	// Prior is the fingerprint of the state the plan was made from, "" for
	// none. A plan is stale when the state has another one.
	Prior string
	// Lineage and Serial say which state Prior is of.
	Lineage string
	Serial  uint64
	// Generation is the generation of the messages that the plan creates. Those
	// that it sends in the place of others carry a later one; see
	// NextGeneration.
	Generation int
	// Renames counts the messages that keep their muid and get another key.
	Renames int

	Users    []UserChange  // sorted by address, no-ops left out
	Groups   []GroupChange // sorted by address, no-ops left out
	Lanes    []LaneInfo    // in the order of their first conversation's address; unchanged ones left out
	Counts   Counts
	Forecast Forecast
	// Found is what reading the app showed before the plan was made, nil when
	// nobody read it. The plan was made from the state with these corrections;
	// apply records them before anything else.
	Found *Findings
	// Digest is "sha256:" and the hex SHA-256 over the canonical semantic form
	// of the plan: equal digests mean that apply would do the same. Sensitive
	// values are not part of it, only that there are some: a digest is
	// published, and would let people guess them.
	Digest string

	// Shard says which part of a whole plan this is; nil for a whole one.
	Shard *Shard

	pace     Pace // as declared
	body     Body
	carriers *carrierIndex
}

// NextGeneration is the generation that the header has from the moment an
// apply of the plan begins: a later one when messages are deleted, replaced or
// get other keys, so that a muid that belonged to a key is never used again when
// the key is.
func (p *Plan) NextGeneration() int {
	if m := p.Counts.Messages; p.Destroy || m.Delete > 0 || m.Replace > 0 || p.Renames > 0 {
		return p.Generation + 1
	}
	return p.Generation
}

// Lane yields the changes of the ith lane in the order of the chat, which is
// the order in which they are sent. A few unchanged messages around each change
// come along as context, with action NoOp. Deleted messages stand where they
// stood. An error ends the lane. It may be called concurrently, more than once
// for a lane too; what it yields is the caller's to keep.
func (p *Plan) Lane(i int) iter.Seq2[*MessageChange, error] { return p.readLane(i) }

// Close releases what the plan's lanes are read from.
func (p *Plan) Close() error {
	if p.body == nil {
		return p.Found.Close()
	}
	return errors.Join(p.body.Close(), p.Found.Close())
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

// FieldChange is one attribute's difference. Name is the attribute's name in
// the configuration, "address" for a name that changed, "sent_at" for a time.
// Old and New are for people and hold "(sensitive)" where the value must not be
// shown; what is written to the app comes from After alone.
type FieldChange struct {
	Name string `json:"name"`
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
	// StateOnly is set when the difference is of no concern to the app.
	StateOnly bool `json:"stateOnly,omitempty"`
}

// UserChange is what happens to one user.
type UserChange struct {
	Action    Action
	Addr      addr.Object
	Before    *state.User   // nil when the user is created
	After     *state.User   // nil when it is deleted; sensitive values in clear
	Sensitive []string      // attributes of After that must be sealed (see SealUser) and never shown
	Fields    []FieldChange // all that differs, of an update or a replacement
	Reason    string        // of a replacement or a delete
	Source    Source
	Carrier   *addr.Message // the message that creates the user; nil: its own request
	Forget    bool          // with Delete or Replace: Before only leaves state; the app keeps that user
	// StateOnly is set on an update that makes no request: state records After.
	StateOnly bool
	// From is the address under which state has the user, where it has to be
	// deleted from the state after After was recorded; else zero.
	From addr.Object
}

// GroupChange is what happens to one group; see UserChange.
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
	StateOnly bool
	From      addr.Object
}

// LaneInfo is the summary of one chat with changes.
type LaneInfo struct {
	Chat    string       // see config.Conversation.Chat
	Between []string     // both uids, sorted, of a one-to-one chat
	Group   string       // or the guid
	Members []state.User // the people of the lines that Lane yields, for display: Addr, UID and Name, sorted by uid
	// Voices are, in a group's chat, the uids that send something and of whom
	// it is not known that the group has heard them before, sorted.
	Voices []string
	Counts Counts // of messages
	Total  int    // messages in the chat after the apply
	// Requests is how many requests the lane is forecast to make in StageSend,
	// one after another.
	Requests int
	Changes  []ConversationChange // the conversations of the lane, sorted by address, unchanged ones included
	// Trailing counts the unchanged messages left out after the last one that
	// Lane yields.
	Trailing int
	// Digest is the hex SHA-256 over the lane's canonical semantic form.
	Digest string
}

// ConversationChange is what happens to the record of one conversation. Only
// state has it, so it needs no request of its own, but its place matters, so
// that a run that breaks off leaves behind what is still to be done:
//
//   - Create: before the first message is sent.
//   - Update: after every message of the lane is done.
//   - Replace, when the conversation moves to another chat: after all its old
//     messages were deleted from the old chat, and before any is sent to the new
//     one.
//   - Delete: after all its messages were deleted.
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
	// unpinned plan SentAt is provisional and When decides. With NoOp it is
	// Before.
	After     *state.Message
	When      Time // of After
	Sensitive []string
	Fields    []FieldChange // all that differs, of an update or a replacement
	Reason    string        // of a replacement or a delete, or why a message is in doubt
	Source    Source
	Carries   []addr.Object // the users and the group that this message creates
	Skipped   int           // unchanged messages of the lane left out before this one
	// Late is set on a message that is sent while later ones are in the app
	// already: clients that order by id show it last.
	Late bool
	// Shifted is how many seconds later than declared a message with a time of
	// its own is sent, because another message of the lane has that second.
	Shifted int64
	// StateOnly is set on an update that makes no request: state records After.
	// On a delete it says that the app keeps the message under another key.
	StateOnly bool
	// From is the key under which state has the message, where it has to be
	// deleted from the state after After was recorded; else "".
	From string
}

// Counts says how many objects change, by action.
type Counts struct {
	Users    ActionCounts `json:"users"`
	Groups   ActionCounts `json:"groups"`
	Messages ActionCounts `json:"messages"`
}

// ActionCounts counts the objects of one kind by action. A message that only
// leaves the state, because the app has it under another key, counts as an
// update.
type ActionCounts struct {
	Create  int `json:"create"`
	Update  int `json:"update"`
	Replace int `json:"replace"`
	Delete  int `json:"delete"`
	NoOp    int `json:"noop"`
}
