package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/sowdev/sow/applier"
	"github.com/sowdev/sow/applier/cometchat"
	"github.com/sowdev/sow/cmd/internal/generate"
	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
	"github.com/sowdev/sow/state/local"
)

// journals measures what it costs to keep a journal, and a lane by itself. The
// short form, which looks at no times, leaves it out.
func (b *benchmark) journals() error {
	if b.short {
		return nil
	}
	for _, n := range []int{10_000, 100_000} {
		if err := b.recording(even(generate.JSONL, min(b.upto, n))); err != nil {
			return err
		}
	}
	return b.singleLane(min(b.upto, 10_000))
}

// recording measures the same apply with a journal and without.
func (b *benchmark) recording(d generate.Dataset) error {
	dir, _, err := b.write("journal", d)
	if err != nil {
		return err
	}
	s := &session{benchmark: b, dataset: d, dir: dir}
	apply := func(how string) func() process {
		return func() process { return b.floor("apply", how, dir, s.app.url) }
	}
	return errors.Join(b.measure(d,
		s.step(recorded, nullServer, apply(withJournal), s.end),
		s.step(unrecorded, nullServer, apply(withoutJournal), s.end),
		s.step(recordedThere, emulatorServer, apply(withJournal), s.end),
		s.step(unrecordedThere, emulatorServer, apply(withoutJournal), s.end),
	), os.RemoveAll(dir))
}

// How the role apply treats its journal.
const (
	withJournal    = "with-journal"
	withoutJournal = "without-journal"
)

// applyHere plans and applies in this process, with nothing shown: how, the
// dataset's directory, and the address of the app.
func applyHere(args []string) (err error) {
	how, dir, url := args[0], args[1], args[2]
	ctx := context.Background()
	cfg, diags := config.Load(dir, config.Options{})
	if diags.HasErrors() {
		return diags
	}
	store := local.New(filepath.Join(dir, stateFile))
	lock, err := store.Lock(ctx, state.LockInfo{ID: "bench"}, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	prior, err := store.Read(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, prior.Close()) }()
	plan, diags, err := planner.Build(cfg, prior, planner.Options{Now: time.Now().Unix(), AppID: appID})
	if err != nil || diags.HasErrors() {
		return errors.Join(err, diags)
	}
	defer func() { err = errors.Join(err, plan.Close()) }()
	app, err := cometchat.New(cometchat.Options{
		BaseURL: url + "/v3", Key: benchKey, Transport: cometchat.NewTransport(url, connections),
	})
	if err != nil {
		return err
	}
	kept := lock
	if how == withoutJournal {
		kept = forgetful{}
	}
	summary := applier.Apply(ctx, plan, prior, kept, app, applier.Options{Parallelism: connections})
	if !summary.Complete() {
		return fmt.Errorf("the apply is not complete: %w", errors.Join(summary.Stopped, fmt.Errorf("%d failures", len(summary.Failures))))
	}
	return nil
}

// forgetful is a lock on a state that keeps nothing, and its journal.
type forgetful struct{}

func (forgetful) Begin(context.Context, state.Run, state.Header) (state.Journal, error) {
	return forgetful{}, nil
}
func (forgetful) Fold(context.Context) error                   { return nil }
func (forgetful) Unlock() error                                { return nil }
func (forgetful) Intend(addr.Object, *state.Message) error     { return nil }
func (forgetful) Receipt(addr.Object, *state.Message) error    { return nil }
func (forgetful) Void(addr.Message, string) error              { return nil }
func (forgetful) PutMessage(addr.Object, *state.Message) error { return nil }
func (forgetful) DeleteMessage(addr.Message) error             { return nil }
func (forgetful) PutUser(*state.User) error                    { return nil }
func (forgetful) PutGroup(*state.Group) error                  { return nil }
func (forgetful) PutConversation(*state.Conversation) error    { return nil }
func (forgetful) Delete(addr.Object) error                     { return nil }
func (forgetful) PutHeader(state.Header) error                 { return nil }
func (forgetful) Sync() error                                  { return nil }
func (forgetful) Err() error                                   { return nil }
func (forgetful) Close() error                                 { return nil }

// singleLane notes how long a message takes in a lane by itself, beside the
// round trip of a bare client with one connection and the sync of what a message
// adds to the journal.
func (b *benchmark) singleLane(messages int) error {
	d := generate.Dataset{Messages: messages, Form: generate.JSONL, Shape: generate.OneGiant}
	seed, err := b.seed(d)
	if err != nil {
		return err
	}
	dir, _, err := b.write("lane", d)
	if err != nil {
		return err
	}
	s := &session{benchmark: b, dataset: d, dir: dir}
	var ours, trips []time.Duration
	for range b.runs {
		lane := s.step(recorded, nullServer, func() process { return b.floor("apply", withJournal, dir, s.app.url) }, s.end)
		bare := s.step(postNull, nullServer, func() process { return b.floor("floor-post", s.app.url, seed.bodies, strconv.Itoa(1), "0") }, s.end)
		for _, one := range []struct {
			step
			into *[]time.Duration
		}{{lane, &ours}, {bare, &trips}} {
			u, err := one.run(func(p process) (usage, error) { return run(p.command()) })
			if err != nil {
				return err
			}
			*one.into = append(*one.into, u.wall/time.Duration(messages))
		}
	}
	sync, err := syncTime(filepath.Join(dir, "sync"))
	if err != nil {
		return err
	}
	message, trip := middle(ours), middle(trips)
	fmt.Fprintf(os.Stderr, "a lane by itself: %v a message; a round trip is %v, a sync %v\n", message, trip, sync)
	b.found.note(oneLane, even(generate.JSONL, messages), float64(message)/float64(trip+sync))
	return os.RemoveAll(dir)
}

func middle(times []time.Duration) time.Duration {
	return median(times, func(t time.Duration) time.Duration { return t })
}

// syncTime is how long it takes to append what a message adds to a journal and
// to bring it to the disk.
func syncTime(path string) (time.Duration, error) {
	const times, size = 101, 450
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	record := make([]byte, size)
	var took []time.Duration
	for range times {
		start := time.Now()
		if _, err := f.Write(record); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		took = append(took, time.Since(start))
	}
	return middle(took), nil
}
