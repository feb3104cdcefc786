package cometchat

import (
	"net/http"
	"strconv"
	"strings"
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

// readHeaders reads what an answer's headers tell besides its content. now is
// when the answer arrived.
func readHeaders(h http.Header, now time.Time) Answer {
	var a Answer
	if limit, ok := number(h, limitHeaders); ok && limit > 0 {
		remaining, known := number(h, remainingHeaders)
		if !known {
			remaining = limit
		}
		a.Rate = applier.Rate{Limit: int(limit), Remaining: int(remaining)}
		if reset, ok := number(h, resetHeaders); ok {
			a.Rate.Reset = time.Unix(reset, 0).Add(-skew(h, now))
		}
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		a.Skew, a.HasSkew = date.Sub(now.Truncate(time.Second)), true
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
