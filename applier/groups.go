package applier

import (
	"cmp"
	"context"
	"fmt"

	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// wireGroup is a declared group as it is sent.
func wireGroup(g *state.Group) *Group {
	return &Group{
		GUID: g.GUID, Name: g.Name, Type: g.Type, Password: g.Password, Icon: g.Icon,
		Description: g.Description, Owner: g.Owner, Metadata: g.Metadata, Tags: g.Tags,
	}
}

// makeGroup creates the group by its own request. The caller has taken the
// newcomer.
func (r *run) makeGroup(n *newcomer) error {
	if err := r.awaitOwner(n); err != nil {
		return err
	}
	r.wrote.Store(true)
	n.tried.Store(true)
	seen, err := ask(r, core, r.brake.halted, func(ctx context.Context) (*Group, error) {
		return r.app.CreateGroup(ctx, wireGroup(n.group.After))
	})
	switch {
	case err == nil:
		return r.keepGroup(n.group, seen, state.Created, false, false)
	case refusedWith(err, codeGroupExists):
		return r.adoptGroup(n.group)
	}
	return err
}

// awaitOwner sees to it that the group's declared owner exists.
func (r *run) awaitOwner(n *newcomer) error {
	if owner := r.newcomers.users[n.group.After.Owner]; owner != nil {
		return r.await(owner, n.lane)
	}
	return nil
}

func (r *run) adoptGroup(c *planner.GroupChange) error {
	seen, err := r.getGroup(c.After.GUID)
	if err != nil {
		return err
	}
	return r.keepGroup(c, seen, r.origin(seen.CreatedAt), true, false)
}

func (r *run) getGroup(guid string) (*Group, error) {
	return ask(r, standard, r.brake.halted, func(ctx context.Context) (*Group, error) { return r.app.GetGroup(ctx, guid) })
}

// keepGroup makes the values of a group that exists the declared ones and
// records it, as yet without members: they are recorded once they are in.
// A group that a message has just created has no description: the details of a
// message cannot say it.
func (r *run) keepGroup(c *planner.GroupChange, seen *Group, origin state.Origin, whole, carried bool) error {
	keep := *r.sealedGroup(c.After, c.Sensitive)
	keep.Origin, keep.CreatedAt = origin, seen.CreatedAt
	g := c.After
	p := &profile{
		addr: c.Addr, whole: whole,
		metadata: g.Metadata, keptMetadata: &keep.Metadata,
		tags: g.Tags, keptTags: &keep.Tags,
	}
	look := func(seen *Group) {
		p.texts = []trait{
			{field: "name", want: g.Name, seen: seen.Name, kept: &keep.Name},
			{field: "type", want: g.Type, seen: seen.Type, kept: &keep.Type},
			{field: "icon", want: g.Icon, seen: seen.Icon, kept: &keep.Icon},
			{field: "description", want: g.Description, seen: seen.Description, kept: &keep.Description, unsaid: carried},
			{field: "owner", want: g.Owner, seen: seen.Owner, kept: &keep.Owner},
		}
		p.seenMetadata, p.seenTags = seen.Metadata, seen.Tags
	}
	look(seen)
	if origin == state.Adopted && g.Password != "" {
		// No read tells the password of a group that was there before.
		err := r.call(standard, r.brake.halted, func(ctx context.Context) error {
			_, err := r.app.UpdateGroup(ctx, g.GUID, Patch{Set: map[string]any{"password": g.Password}})
			return err
		})
		if err != nil {
			return err
		}
	}
	p.put = func(ctx context.Context, patch Patch) error {
		now, err := r.app.UpdateGroup(ctx, g.GUID, patch)
		if err == nil {
			carried = false
			look(now)
		}
		return err
	}
	err := r.correct(p)
	r.rolls[g.GUID].begin(&keep)
	if err := r.recorded(r.journal.PutGroup(&keep)); err != nil {
		return err
	}
	if stopping(err) {
		return err
	}
	if err := r.forget(c.From); err != nil {
		return err
	}
	if err != nil {
		return &flawError{err}
	}
	return nil
}

// confirmGroup is confirmUser for a group. The app may have left the owner away.
func (r *run) confirmGroup(n *newcomer, seen *Group) error {
	g := n.group.After
	if seen != nil && seen.GUID == n.id && r.isFresh(seen.CreatedAt) && (g.Owner == "" || seen.Owner != "") {
		return r.keepGroup(n.group, seen, r.origin(seen.CreatedAt), false, true)
	}
	seen, err := r.getGroup(n.id)
	switch {
	case refusedWith(err, codeNoGroup):
		return r.makeGroup(n)
	case err != nil:
		return err
	}
	return r.keepGroup(n.group, seen, r.origin(seen.CreatedAt), true, false)
}

// updateGroup makes a planned update of the group itself. Its members follow;
// see roll.
func (r *run) updateGroup(c *planner.GroupChange) error {
	if !c.StateOnly {
		if err := r.changingGroup(c.Before); err != nil {
			return err
		}
		err := r.patchGroup(c)
		if refusedWith(err, codeNoGroup) {
			if err = r.remakeGroup(c); err == nil {
				err = r.patchGroup(c)
			}
		}
		switch {
		case isRefusal(err): // the next plan shows the same difference
			return cmp.Or(r.recorded(r.journal.PutGroup(c.Before)), err)
		case err != nil:
			return err
		}
	}
	keep := *r.sealedGroup(c.After, c.Sensitive)
	keep.Origin, keep.CreatedAt = c.Before.Origin, c.Before.CreatedAt
	// Until the members are as declared, the state has those from before.
	keep.Admins, keep.Moderators, keep.Participants = c.Before.Admins, c.Before.Moderators, c.Before.Participants
	if roll := r.rolls[c.After.GUID]; roll != nil {
		roll.begin(&keep)
	} else {
		keep.Admins, keep.Moderators, keep.Participants = c.After.Admins, c.After.Moderators, c.After.Participants
	}
	if err := r.recorded(r.journal.PutGroup(&keep)); err != nil {
		return err
	}
	return r.forget(c.From)
}

// remakeGroup creates a group anew, with its members, that the app no longer
// has.
func (r *run) remakeGroup(c *planner.GroupChange) error {
	r.wrote.Store(true)
	_, err := ask(r, core, r.brake.halted, func(ctx context.Context) (*Group, error) {
		return r.app.CreateGroup(ctx, wireGroup(c.After))
	})
	switch {
	case refusedWith(err, codeGroupExists):
		return nil
	case err != nil:
		return err
	}
	return r.rejoin(c.After)
}

func (r *run) patchGroup(c *planner.GroupChange) error {
	g := c.After
	ch := &change{
		run: r, addr: c.Addr, set: make(map[string]any), clear: make(map[string]any),
		before: c.Before.Metadata, after: g.Metadata,
		get: func(ctx context.Context) (told, error) { return tellGroup(r.app.GetGroup(ctx, g.GUID)) },
		put: func(ctx context.Context, p Patch) (told, error) { return tellGroup(r.app.UpdateGroup(ctx, g.GUID, p)) },
	}
	for _, f := range c.Fields {
		if f.StateOnly {
			continue
		}
		switch f.Name {
		case "name":
			ch.text("name", g.Name, false)
		case "type":
			// A group that turns to passwords needs one in the same request.
			ch.text("type", g.Type, false)
			ch.text("password", g.Password, false)
		case "password":
			ch.text("password", g.Password, false)
		case "icon":
			ch.text("icon", g.Icon, true)
		case "description":
			ch.text("description", g.Description, true)
		case "owner":
			if owner := r.newcomers.users[g.Owner]; owner != nil {
				if err := r.make(owner); err != nil {
					return err
				}
			}
			ch.text("owner", g.Owner, false)
		case "tags":
			ch.emptyable("tags", g.Tags, len(g.Tags) == 0, []string{})
		case "metadata":
			ch.meta = true
		}
	}
	return ch.apply()
}

func tellGroup(g *Group, err error) (told, error) {
	if err != nil {
		return told{}, err
	}
	return told{metadata: g.Metadata, tags: g.Tags}, nil
}

// deleteGroup removes a group from the app, unless the plan only forgets it,
// and from the state.
func (r *run) deleteGroup(c *planner.GroupChange) error {
	if !c.Forget {
		if err := r.changingGroup(c.Before); err != nil {
			return err
		}
		if err := r.removeGroup(c.Before.GUID); err != nil {
			return err
		}
	}
	return r.recorded(r.journal.Delete(c.Before.Addr))
}

func (r *run) removeGroup(guid string) error {
	err := r.erase(standard, func(ctx context.Context) error { return r.app.DeleteGroup(ctx, guid) })
	if err != nil && !refusedWith(err, codeNoGroup) {
		return fmt.Errorf("delete %s: %w", guid, err)
	}
	return nil
}
