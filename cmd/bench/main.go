// Command bench measures sow beside its floors: what a program with the public
// libraries would at least have to do for the same input. Both run on the same
// machine within the same minutes, each in a process of its own, and what is
// printed are ratios: absolute times say more about the machine than about sow.
//
//	go run ./cmd/bench            everything up to 100,000 messages
//	go run ./cmd/bench -short     a few minutes less; fails when growth is not linear
//	go run ./cmd/bench -huge      a million messages as well
package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
)

func main() {
	if len(os.Args) > 1 {
		if floor, ok := floors[os.Args[1]]; ok {
			exit(floor(os.Args[2:]))
		}
	}
	var o options
	flag.BoolVar(&o.short, "short", false, "small sizes, and fail when a cost grows faster than its size")
	flag.BoolVar(&o.huge, "huge", false, "a million messages as well")
	flag.StringVar(&o.only, "only", "", "run the one table of that `name`: plan, source, apply or start")
	flag.IntVar(&o.runs, "runs", 3, "measure each command that many times and take the median")
	flag.StringVar(&o.sow, "sow", "", "the `binary` to measure; built from this module when not given")
	flag.Parse()
	exit(bench(o))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// options are the command line.
type options struct {
	short, huge bool
	only, sow   string
	runs        int
}

// maxGrowth is the exponent that a cost may grow with. Linear work measures a
// little above or below 1; quadratic work would be 2.
const maxGrowth = 1.15

func bench(o options) error {
	dir, err := os.MkdirTemp("", "sow-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &benchmark{options: o, dir: dir}
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	if b.sow = o.sow; b.sow == "" {
		b.sow = filepath.Join(dir, "sow")
		build := exec.Command("go", "build", "-o", b.sow, "github.com/sowdev/sow/cmd/sow")
		if output, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("%w\n%s", err, output)
		}
	}
	tables := []struct {
		name string
		make func() error
	}{
		{"start", b.startUp},
		{"plan", b.plans},
		{"source", b.sources},
		{"apply", b.applies},
	}
	for _, t := range tables {
		if o.only != "" && o.only != t.name {
			continue
		}
		if err := t.make(); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	return errors.Join(b.failures...)
}

// benchmark runs the tables.
type benchmark struct {
	options
	dir, self, sow string
	failures       []error
}

// sizes are the numbers of messages to plan.
func (b *benchmark) sizes() []int {
	switch {
	case b.short:
		return []int{1_000, 10_000, 50_000}
	case b.huge:
		return []int{1_000, 10_000, 100_000, 1_000_000}
	}
	return []int{1_000, 10_000, 100_000}
}

// floor is the command that runs a floor in a process of its own.
func (b *benchmark) floor(name string, args ...string) func() *exec.Cmd {
	return func() *exec.Cmd { return exec.Command(b.self, append([]string{name}, args...)...) }
}

// command is sow in dir, talking to the app at that address, if any.
func (b *benchmark) command(dir, app string, args ...string) func() *exec.Cmd {
	return func() *exec.Cmd {
		cmd := exec.Command(b.sow, args...)
		cmd.Dir = dir
		if app == "" {
			app = "http://127.0.0.1:9" // a plan asks nobody, so nobody needs to be there
		}
		cmd.Env = append(os.Environ(), "COMETCHAT_APP_ID=bench", "COMETCHAT_ENDPOINT="+app, "COMETCHAT_API_KEY="+benchKey, "NO_COLOR=1")
		return cmd
	}
}

func isClosed(err error) bool { return errors.Is(err, net.ErrClosed) }
