package local_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sowdev/sow/state"
	"github.com/sowdev/sow/state/local"
	"github.com/sowdev/sow/state/local/faultfs"
)

const shardPath = "/data/part.1.shard.jsonl"

// shardOf makes the state of a shard, which deletes a message and sends two.
func shardOf(t testing.TB, disk *faultfs.Disk) *local.Store {
	t.Helper()
	base, err := local.NewIn(disk.FS(), statePath).Read(t.Context())
	must(t, err)
	defer base.Close()
	h := base.Header()
	h.Shard = &state.Shard{Plan: "sha256:whole", Number: 1, Of: 1, Base: base.Fingerprint()}
	own := local.NewIn(disk.FS(), shardPath)
	lock, err := state.ShardStore(own, base.Conversations()).Lock(t.Context(), state.LockInfo{ID: "shard"}, 0)
	must(t, err)
	j, err := lock.Begin(t.Context(), state.Run{ID: "shard"}, h)
	must(t, err, j.DeleteMessage(chat.Message("a")))
	for _, key := range []string{"c", "d"} {
		m := message(key)
		must(t, j.Intend(chat, m), j.Receipt(chat, m))
	}
	must(t, j.Close(), lock.Fold(t.Context()), lock.Unlock())
	return own
}

// mergeShard merges the shard's state, and returns how many shards had news.
func mergeShard(t testing.TB, disk *faultfs.Disk) (news int, err error) {
	t.Helper()
	shard, err := local.NewIn(disk.FS(), shardPath).Read(t.Context())
	if err != nil {
		return 0, err
	}
	defer shard.Close()
	lock, err := local.NewIn(disk.FS(), statePath).Lock(t.Context(), state.LockInfo{ID: "merge"}, 0)
	if err != nil {
		return 0, err
	}
	news, err = lock.(state.Merger).Merge(t.Context(), []state.Reader{shard})
	if unlockErr := lock.Unlock(); err == nil {
		err = unlockErr
	}
	return news, err
}

// Whatever fails at whatever step of a merge, the state is as it was before or
// has all of the shard, and merging again comes to the same end.
func TestMergeBreaks(t *testing.T) {
	prepare := func() *faultfs.Disk {
		disk := faultfs.New("/data")
		s := local.NewIn(disk.FS(), statePath)
		run(t, s, "a", "b")
		fold(t, s)
		shardOf(t, disk)
		return disk
	}
	probe := prepare()
	before := probe.Ops()
	if news, err := mergeShard(t, probe); err != nil || news != 1 {
		t.Fatal(news, err)
	}
	steps := probe.Ops() - before
	old, all := []string{"a", "b"}, []string{"b", "c", "d"}
	for name, fault := range map[string]faultfs.Fault{
		"fails":              {Err: syscall.EIO},
		"fails, but is done": {Err: syscall.EIO, Done: 1 << 20},
		"fails in part":      {Err: syscall.ENOSPC, Done: 17},
		"is the last":        {Stop: true},
		"is the last, done":  {Stop: true, Done: 1 << 20},
	} {
		for step := 1; step <= steps; step++ {
			for seed := uint64(0); seed < 3; seed++ { // without a power cut, and with some
				disk := prepare()
				at := disk.Ops() + step
				disk.OnOp(func(o faultfs.Op) faultfs.Fault {
					if o.N != at {
						return faultfs.Fault{}
					}
					return fault
				})
				_, _ = mergeShard(t, disk) // what it says is not the question
				disk.OnOp(nil)
				if seed == 0 {
					disk.Kill()
				} else {
					disk.PowerCut(rand.New(rand.NewPCG(seed, seed)))
				}
				what := fmt.Sprintf("step %d %s, seed %d", step, name, seed)
				s := local.NewIn(disk.FS(), statePath)
				if got := keysOf(t, s); !cmp.Equal(got, old) && !cmp.Equal(got, all) {
					t.Fatalf("%s: the state has %v", what, got)
				}
				if _, err := mergeShard(t, disk); err != nil {
					t.Fatalf("%s: merged again: %v", what, err)
				}
				if diff := cmp.Diff(all, keysOf(t, s)); diff != "" {
					t.Fatalf("%s, merged again:\n%s", what, diff)
				}
				for name := range disk.Files() {
					if strings.HasSuffix(name, ".journal") || name == statePath+".new" {
						t.Errorf("%s: %s is left behind", what, name)
					}
				}
			}
		}
	}
}

// A merge takes in the journal of a run that was cut off before the plan was
// made, and leaves it alone when there is nothing to take in.
func TestMergeBesideJournal(t *testing.T) {
	disk := faultfs.New("/data")
	s := local.NewIn(disk.FS(), statePath)
	run(t, s, "a", "b")
	shardOf(t, disk)
	if news, err := mergeShard(t, disk); err != nil || news != 1 {
		t.Fatal(news, err)
	}
	if diff := cmp.Diff([]string{"b", "c", "d"}, keysOf(t, s)); diff != "" {
		t.Error(diff)
	}
	if news, err := mergeShard(t, disk); err != nil || news != 0 {
		t.Errorf("merged again: %d, %v", news, err)
	}
	run(t, s, "e")
	if _, err := mergeShard(t, disk); err == nil {
		t.Error("merged into a state that has moved on")
	}
	if diff := cmp.Diff([]string{"b", "c", "d", "e"}, keysOf(t, s)); diff != "" {
		t.Error(diff)
	}
}
