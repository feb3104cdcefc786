package cometchat

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sowdev/sow/applier"
)

var errBreaksOff = errors.New("the answer breaks off")

// errTimeout is the cause of a request's context that ran out.
var errTimeout = errors.New("no answer in time")

// envelope is the body of an error. Only the code is certain to be there, and
// only when the app itself made the answer.
type envelope struct {
	Error struct {
		Code    string          `json:"code"`
		Message string          `json:"message"`
		Details json.RawMessage `json:"details"`
	} `json:"error"`
}

// refusal tells what an answer other than a success means, or nil for a
// success. The code decides, not the status: the app answers with 401 to
// members' mistakes as well, and gateways answer without a code.
func refusal(res *http.Response, body []byte, now time.Time) error {
	success := res.StatusCode >= 200 && res.StatusCode < 300
	if success && !mayHoldError(body) {
		return nil
	}
	var e envelope
	broken := json.Unmarshal(body, &e) != nil // it has no code
	switch {
	case res.StatusCode == http.StatusTooManyRequests || e.Error.Code == "ERR_TOO_MANY_REQUESTS":
		return &applier.RateLimit{RetryAfter: retryAfter(res.Header, now), Rate: new(clock).readHeaders(res.Header, now).Rate}
	case success && e.Error.Code == "":
		return nil
	case res.StatusCode >= 500, unsettled(e.Error.Code):
		return &applier.Unknown{Status: res.StatusCode, Body: beginning(body), Err: codeError(e)}
	case e.Error.Code == "" && (res.StatusCode == http.StatusRequestTimeout || res.StatusCode == http.StatusTooEarly):
		return &applier.Unknown{Status: res.StatusCode, Body: beginning(body)}
	case broken && breaksOff(body):
		return &applier.Unknown{Status: res.StatusCode, Body: beginning(body), Err: errBreaksOff}
	}
	r := &applier.Refusal{
		Code:    e.Error.Code,
		Status:  res.StatusCode,
		Message: e.Error.Message,
		Details: e.Error.Details,
	}
	if res.StatusCode >= 300 && res.StatusCode < 400 {
		r.Message = "the answer redirects to another address, which is not followed"
	} else if r.Code == "" && r.Message == "" {
		r.Message = beginning(body)
	}
	return r
}

// breaksOff reports whether a body that is no JSON begins like one: the code
// that says what the answer means may have been lost on the way.
func breaksOff(body []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) }

// mayHoldError is a cheap look at a successful answer: only an object whose
// first key is "error" is worth decoding for one.
func mayHoldError(body []byte) bool {
	trimmed := bytes.TrimLeft(body[:min(len(body), 64)], " \t\r\n{")
	return bytes.HasPrefix(trimmed, []byte(`"error"`))
}

// unsettled reports whether a code leaves open what the request did: the error
// guide describes these as failures behind the API, and a 500 with ERR_EXCEPTION
// was seen to have done its work.
func unsettled(code string) bool {
	switch code {
	case "ERR_OPERATION_FAILED", "ERR_MISSION_FAILED", "ERR_EXCEPTION", "ERR_BAD_ERROR_RESPONSE":
		return true
	}
	return strings.HasPrefix(code, "ERR_WS_")
}

func codeError(e envelope) error {
	switch {
	case e.Error.Code == "":
		return nil
	case e.Error.Message == "":
		return errors.New(e.Error.Code)
	}
	return errors.New(e.Error.Code + ": " + e.Error.Message)
}

// transportError sorts the failure of a request that got no answer.
func transportError(x *exchange, err error) error {
	switch {
	case !neverConnected(err) && x.sent.Load():
		return &applier.Unknown{Err: answerError(x.ctx, err)}
	case x.caller.Err() != nil:
		return x.caller.Err()
	case neverConnected(err):
		return &applier.NotSent{Err: bare(err)}
	}
	return &applier.NotSent{Err: answerError(x.ctx, err)}
}

// answerError prefers the cause of a timeout to the words of the transport.
func answerError(request context.Context, err error) error {
	if request.Err() != nil {
		return context.Cause(request)
	}
	return bare(err)
}

// neverConnected reports whether the connection itself failed: no name, no
// route, nobody listening, or no trust.
func neverConnected(err error) bool {
	var dns *net.DNSError
	var op *net.OpError
	var record tls.RecordHeaderError
	var verify *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var alert tls.AlertError
	return errors.As(err, &dns) ||
		errors.As(err, &op) && op.Op == "dial" ||
		errors.As(err, &record) || errors.As(err, &verify) || errors.As(err, &alert) ||
		errors.As(err, &authority) || errors.As(err, &hostname)
}

// bare removes the method and the address that net/http puts in front of an
// error: the tool says itself what it was doing.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// beginning is what errors quote of an answer.
func beginning(body []byte) string {
	if len(body) > shownBody {
		body = body[:shownBody]
		for len(body) > 0 && !utf8.Valid(body) {
			body = body[:len(body)-1]
		}
	}
	return strings.ToValidUTF8(strings.TrimSpace(string(body)), "\uFFFD")
}
