package config

import (
	"sync"

	"github.com/sowdev/sow/config/script"
)

// sources holds the text of the loaded files, by the names that ranges carry.
// Transcripts and message sources are added while conversations are read, so
// it is safe for concurrent use.
type sources struct {
	mu    sync.Mutex
	files map[string]*source
}

// source is one file's text. It is never changed, so that messages can share
// its bytes.
type source struct {
	name  string // relative to the configuration's directory, with slashes
	text  string
	bytes func() []byte // the text, copied when a diagnostic first quotes it
	sum   *script.Sum   // of a streamed file that was read to its end
}

func newSource(name, text string) *source {
	return &source{name: name, text: text, bytes: sync.OnceValue(func() []byte { return []byte(text) })}
}

// maxQuoted is the size of the largest file that is read only to be quoted.
const maxQuoted = 16 << 20

// newStreamedSource is the source of a file that is read as a stream and not
// held. It is read again when a diagnostic quotes it.
func newStreamedSource(name, path string) *source {
	return &source{name: name, bytes: sync.OnceValue(func() []byte {
		text, err := readText(path, maxQuoted)
		if err != nil {
			return nil
		}
		return []byte(text)
	})}
}

func (s *sources) add(f *source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.files == nil {
		s.files = map[string]*source{}
	}
	s.files[f.name] = f
}

// stream makes a file known that is read as a stream, if it is not yet.
func (s *sources) stream(name, path string) {
	if s.get(name) == nil {
		s.add(newStreamedSource(name, path))
	}
}

// settle notes what was read of a streamed file, and reports whether it is the
// same as every time before.
func (s *sources) settle(name string, sum script.Sum) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	file := s.files[name]
	if file.sum == nil {
		file.sum = &sum
	}
	return *file.sum == sum
}

func (s *sources) get(name string) *source {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.files[name]
}

// Source returns the text of a file that a range names, so that a diagnostic
// can quote it, or nil when there is none to quote. The bytes must not be
// changed. It may be called concurrently, also while messages are read.
func (c *Config) Source(filename string) []byte {
	if f := c.sources.get(filename); f != nil {
		return f.bytes()
	}
	return nil
}
