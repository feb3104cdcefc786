package planner

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
)

// TestCut: whatever changes, the shards of a plan are a partition of it, none
// needs another but the first, and applied in any order they do what the plan
// does.
func TestCut(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := drawDataset(rt)
		seeded, at := newModel(), int64(now)
		if rapid.Bool().Draw(rt, "seeded before") {
			seeded = seeded.applied(t, d.plan(rt, seeded, at), at)
			at += 600
			for range rapid.IntRange(1, 6).Draw(rt, "changes") {
				d.mutate(rt)
			}
		}
		n := rapid.IntRange(1, 5).Draw(rt, "shards")
		whole := d.plan(rt, seeded, at)
		shards, err := whole.Cut(seeded, n)
		if err != nil {
			rt.Fatal(err)
		}
		again, err := d.plan(rt, seeded, at).Cut(seeded, n)
		if err != nil {
			rt.Fatal(err)
		}
		for k := range shards {
			if shards[k].Digest != again[k].Digest {
				rt.Fatalf("shard %d is another one each time", k)
			}
			checkCarriers(rt, shards[k])
			checkCounts(rt, shards[k])
			checkLanes(rt, whole, shards[k])
		}
		if err := whole.Pin(whole.Provisional); err != nil {
			rt.Fatal(err)
		}
		checkPartition(rt, whole, shards)
		checkIndependence(rt, seeded, shards)

		together := seeded.applied(t, whole, at)
		order := rapid.Permutation(slices.Collect(numbers(1, n))).Draw(rt, "order")
		apart := seeded
		for _, k := range append([]int{0}, order...) {
			apart = apart.applied(t, shards[k], at)
		}
		if diff := cmp.Diff(together.contents(), apart.contents()); diff != "" {
			rt.Fatalf("the shards do something else than the plan (-plan +shards):\n%s", diff)
		}
		if after := d.plan(rt, apart, at+600); !after.Empty() {
			rt.Fatalf("more to do:\n%s", renderRapid(rt, after))
		}
	})
}

func numbers(from, to int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for k := from; k <= to && yield(k); k++ {
		}
	}
}

// contents is what the model has, but for what the app chooses.
func (m *model) contents() map[string]any {
	all := map[string]any{}
	for o, u := range m.users {
		all[o.String()] = u
	}
	for o, g := range m.groups {
		all[o.String()] = g
	}
	for o, c := range m.conversations {
		all[o.String()] = c
	}
	for o, list := range m.messages {
		for key, message := range list {
			message := *message
			message.ID = ""
			all[o.Message(key).String()] = message
		}
	}
	return all
}

// checkLanes: a shard's lanes are lanes of the plan, whole and in their order.
func checkLanes(t *rapid.T, whole, shard *Plan) {
	at := 0
	for i := range shard.Lanes {
		for at < len(whole.Lanes) && whole.Lanes[at].Chat != shard.Lanes[i].Chat {
			at++
		}
		if at == len(whole.Lanes) {
			t.Fatalf("the lane of %s is out of order", shard.Lanes[i].Chat)
		}
		if shard.Lanes[i].Digest != whole.Lanes[at].Digest {
			t.Fatalf("the lane of %s is another one", shard.Lanes[i].Chat)
		}
	}
}

// checkPartition: every change of the plan is in one shard.
func checkPartition(t *rapid.T, whole *Plan, shards []*Plan) {
	want, got := map[string]int{}, map[string]int{}
	list := func(all map[string]int, p *Plan) {
		for _, c := range p.Users {
			all[fmt.Sprint(c.Action, c.Addr)]++
		}
		for _, c := range p.Groups {
			all[fmt.Sprint(c.Action, c.Addr)]++
		}
		for i := range p.Lanes {
			for m, err := range p.Lane(i) {
				if err != nil {
					t.Fatal(err)
				}
				sent := int64(0)
				if m.After != nil {
					sent = m.After.SentAt
				}
				all[fmt.Sprint(m.Action, m.Addr, sent)]++
			}
		}
	}
	list(want, whole)
	requests := 0
	for _, s := range shards {
		list(got, s)
		requests += s.Counts.Messages.Create + s.Counts.Messages.Replace
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("(-plan +shards)\n%s", diff)
	}
	if all := whole.Counts.Messages.Create + whole.Counts.Messages.Replace; requests != all {
		t.Fatalf("the shards send %d messages, the plan %d", requests, all)
	}
}

// checkIndependence: what a shard uses was there before, is created by the
// first shard, which it awaits, or by itself. And nobody goes whom a later shard
// needs.
func checkIndependence(t *rapid.T, prior *model, shards []*Plan) {
	there := map[string]bool{}
	for _, u := range prior.users {
		there["user "+u.UID] = true
	}
	for _, g := range prior.groups {
		there["group "+g.GUID] = true
	}
	first := created(shards[0])
	for k, s := range shards {
		own := created(s)
		awaited := map[addr.Object]bool{}
		for _, o := range s.Shard.Awaited {
			awaited[o] = true
		}
		around := map[string]bool{}
		for _, u := range s.Shard.Around.Users {
			around["user "+u.UID] = true
		}
		for _, g := range s.Shard.Around.Groups {
			around["group "+g.GUID] = true
		}
		use := func(o string) {
			_, mine := own[o]
			a, byFirst := first[o]
			switch {
			case mine:
			case k > 0 && byFirst && !awaited[a]:
				t.Fatalf("shard %d uses %s and does not await it", k, o)
			case !byFirst && !there[o]:
				t.Fatalf("shard %d uses %s, which is not there", k, o)
			case !around[o]:
				t.Fatalf("shard %d uses %s, and nobody tells it of it", k, o)
			}
		}
		for i := range s.Lanes {
			for m, err := range s.Lane(i) {
				if err != nil {
					t.Fatal(err)
				}
				if m.Action != Create && m.Action != Replace {
					continue
				}
				use("user " + m.After.Sender)
				if s.Lanes[i].Group != "" {
					use("group " + s.Lanes[i].Group)
				}
				for _, uid := range s.Lanes[i].Between {
					use("user " + uid)
				}
			}
		}
		if k > 0 {
			for _, c := range s.Users {
				if c.Action != Create {
					t.Fatalf("shard %d has the %s of %s", k, c.Action, c.Addr)
				}
			}
		}
	}
}

// created lists the users and groups that a plan creates.
func created(p *Plan) map[string]addr.Object {
	all := map[string]addr.Object{}
	for i := range p.Users {
		if c := &p.Users[i]; c.creates() {
			all["user "+c.After.UID] = c.Addr
		}
	}
	for i := range p.Groups {
		if c := &p.Groups[i]; c.creates() {
			all["group "+c.After.GUID] = c.Addr
		}
	}
	return all
}

// TestRest: whatever a run has done of a shard, the rest is what it has not.
func TestRest(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := drawDataset(rt)
		seeded, at := newModel(), int64(now)
		if rapid.Bool().Draw(rt, "seeded before") {
			seeded = seeded.applied(t, d.plan(rt, seeded, at), at)
			at += 600
			for range rapid.IntRange(1, 6).Draw(rt, "changes") {
				d.mutate(rt)
			}
		}
		shards, err := d.plan(rt, seeded, at).Cut(seeded, 2)
		if err != nil {
			rt.Fatal(err)
		}
		p := shards[rapid.IntRange(0, 2).Draw(rt, "shard")]
		own := newModel()
		own.header, own.exists = p.Shard.Header, true
		all := rapid.Bool().Draw(rt, "all of it")
		left := own.doPart(rt, p, all)
		rest, err := p.Rest(own, nil)
		if err != nil {
			rt.Fatal(err)
		}
		defer rest.Close()
		if diff := cmp.Diff(left, remaining(rt, rest)); diff != "" {
			rt.Fatalf("(-left +rest)\n%s", diff)
		}
		checkCarriers(rt, rest)
		if all && !rest.Empty() {
			rt.Fatalf("something is left: %v %v %v", rest.Users, rest.Groups, rest.Lanes)
		}
	})
}

// remaining lists the changes of a plan.
func remaining(t *rapid.T, p *Plan) []string {
	all := []string{}
	for _, c := range p.Users {
		all = append(all, "user "+c.Addr.String())
	}
	for _, c := range p.Groups {
		all = append(all, "group "+c.Addr.String())
	}
	for i := range p.Lanes {
		for m, err := range p.Lane(i) {
			if err != nil {
				t.Fatal(err)
			}
			doubt := m.Action == Create && m.Before != nil && m.Before.InDoubt
			text := fmt.Sprint(m.Addr, " ", doubt)
			if m.After != nil {
				text += fmt.Sprint(" ", m.After.MUID, " ", m.After.SentAt)
			}
			all = append(all, text)
		}
	}
	return all
}

// doPart does some of a shard, as an apply would record it, and lists what is
// left of it.
func (m *model) doPart(t *rapid.T, p *Plan, all bool) []string {
	left := []string{}
	for i := range p.Users {
		c := &p.Users[i]
		switch {
		case !all && !rapid.Bool().Draw(t, "user done"):
			left = append(left, "user "+c.Addr.String())
		case c.After == nil:
			m.users[c.Addr] = &state.User{Addr: c.Addr, Gone: true}
		default:
			m.users[c.Addr] = SealUser(c.After, c.Sensitive, m.header.HashKey)
			if !c.From.IsZero() {
				m.users[c.From] = &state.User{Addr: c.From, Gone: true}
			}
		}
	}
	for i := range p.Groups {
		c := &p.Groups[i]
		if !all && !rapid.Bool().Draw(t, "group done") {
			left = append(left, "group "+c.Addr.String())
			continue
		}
		if c.After == nil {
			m.groups[c.Addr] = &state.Group{Addr: c.Addr, Gone: true}
		} else {
			m.groups[c.Addr] = SealGroup(c.After, c.Sensitive, m.header.HashKey)
		}
	}
	for i := range p.Lanes {
		for _, c := range p.Lanes[i].Changes {
			m.messages[c.Addr] = map[string]*state.Message{}
		}
		whole := all || rapid.Bool().Draw(t, "lane done")
		doubt := false
		for c, err := range p.Lane(i) {
			if err != nil {
				t.Fatal(err)
			}
			if c.Action == NoOp {
				continue
			}
			list := m.messages[c.Addr.Conversation]
			gone := func(key string) { list[key] = &state.Message{Key: key, Gone: true} }
			doubtful := c.Action == Create && c.Before != nil && c.Before.InDoubt
			rest := fmt.Sprint(c.Addr, " ", doubtful)
			if c.After != nil {
				rest += fmt.Sprint(" ", c.After.MUID, " ", c.After.SentAt)
			}
			switch {
			case doubt || !whole && rapid.Bool().Draw(t, "left"):
				before := c.Before
				switch {
				case before == nil || !rapid.Bool().Draw(t, "announced"):
				case c.Action == Update:
					changing := *before
					changing.Text = ""
					list[before.Key] = &changing
				case c.Action == Replace && rapid.Bool().Draw(t, "deleted"):
					gone(before.Key)
				case c.Action == Replace || c.Action == Delete && !c.StateOnly:
					going := *before
					going.InDoubt = true
					list[before.Key] = &going
				}
				left = append(left, rest)
			case c.After == nil:
				gone(c.Addr.Key)
			default:
				after := *SealMessage(c.After, c.Sensitive, m.header.HashKey)
				if c.Before != nil && c.Before.Key != c.Addr.Key {
					gone(c.Before.Key)
				}
				if !all && c.Action != Update && rapid.IntRange(0, 5).Draw(t, "doubt") == 0 {
					after.InDoubt, doubt = true, true
					left = append(left, strings.Replace(rest, " false", " true", 1))
				}
				list[c.Addr.Key] = &after
			}
		}
		if whole && !doubt {
			for _, c := range p.Lanes[i].Changes {
				if m.conversations[c.Addr] = c.After; c.After == nil {
					m.conversations[c.Addr] = &state.Conversation{Addr: c.Addr, Gone: true}
				}
			}
		}
	}
	return left
}

// TestSpread: shards are about as large, and a sender's chats stay together as
// far as that allows.
func TestSpread(t *testing.T) {
	for _, test := range []struct {
		name    string
		lanes   []string // sender and number of messages of each
		n       int
		loads   []int // of the shards after the first
		apart   int   // senders in more than one shard
		workers int
	}{
		{"even", []string{"a 10", "b 10", "c 10", "d 10"}, 2, []int{20, 20}, 0, 2},
		{"one sender's chats", []string{"a 5", "b 10", "a 5", "b 10", "a 10"}, 2, []int{20, 20}, 0, 2},
		{"one heavy sender", []string{"a 10", "a 10", "a 10", "a 10", "b 1"}, 2, []int{21, 20}, 1, 2},
		{"one giant", []string{"a 100", "b 10", "c 10"}, 3, []int{100, 10, 10}, 0, 3},
		{"more shards than chats", []string{"a 1", "b 1"}, 4, []int{1, 1, 0, 0}, 0, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			var text strings.Builder
			people := map[string]bool{"zoe": true}
			for _, lane := range test.lanes {
				people[strings.Fields(lane)[0]] = true
			}
			for _, name := range slices.Sorted(maps.Keys(people)) {
				fmt.Fprintf(&text, "user %s %s\n", name, name)
			}
			for i, lane := range test.lanes {
				var who string
				var n int
				fmt.Sscan(lane, &who, &n)
				fmt.Fprintf(&text, "group g%d G\nconversation c%d g%d starts=-1d_09:00\n", i, i, i)
				for range n {
					fmt.Fprintf(&text, "  %s: hello\n", who)
				}
			}
			seeded := newModel()
			shards, err := mustBuild(t, declare(t, text.String()), seeded, Options{}).Cut(seeded, test.n)
			if err != nil {
				t.Fatal(err)
			}
			var loads []int
			in := map[string]int{}
			for _, s := range shards[1:] {
				loads = append(loads, s.Counts.Messages.Create)
				for uid := range s.Shard.Pace.Senders {
					in[uid]++
				}
				if s.Shard.Pace.Workers != test.workers {
					t.Errorf("%d workers, want %d", s.Shard.Pace.Workers, test.workers)
				}
			}
			slices.SortFunc(loads, func(a, b int) int { return b - a })
			if diff := cmp.Diff(test.loads, loads); diff != "" {
				t.Errorf("loads (-want +got)\n%s", diff)
			}
			if len(in) != test.apart {
				t.Errorf("%d senders are in several shards, want %d: %v", len(in), test.apart, in)
			}
		})
	}
}

// TestPaceShares: workers together keep to the limits of one.
func TestPaceShares(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 20_000).Draw(t, "limit")
		workers := rapid.IntRange(1, 64).Draw(t, "workers")
		if all := workers * (Pace{Workers: workers}).Share(limit); all > max(limit, workers) {
			t.Fatalf("%d workers make %d of %d requests", workers, all, limit)
		}
		parts := rapid.SliceOfN(rapid.IntRange(1, 1000), 1, 16).Draw(t, "parts")
		total, sum := 0, 0.0
		for _, n := range parts {
			total += n
		}
		for _, n := range parts {
			sum += Pace{Senders: map[string]Portion{"ana": {n, total}}}.SenderShare("ana")
		}
		if sum > 1+1e-9 {
			t.Fatalf("%d workers use %f of a sender's limit", len(parts), sum)
		}
	})
}
