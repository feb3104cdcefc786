package view

import (
	"slices"

	"github.com/sowdev/sow/planner"
)

// holdback lets the changes of a chat pass, and cuts the middle out of a long
// row of additions. It holds a handful of messages.
type holdback struct {
	limit, tail int // additions to show at the beginning and the end; limit < 0: all

	added int
	held  []*planner.MessageChange
	cut   cutCounts // what was let fall before those held
}

// cutCounts are the messages that are not shown.
type cutCounts struct{ cutAdded, cutUnchanged int }

// released is a change to show, and what was cut before it.
type released struct {
	*planner.MessageChange
	cutCounts
}

// take takes in the next change and returns those to show now.
func (h *holdback) take(m *planner.MessageChange) []released {
	switch {
	case h.limit < 0:
		return []released{{MessageChange: m}}
	case !cuttable(m):
		return append(h.rest(), released{MessageChange: m})
	case m.Action == planner.Create:
		h.added++
	}
	if h.added <= h.limit {
		return []released{{MessageChange: m}}
	}
	h.held = append(h.held, m)
	if len(h.held) > h.tail {
		h.drop(h.held[0])
		h.held = slices.Delete(h.held, 0, 1)
	}
	return nil
}

func (h *holdback) drop(m *planner.MessageChange) {
	if m.Action == planner.Create {
		h.cut.cutAdded++
	} else {
		h.cut.cutUnchanged++
	}
	h.cut.cutUnchanged += m.Skipped
}

// cuttable reports what may be cut: plain additions, and the unchanged
// messages between them.
func cuttable(m *planner.MessageChange) bool {
	return m.Action == planner.NoOp || m.Action == planner.Create && !inDoubt(m)
}

// rest lets go of what is held.
func (h *holdback) rest() []released {
	var out []released
	for i, m := range h.held {
		r := released{MessageChange: m}
		if i == 0 {
			r.cutCounts = h.cut
		}
		out = append(out, r)
	}
	h.held, h.cut = nil, cutCounts{}
	return out
}
