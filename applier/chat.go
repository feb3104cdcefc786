package applier

import (
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// chat is a chat of the app: two people or a group.
type chat struct {
	a, b  string // both uids, or
	group string // the guid
	id    string // the conversation's id, once an answer told it
}

func chatOf(info *planner.LaneInfo) chat {
	if info.Group != "" {
		return chat{group: info.Group}
	}
	return chat{a: info.Between[0], b: info.Between[1]}
}

func chatOfRecord(c *state.Conversation) chat {
	if c.Group != "" {
		return chat{group: c.Group}
	}
	return chat{a: c.Between[0], b: c.Between[1]}
}

// other is the receiver of a message from the sender.
func (c *chat) other(sender string) string {
	switch {
	case c.group != "":
		return c.group
	case sender == c.a:
		return c.b
	}
	return c.a
}

// has reports whether a message that the app tells of belongs to the chat.
func (c *chat) has(m *Message) bool {
	switch {
	case c.id != "" && m.ConversationID != "":
		return m.ConversationID == c.id
	case c.group != "":
		return m.Receiver == c.group && m.ReceiverType != "user"
	}
	return m.ReceiverType != "group" && (m.Sender == c.a && m.Receiver == c.b || m.Sender == c.b && m.Receiver == c.a)
}
