package view

import (
	"fmt"
	"strings"

	"github.com/sowdev/sow/planner"
)

// PlanOptions say how a plan is shown.
type PlanOptions struct {
	Full bool // cut nothing (--full)
	// Next is said below a plan with changes: what to do now, usually a command
	// on a line of its own that begins with two blanks. "" says nothing.
	Next string
	// Shards are the parts that the plan is cut into, the first one first.
	Shards []Shard
}

// How much of what is only added is shown where nobody asks for all. Updates,
// replacements, deletes and messages in doubt are never cut.
const (
	firstAdded    = 20 // messages at the beginning of a chat
	lastAdded     = 5  // and at its end
	maxAddedChats = 30 // chats in which messages are only added
	maxAddedUsers = 30 // users and groups
)

// Plan shows a plan: as text or a document on Out, or as events. It reads each
// lane at most twice and holds one message at a time.
func (v *View) Plan(p *planner.Plan, o PlanOptions) error {
	if err := v.stream.plan(p); err != nil {
		return err
	}
	switch v.o.Format {
	case JSON:
		return v.document(func(d *document) error { return d.plan(p, o.Shards) })
	case Stream:
		return nil
	}
	return v.resultOf(func(pr *printer) error {
		t := &planText{p: pr, plan: p, full: o.Full, shards: o.Shards}
		return t.print(o.Next)
	})
}

// planText prints one plan as text.
type planText struct {
	p    *printer
	plan *planner.Plan
	full bool
	// shards are shown below the chats.
	shards []Shard
	// leftSymbols puts the symbols into the first column, where the colouring
	// of a diff wants them.
	leftSymbols bool
	// title takes the heading of a chat and who talks in it, instead of the
	// line that they would be.
	title func(title, who spans)

	deletesTold int
	whyDeleted  string // the reason that was told last
}

func (t *planText) print(next string) error {
	if t.plan.Empty() {
		if t.plan.Found != nil {
			t.p.prose(sentenceCase(foundSentence(t.plan.Found))+".", 0)
			if err := t.found(); err != nil {
				return err
			}
			if t.plan.Found.Total() > 0 {
				t.p.blank()
			}
		}
		t.p.prose(nothingToDo(t.plan), 0)
		return nil
	}
	t.heading()
	if err := t.found(); err != nil {
		return err
	}
	if err := t.deletesList(); err != nil {
		return err
	}
	t.peopleList()
	if err := t.chats(); err != nil {
		return err
	}
	t.shardList()
	t.p.blank()
	t.p.line(say(faint, "digest  "+t.plan.Digest))
	if next != "" {
		t.p.prose(next, 0)
	}
	return nil
}

// nothingToDo is all there is to say of an empty plan.
func nothingToDo(p *planner.Plan) string {
	if p.Shard != nil {
		return fmt.Sprintf("Nothing to do: nothing is left of shard %d of %d of %s in %s.", p.Shard.Number, p.Shard.Of, p.Dataset, appName(p))
	}
	if p.Destroy {
		return fmt.Sprintf("Nothing to do: nothing of %s is left in %s.", p.Dataset, appName(p))
	}
	return fmt.Sprintf("Nothing to do: %s in %s is as declared.", p.Dataset, appName(p))
}

// appName says where a plan goes.
func appName(p *planner.Plan) string {
	switch {
	case p.AppID == "":
		return "an app not chosen yet"
	case p.Region == "":
		return "app " + p.AppID
	}
	return fmt.Sprintf("app %s (%s)", p.AppID, p.Region)
}

// digestShown is how much of a digest stands in a heading.
const digestShown = len("sha256:") + 8

func (t *planText) heading() {
	what := "sow  "
	if t.plan.Destroy {
		what = "sow destroy  "
	}
	line := spans{say(strong, what)}
	line = append(line, foreign(strong, t.plan.Dataset)...)
	line = append(line, foreign(plain, " → "+appName(t.plan))...)
	if s := t.plan.Shard; s != nil {
		line = append(line, say(plain, fmt.Sprintf("  shard %d of %d", s.Number, s.Of)))
	}
	if len(t.plan.Digest) > digestShown {
		digest := t.plan.Digest[:digestShown] + "…"
		if gap := t.p.width - line.width() - textWidth(digest); gap >= columnGap {
			line = append(line, pad(gap), say(faint, digest))
		}
	}
	t.p.line(line...)
	if t.plan.Found != nil {
		t.p.hang(nil, foreign(plain, foundSentence(t.plan.Found)))
	}
	t.p.hang(nil, spans{say(plain, countsSentence(t.plan))})
	if sentence := forecastSentence(t.plan.Forecast); sentence != "" {
		t.p.hang(nil, foreign(plain, sentence))
	}
}

// countsSentence says how much a plan does: "2 users, 1 group, 3 messages to
// add · 1 message to change · 1 message to delete".
func countsSentence(p *planner.Plan) string {
	users, groups := forgotten(p)
	counts := p.Counts
	counts.Users.Delete -= users
	counts.Groups.Delete -= groups
	sentence := tally(counts, map[planner.Action]string{
		planner.Create: "to add", planner.Update: "to change", planner.Replace: "to replace", planner.Delete: "to delete",
	})
	left := tally(planner.Counts{Users: planner.ActionCounts{Delete: users}, Groups: planner.ActionCounts{Delete: groups}},
		map[planner.Action]string{planner.Delete: "to forget"})
	switch {
	case sentence == "" && left == "":
		return "nothing to send; only the state changes"
	case sentence == "" || left == "":
		return sentence + left
	}
	return sentence + " · " + left
}

// forgotten counts the users and groups that leave the state and stay in the
// app.
func forgotten(p *planner.Plan) (users, groups int) {
	for i := range p.Users {
		if c := &p.Users[i]; c.Action == planner.Delete && c.Forget {
			users++
		}
	}
	for i := range p.Groups {
		if c := &p.Groups[i]; c.Action == planner.Delete && c.Forget {
			groups++
		}
	}
	return users, groups
}

// tally counts objects by what is done with them.
func tally(c planner.Counts, verbs map[planner.Action]string) string {
	var parts []string
	for _, action := range []planner.Action{planner.Create, planner.Update, planner.Replace, planner.Delete} {
		var things []string
		for _, kind := range []struct {
			name   string
			counts planner.ActionCounts
		}{{"user", c.Users}, {"group", c.Groups}, {"message", c.Messages}} {
			if n := countOf(kind.counts, action); n > 0 {
				things = append(things, count(n, kind.name))
			}
		}
		if len(things) > 0 {
			parts = append(parts, strings.Join(things, ", ")+" "+verbs[action])
		}
	}
	return strings.Join(parts, " · ")
}

func countOf(c planner.ActionCounts, a planner.Action) int {
	switch a {
	case planner.Create:
		return c.Create
	case planner.Update:
		return c.Update
	case planner.Replace:
		return c.Replace
	case planner.Delete:
		return c.Delete
	}
	return c.NoOp
}

// forecastSentence says what an apply will take: the time, the requests that
// count against each of the app's limits, and the sender who takes longest.
func forecastSentence(f planner.Forecast) string {
	if f.Requests == 0 {
		return ""
	}
	s := fmt.Sprintf("about %s: %s", about(f.Seconds), count(f.Requests, "request"))
	if f.CoreRequests == 0 {
		s += atMost(",", f.PerMinute)
	} else {
		s += fmt.Sprintf(": %s%s, and %s%s", number(f.Requests-f.CoreRequests), atMost("", f.PerMinute),
			count(f.CoreRequests, "core operation"), atMost("", f.CorePerMinute))
	}
	if f.SlowestSender == "" {
		return s
	}
	s += fmt.Sprintf("; slowest sender: %s, %s%s", f.SlowestSender, count(f.SlowestCount, "message"), atMost(",", f.SenderPerMinute))
	if f.SecondsIfLimited > 0 {
		s += fmt.Sprintf(" (about %s, should the app take only %d a minute of each sender)", about(f.SecondsIfLimited), planner.SenderPerMinute)
	}
	return s
}

// atMost says what a limit is, where there is one.
func atMost(comma string, perMinute int) string {
	if perMinute <= 0 {
		return ""
	}
	return fmt.Sprintf(comma+" at most %s a minute", number(perMinute))
}

// section prints the heading of a part of the plan.
func (t *planText) section(title string) {
	if t.leftSymbols {
		return // the page has headings of its own
	}
	t.p.blank()
	t.p.line(say(strong, title))
}

func (t *planText) symbol(a planner.Action) spans {
	return symbolColumn(a.Symbol(), t.leftSymbols)
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
