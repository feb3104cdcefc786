package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sowdev/sow/applier/emulator"
	"github.com/sowdev/sow/applier/figures"
)

// TestKillWrites kills each command that writes, at a random time or with its
// nth system call that changingCalls a file, and holds that what it leaves behind is
// whole, old or new, and that the next apply ends with every message in the app
// exactly once.
func TestKillWrites(t *testing.T) {
	t.Parallel()
	commands, seed := killings(), drawnSeed()
	var counts figures.Figures
	ok := t.Run("commands", func(t *testing.T) {
		for n := range *writeKills {
			c, seed := commands[n%len(commands)], seed+uint64(n)
			t.Run(fmt.Sprintf("%s/seed=%d", c.name, seed), func(t *testing.T) {
				t.Parallel()
				c.kill(newKiller(t, seed, &counts))
			})
		}
	})
	if !ok {
		t.Fatalf("to see this again: go test ./cmd/sow -run TestKillWrites -write-kills %d -kill-seed %d", *writeKills, seed)
	}
	save(t, &counts)
}

// killing is a command and how it is killed.
type killing struct {
	name string
	kill func(k *killer)
}

// killings are of all commands that write.
func killings() []killing {
	return []killing{
		{"apply", (*killer).apply}, {"edits and deletes", (*killer).edit}, {"saved plan", (*killer).savedPlan},
		{"destroy", (*killer).destroy}, {"apply in the emulator", (*killer).inEmulator}, {"emulator", (*killer).emulator},
		{"apply --refresh", (*killer).refresh}, {"shard", (*killer).shard}, {"state merge", (*killer).merge},
		{"force-unlock", (*killer).forceUnlock}, {"plan", (*killer).plan}, {"plan --refresh", (*killer).planRefreshed},
		{"plan --shards", (*killer).planShards}, {"init", (*killer).init}, {"fmt", (*killer).fmt},
	}
}

func newKiller(t *testing.T, seed uint64, counts *figures.Figures) *killer {
	return &killer{t: t, random: rand.New(rand.NewPCG(seed, 6)), seed: seed, counts: counts, longest: 300 * time.Millisecond}
}

// killer runs sow and kills it.
type killer struct {
	t       *testing.T
	random  *rand.Rand
	seed    uint64
	counts  *figures.Figures
	longest time.Duration // after which a run is killed at the latest
}

// changingCalls are the system calls that change what is on the disk, by the names
// that they have on the systems that strace knows.
const changingCalls = "/^(write|pwrite64|writev|fsync|fdatasync|openat|creat|rename|renameat|renameat2|unlink|unlinkat|link|linkat|ftruncate|mkdirat|mkdir|flock)$"

// canTrace reports whether a process can be killed by system call.
func canTrace() bool { return exec.Command("strace", "-qq", "-o", os.DevNull, "true").Run() == nil }

// kill runs the command until it is killed or ends, and reports how it ended.
func (k *killer) kill(cmd *exec.Cmd) (killed bool) {
	k.t.Helper()
	after := time.Duration(k.random.Int64N(int64(k.longest)))
	bySyscall := k.trace(cmd)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	if !bySyscall {
		defer time.AfterFunc(after, func() { cmd.Process.Kill() }).Stop()
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		k.t.Fatal(err)
	}
	code := cmd.ProcessState.ExitCode()
	killed = code < 0
	k.count(killed, bySyscall)
	if !killed && code != 0 && code != 6 {
		k.t.Fatalf("exit code %d:\n%s", code, &output)
	}
	if strings.Contains(output.String(), canary) {
		k.t.Fatalf("the key was printed:\n%s", &output)
	}
	return killed
}

// trace makes every other command one that is killed with its nth system call
// that changes a file.
func (k *killer) trace(cmd *exec.Cmd) (bySyscall bool) {
	nth := 1 + k.random.IntN(1+k.random.IntN(80))
	if k.random.IntN(2) != 0 {
		return false
	}
	if !canTrace() {
		k.t.Log("strace is not there or not allowed: killing by time alone")
		return false
	}
	path, err := exec.LookPath("strace")
	if err != nil {
		k.t.Fatal(err)
	}
	// With -D it is the child of its child, so that whoever stops the process stops
	// sow.
	cmd.Path, cmd.Args = path, append([]string{"strace", "-D", "-f", "-qq", "-o", os.DevNull, "-e", "trace=" + changingCalls,
		"-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", changingCalls, nth)}, cmd.Args...)
	return true
}

func (k *killer) count(killed, bySyscall bool) {
	k.counts.Add("runs", 1)
	switch {
	case killed && bySyscall:
		k.counts.Add("kills by system call", 1)
	case killed:
		k.counts.Add("kills by time", 1)
	}
}

// must runs a command that has to end well.
func (k *killer) must(cmd *exec.Cmd) string {
	k.t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		k.t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	return string(out)
}

// seeding are the flags of an apply that is not to be waited for.
func seeding(args ...string) []string {
	return append(args, "--auto-approve", "--parallelism", "8", "--doubt-window", "500ms", "--receipt", "receipt", "--events", "events")
}

var applying = seeding("apply", "--allow-deletes", "--force")

// finish applies until all is done, and holds the app and the state against the
// dataset.
func (k *killer) finish(h *history, d dataset) {
	k.t.Helper()
	k.notes(h.dir)
	k.must(h.command(applying...))
	k.notes(h.dir)
	h.verify(d)
	k.tidy(h.dir)
}

// notes makes sure that what a run writes down of itself can be read, and holds
// no key. Events are a stream, so the last one may be torn.
func (k *killer) notes(dir string) {
	k.t.Helper()
	k.keyless(dir)
	k.lines(filepath.Join(dir, "receipt"), true)
	k.lines(filepath.Join(dir, "events"), false)
}

// passing are the ends of the names of files that are there for a while only.
var passing = []string{".part", ".new", ".journal", ".lock"}

// tidy makes sure that nothing is left of the runs that were killed.
func (k *killer) tidy(dir string) {
	k.t.Helper()
	for _, name := range names(k.t, dir) {
		if slices.Contains(passing, filepath.Ext(name)) {
			k.t.Errorf("%s is left", name)
		}
	}
}

func names(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// keyless makes sure that the key is in no file.
func (k *killer) keyless(dir string) {
	k.t.Helper()
	if file, err := findKey(dir); err != nil || file != "" {
		k.t.Fatalf("the key is in %s (%v)", file, err)
	}
}

// lines makes sure that a file of JSON, if it is there, is whole.
func (k *killer) lines(path string, whole bool) {
	k.t.Helper()
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		k.t.Fatal(err)
	}
	for line := range bytes.Lines(content) {
		torn := !bytes.HasSuffix(line, []byte("\n"))
		if torn && whole || !torn && !json.Valid(line) {
			k.t.Fatalf("%s is torn: %s", path, content)
		}
	}
}

func (k *killer) apply() {
	h := inApp(k.t, k.seed)
	d := h.declare(0)
	k.kill(h.command(applying...))
	k.finish(h, d)
}

func (k *killer) edit() {
	h := inApp(k.t, k.seed)
	h.declare(0)
	k.must(h.command(applying...))
	d := h.declare(1)
	h.edited = true
	k.kill(h.command(applying...))
	if k.random.IntN(2) == 0 { // they change their mind
		d = h.declare(0)
	}
	k.finish(h, d)
}

func (k *killer) savedPlan() {
	h := inApp(k.t, k.seed)
	d := h.declare(0)
	k.must(h.command("plan", "--out", "saved.plan"))
	killed := k.kill(h.command(seeding("apply", "saved.plan")...))
	k.finish(h, d)
	if out, err := h.command("apply", "saved.plan").CombinedOutput(); err == nil || !strings.Contains(string(out), "stale") {
		k.t.Errorf("the plan was taken twice (killed: %t): %v\n%s", killed, err, out)
	}
}

func (k *killer) destroy() {
	h := inApp(k.t, k.seed)
	d := h.declare(0)
	k.must(h.command(applying...))
	h.edited = true
	k.kill(h.command(seeding("destroy")...))
	if k.random.IntN(2) == 0 { // else they change their mind
		k.must(h.command(seeding("destroy")...))
		if left := h.server.Snapshot().Messages; len(left) > 0 {
			k.t.Fatalf("destroy left %d messages", len(left))
		}
	}
	k.finish(h, d)
}

// inEmulator kills the client and the app at once.
func (k *killer) inEmulator() {
	h := inApp(k.t, k.seed) // only its folder
	d := h.declare(0)
	args := []string{"apply", "--emulator", "--auto-approve", "--doubt-window", "4s"}
	k.kill(h.command(args...))
	k.keyless(h.dir)
	k.must(h.command(args...))
	k.holdsData(filepath.Join(h.dir, ".sow", "emulator"), killApp, d)
	k.must(h.command("plan", "--emulator", "--detailed-exitcode"))
	k.tidy(filepath.Join(h.dir, ".sow", "emulator"))
}

// holdsData holds the data that an emulator has left against a dataset.
func (k *killer) holdsData(dir, appID string, d dataset) {
	k.t.Helper()
	app, err := emulator.New(emulator.Options{Dir: dir, AppID: appID})
	if err != nil {
		k.t.Fatal(err)
	}
	defer app.Close()
	holds(k.t, app.Snapshot(), d, true)
}

// emulator kills the app while it is being seeded.
func (k *killer) emulator() {
	h := inApp(k.t, k.seed) // only its folder
	d := h.declare(0)
	data := filepath.Join(h.dir, "data")
	app := func() *exec.Cmd {
		cmd := exec.Command(sowPath(), "emulator", "--addr", "127.0.0.1:0", "--data", data, "--quirk", "message_settle_time=0s")
		cmd.Dir, cmd.Env = h.dir, append(os.Environ(), "COMETCHAT_API_KEY="+canary, "COMETCHAT_APP_ID="+killApp)
		return cmd
	}
	serve := func(cmd *exec.Cmd) (p *running, up bool) {
		p, err := launch(cmd.Dir, cmd.Env, cmd.Path, cmd.Args[1:]...)
		if err != nil {
			k.t.Fatal(err)
		}
		k.t.Cleanup(p.stop)
		match, err := p.stdout.await(regexp.MustCompile(`COMETCHAT_ENDPOINT=(\S+)\n`), p.done)
		if err != nil {
			return p, false
		}
		h.url = match[1]
		return p, true
	}
	cmd := app()
	bySyscall := k.trace(cmd)
	if p, up := serve(cmd); up {
		run, err := launch(h.dir, h.command().Env, sowPath(), applying...)
		if err != nil {
			k.t.Fatal(err)
		}
		k.t.Cleanup(run.stop)
		patience := time.After(time.Duration(k.random.Int64N(int64(k.longest))))
		if bySyscall {
			patience = time.After(2 * time.Second)
		}
		select {
		case <-p.done:
		case <-run.done:
		case <-patience:
		}
		p.stop()
		run.stop()
		k.count(true, false)
	}
	k.count(true, bySyscall)
	p, up := serve(app())
	if !up {
		k.t.Fatalf("the emulator does not start again:\n%s", p.both)
	}
	k.must(h.command(applying...))
	p.stop()
	k.holdsData(data, killApp, d)
	k.tidy(data)
}
