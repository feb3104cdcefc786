package applier

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
)

// count adds n objects to the action's count.
func count(c *planner.ActionCounts, a planner.Action, n int) {
	switch a {
	case planner.Create:
		c.Create += n
	case planner.Update:
		c.Update += n
	case planner.Replace:
		c.Replace += n
	case planner.Delete:
		c.Delete += n
	}
}

func changes(c planner.ActionCounts) int { return c.Create + c.Update + c.Replace + c.Delete }

// total is the number of changes that counts has.
func total(c planner.Counts) int {
	return changes(c.Users) + changes(c.Groups) + changes(c.Messages)
}

// done counts a user or group that is as the plan wants it.
func (r *run) done(o addr.Object, a planner.Action) {
	r.mu.Lock()
	if o.Kind == addr.User {
		count(&r.summary.Done.Users, a, 1)
	} else {
		count(&r.summary.Done.Groups, a, 1)
	}
	r.mu.Unlock()
	r.Reporter.Report(Event{Kind: Done, Object: o, Action: a, Left: r.left()})
}

// fail records a failure and, if the options say so, ends the apply. One that
// only tells that the apply is ending is none.
func (r *run) fail(f Failure) {
	if f.Err == nil || stopping(f.Err) {
		return
	}
	if f.Hint == "" {
		f.Hint = hintFor(f.Err)
	}
	r.mu.Lock()
	r.summary.Failures = append(r.summary.Failures, f)
	r.mu.Unlock()
	r.Reporter.Report(Event{
		Kind: Failed, Object: f.Object, Message: f.Message, Action: f.Action, Source: f.Source, Err: f.Err, Hint: f.Hint,
	})
	if stop := fatal(f.Err); stop != nil {
		r.stop(stop)
	} else if r.StopOnError {
		r.stop(&StopError{Cause: FirstFailure, Err: f.Err, Hint: f.Hint})
	}
}

// warn tells of something that is no failure but worth knowing.
func (r *run) warn(o addr.Object, err error) {
	r.mu.Lock()
	r.summary.Warnings = append(r.summary.Warnings, err.Error())
	r.mu.Unlock()
	r.Reporter.Report(Event{Kind: Warned, Object: o, Err: err})
}

// forget removes from the state the address that an object had before.
func (r *run) forget(o addr.Object) error {
	if o.IsZero() {
		return nil
	}
	return r.recorded(r.journal.Delete(o))
}

// tally is what one lane adds to the summary.
type tally struct {
	done       planner.ActionCounts
	adopted    int
	inDoubt    []addr.Message
	moderation map[string]int
	blocked    []string // messages that moderation disapproved at once, the first few
	blockedAll int
	expected   []expectation
}

// maxNamed is how many objects a warning names.
const maxNamed = 5

// add takes a lane's tally into the summary.
func (r *run) add(t *tally) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.summary
	count(&s.Done.Messages, planner.Create, t.done.Create)
	count(&s.Done.Messages, planner.Update, t.done.Update)
	count(&s.Done.Messages, planner.Replace, t.done.Replace)
	count(&s.Done.Messages, planner.Delete, t.done.Delete)
	s.Adopted += t.adopted
	s.InDoubt = append(s.InDoubt, t.inDoubt...)
	for status, n := range t.moderation {
		if s.Moderation == nil {
			s.Moderation = make(map[string]int)
		}
		s.Moderation[status] += n
	}
	r.blocked.merge(t.blocked, t.blockedAll)
	r.expected = append(r.expected, t.expected...)
}

// naming counts objects and names the first of them.
type naming struct {
	named []string
	all   int
}

func (n *naming) merge(named []string, all int) {
	n.named, n.all = append(n.named, named...), n.all+all
}

func (n *naming) String() string {
	slices.Sort(n.named)
	named := n.named[:min(len(n.named), maxNamed)]
	text := strings.Join(named, ", ")
	if n.all > len(named) {
		text += fmt.Sprintf(" and %d more", n.all-len(named))
	}
	return text
}

// finish completes the summary.
func (r *run) finish() *Summary {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.summary
	if r.blocked.all > 0 {
		s.Warnings = append(s.Warnings, "moderation disapproved "+r.blocked.String())
	}
	slices.SortFunc(s.Failures, func(a, b Failure) int {
		return cmp.Or(a.place().Compare(b.place()), cmp.Compare(a.Message.Key, b.Message.Key), cmp.Compare(a.Action, b.Action))
	})
	slices.SortFunc(s.InDoubt, compareMessages)
	slices.SortFunc(s.Unmet, func(a, b Unmet) int { return compareMessages(a.Message, b.Message) })
	slices.SortFunc(s.Undecided, func(a, b Unmet) int { return compareMessages(a.Message, b.Message) })
	slices.Sort(s.Warnings)
	s.Warnings = slices.Compact(s.Warnings)
	unfinished := make(map[any]bool)
	for _, f := range s.Failures {
		switch {
		case !f.Message.IsZero():
			unfinished[f.Message] = true
		case f.Object.Kind != addr.Conversation:
			unfinished[f.Object] = true
		}
	}
	for _, m := range s.InDoubt {
		unfinished[m] = true
	}
	s.NotAttempted = max(0, total(r.plan.Counts)-total(s.Done)-len(unfinished))
	s.Requests = int(r.requests.Load())
	return s
}

func compareMessages(a, b addr.Message) int {
	return cmp.Or(a.Conversation.Compare(b.Conversation), cmp.Compare(a.Key, b.Key))
}

// place is the object that a failure is sorted by.
func (f *Failure) place() addr.Object {
	if f.Message.IsZero() {
		return f.Object
	}
	return f.Message.Conversation
}
