package planner

import (
	"container/heap"
	"math"
	"slices"
	"sort"
)

// Tempo is how fast an app can be used. Limits that are 0 are not known, and
// slow nothing down.
type Tempo struct {
	PerMinute     int     // requests that are not core
	CorePerMinute int     // creating and deleting users, creating groups, joining and leaving
	RoundTrip     float64 // seconds from a request to its answer
	Parallelism   int     // requests that may be under way at once
}

// AssumedRoundTrip is the round trip, in seconds, of an app that nobody has
// asked yet.
const AssumedRoundTrip = 0.15

// Parallelism is how many requests may be under way at once where nobody says
// otherwise.
const Parallelism = 16

// SenderPerMinute is the documented limit on the messages that one user sends
// in a minute (page "Rate limits"). Whether it holds for sends with an API key
// is not documented: the first refusal shows it.
const SenderPerMinute = 30

// spreadSeconds is what a minute's requests are spread over: a little more, so
// that no delay on the way brings too many into one minute.
const spreadSeconds = 61

// Spread gives n requests a minute their places: burst of them at once, the
// others evenly, so that no minute sees more than n.
func Spread(n int) (perSecond float64, burst int) {
	return float64(n) / spreadSeconds, max(1, n/spreadSeconds)
}

// SpreadSender is Spread for the messages of one sender.
func SpreadSender(perMinute float64) (perSecond float64, burst int) {
	return perMinute / spreadSeconds, 1
}

// SenderSeconds is how long a sender with that limit takes for n messages; no
// time without a limit.
func SenderSeconds(n, perMinute int) float64 {
	if perMinute <= 0 || n <= 1 {
		return 0
	}
	perSecond, burst := SpreadSender(float64(perMinute))
	return float64(n-burst) / perSecond
}

// ActiveLanes is how many lanes are sent side by side: more than requests may
// be under way, so that lanes which wait for a slow sender keep nobody waiting,
// and few enough that their number does not show in memory.
func ActiveLanes(parallelism int) int { return max(4*parallelism, 128) }

// tokens are the places of a bucket that are free at once.
type tokens struct{ free, perSecond, burst float64 }

func newTokens(perMinute int) tokens {
	if perMinute <= 0 {
		return tokens{perSecond: math.Inf(1)}
	}
	perSecond, burst := Spread(perMinute)
	return tokens{free: float64(burst), perSecond: perSecond, burst: float64(burst)}
}

// seconds is how long n requests take at least.
func (t *tokens) seconds(n int) float64 { return max(0, (float64(n)-t.free)/t.perSecond) }

// pass takes n places while some time goes by.
func (t *tokens) pass(n int, seconds float64) {
	if !math.IsInf(t.perSecond, 1) {
		t.free = min(t.burst, max(0, t.free+seconds*t.perSecond-float64(n)))
	}
}

// shared is the bucket of lanes of which only so many requests count against it.
func (t tokens) shared(n int, lanes []int) tokens {
	all := 0
	for _, length := range lanes {
		all += length
	}
	if n <= 0 || all <= n {
		return t
	}
	more := float64(all) / float64(n)
	return tokens{t.free * more, t.perSecond * more, t.burst * more}
}

// Stage is a part of an apply. Stages follow one another; the requests of one
// are made side by side, as far as they do not wait for each other.
type Stage struct {
	Name         string `json:"name"`
	Requests     int    `json:"requests"`               // all together
	CoreRequests int    `json:"coreRequests,omitempty"` // of these
	// Longest is the most of them that have to be made one after another.
	Longest int     `json:"longest"`
	Seconds float64 `json:"seconds"`
}

// The stages of an apply, in their order.
const (
	StageCheck         = "check"          // the reads before anything is written
	StageClear         = "clear"          // deleting messages
	StageReplaceGroups = "replace groups" // deleting those that others take the place of
	StageReplaceUsers  = "replace users"
	StageCreateUsers   = "create users" // those that no message carries
	StageCreateGroups  = "create groups"
	StageUpdateUsers   = "update users"
	StageUpdateGroups  = "update groups"
	StageSend          = "send" // the lanes, and the members of groups beside them
	StageRemoveGroups  = "remove groups"
	StageRemoveUsers   = "remove users"
)

// Lanes are how many requests each lane makes in StageClear and in StageSend, in
// the order of the lanes.
type Lanes struct{ Clear, Send []int }

// Course is how a stage goes: at which second how many of its requests are
// made.
type Course struct {
	points []point // seconds and requests increase
	// Seconds is when the stage is over.
	Seconds float64
}

type point struct{ seconds, done float64 }

// Left is how many seconds are left when so many of the stage's requests were
// made.
func (c *Course) Left(done int) float64 {
	n := float64(done)
	i := sort.Search(len(c.points), func(i int) bool { return c.points[i].done >= n })
	if i == len(c.points) {
		return 0
	}
	at := c.points[i].seconds
	if i > 0 {
		from := c.points[i-1]
		at = from.seconds + (at-from.seconds)*(n-from.done)/(c.points[i].done-from.done)
	} else if c.points[i].done > 0 {
		at *= n / c.points[i].done
	}
	return c.Seconds - at
}

// reach adds the point at which n requests are made, in place of the one before
// where that lies on the way.
func (c *Course) reach(seconds, n float64) {
	const nearly = 1e-9
	last := len(c.points) - 1
	if last > 0 {
		a, b := c.points[last-1], c.points[last]
		if math.Abs((b.done-a.done)*(seconds-b.seconds)-(n-b.done)*(b.seconds-a.seconds)) < nearly {
			c.points = c.points[:last]
		}
	}
	c.points, c.Seconds = append(c.points, point{seconds, n}), seconds
}

// Run foresees the stages at a pace.
//
// The model: requests are spread over each limit's minute (see Spread), a lane
// makes one request after another, and the lanes under way get equal shares of
// the requests that may be under way at once.
func (t Tempo) Run(stages []Stage, lanes Lanes) []Course {
	courses := make([]Course, len(stages))
	standard, core := newTokens(t.PerMinute), newTokens(t.CorePerMinute)
	for i, s := range stages {
		c := &courses[i]
		c.points = []point{{0, 0}}
		rest := s.Requests - s.CoreRequests
		switch s.Name {
		case StageClear:
			t.lanes(c, lanes.Clear, standard)
		case StageSend:
			t.lanes(c, lanes.Send, standard.shared(rest, lanes.Send))
		}
		seconds := max(c.Seconds, standard.seconds(rest), core.seconds(s.CoreRequests),
			float64(s.Longest)*t.RoundTrip, float64(s.Requests)/float64(t.Parallelism)*t.RoundTrip)
		c.stretch(seconds, float64(s.Requests))
		standard.pass(rest, c.Seconds)
		core.pass(s.CoreRequests, c.Seconds)
	}
	return courses
}

// stretch makes the course one of n requests that ends at that second.
func (c *Course) stretch(seconds, n float64) {
	if c.Seconds == 0 {
		c.reach(seconds, n)
		return
	}
	inTime, inRequests := seconds/c.Seconds, n/c.points[len(c.points)-1].done
	for i := range c.points {
		c.points[i].seconds *= inTime
		c.points[i].done *= inRequests
	}
	c.Seconds = seconds
}

// lanes foresees lanes of so many requests. All that are under way get on equally
// fast, so that a lane ends when what each of them has made since it began is its
// length.
func (t Tempo) lanes(c *Course, lanes []int, bucket tokens) {
	var (
		under        ends
		each         float64 // requests that a lane has made which is under way from the start
		seconds, all float64
		roundTrip    = max(t.RoundTrip, 1e-6)
	)
	active := ActiveLanes(t.Parallelism)
	admit := func() {
		for len(lanes) > 0 && len(under) < active {
			if n := lanes[0]; n > 0 {
				heap.Push(&under, each+float64(n))
			}
			lanes = lanes[1:]
		}
	}
	for admit(); len(under) > 0; admit() {
		n := float64(len(under))
		rate := min(n, float64(t.Parallelism)) / roundTrip
		span := math.Inf(1)
		if rate > bucket.perSecond {
			if bucket.free < 1e-9 {
				rate = bucket.perSecond
			} else {
				span = bucket.free / (rate - bucket.perSecond)
			}
		}
		span = min(span, (under[0]-each)*n/rate)
		each += span * rate / n
		seconds += span
		all += span * rate
		bucket.free = min(bucket.burst, max(0, bucket.free-span*(rate-bucket.perSecond)))
		if math.IsInf(bucket.perSecond, 1) {
			bucket.free = 0
		}
		c.reach(seconds, all)
		for len(under) > 0 && under[0]-each < 1e-9 {
			heap.Pop(&under)
		}
	}
}

// ends is a heap of the counts at which lanes end.
type ends []float64

func (e ends) Len() int           { return len(e) }
func (e ends) Less(i, j int) bool { return e[i] < e[j] }
func (e ends) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *ends) Push(x any)        { *e = append(*e, x.(float64)) }
func (e *ends) Pop() any {
	last := len(*e) - 1
	x := (*e)[last]
	*e = slices.Delete(*e, last, last+1)
	return x
}
