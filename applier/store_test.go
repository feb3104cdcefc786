package applier

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/sowdev/sow/state"
)

// memory is a store in memory. It can lose power: then nothing is written any
// more, and a tail of the journal may be gone.
type memory struct {
	mu       sync.Mutex
	snapshot []byte
	journal  []byte
	dead     bool  // writes do nothing any more
	broken   error // writes fail
	boot     string
	synced   int // bytes of the journal that a sync confirmed
}

type part struct{ *bytes.Reader }

func (part) Close() error { return nil }
func (part) Name() string { return "memory" }

func partOf(b []byte) state.Part {
	if b == nil {
		return nil
	}
	return part{bytes.NewReader(bytes.Clone(b))}
}

func (m *memory) open() (*state.Files, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return state.Open(partOf(m.snapshot), partOf(m.journal), m.boot)
}

// read opens the state for a test.
func (m *memory) read(t testing.TB) *state.Files {
	t.Helper()
	f, err := m.open()
	if err != nil {
		t.Fatalf("read the state: %v", err)
	}
	return f
}

func (m *memory) Begin(ctx context.Context, run state.Run, header state.Header) (state.Journal, error) {
	if err := m.Fold(ctx); err != nil {
		return nil, err
	}
	f, err := m.open()
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	m.journal, m.synced = []byte{}, 0
	run.Boot = m.boot
	m.mu.Unlock()
	return f.Begin(&journalFile{m}, run, header)
}

func (m *memory) Fold(ctx context.Context) error {
	f, err := m.open()
	if err != nil {
		return err
	}
	if !f.Unfolded() {
		return nil
	}
	var out bytes.Buffer
	if err := f.Fold(ctx, &out); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return errors.New("the power is off")
	}
	if m.broken != nil {
		return m.broken
	}
	m.snapshot, m.journal = out.Bytes(), nil
	return nil
}

func (m *memory) Unlock() error { return nil }

type journalFile struct{ m *memory }

func (j *journalFile) Write(p []byte) (int, error) {
	j.m.mu.Lock()
	defer j.m.mu.Unlock()
	switch {
	case j.m.dead:
		return 0, errors.New("the power is off")
	case j.m.broken != nil:
		return 0, j.m.broken
	}
	j.m.journal = append(j.m.journal, p...)
	return len(p), nil
}

func (j *journalFile) Sync() error {
	j.m.mu.Lock()
	defer j.m.mu.Unlock()
	if j.m.dead {
		return errors.New("the power is off")
	}
	if j.m.broken != nil {
		return j.m.broken
	}
	j.m.synced = len(j.m.journal)
	return nil
}

func (j *journalFile) Close() error { return nil }

// kill makes the process die here: what is written is kept, and nothing more is.
func (m *memory) kill() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead = true
}

// fail makes every write fail, or ends that.
func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = err
}

// revive starts the machine again. With a power failure, what was not synced is
// gone, or a part of it, and the boot is another one.
func (m *memory) revive(powerFailure bool, keep func(n int) int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead = false
	if powerFailure {
		m.boot += "'"
		if m.journal != nil {
			lost := len(m.journal) - m.synced
			m.journal = m.journal[:m.synced+keep(lost)]
		}
	}
}

// restart is when the virtual clock of a test begins, so that times have ten
// digits.
var restart = time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC)
