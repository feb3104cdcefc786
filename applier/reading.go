package applier

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// ReadOptions say how an app is read. The zero ReadOptions are usable.
type ReadOptions struct {
	// Options are those of an apply; of them count Parallelism, Stop, Rates,
	// Window, Skew and Reporter.
	Options
	// Written is when the state was last written. What it knows was sent before,
	// so that an app which does not show it Window later does not have it. Zero
	// counts as now.
	Written time.Time
	// Spool opens a temporary file for what is too much for memory; nil keeps all
	// there.
	Spool func() (planner.Spool, error)

	eager bool // sweep for any number of chats, so that tests need few
}

// reading is one reading of an app, to hold it against a state. It only reads.
type reading struct {
	*run
	chats    []*place
	findings *planner.FindingsWriter
	foreign  bool // messages of others are to be told of, too
	written  time.Time
	spool    func() (planner.Spool, error)
	final    bool // what is not shown in this round is missing

	tagsTold atomic.Bool // the app was seen to tell tags
	filters  atomic.Bool // the app was seen to heed a span of time
	misleads atomic.Bool // the app was seen to have a message that its lists lack
	checks   atomic.Int32
	latest   atomic.Int64    // the latest generation that a message was found to have
	absent   atomic.Bool     // a message is missing
	nobody   map[string]bool // uids of which the app has no user
	nowhere  map[string]bool // guids of which it has no group
	present  sync.Map        // addr.Object of conversations of which the app has something

	chatsRead    atomic.Int64
	messagesRead atomic.Int64

	held     *withheld // of the round
	eager    bool
	sweeping int // how many requests a sweep is known to take at least
}

// place is one chat of the app, with what is expected there.
type place struct {
	index         int
	name          string // see state.Conversation.Chat
	in            chat
	conversations []*state.Conversation // that the state has in it
	lane          int                   // of the plan; -1 without one that sends
	whole         bool                  // line all of it up at once
	moved         bool                  // a conversation moves here; read once it is known what is left where it was
	swept         bool                  // a sweep has read all of the app
	shown         []*Message            // that the sweep has seen here
}

func newReading(ctx context.Context, prior state.Reader, dataset string, app App, o ReadOptions) *reading {
	o.Options = o.withDefaults()
	now := time.Now()
	rd := &reading{
		run: &run{
			Options: o.Options, ctx: ctx, prior: prior, app: app, header: prior.Header(),
			began: now, oldest: sinceOldest(prior, now), brake: newBrake(), gate: newGate(o.Parallelism),
			tag: "sow:" + dataset, plan: &planner.Plan{Dataset: dataset},
		},
		written: o.Written, spool: o.Spool, eager: o.eager,
	}
	rd.known.run = rd.run
	if rd.written.IsZero() || rd.written.After(now) {
		rd.written = now
	}
	rd.Rates.remember(rd.header.SenderLimit)
	return rd
}

// during does the work while it may be stopped, and says why it ended early.
func (rd *reading) during(work func() error) error {
	defer rd.brake.release()
	ended := make(chan struct{})
	defer close(ended)
	go rd.obey(ended)
	err := work()
	if err == nil {
		return nil
	}
	if stopped, reason := rd.brake.why(); stopped && reason != nil {
		return reason
	}
	switch {
	case stopping(err):
		return &StopError{Cause: Aborted, Err: cmp.Or(context.Cause(rd.ctx), context.Canceled)}
	case is[*Refusal](err), is[*Unknown](err), is[*NotSent](err):
		return probeError(err)
	}
	return err
}

// addPlaces lists the chats that the state knows, and those that a plan sends
// to.
func (rd *reading) addPlaces(draft *planner.Plan) {
	byName := make(map[string]*place)
	for _, c := range rd.prior.Conversations() {
		p := byName[c.Chat()]
		if p == nil {
			p = &place{name: c.Chat(), in: chatOfRecord(c), lane: -1}
			byName[p.name] = p
			rd.chats = append(rd.chats, p)
		}
		p.conversations = append(p.conversations, c)
	}
	if draft != nil {
		for i := range draft.Lanes {
			info := &draft.Lanes[i]
			if n := info.Counts.Messages; n.Create+n.Replace == 0 {
				continue
			}
			p := byName[info.Chat]
			if p == nil {
				p = &place{name: info.Chat, in: chatOf(info)}
				byName[p.name] = p
				rd.chats = append(rd.chats, p)
			}
			// What takes the place of another message has its key: which of the two
			// the app has can be said only of both.
			p.lane, p.whole = i, info.Counts.Messages.Replace > 0
			p.moved = slices.ContainsFunc(info.Changes, func(c planner.ConversationChange) bool { return c.Action == planner.Replace })
		}
	}
	slices.SortFunc(rd.chats, func(a, b *place) int {
		switch {
		case a.moved == b.moved:
			return cmp.Compare(a.name, b.name)
		case a.moved:
			return 1
		}
		return -1
	})
	for i, p := range rd.chats {
		p.index = i
	}
}

// manyAgain is the number of chats from which they are read again only once
// it can be said what they lack.
const manyAgain = 64

// readAll reads all chats: those that conversations move to after the others.
func (rd *reading) readAll() error {
	rd.advance(0, 0)
	n := slices.IndexFunc(rd.chats, func(p *place) bool { return p.moved })
	if n < 0 {
		n = len(rd.chats)
	}
	if err := rd.readChats(rd.chats[:n]); err != nil {
		return err
	}
	return rd.readChats(rd.chats[n:])
}

// readChats reads chats. A message that is not shown counts as missing only
// once the app has had the time to show what was sent: until then, the chats
// that lack some are read again.
func (rd *reading) readChats(todo []*place) error {
	deadline := rd.written.Add(rd.Window)
	pause := time.Second
	for {
		begun := time.Now()
		left := deadline.Sub(begun)
		rd.final = left <= 0
		again, err := rd.round(todo)
		if err != nil {
			return err
		}
		if len(again) == 0 || rd.final {
			return nil
		}
		next := min(pause, time.Until(deadline))
		if len(again) > manyAgain {
			next = time.Until(deadline)
		}
		rd.Reporter.Report(Event{Kind: Waiting, Reason: "messages that are not shown yet", Wait: next})
		if err := rd.wait(next, rd.brake.halted); err != nil {
			return err
		}
		pause = min(2*pause, longestLook)
		todo = again
	}
}

// advance reports that so much more was read.
func (rd *reading) advance(chats, messages int) {
	rd.Reporter.Report(Event{
		Kind: Read, Total: len(rd.chats),
		Chats: int(rd.chatsRead.Add(int64(chats))), Messages: int(rd.messagesRead.Add(int64(messages))),
	})
}

// round reads chats and returns those that lack something.
func (rd *reading) round(todo []*place) (again []*place, err error) {
	rd.held = &withheld{reading: rd, turn: make(chan struct{}, 1)}
	batches, others := rd.batches(todo)
	for _, batch := range batches {
		swept, err := rd.sweep(batch)
		if err != nil {
			return nil, err
		}
		if !swept {
			others = append(others, batch...)
			continue
		}
		lacking, err := rd.sideBySide(batch)
		if err != nil {
			return nil, err
		}
		again = append(again, lacking...)
	}
	lacking, err := rd.sideBySide(others)
	return append(again, lacking...), err
}

// sideBySide reads chats, as many at a time as requests may be under way, and
// returns those that lack something.
func (rd *reading) sideBySide(todo []*place) (again []*place, err error) {
	var mu sync.Mutex
	rd.each(len(todo), func(i int) {
		lacks, e := rd.readPlace(todo[i])
		mu.Lock()
		defer mu.Unlock()
		if lacks {
			again = append(again, todo[i])
		}
		if e == nil && (!lacks || rd.final) {
			rd.advance(1, 0)
		}
		if e != nil && (err == nil || stopping(err)) {
			err = e
			rd.brake.stop(nil, 0) // nobody wants the rest
		}
	})
	if err == nil {
		err = rd.alive(rd.brake.halted)
	}
	return again, err
}

// withheld is what moderation holds back in the whole app, as far as that is
// little. It is read once a round, and only when something is not shown.
type withheld struct {
	*reading
	turn     chan struct{} // held by who reads or looks whether somebody has; no mutex, because it is held over requests
	known    bool
	err      error
	complete bool
	byChat   map[string][]*Message
}

// maxHeld is how many messages moderation may hold back for all of them to be
// read at once. Beyond it, each chat is asked about by itself.
const maxHeld = 2000

var errTooMany = errors.New("too many to be read at once")

// in visits what moderation holds back in a chat of what the senders sent. It
// returns errIncomplete when the app does not tell all of it.
func (h *withheld) in(p *place, senders []string, visit func(*Message)) error {
	if err := h.alive(h.brake.halted); err != nil {
		return err
	}
	select {
	case h.turn <- struct{}{}:
	case <-h.brake.halted:
		return errHalted
	case <-h.ctx.Done():
		return errAborted
	}
	if !h.known {
		h.read()
		h.known = true
	}
	<-h.turn
	if h.err != nil {
		return h.err
	}
	if h.complete {
		for _, m := range h.byChat[p.name] {
			visit(m)
		}
		return nil
	}
	var incomplete error
	for _, sender := range senders {
		err := h.listModerated(&p.in, sender, visit)
		if errors.Is(err, errIncomplete) {
			incomplete = err
		} else if err != nil {
			return err
		}
	}
	return incomplete
}

func (h *withheld) read() {
	h.byChat = make(map[string][]*Message)
	count := 0
	for _, status := range []string{disapproved, pending} {
		err := h.moderatedUpTo(ModeratedQuery{Status: status}, func(m *Message) bool {
			count++
			h.byChat[chatName(m)] = append(h.byChat[chatName(m)], m)
			return count < maxHeld
		})
		switch {
		case refusedWith(err, codeNoAPI, codeRestricted):
		case errors.Is(err, errIncomplete), errors.Is(err, errTooMany):
			h.byChat = nil
			return
		case err != nil:
			h.err = err
			return
		}
	}
	h.complete = true
}

// moderatedUpTo is moderated until visit has enough.
func (rd *reading) moderatedUpTo(q ModeratedQuery, visit func(*Message) bool) error {
	enough := false
	err := rd.moderated(q, func(m *Message) { enough = !visit(m) || enough }, func() bool { return enough })
	if err == nil && enough {
		return errTooMany
	}
	return err
}

// maxChecks bounds how often it is tried whether the app has a message that its
// lists lack.
const maxChecks = 20

// maxAsked is how many messages of a chat are asked for one by one when no list
// can tell of them.
const maxAsked = 100

// has asks for a message by its id.
func (rd *reading) has(id string) (bool, error) {
	m, err := ask(rd.run, standard, rd.brake.halted, func(ctx context.Context) (*Message, error) {
		return rd.app.GetMessage(ctx, id)
	})
	switch {
	case refusedWith(err, codeNoMessage, codeNoMessageOld):
		return false, nil
	case refusedWith(err, codeNoAccess):
		return true, nil // it is there, and not ready yet
	case err != nil:
		return false, err
	}
	return m.DeletedAt == 0, nil
}

// address is the address of an entry's message.
func (e *expected) address() *addr.Message {
	a := e.conversation.Message(e.record.Key)
	return &a
}

// unreadable says why the plan that is read beside the app cannot be read.
func unreadable(err error) error {
	return &StopError{Cause: PlanUnreadable, Err: fmt.Errorf("read the plan: %w", err)}
}
