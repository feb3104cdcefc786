// Package figures keeps count of what the long tests have tried, so that the
// page on reliability can print what was measured instead of what somebody
// remembers.
package figures

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Figures are counts of one test, by what was counted. Its methods may be
// called concurrently.
type Figures struct {
	mu     sync.Mutex
	counts map[string]int
}

// Add counts n more of something.
func (f *Figures) Add(what string, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.counts == nil {
		f.counts = make(map[string]int)
	}
	f.counts[what] += n
}

// AddAll counts more of several things, each named with the prefix before it.
func (f *Figures) AddAll(prefix string, counts map[string]int) {
	for what, n := range counts {
		f.Add(prefix+what, n)
	}
}

// Of returns the count of something.
func (f *Figures) Of(what string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts[what]
}

// String lists the counts, sorted by what was counted.
func (f *Figures) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(f.counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", f.counts[what], what))
	}
	return strings.Join(parts, ", ")
}

// Save puts the counts into a file of JSON under the name of the test. What
// other tests have put there stays. It does nothing without a path.
func (f *Figures) Save(path, test string) error {
	if path == "" {
		return nil
	}
	all, err := Load(path)
	if errors.Is(err, fs.ErrNotExist) {
		all = make(map[string]map[string]int)
	} else if err != nil {
		return err
	}
	f.mu.Lock()
	all[test] = maps.Clone(f.counts)
	f.mu.Unlock()
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetIndent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	return os.WriteFile(path, out.Bytes(), 0o666)
}

// Load reads a file that Save has written: counts by test.
func Load(path string) (map[string]map[string]int, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var all map[string]map[string]int
	if err := json.Unmarshal(content, &all); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return all, nil
}

// Table prints the counts as a table of Markdown, tests and figures sorted.
func Table(all map[string]map[string]int) string {
	var b strings.Builder
	b.WriteString("| test | figure | count |\n|---|---|---:|\n")
	for _, test := range slices.Sorted(maps.Keys(all)) {
		name := "`" + test + "`"
		for _, what := range slices.Sorted(maps.Keys(all[test])) {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", name, what, thousands(all[test][what]))
			name = ""
		}
	}
	return b.String()
}

// thousands writes 1234567 as 1,234,567.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	for at := len(digits) - 3; at > 0 && digits[at-1] != '-'; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}
