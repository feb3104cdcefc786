package script

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/hashicorp/hcl/v2"
)

// maxLine bounds a line of a source, so that a file that is no source cannot
// fill the memory.
const maxLine = 1 << 20

// lines reads a file line by line.
type lines struct {
	r       *bufio.Reader
	offset  int64 // of the line in the file
	next    int64 // of the line after it
	number  int
	tooLong bool
	err     error // why there are no more, or nil
}

// newLines returns the lines of r, which is expected to hold size bytes.
// A negative size is not known.
func newLines(r io.Reader, size int64) *lines {
	if size < 0 || size > maxLine {
		size = maxLine
	}
	// One more than the file has, to see its end.
	return &lines{r: bufio.NewReaderSize(r, int(size)+1)}
}

// read returns the next line with its end, valid until the next call. Of a
// line that is too long only the beginning is returned, and tooLong is set.
func (l *lines) read() (line []byte, ok bool) {
	if l.err != nil {
		return nil, false
	}
	l.offset = l.next
	l.number++
	line, l.err = l.r.ReadSlice('\n')
	l.next += int64(len(line))
	l.tooLong = len(line) > maxLine
	if errors.Is(l.err, bufio.ErrBufferFull) {
		if !l.tooLong {
			l.err = io.EOF // of the file that was opened; this one has grown
			return nil, false
		}
		line = bytes.Clone(line[:80])
		l.err = l.skip()
	}
	if l.err != nil && !errors.Is(l.err, io.EOF) {
		return nil, false
	}
	if l.offset == 0 && bytes.HasPrefix(line, []byte(byteOrderMark)) {
		l.offset = int64(len(byteOrderMark))
		line = line[l.offset:]
	}
	return line, len(line) > 0
}

// skip reads to the end of the line.
func (l *lines) skip() error {
	for {
		rest, err := l.r.ReadSlice('\n')
		l.next += int64(len(rest))
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

// pos returns where the line begins.
func (l *lines) pos() hcl.Pos {
	return hcl.Pos{Line: l.number, Column: 1, Byte: int(l.offset)}
}
