package applier

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"github.com/sowdev/sow/state"
)

// memory is a store in memory.
type memory struct {
	mu       sync.Mutex
	snapshot []byte
	journal  []byte
	folded   []byte // the journal that was folded last
	broken   error  // writes fail
	boot     string
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
	m.journal = []byte{}
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
	if m.broken != nil {
		return m.broken
	}
	m.snapshot, m.folded, m.journal = out.Bytes(), m.journal, nil
	return nil
}

func (m *memory) Unlock() error { return nil }

type journalFile struct{ m *memory }

func (j *journalFile) Write(p []byte) (int, error) {
	j.m.mu.Lock()
	defer j.m.mu.Unlock()
	if j.m.broken != nil {
		return 0, j.m.broken
	}
	j.m.journal = append(j.m.journal, p...)
	return len(p), nil
}

func (j *journalFile) Sync() error {
	j.m.mu.Lock()
	defer j.m.mu.Unlock()
	return j.m.broken
}

func (j *journalFile) Close() error { return nil }

// restart is when the virtual clock of a test begins, so that times have ten
// digits.
var restart = time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC)
