package cli

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/applier"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
)

func TestExitCode(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want int
		told bool // nothing is left to be shown
	}{
		{"no error", nil, exitOK, true},
		{"told already", status(exitChanges), exitChanges, true},
		{"a mistake in the configuration", hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "x"}}, exitError, false},
		{"a failure", fail(exitRefused, "x", "y"), exitRefused, false},
		{"a failure behind others", fmt.Errorf("a: %w", errors.Join(fail(exitRefused, "x", "y"), errors.New("b"))), exitRefused, false},
		{"a lock", &state.LockedError{Location: "s"}, exitLocked, false},
		{"damage", &state.DamageError{File: "s", Line: 3, What: "x"}, exitError, false},
		{"a place that cannot be written", &state.AccessError{Doing: "write", Path: "s", Err: errors.New("x")}, exitError, false},
		{"newer", fmt.Errorf("%w", state.ErrNewer), exitError, false},
		{"a wrong key", &applier.Refusal{Code: "AUTH_ERR_APIKEY_NOT_FOUND"}, exitUnreachable, false},
		{"nobody there", &applier.NotSent{Err: errors.New("x")}, exitUnreachable, false},
		{"Ctrl-C", context.Canceled, exitInterrupted, false},
		{"anything else", errors.New("x"), exitError, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := exitCode(tt.err); got != tt.want {
				t.Errorf("exit code %d, want %d", got, tt.want)
			}
			if got := len(diagnose(tt.err)) == 0; got != tt.told {
				t.Errorf("nothing to show: %t, want %t", got, tt.told)
			}
		})
	}
}

// TestOutcomes holds every way in which an apply can end against its exit
// code.
func TestOutcomes(t *testing.T) {
	stop := func(cause applier.Cause, wrote bool) *applier.Summary {
		return &applier.Summary{Stopped: &applier.StopError{Cause: cause, Wrote: wrote, Err: errors.New("x")}}
	}
	tests := []struct {
		name string
		s    *applier.Summary
		want int
	}{
		{"all done", &applier.Summary{}, exitOK},
		{"an expectation unmet", &applier.Summary{Unmet: []applier.Unmet{{Want: "approved"}}}, exitOK},
		{"a failure", &applier.Summary{Failures: []applier.Failure{{}}}, exitPartial},
		{"in doubt", &applier.Summary{InDoubt: make([]addr.Message, 1)}, exitPartial},
		{"not attempted", &applier.Summary{NotAttempted: 1}, exitPartial},
		{"interrupted", &applier.Summary{Interrupted: true, NotAttempted: 1}, exitInterrupted},
		{"a bad key", stop(applier.BadKey, false), exitUnreachable},
		{"a bad key in the middle", stop(applier.BadKey, true), exitPartial},
		{"unreachable", stop(applier.Unreachable, false), exitUnreachable},
		{"unreachable in the middle", stop(applier.Unreachable, true), exitPartial},
		{"no endpoint", stop(applier.NoEndpoint, false), exitUnreachable},
		{"plan restricted", stop(applier.PlanRestricted, false), exitUnreachable},
		{"refused", stop(applier.Refused, false), exitUnreachable},
		{"a full disk at the start", stop(applier.JournalFailed, false), exitError},
		{"a full disk in the middle", stop(applier.JournalFailed, true), exitPartial},
		{"a state that cannot be read", stop(applier.StateUnreadable, false), exitError},
		{"a broken plan file", stop(applier.PlanUnreadable, false), exitError},
		{"the first failure", stop(applier.FirstFailure, true), exitPartial},
		{"the second Ctrl-C", &applier.Summary{Interrupted: true, Stopped: &applier.StopError{Cause: applier.Aborted, Err: context.Canceled}}, exitInterrupted},
		{"the second Ctrl-C, told by its cause alone", stop(applier.Aborted, true), exitInterrupted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := exitCode(ending(tt.s)); got != tt.want {
				t.Errorf("exit code %d, want %d", got, tt.want)
			}
		})
	}
}
