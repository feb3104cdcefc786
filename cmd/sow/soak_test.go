package main

import (
	"flag"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sowdev/sow/applier/figures"
)

var soak = flag.Duration("soak", 0, "how long TestSoak goes on")

// soakers is how many histories TestSoak walks at a time.
const soakers = 4

// TestSoak kills sow in every way that TestKill and TestKillWrites know, over
// random datasets and in random apps that fail, until the time is up:
//
//	go test ./cmd/sow -run TestSoak -soak 1h -timeout 2h
func TestSoak(t *testing.T) {
	if *soak == 0 {
		t.Skip("it goes on for as long as -soak says")
	}
	deadline := time.Now().Add(*soak)
	seed, commands := drawnSeed(), killings()
	var (
		counts figures.Figures
		next   atomic.Uint64
	)
	t.Run("soakers", func(t *testing.T) {
		for i := range soakers {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				for time.Now().Before(deadline) && !t.Failed() {
					n := next.Add(1)
					s := seed + n
					if n%2 == 0 {
						t.Run(fmt.Sprintf("history/seed=%d", s), func(t *testing.T) { soakHistory(t, s, &counts) })
						continue
					}
					c := commands[n/2%uint64(len(commands))]
					t.Run(fmt.Sprintf("%s/seed=%d", c.name, s), func(t *testing.T) { c.kill(newKiller(t, s, &counts)) })
				}
			})
		}
	})
	if t.Failed() {
		t.Fatalf("the histories began with -kill-seed %d", seed)
	}
	counts.Add("seconds", int(soak.Seconds()))
	save(t, &counts)
}

// soakHistory seeds a dataset and edits it, back and forth, with kills all the
// way.
func soakHistory(t *testing.T, seed uint64, counts *figures.Figures) {
	h := newHistory(t, seed)
	for version := range 4 {
		h.seed(version%2, 2)
	}
	counts.Add("histories", 1)
	counts.Add("runs", h.runs)
	counts.Add("kills", h.killed)
	counts.AddAll("network fault: ", h.server.Snapshot().Faults)
}
