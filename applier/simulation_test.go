package applier

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sowdev/sow/applier/figures"
	"github.com/sowdev/sow/state/local/faultfs"
)

var (
	seeds       = flag.Int("seeds", 100, "how many histories the simulation walks")
	seed        = flag.Uint64("seed", 0, "the one history to walk")
	figuresFile = flag.String("figures", "", "a `file` that gets the counts of what was tried")
)

// Simulate walks random datasets under random behaviours of the app, faults of
// the network and of the disk, crashes and changes of mind. Whatever happens,
// applying again ends with every message in the app exactly once, in order, and
// the state agreeing.
//
// One seed is one history: it decides the dataset, the app, every fault, the
// order in which requests arrive and the moment of every crash. What is left to
// the runtime is which of two goroutines goes first that wake at the same
// nanosecond of the virtual clock. Most histories are walked in the arena that
// is given; some in the fake app of this package, which was written by somebody
// else.
//
// A history that breaks a promise is told with its seed, cut down to the steps
// that it needs.
func Simulate(t *testing.T, arena func(r *rand.Rand) Arena) {
	choose := func(r *rand.Rand) Arena {
		if r.IntN(4) == 0 {
			return fakeArena{newFake(behave(r))}
		}
		return arena(r)
	}
	first, last := uint64(1), uint64(*seeds)
	if testing.Short() {
		last = min(last, 40)
	}
	if *seed != 0 {
		first, last = *seed, *seed
	}
	var (
		counts figures.Figures
		broken atomic.Bool
	)
	t.Run("seeds", func(t *testing.T) {
		for s := first; s <= last; s++ {
			t.Run(fmt.Sprint(s), func(t *testing.T) {
				t.Parallel()
				if broken.Load() {
					return // one broken history is enough to read
				}
				script := newScript(s)
				why, notes := script.walk(t, choose, &counts)
				counts.Add("seeds", 1)
				if why == "" {
					return
				}
				counts.Add("violations", 1)
				broken.Store(true)
				script.report(t, choose, why, notes)
			})
		}
	})
	counts.Add("violations", 0)
	t.Log(&counts)
	if err := counts.Save(*figuresFile, "TestSimulation"); err != nil {
		t.Error(err)
	}
}

// script is a history before it is walked.
type script struct {
	seed  uint64
	steps []step
}

// step is one thing that happens. What else is random about it follows from its
// seed, so that it stays the same when other steps are left out.
type step struct {
	act   act
	seed  uint64
	share float64 // of the requests that fail
	end   end
}

// act is what is done.
type act string

const (
	actApply   act = "apply"
	actDestroy act = "destroy"
	actRefresh act = "apply --refresh"
	actEdit    act = "edit"
	actWait    act = "wait"
	actReboot  act = "the machine loses power"
)

// end is what becomes of an apply or a destroy.
type end string

const (
	endItself    end = "goes to its end"
	endStop      end = "is told to stop"
	endAbort     end = "is told to stop at once"
	endKill      end = "is killed"
	endPower     end = "loses power"
	endDiskKill  end = "is killed in the middle of writing"
	endDiskPower end = "loses power in the middle of writing"
	endDiskError end = "has an error of the disk"
	endDiskFull  end = "has a full disk"
)

func newScript(seed uint64) script {
	r := rand.New(rand.NewPCG(seed, 2))
	s := script{seed: seed}
	for range 1 + r.IntN(9) {
		st := step{
			act:   pick(r, actApply, actApply, actApply, actEdit, actEdit, actWait, actDestroy, actReboot, actRefresh),
			seed:  r.Uint64(),
			share: pick(r, 0, 0.05, 0.3),
			end: pick(r, endItself, endItself, endStop, endAbort, endKill, endKill, endPower, endPower,
				endDiskKill, endDiskPower, endDiskError, endDiskFull),
		}
		if st.act == actDestroy && r.IntN(2) == 0 {
			st.act = actApply
		}
		s.steps = append(s.steps, st)
	}
	return s
}

// walk goes through the history, and returns how it broke a promise, or "", and
// what happened on the way.
func (s script) walk(t *testing.T, arena func(r *rand.Rand) Arena, counts *figures.Figures) (why string, notes []string) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(restart))
		try := &attempt{TB: t}
		r := rand.New(rand.NewPCG(s.seed, 1))
		h := &history{
			world:  &world{TB: try, arena: arena(r), disk: faultfs.New("/data"), data: newDataset()},
			Rand:   r,
			ever:   make(map[string]bool),
			counts: counts,
		}
		defer func() {
			notes = append(notes, h.arena.String())
			notes = append(notes, h.told()...)
			counts.AddAll("network fault: ", h.arena.Injected())
			h.arena.Close()
			if p := recover(); p != nil && p != any(try) {
				panic(p)
			}
			why = try.why
		}()
		h.compose()
		for _, st := range s.steps {
			h.take(st)
		}
		h.Rand = rand.New(rand.NewPCG(s.seed, 3))
		h.calm()
	})
	return why, notes
}

// report tells of a history that broke a promise: cut down, or as it was where
// chance had a part in it.
func (s script) report(t *testing.T, arena func(r *rand.Rand) Arena, why string, notes []string) {
	var nobody figures.Figures
	small := s.shrink(func(c script) bool {
		broken, _ := c.walk(t, arena, &nobody)
		return broken != ""
	})
	if short, again := small.walk(t, arena, &nobody); short != "" {
		why, notes = fmt.Sprintf("%s\n%d of %d steps are enough:", short, len(small.steps), len(s.steps)), again
	} else {
		why += "\nIt does not repeat: it takes a certain order of goroutines that wake at once. What happened:"
	}
	t.Error(why)
	for _, note := range notes {
		t.Log(note)
	}
	t.Logf("the whole history again:\n  go test ./applier -run TestSimulation -seed %d", s.seed)
}

// shrinkTries bounds how often a history is walked to make it shorter.
const shrinkTries = 200

// shrink leaves out steps, faults and crashes as long as the history stays
// broken.
func (s script) shrink(broken func(script) bool) script {
	tries := 0
	accept := func(c script) bool {
		if tries++; tries > shrinkTries || !broken(c) {
			return false
		}
		s = c
		return true
	}
	for again := true; again; {
		again = false
		for i := len(s.steps) - 1; i >= 0; i-- {
			without := s
			without.steps = slices.Delete(slices.Clone(s.steps), i, i+1)
			if accept(without) {
				again = true
				continue
			}
			for _, plainer := range []func(*step){
				func(st *step) { st.share, st.end = 0, endItself },
				func(st *step) { st.share = 0 },
				func(st *step) { st.end = endItself },
			} {
				with := s
				with.steps = slices.Clone(s.steps)
				plainer(&with.steps[i])
				if with.steps[i] != s.steps[i] && accept(with) {
					again = true
				}
			}
		}
	}
	return s
}

// attempt is a test that ends at the first mistake without failing, so that it
// can be made again with less.
type attempt struct {
	testing.TB
	why string
}

func (a *attempt) Fatalf(format string, args ...any) {
	a.why = fmt.Sprintf(format, args...)
	panic(a)
}

func (a *attempt) Errorf(format string, args ...any) { a.Fatalf(format, args...) }
func (a *attempt) Fatal(args ...any)                 { a.Fatalf("%s", fmt.Sprint(args...)) }
func (a *attempt) Error(args ...any)                 { a.Fatalf("%s", fmt.Sprint(args...)) }
func (a *attempt) Failed() bool                      { return a.why != "" }
