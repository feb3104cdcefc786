package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sowdev/sow/planner/planfile"
	"github.com/sowdev/sow/state"
	"github.com/sowdev/sow/state/local"
)

// contents are those of files, by their names. What is not there has none.
func (k *killer) contents(dir string, names ...string) map[string]string {
	k.t.Helper()
	contents := map[string]string{}
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			k.t.Fatal(err)
		}
		contents[name] = string(content)
	}
	return contents
}

// write writes files.
func (k *killer) write(dir string, contents map[string]string) {
	k.t.Helper()
	for name, content := range contents {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			k.t.Fatal(err)
		}
	}
}

// meaning is what the contents of files come to: for a saved plan, which has to be
// whole, its digest, since plans of different seconds are the same.
func (k *killer) meaning(contents map[string]string) map[string]string {
	k.t.Helper()
	meaning := maps.Clone(contents)
	for name, content := range contents {
		if !strings.HasSuffix(name, "plan") {
			continue
		}
		plan, err := planfile.Read(strings.NewReader(content), int64(len(content)))
		if err != nil {
			k.t.Fatalf("%s: %v", name, err)
		}
		meaning[name] = plan.Digest
	}
	return meaning
}

// rewrites kills a command that makes some files of others, and holds that each
// is the old or the new one, and that the same command makes all of them then
// and leaves nothing else.
func (k *killer) rewrites(dir string, command func() *exec.Cmd, before, after map[string]string) {
	k.t.Helper()
	k.write(dir, before)
	files, beside := slices.Collect(maps.Keys(after)), names(k.t, dir)
	old, want := k.meaning(before), k.meaning(after)
	k.kill(command())
	for name, got := range k.meaning(k.contents(dir, files...)) {
		if got != want[name] && got != old[name] {
			k.t.Errorf("%s is neither the old nor the new one:\n%s", name, got)
		}
	}
	k.keyless(dir)
	k.must(command())
	if diff := cmp.Diff(want, k.meaning(k.contents(dir, files...))); diff != "" {
		k.t.Errorf("after it was run again (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(beside, names(k.t, dir)); diff != "" {
		k.t.Errorf("the folder (-want +got):\n%s", diff)
	}
}

// replans kills a plan that takes the place of one of another version.
func (k *killer) replans(h *history, args []string, files ...string) {
	k.t.Helper()
	command := func() *exec.Cmd { return h.command(append([]string{"plan"}, args...)...) }
	h.declare(0)
	k.must(command())
	before := k.contents(h.dir, files...)
	h.declare(1)
	k.must(command())
	after := k.contents(h.dir, files...)
	if len(before) != len(files) || len(after) != len(files) || maps.Equal(k.meaning(before), k.meaning(after)) {
		k.t.Fatal("the plans are not what is to be tried")
	}
	k.rewrites(h.dir, command, before, after)
}

func (k *killer) plan() {
	k.replans(inApp(k.t, k.seed), []string{"--out", "saved.plan", "--markdown", "plan.md"}, "saved.plan", "plan.md")
}

// planRefreshed kills a plan that reads the app and changes nothing.
func (k *killer) planRefreshed() {
	h := inApp(k.t, k.seed)
	d := h.declare(0)
	k.must(h.command(applying...))
	k.lose(h)
	k.replans(h, []string{"--refresh", "--doubt-window", "500ms", "--out", "saved.plan"}, "saved.plan")
	h.declare(0)
	k.must(h.command("apply", "--refresh", "--doubt-window", "500ms", "--auto-approve"))
	k.finish(h, d)
}

func (k *killer) planShards() {
	var files []string
	for i := range killShards + 1 {
		files = append(files, shardPlan(i))
	}
	h := inApp(k.t, k.seed)
	h.declare(0)
	k.must(h.command(applying...)) // which pins the anchor, so that a plan is the same every second
	k.replans(h, []string{"--shards", fmt.Sprint(killShards), "--out", "part.sowplan"}, files...)
}

func shardPlan(i int) string  { return fmt.Sprintf("part.%d.sowplan", i) }
func shardState(i int) string { return fmt.Sprintf("part.%d.shard.jsonl", i) }

// cut plans in shards, sometimes for a dataset that was seeded and edited, and
// applies them, with that worker killed on the way.
func (k *killer) cut(h *history, victim int) dataset {
	k.t.Helper()
	if k.random.IntN(2) == 0 {
		h.declare(0)
		k.must(h.command(applying...))
		h.edited = true
	}
	d := h.declare(k.random.IntN(2))
	k.must(h.command("plan", "--shards", fmt.Sprint(killShards), "--out", "part.sowplan"))
	for i := range killShards + 1 {
		args := []string{"apply", "--force", "--parallelism", "8", "--doubt-window", "500ms", shardPlan(i)}
		if i == victim {
			k.kill(h.command(args...))
			k.keyless(h.dir)
		}
		k.must(h.command(args...))
	}
	return d
}

// mergeArgs are those of a merge of all shards.
func mergeArgs() []string {
	args := []string{"state", "merge"}
	for i := range killShards + 1 {
		args = append(args, shardState(i))
	}
	return args
}

func (k *killer) shard() {
	h := inApp(k.t, k.seed)
	d := k.cut(h, k.random.IntN(killShards+1))
	k.must(h.command(mergeArgs()...))
	h.verify(d)
	k.finish(h, d)
}

func (k *killer) merge() {
	h := inApp(k.t, k.seed)
	d := k.cut(h, -1)
	k.longest = 60 * time.Millisecond
	k.kill(h.command(mergeArgs()...))
	k.keyless(h.dir)
	if out, err := h.command("plan", "--detailed-exitcode").CombinedOutput(); err != nil && !strings.Contains(err.Error(), "status 2") {
		k.t.Fatalf("the state cannot be read: %v\n%s", err, out)
	}
	k.must(h.command(mergeArgs()...))
	h.verify(d)
	k.finish(h, d)
}

// lose takes the state away.
func (k *killer) lose(h *history) {
	k.t.Helper()
	path := filepath.Join(h.dir, "sow."+killApp+".state.jsonl")
	if err := os.Rename(path, filepath.Join(k.t.TempDir(), "lost")); err != nil {
		k.t.Fatal(err)
	}
}

// refresh kills an apply that takes in what a lost state knew.
func (k *killer) refresh() {
	h := inApp(k.t, k.seed)
	d := h.declare(0)
	k.must(h.command(applying...))
	k.lose(h)
	args := append([]string{"--refresh"}, applying[1:]...)
	args = append([]string{"apply"}, args...)
	k.kill(h.command(args...))
	k.notes(h.dir)
	k.must(h.command(args...))
	h.verify(d)
	k.finish(h, d)
}

// forceUnlock kills what takes a lock away, from a run that is gone or from one
// on another machine.
func (k *killer) forceUnlock() {
	h := inApp(k.t, k.seed)
	d := h.declare(0)
	k.must(h.command(applying...))
	path := filepath.Join(h.dir, "sow."+killApp+".state.jsonl")
	elsewhere := state.LockInfo{ID: "feed", Host: "gone.example.com", PID: 7, Command: "sow apply", Started: time.Now()}
	held, err := local.New(path).Lock(k.t.Context(), elsewhere, 0)
	if err != nil {
		k.t.Fatal(err)
	}
	if k.random.IntN(2) == 0 { // the machine died, and its lock with it
		note := k.contents(h.dir, filepath.Base(path)+".lock")
		if err := held.Unlock(); err != nil {
			k.t.Fatal(err)
		}
		k.write(h.dir, note)
	}
	before := k.contents(h.dir, filepath.Base(path))
	command := func() *exec.Cmd { return h.command("force-unlock", "--force", "feed") }
	k.longest = 60 * time.Millisecond
	k.kill(command())
	if out, err := command().CombinedOutput(); err != nil && !strings.Contains(string(out), "not locked") {
		k.t.Fatalf("the lock is not taken away by the next one: %v\n%s", err, out)
	}
	if err := held.Fold(k.t.Context()); err == nil {
		k.t.Error("the run whose lock was taken away goes on")
	}
	if diff := cmp.Diff(before, k.contents(h.dir, filepath.Base(path))); diff != "" {
		k.t.Errorf("the state (-before +after):\n%s", diff)
	}
	k.finish(h, d)
}

func (k *killer) init() {
	command := func(dir string) *exec.Cmd {
		cmd := exec.Command(sowPath(), "init")
		cmd.Dir, cmd.Env = dir, os.Environ()
		return cmd
	}
	whole, dir := k.t.TempDir(), k.t.TempDir()
	k.must(command(whole))
	files := names(k.t, whole)
	want := k.contents(whole, files...)
	k.longest = 60 * time.Millisecond
	k.kill(command(dir))
	written := k.contents(dir, files...)
	for name, got := range written {
		if got != want[name] {
			k.t.Errorf("%s is torn: %q", name, got)
		}
	}
	if len(written) < len(want) { // else there is a dataset, which is left alone
		k.must(command(dir))
	}
	if diff := cmp.Diff(want, k.contents(dir, files...)); diff != "" {
		k.t.Errorf("after it was run again (-want +got):\n%s", diff)
	}
}

func (k *killer) fmt() {
	dir := k.t.TempDir()
	loose, tidy := map[string]string{}, map[string]string{}
	for i := range 20 {
		name := fmt.Sprintf("%02d.sow.hcl", i)
		loose[name] = fmt.Sprintf("user \"ana-%d\" {\nname=\"Ana\"\n}\n", i)
		tidy[name] = fmt.Sprintf("user \"ana-%d\" {\n  name = \"Ana\"\n}\n", i)
	}
	k.longest = 60 * time.Millisecond
	k.rewrites(dir, func() *exec.Cmd {
		cmd := exec.Command(sowPath(), "fmt")
		cmd.Dir, cmd.Env = dir, os.Environ()
		return cmd
	}, loose, tidy)
}
