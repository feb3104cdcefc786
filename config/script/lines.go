package script

import (
	"bytes"
	"errors"
	"io"

	"github.com/hashicorp/hcl/v2"
)

const (
	// maxLine bounds a line of a source, so that a file that is no source cannot
	// fill the memory.
	maxLine = 1 << 20
	// readAhead is what is read at a time. Lines are seldom longer.
	readAhead = 32 << 10
)

// lines reads a file line by line.
type lines struct {
	r          io.Reader
	left       int64 // bytes that the file has and that were not read; negative when not known
	grown      bool  // it has more
	buf        []byte
	begin, end int   // what was read and is not yet returned
	offset     int64 // of the line in the file
	next       int64 // of the line after it
	number     int
	tooLong    bool
	err        error // why there are no more, or nil
}

// newLines returns the lines of r, which is expected to hold size bytes: what
// follows them is not read. A negative size is not known.
func newLines(r io.Reader, size int64) *lines {
	length := int64(readAhead)
	if size >= 0 {
		length = min(length, size+1) // to see the end
	}
	return &lines{r: r, left: size, buf: make([]byte, length)}
}

// read returns the next line with its end, valid until the next call. Of a
// line that is too long only the beginning is returned, and tooLong is set.
func (l *lines) read() (line []byte, ok bool) {
	if l.err != nil && l.begin == l.end {
		return nil, false
	}
	l.offset, l.tooLong = l.next, false
	l.number++
	line = l.line()
	if l.err != nil && !errors.Is(l.err, io.EOF) || l.grown && !bytes.HasSuffix(line, []byte{'\n'}) {
		return nil, false
	}
	l.next += int64(len(line))
	if len(line) > maxLine {
		l.tooLong = true
		line = bytes.Clone(line[:80])
		l.skip()
	}
	if l.offset == 0 && bytes.HasPrefix(line, []byte(byteOrderMark)) {
		l.offset = int64(len(byteOrderMark))
		line = line[l.offset:]
	}
	return line, len(line) > 0
}

// line takes the next line off what was read, or more than maxLine bytes of
// one that is longer.
func (l *lines) line() []byte {
	for searched := 0; ; {
		if i := bytes.IndexByte(l.buf[l.begin+searched:l.end], '\n'); i >= 0 {
			return l.take(searched + i + 1)
		}
		searched = l.end - l.begin
		if searched > maxLine || l.err != nil {
			return l.take(searched)
		}
		l.fill()
	}
}

func (l *lines) take(n int) []byte {
	line := l.buf[l.begin : l.begin+n]
	l.begin += n
	return line
}

// fill reads more, behind what is left.
func (l *lines) fill() {
	if l.begin > 0 {
		l.end = copy(l.buf, l.buf[l.begin:l.end])
		l.begin = 0
	}
	if l.end == len(l.buf) {
		l.buf = append(l.buf, make([]byte, min(len(l.buf), maxLine+readAhead-len(l.buf)))...)
	}
	n, err := l.r.Read(l.buf[l.end:])
	if l.left >= 0 {
		if int64(n) > l.left {
			n, err, l.grown = int(l.left), io.EOF, true
		}
		l.left -= int64(n)
	}
	l.end, l.err = l.end+n, err
}

// skip reads to the end of a line that is too long, and holds nothing of it.
func (l *lines) skip() {
	if l.buf[l.begin-1] == '\n' {
		return
	}
	for {
		if i := bytes.IndexByte(l.buf[l.begin:l.end], '\n'); i >= 0 {
			l.next += int64(len(l.take(i + 1)))
			return
		}
		l.next += int64(len(l.take(l.end - l.begin)))
		if l.err != nil {
			return
		}
		l.fill()
	}
}

// pos returns where the line begins.
func (l *lines) pos() hcl.Pos {
	return hcl.Pos{Line: l.number, Column: 1, Byte: int(l.offset)}
}
