package applier

import (
	"sync"
	"sync/atomic"
	"time"
)

// gate bounds how many requests are under way at once, first come, first
// served. It halves the bound when the app struggles, at most once a second,
// and widens it by one for every round of good answers.
type gate struct {
	tokens  chan struct{}
	widest  int
	reduced atomic.Bool // the bound is below widest; guards the fast path

	mu    sync.Mutex
	bound int
	debt  int // tokens to withdraw when they come back; bound + debt exist
	good  int // good answers since the last change
	cut   time.Time
}

func newGate(widest int) *gate {
	g := &gate{tokens: make(chan struct{}, widest), widest: widest, bound: widest}
	for range widest {
		g.tokens <- struct{}{}
	}
	return g
}

// enter takes a token. It reports false when quit was closed or done first.
func (g *gate) enter(done, quit <-chan struct{}) bool {
	select {
	case <-g.tokens:
		return true
	default:
	}
	select {
	case <-g.tokens:
		return true
	case <-quit:
		return false
	case <-done:
		return false
	}
}

// leave gives the token back.
func (g *gate) leave() {
	if g.reduced.Load() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.debt > 0 {
			g.debt--
			return
		}
	}
	g.tokens <- struct{}{}
}

// succeeded counts a good answer.
func (g *gate) succeeded() {
	if !g.reduced.Load() {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.good++; g.good < g.bound || g.bound == g.widest {
		return
	}
	g.good = 0
	g.bound++
	if g.debt > 0 {
		g.debt--
	} else {
		g.tokens <- struct{}{}
	}
	g.reduced.Store(g.bound < g.widest)
}

// struggled halves the bound.
func (g *gate) struggled() {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if now.Sub(g.cut) < time.Second || g.bound == 1 {
		return
	}
	g.cut, g.good = now, 0
	half := (g.bound + 1) / 2
	g.debt += g.bound - half
	g.bound = half
	g.reduced.Store(true)
}
