package planner

import (
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
)

// keyNumbers has the highest number in use of each content key of a
// conversation. There may be a million of them, nearly all with the number one:
// those take a dozen bytes each.
type keyNumbers struct {
	once hashSet
	more map[uint64]int // those that are used more than once
}

// next takes the next number of a content.
func (k *keyNumbers) next(hash uint64) int {
	n := k.highest(hash) + 1
	k.set(hash, n)
	return n
}

// use takes note of a key of a message in state. Labels are none of a content.
func (k *keyNumbers) use(key string) {
	if hash, number, ok := parseKey(key); ok && number > k.highest(hash) {
		k.set(hash, number)
	}
}

// useAll takes note of all keys that a conversation has in state.
func (k *keyNumbers) useAll(conversation addr.Object, prior state.Reader) error {
	for s, err := range prior.Messages(conversation) {
		if err != nil {
			return err
		}
		k.use(s.Key)
	}
	return nil
}

func (k *keyNumbers) highest(hash uint64) int {
	if n := k.more[hash]; n > 0 {
		return n
	}
	if k.once.has(hash) {
		return 1
	}
	return 0
}

func (k *keyNumbers) set(hash uint64, n int) {
	if n == 1 {
		k.once.add(hash)
		return
	}
	if k.more == nil {
		k.more = make(map[uint64]int)
	}
	k.more[hash] = n
}

// hashSet is a set of hashes whose bits are as good as random.
type hashSet struct {
	table []uint64 // open addressing; zero is no entry
	n     int
	zero  bool // whether zero is in the set
}

func (s *hashSet) has(hash uint64) bool {
	if hash == 0 {
		return s.zero
	}
	return len(s.table) > 0 && s.table[s.slot(hash)] == hash
}

func (s *hashSet) add(hash uint64) {
	if hash == 0 {
		s.zero = true
		return
	}
	if 4*(s.n+1) > 3*len(s.table) {
		s.grow(2*s.n + 1)
	}
	if at := s.slot(hash); s.table[at] == 0 {
		s.table[at] = hash
		s.n++
	}
}

// slot is where a hash is, or where it would be.
func (s *hashSet) slot(hash uint64) int {
	mask := uint64(len(s.table) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		if s.table[i] == hash || s.table[i] == 0 {
			return int(i)
		}
	}
}

// grow makes room for n hashes.
func (s *hashSet) grow(n int) {
	size := 8
	for 3*size < 4*n {
		size *= 2
	}
	if size <= len(s.table) {
		return
	}
	old := s.table
	s.table = make([]uint64, size)
	for _, hash := range old {
		if hash != 0 {
			s.table[s.slot(hash)] = hash
		}
	}
}

// meets reports whether the sets have a hash in common.
func (s *hashSet) meets(other *hashSet) bool {
	for _, hash := range s.table {
		if hash != 0 && other.has(hash) {
			return true
		}
	}
	return s.zero && other.zero
}
