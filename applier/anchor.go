package applier

import (
	"context"

	"github.com/sowdev/sow/planner"
)

// How much is looked at to find an anchor again.
const (
	anchorLanes    = 8
	anchorMessages = 5000 // of a lane
)

// inferAnchor finds the anchor again that the app's messages of the dataset were
// sent from, when the state that had it is lost: else all of them would seem to
// have other times. It is nil when the app shows none that the draft, which has
// no anchor, would send.
func (rd *reading) inferAnchor(draft *planner.Plan) (*int64, error) {
	page, err := ask(rd.run, standard, rd.brake.halted, func(ctx context.Context) (*MessagePage, error) {
		return rd.app.ListMessages(ctx, MessageQuery{Tag: rd.tag, Limit: pageOfReading, Newest: true})
	})
	if err != nil {
		return nil, err
	}
	byChat := make(map[string][]*Message)
	for _, m := range page.Messages {
		byChat[chatName(m)] = append(byChat[chatName(m)], m)
	}
	if len(page.Messages) == 0 {
		held := &withheld{reading: rd}
		if held.read(); held.err != nil {
			return nil, held.err
		}
		byChat = held.byChat
	}
	var votes planner.AnchorVotes
	lanes := 0
	for i := range draft.Lanes {
		shown := byChat[draft.Lanes[i].Chat]
		if len(shown) == 0 {
			continue
		}
		if lanes++; lanes > anchorLanes {
			break
		}
		entries, err := rd.firstDeclared(draft, i)
		if err != nil {
			return nil, err
		}
		l := newLineup(draft.Dataset, rd.header.HashKey, entries)
		l.tagsTold = len(page.Messages) > 0
		for _, m := range shown {
			l.take(m)
		}
		l.sift(l.byMUID())
		l.sift(l.byText())
		for _, e := range entries {
			if e.seen != nil {
				votes.Add(e.change.When, e.seen.SentAt)
			}
		}
	}
	return votes.Winner(), nil
}

// firstDeclared lists the first messages that a lane would send.
func (rd *reading) firstDeclared(draft *planner.Plan, lane int) (entries []*expected, err error) {
	rd.plan = draft
	v := &visit{reading: rd, place: &place{lane: lane}}
	for e, err := range v.declared() {
		if err != nil {
			return nil, err
		}
		if entries = append(entries, e); len(entries) == anchorMessages {
			break
		}
	}
	return entries, nil
}
