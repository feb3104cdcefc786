// Package wholefile writes files that appear whole or not at all.
//
// Until it is whole, a file is beside its place under a name that begins with a
// dot and ends in ".part". One that a killed run left there is removed by the next
// run that writes the same file.
package wholefile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// File is a file that has no name yet. Cleanup must be called.
type File interface {
	io.Writer
	// Chmod sets the permissions, without a umask.
	Chmod(fs.FileMode) error
	// CloseAtomicallyReplace brings what was written to the disk and gives the
	// file its name, in place of one that has it.
	CloseAtomicallyReplace() error
	// Cleanup removes the file if it did not get its name, and may be called
	// after it did.
	Cleanup() error
}

// Create opens a file beside the place that it is to take, so that a place that
// cannot be written to shows at once. The permissions are before the umask,
// unless nobody but the owner has any: those are kept as they are. Through a
// link, the file takes the place of the one that the link leads to. What is no
// file, such as a pipe or /dev/stdout, is written to directly.
func Create(path string, perm fs.FileMode) (File, error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return open(path)
	case err == nil:
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return nil, err
		}
	}
	p, err := begin(path, perm)
	if err != nil {
		return nil, err // a nil *pending is no nil File
	}
	return p, nil
}

// WriteNew writes a file that must not be there yet: the error is
// [fs.ErrExist] when it is.
func WriteNew(path string, content []byte, perm fs.FileMode) (err error) {
	p, err := begin(path, perm)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Cleanup()) }()
	if _, err := p.Write(content); err != nil {
		return err
	}
	if err := p.Sync(); err != nil {
		return err
	}
	err = os.Link(p.Name(), path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	// Not every file system has second names.
	if _, err := os.Lstat(path); err == nil {
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	return p.CloseAtomicallyReplace()
}

// device is what is written to directly, and has no old content to keep.
type device struct{ *os.File }

func open(path string) (File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	return device{f}, nil
}

// Chmod leaves the permissions to whoever made the device.
func (device) Chmod(fs.FileMode) error { return nil }

func (d device) CloseAtomicallyReplace() error { return d.Close() }

func (d device) Cleanup() error {
	_ = d.Close() // it is closed already when all went well
	return nil
}
