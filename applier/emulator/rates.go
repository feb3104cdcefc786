package emulator

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// rates counts requests against the limits of the plan (page "Rate limits" of
// the REST documentation): core operations in one bucket, everything else in
// another, emptied every minute.
type rates struct {
	plan Plan

	mu       sync.Mutex
	standard bucket
	core     bucket
	senders  map[string]*bucket
}

const (
	rateWindow      = time.Minute
	senderPerMinute = 30
)

// bucket counts the requests of one window.
type bucket struct {
	began time.Time
	used  int
}

// take counts one request, or says how long there is no room for it.
func (b *bucket) take(now time.Time, limit int) (wait time.Duration, ok bool) {
	if now.Sub(b.began) >= rateWindow || now.Before(b.began) {
		b.began, b.used = now, 0
	}
	if b.used >= limit {
		return b.began.Add(rateWindow).Sub(now), false
	}
	b.used++
	return 0, true
}

func (r *rates) limit(core bool) int {
	switch {
	case r.plan == Free:
		return 500
	case core:
		return 10_000
	}
	return 20_000
}

func (r *rates) bucket(core bool) *bucket {
	if core {
		return &r.core
	}
	return &r.standard
}

// take counts a request against the limits of the app.
func (r *rates) take(now time.Time, core bool) (wait time.Duration, ok bool) {
	if r.plan == Unlimited {
		return 0, true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bucket(core).take(now, r.limit(core))
}

// takeSender counts a send against the limit of its sender.
func (r *rates) takeSender(now time.Time, uid string) (wait time.Duration, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.senders == nil {
		r.senders = make(map[string]*bucket)
	}
	b := r.senders[uid]
	if b == nil {
		b = new(bucket)
		r.senders[uid] = b
	}
	return b.take(now, senderPerMinute)
}

// headers tells of the bucket that a request counts against.
func (r *rates) headers(h http.Header, q *Quirks, now time.Time, core bool) {
	spelling := q.of(rateHeaderSpelling)
	if r.plan == Unlimited || spelling == "none" {
		return
	}
	limit := r.limit(core)
	r.mu.Lock()
	b := *r.bucket(core)
	r.mu.Unlock()
	left, reset := limit-b.used, b.began.Add(rateWindow)
	if now.Sub(b.began) >= rateWindow {
		left, reset = limit, now.Add(rateWindow)
	}
	names := [3]string{"X-Rate-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset"}
	if spelling == "joined" {
		names = [3]string{"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}
	}
	h[names[0]] = []string{strconv.Itoa(limit)}
	h[names[1]] = []string{strconv.Itoa(max(left, 0))}
	h[names[2]] = []string{strconv.FormatInt(reset.Add(time.Second-1).Unix(), 10)}
}

// tooMany is the answer to a request for which there is no room.
func tooMany(q *Quirks, now time.Time, wait time.Duration) answer {
	seconds := int64((wait + time.Second - 1) / time.Second)
	a := answer{status: http.StatusTooManyRequests, code: codeTooMany}
	if q.of(retryAfter) == "present" {
		a.retry = strconv.FormatInt(max(seconds, 1), 10)
	}
	f := refuse(codeTooMany, "There were too many requests. Wait "+strconv.FormatInt(seconds, 10)+" s.")
	switch q.of(rateLimitBody) {
	case "not_json":
		a.html, a.body = true, []byte("Too many requests\n")
	case "code_only":
		o := begin(nil)
		o.text("code", f.code)
		o.text("message", f.message)
		a.body = o.end()
	default:
		o := begin(nil)
		o.name("error")
		o.b = q.appendFailure(o.b, f)
		a.body = o.end()
	}
	return a
}
