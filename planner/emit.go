package planner

import (
	"cmp"
	"maps"
	"slices"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/state"
)

// emitter writes the changes of a lane, in the order of the chat, with a few
// unchanged messages around them.
type emitter struct {
	*lane
	result *laneResult
	out    *laneWriter
	digest *digester

	skipped  int     // unchanged messages since the last line
	pending  []entry // the last of them, to be shown if a change follows
	trailing int     // unchanged messages still to be shown after a change
	shown    []int   // unchanged messages shown, by conversation
	unseen   []int   // all unchanged messages, by conversation
	lastSent int
	aliases  int // messages that only leave the state; see talk.strange
	numbers  *keyNumbers
	speakers map[string]bool
	voices   map[string]bool // in a group: who sends, and whether it has heard them before
	// What is encoded at once needs no memory of its own.
	line  []byte
	next  MessageChange
	after state.Message
}

// emit writes the lane's changes and fills in its summary.
func (l *lane) emit(r *laneResult, out *laneWriter) error {
	e := l.newEmitter(r, out)
	e.lastSent = l.lastSent()
	if t := e.talks[0]; t.skipped > 0 {
		e.unseen[0] = t.skipped
		e.skipped = t.skipped - len(t.tail)
		e.pending = append(e.pending, t.tail...)
	}
	if err := e.messages(0); err != nil {
		return err
	}
	e.finish()
	return nil
}

// newEmitter begins to write a lane.
func (l *lane) newEmitter(r *laneResult, out *laneWriter) *emitter {
	e := &emitter{
		lane: l, result: r, out: out, digest: newDigester(),
		shown: make([]int, len(l.talks)), unseen: make([]int, len(l.talks)), speakers: make(map[string]bool),
	}
	e.conversations()
	if cmp.Or(l.talks[0].next, l.talks[0].prev).Group != "" {
		e.voices = make(map[string]bool)
	}
	return e
}

// finish fills in the lane's summary.
func (e *emitter) finish() {
	info := &e.result.info
	info.Trailing = e.skipped + len(e.pending)
	for i, n := range e.unseen {
		info.Changes[i].Skipped = n - e.shown[i]
		info.Counts.Messages.NoOp += n
	}
	n := info.Counts.Messages
	info.Total = n.Create + n.Update + n.Replace + n.NoOp - e.aliases
	e.forecast()
	e.describe()
	info.Digest = e.digest.sum()
}

func (e *emitter) conversations() {
	e.digest.text(e.chat)
	for _, t := range e.talks {
		change := conversationChange(t)
		e.result.changed = e.result.changed || change.Action != NoOp
		e.result.info.Changes = append(e.result.info.Changes, change)
		e.digest.conversation(&change)
	}
}

// messages walks the lane, of which that many messages went before: messages
// that stay and those that are gone, merged by time.
func (e *emitter) messages(before int) error {
	gone := e.gone
	for i, t := range e.talks {
		e.aliases += len(t.strange)
		for _, s := range t.strange {
			gone = append(gone, entry{prev: s, at: s.SentAt, action: Update, talk: int32(i)})
		}
	}
	slices.SortStableFunc(gone, func(a, b entry) int { return cmp.Compare(a.at, b.at) })
	for i := range e.live {
		for len(gone) > 0 && gone[0].at <= e.live[i].at {
			if err := e.remove(&gone[0]); err != nil {
				return err
			}
			gone = gone[1:]
		}
		if err := e.stay(&e.live[i], before+i); err != nil {
			return err
		}
	}
	for i := range gone {
		if err := e.remove(&gone[i]); err != nil {
			return err
		}
	}
	return nil
}

// stay writes a message that stays or comes.
func (e *emitter) stay(m *entry, i int) error {
	t := e.talks[m.talk]
	if m.action == NoOp {
		return e.context(m)
	}
	v := t.judge(m, e.header.HashKey)
	t.after(&e.after, m, v, &e.header)
	change := &e.next
	*change = MessageChange{
		Action: m.action, Before: m.prev, After: &e.after, When: e.instant(m),
		Sensitive: m.decl.Sensitive, Fields: v.fields, Reason: v.reason, Source: source(m.decl.Range),
		Late: m.sends() && i < e.lastSent, StateOnly: v.stateOnly,
	}
	change.Addr = t.addr.Message(change.After.Key)
	if m.exact() && !m.kept {
		change.Shifted = max(0, m.at-m.decl.At.At(e.anchor))
	}
	if m.prev != nil && m.prev.Key != change.After.Key {
		change.From = m.prev.Key
		if change.Action != Replace {
			e.result.renames++
		}
	}
	e.hear(t, m.prev)
	counts := &e.result.info.Counts.Messages
	counts.add(m.action)
	e.result.work.message(change, e.limitsSenders())
	if m.sends() {
		e.needs(e.result, t, m.decl, change.Addr)
		if g := t.decl.Group; g != nil && e.result.needs[g.Addr] != change.Addr {
			e.speak(change.After.Sender) // the message that creates the group needs no member
		}
		if latest := &e.result.latest[change.When.Base]; *latest == nil || change.When.Seconds > (*latest).Seconds {
			when := change.When
			*latest = &when
		}
	}
	return e.change(change, m)
}

// The emitter is the sink of a long conversation.

func (e *emitter) pass(m *config.Message, s *state.Message) error {
	unchanged := entry{decl: m, prev: s, action: NoOp}
	unchanged.keep()
	return e.context(&unchanged)
}

func (e *emitter) part(before int) error { return e.messages(before) }

func (e *emitter) keys() (*keyNumbers, error) {
	if e.numbers != nil {
		return e.numbers, nil
	}
	e.numbers = &keyNumbers{}
	if e.talks[0].prev == nil {
		return e.numbers, nil
	}
	return e.numbers, e.numbers.useAll(e.talks[0].addr, e.prior)
}

// instant is the time of a message as the plan tells it: relative only while
// the plan has no anchor.
func (e *emitter) instant(m *entry) Time {
	if e.pinned {
		return Time{Base: config.Epoch, Seconds: m.at}
	}
	return m.when
}

// remove writes a message that goes. An alias only leaves the state.
func (e *emitter) remove(m *entry) error {
	t := e.talks[m.talk]
	e.hear(t, m.prev)
	change := &MessageChange{
		Action: Delete, Addr: t.addr.Message(m.prev.Key), Before: m.prev, Sensitive: sealedNames(m.prev.Sealed),
	}
	if m.action == Update {
		change.Reason, change.StateOnly = becauseAlias, true
	} else {
		change.Reason = t.judge(m, e.header.HashKey).reason
	}
	e.result.info.Counts.Messages.add(m.action)
	e.result.work.message(change, e.limitsSenders())
	return e.change(change, m)
}

// context takes in an unchanged message.
func (e *emitter) context(m *entry) error {
	e.unseen[m.talk]++
	e.hear(e.talks[m.talk], m.prev)
	if e.trailing > 0 {
		e.trailing--
		return e.show(m)
	}
	if len(e.pending) == context {
		copy(e.pending, e.pending[1:])
		e.pending = e.pending[:context-1]
		e.skipped++
	}
	e.pending = append(e.pending, *m)
	return nil
}

// hear notes who has spoken in the group, unless it is a new one.
func (e *emitter) hear(t *talk, m *state.Message) {
	if e.voices == nil || m == nil || m.InDoubt || t.moved() {
		return
	}
	if t.decl != nil && t.decl.Group != nil && e.missingGroups[t.decl.Group.Addr] {
		return
	}
	e.voices[m.Sender] = true
}

// speak notes who sends.
func (e *emitter) speak(uid string) {
	if e.voices != nil && !e.voices[uid] {
		e.voices[uid] = false
	}
}

// forecast completes what the lane costs.
func (e *emitter) forecast() {
	e.result.work.complete()
	e.result.info.Requests = e.result.work.send
	if e.talks[0].skipped > 0 {
		return // nobody has looked who spoke before
	}
	for _, uid := range slices.Sorted(maps.Keys(e.voices)) {
		if !e.voices[uid] {
			e.result.info.Voices = append(e.result.info.Voices, uid)
		}
	}
}

// show writes an unchanged message.
func (e *emitter) show(m *entry) error {
	e.shown[m.talk]++
	t := e.talks[m.talk]
	change := &MessageChange{
		Action: NoOp, Addr: t.addr.Message(m.prev.Key), Before: m.prev, After: m.prev,
		Sensitive: sealedNames(m.prev.Sealed),
	}
	if m.decl != nil {
		change.Source = source(m.decl.Range)
	}
	return e.write(change, m)
}

// change writes a change, after the unchanged messages that lead up to it.
func (e *emitter) change(change *MessageChange, m *entry) error {
	for i := range e.pending {
		if err := e.show(&e.pending[i]); err != nil {
			return err
		}
	}
	e.pending, e.trailing, e.result.changed = e.pending[:0], context, true
	e.digest.message(change)
	return e.write(change, m)
}

func (e *emitter) write(change *MessageChange, m *entry) error {
	change.Skipped, e.skipped = e.skipped, 0
	if m.prev != nil {
		e.speakers[m.prev.Sender] = true
	}
	if m.decl != nil {
		e.speakers[m.decl.From.UID] = true
	}
	e.line = appendChange(e.line[:0], change, int(m.talk))
	return e.out.write(e.line)
}

// describe says who talks in the lane.
func (e *emitter) describe() {
	info := &e.result.info
	t := e.talks[0]
	record := cmp.Or(t.next, t.prev)
	for _, t := range e.talks {
		if t.next != nil {
			record = t.next
		}
	}
	info.Between, info.Group = record.Between, record.Group
	for _, uid := range info.Between {
		e.speakers[uid] = true
	}
	for _, uid := range slices.Sorted(maps.Keys(e.speakers)) {
		known := e.people[uid]
		info.Members = append(info.Members, state.User{Addr: known.addr, UID: uid, Name: known.name})
	}
}

func sealedNames(sealed map[string]string) []string {
	if len(sealed) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(sealed))
}

// add counts one object.
func (c *ActionCounts) add(a Action) {
	switch a {
	case Create:
		c.Create++
	case Update:
		c.Update++
	case Replace:
		c.Replace++
	case Delete:
		c.Delete++
	case NoOp:
		c.NoOp++
	}
}

func (c *ActionCounts) merge(other ActionCounts) {
	c.Create += other.Create
	c.Update += other.Update
	c.Replace += other.Replace
	c.Delete += other.Delete
	c.NoOp += other.NoOp
}
