package applier

import (
	"cmp"
	"context"
	"fmt"

	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// wireUser is a declared user as it is sent.
func wireUser(u *state.User) *User {
	return &User{
		UID: u.UID, Name: u.Name, Avatar: u.Avatar, Link: u.Link, Role: u.Role, Metadata: u.Metadata, Tags: u.Tags,
	}
}

// makeUser creates the user by its own request. The caller has taken the
// newcomer.
func (r *run) makeUser(n *newcomer) error {
	r.wrote.Store(true)
	n.tried.Store(true)
	seen, err := ask(r, core, r.brake.halted, func(ctx context.Context) (*User, error) {
		return r.app.CreateUser(ctx, wireUser(n.user.After))
	})
	switch {
	case err == nil:
		return r.keepUser(n.user, seen, state.Created, false)
	case refusedWith(err, codeUserExists):
		return r.adoptUser(n.user)
	}
	return err
}

// adoptUser takes over a user that the app has: as ours if this run, or one
// that broke off, may have made it.
func (r *run) adoptUser(c *planner.UserChange) error {
	seen, err := r.getUser(c.After.UID)
	if refusedWith(err, codeNoUser) {
		// It exists and cannot be found: it was deactivated.
		if err := r.reactivate(c.After.UID); err != nil {
			return err
		}
		seen, err = r.getUser(c.After.UID)
	}
	if err != nil {
		return err
	}
	return r.keepUser(c, seen, r.origin(seen.CreatedAt), true)
}

func (r *run) getUser(uid string) (*User, error) {
	return ask(r, standard, r.brake.halted, func(ctx context.Context) (*User, error) { return r.app.GetUser(ctx, uid) })
}

func (r *run) reactivate(uid string) error {
	r.wrote.Store(true)
	return r.call(standard, r.brake.halted, func(ctx context.Context) error { return r.app.ReactivateUser(ctx, uid) })
}

// keepUser makes the values of a user that exists the declared ones and records
// it. Values that the app refuses are a [*flawError].
func (r *run) keepUser(c *planner.UserChange, seen *User, origin state.Origin, whole bool) error {
	keep := *r.sealedUser(c.After, c.Sensitive)
	keep.Origin, keep.CreatedAt = origin, seen.CreatedAt
	u := c.After
	p := &profile{
		addr: c.Addr, whole: whole,
		metadata: u.Metadata, keptMetadata: &keep.Metadata,
		tags: u.Tags, keptTags: &keep.Tags,
	}
	look := func(seen *User) {
		p.texts = []trait{
			{field: "name", want: u.Name, seen: seen.Name, kept: &keep.Name},
			{field: "avatar", want: u.Avatar, seen: seen.Avatar, kept: &keep.Avatar},
			{field: "link", want: u.Link, seen: seen.Link, kept: &keep.Link},
			{field: "role", want: u.Role, seen: seen.Role, kept: &keep.Role},
		}
		p.seenMetadata, p.seenTags = seen.Metadata, seen.Tags
	}
	look(seen)
	p.put = func(ctx context.Context, patch Patch) error {
		now, err := r.app.UpdateUser(ctx, u.UID, patch)
		if err == nil {
			look(now)
		}
		return err
	}
	err := r.correct(p)
	if err := r.recorded(r.journal.PutUser(&keep)); err != nil {
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

// confirmUser settles a user whose carrier was accepted: it exists now. What
// the answer tells of it is enough when it was made just now, with the values
// that the carrier gave it.
func (r *run) confirmUser(n *newcomer, seen *User) error {
	if seen != nil && seen.UID == n.id && r.isFresh(seen.CreatedAt) {
		return r.keepUser(n.user, seen, r.origin(seen.CreatedAt), false)
	}
	seen, err := r.getUser(n.id)
	switch {
	case refusedWith(err, codeNoUser):
		return r.makeUser(n)
	case err != nil:
		return err
	}
	return r.keepUser(n.user, seen, r.origin(seen.CreatedAt), true)
}

// updateUser makes a planned update.
func (r *run) updateUser(c *planner.UserChange) error {
	if !c.StateOnly {
		if err := r.changingUser(c.Before); err != nil {
			return err
		}
		err := r.patchUser(c)
		if refusedWith(err, codeNoUser) {
			if err = r.reviveUser(c); err == nil {
				err = r.patchUser(c)
			}
		}
		switch {
		case isRefusal(err): // the next plan shows the same difference
			return cmp.Or(r.recorded(r.journal.PutUser(c.Before)), err)
		case err != nil:
			return err
		}
	}
	keep := *r.sealedUser(c.After, c.Sensitive)
	keep.Origin, keep.CreatedAt = c.Before.Origin, c.Before.CreatedAt
	if err := r.recorded(r.journal.PutUser(&keep)); err != nil {
		return err
	}
	return r.forget(c.From)
}

// reviveUser brings back a user that cannot be found: it was deactivated, or it
// is gone and has to be made again.
func (r *run) reviveUser(c *planner.UserChange) error {
	if err := r.reactivate(c.After.UID); err != nil && !isRefusal(err) {
		return err
	}
	if _, err := r.getUser(c.After.UID); !refusedWith(err, codeNoUser) {
		return err
	}
	r.wrote.Store(true)
	_, err := ask(r, core, r.brake.halted, func(ctx context.Context) (*User, error) {
		return r.app.CreateUser(ctx, wireUser(c.After))
	})
	if refusedWith(err, codeUserExists) {
		return nil
	}
	return err
}

func (r *run) patchUser(c *planner.UserChange) error {
	u := c.After
	ch := &change{
		run: r, addr: c.Addr, set: make(map[string]any), clear: make(map[string]any),
		before: c.Before.Metadata, after: u.Metadata,
		get: func(ctx context.Context) (told, error) { return tellUser(r.app.GetUser(ctx, u.UID)) },
		put: func(ctx context.Context, p Patch) (told, error) { return tellUser(r.app.UpdateUser(ctx, u.UID, p)) },
	}
	for _, f := range c.Fields {
		if f.StateOnly {
			continue
		}
		switch f.Name {
		case "name":
			ch.text("name", u.Name, false)
		case "avatar":
			ch.text("avatar", u.Avatar, true)
		case "link":
			ch.text("link", u.Link, true)
		case "role":
			ch.emptyable("role", u.Role, u.Role == "", "default")
		case "tags":
			ch.emptyable("tags", u.Tags, len(u.Tags) == 0, []string{})
		case "metadata":
			ch.meta = true
		}
	}
	return ch.apply()
}

func tellUser(u *User, err error) (told, error) {
	if err != nil {
		return told{}, err
	}
	return told{metadata: u.Metadata, tags: u.Tags, role: u.Role}, nil
}

// text sets a field, or unsets it when it has no value any more.
func (c *change) text(field, value string, unsettable bool) {
	switch {
	case value != "":
		c.set[field] = value
	case unsettable:
		c.unset = append(c.unset, field)
	}
}

// emptyable sets a field, or clears it by a value that stands for none.
func (c *change) emptyable(field string, value any, isEmpty bool, none any) {
	if isEmpty {
		c.clear[field] = none
	} else {
		c.set[field] = value
	}
}

// deleteUser removes a user from the app, unless the plan only forgets it, and
// from the state.
func (r *run) deleteUser(c *planner.UserChange) error {
	if !c.Forget {
		if err := r.changingUser(c.Before); err != nil {
			return err
		}
		if err := r.removeUser(c.Before.UID); err != nil {
			return err
		}
	}
	return r.recorded(r.journal.Delete(c.Before.Addr))
}

func (r *run) removeUser(uid string) error {
	err := r.erase(core, func(ctx context.Context) error { return r.app.DeleteUser(ctx, uid) })
	if err != nil && !refusedWith(err, codeNoUser) {
		return fmt.Errorf("delete %s: %w", uid, err)
	}
	return nil
}
