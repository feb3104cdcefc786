package view

import (
	"errors"

	"github.com/sowdev/sow/applier"
)

// errorJSON is an error with what programs branch on.
type errorJSON struct {
	Kind    string `json:"kind"`             // refused, rate-limit, unknown, not-sent or error
	Code    string `json:"code,omitempty"`   // of a refusal: the app's error.code
	Status  int    `json:"status,omitempty"` // the HTTP status, where there was an answer
	Message string `json:"message"`
}

// stopJSON is the error that ended a whole apply.
type stopJSON struct {
	errorJSON
	Cause applier.Cause `json:"cause,omitempty"`
	Wrote bool          `json:"wrote"` // something was written to the app before
	Hint  string        `json:"hint,omitempty"`
}

// stopOf returns nil for no error.
func stopOf(err error) *stopJSON {
	if err == nil {
		return nil
	}
	out := &stopJSON{errorJSON: *errorOf(err)}
	var stop *applier.StopError
	if errors.As(err, &stop) {
		out.Cause, out.Wrote, out.Hint = stop.Cause, stop.Wrote, stop.Hint
	}
	return out
}

func errorOf(err error) *errorJSON {
	var (
		refusal *applier.Refusal
		limit   *applier.RateLimit
		unknown *applier.Unknown
		notSent *applier.NotSent
	)
	e := &errorJSON{Kind: "error", Message: err.Error()}
	switch {
	case errors.As(err, &refusal):
		e.Kind, e.Code, e.Status = "refused", refusal.Code, refusal.Status
	case errors.As(err, &limit):
		e.Kind = "rate-limit"
	case errors.As(err, &unknown):
		e.Kind, e.Status = "unknown", unknown.Status
	case errors.As(err, &notSent):
		e.Kind = "not-sent"
	}
	return e
}
