package applier

// Cause says why a whole apply ended early.
type Cause string

// The causes that end an apply.
const (
	BadKey          Cause = "bad key"          // the app refuses the key, or knows no such app
	Unreachable     Cause = "unreachable"      // no request gets through
	NoEndpoint      Cause = "no endpoint"      // the app lacks what is asked of it, such as POST /moderation/messages
	PlanRestricted  Cause = "plan restricted"  // the app's plan has no moderation, or has run out
	JournalFailed   Cause = "journal failed"   // what is done can no longer be recorded
	StateUnreadable Cause = "state unreadable" // the state's messages cannot be read
	PlanUnreadable  Cause = "plan unreadable"  // the plan's lanes cannot be read
	Refused         Cause = "refused"          // the first read was refused for another reason
	NotYet          Cause = "not yet"          // what another shard creates is not there
	Aborted         Cause = "aborted"          // the context ended
	FirstFailure    Cause = "first failure"    // Options.StopOnError
)

// StopError is why a whole apply ended early. It unwraps to what lies behind
// it: a [*Refusal], a [*NotSent], an error of the journal.
type StopError struct {
	Cause Cause
	// Wrote is false when nothing was written to the app: no message, user or
	// group was sent, changed or deleted.
	Wrote bool
	Err   error
	Hint  string // what to do about it
}

func (e *StopError) Error() string { return e.Err.Error() }
func (e *StopError) Unwrap() error { return e.Err }
