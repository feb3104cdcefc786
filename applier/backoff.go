package applier

import (
	"time"

	exponential "github.com/cenkalti/backoff/v5"
)

// backoff spaces the tries of something: each wait is longer than the one before,
// and scattered by a share of itself either way, so that those who failed
// together do not come back together. The library would scatter them by a source
// that cannot be seeded.
type backoff struct {
	exponential.ExponentialBackOff
	share  float64
	random func() float64 // from 0 up to 1
}

func newSpacing(first, longest time.Duration, growth, share float64, random func() float64) *backoff {
	b := &backoff{
		ExponentialBackOff: exponential.ExponentialBackOff{InitialInterval: first, MaxInterval: longest, Multiplier: growth},
		share:              share, random: random,
	}
	b.Reset()
	return b
}

// newBackoff spaces the tries of one request.
func (r *run) newBackoff() *backoff {
	return newSpacing(500*time.Millisecond, 30*time.Second, 2, 0.5, r.Random)
}

// newStorm spaces the tries of a storm of 429s that goes on after the first
// wait, which was told or not.
func newStorm(told bool, random func() float64) *backoff {
	if told {
		return newSpacing(time.Second, longestWait, 2, 0.2, random)
	}
	return newSpacing(firstWait, longestWait, 1.5, 0.2, random)
}

// wait returns how long to wait before the next try.
func (b *backoff) wait() time.Duration {
	return time.Duration(float64(b.NextBackOff()) * (1 + b.share*(2*b.random()-1)))
}
