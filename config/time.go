package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Base says what a [Time] counts from.
type Base uint8

const (
	// Epoch: seconds since 1970-01-01T00:00:00Z; the time was given in full.
	Epoch Base = iota
	// Anchor: seconds from the anchor ("-2h").
	Anchor
	// AnchorDay: seconds from the UTC midnight that begins the anchor's day
	// ("-3d 09:12").
	AnchorDay
)

const daySeconds = 24 * 60 * 60

// Time is an instant as it was declared: absolute, or relative to the anchor.
type Time struct {
	Base    Base
	Seconds int64
}

// At resolves t against an anchor, in UNIX seconds.
func (t Time) At(anchor int64) int64 {
	switch t.Base {
	case Anchor:
		return anchor + t.Seconds
	case AnchorDay:
		midnight := anchor - ((anchor%daySeconds)+daySeconds)%daySeconds
		return midnight + t.Seconds
	}
	return t.Seconds
}

// Add returns the instant that many seconds later, with the same base.
func (t Time) Add(seconds int64) Time {
	t.Seconds += seconds
	return t
}

// String returns the canonical form: RFC 3339 in UTC, a signed length of time,
// or signed days and a clock time. [ParseTime] reads back what String writes
// of a Time that ParseTime returned.
func (t Time) String() string {
	switch t.Base {
	case Anchor:
		if t.Seconds < 0 {
			return "-" + FormatDuration(-t.Seconds)
		}
		return "+" + FormatDuration(t.Seconds)
	case AnchorDay:
		clock := ((t.Seconds % daySeconds) + daySeconds) % daySeconds
		days := (t.Seconds - clock) / daySeconds
		s := fmt.Sprintf("%+dd %02d:%02d", days, clock/3600, clock/60%60)
		if clock%60 != 0 {
			s += fmt.Sprintf(":%02d", clock%60)
		}
		return s
	}
	return time.Unix(t.Seconds, 0).UTC().Format(time.RFC3339)
}

// timeForms ends the errors about times, so that each tells what can be
// written.
const timeForms = `write it from the anchor ("-2h", "-1h30m", "-3d", "-2w"), as a UTC clock time on a day from the anchor's ("-3d 09:12", "+0d 18:00:30"), or in full ("2026-01-05T09:00:00Z")`

// durationForms is the same for lengths of time.
const durationForms = `write it like "45s", "2m", "1h30m", "1d" or "2w"`

var errSubSecond = errors.New("times are whole seconds: leave the fraction away")

// ParseTime reads an instant:
//
//	2026-01-05T09:00:00Z     RFC 3339, with Z or an offset
//	1767603600               UNIX seconds, ten digits
//	-2h  -1h30m  -3d  +45s   so long before or after the anchor
//	-3d 09:12  +0d 18:00:30  a UTC clock time on a day counted from the anchor's
//
// "-3d" alone is three times 24 hours before the anchor, not a midnight.
func ParseTime(s string) (Time, error) {
	if s == "" {
		return Time{}, errors.New("the time is empty: " + timeForms)
	}
	switch {
	case s[0] == '-' || s[0] == '+':
		return parseRelative(s)
	case isDigits(s):
		return parseUnix(s)
	case len(s) > len("2006-01-02") && s[4] == '-':
		return parseFull(s)
	}
	return Time{}, fmt.Errorf("%q is no time: %s", s, timeForms)
}

func parseUnix(s string) (Time, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	switch {
	case len(s) == 13 && err == nil:
		return Time{}, fmt.Errorf("%s looks like milliseconds: UNIX times are given in seconds, as in %d", s, n/1000)
	case len(s) != 10 || err != nil || s[0] == '0':
		return Time{}, fmt.Errorf("%s is no UNIX time: it has ten digits, as in 1767603600", s)
	}
	return Time{Base: Epoch, Seconds: n}, nil
}

func parseFull(s string) (Time, error) {
	if len(s) == len("2006-01-02T15:04:05") {
		if _, err := time.Parse("2006-01-02T15:04:05", s); err == nil {
			return Time{}, fmt.Errorf("%q has no time zone: for UTC write %q", s, s+"Z")
		}
	}
	t, err := time.Parse(time.RFC3339, s)
	// The library takes hours of one digit, which RFC 3339 does not.
	if err != nil || len(s) < len("2006-01-02T15:04:05Z") || s[13] != ':' {
		return Time{}, fmt.Errorf("%q is no time: %s", s, timeForms)
	}
	if s[19] == '.' || s[19] == ',' {
		return Time{}, fmt.Errorf("%q: %w", s, errSubSecond)
	}
	return Time{Base: Epoch, Seconds: t.Unix()}, nil
}

func parseRelative(s string) (Time, error) {
	distance, clock, hasClock := strings.Cut(s, " ")
	seconds, err := parseUnits(distance[1:])
	if err != nil {
		return Time{}, fmt.Errorf("%q is no time: %w", s, noUnits(err, timeForms))
	}
	if s[0] == '-' {
		seconds = -seconds
	}
	if !hasClock {
		return Time{Base: Anchor, Seconds: seconds}, nil
	}
	if strings.ContainsAny(distance, "hms") {
		return Time{}, fmt.Errorf("%q is no time: before a clock time stand whole days, as in \"-3d 09:12\"", s)
	}
	c, err := parseClock(strings.TrimLeft(clock, " "))
	if err != nil {
		return Time{}, fmt.Errorf("%q is no time: %w", s, err)
	}
	return Time{Base: AnchorDay, Seconds: seconds + c}, nil
}

// parseClock reads HH:MM or HH:MM:SS.
func parseClock(s string) (int64, error) {
	if strings.ContainsAny(s, ".,") {
		return 0, errSubSecond
	}
	var clock [3]int64
	limits := [3]int64{23, 59, 59}
	parts := strings.Split(s, ":")
	if len(parts) != 2 && len(parts) != 3 {
		return 0, fmt.Errorf("%q is no clock time: write it like 09:12 or 18:00:30", s)
	}
	for i, part := range parts {
		n, err := strconv.ParseInt(part, 10, 64)
		if len(part) != 2 || !isDigits(part) || err != nil || n > limits[i] {
			return 0, fmt.Errorf("%q is no clock time: write it like 09:12 or 18:00:30", s)
		}
		clock[i] = n
	}
	return clock[0]*3600 + clock[1]*60 + clock[2], nil
}

// ParseDuration reads a length of time, in seconds: "45s", "2m", "1h30m",
// "1d", "2w", or seconds alone ("45").
func ParseDuration(s string) (int64, error) {
	if isDigits(s) {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil && n <= maxSeconds {
			return n, nil
		}
		return 0, fmt.Errorf("%s seconds are %w", s, errTooLong)
	}
	seconds, err := parseUnits(s)
	if err != nil {
		return 0, fmt.Errorf("%q is no length of time: %w", s, noUnits(err, durationForms))
	}
	return seconds, nil
}

// FormatDuration returns the canonical form of a length of time in seconds,
// which is not negative. [ParseDuration] reads it back.
func FormatDuration(seconds int64) string {
	const week = 7 * daySeconds
	if seconds == 0 {
		return "0s"
	}
	if seconds%week == 0 {
		return strconv.FormatInt(seconds/week, 10) + "w"
	}
	var b strings.Builder
	for _, u := range units[1:] {
		if n := seconds / u.seconds; n != 0 {
			b.WriteString(strconv.FormatInt(n, 10))
			b.WriteByte(u.name)
			seconds %= u.seconds
		}
	}
	return b.String()
}

// maxSeconds is more than a hundred years, and so little that sums of two
// cannot overflow.
const maxSeconds = 1 << 32

var (
	errTooLong = errors.New("longer than the 136 years that sow can count")
	errUnits   = errors.New("the units are wrong")
)

// noUnits puts the possible forms in the place of the error that stands for
// any mistake in the units.
func noUnits(err error, forms string) error {
	if errors.Is(err, errUnits) {
		return errors.New(forms)
	}
	return err
}

type unit struct {
	name    byte
	seconds int64
}

// units in the order in which they are written.
var units = [...]unit{{'w', 7 * daySeconds}, {'d', daySeconds}, {'h', 3600}, {'m', 60}, {'s', 1}}

// parseUnits reads numbers with units, the larger ones first, each once.
func parseUnits(s string) (int64, error) {
	var total int64
	rest := units[:]
	if s == "" {
		return 0, errUnits
	}
	for s != "" {
		digits := 0
		for digits < len(s) && '0' <= s[digits] && s[digits] <= '9' {
			digits++
		}
		if digits == 0 || digits == len(s) {
			return 0, errUnits
		}
		if c := s[digits]; c == '.' || c == ',' {
			return 0, errSubSecondUnits
		}
		if strings.HasPrefix(s[digits:], "ms") {
			return 0, errSubSecond
		}
		i := 0
		for i < len(rest) && rest[i].name != s[digits] {
			i++
		}
		if i == len(rest) {
			return 0, errUnits
		}
		n, err := strconv.ParseInt(s[:digits], 10, 64)
		if err != nil || n > maxSeconds/rest[i].seconds || total+n*rest[i].seconds > maxSeconds {
			return 0, fmt.Errorf("it is %w", errTooLong)
		}
		total += n * rest[i].seconds
		rest, s = rest[i+1:], s[digits+1:]
	}
	return total, nil
}

var errSubSecondUnits = errors.New(`numbers are whole: instead of "1.5h" write "1h30m", and no fractions of a second`)

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
