package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sowdev/sow/cmd/internal/generate"
	"github.com/sowdev/sow/cmd/internal/nullapp"
)

var million = flag.Bool("million", false, "let TestMillion plan and apply a million messages, which takes minutes")

// The caps of resident memory, in MiB.
const (
	planCap  = 256
	applyCap = 64 // above what the plan took
)

// The exit codes that are no failure here.
const (
	codeChanges     = 2
	codeInterrupted = 130
)

// TestMillion plans and applies a million messages in the real program, and
// holds that neither takes more memory than its cap, in a thousand
// conversations or in a single one: memory depends on how many conversations
// there are, not on what was said in them.
func TestMillion(t *testing.T) {
	if !*million {
		t.Skip("it takes minutes: -million")
	}
	if runtime.GOOS != "linux" {
		t.Skip("the memory of a process that runs is read from /proc")
	}
	for _, test := range []struct {
		shape generate.Shape
		sends int64 // after so many messages the apply is interrupted
	}{
		{generate.Even, 1_000_000},
		{generate.OneGiant, 100_000}, // one after the other, so a part has to do
	} {
		t.Run(string(test.shape), func(t *testing.T) {
			d := generate.Dataset{Messages: 1_000_000, Form: generate.JSONL, Shape: test.shape}
			dir := t.TempDir()
			if _, err := d.Write(dir); err != nil {
				t.Fatal(err)
			}
			app := nullapp.New(nil)
			server := httptest.NewServer(app)
			defer server.Close()
			sow := capped{t: t, dir: dir, url: server.URL}

			planned := sow.run(planCap, codeChanges, nil, "plan", "--detailed-exitcode")
			t.Logf("plan: %d MiB", planned)

			end, left, enough := 0, 0, func() bool { return false }
			if test.sends < int64(d.Messages) {
				end, left, enough = codeInterrupted, codeChanges, func() bool { return app.Messages() >= test.sends }
			}
			applied := sow.run(planned+applyCap, end, enough, "apply", "--auto-approve")
			t.Logf("apply: %d MiB, %d messages", applied, app.Messages())
			if sent := app.Messages(); sent < test.sends || end == 0 && sent != test.sends {
				t.Errorf("%d messages were sent, want %d", sent, test.sends)
			}

			t.Logf("plan again: %d MiB", sow.run(planCap, left, nil, "plan", "--detailed-exitcode"))
		})
	}
}

// capped runs sow with a limit of memory, and watches whether it keeps it.
type capped struct {
	t   *testing.T
	dir string
	url string
}

// run runs sow and returns the most memory that it had, in MiB. The test fails
// as soon as that is more than limit, or if the exit code is another one. Once
// enough, which may be nil, says so, sow is asked to stop.
func (c capped) run(limit int, code int, enough func() bool, args ...string) (peak int) {
	c.t.Helper()
	cmd := exec.Command(sowPath(), args...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "COMETCHAT_APP_ID="+killApp, "COMETCHAT_API_KEY="+canary, "COMETCHAT_ENDPOINT="+c.url,
		// What the collector can do about it, it shall do; the program itself and
		// its stacks are not in this figure.
		fmt.Sprintf("GOMEMLIMIT=%dMiB", limit*7/8))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	stopped := false
	for {
		select {
		case err := <-ended:
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				c.t.Fatal(err)
			}
			if got := cmd.ProcessState.ExitCode(); got != code {
				c.t.Fatalf("sow %s: code %d, want %d\n%s", args[0], got, code, stderr.Bytes())
			}
			return peak
		case <-time.After(20 * time.Millisecond):
		}
		peak = max(peak, residentPeak(cmd.Process.Pid))
		if peak > limit {
			_ = cmd.Process.Kill()
			<-ended
			c.t.Fatalf("sow %s: %d MiB of memory, more than %d", args[0], peak, limit)
		}
		if !stopped && enough != nil && enough() {
			stopped = true
			if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
				c.t.Fatal(err)
			}
		}
	}
}

// residentPeak is the most resident memory that a process has had, in MiB
// rounded up; 0 when it is gone.
func residentPeak(pid int) int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, line, _ := strings.Cut(string(status), "\nVmHWM:")
	line, _, _ = strings.Cut(line, "kB")
	kilobytes, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		return 0
	}
	return (kilobytes + 1023) / 1024
}
