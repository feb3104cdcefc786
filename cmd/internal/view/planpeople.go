package view

import (
	"slices"
	"strings"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// person is a user or a group of a plan, as a line shows it.
type person struct {
	action  planner.Action
	address string
	title   string // "Ana Lima"; "Lobby, public"
	fields  []planner.FieldChange
	reason  string
	carrier *addr.Message
	forget  bool
	state   bool        // no request is made
	from    addr.Object // the address until now
}

// peopleOf returns the users and groups that change, in the order of the plan.
func peopleOf(p *planner.Plan) []person {
	people := make([]person, 0, len(p.Users)+len(p.Groups))
	for _, c := range p.Users {
		people = append(people, person{
			action: c.Action, address: c.Addr.String(), title: userTitle(c),
			fields: c.Fields, reason: c.Reason, carrier: c.Carrier, forget: c.Forget,
			state: c.StateOnly, from: c.From,
		})
	}
	for _, c := range p.Groups {
		people = append(people, person{
			action: c.Action, address: c.Addr.String(), title: groupTitle(c),
			fields: c.Fields, reason: c.Reason, carrier: c.Carrier, forget: c.Forget,
			state: c.StateOnly, from: c.From,
		})
	}
	return people
}

func userTitle(c planner.UserChange) string {
	u := newest(c.Before, c.After)
	if slices.Contains(c.Sensitive, "name") || u.Sealed["name"] != "" {
		return sensitive
	}
	return u.Name
}

func groupTitle(c planner.GroupChange) string {
	g := newest(c.Before, c.After)
	if slices.Contains(c.Sensitive, "name") || g.Sealed["name"] != "" {
		return sensitive + ", " + g.Type
	}
	return g.Name + ", " + g.Type
}

// newest is what a change makes of an object, or what it takes away.
func newest[T state.User | state.Group | state.Conversation | state.Message](before, after *T) *T {
	if after != nil {
		return after
	}
	return before
}

// columns are the address, the title and what is worth knowing.
func (p person) columns() []spans {
	var notes []string
	switch {
	case p.action == planner.Create && p.carrier == nil:
		notes = append(notes, "created by a request of its own")
	case p.carrier != nil:
		notes = append(notes, "carried by "+p.carrier.String())
	}
	if !p.from.IsZero() {
		notes = append(notes, "until now "+p.from.String())
	}
	if p.reason != "" && p.action != planner.Create {
		notes = append(notes, p.reason)
	}
	switch {
	case p.forget:
		notes = append(notes, "it stays in the app, and the state forgets it")
	case p.state:
		notes = append(notes, "in the state only")
	}
	return []spans{foreign(plain, p.address), foreign(plain, p.title), foreign(faint, strings.Join(notes, "; "))}
}

// maxAddress is where a column of addresses stops growing.
const maxAddress = 40

// peopleList lists the users and groups that are not deleted.
func (t *planText) peopleList() {
	all := slices.DeleteFunc(peopleOf(t.plan), func(p person) bool { return p.action == planner.Delete })
	if len(all) == 0 {
		return
	}
	t.section("people and groups")
	shown, more := all, 0
	if !t.full {
		shown, more = cutAdded(all)
	}
	widths := []int{0, 0}
	for _, p := range shown {
		for i, c := range p.columns()[:2] {
			widths[i] = min(max(widths[i], c.width()), maxAddress)
		}
	}
	for _, p := range shown {
		t.person(p, widths)
	}
	if more > 0 {
		t.p.line(append(t.symbol(planner.NoOp), say(faint, "… "+number(more)+" more to add; --full shows all"))...)
	}
}

// cutAdded keeps all changes but those that add, of which it keeps the first
// ones.
func cutAdded(all []person) (kept []person, more int) {
	added := 0
	for _, p := range all {
		if p.action == planner.Create {
			if added++; added > maxAddedUsers {
				more++
				continue
			}
		}
		kept = append(kept, p)
	}
	return kept, more
}

// person prints one user or group. Without widths the columns are not aligned.
func (t *planText) person(p person, widths []int) {
	cells := p.columns()
	if widths == nil {
		for _, c := range cells {
			widths = append(widths, c.width())
		}
	}
	line := append(t.symbol(p.action), columns(cells[:len(cells)-1], widths)...)
	last := cells[len(cells)-1]
	line = append(line, pad(widths[len(cells)-2]-cells[len(cells)-2].width()+columnGap))
	t.p.hang(line, last)
	for _, f := range p.fields {
		if p.action == planner.Update || p.action == planner.Replace {
			t.p.hang(spans{pad(hangBelow)}, fieldSpans(f))
		}
	}
}

// fieldSpans shows the difference of one attribute.
func fieldSpans(f planner.FieldChange) spans {
	name := append(foreign(faint, f.Name), pad(2))
	switch {
	case f.Old == f.New:
		return append(name, append(foreign(plain, f.New), say(faint, " changed"))...)
	case f.Old == sensitive || f.New == sensitive || !strings.Contains(f.Old, " ") && !strings.Contains(f.New, " "):
		// Inside of one word, as in a time or an address, the difference is
		// harder to read than both.
		return append(name, piece{f.Old, f.New}.marked()...)
	}
	return append(name, edit(f.Old, f.New)...)
}
