package applier

import (
	"context"

	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// Verification is what an app has of what was seeded into it.
type Verification struct {
	// Found is in what the app differs from the state. The caller closes it.
	Found *planner.Findings
	// What was looked for.
	Users, Groups, Chats, Messages int
}

// Differs reports whether the app is not as the state says. What moderation has
// not judged yet, what the app cannot tell, and what was in doubt and is there is
// no difference.
func (v *Verification) Differs() bool {
	for kind, n := range v.Found.Counts {
		switch kind {
		case planner.Undecided, planner.Unclear, planner.Settled:
		default:
			if n > 0 {
				return true
			}
		}
	}
	return false
}

// Verify reads the app and holds it against the state: what is missing, what is
// there once more than it should, what was edited or stands in another order,
// what somebody else wrote into the seeded chats, and which expectations of
// moderation are unmet. It reads as [Refresh] does, and changes nothing. Errors
// are a [*StopError] when the app cannot be used, and those of the state and of
// the spool.
func Verify(ctx context.Context, prior state.Reader, app App, o ReadOptions) (*Verification, error) {
	rd := newReading(ctx, prior, prior.Header().Dataset, app, o)
	rd.foreign = true
	v := &Verification{Users: len(prior.Users()), Groups: len(prior.Groups())}
	for _, c := range prior.Conversations() {
		v.Messages += prior.Count(c.Addr)
	}
	err := rd.during(func() (err error) {
		if err := rd.greet(); err != nil {
			return err
		}
		v.Found, err = rd.read(nil)
		return err
	})
	if err != nil {
		return nil, err
	}
	v.Chats = len(rd.chats)
	return v, nil
}
