//go:build !linux

package main

import "syscall"

// peakOf is the resident memory that a process needed, in bytes, as Darwin
// counts it.
func peakOf(r *syscall.Rusage) int64 { return r.Maxrss }

// writtenBy is not known here.
func writtenBy(*syscall.Rusage) int64 { return 0 }
