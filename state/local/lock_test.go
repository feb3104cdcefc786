package local_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sowdev/sow/state"
	"github.com/sowdev/sow/state/local"
	"github.com/sowdev/sow/state/local/faultfs"
)

// holdEnv makes the test binary hold the lock of the named state until it dies.
const holdEnv = "SOW_TEST_HOLD"

func TestMain(m *testing.M) {
	if path := os.Getenv(holdEnv); path != "" {
		_, err := local.New(path).Lock(context.Background(), holder(), 0)
		if err != nil {
			os.Stdout.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Stdout.WriteString("locked\n")
		select {}
	}
	os.Exit(m.Run())
}

func holder() state.LockInfo {
	return state.LockInfo{
		ID: "holder", Host: "host", PID: 7, User: "ana", Command: "sow apply",
		Started: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC),
	}
}

// A lock tells who holds it, and dies with its process.
func TestLockOfAnotherProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.state")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), holdEnv+"="+path)
	out, err := cmd.StdoutPipe()
	must(t, err, cmd.Start())
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "locked\n" {
		t.Fatal(line, err)
	}
	s := local.New(path)
	_, err = s.Lock(t.Context(), state.LockInfo{ID: "me"}, 0)
	var locked *state.LockedError
	if !errors.As(err, &locked) {
		t.Fatalf("error %v, want a LockedError", err)
	}
	want := holder()
	if diff := cmp.Diff(&state.LockedError{Location: path, Holder: &want}, locked); diff != "" {
		t.Error(diff)
	}
	if want := path + " is locked by sow apply (pid 7 on host, since 2026-01-05T09:00:00Z)"; err.Error() != want {
		t.Errorf("error %s, want %s", err, want)
	}
	must(t, cmd.Process.Kill())
	_ = cmd.Wait()
	lock, err := s.Lock(t.Context(), state.LockInfo{ID: "me"}, 0)
	must(t, err, lock.Unlock())
	if left := names(t, filepath.Dir(path)); len(left) != 0 {
		t.Errorf("%v is left behind", left)
	}
}

// Waiting ends when the lock is free, when the time is over, or when nobody
// waits any more.
func TestLockWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := faultfs.New("/data")
		s := local.NewIn(disk.FS(), statePath)
		first, err := s.Lock(t.Context(), holder(), time.Hour)
		must(t, err)

		start := time.Now()
		_, err = s.Lock(t.Context(), state.LockInfo{}, 10*time.Second)
		var locked *state.LockedError
		if !errors.As(err, &locked) || locked.Holder.ID != "holder" || time.Since(start) != 10*time.Second {
			t.Errorf("error %v after %v, want a LockedError after 10s", err, time.Since(start))
		}

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start = time.Now()
		if _, err := s.Lock(ctx, state.LockInfo{}, time.Hour); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("error %v after %v", err, time.Since(start))
		}

		go func() {
			time.Sleep(5 * time.Second)
			if err := first.Unlock(); err != nil {
				t.Error(err)
			}
		}()
		start = time.Now()
		second, err := s.Lock(t.Context(), state.LockInfo{}, time.Minute)
		if took := time.Since(start); err != nil || took < 5*time.Second || took > 6*time.Second {
			t.Errorf("error %v after %v", err, took)
		}
		must(t, second.Unlock())
	})
}

// A lock is on one state only, and each has one holder.
func TestLockExclusive(t *testing.T) {
	dir := t.TempDir()
	a, b := local.New(filepath.Join(dir, "a.state")), local.New(filepath.Join(dir, "b.state"))
	held := make(chan state.Lock, 100)
	for range 6 {
		go func() {
			lock, err := a.Lock(context.Background(), holder(), 10*time.Second)
			if err != nil {
				t.Error(err)
			}
			held <- lock
		}()
	}
	other, err := b.Lock(t.Context(), holder(), 0)
	must(t, err, other.Unlock())
	for range 6 {
		lock := <-held
		if extra, err := a.Lock(t.Context(), holder(), 0); err == nil {
			t.Fatal("two hold the lock: ", extra)
		}
		must(t, lock.Unlock())
	}
	if left := names(t, dir); len(left) != 0 {
		t.Errorf("%v is left behind", left)
	}
}

// A run whose lock is taken away by force stops.
func TestForceUnlock(t *testing.T) {
	for name, fsys := range map[string]local.FS{"disk": local.OS{}, "memory": faultfs.New("/data").FS()} {
		t.Run(name, func(t *testing.T) {
			path := statePath
			if name == "disk" {
				path = filepath.Join(t.TempDir(), "app.state")
			}
			s := local.NewIn(fsys, path)
			if err := s.ForceUnlock("holder"); !errors.Is(err, state.ErrNotLocked) {
				t.Errorf("error %v of a state that is not locked", err)
			}
			hanging, err := s.Lock(t.Context(), holder(), 0)
			must(t, err)
			journal, err := hanging.Begin(t.Context(), state.Run{ID: "1"}, header())
			must(t, err)

			var locked *state.LockedError
			if err := s.ForceUnlock("another"); !errors.As(err, &locked) || locked.Holder.ID != "holder" {
				t.Errorf("error %v of another id", err)
			}
			must(t, s.ForceUnlock("holder"))
			lock, err := s.Lock(t.Context(), state.LockInfo{ID: "new"}, 0)
			must(t, err)

			must(t, journal.PutHeader(header())) // it may not know yet
			if err := journal.Close(); err == nil {
				t.Error("a run that lost its lock closed its journal as if nothing had been")
			}
			if err := hanging.Fold(t.Context()); err == nil {
				t.Error("a run that lost its lock folded")
			}
			_ = hanging.Unlock()
			if _, err := s.Lock(t.Context(), state.LockInfo{}, 0); !errors.As(err, &locked) || locked.Holder.ID != "new" {
				t.Errorf("error %v: the late unlock took the new holder's lock", err)
			}
			must(t, lock.Unlock())
		})
	}
}

// A run at work keeps its files; where nothing was left, no file is touched.
func TestTidyLeavesTheLiving(t *testing.T) {
	disk := faultfs.New("/data")
	s := local.NewIn(disk.FS(), statePath)
	must(t, s.Tidy(t.Context()))
	if left := disk.Files(); len(left) > 0 {
		t.Errorf("%v was made", left)
	}
	lock, err := s.Lock(t.Context(), holder(), 0)
	must(t, err)
	journal, err := lock.Begin(t.Context(), state.Run{ID: "1"}, header())
	must(t, err)
	before := disk.Files()
	must(t, s.Tidy(t.Context()))
	if diff := cmp.Diff(before, disk.Files()); diff != "" {
		t.Error(diff)
	}
	must(t, journal.Close(), lock.Fold(t.Context()), lock.Unlock())
}

// A holder that has just begun may not have left its name yet.
func TestUnnamedHolder(t *testing.T) {
	for note, want := range map[string]string{"": "/data/app.state is locked by another run", `{"id":`: "/data/app.state is locked by another run"} {
		disk := faultfs.New("/data")
		held, _, err := disk.FS().TryLock(statePath+".lock", []byte(note))
		must(t, err)
		_, err = local.NewIn(disk.FS(), statePath).Lock(t.Context(), state.LockInfo{}, 0)
		if err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
		must(t, held.Unlock())
	}
}

// The lock of a process that is alive on this machine stays; what a dead one
// has left is cleared away; one from another machine is taken.
func TestForceUnlockLooksForTheHolder(t *testing.T) {
	disk := faultfs.New("/data")
	s := local.NewIn(disk.FS(), statePath)
	held, err := s.Lock(t.Context(), holder(), 0)
	must(t, err)
	got, err := s.Holder()
	must(t, err)
	if want := holder(); !cmp.Equal(&want, got) {
		t.Errorf("holder %+v, want %+v", got, want)
	}
	disk.SetLiving(holder().PID)
	var alive *state.AliveError
	if err := s.ForceUnlock("holder"); !errors.As(err, &alive) || alive.Holder.PID != holder().PID {
		t.Errorf("error %v for a holder that is alive", err)
	}
	if _, err := local.NewIn(disk.FS(), statePath).Lock(t.Context(), state.LockInfo{}, 0); err == nil {
		t.Error("the lock is gone all the same")
	}
	_ = held

	disk.Kill()
	disk.SetLiving(0)
	s = local.NewIn(disk.FS(), statePath)
	must(t, s.ForceUnlock("holder"))
	if got, err := s.Holder(); got != nil || err != nil {
		t.Errorf("the dead holder is still named: %+v, %v", got, err)
	}
	if err := s.ForceUnlock("holder"); !errors.Is(err, state.ErrNotLocked) {
		t.Errorf("error %v the second time", err)
	}
}
