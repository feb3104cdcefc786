package faultfs_test

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/sowdev/sow/state/local"
	"github.com/sowdev/sow/state/local/faultfs"
)

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func create(t *testing.T, p local.FS, name string) local.File {
	t.Helper()
	f, err := p.Create(name, 0o644)
	must(t, err)
	return f
}

func write(t *testing.T, f local.File, text string) {
	t.Helper()
	_, err := f.Write([]byte(text))
	must(t, err)
}

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, seed)) }

// A kill loses nothing, and ends the processes and their locks.
func TestKill(t *testing.T) {
	disk := faultfs.New("/d")
	p := disk.FS()
	f := create(t, p, "/d/a")
	write(t, f, "text")
	held, _, err := p.TryLock("/d/lock", []byte("me"))
	must(t, err)
	if other, holder, err := disk.FS().TryLock("/d/lock", nil); other != nil || string(holder) != "me" || err != nil {
		t.Errorf("a second holder of the lock: %v, %q, %v", other, holder, err)
	}
	boot := p.Boot()
	disk.Kill()
	_, errWrite := f.Write([]byte("x"))
	_, errOpen := p.Open("/d/a")
	for _, err := range []error{errWrite, errOpen, f.Sync(), p.Remove("/d/a"), held.Unlock()} {
		if !errors.Is(err, faultfs.ErrStopped) {
			t.Errorf("error %v of a process that has ended", err)
		}
	}
	if got := string(disk.Files()["/d/a"]); got != "text" {
		t.Errorf("after a kill the file holds %q", got)
	}
	if again, _, err := disk.FS().TryLock("/d/lock", nil); again == nil || err != nil || !held.Lost() {
		t.Errorf("the lock outlived its process: %v", err)
	}
	if disk.FS().Boot() != boot {
		t.Error("a kill is no boot")
	}
}

// A power cut keeps what was synced, under names that were synced, and may keep
// or lose anything else.
func TestPowerCut(t *testing.T) {
	synced, more := bytes.Repeat([]byte("s"), 100), bytes.Repeat([]byte("m"), 100)
	lengths := map[int]bool{}
	var kept, lost, torn int
	for seed := range uint64(200) {
		disk := faultfs.New("/d")
		p := disk.FS()
		boot := p.Boot()
		f := create(t, p, "/d/a")
		write(t, f, string(synced))
		must(t, f.Sync(), p.SyncDir("/d"))
		write(t, f, string(more))
		create(t, p, "/d/new")
		must(t, p.Link("/d/a", "/d/b"))
		disk.PowerCut(random(seed))
		if disk.FS().Boot() == boot {
			t.Fatal("a power cut is a boot")
		}
		files := disk.Files()
		got := files["/d/a"]
		if !bytes.HasPrefix(got, synced) {
			t.Fatalf("what was synced is lost: %q", got)
		}
		lengths[len(got)] = true
		if bytes.IndexByte(got, 0) >= 0 && bytes.IndexByte(got, 'm') >= 0 {
			torn++
		}
		if _, ok := files["/d/new"]; ok {
			kept++
		} else {
			lost++
		}
		if b, ok := files["/d/b"]; ok && !bytes.Equal(b, got) {
			t.Fatal("two names of one file hold different texts")
		}
	}
	if len(lengths) < 20 || torn == 0 || kept == 0 || lost == 0 {
		t.Errorf("power cuts are all alike: %d lengths, %d torn, %d names kept and %d lost", len(lengths), torn, kept, lost)
	}
}

// What a failed sync did not write is not written by a later one that succeeds.
func TestFailedSync(t *testing.T) {
	lost := 0
	for seed := range uint64(50) {
		disk := faultfs.New("/d")
		p := disk.FS()
		f := create(t, p, "/d/a")
		must(t, p.SyncDir("/d"))
		write(t, f, "before")
		disk.OnOp(func(op faultfs.Op) faultfs.Fault {
			if op.Kind == faultfs.Sync {
				return faultfs.Fault{Err: syscall.EIO}
			}
			return faultfs.Fault{}
		})
		if err := f.Sync(); !errors.Is(err, syscall.EIO) {
			t.Fatal(err)
		}
		disk.OnOp(nil)
		must(t, f.Sync())
		disk.PowerCut(random(seed))
		if string(disk.Files()["/d/a"]) != "before" {
			lost++
		}
	}
	if lost == 0 {
		t.Error("a failed sync loses nothing")
	}
}

// Operations fail, are done in part, or are the last.
func TestFaults(t *testing.T) {
	for name, test := range map[string]struct {
		fault faultfs.Fault
		err   error
		text  string
	}{
		"fails":         {faultfs.Fault{Err: syscall.EIO}, syscall.EIO, ""},
		"in part":       {faultfs.Fault{Err: syscall.ENOSPC, Done: 2}, syscall.ENOSPC, "ab"},
		"the last":      {faultfs.Fault{Stop: true}, faultfs.ErrStopped, ""},
		"the last done": {faultfs.Fault{Stop: true, Done: 99}, faultfs.ErrStopped, "abc"},
	} {
		disk := faultfs.New("/d")
		f := create(t, disk.FS(), "/d/a")
		disk.OnOp(func(op faultfs.Op) faultfs.Fault {
			if op.Kind != faultfs.Write || op.Name != "/d/a" || op.Size != 3 || op.N != 2 {
				t.Errorf("operation %+v", op)
			}
			return test.fault
		})
		if _, err := f.Write([]byte("abc")); !errors.Is(err, test.err) {
			t.Errorf("%s: error %v", name, err)
		}
		if got := string(disk.Files()["/d/a"]); got != test.text {
			t.Errorf("%s: the file holds %q, want %q", name, got, test.text)
		}
	}
}

func TestRoomAndReadOnly(t *testing.T) {
	disk := faultfs.New("/d")
	p := disk.FS()
	f := create(t, p, "/d/a")
	disk.SetRoom(4)
	write(t, f, "abc")
	if n, err := f.Write([]byte("def")); n != 1 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("wrote %d, %v", n, err)
	}
	disk.SetRoom(-1)
	write(t, f, "ef")
	if got := string(disk.Files()["/d/a"]); got != "abcdef" {
		t.Errorf("the file holds %q", got)
	}
	disk.SetReadOnly(true)
	_, errNew := p.Create("/d/b", 0o644)
	_, errWrite := f.Write([]byte("x"))
	_, _, errLock := p.TryLock("/d/lock", nil)
	for _, err := range []error{errNew, errWrite, errLock, p.Remove("/d/a"), p.Rename("/d/a", "/d/b")} {
		if !errors.Is(err, syscall.EROFS) {
			t.Errorf("error %v of a change", err)
		}
	}
	disk.SetReadOnly(false)
	_, errOpen := p.Open("/d/nothing")
	_, errCreate := p.Create("/nowhere/a", 0o644)
	for _, err := range []error{errOpen, errCreate, p.Rename("/d/nothing", "/d/x"), p.Remove("/d/nothing"), p.Link("/d/nothing", "/d/x")} {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("error %v of what is not there", err)
		}
	}
}
