// Package wholefile writes files that appear whole or not at all.
package wholefile

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// File is a file that has no name yet. Cleanup must be called.
type File interface {
	io.Writer
	// Name is where the file is meanwhile.
	Name() string
	// Sync brings what was written to the disk.
	Sync() error
	// CloseAtomicallyReplace brings what was written to the disk and gives the
	// file its name, in place of one that has it.
	CloseAtomicallyReplace() error
	// Cleanup removes the file if it did not get its name, and may be called
	// after it did.
	Cleanup() error
}

// Create opens a file beside the place that it is to take, so that a place that
// cannot be written to shows at once. The permissions are before the umask,
// unless nobody but the owner has any: those are kept as they are.
func Create(path string, perm fs.FileMode) (File, error) { return create(path, perm) }

// WriteNew writes a file that must not be there yet: the error is
// [fs.ErrExist] when it is.
func WriteNew(path string, content []byte, perm fs.FileMode) (err error) {
	f, err := Create(path, perm)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Cleanup()) }()
	if _, err := f.Write(content); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	err = os.Link(f.Name(), path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	// Not every file system has second names.
	if _, err := os.Lstat(path); err == nil {
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	return f.CloseAtomicallyReplace()
}
