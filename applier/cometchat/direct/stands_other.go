//go:build !unix

package direct

import (
	"net"
	"time"
)

// stands reports whether an idle connection was left alone by the other side:
// it was not closed, and nothing came that nobody asked for.
func stands(line net.Conn) bool {
	// What has come is there at once; nothing else would be waited for.
	if line.SetReadDeadline(time.Now().Add(time.Millisecond)) != nil {
		return false
	}
	_, err := line.Read(make([]byte, 1))
	timeout, ok := err.(net.Error)
	return ok && timeout.Timeout() && line.SetReadDeadline(time.Time{}) == nil
}
