package local

import "golang.org/x/sys/unix"

// Boot implements [FS].
func (OS) Boot() string {
	id, err := unix.Sysctl("kern.bootsessionuuid")
	if err != nil {
		return ""
	}
	return id
}
