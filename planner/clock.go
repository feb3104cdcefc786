package planner

import (
	"slices"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/state"
)

// How messages get their times.
//
// A declared message with a time of its own (at) is sent at that time. Others
// count from the message before them: the declared gap (after), or the
// conversation's pace. The first counts from starts; without it, a conversation
// counts back from its first message with a time of its own, or from one hour
// before the anchor.
//
// A message that was sent keeps its time until its declaration says something
// else: its own at or after changes; or what its time counts from does, that
// is the conversation's starts or pace, the anchor, or the time of the message
// with the at before it, so that a block of a transcript moves as one.
//
// All others, and inserted ones, take a time between their neighbours: the gap
// if there is room for it, else evenly spread. A gap is a wish, an at is
// exact. Only where there is not one second for each does a message that was
// sent give way.

const (
	defaultPace = 45
	// beforeAnchor is when a conversation without times ends.
	beforeAnchor = -3600
)

// paces are what the pace falls back to, in seconds, until the conversation
// fits before the anchor.
var paces = [...]int64{defaultPace, 30, 20, 15, 10, 5, 2, 1}

// cause says why a message does not keep the time it was sent with.
type cause uint8

const (
	unmoved     cause = iota
	ownTime           // its at or after changed
	newStarts         // the conversation's starts changed
	newPace           // the conversation's pace changed
	newAnchor         // the anchor changed
	originMoved       // the message that it counts from got another time
	reordered         // it stands elsewhere in the conversation
	pushed            // there was no room before it
)

// entry is one message of a lane on its way into the plan.
type entry struct {
	decl *config.Message // nil: no longer declared
	prev *state.Message  // nil: new
	key  string          // of the message to be; "" while it keeps prev's
	when Time
	at   int64 // when, in UNIX seconds
	why  cause
	// kept is set while the message has the time it was sent with.
	kept bool
	// early is set where there was no room before the next message, which is to
	// come after this one all the same.
	early   bool
	strict  bool // sent again to stay behind what is inserted
	talk    int32
	ordinal int32 // place in the declared order
	action  Action
}

// exact reports whether the entry has a time of its own.
func (e *entry) exact() bool { return e.decl.At != nil }

func (e *entry) set(t Time, anchor int64) { e.when, e.at = t, t.At(anchor) }

func (e *entry) keep() {
	e.kept = true
	e.when, e.at = Time{Base: config.Epoch, Seconds: e.prev.SentAt}, e.prev.SentAt
}

// clock gives the messages of one conversation their times.
type clock struct {
	anchor int64
	now    int64
	starts *Time
	pace   int64
	// paced is set when the pace is declared, and so does not give way.
	paced bool
	// What changed since the conversation was seeded.
	startsChanged, paceChanged, anchorChanged bool

	// Of a conversation that is seen in parts: which message the part begins with,
	// where the conversation begins if its first messages count back from later
	// ones, and why those move that count from the last message of the part before.
	parts  bool
	before int
	head   *Time
	chain  cause
	tail   *tail
}

// tail is what is appended to a conversation, and the pace at which there is room
// for it.
type tail struct {
	from int // of all messages, the first that is appended
	pace int64
}

// gap is the wished distance of a message to the one before it.
func (c *clock) gap(m *config.Message) int64 {
	if m.After != nil {
		return *m.After
	}
	return c.pace
}

// room returns how many seconds there are from t to the anchor, where t counts
// from the anchor. A time on an earlier day than the anchor's has room until
// midnight: so it does not depend on the hour of the day when the plan is made.
func (c *clock) room(t Time) (seconds int64, relative bool) {
	switch t.Base {
	case config.Anchor:
		return -t.Seconds, true
	case config.AnchorDay:
		if t.Seconds <= 0 {
			return -t.Seconds, true
		}
		return c.anchor - t.At(c.anchor), true
	}
	return 0, false
}

// fitter finds the pace with which a conversation whose times count from the
// anchor ends before it. It is shown the messages one by one, so that it needs
// not hold them.
type fitter struct {
	clock       *clock
	max         int64 // the largest pace that fits
	begun       bool
	room        int64
	relative    bool
	fixed, gaps int64
}

func newFitter(c *clock) *fitter { return &fitter{clock: c, max: defaultPace} }

func (f *fitter) add(m *config.Message) {
	switch {
	case m.At != nil:
		f.end()
		f.begin(*m.At)
	case !f.begun && f.clock.starts != nil:
		start := *f.clock.starts
		if m.After != nil {
			start = start.Add(*m.After)
		}
		f.begin(start)
	case m.After != nil:
		f.fixed += *m.After
	default:
		f.gaps++
	}
	f.begun = true
}

func (f *fitter) begin(t Time) {
	f.room, f.relative = f.clock.room(t)
	f.fixed, f.gaps = 0, 0
}

func (f *fitter) end() {
	if f.relative && f.room >= 0 && f.gaps > 0 {
		f.max = min(f.max, (f.room-f.fixed)/f.gaps)
	}
}

// pace returns the pace after the last message.
func (f *fitter) pace() int64 {
	f.end()
	return largestPace(f.max)
}

func largestPace(limit int64) int64 {
	for _, p := range paces {
		if p <= limit {
			return p
		}
	}
	return 1
}

// nominal returns the times that the declarations alone give, after the
// message at left if there is one.
func (c *clock) nominal(list []*config.Message, left *Time) []Time {
	times := make([]Time, len(list))
	from := 0
	if left == nil {
		from = c.opening(len(list), func(i int) *config.Message { return list[i] }, times)
	}
	for i := from; i < len(list); i++ {
		switch {
		case list[i].At != nil:
			times[i] = *list[i].At
		case i == 0:
			times[i] = left.Add(c.gap(list[i]))
		default:
			times[i] = times[i-1].Add(c.gap(list[i]))
		}
	}
	return times
}

// opening gives times to the first messages of a conversation of n messages: to
// those that do not count from an earlier one. It returns how many those are.
func (c *clock) opening(n int, message func(int) *config.Message, times []Time) int {
	if n == 0 || message(0).At != nil {
		return 0
	}
	if c.head != nil {
		times[0] = *c.head
		return 1
	}
	if c.starts != nil {
		times[0] = *c.starts
		if after := message(0).After; after != nil {
			times[0] = times[0].Add(*after)
		}
		return 1
	}
	end := 1
	for end < n && message(end).At == nil {
		end++
	}
	t := Time{Base: config.Anchor, Seconds: beforeAnchor}
	if end < n {
		t = message(end).At.Add(-c.pace)
	}
	for i := end - 1; i >= 0; i-- {
		times[i] = t
		t = t.Add(-c.gap(message(i)))
	}
	return end
}

// headRelative reports whether the first messages count from the anchor.
func (c *clock) headRelative(list []entry) bool {
	if c.starts != nil {
		return c.starts.Base != config.Epoch
	}
	for i := range list {
		if at := list[i].decl.At; at != nil {
			return at.Base != config.Epoch
		}
	}
	return true
}

// place gives the entries of one conversation, in declared order, their times.
// left is the time of the message before the first, if there is one. Between
// two messages with times of their own, times increase in declared order.
func (c *clock) place(list []entry, left *Time) {
	c.release(list, left == nil)
	for i := 0; i < len(list); {
		e := &list[i]
		if e.exact() {
			if !e.kept {
				e.set(*e.decl.At, c.anchor)
			}
			i++
			continue
		}
		before, early := left, false
		if i > 0 {
			before, early = &list[i-1].when, list[i-1].early
		}
		if early && e.kept || c.stays(e, before) {
			i++
			continue
		}
		end := i + 1
		for end < len(list) && !list[end].exact() && !c.stays(&list[end], before) {
			end++
		}
		c.run(list, i, end, before)
		i = end
	}
}

// stays reports whether a message without a time of its own has the time it was
// sent with. It loses it when it does not come after the message at left any
// more.
func (c *clock) stays(e *entry, left *Time) bool {
	if e.kept && left != nil && e.at <= left.At(c.anchor) {
		e.kept, e.why = false, originMoved
	}
	return e.kept
}

// release decides which of the messages that were sent keep their times.
func (c *clock) release(list []entry, isHead bool) {
	chain := c.chain // why those move that count from what was seen last
	if isHead && c.starts == nil {
		chain = c.headMoved(list)
	}
	for i := range list {
		e := &list[i]
		atChanged, afterChanged := false, false
		if e.prev != nil {
			atChanged = !sameTime(e.prev.At, e.decl.At)
			afterChanged = !sameGap(e.prev.After, e.decl.After)
		}
		own := unmoved
		if e.exact() {
			chain = unmoved
			switch {
			case e.prev == nil:
			case atChanged:
				own = ownTime
			case c.anchorChanged && e.decl.At.Base != config.Epoch:
				own = newAnchor
			}
			if own != unmoved && e.decl.At.At(c.anchor) != e.prev.SentAt {
				chain = originMoved
				if own == newAnchor {
					chain = newAnchor
				}
			}
		} else {
			switch {
			case i == 0 && isHead && c.startsChanged:
				chain = newStarts
			case i == 0 && isHead && c.anchorChanged && c.headRelative(list):
				chain = newAnchor
			case i == 0 && isHead && c.paceChanged && c.starts == nil:
				chain = newPace
			case (i > 0 || !isHead) && c.paceChanged && e.decl.After == nil && chain == unmoved:
				chain = newPace
			}
			switch {
			case chain != unmoved:
				own = chain
			case atChanged:
				own, chain = ownTime, originMoved
			case afterChanged:
				own = ownTime
			case e.why == reordered:
				own = reordered
			}
		}
		if e.prev == nil {
			e.why = unmoved
			continue
		}
		if e.why = own; own == unmoved {
			e.keep()
		}
	}
	if c.parts {
		c.chain = chain
	}
}

// headMoved tells whether the first messages of a conversation without starts,
// which count back from the first one with a time of its own, move with that.
func (c *clock) headMoved(list []entry) cause {
	for i := range list {
		e := &list[i]
		if !e.exact() {
			continue
		}
		if e.prev != nil && !sameTime(e.prev.At, e.decl.At) && e.decl.At.At(c.anchor) != e.prev.SentAt {
			return originMoved
		}
		return unmoved
	}
	return unmoved
}

// run gives times to the entries list[i:end], none of which has one, after the
// message at left.
func (c *clock) run(list []entry, i, end int, left *Time) {
	run := list[i:end]
	bounded := end < len(list) && list[end].kept && !slices.ContainsFunc(run, movesInChain)
	switch {
	case left != nil && c.tail != nil && c.before+i >= c.tail.from:
		c.forward(run, *left, c.tail.pace)
	case left != nil:
		c.forward(run, *left, c.pace)
		switch {
		case bounded && list[end].at > left.At(c.anchor):
			if run[len(run)-1].at >= list[end].at {
				c.spread(run, *left, list[end].at)
			}
		case end == len(list) && (i == 0 || list[i-1].kept) && !c.paced && !c.parts:
			a := appended{from: left.At(c.anchor)}
			for k := range run {
				a.add(run[k].decl)
			}
			if pace := c.squeeze(a); pace < c.pace {
				c.forward(run, *left, pace)
			}
		}
	case bounded && (c.starts == nil || !c.opens(run, &list[end])):
		c.backward(run, list[end].when, c.gap(list[end].decl))
	case !bounded:
		times := make([]Time, len(run))
		placed := c.opening(len(list), func(i int) *config.Message { return list[i].decl }, times)
		for k := range run[:placed] {
			run[k].set(times[k], c.anchor)
		}
		if placed < len(run) {
			c.forward(run[placed:], run[placed-1].when, c.pace)
		}
	}
}

// movesInChain reports whether a message moves with what it counts from, and so
// does not stay between its neighbours.
func movesInChain(e entry) bool {
	switch e.why {
	case newStarts, newPace, newAnchor, originMoved:
		return true
	}
	return false
}

// forward puts each entry its gap after the one before.
func (c *clock) forward(run []entry, left Time, pace int64) {
	for k := range run {
		gap := pace
		if after := run[k].decl.After; after != nil {
			gap = *after
		}
		left = left.Add(gap)
		run[k].set(left, c.anchor)
	}
}

// backward puts each entry before the next one, the last a gap before right.
func (c *clock) backward(run []entry, right Time, gap int64) {
	for k := len(run) - 1; k >= 0; k-- {
		right = right.Add(-gap)
		run[k].set(right, c.anchor)
		gap = c.gap(run[k].decl)
	}
}

// opens puts the entries where the conversation starts, and reports whether
// that is a gap before the next message.
func (c *clock) opens(run []entry, right *entry) bool {
	start := *c.starts
	if after := run[0].decl.After; after != nil {
		start = start.Add(*after)
	}
	run[0].set(start, c.anchor)
	c.forward(run[1:], start, c.pace)
	return run[len(run)-1].at <= right.at-c.gap(right.decl)
}

// spread puts the entries evenly between two messages, or close behind the
// first where there is not a second for each.
func (c *clock) spread(run []entry, left Time, right int64) {
	from, n := left.At(c.anchor), int64(len(run))
	distance := right - from
	for k := range run {
		e := &run[k]
		offset := int64(k) + 1
		if distance > n {
			offset = distance * offset / (n + 1)
		} else if offset >= distance {
			offset, e.early = distance, true
		}
		e.set(left.Add(offset), c.anchor)
	}
}

// appended is what is appended to a conversation after a message that stays.
type appended struct {
	from        int64 // the time of that message
	fixed, gaps int64
}

func (a *appended) add(m *config.Message) {
	if m.After != nil {
		a.fixed += *m.After
	} else {
		a.gaps++
	}
}

// squeeze returns the pace at which what is appended to a conversation without a
// declared pace ends before the anchor, or else before now.
func (c *clock) squeeze(a appended) int64 {
	if a.gaps == 0 {
		return c.pace
	}
	pace := (c.anchor - a.from - a.fixed) / a.gaps
	if pace < 1 {
		pace = (c.now - a.from - a.fixed) / a.gaps
	}
	if pace < c.pace {
		return largestPace(pace)
	}
	return c.pace
}
