// Package wholefile writes files that appear whole or not at all.
package wholefile

import (
	"io"
	"io/fs"
)

// File is a file that has no name yet. Cleanup must be called.
type File interface {
	io.Writer
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
