package applier

import (
	"context"

	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// Apply carries out the plan, which was made from prior, and tells what came of
// it. It never returns nil.
//
// First a read proves that the app can be used; when it cannot, nothing is
// written, neither to the app nor to the state, and Summary.Stopped is a
// [*StopError] whose Wrote is false. Then the run begins in the journal of the
// lock. At the end the journal is closed and folded into the state, unless the
// context ended or the journal failed; then it stays for the next run. The lock
// remains the caller's to release.
//
// Applying again is always right: what is done is in the state, and what is in
// doubt is settled by looking before anything is sent in its lane.
func Apply(ctx context.Context, p *planner.Plan, prior state.Reader, lock state.Lock, app App, o Options) *Summary {
	panic("skeleton")
}
