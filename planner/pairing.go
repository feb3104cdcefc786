package planner

import (
	"slices"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/state"
)

// pairTimed finds those again whose place in the chat changed although their
// own time did not, because others moved past them.
func (m *matcher) pairTimed(order, of []int32) {
	taken := m.taken(of)
	var free map[int32][]int32 // by content
	for i, s := range of {
		at := place(order, i)
		d := m.talk.declared[at]
		if s >= 0 || d.At == nil || m.known[at] >= 0 {
			continue
		}
		if free == nil {
			free = make(map[int32][]int32)
			for s, token := range m.seededContents {
				if !taken[s] {
					free[token] = append(free[token], int32(s))
				}
			}
		}
		for _, s := range free[m.declaredContents[at]] {
			if !taken[s] && sameTime(m.talk.seeded[s].At, d.At) {
				m.known[at], taken[s] = s, true
				break
			}
		}
	}
}

// taken tells which seeded messages were found again.
func (m *matcher) taken(of []int32) []bool {
	taken := make([]bool, len(m.seeded))
	for _, s := range of {
		if s >= 0 {
			taken[s] = true
		}
	}
	for _, s := range m.known {
		if s >= 0 {
			taken[s] = true
		}
	}
	return taken
}

// pairGaps looks, between two messages that were found again, at what was
// removed and what was added: those with the same content are the same, and of
// those without labels the ones with the same sender and type are edited.
func (m *matcher) pairGaps(order, of []int32) {
	m.eachGap(order, of, func(g *gap) { g.alignContents(of, m.contents) })
	m.eachGap(order, of, func(g *gap) { g.alignEdited(of) })
}

// gap is what was added and removed between two messages that stayed.
type gap struct {
	added   []added
	removed []removed
	scores  []int32
}

type added struct {
	message *config.Message
	content int32
	at      int32 // in the order of the chat
}

type removed struct {
	message *state.Message
	content int32
	at      int32 // in the state
}

// eachGap calls pair with each gap in which something was added and something
// removed. The gap is valid until pair returns.
func (m *matcher) eachGap(order, of []int32, pair func(*gap)) {
	taken := m.taken(of)
	g := &gap{}
	next := 0
	flush := func(until int) {
		if len(g.added) > 0 {
			for s := next; s < until; s++ {
				if !taken[s] {
					g.removed = append(g.removed, removed{m.talk.seeded[s], m.seededContents[s], int32(s)})
				}
			}
			if len(g.removed) > 0 {
				pair(g)
			}
		}
		g.added, g.removed = g.added[:0], g.removed[:0]
	}
	for i, s := range of {
		if s >= 0 {
			flush(int(s))
			next = int(s) + 1
			continue
		}
		if at := place(order, i); m.known[at] < 0 {
			g.added = append(g.added, added{m.talk.declared[at], m.declaredContents[at], int32(i)})
		}
	}
	flush(len(m.seeded))
}

// alignContents finds those again that differ in nothing that people see.
func (g *gap) alignContents(of []int32, contents int) {
	numbers := make(map[int32]int32) // of the contents in the gap
	number := func(content int32) int32 {
		n, ok := numbers[content]
		if !ok {
			n = int32(len(numbers))
			numbers[content] = n
		}
		return n
	}
	a, b := make([]int32, len(g.added)), make([]int32, len(g.removed))
	for i := range g.added {
		a[i] = number(g.added[i].content)
	}
	for i := range g.removed {
		b[i] = number(g.removed[i].content)
	}
	for i, r := range align(a, b, len(numbers)) {
		if r >= 0 {
			of[g.added[i].at] = g.removed[r].at
		}
	}
}

// maxWeighed is the number of possible pairs up to which they are weighed.
const maxWeighed = 4096

// alignEdited finds edited ones again, among those without labels.
func (g *gap) alignEdited(of []int32) {
	g.added = slices.DeleteFunc(g.added, func(a added) bool { return a.message.Label != "" })
	g.removed = slices.DeleteFunc(g.removed, func(r removed) bool { return isLabel(r.message.Key) })
	if len(g.added)*len(g.removed) <= maxWeighed {
		g.weigh(of)
		return
	}
	kinds := make(map[[2]string]int32)
	kind := func(sender, typ string) int32 {
		k, ok := kinds[[2]string{sender, typ}]
		if !ok {
			k = int32(len(kinds))
			kinds[[2]string{sender, typ}] = k
		}
		return k
	}
	a, b := make([]int32, len(g.added)), make([]int32, len(g.removed))
	for i := range g.added {
		a[i] = kind(g.added[i].message.From.UID, g.added[i].message.Type)
	}
	for i := range g.removed {
		b[i] = kind(g.removed[i].message.Sender, messageType(g.removed[i].message))
	}
	for i, r := range align(a, b, len(kinds)) {
		if r >= 0 {
			of[g.added[i].at] = g.removed[r].at
		}
	}
}

// weigh finds the pairs that are most, and among those the most alike: of two
// lines where there was one, the edited one is the one that looks like it.
func (g *gap) weigh(of []int32) {
	n, m := len(g.added), len(g.removed)
	width := m + 1
	g.scores = slices.Grow(g.scores[:0], (n+1)*width)[:(n+1)*width]
	clear(g.scores) // the best for what is left after i added and j removed ones
	score := func(i, j int) *int32 { return &g.scores[i*width+j] }
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			best := max(*score(i+1, j), *score(i, j+1))
			if a, r := g.added[i].message, g.removed[j].message; a.From.UID == r.Sender && a.Type == messageType(r) {
				best = max(best, *score(i+1, j+1)+likeness(a, r))
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
	weight := int32(onePair)
	if sameTime(s.At, m.At) && sameGap(s.After, m.After) {
		weight += allText / 4
	}
	longest, shortest := max(len(m.Text), len(s.Text)), min(len(m.Text), len(s.Text))
	if longest == 0 {
		return weight
	}
	front, back := 0, 0
	for front < shortest && m.Text[front] == s.Text[front] {
		front++
	}
	for back < shortest-front && m.Text[len(m.Text)-1-back] == s.Text[len(s.Text)-1-back] {
		back++
	}
	return weight + int32((front+back)*allText/longest)
}
