package applier

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// usualSenderLimit is the documented limit on the messages that one user sends
// a minute (page "Rate limits"). Whether it holds for sends with an API key is
// not documented.
const usualSenderLimit = 30

// The counts of sends between which a refusal looks like the usual limit, and
// above which it cannot be in force.
const (
	nearLimit   = usualSenderLimit * 4 / 5
	pastLimit   = usualSenderLimit * 2 // two windows may touch
	provenFree  = usualSenderLimit * 6 / 5
	suspicions  = 3 // refusals that make a suspicion a fact
	limitWindow = time.Minute
)

// sender is the pace of one sender: free until the app refuses it around the
// usual limit. The first such refusal is a suspicion, which is remembered but
// may be cleared by the sends after the pause; another makes it a fact.
type sender struct {
	uid   string
	share float64 // the part of its limit that this worker may use

	mu      sync.Mutex
	limit   int // messages a minute that are kept to; 0 while free
	learnt  bool
	limiter *rate.Limiter
	until   time.Time // nothing is sent before
	// accepted sends, and those of the current minute and of the one before
	total       int
	minute      int64
	now, before int
	suspected   int // refusals around the usual limit
	since       int // accepted sends since the last of them
}

// sender returns the pace of a sender.
func (r *Rates) sender(uid string) *sender {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.senders[uid]
	if s == nil {
		s = &sender{uid: uid, share: r.limits.SenderShare(uid)}
		if r.perSender > 0 {
			s.restrict(r.perSender)
		}
		r.senders[uid] = s
	}
	return s
}

// remember takes up limits that an earlier run learnt.
func (r *Rates) remember(limits map[string]int) {
	for uid, limit := range limits {
		s := r.sender(uid)
		s.mu.Lock()
		if limit > 0 && (s.limit == 0 || limit < s.limit) {
			s.restrict(limit)
			s.learnt = true
		}
		s.mu.Unlock()
	}
}

// learnt returns the limits of senders that the app was seen to have, those of
// earlier runs included; nil when there are none.
func (r *Rates) learnt() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	var limits map[string]int
	for uid, s := range r.senders {
		s.mu.Lock()
		if s.learnt || s.suspected > 0 {
			if limits == nil {
				limits = make(map[string]int)
			}
			if limits[uid] = s.limit; s.limit == 0 {
				limits[uid] = usualSenderLimit
			}
		}
		s.mu.Unlock()
	}
	return limits
}

// restrict spaces the sender's messages evenly, a little wider than the limit
// so that no delay on the way brings two too close together.
func (s *sender) restrict(limit int) {
	s.limit = limit
	s.limiter = rate.NewLimiter(rate.Limit(float64(limit)*s.share/61), 1)
}

// reserve takes the sender's next place and returns how long to wait for it.
func (s *sender) reserve() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.limiter == nil && s.until.IsZero() {
		return 0
	}
	now := time.Now()
	at := now
	if s.until.After(now) {
		at = s.until
	} else {
		s.until = time.Time{}
	}
	wait := at.Sub(now)
	if s.limiter != nil {
		wait += s.limiter.ReserveN(at, 1).DelayFrom(at)
	}
	return wait
}

// succeeded counts an accepted send.
func (s *sender) succeeded() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn()
	s.now++
	s.total++
	if s.suspected == 0 || s.limit > 0 {
		return
	}
	if s.since++; s.since > provenFree && s.now > provenFree {
		s.suspected = 0 // more in one minute than the limit would let through
	}
}

// progress returns the accepted sends, those that others have made meanwhile
// with their part of the limit included, and the limit, 0 without one.
func (s *sender) progress() (sent, limit int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int(float64(s.total) / s.share), s.limit
}

// turn moves on to the current minute.
func (s *sender) turn() {
	minute := time.Now().Unix() / int64(limitWindow/time.Second)
	switch minute - s.minute {
	case 0:
		return
	case 1:
		s.before, s.now = s.now, 0
	default:
		s.before, s.now = 0, 0
	}
	s.minute = minute
}

// plausible reports whether a refusal to be so fast is this sender's own: the
// sender has sent about as much as the usual limit allows, or is known to be
// limited, and the app did not say that it has no room for anybody.
func (s *sender) plausible(remaining int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn()
	sent := s.now + s.before
	return remaining != 0 && (s.limit > 0 || float64(sent) >= nearLimit*s.share && sent <= pastLimit)
}

// refuse makes the sender wait and returns how long.
func (s *sender) refuse(told time.Duration) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.limit == 0 {
		s.suspected++
		if s.suspected > 1 && s.since >= nearLimit || s.suspected >= suspicions {
			s.restrict(usualSenderLimit)
			s.learnt = true
		}
		s.since = 0
	}
	wait := told
	if wait <= 0 {
		wait = firstWait
	}
	if until := time.Now().Add(wait); until.After(s.until) {
		s.until = until
	}
	return wait
}
