package planner

import (
	"hash/maphash"
	"slices"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
)

// Rest returns what is left of a shard to be done when its own state has done,
// after a run that broke off or for a second one that finds nothing. A change
// that the state has is left out; a message that it has in doubt is settled
// first. Done may have what is gone; see [state.Shard]. The rest has the digest
// of the shard, and is to be closed. The error is that of reading the state or
// the plan, or of writing the spool, which is opened as [Options.Spool] says.
func (p *Plan) Rest(done state.Reader, spool func() (Spool, error)) (*Plan, error) {
	rest := *p
	rest.Users, rest.Groups, rest.Lanes, rest.Counts = nil, nil, nil, Counts{}
	r := &remains{whole: p, rest: &rest, done: done, hashKey: done.Header().HashKey, seed: maphash.MakeSeed()}
	r.index()
	for i := range p.Users {
		r.user(p.Users[i])
	}
	for i := range p.Groups {
		r.group(p.Groups[i])
	}
	body := newStore(spool)
	for i := range p.Lanes {
		if err := r.lane(i, body); err != nil {
			_ = body.Close() // the first error is the one to tell
			return nil, err
		}
	}
	if err := body.finish(); err != nil {
		_ = body.Close()
		return nil, err
	}
	rest.Attach(body)
	demand, err := rest.demand()
	if err != nil {
		_ = body.Close()
		return nil, err
	}
	b := &builder{plan: &rest, prior: done, header: done.Header(), pace: p.Shard.Pace}
	lanes := make([]int, len(demand.lanes))
	for i := range lanes {
		lanes[i] = i
		b.merge(i, &demand.lanes[i].work)
	}
	b.uses = demand.uses(lanes)
	b.assignCarriers()
	rest.Attach(body) // what was read knew nothing of the carriers
	rest.Forecast = b.forecast()
	return &rest, nil
}

// remains finds out what is left of a shard.
type remains struct {
	whole, rest *Plan
	done        state.Reader
	hashKey     string

	users         map[addr.Object]*state.User
	groups        map[addr.Object]*state.Group
	conversations map[addr.Object]*state.Conversation
	line          []byte
	seed          maphash.Seed
}

func (r *remains) index() {
	r.users, r.groups = make(map[addr.Object]*state.User), make(map[addr.Object]*state.Group)
	r.conversations = make(map[addr.Object]*state.Conversation)
	for _, u := range r.done.Users() {
		r.users[u.Addr] = u
	}
	for _, g := range r.done.Groups() {
		r.groups[g.Addr] = g
	}
	for _, c := range r.done.Conversations() {
		r.conversations[c.Addr] = c
	}
}

// user keeps the change of a user, as far as it is left.
func (r *remains) user(c UserChange) {
	recorded := r.users[c.Addr]
	switch {
	case recorded == nil:
	case c.Action == Delete:
		if recorded.Gone {
			return
		}
	case !recorded.Gone && recorded.UID == c.After.UID:
		compare := comparison{hashKey: r.hashKey, sensitive: c.Sensitive, sealed: recorded.Sealed}
		compare.user(recorded, c.After)
		if len(compare.fields) == 0 && (c.From.IsZero() || r.isGone(c.From)) {
			return
		}
		c.Action, c.Before, c.Fields = Update, recorded, compare.fields
		c.Reason, c.Forget, c.StateOnly = "", false, stateOnly(compare.fields)
	}
	c.Carrier = nil // chosen anew among the messages that are left
	r.rest.Users = append(r.rest.Users, c)
	r.rest.Counts.Users.add(c.Action)
}

func (r *remains) isGone(o addr.Object) bool {
	switch o.Kind {
	case addr.User:
		return r.users[o] != nil && r.users[o].Gone
	case addr.Group:
		return r.groups[o] != nil && r.groups[o].Gone
	}
	return r.conversations[o] != nil && r.conversations[o].Gone
}

// group keeps the change of a group. One that exists may still lack members.
func (r *remains) group(c GroupChange) {
	recorded := r.groups[c.Addr]
	switch {
	case recorded == nil:
	case c.Action == Delete:
		if recorded.Gone {
			return
		}
	case !recorded.Gone && recorded.GUID == c.After.GUID:
		compare := comparison{hashKey: r.hashKey, sensitive: c.Sensitive, sealed: recorded.Sealed}
		compare.group(recorded, c.After)
		if len(compare.fields) == 0 && (c.From.IsZero() || r.isGone(c.From)) {
			return
		}
		c.Action, c.Before, c.Fields = Update, recorded, compare.fields
		c.Reason, c.Forget, c.StateOnly = "", false, stateOnly(compare.fields)
	}
	c.Carrier = nil
	r.rest.Groups = append(r.rest.Groups, c)
	r.rest.Counts.Groups.add(c.Action)
}

// fate is what the state knows of a message.
type fate struct {
	gone    bool
	doubt   *state.Message // nil when it is settled
	content uint64         // hash of what it is made of
}

// lane writes what is left of a lane. Unchanged messages are left out: they
// were shown with the whole shard.
func (r *remains) lane(i int, body *store) error {
	info := r.whole.Lanes[i]
	info.Changes = slices.Clone(info.Changes)
	index := make(map[addr.Object]int, len(info.Changes))
	fates := make(map[addr.Object]map[string]fate, len(info.Changes))
	left := false
	for k := range info.Changes {
		c := &info.Changes[k]
		index[c.Addr] = k
		var err error
		if fates[c.Addr], err = r.fates(c.Addr); err != nil {
			return err
		}
		if r.isRecorded(c) {
			c.Action = NoOp
		}
		left = left || c.Action != NoOp
	}
	skipped := 0
	info.Counts.Messages = ActionCounts{NoOp: info.Counts.Messages.NoOp}
	begun := false
	for m, err := range r.whole.Lane(i) {
		if err != nil {
			return err
		}
		skipped += m.Skipped
		if !r.remain(m, fates[m.Addr.Conversation]) {
			skipped++
			if m.Action != NoOp {
				info.Counts.Messages.NoOp++
			}
			continue
		}
		m.Skipped, skipped = skipped, 0
		if m.After != nil {
			// What is left has the time that it has beside what is done.
			m.When = Time{Base: config.Epoch, Seconds: m.After.SentAt}
		}
		info.Counts.Messages.add(m.counted())
		if !begun {
			begun = true
			body.begin()
		}
		r.line = appendChange(r.line[:0], m, index[m.Addr.Conversation])
		if err := body.write(r.line); err != nil {
			return err
		}
	}
	if !begun && !left {
		return nil
	}
	if !begun {
		body.begin()
	}
	info.Trailing += skipped
	r.rest.Lanes = append(r.rest.Lanes, info)
	r.rest.Counts.Messages.merge(info.Counts.Messages)
	return nil
}

// fates reads what the state knows of a conversation's messages.
func (r *remains) fates(conversation addr.Object) (map[string]fate, error) {
	fates := make(map[string]fate)
	for m, err := range r.done.Messages(conversation) {
		if err != nil {
			return nil, err
		}
		f := fate{gone: m.Gone, content: r.content(m)}
		if m.InDoubt {
			f.doubt = m
		}
		fates[m.Key] = f
	}
	return fates, nil
}

// isRecorded reports whether the state has what is to become of a
// conversation's record.
func (r *remains) isRecorded(c *ConversationChange) bool {
	recorded := r.conversations[c.Addr]
	switch {
	case c.Action == NoOp:
		return true
	case recorded == nil:
		return false
	case c.Action == Delete:
		return recorded.Gone
	}
	return !recorded.Gone && slices.Equal(recorded.Between, c.After.Between) && recorded.Group == c.After.Group &&
		recorded.Starts == c.After.Starts && recorded.Pace == c.After.Pace && recorded.PreventDestroy == c.After.PreventDestroy
}

// remain reports whether a change is left, and makes it one that settles what
// is in doubt. A change or a delete that was about to be made, and may have been,
// is made again.
func (r *remains) remain(m *MessageChange, fates map[string]fate) bool {
	f, known := fates[m.Addr.Key]
	switch {
	case m.Action == NoOp:
		return false
	case !known:
		return true
	case m.Action == Delete:
		return !f.gone
	case m.Action == Update:
		return f.content != r.content(SealMessage(m.After, m.Sensitive, r.hashKey)) || m.From != "" && !fates[m.From].gone
	case f.doubt != nil && m.Before != nil && m.Action == Replace && f.doubt.MUID == m.Before.MUID:
		return true // the one before may be deleted
	case f.doubt != nil:
		m.Action, m.Before, m.Fields, m.Reason = Create, f.doubt, nil, ""
		m.After.MUID = f.doubt.MUID
		return true
	}
	return f.gone // it was deleted, and is not sent yet
}

// content hashes what a message is made of, as the state has it.
func (r *remains) content(m *state.Message) uint64 {
	bare := *m
	bare.ID, bare.Moderation, bare.InDoubt, bare.Carries = "", "", false, nil
	r.line = appendMessage(r.line[:0], &bare, true)
	return maphash.Bytes(r.seed, r.line)
}

// counted is the action that a change counts as: what only leaves the state is
// an update.
func (m *MessageChange) counted() Action {
	if m.Action == Delete && m.StateOnly {
		return Update
	}
	return m.Action
}
