package main

import (
	"os"
	"runtime"
	"runtime/debug"
)

// The collector runs often while the program is young: with a heap of a few
// megabytes that costs next to nothing, and most runs need no more than that.
// One that goes on for long gets the usual pace, at which a collection is rarer
// than memory is large.
const (
	youngPercent  = 20
	usualPercent  = 100
	youngLifetime = 40 // collections
)

// paceCollector sets the collector's pace, unless GOGC does. The program's youth
// may be ended early.
func paceCollector() (endYouth func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	debug.SetGCPercent(youngPercent)
	endYouth = func() { debug.SetGCPercent(usualPercent) }
	afterCollections(youngLifetime, endYouth)
	return endYouth
}

// afterCollections calls f once the collector has run n times.
func afterCollections(n int, f func()) {
	if n == 0 {
		f()
		return
	}
	// Nothing holds on to it, so that the next collection cleans it up.
	type garbage struct{ _ [4]uintptr }
	runtime.AddCleanup(new(garbage), func(left int) { afterCollections(left, f) }, n-1)
}
