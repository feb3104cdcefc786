package planner

import (
	"encoding/json"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
)

// speaker is who speaks in a conversation.
type speaker struct {
	talk *talk
	user *config.User
}

// needs notes which missing users and groups a message uses. Who speaks in a
// group comes with the message that creates the group or is there before: a new
// sender is no member of a group that exists, and the refusal of a message with
// details would leave open what the call has done.
func (l *lane) needs(r *laneResult, t *talk, m *config.Message, a addr.Message) {
	if r.heard[speaker{t, m.From}] {
		return // as an earlier one did
	}
	if r.heard == nil {
		r.heard = make(map[speaker]bool)
	}
	r.heard[speaker{t, m.From}] = true
	if !canCarry(m.Text, m.CustomData, m.Metadata, m.Attachments) {
		a = addr.Message{}
	}
	need := func(o addr.Object, missing bool, by addr.Message) {
		if !missing {
			return
		}
		if r.needs == nil {
			r.needs = make(map[addr.Object]addr.Message)
		}
		if _, ok := r.needs[o]; !ok {
			r.needs[o] = by
		}
	}
	if g := t.decl.Group; g != nil {
		missing := l.missingGroups[g.Addr]
		need(g.Addr, missing, a)
		if !missing || r.needs[g.Addr] != a {
			a = addr.Message{}
		}
		need(m.From.Addr, l.missingUsers[m.From.Addr], a)
		return
	}
	for _, u := range t.decl.Between {
		need(u.Addr, l.missingUsers[u.Addr], a)
	}
}

// maxCarrierWeight is what a message may weigh that carries people, in bytes. The
// app takes 65,536 characters at once, and the details of a group and its first
// speaker may come to a third of that.
const maxCarrierWeight = 40_000

// canCarry reports whether a message is light enough to carry people. Config and
// state have the same attachments.
func canCarry[A config.Attachment | state.Attachment](text string, customData, metadata json.RawMessage, attachments []A) bool {
	n := len(text) + len(customData) + len(metadata)
	for _, a := range attachments {
		n += len(state.Attachment(a).URL) + len(state.Attachment(a).Name)
	}
	return n <= maxCarrierWeight
}
