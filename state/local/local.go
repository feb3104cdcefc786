// Package local keeps a state in a file, with its journal, backup and lock
// beside it:
//
//	FILE          the snapshot
//	FILE.journal  what the last run did, until it is folded into the snapshot
//	FILE.backup   the snapshot before
//	FILE.lock     there while a run holds the lock
//	FILE.new      the next snapshot, while it is written
package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/sowdev/sow/state"
)

// Store is a state in a file. It implements [state.Store] and may be used
// concurrently.
type Store struct {
	path string
	fs   FS
}

// New returns the store of the state in the file with that path. Nothing need
// be there yet, but its folder.
func New(path string) *Store { return NewIn(OS{}, path) }

// NewIn is New in another file system.
func NewIn(fs FS, path string) *Store { return &Store{path: path, fs: fs} }

// Location implements [state.Store].
func (s *Store) Location() string { return s.path }

// Read implements [state.Store]. It takes no lock: a run may go on beside it.
// Errors are a [*state.DamageError], a [*state.AccessError], or wrap
// [state.ErrNewer].
func (s *Store) Read(ctx context.Context) (state.Reader, error) {
	files, err := s.names()
	if err != nil {
		return nil, err
	}
	opened, err := s.open(ctx, files)
	if err != nil {
		return nil, err
	}
	return opened, nil
}

// Backup implements [state.Store].
func (s *Store) Backup() string {
	n, err := s.names()
	if err != nil {
		return ""
	}
	if _, err := s.fs.Stat(n.backup); err != nil {
		return ""
	}
	return n.backup
}

// names are the files of one state.
type names struct {
	snapshot, journal, backup, lock, fresh string
}

func (n names) dir() string { return filepath.Dir(n.snapshot) }

// names follows symbolic links, so that two names of one state are one state.
func (s *Store) names() (names, error) {
	real, err := s.fs.Resolve(s.path)
	if err != nil {
		return names{}, access("find", s.path, err)
	}
	return names{
		snapshot: real, journal: real + ".journal", backup: real + ".backup",
		lock: real + ".lock", fresh: real + ".new",
	}, nil
}

// rereads is how often a state is read again that changed while it was read.
const rereads = 20

// open reads the state. A run beside it may fold its journal at any moment:
// snapshot and journal belong together only if the snapshot is still the same
// once the journal is open.
func (s *Store) open(ctx context.Context, n names) (*state.Files, error) {
	for attempt := 1; ; attempt++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		snapshot, journal, err := s.parts(n)
		if errors.Is(err, errChanged) && attempt < rereads {
			continue
		}
		if err != nil {
			return nil, err
		}
		files, err := state.Open(orNil(snapshot), orNil(journal), s.fs.Boot())
		if err == nil {
			return files, nil
		}
		closeParts(snapshot, journal)
		// A run that begins cuts the end off a journal that a crash tore.
		var damage *state.DamageError
		if !errors.As(err, &damage) || journal == nil || !journal.changed() || attempt >= rereads {
			return nil, err
		}
	}
}

var errChanged = errors.New("the state keeps changing while it is read")

// parts opens both files, each nil when it is missing.
func (s *Store) parts(n names) (snapshot, journal *part, err error) {
	if snapshot, err = s.part(n.snapshot, "the state"); err != nil {
		return nil, nil, err
	}
	if journal, err = s.part(n.journal, "the journal"); err != nil {
		closeParts(snapshot, nil)
		return nil, nil, err
	}
	same, err := s.still(n.snapshot, snapshot)
	if err != nil || !same {
		closeParts(snapshot, journal)
		if err == nil {
			err = access("read", n.snapshot, errChanged)
		}
		return nil, nil, err
	}
	return snapshot, journal, nil
}

// still reports whether the name leads to the opened part, or both are
// missing.
func (s *Store) still(name string, p *part) (bool, error) {
	info, err := s.fs.Stat(name)
	switch {
	case missing(err):
		return p == nil, nil
	case err != nil:
		return false, access("read", name, err)
	}
	return p != nil && s.fs.SameFile(info, p.info), nil
}

// part is an open file of a state.
type part struct {
	File
	fs   FS
	name string
	info fs.FileInfo
}

func (s *Store) part(name, what string) (*part, error) {
	f, err := s.fs.Open(name)
	if missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, access("read "+what, name, err)
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("it is a folder")
	}
	if err != nil {
		return nil, errors.Join(access("read "+what, name, err), f.Close())
	}
	return &part{File: f, fs: s.fs, name: name, info: info}, nil
}

// Name implements [state.Part].
func (p *part) Name() string { return p.name }

// Size implements [state.Part].
func (p *part) Size() int64 { return p.info.Size() }

// changed reports whether the file is another one, or has another length, by
// now.
func (p *part) changed() bool {
	info, err := p.fs.Stat(p.name)
	return err != nil || !p.fs.SameFile(info, p.info) || info.Size() != p.info.Size()
}

func closeParts(parts ...*part) {
	for _, p := range parts {
		if p != nil {
			_ = p.Close() // it was only read
		}
	}
}

// orNil keeps a nil *part from becoming a Part.
func orNil(p *part) state.Part {
	if p == nil {
		return nil
	}
	return p
}

// The pauses between two tries to get a lock.
const (
	firstPause = 10 * time.Millisecond
	longPause  = 250 * time.Millisecond
)

// Lock implements [state.Store]. The folder must exist and be writable, else
// the error is a [*state.AccessError].
func (s *Store) Lock(ctx context.Context, info state.LockInfo, wait time.Duration) (state.Lock, error) {
	n, err := s.names()
	if err != nil {
		return nil, err
	}
	note, err := json.Marshal(info)
	if err != nil {
		return nil, fmt.Errorf("lock info: %w", err)
	}
	deadline := time.Now().Add(wait)
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		held, holder, err := s.fs.TryLock(n.lock, note)
		if err != nil {
			return nil, access("lock", n.lock, err)
		}
		if held != nil {
			return &lock{store: s, names: n, held: held}, nil
		}
		left := time.Until(deadline)
		if left <= 0 {
			return nil, &state.LockedError{Location: s.path, Holder: parseHolder(holder)}
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(min(pause, left)):
		}
	}
}

// parseHolder reads what the holder of a lock noted; nil when it is about to
// write it.
func parseHolder(note []byte) *state.LockInfo {
	var info state.LockInfo
	if json.Unmarshal(note, &info) != nil {
		return nil
	}
	return &info
}

// Holder implements [state.Store].
func (s *Store) Holder() (*state.LockInfo, error) {
	n, err := s.names()
	if err != nil {
		return nil, err
	}
	file, err := s.part(n.lock, "the lock")
	if file == nil {
		return nil, err
	}
	defer closeParts(file)
	note, err := io.ReadAll(io.NewSectionReader(file, 0, file.Size()))
	if err != nil {
		return nil, access("read the lock", n.lock, err)
	}
	return parseHolder(note), nil
}

// ForceUnlock implements [state.Store]. The lock of a process ends with it, so
// what a dead run has left is only its name; a lock that is held by a run that
// is not alive here is held from another machine.
func (s *Store) ForceUnlock(id string) error {
	n, err := s.names()
	if err != nil {
		return err
	}
	left, err := s.Holder()
	if err != nil {
		return err
	}
	held, holder, err := s.fs.TryLock(n.lock, nil)
	if err != nil {
		return access("lock", n.lock, err)
	}
	if held != nil {
		if err := held.Unlock(); err != nil {
			return access("remove", n.lock, err)
		}
		if left == nil || left.ID != id {
			return state.ErrNotLocked
		}
		return nil
	}
	info := parseHolder(holder)
	switch {
	case info == nil || info.ID != id:
		return &state.LockedError{Location: s.path, Holder: info}
	case s.fs.Runs(info.Host, info.PID):
		return &state.AliveError{Location: s.path, Holder: *info}
	}
	if err := s.fs.Remove(n.lock); err != nil && !missing(err) {
		return access("remove", n.lock, err)
	}
	return nil
}

// Tidy implements [state.Store].
func (s *Store) Tidy(ctx context.Context) error {
	n, err := s.names()
	if err != nil || !s.leftOver(n) {
		return err
	}
	held, _, err := s.fs.TryLock(n.lock, nil)
	if err != nil {
		return access("lock", n.lock, err)
	}
	if held == nil {
		return nil
	}
	l := &lock{store: s, names: n, held: held}
	err = l.Fold(ctx)
	for _, name := range []string{n.fresh, n.backup + ".new"} {
		if err == nil {
			_ = s.fs.Remove(name) // the next fold would write over it
		}
	}
	return errors.Join(err, l.Unlock())
}

// leftOver reports whether there is a file that is there during a run only.
func (s *Store) leftOver(n names) bool {
	for _, name := range []string{n.lock, n.journal, n.fresh, n.backup + ".new"} {
		if _, err := s.fs.Stat(name); err == nil {
			return true
		}
	}
	return false
}
