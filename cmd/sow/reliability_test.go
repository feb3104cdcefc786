package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sowdev/sow/applier/figures"
)

// What a run that the figures are taken from has to have tried.
const (
	leastSeeds = 2000
	leastKills = 300
)

// TestReliability holds the page on reliability to the truth: every test that
// it names is there. With -figures it makes sure that enough was tried, and
// that nothing was found; -update puts the figures into the page.
func TestReliability(t *testing.T) {
	root := filepath.Join("..", "..")
	path := filepath.Join(root, "docs", "reliability.md")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tests := testsBelow(t, root)
	for _, name := range regexp.MustCompile("`(Test[A-Z][A-Za-z]+)`").FindAllSubmatch(page, -1) {
		if !tests[string(name[1])] {
			t.Errorf("%s names %s, which does not exist", path, name[1])
		}
	}
	for _, name := range regexp.MustCompile("`([a-z0-9_]+\\.txtar)`").FindAllSubmatch(page, -1) {
		if _, err := os.Stat(filepath.Join("testdata", "script", string(name[1]))); err != nil {
			t.Error(err)
		}
	}
	if *figuresFile == "" {
		return
	}
	all, err := figures.Load(*figuresFile)
	if err != nil {
		t.Fatal(err)
	}
	kills := 0
	for test, counts := range all {
		for what, n := range counts {
			switch {
			case what == "violations" && n > 0:
				t.Errorf("%s: %d violations", test, n)
			case strings.HasPrefix(what, "kills") && strings.HasPrefix(test, "TestKill"):
				kills += n
			}
		}
	}
	if seeds := all["TestSimulation"]["seeds"]; seeds < leastSeeds || kills < leastKills {
		t.Errorf("%d seeds and %d kills, want at least %d and %d", seeds, kills, leastSeeds, leastKills)
	}
	if !*update {
		return
	}
	const begin, end = "<!-- figures -->\n", "<!-- end of figures -->"
	before, rest, ok := bytes.Cut(page, []byte(begin))
	_, after, found := bytes.Cut(rest, []byte(end))
	if !ok || !found {
		t.Fatalf("%s has no place for the figures", path)
	}
	page = fmt.Appendf(nil, "%s%s\n%s\n%s%s", before, begin, figures.Table(all), end, after)
	if err := os.WriteFile(path, page, 0o666); err != nil {
		t.Fatal(err)
	}
}

// testsBelow finds the tests of the module.
func testsBelow(t *testing.T, root string) map[string]bool {
	t.Helper()
	tests := make(map[string]bool)
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := os.ReadFile(path)
		for _, name := range declared.FindAllSubmatch(content, -1) {
			tests[string(name[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tests
}
