package state

import (
	"cmp"
	"hash/maphash"
	"math"
	"slices"
	"sort"
)

// overlay is what the journal says of one conversation's messages. It keeps 24
// bytes for each record, and reads the records again when they are wanted: a
// conversation may have a million.
type overlay struct {
	in      recordReader
	hash    func(key []byte) uint64
	cleared bool     // what the snapshot has of the conversation is gone
	changes []change // sorted by hash, then as they were made
	live    []uint32 // those of changes that are messages now, in the order of the chat
}

// change is what one record makes of one message.
type change struct {
	hash    uint64 // of the key
	sent    int64  // or one of the marks below
	record  uint32 // number of the record that holds the message, or only its key
	outcome uint32 // number of the receipt; 0 while in doubt; record itself when it needs none
}

// What stands for sent when a change leaves no message. A message's own time
// is never negative.
const (
	deleted = math.MinInt64 + iota // the message is gone
	voided                         // what carries the muid that the record names is gone
	past                           // the change no longer counts
)

// hashSeed makes the hashes of this process. They never leave it.
var hashSeed = maphash.MakeSeed()

func hashKey(key []byte) uint64 { return maphash.Bytes(hashSeed, key) }

// newOverlay returns what the journal's records say of a conversation, to be
// read and then closed.
func newOverlay(f *Files, hash func(key []byte) uint64) *overlay {
	pooled := buffers.Get().(*[]byte)
	return &overlay{in: recordReader{f: f, buf: (*pooled)[:0], pooled: pooled, most: mostHeld}, hash: hash}
}

func (o *overlay) close() {
	o.in.buf = nil
	buffers.Put(o.in.pooled)
}

// read takes in the records of the conversation.
func (o *overlay) read(records *numbers) error {
	if err := o.in.hold(records); err != nil {
		return err
	}
	o.changes = make([]change, 0, records.count/2+1) // most are intents with receipts
	for n := range records.all() {
		if err := o.take(n); err != nil {
			return err
		}
	}
	slices.SortFunc(o.changes, func(a, b change) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.record, b.record))
	})
	for i := 0; i < len(o.changes); {
		end := i + 1
		for end < len(o.changes) && o.changes[end].hash == o.changes[i].hash {
			end++
		}
		if end > i+1 {
			if err := o.resolve(o.changes[i:end]); err != nil {
				return err
			}
		}
		i = end
	}
	return o.order()
}

// take adds what record n changes.
func (o *overlay) take(n uint32) error {
	rec, err := o.in.read(n)
	if err != nil {
		return err
	}
	switch rec.kind {
	case kindGone:
		o.cleared = true
		o.changes = o.changes[:0]
	case kindIntend, kindPut:
		p, err := o.in.place(rec)
		if err != nil {
			return err
		}
		c := change{hash: o.hash(p.key), sent: p.sent, record: n}
		if rec.kind == kindPut {
			c.outcome = n
		}
		o.changes = append(o.changes, c)
	case kindReceipt:
		if c := o.ofIntent(rec); c != nil {
			c.outcome = n
		}
	case kindVoid:
		if rec.refers() {
			if c := o.ofIntent(rec); c != nil {
				c.sent = voided
			}
			return nil
		}
		return o.takeKey(rec, voided)
	case kindDelete:
		return o.takeKey(rec, deleted)
	}
	return nil
}

// takeKey adds a change that names its message by key.
func (o *overlay) takeKey(rec record, mark int64) error {
	key, _, err := o.in.names(rec)
	if err != nil {
		return err
	}
	o.changes = append(o.changes, change{hash: o.hash([]byte(key)), sent: mark, record: uint32(rec.n)})
	return nil
}

// ofIntent finds the change made by the intent that a receipt or void refers
// to; nil when the conversation has been deleted since.
func (o *overlay) ofIntent(rec record) *change {
	n, _, _ := cutNumber(rec.value)
	i := sort.Search(len(o.changes), func(i int) bool { return uint64(o.changes[i].record) >= n })
	if i == len(o.changes) || uint64(o.changes[i].record) != n {
		return nil
	}
	return &o.changes[i]
}

// resolve leaves, among changes with keys of the same hash, at most one for
// each key that makes a message or deletes it: the last, unless a later void
// names its muid. A void of an intent uncovers what was before, since nothing
// came of it; a void of anything else deletes. Voids stay, to be held against
// the snapshot's message.
func (o *overlay) resolve(group []change) error {
	type later struct {
		settled bool
		voids   []string // muids
	}
	byKey := map[string]*later{}
	for i := len(group) - 1; i >= 0; i-- {
		c := &group[i]
		key, muid, err := o.names(*c)
		if err != nil {
			return err
		}
		l := byKey[key]
		if l == nil {
			l = &later{}
			byKey[key] = l
		}
		switch {
		case l.settled:
			c.sent = past
		case c.sent == voided:
			l.voids = append(l.voids, muid)
		case c.sent != deleted && slices.Contains(l.voids, muid) && c.outcome == 0:
			c.sent = past
		case c.sent != deleted && slices.Contains(l.voids, muid):
			c.sent, l.settled = deleted, true
		default:
			l.settled = true
		}
	}
	return nil
}

// order lists the changes that are messages as they stand in the chat.
func (o *overlay) order() (err error) {
	for i, c := range o.changes {
		if c.sent >= 0 {
			o.live = append(o.live, uint32(i))
		}
	}
	slices.SortFunc(o.live, func(i, j uint32) int {
		a, b := o.changes[i], o.changes[j]
		if a.sent != b.sent || i == j {
			return cmp.Compare(a.sent, b.sent)
		}
		keyA, _, errA := o.names(a)
		keyB, _, errB := o.names(b)
		err = cmp.Or(err, errA, errB)
		return cmp.Compare(keyA, keyB)
	})
	return err
}

// covers reports whether the journal says more of the snapshot's message than
// the snapshot does.
func (o *overlay) covers(messageKey []byte, muid func() (string, error)) (bool, error) {
	hash := o.hash(messageKey)
	i := sort.Search(len(o.changes), func(i int) bool { return o.changes[i].hash >= hash })
	for ; i < len(o.changes) && o.changes[i].hash == hash; i++ {
		c := o.changes[i]
		if c.sent == past {
			continue
		}
		key, named, err := o.names(c)
		if err != nil {
			return false, err
		}
		if key != string(messageKey) {
			continue
		}
		if c.sent != voided {
			return true, nil
		}
		has, err := muid()
		if err != nil || has == named {
			return err == nil, err
		}
	}
	return false, nil
}

// names returns the key of a change's message, and the muid where the record
// has one.
func (o *overlay) names(c change) (key, muid string, err error) {
	rec, err := o.in.read(c.record)
	if err != nil {
		return "", "", err
	}
	return o.in.names(rec)
}

// message returns the message that a live change makes.
func (o *overlay) message(c change) (*Message, error) {
	rec, err := o.in.read(c.record)
	if err != nil {
		return nil, err
	}
	m, err := o.in.message(rec)
	if err != nil || c.outcome == c.record {
		return m, err
	}
	if c.outcome == 0 {
		m.InDoubt = true
		return m, nil
	}
	if rec, err = o.in.read(c.outcome); err != nil {
		return nil, err
	}
	receipt, err := parseReceipt(rec.value)
	if err != nil {
		return nil, o.in.damage(rec, err)
	}
	m.InDoubt, m.Carries = false, nil
	for _, field := range []struct {
		quoted []byte
		into   *string
	}{{receipt.id, &m.ID}, {receipt.mod, &m.Moderation}} {
		if field.quoted == nil {
			continue
		}
		if *field.into, err = unquote(field.quoted); err != nil {
			return nil, o.in.damage(rec, err)
		}
	}
	return m, nil
}
