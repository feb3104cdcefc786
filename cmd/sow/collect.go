package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// The collector runs often while the program is young: with a heap of a few
// megabytes that costs next to nothing, and most runs need no more than that.
// One that goes on for long gets the usual pace, at which a collection is rarer
// than memory is large. What is over before the first collection has no youth:
// for a short run, a collection would be a good part of it.
//
// An apply has no youth. What it needs stays little for as long as it goes on, and
// each message leaves as much garbage as the one before: the collector runs half
// as often, as long as that takes no more than some room.
const (
	youngPercent  = 20
	usualPercent  = 100
	applyPercent  = 200
	youngLifetime = 40       // collections
	room          = 24 << 20 // bytes
)

// paceCollector sets the collector's pace, unless GOGC does. The program's youth
// may be ended early, and then never comes, by calling what is returned, which
// sets the pace of an apply.
func paceCollector() (applying func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	var setting sync.Mutex
	over := false
	endYouth := func() {
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
	return func() {
		endYouth()
		giveRoom()
	}
}

// giveRoom sets the pace of an apply, now and after each collection, since what
// is alive may grow.
func giveRoom() {
	alive := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	pace := usualPercent
	var adapt func()
	adapt = func() {
		metrics.Read(alive)
		fitting := uint64(applyPercent)
		if live := alive[0].Value.Uint64(); live > 0 {
			fitting = min(fitting, 100*room/live)
		}
		// To set it stops the world for a moment.
		if percent := max(usualPercent, int(fitting)); percent != pace {
			pace = percent
			debug.SetGCPercent(percent)
		}
		afterCollections(1, adapt)
	}
	adapt()
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
