package applier

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/sowdev/sow/applier/figures"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
	"github.com/sowdev/sow/state/local"
	"github.com/sowdev/sow/state/local/faultfs"
)

// statePath is where the state is on the disk of a history.
const statePath = "/data/sow.app.state.jsonl"

// history is one walk: a dataset, an app, and a disk that breaks.
type history struct {
	*world
	*rand.Rand // of the step under way
	talks      []*simTalk
	lost       bool            // the power has failed since the last complete apply
	settled    bool            // the last apply was complete
	ever       map[string]bool // ids of all messages that the app was seen to have
	awaited    map[string]bool // muids of those that may come late from runs before
	runs       int
	counts     *figures.Figures
	told       *chronicle
	lapses     *Lapses
}

// witness notes every operation of the disk, and has fault decide about it
// unless that is nil.
func (h *history) witness(fault func(faultfs.Op) faultfs.Fault) func(faultfs.Op) faultfs.Fault {
	return func(op faultfs.Op) (broken faultfs.Fault) {
		if fault != nil {
			broken = fault(op)
		}
		h.told.trace(fmt.Sprintf("%s %s %d %v", op.Kind, op.Name, op.Size, broken))
		return broken
	}
}

func (h *history) note(format string, args ...any) { h.told.note(fmt.Sprintf(format, args...)) }

// take makes one step.
func (h *history) take(st step) {
	h.Rand = rand.New(rand.NewPCG(st.seed, 4))
	switch st.act {
	case actEdit:
		h.counts.Add("edits", 1)
		h.changeMind()
	case actWait:
		wait := time.Duration(h.IntN(120)) * time.Second
		h.note("%v go by", wait)
		time.Sleep(wait)
	case actReboot:
		h.note("%s", st.act)
		h.counts.Add("power cuts", 1)
		h.powerCut()
	default:
		h.round(st)
	}
}

func (h *history) powerCut() {
	h.disk.PowerCut(h.Rand)
	h.lost = true
}

// longest is how long an apply may take by the virtual clock. The datasets are
// small: one that takes longer would never end.
const longest = 12 * time.Hour

// round is one apply or destroy that may be hit by anything.
func (h *history) round(st step) {
	h.opts.Parallelism = 1 + h.IntN(8)
	h.opts.StopOnError = h.IntN(4) == 0
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	stop := make(chan struct{})
	h.opts.Stop = stop
	var once sync.Once
	strike := func() {
		once.Do(func() {
			h.note("it strikes")
			switch st.end {
			case endStop:
				close(stop)
			case endAbort:
				cancel()
			case endKill, endPower:
				h.disk.Kill()
				cancel()
			}
		})
	}
	// It strikes after so many requests and answers, or after so long.
	var left atomic.Int64
	hook := func() {
		if left.Add(-1) == 0 {
			strike()
		}
	}
	if h.IntN(2) == 0 {
		left.Store(int64(1 + h.IntN(120)))
	} else {
		defer time.AfterFunc(time.Duration(h.IntN(60_000))*time.Millisecond, strike).Stop()
	}
	h.arena.Fail(rand.New(rand.NewPCG(h.Uint64(), 5)), st.share)
	h.arena.Watch(func(what string) {
		h.told.trace(what)
		hook()
	})
	s := h.run(ctx, st.act, func() { h.breakDisk(st.end, cancel) })
	hung := errors.Is(ctx.Err(), context.DeadlineExceeded)
	h.disk.OnOp(h.witness(nil))
	h.disk.SetRoom(-1)
	h.disk.Kill()
	if st.end == endPower || st.end == endDiskPower {
		h.powerCut()
	}
	h.counts.Add(fmt.Sprintf("an %s %s", st.act, st.end), 1)
	if st.end != endItself && st.end != endStop {
		h.outlive()
	}
	app := h.arena.String()
	h.arena.Fail(nil, 0)
	h.arena.Watch(h.told.trace)
	h.opts.Stop, h.opts.StopOnError = nil, false
	h.settled = s != nil && s.Complete()
	if h.settled && st.act != actDestroy {
		h.lost = h.lost && (st.end == endPower || st.end == endDiskPower)
	}
	came := "it did not begin"
	if s != nil {
		came = describe(s)
	}
	h.note("an %s with %.0f %% faults %s, %s: %s", st.act, 100*st.share, st.end, app, came)
	if hung {
		h.Fatalf("an %s does not end", st.act)
	}
	h.mustHoldMeanwhile()
}

// outlive lets the time go by that the app may take, beyond the window, to show
// what a run asked for that was cut off, as if that had happened only now. The
// next run counts the window from its own beginning, or from when the state was
// last written: what comes later than that it cannot know of, and does not promise
// anything about.
func (h *history) outlive() {
	if late := h.arena.Lateness() - defaultWindow; late > 0 {
		time.Sleep(late)
		h.written = time.Now()
	}
}

// breakDisk has the disk fail from one of the next operations on, or end the
// process with it.
func (h *history) breakDisk(how end, cancel func()) {
	at := h.disk.Ops() + 1 + h.IntN(pick(h.Rand, 10, 60, 300))
	done := h.IntN(200)
	switch how {
	case endDiskKill, endDiskPower:
		h.disk.OnOp(h.witness(func(op faultfs.Op) faultfs.Fault {
			if op.N != at {
				return faultfs.Fault{}
			}
			h.counts.Add("killed in a "+string(op.Kind), 1)
			cancel()
			return faultfs.Fault{Stop: true, Done: done}
		}))
	case endDiskError:
		err := pick(h.Rand, syscall.EIO, syscall.ENOSPC)
		count := 1 + h.IntN(3)
		h.disk.OnOp(h.witness(func(op faultfs.Op) faultfs.Fault {
			if op.N < at || count == 0 {
				return faultfs.Fault{}
			}
			count--
			h.counts.Add(fmt.Sprintf("disk fault: %s of a %s", err, op.Kind), 1)
			return faultfs.Fault{Err: err, Done: done}
		}))
	case endDiskFull:
		h.counts.Add("disk fault: the disk is full", 1)
		h.disk.SetRoom(h.IntN(pick(h.Rand, 100, 4000, 20000)))
	}
}

// run plans and applies as a process of its own, or destroys, or reads the app
// before it plans. Begin is called once it has the lock. It returns nil when the
// apply did not come to its beginning.
func (h *history) run(ctx context.Context, what act, begin func()) *Summary {
	h.Helper()
	h.runs++
	h.counts.Add("runs", 1)
	store := local.NewIn(h.disk.FS(), statePath)
	prior := h.read()
	o := h.opts
	o.Reporter, o.Skew = &h.heard, h.arena.Skew
	o.Rates = NewRates(Limits{})
	o.Random = h.lapses.random
	app := h.arena.App(o.Rates)
	var p *planner.Plan
	switch what {
	case actDestroy:
		var err error
		if p, _, err = planner.BuildDestroy(prior, planner.Options{Now: time.Now().Unix()}); err != nil {
			h.Fatalf("plan: %v", err)
		}
	case actRefresh:
		declare := func(known state.Reader) (*planner.Plan, error) { return h.data.plan(h, known), nil }
		refreshed, err := Refresh(ctx, prior.(state.Folder), declare, app, ReadOptions{Options: o, Written: h.written, eager: h.runs%2 == 0})
		if err != nil {
			h.note("the app could not be read: %v", err)
			return nil
		}
		prior, p = refreshed, h.data.plan(h, refreshed)
		p.Found = refreshed.Found
	default:
		p = h.data.plan(h, prior)
	}
	lock, err := store.Lock(ctx, state.LockInfo{ID: fmt.Sprint(h.runs)}, 0)
	if err != nil {
		if errors.Is(err, faultfs.ErrStopped) || ctx.Err() != nil {
			return nil // it was struck while it read
		}
		h.Fatalf("lock: %v", err)
	}
	if begin != nil {
		begin()
	}
	lock = slowLock{lock, h.lapses}
	p.Attach(unhurried{p.Body(), h.lapses})
	s := &Summary{}
	if p.Found != nil && p.Empty() {
		s.Stopped = Record(ctx, p, prior, lock, "refresh")
	} else {
		s = Apply(ctx, p, prior, lock, app, o)
	}
	_ = lock.Unlock() // fails where the process has died
	h.written = time.Now()
	h.mustKeepTheKey(s)
	return s
}

// mustKeepTheKey looks for the key in everything that the run has said and
// written.
func (h *history) mustKeepTheKey(s *Summary) {
	key := h.arena.Key()
	for name, content := range h.disk.Files() {
		if bytes.Contains(content, []byte(key)) {
			h.Fatalf("%s holds the key", name)
		}
	}
	text := describe(s)
	for _, e := range h.heard.take() {
		text += fmt.Sprintf("%+v %v\n", e, e.Err)
	}
	if strings.Contains(text, key) {
		h.Fatalf("the key was told: %s", text)
	}
}

// mustHoldMeanwhile holds the app and the state against each other at a moment
// when anything may be unfinished: no message is there twice, new ones came in
// the order of their times, and whatever the state says to be in the app is
// there, or was until it was deleted.
func (h *history) mustHoldMeanwhile() {
	h.Helper()
	if broken := h.arena.Broken(); broken != "" {
		h.Fatal(broken)
	}
	held := h.arena.Messages()
	there := make(map[string]Held, len(held))
	twice := make(map[string]string)
	latest := make(map[string]Held) // by chat, of those that are new
	for _, m := range held {
		if other, ok := twice[m.MUID]; ok && m.MUID != "" {
			h.Fatalf("the app has one message twice, as %s and %s: %+v", other, m.ID, m)
		}
		there[m.ID], twice[m.MUID] = m, m.ID
		if h.ever[m.ID] {
			continue
		}
		if h.awaited[m.MUID] {
			h.ever[m.ID] = true
			continue
		}
		if before, ok := latest[m.Chat]; ok && m.SentAt <= before.SentAt {
			h.Fatalf("a later message came first: %+v, then %+v", before, m)
		}
		latest[m.Chat], h.ever[m.ID] = m, true
	}
	h.awaited = make(map[string]bool)
	r := h.read()
	for _, c := range r.Conversations() {
		for m, err := range r.Messages(c.Addr) {
			if err != nil {
				h.Fatal(err)
			}
			if m.InDoubt {
				h.awaited[m.MUID] = true
				continue
			}
			now, ok := there[m.ID]
			switch {
			case !ok && !h.ever[m.ID]:
				h.Fatalf("%s has a receipt with the id %q, which the app never had", c.Addr.Message(m.Key), m.ID)
			case ok && (now.SentAt != m.SentAt || now.Sender != m.Sender || now.TellsMUID && now.MUID != m.MUID):
				h.Fatalf("%s is %+v in the state and %+v in the app", c.Addr.Message(m.Key), m, now)
			}
		}
	}
}

// calm applies without faults until all is done, and looks at what there is.
func (h *history) calm() {
	for range 3 {
		s := h.run(context.Background(), actApply, nil)
		h.note("a calm apply: %s", describe(s))
		if s.Complete() && h.data.plan(h, h.read()).Empty() {
			break
		}
	}
	time.Sleep(time.Minute)
	h.mustHoldMeanwhile()
	h.mustBeSeeded()
	if h.IntN(3) > 0 {
		return
	}
	h.note("the dataset is destroyed, and seeded again")
	h.mustComplete(h.run(context.Background(), actDestroy, nil))
	if held := h.arena.Messages(); len(held) > 0 {
		h.Fatalf("destroy left %+v", held)
	}
	h.mustComplete(h.run(context.Background(), actApply, nil))
	time.Sleep(time.Minute)
	h.mustHoldMeanwhile()
	h.mustBeSeeded()
}

// take returns what was reported since the last time.
func (r *recorder) take() []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	events := slices.Clone(r.events)
	r.events = nil
	return events
}
