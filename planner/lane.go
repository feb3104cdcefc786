package planner

import (
	"cmp"
	"errors"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
)

// lane is one chat: the conversations that address it, merged by time.
type lane struct {
	*builder
	chat  string
	talks []*talk
	live  []entry // by time
	gone  []entry // by time; declared no longer
	// What was judged so far, by conversation.
	judged      []progress
	future, old []finding
}

// progress is what was sent of a conversation before the message that is judged.
type progress struct {
	behind bool   // something is sent before, so what follows is too
	id     string // the latest id
}

// finding is the first of those messages that have something in common, and
// how many there are.
type finding struct {
	first entry
	n     int
}

// begun makes the lane one of which nothing was judged.
func (l *lane) begun() {
	l.judged = make([]progress, len(l.talks))
	l.future, l.old = make([]finding, len(l.talks)), make([]finding, len(l.talks))
}

// laneResult is what the plan keeps of a lane.
type laneResult struct {
	info    LaneInfo
	changed bool
	diags   hcl.Diagnostics
	err     error
	work    work
	renames int
	latest  [3]*Time
	// needs has, for each missing user or group that the lane's messages use,
	// the first message that does, zero if that one cannot carry it.
	needs map[addr.Object]addr.Message
	heard map[speaker]bool
}

// plan plans the lane and writes its changes to out.
func (l *lane) plan(out *laneWriter) *laneResult {
	r := &laneResult{info: LaneInfo{Chat: l.chat}}
	skip, most := false, 0
	if len(l.talks) == 1 {
		skip, most = l.talks[0].steady() && !l.reanchored, cmp.Or(l.opts.window, usualWindow)
	}
	diags, ok, err := l.read(skip, most)
	if errors.Is(err, errLong) {
		if l.planLong(r, out) {
			return r
		}
		*r = laneResult{info: LaneInfo{Chat: l.chat}}
		out.again()
		diags, ok, err = l.read(skip, 0)
	}
	if err == nil && !ok {
		// What was left behind is needed after all.
		diags, _, err = l.read(false, 0)
	}
	if r.err = err; err != nil {
		return r
	}
	l.begun()
	l.order()
	l.settle()
	l.judge()
	l.checkTimes()
	diags = append(diags, l.findings()...)
	r.diags = diags
	if !r.diags.HasErrors() {
		r.err = l.emit(r, out)
	}
	return r
}

// steady reports whether nothing is new about the conversation's record, so
// that a message which is as it was stays as it is.
func (t *talk) steady() bool {
	return t.decl != nil && t.prev != nil && !t.moved() && !t.startsChanged() && !t.paceChanged() && !t.strict()
}

// read reads the conversations and gives their messages times. It returns false
// when messages were left behind that are needed after all, and errLong when
// there are more than most to be held, unless that is zero.
func (l *lane) read(skip bool, most int) (diags hcl.Diagnostics, ok bool, err error) {
	l.live, l.gone = nil, nil
	for i, t := range l.talks {
		c := l.clock(t)
		found, err := t.read(l.prior, c, skip, most)
		diags = append(diags, found...)
		if err != nil {
			return diags, true, err
		}
		if found.HasErrors() {
			continue // the others are planned, to find what is wrong with them
		}
		c.pace = t.pace
		live, gone, ok := t.entries(c, newFingerprints(l.header.HashKey))
		if !ok {
			return nil, false, nil
		}
		for k := range live {
			live[k].talk = int32(i)
			if t.left != nil && live[k].at <= t.left.At(l.anchor) {
				return nil, false, nil
			}
		}
		for k := range gone {
			gone[k].talk = int32(i)
		}
		if err := t.name(live, t.usedKeys(l.prior)); err != nil {
			return diags, true, err
		}
		if l.live == nil {
			l.live, l.gone = live, gone
		} else {
			l.live, l.gone = append(l.live, live...), append(l.gone, gone...)
		}
	}
	return diags, true, nil
}

// clock returns the clock of one conversation.
func (l *lane) clock(t *talk) *clock {
	c := &clock{anchor: l.anchor, now: l.now, pace: defaultPace, anchorChanged: l.reanchored}
	if t.decl == nil {
		return c
	}
	c.starts, c.paced = t.decl.Starts, t.decl.Pace != nil
	c.startsChanged, c.paceChanged = t.startsChanged(), t.paceChanged()
	return c
}

// rank orders messages with the same time: those that have to come before the
// next of their conversation, those that were sent, the others.
func (e *entry) rank() int {
	switch {
	case e.early:
		return 0
	case e.kept:
		return 1
	}
	return 2
}

func compareEntries(a, b entry) int {
	return cmp.Or(
		cmp.Compare(a.at, b.at),
		cmp.Compare(a.rank(), b.rank()),
		cmp.Compare(a.talk, b.talk),
		cmp.Compare(a.ordinal, b.ordinal),
	)
}

// order sorts the lane by time, and sees to it that times strictly increase: a
// message that was not sent yet gives way, or where there is no second left for
// it, those that follow are sent again, each as little later as possible.
func (l *lane) order() {
	if !slices.IsSortedFunc(l.live, compareEntries) {
		slices.SortFunc(l.live, compareEntries)
	}
	slices.SortStableFunc(l.gone, func(a, b entry) int { return cmp.Compare(a.at, b.at) })
	last, bounded := int64(0), false // the time of the last message that stays
	if t := l.talks[0]; t.left != nil {
		last, bounded = t.left.At(l.anchor), true
	}
	from := 0 // the first entry after it
	for i := range l.live {
		e := &l.live[i]
		earliest := e.at
		if i > from {
			earliest = l.live[i-1].at + 1
		} else if bounded {
			earliest = last + 1
		}
		if !e.kept {
			e.delay(earliest - e.at)
			continue
		}
		if e.at < earliest {
			for bounded && e.at-last <= int64(i-from) && l.slip(from, i) {
				from++
			}
			if bounded && e.at-last <= int64(i-from) {
				e.kept, e.why = false, pushed
				e.delay(earliest - e.at)
				continue
			}
			for k, at := i-1, e.at-1; k >= from && l.live[k].at > at; k, at = k-1, at-1 {
				l.live[k].advance(l.live[k].at - at)
			}
		}
		last, bounded, from = e.at, true, i+1
	}
}

// maxSlip is how far back a second is looked for.
const maxSlip = 64

// slip makes room among the entries from the one at from on, which follow the
// last message that stays, by moving one of them before that: to a second that is
// free there, and still after its own conversation's message before. It reports
// whether there was one.
func (l *lane) slip(from, until int) bool {
	for i := from; i < until; i++ {
		if l.live[i].exact() {
			continue
		}
		for k := from - 1; k > 0 && k >= from-maxSlip; k-- {
			if slices.ContainsFunc(l.live[k:i], func(e entry) bool { return e.talk == l.live[i].talk }) {
				break
			}
			if l.live[k].at-l.live[k-1].at < 2 {
				continue
			}
			e := l.live[i]
			e.advance(e.at - l.live[k].at + 1)
			copy(l.live[k+1:i+1], l.live[k:i])
			l.live[k] = e
			return true
		}
	}
	return false
}

// settle sees to it that the next plan finds every message where this one puts
// it. That fails only where blocks of one conversation overlap in time and hold
// equal messages: then the whole conversation takes the times that its
// declarations give.
func (l *lane) settle() {
	unsettled := false
	for i, merged := range l.merged() {
		t := l.talks[i]
		if !merged || t.left != nil {
			continue
		}
		var own []*entry
		for k := range l.live {
			if e := &l.live[k]; int(e.talk) == i {
				own = append(own, e)
			}
		}
		slices.SortFunc(own, func(a, b *entry) int { return cmp.Compare(a.ordinal, b.ordinal) })
		list := make([]entry, len(own))
		for k, e := range own {
			list[k] = *e
		}
		c := l.clock(t)
		c.pace = t.pace
		if t.matcher.settled(list, c) {
			continue
		}
		unsettled = true
		for k, at := range c.nominal(t.declared, nil) {
			e := own[k]
			e.set(at, c.anchor)
			e.early = false
			if e.kept {
				e.kept, e.why = false, reordered
			}
		}
	}
	if unsettled {
		l.order()
	}
}

// merged tells, for each conversation, whether its times do not increase in the
// order in which its messages are declared.
func (l *lane) merged() []bool {
	merged, last := make([]bool, len(l.talks)), make([]int32, len(l.talks))
	for i := range l.live {
		e := &l.live[i]
		if e.ordinal < last[e.talk] {
			merged[e.talk] = true
		}
		last[e.talk] = e.ordinal
	}
	return merged
}

// delay makes the entry later, if seconds is positive.
func (e *entry) delay(seconds int64) {
	if seconds > 0 {
		e.when, e.at = e.when.Add(seconds), e.at+seconds
	}
}

func (e *entry) advance(seconds int64) { e.when, e.at = e.when.Add(-seconds), e.at-seconds }

// judge decides what becomes of each message that stays.
func (l *lane) judge() {
	for i := range l.live {
		e := &l.live[i]
		t, p := l.talks[e.talk], &l.judged[e.talk]
		if t.strict() && e.prev != nil && !e.prev.InDoubt {
			e.strict = p.behind || before(e.prev.ID, p.id)
		}
		e.action = l.action(t, e)
		// A message in doubt counts, wherever it is found: what is behind it in
		// the chat and has an id was sent before.
		if e.sends() {
			p.behind = true
		} else {
			p.id = e.prev.ID
		}
	}
}

func (l *lane) action(t *talk, e *entry) Action {
	if e.kept && e.key == "" && !e.strict && !t.moved() && unchanged(e.decl, e.prev) {
		return NoOp
	}
	return t.judge(e, l.header.HashKey).action
}

// before reports whether the app gave out the first id before the second one.
// Ids that are no numbers tell nothing.
func before(id, other string) bool {
	if !isNumber(id) || !isNumber(other) {
		return false
	}
	return cmp.Or(cmp.Compare(len(id), len(other)), cmp.Compare(id, other)) < 0
}

func isNumber(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != "" && s[0] != '0'
}

// sends reports whether the entry's message is sent, for the first time or
// anew.
func (e *entry) sends() bool { return e.action == Create || e.action == Replace }

// lastSent is the index of the last entry that the app has and keeps; those
// before it that are sent are late.
func (l *lane) lastSent() int {
	for i := len(l.live) - 1; i >= 0; i-- {
		if !l.live[i].sends() {
			return i
		}
	}
	return -1
}

// maxAge is how far back the app is known to take messages, about half a year.
const maxAge = 183 * 24 * 60 * 60

// checkTimes finds messages that would be sent before their time, or long after
// it.
func (l *lane) checkTimes() {
	note := func(f *finding, e *entry) {
		if f.n == 0 {
			f.first = *e
		}
		f.n++
	}
	for i := range l.live {
		e := &l.live[i]
		if !e.sends() || e.prev != nil && e.prev.InDoubt && e.action == Create {
			continue
		}
		switch {
		case e.at > l.now:
			note(&l.future[e.talk], e)
		case e.at < l.now-maxAge:
			note(&l.old[e.talk], e)
		}
	}
}

// findings reports what checkTimes found: one message of a conversation, and how
// many there are.
func (l *lane) findings() (diags hcl.Diagnostics) {
	for i, t := range l.talks {
		if f := &l.future[i]; f.n > 0 {
			diags = append(diags, futureMessage(t, &f.first, f.n, l.now))
		}
		if f := &l.old[i]; f.n > 0 {
			diags = append(diags, oldMessages(t, &f.first, f.n))
		}
	}
	return diags
}

// conversationChange compares a conversation's record with the state.
func conversationChange(t *talk) ConversationChange {
	change := ConversationChange{Action: NoOp, Addr: t.addr, Before: t.prev, After: t.next}
	if t.decl != nil {
		change.Source = source(t.decl.Range)
	}
	switch {
	case t.prev == nil:
		change.Action = Create
		return change
	case t.next == nil:
		change.Action, change.Reason = Delete, becauseGone
		return change
	}
	c := comparison{}
	c.record("between", chatText(t.prev), chatText(t.next))
	c.record("starts", t.prev.Starts, t.next.Starts)
	c.record("pace", t.prev.Pace, t.next.Pace)
	c.recordBool("prevent_destroy", t.prev.PreventDestroy, t.next.PreventDestroy)
	change.Fields = c.fields
	switch {
	case t.moved():
		change.Action, change.Reason = Replace, becauseMoved
	case len(c.fields) > 0:
		change.Action = Update
	}
	return change
}

func chatText(c *state.Conversation) string {
	if c.Group != "" {
		return c.Group
	}
	return listText(c.Between)
}
