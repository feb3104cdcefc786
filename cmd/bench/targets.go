package main

import (
	"fmt"

	"github.com/sowdev/sow/cmd/internal/generate"
)

// target is a figure that sow is built to reach. Whether it is reached is told,
// and fails nothing: it depends on the machine and on what else it does.
type target struct {
	what            string
	atLeast         bool // else at most
	target, stretch float64
	unit            string // after numbers; empty for ratios
	measure         func(*results) (float64, bool)
}

// verdict says how a target was met.
func (t target) verdict(r *results) (value, verdict string) {
	figure, ok := t.measure(r)
	if !ok {
		return "", "not measured"
	}
	value = fmt.Sprintf("%.2f", figure)
	if t.unit != "" {
		value = fmt.Sprintf("%.0f %s", figure, t.unit)
	}
	switch {
	case t.meets(figure, t.stretch):
		return value, "met, and the stretch"
	case t.meets(figure, t.target):
		return value, "met"
	}
	return value, "**not met**"
}

func (t target) meets(figure, bound float64) bool {
	if t.atLeast {
		return figure >= bound
	}
	return figure <= bound
}

// bound is how the target is written down.
func (t target) bound(n float64) string {
	sign := "≤"
	if t.atLeast {
		sign = "≥"
	}
	if t.unit != "" {
		return fmt.Sprintf("%s %g %s", sign, n, t.unit)
	}
	return fmt.Sprintf("%s %g", sign, n)
}

const mebibyte = 1 << 20

// times is the ratio of two operations on a dataset.
func times(figure func(usage) float64, over, under operation, d generate.Dataset) func(*results) (float64, bool) {
	return func(r *results) (float64, bool) { return r.ratio(figure, measured{over, d}, measured{under, d}) }
}

// tenfold is the ratio of one operation on two datasets.
func tenfold(figure func(usage) float64, o operation, over, under generate.Dataset) func(*results) (float64, bool) {
	return func(r *results) (float64, bool) { return r.ratio(figure, measured{o, over}, measured{o, under}) }
}

// noted is a figure as it was noted.
func noted(f figure, d generate.Dataset) func(*results) (float64, bool) {
	return func(r *results) (float64, bool) {
		value, ok := r.figures[figured{f, d}]
		return value, ok
	}
}

// targets are all targets, those of a million messages first.
func targets() []target {
	var (
		blocks10k, blocks100k, blocks1M = even(generate.Blocks, 10_000), even(generate.Blocks, 100_000), even(generate.Blocks, 1_000_000)
		lines10k, lines100k, lines1M    = even(generate.JSONL, 10_000), even(generate.JSONL, 100_000), even(generate.JSONL, 1_000_000)
	)
	return []target{
		{"time of hclparse and gohcl / of an unchanged plan, 100,000 messages in blocks", true, 8, 20, "",
			times(wall, hclWhole, planUnchanged, blocks100k)},
		{"peak memory of hclparse and gohcl / of an unchanged plan, 100,000 messages in blocks", true, 8, 12, "",
			times(peak, hclWhole, planUnchanged, blocks100k)},
		{"peak memory of a plan / size of the configuration, 1,000,000 messages in blocks", false, 6, 4, "",
			func(r *results) (float64, bool) {
				u, ok := r.costs[measured{planFresh, blocks1M}]
				return peak(u) / r.figures[figured{configurationBytes, blocks1M}], ok
			}},
		{"time of a plan / of encoding/json with the same bytes, 1,000,000 messages in JSONL", false, 1.5, 0.8, "",
			times(wall, planFresh, encodingJSON, lines1M)},
		{"peak memory of a plan, 1,000,000 messages in JSONL", false, 256, 128, "MiB",
			func(r *results) (float64, bool) {
				u, ok := r.costs[measured{planFresh, lines1M}]
				return peak(u) / mebibyte, ok
			}},
		{"time of an unchanged plan / of a fresh one, 100,000 messages in blocks", false, 1.3, 1.15, "",
			times(wall, planUnchanged, planFresh, blocks100k)},
		{"time of a plan with 1 % changed / of an unchanged one, 100,000 messages in blocks", false, 1.2, 1.1, "",
			times(wall, planChanged, planUnchanged, blocks100k)},
		{"time of a plan of 1,000,000 messages / of 100,000, in blocks", false, 11.5, 10.5, "",
			tenfold(wall, planFresh, blocks1M, blocks100k)},
		{"time of a plan of 1,000,000 messages / of 100,000, in JSONL", false, 11.5, 10.5, "",
			tenfold(wall, planFresh, lines1M, lines100k)},
		{"size of the state / (payload + 100 bytes a message), 100,000 messages", false, 1.1, 1, "",
			func(r *results) (float64, bool) {
				state, ok := r.figures[figured{stateBytes, lines100k}]
				return state / (r.figures[figured{configurationBytes, lines100k}] + 100*float64(lines100k.Messages)), ok
			}},
		{"rate of apply / of a bare client with as many connections, 100,000 messages", true, 0.85, 0.95, "",
			times(wall, postNull, applyNull, lines100k)},
		{"rate of apply / of a bare client with as many connections, 1,000,000 messages", true, 0.85, 0.95, "",
			times(wall, postNull, applyNull, lines1M)},
		{"rate of apply / of an undici pool of 32, 100,000 messages", true, 1.4, 1.7, "",
			times(wall, undiciPool, apply32, lines100k)},
		{"time of an apply with its journal / without, null app, 100,000 messages", false, 1.1, 1.03, "",
			times(wall, recorded, unrecorded, lines100k)},
		{"time of an apply with its journal / without, emulator, 100,000 messages", false, 1.1, 1.03, "",
			times(wall, recordedThere, unrecordedThere, lines100k)},
		{"time of the last 10,000 messages of an apply / of the first, 100,000 messages", false, 1.05, 1, "",
			noted(lastOverFirst, lines100k)},
		{"time of the last 10,000 messages of an apply / of the first, 1,000,000 messages", false, 1.05, 1, "",
			noted(lastOverFirst, lines1M)},
		{"peak memory of apply above that of a plan, 1,000,000 messages", false, 64, 32, "MiB",
			func(r *results) (float64, bool) {
				apply, ok1 := r.costs[measured{applyNull, lines1M}]
				plan, ok2 := r.costs[measured{planFresh, lines1M}]
				return (peak(apply) - peak(plan)) / mebibyte, ok1 && ok2
			}},
		{"time of a plan of ten messages / of an empty program with cobra and hcl", false, 1.5, 1.2, "",
			times(wall, startPlan, emptyProgram, smallest)},

		{"time of hclparse and gohcl / of a fresh plan, 10,000 messages in blocks", true, 1, 1, "",
			times(wall, hclWhole, planFresh, blocks10k)},
		{"time of hclparse and gohcl / of an unchanged plan, 10,000 messages in blocks", true, 1, 1, "",
			times(wall, hclWhole, planUnchanged, blocks10k)},
		{"peak memory of hclparse and gohcl / of a fresh plan, 10,000 messages in blocks", true, 4, 4, "",
			times(peak, hclWhole, planFresh, blocks10k)},
		{"peak memory of hclparse and gohcl / of an unchanged plan, 10,000 messages in blocks", true, 4, 4, "",
			times(peak, hclWhole, planUnchanged, blocks10k)},
		{"rate of apply / of a bare client, emulator, 10,000 messages in 100 conversations", true, 0.7, 0.7, "",
			times(wall, postEmulator, applyEmulator, lines10k)},
		{"rate of apply / of a bare client, emulator, 100,000 messages in 1,000 conversations", true, 0.8, 0.8, "",
			times(wall, postEmulator, applyEmulator, lines100k)},
		{"time of an apply without its journal / with, emulator, 10,000 messages", true, 0.857, 0.857, "",
			times(wall, unrecordedThere, recordedThere, lines10k)},
		{"time of a message in a single lane / of a round trip and the sync of a group of records", false, 1.2, 1.2, "",
			noted(oneLane, lines10k)},
		{"size of the journal, a message", false, 600, 600, "bytes",
			noted(journalBytes, lines100k)},
	}
}
