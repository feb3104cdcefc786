package main

import (
	"context"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sowdev/sow/cmd/internal/cli"
	"github.com/sowdev/sow/cmd/internal/generate"
)

// TestMain makes the test binary what the benchmark starts: itself in its other
// roles, and sow.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"bench": main,
		"sow": func() {
			os.Exit(cli.Main(context.Background(), os.Args[1:], cli.Env{
				Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Environ: os.Environ(), Now: time.Now,
			}))
		},
		"empty": func() {},
	})
}

// TestParts runs the benchmark as it stands, on hardly anything, and holds that
// each row of the tables is measured, and what it is held against.
func TestParts(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a hundred processes")
	}
	b := &benchmark{options: options{runs: 1, upto: 200}, dir: t.TempDir(), seeds: make(map[generate.Dataset]seeded)}
	for name, path := range map[string]*string{"bench": &b.self, "sow": &b.sow, "empty": &b.empty} {
		var err error
		if *path, err = exec.LookPath(name); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range parts() {
		if p.name == "undici" {
			continue // it comes from the network
		}
		if err := p.run(b); err != nil {
			t.Fatalf("%s: %v", p.name, err)
		}
	}
	for _, form := range generate.Forms() {
		for _, shape := range generate.Shapes() {
			d := b.found.largest(form, shape)
			for _, c := range commands() {
				if d.Messages == 0 || d == smallest || !c.on(d) {
					continue
				}
				for _, o := range []operation{c.operation, c.floorOn(d), c.copy, rawRead} {
					if o != "" && !b.found.has(o, d) {
						t.Errorf("%s of %s is not measured", o, d)
					}
				}
				if u := b.found.costs[measured{c.operation, d}]; u.Objects == 0 {
					t.Errorf("the objects of %s of %s are not counted", c.operation, d)
				}
			}
		}
	}
	for _, f := range []figure{configurationBytes, stateBytes} {
		if _, ok := noted(f, even(generate.JSONL, 1000))(&b.found); !ok {
			t.Errorf("nobody noted the %s", f)
		}
	}
}

func TestGrowth(t *testing.T) {
	for _, test := range []struct {
		size1 int
		cost1 float64
		size2 int
		cost2 float64
		want  float64
	}{
		{1000, 1, 10_000, 10, 1},
		{1000, 2, 1_000_000, 2000, 1},
		{1000, 1, 10_000, 100, 2},
		{1000, 5, 10_000, 5, 0},
		{10_000, 1, 50_000, 5, 1},
	} {
		if got := growth(test.size1, test.cost1, test.size2, test.cost2); math.Abs(got-test.want) > 1e-9 {
			t.Errorf("from %v at %d to %v at %d: %v, want %v", test.cost1, test.size1, test.cost2, test.size2, got, test.want)
		}
	}
}

// TestExponents holds that growth is looked at in order of size, whatever was
// measured first.
func TestExponents(t *testing.T) {
	var r results
	for _, n := range []int{100_000, 1000, 10_000} {
		took := time.Duration(n) * time.Microsecond
		if n == 100_000 {
			took *= 10 // a hundredfold over the last step
		}
		r.add(planFresh, even(generate.JSONL, n), usage{cpu: took})
	}
	whole, last, ok := r.exponents(planFresh, generate.JSONL)
	if !ok || math.Abs(whole-1.5) > 1e-9 || math.Abs(last-2) > 1e-9 {
		t.Errorf("exponents %v and %v, %v; want 1.5 and 2", whole, last, ok)
	}
	if _, _, ok := r.exponents(planFresh, generate.Blocks); ok {
		t.Error("there is an exponent of what was not measured")
	}
}

// TestExcesses holds what the short form fails on: growth, and objects for a
// message.
func TestExcesses(t *testing.T) {
	small, large := even(generate.JSONL, 10_000), even(generate.JSONL, 100_000)
	bound := uint64(0)
	for _, c := range commands() {
		if c.operation == planFresh {
			bound = uint64(c.bound(generate.JSONL))
		}
	}
	if bound == 0 {
		t.Fatal("a plan may allocate what it likes")
	}
	for _, test := range []struct {
		name    string
		cpu     time.Duration // of ten times as much as takes a second
		objects uint64        // for a message
		want    string
	}{
		{"linear", 10 * time.Second, bound, ""},
		{"a little more than linear", 14 * time.Second, bound, ""},
		{"not linear", 15 * time.Second, bound, "grows with the exponent 1.18"},
		{"too many objects", 10 * time.Second, bound + 1, "objects for a message"},
	} {
		t.Run(test.name, func(t *testing.T) {
			const start = 70_000 // objects that are there whatever the size
			var r results
			r.add(planFresh, small, usage{cpu: time.Second, allocations: allocations{Objects: start + test.objects*10_000}})
			r.add(planFresh, large, usage{cpu: test.cpu, allocations: allocations{Objects: start + test.objects*100_000}})
			failures := r.excesses()
			if test.want == "" {
				if len(failures) > 0 {
					t.Errorf("it fails: %v", failures)
				}
				return
			}
			if len(failures) != 1 || !strings.Contains(failures[0].Error(), test.want) {
				t.Errorf("failures %v, want one with %q", failures, test.want)
			}
		})
	}
}

func TestVerdict(t *testing.T) {
	measures := func(value float64, ok bool) func(*results) (float64, bool) {
		return func(*results) (float64, bool) { return value, ok }
	}
	for _, test := range []struct {
		target         target
		value, verdict string
	}{
		{target{atLeast: true, target: 8, stretch: 20, measure: measures(7.99, true)}, "7.99", "**not met**"},
		{target{atLeast: true, target: 8, stretch: 20, measure: measures(8, true)}, "8.00", "met"},
		{target{atLeast: true, target: 8, stretch: 20, measure: measures(21, true)}, "21.00", "met, and the stretch"},
		{target{target: 64, stretch: 32, unit: "MiB", measure: measures(65, true)}, "65 MiB", "**not met**"},
		{target{target: 64, stretch: 32, unit: "MiB", measure: measures(-3, true)}, "-3 MiB", "met, and the stretch"},
		{target{target: 1.1, stretch: 1, measure: measures(0, false)}, "", "not measured"},
	} {
		value, verdict := test.target.verdict(&results{})
		if value != test.value || verdict != test.verdict {
			t.Errorf("%q, %q; want %q, %q", value, verdict, test.value, test.verdict)
		}
	}
}

// TestRatioOfNothing holds that what was not measured, or is nothing, gives no
// ratio: it would be printed as an infinite one.
func TestRatioOfNothing(t *testing.T) {
	d := even(generate.JSONL, 1000)
	var r results
	r.add(planFresh, d, usage{wall: time.Second})
	r.add(encodingJSON, d, usage{wall: 2 * time.Second})
	if got, ok := r.ratio(wall, measured{planFresh, d}, measured{encodingJSON, d}); !ok || got != 0.5 {
		t.Errorf("ratio %v, %v; want 0.5", got, ok)
	}
	if _, ok := r.ratio(written, measured{planFresh, d}, measured{encodingJSON, d}); ok {
		t.Error("there is a ratio of nothing to nothing")
	}
	if _, ok := r.ratio(wall, measured{planFresh, d}, measured{rawRead, d}); ok {
		t.Error("there is a ratio to what was not measured")
	}
}

// TestStore holds that results come back from their file as they went, and
// that new ones take the place of old ones.
func TestStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.json")
	d := even(generate.JSONL, 1000)
	var before results
	if err := before.load(path); err != nil {
		t.Fatalf("a file that is not there: %v", err)
	}
	before.add(planFresh, d, usage{1, 2, 3, 4, allocations{5, 6}})
	before.note(stateBytes, d, 7)
	if err := before.save(path); err != nil {
		t.Fatal(err)
	}
	var after results
	after.add(planFresh, d, usage{wall: 100})
	after.add(validate, d, usage{wall: 200})
	if err := after.load(path); err != nil {
		t.Fatal(err)
	}
	before.add(validate, d, usage{wall: 200})
	if !maps.Equal(before.costs, after.costs) || !maps.Equal(before.figures, after.figures) {
		t.Errorf("got %v, want %v", after, before)
	}
}

func TestPace(t *testing.T) {
	// Marks a second apart, and two at the end.
	even := func(n, slow int) []time.Time {
		at, marks := time.Time{}, []time.Time(nil)
		for i := range n {
			at = at.Add(time.Second)
			if i >= n-slow {
				at = at.Add(time.Second)
			}
			marks = append(marks, at)
		}
		return marks
	}
	for _, test := range []struct {
		marks []time.Time
		want  float64
	}{
		{nil, 0},
		{even(9, 0), 0},
		{even(20, 0), 1},
		{even(20, 2), 2},
		{even(2000, 20), 2}, // of a million messages only the last 10,000 count
		{even(2000, 10), 1.5},
	} {
		if got := pace(test.marks); got != test.want {
			t.Errorf("pace of %d marks is %v, want %v", len(test.marks), got, test.want)
		}
	}
}

func TestBetween(t *testing.T) {
	const text = "before\n" + tablesBegin + "old\n" + tablesEnd + "after\n"
	got, err := between(text, "new\n")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("before\n"+tablesBegin+"new\n"+tablesEnd+"after\n", got); diff != "" {
		t.Error(diff)
	}
	for _, text := range []string{"", tablesBegin, tablesEnd, tablesEnd + tablesBegin} {
		if _, err := between(text, "new\n"); err == nil {
			t.Errorf("there are no two markers in %q, and nobody says so", text)
		}
	}
}

func TestTable(t *testing.T) {
	table := newTable("what", "≥", "long column")
	table.row("a longer cell", "1 µs")
	want := `
| what          | ≥    | long column |
| ------------- | ---- | ----------- |
| a longer cell | 1 µs |             |
`[1:]
	if diff := cmp.Diff(want, table.String()); diff != "" {
		t.Error(diff)
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1_000_000: "1,000,000"} {
		if got := grouped(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}

// TestDocumentation holds that the page in the documentation has the rows that
// this program would write, no fewer and no others.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "performance.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, tables, ok := strings.Cut(string(text), tablesBegin)
	tables, _, ok2 := strings.Cut(tables, tablesEnd)
	if !ok || !ok2 {
		t.Fatal("the page has no markers")
	}
	if diff := cmp.Diff(labels(new(results).page(true)), labels(tables)); diff != "" {
		t.Errorf("the page is not of this program; write it again:\n  go run ./cmd/bench -page docs/performance.md\n%s", diff)
	}
}

// labels are the first cells of all rows of all tables.
func labels(page string) []string {
	var labels []string
	for line := range strings.Lines(page) {
		if cells := strings.Split(line, "|"); len(cells) > 2 {
			labels = append(labels, strings.TrimSpace(cells[1]))
		}
	}
	for i, label := range labels {
		if strings.Trim(label, "-") == "" {
			labels[i] = ""
		}
	}
	return labels
}
