package applier

import (
	"slices"
	"strings"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// expected is a message that the app has if all is well, or that it may have
// although the state does not know: the state recorded it, or the
// configuration declares it.
type expected struct {
	conversation addr.Object
	record       *state.Message         // as the state has it, or is to have it once it is taken in
	change       *planner.MessageChange // what declares it, where the state does not have it
	seen         *Message               // as the app has it
	copies       []*Message             // what else the app has of it
	generation   int                    // that seen was sent with
}

// seeded reports whether the state has the message.
func (e *expected) seeded() bool { return e.change == nil }

// lineup finds, among the messages that an app tells of a chat, those that are
// expected there. It is pure: it is given messages, in any order and as often
// as one likes, and says what became of whom.
type lineup struct {
	dataset  string
	tag      string
	hashKey  string
	tagsTold bool // the app tells tags
	whole    bool // all of the chat is lined up at once, so that time need not agree

	entries []*expected
	ids     map[string]*expected // of those that the state has
	taken   map[string]bool      // ids of what was given
	bare    map[string]bool      // of these, those whose tags were not asked for
	extras  []*Message           // what nobody was found for yet
}

func newLineup(dataset, hashKey string, entries []*expected) *lineup {
	l := &lineup{
		dataset: dataset, tag: "sow:" + dataset, hashKey: hashKey, entries: entries,
		ids: make(map[string]*expected, len(entries)), taken: make(map[string]bool, len(entries)),
	}
	for _, e := range entries {
		if e.seeded() && e.record.ID != "" {
			l.ids[e.record.ID] = e
		}
	}
	return l
}

// take notes a message of the app. It reports whether it is a new one.
func (l *lineup) take(m *Message) bool {
	if m.ID == "" || l.taken[m.ID] {
		return false
	}
	l.taken[m.ID] = true
	switch e := l.ids[m.ID]; {
	case m.DeletedAt != 0, m.Category != "" && m.Category != "message":
	case e != nil:
		e.seen = m
	default:
		l.extras = append(l.extras, m)
	}
	return true
}

// takeHeld is take for a message that moderation holds back: the list of those
// tells no tags.
func (l *lineup) takeHeld(m *Message) {
	if l.take(m) {
		if l.bare == nil {
			l.bare = make(map[string]bool)
		}
		l.bare[m.ID] = true
	}
}

// tells reports whether the message's tags are known.
func (l *lineup) tells(m *Message) bool {
	return len(m.Tags) > 0 || l.tagsTold && !l.bare[m.ID]
}

// isOurs reports whether a message was sent for the dataset, as far as anybody
// can see.
func (l *lineup) isOurs(m *Message) bool {
	return slices.Contains(m.Tags, l.tag) || !l.tells(m) && strings.HasPrefix(m.MUID, muidPrefix)
}

// settle finds whose the messages are that no id tells. What is left in extras
// belongs to nobody.
func (l *lineup) settle() {
	if len(l.extras) == 0 {
		return
	}
	l.sift(l.byMUID())
	l.sift(l.bySpot(true))
	if l.whole {
		l.sift(l.byText())
		l.sift(l.bySpot(false))
	}
	l.sift(l.byCopy())
}

// sift takes out the extras that find tells the owner of.
func (l *lineup) sift(find func(*Message) *expected) {
	if len(l.extras) == 0 {
		return
	}
	slices.SortFunc(l.extras, compareIDs)
	rest := l.extras[:0]
	for _, m := range l.extras {
		e := find(m)
		switch {
		case e == nil:
			rest = append(rest, m)
		case e.seen == nil:
			e.seen = m
		default:
			e.copies = append(e.copies, m)
		}
	}
	l.extras = rest
}

// compareIDs orders messages as the app gave out their ids.
func compareIDs(a, b *Message) int {
	if len(a.ID) != len(b.ID) {
		return len(a.ID) - len(b.ID)
	}
	return strings.Compare(a.ID, b.ID)
}

// byMUID finds messages by the muid that they were sent with: the recorded one,
// or that of another generation, since a state that is old or lost does not know
// which it was.
func (l *lineup) byMUID() func(*Message) *expected {
	type version struct {
		entry      *expected
		generation int
	}
	var known, others map[string]version
	index := func() {
		known, others = make(map[string]version), make(map[string]version)
		for _, e := range l.entries {
			r := e.record
			if r.MUID != "" {
				known[r.MUID] = version{e, r.Generation}
			}
			if e.seen != nil && e.seeded() {
				continue
			}
			for g := max(0, r.Generation-generations); g <= r.Generation+generations; g++ {
				others[state.MUID(l.dataset, e.conversation, r.Key, g)] = version{e, g}
			}
		}
	}
	return func(m *Message) *expected {
		if m.MUID == "" {
			return nil
		}
		if known == nil {
			index()
		}
		v, ok := known[m.MUID]
		if !ok {
			v, ok = others[m.MUID]
		}
		if !ok || m.Sender != "" && v.entry.seeded() && m.Sender != v.entry.record.Sender {
			return nil
		}
		if v.entry.seen == nil {
			v.entry.generation = v.generation
		}
		return v.entry
	}
}

// spot is a place in a chat: times strictly increase, so no two messages of a
// dataset share one.
type spot struct {
	sender string
	at     int64
}

// bySpot finds messages by their sender and time, where the app does not tell
// muids or the key was another one: what has the dataset's tag and stands there
// was sent for the entry. Without the tag, type and text have to agree as well;
// with alike, they always have to.
func (l *lineup) bySpot(alike bool) func(*Message) *expected {
	var spots map[spot]*expected
	return func(m *Message) *expected {
		if spots == nil {
			spots = make(map[spot]*expected, len(l.entries))
			for _, e := range l.entries {
				at := spot{e.record.Sender, e.record.SentAt}
				if other := spots[at]; other == nil || other.seen != nil && e.seen == nil {
					spots[at] = e
				}
			}
		}
		e := spots[spot{m.Sender, m.SentAt}]
		if e == nil || m.MUID != "" && !l.isOurs(m) {
			return nil
		}
		tagged := slices.Contains(m.Tags, l.tag)
		if says := l.says(e.record, m); says {
			// A copy is deleted, so it has to be one for certain.
			if !tagged && (l.tells(m) || e.seen != nil) {
				return nil
			}
		} else if alike || !tagged || e.seeded() || e.seen != nil {
			return nil
		}
		if e.seen == nil {
			e.generation = e.record.Generation
		}
		return e
	}
}

// says reports whether a message has the type and text of the record.
func (l *lineup) says(r *state.Message, m *Message) bool {
	if m.Type != "" && m.Type != wireType(r.Type) {
		return false
	}
	if seal := r.Sealed["text"]; seal != "" {
		return planner.Seal(l.hashKey, "text", m.Data.Text) == seal
	}
	return m.Data.Text == r.Text
}

// byText finds, for what is declared and was sent with another key at another
// time, the messages of the dataset that say the same, in their order.
func (l *lineup) byText() func(*Message) *expected {
	type content struct{ sender, kind, text string }
	open := make(map[content][]*expected)
	for _, e := range l.entries {
		if e.seen == nil && !e.seeded() && e.record.Sealed["text"] == "" {
			c := content{e.record.Sender, wireType(e.record.Type), e.record.Text}
			open[c] = append(open[c], e)
		}
	}
	return func(m *Message) *expected {
		c := content{m.Sender, wireType(m.Type), m.Data.Text}
		if !l.isOurs(m) || len(open[c]) == 0 {
			return nil
		}
		e := open[c][0]
		open[c] = open[c][1:]
		e.generation = e.record.Generation
		return e
	}
}

// byCopy finds the copies of messages that were found at another time than was
// expected.
func (l *lineup) byCopy() func(*Message) *expected {
	var found map[spot]*expected
	return func(m *Message) *expected {
		if found == nil {
			found = make(map[spot]*expected)
			for _, e := range l.entries {
				if e.seen != nil {
					found[spot{e.seen.Sender, e.seen.SentAt}] = e
				}
			}
		}
		e := found[spot{m.Sender, m.SentAt}]
		if e == nil || !slices.Contains(m.Tags, l.tag) || m.Data.Text != e.seen.Data.Text || wireType(m.Type) != wireType(e.seen.Type) {
			return nil
		}
		return e
	}
}

// unseen lists those that the app has not shown.
func (l *lineup) unseen() (list []*expected) {
	for _, e := range l.entries {
		if e.seen == nil {
			list = append(list, e)
		}
	}
	return list
}
