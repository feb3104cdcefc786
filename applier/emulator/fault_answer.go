package emulator

import (
	"bytes"
	"net"
	"net/http"
	"strconv"
	"time"
)

// effect is what a request that fails does all the same.
type effect string

const (
	effectFull    effect = "after"
	effectNone    effect = "before"
	effectLater   effect = "later"
	effectByQuirk effect = "" // decided where the request is understood
)

// effect says what of a request is done. A send that the quirks decide about is
// decided where it is understood.
func (f *Fault) effect(c *call) effect {
	switch {
	case f.Kind == faultStoredLater || f.Kind == faultLate:
		return effectLater
	case !f.isServerError():
		return effectFull
	case f.after != "" || c.endpoint.sends:
		return effect(f.after)
	}
	switch c.quirks.of(sendFailureOutcome) {
	case "stored":
		return effectFull
	case "stored_later":
		return effectLater
	}
	return effectNone
}

func (f *Fault) isServerError() bool {
	switch f.Kind {
	case fault500, fault502, fault503, fault504:
		return true
	}
	return false
}

// storedLaterDelay is how long after its answer a request is done that is done
// later.
const storedLaterDelay = 5 * time.Second

func (f *Fault) delayOf() time.Duration {
	if f.wait > 0 {
		return f.wait
	}
	return storedLaterDelay
}

// early is the answer to a request of which nothing is done or read.
func (m *mishap) early(c *call) answer {
	if m.main == nil {
		return answer{}
	}
	switch m.main.Kind {
	case fault408:
		return plain(http.StatusRequestTimeout)
	case fault425:
		return plain(http.StatusTooEarly)
	case fault429:
		a := tooMany(c.quirks, c.now, time.Second)
		switch m.main.retry {
		case "seconds":
			a.retry = "1"
		case "date":
			a.retry = c.now.Add(time.Second).Add(m.skew).UTC().Format(http.TimeFormat)
		case "none":
			a.retry = ""
		}
		return a
	}
	return answer{}
}

// plain is an answer by something that stands before the app.
func plain(status int) answer {
	return answer{status: status, html: true, body: []byte("<html><body><h1>" + strconv.Itoa(status) + " " + http.StatusText(status) + "</h1></body></html>\n")}
}

// serverError is the answer of a fault that is a 5xx.
func (f *Fault) serverError(q *Quirks) answer {
	status, err := strconv.Atoi(f.Kind)
	if err != nil { // the connection is broken instead
		return answer{}
	}
	body := f.body
	if body == "" {
		body = q.of(serverErrorBody)
	}
	return serverErrorAnswer(status, body, refuse(codeException, "Something went wrong."))
}

func serverErrorAnswer(status int, form string, f *failure) answer {
	switch form {
	case "html":
		return plain(status)
	case "empty":
		return answer{status: status, html: true}
	}
	o := begin(nil)
	o.name("error")
	inner := begin(o.b)
	inner.text("code", f.code)
	inner.text("message", f.message)
	o.b = inner.end()
	return answer{status: status, body: o.end(), code: f.code}
}

// deliver sends the answer, or spoils it as the mishap wants. It reports
// whether there was an answer at all.
func (s *Server) deliver(w http.ResponseWriter, r *http.Request, a answer, harm mishap) bool {
	wait := harm.delay
	if harm.isMain(faultSlow) || harm.isMain(faultLate) {
		wait += harm.main.wait
	}
	if wait > 0 && !s.doors.pause(r.Context(), wait) {
		reset(w)
		return false
	}
	if harm.main != nil {
		switch harm.main.Kind {
		case faultDropAfter, faultStoredLater, faultLate:
			reset(w)
			return false
		case faultHalf:
			s.half(w, a, harm)
		case faultTruncated:
			a.body = a.body[:len(a.body)/2]
		case faultHuge:
			a.body = inflate(a.body, harm.main.size)
		}
	}
	s.send(w, a, harm)
	return true
}

// half sends the headers, promises the whole body and breaks off in its middle.
func (s *Server) half(w http.ResponseWriter, a answer, harm mishap) {
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	a.body = a.body[:len(a.body)/2]
	s.send(w, a, harm)
	_ = http.NewResponseController(w).Flush() // the connection is broken next anyway
	panic(http.ErrAbortHandler)
}

// inflate adds a field of that many bytes to an object.
func inflate(body []byte, size int) []byte {
	if len(body) < 2 || body[0] != '{' {
		return bytes.Repeat([]byte("x"), size)
	}
	big := make([]byte, 0, len(body)+size+16)
	big = append(big, `{"padding":"`...)
	big = append(big, bytes.Repeat([]byte("x"), size)...)
	return append(append(big, `",`...), body[1:]...)
}

// reset breaks the connection so that the other end sees a reset and no answer.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	switch c := conn.(type) {
	case *net.TCPConn:
		_ = c.SetLinger(0) // closing sends a reset then; without it, a close is the next best
	case *end:
		c.cut()
	}
	_ = conn.Close()
}
