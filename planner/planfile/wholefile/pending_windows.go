package wholefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// pending does what renameio does elsewhere. That library leaves Windows out,
// since a rename there may fail while somebody reads the old file, which for what
// is written here is an error to show and no harm.
type pending struct {
	*os.File
	path string
}

// create leaves the permissions to the folder, which is its owner's.
func create(path string, _ fs.FileMode) (File, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path))
	if err != nil {
		return nil, err
	}
	return &pending{File: f, path: path}, nil
}

// CloseAtomicallyReplace gives the file its name.
func (p *pending) CloseAtomicallyReplace() error {
	err := p.Sync()
	if closeErr := p.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return os.Rename(p.Name(), p.path)
}

// Cleanup removes a file that did not get its name.
func (p *pending) Cleanup() error {
	_ = p.Close() // it is closed already when all went well
	if err := os.Remove(p.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
