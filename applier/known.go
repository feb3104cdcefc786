package applier

import (
	"maps"
	"slices"
	"sync"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// known is what the state and the plan say of users and groups that exist. It
// is read only when something unexpected happens, and indexed then.
type known struct {
	run  *run
	once sync.Once

	users  map[string]*planner.UserChange // by uid
	groups map[string]*planner.GroupChange
	scopes map[string]map[string]string // by guid, then uid

	mu       sync.Mutex
	restored map[addr.Object]*newcomer
}

func (k *known) index() {
	k.once.Do(func() {
		k.users = make(map[string]*planner.UserChange)
		k.groups = make(map[string]*planner.GroupChange)
		k.scopes = make(map[string]map[string]string)
		k.restored = make(map[addr.Object]*newcomer)
		for _, u := range k.run.prior.Users() {
			after := *u
			k.users[u.UID] = &planner.UserChange{Action: planner.Create, Addr: u.Addr, After: &after}
		}
		for _, g := range k.run.prior.Groups() {
			after := *g
			k.groups[g.GUID] = &planner.GroupChange{Action: planner.Create, Addr: g.Addr, After: &after}
			k.scopes[g.GUID] = planner.ScopesOf(g)
		}
		for i := range k.run.plan.Users {
			if c := &k.run.plan.Users[i]; c.After != nil {
				k.users[c.After.UID] = c
			}
		}
		for i := range k.run.plan.Groups {
			if c := &k.run.plan.Groups[i]; c.After != nil {
				k.groups[c.After.GUID] = c
				k.scopes[c.After.GUID] = planner.ScopesOf(c.After)
			}
		}
	})
}

func (k *known) scope(guid, uid string) string {
	k.index()
	return k.scopes[guid][uid]
}

// revenant returns the newcomer that stands for a user or group which should
// exist and does not, one for all who miss it; nil when nobody declared it or
// its values are sensitive and only their hashes are known.
func (k *known) revenant(id string, ofUser bool) *newcomer {
	k.index()
	var n *newcomer
	var sealed map[string]string
	if ofUser {
		c := k.users[id]
		if c == nil {
			return nil
		}
		n = newNewcomer(c.Addr, id, c.Source)
		n.user = &planner.UserChange{Action: planner.Create, Addr: c.Addr, After: c.After, Sensitive: c.Sensitive, Source: c.Source}
		sealed = c.After.Sealed
	} else {
		c := k.groups[id]
		if c == nil {
			return nil
		}
		n = newNewcomer(c.Addr, id, c.Source)
		n.group = &planner.GroupChange{Action: planner.Create, Addr: c.Addr, After: c.After, Sensitive: c.Sensitive, Source: c.Source}
		sealed = c.After.Sealed
	}
	if len(sealed) > 0 {
		return nil
	}
	n.revenant = true
	k.mu.Lock()
	defer k.mu.Unlock()
	if earlier := k.restored[n.addr]; earlier != nil {
		return earlier
	}
	k.restored[n.addr] = n
	return n
}

// restoreUser makes a user again that should exist, if the app does not have
// it. It reports whether it is there now and was not before.
func (r *run) restoreUser(uid string) (bool, error) {
	if n := r.newcomers.users[uid]; n != nil && !n.isSettled() {
		return false, nil // its own business
	}
	if _, err := r.getUser(uid); !refusedWith(err, codeNoUser) {
		return false, onlyStopping(err)
	}
	n := r.known.revenant(uid, true)
	if n == nil {
		return false, withHint(&Refusal{Code: codeNoUser, Message: "the app does not have " + uid}, sealedHint)
	}
	return true, r.make(n)
}

// restoreGroup is restoreUser for a group, which comes back with its declared
// members.
func (r *run) restoreGroup(guid string) (bool, error) {
	if n := r.newcomers.groups[guid]; n != nil && !n.isSettled() {
		return false, nil
	}
	if _, err := r.getGroup(guid); !refusedWith(err, codeNoGroup) {
		return false, onlyStopping(err)
	}
	n := r.known.revenant(guid, false)
	if n == nil {
		return false, withHint(&Refusal{Code: codeNoGroup, Message: "the app does not have " + guid}, sealedHint)
	}
	if err := r.make(n); err != nil {
		return true, err
	}
	return true, r.rejoin(n.group.After)
}

// rejoin adds the declared members to a group that was made again, as far as
// they exist.
func (r *run) rejoin(g *state.Group) error {
	scopes := planner.ScopesOf(g)
	var members []Member
	for _, uid := range slices.Sorted(maps.Keys(scopes)) {
		members = append(members, Member{UID: uid, Scope: scopes[uid]})
	}
	for len(members) > 0 {
		batch := members[:min(len(members), planner.MembersPerCall)]
		members = members[len(batch):]
		if _, err := r.addMembers(g.GUID, batch); err != nil {
			return err
		}
	}
	return nil
}

// onlyStopping is err if it says that the apply ends, else nil: what cannot be
// found out is no news.
func onlyStopping(err error) error {
	if stopping(err) {
		return err
	}
	return nil
}
