package applier

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// quirks are the behaviours of the fake app that nobody has documented. The
// zero values are the plainest.
type quirks struct {
	duplicate  string // of a muid: "" accepts, reject, existing
	rejectCode string // bad_request, import, or unknown
	readback   string // of the muid: "" everywhere, send, nowhere
	settle     time.Duration
	details    string // on what exists: "" ignores, update, reject
	missing    string // "" not_found, bad_request, auto
	effects    string // of failed calls with details: "" none, entities, message
	role       string // unknown in details: "" reject, default
	owner      string // unknown in details: "" reject, system, dangling
	member     string // required: "" never, always
	creator    bool   // a sender may create the group without being a member
	joins      bool   // sending makes a member
	ownerIn    bool   // the owner of a new group is a member
	hidden     bool   // what is held back is only in the lists of moderation
	paging     string // of the lists of moderation: "" cursor, page, single
	byID       bool   // lists are by id
	moderation string // "" none, approved, pending, keyword (approved or disapproved after a while), off
	senderMax  int    // messages a minute
	appMax     int    // requests a minute
	retryAfter bool
	metaMerge  bool
	clear      string // of empty values: "" clears, ignored, rejected
	restricted string // code that sends are refused with
	untold     bool   // answers do not tell about people
	tooOld     bool   // old messages give server errors
	unlisted   bool   // no list has any message
	page       int    // messages of a page, 0 for a few
}

// fault is what happens to one request.
type fault struct {
	kind  string // "", refuse, before, after, later, slow, 429, no
	delay time.Duration
}

// stored is a message of the fake app.
type stored struct {
	Message
	shown time.Time // when reads have it
	free  time.Time // when it can be changed
	judge time.Time // when moderation has decided
}

// fake is an App in memory. Its state survives; what is asked of it can fail.
type fake struct {
	quirks
	faults func(op string, n int) fault
	heed   func(what string) // hears of every request
	lapses *Lapses           // of requests; nil lets each take a millisecond

	mu       sync.Mutex
	users    map[string]*User
	groups   map[string]*Group
	members  map[string]map[string]string // by guid and uid: scope
	messages []*stored
	nextID   int
	calls    map[string]int
	log      []string
	under    int
	most     int // requests under way at once
	sent     map[string][]time.Time
	asked    []time.Time
	roles    map[string]bool
	gone     map[string]bool // deactivated users
	heard    func(Rate)
	chatting map[string]bool // chats with a send under way
	broken   string          // the rule that a request broke
	injected map[string]int  // faults, by kind
}

func newFake(q quirks) *fake {
	return &fake{
		quirks: q, users: make(map[string]*User), groups: make(map[string]*Group),
		members: make(map[string]map[string]string), calls: make(map[string]int),
		sent: make(map[string][]time.Time), roles: map[string]bool{"default": true}, gone: make(map[string]bool),
		injected: make(map[string]int),
	}
}

func refuse(code, format string, args ...any) *Refusal {
	return &Refusal{Code: code, Status: 400, Message: fmt.Sprintf(format, args...)}
}

var errLine = errors.New("the line was cut")

// do runs one request under the faults. The work happens under the lock.
func (f *fake) do(ctx context.Context, op, what string, work func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	f.mu.Lock()
	f.under++
	f.most = max(f.most, f.under)
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.under--
		f.mu.Unlock()
	}()
	sleep := func(d time.Duration) error {
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			return &Unknown{Err: ctx.Err()}
		}
	}
	trip := time.Millisecond
	if f.lapses != nil {
		trip = time.Duration(f.lapses.Random(op + " " + what).Int64N(int64(trip)))
	}
	if err := sleep(trip); err != nil {
		return err
	}
	f.mu.Lock()
	f.calls[op]++
	n := f.calls[op]
	f.log = append(f.log, op+" "+what)
	var now fault
	if f.faults != nil {
		now = f.faults(op, n)
	}
	heed := f.heed
	f.mu.Unlock()
	if heed != nil {
		heed(op + " " + what)
	}
	locked := func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		return work()
	}
	if err := f.limit(); err != nil {
		return err
	}
	switch now.kind {
	case "refuse":
		return &NotSent{Err: errLine}
	case "before":
		_ = sleep(now.delay)
		return &Unknown{Err: errLine}
	case "after":
		_ = locked()
		_ = sleep(now.delay)
		return &Unknown{Status: 502, Err: errLine}
	case "later":
		time.AfterFunc(now.delay, func() { _ = locked() })
		return &Unknown{Err: errLine}
	case "slow":
		err := locked()
		if late := sleep(now.delay); late != nil {
			return late
		}
		return err
	case "429":
		return &RateLimit{RetryAfter: now.delay}
	case "no":
		return &Refusal{Status: 404, Message: "<html>"}
	}
	return locked()
}

// limit keeps to the app's limit on requests.
func (f *fake) limit() error {
	if f.appMax == 0 {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	ok, wait := spend(&f.asked, f.appMax)
	if f.heard != nil {
		f.heard(Rate{Limit: f.appMax, Remaining: f.appMax - len(f.asked), Reset: time.Now().Add(wait)})
	}
	if ok {
		return nil
	}
	return f.tooFast(wait)
}

func (f *fake) tooFast(wait time.Duration) error {
	if !f.retryAfter {
		wait = 0
	}
	return &RateLimit{RetryAfter: wait}
}

// spend takes one of the limit of a sliding minute.
func spend(times *[]time.Time, limit int) (ok bool, wait time.Duration) {
	now := time.Now()
	recent := (*times)[:0]
	for _, t := range *times {
		if now.Sub(t) < time.Minute {
			recent = append(recent, t)
		}
	}
	*times = recent
	if len(recent) >= limit {
		return false, time.Minute - now.Sub(recent[0])
	}
	*times = append(*times, now)
	return true, time.Minute
}
