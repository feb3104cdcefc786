package view

import (
	"fmt"
	"slices"

	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// Shard is a part of a plan that is shown with it.
type Shard struct {
	Plan *planner.Plan
	File string // where it is saved, or ""
}

// shardPartJSON says which part of a plan a document is about.
type shardPartJSON struct {
	Number int    `json:"number"`
	Of     int    `json:"of"`
	Whole  string `json:"whole"` // digest of the plan
}

type shardJSON struct {
	Number        int              `json:"number"`
	File          string           `json:"file,omitempty"`
	Digest        string           `json:"digest"`
	Conversations int              `json:"conversations"`
	Counts        planner.Counts   `json:"counts"`
	Forecast      planner.Forecast `json:"forecast"`
}

func shardsJSON(shards []Shard) []shardJSON {
	list := make([]shardJSON, len(shards))
	for i, s := range shards {
		list[i] = shardJSON{
			Number: s.Plan.Shard.Number, File: s.File, Digest: s.Plan.Digest,
			Conversations: len(s.Plan.Lanes), Counts: s.Plan.Counts, Forecast: s.Plan.Forecast,
		}
	}
	return list
}

// maxShards is how many shards are listed one by one where nobody asks for all.
const maxShards = 20

// shardList says what each shard does, and how long they take together.
func (t *planText) shardList() {
	if len(t.shards) == 0 {
		return
	}
	t.section("shards")
	shown := t.shards
	if !t.full && len(shown) > maxShards+1 {
		shown = shown[:maxShards+1]
	}
	digits := len(fmt.Sprint(len(t.shards) - 1))
	for _, s := range shown {
		line := spans{say(plain, fmt.Sprintf("  %*d  ", digits, s.Plan.Shard.Number))}
		t.p.hang(line, foreign(plain, shardSentence(s)))
	}
	if n := len(t.shards) - len(shown); n > 0 {
		t.p.hang(spans{say(plain, "  … ")}, spans{say(faint, count(n, "more shard"))})
	}
	t.p.hang(nil, spans{say(plain, together(t.plan, t.shards))})
}

// shardSentence says what one shard does.
func shardSentence(s Shard) string {
	text := "nothing to do"
	if !s.Plan.Empty() {
		text = countsSentence(s.Plan)
		if n := len(s.Plan.Lanes); n > 0 {
			text += " in " + count(n, "chat")
		}
		text += ", about " + about(s.Plan.Forecast.Seconds)
	}
	if s.File != "" {
		text += " → " + s.File
	}
	return text
}

// together says how long the shards take, and what holds them up: more workers
// do not move the limits of the app.
func together(p *planner.Plan, shards []Shard) string {
	longest := 0.0
	for _, s := range shards[1:] {
		longest = max(longest, s.Plan.Forecast.Seconds)
	}
	text := fmt.Sprintf("Together about %s: the first one, then the others side by side. One machine would take about %s by the app's limits, ",
		about(shards[0].Plan.Forecast.Seconds+longest), about(p.Forecast.Seconds))
	switch p.Forecast.Bound() {
	case planner.BySender:
		return text + fmt.Sprintf("of which the one on what %s sends holds things up. Workers share it: more of them do not raise it.", p.Forecast.SlowestSender)
	case planner.ByLane:
		return text + "held up by the longest chat, which is sent in order: more workers do not shorten it."
	}
	return text + "which all workers share: they help where one machine cannot keep up with the limits, and do not raise them."
}

// mergeFormat names the form of the outcome of a merge as JSON; see planFormat.
const mergeFormat = "sow.merge/1"

// Merge is the outcome of a merge of shards.
type Merge struct {
	Location string // of the state
	Given    int    // shards
	News     int    // of these, that had something the state did not have
	Merged   *state.Merged
	Next     string // command that shows what is left
}

// missing are the numbers of the shards that were not merged yet.
func (m *Merge) missing() []int {
	missing := []int{}
	for n := 0; n <= m.Merged.Of; n++ {
		if !slices.ContainsFunc(m.Merged.Shards, func(s state.MergedShard) bool { return s.Number == n }) {
			missing = append(missing, n)
		}
	}
	return missing
}

// Merge shows what came of a merge.
func (v *View) Merge(m Merge) error {
	missing := m.missing()
	if v.o.Format == JSON {
		return v.document(func(d *document) error {
			d.begin()
			d.member("format", mergeFormat)
			d.member("state", m.Location)
			d.member("plan", m.Merged.Plan)
			d.member("given", m.Given)
			d.member("news", m.News)
			d.member("missing", missing)
			d.end()
			return nil
		})
	}
	return v.result(func(p *printer) {
		what := fmt.Sprintf("%s taken into %s.", count(m.News, "shard"), m.Location)
		if m.News == 0 {
			what = fmt.Sprintf("Nothing new: %s has all of %s.", m.Location, count(m.Given, "shard"))
		} else if old := m.Given - m.News; old > 0 {
			what += fmt.Sprintf(" %s had nothing new.", count(old, "other"))
		}
		p.hang(spans{say(added, "Merged: ")}, foreign(plain, what))
		if len(missing) > 0 {
			p.hang(nil, spans{say(plain, missingSentence(missing, m.Merged.Of))})
		}
		p.prose("What is left to do is shown by:\n  "+m.Next, 0)
	})
}

// maxMissing is how many missing shards are named.
const maxMissing = 10

func missingSentence(missing []int, of int) string {
	text := ""
	for i, n := range missing[:min(len(missing), maxMissing)] {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprint(n)
	}
	if n := len(missing) - maxMissing; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return fmt.Sprintf("Not merged yet, of the shards 0 to %d: %s.", of, text)
}
