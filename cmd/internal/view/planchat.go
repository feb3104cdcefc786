package view

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/sowdev/sow/planner"
)

// chats prints every chat in which something changes.
func (t *planText) chats() error {
	type part struct {
		lane  int
		whole bool // else only what may be in the app already
	}
	var parts []part
	hidden, added, toAdd := 0, 0, 0
	for i := range t.plan.Lanes {
		lane := &t.plan.Lanes[i]
		if nothingRemains(lane) {
			continue // the deletes have told it all
		}
		whole := true
		if addsOnly(lane) && !t.full {
			added++
			whole = added <= maxAddedChats
		}
		if !whole {
			hidden++
			toAdd += lane.Counts.Messages.Create
			if !mayHaveDoubts(lane) {
				continue
			}
		}
		parts = append(parts, part{i, whole})
	}
	var doubtful atomic.Int64
	err := inOrder(t.p, len(parts), func(p *printer, k int) error {
		one := *t
		one.p = p
		if parts[k].whole {
			return one.chat(parts[k].lane)
		}
		n, err := one.onlyDoubts(parts[k].lane)
		doubtful.Add(int64(n))
		return err
	})
	if err != nil {
		return err
	}
	if hidden > 0 {
		t.p.blank()
		t.p.line(say(faint, fmt.Sprintf("… %s with %s to add; --full shows all",
			count(hidden, "more conversation"), count(toAdd-int(doubtful.Load()), "message"))))
	}
	return nil
}

// nothingRemains reports a lane that is deleted whole.
func nothingRemains(lane *planner.LaneInfo) bool {
	return lane.Total == 0 && lane.Counts.Messages.Delete > 0
}

func addsOnly(lane *planner.LaneInfo) bool {
	c := lane.Counts.Messages
	return c.Update == 0 && c.Replace == 0 && c.Delete == 0
}

// mayHaveDoubts reports whether a run before this one could have sent
// something into the lane: a lane that is new to the state need not be read.
func mayHaveDoubts(lane *planner.LaneInfo) bool {
	return slices.ContainsFunc(lane.Changes, func(c planner.ConversationChange) bool { return c.Before != nil })
}

// onlyDoubts shows nothing of a chat but the messages in doubt, and returns
// their number.
func (t *planText) onlyDoubts(i int) (int, error) {
	var c *chat
	doubtful := 0
	for m, err := range t.plan.Lane(i) {
		if err != nil {
			return doubtful, err
		}
		if !inDoubt(m) {
			continue
		}
		if doubtful++; c == nil {
			c = t.openChat(i, m)
		}
		c.print(t.entry(m))
	}
	return doubtful, nil
}

// openChat prints the heading of a chat, which names the day of its first
// message.
func (t *planText) openChat(i int, first *planner.MessageChange) *chat {
	lane := &t.plan.Lanes[i]
	names := newCast(lane.Members)
	c := newChat(t.p, names)
	c.leftSymbols = t.leftSymbols
	c.several = len(lane.Changes) > 1
	title := laneTitle(lane)
	who := foreign(plain, participants(lane, names))
	if first != nil {
		at := momentOf(t.plan, first)
		c.begin(at, first.Addr.Conversation)
		who = append(who, say(plain, " · "+at.day))
	}
	if t.title != nil {
		t.title(title, who)
	} else {
		t.p.blank()
		t.p.hang(nil, append(append(title, pad(columnGap)), who...))
	}
	t.records(lane)
	return c
}

// maxTitles is how many conversations of one chat its heading names.
const maxTitles = 3

func laneTitle(lane *planner.LaneInfo) spans {
	var names []string
	for _, c := range lane.Changes {
		names = append(names, c.Addr.String())
	}
	if more := len(names) - maxTitles; more > 1 {
		names = append(names[:maxTitles], number(more)+" more")
	}
	return foreign(strong, enumerate(names))
}

// records prints how the records of the lane's conversations change. That one
// is new is plain from its messages.
func (t *planText) records(lane *planner.LaneInfo) {
	for _, c := range lane.Changes {
		if c.Action != planner.Update && c.Action != planner.Replace && c.Action != planner.Delete {
			continue
		}
		line := t.symbol(c.Action)
		if len(lane.Changes) > 1 {
			line = append(line, foreign(plain, c.Addr.String())...)
			line = append(line, pad(2))
		}
		var what []spans
		if c.Action == planner.Delete {
			what = append(what, foreign(plain, orElse(c.Reason, "no longer declared")))
		}
		for _, f := range c.Fields {
			what = append(what, fieldSpans(f))
		}
		if c.Reason != "" && c.Action != planner.Delete {
			what = append(what, foreign(faint, c.Reason))
		}
		t.p.hang(line, what...)
	}
}

// chat prints one chat. Of a long row of additions the middle is cut.
func (t *planText) chat(i int) error {
	var (
		c    *chat
		held = holdback{limit: firstAdded, tail: lastAdded}
		late bool
	)
	if t.full {
		held.limit = -1
	}
	for m, err := range t.plan.Lane(i) {
		if err != nil {
			return err
		}
		if c == nil {
			c = t.openChat(i, m)
		}
		late = late || m.Late
		for _, ready := range held.take(m) {
			t.show(c, ready)
		}
		if t.p.cut {
			return nil
		}
	}
	if c == nil {
		c = t.openChat(i, nil)
	}
	for _, ready := range held.rest() {
		t.show(c, ready)
	}
	if more := t.plan.Lanes[i].Trailing; more > 0 {
		c.gap(number(more) + " more, unchanged")
	}
	if late {
		t.p.hang(c.symbol(" "), spans{say(faint, "late: sent after messages with a later time; clients that order by id will show them last")})
	}
	return nil
}

// show prints what a holdback let go.
func (t *planText) show(c *chat, r released) {
	if r.cutAdded > 0 {
		what := number(r.cutAdded) + " more to add"
		if r.cutUnchanged > 0 {
			what += ", " + number(r.cutUnchanged) + " unchanged"
		}
		c.gap(what + "; --full shows all")
	}
	if r.Skipped > 0 {
		c.gap(number(r.Skipped) + " more, unchanged")
	}
	c.print(t.entry(r.MessageChange))
}

func (t *planText) entry(m *planner.MessageChange) entry {
	e := describe(m)
	e.at = momentOf(t.plan, m)
	return e
}

// inDoubt reports whether the app may have the message already.
func inDoubt(m *planner.MessageChange) bool {
	return m.Before != nil && m.Before.InDoubt && m.Before.ID == ""
}

// describe says what a change does to a message.
func describe(m *planner.MessageChange) entry {
	shown := newest(m.Before, m.After)
	e := entry{
		symbol: m.Action.Symbol(),
		sender: shown.Sender,
		from:   m.Addr.Conversation,
		quiet:  m.Action == planner.NoOp,
	}
	hides := func(attribute string) bool {
		return slices.Contains(m.Sensitive, attribute) || shown.Sealed[attribute] != ""
	}
	switch {
	case m.Action == planner.Delete:
		e.body = content(removed, shown, hides)
	case m.Action == planner.NoOp:
		e.body = content(faint, shown, hides)
	case m.Before != nil && m.After != nil && m.Action != planner.Create:
		e.body, e.below = difference(m, hides)
	default:
		e.body = content(plain, shown, hides)
	}
	e.notes = notes(m)
	if m.Action == planner.Replace && m.Reason != "" && !inDoubt(m) {
		e.below = append(e.below, foreign(faint, "replaced: "+m.Reason))
	}
	return e
}

// difference shows an edited message: its text word by word, everything else
// below.
func difference(m *planner.MessageChange, hides func(string) bool) (body, below []spans) {
	if m.Before.Text == m.After.Text || hides("text") || m.Before.Sealed["text"] != "" {
		body = content(plain, m.After, hides)
	} else {
		body = withFiles(plain, m.After, hides, editLines(m.Before.Text, m.After.Text))
	}
	for _, f := range m.Fields {
		if f.Name == "text" && f.Old != f.New {
			continue
		}
		if f.Name == "address" && m.From != "" {
			continue // the notes say it
		}
		below = append(below, fieldSpans(f))
	}
	return body, below
}

// notes are what a reader should know of a message besides what it says.
func notes(m *planner.MessageChange) []string {
	var notes []string
	if inDoubt(m) {
		notes = append(notes, orElse(m.Reason, "in doubt: the app is asked first whether it has it"))
	}
	if m.From != "" {
		notes = append(notes, "was "+m.Addr.Conversation.Message(m.From).String())
	}
	if m.StateOnly {
		notes = append(notes, "in the state only")
	}
	if m.After != nil && m.Action == planner.Create {
		if m.After.Expect != "" {
			notes = append(notes, "expect "+m.After.Expect)
		}
		if len(m.After.Tags) > 0 && !slices.Contains(m.Sensitive, "tags") {
			notes = append(notes, "tagged "+strings.Join(m.After.Tags, ", "))
		}
	}
	if m.Late {
		notes = append(notes, "late")
	}
	if m.Shifted != 0 {
		notes = append(notes, fmt.Sprintf("%d s later than declared, behind another message", m.Shifted))
	}
	return notes
}
