// Package planfile saves plans, so that what was reviewed is what is applied.
//
// A plan file holds all that apply needs; nothing is evaluated again. It holds
// no key, but it does hold the messages, those with sensitive values in clear,
// so it is for its owner alone.
//
// The file is text, a line for each part:
//
//	{"format":"sow plan","version":1,…}   what the file is; read before all else
//	…                                     the lanes, in order, one change a line
//	…                                     what was found in the app's chats, if it was read
//	{"dataset":…}                         the rest of the plan, and where each lane lies
//	end OFFSET SUM                        where the line before begins, and the
//	                                      SHA-256 of all bytes up to SUM, in hex
//
// The lanes come first, so that a plan can be written as it is read; they are
// read where they lie, so that a large one needs no memory.
package planfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/planner/planfile/wholefile"
)

// Version is the version of the format that this package writes. It reads all
// versions up to it.
const Version = 1

const formatName = "sow plan"

// first is the first line. Its form never changes, so that any version of sow
// can tell what the file is.
type first struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Digest  string `json:"digest"` // for people; the one in the document counts
	Dataset string `json:"dataset"`
}

const (
	endWord    = "end "
	offsetSize = 20
	sumSize    = 2 * sha256.Size
	endSize    = len(endWord) + offsetSize + 1 + sumSize + 1
)

// ErrNotPlan says that a file is no saved plan.
var ErrNotPlan = errors.New("this is not a plan that sow saved")

// NewerError says that a plan was saved by a newer version of sow.
type NewerError struct {
	Version int // of the file's format
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("the plan was saved by a newer version of sow (format %d, and this one reads up to %d): use that version, or plan again with this one", e.Version, Version)
}

// DamageError says that a saved plan is not as it was written.
type DamageError struct {
	What string
}

func (e *DamageError) Error() string {
	return "the saved plan is damaged: " + e.What + ". Plan again"
}

// WriteFile saves a plan at path, readable for its owner alone. The file
// appears whole or not at all, in place of one that is there.
func WriteFile(path string, p *planner.Plan) (err error) {
	f, err := wholefile.Create(path, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Cleanup()) }()
	if err := Write(f, p); err != nil {
		return err
	}
	return f.CloseAtomicallyReplace()
}

// Write saves a plan. What it writes depends on nothing but the plan. It holds
// messages in clear: the caller sees to it that nobody else can read it.
func Write(w io.Writer, p *planner.Plan) error {
	out := newSummer(w)
	head, err := marshal(first{Format: formatName, Version: Version, Digest: p.Digest, Dataset: p.Dataset})
	if err != nil {
		return err
	}
	if _, err := out.Write(head); err != nil {
		return err
	}
	ends := make([]int64, len(p.Lanes))
	for i := range p.Lanes {
		if _, err := io.Copy(out, p.Body().Section(i)); err != nil {
			return err
		}
		ends[i] = out.size
	}
	found, err := writeFound(out, p.Found)
	if err != nil {
		return err
	}
	document, err := marshal(newDocument(p, ends, found))
	if err != nil {
		return err
	}
	start := out.size
	if _, err := out.Write(document); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "%s%0*d ", endWord, offsetSize, start); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", out.sum())
	return err
}

// writeFound writes what was found in the app's chats.
func writeFound(out *summer, f *planner.Findings) (*found, error) {
	if f == nil {
		return nil, nil
	}
	for _, section := range f.Sections() {
		if _, err := io.Copy(out, io.NewSectionReader(section, 0, section.Size())); err != nil {
			return nil, err
		}
	}
	return &found{
		Anchor: f.Lesson.Anchor, Generation: f.Lesson.Generation, HashKey: f.Lesson.HashKey,
		Counts: f.Counts, Requests: f.Requests, People: f.People, End: out.size,
	}, nil
}

// marshal is a line of JSON without escapes for HTML.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return b.Bytes(), err
}

// summer counts and sums what is written.
type summer struct {
	w    io.Writer
	hash hash.Hash
	size int64
}

func newSummer(w io.Writer) *summer { return &summer{w: w, hash: sha256.New()} }

func (s *summer) Write(b []byte) (int, error) {
	n, err := s.w.Write(b)
	_, _ = s.hash.Write(b[:n]) // a hash never fails
	s.size += int64(n)
	return n, err
}

func (s *summer) sum() string { return hex.EncodeToString(s.hash.Sum(nil)) }
