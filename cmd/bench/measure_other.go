//go:build !linux

package main

// maxrssUnit is what Rusage.Maxrss counts: bytes on Darwin.
const maxrssUnit = 1
