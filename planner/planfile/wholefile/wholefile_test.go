package wholefile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
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

// What a killed run has left beside a file is removed by the next one that writes
// it; what is being written is not, and nothing else is, whatever its name is like.
func TestCreateRemovesWhatWasLeft(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	others := []string{"file.part", ".file.part", ".file.1234.part", ".file.0123456x.part", ".other.01234567.part", ".file.01234567.parts", ".file.01234567"}
	for _, name := range append(others, ".file.01234567.part", ".file.89abcdef.part") {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("left"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	first, err := wholefile.Create(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := left(t, dir), len(others)+1; got != want {
		t.Errorf("%d files beside each other, want %d", got, want)
	}
	second, err := wholefile.Create(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []wholefile.File{first, second} {
		if _, err := f.Write([]byte("whole")); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(f.CloseAtomicallyReplace(), f.Cleanup()); err != nil {
			t.Error(err)
		}
	}
	if got := read(t, path); got != "whole" || left(t, dir) != len(others)+1 {
		t.Errorf("%q, and %d files", got, left(t, dir))
	}
}

// Many that write the same file at once do not take each other's.
func TestCreateSideBySide(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 20 {
				f, err := wholefile.Create(path, 0o666)
				if err != nil {
					t.Error(err)
					return
				}
				_, err = f.Write([]byte("whole"))
				if err := errors.Join(err, f.CloseAtomicallyReplace(), f.Cleanup()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	if got := read(t, path); got != "whole" || left(t, dir) != 1 {
		t.Errorf("%q, and %d files", got, left(t, dir))
	}
}

// A link stays a link, and what it leads to is replaced.
func TestCreateThroughALink(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("file", link); err != nil {
		t.Skip(err) // not everybody may make links everywhere
	}
	f, err := wholefile.Create(link, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write([]byte("new"))
	if err := errors.Join(err, f.CloseAtomicallyReplace(), f.Cleanup()); err != nil {
		t.Fatal(err)
	}
	if target, err := os.Readlink(link); err != nil || target != "file" || read(t, path) != "new" {
		t.Errorf("the link leads to %q (%v), and the file holds %q", target, err, read(t, path))
	}
}

// A device is written to, and never replaced.
func TestCreateWritesToDevices(t *testing.T) {
	info, err := os.Stat(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	f, err := wholefile.Create(os.DevNull, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write([]byte("text"))
	if err := errors.Join(err, f.Chmod(0o600), f.CloseAtomicallyReplace(), f.Cleanup()); err != nil {
		t.Error(err)
	}
	after, err := os.Stat(os.DevNull)
	if err != nil || !os.SameFile(info, after) || info.Mode() != after.Mode() {
		t.Errorf("%s is another file: %v, %v", os.DevNull, after, err)
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
