package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"sync"
)

// The collector runs often while the program is young: with a heap of a few
// megabytes that costs next to nothing, and most runs need no more than that.
// One that goes on for long gets the usual pace, at which a collection is rarer
// than memory is large. What is over before the first collection has no youth:
// for a short run, a collection would be a good part of it.
const (
	youngPercent  = 20
	usualPercent  = 100
	youngLifetime = 40 // collections
)

// paceCollector sets the collector's pace, unless GOGC does. The program's youth
// may be ended early, and then never comes.
func paceCollector() (endYouth func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	var setting sync.Mutex
	over := false
	endYouth = func() {
		setting.Lock()
		defer setting.Unlock()
		over = true
		debug.SetGCPercent(usualPercent)
	}
	afterCollections(1, func() {
		setting.Lock()
		defer setting.Unlock()
		if !over {
			debug.SetGCPercent(youngPercent)
			afterCollections(youngLifetime, endYouth)
		}
	})
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
