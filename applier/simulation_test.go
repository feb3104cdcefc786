package applier

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sowdev/sow/applier/figures"
	"github.com/sowdev/sow/state/local/faultfs"
)

var (
	seeds       = flag.Int("seeds", 100, "how many histories the simulation walks")
	from        = flag.Uint64("from", 1, "the first of them")
	seed        = flag.Uint64("seed", 0, "the one history to walk")
	repeats     = flag.Int("repeats", 50, "how many histories are walked twice")
	figuresFile = flag.String("figures", "", "a `file` that gets the counts of what was tried")
)

// Simulate walks random datasets under random behaviours of the app, faults of
// the network and of the disk, crashes and changes of mind. Whatever happens,
// applying again ends with every message in the app exactly once, in order, and
// the state agreeing.
//
// One seed is one history: it decides the dataset, the app, every fault, how
// long every request and every record takes and so in which order they come,
// and the moment of every crash. What becomes able to go on at the same
// nanosecond of the virtual clock goes on in its turn, on one processor; see
// [Repeat] for how far that holds. Most histories are walked in the arena that
// is given; some in the fake app of this package, which was written by somebody
// else.
//
// A history that breaks a promise is told with its seed, cut down to the steps
// that it needs.
func Simulate(t *testing.T, arena func(r *rand.Rand) Arena) {
	choose := chosen(arena)
	n := uint64(*seeds)
	if testing.Short() {
		n = min(n, 40)
	}
	first, last := *from, *from+n-1
	if *seed != 0 {
		first, last = *seed, *seed
	}
	onOneProcessor(t)
	var counts figures.Figures
	for s := first; s <= last && !t.Failed(); s++ { // one broken history is enough to read
		script := newScript(s)
		why, told := script.walk(t, choose, &counts)
		counts.Add("seeds", 1)
		if why != "" {
			counts.Add("violations", 1)
			script.report(t, choose, why, told)
		}
	}
	counts.Add("violations", 0)
	t.Log(&counts)
	if err := counts.Save(*figuresFile, "TestSimulation"); err != nil {
		t.Error(err)
	}
}

// chosen takes some of the histories to the fake app.
func chosen(arena func(r *rand.Rand) Arena) func(r *rand.Rand) Arena {
	return func(r *rand.Rand) Arena {
		if r.IntN(4) == 0 {
			return newFakeArena(r)
		}
		return arena(r)
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
func (s script) walk(t *testing.T, arena func(r *rand.Rand) Arena, counts *figures.Figures) (why string, told *chronicle) {
	told = new(chronicle)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(restart))
		try := &attempt{TB: t}
		r := rand.New(rand.NewPCG(s.seed, 1))
		h := &history{
			world:  &world{TB: try, arena: arena(r), disk: faultfs.New("/data"), data: newDataset()},
			Rand:   r,
			ever:   make(map[string]bool),
			counts: counts,
			told:   told,
			lapses: NewLapses(s.seed),
		}
		h.note("%s", h.arena)
		h.disk.OnOp(h.witness(nil))
		h.arena.Watch(told.trace)
		defer func() {
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
	return why, told
}

// report tells of a history that broke a promise, cut down; with -v, every
// request and every operation of the disk, too.
func (s script) report(t *testing.T, arena func(r *rand.Rand) Arena, why string, told *chronicle) {
	var nobody figures.Figures
	small := s.shrink(func(c script) bool {
		broken, _ := c.walk(t, arena, &nobody)
		return broken != ""
	})
	if short, again := small.walk(t, arena, &nobody); short != "" {
		why, told = fmt.Sprintf("%s\n%d of %d steps are enough:", short, len(small.steps), len(s.steps)), again
	} else {
		why += "\nIt does not repeat, which a history should; see Repeat. What happened:"
	}
	t.Error(why)
	lines := told.notes()
	if testing.Verbose() {
		lines = told.lines()
	}
	for _, line := range lines {
		t.Log(line)
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

// Repeat walks histories twice, the second time from the last one to the first,
// and holds the two chronicles of each against each other: every request and
// answer, every operation of the disk, and every outcome, at the same nanosecond.
//
// What the seed cannot decide is when the runtime takes the processor away from a
// goroutine that does not give it up by itself; that matters only where another
// one could go on at the very same instant, and one history in fifty may part
// for it. Under the race detector the runtime shuffles what is able to go on.
func Repeat(t *testing.T, arena func(r *rand.Rand) Arena) {
	if underRaceDetector() {
		t.Skip("the race detector shuffles goroutines")
	}
	n := uint64(*repeats)
	if testing.Short() {
		n = min(n, 20)
	}
	onOneProcessor(t)
	choose := chosen(arena)
	var nobody figures.Figures
	once := make([]*chronicle, n)
	for s := range n {
		_, once[s] = newScript(s+1).walk(t, choose, &nobody)
	}
	var parted []string
	for s := n; s > 0; s-- {
		_, twice := newScript(s).walk(t, choose, &nobody)
		if apart := parting(once[s-1].lines(), twice.lines()); apart != "" {
			parted = append(parted, fmt.Sprintf("seed %d parts %s", s, apart))
		}
	}
	t.Logf("%d of %d histories repeat", n-uint64(len(parted)), n)
	if uint64(len(parted)) > (n+49)/50 {
		t.Errorf("%d histories do not repeat:\n%s", len(parted), strings.Join(parted, "\n"))
	}
}

func underRaceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// onOneProcessor lets no two goroutines run at once, so that those that could
// run in the order in which they became able to.
func onOneProcessor(t *testing.T) {
	before := runtime.GOMAXPROCS(1)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
}
