package state

import (
	"encoding/binary"
	"iter"
	"math"
)

// places remembers where the records of a journal lie, which follow each other
// without a gap: two bytes for each, as there may be millions.
type places struct {
	marks []int64           // the offset of every markEvery-th record
	sizes []uint16          // the length of each record, or long
	long  map[uint32]uint32 // the lengths of long records
}

const (
	markEvery = 32
	long      = math.MaxUint16
	// usualRecord is a little less than the bytes that a record has on average:
	// room that grows is room that is held twice for a while.
	usualRecord = 160
)

func newPlaces(journalSize int64) places {
	return places{sizes: make([]uint16, 0, journalSize/usualRecord+1), long: map[uint32]uint32{}}
}

func (p *places) add(offset, length int64) {
	i := len(p.sizes)
	if i%markEvery == 0 {
		p.marks = append(p.marks, offset)
	}
	if length >= long {
		p.long[uint32(i)] = uint32(length)
		length = long
	}
	p.sizes = append(p.sizes, uint16(length))
}

// span returns where record n begins and ends.
func (p *places) span(n uint32) (from, to int64) {
	i := n - 1
	from = p.marks[i/markEvery]
	for before := i - i%markEvery; before < i; before++ {
		from += p.size(before)
	}
	return from, from + p.size(i)
}

func (p *places) size(i uint32) int64 {
	if size := p.sizes[i]; size != long {
		return int64(size)
	}
	return int64(p.long[i])
}

// numbers are those of the records of one conversation, in order: a byte or two
// for each, as there may be millions.
type numbers struct {
	deltas []byte // varints
	last   uint32
	count  int
	bytes  int // of all these records
}

// add takes in the next number, and the length of its record.
func (s *numbers) add(n uint32, length int64) {
	s.deltas = binary.AppendUvarint(s.deltas, uint64(n-s.last))
	s.last = n
	s.count++
	s.bytes += int(length)
}

func (s *numbers) all() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		n := uint32(0)
		for rest := s.deltas; len(rest) > 0; {
			delta, length := binary.Uvarint(rest)
			n += uint32(delta)
			if !yield(n) {
				return
			}
			rest = rest[length:]
		}
	}
}
