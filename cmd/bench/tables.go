package main

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sowdev/sow/cmd/internal/generate"
)

// page is all tables as Markdown. A whole one has a row for everything there
// is to measure, else for what was measured.
func (r *results) page(whole bool) string {
	var b strings.Builder
	add := func(title string, t *table) {
		if len(t.rows) > 1 {
			fmt.Fprintf(&b, "\n## %s\n\n%s", title, t)
		}
	}
	add("Targets", r.targets(whole))
	for _, form := range generate.Forms() {
		d := r.largest(form, generate.Even)
		add(fmt.Sprintf("%s messages, %s", grouped(d.Messages), form), r.costsOf(d, whole))
	}
	add("Shapes", r.shapes(whole))
	add("Growth", r.growth(whole))
	fmt.Fprintf(&b, "\nMeasured with %s on %s/%s and %d processors.\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	return b.String()
}

// has reports whether an operation on a dataset was measured.
func (r *results) has(o operation, d generate.Dataset) bool {
	_, ok := r.costs[measured{o, d}]
	return ok
}

// targets has a row for each target.
func (r *results) targets(whole bool) *table {
	t := newTable("what", "target", "stretch", "measured", "")
	for _, goal := range targets() {
		value, verdict := goal.verdict(r)
		if value == "" && !whole {
			continue
		}
		stretch := goal.bound(goal.stretch)
		if goal.stretch == goal.target {
			stretch = ""
		}
		t.row(goal.what, goal.bound(goal.target), stretch, value, verdict)
	}
	return t
}

// costsOf has a row for each command on a dataset, and one for its floors.
func (r *results) costsOf(d generate.Dataset, whole bool) *table {
	t := newTable("what", "time", "CPU", "peak", "written", "beside", "time", "peak", "written / copied")
	floors := []operation{rawRead}
	for _, c := range commands() {
		if !c.on(d) || !whole && !r.has(c.operation, d) {
			continue
		}
		floor := c.floorOn(d)
		for _, o := range []operation{floor, c.copy} {
			if o != "" && !slices.Contains(floors, o) {
				floors = append(floors, o)
			}
		}
		t.row(append(append([]string{string(c.operation)}, r.usage(c.operation, d)...), string(floor),
			r.quotient(wall, c.operation, floor, d), r.quotient(peak, c.operation, floor, d), r.quotient(written, c.operation, c.copy, d))...)
	}
	for _, o := range floors {
		if !whole && !r.has(o, d) {
			continue
		}
		t.row(append([]string{string(o)}, r.usage(o, d)...)...)
	}
	return t
}

// usage is the cells that tell what an operation cost.
func (r *results) usage(o operation, d generate.Dataset) []string {
	u, ok := r.costs[measured{o, d}]
	if !ok {
		return []string{"", "", "", ""}
	}
	return []string{seconds(wall(u)), seconds(cpu(u)), megabytes(u.peak), megabytes(u.written)}
}

func (r *results) quotient(figure func(usage) float64, over, under operation, d generate.Dataset) string {
	value, ok := r.ratio(figure, measured{over, d}, measured{under, d})
	return decimals(value, 2, ok)
}

// shapedMessages is the number of messages in datasets of all shapes, at most.
const shapedMessages = 100_000

// shapes has the commands on datasets of each shape.
func (r *results) shapes(whole bool) *table {
	t := newTable("shape", "conversations", "users", "what", "time", "CPU", "peak", "written", "beside", "time", "peak")
	for _, shape := range generate.Shapes() {
		d := r.largest(generate.JSONL, shape)
		d.Messages = min(d.Messages, shapedMessages)
		for _, c := range commands() {
			if c.anyShape && c.on(d) && (whole || r.has(c.operation, d)) {
				t.row(append(append([]string{string(shape), grouped(d.Conversations()), grouped(d.Users()), string(c.operation)}, r.usage(c.operation, d)...),
					string(c.floorOn(d)), r.quotient(wall, c.operation, c.floorOn(d), d), r.quotient(peak, c.operation, c.floorOn(d), d))...)
			}
		}
	}
	return t
}

// growth has the processor time of each command at each size.
func (r *results) growth(whole bool) *table {
	sizes := r.allSizes()
	columns := []string{"what", "form"}
	for _, n := range sizes {
		columns = append(columns, "CPU, "+grouped(n))
	}
	t := newTable(append(columns, "exponent", "of the last step", "objects a message", "at most")...)
	for _, c := range commands() {
		for _, form := range c.forms {
			if !whole && r.sizes(c.operation, form) == nil {
				continue
			}
			cells := []string{string(c.operation), string(form)}
			for _, n := range sizes {
				cells = append(cells, "")
				if u, ok := r.costs[measured{c.operation, even(form, n)}]; ok {
					cells[len(cells)-1] = seconds(cpu(u))
				}
			}
			whole, last, ok := r.exponents(c.operation, form)
			cells = append(cells, decimals(whole, 2, ok), decimals(last, 2, ok))
			objects, ok := r.objects(c.operation, form)
			cells = append(cells, decimals(objects, 1, ok), decimals(c.bound(form), 0, c.bound(form) > 0))
			t.row(cells...)
		}
	}
	return t
}

// decimals is a number, if it is known.
func decimals(n float64, places int, known bool) string {
	if !known {
		return ""
	}
	return strconv.FormatFloat(n, 'f', places, 64)
}

func seconds(s float64) string {
	if s < 1 {
		return fmt.Sprintf("%.0f ms", 1000*s)
	}
	return fmt.Sprintf("%.2f s", s)
}

func megabytes(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f MB", float64(n)/1e6)
}

// grouped is a number with commas.
func grouped(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// table is a table in Markdown whose columns stand below each other.
type table struct{ rows [][]string }

func newTable(columns ...string) *table { return &table{rows: [][]string{columns}} }

// row adds a row. Cells that are missing at the end are empty.
func (t *table) row(cells ...string) {
	t.rows = append(t.rows, append(cells, make([]string, len(t.rows[0])-len(cells))...))
}

func (t *table) String() string {
	widths := make([]int, len(t.rows[0]))
	for _, row := range t.rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	line := func(cells []string, fill string) {
		for i, cell := range cells {
			fmt.Fprintf(&b, "| %s%s ", cell, strings.Repeat(fill, widths[i]-utf8.RuneCountInString(cell)))
		}
		b.WriteString("|\n")
	}
	line(t.rows[0], " ")
	line(make([]string, len(widths)), "-")
	for _, row := range t.rows[1:] {
		line(row, " ")
	}
	return b.String()
}

// The markers between which the tables stand in the documentation.
const (
	tablesBegin = "<!-- tables -->\n"
	tablesEnd   = "<!-- /tables -->\n"
)

// between returns the text with other tables between the markers.
func between(text, tables string) (string, error) {
	before, rest, ok := strings.Cut(text, tablesBegin)
	if !ok {
		return "", errors.New("there is no marker " + strings.TrimSpace(tablesBegin))
	}
	_, after, ok := strings.Cut(rest, tablesEnd)
	if !ok {
		return "", errors.New("there is no marker " + strings.TrimSpace(tablesEnd) + " after the first one")
	}
	return before + tablesBegin + tables + tablesEnd + after, nil
}
