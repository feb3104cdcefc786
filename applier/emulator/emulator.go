// Package emulator is a CometChat that runs on this machine: the documented
// REST API v3 with its limits, error codes and rate headers, and a web page
// that shows the seeded chats as people would see them.
//
// What the documentation leaves open is a named [Quirk] with a choice of
// behaviours; what can go wrong on the way is a [Fault]. It shares no code with
// the client, so that neither can hide the other's mistakes.
package emulator

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Plan is a tier of rate limits (page "Rate limits" of the REST
// documentation).
type Plan string

// The tiers.
const (
	Standard  Plan = "standard" // 20,000 requests a minute, and 10,000 core operations
	Free      Plan = "free"     // 500 a minute of either kind
	Unlimited Plan = "off"      // no limits and no rate headers
)

// Options configure a [Server]. The zero value is an app in memory that takes
// any key.
type Options struct {
	// Dir keeps what is stored, over restarts; "" keeps it in memory. It is
	// created when it is missing. One server at a time may use it.
	Dir    string
	AppID  string // "" is that of the data, or "emulator"
	Region string // "" is "us"
	// APIKey is the one key to accept; "" accepts any that is not empty.
	APIKey string
	// Plan is the tier of rate limits; "" is Standard.
	Plan   Plan
	Quirks Quirks
	Faults []Fault
	// Seed decides which requests faults hit, and all else that is left to
	// chance.
	Seed uint64
	// Keywords make a message that contains one of them, in whatever case,
	// disapproved; nil means [DefaultKeywords].
	Keywords []string
	// ModerationDelay is how long a message stays pending; 0 means 2 s.
	ModerationDelay time.Duration
	// Images lets the page load avatars and media from where they are; without
	// it, the page makes no request to anywhere.
	Images bool
	// Hosts are names besides those of the loopback interface and the app's own
	// under which requests may come in. Others are refused, so that no web page
	// can reach the emulator through a name that it controls. "*" allows any.
	Hosts []string
	// Now is the clock; nil means time.Now, which is the virtual clock inside
	// testing/synctest.
	Now func() time.Time
	// OnRequest, when set, hears of every request to the API once it was
	// answered. It is called concurrently.
	OnRequest func(Request)
}

// Request is one request to the API, as it went.
type Request struct {
	Method   string
	Path     string
	Endpoint string // such as "GET /messages/{id}"; "" for an unknown path
	Status   int    // 0 when the connection was broken instead
	Code     string // the error code of the answer, or ""
	Fault    string // the kind of the fault that hit it, or ""
	Took     time.Duration
}

// DefaultKeywords are those that make a message disapproved when nothing else
// is said.
func DefaultKeywords() []string { return []string{"badword", "scam", "spam"} }

const defaultModerationDelay = 2 * time.Second

// Server is an emulated app. It is an [http.Handler]: the API is below /v3, the
// page is at /. Its methods may be called concurrently.
type Server struct {
	options   Options
	now       func() time.Time
	endpoints []*endpoint
	quirks    atomic.Pointer[Quirks]
	faults    atomic.Pointer[faultPlan]
	rates     rates
	stats     stats
	later     later
	doors     doors

	mu     sync.Mutex // guards what follows
	data   *inbox
	log    *logbook // nil without Dir
	closed bool
}

// New opens the app, reading what Dir keeps. It starts nothing: give the
// server to an http.Server or to [Server.Serve], or use [Server.Transport].
// Close it when done.
func New(o Options) (*Server, error) {
	if o.Region == "" {
		o.Region = "us"
	}
	if o.Keywords == nil {
		o.Keywords = DefaultKeywords()
	}
	if o.ModerationDelay == 0 {
		o.ModerationDelay = defaultModerationDelay
	}
	s := &Server{options: o, now: o.Now, endpoints: endpoints(), data: newInbox(), doors: doors{closed: make(chan struct{})}}
	if s.now == nil {
		s.now = time.Now
	}
	switch o.Plan {
	case "", Standard, Free, Unlimited:
		s.rates.plan = o.Plan
	default:
		return nil, fmt.Errorf("there is no plan %q: want free, standard or off", o.Plan)
	}
	s.quirks.Store(&o.Quirks)
	s.data.byID = o.Quirks.of(listOrder) == "by_id"
	if err := s.SetFaults(o.Faults); err != nil {
		return nil, err
	}
	s.stats.endpoints = make([]atomic.Int64, len(s.endpoints)+1)
	if err := s.open(); err != nil {
		return nil, err
	}
	return s, nil
}

// SetFaults replaces the rules that make requests fail. Rules with numbers
// count from here.
func (s *Server) SetFaults(faults []Fault) error {
	plan, err := newFaultPlan(faults, s.options.Seed, s.endpoints)
	if err != nil {
		return err
	}
	s.faults.Store(plan)
	return nil
}

// SetQuirks replaces the choices of the quirks. What is stored stays as it was
// stored.
func (s *Server) SetQuirks(q Quirks) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quirks.Store(&q)
	for _, p := range s.data.everybody {
		again := *p.user
		again.entity = q.appendUserEntity(nil, &again)
		p.user = &again
	}
	for _, r := range s.data.allRooms {
		again := *r.group
		again.entity = q.appendGroupEntity(nil, &again)
		r.group = &again
	}
	s.data.order(q.of(listOrder) == "by_id")
	for _, m := range s.data.messages { // those that were approved may be pending again
		if m != nil && m.moderatedAt != 0 {
			s.data.unapproved.remove(key{0, m.id})
			s.data.unapproved.insert(key{0, m.id})
		}
	}
}

// Close ends open connections made through the transport or Serve, does what
// is still to be done of requests that were to be done later, and writes
// everything down. A closed server answers nothing.
func (s *Server) Close() error {
	s.doors.close()
	s.later.run(s, never)
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	if s.log == nil {
		return nil
	}
	return s.log.close(&s.mu)
}
