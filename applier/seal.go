package applier

import (
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// The values that were declared are sent in clear; the state keeps the
// sensitive ones as the planner will compare them.

func (r *run) sealedUser(u *state.User, sensitive []string) *state.User {
	return planner.SealUser(u, sensitive, r.header.HashKey)
}

func (r *run) sealedGroup(g *state.Group, sensitive []string) *state.Group {
	return planner.SealGroup(g, sensitive, r.header.HashKey)
}

func (r *run) sealedMessage(m *state.Message, sensitive []string) *state.Message {
	return planner.SealMessage(m, sensitive, r.header.HashKey)
}
