package state

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"sync"
)

// Part is one of the files that a state consists of, open for reading.
type Part interface {
	io.ReaderAt
	io.Closer
	// Name is how people call the file; errors name it.
	Name() string
	// Size is the length in bytes when the file was opened. What is appended
	// later is not read.
	Size() int64
}

const (
	// maxLine bounds a line, so that a file that is no state at all does not
	// fill the memory.
	maxLine = 16 << 20

	bufferSize = 64 << 10
)

// buffers holds buffers of bufferSize: a state may have a hundred thousand
// conversations, each of which is read through one.
var buffers = sync.Pool{New: func() any { b := make([]byte, bufferSize); return &b }}

var errLineTooLong = errors.New("a line is longer than 16 MiB")

// castagnoli is the polynomial that processors compute in hardware. The table
// is made with the first use: most runs have nothing to check.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// lineReader reads the lines of a section of a file.
type lineReader struct {
	file   io.ReaderAt
	next   int64 // offset of what is not in buf yet
	end    int64
	buf    []byte
	r, w   int     // the unread part of buf
	pooled *[]byte // what buf was at first
}

// newLineReader returns a reader that is to be closed.
func newLineReader(file io.ReaderAt, from, to int64) *lineReader {
	pooled := buffers.Get().(*[]byte)
	return &lineReader{file: file, next: from, end: to, buf: *pooled, pooled: pooled}
}

func (l *lineReader) close() {
	l.buf = nil
	buffers.Put(l.pooled)
}

// offset is where the line that comes next begins.
func (l *lineReader) offset() int64 { return l.next - int64(l.w-l.r) }

// line returns the next line without its newline; whole is false for a last
// line that has none. The line is valid until the next call. The end is io.EOF.
func (l *lineReader) line() (line []byte, whole bool, err error) {
	searched := 0
	for {
		if i := bytes.IndexByte(l.buf[l.r+searched:l.w], '\n'); i >= 0 {
			line = l.buf[l.r : l.r+searched+i]
			l.r += searched + i + 1
			return line, true, nil
		}
		searched = l.w - l.r
		if l.next >= l.end {
			line = l.buf[l.r:l.w]
			l.r = l.w
			if len(line) == 0 {
				return nil, false, io.EOF
			}
			return line, false, nil
		}
		if err := l.fill(); err != nil {
			return nil, false, err
		}
	}
}

// fill reads more behind the unread part of the buffer.
func (l *lineReader) fill() error {
	if l.r > 0 {
		copy(l.buf, l.buf[l.r:l.w])
		l.w -= l.r
		l.r = 0
	}
	if l.w == len(l.buf) {
		if len(l.buf) >= maxLine {
			return errLineTooLong
		}
		l.buf = append(l.buf, make([]byte, min(len(l.buf), maxLine-len(l.buf)))...)
	}
	room := l.buf[l.w:]
	if left := l.end - l.next; int64(len(room)) > left {
		room = room[:left]
	}
	n, err := l.file.ReadAt(room, l.next)
	l.w += n
	l.next += int64(n)
	if errors.Is(err, io.EOF) {
		l.end = l.next // the file was cut since it was opened
		return nil
	}
	return err
}

// trimCR takes off the carriage return that git may put before a newline.
func trimCR(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		return line[:n-1]
	}
	return line
}
