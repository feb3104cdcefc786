package local

import (
	"errors"
	"io/fs"
	"syscall"

	"github.com/sowdev/sow/state"
)

// access says what could not be done, and what to do about it.
func access(doing, path string, err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err // the path is said once
	}
	return &state.AccessError{Doing: doing, Path: path, Err: err, Next: advice(err)}
}

func advice(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "Free some space and run again: everything recorded so far is kept"
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return "The state, its journal and its lock are written into this folder: make it writable, or keep the state elsewhere with --state FILE"
	case errors.Is(err, fs.ErrNotExist):
		return "Create the folder first, or keep the state elsewhere with --state FILE"
	case errors.Is(err, syscall.ENOLCK), errors.Is(err, syscall.ENOTSUP):
		return "This file system has no locks: keep the state elsewhere with --state FILE"
	case errors.Is(err, syscall.EIO):
		return "The disk reports an error: check it, then run again; everything recorded before is kept"
	}
	return ""
}
