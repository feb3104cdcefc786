package main

import "syscall"

// peakOf is the resident memory that a process needed, in bytes.
func peakOf(r *syscall.Rusage) int64 { return r.Maxrss * 1024 }

// writtenBy is what a process gave the file system to write, in bytes.
func writtenBy(r *syscall.Rusage) int64 { return r.Oublock * 512 }
