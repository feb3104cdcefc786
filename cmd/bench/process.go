package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/metrics"
	"runtime/pprof"
	"time"

	"github.com/sowdev/sow/cmd/internal/cli"
)

// process is a command to be measured: sow, or a floor.
type process struct {
	program string
	args    []string
	sow     bool
	dir     string // where sow runs
	app     string // the address of the app that sow talks to; may be empty
}

// command is how to run it.
func (p process) command() *exec.Cmd {
	cmd := exec.Command(p.program, p.args...)
	if p.sow {
		cmd.Dir, cmd.Env = p.dir, p.environ()
	}
	return cmd
}

// nobody is an address at which there is no app: a plan asks nobody.
const nobody = "http://127.0.0.1:9"

// appID is the app that everything is sent to.
const appID = "bench"

// benchKey is what the servers here accept as a key.
const benchKey = "00000000000000000000000000000000benchkey"

func (p process) environ() []string {
	app := p.app
	if app == "" {
		app = nobody
	}
	return append(os.Environ(), "COMETCHAT_APP_ID="+appID, "COMETCHAT_ENDPOINT="+app, "COMETCHAT_API_KEY="+benchKey, "NO_COLOR=1")
}

// ours is sow in dir, talking to the app at that address, if any.
func (b *benchmark) ours(dir, app string, args ...string) process {
	return process{program: b.sow, args: args, sow: true, dir: dir, app: app}
}

// floor is one of this program's other roles.
func (b *benchmark) floor(role string, args ...string) process {
	return process{program: b.self, args: append([]string{role}, args...)}
}

// counted runs the same command in a program that counts what it allocates: the
// real one tells nobody.
func (b *benchmark) counted(p process) (usage, error) {
	file := filepath.Join(b.dir, "allocations.json")
	p.program, p.args = b.self, append([]string{"sow", file}, p.args...)
	u, err := run(p.command())
	if err != nil {
		return usage{}, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return usage{}, err
	}
	return u, json.Unmarshal(text, &u.allocations)
}

// allocations are what a process has allocated on its heap from start to end.
type allocations struct {
	Objects, Bytes uint64
}

// runCounted is sow as a role of this program. The first argument is the file
// that its allocations are written to.
func runCounted(args []string) error {
	if err := runHere(args[1:], io.Discard); err != nil {
		return err
	}
	samples := []metrics.Sample{{Name: "/gc/heap/allocs:objects"}, {Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(samples)
	text, err := json.Marshal(allocations{Objects: samples[0].Value.Uint64(), Bytes: samples[1].Value.Uint64()})
	if err != nil {
		return err
	}
	return os.WriteFile(args[0], text, 0o666)
}

// runHere is sow in this process.
func runHere(args []string, stdout io.Writer) error {
	code := cli.Main(context.Background(), args, cli.Env{
		Stdin:   os.Stdin,
		Stdout:  stdout,
		Stderr:  os.Stderr,
		Environ: os.Environ(),
		Now:     time.Now,
	})
	if code != 0 {
		return fmt.Errorf("sow ended with code %d", code)
	}
	return nil
}

// profileSow is sow with profiles of where it spends its time and what it
// allocates, in DIR/cpu.pprof and DIR/allocs.pprof.
func profileSow(args []string) error {
	if len(args) < 2 {
		return errors.New("profile needs a directory for the profiles, and what sow is to do")
	}
	if err := os.MkdirAll(args[0], 0o777); err != nil {
		return err
	}
	cpu, err := os.Create(filepath.Join(args[0], "cpu.pprof"))
	if err != nil {
		return err
	}
	allocs, err := os.Create(filepath.Join(args[0], "allocs.pprof"))
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return err
	}
	err = runHere(args[1:], os.Stdout)
	pprof.StopCPUProfile()
	return errors.Join(err, pprof.Lookup("allocs").WriteTo(allocs, 0), cpu.Close(), allocs.Close())
}
