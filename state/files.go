package state

import (
	"errors"
	"fmt"
	"slices"

	"github.com/sowdev/sow/config/addr"
)

// Tail says how the journal of the last run ends.
type Tail uint8

const (
	// Whole: there is no journal, or its last run closed it.
	Whole Tail = iota
	// CutOff: the run ended without closing the journal, but on this boot of
	// this machine, so that every record it made is there.
	CutOff
	// Lost: records may be missing at the end, because the machine went down
	// with the run, or another machine wrote the journal.
	Lost
)

// Files is a state as it stands in its two files, read as a stream: users,
// groups and conversations are in memory, messages stay on disk until they are
// asked for. It implements [Reader].
type Files struct {
	snapshot Part // nil when missing
	journal  Part
	boot     string

	header  Header
	dataset string // the snapshot's, from which its muids derive
	folded  string // identifies the journal that the snapshot took in
	sums    sums   // of the snapshot
	edited  bool   // the snapshot was changed by hand and says so

	users         table[User]
	groups        table[Group]
	conversations []*Conversation // sorted
	sections      []*section
	bySection     map[addr.Object]uint32 // index in sections

	log log
}

// section is a conversation and what the two files have of its messages.
type section struct {
	addr         addr.Object
	conversation *Conversation // nil when the journal deleted it
	offset, end  int64         // of its messages in the snapshot
	count        int           // of its messages in the snapshot
	line         int           // of the first of them, counted from 1
	records      numbers       // of the journal
}

// Open reads a state from its files, each nil when there is none. Boot
// identifies the boot of the machine, "" when it cannot be told. The files
// belong to the result, and stay the caller's when there is an error: a
// [*DamageError], one that wraps [ErrNewer], or one of the file.
func Open(snapshot, journal Part, boot string) (*Files, error) {
	f := &Files{
		snapshot: snapshot, journal: journal, boot: boot,
		users:     table[User]{addrOf: func(u *User) addr.Object { return u.Addr }},
		groups:    table[Group]{addrOf: func(g *Group) addr.Object { return g.Addr }},
		bySection: map[addr.Object]uint32{},
	}
	if snapshot != nil {
		if err := f.readSnapshot(); err != nil {
			return nil, err
		}
	}
	if journal != nil {
		if err := f.readJournal(); err != nil {
			return nil, err
		}
	}
	f.settle()
	return f, nil
}

// settle brings what was read into its final order.
func (f *Files) settle() {
	f.users.sort()
	f.groups.sort()
	for _, s := range f.sections {
		if s.conversation != nil {
			f.conversations = append(f.conversations, s.conversation)
		}
	}
	slices.SortFunc(f.conversations, func(a, b *Conversation) int { return a.Addr.Compare(b.Addr) })
	if f.log.tail == Lost {
		f.header.LookBack = true
	}
}

// Header implements [Reader].
func (f *Files) Header() Header { return f.header }

// Exists implements [Reader].
func (f *Files) Exists() bool { return f.snapshot != nil || f.log.run != nil }

// Fingerprint implements [Reader].
func (f *Files) Fingerprint() string {
	if !f.Exists() {
		return ""
	}
	return fmt.Sprintf("%s-%d-%08x-%d-%08x", f.header.Lineage, f.header.Serial, f.sums.crc, f.log.count, f.log.crc)
}

// Users implements [Reader].
func (f *Files) Users() []*User { return f.users.rows }

// Groups implements [Reader].
func (f *Files) Groups() []*Group { return f.groups.rows }

// Conversations implements [Reader].
func (f *Files) Conversations() []*Conversation { return f.conversations }

// Interrupted implements [Reader].
func (f *Files) Interrupted() *Run { return f.log.run }

// Unfolded reports whether there is a journal whose records are to be folded
// into the snapshot. What else may be left of a journal holds nothing that the
// snapshot does not have.
func (f *Files) Unfolded() bool { return f.log.run != nil }

// Tail says how the journal ends.
func (f *Files) Tail() Tail { return f.log.tail }

// Close implements [Reader].
func (f *Files) Close() error {
	var errs []error
	for _, part := range []Part{f.snapshot, f.journal} {
		if part != nil {
			errs = append(errs, part.Close())
		}
	}
	return errors.Join(errs...)
}

// section returns the conversation's section, or nil when the state does not
// have the conversation.
func (f *Files) section(conversation addr.Object) *section {
	i, ok := f.bySection[conversation]
	if !ok || f.sections[i].conversation == nil {
		return nil
	}
	return f.sections[i]
}

func (f *Files) addSection(s *section) uint32 {
	i := uint32(len(f.sections))
	f.sections = append(f.sections, s)
	f.bySection[s.addr] = i
	return i
}

// table is the rows of one kind, sorted by address once it is settled.
type table[T any] struct {
	rows   []*T
	addrOf func(*T) addr.Object
	byAddr map[addr.Object]*T // made with the first change from the journal
}

func (t *table[T]) index() {
	if t.byAddr != nil {
		return
	}
	t.byAddr = make(map[addr.Object]*T, len(t.rows))
	for _, row := range t.rows {
		t.byAddr[t.addrOf(row)] = row
	}
}

func (t *table[T]) put(row *T) {
	t.index()
	t.byAddr[t.addrOf(row)] = row
}

func (t *table[T]) remove(o addr.Object) {
	t.index()
	delete(t.byAddr, o)
}

func (t *table[T]) sort() {
	if t.byAddr == nil {
		return
	}
	t.rows = t.rows[:0]
	for _, row := range t.byAddr {
		t.rows = append(t.rows, row)
	}
	slices.SortFunc(t.rows, func(a, b *T) int { return t.addrOf(a).Compare(t.addrOf(b)) })
	t.byAddr = nil
}
