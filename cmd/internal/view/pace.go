package view

import (
	"fmt"
	"math"
	"time"
)

// pace knows how fast an apply goes and how long it will take.
type pace struct {
	started time.Time
	total   int
	done    int
	ends    time.Time // as last foreseen
	samples []sample  // at most one a second, the last window of them
}

type sample struct {
	at   time.Time
	done int
}

// window is how far back the rate looks: an apply goes in bursts and pauses, and
// neither should stand for all of it.
const window = 30 * time.Second

func (p *pace) begin(now time.Time, total int) {
	p.started, p.total = now, total
	p.samples = append(p.samples[:0], sample{now, 0})
}

// rate is what was done a second, of late.
func (p *pace) rate(now time.Time) float64 {
	last := p.samples[len(p.samples)-1]
	if now.Sub(last.at) >= time.Second {
		p.samples = append(p.samples, sample{now, p.done})
	}
	for len(p.samples) > 2 && now.Sub(p.samples[0].at) > window {
		p.samples = p.samples[1:]
	}
	first := p.samples[0]
	elapsed := now.Sub(first.at).Seconds()
	if elapsed <= 0 {
		return 0
	}
	return float64(p.done-first.done) / elapsed
}

// foresee takes in how much time is left.
func (p *pace) foresee(now time.Time, left time.Duration) { p.ends = now.Add(left) }

// status says how far things are. Nothing is over before wait is.
func (p *pace) status(now time.Time, wait time.Duration) string {
	if p.started.IsZero() {
		return ""
	}
	rate := p.rate(now)
	status := fmt.Sprintf("%s of %s done", number(p.done), number(max(p.total, p.done)))
	switch {
	case rate >= 1:
		status += fmt.Sprintf(", %s a second", number(int(math.Round(rate))))
	case rate > 0:
		status += fmt.Sprintf(", %s a minute", number(int(math.Ceil(rate*60))))
	}
	if left := max(p.ends.Sub(now), wait); left > 0 {
		status += fmt.Sprintf(", %s left", about(left.Seconds()))
	}
	return status
}
