package planner

import (
	"bufio"
	"io"
)

// SpoolError is returned by [Build] when the spool cannot be opened or written.
type SpoolError struct{ Err error }

func (e *SpoolError) Error() string { return "cannot spool the plan: " + e.Err.Error() }

// Unwrap returns what went wrong.
func (e *SpoolError) Unwrap() error { return e.Err }

// store is the Body of a plan that was just made. It keeps the lanes in memory
// until they are too many, then in a spool.
type store struct {
	open   func() (Spool, error)
	memory memory
	spool  *bufio.Writer
	file   Spool
	size   int64
	// Where lanes begin and end. Between them may be what a lane wrote before it
	// was begun again.
	starts, ends []int64
}

// inMemory is how much of a plan is held in memory before it is spooled.
const inMemory = 256 << 10

func newStore(open func() (Spool, error)) *store { return &store{open: open} }

// begin starts the next lane.
func (s *store) begin() {
	if len(s.starts) > 0 {
		s.ends = append(s.ends, s.size)
	}
	s.starts = append(s.starts, s.size)
}

// again begins the lane that was begun last once more.
func (s *store) again() { s.starts[len(s.starts)-1] = s.size }

func (s *store) write(b []byte) error {
	if s.file == nil && s.open != nil && s.size+int64(len(b)) > inMemory {
		if err := s.spill(); err != nil {
			return err
		}
	}
	s.size += int64(len(b))
	if s.file == nil {
		s.memory.append(b)
		return nil
	}
	if _, err := s.spool.Write(b); err != nil {
		return &SpoolError{err}
	}
	return nil
}

// spill moves what is in memory to a spool.
func (s *store) spill() error {
	file, err := s.open()
	if err != nil {
		return &SpoolError{err}
	}
	s.file, s.spool = file, bufio.NewWriterSize(file, 64<<10)
	for _, b := range s.memory {
		if _, err := s.spool.Write(b); err != nil {
			return &SpoolError{err}
		}
	}
	s.memory = nil
	return nil
}

// finish makes the lanes ready to be read.
func (s *store) finish() error {
	if s.file == nil {
		return nil
	}
	if err := s.spool.Flush(); err != nil {
		return &SpoolError{err}
	}
	s.spool = nil
	return nil
}

// Section implements Body.
func (s *store) Section(i int) *io.SectionReader {
	end := s.size
	if i < len(s.ends) {
		end = s.ends[i]
	}
	var from io.ReaderAt = s.memory
	if s.file != nil {
		from = s.file
	}
	return io.NewSectionReader(from, s.starts[i], end-s.starts[i])
}

// Close implements Body.
func (s *store) Close() error {
	s.memory = nil
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// memory holds bytes in blocks, so that it grows without being copied.
type memory [][]byte

// blockSize is the size of all blocks but the last.
const blockSize = 256 << 10

func (m *memory) append(b []byte) {
	for len(b) > 0 {
		last := len(*m) - 1
		if last < 0 || len((*m)[last]) == blockSize {
			var block []byte
			if last >= 0 {
				block = make([]byte, 0, blockSize) // the first may be all there is
			}
			*m = append(*m, block)
			last++
		}
		n := min(len(b), blockSize-len((*m)[last]))
		(*m)[last] = append((*m)[last], b[:n]...)
		b = b[n:]
	}
}

// ReadAt implements io.ReaderAt.
func (m memory) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		block, at := int(off/blockSize), int(off%blockSize)
		if block >= len(m) || at >= len(m[block]) {
			return n, io.EOF
		}
		k := copy(p[n:], m[block][at:])
		n, off = n+k, off+int64(k)
	}
	return n, nil
}
