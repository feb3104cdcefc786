package applier

import (
	"math/rand/v2"
	"time"

	"github.com/sowdev/sow/planner"
)

// Options say how a plan is carried out. The zero Options are usable.
type Options struct {
	// Command is what the run marker of the journal and later messages call
	// this run, such as "apply".
	Command string
	// Parallelism is the most requests that are under way at once; 0 means 16.
	// The engine goes below it while the app is struggling.
	Parallelism int
	// StopOnError ends the whole apply at the first failure, as Stop does.
	// Otherwise the lane of the failure stops and the others go on.
	StopOnError bool
	// Stop, once closed, ends the apply in good order: nothing new is sent,
	// what is under way is settled, the state is folded. Ending the context
	// instead aborts: what is under way stays in doubt in the journal.
	Stop <-chan struct{}
	// WaitModeration bounds how long moderation is asked, after the last send,
	// about the messages that declare what they expect; 0 does not wait.
	WaitModeration time.Duration
	// Rates is the pace to keep; nil keeps to what the app's refusals teach.
	// The client that makes the requests feeds it with what answers tell.
	Rates *Rates
	// Window is how long after a lost answer the app may still show the message
	// for the first time; only after it a message that is not seen counts as
	// absent. 0 means 30 s.
	Window time.Duration
	// Skew tells how far the app's clock is ahead of ours, as last heard; nil
	// means that nobody knows. It is asked at the beginning only: should our
	// clock jump during the apply, because it is set or because the machine
	// slept, what follows counts on from there.
	Skew func() time.Duration
	// Random scatters the waits between tries, so that those who failed together
	// do not come back together; it returns numbers from 0 up to 1, and is called
	// concurrently. Nil means math/rand/v2.Float64.
	Random func() float64
	// Reporter hears what happens; it may be nil.
	Reporter Reporter
}

// defaultWindow is the window of Options that say nothing else.
const defaultWindow = 30 * time.Second

func (o Options) withDefaults() Options {
	if o.Command == "" {
		o.Command = "apply"
	}
	if o.Parallelism <= 0 {
		o.Parallelism = planner.Parallelism
	}
	if o.Window <= 0 {
		o.Window = defaultWindow
	}
	if o.Rates == nil {
		o.Rates = NewRates(Limits{})
	}
	if o.Random == nil {
		o.Random = rand.Float64
	}
	if o.Reporter == nil {
		o.Reporter = silent{}
	}
	return o
}

// silent is the reporter of those who do not listen.
type silent struct{}

func (silent) Report(Event) {}
