package wholefile

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/gofrs/flock"
)

// pending is a file that is not whole yet. Its lock ends with the process, which
// is how one that was left behind is told from one that is being written.
type pending struct {
	*os.File
	path string
	lock *flock.Flock // nil where there are no locks
}

// begin opens a file for that place, and removes those that killed runs left
// there.
func begin(path string, perm fs.FileMode) (*pending, error) {
	removeLeft(path)
	for {
		f, err := os.OpenFile(partName(path), os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, at(path, err)
		}
		p := &pending{File: f, path: path}
		var taken bool
		if p.lock, taken = tryLock(f.Name()); taken || p.lost() {
			_ = p.Cleanup() // somebody took it for one that was left, before it had its lock
			continue
		}
		if perm&0o077 != 0 {
			return p, nil
		}
		if err := p.Chmod(perm); err != nil {
			return nil, errors.Join(err, p.Cleanup())
		}
		return p, nil
	}
}

func (p *pending) lost() bool {
	mine, err := p.Stat()
	if err != nil {
		return false // what is wrong will show
	}
	named, err := os.Stat(p.Name())
	return errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(mine, named)
}

// Write implements [File].
func (p *pending) Write(content []byte) (int, error) {
	n, err := p.File.Write(content)
	return n, at(p.path, err)
}

// at names the place that a file is to take in an error, in place of a name that
// nobody has heard of.
func at(path string, err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return &fs.PathError{Op: e.Op, Path: path, Err: e.Err}
	}
	return err
}

// CloseAtomicallyReplace implements [File]. The lock is held until the file has
// its name.
func (p *pending) CloseAtomicallyReplace() error {
	if err := errors.Join(at(p.path, p.Sync()), p.Close()); err != nil {
		return err
	}
	return os.Rename(p.Name(), p.path)
}

// Cleanup implements [File].
func (p *pending) Cleanup() error {
	_ = p.Close() // it is closed already when all went well
	err := os.Remove(p.Name())
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, unlock(p.lock))
}

// tryLock locks a file, unless a run that is alive has taken it. Not every file
// system has locks. Windows needs none: nobody can remove there what is open, and
// a lock would keep out our own writes, too.
func tryLock(name string) (lock *flock.Flock, taken bool) {
	if runtime.GOOS == "windows" {
		return nil, false
	}
	lock = flock.New(name, flock.SetFlag(os.O_RDWR))
	ok, err := lock.TryLock()
	if ok {
		return lock, false
	}
	_ = lock.Close() // it was not locked
	return nil, err == nil
}

func unlock(lock *flock.Flock) error {
	if lock == nil {
		return nil
	}
	return lock.Close()
}

const partSuffix = ".part"

// partName is a name that nobody else chooses.
func partName(path string) string {
	dir, base := filepath.Split(path)
	return filepath.Join(dir, fmt.Sprintf(".%s.%08x%s", base, rand.Uint32(), partSuffix))
}

// isPart reports whether that is a name from partName.
func isPart(name, base string) bool {
	number, ok := strings.CutPrefix(name, "."+base+".")
	if !ok {
		return false
	}
	number, ok = strings.CutSuffix(number, partSuffix)
	return ok && len(number) == 8 && strings.Trim(number, "0123456789abcdef") == ""
}

// removeLeft removes what killed runs left of a file. What cannot be removed
// stays: the new file does not need the place.
func removeLeft(path string) {
	dir, base := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || !isPart(e.Name(), base) {
			continue
		}
		name := filepath.Join(dir, e.Name())
		lock, taken := tryLock(name)
		if lock != nil || !taken && runtime.GOOS == "windows" {
			_ = os.Remove(name)
		}
		_ = unlock(lock)
	}
}
