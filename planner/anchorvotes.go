package planner

import (
	"cmp"
	"slices"

	"github.com/sowdev/sow/config"
)

// AnchorVotes finds out which anchor messages were sent from, by the times that
// they were declared for and those that they have. The zero value has no votes.
type AnchorVotes struct {
	instants map[int64]int
	days     map[int64]int // midnights
}

// Add takes in a message that was declared for a time and has another.
func (v *AnchorVotes) Add(when Time, sentAt int64) {
	if v.instants == nil {
		v.instants, v.days = make(map[int64]int), make(map[int64]int)
	}
	switch when.Base {
	case config.Anchor:
		v.instants[sentAt-when.Seconds]++
	case config.AnchorDay:
		v.days[sentAt-when.Seconds]++
	}
}

// Winner is the anchor that most messages speak for, or nil without any. Those
// whose times count from a day alone say no more than which day it is on.
func (v *AnchorVotes) Winner() *int64 {
	for _, votes := range []map[int64]int{v.instants, v.days} {
		best := make([]int64, 0, len(votes))
		for anchor := range votes {
			best = append(best, anchor)
		}
		if len(best) == 0 {
			continue
		}
		slices.SortFunc(best, func(x, y int64) int { return cmp.Or(cmp.Compare(votes[y], votes[x]), cmp.Compare(x, y)) })
		return &best[0]
	}
	return nil
}
