package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sowdev/sow/planner"
)

// expectedPlan is the file of an example with what sow plan shows of it.
const expectedPlan = "expected-plan.txt"

// edit is a small change of an example, and the one change that a plan must
// show for it.
type edit struct {
	file, old, new string
	change         planner.Counts
	address        string // what the plan names
}

func exampleEdits() map[string]edit {
	message := planner.Counts{Messages: planner.ActionCounts{Update: 1}}
	return map[string]edit{
		"quickstart": {
			file: "opening.chat", old: "Three days to go.", new: "Three days left.",
			change: message, address: `conversation.opening.message["kickoff"]`,
		},
		"support-desk": {
			file: "refund.chat", old: "Good morning! My floor lamp", new: "Hello! My floor lamp",
			change: message, address: `conversation.refund.message["hello"]`,
		},
		"marketplace": {
			file: "data/deals/bench.jsonl", old: "Hello! Is the bench", new: "Good evening! Is the bench",
			change: message, address: `conversation.deal["bench"].message["first"]`,
		},
	}
}

// TestExamples runs every example: its plan is what is checked in; once it is
// seeded nothing is left to do; one edit is one change; and nothing is left of
// it in the end.
func TestExamples(t *testing.T) {
	t.Parallel()
	dirs, err := filepath.Glob(filepath.Join("..", "..", "examples", "*"))
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	edits := exampleEdits()
	for _, source := range dirs {
		name := filepath.Base(source)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), name)
			if err := os.CopyFS(dir, os.DirFS(source)); err != nil {
				t.Fatal(err)
			}
			if err := os.RemoveAll(filepath.Join(dir, ".sow")); err != nil { // left by somebody who tried it
				t.Fatal(err)
			}
			e, ok := edits[name]
			if !ok {
				t.Fatalf("no edit is known for %s: add one", name)
			}
			runExample(t, source, dir, e)
		})
	}
}

func runExample(t *testing.T, source, dir string, e edit) {
	sow := func(wantCode int, args ...string) string { return runSow(t, dir, wantCode, args...) }
	sow(0, "validate")
	sow(0, "fmt", "--check", "--recursive")
	comparePlan(t, filepath.Join(source, expectedPlan), sow(0, "plan"))

	sow(0, "apply", "--emulator", "--auto-approve")
	sow(0, "plan", "--emulator", "--detailed-exitcode")

	path := filepath.Join(dir, filepath.FromSlash(e.file))
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Count(before, []byte(e.old)) != 1 {
		t.Fatalf("%s does not have %q once", e.file, e.old)
	}
	if err := os.WriteFile(path, bytes.Replace(before, []byte(e.old), []byte(e.new), 1), 0o666); err != nil {
		t.Fatal(err)
	}
	shown := sow(2, "plan", "--emulator", "--detailed-exitcode", "--json")
	if diff := cmp.Diff(e.change, changes(t, shown)); diff != "" {
		t.Errorf("the edit is not one change (-want +got):\n%s", diff)
	}
	if address, _ := json.Marshal(e.address); !strings.Contains(shown, string(address)) {
		t.Errorf("the plan does not name %s:\n%s", e.address, shown)
	}
	sow(0, "apply", "--emulator", "--auto-approve")
	sow(0, "plan", "--emulator", "--detailed-exitcode")

	sow(0, "destroy", "--emulator", "--auto-approve")
	if left := sow(0, "state", "list", "--emulator"); left != "" {
		t.Errorf("the state still has:\n%s", left)
	}
}

// comparePlan holds a plan against the one that is checked in.
func comparePlan(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("the plan is not that of %s; go test ./cmd/sow -run TestExamples -update rewrites it (-want +got):\n%s", expectedPlan, diff)
	}
}

// changes are the counts of a plan, what does not change left out.
func changes(t *testing.T, plan string) planner.Counts {
	t.Helper()
	var p struct{ Counts planner.Counts }
	if err := json.Unmarshal([]byte(plan), &p); err != nil {
		t.Fatal(err)
	}
	p.Counts.Users.NoOp, p.Counts.Groups.NoOp, p.Counts.Messages.NoOp = 0, 0, 0
	return p.Counts
}

// runSow runs the program in a directory and returns its standard output.
func runSow(t *testing.T, dir string, wantCode int, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(sowPath(), args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if code := cmd.ProcessState.ExitCode(); code != wantCode {
		t.Fatalf("sow %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), code, wantCode, &stdout, &stderr)
	}
	return stdout.String()
}
