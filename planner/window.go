package planner

import (
	"cmp"
	"errors"
	"iter"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/state"
)

// How a conversation is planned that is too long to be held.
//
// Declared and seeded messages are read side by side. As long as they are equal
// they are left behind at once. Where they differ, a gap opens: both are held
// until so many of them in a row are equal again that the two are surely in
// step. The gap, with those, is a conversation in small, and is planned like one:
// it knows the message before it, and ends with messages that stay. So memory
// depends on how much differs in one place.
//
// A gap that grows beyond all bounds is closed where it is: what is found again
// in it is right, but there may be more. What needs to see the whole
// conversation (times that go backwards, a label that moved from one gap to
// another) makes it be held after all.
//
// It is read twice. The first time tells whether anything changes, whether it has
// to be held, and what the last message is that stays; the second time writes.

const (
	// usualWindow is the number of messages, declared and seeded, up to which a
	// conversation is held, and up to which messages are planned together that
	// have no counterpart.
	usualWindow = 16 << 10
	// usualGap is the number of messages at which a gap is closed where it is.
	usualGap = 128 << 10
	// inStep is how many messages in a row have to be equal to close a gap.
	inStep = 16
)

// errWhole says that a conversation has to be held to be planned.
var errWhole = errors.New("the conversation has to be held")

// planLong plans a lane of one conversation that is too long to be held. It
// returns false when that has to be.
func (l *lane) planLong(r *laneResult, out *laneWriter) bool {
	t := l.talks[0]
	survey := newSurvey(l)
	var appended *tail
	if t.prev != nil {
		w := l.newWalk(survey)
		diags, err := w.walk()
		if err == nil {
			err = survey.check()
		}
		if errors.Is(err, errWhole) {
			return false
		}
		if r.diags, r.err = diags, err; err != nil || diags.HasErrors() {
			return true
		}
		if change := conversationChange(t); !survey.changed && change.Action == NoOp {
			r.info.Counts.Messages.NoOp = survey.unchanged
			return true
		}
		appended = survey.tail(w.clock)
	}
	e := l.newEmitter(r, out)
	e.lastSent = survey.lastStays
	w := l.newWalk(e)
	w.clock.tail = appended
	diags, err := w.walk()
	if errors.Is(err, errWhole) {
		return false
	}
	r.err = err
	diags = append(diags, l.findings()...)
	if r.diags = diags; err == nil && !diags.HasErrors() {
		e.finish()
	}
	return true
}

// sink takes the messages of a conversation in parts.
type sink interface {
	// pass takes a message that stays as it is.
	pass(m *config.Message, s *state.Message) error
	// keys returns the numbers that contents have.
	keys() (*keyNumbers, error)
	// part takes the entries of the lane. That many messages went before.
	part(before int) error
}

// walk reads a conversation in parts.
type walk struct {
	*lane
	sink
	talk         *talk
	clock        *clock
	fingerprints *fingerprints
	window, most int   // see usualWindow and usualGap
	steady       bool  // what is equal stays, unless what it counts from moves
	paced        bool  // the clock knows what it can only know from all messages
	left         Time  // of the last message, once there is one
	placed       int64 // when that was, before others moved it
	row          int   // how many have to be equal to close a gap

	next func() (*state.Message, error, bool)
	read bool // all of the state
	gap  gapQueue
}

func (l *lane) newWalk(to sink) *walk {
	l.begun()
	t := l.talks[0]
	t.skipped, t.tail, t.tailMUID, t.left = 0, nil, "", nil
	w := &walk{
		lane: l, sink: to, talk: t, clock: l.clock(t), fingerprints: newFingerprints(l.header.HashKey),
		window: cmp.Or(l.opts.window, usualWindow), most: cmp.Or(l.opts.gap, usualGap),
		steady: t.steady() && !l.reanchored,
	}
	w.row = min(inStep, w.window)
	w.clock.parts = true
	w.gap.fingerprints = w.fingerprints
	return w
}

func (w *walk) walk() (diags hcl.Diagnostics, err error) {
	var seeded iter.Seq2[*state.Message, error] = func(func(*state.Message, error) bool) {}
	if w.talk.prev != nil {
		seeded = w.prior.Messages(w.talk.addr)
	}
	next, stop := iter.Pull2(seeded)
	defer stop()
	w.next = next
	if w.talk.decl != nil {
		for m := range w.talk.decl.Messages(&diags) {
			w.gap.declared = append(w.gap.declared, m)
			for err == nil && w.gap.unseen() {
				err = w.step()
			}
			if err != nil {
				return diags, err
			}
		}
	}
	if diags.HasErrors() {
		return diags, nil
	}
	return diags, w.finish()
}

// pull sees to it that the next seeded message is in the queue. It returns false
// after the last.
func (w *walk) pull() (bool, error) {
	if w.gap.s < len(w.gap.seeded) {
		return true, nil
	}
	if w.read {
		return false, nil
	}
	s, err, ok := w.next()
	if w.read = !ok; ok && err == nil {
		w.gap.seeded = append(w.gap.seeded, s)
	}
	return ok, err
}

// step looks at the next declared message, and at the next seeded one.
func (w *walk) step() error {
	both, err := w.pull()
	if err != nil {
		return err
	}
	passing := w.steady && w.clock.chain == unmoved
	if passing && both && w.gap.empty() {
		if passed, err := w.passes(); passed {
			return err
		}
	}
	w.gap.take(both)
	most, least := w.most, 0
	if w.gap.s == 0 {
		most = w.window // what follows is new
	}
	if !passing {
		least = w.window / 2
	}
	if w.gap.d+w.gap.s >= most {
		return w.close(w.gap.d, w.gap.s, true)
	}
	if d, s := w.gap.inStep(w.row); d > 0 && d+s >= least {
		return w.close(d, s, false)
	}
	return nil
}

// passes leaves the next message behind, if it stays as it is.
func (w *walk) passes() (bool, error) {
	m, s := w.gap.declared[0], w.gap.seeded[0]
	if !unchanged(m, s) || w.talk.left != nil && s.SentAt <= w.left.At(w.anchor) {
		return false, nil
	}
	w.gap.drop(1, 1)
	w.left, w.placed = Time{Base: config.Epoch, Seconds: s.SentAt}, s.SentAt
	w.talk.left, w.talk.tailMUID = &w.left, s.MUID
	w.clock.before++
	return true, w.pass(m, s)
}

// finish plans what is left when all declared messages were read.
func (w *walk) finish() error {
	for {
		more, err := w.pull()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		w.gap.s++
		most := w.most
		if w.gap.d == 0 {
			most = w.window
		}
		if w.gap.d+w.gap.s >= most {
			if err := w.close(w.gap.d, w.gap.s, true); err != nil {
				return err
			}
		}
	}
	if w.gap.empty() {
		return nil
	}
	return w.close(w.gap.d, w.gap.s, true)
}

// close plans that many messages of the gap. The others are looked at again.
// Unless it must, it keeps the gap open while there was no room for all that is
// in it, so that those behind it may have to give way as well.
func (w *walk) close(declared, seeded int, must bool) error {
	t, c := w.talk, w.clock
	chain := c.chain
	if declared > 0 && !w.paced {
		w.paced = true
		if err := w.setPace(w.gap.declared[:declared]); err != nil {
			return err
		}
	}
	t.declared, t.seeded = w.gap.declared[:declared:declared], w.gap.seeded[:seeded:seeded]
	t.strange = nil
	last := t.tailMUID
	if seeded > 0 {
		last = t.seeded[seeded-1].MUID
	}
	live, gone, ok := t.entries(c, w.fingerprints)
	if !ok || !w.follows(live) {
		return errWhole
	}
	w.live, w.gone = live, gone
	placed := w.placed
	if n := len(live); n > 0 {
		placed = live[n-1].at
	}
	w.order()
	if n := len(live); !must && c.chain == unmoved && n > 0 && !w.live[n-1].kept {
		c.chain = chain
		w.row *= 2
		w.release()
		return nil
	}
	w.placed, w.row = placed, min(inStep, w.window)
	if err := t.name(w.live, w.keys); err != nil {
		return err
	}
	w.judge()
	w.checkTimes()
	if err := w.part(c.before); err != nil {
		return err
	}
	if n := len(w.live); n > 0 {
		w.left, t.left = w.live[n-1].when, &w.left
		c.before += n
	}
	t.tailMUID = last
	w.release()
	w.gap.drop(declared, seeded)
	return nil
}

// follows reports whether the entries are in the order of their times, and come
// after what went before.
func (w *walk) follows(live []entry) bool {
	if !slices.IsSortedFunc(live, compareEntries) {
		return false
	}
	if len(live) == 0 || w.talk.left == nil {
		return true
	}
	first := &live[0]
	return first.at >= w.placed && (!first.kept || first.at > w.left.At(w.anchor))
}

// setPace tells the clock what it can only know from all messages of the
// conversation: the pace at which it fits before the anchor, and the time of the
// first message, if that counts back from a later one than those in first.
func (w *walk) setPace(first []*config.Message) error {
	t, c := w.talk, w.clock
	open := t.left == nil && c.starts == nil && !slices.ContainsFunc(first, func(m *config.Message) bool { return m.At != nil })
	if t.decl.Pace != nil {
		t.pace, c.pace = *t.decl.Pace, *t.decl.Pace
		if !open {
			return nil
		}
	}
	fit, head := newFitter(c), appended{}
	var at *Time
	n := 0
	var diags hcl.Diagnostics // they are reported where the messages are planned
	for m := range t.decl.Messages(&diags) {
		fit.add(m)
		switch {
		case at != nil:
		case m.At != nil:
			at = m.At
		case n > 0:
			head.add(m)
		}
		n++
	}
	if t.decl.Pace == nil {
		t.pace = fit.pace()
		c.pace = t.pace
	}
	if !open {
		return nil
	}
	if at != nil && t.prev != nil {
		return errWhole // whether the first messages move depends on a later one
	}
	end := Time{Base: config.Anchor, Seconds: beforeAnchor}
	if at != nil {
		end = at.Add(-c.pace)
	}
	begin := end.Add(-head.fixed - head.gaps*c.pace)
	c.head = &begin
	return nil
}
