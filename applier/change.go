package applier

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/sowdev/sow/config/addr"
)

// change is an update of a user or a group that the plan asks for.
type change struct {
	run    *run
	addr   addr.Object
	set    map[string]any // fields that get a value
	unset  []string       // fields that the API clears by name
	clear  map[string]any // fields that only an empty value may clear
	meta   bool           // the metadata changes
	before json.RawMessage
	after  json.RawMessage
	get    func(ctx context.Context) (told, error)
	put    func(ctx context.Context, p Patch) (told, error)
}

// told is what the app says of the fields that a PUT may not change as asked.
type told struct {
	metadata json.RawMessage
	tags     []string
	role     string
}

func (c *change) read() (told, error) { return ask(c.run, standard, c.run.brake.halted, c.get) }

func (c *change) write(p Patch) (told, error) {
	c.run.wrote.Store(true)
	return ask(c.run, standard, c.run.brake.halted, func(ctx context.Context) (told, error) { return c.put(ctx, p) })
}

// apply makes the update. A PUT may replace metadata or merge it: it is read,
// the declared fields are laid over, and the whole is written and looked at.
func (c *change) apply() error {
	var whole json.RawMessage
	if c.meta {
		remote, err := c.read()
		if err != nil {
			return err
		}
		if whole = overlay(remote.metadata, c.before, c.after); string(whole) == "{}" {
			c.unset, c.meta = append(c.unset, "metadata"), false
		} else {
			c.set["metadata"] = whole
		}
	}
	if len(c.set)+len(c.unset) > 0 {
		now, err := c.write(Patch{Set: c.set, Unset: c.unset})
		if err != nil {
			return err
		}
		if c.meta {
			if err := c.verify(now, whole); err != nil {
				return err
			}
		}
	}
	return c.clearEmpty()
}

// verify sees to it that fields of the metadata that are no longer declared are
// gone.
func (c *change) verify(now told, whole json.RawMessage) (err error) {
	settled := func() bool {
		return len(lingering(now.metadata, c.before, c.after)) == 0 && covers(now.metadata, c.after)
	}
	if len(now.metadata) == 0 {
		if now, err = c.read(); err != nil {
			return err
		}
	}
	if settled() {
		return nil
	}
	if _, err := c.write(Patch{Unset: []string{"metadata"}}); err != nil {
		return err
	}
	if _, err := c.write(Patch{Set: map[string]any{"metadata": whole}}); err != nil {
		return err
	}
	if now, err = c.read(); err != nil {
		return err
	}
	if !settled() {
		c.run.warn(c.addr, fmt.Errorf("%s: the app did not take over metadata", c.addr))
	}
	return nil
}

// clearEmpty clears what only an empty value may clear. Whether it does is not
// documented: when it does not, that is told once, and not tried by every plan
// from then on.
func (c *change) clearEmpty() error {
	for _, field := range slices.Sorted(maps.Keys(c.clear)) {
		now, err := c.write(Patch{Set: map[string]any{field: c.clear[field]}})
		switch {
		case err != nil && !isRefusal(err):
			return err
		case err != nil:
			c.run.warn(c.addr, fmt.Errorf("%s: the app does not clear %s: %w", c.addr, field, err))
		case field == "tags" && len(now.tags) > 0, field == "role" && now.role != "" && now.role != "default":
			c.run.warn(c.addr, fmt.Errorf("%s: the app does not clear %s", c.addr, field))
		}
	}
	return nil
}
