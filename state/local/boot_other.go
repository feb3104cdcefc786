//go:build !linux && !darwin

package local

// Boot implements [FS].
func (OS) Boot() string { return "" }
