package applier

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

const (
	// pageOfReading is how many messages a page of a reading asks for: the most
	// that a list gives (page "List messages").
	pageOfReading = 1000
	// windowSize is how many expected messages are lined up at once. A page has
	// room for some more: a stretch of time is asked for with a second on either
	// side, others may have written into it, and only a page that is not full is
	// known to be the last.
	windowSize = 980
)

// span is a stretch of time, both ends included. 0 is no end.
type span struct{ from, to int64 }

func (s span) has(at int64) bool { return at >= s.from && (s.to == 0 || at <= s.to) }

// readPlace reads one chat and notes what it finds. It reports whether the app
// does not show something that it should have. A long chat is read in windows of
// time, so that it takes no more memory than a short one; only when messages
// are missing and others are there which nobody expects is all of it lined up at
// once.
func (rd *reading) readPlace(p *place) (lacks bool, err error) {
	v := &visit{reading: rd, place: p}
	if err := v.read(); err != nil {
		return false, err
	}
	if !p.whole && v.windows > 1 && (v.lacking > 0 || v.wanting) && len(v.strays) > 0 {
		p.whole = true
		v = &visit{reading: rd, place: p}
		if err := v.read(); err != nil {
			return false, err
		}
	}
	return v.lacking > 0, v.end()
}

// visit is one reading of one chat.
type visit struct {
	*reading
	place   *place
	out     *planner.ChatFindings
	windows int
	lacking int        // messages of the state that the app does not show, or will perhaps not show for long
	wanting bool       // nor some of those that the plan would send
	strays  []*Message // sent for the dataset, and expected by nobody
	opened  map[addr.Object]bool
}

func (v *visit) read() error {
	v.out, v.opened = v.findings.Begin(v.place.index), make(map[addr.Object]bool)
	next, stop := iter.Pull2(v.expected())
	defer stop()
	var ahead *expected
	at := span{}
	for {
		entries, more, err := v.window(next, &ahead)
		if err != nil {
			return err
		}
		v.windows++
		at.to = 0
		if more {
			at.to = entries[len(entries)-1].record.SentAt
		}
		if len(entries) > 0 || v.foreign && v.windows == 1 {
			if err := v.readWindow(at, entries); err != nil {
				return err
			}
			v.advance(0, len(entries))
		}
		if !more {
			return nil
		}
		at.from = at.to + 1
	}
}

// window takes the next expected messages. It ends between two seconds. More is
// whether others follow.
func (v *visit) window(next func() (*expected, error, bool), ahead **expected) (entries []*expected, more bool, err error) {
	if *ahead != nil {
		entries = append(entries, *ahead)
		*ahead = nil
	}
	for {
		e, err, ok := next()
		if err != nil || !ok {
			return entries, false, err
		}
		if n := len(entries); n >= windowSize && !v.place.whole && e.record.SentAt > entries[n-1].record.SentAt {
			*ahead = e
			return entries, true, nil
		}
		entries = append(entries, e)
	}
}

// expected yields what the chat should have, by time: what the state recorded
// in any of its conversations, and what the plan would send.
func (v *visit) expected() iter.Seq2[*expected, error] {
	var sources []iter.Seq2[*expected, error]
	for _, c := range v.place.conversations {
		sources = append(sources, recorded(v.prior, c.Addr))
	}
	if v.place.lane >= 0 {
		sources = append(sources, v.declared())
	}
	return merged(sources)
}

func recorded(prior state.Reader, conversation addr.Object) iter.Seq2[*expected, error] {
	return func(yield func(*expected, error) bool) {
		for m, err := range prior.Messages(conversation) {
			if err != nil {
				yield(nil, &StopError{Cause: StateUnreadable, Err: err})
				return
			}
			if !yield(&expected{conversation: conversation, record: m}, nil) {
				return
			}
		}
	}
}

// declared yields the messages that the plan would send, as the state would
// record them.
func (v *visit) declared() iter.Seq2[*expected, error] {
	return func(yield func(*expected, error) bool) {
		for c, err := range v.plan.Lane(v.place.lane) {
			if err != nil {
				yield(nil, unreadable(err))
				return
			}
			if c.Action != planner.Create && c.Action != planner.Replace || c.Action == planner.Create && c.Before != nil {
				continue
			}
			if v.stays(c.Addr.Conversation) {
				continue
			}
			record := *v.sealedMessage(c.After, c.Sensitive)
			record.Key = c.Addr.Key
			if !yield(&expected{conversation: c.Addr.Conversation, record: &record, change: c}, nil) {
				return
			}
		}
	}
}

// stays reports whether a conversation that is to move here is still where it
// was, at least in part: then what may be here already is found by the apply that
// moves it.
func (v *visit) stays(conversation addr.Object) bool {
	if !v.place.moved {
		return false
	}
	_, present := v.present.Load(conversation)
	return present && slices.ContainsFunc(v.plan.Lanes[v.place.lane].Changes, func(c planner.ConversationChange) bool {
		return c.Addr == conversation && c.Action == planner.Replace
	})
}

// merged yields what all sources do, by time.
func merged(sources []iter.Seq2[*expected, error]) iter.Seq2[*expected, error] {
	if len(sources) == 1 {
		return sources[0]
	}
	return func(yield func(*expected, error) bool) {
		type source struct {
			head *expected
			next func() (*expected, error, bool)
		}
		var open []source
		advance := func(s *source) (err error, ok bool) {
			s.head, err, ok = s.next()
			return err, ok && err == nil
		}
		for _, s := range sources {
			next, stop := iter.Pull2(s)
			defer stop()
			one := source{next: next}
			err, ok := advance(&one)
			if err != nil {
				yield(nil, err)
				return
			}
			if ok {
				open = append(open, one)
			}
		}
		for len(open) > 0 {
			first := 0
			for i := range open {
				if open[i].head.record.SentAt < open[first].head.record.SentAt {
					first = i
				}
			}
			if !yield(open[first].head, nil) {
				return
			}
			err, ok := advance(&open[first])
			if err != nil {
				yield(nil, err)
				return
			}
			if !ok {
				open = slices.Delete(open, first, first+1)
			}
		}
	}
}

// readWindow reads what the app has of a stretch of time, lines it up with what
// is expected there, and notes what it finds.
func (v *visit) readWindow(at span, entries []*expected) error {
	l := newLineup(v.plan.Dataset, v.header.HashKey, entries)
	l.whole = v.windows == 1 && at.to == 0
	v.fromSweep(l)
	if !v.place.swept || len(l.unseen()) > 0 && !v.isCutOff() {
		if err := v.list(at, l); err != nil {
			return err
		}
		v.settle(l)
	}
	if len(l.unseen()) > 0 && at != (span{}) && !v.filters.Load() {
		// Nothing has shown yet that the app keeps to a stretch of time as we
		// understand it.
		if err := v.list(span{}, l); err != nil {
			return err
		}
		v.settle(l)
	}
	unclear, err := v.lookHarder(l)
	if err != nil {
		return err
	}
	return v.tell(l, unclear)
}

func (v *visit) settle(l *lineup) {
	l.tagsTold = v.tagsTold.Load()
	l.settle()
}

// list reads the chat's messages of a stretch of time.
func (v *visit) list(at span, l *lineup) error {
	in := &v.place.in
	q := MessageQuery{From: at.from, To: at.to, Limit: pageOfReading}
	switch {
	case in.id != "":
		q.ConversationID = in.id
	case in.group != "":
		q.Group = in.group
	default:
		q.UserA, q.UserB = in.a, in.b
	}
	err := v.pages(q, at, l, nil)
	if in.group == "" && refusedWith(err, codeNoUser) && !v.place.swept {
		// Nobody can be asked about the chat: one of the two is missing, or was
		// only deactivated.
		for _, sender := range []string{in.a, in.b} {
			q := MessageQuery{From: at.from, To: at.to, Limit: pageOfReading, Sender: sender}
			if err = v.pages(q, at, l, in.has); err != nil && !refusedWith(err, codeNoUser) {
				break
			}
		}
	}
	if refusedWith(err, codeNoUser, codeNoGroup, codeNoConversation, codeEmptyChat) {
		return nil
	}
	return err
}

// pages hands the messages of a list to the lineup. A page that is not full is
// the last, which is believed as long as nothing is wanting.
func (v *visit) pages(q MessageQuery, at span, l *lineup, belongs func(*Message) bool) error {
	for {
		page, err := ask(v.run, standard, v.brake.halted, func(ctx context.Context) (*MessagePage, error) {
			return v.app.ListMessages(ctx, q)
		})
		if err != nil {
			return err
		}
		fresh := false
		for _, m := range page.Messages {
			if belongs != nil && !belongs(m) || m.SentAt != 0 && !at.has(m.SentAt) && !v.expects(l, m) {
				fresh = fresh || !l.taken[m.ID]
				l.taken[m.ID] = true
				continue
			}
			if v.take(l, m) {
				fresh = true
				if at != (span{}) {
					v.filters.Store(true)
				}
			}
		}
		full := page.Limit == 0 || len(page.Messages) >= page.Limit
		if page.Next == nil || !fresh || !full && len(l.unseen()) == 0 {
			return nil
		}
		q.Cursor = page.Next
	}
}

// take hands a message that a list of the app shows to the lineup. It reports
// whether it is a new one.
func (v *visit) take(l *lineup, m *Message) bool {
	if slices.Contains(m.Tags, v.tag) {
		v.tagsTold.Store(true)
	}
	return l.take(m)
}

// expects reports whether a message that is out of its time is one that the
// state has.
func (v *visit) expects(l *lineup, m *Message) bool { return l.ids[m.ID] != nil }

// lookHarder looks for what the chat's list does not show: among what
// moderation holds back, and where no list can tell, one by one. It returns
// those of whom the app cannot tell.
func (v *visit) lookHarder(l *lineup) (unclear map[*expected]bool, err error) {
	unseen := l.unseen()
	if len(unseen) == 0 {
		return nil, nil
	}
	err = v.held.in(v.place, senders(unseen), l.takeHeld)
	incomplete := errors.Is(err, errIncomplete)
	if err != nil && !incomplete {
		return nil, err
	}
	v.settle(l)
	return v.ask(l.unseen(), incomplete)
}

// ask asks one by one for messages that no list shows, once the app has had the
// time to: for all of them where the lists are known to lack some, else for a
// few, to see whether they do. It returns those of whom the app cannot tell.
func (v *visit) ask(unseen []*expected, incomplete bool) (unclear map[*expected]bool, err error) {
	unclear = make(map[*expected]bool)
	asked := 0
	for _, e := range unseen {
		if !e.seeded() || e.record.ID == "" {
			continue
		}
		all := incomplete || v.misleads.Load()
		switch {
		case v.isToCome(e):
			unclear[e] = true
			continue
		case !v.final, !all && (asked > 0 || v.checks.Load() >= maxChecks):
			continue
		case asked >= maxAsked:
			unclear[e] = true
			continue
		}
		asked++
		v.checks.Add(1)
		there, err := v.has(e.record.ID)
		if err != nil {
			return nil, err
		}
		if there {
			v.misleads.Store(true)
			unclear[e] = true
		}
	}
	return unclear, nil
}

// isToCome reports whether the app may hide a message until its time.
func (v *visit) isToCome(e *expected) bool {
	return e.record.SentAt > v.appTime(time.Now()).Unix()
}

func senders(entries []*expected) (list []string) {
	for _, e := range entries {
		if !slices.Contains(list, e.record.Sender) {
			list = append(list, e.record.Sender)
		}
	}
	return list
}

// end notes what nobody expected, and hands on the findings.
func (v *visit) end() error {
	slices.SortFunc(v.strays, func(a, b *Message) int {
		if a.SentAt != b.SentAt {
			return int(a.SentAt - b.SentAt)
		}
		return compareIDs(a, b)
	})
	for _, m := range v.strays {
		if err := v.out.Put(v.stranger(planner.Stray, m)); err != nil {
			return err
		}
	}
	return v.out.End()
}

// stranger is a message that nobody expected.
func (v *visit) stranger(kind planner.FindingKind, m *Message) *planner.Finding {
	as := &state.Message{
		MUID: m.MUID, ID: m.ID, Sender: m.Sender, Text: m.Data.Text, SentAt: m.SentAt,
		CustomData: m.Data.CustomData, Metadata: m.Data.Metadata, Attachments: filesOf(m.Data.Attachments),
	}
	if m.Type != "text" {
		as.Type = m.Type
	}
	for _, tag := range m.Tags {
		if tag != v.tag {
			as.Tags = append(as.Tags, tag)
		}
	}
	return &planner.Finding{Kind: kind, Chat: v.place.name, ID: m.ID, After: as}
}

// raise keeps the latest generation that was found.
func raise(latest *atomic.Int64, generation int) {
	for {
		now := latest.Load()
		if now >= int64(generation) || latest.CompareAndSwap(now, int64(generation)) {
			return
		}
	}
}
