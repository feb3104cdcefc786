package applier

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/sowdev/sow/planner"
)

// outlook foresees the rest of an apply, by the model of the plan's forecast
// and at the tempo that the app has shown.
type outlook struct {
	stages []planner.Stage
	lanes  planner.Lanes
	// What the forecast says of the sender that takes longest.
	slowest  *sender // nil when nothing is sent
	messages int
	inTurns  float64 // seconds of the lanes when their senders keep to limits that the forecast knows
	trips    roundTrips

	seen atomic.Int64 // UNIX nanoseconds: when left was last worked out
	last atomic.Int64 // nanoseconds that were left then

	mu      sync.Mutex
	at      int // the stage under way; len(stages) after the last
	since   time.Time
	before  int64 // requests made before it
	tempo   planner.Tempo
	courses []planner.Course // at that pace
}

func (r *run) foresee() {
	f, o := &r.plan.Forecast, &r.outlook
	o.stages, o.lanes = f.Stages, r.plan.Work()
	if f.SlowestSender != "" {
		o.slowest, o.messages = r.Rates.sender(f.SlowestSender), f.SlowestCount
		for _, s := range f.Stages {
			if s.Name == planner.StageSend && f.SenderPerMinute > 0 {
				o.inTurns = s.Seconds
			}
		}
	}
}

// enter notes that a stage begins, and with it that those before are over.
func (r *run) enter(stage string) {
	o := &r.outlook
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := o.at; i < len(o.stages); i++ {
		if o.stages[i].Name == stage {
			o.at, o.since, o.before = i, time.Now(), r.requests.Load()
			o.seen.Store(0)
			return
		}
	}
}

// glance is how often it is worked out anew what is left: every change that is
// made asks for it.
const glance = 100 * time.Millisecond

// left is how long the rest of the apply takes, less the moment since that was
// last worked out.
func (r *run) left() time.Duration {
	o := &r.outlook
	now := time.Now().UnixNano()
	seen := o.seen.Load()
	if age := now - seen; seen != 0 && age < int64(glance) || !o.seen.CompareAndSwap(seen, now) {
		return max(0, time.Duration(o.last.Load()-max(age, 0)))
	}
	left := r.foreseen()
	o.last.Store(int64(left))
	return left
}

// foreseen works out what is left.
func (r *run) foreseen() time.Duration {
	o := &r.outlook
	tempo := planner.Tempo{
		PerMinute: r.Rates.perMinute(standard), CorePerMinute: r.Rates.perMinute(core),
		RoundTrip: o.trips.seconds(), Parallelism: r.Parallelism,
	}
	made := r.requests.Load()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.courses == nil || differs(o.tempo, tempo) {
		o.tempo, o.courses = tempo, tempo.Run(o.stages, o.lanes)
	}
	seconds := 0.0
	for i := o.at; i < len(o.stages); i++ {
		rest := o.courses[i].Seconds
		if i == o.at {
			rest = o.courses[i].Left(int(made - o.before))
		}
		if o.stages[i].Name == planner.StageSend && o.slowest != nil {
			sent, limit := r.Rates.outlook(o.slowest)
			inTurns := o.inTurns
			if i == o.at {
				inTurns -= time.Since(o.since).Seconds()
			}
			rest = max(rest, planner.SenderSeconds(o.messages-sent, limit), inTurns)
		}
		seconds += rest
	}
	return time.Duration(seconds * float64(time.Second))
}

// differs reports whether a tempo is another one by more than a tenth.
func differs(a, b planner.Tempo) bool {
	return a.PerMinute != b.PerMinute || a.CorePerMinute != b.CorePerMinute ||
		a.RoundTrip > 1.1*b.RoundTrip || b.RoundTrip > 1.1*a.RoundTrip
}

// roundTrips is the time that requests take, of late. Its methods may be called
// concurrently.
type roundTrips struct {
	known   atomic.Int64
	average atomic.Int64 // nanoseconds
}

// The weight of one round trip in the average, and how many it takes until that
// counts for more than what the forecast assumes.
const (
	tripWeight = 32
	fewTrips   = 8
)

// took takes in the round trip of a request, if that went well. Of two at once
// one may get lost, which does not matter to an average.
func (t *roundTrips) took(d time.Duration, err error) {
	if err != nil {
		return
	}
	n := min(t.known.Add(1), tripWeight)
	average := t.average.Load()
	t.average.Store(average + (int64(d)-average)/n)
}

// seconds is the average, or the assumption while little is known.
func (t *roundTrips) seconds() float64 {
	if t.known.Load() < fewTrips {
		return planner.AssumedRoundTrip
	}
	return time.Duration(t.average.Load()).Seconds()
}
