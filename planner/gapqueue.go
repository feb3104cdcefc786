package planner

import (
	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/state"
)

// gapQueue holds declared and seeded messages that were read and are not planned
// yet. The first d and s of them are a gap: they differ, or are looked at to find
// where both are in step again.
type gapQueue struct {
	declared     []*config.Message
	seeded       []*state.Message
	d, s         int
	fingerprints *fingerprints

	// Where in the gap a message was seen last.
	ofDeclared, ofSeeded map[fingerprint]int
	// How many in a row are equal, by the distance between the two places.
	rows map[int]row
	// The longest row that ends with the messages that were taken last.
	found    int
	atD, atS int // behind it
}

type row struct{ last, n int }

// empty reports whether there is no gap.
func (q *gapQueue) empty() bool { return q.d == 0 && q.s == 0 }

// unseen reports whether there are declared messages that are not in the gap.
func (q *gapQueue) unseen() bool { return q.d < len(q.declared) }

// take takes the next declared message into the gap, and the next seeded one if
// there is one.
func (q *gapQueue) take(both bool) {
	if q.ofDeclared == nil {
		q.ofDeclared, q.ofSeeded, q.rows = map[fingerprint]int{}, map[fingerprint]int{}, map[int]row{}
	}
	d, s := q.d, q.s
	q.d++
	q.found = 0
	declared := q.fingerprints.ofDeclared(q.declared[d])
	q.ofDeclared[declared] = d
	if both {
		q.s++
		seeded := q.fingerprints.ofSeeded(q.seeded[s])
		q.ofSeeded[seeded] = s
		if other, ok := q.ofDeclared[seeded]; ok {
			q.match(other, s)
		}
		if seeded == declared {
			return
		}
	}
	if other, ok := q.ofSeeded[declared]; ok {
		q.match(d, other)
	}
}

// match notes that two messages are equal.
func (q *gapQueue) match(d, s int) {
	r := q.rows[d-s]
	if r.last != d-1 {
		r.n = 0
	}
	r.last, r.n = d, r.n+1
	q.rows[d-s] = r
	if r.n > q.found {
		q.found, q.atD, q.atS = r.n, d+1, s+1
	}
}

// inStep returns how long the gap is if it ends with so many in a row that are
// equal, or else zeros.
func (q *gapQueue) inStep(n int) (declared, seeded int) {
	if q.found < n {
		return 0, 0
	}
	return q.atD, q.atS
}

// drop takes the first messages away, and ends the gap.
func (q *gapQueue) drop(declared, seeded int) {
	clear(q.declared[:declared])
	clear(q.seeded[:seeded])
	q.declared, q.seeded = q.declared[declared:], q.seeded[seeded:]
	if q.d+q.s > declared+seeded || q.ofDeclared != nil && !q.empty() {
		clear(q.ofDeclared)
		clear(q.ofSeeded)
		clear(q.rows)
	}
	q.d, q.s, q.found = 0, 0, 0
}
