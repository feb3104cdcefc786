package planner

import (
	"slices"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/state"
)

// match finds the seeded message of each declared one, and tells which seeded
// ones were taken.
func (t *talk) match(live []entry, c *clock, f *fingerprints) (taken []bool) {
	taken = make([]bool, len(t.seeded))
	if len(live) == 0 {
		return taken
	}
	order := t.chatOrder(live, c)
	if len(t.seeded) == 0 {
		return taken
	}
	m := newMatcher(t, f)
	of := align(m.inOrder(order), m.seeded, m.tokens)
	if order != nil {
		// Times that go backwards are sorted by what the declarations say. Once
		// something was inserted, the times at which the others were sent may
		// tell more.
		if actual := m.actualOrder(live, c); actual != nil {
			if other := align(m.inOrder(actual), m.seeded, m.tokens); matched(other) > matched(of) {
				order, of = actual, other
			}
		}
	}
	m.pairEdited(order, of)
	at := func(i int) int {
		if order == nil {
			return i
		}
		return int(order[i])
	}
	for i, s := range of {
		if s >= 0 {
			live[at(i)].prev = t.seeded[s]
			taken[s] = true
		}
	}
	for i, s := range m.labelled {
		if s < 0 || taken[s] {
			continue
		}
		// The label tells that it is the same message, though it stands elsewhere.
		e := &live[i]
		e.prev = t.seeded[s]
		taken[s] = true
		if !e.exact() {
			e.why = reordered
		}
	}
	return taken
}

func matched(of []int32) (n int) {
	for _, s := range of {
		if s >= 0 {
			n++
		}
	}
	return n
}

// chatOrder returns the declared messages in the order of their declared
// times, or nil when that is the declared order.
func (t *talk) chatOrder(live []entry, c *clock) []int32 {
	times := c.nominal(t.declared, t.left)
	sorted := true
	for i := range times {
		live[i].set(times[i], c.anchor)
		sorted = sorted && (i == 0 || live[i-1].at <= live[i].at)
	}
	if sorted {
		return nil
	}
	return byTime(live)
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
// label where both sides have it, else the content.
type matcher struct {
	talk     *talk
	declared []int32
	seeded   []int32
	tokens   int
	labelled []int32 // for each declared message, the seeded one with its label, or -1
}

func newMatcher(t *talk, f *fingerprints) *matcher {
	m := &matcher{
		talk:     t,
		declared: make([]int32, len(t.declared)),
		seeded:   make([]int32, len(t.seeded)),
		labelled: make([]int32, len(t.declared)),
	}
	labels := make(map[string]int32)
	for i, s := range t.seeded {
		if isLabel(s.Key) {
			labels[s.Key] = int32(i)
		}
		m.seeded[i] = -1
	}
	for i, d := range t.declared {
		m.labelled[i], m.declared[i] = -1, -1
		if d.Label == "" {
			continue
		}
		if s, ok := labels[d.Label]; ok && m.seeded[s] < 0 {
			m.labelled[i] = s
			m.declared[i], m.seeded[s] = int32(m.tokens), int32(m.tokens)
			m.tokens++
		}
	}
	contents := make(map[fingerprint]int32, len(t.seeded))
	token := func(content fingerprint) int32 {
		token, ok := contents[content]
		if !ok {
			token = int32(m.tokens)
			contents[content] = token
			m.tokens++
		}
		return token
	}
	for i, s := range t.seeded {
		if m.seeded[i] < 0 {
			m.seeded[i] = token(f.seeded(s))
		}
	}
	for i, d := range t.declared {
		if m.declared[i] < 0 {
			m.declared[i] = token(f.declared(d))
		}
	}
	return m
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
// those that can be told apart were sent, the others after the one before them,
// or nil when that is the declared order. Between two messages with times of
// their own the declared order holds.
func (m *matcher) actualOrder(live []entry, c *clock) []int32 {
	last := make([]int32, m.tokens)
	count := make([]int32, m.tokens)
	for i, token := range m.seeded {
		count[token]++
		last[token] = int32(i)
	}
	declared := make([]int32, m.tokens)
	for _, token := range m.declared {
		declared[token]++
	}
	for i := 0; i < len(live); {
		end := i + 1
		for end < len(live) && !live[end].exact() {
			end++
		}
		var pairs []anchor
		for k := i; k < end; k++ {
			if token := m.declared[k]; count[token] == 1 && declared[token] == 1 {
				pairs = append(pairs, anchor{int32(k), last[token]})
			}
		}
		known := increasing(pairs)
		for k := i; k < end; k++ {
			e := &live[k]
			switch {
			case len(known) > 0 && int(known[0].a) == k:
				e.at = m.talk.seeded[known[0].b].SentAt
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
	if slices.IsSortedFunc(live, func(a, b entry) int { return int(a.at - b.at) }) {
		return nil
	}
	return byTime(live)
}

// pairEdited aligns, between two messages that were found again, the removed
// and the added ones without labels that have the same sender and type: they
// are edited ones.
func (m *matcher) pairEdited(order, of []int32) {
	taken := make([]bool, len(m.seeded))
	for _, s := range of {
		if s >= 0 {
			taken[s] = true
		}
	}
	g := gap{kinds: make(map[[2]string]int32)}
	remove := func(from, to int) {
		for s := from; s < to; s++ {
			if msg := m.talk.seeded[s]; !taken[s] && !isLabel(msg.Key) {
				g.removed = append(g.removed, removed{msg, int32(s), g.kind(msg.Sender, messageType(msg))})
			}
		}
	}
	next := 0
	for i, s := range of {
		if s >= 0 {
			remove(next, int(s))
			g.pair(of)
			next = int(s) + 1
			continue
		}
		at := i
		if order != nil {
			at = int(order[i])
		}
		if d := m.talk.declared[at]; d.Label == "" {
			g.added = append(g.added, added{d, int32(i), g.kind(d.From.UID, d.Type)})
		}
	}
	remove(next, len(m.seeded))
	g.pair(of)
}

// gap is what was added and removed between two messages that stayed.
type gap struct {
	added   []added
	removed []removed
	kinds   map[[2]string]int32 // of senders and types
	scores  []int32
}

type added struct {
	message *config.Message
	at      int32 // in the order of the chat
	kind    int32
}

type removed struct {
	message *state.Message
	at      int32 // in the state
	kind    int32
}

func (g *gap) kind(sender, typ string) int32 {
	k, ok := g.kinds[[2]string{sender, typ}]
	if !ok {
		k = int32(len(g.kinds))
		g.kinds[[2]string{sender, typ}] = k
	}
	return k
}

// maxWeighed is the number of possible pairs up to which they are weighed.
const maxWeighed = 4096

// pair notes the pairs of the gap in of, and empties it.
func (g *gap) pair(of []int32) {
	switch n := len(g.added) * len(g.removed); {
	case n == 0:
	case n <= maxWeighed:
		g.weigh(of)
	default:
		a, b := make([]int32, len(g.added)), make([]int32, len(g.removed))
		for i := range g.added {
			a[i] = g.added[i].kind
		}
		for i := range g.removed {
			b[i] = g.removed[i].kind
		}
		for i, r := range align(a, b, len(g.kinds)) {
			if r >= 0 {
				of[g.added[i].at] = g.removed[r].at
			}
		}
	}
	g.added, g.removed = g.added[:0], g.removed[:0]
}

// weigh finds the pairs that are most, and among those the most alike: of two
// lines where there was one, the edited one is the one that looks like it.
func (g *gap) weigh(of []int32) {
	n, m := len(g.added), len(g.removed)
	width := m + 1
	g.scores = slices.Grow(g.scores[:0], (n+1)*width)[:(n+1)*width]
	clear(g.scores) // scores[i][j] is the best for what is left after i and j
	score := func(i, j int) *int32 { return &g.scores[i*width+j] }
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			best := max(*score(i+1, j), *score(i, j+1))
			if g.added[i].kind == g.removed[j].kind {
				best = max(best, *score(i+1, j+1)+likeness(g.added[i].message, g.removed[j].message))
			}
			*score(i, j) = best
		}
	}
	for i, j := 0, 0; i < n && j < m; {
		switch *score(i, j) {
		case *score(i+1, j):
			i++
		case *score(i, j+1):
			j++
		default:
			of[g.added[i].at] = g.removed[j].at
			i, j = i+1, j+1
		}
	}
}

// likeness weighs a pair: that it is one counts most, then how much of the text
// is common at its ends, and whether the time is declared in the same way.
func likeness(m *config.Message, s *state.Message) int32 {
	const (
		onePair = 1 << 12
		allText = 1 << 8
	)
	longest := max(len(m.Text), len(s.Text))
	weight := int32(onePair)
	if sameTime(s.At, m.At) && sameGap(s.After, m.After) {
		weight += allText / 4
	}
	if longest == 0 {
		return weight
	}
	shortest := min(len(m.Text), len(s.Text))
	front, back := 0, 0
	for front < shortest && m.Text[front] == s.Text[front] {
		front++
	}
	for back < shortest-front && m.Text[len(m.Text)-1-back] == s.Text[len(s.Text)-1-back] {
		back++
	}
	return weight + int32((front+back)*allText/longest)
}
