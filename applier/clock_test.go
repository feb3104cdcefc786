package applier

import (
	"testing"
	"time"

	"github.com/sowdev/sow/state"
)

// TestClockJumps has the two clocks drift apart by hours in the middle of an
// apply, forwards and backwards, as when a laptop sleeps or somebody sets the
// clock. Nothing is taken for too early, for somebody else's or for lost.
func TestClockJumps(t *testing.T) {
	for _, jump := range []time.Duration{8 * time.Hour, -8 * time.Hour, 400 * 24 * time.Hour, -400 * 24 * time.Hour} {
		t.Run(jump.String(), func(t *testing.T) {
			inWorld(t, quirks{}, func(w *world) {
				var skew time.Duration
				w.opts.Skew = func() time.Duration { return skew }
				w.small()
				// The last message is of this very moment.
				last := w.data.Conversations[0]
				now := *last.Starts
				now.Seconds = restart.Add(-5 * time.Minute).Unix()
				last.Starts = &now
				w.app.faults = func(op string, n int) fault {
					if op == "send" && n == 3 {
						skew = -jump
						return fault{kind: "after"} // the connection did not outlive the sleep
					}
					return fault{}
				}
				w.mustComplete(w.apply())
				w.mustBeSeeded()
				for uid := range w.app.users {
					if w.origin(uid) != state.Created {
						t.Errorf("%s is %s", uid, w.origin(uid))
					}
				}
			})
		})
	}
}

// TestMachineSleeps has the machine sleep for hours while requests are under
// way: their answers come late, or not at all.
func TestMachineSleeps(t *testing.T) {
	for _, kind := range []string{"slow", "before", "after"} {
		t.Run(kind, func(t *testing.T) {
			inWorld(t, quirks{settle: 3 * time.Second}, func(w *world) {
				w.small()
				w.opts.Parallelism = 4
				w.app.faults = func(op string, n int) fault {
					if op != "send" || n != 5 {
						return fault{}
					}
					return fault{kind: kind, delay: 8 * time.Hour}
				}
				w.mustComplete(w.apply())
				w.mustBeSeeded()
			})
		})
	}
}
