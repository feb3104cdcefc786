package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/planner"
)

// moment is when a message is sent, as a chat shows it: the day, which stands
// above the messages, and the time of day beside each.
type moment struct {
	day   string // "Fri 2 Jan 2026"; "day -3"; "counted from the anchor"
	clock string // "09:12"; "-1h12m"
	full  string // both, for a line on its own
}

// absolute is a moment in UTC.
func absolute(unix int64) moment {
	t := time.Unix(unix, 0).UTC()
	m := moment{day: t.Format("Mon 2 Jan 2006"), clock: t.Format("15:04")}
	m.full = m.day + " " + m.clock
	return m
}

const daySeconds = 24 * 60 * 60

// relative is a moment in a plan whose anchor is not pinned yet.
func relative(t config.Time) moment {
	switch t.Base {
	case config.Anchor:
		m := moment{day: "counted from the anchor", clock: distance(t.Seconds)}
		switch m.clock[0] {
		case '-':
			m.full = m.clock[1:] + " before the anchor"
		default:
			m.full = m.clock[1:] + " after the anchor"
		}
		return m
	case config.AnchorDay:
		day := floorDiv(t.Seconds, daySeconds)
		clock := t.Seconds - day*daySeconds
		m := moment{
			day:   fmt.Sprintf("day %+d", day),
			clock: fmt.Sprintf("%02d:%02d", clock/3600, clock/60%60),
		}
		if day == 0 {
			m.day = "the anchor's day"
		}
		m.full = m.day + " " + m.clock
		return m
	}
	return absolute(t.Seconds)
}

// distance writes seconds as days, hours and minutes. As on a clock, a minute
// lasts until the next one begins.
func distance(seconds int64) string {
	minutes := floorDiv(seconds, 60)
	sign := "+"
	if minutes < 0 {
		sign, minutes = "-", -minutes
	}
	var b strings.Builder
	b.WriteString(sign)
	for _, unit := range []struct {
		minutes int64
		name    string
	}{{24 * 60, "d"}, {60, "h"}, {1, "m"}} {
		if n := minutes / unit.minutes; n > 0 || unit.minutes == 1 && b.Len() == 1 {
			fmt.Fprintf(&b, "%d%s", n, unit.name)
			minutes %= unit.minutes
		}
	}
	return b.String()
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// momentOf is when the message of a change is sent; of a delete, when it was.
func momentOf(p *planner.Plan, m *planner.MessageChange) moment {
	switch {
	case m.After == nil:
		return absolute(m.Before.SentAt)
	case p.Anchor == nil && m.When.Base != config.Epoch:
		return relative(m.When)
	}
	return absolute(m.After.SentAt)
}
