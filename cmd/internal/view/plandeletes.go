package view

import (
	"slices"

	"github.com/sowdev/sow/planner"
)

// deletesList lists everything that goes, before anything else and without a
// cut.
func (t *planText) deletesList() error {
	var people []person
	for _, person := range peopleOf(t.plan) {
		if person.action == planner.Delete {
			people = append(people, person)
		}
	}
	lanes := lanesWithDeletes(t.plan)
	if len(people) == 0 && len(lanes) == 0 {
		return nil
	}
	t.section("delete")
	for _, person := range people {
		if person.reason == t.whyDeleted {
			person.reason = ""
		} else {
			t.whyDeleted = person.reason
		}
		t.person(person, nil)
		t.toldDelete()
	}
	for _, i := range lanes {
		if err := t.deletedIn(i); err != nil {
			return err
		}
	}
	return nil
}

func (t *planText) toldDelete() {
	if !t.p.cut {
		t.deletesTold++
	}
}

// lanesWithDeletes returns the indexes of the lanes in which something goes.
func lanesWithDeletes(p *planner.Plan) []int {
	var lanes []int
	for i := range p.Lanes {
		lane := &p.Lanes[i]
		record := slices.ContainsFunc(lane.Changes, func(c planner.ConversationChange) bool { return c.Action == planner.Delete })
		if lane.Counts.Messages.Delete > 0 || record {
			lanes = append(lanes, i)
		}
	}
	return lanes
}

// deletedIn lists what goes from one chat.
func (t *planText) deletedIn(i int) error {
	lane := &t.plan.Lanes[i]
	for _, c := range lane.Changes {
		if c.Action == planner.Delete {
			line := append(t.symbol(planner.Delete), foreign(plain, c.Addr.String())...)
			t.p.hang(append(line, pad(columnGap)), foreign(faint, orElse(c.Reason, "no longer declared")))
			t.whyDeleted = c.Reason
		}
	}
	if lane.Counts.Messages.Delete == 0 {
		return nil
	}
	names := newCast(lane.Members)
	for m, err := range t.plan.Lane(i) {
		if err != nil {
			return err
		}
		if m.Action == planner.Delete {
			t.deleted(m, names)
			t.toldDelete()
		}
		if t.p.cut {
			return nil
		}
	}
	return nil
}

// deleted prints one message that goes, with its address.
func (t *planText) deleted(m *planner.MessageChange, names cast) {
	head := append(t.symbol(planner.Delete), foreign(plain, m.Addr.String())...)
	text := append(spans{say(faint, momentOf(t.plan, m).full), pad(2)}, foreign(strong, names.name(m.Before.Sender))...)
	text = append(text, pad(2))
	e := describe(m)
	if m.Reason != t.whyDeleted && !inDoubt(m) {
		t.whyDeleted = m.Reason
		e.notes = append(e.notes, m.Reason)
	}
	for i, paragraph := range e.withNotes() {
		if i > 0 {
			text = append(text, say(faint, " / "))
		}
		text = append(text, paragraph...)
	}
	if head.width()+columnGap+text.width() <= t.p.width {
		t.p.line(append(append(head, pad(columnGap)), text...)...)
		return
	}
	t.p.line(head...)
	t.p.hang(spans{pad(hangBelow)}, text)
}
