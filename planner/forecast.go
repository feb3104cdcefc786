package planner

import (
	"cmp"
	"maps"
	"slices"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/state"
)

// Forecast is what an apply of the plan will cost, by what is known without
// asking the app: that it has what the state says and nothing else that is
// declared, and that it behaves as is documented, or for want of that, as is
// most likely. See docs/pacing.md.
type Forecast struct {
	Requests     int `json:"requests"`     // all together
	CoreRequests int `json:"coreRequests"` // of these, creating and deleting users, creating groups, joining and leaving
	// PerMinute is the app's limit on requests of a kind that was assumed, and
	// CorePerMinute the one on core requests.
	PerMinute     int `json:"perMinute"`
	CorePerMinute int `json:"corePerMinute"`
	// SlowestSender is who takes longest to send what is theirs, which are
	// SlowestCount messages: by the limits that the app is known to have for a
	// sender, else by their number. SenderPerMinute is that limit, 0 while the
	// app is not known to have one.
	SlowestSender   string `json:"slowestSender,omitempty"`
	SlowestCount    int    `json:"slowestCount,omitempty"`
	SenderPerMinute int    `json:"senderPerMinute,omitempty"`
	// LongestLane is the most requests of one lane, which are made one after
	// another.
	LongestLane int     `json:"longestLane"`
	Stages      []Stage `json:"stages,omitempty"` // in their order, those without requests left out
	Seconds     float64 `json:"seconds"`
	// SecondsIfLimited is how long it takes should the app hold each sender to
	// SenderPerMinute messages a minute, where that is not known and makes a
	// difference.
	SecondsIfLimited float64 `json:"secondsIfLimited,omitempty"`
}

// Bound says what an apply is held up by.
type Bound uint8

const (
	// ByApp: the app's limits on requests.
	ByApp Bound = iota
	// BySender: the limit on what one user sends.
	BySender
	// ByLane: the requests that have to be made one after another.
	ByLane
)

// Bound says what most of the time goes to.
func (f *Forecast) Bound() Bound {
	standard, core := newTokens(f.PerMinute), newTokens(f.CorePerMinute)
	app := max(standard.seconds(f.Requests-f.CoreRequests), core.seconds(f.CoreRequests))
	sender, lane := SenderSeconds(f.SlowestCount, f.SenderPerMinute), float64(f.LongestLane)*AssumedRoundTrip
	switch max(app, sender, lane) {
	case app:
		return ByApp
	case sender:
		return BySender
	}
	return ByLane
}

// The published limits of the app's plans, in requests a minute (page "Rate
// limits").
const (
	freePerMinute         = 500
	standardPerMinute     = 20000
	standardCorePerMinute = 10000
)

// paceOf is what is declared of the app's limits.
func paceOf(app *config.App) Pace {
	pace := Pace{Workers: 1, SenderPerMinute: app.Rate.MessagesPerUserPerMinute}
	switch n := app.Rate.RequestsPerMinute; {
	case n > 0:
		pace.RequestsPerMinute, pace.CorePerMinute = n, n
	case app.Plan == "free":
		pace.RequestsPerMinute, pace.CorePerMinute = freePerMinute, freePerMinute
	case app.Plan == "standard":
		pace.RequestsPerMinute, pace.CorePerMinute = standardPerMinute, standardCorePerMinute
	}
	return pace
}

// work counts requests.
type work struct {
	clear     int            // deletes of the lanes
	clearLane int            // of the lane with most
	send      int            // what the lanes do then
	senders   map[string]int // messages to be sent, by uid
	// turns are, for each changed lane, who sends its messages, where the app is
	// known to limit senders.
	turns []turns
	// firsts has, for each changed lane, who sends its first message that the
	// state does not have, "" without one.
	firsts []string
}

// requests are all that the lanes make.
func (w *work) requests() int { return w.clear + w.send }

// merge adds the work of a lane.
func (w *work) merge(lane *work) {
	w.clear += lane.clear
	w.clearLane = max(w.clearLane, lane.clear)
	if w.senders == nil {
		w.senders = make(map[string]int)
	}
	for uid, n := range lane.senders {
		w.senders[uid] += n
	}
	w.turns, w.firsts = append(w.turns, lane.turns...), append(w.firsts, lane.firsts...)
}

// complete is called when the messages of a lane were added.
func (w *work) complete() {
	w.clearLane = w.clear
	if len(w.firsts) == 0 {
		w.firsts = []string{""}
	}
	if len(w.turns) == 0 {
		w.turns = []turns{{}}
	}
}

// merge adds the work of the ith lane.
func (b *builder) merge(i int, lane *work) {
	b.plan.Lanes[i].Requests = lane.send
	b.work.merge(lane)
}

// message adds what one message's change costs. Limited says whether senders
// are known to be.
func (w *work) message(m *MessageChange, limited bool) {
	if m.StateOnly {
		return
	}
	looks := 0
	if m.Before != nil && m.Before.InDoubt {
		looks = 1
	}
	switch m.Action {
	case Delete:
		w.clear += 1 + looks
	case Replace:
		w.clear += 1 + looks
		w.send++
	case Update:
		w.send += 2 // it is read first
	case Create:
		w.send += 1 + looks
		if m.Before == nil && len(w.firsts) == 0 {
			w.firsts = append(w.firsts, m.After.Sender)
		}
	}
	if m.Action == Create || m.Action == Replace {
		if w.senders == nil {
			w.senders = make(map[string]int)
		}
		w.senders[m.After.Sender]++
		if limited {
			if len(w.turns) == 0 {
				w.turns = []turns{{}}
			}
			w.turns[0].take(m.After.Sender)
		}
	}
}

// stages counts the requests of the plan's stages.
func (b *builder) stages() []Stage {
	p := b.plan
	check, clearing, send := b.checkRequests(), chained(b.work.clear, b.work.clearLane), Stage{}
	var replaceGroups, replaceUsers, createUsers, createGroups, updateUsers, updateGroups, removeGroups, removeUsers Stage
	for i := range p.Users {
		c := &p.Users[i]
		switch {
		case c.StateOnly:
		case c.Action == Update:
			updateUsers.one(updateRequests(c.Fields))
		case c.Action == Delete:
			removeUsers.core(!c.Forget)
		default:
			replaceUsers.core(c.Before != nil && !c.Forget)
			createUsers.core(c.Carrier == nil)
		}
	}
	guests := p.Guests()
	for i := range p.Groups {
		c := &p.Groups[i]
		switch {
		case c.StateOnly:
		case c.Action == Update:
			updateGroups.one(updateRequests(c.Fields))
		case c.Action == Delete:
			removeGroups.standard(!c.Forget)
		default:
			replaceGroups.standard(c.Before != nil && !c.Forget)
			createGroups.core(c.Carrier == nil)
			// What the details of a message cannot say follows.
			send.standard(c.Carrier != nil && c.After.Description != "")
		}
		if c.After != nil {
			roll := c.Roll()
			joining := len(roll.Add) + len(guests[c.After.GUID])
			send.add(Stage{
				CoreRequests: (joining+MembersPerCall-1)/MembersPerCall + len(roll.Remove),
				Requests:     (joining+MembersPerCall-1)/MembersPerCall + len(roll.Remove) + len(roll.Rescope),
			})
		}
	}
	send.add(b.sendRequests())
	var stages []Stage
	for _, s := range []struct {
		name string
		Stage
	}{
		{StageCheck, check}, {StageClear, clearing},
		{StageReplaceGroups, replaceGroups}, {StageReplaceUsers, replaceUsers},
		{StageCreateUsers, createUsers}, {StageCreateGroups, createGroups},
		{StageUpdateUsers, updateUsers}, {StageUpdateGroups, updateGroups},
		{StageSend, send},
		{StageRemoveGroups, removeGroups}, {StageRemoveUsers, removeUsers},
	} {
		if s.Name = s.name; s.Requests > 0 {
			s.Longest = max(s.Longest, 1)
			stages = append(stages, s.Stage)
		}
	}
	return stages
}

// chained is a stage of requests that are not core.
func chained(n, longest int) Stage { return Stage{Requests: n, Longest: longest} }

// one adds requests that are not core and made one after another.
func (s *Stage) one(n int) {
	s.Requests += n
	s.Longest = max(s.Longest, n)
}

func (s *Stage) standard(one bool) {
	if one {
		s.one(1)
	}
}

func (s *Stage) core(one bool) {
	if one {
		s.one(1)
		s.CoreRequests++
	}
}

// add adds requests that are made after the others.
func (s *Stage) add(other Stage) {
	s.Requests += other.Requests
	s.CoreRequests += other.CoreRequests
	s.Longest += other.Longest
}

// updateRequests is what an update of a user or group takes: one request, one
// more to read the metadata that is not ours, and one for each field that only
// an empty value clears.
func updateRequests(fields []FieldChange) int {
	n, whole := 0, false
	for _, f := range fields {
		switch {
		case f.StateOnly, f.Name == "admins", f.Name == "moderators", f.Name == "participants":
		case f.New == "" && (f.Name == "role" || f.Name == "tags"):
			n++
		case f.Name == "metadata":
			n, whole = n+1, true
		default:
			whole = true
		}
	}
	if whole {
		n++
	}
	return n
}

// checkRequests are the reads before anything is written: the dataset's latest
// messages, what moderation holds back, and, where there is a state, the first
// new message of a few lanes.
func (b *builder) checkRequests() Stage {
	if b.plan.Empty() {
		return Stage{}
	}
	n := 1
	if m := b.plan.Counts.Messages; m.Create+m.Replace+m.Update > 0 {
		n += 2
	}
	if s := b.plan.Shard; s != nil && len(s.Awaited) > 0 {
		n += len(s.Awaited)
	}
	if b.prior != nil && b.prior.Exists() {
		firsts := b.work.firsts
		for _, i := range SampleLanes(len(firsts)) {
			if firsts[i] == "" {
				continue
			}
			n++
			if person, ok := b.people[firsts[i]]; ok && b.missingUsers[person.addr] && b.plan.Lanes[i].Group == "" {
				n++ // nobody can be asked who does not exist, so that all their messages are
			}
		}
	}
	return chained(n, n)
}

// SampleLanes are the lanes, of so many, that an apply looks into first.
func SampleLanes(n int) []int {
	var lanes []int
	for _, i := range []int{0, n / 2, n - 1} {
		if i >= 0 && i < n && !slices.Contains(lanes, i) {
			lanes = append(lanes, i)
		}
	}
	return lanes
}

// sendRequests are what the lanes do. Who speaks in a group for the first time
// and was not declared as a member is refused and joins.
func (b *builder) sendRequests() Stage {
	made := make(map[string]bool)           // groups whose guests join before they speak
	scopes := make(map[string]*state.Group) // the others, by guid
	for _, g := range b.groups() {
		scopes[g.GUID] = g
	}
	for i := range b.plan.Groups {
		if c := &b.plan.Groups[i]; c.After != nil {
			scopes[c.After.GUID] = c.After
			made[c.After.GUID] = (c.Action == Create || c.Action == Replace) && c.After.Participants == nil
		}
	}
	var s Stage
	for i := range b.plan.Lanes {
		info := &b.plan.Lanes[i]
		if g := scopes[info.Group]; g != nil && !made[info.Group] {
			declared := ScopesOf(g)
			for _, uid := range info.Voices {
				if declared[uid] == "" && uid != g.Owner {
					info.Requests += 2
					s.CoreRequests++
				}
			}
		}
		s.Requests += info.Requests
		s.Longest = max(s.Longest, info.Requests)
	}
	return s
}

// groups are those that are there before.
func (b *builder) groups() []*state.Group {
	if s := b.plan.Shard; s != nil {
		return s.Around.Groups
	}
	return b.prior.Groups()
}

// forecast tells what the counted work comes to.
func (b *builder) forecast() Forecast {
	var f Forecast
	f.PerMinute = b.pace.Share(cmp.Or(b.pace.RequestsPerMinute, standardPerMinute))
	f.CorePerMinute = b.pace.Share(cmp.Or(b.pace.CorePerMinute, standardCorePerMinute))
	f.Stages = b.stages()
	for i := range f.Stages {
		s := &f.Stages[i]
		f.Requests += s.Requests
		f.CoreRequests += s.CoreRequests
	}
	for i := range b.plan.Lanes {
		f.LongestLane = max(f.LongestLane, b.plan.Lanes[i].Requests)
	}
	b.slowest(&f)
	pace := Tempo{PerMinute: f.PerMinute, CorePerMinute: f.CorePerMinute, RoundTrip: AssumedRoundTrip, Parallelism: Parallelism}
	limited := 0.0 // how much longer it takes if the app limits its senders
	for i, c := range pace.Run(f.Stages, b.plan.Work()) {
		s := &f.Stages[i]
		s.Seconds = c.Seconds
		if s.Name == StageSend {
			s.Seconds = max(s.Seconds, b.takeTurns(pace), SenderSeconds(f.SlowestCount, f.SenderPerMinute))
			if f.SenderPerMinute == 0 && f.SlowestCount > SenderPerMinute {
				limited = SenderSeconds(f.SlowestCount, SenderPerMinute) - s.Seconds
			}
		}
		f.Seconds += s.Seconds
	}
	if limited > 0 {
		f.SecondsIfLimited = f.Seconds + limited
	}
	return f
}

// Work is what the plan's lanes have to do.
func (p *Plan) Work() Lanes {
	w := Lanes{make([]int, len(p.Lanes)), make([]int, len(p.Lanes))}
	for i := range p.Lanes {
		n := p.Lanes[i].Counts.Messages
		w.Clear[i], w.Send[i] = n.Delete+n.Replace, p.Lanes[i].Requests
	}
	return w
}

// senderLimit is the limit of a sender, as it was declared or learnt; 0 without
// one. An app that was seen to limit one sender limits them all, which those
// notice who send more.
func (b *builder) senderLimit(uid string) int {
	limit := b.pace.SenderPerMinute
	if learnt := b.header.SenderLimit[uid]; learnt > 0 && (limit == 0 || learnt < limit) {
		limit = learnt
	}
	if limit == 0 && len(b.header.SenderLimit) > 0 && b.work.senders[uid] > SenderPerMinute {
		limit = SenderPerMinute
	}
	return limit
}

// limitsSenders reports whether the app is known to.
func (b *builder) limitsSenders() bool {
	return b.pace.SenderPerMinute > 0 || len(b.header.SenderLimit) > 0
}

// slowest finds who takes longest to send.
func (b *builder) slowest(f *Forecast) {
	slowest := -1.0
	for _, uid := range slices.Sorted(maps.Keys(b.work.senders)) {
		n, limit := b.work.senders[uid], b.senderLimit(uid)
		if portion, ok := b.pace.Senders[uid]; ok {
			n = portion.Of // while others send the rest, with their part of the limit
		}
		t := SenderSeconds(n, limit)
		if t > slowest || t == slowest && n > f.SlowestCount {
			slowest = t
			f.SlowestSender, f.SlowestCount, f.SenderPerMinute = uid, n, limit
		}
	}
}
