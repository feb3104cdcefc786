package emulator

import (
	"maps"
	"sync"
	"sync/atomic"
)

// stats counts what came in.
type stats struct {
	endpoints []atomic.Int64 // by number, unknown paths last
	mu        sync.Mutex
	faults    map[string]int
}

func (t *stats) count(e *endpoint, m mishap) {
	number := len(t.endpoints) - 1
	if e != nil {
		number = e.number
	}
	t.endpoints[number].Add(1)
	if name := m.name(); name != "" {
		t.fault(name)
	}
}

func (t *stats) fault(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.faults == nil {
		t.faults = make(map[string]int)
	}
	t.faults[name]++
}

func (t *stats) requests(table []*endpoint) map[string]int {
	counts := make(map[string]int)
	for _, e := range table {
		if n := t.endpoints[e.number].Load(); n > 0 {
			counts[e.name()] = int(n)
		}
	}
	if n := t.endpoints[len(table)].Load(); n > 0 {
		counts[""] = int(n)
	}
	return counts
}

func (t *stats) injected() map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.faults)
}
