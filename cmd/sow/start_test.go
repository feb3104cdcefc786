package main

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// initLine is what the runtime tells of a package that was initialised.
var initLine = regexp.MustCompile(`(?m)^init (\S+) @.*, (\d+) bytes, \d+ allocs$`)

// TestStart holds that a short command is over before the collector runs, and
// that the packages of the module prepare next to nothing that it may not need:
// each page of memory that a start touches is a good part of what it costs.
func TestStart(t *testing.T) {
	const mostPrepared = 16 << 10 // bytes; they are 9 KiB
	dir := t.TempDir()
	if out, err := exec.Command(sowPath(), "init", dir).CombinedOutput(); err != nil {
		t.Fatalf("sow init: %v\n%s", err, out)
	}
	for _, args := range [][]string{{"version"}, {"validate", dir}, {"plan", dir}} {
		t.Run(args[0], func(t *testing.T) {
			cmd := exec.Command(sowPath(), args...)
			cmd.Env = append(os.Environ(), "GODEBUG=gctrace=1,inittrace=1", "GOGC=")
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v\n%s", err, &stderr)
			}
			if i := strings.Index(stderr.String(), "gc 1 @"); i >= 0 {
				line, _, _ := strings.Cut(stderr.String()[i:], "\n")
				t.Errorf("the collector ran: %s", line)
			}
			found, prepared := initLine.FindAllStringSubmatch(stderr.String(), -1), 0
			if len(found) == 0 {
				t.Fatalf("the runtime tells of no packages:\n%s", &stderr)
			}
			for _, line := range found {
				if !strings.HasPrefix(line[1], "github.com/sowdev/sow/") || strings.HasSuffix(line[1], "/cmd/sow") {
					continue // not ours, or of these tests
				}
				n, err := strconv.Atoi(line[2])
				if err != nil {
					t.Fatal(err)
				}
				prepared += n
			}
			if prepared > mostPrepared {
				t.Errorf("the packages of the module allocate %d bytes before main, want at most %d", prepared, mostPrepared)
			}
		})
	}
}
