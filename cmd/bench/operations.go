package main

import (
	"slices"
	"strings"

	"github.com/sowdev/sow/cmd/internal/generate"
)

// operation is what is measured: a command of sow, or a floor.
type operation string

// The commands of sow.
const (
	validate      operation = "sow validate"
	planFresh     operation = "sow plan, fresh"
	planUnchanged operation = "sow plan, unchanged"
	planChanged   operation = "sow plan, 1 % changed"
	planJSON      operation = "sow plan --json"
	planMarkdown  operation = "sow plan --markdown"
	planOut       operation = "sow plan --out"
	showPlan      operation = "sow show FILE"
	stateList     operation = "sow state list"
	applyNull     operation = "sow apply, null app"
	applySaved    operation = "sow apply FILE, null app"
	apply32       operation = "sow apply --parallelism 32, null app"
	applyEmulator operation = "sow apply, emulator"
	resume        operation = "sow apply after a kill, emulator"
	verify        operation = "sow verify, emulator"
	destroy       operation = "sow destroy, emulator"
	startPlan     operation = "sow plan of ten messages"
	recorded      operation = "applying in process, null app"
	unrecorded    operation = "applying in process without a journal, null app"
	// Beside an app that does something, too.
	recordedThere   operation = "applying in process, emulator"
	unrecordedThere operation = "applying in process without a journal, emulator"
)

// The floors.
const (
	rawRead        operation = "raw read"
	hclWhole       operation = "hclparse, gohcl"
	hclDynamic     operation = "hclparse, dynblock, gohcl"
	encodingJSON   operation = "encoding/json"
	readPlan       operation = "raw read of the plan"
	readState      operation = "raw read of the state"
	copyPlan       operation = "cp, fsync of the plan"
	copyState      operation = "cp, fsync of the state"
	postNull       operation = "bare client, null app"
	postEmulator   operation = "bare client, emulator"
	postHalf       operation = "bare client, the other half"
	listEmulator   operation = "bare client, lists"
	deleteEmulator operation = "bare client, deletes"
	undiciPool     operation = "undici pool of 32, null app"
	emptyProgram   operation = "an empty program"
)

// isFloor reports whether sow has no part in it.
func (o operation) isFloor() bool { return !strings.HasPrefix(string(o), "sow ") }

// described is a command of sow and what it is held against.
type described struct {
	operation
	floor    operation // what costs at least as much time and memory; parser for that of the form
	copy     operation // what writes at least as much; may be empty
	forms    []generate.Form
	anyShape bool // measured on every shape, not on the even one alone
	// objects are how many a message may allocate, in the order of forms; a
	// missing or zero one is no bound.
	objects []float64
}

// parser stands for the public library that reads the form of a dataset.
const parser operation = "parser"

func parserOf(form generate.Form) operation {
	switch form {
	case generate.Blocks:
		return hclWhole
	case generate.ForEach:
		return hclDynamic
	case generate.JSONL:
		return encodingJSON
	}
	return rawRead // nobody else reads transcripts
}

// commands are all commands that are measured on datasets.
func commands() []described {
	all := generate.Forms()
	// What does not read messages does not depend on how they are written down.
	lines := []generate.Form{generate.JSONL}
	return []described{
		{operation: validate, floor: parser, forms: all, objects: []float64{2, 125, 5, 6}},
		{operation: planFresh, floor: parser, forms: all, anyShape: true, objects: []float64{7, 130, 10, 11}},
		{operation: planUnchanged, floor: parser, forms: all, anyShape: true, objects: []float64{7, 130, 10, 11}},
		{operation: planChanged, floor: parser, forms: all, objects: []float64{10, 200, 13, 14}},
		{operation: planJSON, floor: parser, forms: lines, objects: []float64{32}},
		{operation: planMarkdown, floor: parser, forms: lines, objects: []float64{11}},
		{operation: planOut, floor: parser, copy: copyPlan, forms: lines, objects: []float64{11}},
		{operation: showPlan, floor: readPlan, forms: lines, objects: []float64{1}},
		{operation: stateList, floor: readState, forms: lines, objects: []float64{14}},
		{operation: applyNull, floor: postNull, copy: copyState, forms: lines, anyShape: true, objects: []float64{80}},
		{operation: applySaved, floor: postNull, copy: copyState, forms: lines, objects: []float64{75}},
		{operation: applyEmulator, floor: postEmulator, copy: copyState, forms: lines, objects: []float64{85}},
		{operation: resume, floor: postHalf, forms: lines, objects: []float64{60}},
		{operation: verify, floor: listEmulator, forms: lines, objects: []float64{45}},
		{operation: destroy, floor: deleteEmulator, forms: lines, objects: []float64{150}},
	}
}

// on reports whether the command is measured on a dataset.
func (c described) on(d generate.Dataset) bool {
	return slices.Contains(c.forms, d.Form) && (d.Shape == generate.Even || c.anyShape)
}

// bound is how many objects a message may allocate; 0 is no bound.
func (c described) bound(form generate.Form) float64 {
	if i := slices.Index(c.forms, form); i >= 0 && i < len(c.objects) {
		return c.objects[i]
	}
	return 0
}

// floorOn is the floor of the command on a dataset.
func (c described) floorOn(d generate.Dataset) operation {
	if c.floor == parser {
		return parserOf(d.Form)
	}
	return c.floor
}
