package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// The files that are checked in are those that the generator writes.
func TestDataIsGenerated(t *testing.T) {
	want := files()
	root := os.DirFS("../data")
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		got, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		if content, ok := want[name]; !ok || !bytes.Equal(content, got) {
			t.Errorf("%s is not what the generator writes: in examples/marketplace, run go run ./generate", filepath.Join("data", name))
		}
		delete(want, name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range want {
		t.Errorf("%s is missing: in examples/marketplace, run go run ./generate", filepath.Join("data", name))
	}
}

// Two runs write the same.
func TestGeneratorIsDeterministic(t *testing.T) {
	first, second := files(), files()
	for name, content := range first {
		if !bytes.Equal(content, second[name]) {
			t.Errorf("%s differs between two runs", name)
		}
	}
}

// People buy from others, deals end before the anchor, and everyone who speaks
// in a room exists.
func TestDealsMakeSense(t *testing.T) {
	ids := map[string]bool{}
	for _, d := range newMarket().deals() {
		if d.buyer.uid == d.seller.uid {
			t.Errorf("%s: %s buys from themselves", d.id, d.buyer.uid)
		}
		if d.day < 1 {
			t.Errorf("%s ends %d days before the anchor", d.id, d.day)
		}
		if ids[d.id] {
			t.Errorf("there are two deals %s", d.id)
		}
		ids[d.id] = true
		for _, m := range d.messages {
			if bytes.ContainsAny([]byte(m.Text), "{}") {
				t.Errorf("%s: a word is missing in %q", d.id, m.Text)
			}
		}
	}
	for _, r := range rooms {
		member(r.owner)
		for _, thread := range r.threads {
			for _, p := range thread.posts {
				member(p.from)
			}
		}
	}
}
