package planner

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestAlign(t *testing.T) {
	for _, test := range []struct {
		name string
		a, b string
		want []int32
	}{
		{"nothing", "", "", []int32{}},
		{"only new", "abc", "", []int32{-1, -1, -1}},
		{"same", "abc", "abc", []int32{0, 1, 2}},
		{"inserted", "abxc", "abc", []int32{0, 1, -1, 2}},
		{"removed", "ac", "abc", []int32{0, 2}},
		{"replaced", "axc", "abc", []int32{0, -1, 2}},
		{"moved to the end", "bca", "abc", []int32{1, 2, -1}},
		{"equal ones, the last removed", "aa", "aaa", []int32{0, 1}},
		{"equal ones around a change", "aabaa", "aacaa", []int32{0, 1, -1, 3, 4}},
		{"no unique token", "ababab", "babab", []int32{-1, 0, 1, 2, 3, 4}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, align(letters(test.a), letters(test.b), 128)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func letters(s string) []int32 {
	list := []int32{}
	for _, r := range s {
		list = append(list, r)
	}
	return list
}

func drawTokens(t *rapid.T, name string, most, kinds int) []int32 {
	return rapid.SliceOfN(rapid.Int32Range(0, int32(kinds-1)), 0, most).Draw(t, name)
}

// checkAligned: equal tokens are aligned, and in order.
func checkAligned(t *rapid.T, a, b, of []int32) {
	last := int32(-1)
	for i, j := range of {
		if j < 0 {
			continue
		}
		if j <= last || a[i] != b[j] {
			t.Fatalf("%d is aligned with %d after %d", i, j, last)
		}
		last = j
	}
}

func TestAlignIsOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kinds := rapid.SampledFrom([]int{2, 5, 40, 1000}).Draw(t, "kinds")
		a := drawTokens(t, "a", 300, kinds)
		b := drawTokens(t, "b", 300, kinds)
		checkAligned(t, a, b, align(a, b, kinds))
	})
}

// TestEditIsShortest holds the edit script to the plain definition of the
// longest common subsequence.
func TestEditIsShortest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawTokens(t, "a", 50, 4), drawTokens(t, "b", 50, 4)
		al := &aligner{a: a, b: b, of: make([]int32, len(a))}
		for i := range al.of {
			al.of[i] = -1
		}
		al.edit(span{0, len(a), 0, len(b)})
		checkAligned(t, a, b, al.of)
		if got, want := matched(al.of), common(a, b); got != want {
			t.Fatalf("found %d in common, there are %d", got, want)
		}
	})
}

// common is the length of the longest common subsequence.
func common(a, b []int32) int {
	row := make([]int, len(b)+1)
	for i := range a {
		diagonal := 0
		for j := range b {
			above := row[j+1]
			if row[j+1] = max(above, row[j]); a[i] == b[j] {
				row[j+1] = diagonal + 1
			}
			diagonal = above
		}
	}
	return row[len(b)]
}

// TestAlignGivesUp: lists that have nothing to do with each other are aligned
// in a bounded time, and rightly.
func TestAlignGivesUp(t *testing.T) {
	const n = 100_000
	a, b := make([]int32, n), make([]int32, n)
	seed := uint32(1)
	for i := range n {
		seed = seed*1664525 + 1013904223
		a[i] = int32(seed >> 31)
		seed = seed*1664525 + 1013904223
		b[i] = int32(seed >> 31)
	}
	of := align(a, b, 2)
	if matched(of) < n/4 {
		t.Errorf("found %d of %d", matched(of), n)
	}
	last := int32(-1)
	for i, j := range of {
		if j >= 0 {
			if j <= last || a[i] != b[j] {
				t.Fatalf("%d is aligned with %d after %d", i, j, last)
			}
			last = j
		}
	}
}

func TestIncreasing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfNDistinct(rapid.Int32Range(0, 100), 0, 30, rapid.ID[int32]).Draw(t, "values")
		pairs, sorted := make([]anchor, len(values)), []int32{}
		for i, v := range values {
			pairs[i] = anchor{int32(i), v}
		}
		for v := range int32(101) {
			sorted = append(sorted, v)
		}
		want := common(values, sorted)
		chain := increasing(pairs)
		if len(chain) != want {
			t.Fatalf("a chain of %d, there is one of %d", len(chain), want)
		}
		for i := 1; i < len(chain); i++ {
			if chain[i].a <= chain[i-1].a || chain[i].b <= chain[i-1].b {
				t.Fatal("the chain does not increase")
			}
		}
	})
}
