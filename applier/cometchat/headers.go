package cometchat

import (
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sowdev/sow/applier"
)

// The rate headers have two spellings in the documentation, with one more
// hyphen or one fewer; either may come.
var (
	limitHeaders     = []string{"X-Ratelimit-Limit", "X-Rate-Limit-Limit", "X-Rate-Limit"}
	remainingHeaders = []string{"X-Ratelimit-Remaining", "X-Rate-Limit-Remaining"}
	resetHeaders     = []string{"X-Ratelimit-Reset", "X-Rate-Limit-Reset"}
)

// clock remembers the last Date header that was read: answers of one second
// have the same one. Its zero value is ready for use, also concurrently.
type clock struct{ last atomic.Pointer[dated] }

type dated struct {
	text string
	at   time.Time
}

// read returns the time of a Date header.
func (c *clock) read(text string) (time.Time, bool) {
	if last := c.last.Load(); last != nil && last.text == text {
		return last.at, true
	}
	at, err := http.ParseTime(text)
	if err == nil {
		c.last.Store(&dated{text, at})
	}
	return at, err == nil
}

// readHeaders reads what an answer's headers tell besides its content. now is
// when the answer arrived.
func (c *clock) readHeaders(h http.Header, now time.Time) Answer {
	var a Answer
	if date, ok := c.read(h.Get("Date")); ok {
		a.Skew, a.HasSkew = date.Sub(now.Truncate(time.Second)), true
	}
	if limit, ok := number(h, limitHeaders); ok && limit > 0 {
		remaining, known := number(h, remainingHeaders)
		if !known {
			remaining = limit
		}
		a.Rate = applier.Rate{Limit: int(limit), Remaining: int(remaining)}
		if reset, ok := number(h, resetHeaders); ok {
			a.Rate.Reset = time.Unix(reset, 0).Add(-a.Skew)
		}
	}
	return a
}

// skew is the app's clock less ours, or 0 when the answer has no date.
func skew(h http.Header, now time.Time) time.Duration {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return date.Sub(now.Truncate(time.Second))
}

// retryAfter is how long a 429 asks to wait, or 0 when it does not say. The
// header holds seconds or a date; without it the reset header will do. Dates
// are the app's, so they are read by the app's clock.
func retryAfter(h http.Header, now time.Time) time.Duration {
	theirs := now.Add(skew(h, now))
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil && seconds >= 0 {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(at.Sub(theirs), 0)
	}
	if reset, ok := number(h, resetHeaders); ok {
		return max(time.Unix(reset, 0).Sub(theirs), 0)
	}
	return 0
}

// number is the first of the named headers that holds a number.
func number(h http.Header, names []string) (int64, bool) {
	for _, name := range names {
		for _, value := range h[name] {
			if n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64); err == nil && n >= 0 {
				return n, true
			}
		}
	}
	return 0, false
}
