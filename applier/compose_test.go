package applier

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/sowdev/sow/config"
)

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// behave chooses how the app behaves.
func behave(r *rand.Rand) quirks {
	return quirks{
		duplicate:  pick(r, "", "reject", "existing"),
		rejectCode: pick(r, "", "import", "unknown"),
		readback:   pick(r, "", "send", "nowhere"),
		settle:     pick(r, 0, 3*time.Second, 10*time.Second),
		details:    pick(r, "", "update", "reject"),
		missing:    pick(r, "", "bad_request", "auto"),
		effects:    pick(r, "", "entities", "message"),
		owner:      pick(r, "", "system", "dangling"),
		member:     pick(r, "", "always"),
		creator:    r.IntN(2) == 0,
		joins:      r.IntN(2) == 0,
		ownerIn:    r.IntN(2) == 0,
		hidden:     r.IntN(3) == 0,
		paging:     pick(r, "", "page"),
		byID:       r.IntN(2) == 0,
		moderation: pick(r, "", "keyword", "pending", "approved", "off"),
		senderMax:  pick(r, 0, 0, 5),
		appMax:     pick(r, 0, 0, 60),
		retryAfter: r.IntN(2) == 0,
		metaMerge:  r.IntN(2) == 0,
		untold:     r.IntN(3) == 0,
	}
}

func (h *history) people() []string { return []string{"ana", "bo", "cy", "di", "ed"}[:2+h.IntN(4)] }

// compose makes up a dataset.
func (h *history) compose() {
	people := h.people()
	for i := range h.IntN(3) {
		h.data.group(fmt.Sprintf("g%d", i), func(g *config.Group) {
			if h.IntN(2) == 0 {
				g.Owner = h.data.user(pick(h.Rand, people...))
			}
			if h.IntN(2) == 0 {
				g.Participants = []*config.User{}
				for _, uid := range people {
					if h.IntN(2) == 0 {
						g.Participants = append(g.Participants, h.data.user(uid))
					}
				}
			}
			if h.IntN(2) == 0 {
				g.Description = "about"
			}
		})
	}
	for i := range 1 + h.IntN(5) {
		h.converse(fmt.Sprintf("c%d", i), people)
	}
	if h.IntN(3) == 0 {
		h.data.user("lonely")
	}
	if h.IntN(4) == 0 {
		h.before = "ana"
		h.arena.Populate(h.before, "Was here")
	}
}

func (h *history) converse(name string, people []string) {
	var t *talk
	var from []*config.User
	for _, uid := range people {
		from = append(from, h.data.user(uid))
	}
	if len(h.data.Groups) > 0 && h.IntN(2) == 0 {
		t = h.data.in(name, pick(h.Rand, h.data.Groups...).GUID)
	} else {
		a := h.IntN(len(people))
		b := (a + 1 + h.IntN(len(people)-1)) % len(people)
		from = []*config.User{from[a], from[b]}
		t = h.data.between(name, people[a], people[b])
	}
	// Conversations of one chat must not share seconds.
	starts := config.Time{Seconds: restart.Add(-time.Duration(len(h.data.Conversations)) * 24 * time.Hour).Unix()}
	t.c.Starts = &starts
	for i := range h.IntN(8) {
		h.speak(t, fmt.Sprintf("m%d", i), from)
	}
	h.talks = append(h.talks, &simTalk{t, from})
}

// simTalk is a conversation and who may speak in it.
type simTalk struct {
	*talk
	from []*config.User
}

func (h *history) speak(t *talk, label string, from []*config.User) {
	t.say(label, pick(h.Rand, from...).Addr.Name, "text "+label+pick(h.Rand, "", " badword"), func(m *config.Message) {
		if h.IntN(4) == 0 {
			m.Metadata = meta(map[string]int{"n": h.IntN(3)})
		}
		if h.IntN(5) == 0 {
			m.Tags = []string{"vip"}
		}
	})
}

// changeMind edits the dataset.
func (h *history) changeMind() {
	if h.IntN(3) == 0 {
		h.changePeople()
		return
	}
	t := pick(h.Rand, h.talks...)
	n := len(t.messages)
	if n == 0 || h.IntN(3) == 0 {
		h.note("a message is added to %s", t.c.Addr)
		h.speak(t.talk, fmt.Sprintf("x%d", h.data.line), t.from)
		return
	}
	i := h.IntN(n)
	m := *t.messages[i]
	switch {
	case h.IntN(3) == 0 && !h.lost:
		// A message that was sent, whose records were lost, and which then is
		// declared no longer is nobody's: only reading the whole app shows it.
		h.note("%s is removed", t.c.Addr.Message(m.Label))
		t.messages = append(t.messages[:i:i], t.messages[i+1:]...)
		return
	case h.IntN(2) == 0:
		h.note("%s is sent by another", t.c.Addr.Message(m.Label))
		m.From = pick(h.Rand, t.from...)
	default:
		h.note("%s is edited", t.c.Addr.Message(m.Label))
		m.Text = fmt.Sprintf("edited %d", h.data.line)
		h.data.line++
	}
	t.messages[i] = &m
}

// changePeople edits the users, the groups, and who talks where.
func (h *history) changePeople() {
	u := pick(h.Rand, h.data.Users...)
	h.data.line++
	switch h.IntN(5) {
	case 0:
		h.note("%s has another name", u.Addr)
		u.Name = fmt.Sprintf("Name %d", h.data.line)
	case 1:
		h.note("%s has other metadata and tags", u.Addr)
		u.Metadata, u.Tags = meta(map[string]int{"n": h.data.line}), nil
		if h.IntN(2) == 0 {
			u.Tags = []string{"tag"}
		}
	case 2:
		// What is in the app under the old uid and not in the state is nobody's.
		if h.lost || !h.settled {
			return
		}
		h.note("%s has another uid", u.Addr)
		u.UID = fmt.Sprintf("%s-%d", u.Addr.Name, h.data.line)
	case 3:
		if len(h.data.Groups) == 0 {
			return
		}
		g := pick(h.Rand, h.data.Groups...)
		h.note("%s has other members", g.Addr)
		g.Participants = nil
		for _, u := range h.data.Users {
			if h.IntN(2) == 0 {
				g.Participants = append(g.Participants, u)
			}
		}
		g.Moderators = nil
		if h.IntN(2) == 0 {
			g.Moderators = []*config.User{u}
		}
		g.Owner = u
	case 4:
		if h.lost {
			return
		}
		t := pick(h.Rand, h.talks...)
		if t.c.Group != nil || t.from[0] == u || t.from[1] == u {
			return
		}
		h.note("%s moves to %s and %s", t.c.Addr, t.from[0].Addr, u.Addr)
		old := t.from[1]
		t.from = []*config.User{t.from[0], u}
		t.c.Between = [2]*config.User{t.from[0], u}
		for i, m := range t.messages {
			if m.From == old {
				moved := *m
				moved.From = u
				t.messages[i] = &moved
			}
		}
	}
}
