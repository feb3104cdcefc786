package emulator

import (
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// faultPlan decides which requests go wrong. Whether chance hits a request
// depends on the seed, the rule, the endpoint and how many requests the
// endpoint had before, and not on what other endpoints do meanwhile.
type faultPlan struct {
	rules   []rule
	seed    uint64
	arrived counts // requests that came in
	tried   counts // requests that were about to be made, where the plan hears of that
}

// counts are how many requests there were.
type counts struct {
	total atomic.Int64
	by    []atomic.Int64 // by endpoint, unknown paths last
}

// rule is a fault and the endpoints that it is for.
type rule struct {
	Fault
	endpoints []bool // by number, unknown paths last
	// onlyDial is set for faults that happen before there is a connection.
	onlyDial bool
}

func newFaultPlan(faults []Fault, seed uint64, table []*endpoint) (*faultPlan, error) {
	p := &faultPlan{seed: seed}
	p.arrived.by, p.tried.by = make([]atomic.Int64, len(table)+1), make([]atomic.Int64, len(table)+1)
	for _, f := range faults {
		if err := f.check(); err != nil {
			return nil, err
		}
		r := rule{Fault: f, endpoints: make([]bool, len(table)+1), onlyDial: f.Kind == faultDNS || f.Kind == faultTLS}
		for i, e := range table {
			r.endpoints[i] = f.Endpoint == "" || f.Endpoint == e.name() || f.Endpoint == "* "+e.path
		}
		r.endpoints[len(table)] = f.Endpoint == ""
		p.rules = append(p.rules, r)
	}
	return p, nil
}

// mishap is what is to go wrong with one request.
type mishap struct {
	main  *Fault // what becomes of the request, or nil
	delay time.Duration
	lag   time.Duration
	skew  time.Duration
}

// decide counts a request that arrived and says what is to go wrong with it.
// Refused connections are for decideDial, where there is somebody to ask it.
func (p *faultPlan) decide(e *endpoint, refuses bool) mishap {
	if len(p.rules) == 0 {
		return mishap{}
	}
	return p.pick(e, &p.arrived, func(r *rule) bool { return !r.onlyDial && (refuses || r.Kind != faultRefuse) })
}

// decideDial is decide for the moment before there is a connection.
func (p *faultPlan) decideDial(e *endpoint) *Fault {
	if len(p.rules) == 0 {
		return nil
	}
	return p.pick(e, &p.tried, func(r *rule) bool { return r.onlyDial || r.Kind == faultRefuse }).main
}

func (p *faultPlan) pick(e *endpoint, seen *counts, applies func(*rule) bool) mishap {
	number := len(seen.by) - 1
	if e != nil {
		number = e.number
	}
	nth, total := seen.by[number].Add(1), seen.total.Add(1)
	var m mishap
	for i := range p.rules {
		r := &p.rules[i]
		if !r.endpoints[number] || !applies(r) || !p.hits(r, i, number, nth, total) {
			continue
		}
		switch r.Kind {
		case faultDelay:
			m.delay += r.wait
		case faultLag:
			m.lag = max(m.lag, r.wait)
		case faultSkew:
			m.skew = r.wait
		default:
			if m.main == nil {
				m.main = &r.Fault
			}
		}
	}
	return m
}

func (p *faultPlan) hits(r *rule, place, number int, nth, total int64) bool {
	if len(r.Nth) > 0 {
		if r.Endpoint == "" || strings.HasPrefix(r.Endpoint, "* ") {
			nth = total
		}
		_, found := slices.BinarySearch(r.Nth, int(nth))
		return found
	}
	return r.Rate >= 1 || chance(p.seed, uint64(place), uint64(number), uint64(nth)) < r.Rate
}

// chance is a number from 0 up to 1 that depends on nothing but its arguments.
func chance(parts ...uint64) float64 {
	h := fnv.New64a()
	for _, part := range parts {
		fmt.Fprintf(h, "%x,", part)
	}
	x := h.Sum64() // FNV mixes its last bytes little: finish as SplitMix64 does
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return float64((x^x>>31)>>11) / math.Exp2(53)
}

func (m *mishap) isMain(kind string) bool { return m.main != nil && m.main.Kind == kind }

// resets reports whether the connection breaks before anything is read.
func (m *mishap) resets() bool { return m.isMain(faultDropBefore) || m.isMain(faultRefuse) }

// name is the kind of the worst that happened, or "".
func (m *mishap) name() string {
	switch {
	case m.main != nil:
		return m.main.Kind
	case m.skew != 0:
		return faultSkew
	case m.lag != 0:
		return faultLag
	case m.delay != 0:
		return faultDelay
	}
	return ""
}
