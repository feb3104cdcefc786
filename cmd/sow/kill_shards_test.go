package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sowdev/sow/applier/emulator"
)

// killShards is how many shards TestKillShards cuts a plan into.
const killShards = 3

// TestKillShards is TestKill for a plan that is cut: every worker is killed at
// random points and started again, and so is the merge; in the end every message
// is in the app exactly once, in order, and the merged state says so. The
// second version of the dataset has edits and deletes.
func TestKillShards(t *testing.T) {
	t.Parallel()
	seed := drawnSeed()
	for i := range uint64(max(1, *kills/8)) {
		ok := t.Run(fmt.Sprintf("seed=%d", seed+i), func(t *testing.T) {
			h := newHistory(t, seed+i)
			h.seedShards(0)
			h.seedShards(1)
			t.Logf("kills: %d, runs: %d, faults: %v", h.killed, h.runs, h.server.Snapshot().Faults)
		})
		if !ok {
			t.Fatalf("to see this again: go test ./cmd/sow -run TestKillShards -kill-seed %d", seed+i)
		}
	}
}

// seedShards applies one version of the dataset in shards, killing each worker
// and the merge on the way.
func (h *history) seedShards(version int) {
	d := h.declare(version)
	h.edited = version > 0
	plan := fmt.Sprintf("part%d.sowplan", version)
	h.untilDone(0, "plan", "--shards", fmt.Sprint(killShards), "--out", plan)
	states := []string{"state", "merge"}
	for _, k := range append([]int{0}, shuffled(h.random, killShards)...) {
		h.untilDone(h.random.IntN(3), "apply", "--force", "--parallelism", "8", "--doubt-window", "1s", "--timeout", "2s",
			fmt.Sprintf("part%d.%d.sowplan", version, k))
		states = append(states, fmt.Sprintf("part%d.%d.shard.jsonl", version, k))
	}
	h.untilDone(1, states...)
	h.verify(d)
}

// shuffled are the numbers from 1 to n, in any order.
func shuffled(random *rand.Rand, n int) []int {
	list := random.Perm(n)
	for i := range list {
		list[i]++
	}
	return list
}

// untilDone runs sow until it has done what it was asked, after it was killed
// that often.
func (h *history) untilDone(kills int, args ...string) {
	for failures := 0; ; {
		h.runs++
		var output strings.Builder
		cmd := h.command(args...)
		cmd.Stdout, cmd.Stderr = &output, &output
		if err := cmd.Start(); err != nil {
			h.t.Fatal(err)
		}
		if kills > 0 {
			v := &victim{process: cmd.Process, request: 1 + h.random.Int64N(30), after: h.random.IntN(2) == 0}
			if args[0] != "apply" || h.random.IntN(4) == 0 {
				time.AfterFunc(time.Duration(h.random.IntN(200))*time.Millisecond, func() { _ = v.process.Kill() })
			} else {
				h.target.Store(v)
			}
		}
		err := cmd.Wait()
		h.target.Store(nil)
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			h.t.Fatal(err)
		}
		kills--
		switch code := cmd.ProcessState.ExitCode(); {
		case code == 0:
			return
		case code < 0:
			h.killed++
		case code == 6 && failures < 5, code == 5 && failures < 5:
			failures++ // the faults outlasted the run's patience: again
		default:
			h.t.Fatalf("sow %v: exit code %d\n%s", args, code, tail(output.String(), 3000))
		}
	}
}

// newQuietHistory is a history in an app without faults.
func newQuietHistory(t *testing.T) *history {
	server, err := emulator.New(emulator.Options{AppID: killApp, APIKey: canary, Plan: emulator.Unlimited})
	if err != nil {
		t.Fatal(err)
	}
	h := &history{t: t, random: rand.New(rand.NewPCG(1, 1)), dir: t.TempDir(), server: server}
	listener := httptest.NewServer(http.HandlerFunc(h.serve))
	h.url = listener.URL
	t.Cleanup(func() {
		listener.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}
