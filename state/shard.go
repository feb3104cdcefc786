package state

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/sowdev/sow/config/addr"
)

// A plan that is too large for one machine is cut into shards, each of which is
// applied by a worker of its own that has no state but the one it makes. That
// state has only what the worker did, and has to say more of it than a whole
// one: what was deleted stays in it, marked as gone, because nothing else would
// tell those who merge it. See Merging.

// Shard is what the state of a shard says of itself.
type Shard struct {
	Plan   string // digest of the whole plan
	Number int    // 0 is the one that is applied before the others
	Of     int    // shards after the first one
	Base   string // fingerprint of the state that the plan was made from; "" for none
}

// Merged says which shards of one plan a state has taken in.
type Merged struct {
	Plan   string
	Of     int
	Base   string
	Shards []MergedShard // sorted by number
}

// MergedShard is one shard as it was when it was merged last.
type MergedShard struct {
	Number      int
	Fingerprint string // of the shard's state
	Anchor      *int64 // that it had
}

// Surroundings are what a shard relies on without changing it: what the state
// of the dataset has, or what another shard makes. Sorted by address.
type Surroundings struct {
	Users         []*User
	Groups        []*Group
	Conversations []*Conversation
}

// Living returns r without what is marked as gone.
func Living(r Reader) Reader { return &shardReader{Reader: r, header: r.Header(), exists: r.Exists()} }

// InShard returns the state of a shard as an apply of it reads it: with what
// surrounds the shard, and without what is gone. The header is that which the
// state begins with. Its fingerprint and its run are those of own alone.
func InShard(own Reader, header Header, around Surroundings) Reader {
	r := &shardReader{Reader: own, header: header, exists: true, around: around}
	if own.Exists() {
		r.header = own.Header()
	}
	return r
}

// shardReader implements Reader.
type shardReader struct {
	Reader
	header Header
	exists bool
	around Surroundings
}

func (r *shardReader) Header() Header { return r.header }
func (r *shardReader) Exists() bool   { return r.exists }

func (r *shardReader) Users() []*User {
	return living(r.Reader.Users(), r.around.Users, func(u *User) (addr.Object, bool) { return u.Addr, u.Gone })
}

func (r *shardReader) Groups() []*Group {
	return living(r.Reader.Groups(), r.around.Groups, func(g *Group) (addr.Object, bool) { return g.Addr, g.Gone })
}

func (r *shardReader) Conversations() []*Conversation {
	return living(r.Reader.Conversations(), r.around.Conversations, func(c *Conversation) (addr.Object, bool) { return c.Addr, c.Gone })
}

// living returns own objects and those around that are not among them, sorted,
// without those that are gone.
func living[T any](own, around []*T, of func(*T) (addr.Object, bool)) []*T {
	var all []*T
	known := make(map[addr.Object]bool, len(own))
	for _, o := range own {
		a, gone := of(o)
		if known[a] = true; !gone {
			all = append(all, o)
		}
	}
	for _, o := range around {
		if a, _ := of(o); !known[a] {
			all = append(all, o)
		}
	}
	slices.SortFunc(all, func(x, y *T) int {
		a, _ := of(x)
		b, _ := of(y)
		return a.Compare(b)
	})
	return all
}

func (r *shardReader) Messages(conversation addr.Object) iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		for m, err := range r.Reader.Messages(conversation) {
			if err == nil && m.Gone {
				continue
			}
			if !yield(m, err) {
				return
			}
		}
	}
}

func (r *shardReader) Count(conversation addr.Object) (n int) {
	for _, err := range r.Messages(conversation) {
		if err == nil {
			n++
		}
	}
	return n
}

// ShardStore returns a store for the state of a shard, in which what is deleted
// stays as gone. Every run records the conversations around the shard first,
// so that it can record messages in them.
func ShardStore(s Store, around []*Conversation) Store { return shardStore{s, around} }

type shardStore struct {
	Store
	around []*Conversation
}

func (s shardStore) Lock(ctx context.Context, info LockInfo, wait time.Duration) (Lock, error) {
	l, err := s.Store.Lock(ctx, info, wait)
	if err != nil {
		return nil, err
	}
	return shardLock{l, s}, nil
}

type shardLock struct {
	Lock
	store shardStore
}

func (l shardLock) Begin(ctx context.Context, run Run, header Header) (Journal, error) {
	// What the run before left is folded by Begin; what it recorded counts more
	// than what was there before it.
	own, err := l.store.Read(ctx)
	if err != nil {
		return nil, err
	}
	defer own.Close()
	recorded := make(map[addr.Object]bool)
	for _, c := range own.Conversations() {
		recorded[c.Addr] = true
	}
	j, err := l.Lock.Begin(ctx, run, header)
	if err != nil {
		return nil, err
	}
	for _, c := range l.store.around {
		if recorded[c.Addr] {
			continue
		}
		if err := j.PutConversation(c); err != nil {
			_ = j.Close() // the first error is the one to tell
			return nil, err
		}
	}
	return shardJournal{j}, nil
}

// shardJournal records what is deleted as gone.
type shardJournal struct{ Journal }

func (j shardJournal) DeleteMessage(a addr.Message) error {
	return j.PutMessage(a.Conversation, &Message{Key: a.Key, Gone: true})
}

// Void also records the message as gone: what it names may be in doubt in the
// state that the shard is merged into.
func (j shardJournal) Void(a addr.Message, muid string) error {
	if err := j.Journal.Void(a, muid); err != nil {
		return err
	}
	return j.DeleteMessage(a)
}

func (j shardJournal) Delete(o addr.Object) error {
	switch o.Kind {
	case addr.User:
		return j.PutUser(&User{Addr: o, Gone: true})
	case addr.Group:
		return j.PutGroup(&Group{Addr: o, Gone: true})
	}
	// Its messages are gone with it, those before as well as those around.
	if err := j.Journal.Delete(o); err != nil {
		return err
	}
	return j.PutConversation(&Conversation{Addr: o, Gone: true})
}
