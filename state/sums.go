package state

import (
	"hash/crc32"
	"strconv"
)

// sumEvery is how many lines lie between two checksums of a snapshot: few
// enough to say where the damage is, many enough to cost nothing.
const sumEvery = 256

// sums is the running CRC-32C over a snapshot's lines, with a mark after every
// sumEvery of them. Line ends count as one newline each.
type sums struct {
	crc   uint32
	lines int
	marks []uint32
}

var newline = []byte{'\n'}

func (s *sums) add(line []byte) {
	s.crc = crc32.Update(s.crc, castagnoli(), line)
	s.crc = crc32.Update(s.crc, castagnoli(), newline)
	s.lines++
	if s.lines%sumEvery == 0 {
		s.marks = append(s.marks, s.crc)
	}
}

// all returns the marks and the checksum of the lines after the last one.
func (s *sums) all() []uint32 {
	if s.lines%sumEvery == 0 {
		return s.marks
	}
	return append(s.marks[:len(s.marks):len(s.marks)], s.crc)
}

// endLine is the last line of a snapshot: the number of lines before it, and
// the checksums.
func (s *sums) endLine() []byte {
	b := append([]byte(nil), endPrefix...)
	b = strconv.AppendInt(b, int64(s.lines), 10)
	b = append(b, `,"crc":[`...)
	for i, crc := range s.all() {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = appendHex32(b, crc)
		b = append(b, '"')
	}
	return append(b, "]}"...)
}
