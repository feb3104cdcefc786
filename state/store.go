package state

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/sowdev/sow/config/addr"
)

// Reader is a state as it stood when it was opened: snapshot and journal
// together. What it returns must not be changed. Its methods may be called
// concurrently.
type Reader interface {
	Header() Header
	// Exists reports whether there was a state at all; without one the header
	// is zero, but perhaps for LookBack, and the reader is empty.
	Exists() bool
	// Fingerprint identifies this very state: it differs after every change,
	// those in the journal included. A saved plan is held against it.
	Fingerprint() string
	// Users, Groups and Conversations are sorted by address.
	Users() []*User
	Groups() []*Group
	Conversations() []*Conversation
	// Messages yields a conversation's messages in their order in the chat (by
	// SentAt, then key), those in doubt included. A conversation that the state
	// does not have yields none. Each *Message is the caller's to keep.
	Messages(conversation addr.Object) iter.Seq2[*Message, error]
	// Count returns the number of messages of a conversation. It reads them only
	// when the journal has changed some of them.
	Count(conversation addr.Object) int
	// Interrupted returns the run that began and was not folded, or nil.
	Interrupted() *Run
	Close() error
}

// Run marks an apply in the journal.
type Run struct {
	ID      string    `json:"id"`
	Started time.Time `json:"started"`
	Boot    string    `json:"boot,omitempty"` // identifies the machine's boot
	Command string    `json:"command"`
	Plan    string    `json:"plan"` // digest of the plan that is applied
}

// Store is where one state lives.
type Store interface {
	// Location is how people call the place: a path or a URL.
	Location() string
	// Read opens the state. A missing state is no error: see [Reader.Exists].
	Read(ctx context.Context) (Reader, error)
	// Backup is where the snapshot before the present one is kept, "" when there
	// is none.
	Backup() string
	// Lock takes the exclusive right to change the state, waiting at most wait
	// for another holder; a [*LockedError] tells who holds it.
	Lock(ctx context.Context, info LockInfo, wait time.Duration) (Lock, error)
	// Holder returns who holds the lock by what is written beside it, or nil. A
	// holder that died may still be named there.
	Holder() (*LockInfo, error)
	// ForceUnlock takes the lock away from the run with that id. Should the run
	// still be at work, its next record fails, so that it sends nothing more.
	// The error is a [*LockedError] when another run holds the lock, a
	// [*AliveError] when the run can be seen to be alive, and [ErrNotLocked] when
	// nobody holds it.
	ForceUnlock(id string) error
	// Tidy removes what a run that died has left beside the state: its lock, and
	// a journal, which is folded first if it was not. It does nothing when there
	// is nothing of the kind, or when a run is at work.
	Tidy(ctx context.Context) error
}

// Lock is the exclusive right to change a state. It ends with Unlock or with
// the process.
type Lock interface {
	// Begin opens the journal for a run. What a run before left in its journal is
	// folded first. The header replaces the stored one from now on (lineage and
	// serial are kept, or made; LookBack is kept; an empty hash key, too). When
	// Begin returns, the run marker is durable.
	Begin(ctx context.Context, run Run, header Header) (Journal, error)
	// Fold writes snapshot and journal into a new snapshot, keeps the old one
	// as a backup, and empties the journal. After Fold the state has the next
	// serial. Without a journal it does nothing.
	Fold(ctx context.Context) error
	Unlock() error
}

// Journal records what a run does, as it does it. Each record is handed to the
// operating system before the method returns, but for that of a Receipt, which
// may wait for the record after it; all reach the disk at most 10 ms later, by
// one committer that no caller waits for. Its methods may be called
// concurrently. Once a write or a sync has failed, every method returns that
// error: nothing more may be sent.
type Journal interface {
	// Intend records that the message is about to be sent. From here on the
	// message is in doubt until Receipt or Void. It takes the place of what the
	// state has under the same key: a message that the app still has must have
	// been deleted before. As with every record of a message, the conversation
	// must have been put; an unknown one is a programmer's mistake and panics.
	// What m refers to must stay as it is until the outcome is recorded.
	Intend(conversation addr.Object, m *Message) error
	// Receipt records that the app has the message (m.ID set): the outcome of
	// an Intend with the same muid, or an adoption without one. Should it be lost
	// with the process, the message is in doubt, and the next run finds it in the
	// app.
	Receipt(conversation addr.Object, m *Message) error
	// Void records that the intended message is known not to be in the app. It
	// does nothing when the state has another muid under the key.
	Void(a addr.Message, muid string) error
	// PutMessage records that the message in the app now is m.
	PutMessage(conversation addr.Object, m *Message) error
	// DeleteMessage records that the app no longer has the message.
	DeleteMessage(a addr.Message) error
	PutUser(u *User) error
	PutGroup(g *Group) error
	PutConversation(c *Conversation) error
	// Delete records that the object is no longer in the app or no longer
	// managed. A conversation goes with its messages.
	Delete(o addr.Object) error
	// PutHeader replaces the header's mutable fields.
	PutHeader(h Header) error
	// Sync returns once every record made before is on the disk. What a request
	// would destroy has to be recorded that surely: a send whose record is lost
	// can be found in the app, a delete cannot.
	Sync() error
	// Err returns the error that ended the journal, or nil.
	Err() error
	// Close writes and syncs what is left.
	Close() error
}

// LockInfo says who holds a lock.
type LockInfo struct {
	ID      string    `json:"id"`
	Host    string    `json:"host"`
	PID     int       `json:"pid"`
	User    string    `json:"user,omitempty"`
	Command string    `json:"command"`
	Started time.Time `json:"started"`
}

// LockedError says that another run holds the lock.
type LockedError struct {
	Location string
	Holder   *LockInfo // nil when the holder could not be read
}

func (e *LockedError) Error() string {
	if e.Holder == nil {
		return fmt.Sprintf("%s is locked by another run", e.Location)
	}
	return fmt.Sprintf("%s is locked by %s (pid %d on %s, since %s)", e.Location,
		e.Holder.Command, e.Holder.PID, e.Holder.Host, e.Holder.Started.UTC().Format(time.RFC3339))
}

// AliveError says that a lock was not taken away, because the run that holds it
// is a process of this machine that has not ended.
type AliveError struct {
	Location string
	Holder   LockInfo
}

func (e *AliveError) Error() string {
	return fmt.Sprintf("%s is locked by %s, which is still running on this machine as process %d (since %s)", e.Location,
		e.Holder.Command, e.Holder.PID, e.Holder.Started.UTC().Format(time.RFC3339))
}

// ErrNotLocked says that there is no lock to take away.
var ErrNotLocked = errors.New("the state is not locked")

// ErrNewer says that the state was written by a newer version of sow.
var ErrNewer = errors.New("the state was written by a newer version of sow")

// DamageError says that a state or journal cannot be trusted. Nothing was
// overwritten.
type DamageError struct {
	File string
	Line int // counted from 1
	What string
	Next string // what to do about it, as a sentence
}

func (e *DamageError) Error() string {
	if e.Next == "" {
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.What)
	}
	return fmt.Sprintf("%s:%d: %s. %s", e.File, e.Line, e.What, e.Next)
}

// AccessError says that the place where the state lives could not be read or
// written. What was recorded before stays recorded.
type AccessError struct {
	Doing string // as in "write the journal"
	Path  string
	Err   error
	Next  string // what to do about it, as a sentence; may be empty
}

func (e *AccessError) Error() string {
	text := fmt.Sprintf("cannot %s %s: %v", e.Doing, e.Path, e.Err)
	if e.Next != "" {
		text += ". " + e.Next
	}
	return text
}

func (e *AccessError) Unwrap() error { return e.Err }
