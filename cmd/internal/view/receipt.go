package view

import (
	"bufio"
	"io"
	"sync"
	"time"

	"github.com/sowdev/sow/applier"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// receiptFormat names the form of a receipt; see planFormat.
const receiptFormat = "sow.receipt/1"

// Receipt is the record of what one apply has done, for whoever has to show it
// later. It hears the apply as a reporter, and keeps what neither the plan nor
// the state will tell: how far each chat came, in a few bytes for each, and
// which messages were not simply sent once.
type Receipt struct {
	mu      sync.Mutex
	lanes   []progressOf
	laneOf  map[addr.Object]int // by conversation
	objects map[addr.Object]string
	failed  map[string]*errorJSON // by address
}

// progressOf is how far a lane came. It is worked off in order, deletes first,
// so two counts say which of its changes were made.
type progressOf struct {
	deleted int
	rest    int
	odd     []odd
}

// odd is a message that was not sent exactly once, by its place in the rest.
type odd struct {
	place    int
	attempts int
	adopted  bool
}

// The outcomes of a change.
const (
	outcomeDone         = "done"
	outcomeAdopted      = "adopted"
	outcomeFailed       = "failed"
	outcomeInDoubt      = "in-doubt"
	outcomeNotAttempted = "not-attempted"
)

var _ applier.Reporter = (*Receipt)(nil)

// NewReceipt returns an empty receipt for one apply of p.
func NewReceipt(p *planner.Plan) *Receipt {
	r := &Receipt{
		lanes:   make([]progressOf, len(p.Lanes)),
		laneOf:  make(map[addr.Object]int),
		objects: make(map[addr.Object]string),
		failed:  make(map[string]*errorJSON),
	}
	for i := range p.Lanes {
		for k := range p.Lanes[i].Changes {
			r.laneOf[p.Lanes[i].Changes[k].Addr] = i
		}
	}
	return r
}

// Report implements [applier.Reporter].
func (r *Receipt) Report(e applier.Event) {
	switch {
	case e.Kind == applier.Failed && e.Err != nil:
		r.mu.Lock()
		r.failed[addressOf(e.Object, e.Message)] = errorOf(e.Err)
		r.mu.Unlock()
	case e.Kind != applier.Done:
	case e.Message.IsZero():
		r.mu.Lock()
		r.objects[e.Object] = outcomeDone
		r.mu.Unlock()
	default:
		r.mu.Lock()
		r.progress(e)
		r.mu.Unlock()
	}
}

func (r *Receipt) progress(e applier.Event) {
	i, ok := r.laneOf[e.Message.Conversation]
	if !ok {
		return
	}
	l := &r.lanes[i]
	if e.Action == planner.Delete && !e.StateOnly {
		l.deleted++
		return
	}
	if sends := e.Action == planner.Create || e.Action == planner.Replace; sends && (e.Attempts != 1 || e.Adopted) {
		l.odd = append(l.odd, odd{l.rest, e.Attempts, e.Adopted})
	}
	l.rest++
}

// ReceiptOptions say what a receipt needs beyond the plan and its outcome.
type ReceiptOptions struct {
	At    time.Time    // when the apply ended
	After state.Reader // the state after it
}

// Write writes the receipt as lines of JSON: what the apply comes to, then each
// change of the plan, people and groups by address, messages chat by chat in
// their order. It holds no texts and no other values, only what identifies
// things. Nothing of it is kept in memory.
func (r *Receipt) Write(w io.Writer, p *planner.Plan, s *applier.Summary, o ReceiptOptions) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := &receiptWriter{Writer: bufio.NewWriterSize(w, 1<<16), receipt: r, dataset: p.Dataset, doubts: make(map[addr.Message]bool)}
	for _, m := range s.InDoubt {
		out.doubts[m] = true
	}
	out.line(headOf(p, s, o))
	for i := range p.Users {
		out.user(&p.Users[i], o.After)
	}
	for i := range p.Groups {
		out.group(&p.Groups[i], o.After)
	}
	for i := range p.Lanes {
		if err := out.lane(p, i, o.After); err != nil {
			return err
		}
	}
	return out.Flush()
}

type receiptHead struct {
	Format       string         `json:"format"`
	Dataset      string         `json:"dataset"`
	App          appJSON        `json:"app"`
	Destroy      bool           `json:"destroy"`
	Outcome      string         `json:"outcome"` // complete, partial, interrupted or stopped
	At           time.Time      `json:"at"`
	Digest       string         `json:"digest"`
	Prior        string         `json:"prior"`
	After        string         `json:"after"`
	Anchor       *int64         `json:"anchor"`
	Planned      planner.Counts `json:"planned"`
	Done         planner.Counts `json:"done"`
	Adopted      int            `json:"adopted"`
	Failed       int            `json:"failed"`
	InDoubt      int            `json:"inDoubt"`
	NotAttempted int            `json:"notAttempted"`
	Unmet        int            `json:"unmet"`
	Moderation   map[string]int `json:"moderation,omitempty"`
	Stopped      *stopJSON      `json:"stopped,omitempty"`
}

func headOf(p *planner.Plan, s *applier.Summary, o ReceiptOptions) receiptHead {
	outcome := "complete"
	switch {
	case s.Interrupted:
		outcome = "interrupted"
	case s.Stopped != nil:
		outcome = "stopped"
	case !s.Complete():
		outcome = "partial"
	}
	return receiptHead{
		Format: receiptFormat, Dataset: p.Dataset, App: appJSON{p.AppID, p.Region}, Destroy: p.Destroy, Outcome: outcome,
		At: o.At.UTC().Truncate(time.Second), Digest: p.Digest, Prior: p.Prior, After: o.After.Fingerprint(), Anchor: p.Anchor,
		Planned: p.Counts, Done: s.Done, Adopted: s.Adopted, Failed: len(s.Failures), InDoubt: len(s.InDoubt),
		NotAttempted: s.NotAttempted, Unmet: len(s.Unmet), Moderation: s.Moderation, Stopped: stopOf(s.Stopped),
	}
}

// receiptLine is one change.
type receiptLine struct {
	Address    string       `json:"address"`
	Action     string       `json:"action"`
	Outcome    string       `json:"outcome"`
	UID        string       `json:"uid,omitempty"`
	GUID       string       `json:"guid,omitempty"`
	Origin     state.Origin `json:"origin,omitempty"`
	ID         string       `json:"id,omitempty"`
	MUID       string       `json:"muid,omitempty"`
	SentAt     int64        `json:"sentAt,omitempty"`
	Moderation string       `json:"moderation,omitempty"`
	Attempts   *int         `json:"attempts,omitempty"`
	Error      *errorJSON   `json:"error,omitempty"`
}

type receiptWriter struct {
	*bufio.Writer
	receipt *Receipt
	dataset string
	doubts  map[addr.Message]bool
}

// line writes a line; the writer keeps its error for Flush.
func (w *receiptWriter) line(value any) {
	_, _ = w.Write(encode(value))
	_ = w.WriteByte('\n')
}

// settle fills in what became of a change that may not have been made.
func (w *receiptWriter) settle(l *receiptLine, made bool) {
	l.Error = w.receipt.failed[l.Address]
	switch {
	case made:
		l.Outcome = outcomeDone
	case l.Error != nil:
		l.Outcome = outcomeFailed
	default:
		l.Outcome = outcomeNotAttempted
	}
}

func (w *receiptWriter) user(c *planner.UserChange, after state.Reader) {
	if c.Action == planner.NoOp {
		return
	}
	l := receiptLine{Address: c.Addr.String(), Action: c.Action.String()}
	if c.After != nil {
		l.UID = c.After.UID
		if u := find(after.Users(), func(u *state.User) addr.Object { return u.Addr }, c.Addr); u != nil {
			l.Origin = u.Origin
		}
	} else {
		l.UID, l.Origin = c.Before.UID, c.Before.Origin
	}
	w.settle(&l, w.receipt.objects[c.Addr] != "")
	w.line(l)
}

func (w *receiptWriter) group(c *planner.GroupChange, after state.Reader) {
	if c.Action == planner.NoOp {
		return
	}
	l := receiptLine{Address: c.Addr.String(), Action: c.Action.String()}
	if c.After != nil {
		l.GUID = c.After.GUID
		if g := find(after.Groups(), func(g *state.Group) addr.Object { return g.Addr }, c.Addr); g != nil {
			l.Origin = g.Origin
		}
	} else {
		l.GUID, l.Origin = c.Before.GUID, c.Before.Origin
	}
	w.settle(&l, w.receipt.objects[c.Addr] != "")
	w.line(l)
}

// lane writes the changes of one chat.
func (w *receiptWriter) lane(p *planner.Plan, i int, after state.Reader) error {
	came := w.receipt.lanes[i]
	seeded := newSeeded(after)
	defer seeded.close()
	place := 0
	for c, err := range p.Lane(i) {
		if err != nil {
			return err
		}
		if c.Action == planner.NoOp {
			continue
		}
		l := receiptLine{Address: c.Addr.String(), Action: c.Action.String()}
		var made bool
		if c.Action == planner.Delete && !c.StateOnly {
			made = came.deleted > 0
			came.deleted--
		} else {
			made = place < came.rest
			w.attempted(&l, c, &came, place)
			place++
		}
		adopted := l.Outcome == outcomeAdopted
		w.settle(&l, made)
		switch {
		case made && adopted:
			l.Outcome = outcomeAdopted
		case w.doubts[c.Addr] && !made:
			l.Outcome = outcomeInDoubt
		}
		if err := w.identify(&l, c, seeded, made); err != nil {
			return err
		}
		w.line(l)
	}
	return nil
}

// attempted says how often a message was sent that was to be sent.
func (w *receiptWriter) attempted(l *receiptLine, c *planner.MessageChange, came *progressOf, place int) {
	if c.Action != planner.Create && c.Action != planner.Replace || place >= came.rest {
		return
	}
	attempts := 1
	if len(came.odd) > 0 && came.odd[0].place == place {
		attempts = came.odd[0].attempts
		if came.odd[0].adopted {
			l.Outcome = outcomeAdopted
		}
		came.odd = came.odd[1:]
	}
	l.Attempts = &attempts
}

// identify tells which message it was: as the state has it once the change was
// made, else as it is planned.
func (w *receiptWriter) identify(l *receiptLine, c *planner.MessageChange, seeded *seeded, made bool) error {
	if c.After == nil || !made && c.Action != planner.Create && c.Action != planner.Replace {
		l.ID, l.MUID, l.SentAt, l.Moderation = c.Before.ID, c.Before.MUID, c.Before.SentAt, c.Before.Moderation
		return nil
	}
	if !made {
		l.MUID, l.SentAt = c.After.MUID, c.After.SentAt
		if l.MUID == "" {
			l.MUID = state.MUID(w.dataset, c.Addr.Conversation, c.Addr.Key, c.After.Generation)
		}
		return nil
	}
	m, err := seeded.find(c.Addr, c.After.SentAt)
	if m != nil {
		l.ID, l.MUID, l.SentAt, l.Moderation = m.ID, m.MUID, m.SentAt, m.Moderation
	}
	return err
}
