package applier

import (
	"context"
	"slices"
	"strings"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// tell notes what came out of a window.
func (v *visit) tell(l *lineup, unclear map[*expected]bool) error {
	replaced := make(map[addr.Message]*expected) // by what takes their place
	for _, e := range l.entries {
		if e.change != nil && e.change.Action == planner.Replace && e.seen != nil {
			replaced[*e.address()] = e
		}
	}
	misplaced := v.misplaced(l.entries)
	for _, e := range l.entries {
		var err error
		switch {
		case e.seeded() && replaced[*e.address()] != nil:
			err = v.tellReplaced(e)
		case e.seeded():
			err = v.tellSeeded(l, e, unclear[e], misplaced[e])
		case e.seen != nil:
			err = v.tellDeclared(l, e)
		default:
			v.wanting = true
		}
		if err == nil {
			err = v.tellCopies(e)
		}
		if err != nil {
			return err
		}
	}
	for _, m := range l.extras {
		if l.isOurs(m) {
			v.strays = append(v.strays, m)
			continue
		}
		if v.foreign {
			if err := v.out.Put(v.stranger(planner.Foreign, m)); err != nil {
				return err
			}
		}
	}
	return nil
}

// finding begins a finding about an entry's message.
func (v *visit) finding(kind planner.FindingKind, e *expected) *planner.Finding {
	f := &planner.Finding{Kind: kind, Message: e.address(), Chat: v.place.name}
	if e.seeded() {
		f.Before, f.ID = e.record, e.record.ID
	}
	return f
}

// tellSeeded notes what has become of a message that the state recorded.
func (v *visit) tellSeeded(l *lineup, e *expected, unclear, misplaced bool) error {
	switch {
	case e.seen == nil && unclear:
		f := v.finding(planner.Unclear, e)
		f.Why = "no list of the app shows it, and the app has it or cannot say"
		if v.isToCome(e) {
			f.Why = "its time is still to come, and the app may hide it until then"
		}
		return v.out.Put(f)
	case e.seen == nil && e.record.InDoubt:
		v.lacking++
		return v.out.Put(v.finding(planner.InDoubt, e))
	case e.seen == nil:
		v.lacking++
		if v.final {
			v.absent.Store(true)
		}
		return v.out.Put(v.finding(planner.Missing, e))
	}
	if _, told := v.present.Load(e.conversation); !told {
		v.present.Store(e.conversation, true)
	}
	if e.record.InDoubt && e.record.ID == e.seen.ID && !v.final {
		v.lacking++ // the delete that it waits for may still be on its way
	}
	as, fields := messageAsSeen(e.record, e.seen, v.header.HashKey, l.tells(e.seen))
	as.ID, as.InDoubt, as.Carries = e.seen.ID, false, nil
	kind := planner.Edited
	switch {
	case e.record.InDoubt:
		kind = planner.Settled
	case e.seen.ID != e.record.ID:
		// It was sent once more, and the state is older than that.
		if kind = planner.Adopted; v.foreign {
			kind = planner.Edited
		}
		fields = append(fields, planner.FieldChange{Name: "id", Old: e.record.ID, New: e.seen.ID})
		v.renew(as, e)
	case misplaced && v.foreign:
		kind = planner.Reordered
	case len(fields) == 0:
		return v.judge(e)
	}
	f := v.finding(kind, e)
	f.ID, f.After, f.Fields = e.seen.ID, as, fields
	if err := v.out.Put(f); err != nil {
		return err
	}
	return v.judge(e)
}

// renew gives a record the muid that its message was found with.
func (v *visit) renew(as *state.Message, e *expected) {
	as.Generation = e.generation
	as.MUID = e.seen.MUID
	if as.MUID == "" {
		as.MUID = state.MUID(v.plan.Dataset, e.conversation, as.Key, as.Generation)
	}
	as.Moderation = e.seen.Moderation
	raise(&v.latest, e.generation)
}

// tellDeclared notes a message that the plan would have sent, and that the app
// has.
func (v *visit) tellDeclared(l *lineup, e *expected) error {
	if err := v.open(e.conversation); err != nil {
		return err
	}
	as, fields := messageAsSeen(e.record, e.seen, v.header.HashKey, l.tells(e.seen))
	as.ID = e.seen.ID
	v.renew(as, e)
	f := v.finding(planner.Adopted, e)
	f.ID, f.After, f.Fields = e.seen.ID, as, fields
	return v.out.Put(f)
}

// open takes in the conversation of a message that is adopted, if the state does
// not have it, or has it in another chat.
func (v *visit) open(conversation addr.Object) error {
	if v.opened[conversation] {
		return nil
	}
	v.opened[conversation] = true
	for i := range v.plan.Lanes[v.place.lane].Changes {
		c := &v.plan.Lanes[v.place.lane].Changes[i]
		if c.Addr == conversation && (c.Before == nil || c.Action == planner.Replace) {
			return v.out.Put(&planner.Finding{Kind: planner.Adopted, Object: &c.Addr, Chat: v.place.name, Conversation: c.After})
		}
	}
	return nil
}

// tellReplaced notes a message that the state has, and in whose place the app
// has another one: nobody deleted it, if the app still has it.
func (v *visit) tellReplaced(e *expected) error {
	if e.seen == nil {
		return nil
	}
	e.copies = append(e.copies, e.seen)
	return nil
}

// tellCopies notes what the app has of a message once more than it should. A
// copy goes into the state under a key of its own, which nothing declares, so
// that the plan deletes it.
func (v *visit) tellCopies(e *expected) error {
	for _, m := range e.copies {
		as, _ := messageAsSeen(e.record, m, v.header.HashKey, false)
		as.Key, as.ID, as.InDoubt, as.Carries = copyKey(e.record.Key, m.ID), m.ID, false, nil
		as.MUID, as.Expect, as.Moderation = "", "", m.Moderation
		address := e.conversation.Message(as.Key)
		f := v.finding(planner.Doubled, e)
		f.Message, f.ID, f.After = &address, m.ID, as
		f.Before, f.Why = nil, "a copy of "+e.address().String()
		if err := v.out.Put(f); err != nil {
			return err
		}
	}
	return nil
}

// copyKey is the key of a copy. It begins as a key without a label does, so that
// no label is like it, and comes after the key of what it is a copy of.
func copyKey(key, id string) string { return "~" + strings.TrimPrefix(key, "~") + "+" + id }

// misplaced finds the messages that stand in another order in the app than in
// the state: as few as possible, so that the others are in order.
func (v *visit) misplaced(entries []*expected) map[*expected]bool {
	if !v.foreign {
		return nil
	}
	var shown []*expected
	for _, e := range entries {
		if e.seeded() && e.seen != nil {
			shown = append(shown, e)
		}
	}
	there := slices.Clone(shown)
	slices.SortStableFunc(there, func(a, b *expected) int {
		if a, b := sentAt(a), sentAt(b); a != b {
			return int(a - b)
		}
		return compareIDs(a.seen, b.seen)
	})
	if slices.Equal(shown, there) {
		return nil
	}
	place := make(map[*expected]int, len(there))
	for i, e := range there {
		place[e] = i
	}
	order := make([]int, len(shown))
	for i, e := range shown {
		order[i] = place[e]
	}
	moved := make(map[*expected]bool)
	for i, stays := range longestIncreasing(order) {
		if !stays {
			moved[shown[i]] = true
		}
	}
	return moved
}

// sentAt is the time that the app gives a message, or that it was sent with.
func sentAt(e *expected) int64 {
	if e.seen.SentAt != 0 {
		return e.seen.SentAt
	}
	return e.record.SentAt
}

// longestIncreasing marks the members of a longest increasing subsequence.
func longestIncreasing(order []int) []bool {
	var tops []int // the index that ends the best chain of each length
	before := make([]int, len(order))
	for i, n := range order {
		at, _ := slices.BinarySearchFunc(tops, n, func(top, n int) int { return order[top] - n })
		before[i] = -1
		if at > 0 {
			before[i] = tops[at-1]
		}
		if at == len(tops) {
			tops = append(tops, i)
		} else {
			tops[at] = i
		}
	}
	in := make([]bool, len(order))
	if len(tops) > 0 {
		for i := tops[len(tops)-1]; i >= 0; i = before[i] {
			in[i] = true
		}
	}
	return in
}

// judge holds what moderation says against what was expected.
func (v *visit) judge(e *expected) error {
	if !v.foreign || e.record.Expect == "" {
		return nil
	}
	got, err := v.verdict(e)
	if err != nil || got == e.record.Expect {
		return err
	}
	kind := planner.Unmet
	if got == pending {
		kind = planner.Undecided
	}
	f := v.finding(kind, e)
	f.ID = e.seen.ID
	f.Fields = []planner.FieldChange{{Name: "moderation", Old: e.record.Expect, New: got}}
	return v.out.Put(f)
}

// verdict is what moderation says of a message; where the chat's list does not
// tell, the message is asked for.
func (v *visit) verdict(e *expected) (string, error) {
	if e.seen.Moderation != "" {
		return e.seen.Moderation, nil
	}
	m, err := ask(v.run, standard, v.brake.halted, func(ctx context.Context) (*Message, error) {
		return v.app.GetMessage(ctx, e.seen.ID)
	})
	switch {
	case isRefusal(err):
		return "", nil
	case err != nil:
		return "", err
	}
	return m.Moderation, nil
}
