package emulator

import (
	"cmp"
	"math"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func compareKeys(a, b key) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.id, b.id)) }

func TestIndexIsASortedList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x index
		var model []key
		few := rapid.Int64Range(0, 20)
		for i := range rapid.IntRange(0, 5000).Draw(t, "size") {
			k := key{few.Draw(t, "at"), int64(i)}
			x.insert(k)
			model = append(model, k)
		}
		for range rapid.IntRange(0, min(50, len(model))).Draw(t, "removals") {
			i := rapid.IntRange(0, len(model)-1).Draw(t, "which")
			x.remove(model[i])
			model = slices.Delete(model, i, i+1)
			if len(model) == 0 {
				break
			}
		}
		x.remove(key{-1, -1}) // not there
		slices.SortFunc(model, compareKeys)
		if x.size != len(model) {
			t.Fatalf("size %d, want %d", x.size, len(model))
		}
		from := key{few.Draw(t, "from at"), rapid.Int64Range(0, 5000).Draw(t, "from id")}
		var after, before []key
		x.after(from, func(k key) bool { after = append(after, k); return true })
		x.before(from, func(k key) bool { before = append(before, k); return true })
		var wantAfter, wantBefore []key
		for _, k := range model {
			if compareKeys(k, from) > 0 {
				wantAfter = append(wantAfter, k)
			} else if compareKeys(k, from) < 0 {
				wantBefore = append(wantBefore, k)
			}
		}
		slices.Reverse(wantBefore)
		allow := gocmp.AllowUnexported(key{})
		if diff := gocmp.Diff(wantAfter, after, allow); diff != "" {
			t.Fatalf("after %v (-want +got):\n%s", from, diff)
		}
		if diff := gocmp.Diff(wantBefore, before, allow); diff != "" {
			t.Fatalf("before %v (-want +got):\n%s", from, diff)
		}
	})
}

func TestIndexStopsWhenTold(t *testing.T) {
	var x index
	for i := range int64(3 * chunkSize) {
		x.insert(key{0, i})
	}
	n := 0
	count := func(key) bool { n++; return n < 10 }
	x.after(key{math.MinInt64, 0}, count)
	if n != 10 {
		t.Errorf("after yielded %d", n)
	}
	n = 0
	x.before(key{math.MaxInt64, 0}, count)
	if n != 10 {
		t.Errorf("before yielded %d", n)
	}
}

func BenchmarkIndexInsertAnywhere(b *testing.B) {
	var x index
	for i := range b.N {
		x.insert(key{int64(uint32(i*2654435761) >> 8), int64(i)})
	}
}
