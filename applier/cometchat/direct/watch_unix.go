//go:build unix

package direct

import (
	"net"
	"syscall"
)

// watch looks after a connection while it is idle.
type watch struct {
	raw   syscall.RawConn // nil when the connection has none
	look  func(fd uintptr) (done bool)
	alone bool // what look has found
}

func newWatch(line net.Conn) *watch {
	w := new(watch)
	if c, ok := line.(syscall.Conn); ok {
		w.raw, _ = c.SyscallConn()
	}
	var one [1]byte
	w.look = func(fd uintptr) bool {
		_, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		w.alone = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK
		return true
	}
	return w
}

// stands reports whether the other side has left the idle connection alone: it
// was not closed, and nothing came that nobody asked for.
func (w *watch) stands() bool {
	if w.raw == nil {
		return true
	}
	w.alone = false
	return w.raw.Read(w.look) == nil && w.alone
}
