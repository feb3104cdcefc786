package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/sowdev/sow/cmd/internal/generate"
)

// options are the command line.
type options struct {
	short   bool
	upto    int
	only    string
	runs    int
	sow     string
	page    string
	results string
}

// benchmark runs the parts and keeps what they found.
type benchmark struct {
	options
	dir   string // for everything that is written
	self  string // this program
	empty string // the program that does nothing
	seeds map[generate.Dataset]seeded
	found results
}

// part is a piece of the benchmark that can be run alone.
type part struct {
	name string
	run  func(*benchmark) error
}

// parts are all of the benchmark, in the order in which they run.
func parts() []part {
	all := []part{{"start", (*benchmark).startUp}}
	for _, form := range generate.Forms() {
		all = append(all, part{string(form), func(b *benchmark) error { return b.plans(form) }})
	}
	return append(all,
		part{"apply", (*benchmark).applies},
		part{"journal", (*benchmark).journals},
		part{"shapes", (*benchmark).shapes},
		part{"undici", (*benchmark).undici},
	)
}

func partNames() []string {
	var names []string
	for _, p := range parts() {
		names = append(names, p.name)
	}
	return names
}

// bench runs what the options ask for, prints the tables, and fails when
// something grows faster than its size or costs more than it may.
func bench(o options) error {
	dir, err := os.MkdirTemp("", "sow-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &benchmark{options: o, dir: dir, seeds: make(map[generate.Dataset]seeded)}
	if err := b.build(); err != nil {
		return err
	}
	if o.page != "" && (o.short || o.only != "" && o.results == "") {
		return errors.New("a page needs everything: leave out -short, and -only without -results")
	}
	if o.results != "" {
		if err := b.found.load(o.results); err != nil {
			return fmt.Errorf("%s: %w", o.results, err)
		}
	}
	known := false
	for _, p := range parts() {
		if o.only != "" && o.only != p.name {
			continue
		}
		known = true
		fmt.Fprintf(os.Stderr, "measuring %s …\n", p.name)
		if err := p.run(b); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		if o.results != "" {
			if err := b.found.save(o.results); err != nil {
				return err
			}
		}
	}
	if !known {
		return fmt.Errorf("there is no part %q; there are %q", o.only, partNames())
	}
	if o.short {
		fmt.Print(b.found.growth(false))
	} else {
		fmt.Print(b.found.page(false))
	}
	if o.page != "" {
		if err := writePage(o.page, b.found.page(true)); err != nil {
			return err
		}
	}
	return errors.Join(b.found.excesses()...)
}

func (b *benchmark) build() (err error) {
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	b.empty = filepath.Join(b.dir, "empty")
	targets := map[string]string{b.empty: "github.com/sowdev/sow/cmd/bench/empty"}
	if b.sow == "" {
		b.sow = filepath.Join(b.dir, "sow")
		targets[b.sow] = "github.com/sowdev/sow/cmd/sow"
	}
	for binary, source := range targets {
		if output, err := exec.Command("go", "build", "-o", binary, source).CombinedOutput(); err != nil {
			return fmt.Errorf("%w\n%s", err, output)
		}
	}
	return nil
}

// sizes are the numbers of messages at which growth is looked at. The short
// form has two, up to the one given.
func (b *benchmark) sizes(short int) []int {
	if b.short {
		return []int{short / 10, short}
	}
	sizes := []int{1_000}
	for n := 10_000; n <= b.upto; n *= 10 {
		sizes = append(sizes, n)
	}
	return sizes
}

// path is where something is kept, out of the way of everything else.
func (b *benchmark) path(name string) string { return filepath.Join(b.dir, name) }

// write makes a dataset in a directory without anything left from before.
func (b *benchmark) write(name string, d generate.Dataset) (dir string, files []string, err error) {
	dir = b.path(name)
	if err := os.RemoveAll(dir); err != nil {
		return "", nil, err
	}
	files, err = d.Write(dir)
	return dir, files, err
}

// writePage puts the tables into a file of the documentation.
func writePage(path, tables string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	replaced, err := between(string(text), tables)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(replaced), 0o666)
}
