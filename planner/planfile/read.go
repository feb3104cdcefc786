package planfile

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/sowdev/sow/planner"
)

// Open reads the plan saved at path. Its lanes stay in the file until they are
// asked for, so the caller closes the plan. The error is [ErrNotPlan], a
// [*NewerError], a [*DamageError], or that of the file system.
func Open(path string) (*planner.Plan, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	var p *planner.Plan
	if err == nil {
		p, err = Read(f, info.Size())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	p.Attach(closing{p.Body(), f})
	return p, nil
}

// closing is a body that closes its file.
type closing struct {
	planner.Body
	file io.Closer
}

func (c closing) Close() error { return c.file.Close() }

// maxFirst is the longest first line that is looked at.
const maxFirst = 4 << 10

// Read reads a saved plan of that size. It reads all of it once, to see that
// it is whole; the lanes are read from r again when they are asked for.
func Read(r io.ReaderAt, size int64) (*planner.Plan, error) {
	begin, err := readFirst(r, size)
	if err != nil {
		return nil, err
	}
	start, err := readEnd(r, size)
	if err != nil {
		return nil, err
	}
	end := size - int64(endSize)
	if start < begin || start >= end {
		return nil, &DamageError{"its end points to nowhere"}
	}
	text := make([]byte, end-start)
	if _, err := io.ReadFull(io.NewSectionReader(r, start, end-start), text); err != nil {
		return nil, err
	}
	var d document
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return nil, &DamageError{err.Error()}
	}
	if rest := bytes.TrimSpace(text[dec.InputOffset():]); len(rest) > 0 || d.Encoding != planner.Encoding {
		return nil, &DamageError{"it holds what this version of the format has not"}
	}
	p, err := d.plan()
	if err != nil {
		return nil, &DamageError{err.Error()}
	}
	body := sections{r: r, starts: []int64{begin}}
	for _, end := range d.Ends {
		if end < body.starts[len(body.starts)-1] || end > start {
			return nil, &DamageError{"its lanes lie in disorder"}
		}
		body.starts = append(body.starts, end)
	}
	lanesEnd := body.starts[len(body.starts)-1]
	if d.Found != nil {
		if d.Found.End < lanesEnd || d.Found.End > start {
			return nil, &DamageError{"its findings lie in disorder"}
		}
		p.Found = d.findings()
		p.Found.Attach(io.NewSectionReader(r, lanesEnd, d.Found.End-lanesEnd))
		lanesEnd = d.Found.End
	}
	if len(d.Ends) != len(p.Lanes) || lanesEnd != start {
		return nil, &DamageError{"it has other lanes than it lists"}
	}
	p.Attach(body)
	return p, nil
}

// findings is the reverse of writeFound, but for what was found in the chats.
func (d *document) findings() *planner.Findings {
	f := d.Found
	return &planner.Findings{
		Lesson: planner.Lesson{
			Dataset: d.Dataset, AppID: d.AppID, Region: d.Region,
			Anchor: f.Anchor, Generation: f.Generation, HashKey: f.HashKey,
		},
		Counts: f.Counts, Requests: f.Requests, People: f.People,
	}
}

// readFirst reads the first line and returns where the next one begins.
func readFirst(r io.ReaderAt, size int64) (int64, error) {
	line, err := bufio.NewReaderSize(io.NewSectionReader(r, 0, min(size, maxFirst)), maxFirst).ReadSlice('\n')
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return 0, err
	}
	var f first
	if json.Unmarshal(line, &f) != nil || f.Format != formatName || f.Version < 1 {
		return 0, ErrNotPlan
	}
	if f.Version > Version {
		return 0, &NewerError{f.Version}
	}
	return int64(len(line)), nil
}

// readEnd checks the sum, and returns where the document begins.
func readEnd(r io.ReaderAt, size int64) (int64, error) {
	if size < int64(endSize) {
		return 0, &DamageError{"it is cut off"}
	}
	end := make([]byte, endSize)
	if _, err := io.ReadFull(io.NewSectionReader(r, size-int64(endSize), int64(endSize)), end); err != nil {
		return 0, err
	}
	if !bytes.HasPrefix(end, []byte(endWord)) || end[endSize-1] != '\n' {
		return 0, &DamageError{"it is cut off"}
	}
	digits := end[len(endWord) : len(endWord)+offsetSize]
	start, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil {
		return 0, &DamageError{"its end points to nowhere"}
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, io.NewSectionReader(r, 0, size-sumSize-1)); err != nil {
		return 0, err
	}
	if sum := hex.EncodeToString(hash.Sum(nil)); sum != string(end[endSize-1-sumSize:endSize-1]) {
		return 0, &DamageError{"its checksum does not match"}
	}
	return start, nil
}

// sections is the body of a plan that lies in a file.
type sections struct {
	r      io.ReaderAt
	starts []int64 // of the lanes, and the end of the last
}

// Section implements planner.Body.
func (s sections) Section(i int) *io.SectionReader {
	return io.NewSectionReader(s.r, s.starts[i], s.starts[i+1]-s.starts[i])
}

// Close implements planner.Body.
func (s sections) Close() error { return nil }
