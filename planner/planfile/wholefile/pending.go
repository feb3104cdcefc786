//go:build !windows

package wholefile

import (
	"io/fs"

	"github.com/google/renameio/v2"
)

func create(path string, perm fs.FileMode) (File, error) {
	permissions := renameio.WithPermissions(perm)
	if perm&0o077 == 0 {
		permissions = renameio.WithStaticPermissions(perm)
	}
	f, err := renameio.NewPendingFile(path, permissions)
	if err != nil {
		return nil, err // a nil *PendingFile is no nil File
	}
	return f, nil
}
