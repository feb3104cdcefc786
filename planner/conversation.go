package planner

import (
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
)

// talk is one conversation of a lane: as it is declared, as it was seeded, or
// both.
type talk struct {
	addr addr.Object
	decl *config.Conversation // nil: no longer declared
	prev *state.Conversation  // nil: new
	next *state.Conversation  // the record to be; nil: none

	// What was read.
	declared []*config.Message
	seeded   []*state.Message
	left     *Time // of the last message that was skipped
	skipped  int   // unchanged messages at the beginning that are not held
	tail     []entry
	tailMUID string
	pace     int64
	strange  []*state.Message // under a second key in state; see dropAliases
	matcher  *matcher
}

// moved reports whether the conversation goes on in another chat.
func (t *talk) moved() bool {
	return t.decl != nil && t.prev != nil && t.decl.Chat() != t.prev.Chat()
}

func (t *talk) startsChanged() bool {
	return t.prev != nil && t.prev.Starts != t.next.Starts
}

func (t *talk) paceChanged() bool {
	return t.prev != nil && t.prev.Pace != t.next.Pace
}

func (t *talk) strict() bool { return t.decl != nil && t.decl.Lifecycle.StrictOrder }

// context is how many unchanged messages are shown before and after a change.
const context = 2

// errLong says that a conversation is too long to be held.
var errLong = errors.New("the conversation is long")

// read reads the conversation's messages, declared and seeded ones side by
// side. With skip, unchanged ones at the beginning are not held: a conversation
// in which nothing changed needs no memory. With more than most to be held, it
// breaks off with errLong; zero is no bound.
func (t *talk) read(prior state.Reader, c *clock, skip bool, most int) (hcl.Diagnostics, error) {
	var seeded iter.Seq2[*state.Message, error] = func(func(*state.Message, error) bool) {}
	if t.prev != nil {
		seeded = prior.Messages(t.addr)
	}
	next, stop := iter.Pull2(seeded)
	defer stop()

	var diags hcl.Diagnostics
	t.declared, t.seeded, t.strange = nil, nil, nil
	t.left, t.skipped, t.tail, t.tailMUID = nil, 0, nil, ""
	if t.decl != nil {
		fit := newFitter(c)
		for m := range t.decl.Messages(&diags) {
			fit.add(m)
			if skip {
				s, err, ok := next()
				if err != nil {
					return diags, err
				}
				if ok && unchanged(m, s) && (t.left == nil || s.SentAt > t.left.Seconds) {
					t.pass(m, s)
					continue
				}
				skip = false
				if ok {
					t.seeded = append(t.seeded, s)
				}
			}
			t.declared = append(t.declared, m)
			if t.long(most) {
				return nil, errLong
			}
		}
		t.pace = fit.pace()
		if t.decl.Pace != nil {
			t.pace = *t.decl.Pace
		}
	}
	for {
		s, err, ok := next()
		if err != nil {
			return diags, err
		}
		if !ok {
			return diags, nil
		}
		t.seeded = append(t.seeded, s)
		if t.long(most) {
			return nil, errLong
		}
	}
}

func (t *talk) long(most int) bool { return most > 0 && len(t.declared)+len(t.seeded) > most }

// pass leaves an unchanged message behind, and keeps what may be needed as
// context.
func (t *talk) pass(m *config.Message, s *state.Message) {
	e := entry{decl: m, prev: s, action: NoOp}
	e.keep()
	if len(t.tail) == context {
		copy(t.tail, t.tail[1:])
		t.tail = t.tail[:context-1]
	}
	t.tail = append(t.tail, e)
	if t.left == nil {
		t.left = new(Time)
	}
	*t.left = e.when
	t.skipped++
	t.tailMUID = s.MUID
}

// entries lines the declared messages up with the seeded ones. It returns the
// declared ones, in declared order and with their times, and those to be
// deleted, in the order of the chat; or false when messages were skipped that
// have to be seen for that.
func (t *talk) entries(c *clock, f *fingerprints) (live, gone []entry, ok bool) {
	t.dropAliases()
	live = make([]entry, len(t.declared))
	for i, m := range t.declared {
		live[i] = entry{decl: m, ordinal: int32(i)}
	}
	m := newMatcher(t, f)
	taken, ok := t.match(live, c, m)
	if !ok {
		return nil, nil, false
	}
	for i, s := range t.seeded {
		if !taken[i] {
			gone = append(gone, entry{prev: s, at: s.SentAt, action: Delete})
		}
	}
	c.place(live, t.left)
	t.matcher = m
	return live, gone, true
}

// dropAliases sets aside messages that the state has under two keys, because a
// run was cut off between recording the new one and deleting the old one. The
// app has the message once; the one that is set aside only leaves the state.
func (t *talk) dropAliases() {
	before := t.tailMUID
	var labels map[string]bool
	kept := t.seeded[:0]
	for i, s := range t.seeded {
		if before == "" || s.MUID != before || s.MUID == "" {
			before = s.MUID
			kept = append(kept, s)
			continue
		}
		if labels == nil {
			labels = make(map[string]bool)
			for _, m := range t.declared {
				labels[m.Label] = true
			}
		}
		if len(kept) > 0 && kept[len(kept)-1].MUID == s.MUID && labels[s.Key] {
			s, kept[len(kept)-1] = kept[len(kept)-1], t.seeded[i]
		}
		t.strange = append(t.strange, s)
	}
	t.seeded = kept
}

// name gives the entries their keys: labels, or keys of their content with
// numbers that the conversation has not used. used returns those that it has,
// and is called when there is a content to be numbered.
func (t *talk) name(live []entry, used func() (*keyNumbers, error)) error {
	var buf []byte
	var numbers *keyNumbers
	for i := range live {
		e := &live[i]
		switch {
		case e.needsKey():
			if numbers == nil {
				var err error
				if numbers, err = used(); err != nil {
					return err
				}
			}
			buf = appendContent(buf[:0], e.decl)
			hash := contentHash(buf)
			e.key = numberKey(hash, numbers.next(hash))
		case e.decl.Label != "" && (e.prev == nil || e.prev.Key != e.decl.Label):
			e.key = e.decl.Label
		}
	}
	return nil
}

// needsKey reports whether the message gets a key of its content.
func (e *entry) needsKey() bool {
	return e.decl.Label == "" && (e.prev == nil || isLabel(e.prev.Key))
}

// usedKeys returns what finds the keys that the conversation's messages in state
// have.
func (t *talk) usedKeys(prior state.Reader) func() (*keyNumbers, error) {
	return func() (*keyNumbers, error) {
		n := &keyNumbers{}
		if t.skipped == 0 {
			n.once.grow(len(t.declared) + len(t.seeded))
			for _, s := range t.seeded {
				n.use(s.Key)
			}
			for _, s := range t.strange {
				n.use(s.Key)
			}
			return n, nil
		}
		return n, n.useAll(t.addr, prior)
	}
}

// record returns the conversation's record as it is to be.
func (t *talk) record() *state.Conversation {
	if t.decl == nil {
		return nil
	}
	r := &state.Conversation{Addr: t.addr, PreventDestroy: t.decl.Lifecycle.PreventDestroy}
	if t.decl.Group != nil {
		r.Group = t.decl.Group.GUID
	} else {
		r.Between = []string{t.decl.Between[0].UID, t.decl.Between[1].UID}
		slices.SortFunc(r.Between, strings.Compare)
	}
	if t.decl.Starts != nil {
		r.Starts = t.decl.Starts.String()
	}
	if t.decl.Pace != nil {
		r.Pace = config.FormatDuration(*t.decl.Pace)
	}
	return r
}
