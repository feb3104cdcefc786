package planfile

import (
	"fmt"

	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// Cause says why a saved plan can no longer be applied.
type Cause uint8

const (
	// Applied: the state has what the plan makes. A plan is applied once.
	Applied Cause = iota + 1
	// Begun: an apply of this very plan was interrupted. The way on is an apply
	// of the configuration.
	Begun
	// Moved: the state has changed since the plan was made.
	Moved
	// Other: the state is another one than the plan was made from.
	Other
)

// StaleError says that a saved plan does not fit the state any more.
type StaleError struct {
	Cause Cause
	What  string // what moved on, as a clause
}

func (e *StaleError) Error() string {
	switch e.Cause {
	case Applied:
		return "the plan was applied already, and a plan is applied once: " + e.What
	case Begun:
		return "an apply of this plan was interrupted: " + e.What
	case Other:
		return "the plan was made for another state: " + e.What
	}
	return "the plan is stale: " + e.What
}

// Stale returns a [*StaleError] unless the state is just as it was when the
// plan was made. Other errors are those of reading the state or the plan.
func Stale(p *planner.Plan, prior state.Reader) error {
	found := ""
	if prior.Exists() {
		found = prior.Fingerprint()
	}
	if found == p.Prior {
		return nil
	}
	h := prior.Header()
	if run := prior.Interrupted(); run != nil && run.Plan == p.Digest {
		return &StaleError{Begun, "run sow apply on the configuration, which goes on where it ended"}
	}
	if !prior.Exists() {
		return &StaleError{Other, "the state that it was made from is not there"}
	}
	if p.Lineage != "" && p.Lineage != h.Lineage {
		return &StaleError{Other, "the state was begun anew since. Plan again"}
	}
	done, err := applied(p, prior)
	if err != nil {
		return err
	}
	switch {
	case done:
		return &StaleError{Applied, "plan again to see whether there is more to do"}
	case p.Prior == "":
		return &StaleError{Moved, "there was no state when it was made, and now there is one. Plan again"}
	case h.Serial != p.Serial:
		return &StaleError{Moved, fmt.Sprintf("the state had the serial %d when it was made, and now has %d. Plan again", p.Serial, h.Serial)}
	}
	return &StaleError{Moved, "a run has changed the state since it was made. Plan again"}
}

// maxLooked is how many lanes are looked at to tell whether a plan was applied.
const maxLooked = 16

// applied reports whether the state has what the plan makes and lacks what it
// deletes, as far as people, groups and the first change of some lanes tell.
func applied(p *planner.Plan, prior state.Reader) (bool, error) {
	type object struct{ addr, id string }
	there := make(map[object]bool)
	for _, u := range prior.Users() {
		there[object{u.Addr.String(), u.UID}] = true
	}
	for _, g := range prior.Groups() {
		there[object{g.Addr.String(), g.GUID}] = true
	}
	evidence := unknown
	for i := range p.Users {
		switch c := &p.Users[i]; {
		case c.After == nil:
			evidence.add(!there[object{c.Addr.String(), c.Before.UID}])
		case c.Action != planner.Update:
			evidence.add(there[object{c.Addr.String(), c.After.UID}])
		}
	}
	for i := range p.Groups {
		switch c := &p.Groups[i]; {
		case c.After == nil:
			evidence.add(!there[object{c.Addr.String(), c.Before.GUID}])
		case c.Action != planner.Update:
			evidence.add(there[object{c.Addr.String(), c.After.GUID}])
		}
	}
	for i := range p.Lanes[:min(len(p.Lanes), maxLooked)] {
		if evidence == no {
			break
		}
		if err := evidence.look(p, i, prior); err != nil {
			return false, err
		}
	}
	return evidence == yes, nil
}

// sighting is what is known of whether a plan was applied.
type sighting uint8

const (
	unknown sighting = iota
	yes
	no
)

func (s *sighting) add(done bool) {
	if !done {
		*s = no
	} else if *s == unknown {
		*s = yes
	}
}

// look adds what the first message tells that the lane sends or deletes.
func (s *sighting) look(p *planner.Plan, i int, prior state.Reader) error {
	for m, err := range p.Lane(i) {
		if err != nil {
			return err
		}
		if m.Action == planner.NoOp || m.Action == planner.Update {
			continue
		}
		gone, muid := m.After == nil, ""
		if gone {
			muid = m.Before.MUID
		} else {
			muid = m.After.MUID
		}
		found := false
		for seeded, err := range prior.Messages(m.Addr.Conversation) {
			if err != nil {
				return err
			}
			if seeded.Key == m.Addr.Key && seeded.MUID == muid && !seeded.InDoubt {
				found = true
				break
			}
		}
		s.add(found != gone)
		return nil
	}
	return nil
}
