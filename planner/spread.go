package planner

import (
	"cmp"
	"container/heap"
	"maps"
	"math/bits"
	"slices"
)

// bundle is lanes that share the sender who writes most.
type bundle struct {
	lanes []int
	size  int // requests
}

// slack is how much fuller than the average a shard may become so that a
// bundle stays together, in percent.
const slack = 5

// spread chooses the shard of each lane. What asks for most is placed first,
// each time into the shard that has least. Lanes with the same main sender go
// together, because the app limits what a sender sends a minute and a limit that
// one worker keeps is used better than one that many share; a bundle that would
// make its shard too full is taken apart.
func (c *cutter) spread() {
	c.shardOf = make([]int, len(c.lanes))
	total := 0
	byLeader := make(map[string]*bundle)
	for i := range c.lanes {
		if c.involvesGoing(&c.plan.Lanes[i]) {
			continue
		}
		size := c.size(i)
		total += size
		leader := c.leader(i)
		b := byLeader[leader]
		if b == nil {
			b = &bundle{}
			byLeader[leader] = b
		}
		b.lanes, b.size = append(b.lanes, i), b.size+size
	}
	bundles := slices.SortedFunc(maps.Values(byLeader), func(a, b *bundle) int {
		return cmp.Or(-cmp.Compare(a.size, b.size), cmp.Compare(a.lanes[0], b.lanes[0]))
	})
	full := (total*(100+slack) + 100*c.n - 1) / (100 * c.n)
	loads := make(loads, c.n)
	for k := range loads {
		loads[k].shard = k + 1
	}
	for _, b := range bundles {
		if len(b.lanes) == 1 || loads[0].size+b.size <= full {
			c.place(b.lanes, loads.add(b.size))
			continue
		}
		// Lanes begin in their order. So that no shard has to do with the sender at
		// its beginning alone, where his pace would hold up all that follows, each
		// gets lanes from everywhere.
		slices.SortFunc(b.lanes, func(x, y int) int {
			return cmp.Or(-cmp.Compare(bits.Len(uint(c.size(x))), bits.Len(uint(c.size(y)))), cmp.Compare(mixed(x), mixed(y)))
		})
		for rest := b.lanes; len(rest) > 0; {
			size, n := c.size(rest[0]), 1
			for n < len(rest) && loads[0].size+size+c.size(rest[n]) <= full {
				size, n = size+c.size(rest[n]), n+1
			}
			c.place(rest[:n], loads.add(size))
			rest = rest[n:]
		}
	}
	c.sends = make([]map[string]int, c.n+1)
	for i := range c.lanes {
		k := c.shardOf[i]
		if c.sends[k] == nil {
			c.sends[k] = make(map[string]int)
		}
		for uid, n := range c.lanes[i].work.senders {
			c.sends[k][uid] += n
		}
	}
}

// size is what a lane weighs: one that only changes the state is not for
// nothing.
func (c *cutter) size(i int) int { return max(1, c.lanes[i].work.requests()) }

// leader is the sender of the lane who sends most in all lanes.
func (c *cutter) leader(i int) string {
	leader := ""
	for uid := range c.lanes[i].work.senders {
		if d := cmp.Compare(c.senders[uid], c.senders[leader]); leader == "" || d > 0 || d == 0 && uid < leader {
			leader = uid
		}
	}
	return leader
}

// mixed brings numbers out of their order.
func mixed(i int) uint32 { return uint32(i) * 2654435769 }

func (c *cutter) place(lanes []int, shard int) {
	for _, i := range lanes {
		c.shardOf[i] = shard
	}
}

// load is what a shard has so far.
type load struct{ shard, size int }

// loads is a heap with the shard on top that has least.
type loads []load

// add gives size to the shard that has least, and returns which it is.
func (l loads) add(size int) int {
	shard := l[0].shard
	l[0].size += size
	heap.Fix(&l, 0)
	return shard
}

func (l loads) Len() int { return len(l) }
func (l loads) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(l[i].size, l[j].size), cmp.Compare(l[i].shard, l[j].shard)) < 0
}
func (l loads) Swap(i, j int) { l[i], l[j] = l[j], l[i] }
func (l *loads) Push(any)     { panic("planner: the number of shards is fixed") }
func (l *loads) Pop() any     { panic("planner: the number of shards is fixed") }
