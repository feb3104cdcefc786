package emulator

import (
	"cmp"
	"slices"
)

// key is a message's place in a list: by time and id, or by id alone where the
// app orders its lists so (then at is 0).
type key struct{ at, id int64 }

func (k key) compare(other key) int {
	return cmp.Or(cmp.Compare(k.at, other.at), cmp.Compare(k.id, other.id))
}

// index is a sorted list of keys. It is cut into chunks of bounded size, so that
// inserting anywhere costs little however long it is.
type index struct {
	chunks [][]key
	size   int
}

const chunkSize = 1024

// find returns the chunk and the place in it where k is, or belongs.
func (x *index) find(k key) (chunk, place int, found bool) {
	chunk, _ = slices.BinarySearchFunc(x.chunks, k, func(c []key, k key) int {
		return c[len(c)-1].compare(k)
	})
	if chunk == len(x.chunks) {
		return chunk, 0, false
	}
	place, found = slices.BinarySearchFunc(x.chunks[chunk], k, key.compare)
	return chunk, place, found
}

// insert adds a key that is not there yet.
func (x *index) insert(k key) {
	x.size++
	chunk, place, _ := x.find(k)
	if chunk == len(x.chunks) { // after all others, the usual case
		if chunk == 0 || len(x.chunks[chunk-1]) >= chunkSize {
			x.chunks = append(x.chunks, []key{k})
			return
		}
		x.chunks[chunk-1] = append(x.chunks[chunk-1], k)
		return
	}
	c := slices.Insert(x.chunks[chunk], place, k)
	x.chunks[chunk] = c
	if len(c) > chunkSize {
		half := len(c) / 2
		x.chunks[chunk] = c[:half:half]
		x.chunks = slices.Insert(x.chunks, chunk+1, slices.Clone(c[half:]))
	}
}

// remove takes a key out, if it is there.
func (x *index) remove(k key) {
	chunk, place, found := x.find(k)
	if !found {
		return
	}
	x.size--
	x.chunks[chunk] = slices.Delete(x.chunks[chunk], place, place+1)
	if len(x.chunks[chunk]) == 0 {
		x.chunks = slices.Delete(x.chunks, chunk, chunk+1)
	}
}

// after yields the keys above k in ascending order.
func (x *index) after(k key, yield func(key) bool) {
	chunk, place, found := x.find(k)
	if found {
		place++
	}
	for ; chunk < len(x.chunks); chunk, place = chunk+1, 0 {
		for _, k := range x.chunks[chunk][place:] {
			if !yield(k) {
				return
			}
		}
	}
}

// before yields the keys below k in descending order.
func (x *index) before(k key, yield func(key) bool) {
	chunk, place, _ := x.find(k)
	for {
		if place == 0 {
			if chunk--; chunk < 0 {
				return
			}
			place = len(x.chunks[chunk])
		}
		place--
		if !yield(x.chunks[chunk][place]) {
			return
		}
	}
}
