package planner

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"pgregory.net/rapid"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
)

// dataset is a configuration that can be changed at random. Its messages are
// apart from their conversations, so that those can be copied.
type dataset struct {
	anchor   *int64
	users    []*config.User
	groups   []*config.Group
	talks    []*config.Conversation
	messages map[addr.Object][]*config.Message
	labels   int
	// Of long conversations; see usualWindow and usualGap.
	window, gap int
}

var (
	times = []string{"-3d 09:00", "-3d 09:00:30", "-3d 09:01", "-2d 10:00", "-5d 23:59:58", "-30h", "2026-06-20T09:00:00Z", "2026-06-20T09:00:45Z"}
	texts = []string{"ok", "yes", "no", "hello there", "how are you?", "fine, thanks", ""}
)

func drawDataset(t *rapid.T) *dataset {
	d := &dataset{messages: map[addr.Object][]*config.Message{}}
	if rapid.Bool().Draw(t, "anchored") {
		a := int64(now - 7200)
		d.anchor = &a
	}
	for _, name := range []string{"ana", "bob", "cat"} {
		d.users = append(d.users, &config.User{Addr: addr.Object{Kind: addr.User, Name: name}, UID: name, Name: strings.ToUpper(name)})
	}
	for _, name := range []string{"g", "h"} {
		g := &config.Group{Addr: addr.Object{Kind: addr.Group, Name: name}, GUID: name, Name: name, Type: "public"}
		if rapid.Bool().Draw(t, "owned") {
			g.Owner = d.person(t)
		}
		d.groups = append(d.groups, g)
	}
	for range rapid.IntRange(1, 4).Draw(t, "conversations") {
		d.addTalk(t)
	}
	return d
}

func (d *dataset) person(t *rapid.T) *config.User {
	return rapid.SampledFrom(d.users).Draw(t, "person")
}

func drawTime(t *rapid.T, name string) *Time {
	s, err := config.ParseTime(rapid.SampledFrom(times).Draw(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return &s
}

func drawGap(t *rapid.T, name string) *int64 {
	s := rapid.Int64Range(1, 90).Draw(t, name)
	return &s
}

func (d *dataset) addTalk(t *rapid.T) {
	name := fmt.Sprintf("c%d", rapid.IntRange(0, 9).Draw(t, "name"))
	o := addr.Object{Kind: addr.Conversation, Name: name}
	if _, taken := d.messages[o]; taken {
		return
	}
	c := &config.Conversation{Addr: o}
	d.setChat(t, c)
	if rapid.Bool().Draw(t, "starts?") {
		c.Starts = drawTime(t, "starts")
	}
	if rapid.Bool().Draw(t, "pace?") {
		c.Pace = drawGap(t, "pace")
	}
	c.Lifecycle.StrictOrder = rapid.IntRange(0, 4).Draw(t, "strict") == 0
	d.talks = append(d.talks, c)
	d.messages[o] = nil
	for range rapid.IntRange(0, 8).Draw(t, "messages") {
		d.messages[o] = append(d.messages[o], d.drawMessage(t, c))
	}
}

func (d *dataset) setChat(t *rapid.T, c *config.Conversation) {
	c.Group, c.Between = nil, [2]*config.User{}
	if rapid.Bool().Draw(t, "group") {
		c.Group = rapid.SampledFrom(d.groups).Draw(t, "which")
		return
	}
	i := rapid.IntRange(0, len(d.users)-1).Draw(t, "without")
	pair := slices.Delete(slices.Clone(d.users), i, i+1)
	c.Between = [2]*config.User{pair[0], pair[1]}
}

func (d *dataset) speaker(t *rapid.T, c *config.Conversation) *config.User {
	if c.Group != nil {
		return d.person(t)
	}
	return c.Between[rapid.IntRange(0, 1).Draw(t, "side")]
}

func (d *dataset) drawMessage(t *rapid.T, c *config.Conversation) *config.Message {
	m := &config.Message{From: d.speaker(t, c), Type: "text", Text: rapid.SampledFrom(texts).Draw(t, "text")}
	switch rapid.IntRange(0, 9).Draw(t, "time") {
	case 0, 1:
		m.At = drawTime(t, "at")
	case 2, 3:
		m.After = drawGap(t, "after")
	}
	switch rapid.IntRange(0, 9).Draw(t, "extra") {
	case 0, 1, 2:
		m.Label = d.label()
	case 3:
		m.Sensitive = []string{"text"}
	case 4:
		m.Tags = []string{"vip"}
	case 5:
		m.Lifecycle.ReplaceOnEdit = true
	case 6:
		m.Expect = "approved"
	}
	return m
}

func (d *dataset) label() string {
	d.labels++
	return fmt.Sprintf("m%d", d.labels)
}

// config returns the dataset as a configuration that does not change with it.
func (d *dataset) config() *config.Config {
	cfg := &config.Config{Dataset: "test", Anchor: d.anchor}
	users, groups := map[*config.User]*config.User{}, map[*config.Group]*config.Group{}
	for _, u := range d.users {
		c := *u
		users[u] = &c
		cfg.Users = append(cfg.Users, &c)
	}
	for _, g := range d.groups {
		c := *g
		c.Owner = users[g.Owner]
		groups[g] = &c
		cfg.Groups = append(cfg.Groups, &c)
	}
	for _, talk := range d.talks {
		c := *talk
		if c.Group != nil {
			c.Group = groups[c.Group]
		} else {
			c.Between = [2]*config.User{users[c.Between[0]], users[c.Between[1]]}
		}
		var messages []*config.Message
		for _, m := range d.messages[talk.Addr] {
			m := *m
			m.From = users[m.From]
			messages = append(messages, &m)
		}
		c.Read = func(yield func(*config.Message) bool) hcl.Diagnostics {
			for _, m := range messages {
				if !yield(m) {
					break
				}
			}
			return nil
		}
		cfg.Conversations = append(cfg.Conversations, &c)
	}
	sortDeclared(cfg)
	return cfg
}

// mutate changes the dataset somewhere.
func (d *dataset) mutate(t *rapid.T) {
	kind := rapid.IntRange(0, 13).Draw(t, "mutation")
	if kind == 0 || len(d.talks) == 0 {
		d.addTalk(t)
		return
	}
	i := rapid.IntRange(0, len(d.talks)-1).Draw(t, "conversation")
	c := d.talks[i]
	list := d.messages[c.Addr]
	at := 0
	if len(list) > 0 {
		at = rapid.IntRange(0, len(list)-1).Draw(t, "message")
	}
	switch {
	case kind == 1:
		d.talks = slices.Delete(d.talks, i, i+1)
		delete(d.messages, c.Addr)
	case kind == 2:
		d.setChat(t, c)
		for _, m := range list {
			m.From = d.speaker(t, c)
		}
	case kind == 3:
		c.Starts = drawTime(t, "starts")
	case kind == 4:
		c.Pace = drawGap(t, "pace")
	case kind == 5:
		c.Lifecycle.StrictOrder = !c.Lifecycle.StrictOrder
	case kind == 6:
		d.person(t).Name += "x"
	case kind == 7 && d.anchor != nil:
		a := *d.anchor + 60
		d.anchor = &a
	case kind == 8 || len(list) == 0:
		d.messages[c.Addr] = slices.Insert(list, at, d.drawMessage(t, c))
	case kind == 9:
		d.messages[c.Addr] = slices.Delete(list, at, at+1)
	case kind == 10:
		list[at].Text += "!"
	case kind == 11:
		to := rapid.IntRange(0, len(list)-1).Draw(t, "to")
		list[at], list[to] = list[to], list[at]
	case kind == 12:
		label := list[at].Label
		if list[at].Label = ""; label == "" {
			list[at].Label = d.label()
		}
	default:
		fresh := d.drawMessage(t, c)
		list[at].At, list[at].After = fresh.At, fresh.After
	}
}

// plan plans the dataset, and holds what every plan promises.
func (d *dataset) plan(t *rapid.T, prior *model, at int64) *Plan {
	cfg := d.config()
	p, diags, err := Build(cfg, prior, Options{Now: at, Workers: 1, window: d.window, gap: d.gap})
	if err != nil {
		t.Fatal(err)
	}
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	text := renderRapid(t, p)
	for _, workers := range []int{2, 7} {
		other, _, err := Build(cfg, prior, Options{Now: at, Workers: workers, window: d.window, gap: d.gap})
		if err != nil {
			t.Fatal(err)
		}
		if other.Digest != p.Digest {
			t.Fatalf("the digest depends on the number of workers")
		}
		if diff := cmp.Diff(text, renderRapid(t, other)); diff != "" {
			t.Fatalf("the plan depends on the number of workers:\n%s", diff)
		}
	}
	checkCarriers(t, p)
	checkCounts(t, p)
	return p
}

// renderRapid is render in a property.
func renderRapid(t *rapid.T, p *Plan) string {
	var b strings.Builder
	for i := range p.Lanes {
		for m, err := range p.Lane(i) {
			if err != nil {
				t.Fatal(err)
			}
			renderMessage(&b, m, true)
		}
	}
	return b.String()
}

// checkCarriers: whatever is missing has one carrier or a request of its own; a
// carrier sends; nobody waits for a later lane; an owner is there before her
// group.
func checkCarriers(t *rapid.T, p *Plan) {
	type place struct{ lane, message int }
	created := map[addr.Object]place{}
	for i := range p.Lanes {
		n := 0
		for m, err := range p.Lane(i) {
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range m.Carries {
				if _, twice := created[o]; twice {
					t.Fatalf("%s is carried twice", o)
				}
				if m.Action != Create && m.Action != Replace {
					t.Fatalf("%s, which is not sent, carries %s", m.Addr, o)
				}
				created[o] = place{i, n}
			}
			n++
		}
	}
	before := map[string]place{}
	for i := range p.Users {
		c := &p.Users[i]
		at, carried := created[c.Addr]
		if carried != (c.Carrier != nil) {
			t.Fatalf("%s: carrier %v, carried %v", c.Addr, c.Carrier, carried)
		}
		if !carried {
			at = place{-1, 0}
		}
		if c.Action == Create || c.Action == Replace {
			before[c.After.UID] = at
		}
	}
	for i := range p.Groups {
		c := &p.Groups[i]
		at, carried := created[c.Addr]
		if carried != (c.Carrier != nil) {
			t.Fatalf("%s: carrier %v, carried %v", c.Addr, c.Carrier, carried)
		}
		if !carried {
			at = place{-1, 0}
		}
		if c.Action != Create && c.Action != Replace {
			continue
		}
		if owner, missing := before[c.After.Owner]; missing && owner.lane >= max(at.lane, 0) {
			t.Fatalf("%s is created in lane %d, its owner in lane %d", c.Addr, at.lane, owner.lane)
		}
		before["group "+c.After.GUID] = at
	}
	for i := range p.Lanes {
		n := 0
		for m, err := range p.Lane(i) {
			if err != nil {
				t.Fatal(err)
			}
			if m.Action == Create || m.Action == Replace {
				uses := append([]string{m.After.Sender, "group " + p.Lanes[i].Group}, p.Lanes[i].Between...)
				for _, o := range uses {
					if at, missing := before[o]; missing && (at.lane > i || at.lane == i && at.message > n) {
						t.Fatalf("%s uses %s before it is created", m.Addr, o)
					}
				}
			}
			n++
		}
	}
}

// checkCounts: the counts are those of the lanes, and the skipped messages are
// the unchanged ones that are not shown.
func checkCounts(t *rapid.T, p *Plan) {
	var all ActionCounts
	for i, lane := range p.Lanes {
		var seen ActionCounts
		skipped, byConversation := lane.Trailing, 0
		for m, err := range p.Lane(i) {
			if err != nil {
				t.Fatal(err)
			}
			skipped += m.Skipped
			if m.Action == Delete && m.StateOnly {
				seen.Update++
			} else {
				seen.add(m.Action)
			}
		}
		for _, c := range lane.Changes {
			byConversation += c.Skipped
		}
		seen.NoOp += skipped
		if diff := cmp.Diff(seen, lane.Counts.Messages); diff != "" || byConversation != skipped {
			t.Fatalf("lane %s: skipped %d, by conversation %d; counts (-seen +told):\n%s", lane.Chat, skipped, byConversation, diff)
		}
		all.merge(ActionCounts{seen.Create, seen.Update, seen.Replace, seen.Delete, 0})
	}
	told := p.Counts.Messages
	told.NoOp = 0
	if diff := cmp.Diff(all, told); diff != "" {
		t.Fatalf("counts (-seen +told):\n%s", diff)
	}
}

// TestApplyThenPlanIsEmpty walks random datasets through random changes.
func TestApplyThenPlanIsEmpty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) { applyThenPlan(rt, t, drawDataset(rt)) })
}

// TestLongApplyThenPlanIsEmpty does the same with conversations of which only a
// few messages are held.
func TestLongApplyThenPlanIsEmpty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := drawDataset(rt)
		d.window = rapid.IntRange(1, 4).Draw(rt, "window")
		d.gap = rapid.IntRange(d.window, 12).Draw(rt, "gap")
		applyThenPlan(rt, t, d)
	})
}

func applyThenPlan(rt *rapid.T, t *testing.T, d *dataset) {
	seeded, at := newModel(), int64(now)
	for range rapid.IntRange(1, 5).Draw(rt, "rounds") {
		p := d.plan(rt, seeded, at)
		after := seeded.applied(t, p, at)
		checkKept(rt, seeded, after)
		checkTimes(rt, after)
		at += 600
		if again := d.plan(rt, after, at); !again.Empty() {
			rt.Fatalf("more to do:\n%s\nafter:\n%s", renderRapid(rt, again), renderRapid(rt, p))
		}
		seeded = after
		for range rapid.IntRange(1, 3).Draw(rt, "changes") {
			d.mutate(rt)
		}
	}
}

// checkKept: a message that is not sent again has the time it had.
func checkKept(t *rapid.T, before, after *model) {
	sent := map[string]int64{}
	for _, list := range before.messages {
		for _, m := range list {
			sent[m.MUID] = m.SentAt
		}
	}
	ids := map[string]bool{}
	for o, list := range after.messages {
		for _, m := range list {
			if at, ok := sent[m.MUID]; ok && at != m.SentAt {
				t.Fatalf("%s moved without being sent again", o.Message(m.Key))
			}
			if ids[m.MUID] {
				t.Fatalf("the muid of %s is used twice", o.Message(m.Key))
			}
			ids[m.MUID] = true
		}
	}
}

// TestInterruptedApply: whatever part of a plan was done, planning again leads
// to the same end.
func TestInterruptedApply(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := drawDataset(rt)
		seeded, at := newModel(), int64(now)
		p := d.plan(rt, seeded, at)
		seeded = seeded.applied(t, p, at)
		for range rapid.IntRange(1, 4).Draw(rt, "changes") {
			d.mutate(rt)
		}
		p = d.plan(rt, seeded, at+600)
		seeded = seeded.partly(rt, p, at+600)
		p = d.plan(rt, seeded, at+1200)
		seeded = seeded.applied(t, p, at+1200)
		checkTimes(rt, seeded)
		if again := d.plan(rt, seeded, at+1800); !again.Empty() {
			rt.Fatalf("more to do:\n%s", renderRapid(rt, again))
		}
	})
}

// partly returns the state after an apply of the plan that was cut off, in each
// lane somewhere else. It does things in the order that the plan demands.
func (m *model) partly(t *rapid.T, p *Plan, now int64) *model {
	if err := p.Pin(now); err != nil {
		t.Fatal(err)
	}
	s := m.clone()
	s.exists = true
	s.header.Generation = p.NextGeneration()
	if !p.Reanchored {
		s.header.Anchor = p.Anchor
	}
	for i := range p.Users {
		if rapid.Bool().Draw(t, "user done") {
			s.applyUser(&p.Users[i])
		}
	}
	for i := range p.Lanes {
		var todo []*MessageChange
		for c, err := range p.Lane(i) {
			if err != nil {
				t.Fatal(err)
			}
			if c.Action != NoOp {
				todo = append(todo, c)
			}
		}
		moved := map[addr.Object]bool{}
		for _, c := range p.Lanes[i].Changes {
			switch c.Action {
			case Create:
				s.conversations[c.Addr] = c.After
				s.messages[c.Addr] = map[string]*state.Message{}
			case Replace:
				moved[c.Addr] = true
			}
		}
		done := rapid.IntRange(0, len(todo)).Draw(t, "done")
		doubt := false // nothing is sent in a lane after a message in doubt
		for _, c := range todo[:done] {
			switch {
			case doubt:
			case moved[c.Addr.Conversation]:
				// The old messages go first, then the record, then the new ones.
				delete(s.messages[c.Addr.Conversation], c.Addr.Key)
			case c.Action == Replace && rapid.Bool().Draw(t, "deleted only"):
				delete(s.messages[c.Addr.Conversation], c.Addr.Key)
			case (c.Action == Replace || c.Action == Delete) && !c.StateOnly && c.From == "" && !c.Before.InDoubt && rapid.IntRange(0, 3).Draw(t, "going") == 0:
				going := *c.Before
				going.InDoubt = true
				s.messages[c.Addr.Conversation][c.Addr.Key] = &going
			case c.From != "" && rapid.Bool().Draw(t, "renamed halfway"):
				s.messages[c.Addr.Conversation][c.Addr.Key] = SealMessage(c.After, c.Sensitive, s.header.HashKey)
			case c.Action != Update && c.After != nil && rapid.IntRange(0, 3).Draw(t, "in doubt") == 0:
				s.applyMessage(t, c)
				doubtful := *s.messages[c.Addr.Conversation][c.Addr.Key]
				doubtful.InDoubt, doubtful.ID, doubt = true, "", true
				s.messages[c.Addr.Conversation][c.Addr.Key] = &doubtful
			default:
				s.applyMessage(t, c)
			}
		}
	}
	return s
}

// TestOneLine: a line more is one create, a line less one delete, a line that
// is edited one update, whatever stands around it.
func TestOneLine(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := &dataset{messages: map[addr.Object][]*config.Message{}}
		for _, name := range []string{"ana", "bob", "cat"} {
			d.users = append(d.users, &config.User{Addr: addr.Object{Kind: addr.User, Name: name}, UID: name, Name: name})
		}
		d.groups = []*config.Group{{Addr: addr.Object{Kind: addr.Group, Name: "g"}, GUID: "g", Name: "g", Type: "public"}}
		for range rapid.IntRange(1, 3).Draw(rt, "conversations") {
			d.addTalk(rt)
		}
		for _, c := range d.talks {
			c.Lifecycle.StrictOrder = false
			for _, m := range d.messages[c.Addr] {
				m.At, m.Lifecycle.ReplaceOnEdit = nil, false
				if m.After != nil {
					*m.After += 30
				}
			}
			if c.Pace != nil {
				*c.Pace += 30
			}
		}
		seeded := newModel()
		seeded = seeded.applied(t, d.plan(rt, seeded, now), now)
		c := rapid.SampledFrom(d.talks).Draw(rt, "conversation")
		list := d.messages[c.Addr]
		want := ActionCounts{}
		for _, l := range d.messages {
			want.NoOp += len(l)
		}
		kind := rapid.IntRange(0, 2).Draw(rt, "kind")
		if len(list) == 0 {
			kind = 0
		}
		switch kind {
		case 0:
			m := d.drawMessage(rt, c)
			m.At = nil
			d.messages[c.Addr] = slices.Insert(list, rapid.IntRange(0, len(list)).Draw(rt, "at"), m)
			want.Create++
		case 1:
			at := rapid.IntRange(0, len(list)-1).Draw(rt, "at")
			d.messages[c.Addr] = slices.Delete(list, at, at+1)
			want.Delete++
			want.NoOp--
		case 2:
			list[rapid.IntRange(0, len(list)-1).Draw(rt, "at")].Text += " edited"
			want.Update++
			want.NoOp--
		}
		p := d.plan(rt, seeded, now+60)
		if diff := cmp.Diff(want, p.Counts.Messages); diff != "" {
			rt.Fatalf("(-want +got)\n%s\n%s", diff, renderRapid(rt, p))
		}
	})
}

// TestDestroyThenNothing: what was created can be removed, and made again with
// other muids.
func TestDestroyThenNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := drawDataset(rt)
		seeded := newModel()
		first := seeded.applied(t, d.plan(rt, seeded, now), now)
		p, diags, err := BuildDestroy(first, Options{Now: now})
		if err != nil || diags.HasErrors() {
			rt.Fatal(diags, err)
		}
		empty := first.applied(t, p, now)
		if len(empty.users)+len(empty.groups)+len(empty.conversations) > 0 {
			rt.Fatal("something is left")
		}
		second := empty.applied(t, d.plan(rt, empty, now), now)
		muids := map[string]bool{}
		for _, list := range first.messages {
			for _, m := range list {
				muids[m.MUID] = true
			}
		}
		for _, list := range second.messages {
			for _, m := range list {
				if muids[m.MUID] {
					rt.Fatalf("the muid of %s is used again", m.Key)
				}
			}
		}
	})
}
