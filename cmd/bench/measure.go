package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

// usage is what one run of a process cost.
type usage struct {
	wall time.Duration
	cpu  time.Duration // user and system
	peak int64         // bytes of resident memory
}

// measure runs a command several times and returns the median of each figure.
// A command that fails ends the benchmark: its figures would mean nothing.
func measure(runs int, command func() *exec.Cmd) (usage, error) {
	var all []usage
	for range runs {
		u, err := run(command())
		if err != nil {
			return usage{}, err
		}
		all = append(all, u)
	}
	return usage{
		wall: median(all, func(u usage) time.Duration { return u.wall }),
		cpu:  median(all, func(u usage) time.Duration { return u.cpu }),
		peak: median(all, func(u usage) int64 { return u.peak }),
	}, nil
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
		wall: wall,
		cpu:  cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(),
		peak: used.Maxrss * maxrssUnit,
	}, nil
}

func median[T int64 | time.Duration](all []usage, figure func(usage) T) T {
	values := make([]T, len(all))
	for i, u := range all {
		values[i] = figure(u)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// growth is the exponent k for which cost grows as size^k between two sizes.
func growth(size1 int, cost1 time.Duration, size2 int, cost2 time.Duration) float64 {
	return math.Log(float64(cost2)/float64(cost1)) / math.Log(float64(size2)/float64(size1))
}

func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}
