package cli

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sowdev/sow/applier/emulator"
	"github.com/sowdev/sow/state"
	"github.com/sowdev/sow/state/local"
)

// world is an Env in which nothing is taken from the process.
func world(stdout, stderr io.Writer) Env {
	return Env{
		Stdin:  strings.NewReader(""),
		Stdout: stdout,
		Stderr: stderr,
		Now:    func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) },
	}
}

// TestSameBytes holds that a plan of relative times is the same at any time of
// any day, until an apply pins the anchor: it can be checked in, and its digest
// be compared.
func TestSameBytes(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join("..", "..", "..", "examples", "*"))
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			for _, args := range [][]string{{"plan"}, {"plan", "--full"}, {"plan", "--json"}} {
				first := ""
				for _, now := range []string{"2026-03-01T12:00:00Z", "2026-03-01T12:01:07Z", "2027-12-31T23:59:59Z", "2028-02-29T00:00:00Z"} {
					var stdout, stderr bytes.Buffer
					env := world(&stdout, &stderr)
					env.Now = func() time.Time {
						at, err := time.Parse(time.RFC3339, now)
						if err != nil {
							t.Fatal(err)
						}
						return at
					}
					if code := Main(t.Context(), append(args, dir), env); code != exitOK {
						t.Fatalf("exit code %d:\n%s", code, &stderr)
					}
					if first == "" {
						first = stdout.String()
					}
					if diff := cmp.Diff(first, stdout.String()); diff != "" {
						t.Errorf("%v at %s (-first +now):\n%s", args, now, diff)
					}
				}
			}
		})
	}
}

// TestAborted holds that a command whose context has ended does nothing.
func TestAborted(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.sow.hcl"), []byte(`user "ana" { name = "Ana" }`), 0o666); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	if code := Main(ctx, []string{"apply", "--emulator", "--auto-approve", dir}, world(&stdout, &stderr)); code != exitInterrupted {
		t.Errorf("exit code %d, want %d\n%s%s", code, exitInterrupted, &stdout, &stderr)
	}
	if _, err := os.Stat(filepath.Join(dir, ".sow")); err == nil {
		t.Error("something was written")
	}
}

// TestStopped holds the same for a signal that came before the work began.
func TestStopped(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.sow.hcl"), []byte(`user "ana" { name = "Ana" }`), 0o666); err != nil {
		t.Fatal(err)
	}
	stop, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	env := world(&stdout, &stderr)
	env.Stop = stop
	if code := Main(t.Context(), []string{"apply", "--emulator", "--auto-approve", dir}, env); code != exitInterrupted {
		t.Errorf("exit code %d, want %d\n%s%s", code, exitInterrupted, &stdout, &stderr)
	}
	if _, err := os.Stat(filepath.Join(dir, ".sow")); err == nil {
		t.Error("something was written")
	}
}

// TestPrivateEndpoint holds that plain http to a private address works, and is
// warned of before the question.
func TestPrivateEndpoint(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.sow.hcl"), []byte(`user "ana" { name = "Ana" }`), 0o666); err != nil {
		t.Fatal(err)
	}
	app, err := emulator.New(emulator.Options{AppID: "2604abc"})
	if err != nil {
		t.Fatal(err)
	}
	defer app.Close()
	var stdout, stderr bytes.Buffer
	env := world(&stdout, &stderr)
	env.Environ = []string{"COMETCHAT_API_KEY=0123456789", "COMETCHAT_APP_ID=2604abc", "COMETCHAT_ENDPOINT=http://10.1.2.3:8080"}
	env.Transport = app.Transport()
	if code := Main(t.Context(), []string{"apply", "--auto-approve", dir}, env); code != exitOK {
		t.Fatalf("exit code %d\n%s%s", code, &stdout, &stderr)
	}
	if !strings.Contains(stderr.String(), "The endpoint is not encrypted") {
		t.Errorf("no warning:\n%s", &stderr)
	}
	if users := app.Snapshot().Users; len(users) == 0 || users[0].UID != "ana" {
		t.Errorf("the app has the users %v", users)
	}
}

// TestLockedEmulator holds that the lock of the state comes before everything
// else that only one run can have, so that the second run learns who has it.
func TestLockedEmulator(t *testing.T) {
	dir := t.TempDir()
	write := func(name string) {
		if err := os.WriteFile(filepath.Join(dir, "main.sow.hcl"), []byte(`user "ana" { name = "`+name+`" }`), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	apply := func() (code int, stderr string) {
		var out, err bytes.Buffer
		return Main(t.Context(), []string{"apply", "--emulator", "--auto-approve", dir}, world(&out, &err)), err.String()
	}
	write("Ana")
	if code, stderr := apply(); code != exitOK {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	write("Ana Lima")
	store := local.New(filepath.Join(emulatorDir(dir), stateName(emulatorApp)))
	lock, err := store.Lock(t.Context(), state.LockInfo{ID: "x", Command: "sow apply", PID: 42, Host: "elsewhere"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if code, stderr := apply(); code != exitLocked || !strings.Contains(stderr, "elsewhere") {
		t.Errorf("exit code %d, want %d\n%s", code, exitLocked, stderr)
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	if code, stderr := apply(); code != exitOK {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
}

func TestGetenv(t *testing.T) {
	env := Env{Environ: []string{"A=1", "AB=2", "A=3", "C"}}
	for name, want := range map[string]string{"A": "3", "AB": "2", "B": "", "C": ""} {
		if got := env.Getenv(name); got != want {
			t.Errorf("Getenv(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestShellWord(t *testing.T) {
	for word, want := range map[string]string{
		"demo":       "demo",
		"a/b-c.plan": "a/b-c.plan",
		"":           "''",
		"my demo":    "'my demo'",
		"it's":       `'it'\''s'`,
		"$(rm)":      "'$(rm)'",
		"a;b":        "'a;b'",
		"~":          "'~'",
	} {
		if got := shellWord(word); got != want {
			t.Errorf("shellWord(%q) = %s, want %s", word, got, want)
		}
	}
}
