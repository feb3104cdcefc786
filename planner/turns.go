package planner

import "container/heap"

// turns are the senders of a lane's messages, in their order.
type turns struct {
	uids  []string
	index map[string]int32
	who   []int32 // indexes of uids
}

func (t *turns) take(uid string) {
	i, ok := t.index[uid]
	if !ok {
		if t.index == nil {
			t.index = make(map[string]int32)
		}
		i = int32(len(t.uids))
		t.index[uid], t.uids = i, append(t.uids, uid)
	}
	t.who = append(t.who, i)
}

// takeTurns is how long the lanes take when each of their senders keeps to a
// limit: a lane waits for its next sender, who may be needed in others too, and
// whoever asks first goes first.
func (b *builder) takeTurns(tempo Tempo) float64 {
	if !b.limitsSenders() {
		return 0
	}
	free := make(map[string]float64) // when a sender may send again
	var under asking
	lanes, end := b.work.turns, 0.0
	admit := func(now float64) {
		for len(lanes) > 0 && len(under) < ActiveLanes(tempo.Parallelism) {
			if len(lanes[0].who) > 0 {
				heap.Push(&under, turn{now, &lanes[0]})
			}
			lanes = lanes[1:]
		}
	}
	for admit(0); len(under) > 0; {
		next := &under[0]
		t := next.lane
		uid := t.uids[t.who[0]]
		start := next.at
		if limit := b.senderLimit(uid); limit > 0 {
			perSecond, _ := SpreadSender(float64(limit) * b.pace.SenderShare(uid))
			start = max(start, free[uid])
			free[uid] = start + 1/perSecond
		}
		done := start + tempo.RoundTrip
		end = max(end, done)
		if t.who = t.who[1:]; len(t.who) > 0 {
			next.at = done
			heap.Fix(&under, 0)
			continue
		}
		heap.Pop(&under)
		admit(done)
	}
	return end
}

// asking is a heap of lanes by when they ask for their next sender.
type asking []turn

type turn struct {
	at   float64
	lane *turns
}

func (a asking) Len() int           { return len(a) }
func (a asking) Less(i, j int) bool { return a[i].at < a[j].at }
func (a asking) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *asking) Push(x any)        { *a = append(*a, x.(turn)) }
func (a *asking) Pop() any {
	last := len(*a) - 1
	x := (*a)[last]
	*a = (*a)[:last]
	return x
}
