package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
)

// StateOptions say how a state is shown.
type StateOptions struct {
	Full     bool   // cut nothing
	Location string // state.Store.Location
}

// State shows a whole state: what it says of itself, people, groups, and every
// conversation as a chat; or a document. It holds one message at a time.
func (v *View) State(r state.Reader, o StateOptions) error {
	if v.o.Format == JSON {
		return v.document(func(d *document) error { return d.state(r, o) })
	}
	return v.resultOf(func(p *printer) error {
		t := &stateText{p: p, r: r, full: o.Full}
		return t.print(o.Location)
	})
}

// resultOf is result for what can fail before it is printed.
func (v *View) resultOf(print func(*printer) error) error {
	var failure error
	err := v.result(func(p *printer) { failure = print(p) })
	if failure != nil {
		return failure
	}
	return err
}

type stateText struct {
	p    *printer
	r    state.Reader
	full bool
	cast cast
}

// nobody begins the line of an object that nothing happens to.
func nobody() span { return pad(symbolWidth + 1) }

func (t *stateText) print(location string) error {
	if !t.r.Exists() {
		t.p.prose("Nothing has been seeded yet: there is no state.", 0)
		return nil
	}
	t.heading(location)
	var people []state.User
	for _, u := range t.r.Users() {
		people = append(people, *u)
	}
	t.cast = newCast(people)
	t.people()
	for i, c := range t.r.Conversations() {
		if i == maxAddedChats && !t.full {
			t.p.blank()
			t.p.line(say(faint, fmt.Sprintf("… %s; --full shows all", count(len(t.r.Conversations())-i, "more conversation"))))
			return nil
		}
		if err := t.conversation(c, t.full); err != nil {
			return err
		}
	}
	return nil
}

func (t *stateText) heading(location string) {
	h := t.r.Header()
	app := "an app without an id"
	if h.AppID != "" {
		app = "app " + h.AppID
	}
	if h.Region != "" {
		app += " (" + h.Region + ")"
	}
	line := append(foreign(strong, h.Dataset), foreign(plain, " in "+app)...)
	serial := fmt.Sprintf("serial %d", h.Serial)
	t.p.line(append(line, pad(max(t.p.width-line.width()-len(serial), columnGap)), say(faint, serial))...)
	messages := 0
	for _, c := range t.r.Conversations() {
		messages += t.r.Count(c.Addr)
	}
	sentence := strings.Join([]string{
		count(len(t.r.Users()), "user"), count(len(t.r.Groups()), "group"),
		count(len(t.r.Conversations()), "conversation"), count(messages, "message"),
	}, ", ")
	if h.Anchor != nil {
		sentence += "; anchor " + time.Unix(*h.Anchor, 0).UTC().Format("Mon 2 Jan 2006 15:04") + " UTC"
	}
	t.p.hang(nil, spans{say(plain, sentence)})
	if location != "" {
		t.p.hang(nil, foreign(faint, location))
	}
	if run := t.r.Interrupted(); run != nil {
		t.p.hang(spans{say(warned, "Not finished: ")}, foreign(plain, fmt.Sprintf("the run that began %s (%s). Run sow apply to go on.",
			run.Started.UTC().Format("Mon 2 Jan 2006 15:04:05")+" UTC", run.Command)))
	}
}

func (t *stateText) people() {
	var rows [][]spans
	for _, u := range t.r.Users() {
		rows = append(rows, []spans{foreign(plain, u.Addr.String()), foreign(plain, shown(hiding(nil, u.Sealed)("name"), u.Name)), {say(faint, string(u.Origin))}})
	}
	for _, g := range t.r.Groups() {
		title := shown(hiding(nil, g.Sealed)("name"), g.Name) + ", " + g.Type
		rows = append(rows, []spans{foreign(plain, g.Addr.String()), foreign(plain, title), {say(faint, string(g.Origin))}})
	}
	if len(rows) == 0 {
		return
	}
	t.p.blank()
	t.p.line(say(strong, "people and groups"))
	more := 0
	if len(rows) > maxAddedUsers && !t.full {
		rows, more = rows[:maxAddedUsers], len(rows)-maxAddedUsers
	}
	widths := []int{0, 0, 0}
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = min(max(widths[i], cell.width()), maxAddress)
		}
	}
	for _, row := range rows {
		t.p.hang(append(spans{nobody()}, columns(append(row[:2:2], nil), widths)...), row[2])
	}
	if more > 0 {
		t.p.line(nobody(), say(faint, "… "+number(more)+" more; --full shows all"))
	}
}

// conversation prints one conversation as a chat. Of a long one the middle is
// cut.
func (t *stateText) conversation(c *state.Conversation, full bool) error {
	t.p.blank()
	chat := newChat(t.p, t.cast)
	total := t.r.Count(c.Addr)
	title := append(foreign(strong, c.Addr.String()), pad(columnGap))
	title = append(title, foreign(plain, t.partners(c))...)
	i := 0
	for m, err := range t.r.Messages(c.Addr) {
		if err != nil {
			return err
		}
		at := absolute(m.SentAt)
		if i == 0 {
			chat.begin(at, c.Addr)
			t.p.hang(nil, append(title, say(plain, " · "+at.day)))
		}
		switch {
		case full || i < firstAdded || i >= total-lastAdded:
			chat.print(stored(c.Addr, m, at))
		case i == firstAdded:
			chat.gap(number(total-firstAdded-lastAdded) + " more; --full shows all")
		}
		i++
	}
	if i == 0 {
		t.p.hang(nil, append(title, say(plain, " · no messages")))
	}
	return nil
}

func (t *stateText) partners(c *state.Conversation) string {
	if c.Group != "" {
		return "in " + c.Group
	}
	var names []string
	for _, uid := range c.Between {
		names = append(names, t.cast.name(uid))
	}
	return enumerate(names)
}

// stored shows a message of the state.
func stored(c addr.Object, m *state.Message, at moment) entry {
	e := entry{at: at, sender: m.Sender, from: c, symbol: " ", body: content(plain, m, hiding(nil, m.Sealed))}
	if m.InDoubt {
		e.notes = append(e.notes, "in doubt")
	}
	if m.Moderation != "" {
		e.notes = append(e.notes, m.Moderation)
	}
	return e
}

// StateList shows the addresses of what the state holds, one a line, in the
// order of the state; or a document. Without a selection it lists everything; a
// conversation is listed with its messages.
func (v *View) StateList(r state.Reader, only ...addr.Object) error {
	if v.o.Format == JSON {
		return v.document(func(d *document) error {
			d.begin()
			d.member("format", stateListFormat)
			err := d.array("addresses", func() error {
				return addresses(r, only, func(address string) { d.value(address) })
			})
			d.end()
			return err
		})
	}
	return v.resultOf(func(p *printer) error {
		return addresses(r, only, func(address string) { p.line(foreign(plain, address)...) })
	})
}

// addresses tells the addresses in a state, all or those selected.
func addresses(r state.Reader, only []addr.Object, tell func(string)) error {
	selected := func(o addr.Object) bool {
		for _, want := range only {
			if o == want {
				return true
			}
		}
		return len(only) == 0
	}
	for _, u := range r.Users() {
		if selected(u.Addr) {
			tell(u.Addr.String())
		}
	}
	for _, g := range r.Groups() {
		if selected(g.Addr) {
			tell(g.Addr.String())
		}
	}
	for _, c := range r.Conversations() {
		if !selected(c.Addr) {
			continue
		}
		tell(c.Addr.String())
		for m, err := range r.Messages(c.Addr) {
			if err != nil {
				return err
			}
			tell(c.Addr.Message(m.Key).String())
		}
	}
	return nil
}
