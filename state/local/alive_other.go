//go:build !unix

package local

import "os"

// alive reports whether there is a process with the id: on systems that hand
// out handles, finding it opens one.
func alive(pid int) bool {
	process, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	_ = process.Release() // only the handle
	return true
}
