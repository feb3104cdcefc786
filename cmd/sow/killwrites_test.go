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
		{"plan", (*killer).plan}, {"init", (*killer).init}, {"fmt", (*killer).fmt},
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
	bySyscall := k.random.IntN(2) == 0
	if bySyscall && !canTrace() {
		k.t.Log("strace is not there or not allowed: killing by time alone")
		bySyscall = false
	}
	after := time.Duration(k.random.Int64N(int64(k.longest)))
	nth := 1 + k.random.IntN(1+k.random.IntN(80))
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if bySyscall {
		args := append([]string{"strace", "-f", "-qq", "-o", os.DevNull, "-e", "trace=" + changingCalls,
			"-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", changingCalls, nth)}, cmd.Args...)
		path, err := exec.LookPath("strace")
		if err != nil {
			k.t.Fatal(err)
		}
		cmd.Path, cmd.Args = path, args
	}
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
	k.counts.Add("runs", 1)
	switch {
	case killed && bySyscall:
		k.counts.Add("kills by system call", 1)
	case killed:
		k.counts.Add("kills by time", 1)
	case code != 0 && code != 6:
		k.t.Fatalf("exit code %d:\n%s", code, &output)
	}
	if strings.Contains(output.String(), canary) {
		k.t.Fatalf("the key was printed:\n%s", &output)
	}
	return killed
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
	return append(args, "--auto-approve", "--parallelism", "8", "--doubt-window", "500ms", "--receipt", "receipt")
}

var applying = seeding("apply", "--allow-deletes", "--force")

// finish applies until all is done, and holds the app and the state against the
// dataset.
func (k *killer) finish(h *history, d dataset) {
	k.t.Helper()
	k.keyless(h.dir)
	k.must(h.command(applying...))
	k.receipt(filepath.Join(h.dir, "receipt"))
	h.verify(d)
}

// keyless makes sure that the key is in no file.
func (k *killer) keyless(dir string) {
	k.t.Helper()
	if file, err := findKey(dir); err != nil || file != "" {
		k.t.Fatalf("the key is in %s (%v)", file, err)
	}
}

// receipt makes sure that a receipt is whole, if there is one.
func (k *killer) receipt(path string) {
	k.t.Helper()
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		k.t.Fatal(err)
	}
	for line := range bytes.Lines(content) {
		if !json.Valid(line) {
			k.t.Fatalf("the receipt is torn: %s", content)
		}
	}
}

func (k *killer) apply() {
	h := inApp(k.t, k.seed)
	d := h.declare(0)
	k.kill(h.command(applying...))
	k.receipt(filepath.Join(h.dir, "receipt"))
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
	serve := func() *running {
		p, err := launch(h.dir, append(os.Environ(), "COMETCHAT_API_KEY="+canary, "COMETCHAT_APP_ID="+killApp), sowPath(),
			"emulator", "--addr", "127.0.0.1:0", "--data", data, "--quirk", "message_settle_time=0s")
		if err != nil {
			k.t.Fatal(err)
		}
		k.t.Cleanup(p.stop)
		match, err := p.stdout.await(regexp.MustCompile(`COMETCHAT_ENDPOINT=(\S+)\n`), p.done)
		if err != nil {
			k.t.Fatalf("%v\n%s", err, p.both)
		}
		h.url = match[1]
		return p
	}
	p := serve()
	run, err := launch(h.dir, h.command().Env, sowPath(), applying...)
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(run.stop)
	time.Sleep(time.Duration(k.random.Int64N(int64(k.longest))))
	p.stop()
	run.stop()
	k.counts.Add("runs", 2)
	k.counts.Add("kills by time", 2)
	p = serve()
	k.must(h.command(applying...))
	p.stop()
	k.holdsData(data, killApp, d)
}

func (k *killer) plan() {
	h := inApp(k.t, k.seed)
	h.declare(0)
	k.must(h.command("plan", "--out", "saved.plan"))
	before, err := os.ReadFile(filepath.Join(h.dir, "saved.plan"))
	if err != nil {
		k.t.Fatal(err)
	}
	h.declare(1)
	k.kill(h.command("plan", "--out", "saved.plan"))
	after, err := os.ReadFile(filepath.Join(h.dir, "saved.plan"))
	if err != nil {
		k.t.Fatal(err)
	}
	shown := k.must(h.command("show", "--json", "saved.plan"))
	if old := bytes.Equal(before, after); old == strings.Contains(shown, `"text":"added"`) {
		k.t.Errorf("the plan is neither the old nor the new one (old: %t)", old)
	}
	k.must(h.command("plan", "--out", "saved.plan"))
}

func (k *killer) init() {
	whole := k.t.TempDir()
	command := func(dir string) *exec.Cmd {
		cmd := exec.Command(sowPath(), "init")
		cmd.Dir, cmd.Env = dir, os.Environ()
		return cmd
	}
	k.must(command(whole))
	dir := k.t.TempDir()
	k.longest = 60 * time.Millisecond
	k.kill(command(dir))
	entries, err := os.ReadDir(dir)
	if err != nil {
		k.t.Fatal(err)
	}
	for _, e := range entries {
		want, err := os.ReadFile(filepath.Join(whole, e.Name()))
		if errors.Is(err, fs.ErrNotExist) && strings.HasPrefix(e.Name(), ".") {
			continue // a file that did not get its name
		}
		got, readErr := os.ReadFile(filepath.Join(dir, e.Name()))
		if err := errors.Join(err, readErr); err != nil {
			k.t.Fatal(err)
		}
		if !bytes.Equal(want, got) {
			k.t.Errorf("%s is torn: %q", e.Name(), got)
		}
	}
}

func (k *killer) fmt() {
	dir := k.t.TempDir()
	const (
		loose = "user \"ana\" {\nname=\"Ana\"\n}\n"
		tidy  = "user \"ana\" {\n  name = \"Ana\"\n}\n"
	)
	for i := range 20 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d.sow.hcl", i)), []byte(loose), 0o666); err != nil {
			k.t.Fatal(err)
		}
	}
	command := func() *exec.Cmd {
		cmd := exec.Command(sowPath(), "fmt")
		cmd.Dir, cmd.Env = dir, os.Environ()
		return cmd
	}
	k.longest = 60 * time.Millisecond
	k.kill(command())
	check := func(allowed ...string) {
		for i := range 20 {
			content, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("%02d.sow.hcl", i)))
			if err != nil {
				k.t.Fatal(err)
			}
			whole := false
			for _, text := range allowed {
				whole = whole || string(content) == text
			}
			if !whole {
				k.t.Errorf("file %d is %q", i, content)
			}
		}
	}
	check(loose, tidy)
	k.must(command())
	check(tidy)
}
