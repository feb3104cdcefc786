package applier

import (
	"bytes"
	"io"
	"sync"

	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// newScratch opens a file of a draft: a spool, or memory where there is none.
func newScratch(spool func() (planner.Spool, error)) (state.DraftFile, error) {
	if spool != nil {
		return spool()
	}
	return &scratch{}, nil
}

// scratch is a file in memory.
type scratch struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *scratch) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *scratch) ReadAt(p []byte, off int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := s.buf.Bytes()
	if off >= int64(len(held)) {
		return 0, io.EOF
	}
	n := copy(p, held[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (s *scratch) Close() error { return nil }
