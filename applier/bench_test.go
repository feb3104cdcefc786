package applier

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// instant is an app that takes no time and keeps nothing.
type instant struct {
	App
	ids atomic.Int64
}

func (a *instant) SendMessage(_ context.Context, m *Outgoing) (*Message, error) {
	return &Message{ID: strconv.FormatInt(a.ids.Add(1), 10), MUID: m.MUID, Sender: m.Sender, SentAt: m.SentAt, Moderation: pending}, nil
}

func (a *instant) ListMessages(context.Context, MessageQuery) (*MessagePage, error) {
	return &MessagePage{}, nil
}

func (a *instant) ListModerated(context.Context, ModeratedQuery) (*MessagePage, error) {
	return &MessagePage{}, nil
}

// blank is a lock whose journal keeps nothing.
type blank struct{ state.Journal }

func (blank) Begin(context.Context, state.Run, state.Header) (state.Journal, error) {
	return blank{}, nil
}
func (blank) Fold(context.Context) error                { return nil }
func (blank) Unlock() error                             { return nil }
func (blank) Intend(addr.Object, *state.Message) error  { return nil }
func (blank) Receipt(addr.Object, *state.Message) error { return nil }
func (blank) PutConversation(*state.Conversation) error { return nil }
func (blank) Err() error                                { return nil }
func (blank) Close() error                              { return nil }

// composed is a plan of n messages over that many lanes.
func composed(n, lanes int) *planner.Plan {
	anchor := restart.Unix()
	p := &planner.Plan{Dataset: "demo", AppID: "app", Region: "us", Anchor: &anchor, Provisional: anchor}
	p.Counts.Messages.Create = n
	bodies := make([][]*planner.MessageChange, lanes)
	for i := range lanes {
		o := addr.Object{Kind: addr.Conversation, Name: fmt.Sprintf("c%04d", i)}
		between := []string{fmt.Sprintf("a%04d", i), fmt.Sprintf("b%04d", i)}
		p.Lanes = append(p.Lanes, planner.LaneInfo{
			Chat: "user:" + between[0] + ":" + between[1], Between: between,
			Counts:  planner.Counts{Messages: planner.ActionCounts{Create: n / lanes}},
			Changes: []planner.ConversationChange{{Action: planner.Create, Addr: o, After: &state.Conversation{Addr: o, Between: between}}},
		})
		for k := range n / lanes {
			m := &state.Message{
				Key: fmt.Sprintf("m%06d", k), Sender: between[k%2], SentAt: anchor - int64(n) + int64(k),
				Text: "This is a message of about the length that people write when they ask for something.",
			}
			bodies[i] = append(bodies[i], &planner.MessageChange{Action: planner.Create, Addr: o.Message(m.Key), After: m, When: planner.Time{Seconds: m.SentAt}})
		}
	}
	p.Compose(bodies)
	return p
}

// BenchmarkApply is what the engine itself costs: the app answers at once, and
// the journal keeps nothing, or is written to memory and folded.
func BenchmarkApply(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		p := composed(n, 100)
		run := func(b *testing.B, lock func() state.Lock) {
			b.ReportAllocs()
			for b.Loop() {
				s := Apply(context.Background(), p, (&memory{}).read(b), lock(), &instant{}, Options{})
				if !s.Complete() {
					b.Fatal(describe(s))
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/message")
		}
		b.Run(fmt.Sprintf("engine/%d", n), func(b *testing.B) { run(b, func() state.Lock { return blank{} }) })
		b.Run(fmt.Sprintf("journal/%d", n), func(b *testing.B) { run(b, func() state.Lock { return &memory{} }) })
	}
}

// BenchmarkReadPlan is the floor of the above: the plan is read, and nothing
// done.
func BenchmarkReadPlan(b *testing.B) {
	const n = 100_000
	p := composed(n, 100)
	b.ReportAllocs()
	for b.Loop() {
		for i := range p.Lanes {
			for _, err := range p.Lane(i) {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/message")
}

// BenchmarkLastTenth compares the first and the last tenth of an apply: nothing
// may depend on how much was sent before.
func BenchmarkLastTenth(b *testing.B) {
	const n = 100_000
	for b.Loop() {
		p := composed(n, 100)
		m := &memory{}
		var done atomic.Int64
		began := time.Now()
		var tenth, ninth, all time.Duration
		s := Apply(context.Background(), p, m.read(b), m, &instant{}, Options{Reporter: reportFunc(func(e Event) {
			if e.Kind != Done {
				return
			}
			switch done.Add(1) {
			case n / 10:
				tenth = time.Since(began)
			case n - n/10:
				ninth = time.Since(began)
			case n:
				all = time.Since(began)
			}
		})})
		if !s.Complete() {
			b.Fatal(describe(s))
		}
		b.ReportMetric(float64(all-ninth)/float64(tenth), "last/first")
	}
}

type reportFunc func(Event)

func (f reportFunc) Report(e Event) { f(e) }
