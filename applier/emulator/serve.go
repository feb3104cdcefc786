package emulator

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// call is one request to the API, and the answer as it grows.
type call struct {
	endpoint *endpoint
	args     []string // the parts of the path that vary
	rawQuery string
	body     []byte
	behalf   string // the user the request acts for, or ""
	now      time.Time
	quirks   *Quirks
	// doomed says that the answer will be a 5xx whatever happens, so that the
	// quirks decide what is done.
	doomed bool
	// deferred says that nobody waits for the answer any more.
	deferred bool
	lag      time.Duration // what is stored stays unseen that much longer

	out []byte // the body of a success
}

func (c *call) seconds() int64 { return c.now.Unix() }

func (c *call) isCore() bool { return c.endpoint != nil && c.endpoint.core }

func (c *call) query() url.Values {
	values, _ := url.ParseQuery(c.rawQuery)
	return values
}

// answer is what goes back.
type answer struct {
	status int
	body   []byte
	html   bool
	code   string // error code
	retry  string // Retry-After
	core   bool   // it is about a core operation, which has its own limit
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxBody is the largest body that is read at all; the documented limits are
// far below.
const maxBody = 1 << 20

// usualAnswer is enough for the answer to a send.
const usualAnswer = 2 << 10

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.doors.isClosed() {
		reset(w)
		return
	}
	inMemory := isInMemory(r)
	if !inMemory && !s.allowedHost(r.Host) {
		http.Error(w, "This host name is not allowed. The emulator answers to the names of this machine, and to those given to it.", http.StatusMisdirectedRequest)
		return
	}
	path := r.URL.EscapedPath()
	version, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch {
	case version == "v3":
		s.serveAPI(w, r, rest, inMemory)
	case isVersion(version):
		s.send(w, s.refusal(s.quirks.Load(), refuse("ERR_INVALID_API_VERSION", "There is no version "+version+" of the API: use v3.")), mishap{})
	default:
		s.servePage(w, r)
	}
}

func isVersion(s string) bool {
	return len(s) == 2 && s[0] == 'v' && s[1] >= '0' && s[1] <= '9'
}

func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request, path string, inMemory bool) {
	began := s.now()
	e, args := route(s.endpoints, r.Method, path)
	harm := s.faults.Load().decide(e, !inMemory)
	s.stats.count(e, harm)

	in, out := buffers.Get().(*bytes.Buffer), buffers.Get().(*bytes.Buffer)
	defer buffers.Put(in)
	defer buffers.Put(out)
	in.Reset()
	out.Reset()
	out.Grow(usualAnswer)
	c := &call{
		endpoint: e, args: args, rawQuery: r.URL.RawQuery, now: began,
		behalf: lower(r.Header.Get("Onbehalfof")), quirks: s.quirks.Load(), lag: harm.lag,
		out: out.AvailableBuffer(),
	}
	var a answer
	if harm.resets() {
		reset(w)
	} else if a = harm.early(c); a.status != 0 {
		a.core = c.isCore()
		s.send(w, a, harm)
	} else if err := readBody(in, r); err != nil {
		a = s.refusal(c.quirks, refuse(codeBadRequest, "The body of the request cannot be read: "+err.Error()))
		s.send(w, a, harm)
	} else {
		c.body = in.Bytes()
		a = s.answer(c, r, harm)
		a.core = c.isCore()
		if !s.deliver(w, r, a, harm) {
			a.status = 0
		}
	}
	if s.options.OnRequest != nil {
		request := Request{Method: r.Method, Path: r.URL.Path, Status: a.status, Code: a.code, Fault: harm.name(), Took: s.now().Sub(began)}
		if e != nil {
			request.Endpoint = e.name()
		}
		s.options.OnRequest(request)
	}
}

func isJSON(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(kind), "application/json")
}

func readBody(in *bytes.Buffer, r *http.Request) error {
	if r.ContentLength == 0 {
		return nil
	}
	if r.ContentLength > 0 && r.ContentLength <= maxBody {
		in.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	_, err := in.ReadFrom(http.MaxBytesReader(nil, r.Body, maxBody))
	return err
}

// answer does what the request asks for, unless it may not.
func (s *Server) answer(c *call, r *http.Request, harm mishap) answer {
	if f := s.authorize(c.quirks, r); f != nil {
		return s.refusal(c.quirks, f)
	}
	if len(c.body) > 0 && !isJSON(r.Header.Get("Content-Type")) {
		return s.refusal(c.quirks, invalid(codeBadRequest, "Content-Type", "the header Content-Type must be application/json"))
	}
	if c.endpoint == nil {
		return s.refusal(c.quirks, refuse(codeAPINotFound, "There is no "+r.Method+" "+r.URL.Path+"."))
	}
	if wait, ok := s.rates.take(c.now, c.endpoint.core); !ok {
		return tooMany(c.quirks, c.now, wait)
	}
	s.later.run(s, c.now)
	if harm.main != nil {
		switch harm.main.effect(c) {
		case effectNone:
			return harm.main.serverError(c.quirks)
		case effectLater:
			s.postpone(c, harm.main.delayOf())
			return harm.main.serverError(c.quirks)
		case effectByQuirk:
			c.doomed = true
		}
	}
	f := c.endpoint.do(s, c)
	if err := s.flush(); err != nil {
		return s.refusal(c.quirks, refuse(codeOperationFailed, "The emulator cannot write its data: "+err.Error()))
	}
	switch {
	case f != nil && f.code == codeTooMany:
		return tooMany(c.quirks, c.now, f.wait)
	case harm.main != nil && harm.main.isServerError():
		return harm.main.serverError(c.quirks)
	case f != nil:
		return s.refusal(c.quirks, f)
	}
	return answer{status: http.StatusOK, body: c.out}
}

// refusal turns a failure into an answer.
func (s *Server) refusal(q *Quirks, f *failure) answer {
	o := begin(nil)
	o.name("error")
	o.b = q.appendFailure(o.b, f)
	a := answer{status: q.statusOf(f), body: o.end(), code: f.code}
	if a.status >= http.StatusInternalServerError {
		a = serverErrorAnswer(a.status, q.of(serverErrorBody), f)
	}
	return a
}

// send writes an answer.
func (s *Server) send(w http.ResponseWriter, a answer, harm mishap) {
	h := w.Header()
	if a.html || harm.isMain(faultContentType) {
		h["Content-Type"] = []string{"text/html; charset=utf-8"}
	} else {
		h["Content-Type"] = []string{"application/json"}
	}
	s.rates.headers(h, s.quirks.Load(), s.now(), a.core)
	if a.retry != "" {
		h["Retry-After"] = []string{a.retry}
	}
	if harm.skew != 0 || s.options.Now != nil {
		h["Date"] = []string{s.now().Add(harm.skew).UTC().Format(http.TimeFormat)}
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that went away is no concern of ours
}

// authorize checks the key and that the request is for this app.
func (s *Server) authorize(q *Quirks, r *http.Request) *failure {
	if !s.ownApp(r) {
		if q.of(wrongAppID) == "not_found" {
			return refuse(codeAPINotFound, "There is nothing here.")
		}
		return refuse(codeInvalidApp, "This is the app "+s.options.AppID+" in the region "+s.options.Region+", and the request is for another one.")
	}
	key := r.Header.Get("Apikey")
	switch {
	case key == "":
		return refuse(codeEmptyKey, "The header apikey is missing.")
	case s.options.APIKey != "" && key != s.options.APIKey:
		return refuse(codeKeyNotFound, "The app has no key "+masked(key)+".")
	}
	return nil
}

// ownApp reports whether the host name, where it is one of the service's, and
// the header appId, where there is one, name this app.
func (s *Server) ownApp(r *http.Request) bool {
	if id := r.Header.Get("Appid"); id != "" && !strings.EqualFold(id, s.options.AppID) {
		return false
	}
	app, region, ok := appOfHost(hostOnly(r.Host))
	return !ok || strings.EqualFold(app, s.options.AppID) && region == s.options.Region
}

// appOfHost takes a host name of the service apart.
func appOfHost(host string) (app, region string, ok bool) {
	name, ok := strings.CutSuffix(strings.ToLower(host), ".cometchat.io")
	if !ok {
		return "", "", false
	}
	return strings.Cut(name, ".api-")
}
