//go:build unix

package local

import (
	"errors"
	"syscall"
)

// alive reports whether there is a process with the id. Signal 0 is sent to
// nobody; that it must not be sent says that there is somebody.
func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
