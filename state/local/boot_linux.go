package local

import (
	"os"
	"strings"
)

// Boot implements [FS].
func (OS) Boot() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}
