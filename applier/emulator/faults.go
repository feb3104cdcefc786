package emulator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A FaultKind is a way in which a request can go wrong.
type FaultKind struct {
	Name  string
	About string
	// Params says what may follow the name, after colons, with the default
	// first; "" when nothing may.
	Params string
}

// The kinds of faults.
const (
	faultRefuse      = "refuse"
	faultDNS         = "dns"
	faultTLS         = "tls"
	faultDropBefore  = "drop_before"
	faultDropAfter   = "drop_after"
	faultHalf        = "half"
	faultSlow        = "slow"
	faultDelay       = "delay"
	faultStoredLater = "stored_later"
	faultLate        = "late"
	faultLag         = "lag"
	fault408         = "408"
	fault425         = "425"
	fault429         = "429"
	fault500         = "500"
	fault502         = "502"
	fault503         = "503"
	fault504         = "504"
	faultContentType = "content_type"
	faultTruncated   = "truncated"
	faultHuge        = "huge"
	faultSkew        = "skew"
)

// FaultKinds returns all kinds of faults.
func FaultKinds() []FaultKind {
	const server = "json|html|empty, before|after|later"
	return []FaultKind{
		{faultRefuse, "the connection is refused (over a listener: closed at once)", ""},
		{faultDNS, "the name of the host does not resolve (in-memory transport only)", ""},
		{faultTLS, "the TLS handshake fails (in-memory transport only)", ""},
		{faultDropBefore, "the connection is reset before the request is read; nothing is done", ""},
		{faultDropAfter, "the request is done and the connection is reset before the answer", ""},
		{faultHalf, "the request is done and the connection is reset in the middle of the answer", ""},
		{faultSlow, "the request is done, and the answer comes later than any client waits", "2m"},
		{faultDelay, "the request is done, and the answer takes a while", "500ms"},
		{faultStoredLater, "the connection is reset, and the request is done some time afterwards", "5s"},
		{faultLate, "no answer comes, and the request is done when the client has given up", "45s"},
		{faultLag, "the request is done, but what it stored cannot be read back for a while longer", "5s"},
		{fault408, "408 Request Timeout; nothing is done", ""},
		{fault425, "425 Too Early; nothing is done", ""},
		{fault429, "429 Too Many Requests; nothing is done", "seconds|date|none (how Retry-After says it)"},
		{fault500, "500 Internal Server Error; unless told otherwise, the quirks say with which body and effect", server},
		{fault502, "502 Bad Gateway", server},
		{fault503, "503 Service Unavailable", server},
		{fault504, "504 Gateway Timeout", server},
		{faultContentType, "the request is done, and the answer is JSON that calls itself HTML", ""},
		{faultTruncated, "the request is done, and the JSON of the answer ends early", ""},
		{faultHuge, "the request is done, and the answer has a very long field more", "16M"},
		{faultSkew, "the request is done, and the Date header is wrong", "10m"},
	}
}

// A Fault is a rule that makes requests fail.
type Fault struct {
	Kind   string
	Params []string
	// Rate is the share of requests that the rule hits, unless Nth says which.
	Rate float64
	// Endpoint is a method and a path as in the documentation, such as "POST
	// /moderation/messages" or "GET /messages/{id}"; "" is any endpoint. The
	// method may be "*".
	Endpoint string
	// Nth are the requests to hit, counted from 1: of the endpoint, or of all
	// when there is no endpoint. Sorted.
	Nth []int

	wait  time.Duration // of the kinds that have one
	size  int           // of huge
	body  string        // of the 5xx; "" leaves it to the quirk
	after string        // of the 5xx: before, after, later; "" leaves it to the quirk
	retry string        // of the 429; "" leaves it to the quirk
}

// ParseFault reads a rule. These are all valid:
//
//	drop_after=0.05                             5 % of all requests
//	503:html:after=0.1                          with an HTML body, after doing the work
//	drop_after@POST /moderation/messages#3      the third send
//	slow:45s@GET /messages/{id}=0.5             half of these reads
//	429:date@POST /users#1,2                    the first two
//
// Without a rate and without numbers, a rule hits every request.
func ParseFault(rule string) (Fault, error) {
	f := Fault{Rate: 1}
	kind, endpoint, hasEndpoint := strings.Cut(rule, "@")
	rate, numbers := "", ""
	cut := func(s string) string {
		s, r, _ := strings.Cut(s, "=")
		s, n, _ := strings.Cut(s, "#")
		r, m, _ := strings.Cut(r, "#")
		rate, numbers = rate+r, numbers+n+m
		return strings.TrimSpace(s)
	}
	kind = cut(kind)
	if hasEndpoint {
		f.Endpoint = cut(endpoint)
	}
	if rate != "" && numbers != "" {
		return Fault{}, fmt.Errorf("fault %q has both a rate and numbers: give one of them", rule)
	}
	parts := strings.Split(kind, ":")
	f.Kind, f.Params = parts[0], parts[1:]
	if err := f.parseRate(rate); err != nil {
		return Fault{}, err
	}
	if err := f.parseNumbers(numbers); err != nil {
		return Fault{}, err
	}
	if err := f.check(); err != nil {
		return Fault{}, err
	}
	return f, nil
}

func (f *Fault) parseRate(s string) error {
	if s == "" {
		return nil
	}
	s = strings.TrimSpace(s)
	rate, err := strconv.ParseFloat(strings.TrimSuffix(s, "%"), 64)
	if strings.HasSuffix(s, "%") {
		rate /= 100
	}
	if err != nil || !(rate > 0 && rate <= 1) {
		return fmt.Errorf("fault %s has the rate %q: want a number above 0 and up to 1, or a percentage", f.Kind, s)
	}
	f.Rate = rate
	return nil
}

func (f *Fault) parseNumbers(s string) error {
	if s == "" {
		return nil
	}
	for part := range strings.SplitSeq(s, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || n < 1 {
			return fmt.Errorf("fault %s has the number %q: want numbers from 1, with commas between", f.Kind, part)
		}
		f.Nth = append(f.Nth, n)
	}
	slices.Sort(f.Nth)
	return nil
}

// check fills in what the parameters mean, and refuses what makes no sense.
func (f *Fault) check() error {
	if err := f.checkEndpoint(); err != nil {
		return err
	}
	if f.Rate <= 0 || f.Rate > 1 {
		return fmt.Errorf("fault %s has the rate %v: want a number above 0 and up to 1", f.Kind, f.Rate)
	}
	f.wait, f.size, f.body, f.after, f.retry = 0, 0, "", "", ""
	switch f.Kind {
	case faultSlow:
		return f.duration(2 * time.Minute)
	case faultDelay:
		return f.duration(500 * time.Millisecond)
	case faultLate:
		return f.duration(45 * time.Second)
	case faultStoredLater, faultLag:
		return f.duration(5 * time.Second)
	case faultSkew:
		return f.duration(10 * time.Minute)
	case faultHuge:
		return f.bytes(16 << 20)
	case fault429:
		return f.words(func(word string) bool {
			f.retry = word
			return word == "seconds" || word == "date" || word == "none"
		})
	case fault500, fault502, fault503, fault504:
		return f.words(f.serverWord)
	}
	for _, kind := range FaultKinds() {
		if kind.Name == f.Kind {
			return f.words(func(string) bool { return false })
		}
	}
	return fmt.Errorf("there is no fault %q%s", f.Kind, didYouMean(f.Kind, faultNames()))
}

func (f *Fault) serverWord(word string) bool {
	switch word {
	case "json", "html", "empty":
		f.body = word
	case "before", "after", "later":
		f.after = word
	default:
		return false
	}
	return true
}

func (f *Fault) words(known func(string) bool) error {
	for _, word := range f.Params {
		if !known(word) {
			return fmt.Errorf("fault %s does not know %q: it takes %s", f.Kind, word, f.takes())
		}
	}
	return nil
}

func (f *Fault) takes() string {
	for _, kind := range FaultKinds() {
		if kind.Name == f.Kind && kind.Params != "" {
			return kind.Params
		}
	}
	return "no parameter"
}

func (f *Fault) duration(standard time.Duration) error {
	f.wait = standard
	switch len(f.Params) {
	case 0:
		return nil
	case 1:
		d, err := time.ParseDuration(f.Params[0])
		if err == nil && (d > 0 || f.Kind == faultSkew) {
			f.wait = d
			return nil
		}
	}
	return fmt.Errorf("fault %s has %q: want one duration, such as %s:%s", f.Kind, strings.Join(f.Params, ":"), f.Kind, standard)
}

func (f *Fault) bytes(standard int) error {
	f.size = standard
	switch len(f.Params) {
	case 0:
		return nil
	case 1:
		digits, unit := f.Params[0], 1
		if s, ok := strings.CutSuffix(digits, "M"); ok {
			digits, unit = s, 1<<20
		} else if s, ok := strings.CutSuffix(digits, "K"); ok {
			digits, unit = s, 1<<10
		}
		if n, err := strconv.Atoi(digits); err == nil && n > 0 && n <= 1<<30/unit {
			f.size = n * unit
			return nil
		}
	}
	return fmt.Errorf("fault %s has %q: want a size up to a gigabyte, such as %s:16M", f.Kind, strings.Join(f.Params, ":"), f.Kind)
}

// checkEndpoint holds the endpoint against those that exist, so that a typing
// error is not a rule that never hits.
func (f *Fault) checkEndpoint() error {
	if f.Endpoint == "" {
		return nil
	}
	method, path, ok := strings.Cut(f.Endpoint, " ")
	if !ok {
		method, path = "*", f.Endpoint
	}
	method, path = strings.ToUpper(method), "/"+strings.Trim(strings.TrimPrefix(strings.TrimSpace(path), "/v3"), "/")
	f.Endpoint = method + " " + path
	for _, name := range endpointNames() {
		if name == f.Endpoint || method == "*" && strings.HasSuffix(name, " "+path) {
			return nil
		}
	}
	return fmt.Errorf("fault %s is for %q, which is no endpoint%s", f.Kind, f.Endpoint, didYouMean(f.Endpoint, endpointNames()))
}

func faultNames() []string {
	var names []string
	for _, kind := range FaultKinds() {
		names = append(names, kind.Name)
	}
	return names
}

// String writes the rule as ParseFault reads it.
func (f Fault) String() string {
	var b strings.Builder
	b.WriteString(f.Kind)
	for _, p := range f.Params {
		b.WriteString(":" + p)
	}
	if f.Endpoint != "" {
		b.WriteString("@" + f.Endpoint)
	}
	for i, n := range f.Nth {
		b.WriteString([]string{"#", ","}[min(i, 1)] + strconv.Itoa(n))
	}
	if len(f.Nth) == 0 && f.Rate != 1 {
		b.WriteString("=" + strconv.FormatFloat(f.Rate, 'g', -1, 64))
	}
	return b.String()
}
