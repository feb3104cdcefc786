package state

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Places and numbers give back what they took in, long records among it.
func TestPlacesAndNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOf(rapid.OneOf(rapid.Int64Range(1, 300), rapid.Int64Range(long-2, long+2), rapid.Int64Range(1, maxLine))).Draw(t, "sizes")
		p := newPlaces(rapid.Int64Range(0, 10_000).Draw(t, "journal size"))
		var own numbers
		var want, got []uint32
		bytes := 0
		offset := int64(7)
		for i, size := range sizes {
			p.add(offset, size)
			offset += size
			if rapid.Bool().Draw(t, "own") {
				own.add(uint32(i+1), size)
				want, bytes = append(want, uint32(i+1)), bytes+int(size)
			}
		}
		for n := range own.all() {
			got = append(got, n)
		}
		if diff := cmp.Diff(want, got); diff != "" || own.count != len(want) || own.bytes != bytes {
			t.Fatalf("%d numbers of %d bytes, want %d of %d: %s", own.count, own.bytes, len(want), bytes, diff)
		}
		offset = 7
		for i, size := range sizes {
			from, to := p.span(uint32(i + 1))
			if from != offset || to != offset+size {
				t.Fatalf("record %d lies from %d to %d, want %d to %d", i+1, from, to, offset, offset+size)
			}
			offset += size
		}
	})
}
