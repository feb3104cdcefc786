package applier

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// wanted is a message that is looked for.
type wanted struct {
	muid   string
	sender string
	sentAt int64
	kind   string // text, image, ...
	text   string
	sealed string // the seal of the text, instead of it
	key    string // the key of seals
}

// wanted describes a message that the state has.
func (r *run) wanted(m *state.Message) *wanted {
	return &wanted{
		muid: m.MUID, sender: m.Sender, sentAt: m.SentAt, kind: wireType(m.Type),
		text: m.Text, sealed: m.Sealed["text"], key: r.header.HashKey,
	}
}

// match is how sure it is that a message of the app is the wanted one.
type match uint8

const (
	different match = iota
	same            // by its muid, or without one by sender, time, type and text
	collides        // it has the muid and is another message
)

// matches holds a message of the app against the wanted one. The muid decides
// where the app tells it; times in a chat strictly increase, so that the rest
// is unique as well.
func (w *wanted) matches(m *Message) match {
	switch {
	case m.DeletedAt != 0 || m.Category != "" && m.Category != "message":
		return different
	case m.MUID == w.muid:
		if m.Sender != "" && m.Sender != w.sender || m.SentAt != 0 && m.SentAt != w.sentAt {
			return collides
		}
		return same
	case m.MUID != "" || m.Sender != w.sender || m.SentAt != w.sentAt || wireType(m.Type) != w.kind:
		return different
	case w.sealed != "":
		if planner.Seal(w.key, "text", m.Data.Text) == w.sealed {
			return same
		}
	case m.Data.Text == w.text:
		return same
	}
	return different
}

// ambiguousError says that the app has a message more than once.
type ambiguousError struct{ ids []string }

func (e *ambiguousError) Error() string {
	return fmt.Sprintf("the app has it %d times: %s", len(e.ids), joined(e.ids))
}

func joined(ids []string) string {
	text := ""
	for i, id := range ids {
		if i > 0 {
			text += ", "
		}
		text += id
	}
	return text
}

// errIncomplete says that a list could not be read to its end.
var errIncomplete = errors.New("the list of what moderation holds back ends early")

// look looks for a message once: in the chat around its time, and, because the
// app may hide there what is not approved, in the lists of moderation. It
// returns nil when the app does not show it.
func (r *run) look(w *wanted, in *chat) (*Message, error) {
	found := make(map[string]*Message)
	twin := ""
	visit := func(m *Message) {
		switch w.matches(m) {
		case same:
			found[m.ID] = m
		case collides:
			twin = m.ID
		}
	}
	if err := r.listAround(in, w.sender, w.sentAt, w.sentAt, visit); err != nil {
		return nil, err
	}
	if len(found) == 0 {
		err := r.listModerated(in, w.sender, visit)
		if err != nil && (len(found) == 0 || !errors.Is(err, errIncomplete)) {
			return nil, err
		}
	}
	switch {
	case twin != "":
		return nil, collision(twin, w.muid)
	case len(found) > 1:
		return nil, withHint(&ambiguousError{ids: slices.Sorted(maps.Keys(found))}, ambiguousHint)
	}
	for _, m := range found {
		return m, nil
	}
	return nil, nil
}

// listAround visits the chat's messages of a span of time. A chat that the app
// does not know has none.
func (r *run) listAround(in *chat, reader string, from, to int64, visit func(*Message)) error {
	q := MessageQuery{From: from, To: to, Limit: pageOfLook}
	switch {
	case in.id != "":
		q.ConversationID = in.id
	case in.group != "":
		q.Group = in.group
	default:
		q.UserA, q.UserB = reader, in.other(reader)
	}
	err := r.list(q, visit)
	if in.id == "" && in.group == "" && refusedWith(err, codeNoUser) {
		// Nobody can be asked about the chat: the reader is missing, or was only
		// deactivated.
		q = MessageQuery{From: from, To: to, Limit: pageOfLook, Sender: reader}
		err = r.list(q, func(m *Message) {
			if in.has(m) {
				visit(m)
			}
		})
	}
	if refusedWith(err, codeNoUser, codeNoGroup, codeNoConversation, codeEmptyChat) {
		return nil
	}
	return err
}

// pageOfLook is how many messages a page of a look has.
const pageOfLook = 200

// list visits all messages of a cursor-style list.
func (r *run) list(q MessageQuery, visit func(*Message)) error {
	seen := make(map[string]bool)
	for {
		page, err := ask(r, standard, r.brake.over, func(ctx context.Context) (*MessagePage, error) {
			return r.app.ListMessages(ctx, q)
		})
		if err != nil {
			return err
		}
		if !visitNew(page, seen, visit) || page.Next == nil {
			return nil
		}
		q.Cursor = page.Next
	}
}

// visitNew visits the messages of a page that were not seen before and reports
// whether there were any.
func visitNew(page *MessagePage, seen map[string]bool, visit func(*Message)) bool {
	some := false
	for _, m := range page.Messages {
		if seen[m.ID] {
			continue
		}
		seen[m.ID] = true
		some = true
		visit(m)
	}
	return some
}

// The statuses of messages that moderation holds back.
const (
	pending     = "pending"
	disapproved = "disapproved"
)

// listModerated visits the sender's messages that moderation holds back in the
// chat.
func (r *run) listModerated(in *chat, sender string, visit func(*Message)) error {
	q := ModeratedQuery{Sender: sender, ReceiverGUID: in.group}
	if in.group == "" {
		q.ReceiverUID = in.other(sender)
	}
	for _, status := range []string{disapproved, pending} {
		q.Status = status
		err := r.moderated(q, visit, nil)
		if refusedWith(err, codeNoAPI, codeRestricted, codeNoUser, codeNoGroup) {
			continue // no moderation, nobody, or no group: nothing is held back
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// pageOfModeration is the documented size of a page of moderation's lists.
const pageOfModeration = 100

// moderated visits one list of moderation. How it is paged is not documented:
// when handing back the cursor brings nothing new, the number of the page is
// tried, and when that does not either, the list has one page, and is incomplete
// if that is full. Once enough, unless it is nil, says so, no more pages are
// read.
func (r *run) moderated(q ModeratedQuery, visit func(*Message), enough func() bool) error {
	seen := make(map[string]bool)
	for number := 1; enough == nil || !enough(); {
		page, err := ask(r, standard, r.brake.over, func(ctx context.Context) (*MessagePage, error) {
			return r.app.ListModerated(ctx, q)
		})
		if err != nil {
			return err
		}
		fresh := visitNew(page, seen, visit)
		byNumber := q.Cursor["page"] != ""
		switch {
		case fresh && byNumber:
			number++
		case fresh && page.Next != nil:
			q.Cursor = page.Next
			continue
		case fresh || len(page.Messages) == 0 || q.Cursor == nil:
			return nil
		case byNumber && len(page.Messages) >= cmp.Or(page.Limit, pageOfModeration):
			return errIncomplete
		case byNumber:
			return nil
		default:
			number = 2
		}
		q.Cursor = Cursor{"page": strconv.Itoa(number)}
	}
	return nil
}
