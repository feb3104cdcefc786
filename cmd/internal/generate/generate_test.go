package generate

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sowdev/sow/config"
)

// TestForms holds that every form and shape is a valid dataset with the number
// of messages that was asked for, and that all forms of a shape say the same.
func TestForms(t *testing.T) {
	for _, shape := range Shapes() {
		var first []string
		for _, form := range Forms() {
			for _, edited := range []int{0, 100} {
				d := Dataset{Messages: 1200, Form: form, Shape: shape, Edited: edited}
				t.Run(d.String(), func(t *testing.T) {
					dir := t.TempDir()
					if _, err := d.Write(dir); err != nil {
						t.Fatal(err)
					}
					got := texts(t, dir)
					if len(got) != d.Messages {
						t.Fatalf("%d messages, want %d", len(got), d.Messages)
					}
					if edited > 0 {
						return
					}
					if first == nil {
						first = got
					}
					if diff := cmp.Diff(first, got); diff != "" {
						t.Errorf("it says something else than %s:\n%s", Forms()[0], diff)
					}
				})
			}
		}
	}
}

// TestEdited holds that one message in so many differs between two versions,
// in every form.
func TestEdited(t *testing.T) {
	for _, form := range Forms() {
		d := Dataset{Messages: 2000, Form: form, Shape: Even}
		dir := t.TempDir()
		if _, err := d.Write(dir); err != nil {
			t.Fatal(err)
		}
		before := texts(t, dir)
		d.Edited = 100
		if _, err := d.Write(dir); err != nil {
			t.Fatal(err)
		}
		differ := 0
		for i, text := range texts(t, dir) {
			if text != before[i] {
				differ++
			}
		}
		if differ != d.Messages/d.Edited {
			t.Errorf("%s: %d messages differ, want %d", form, differ, d.Messages/d.Edited)
		}
	}
}

// TestWriteTwice holds that the same parameters give the same bytes.
func TestWriteTwice(t *testing.T) {
	d := Dataset{Messages: 300, Form: JSONL, Shape: ManyUsers}
	one, two := t.TempDir(), t.TempDir()
	files, err := d.Write(one)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Write(two); err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		a, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(two, filepath.Base(path)))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a, b) {
			t.Errorf("%s differs", filepath.Base(path))
		}
	}
}

// TestPairs holds that every conversation has a pair of people of its own:
// with a shared one, two would be one lane.
func TestPairs(t *testing.T) {
	for _, shape := range Shapes() {
		for _, n := range []int{1, 10, 1000, 100_000, 1_000_000} {
			d := Dataset{Messages: n, Shape: shape}
			seen := make(map[[2]string]bool)
			for i := range d.Conversations() {
				c := d.conversation(i)
				pair := [2]string{min(c.first, c.second), max(c.first, c.second)}
				if c.first == c.second || seen[pair] {
					t.Fatalf("%s: conversation %d is between %v, who are taken", d, i, pair)
				}
				seen[pair] = true
			}
		}
	}
}

func texts(t *testing.T, dir string) []string {
	t.Helper()
	cfg, diags := config.Load(dir, config.Options{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	var all []string
	for _, c := range cfg.Conversations {
		for m := range c.Messages(&diags) {
			all = append(all, m.Text)
		}
	}
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return all
}
