package config

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

// ParseTime reads an instant: RFC 3339 with a zone, UNIX seconds (ten digits),
// a distance from the anchor ("-2h", "-1h30m", "-2w", "+45s"), or a UTC clock
// time on a day counted from the anchor's ("-3d 09:12", "+0d 18:00:30"). A
// distance in whole days without a clock time ("-3d") is a distance.
func ParseTime(s string) (Time, error) { panic("skeleton") }

// ParseDuration reads a length of time in seconds: "45s", "2m", "1h30m", "1d",
// "2w", or seconds alone ("45").
func ParseDuration(s string) (int64, error) { panic("skeleton") }

// String returns the canonical form, which [ParseTime] reads back.
func (t Time) String() string { panic("skeleton") }

// FormatDuration returns the canonical form of a length of time in seconds,
// which [ParseDuration] reads back.
func FormatDuration(seconds int64) string { panic("skeleton") }
