package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/applier"
	"github.com/sowdev/sow/state"
)

// The exit codes. They are part of the interface: scripts branch on them.
const (
	exitOK          = 0
	exitError       = 1
	exitChanges     = 2
	exitRefused     = 3
	exitLocked      = 4
	exitUnreachable = 5
	exitPartial     = 6
	exitDiffers     = 7
	exitInterrupted = 130
)

// exitMeanings is the table that the manual prints.
func exitMeanings() []exitMeaning {
	return []exitMeaning{
		{exitOK, "done, or nothing to do"},
		{exitError, "error: configuration, usage, a missing key, a file that cannot be read or written"},
		{exitChanges, "`plan --detailed-exitcode`: there are changes"},
		{exitRefused, "refused: the plan is stale, its digest differs, the app is not the right one, a guard objects, or nobody approved"},
		{exitLocked, "another run holds the lock of the state"},
		{exitUnreachable, "the app refused the key or cannot be reached; nothing was sent"},
		{exitPartial, "partly applied: something failed or is in doubt; run it again"},
		{exitDiffers, "`verify`: the app differs from what was seeded, or moderation ended otherwise than expected"},
		{exitInterrupted, "interrupted; the state is consistent, run it again to go on"},
	}
}

type exitMeaning struct {
	Code    int
	Meaning string
}

// failure is an error made for the person at the terminal: a summary in fixed
// words, a detail that says what, why and how to mend it, and the exit code.
type failure struct {
	code    int
	summary string
	detail  string
	err     error // what lies behind it, for errors.Is; already told by detail
}

func (f *failure) Error() string { return f.summary + ": " + f.detail }
func (f *failure) Unwrap() error { return f.err }

// fail makes a failure with the detail formatted as by fmt.Sprintf.
func fail(code int, summary, format string, args ...any) *failure {
	return &failure{code: code, summary: summary, detail: fmt.Sprintf(format, args...)}
}

// wrap makes a failure of an error whose own words end the detail.
func wrap(err error, code int, summary, format string, args ...any) *failure {
	return &failure{code: code, summary: summary, detail: fmt.Sprintf(format, args...) + ": " + err.Error(), err: err}
}

// usage is the failure of a command that was called the wrong way.
func usage(format string, args ...any) *failure {
	return fail(exitError, "Wrong usage", format, args...)
}

// status ends a command with a code whose reason has already been told.
type status int

func (s status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// exitCode is the one place where errors become exit codes.
func exitCode(err error) int {
	var (
		told    status
		failed  *failure
		locked  *state.LockedError
		refusal *applier.Refusal
		notSent *applier.NotSent
	)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &told):
		return int(told)
	case errors.As(err, &failed):
		return failed.code
	case errors.As(err, &locked):
		return exitLocked
	case errors.As(err, &refusal), errors.As(err, &notSent):
		return exitUnreachable
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitError
}

// diagnose turns an error into diagnostics, the one form in which errors are
// shown. An error whose reason has been told gives none.
func diagnose(err error) hcl.Diagnostics {
	var (
		diags  hcl.Diagnostics
		told   status
		failed *failure
		locked *state.LockedError
		damage *state.DamageError
		access *state.AccessError
	)
	switch {
	case err == nil, errors.As(err, &told):
		return nil
	case errors.As(err, &diags):
		return diags
	case errors.As(err, &failed):
		return errorDiagnostic(failed.summary, failed.detail)
	case errors.As(err, &locked):
		return errorDiagnostic("The state is locked", fmt.Sprintf("%v.\n\nWait for that run to end, or give this one time to wait with --lock-timeout 5m. The lock ends with the process that holds it.", locked))
	case errors.As(err, &damage):
		return errorDiagnostic("The state is damaged", damage.Error()+".")
	case errors.As(err, &access):
		return errorDiagnostic("The state cannot be used", sentence(access.Error())+".")
	case errors.Is(err, state.ErrNewer):
		return errorDiagnostic("The state needs a newer sow", fmt.Sprintf("%v.\n\nNothing was changed. Update sow; sow version tells which one this is.", err))
	case errors.Is(err, context.Canceled):
		return errorDiagnostic("Interrupted", "Nothing was changed.")
	}
	return errorDiagnostic("The command failed", err.Error()+".")
}

func errorDiagnostic(summary, detail string) hcl.Diagnostics {
	return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: summary, Detail: detail}}
}
