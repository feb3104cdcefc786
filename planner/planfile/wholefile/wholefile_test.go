package wholefile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/sowdev/sow/planner/planfile/wholefile"
)

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func left(t *testing.T, dir string) int {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// A file takes the place of the old one in one step, or leaves nothing behind.
func TestCreate(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	for _, text := range []string{"old", "new"} {
		f, err := wholefile.Create(path, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if text == "new" && read(t, path) != "old" {
			t.Error("the old file is gone before the new one is whole")
		}
		if err := errors.Join(f.CloseAtomicallyReplace(), f.Cleanup()); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(t, path); got != "new" || left(t, dir) != 1 {
		t.Errorf("%q, and %d files", got, left(t, dir))
	}
	f, err := wholefile.Create(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Cleanup(); err != nil {
		t.Fatal(err)
	}
	if got := read(t, path); got != "new" || left(t, dir) != 1 {
		t.Errorf("after a file that was given up: %q, and %d files", got, left(t, dir))
	}
	if _, err := wholefile.Create(filepath.Join(dir, "nowhere", "file"), 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

// A new file never takes the place of another one.
func TestWriteNew(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := wholefile.WriteNew(path, []byte("first"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := wholefile.WriteNew(path, []byte("second"), 0o666); !errors.Is(err, fs.ErrExist) {
		t.Errorf("error %v", err)
	}
	if got := read(t, path); got != "first" || left(t, dir) != 1 {
		t.Errorf("%q, and %d files", got, left(t, dir))
	}
}
