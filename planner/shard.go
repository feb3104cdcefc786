package planner

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
)

// MaxShards is the most shards that a plan can be cut into: as many as the
// largest array job of the engines that run them has members.
const MaxShards = 10_000

// Shard says which part of a whole plan a plan is, and what a worker has to
// know that has neither configuration nor state.
//
// Shard 0 is applied first. It makes all changes of users and groups but one:
// those that a single other shard uses are created there. Of the chats it has
// those whose users or groups go, because they go last. The other shards have
// the other chats, each whole, and can be applied in any order and at once.
type Shard struct {
	Number int // 0 … Of
	Of     int // shards after the first one
	Whole  string
	// Header is what the state of the shard begins with: lineage and hash key
	// are those of the dataset's state.
	Header state.Header
	// Around is what the shard relies on and does not change.
	Around state.Surroundings
	// Awaited are the users and groups of Around that shard 0 creates.
	Awaited []addr.Object
	// Pace is what the shard may use of the app's limits.
	Pace Pace
	// Removed and Seeded are those of the whole plan; see [Plan.Guard].
	Removed, Seeded int
}

// Pace is what a worker may use of the limits of an app that it shares with
// others.
type Pace struct {
	// Workers is how many share the app's limits at a time.
	Workers int
	// The limits of the whole app a minute, as declared; 0 where nobody said.
	RequestsPerMinute, CorePerMinute, SenderPerMinute int
	// Senders has, of the senders that others send for as well, the messages
	// that are the shard's.
	Senders map[string]Portion
}

// Portion is a part of a sender's messages.
type Portion struct {
	Messages int // that are this worker's
	Of       int // that the sender has in all
}

// Cut cuts a plan into a first shard and n that follow it. Together they do
// what the plan does; prior is the state that it was made from. The cut depends
// on nothing else, so that the same plan gives the same shards. A plan that has
// no anchor yet is cut with its provisional one, since no worker may choose its
// own; the plan itself stays as it is.
//
// Chats are spread so that all shards make about as many requests, and a
// sender's chats stay together as far as that allows. The shards read their
// lanes from the plan, which must not be closed before them. The error is that
// of reading the plan. A plan to destroy, whose users go last, cannot be cut;
// trying to is a programmer's mistake and panics.
func (p *Plan) Cut(prior state.Reader, n int) ([]*Plan, error) {
	if p.Destroy || n < 1 || n > MaxShards {
		panic(fmt.Sprintf("planner: a plan is cut into %d shards", n))
	}
	demand, err := p.demand()
	if err != nil {
		return nil, err
	}
	c := &cutter{demand: demand, plan: p, prior: prior, n: n}
	c.index()
	c.spread()
	c.settlePeople()
	return c.shards(), nil
}

// cutter cuts one plan.
type cutter struct {
	*demand
	plan  *Plan
	prior state.Reader
	n     int

	header state.Header
	anchor int64
	going  map[string]bool // users and groups that are deleted or replaced

	shardOf []int               // by lane
	home    map[addr.Object]int // the shard that a user or group is changed in
	sends   []map[string]int    // messages to be sent, by shard, then by uid
}

// index lists who goes, and makes the header of the shards.
func (c *cutter) index() {
	p := c.plan
	c.going = make(map[string]bool)
	for i := range p.Users {
		if u := &p.Users[i]; u.Action == Delete || u.Action == Replace {
			c.going["user:"+u.Before.UID] = true
		}
	}
	for i := range p.Groups {
		if g := &p.Groups[i]; g.Action == Delete || g.Action == Replace {
			c.going["group:"+g.Before.GUID] = true
		}
	}
	c.anchor = p.Provisional
	if p.Anchor != nil {
		c.anchor = *p.Anchor
	}
	if c.header = c.prior.Header(); !c.prior.Exists() {
		// Every worker has to arrive at the same state, so its lineage and the
		// key of its hashes follow from the plan. The key protects no better or
		// worse than a random one, since it stands in the state in clear.
		c.header = state.Header{
			Lineage: c.derive("lineage")[:32], HashKey: c.derive("hash key"),
			Dataset: p.Dataset, AppID: p.AppID, Region: p.Region, LookBack: c.header.LookBack,
		}
	}
	if !p.Reanchored {
		c.header.Anchor = &c.anchor
	}
	c.header.Merged = nil
}

func (c *cutter) derive(what string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "sow shards 1\n%s\n%s\n%d\n", what, c.plan.Digest, c.anchor))
	return hex.EncodeToString(sum[:])
}

// involvesGoing reports whether somebody has to do with the lane who goes.
func (c *cutter) involvesGoing(lane *LaneInfo) bool {
	involved := func(between []string, group string) bool {
		return c.going["group:"+group] || slices.ContainsFunc(between, func(uid string) bool { return c.going["user:"+uid] })
	}
	if involved(lane.Between, lane.Group) {
		return true
	}
	for i := range lane.Members {
		if c.going["user:"+lane.Members[i].UID] {
			return true
		}
	}
	for i := range lane.Changes {
		if before := lane.Changes[i].Before; before != nil && involved(before.Between, before.Group) {
			return true
		}
	}
	return false
}

// several stands for more shards than one.
const several = -1

// settlePeople finds the shard that creates each user and group: the only one
// that uses them, or the first.
func (c *cutter) settlePeople() {
	c.home = make(map[addr.Object]int)
	use := func(o addr.Object, shard int) {
		if home, ok := c.home[o]; ok && home != shard {
			shard = several
		}
		c.home[o] = shard
	}
	for i := range c.lanes {
		for o := range c.lanes[i].needs {
			use(o, c.shardOf[i])
		}
	}
	for i := range c.plan.Groups {
		g := &c.plan.Groups[i]
		if g.After == nil {
			continue
		}
		shard := 0
		if g.Action == Create {
			shard = max(0, c.home[g.Addr])
		}
		c.home[g.Addr] = shard
		for _, uid := range peopleOf(g.After) {
			if o, missing := c.users[uid]; missing {
				use(o, shard)
			}
		}
	}
	for i := range c.plan.Users {
		u := &c.plan.Users[i]
		if u.Action != Create {
			c.home[u.Addr] = 0
		}
		c.home[u.Addr] = max(0, c.home[u.Addr])
	}
}

// peopleOf are the uids that a group's declaration names.
func peopleOf(g *state.Group) []string {
	people := slices.Concat(g.Admins, g.Moderators, g.Participants)
	if g.Owner != "" {
		people = append(people, g.Owner)
	}
	return people
}

// shards makes the plans.
func (c *cutter) shards() []*Plan {
	world := c.surroundings()
	all := make([]*Plan, c.n+1)
	lanes := make([][]int, c.n+1)
	for i, shard := range c.shardOf {
		lanes[shard] = append(lanes[shard], i)
	}
	for k := range all {
		all[k] = c.shard(k, lanes[k], world)
	}
	return all
}

// shard makes one plan.
func (c *cutter) shard(k int, lanes []int, world *world) *Plan {
	whole := c.plan
	anchor := c.anchor
	p := &Plan{
		Dataset: whole.Dataset, AppID: whole.AppID, Region: whole.Region,
		Anchor: &anchor, Provisional: anchor, Reanchored: whole.Reanchored,
		Prior: whole.Prior, Lineage: c.header.Lineage, Serial: whole.Serial, Generation: whole.Generation,
		pace: whole.pace,
		Shard: &Shard{
			Number: k, Of: c.n, Whole: whole.Digest, Header: c.header,
			Pace:    c.pace(k),
			Removed: whole.removals(), Seeded: whole.seeded(),
		},
	}
	p.Shard.Header.Shard = &state.Shard{Plan: whole.Digest, Number: k, Of: c.n, Base: whole.Prior}
	for i := range whole.Users {
		if u := whole.Users[i]; c.home[u.Addr] == k {
			u.Carrier = nil
			p.Users = append(p.Users, u)
		}
	}
	for i := range whole.Groups {
		if g := whole.Groups[i]; c.home[g.Addr] == k {
			g.Carrier = nil
			p.Groups = append(p.Groups, g)
		}
	}
	b := &builder{plan: p, header: c.header, pace: p.Shard.Pace, uses: c.uses(lanes)}
	for _, i := range lanes {
		info := whole.Lanes[i]
		p.Lanes = append(p.Lanes, info)
		p.Counts.Messages.merge(info.Counts.Messages)
		p.Renames += c.lanes[i].renames
		b.merge(len(p.Lanes)-1, &c.lanes[i].work)
	}
	p.Attach(selection{whole.Body(), lanes})
	for i := range p.Users {
		p.Counts.Users.add(p.Users[i].Action)
	}
	for i := range p.Groups {
		p.Counts.Groups.add(p.Groups[i].Action)
	}
	c.surround(p, world)
	b.assignCarriers()
	p.Forecast = b.forecast()
	p.Digest = digestOf(p)
	return p
}

// pace is what the kth shard may use of the app's limits. The first one has the
// app for itself.
func (c *cutter) pace(k int) Pace {
	pace := c.plan.pace
	if k == 0 {
		return pace
	}
	busy := make(map[int]bool)
	for _, shard := range c.shardOf {
		busy[shard] = true
	}
	delete(busy, 0)
	pace.Workers = max(1, len(busy))
	for uid, own := range c.sends[k] {
		if all := c.senders[uid] - c.sends[0][uid]; own < all {
			if pace.Senders == nil {
				pace.Senders = make(map[string]Portion)
			}
			pace.Senders[uid] = Portion{Messages: own, Of: all}
		}
	}
	return pace
}

// Share is the worker's share of a limit of the whole app; one that is not known
// is 0.
func (p Pace) Share(limit int) int {
	if limit <= 0 || p.Workers <= 1 {
		return limit
	}
	return max(1, limit/p.Workers)
}

// SenderShare is the worker's part of the limit on one sender: as much of it as
// it sends of the sender's messages.
func (p Pace) SenderShare(uid string) float64 {
	if portion, ok := p.Senders[uid]; ok {
		return float64(portion.Messages) / float64(portion.Of)
	}
	return 1
}

// world is what there is once the first shard is applied, as the state keeps
// it.
type world struct {
	users  map[string]*state.User
	groups map[string]*state.Group
}

func (c *cutter) surroundings() *world {
	w := &world{users: make(map[string]*state.User), groups: make(map[string]*state.Group)}
	for _, u := range c.prior.Users() {
		w.users[u.UID] = u
	}
	for _, g := range c.prior.Groups() {
		w.groups[g.GUID] = g
	}
	for i := range c.plan.Users {
		if u := &c.plan.Users[i]; u.After != nil {
			w.users[u.After.UID] = SealUser(u.After, u.Sensitive, c.header.HashKey)
		}
	}
	for i := range c.plan.Groups {
		if g := &c.plan.Groups[i]; g.After != nil {
			w.groups[g.After.GUID] = SealGroup(g.After, g.Sensitive, c.header.HashKey)
		}
	}
	return w
}

// surround tells a shard what it relies on.
func (c *cutter) surround(p *Plan, w *world) {
	s := p.Shard
	seen := make(map[addr.Object]bool)
	// own reports whether the object is the shard's to create, or was seen
	// before; of the others it notes those that the first shard creates.
	own := func(o addr.Object, created bool) bool {
		if seen[o] || created && c.home[o] == s.Number {
			return true
		}
		seen[o] = true
		if created {
			s.Awaited = append(s.Awaited, o)
		}
		return false
	}
	user := func(uid string) {
		_, created := c.users[uid]
		if u := w.users[uid]; u != nil && !own(u.Addr, created) {
			s.Around.Users = append(s.Around.Users, u)
		}
	}
	for i := range p.Lanes {
		lane := &p.Lanes[i]
		for k := range lane.Members {
			user(lane.Members[k].UID)
		}
		_, created := c.groups[lane.Group]
		if g := w.groups[lane.Group]; g != nil && !own(g.Addr, created) {
			s.Around.Groups = append(s.Around.Groups, g)
		}
		for k := range lane.Changes {
			if before := lane.Changes[k].Before; before != nil {
				s.Around.Conversations = append(s.Around.Conversations, before)
			}
		}
	}
	for i := range p.Groups {
		if g := p.Groups[i].After; g != nil {
			for _, uid := range peopleOf(g) {
				user(uid)
			}
		}
	}
	slices.SortFunc(s.Awaited, addr.Object.Compare)
	slices.SortFunc(s.Around.Users, func(a, b *state.User) int { return a.Addr.Compare(b.Addr) })
	slices.SortFunc(s.Around.Groups, func(a, b *state.Group) int { return a.Addr.Compare(b.Addr) })
	slices.SortFunc(s.Around.Conversations, func(a, b *state.Conversation) int { return a.Addr.Compare(b.Addr) })
}

// selection is some of the lanes of a body.
type selection struct {
	Body
	lanes []int
}

// Section implements Body.
func (s selection) Section(i int) *io.SectionReader { return s.Body.Section(s.lanes[i]) }

// Close implements Body: the lanes belong to the whole.
func (s selection) Close() error { return nil }
