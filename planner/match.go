package planner

import (
	"cmp"
	"slices"
)

// match finds the seeded message of each declared one, and tells which seeded
// ones were taken. It returns false when messages were skipped that have to be
// seen for that.
func (t *talk) match(live []entry, c *clock, m *matcher) (taken []bool, ok bool) {
	taken = make([]bool, len(t.seeded))
	if len(live) == 0 || len(t.seeded) == 0 {
		return taken, true
	}
	order, ok := m.order(live, c)
	if !ok {
		return nil, false
	}
	m.tokenize()
	of := align(m.inOrder(order), m.seeded, m.tokens)
	if m.missed(order, of) {
		// A message stands elsewhere, or so it seems. Declared times that go
		// backwards were sorted when the messages were sent; since then a line
		// that was inserted may have shifted those behind it, or a block have
		// moved. So the order counts in which most are found again.
		if t.left != nil && !c.parts {
			return nil, false
		}
		for _, other := range [][]int32{nil, m.actualOrder(live, c)} {
			if found := align(m.inOrder(other), m.seeded, m.tokens); matched(found) > matched(of) {
				order, of = other, found
				if c.parts {
					return nil, false // others may have moved past it, too
				}
			}
		}
	}
	m.pairTimed(order, of)
	m.pairGaps(order, of)
	for i, s := range of {
		if s >= 0 {
			live[place(order, i)].prev = t.seeded[s]
			taken[s] = true
		}
	}
	for i, s := range m.known {
		if s < 0 || taken[s] {
			continue
		}
		// It is the same message, though it stands elsewhere.
		e := &live[i]
		e.prev = t.seeded[s]
		taken[s] = true
		if !e.exact() {
			e.why = reordered
		}
	}
	return taken, true
}

// place is the ith place of an order, of which nil is the declared one.
func place(order []int32, i int) int {
	if order == nil {
		return i
	}
	return int(order[i])
}

// missed reports whether a message that was not found again is among those that
// were not declared again: it may just stand elsewhere.
func (m *matcher) missed(order, of []int32) bool {
	left := make(map[int32]bool)
	for i, s := range of {
		if s < 0 {
			left[m.declared[place(order, i)]] = true
		}
	}
	if len(left) == 0 {
		return false
	}
	taken := make([]bool, len(m.seeded))
	for _, s := range of {
		if s >= 0 {
			taken[s] = true
		}
	}
	for s, token := range m.seeded {
		if !taken[s] && left[token] {
			return true
		}
	}
	return false
}

func matched(of []int32) (n int) {
	for _, s := range of {
		if s >= 0 {
			n++
		}
	}
	return n
}

// order returns the declared messages in the order of their declared times, or
// nil when that is the declared order. It returns false when messages were
// skipped that have a part in it.
func (m *matcher) order(live []entry, c *clock) (order []int32, ok bool) {
	times := c.nominal(m.talk.declared, m.talk.left)
	sorted := true
	for i := range times {
		live[i].set(times[i], c.anchor)
		sorted = sorted && (i == 0 || live[i-1].at <= live[i].at)
	}
	if sorted {
		return nil, true
	}
	return byTime(live), m.talk.left == nil && !c.parts
}

// byTime returns the order of the entries by time, then as declared.
func byTime(live []entry) []int32 {
	order := make([]int32, len(live))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int {
		switch x, y := live[a].at, live[b].at; {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	return order
}

// matcher has the tokens by which declared and seeded messages are lined up: a
// label, or of a message without one all that is declared of it. What is not
// found again like that is looked for by its content, and then by its sender and
// type, between those that were.
type matcher struct {
	talk         *talk
	fingerprints *fingerprints

	declared []int32
	seeded   []int32
	tokens   int
	// contents are tokens of the contents alone.
	declaredContents, seededContents []int32
	contents                         int
	// known has, for each declared message, the seeded one that it is wherever
	// they stand, or -1: the one with its label, or with its content and time.
	known []int32
}

// interner numbers fingerprints.
type interner map[fingerprint]int32

func (in interner) token(f fingerprint) int32 {
	token, ok := in[f]
	if !ok {
		token = int32(len(in))
		in[f] = token
	}
	return token
}

// newMatcher returns a matcher without tokens, which are not always needed.
func newMatcher(t *talk, f *fingerprints) *matcher { return &matcher{talk: t, fingerprints: f} }

// tokenize makes the tokens.
func (m *matcher) tokenize() {
	t, f := m.talk, m.fingerprints
	n, k := len(t.declared), len(t.seeded)
	m.declared, m.seeded, m.known = make([]int32, n), make([]int32, k), make([]int32, n)
	m.declaredContents, m.seededContents = make([]int32, n), make([]int32, k)
	wholes, contents := make(interner, k), make(interner, k)
	labels := make(map[string]int32)
	for i, s := range t.seeded {
		content, whole := f.seeded(s)
		m.seededContents[i], m.seeded[i] = contents.token(content), wholes.token(whole)
		if isLabel(s.Key) {
			labels[s.Key] = int32(i)
		}
	}
	for i, d := range t.declared {
		content, whole := f.declared(d)
		m.declaredContents[i], m.declared[i] = contents.token(content), wholes.token(whole)
		m.known[i] = -1
	}
	m.tokens, m.contents = len(wholes), len(contents)
	unique := func(token *int32) {
		*token = int32(m.tokens)
		m.tokens++
	}
	for _, s := range labels {
		unique(&m.seeded[s])
	}
	for i, d := range t.declared {
		if d.Label == "" {
			continue
		}
		unique(&m.declared[i])
		if s, ok := labels[d.Label]; ok {
			m.known[i], m.seeded[s] = s, m.declared[i]
			delete(labels, d.Label)
		}
	}
}

// inOrder returns the declared messages' tokens in another order.
func (m *matcher) inOrder(order []int32) []int32 {
	if order == nil {
		return m.declared
	}
	tokens := make([]int32, len(order))
	for i, at := range order {
		tokens[i] = m.declared[at]
	}
	return tokens
}

// actualOrder returns the declared messages in the order of the times at which
// those that can be told apart were sent, the others after the one before them.
// Between two messages with times of their own the declared order holds.
func (m *matcher) actualOrder(live []entry, c *clock) []int32 {
	sent := make([]int64, len(m.seeded))
	for i, s := range m.talk.seeded {
		sent[i] = s.SentAt
	}
	return sentOrder(live, c, m.declared, m.seeded, sent, m.tokens)
}

// sentOrder is actualOrder for any tokens: those of the entries, and those of
// the messages that were sent, with their times. The entries have their nominal
// times, which it changes.
func sentOrder(live []entry, c *clock, declared, seeded []int32, sent []int64, tokens int) []int32 {
	last := make([]int32, tokens)
	countSeeded, countDeclared := make([]int32, tokens), make([]int32, tokens)
	for i, token := range seeded {
		countSeeded[token]++
		last[token] = int32(i)
	}
	for _, token := range declared {
		countDeclared[token]++
	}
	for i := 0; i < len(live); {
		end := i + 1
		for end < len(live) && !live[end].exact() {
			end++
		}
		var pairs []anchor
		for k := i; k < end; k++ {
			if token := declared[k]; countSeeded[token] == 1 && countDeclared[token] == 1 {
				pairs = append(pairs, anchor{int32(k), last[token]})
			}
		}
		known := increasing(pairs)
		for k := i; k < end; k++ {
			e := &live[k]
			switch {
			case len(known) > 0 && int(known[0].a) == k:
				e.at = sent[known[0].b]
				known = known[1:]
			case k > 0 && !e.exact():
				e.at = live[k-1].at + c.gap(e.decl)
			}
			if k > i {
				e.at = max(e.at, live[k-1].at)
			}
		}
		i = end
	}
	return byTime(live)
}

// settled reports whether the next plan will find every message again where
// this one puts it. The entries are in declared order, with their final times.
func (m *matcher) settled(live []entry, c *clock) bool {
	after := make([]int32, len(live)) // the order of the chat
	for i := range after {
		after[i] = int32(i)
	}
	slices.SortFunc(after, func(a, b int32) int { return cmp.Compare(live[a].at, live[b].at) })
	next := slices.Clone(live) // as the next plan will see them
	if order, _ := m.order(next, c); slices.Equal(order, after) {
		return true
	}
	if m.declared == nil {
		m.tokenize()
	}
	seeded, sent := make([]int32, len(live)), make([]int64, len(live))
	for i, at := range after {
		seeded[i], sent[i] = m.declared[at], live[at].at
	}
	found := sentOrder(next, c, m.declared, seeded, sent, m.tokens)
	return slices.EqualFunc(found, after, func(a, b int32) bool { return m.declared[a] == m.declared[b] })
}
