package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sowdev/sow/cmd/internal/generate"
)

// stored are results in a file, so that the parts of a long benchmark need not
// all be run at once.
type stored struct {
	Costs   []storedCost   `json:"costs"`
	Figures []storedFigure `json:"figures"`
}

type storedCost struct {
	Operation operation        `json:"operation"`
	Dataset   generate.Dataset `json:"dataset"`
	Wall      time.Duration    `json:"wall"`
	CPU       time.Duration    `json:"cpu"`
	Peak      int64            `json:"peak"`
	Written   int64            `json:"written"`
	Objects   uint64           `json:"objects"`
	Bytes     uint64           `json:"bytes"`
}

type storedFigure struct {
	Figure  figure           `json:"figure"`
	Dataset generate.Dataset `json:"dataset"`
	Value   float64          `json:"value"`
}

// load adds the results in a file. A missing file has none.
func (r *results) load(path string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var s stored
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	for _, c := range s.Costs {
		r.add(c.Operation, c.Dataset, usage{c.Wall, c.CPU, c.Peak, c.Written, allocations{c.Objects, c.Bytes}})
	}
	for _, f := range s.Figures {
		r.note(f.Figure, f.Dataset, f.Value)
	}
	return nil
}

// save writes the results to a file.
func (r *results) save(path string) error {
	var s stored
	for key, u := range r.costs {
		s.Costs = append(s.Costs, storedCost{key.operation, key.dataset, u.wall, u.cpu, u.peak, u.written, u.Objects, u.Bytes})
	}
	slices.SortFunc(s.Costs, func(a, b storedCost) int {
		return strings.Compare(string(a.Operation)+a.Dataset.String(), string(b.Operation)+b.Dataset.String())
	})
	for key, value := range r.figures {
		s.Figures = append(s.Figures, storedFigure{key.figure, key.dataset, value})
	}
	slices.SortFunc(s.Figures, func(a, b storedFigure) int {
		return strings.Compare(string(a.Figure)+a.Dataset.String(), string(b.Figure)+b.Dataset.String())
	})
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o666)
}
