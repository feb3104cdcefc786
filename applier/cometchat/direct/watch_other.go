//go:build !unix

package direct

import (
	"net"
	"time"
)

// watch looks after a connection while it is idle.
type watch struct{ line net.Conn }

func newWatch(line net.Conn) *watch { return &watch{line} }

// stands reports whether the other side has left the idle connection alone: it
// was not closed, and nothing came that nobody asked for.
func (w *watch) stands() bool {
	// What has come is there at once; nothing else would be waited for.
	if w.line.SetReadDeadline(time.Now().Add(time.Millisecond)) != nil {
		return false
	}
	_, err := w.line.Read(make([]byte, 1))
	timeout, ok := err.(net.Error)
	return ok && timeout.Timeout() && w.line.SetReadDeadline(time.Time{}) == nil
}
