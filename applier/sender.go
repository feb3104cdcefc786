package applier

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/sowdev/sow/planner"
)

// The counts of sends at which a refusal looks like the documented limit on
// the messages that one user sends a minute, and above which that cannot be in
// force.
const (
	nearLimit   = planner.SenderPerMinute * 4 / 5
	pastLimit   = planner.SenderPerMinute * 2 // two windows may touch
	provenFree  = planner.SenderPerMinute * 6 / 5
	suspicions  = 3 // refusals that make a suspicion a fact
	limitWindow = time.Minute
)

// sender is the pace of one sender: free until the app refuses it. A refusal
// that comes when the sender has just sent what the documented limit allows in
// one window is that limit: it is kept to from then on, and remembered. One
// that comes later, where windows may touch, is a suspicion, which the sends
// after the pause may clear; another makes it a fact.
type sender struct {
	uid   string
	share float64 // the part of its limit that this worker may use

	mu      sync.Mutex
	limit   int // messages a minute that are kept to; 0 while free
	learnt  bool
	limiter *rate.Limiter
	until   time.Time // nothing is sent before
	// accepted sends: all, those of the current minute and of the one before,
	// and those of the window that the first send after the last one opened
	total       int
	minute      int64
	now, before int
	opened      time.Time
	window      int
	suspected   int // refusals around the documented limit
	since       int // accepted sends since the last of them
	// struck is which of the app's pauses the last send led to, if it was
	// refused; 0 if it was accepted.
	struck int64
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
			r.limiting.Store(true)
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
				limits[uid] = planner.SenderPerMinute
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
	perSecond, burst := planner.SpreadSender(float64(limit) * s.share)
	s.limiter = rate.NewLimiter(rate.Limit(perSecond), burst)
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
	s.struck = 0
	if now := time.Now(); now.Sub(s.opened) >= limitWindow {
		s.opened, s.window = now, 0
	}
	s.window++
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

// outlook returns the accepted sends of a sender and the limit to reckon with:
// an app that was seen to limit one sender limits them all.
func (r *Rates) outlook(s *sender) (sent, limit int) {
	sent, limit = s.progress()
	if limit == 0 && r.limiting.Load() {
		limit = planner.SenderPerMinute
	}
	return sent, limit
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

// refused takes in a refusal to be so fast, with what its headers say, and
// tells whether it is the sender's own. Then the sender waits, so long.
//
// It is not when the app says that it has no room for anybody. It is when the
// sender is known to be limited, when the headers tell of a limit that is so low,
// when the sender has sent about as much as the documented limit allows, or when
// it is refused once more though others were answered after the pause that it
// led to. Pauses is how many of the app's pauses have ended well.
func (s *sender) refused(r Rate, told time.Duration, pauses int64) (wait time.Duration, own bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn()
	sent := s.now + s.before
	low := r.Limit > 0 && r.Limit <= planner.SenderPerMinute
	switch {
	case low:
		s.learn(r.Limit)
	case r.Limit > 0 && r.Remaining == 0:
		return 0, false
	case s.limit > 0:
	case s.full(s.now), s.full(s.window):
		s.learn(planner.SenderPerMinute)
	case float64(sent) >= nearLimit*s.share && sent <= pastLimit:
		s.suspected++
		if s.suspected > 1 && s.since >= nearLimit || s.suspected >= suspicions {
			s.learn(planner.SenderPerMinute)
		}
		s.since = 0
	case s.struck > 0 && s.struck <= pauses:
	default:
		s.struck = pauses + 1
		return 0, false
	}
	if wait = told; wait <= 0 {
		wait = firstWait
	}
	if until := time.Now().Add(wait); until.After(s.until) {
		s.until = until
	}
	return wait, true
}

// full reports whether a window with so many accepted sends was full by the
// documented limit. Some of the answers may still be on their way, and other
// workers may have had a part of it.
func (s *sender) full(sent int) bool {
	return float64(sent) >= nearLimit*s.share && sent <= planner.SenderPerMinute
}

// learn keeps to a limit that the app has shown.
func (s *sender) learn(limit int) {
	if s.limit == 0 || limit < s.limit {
		s.restrict(limit)
	}
	s.learnt = true
}
