package applier

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// chronicle is what happened in a history, in order and with the virtual time:
// every request and answer, every operation of the disk, and notes for people.
// It may be written by many at once.
type chronicle struct {
	mu      sync.Mutex
	entries []entry
}

type entry struct {
	at   time.Duration
	what string
	note bool
}

// note adds what people should read, trace what is only followed step by step.
func (c *chronicle) note(what string)  { c.add(what, true) }
func (c *chronicle) trace(what string) { c.add(what, false) }

func (c *chronicle) add(what string, note bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries = append(c.entries, entry{time.Since(restart), what, note})
}

// notes are the entries for people, lines are all.
func (c *chronicle) notes() []string { return c.told(func(e entry) bool { return e.note }) }
func (c *chronicle) lines() []string { return c.told(func(entry) bool { return true }) }

func (c *chronicle) told(want func(entry) bool) (lines []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.entries {
		if want(e) {
			lines = append(lines, fmt.Sprintf("%v: %s", e.at, e.what))
		}
	}
	return lines
}

// parting is where two chronicles part: what comes before and after, of each;
// "" when they are the same.
func parting(a, b []string) string {
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	if at == len(a) && at == len(b) {
		return ""
	}
	around := func(lines []string) string {
		return strings.Join(lines[max(0, at-6):min(len(lines), at+6)], "\n")
	}
	return fmt.Sprintf("after %d of %d and of %d entries:\n%s\nand\n%s", at, len(a), len(b), around(a), around(b))
}
