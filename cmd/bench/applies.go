package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/sowdev/sow/cmd/internal/generate"
)

// stateFile is the state of a dataset, beside its configuration.
const stateFile = "sow." + appID + ".state.jsonl"

// connections is how many requests are under way at once, in sow and in the
// bare client alike.
const connections = 16

// seeded is what an apply of a dataset has left.
type seeded struct {
	state  string // the file of the state
	bodies string // the bodies of the messages that were sent, one a line
}

// seed applies a dataset to an app that keeps nothing, or returns what an
// earlier apply of the same messages has left.
func (b *benchmark) seed(d generate.Dataset) (seeded, error) {
	if d.Form != generate.ForEach { // the others declare the same conversations
		d.Form = generate.JSONL
	}
	if s, ok := b.seeds[d]; ok {
		return s, nil
	}
	home := b.path(fmt.Sprintf("seed-%d", len(b.seeds)))
	dir, _, err := b.write(filepath.Base(home), d)
	if err != nil {
		return seeded{}, err
	}
	s := seeded{state: home + ".state", bodies: home + ".bodies"}
	app, err := b.start(nullServer, s.bodies)
	if err != nil {
		return seeded{}, err
	}
	_, err = run(b.apply(dir, app).command())
	if err := errors.Join(err, app.stop()); err != nil {
		return seeded{}, err
	}
	b.seeds[d] = s
	return s, errors.Join(os.Rename(filepath.Join(dir, stateFile), s.state), os.RemoveAll(dir))
}

// apply is sow carrying out what it plans, or what is given to it.
func (b *benchmark) apply(dir string, app *server, more ...string) process {
	args := append([]string{"apply", "--auto-approve", "--parallelism", strconv.Itoa(connections)}, more...)
	return b.ours(dir, app.url, args...)
}

// applies measures what needs an app, on datasets of all sizes.
func (b *benchmark) applies() error {
	for _, n := range b.sizes(30_000) {
		if err := b.appliesOf(even(generate.JSONL, n)); err != nil {
			return err
		}
	}
	return nil
}

// appliesOf measures what needs an app on one dataset.
func (b *benchmark) appliesOf(d generate.Dataset) error {
	seed, err := b.seed(d)
	if err != nil {
		return err
	}
	dir, _, err := b.write("apply", d)
	if err != nil {
		return err
	}
	saved := b.path("saved.plan")
	if _, err := run(b.ours(dir, "", "plan", "--out", saved).command()); err != nil {
		return err
	}
	s := &session{benchmark: b, dataset: d, dir: dir}
	bare := func(skip int) func() process {
		return func() process {
			return b.floor("floor-post", s.app.url, seed.bodies, strconv.Itoa(connections), strconv.Itoa(skip))
		}
	}
	deletes := func() process {
		return b.floor("floor-delete", s.app.url, strconv.Itoa(d.Messages), strconv.Itoa(connections))
	}
	return b.measure(d, wanted(d, []step{
		s.step(applyNull, nullServer, func() process { return b.apply(dir, s.app) }, s.notePace, s.end),
		s.step(postNull, nullServer, bare(0), s.end),
		s.step(applySaved, nullServer, func() process { return b.apply(dir, s.app, saved, dir) }, s.end),
		plainly(copyState, b.floor("floor-copy", seed.state, b.path("copy"))),
		s.step(applyEmulator, emulatorServer, func() process { return b.apply(dir, s.app) }),
		s.step(verify, sameServer, func() process { return b.ours(dir, s.app.url, "verify") }),
		s.step(destroy, sameServer, func() process { return b.ours(dir, s.app.url, "destroy", "--auto-approve") }, s.end),
		s.step(postEmulator, emulatorServer, bare(0)),
		s.step(listEmulator, sameServer, func() process { return b.floor("floor-list", s.app.url) }),
		s.step(deleteEmulator, sameServer, deletes, s.end),
		s.killed(resume, func() process { return b.apply(dir, s.app) }, s.end),
		s.step(postHalf, emulatorServer, bare(d.Messages/2), s.end),
	})...)
}

// session is what a row of steps shares: the dataset's directory, and the app
// of the moment.
type session struct {
	*benchmark
	dataset generate.Dataset
	dir     string
	app     *server
}

// sameServer goes on with the app, and the state, of the step before.
const sameServer = ""

// step measures a process with a new app and without a state, and then does
// what is to be done afterwards.
func (s *session) step(o operation, kind string, what func() process, after ...func() error) step {
	return step{
		operation: o,
		before: func() (process, error) {
			if kind == sameServer {
				return what(), nil
			}
			err := s.begin(kind)
			if err != nil {
				return process{}, err
			}
			return what(), nil
		},
		after: func() error {
			for _, do := range after {
				if err := do(); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func (s *session) begin(kind string) (err error) {
	old, err := filepath.Glob(filepath.Join(s.dir, stateFile+"*"))
	if err != nil {
		return err
	}
	for _, path := range old {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	s.app, err = s.start(kind)
	return err
}

func (s *session) end() error { return s.app.stop() }

// notePace keeps how the end of an apply went beside its beginning.
func (s *session) notePace() error {
	value, err := s.app.ask(pacePath)
	if err == nil && value > 0 {
		s.found.note(lastOverFirst, s.dataset, value)
	}
	return err
}

// killed is a step whose process finds what an apply has left that was killed
// when half of its messages were sent.
func (s *session) killed(o operation, what func() process, after ...func() error) step {
	whole := s.step(o, emulatorServer, what, after...)
	begin := whole.before
	whole.before = func() (process, error) {
		p, err := begin()
		if err != nil {
			return process{}, err
		}
		return p, s.killHalfway()
	}
	return whole
}

func (s *session) killHalfway() error {
	cmd := s.apply(s.dir, s.app).command()
	if err := cmd.Start(); err != nil {
		return err
	}
	sent := 0.0
	for sent < float64(s.dataset.Messages)/2 {
		time.Sleep(2 * time.Millisecond)
		var err error
		if sent, err = s.app.ask(sentPath); err != nil {
			return errors.Join(err, cmd.Process.Kill(), cmd.Wait())
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		return err
	}
	_ = cmd.Wait()                                                            // it was killed
	if size := sizeOf(filepath.Join(s.dir, stateFile+".journal")); size > 0 { // else it was done before it was killed
		s.found.note(journalBytes, s.dataset, float64(size)/sent)
	}
	return nil
}
