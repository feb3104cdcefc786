package applier

import "time"

// backoff spaces the tries of something: each wait is that much longer than the
// one before, up to the longest, and scattered by a share of itself either way,
// so that those who failed together do not come back together.
type backoff struct {
	next, longest time.Duration
	growth        float64
	share         float64
	random        func() float64 // from 0 up to 1
}

// newBackoff spaces the tries of one request.
func (r *run) newBackoff() *backoff {
	return &backoff{next: 500 * time.Millisecond, longest: 30 * time.Second, growth: 2, share: 0.5, random: r.Random}
}

// newStorm spaces the tries of a storm of 429s that goes on after the first
// wait, which was told or not.
func newStorm(told bool, random func() float64) *backoff {
	if told {
		return &backoff{next: time.Second, longest: longestWait, growth: 2, share: 0.2, random: random}
	}
	return &backoff{next: firstWait, longest: longestWait, growth: 1.5, share: 0.2, random: random}
}

// wait returns how long to wait before the next try.
func (b *backoff) wait() time.Duration {
	d := float64(b.next)
	b.next = min(time.Duration(d*b.growth), b.longest)
	return time.Duration(d * (1 + b.share*(2*b.random()-1)))
}
