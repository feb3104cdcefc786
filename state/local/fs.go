package local

import (
	"errors"
	"io"
	"io/fs"
)

// FS is what a store needs of a file system: real disks through [OS], and in
// tests ones that fail. Errors are the operating system's; a missing file is
// [fs.ErrNotExist]. Methods may be called concurrently.
type FS interface {
	// Open opens a file for reading.
	Open(name string) (File, error)
	// Create makes a file, or empties the one there is, for writing at its end.
	Create(name string, perm fs.FileMode) (File, error)
	// Rename moves a file, in place of the one that may be there, in one step.
	Rename(from, to string) error
	// Link gives a file a second name.
	Link(from, to string) error
	Remove(name string) error
	Stat(name string) (fs.FileInfo, error)
	// SameFile reports whether two results of Stat are of one file.
	SameFile(a, b fs.FileInfo) bool
	// SyncDir makes the names in a folder durable.
	SyncDir(dir string) error
	// Resolve follows symbolic links, as far as the name exists.
	Resolve(name string) (string, error)
	// TryLock takes the lock on a file, which it creates, and leaves the note
	// in it. When another process holds the lock, held is nil and note is what
	// that one left.
	TryLock(name string, note []byte) (held Held, holder []byte, err error)
	// Runs reports whether the host is this machine, and the process one of its
	// own that has not ended.
	Runs(host string, pid int) bool
	// Boot identifies the boot of this machine, "" when it cannot be told.
	Boot() string
}

// File is an open file.
type File interface {
	io.ReaderAt
	io.Writer
	io.Closer
	// Sync returns when what was written is on the disk.
	Sync() error
	Stat() (fs.FileInfo, error)
}

// Held is a lock that is held. It ends with the process.
type Held interface {
	// Lost reports whether somebody took the lock away by force.
	Lost() bool
	Unlock() error
}

func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
