package view

import (
	"fmt"
	"strings"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// maxFindings is how many findings about messages are shown where nobody asks
// for all of them.
const maxFindings = 50

// foundSentence says what reading the app showed: "read from the app: 3 messages
// missing, 1 message adopted".
func foundSentence(f *planner.Findings) string {
	parts := foundParts(f)
	if len(parts) == 0 {
		return fmt.Sprintf("read from the app, with %s: all is as the state says", count(f.Requests, "request"))
	}
	return fmt.Sprintf("read from the app, with %s: %s", count(f.Requests, "request"), strings.Join(parts, ", "))
}

// foundParts counts findings: "1 user missing", "3 messages missing".
func foundParts(f *planner.Findings) []string {
	var parts []string
	for _, kind := range planner.FindingKinds() {
		users, groups := 0, 0
		for i := range f.People {
			switch p := &f.People[i]; {
			case p.Kind != kind:
			case p.User != nil:
				users++
			default:
				groups++
			}
		}
		for _, part := range []struct {
			n     int
			thing string
		}{{users, "user"}, {groups, "group"}, {f.Counts[kind] - users - groups, "message"}} {
			if part.n > 0 {
				parts = append(parts, count(part.n, part.thing)+" "+kindWord(kind))
			}
		}
	}
	return parts
}

// kindWord says behind a message, or a number of them, what was found.
func kindWord(kind planner.FindingKind) string {
	switch kind {
	case planner.Settled:
		return "no longer in doubt"
	case planner.Doubled:
		return "too many"
	case planner.Stray:
		return "unknown to the state"
	case planner.Foreign:
		return "of others"
	case planner.Reordered:
		return "in another order"
	case planner.Unmet:
		return "judged otherwise than expected"
	case planner.Undecided:
		return "not judged yet"
	}
	return string(kind)
}

// findingsText prints findings: people as a list, messages as chats.
type findingsText struct {
	p    *printer
	cast cast
	full bool
	// leftSymbols is set where symbols have the first column.
	leftSymbols bool

	chat *chat
	name string // of the chat
	told int
}

// print prints all findings, or the first of them.
func (t *findingsText) print(f *planner.Findings) error {
	for i := range f.People {
		t.person(&f.People[i])
	}
	of := 0
	for kind := range f.Counts {
		of += f.Counts[kind]
	}
	of -= len(f.People)
	for found, err := range f.Chats() {
		if err != nil {
			return err
		}
		if found.Conversation != nil {
			continue
		}
		if t.told >= maxFindings && !t.full {
			t.p.line(append(symbolColumn(" ", t.leftSymbols), say(faint, fmt.Sprintf("… %s more; --full shows all", number(of-t.told))))...)
			return nil
		}
		t.message(found)
		t.told++
		if t.p.cut {
			return nil
		}
	}
	return nil
}

func (t *findingsText) person(f *planner.Finding) {
	line := append(symbolColumn(" ", t.leftSymbols), foreign(plain, f.Object.String())...)
	title := ""
	if f.User != nil {
		title = userTitle(planner.UserChange{After: f.User})
	} else {
		title = groupTitle(planner.GroupChange{After: f.Group})
	}
	line = append(append(line, pad(columnGap)), foreign(plain, title)...)
	what := spans{say(faint, kindWord(f.Kind))}
	t.p.hang(append(line, pad(columnGap)), what)
	for _, field := range f.Fields {
		t.p.hang(spans{pad(hangBelow)}, fieldSpans(field))
	}
}

// message prints a finding as a note on a message of its chat.
func (t *findingsText) message(f *planner.Finding) {
	shown := newest(f.Before, f.After)
	at := absolute(shown.SentAt)
	from := addr.Object{}
	if f.Message != nil {
		from = f.Message.Conversation
	}
	if t.chat == nil || t.name != f.Chat {
		t.open(f, at, from)
	}
	e := entry{
		symbol: " ", at: at, sender: shown.Sender, from: t.chat.conversation,
		notes: []string{kindWord(f.Kind)},
	}
	if !from.IsZero() {
		e.from = from
	}
	hides := func(attribute string) bool { return shown.Sealed[attribute] != "" }
	e.body = content(plain, shown, hides)
	if f.Before != nil && f.After != nil && f.Before.Text != f.After.Text && !hides("text") && f.Before.Sealed["text"] == "" {
		e.body = withFiles(plain, f.After, hides, editLines(f.Before.Text, f.After.Text))
	}
	if f.ID != "" && (f.Kind == planner.Doubled || f.Kind == planner.Stray || f.Kind == planner.Foreign) {
		e.notes = append(e.notes, "id "+f.ID)
	}
	if f.Why != "" {
		e.notes = append(e.notes, f.Why)
	}
	for _, field := range f.Fields {
		if field.Name != "text" {
			e.below = append(e.below, fieldSpans(field))
		}
	}
	t.chat.print(e)
}

func (t *findingsText) open(f *planner.Finding, at moment, from addr.Object) {
	c := newChat(t.p, t.cast, speakers(f.Chat)...)
	c.leftSymbols, c.several = t.leftSymbols, true
	title := foreign(strong, chatTitle(f.Chat, t.cast))
	if !from.IsZero() {
		title = append(append(foreign(strong, from.String()), pad(columnGap)), foreign(plain, chatTitle(f.Chat, t.cast))...)
	}
	t.p.blank()
	t.p.hang(nil, append(title, say(plain, " · "+at.day)))
	c.begin(at, from)
	t.chat, t.name = c, f.Chat
}

// speakers are the uids of a one-to-one chat.
func speakers(chat string) []string {
	if rest, ok := strings.CutPrefix(chat, "user:"); ok {
		return strings.SplitN(rest, ":", 2)
	}
	return nil
}

// chatTitle says in words which chat it is.
func chatTitle(chat string, c cast) string {
	if guid, ok := strings.CutPrefix(chat, "group:"); ok {
		return "in " + guid
	}
	var names []string
	for _, uid := range speakers(chat) {
		names = append(names, c.name(uid))
	}
	return enumerate(names)
}

// castOf gives all people of a plan's chats their names.
func castOf(p *planner.Plan) cast {
	known := make(map[string]bool)
	var people []state.User
	add := func(u state.User) {
		if !known[u.UID] {
			known[u.UID] = true
			people = append(people, u)
		}
	}
	for i := range p.Lanes {
		for _, u := range p.Lanes[i].Members {
			add(u)
		}
	}
	return newCast(people)
}

// found prints what reading the app showed, above the changes.
func (t *planText) found() error {
	f := t.plan.Found
	if f == nil || f.Total() == 0 {
		return nil
	}
	t.section("found in the app")
	return (&findingsText{p: t.p, cast: castOf(t.plan), full: t.full, leftSymbols: t.leftSymbols}).print(f)
}
