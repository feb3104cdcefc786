//go:build unix

package direct

import (
	"net"
	"syscall"
)

// stands reports whether an idle connection was left alone by the other side:
// it was not closed, and nothing came that nobody asked for.
func stands(line net.Conn) bool {
	c, ok := line.(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	alone := false
	err = raw.Read(func(fd uintptr) bool {
		var one [1]byte
		_, _, e := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		alone = e == syscall.EAGAIN || e == syscall.EWOULDBLOCK
		return true
	})
	return err == nil && alone
}
