package main

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"github.com/sowdev/sow/cmd/internal/generate"
)

// usage is what one run of a process cost.
type usage struct {
	wall    time.Duration
	cpu     time.Duration // user and system
	peak    int64         // bytes of resident memory
	written int64         // bytes given to the file system; 0 where that is not known
	allocations
}

// step is one thing to measure.
type step struct {
	operation operation
	// before prepares a run and returns what to measure.
	before func() (process, error)
	// after looks at what a run left behind; may be nil.
	after func() error
}

// plainly is a step that needs no preparation.
func plainly(o operation, p process) step {
	return step{operation: o, before: func() (process, error) { return p, nil }}
}

// measure runs the steps in turns, so that what slows the machine down for a
// while slows down all of them, and keeps the median of each figure. In a turn
// before the others, what sow allocates is counted: that hardly differs between
// runs, and the files are in the system's cache from then on. The short form
// has no other turn, and no floors. A command that fails ends the benchmark:
// its figures would mean nothing.
func (b *benchmark) measure(d generate.Dataset, steps ...step) error {
	turns := b.runs
	if d.Messages >= many {
		turns = 1
	}
	return b.measureIn(turns, d, steps...)
}

// many is from where on messages are so many that once has to do, and their
// allocations are not counted.
const many = 1_000_000

// measureIn is measure with that many turns.
func (b *benchmark) measureIn(turns int, d generate.Dataset, steps ...step) error {
	counted := make([]usage, len(steps))
	runs := make([][]usage, len(steps))
	if d.Messages < many {
		for i, s := range steps {
			if s.operation.isFloor() {
				continue
			}
			var err error
			if counted[i], err = s.run(b.counted); err != nil {
				return fmt.Errorf("%s of %s: %w", s.operation, d, err)
			}
		}
	}
	if b.short {
		turns = 0
	}
	for range turns {
		for i, s := range steps {
			u, err := s.run(func(p process) (usage, error) { return run(p.command()) })
			if err != nil {
				return fmt.Errorf("%s of %s: %w", s.operation, d, err)
			}
			runs[i] = append(runs[i], u)
		}
	}
	for i, s := range steps {
		cost := counted[i]
		if turns > 0 {
			cost = medians(runs[i])
			cost.allocations = counted[i].allocations
		}
		if cost.wall > 0 {
			b.found.add(s.operation, d, cost)
		}
	}
	return nil
}

// run measures the step once, its preparations and its end left aside.
func (s step) run(how func(process) (usage, error)) (usage, error) {
	p, err := s.before()
	if err != nil {
		return usage{}, err
	}
	u, err := how(p)
	if err == nil && s.after != nil {
		err = s.after()
	}
	return u, err
}

func run(cmd *exec.Cmd) (usage, error) {
	// What it prints is thrown away: a process's peak counts what its parent held
	// when it was started.
	var output bytes.Buffer
	cmd.Stderr = &output
	start := time.Now()
	err := cmd.Run()
	wall := time.Since(start)
	if err != nil {
		return usage{}, fmt.Errorf("%s: %w\n%s", cmd, err, output.Bytes())
	}
	used := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return usage{
		wall:    wall,
		cpu:     cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(),
		peak:    peakOf(used),
		written: writtenBy(used),
	}, nil
}

func medians(all []usage) usage {
	return usage{
		wall:    median(all, func(u usage) time.Duration { return u.wall }),
		cpu:     median(all, func(u usage) time.Duration { return u.cpu }),
		peak:    median(all, func(u usage) int64 { return u.peak }),
		written: median(all, func(u usage) int64 { return u.written }),
	}
}

// median is the middle of the figures, the larger one of two.
func median[F any, T cmp.Ordered](all []F, figure func(F) T) T {
	values := make([]T, len(all))
	for i, one := range all {
		values[i] = figure(one)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// growth is the exponent k for which a cost grows as size^k between two sizes.
func growth(size1 int, cost1 float64, size2 int, cost2 float64) float64 {
	return math.Log(cost2/cost1) / math.Log(float64(size2)/float64(size1))
}

// sizeOf is the size of files, in bytes. A missing one has none.
func sizeOf(paths ...string) (size int64) {
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil {
			size += info.Size()
		}
	}
	return size
}
