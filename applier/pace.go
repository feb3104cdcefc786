package applier

// Limits are the limits that were declared, or that the app's tier has. Zero
// fields are not known.
type Limits struct {
	RequestsPerMinute        int
	CoreRequestsPerMinute    int // of creating and deleting users and groups, and joining; 0: as RequestsPerMinute
	MessagesPerUserPerMinute int
}

// Rates is the pace of an apply: what was declared and what the app's answers
// teach. Its methods may be called concurrently.
type Rates struct {
	limits Limits
}

// NewRates returns the pace for those limits.
func NewRates(l Limits) *Rates { return &Rates{limits: l} }

// Observe takes in what the headers of an answer tell.
func (r *Rates) Observe(rate Rate) {}
