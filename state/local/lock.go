package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"github.com/sowdev/sow/state"
)

// newFilePerm is for a new state, before the umask. Later snapshots keep what
// the file has.
const newFilePerm = 0o644

// lock implements [state.Lock].
type lock struct {
	store *Store
	names names
	held  Held

	mu   sync.Mutex
	busy bool // a journal is open
	done bool
}

// errLockLost is what a run gets whose lock was taken away.
var errLockLost = errors.New("the lock was taken away by force-unlock")

// Begin implements [state.Lock].
func (l *lock) Begin(ctx context.Context, run state.Run, header state.Header) (state.Journal, error) {
	if err := l.start(); err != nil {
		return nil, err
	}
	journal, err := l.begin(ctx, run, header)
	if err != nil {
		l.finish()
		return nil, err
	}
	return journal, nil
}

// start makes sure that one thing at a time is done with the lock, which must
// still be there.
func (l *lock) start() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.done:
		return errors.New("the lock is not held any more")
	case l.busy:
		return errors.New("the journal of this lock is still open")
	case l.held.Lost():
		return errLockLost
	}
	l.busy = true
	return nil
}

func (l *lock) finish() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy = false
}

// begin folds before it begins, and never goes on with the journal of a run
// that was cut off: if that run ended because a sync failed, its journal may be
// in memory only, and no later sync of the same file would say so.
func (l *lock) begin(ctx context.Context, run state.Run, header state.Header) (state.Journal, error) {
	if err := l.fold(ctx); err != nil {
		return nil, err
	}
	files, err := l.store.open(ctx, l.names)
	if err != nil {
		return nil, err
	}
	defer files.Close()
	run.Boot = cmp.Or(run.Boot, l.store.fs.Boot())

	fsys := l.store.fs
	file, err := fsys.Create(l.names.journal, l.perm())
	if err != nil {
		return nil, access("write the journal", l.names.journal, err)
	}
	journal, err := files.Begin(&journalFile{File: file, lock: l}, run, header)
	if err != nil {
		_ = file.Close()
		_ = fsys.Remove(l.names.journal) // it holds nothing, and is read as nothing
		return nil, err
	}
	if err := fsys.SyncDir(l.names.dir()); err != nil {
		return nil, errors.Join(access("write into", l.names.dir(), err), journal.Close())
	}
	return journal, nil
}

// perm is what the state's file may be read and written by.
func (l *lock) perm() fs.FileMode {
	info, err := l.store.fs.Stat(l.names.snapshot)
	if err != nil {
		return newFilePerm
	}
	return info.Mode().Perm()
}

// journalFile is the journal as the run writes it.
type journalFile struct {
	File
	lock *lock
}

func (f *journalFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	if err != nil {
		err = access("write the journal", f.lock.names.journal, err)
	}
	return n, err
}

// Sync also notices, some ten milliseconds late at most, that the lock is not
// ours any more.
func (f *journalFile) Sync() error {
	if f.lock.held.Lost() {
		return errLockLost
	}
	if err := f.File.Sync(); err != nil {
		return access("write the journal", f.lock.names.journal, err)
	}
	return nil
}

func (f *journalFile) Close() error {
	f.lock.finish()
	return f.File.Close()
}

// Fold implements [state.Lock].
func (l *lock) Fold(ctx context.Context) error {
	if err := l.start(); err != nil {
		return err
	}
	defer l.finish()
	return l.fold(ctx)
}

// fold leaves a snapshot and no journal.
func (l *lock) fold(ctx context.Context) error {
	return l.rewrite(ctx, func(files *state.Files) (write, error) {
		if !files.Unfolded() {
			return nil, nil
		}
		return files.Fold, nil
	})
}

// Merge implements [state.Merger].
func (l *lock) Merge(ctx context.Context, shards []state.Reader) (news int, err error) {
	if err := l.start(); err != nil {
		return 0, err
	}
	defer l.finish()
	err = l.rewrite(ctx, func(files *state.Files) (write, error) {
		merging, err := files.Merging(shards)
		if err != nil {
			return nil, err
		}
		if news = merging.News(); news == 0 {
			return nil, nil
		}
		return merging.Write, nil
	})
	return news, err
}

// write writes a new snapshot.
type write func(ctx context.Context, out io.Writer) error

// rewrite puts a new snapshot in the place of snapshot and journal, unless
// there is nothing to write. At every moment either the old snapshot with the
// journal or the new snapshot is whole on the disk: the new one is written
// beside the old and synced, the old one gets its second name, the new one takes
// its place, the folder is synced, and only then is the journal removed. A
// journal that a crash left behind after that is known by its checksum to be in
// the snapshot already.
func (l *lock) rewrite(ctx context.Context, prepare func(*state.Files) (write, error)) error {
	written, unfolded, err := l.rewriteFiles(ctx, prepare)
	if err != nil || unfolded && !written {
		return err
	}
	fsys := l.store.fs
	if written {
		if err := l.keepBackup(); err != nil {
			return err
		}
		if err := fsys.Rename(l.names.fresh, l.names.snapshot); err != nil {
			return access("write the state", l.names.snapshot, err)
		}
		if err := fsys.SyncDir(l.names.dir()); err != nil {
			return access("write into", l.names.dir(), err)
		}
	}
	switch err := fsys.Remove(l.names.journal); {
	case missing(err):
		return nil
	case err != nil:
		return access("remove the journal", l.names.journal, err)
	}
	if err := fsys.SyncDir(l.names.dir()); err != nil {
		return access("write into", l.names.dir(), err)
	}
	return nil
}

// rewriteFiles writes the next snapshot if there is something to write. The old
// files are closed then: some systems replace none that are open.
func (l *lock) rewriteFiles(ctx context.Context, prepare func(*state.Files) (write, error)) (written, unfolded bool, err error) {
	files, err := l.store.open(ctx, l.names)
	if err != nil {
		return false, false, err
	}
	defer files.Close()
	write, err := prepare(files)
	if err != nil || write == nil {
		return false, files.Unfolded(), err
	}
	if err := l.writeSnapshot(ctx, write); err != nil {
		_ = l.store.fs.Remove(l.names.fresh) // free the space; the next try writes it anew
		return false, files.Unfolded(), err
	}
	return true, files.Unfolded(), nil
}

// writeSnapshot writes the next snapshot beside the one there is.
func (l *lock) writeSnapshot(ctx context.Context, write write) error {
	f, err := l.store.fs.Create(l.names.fresh, l.perm())
	if err != nil {
		return access("write the state", l.names.fresh, err)
	}
	err = write(ctx, foldWriter{f, l.names.fresh})
	if err == nil {
		if err = f.Sync(); err != nil {
			err = access("write the state", l.names.fresh, err)
		}
	}
	if closeErr := f.Close(); err == nil && closeErr != nil {
		err = access("write the state", l.names.fresh, closeErr)
	}
	return err
}

// foldWriter names the file in errors of writing, which are told apart from
// those of reading this way.
type foldWriter struct {
	io.Writer
	name string
}

func (w foldWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if err != nil {
		err = access("write the state", w.name, err)
	}
	return n, err
}

// keepBackup gives the snapshot its second name. Where the file system has no
// second names, it is copied.
func (l *lock) keepBackup() error {
	fsys := l.store.fs
	if _, err := fsys.Stat(l.names.snapshot); missing(err) {
		return nil
	}
	beside := l.names.backup + ".new"
	if err := fsys.Remove(beside); err != nil && !missing(err) {
		return access("write the backup", beside, err)
	}
	if err := fsys.Link(l.names.snapshot, beside); err != nil {
		if err := l.copySnapshot(beside); err != nil {
			return access("write the backup", beside, err)
		}
	}
	if err := fsys.Rename(beside, l.names.backup); err != nil {
		return access("write the backup", l.names.backup, err)
	}
	return nil
}

func (l *lock) copySnapshot(to string) error {
	from, err := l.store.fs.Open(l.names.snapshot)
	if err != nil {
		return err
	}
	defer from.Close()
	info, err := from.Stat()
	if err != nil {
		return err
	}
	f, err := l.store.fs.Create(to, info.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(f, io.NewSectionReader(from, 0, info.Size()))
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// Unlock implements [state.Lock].
func (l *lock) Unlock() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done {
		return nil
	}
	l.done = true
	if l.busy {
		return errors.Join(fmt.Errorf("%s was unlocked with its journal open", l.store.path), l.held.Unlock())
	}
	return l.held.Unlock()
}
