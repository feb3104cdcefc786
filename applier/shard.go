package applier

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
)

// inNewChats returns those of the dataset's messages that are in chats which
// the plan begins. A shard knows nothing of what other shards send at the same
// time, nor of what was sent before in the chats that go on.
func (r *run) inNewChats(messages []*Message) []*Message {
	begun := make(map[string]bool)
	for i := range r.plan.Lanes {
		lane := &r.plan.Lanes[i]
		fresh := true
		for k := range lane.Changes {
			fresh = fresh && lane.Changes[k].Action == planner.Create
		}
		begun[lane.Chat] = fresh
	}
	var in []*Message
	for _, m := range messages {
		if begun[chatName(m)] {
			in = append(in, m)
		}
	}
	return in
}

// listFrom is from how many on the awaited are looked for in the lists of the
// app instead of one by one.
const listFrom = 25

// findAwaited makes sure that the app has the users and groups that the first
// shard creates. Nothing is sent before that: an app may make up users that it
// does not know.
func (r *run) findAwaited() *StopError {
	shard := r.plan.Shard
	if shard == nil || len(shard.Awaited) == 0 {
		return nil
	}
	users, groups := make(map[string]addr.Object), make(map[string]addr.Object)
	awaited := make(map[addr.Object]bool, len(shard.Awaited))
	for _, o := range shard.Awaited {
		awaited[o] = true
	}
	for _, u := range shard.Around.Users {
		if awaited[u.Addr] {
			users[u.UID] = u.Addr
		}
	}
	for _, g := range shard.Around.Groups {
		if awaited[g.Addr] {
			groups[g.GUID] = g.Addr
		}
	}
	err := r.findAll(users,
		func(ctx context.Context, uid string) error { _, err := r.app.GetUser(ctx, uid); return err },
		func(ctx context.Context, page int) (ids []string, more bool, err error) {
			p, err := r.app.ListUsers(ctx, page)
			if err != nil {
				return nil, false, err
			}
			for _, u := range p.Users {
				ids = append(ids, u.UID)
			}
			return ids, p.More, nil
		})
	if err == nil {
		err = r.findAll(groups,
			func(ctx context.Context, guid string) error { _, err := r.app.GetGroup(ctx, guid); return err },
			func(ctx context.Context, page int) (ids []string, more bool, err error) {
				p, err := r.app.ListGroups(ctx, page)
				if err != nil {
					return nil, false, err
				}
				for _, g := range p.Groups {
					ids = append(ids, g.GUID)
				}
				return ids, p.More, nil
			})
	}
	if err != nil {
		return probeError(err)
	}
	var missing naming
	for _, list := range []map[string]addr.Object{users, groups} {
		for _, o := range list {
			missing.named = append(missing.named, o.String())
		}
	}
	if missing.all = len(missing.named); missing.all == 0 {
		return nil
	}
	return &StopError{
		Cause: NotYet,
		Err:   fmt.Errorf("the app does not have %s, which the first shard creates", missing.String()),
		Hint:  "Apply shard 0 first, then this one.",
	}
}

// findAll removes from wanted, which is by id, what the app has.
func (r *run) findAll(
	wanted map[string]addr.Object,
	get func(ctx context.Context, id string) error,
	list func(ctx context.Context, page int) (ids []string, more bool, err error),
) error {
	for page, more := 1, len(wanted) >= listFrom; more && len(wanted) > 0; page++ {
		err := r.first(func(ctx context.Context) (err error) {
			var ids []string
			if ids, more, err = list(ctx, page); err == nil {
				for _, id := range ids {
					delete(wanted, id)
				}
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	// A list may have moved while it was read, so those that it did not show are
	// asked for. When one of them is missing, that is enough.
	for _, id := range slices.Sorted(maps.Keys(wanted)) {
		err := r.first(func(ctx context.Context) error { return get(ctx, id) })
		switch {
		case err == nil:
			delete(wanted, id)
		case refusedWith(err, codeNoUser, codeNoGroup):
			return nil
		default:
			return err
		}
	}
	return nil
}
