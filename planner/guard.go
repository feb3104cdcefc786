package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sowdev/sow/config/addr"
)

// Deletes reports whether the plan removes anything from the app, be it to
// put something else in its place. What only leaves the state does not count.
func (p *Plan) Deletes() bool { return p.removals() > 0 }

// removals counts the objects that the plan deletes or replaces in the app.
func (p *Plan) removals() int {
	c := &p.Counts
	n := c.Users.Delete + c.Users.Replace + c.Groups.Delete + c.Groups.Replace + c.Messages.Delete + c.Messages.Replace
	for i := range p.Users {
		if p.Users[i].Forget {
			n--
		}
	}
	for i := range p.Groups {
		if p.Groups[i].Forget {
			n--
		}
	}
	return n
}

// GuardShare is the share of a dataset, in percent, that a plan may delete or
// replace without being asked twice.
const GuardShare = 30

// guardSize is the size from which on a dataset is guarded.
const guardSize = 10

// GuardError says that a plan removes so much of a dataset that it may be a
// mistake.
type GuardError struct {
	Removed int // objects that are deleted or replaced
	Seeded  int // objects that the state has
}

func (e *GuardError) Error() string {
	return fmt.Sprintf("the plan deletes or replaces %d of %d objects, more than %d %%: if that is meant, use --force", e.Removed, e.Seeded, GuardShare)
}

// Guard returns a [*GuardError] when the plan deletes or replaces more than 30 %
// of a dataset of ten objects or more. A plan to destroy the dataset says so by
// itself, and is not guarded. Of a shard, the whole plan counts.
func (p *Plan) Guard() error {
	removed, seeded := p.removals(), p.seeded()
	if p.Shard != nil {
		removed, seeded = p.Shard.Removed, p.Shard.Seeded
	}
	if p.Destroy || seeded < guardSize || removed*100 <= seeded*GuardShare {
		return nil
	}
	return &GuardError{Removed: removed, Seeded: seeded}
}

// seeded counts the objects that the state has.
func (p *Plan) seeded() (n int) {
	for _, c := range []ActionCounts{p.Counts.Users, p.Counts.Groups, p.Counts.Messages} {
		n += c.Update + c.Replace + c.Delete + c.NoOp
	}
	return n
}

// DigestError says that a plan is not the one that was expected.
type DigestError struct {
	Want, Got string
	Counts    Counts // of the plan that was got
}

func (e *DigestError) Error() string {
	return fmt.Sprintf("the plan is not the expected one: its digest is %s, not %s; it has %s", e.Got, e.Want, e.Counts)
}

// Expect returns a [*DigestError] unless the plan has that digest, or is a shard
// of the plan that has it. The digest is compared whole, with or without
// "sha256:" before it.
func (p *Plan) Expect(digest string) error {
	want := strings.ToLower(strings.TrimSpace(digest))
	if !strings.HasPrefix(want, "sha256:") {
		want = "sha256:" + want
	}
	if want == p.Digest || p.Shard != nil && want == p.Shard.Whole {
		return nil
	}
	return &DigestError{Want: digest, Got: p.Digest, Counts: p.Counts}
}

// Difference is how one plan differs from another.
type Difference struct {
	Old, New             string // digests
	OldCounts, NewCounts Counts
	// Objects are the users, the groups, and the conversations of the lanes to
	// which something else happens, sorted by address.
	Objects []addr.Object
}

// Diff compares two plans, or returns nil when they do the same.
func Diff(old, new *Plan) *Difference {
	if old.Digest == new.Digest {
		return nil
	}
	d := &Difference{Old: old.Digest, New: new.Digest, OldCounts: old.Counts, NewCounts: new.Counts}
	before, after := old.sums(), new.sums()
	for o, sum := range before {
		if after[o] != sum {
			d.Objects = append(d.Objects, o)
		}
	}
	for o := range after {
		if _, ok := before[o]; !ok {
			d.Objects = append(d.Objects, o)
		}
	}
	slices.SortFunc(d.Objects, addr.Object.Compare)
	return d
}

// sums returns, for each object that changes, a digest of what happens to it.
func (p *Plan) sums() map[addr.Object]string {
	sums := make(map[addr.Object]string)
	for i := range p.Users {
		d := newDigester()
		d.user(&p.Users[i])
		sums[p.Users[i].Addr] = d.sum()
	}
	for i := range p.Groups {
		d := newDigester()
		d.group(&p.Groups[i])
		sums[p.Groups[i].Addr] = d.sum()
	}
	for i := range p.Lanes {
		for c := range p.Lanes[i].Changes {
			sums[p.Lanes[i].Changes[c].Addr] = p.Lanes[i].Digest
		}
	}
	return sums
}

// String says in words what changes: "2 users, 1 group, 3 messages to add; 1
// message to change".
func (c Counts) String() string {
	var parts []string
	for _, kind := range []struct {
		words string
		count func(ActionCounts) int
	}{
		{"to add", func(a ActionCounts) int { return a.Create }},
		{"to change", func(a ActionCounts) int { return a.Update }},
		{"to replace", func(a ActionCounts) int { return a.Replace }},
		{"to delete", func(a ActionCounts) int { return a.Delete }},
	} {
		var objects []string
		add := func(n int, word string) {
			if n == 1 {
				objects = append(objects, "1 "+word)
			} else if n > 1 {
				objects = append(objects, fmt.Sprintf("%d %ss", n, word))
			}
		}
		add(kind.count(c.Users), "user")
		add(kind.count(c.Groups), "group")
		add(kind.count(c.Messages), "message")
		if len(objects) > 0 {
			parts = append(parts, strings.Join(objects, ", ")+" "+kind.words)
		}
	}
	if len(parts) == 0 {
		return "nothing to change"
	}
	return strings.Join(parts, "; ")
}
