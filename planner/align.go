package planner

import "slices"

// aligner finds a long common subsequence of two lists of tokens, in a time
// close to linear and in linear memory. It trims what is common at both ends,
// splits at tokens that occur once in both lists (as patience sorting does, so
// that the split is where people see it), and looks for a shortest edit script
// in what remains, with a bound on the effort: a place that is too different
// gets an alignment that is right, but perhaps not the longest.
type aligner struct {
	a, b []int32
	of   []int32 // for each of a, the index in b that it is aligned with, or -1

	// Scratch: how often a token occurs, and where last.
	countA, countB []int32
	last           []int32
	forward, back  []int32
}

const (
	// maxDepth bounds how often a range is split at unique tokens.
	maxDepth = 24
	// maxEdits bounds the edits that are tried before a range is given up.
	maxEdits = 256
	// reach is how far a match is looked for in a range that was given up.
	reach = 64
)

// align returns, for each token of a, the index of the token in b that it is
// aligned with, or -1. The indexes increase. Tokens are in [0, tokens).
func align(a, b []int32, tokens int) []int32 {
	al := &aligner{a: a, b: b, of: make([]int32, len(a))}
	for i := range al.of {
		al.of[i] = -1
	}
	if len(a) == 0 || len(b) == 0 {
		return al.of
	}
	al.countA, al.countB, al.last = make([]int32, tokens), make([]int32, tokens), make([]int32, tokens)
	al.split(0, len(a), 0, len(b), 0)
	return al.of
}

// span is a range of both lists.
type span struct{ a0, a1, b0, b1 int }

// trim aligns what is common at both ends and returns what is between.
func (al *aligner) trim(s span) span {
	for s.a0 < s.a1 && s.b0 < s.b1 && al.a[s.a0] == al.b[s.b0] {
		al.of[s.a0] = int32(s.b0)
		s.a0++
		s.b0++
	}
	for s.a0 < s.a1 && s.b0 < s.b1 && al.a[s.a1-1] == al.b[s.b1-1] {
		s.a1--
		s.b1--
		al.of[s.a1] = int32(s.b1)
	}
	return s
}

func (s span) empty() bool { return s.a0 == s.a1 || s.b0 == s.b1 }

// split aligns a range at its unique tokens, and what is between them.
func (al *aligner) split(a0, a1, b0, b1, depth int) {
	s := al.trim(span{a0, a1, b0, b1})
	if s.empty() {
		return
	}
	var anchors []anchor
	if depth < maxDepth {
		anchors = al.anchors(s)
	}
	if len(anchors) == 0 {
		al.edit(s)
		return
	}
	for _, at := range anchors {
		al.of[at.a] = at.b
		al.split(s.a0, int(at.a), s.b0, int(at.b), depth+1)
		s.a0, s.b0 = int(at.a)+1, int(at.b)+1
	}
	al.split(s.a0, s.a1, s.b0, s.b1, depth+1)
}

// anchor is a pair of equal tokens.
type anchor struct{ a, b int32 }

// anchors returns the longest increasing chain of the tokens that occur once
// in each list of the range.
func (al *aligner) anchors(s span) []anchor {
	for _, t := range al.b[s.b0:s.b1] {
		al.countB[t] = 0
		al.countA[t] = 0
	}
	for _, t := range al.a[s.a0:s.a1] {
		al.countA[t] = 0
		al.countB[t] = 0
	}
	for i, t := range al.b[s.b0:s.b1] {
		al.countB[t]++
		al.last[t] = int32(s.b0 + i)
	}
	for _, t := range al.a[s.a0:s.a1] {
		al.countA[t]++
	}
	var pairs []anchor
	for i, t := range al.a[s.a0:s.a1] {
		if al.countA[t] == 1 && al.countB[t] == 1 {
			pairs = append(pairs, anchor{int32(s.a0 + i), al.last[t]})
		}
	}
	return increasing(pairs)
}

// increasing returns a longest subsequence of pairs, which are sorted by a,
// whose b increases too. It reuses the memory of pairs.
func increasing(pairs []anchor) []anchor {
	if slices.IsSortedFunc(pairs, func(x, y anchor) int { return int(x.b - y.b) }) {
		return pairs
	}
	var tops []int32 // the pair that ends the best chain of each length
	previous := make([]int32, len(pairs))
	for i, p := range pairs {
		at, _ := slices.BinarySearchFunc(tops, p.b, func(top, b int32) int { return int(pairs[top].b - b) })
		previous[i] = -1
		if at > 0 {
			previous[i] = tops[at-1]
		}
		if at == len(tops) {
			tops = append(tops, int32(i))
		} else {
			tops[at] = int32(i)
		}
	}
	chain := make([]anchor, len(tops))
	for i, at := len(tops)-1, tops[len(tops)-1]; i >= 0; i-- {
		chain[i] = pairs[at]
		at = previous[at]
	}
	return chain
}

// edit aligns a range by a shortest edit script: Myers' algorithm in linear
// space, which finds a pair in the middle of the script and goes on with both
// halves.
func (al *aligner) edit(s span) {
	for {
		s = al.trim(s)
		if s.empty() {
			return
		}
		x, y, ok := al.middle(s)
		if !ok {
			al.walk(s)
			return
		}
		al.edit(span{s.a0, x, s.b0, y})
		s.a0, s.b0 = x, y
	}
}

// middle returns a point in the middle of a shortest edit script of the range,
// whose first tokens differ, as do its last. ok is false when the script is
// longer than maxEdits.
func (al *aligner) middle(s span) (x, y int, ok bool) {
	n, m := s.a1-s.a0, s.b1-s.b0
	limit := min((n+m+1)/2, maxEdits)
	size := 2*limit + 3
	if len(al.forward) < size {
		al.forward, al.back = make([]int32, 2*maxEdits+3), make([]int32, 2*maxEdits+3)
	}
	mid := limit + 1 // the index of diagonal 0
	fw, bw := al.forward[:size], al.back[:size]
	delta := n - m
	fw[mid+1], bw[mid+1] = 0, 0
	for d := 0; d <= limit; d++ {
		for k := -d; k <= d; k += 2 {
			// fw[k] is the furthest x on diagonal x-y = k with d edits.
			at := int(furthest(fw, mid, k, d))
			for at < n && at-k < m && al.a[s.a0+at] == al.b[s.b0+at-k] {
				at++
			}
			fw[mid+k] = int32(at)
			if at > n || at-k > m {
				continue
			}
			if r := delta - k; delta&1 != 0 && r >= -(d-1) && r <= d-1 {
				if left := int(bw[mid+r]); left <= n && left-r <= m && at >= n-left {
					return s.a0 + at, s.b0 + at - k, true
				}
			}
		}
		for k := -d; k <= d; k += 2 {
			// bw[k] is the same from the end: so many tokens of a are left.
			at := int(furthest(bw, mid, k, d))
			for at < n && at-k < m && al.a[s.a1-1-at] == al.b[s.b1-1-(at-k)] {
				at++
			}
			bw[mid+k] = int32(at)
			if at > n || at-k > m {
				continue
			}
			if r := delta - k; delta&1 == 0 && r >= -d && r <= d {
				if front := int(fw[mid+r]); front <= n && front-r <= m && front >= n-at {
					return s.a1 - at, s.b1 - (at - k), true
				}
			}
		}
	}
	return 0, 0, false
}

// furthest is how far diagonal k is reached with d edits, before its run of
// equal tokens.
func furthest(v []int32, mid, k, d int) int32 {
	if k == -d || k != d && v[mid+k-1] < v[mid+k+1] {
		return v[mid+k+1]
	}
	return v[mid+k-1] + 1
}

// walk aligns a range that is too different: each token of a with the next
// equal one of b within reach.
func (al *aligner) walk(s span) {
	y := s.b0
	for x := s.a0; x < s.a1 && y < s.b1; x++ {
		for ahead := y; ahead < min(y+reach, s.b1); ahead++ {
			if al.a[x] == al.b[ahead] {
				al.of[x] = int32(ahead)
				y = ahead + 1
				break
			}
		}
	}
}
