package local

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// OS is the file system of the machine.
type OS struct{}

// Open implements [FS].
func (OS) Open(name string) (File, error) { return file(os.Open(name)) }

// Create implements [FS].
func (OS) Create(name string, perm fs.FileMode) (File, error) {
	return file(os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, perm))
}

// file keeps a nil *os.File from becoming a File.
func file(f *os.File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Rename implements [FS].
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// Link implements [FS].
func (OS) Link(from, to string) error { return os.Link(from, to) }

// Remove implements [FS].
func (OS) Remove(name string) error { return os.Remove(name) }

// Stat implements [FS].
func (OS) Stat(name string) (fs.FileInfo, error) { return os.Stat(name) }

// SameFile implements [FS].
func (OS) SameFile(a, b fs.FileInfo) bool { return os.SameFile(a, b) }

// SyncDir implements [FS].
func (OS) SyncDir(dir string) error { return syncDir(dir) }

// Resolve implements [FS].
func (OS) Resolve(name string) (string, error) {
	real, err := filepath.EvalSymlinks(name)
	if err == nil {
		return real, nil
	}
	if !missing(err) {
		return "", err
	}
	if target, err := os.Readlink(name); err == nil { // to a file that is yet to be made
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(name), target)
		}
		return target, nil
	}
	return name, nil
}

// Runs implements [FS].
func (OS) Runs(host string, pid int) bool {
	here, err := os.Hostname()
	return err == nil && host == here && pid > 0 && alive(pid)
}

const lockPerm = 0o644

// TryLock implements [FS].
func (OS) TryLock(name string, note []byte) (Held, []byte, error) {
	for {
		lock := flock.New(name, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(lockPerm))
		ok, err := lock.TryLock()
		if err != nil {
			return nil, nil, errors.Join(err, lock.Close())
		}
		held := &osLock{name: name, lock: lock}
		if !ok {
			holder, err := os.ReadFile(name)
			if err != nil { // where a locked file cannot be read
				holder = nil
			}
			return nil, holder, lock.Close()
		}
		if held.Lost() { // its holder removed the file while we opened it
			if err := lock.Close(); err != nil {
				return nil, nil, err
			}
			continue
		}
		// Where a locked file cannot be written, the holder stays unnamed.
		_ = os.WriteFile(name, note, lockPerm)
		return held, nil, nil
	}
}

// osLock is a lock on a file that is there as long as the lock is held.
type osLock struct {
	name string
	lock *flock.Flock
}

// Lost implements [Held].
func (l *osLock) Lost() bool {
	mine, err := l.lock.Stat()
	if err != nil {
		return true
	}
	named, err := os.Stat(l.name)
	return err != nil || !os.SameFile(mine, named)
}

// Unlock implements [Held].
func (l *osLock) Unlock() error {
	if !l.Lost() {
		// Some systems do not remove what is open. Then the file stays, which
		// harms nobody.
		_ = os.Remove(l.name)
	}
	return l.lock.Close()
}
