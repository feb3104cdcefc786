package main

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/sowdev/sow/cmd/internal/generate"
)

// smallest is a dataset whose plan is hardly more than a start.
var smallest = generate.Dataset{Messages: 10, Form: generate.Blocks, Shape: generate.OneGiant}

// startUp compares a plan of next to nothing with a program that does nothing
// but link the same libraries.
func (b *benchmark) startUp() error {
	if b.short {
		return nil // there is nothing that could grow
	}
	dir, _, err := b.write("start", smallest)
	if err != nil {
		return err
	}
	return b.measureIn(10*b.runs+1, smallest, // they take no time
		plainly(emptyProgram, process{program: b.empty}),
		plainly(startPlan, b.ours(dir, "", "plan")),
	)
}

// plans measures what needs no app, on datasets of one form and all sizes.
func (b *benchmark) plans(form generate.Form) error {
	for _, n := range b.sizes(100_000) {
		if err := b.plansOf(even(form, n)); err != nil {
			return err
		}
	}
	return nil
}

// plansOf measures what needs no app on one dataset: as it is, with everything
// seeded, and with some of it edited.
func (b *benchmark) plansOf(d generate.Dataset) error {
	fresh, files, err := b.write("fresh", d)
	if err != nil {
		return err
	}
	seeded, _, err := b.write("seeded", d)
	if err != nil {
		return err
	}
	d.Edited = 100
	edited, _, err := b.write("edited", d)
	if err != nil {
		return err
	}
	d.Edited = 0
	seed, err := b.seed(d)
	if err != nil {
		return err
	}
	state := filepath.Join(seeded, stateFile)
	if err := errors.Join(os.Link(seed.state, state), os.Link(seed.state, filepath.Join(edited, stateFile))); err != nil {
		return err
	}
	b.found.note(configurationBytes, d, float64(sizeOf(files...)))
	b.found.note(stateBytes, d, float64(sizeOf(state)))

	saved, copied := b.path("saved.plan"), b.path("copy")
	steps := []step{
		plainly(rawRead, b.floor("floor-read", files...)),
		plainly(parserOf(d.Form), b.parser(d.Form, files)),
		plainly(validate, b.ours(fresh, "", "validate")),
		plainly(planFresh, b.ours(fresh, "", "plan")),
		plainly(planUnchanged, b.ours(seeded, "", "plan", "--detailed-exitcode")), // fails when there is a change
		plainly(planChanged, b.ours(edited, "", "plan")),
		plainly(planJSON, b.ours(fresh, "", "plan", "--json")),
		plainly(planMarkdown, b.ours(fresh, "", "plan", "--markdown", copied)),
		plainly(planOut, b.ours(fresh, "", "plan", "--out", saved)),
		plainly(copyPlan, b.floor("floor-copy", saved, copied)),
		plainly(readPlan, b.floor("floor-read", saved)),
		plainly(showPlan, b.ours(fresh, "", "show", saved)),
		plainly(readState, b.floor("floor-read", state)),
		plainly(stateList, b.ours(seeded, "", "state", "list")),
	}
	return b.measure(d, wanted(d, steps)...)
}

// wanted leaves out what is not measured on a dataset, and what would be
// measured twice.
func wanted(d generate.Dataset, steps []step) []step {
	wants := map[operation]bool{rawRead: true}
	for _, c := range commands() {
		if c.on(d) {
			wants[c.operation], wants[c.floorOn(d)], wants[c.copy] = true, true, true
		}
	}
	var left []step
	for _, s := range steps {
		if wants[s.operation] {
			left = append(left, s)
		}
		wants[s.operation] = false
	}
	return left
}

// parser is the floor that reads files of that form.
func (b *benchmark) parser(form generate.Form, files []string) process {
	role := map[operation]string{hclWhole: "floor-hcl", hclDynamic: "floor-for-each", encodingJSON: "floor-json", rawRead: "floor-read"}
	return b.floor(role[parserOf(form)], files...)
}

// shapes measures plans and applies of datasets with other shapes.
func (b *benchmark) shapes() error {
	if b.short {
		return nil // they grow as the even one does
	}
	for _, shape := range generate.Shapes() {
		d := generate.Dataset{Messages: min(b.upto, shapedMessages), Form: generate.JSONL, Shape: shape}
		if _, done := b.found.costs[measured{applyNull, d}]; done {
			continue
		}
		if err := errors.Join(b.plansOf(d), b.appliesOf(d)); err != nil {
			return err
		}
	}
	return nil
}
