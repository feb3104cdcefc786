package main

import (
	"fmt"
	"slices"

	"github.com/sowdev/sow/cmd/internal/generate"
)

// results are what was measured so far. The zero value holds nothing.
type results struct {
	costs   map[measured]usage
	figures map[figured]float64
}

type measured struct {
	operation operation
	dataset   generate.Dataset
}

// figure is a number that is no cost of a process.
type figure string

// The figures.
const (
	configurationBytes figure = "bytes of the configuration"
	stateBytes         figure = "bytes of the state"
	journalBytes       figure = "bytes of the journal, a message"
	lastOverFirst      figure = "time of the last 10,000 messages / of the first"
	oneLane            figure = "time of a message in one lane / of a round trip and a sync"
)

type figured struct {
	figure  figure
	dataset generate.Dataset
}

func (r *results) add(o operation, d generate.Dataset, u usage) {
	if r.costs == nil {
		r.costs = make(map[measured]usage)
	}
	r.costs[measured{o, d}] = u
}

func (r *results) note(f figure, d generate.Dataset, value float64) {
	if r.figures == nil {
		r.figures = make(map[figured]float64)
	}
	r.figures[figured{f, d}] = value
}

// even is a dataset of the shape that most figures are about.
func even(form generate.Form, messages int) generate.Dataset {
	return generate.Dataset{Messages: messages, Form: form, Shape: generate.Even}
}

// sizes are the numbers of messages at which an operation was measured on even
// datasets of a form, smallest first.
func (r *results) sizes(o operation, form generate.Form) []int {
	var sizes []int
	for key := range r.costs {
		if key.operation == o && key.dataset == even(form, key.dataset.Messages) {
			sizes = append(sizes, key.dataset.Messages)
		}
	}
	slices.Sort(sizes)
	return sizes
}

// allSizes are the sizes at which anything was measured on even datasets.
func (r *results) allSizes() []int {
	var sizes []int
	for key := range r.costs {
		if key.dataset.Shape == generate.Even && !slices.Contains(sizes, key.dataset.Messages) {
			sizes = append(sizes, key.dataset.Messages)
		}
	}
	slices.Sort(sizes)
	return sizes
}

// maxGrowth is the exponent with which a cost may grow. Linear work measures a
// little above or below 1; quadratic work would be 2.
const maxGrowth = 1.15

// exponents are the growth of an operation's processor time from the smallest
// to the largest size, and over the last step. Starting takes its time, too, so
// the first is the smaller one of the two.
func (r *results) exponents(o operation, form generate.Form) (whole, last float64, ok bool) {
	sizes := r.sizes(o, form)
	if len(sizes) < 2 {
		return 0, 0, false
	}
	at := func(n int) float64 { return cpu(r.costs[measured{o, even(form, n)}]) }
	first, before, end := sizes[0], sizes[len(sizes)-2], sizes[len(sizes)-1]
	return growth(first, at(first), end, at(end)), growth(before, at(before), end, at(end)), true
}

// excesses are the failures of the benchmark: what grows faster than its size,
// and what allocates more for a message than it may. Times are none of them.
func (r *results) excesses() (failures []error) {
	for _, c := range commands() {
		for _, form := range c.forms {
			if _, last, ok := r.exponents(c.operation, form); ok && last > maxGrowth {
				failures = append(failures, fmt.Errorf("%s, %s: grows with the exponent %.2f, more than %.2f", c.operation, form, last, maxGrowth))
			}
			if objects, ok := r.objects(c.operation, form); ok && c.bound(form) > 0 && objects > c.bound(form) {
				failures = append(failures, fmt.Errorf("%s, %s: allocates %.1f objects for a message, more than %.1f", c.operation, form, objects, c.bound(form)))
			}
		}
	}
	return failures
}

// objects is how many objects a message more costs, between the two largest
// sizes at which they were counted: what starting costs is no part of it.
func (r *results) objects(o operation, form generate.Form) (float64, bool) {
	sizes := slices.DeleteFunc(r.sizes(o, form), func(n int) bool { return r.costs[measured{o, even(form, n)}].Objects == 0 })
	if len(sizes) < 2 {
		return 0, false
	}
	less, more := sizes[len(sizes)-2], sizes[len(sizes)-1]
	count := func(n int) float64 { return float64(r.costs[measured{o, even(form, n)}].Objects) }
	return (count(more) - count(less)) / float64(more-less), true
}

// largest is the largest dataset of that form and shape of which anything was
// measured.
func (r *results) largest(form generate.Form, shape generate.Shape) generate.Dataset {
	d := generate.Dataset{Form: form, Shape: shape}
	for key := range r.costs {
		if key.dataset.Form == form && key.dataset.Shape == shape {
			d.Messages = max(d.Messages, key.dataset.Messages)
		}
	}
	return d
}

// ratio divides a figure of one operation by the same of another. It knows
// nothing when one of them was not measured, or is nothing.
func (r *results) ratio(figure func(usage) float64, over, under measured) (float64, bool) {
	a, measuredA := r.costs[over]
	b, measuredB := r.costs[under]
	if !measuredA || !measuredB || figure(a) == 0 || figure(b) == 0 {
		return 0, false
	}
	return figure(a) / figure(b), true
}

// The figures of a usage that ratios are made of.

func wall(u usage) float64    { return u.wall.Seconds() }
func cpu(u usage) float64     { return u.cpu.Seconds() }
func peak(u usage) float64    { return float64(u.peak) }
func written(u usage) float64 { return float64(u.written) }
