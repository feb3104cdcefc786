package planner

import (
	"cmp"
	"maps"
	"slices"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/state"
)

// Forecast is what an apply of the plan will cost.
type Forecast struct {
	Requests     int `json:"requests"`     // all together
	CoreRequests int `json:"coreRequests"` // of these, creating and deleting users and groups and joining
	// PerMinute is the app's limit on requests of a kind that was assumed, and
	// CorePerMinute the one on core requests.
	PerMinute     int `json:"perMinute"`
	CorePerMinute int `json:"corePerMinute"`
	// SlowestSender is who takes longest to send what is theirs, where the app's
	// limit for a sender is known: then SlowestCount messages go out with
	// SenderPerMinute.
	SlowestSender   string `json:"slowestSender,omitempty"`
	SlowestCount    int    `json:"slowestCount,omitempty"`
	SenderPerMinute int    `json:"senderPerMinute,omitempty"`
	// LongestLane is the most requests that have to be made one after another.
	LongestLane int     `json:"longestLane"`
	Seconds     float64 `json:"seconds"`
}

// Load is work to be done against the app's limits. Limits that are 0 are not
// known, and do not slow it down.
type Load struct {
	Requests, PerMinute         int // but for core requests
	CoreRequests, CorePerMinute int
	SenderMessages              int // of the sender that takes longest
	SenderPerMinute             int
	LongestLane                 int // requests that have to be made one after another
}

// roundTrip is how long one request is taken to need, in seconds.
const roundTrip = 0.15

// Seconds returns how long the load takes. The model: requests are spread
// evenly over each limit's minute; the limits hold side by side, as do the
// lanes; so it takes as long as the slowest of them, where a lane takes 150 ms
// a request. The forecast of a plan and the time left of an apply both come
// from here.
func (l Load) Seconds() float64 {
	return max(
		minutes(l.Requests, l.PerMinute)*60,
		minutes(l.CoreRequests, l.CorePerMinute)*60,
		minutes(l.SenderMessages, l.SenderPerMinute)*60,
		float64(l.LongestLane)*roundTrip,
	)
}

// Bound says what a load is held up by.
type Bound uint8

const (
	// ByApp: the app's limits on requests.
	ByApp Bound = iota
	// BySender: the limit on what one user sends.
	BySender
	// ByLane: the requests that have to be made one after another.
	ByLane
)

// Bound says which limit the load is held up by.
func (l Load) Bound() Bound {
	switch l.Seconds() {
	case minutes(l.Requests, l.PerMinute) * 60, minutes(l.CoreRequests, l.CorePerMinute) * 60:
		return ByApp
	case minutes(l.SenderMessages, l.SenderPerMinute) * 60:
		return BySender
	}
	return ByLane
}

func minutes(n, perMinute int) float64 {
	if perMinute <= 0 {
		return 0
	}
	return float64(n) / float64(perMinute)
}

// Load is the whole work of the forecast.
func (f *Forecast) Load() Load {
	return Load{
		Requests: f.Requests - f.CoreRequests, PerMinute: f.PerMinute,
		CoreRequests: f.CoreRequests, CorePerMinute: f.CorePerMinute,
		SenderMessages: f.SlowestCount, SenderPerMinute: f.SenderPerMinute,
		LongestLane: f.LongestLane,
	}
}

// The published limits of the app's plans, in requests a minute.
const (
	freePerMinute         = 500
	standardPerMinute     = 20000
	standardCorePerMinute = 10000
)

// paceOf is what is declared of the app's limits.
func paceOf(app *config.App) Pace {
	pace := Pace{Workers: 1, SenderPerMinute: app.Rate.MessagesPerUserPerMinute}
	switch n := app.Rate.RequestsPerMinute; {
	case n > 0:
		pace.RequestsPerMinute, pace.CorePerMinute = n, n
	case app.Plan == "free":
		pace.RequestsPerMinute, pace.CorePerMinute = freePerMinute, freePerMinute
	case app.Plan == "standard":
		pace.RequestsPerMinute, pace.CorePerMinute = standardPerMinute, standardCorePerMinute
	}
	return pace
}

// probeRequests are made before anything is written: one with the key, one to
// see that the app has the endpoint that messages go through.
const probeRequests = 2

// membersPerCall is how many members one request adds to a group.
const membersPerCall = 25

// work counts requests.
type work struct {
	requests, core int
	longest        int            // requests of the longest lane
	senders        map[string]int // messages to be sent, by uid
}

// merge adds the work of a lane.
func (w *work) merge(lane *work) {
	w.requests += lane.requests
	w.longest = max(w.longest, lane.requests)
	if w.senders == nil {
		w.senders = make(map[string]int)
	}
	for uid, n := range lane.senders {
		w.senders[uid] += n
	}
}

// message adds what one message's change costs.
func (w *work) message(m *MessageChange) {
	if m.StateOnly {
		return
	}
	w.requests++
	if m.Action == Replace {
		w.requests++
	}
	if m.Before != nil && m.Before.InDoubt {
		w.requests++ // a look at the app
	}
	if m.Action == Create || m.Action == Replace {
		if w.senders == nil {
			w.senders = make(map[string]int)
		}
		w.senders[m.After.Sender]++
	}
}

// countRequests adds what the changes of users and groups cost. Those that a
// message carries cost nothing, but for what the message cannot say of them.
func (b *builder) countRequests() {
	w := &b.work
	for i := range b.plan.Users {
		c := &b.plan.Users[i]
		switch {
		case c.StateOnly:
		case c.Action == Update:
			w.requests++
		case c.Action == Delete:
			w.coreRequests(c.Forget)
		default:
			w.coreRequests(c.Carrier != nil)
			w.coreRequests(c.Before == nil || c.Forget)
		}
	}
	for i := range b.plan.Groups {
		c := &b.plan.Groups[i]
		switch {
		case c.StateOnly:
		case c.Action == Update:
			w.groupUpdate(c)
		case c.Action == Delete:
			w.coreRequests(c.Forget)
		default:
			w.coreRequests(c.Carrier != nil)
			w.coreRequests(c.Before == nil || c.Forget)
			w.members(memberCalls(nil, c.After))
			if c.Carrier != nil && c.After.Description != "" {
				w.requests++
			}
		}
	}
}

// coreRequests adds one, unless it is spared.
func (w *work) coreRequests(spared bool) {
	if !spared {
		w.members(1)
	}
}

func (w *work) members(calls int) {
	w.core += calls
	w.requests += calls
}

func (w *work) groupUpdate(c *GroupChange) {
	w.members(memberCalls(c.Before, c.After))
	for _, f := range c.Fields {
		switch {
		case f.StateOnly, f.Name == "admins", f.Name == "moderators", f.Name == "participants":
		default:
			w.requests++
			return
		}
	}
}

// memberCalls is how many requests it takes to give a group its members: 25 are
// added at a time; scopes are changed and members removed one by one. Lists
// that are not managed stay as they are.
func memberCalls(before, after *state.Group) int {
	was, is := make(map[string]int), make(map[string]int)
	managed := [][]string{after.Participants, after.Moderators, after.Admins}
	for scope, list := range managed {
		for _, uid := range list {
			is[uid] = scope
		}
	}
	if before != nil {
		for scope, list := range [][]string{before.Participants, before.Moderators, before.Admins} {
			if managed[scope] == nil {
				continue
			}
			for _, uid := range list {
				was[uid] = scope
			}
		}
	}
	added, single := 0, 0
	for uid, scope := range is {
		if old, ok := was[uid]; !ok {
			added++
		} else if old != scope {
			single++
		}
	}
	for uid := range was {
		if _, stays := is[uid]; !stays {
			single++
		}
	}
	return (added+membersPerCall-1)/membersPerCall + single
}

// forecast tells what the counted work comes to.
func (b *builder) forecast() Forecast {
	f := Forecast{
		Requests: b.work.requests, CoreRequests: b.work.core, LongestLane: b.work.longest,
		PerMinute:     b.pace.Share(cmp.Or(b.pace.RequestsPerMinute, standardPerMinute)),
		CorePerMinute: b.pace.Share(cmp.Or(b.pace.CorePerMinute, standardCorePerMinute)),
	}
	if !b.plan.Empty() {
		f.Requests += probeRequests
	}
	slowest := 0.0
	for _, uid := range slices.Sorted(maps.Keys(b.work.senders)) {
		limit := b.pace.SenderPerMinute
		if learnt := b.header.SenderLimit[uid]; limit == 0 {
			limit = learnt
		}
		n := b.work.senders[uid]
		if portion, ok := b.pace.Senders[uid]; ok {
			n = portion.Of // while others send the rest, with their part of the limit
		}
		if t := minutes(n, limit); t > slowest {
			slowest = t
			f.SlowestSender, f.SlowestCount, f.SenderPerMinute = uid, n, limit
		}
	}
	f.Seconds = f.Load().Seconds()
	return f
}
