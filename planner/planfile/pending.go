//go:build !windows

package planfile

import "github.com/google/renameio/v2"

// newPending opens a file, for its owner alone, that takes the name path once
// it is whole.
func newPending(path string) (*renameio.PendingFile, error) {
	return renameio.NewPendingFile(path, renameio.WithStaticPermissions(0o600))
}
