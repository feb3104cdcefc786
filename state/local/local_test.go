package local_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
	"github.com/sowdev/sow/state/local"
	"github.com/sowdev/sow/state/local/faultfs"
)

var chat = addr.Object{Kind: addr.Conversation, Name: "a"}

func must(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func header() state.Header {
	return state.Header{Lineage: "0123", Dataset: "d", AppID: "app", HashKey: "00ff"}
}

// run takes the lock and records messages with these keys. It folds nothing.
func run(t testing.TB, s *local.Store, keys ...string) {
	t.Helper()
	lock, err := s.Lock(t.Context(), state.LockInfo{ID: "run"}, 0)
	must(t, err)
	record(t, lock, keys...)
	must(t, lock.Unlock())
}

func record(t testing.TB, lock state.Lock, keys ...string) {
	t.Helper()
	j, err := lock.Begin(t.Context(), state.Run{ID: "run", Started: time.Unix(1767603600, 0).UTC(), Command: "sow apply"}, header())
	must(t, err, j.PutConversation(&state.Conversation{Addr: chat, Group: "g"}))
	for _, key := range keys {
		m := message(key)
		must(t, j.Intend(chat, m), j.Receipt(chat, m))
	}
	must(t, j.Close())
}

func fold(t testing.TB, s *local.Store) {
	t.Helper()
	lock, err := s.Lock(t.Context(), state.LockInfo{ID: "fold"}, 0)
	must(t, err, lock.Fold(t.Context()), lock.Unlock())
}

func message(key string) *state.Message {
	return &state.Message{Key: key, MUID: state.MUID("d", chat, key, 0), ID: "id-" + key, Sender: "ana", Text: "text " + key, SentAt: int64(key[0])}
}

func keysOf(t testing.TB, s *local.Store) (keys []string) {
	t.Helper()
	r, err := s.Read(context.Background())
	must(t, err)
	defer r.Close()
	for m, err := range r.Messages(chat) {
		must(t, err)
		keys = append(keys, m.Key)
	}
	return keys
}

func names(t testing.TB, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// A state from nothing to its second snapshot, on a real disk.
func TestLife(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "app.state")
	s := local.New(path)
	if s.Location() != path {
		t.Errorf("Location = %s", s.Location())
	}
	r, err := s.Read(t.Context())
	must(t, err)
	if r.Exists() || r.Fingerprint() != "" {
		t.Error("a state exists before anything was done")
	}
	must(t, r.Close())

	lock, err := s.Lock(t.Context(), state.LockInfo{ID: "1"}, 0)
	must(t, err, lock.Fold(t.Context())) // nothing to fold
	if diff := cmp.Diff([]string{"app.state.lock"}, names(t, dir)); diff != "" {
		t.Errorf("folding nothing (-want +got):\n%s", diff)
	}
	record(t, lock, "a", "b")
	if diff := cmp.Diff([]string{"app.state.journal", "app.state.lock"}, names(t, dir)); diff != "" {
		t.Errorf("during a run (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a", "b"}, keysOf(t, s)); diff != "" {
		t.Error(diff)
	}
	must(t, lock.Fold(t.Context()))
	if diff := cmp.Diff([]string{"app.state", "app.state.lock"}, names(t, dir)); diff != "" {
		t.Errorf("after the first fold (-want +got):\n%s", diff)
	}
	first, err := os.ReadFile(path)
	must(t, err)
	must(t, os.Chmod(path, 0o600))
	record(t, lock, "c")
	must(t, lock.Fold(t.Context()), lock.Fold(t.Context()), lock.Unlock(), lock.Unlock())
	if diff := cmp.Diff([]string{"app.state", "app.state.backup"}, names(t, dir)); diff != "" {
		t.Errorf("after the second fold (-want +got):\n%s", diff)
	}
	backup, err := os.ReadFile(path + ".backup")
	must(t, err)
	if !bytes.Equal(first, backup) {
		t.Error("the backup is not the snapshot before")
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode did not stay: %v, %v", info.Mode(), err)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, keysOf(t, s)); diff != "" {
		t.Error(diff)
	}
}

// A run notes the boot it is on, and a reader on the same boot knows that
// nothing was lost.
func TestBoot(t *testing.T) {
	disk := faultfs.New("/data")
	s := local.NewIn(disk.FS(), statePath)
	lock, err := s.Lock(t.Context(), state.LockInfo{}, 0)
	must(t, err)
	j, err := lock.Begin(t.Context(), state.Run{ID: "1"}, header())
	must(t, err, j.PutConversation(&state.Conversation{Addr: chat, Group: "g"}))
	disk.Kill()
	_ = j.Close()
	r, err := local.NewIn(disk.FS(), statePath).Read(t.Context())
	must(t, err)
	if run := r.Interrupted(); run == nil || run.Boot != disk.FS().Boot() || r.Header().LookBack {
		t.Errorf("interrupted %+v, look back %v", run, r.Header().LookBack)
	}
	disk.PowerCut(rand.New(rand.NewPCG(1, 1)))
	r, err = local.NewIn(disk.FS(), statePath).Read(t.Context())
	must(t, err)
	if r.Interrupted() == nil || !r.Header().LookBack {
		t.Errorf("interrupted %+v, look back %v after a power cut", r.Interrupted(), r.Header().LookBack)
	}
	if runtime.GOOS == "linux" && len(local.OS{}.Boot()) != 36 {
		t.Errorf("Boot = %q", local.OS{}.Boot())
	}
}

// Two names of one file are one state, with one lock.
func TestSymbolicLink(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	real, link := filepath.Join(dir, "app.state"), filepath.Join(other, "link.state")
	if err := os.Symlink(real, link); err != nil {
		t.Skip(err)
	}
	s := local.New(link)
	run(t, s, "a") // the link leads nowhere yet
	fold(t, s)
	run(t, s, "b")
	fold(t, s)
	if diff := cmp.Diff([]string{"app.state", "app.state.backup"}, names(t, dir)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"link.state"}, names(t, other)); diff != "" {
		t.Error(diff)
	}
	lock, err := local.New(real).Lock(t.Context(), state.LockInfo{}, 0)
	must(t, err)
	defer lock.Unlock()
	var locked *state.LockedError
	if _, err := s.Lock(t.Context(), state.LockInfo{}, 0); !errors.As(err, &locked) {
		t.Errorf("error %v, want a LockedError", err)
	}
}

// Whatever fails at whatever step of a fold, with whatever is left of it, the
// state says the same before and after, and the next fold succeeds.
func TestFoldBreaks(t *testing.T) {
	prepare := func() *faultfs.Disk {
		disk := faultfs.New("/data")
		s := local.NewIn(disk.FS(), statePath)
		run(t, s, "a", "b")
		fold(t, s)
		run(t, s, "c")
		return disk
	}
	probe := prepare()
	before := probe.Ops()
	fold(t, local.NewIn(probe.FS(), statePath))
	steps := probe.Ops() - before

	faults := map[string]faultfs.Fault{
		"fails":              {Err: syscall.EIO},
		"fails, but is done": {Err: syscall.EIO, Done: 1 << 20},
		"fails in part":      {Err: syscall.ENOSPC, Done: 17},
		"is the last":        {Stop: true},
		"is the last, done":  {Stop: true, Done: 1 << 20},
	}
	for name, fault := range faults {
		for step := 1; step <= steps; step++ {
			for seed := uint64(0); seed < 4; seed++ { // without a power cut, and with some
				disk := prepare()
				at := disk.Ops() + step
				var op faultfs.Op
				disk.OnOp(func(o faultfs.Op) faultfs.Fault {
					if o.N != at {
						return faultfs.Fault{}
					}
					op = o
					return fault
				})
				s := local.NewIn(disk.FS(), statePath)
				if lock, err := s.Lock(t.Context(), state.LockInfo{ID: "1"}, 0); err == nil {
					_ = lock.Fold(t.Context())
				}
				disk.OnOp(nil)
				if seed == 0 {
					disk.Kill()
				} else {
					disk.PowerCut(rand.New(rand.NewPCG(seed, seed)))
				}
				what := fmt.Sprintf("step %d (%s %s) %s, seed %d", step, op.Kind, op.Name, name, seed)
				after := local.NewIn(disk.FS(), statePath)
				if diff := cmp.Diff([]string{"a", "b", "c"}, keysOf(t, after)); diff != "" {
					t.Fatalf("%s:\n%s", what, diff)
				}
				left := []string{".journal", ".new"}
				if seed%2 == 0 {
					fold(t, after)
				} else {
					must(t, after.Tidy(t.Context()))
					left = append(left, ".backup.new", ".lock")
				}
				if diff := cmp.Diff([]string{"a", "b", "c"}, keysOf(t, after)); diff != "" {
					t.Fatalf("%s, folded again:\n%s", what, diff)
				}
				files := disk.Files()
				for _, end := range left {
					if _, ok := files[statePath+end]; ok {
						t.Errorf("%s: %s is left behind", what, statePath+end)
					}
				}
			}
		}
	}
}

// A full disk stops the run with an error that says what to do; what was
// recorded stays, and goes on when there is room again.
func TestFullDisk(t *testing.T) {
	disk := faultfs.New("/data")
	s := local.NewIn(disk.FS(), statePath)
	lock, err := s.Lock(t.Context(), state.LockInfo{}, 0)
	must(t, err)
	j, err := lock.Begin(t.Context(), state.Run{ID: "1"}, header())
	must(t, err, j.PutConversation(&state.Conversation{Addr: chat, Group: "g"}), j.PutMessage(chat, message("a")))
	disk.SetRoom(30)
	err = j.PutMessage(chat, message("b"))
	checkAccess(t, err, syscall.ENOSPC, "cannot write the journal /data/app.state.journal: no space left on device. Free some space and run again: everything recorded so far is kept")
	if err := j.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Close = %v", err)
	}
	err = lock.Fold(t.Context())
	checkAccess(t, err, syscall.ENOSPC, "cannot write the state /data/app.state.new: no space left on device. Free some space and run again: everything recorded so far is kept")
	if _, left := disk.Files()[statePath+".new"]; left {
		t.Error("a fold that failed keeps the space it took")
	}
	if diff := cmp.Diff([]string{"a"}, keysOf(t, s)); diff != "" {
		t.Error(diff)
	}
	disk.SetRoom(-1)
	must(t, lock.Fold(t.Context()))
	record(t, lock, "b")
	if diff := cmp.Diff([]string{"a", "b"}, keysOf(t, s)); diff != "" {
		t.Error(diff)
	}
}

func checkAccess(t *testing.T, err, is error, text string) {
	t.Helper()
	var access *state.AccessError
	if !errors.As(err, &access) || !errors.Is(err, is) || err.Error() != text {
		t.Errorf("error %v\nwant  %s", err, text)
	}
}

func TestReadOnlyFolder(t *testing.T) {
	disk := faultfs.New("/data")
	run(t, local.NewIn(disk.FS(), statePath), "a")
	disk.SetReadOnly(true)
	s := local.NewIn(disk.FS(), statePath)
	if diff := cmp.Diff([]string{"a"}, keysOf(t, s)); diff != "" {
		t.Errorf("reading needs no writing:\n%s", diff)
	}
	_, err := s.Lock(t.Context(), state.LockInfo{}, 0)
	checkAccess(t, err, syscall.EROFS, "cannot lock /data/app.state.lock: read-only file system. The state, its journal and its lock are written into this folder: make it writable, or keep the state elsewhere with --state FILE")
}

func TestMissingFolder(t *testing.T) {
	s := local.New(filepath.Join(t.TempDir(), "nowhere", "app.state"))
	r, err := s.Read(t.Context())
	must(t, err)
	if r.Exists() {
		t.Error("a state in a folder that is not there")
	}
	_, err = s.Lock(t.Context(), state.LockInfo{}, 0)
	var access *state.AccessError
	if !errors.As(err, &access) || !errors.Is(err, fs.ErrNotExist) || !strings.Contains(access.Next, "Create the folder") {
		t.Errorf("error %v", err)
	}
}

func TestFolderInTheWay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.state")
	must(t, os.Mkdir(path, 0o777))
	_, err := local.New(path).Read(t.Context())
	var access *state.AccessError
	if !errors.As(err, &access) {
		t.Errorf("error %v", err)
	}
}

// A damaged state is not touched by anything.
func TestDamaged(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "app.state")
	s := local.New(path)
	run(t, s, "a")
	fold(t, s)
	run(t, s, "b")
	text, err := os.ReadFile(path)
	must(t, err)
	damaged := bytes.Replace(text, []byte("text a"), []byte("text A"), 1)
	must(t, os.WriteFile(path, damaged, 0o666))
	before := names(t, dir)
	lock, err := s.Lock(t.Context(), state.LockInfo{}, 0)
	must(t, err)
	_, errRead := s.Read(t.Context())
	_, errBegin := lock.Begin(t.Context(), state.Run{}, header())
	errFold := lock.Fold(t.Context())
	must(t, lock.Unlock())
	for name, err := range map[string]error{"Read": errRead, "Begin": errBegin, "Fold": errFold} {
		var damage *state.DamageError
		if !errors.As(err, &damage) || damage.File != path {
			t.Errorf("%s: error %v", name, err)
		}
	}
	after, err := os.ReadFile(path)
	must(t, err)
	if !bytes.Equal(damaged, after) || !slices.Equal(before, names(t, dir)) {
		t.Errorf("the damaged state was touched; files %v", names(t, dir))
	}
}

// A lock is for one thing at a time.
func TestLockUse(t *testing.T) {
	s := local.New(filepath.Join(t.TempDir(), "app.state"))
	lock, err := s.Lock(t.Context(), state.LockInfo{}, 0)
	must(t, err)
	j, err := lock.Begin(t.Context(), state.Run{}, header())
	must(t, err)
	if _, err := lock.Begin(t.Context(), state.Run{}, header()); err == nil {
		t.Error("two journals at once")
	}
	if err := lock.Fold(t.Context()); err == nil {
		t.Error("a journal was folded that is being written")
	}
	must(t, j.Close(), lock.Fold(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := lock.Begin(ctx, state.Run{}, header()); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v of Begin when canceled", err)
	}
	j, err = lock.Begin(t.Context(), state.Run{}, header())
	must(t, err)
	if err := lock.Unlock(); err == nil {
		t.Error("unlocked with an open journal, and no word of it")
	}
	if _, err := lock.Begin(t.Context(), state.Run{}, header()); err == nil {
		t.Error("Begin without the lock")
	}
	if err := j.PutHeader(header()); err != nil {
		t.Log("the journal notices later:", err)
	}
	_ = j.Close()
}

// Plans may read while runs fold: each reading is one state, whole.
func TestReadBesideRuns(t *testing.T) {
	s := local.New(filepath.Join(t.TempDir(), "app.state"))
	const rounds = 12
	var done sync.WaitGroup
	stop := make(chan struct{})
	for range 3 {
		done.Go(func() {
			last := 0
			for {
				r, err := s.Read(context.Background())
				if err != nil {
					t.Error(err)
					return
				}
				n := 0
				for _, err := range r.Messages(chat) {
					if err != nil {
						t.Error(err)
						return
					}
					n++
				}
				r.Close()
				if n < last {
					t.Errorf("%d messages after %d", n, last)
					return
				}
				last = n
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	for i := range rounds {
		run(t, s, string(rune('A'+i)))
		if i%2 == 0 {
			fold(t, s)
		}
	}
	close(stop)
	done.Wait()
	if n := len(keysOf(t, s)); n != rounds {
		t.Errorf("%d messages, want %d", n, rounds)
	}
}

// A file system without second names gets a copy for a backup.
func TestNoLinks(t *testing.T) {
	disk := faultfs.New("/data")
	disk.OnOp(func(op faultfs.Op) faultfs.Fault {
		if op.Kind == faultfs.Link {
			return faultfs.Fault{Err: syscall.EPERM}
		}
		return faultfs.Fault{}
	})
	s := local.NewIn(disk.FS(), statePath)
	run(t, s, "a")
	fold(t, s)
	first := disk.Files()[statePath]
	run(t, s, "b")
	fold(t, s)
	if got := disk.Files()[statePath+".backup"]; !bytes.Equal(first, got) {
		t.Errorf("the backup is %q, want %q", got, first)
	}
}
