package applier

import (
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/sowdev/sow/planner"
)

// Limits are the limits that were declared, or that the app's tier has. Zero
// fields are not known.
type Limits struct {
	RequestsPerMinute        int
	CoreRequestsPerMinute    int // of core operations; 0: as RequestsPerMinute
	MessagesPerUserPerMinute int
	// Share is what this worker may use of a limit of the app that it shares with
	// others, and SenderShare which part of the limit on a sender, be they
	// declared or learnt; nil means all of it.
	Share       func(limit int) int
	SenderShare func(uid string) float64
}

// kind says which of the app's limits a request counts against.
type kind uint8

const (
	standard kind = iota
	core          // creating and deleting users, creating groups, joining and leaving (page "Rate limits")
	kinds
)

// The pace when a 429 does not say how long to wait (page "Rate limits").
const (
	firstWait   = time.Minute
	longestWait = 5 * time.Minute
	longestTold = 10 * time.Minute // of a wait that the app asks for
)

// Rates is the pace of an apply: what was declared and what the app's answers
// teach. Its methods may be called concurrently.
type Rates struct {
	perSender int // messages a minute, declared or 0
	limits    Limits
	buckets   [kinds]bucket
	until     atomic.Int64 // UNIX nanoseconds: nothing is sent before
	limiting  atomic.Bool  // the app was seen to limit a sender
	pauses    atomic.Int64 // those that good answers came after

	mu      sync.Mutex
	senders map[string]*sender
	storm   *backoff // nil while answers are good
}

// bucket holds the requests of one kind to a limit.
type bucket struct {
	declared int
	heard    atomic.Int64
	limiter  atomic.Pointer[rate.Limiter] // nil while no limit is known
}

// NewRates returns the pace for those limits.
func NewRates(l Limits) *Rates {
	if l.Share == nil {
		l.Share = func(limit int) int { return limit }
	}
	if l.SenderShare == nil {
		l.SenderShare = func(string) float64 { return 1 }
	}
	r := &Rates{perSender: l.MessagesPerUserPerMinute, limits: l, senders: make(map[string]*sender)}
	if l.CoreRequestsPerMinute == 0 {
		l.CoreRequestsPerMinute = l.RequestsPerMinute
	}
	r.buckets[standard].declare(l.Share(l.RequestsPerMinute))
	r.buckets[core].declare(l.Share(l.CoreRequestsPerMinute))
	return r
}

// Observe takes in what the headers of an answer tell. That nothing remains is
// no reason to pause: when the limit is known it is kept to, and what the reset
// counts from is not documented.
func (r *Rates) Observe(told Rate) {
	// A limit so low is the sender's, not the app's.
	if told.Limit <= max(r.perSender, planner.SenderPerMinute) {
		return
	}
	// Nothing says which kind an answer's limit is of: that on core requests is
	// never the larger one.
	limit := r.limits.Share(told.Limit)
	r.buckets[standard].hear(limit, func(known, told int64) bool { return told > known })
	r.buckets[core].hear(limit, func(known, told int64) bool { return told < known })
}

// spread gives n requests a minute their places, as the forecast has it.
func spread(n int) *rate.Limiter {
	perSecond, burst := planner.Spread(n)
	return rate.NewLimiter(rate.Limit(perSecond), burst)
}

func (b *bucket) declare(limit int) {
	if b.declared = limit; limit > 0 {
		b.limiter.Store(spread(limit))
	}
}

// hear learns a limit when better prefers it to the one heard before.
func (b *bucket) hear(limit int, better func(known, told int64) bool) {
	known := b.heard.Load()
	if known == int64(limit) || known != 0 && !better(known, int64(limit)) {
		return
	}
	if !b.heard.CompareAndSwap(known, int64(limit)) || b.declared > 0 && b.declared <= limit {
		return
	}
	if old := b.limiter.Load(); old != nil {
		fresh := spread(limit)
		old.SetLimit(fresh.Limit())
		old.SetBurst(fresh.Burst())
		return
	}
	b.limiter.Store(spread(limit))
}

// perMinute is the limit that is kept to, 0 without one.
func (r *Rates) perMinute(k kind) int {
	b := &r.buckets[k]
	switch heard := int(b.heard.Load()); {
	case b.declared == 0:
		return heard
	case heard == 0:
		return b.declared
	default:
		return min(b.declared, heard)
	}
}

// reserve takes a place in the bucket and returns how long to wait for it.
func (r *Rates) reserve(k kind) time.Duration {
	l := r.buckets[k].limiter.Load()
	if l == nil {
		return 0
	}
	return l.Reserve().Delay()
}

// paused is how long nothing may be sent.
func (r *Rates) paused() time.Duration {
	until := r.until.Load()
	if until == 0 {
		return 0
	}
	return time.Until(time.Unix(0, until))
}

func (r *Rates) pause(wait time.Duration) {
	until := time.Now().Add(wait).UnixNano()
	for {
		now := r.until.Load()
		if now >= until || r.until.CompareAndSwap(now, until) {
			return
		}
	}
}

// succeeded takes in an answer that was not a refusal to be so fast.
func (r *Rates) succeeded() {
	until := r.until.Load()
	if until == 0 {
		return
	}
	if until > time.Now().UnixNano() {
		return // sent before the pause
	}
	if !r.until.CompareAndSwap(until, 0) {
		return // another pause has begun, or somebody else was first
	}
	r.pauses.Add(1)
	r.mu.Lock()
	r.storm = nil
	r.mu.Unlock()
}

// refused takes in a 429 of a request, of a send by s unless s is nil, and
// makes the app or the sender pause. It returns how long, and whether it was
// taken for the sender's own limit. Random scatters the waits of a storm that
// goes on.
func (r *Rates) refused(s *sender, e *RateLimit, random func() float64) (wait time.Duration, own bool) {
	told := min(e.RetryAfter, longestTold)
	if s != nil {
		if wait, own := s.refused(e.Rate, told, r.pauses.Load()); own {
			if _, limit := s.progress(); limit > 0 {
				r.limiting.Store(true)
			}
			return wait, true
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if left := r.paused(); left > 0 && told <= left+sameStorm {
		r.pause(told) // the last one asks for a moment more
		return max(left, told), false
	}
	wait = told
	switch {
	case r.storm == nil:
		r.storm = newStorm(told > 0, random)
		if told <= 0 {
			wait = firstWait
		}
	default:
		wait = max(told, min(r.storm.wait(), longestWait))
	}
	r.pause(wait)
	return wait, false
}

// sameStorm is how much longer the refusals of one storm, which come together,
// may ask to wait than the first of them.
const sameStorm = 2 * time.Second
