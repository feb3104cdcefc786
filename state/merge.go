package state

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"

	"github.com/sowdev/sow/config/addr"
)

// Merger is a lock that can take the states of shards in.
type Merger interface {
	// Merge writes the state and what the shards did into a new snapshot, as
	// Fold does: whole or not at all. It returns how many of the shards had news;
	// when none has, nothing is written. The error is a [*MergeError] when one of
	// them does not belong to the state.
	Merge(ctx context.Context, shards []Reader) (news int, err error)
}

// MergeError says that a shard cannot be merged. Nothing was changed.
type MergeError struct {
	Shard int    // its index among those given
	What  string // why, as a sentence without a full stop
}

func (e *MergeError) Error() string { return e.What }

// Merging is a merge of shards into a state, prepared.
type Merging struct {
	base   *Files
	shards []Reader // those with news, by number
	header Header   // of the state to be
	out    *snapshotWriter
	buf    []byte
}

// Merging prepares a merge of shards into the state. The error is a
// [*MergeError] when a shard does not belong to it.
func (f *Files) Merging(shards []Reader) (*Merging, error) {
	m := &Merging{base: f}
	return m, m.admit(shards)
}

// News is how many of the shards did something that the state does not have.
func (m *Merging) News() int { return len(m.shards) }

// admit makes sure that the shards belong to the state and makes the header of
// the state to be.
func (m *Merging) admit(shards []Reader) error {
	index := make(map[int]int) // of the shard with that number
	owner := make(map[addr.Object]int)
	for i, shard := range shards {
		refuse := func(format string, args ...any) error {
			return &MergeError{Shard: i, What: fmt.Sprintf(format, args...)}
		}
		h := shard.Header()
		s := h.Shard
		if !shard.Exists() || s == nil {
			return refuse("it is not the state of a shard")
		}
		if twin, twice := index[s.Number]; twice && shards[twin].Fingerprint() != shard.Fingerprint() {
			return refuse("another one is of the shard %d as well: leave one of the two away", s.Number)
		} else if twice {
			continue
		}
		index[s.Number] = i
		if i == 0 {
			m.begin(h)
		}
		switch {
		case h.Dataset != m.header.Dataset || h.AppID != m.header.AppID || h.Region != m.header.Region:
			return refuse("it is about the dataset %q in the app %s, and this is about %q in %s",
				h.Dataset, placeText(h), m.header.Dataset, placeText(m.header))
		case m.header.Merged.Plan != s.Plan:
			return refuse("it is of another plan than the others")
		case h.Lineage != m.header.Lineage:
			return refuse("the state was begun anew since the plan was cut")
		case !m.continues(s):
			return refuse("the state has moved on since the plan was cut: what the shard did is in the app, and sow apply finds it there")
		}
		for _, c := range shard.Conversations() {
			if other, taken := owner[c.Addr]; taken {
				return refuse("it has %s, and so has shard %d: they are not of one plan", c.Addr, other)
			}
			owner[c.Addr] = s.Number
		}
		if m.take(h, shard.Fingerprint()) {
			m.shards = append(m.shards, shard)
		}
	}
	slices.SortFunc(m.shards, func(a, b Reader) int {
		return cmp.Compare(a.Header().Shard.Number, b.Header().Shard.Number)
	})
	m.anchor()
	return nil
}

func placeText(h Header) string {
	if h.Region == "" {
		return h.AppID
	}
	return h.AppID + " (" + h.Region + ")"
}

// begin makes the header as it is before any of the shards, of which one has
// the header first.
func (m *Merging) begin(first Header) {
	if !m.base.Exists() {
		m.header = first
		m.header.Serial, m.header.Shard, m.header.LookBack = 0, nil, false
		m.header.SenderLimit, m.header.Anchor = nil, nil
		m.header.Merged = nil
	} else {
		m.header = m.base.header
	}
	merged := Merged{Plan: first.Shard.Plan, Of: first.Shard.Of, Base: first.Shard.Base}
	if known := m.header.Merged; known != nil && known.Plan == merged.Plan && known.Base == merged.Base {
		merged.Shards = slices.Clone(known.Shards)
	}
	m.header.Merged = &merged
	m.header.SenderLimit = maps.Clone(m.header.SenderLimit)
}

// continues reports whether the state is the one that the shard's plan was
// made from, but for the shards merged since.
func (m *Merging) continues(s *Shard) bool {
	if s.Base != m.header.Merged.Base {
		return false
	}
	if m.base.Fingerprint() == s.Base {
		return true
	}
	known := m.base.header.Merged
	return known != nil && known.Plan == s.Plan && known.Base == s.Base && !m.base.Unfolded()
}

// take takes a shard's header in, and reports whether the shard has news.
func (m *Merging) take(h Header, fingerprint string) bool {
	shards := m.header.Merged.Shards
	now := MergedShard{Number: h.Shard.Number, Fingerprint: fingerprint, Anchor: h.Anchor}
	i, ok := slices.BinarySearchFunc(shards, now, func(a, b MergedShard) int { return cmp.Compare(a.Number, b.Number) })
	switch {
	case !ok:
		shards = slices.Insert(shards, i, now)
	case shards[i].Fingerprint == fingerprint:
		return false
	default:
		shards[i] = now
	}
	m.header.Merged.Shards = shards
	m.header.Generation = max(m.header.Generation, h.Generation)
	m.header.LookBack = m.header.LookBack || h.LookBack
	for uid, limit := range h.SenderLimit {
		if known := m.header.SenderLimit[uid]; known == 0 || limit < known {
			if m.header.SenderLimit == nil {
				m.header.SenderLimit = make(map[string]int)
			}
			m.header.SenderLimit[uid] = limit
		}
	}
	return true
}

// anchor gives the header its anchor. One that is moved counts only once every
// shard has moved what it had to.
func (m *Merging) anchor() {
	if m.header.Merged == nil || len(m.header.Merged.Shards) == 0 {
		return
	}
	shards := m.header.Merged.Shards
	at := shards[0].Anchor
	if m.header.Anchor == nil {
		m.header.Anchor = at
		return
	}
	if len(shards) <= m.header.Merged.Of || at == nil {
		return
	}
	for _, s := range shards {
		if s.Anchor == nil || *s.Anchor != *at {
			return
		}
	}
	m.header.Anchor = at
}

// Write writes the state with what the shards did as a new snapshot with the
// next serial. It holds one message at a time, and of a conversation that both
// have, the keys that the shard has.
func (m *Merging) Write(ctx context.Context, out io.Writer) error {
	m.out = &snapshotWriter{out: bufio.NewWriterSize(out, writeSize)}
	header, err := marshal(headerLine{
		Sow: "state", Version: formatVersion,
		Lineage: m.header.Lineage, Serial: m.header.Serial + 1,
		headerFields: fieldsOf(m.header), Folded: m.base.log.identity(),
	})
	if err != nil {
		return err
	}
	if err := m.out.line(header); err != nil {
		return err
	}
	users := unite(m.base.Users(), m.shards, Reader.Users, func(u *User) (addr.Object, bool) { return u.Addr, u.Gone })
	for i := range users {
		users[i].object = ownUser(users[i])
	}
	for _, u := range users {
		if err := writeRow(m.out, u.object, encodeUser); err != nil {
			return err
		}
	}
	groups := unite(m.base.Groups(), m.shards, Reader.Groups, func(g *Group) (addr.Object, bool) { return g.Addr, g.Gone })
	for i := range groups {
		groups[i].object = ownGroup(groups[i])
	}
	for _, g := range groups {
		if err := writeRow(m.out, g.object, encodeGroup); err != nil {
			return err
		}
	}
	conversations := unite(m.base.Conversations(), m.shards, Reader.Conversations, func(c *Conversation) (addr.Object, bool) { return c.Addr, c.Gone })
	for _, c := range conversations {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := writeRow(m.out, c.object, encodeConversation); err != nil {
			return err
		}
		if err := m.messages(ctx, c.object.Addr, c.from); err != nil {
			return err
		}
	}
	return m.out.end()
}

// ownUser is a user as the last shard has it: ours if any of them says so. A
// worker that only saw the user cannot tell.
func ownUser(u united[User]) *User {
	if u.before == nil || u.before.UID != u.object.UID || u.before.Origin != Created || u.object.Origin == Created {
		return u.object
	}
	own := *u.object
	own.Origin, own.CreatedAt = u.before.Origin, u.before.CreatedAt
	return &own
}

// ownGroup is ownUser for a group.
func ownGroup(g united[Group]) *Group {
	if g.before == nil || g.before.GUID != g.object.GUID || g.before.Origin != Created || g.object.Origin == Created {
		return g.object
	}
	own := *g.object
	own.Origin, own.CreatedAt = g.before.Origin, g.before.CreatedAt
	return &own
}

// united is an object, the last shard that has it, or nil, and the object as
// who came before has it.
type united[T any] struct {
	object, before *T
	from           Reader
}

// unite returns what the state and the shards have, sorted by address: what a
// shard has counts more.
func unite[T any](base []*T, shards []Reader, list func(Reader) []*T, of func(*T) (addr.Object, bool)) []united[T] {
	byAddr := make(map[addr.Object]united[T], len(base))
	for _, o := range base {
		a, _ := of(o)
		byAddr[a] = united[T]{object: o}
	}
	for _, shard := range shards {
		for _, o := range list(shard) {
			a, gone := of(o)
			if gone {
				delete(byAddr, a)
			} else {
				byAddr[a] = united[T]{object: o, before: byAddr[a].object, from: shard}
			}
		}
	}
	all := make([]united[T], 0, len(byAddr))
	for _, a := range slices.SortedFunc(maps.Keys(byAddr), addr.Object.Compare) {
		all = append(all, byAddr[a])
	}
	return all
}

// messages writes a conversation's messages: those of the state that the shard
// says nothing of, and the shard's, in the order of the chat.
func (m *Merging) messages(ctx context.Context, o addr.Object, shard Reader) error {
	s := m.base.section(o)
	if shard == nil {
		return m.base.foldMessages(ctx, m.out, s, nil)
	}
	derive := NewMUIDs(m.header.Dataset, o)
	next, stop := iter.Pull2(shard.Messages(o))
	defer stop()
	if s == nil {
		return m.rest(ctx, next, derive)
	}
	told := make(map[string]bool)
	for message, err := range shard.Messages(o) {
		if err != nil {
			return err
		}
		told[message.Key] = true
	}
	ahead, err, more := next()
	for message, readErr := range m.base.Messages(o) {
		if readErr != nil {
			return readErr
		}
		if told[message.Key] {
			continue
		}
		for ; more && err == nil && inChat(ahead, message) < 0; ahead, err, more = next() {
			if err := m.message(ahead, derive); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
		if err := m.message(message, derive); err != nil {
			return err
		}
	}
	if !more || err != nil {
		return err
	}
	if err := m.message(ahead, derive); err != nil {
		return err
	}
	return m.rest(ctx, next, derive)
}

// inChat compares the places of two messages of a conversation.
func inChat(a, b *Message) int {
	return cmp.Or(cmp.Compare(a.SentAt, b.SentAt), cmp.Compare(a.Key, b.Key))
}

// rest writes the messages that are left.
func (m *Merging) rest(ctx context.Context, next func() (*Message, error, bool), derive *MUIDs) error {
	for n := 1; ; n++ {
		message, err, more := next()
		if !more || err != nil {
			return err
		}
		if n%ctxEvery == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if err := m.message(message, derive); err != nil {
			return err
		}
	}
}

// message writes one message, unless it is gone.
func (m *Merging) message(message *Message, derive *MUIDs) (err error) {
	if message.Gone {
		return nil
	}
	if m.buf, err = appendMessage(m.buf[:0], message, derive.Of(message.Key, message.Generation)); err != nil {
		return err
	}
	return m.out.line(m.buf)
}
