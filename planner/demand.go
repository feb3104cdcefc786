package planner

import "github.com/sowdev/sow/config/addr"

// demand is what the lanes of a plan ask of the app, and whom they need.
type demand struct {
	users   map[string]addr.Object // to be created, by uid
	groups  map[string]addr.Object // by guid
	lanes   []laneDemand
	senders map[string]int // messages to be sent, by uid
}

// laneDemand is the demand of one lane.
type laneDemand struct {
	work work
	// needs has, for each missing user or group that the lane's messages use,
	// the first message that does.
	needs   map[addr.Object]addr.Message
	renames int
}

// demand reads what the plan's lanes ask for. The error is that of reading
// them.
func (p *Plan) demand() (*demand, error) {
	d := &demand{
		users: make(map[string]addr.Object), groups: make(map[string]addr.Object),
		lanes: make([]laneDemand, len(p.Lanes)), senders: make(map[string]int),
	}
	for i := range p.Users {
		if u := &p.Users[i]; u.creates() {
			d.users[u.After.UID] = u.Addr
		}
	}
	for i := range p.Groups {
		if g := &p.Groups[i]; g.creates() {
			d.groups[g.After.GUID] = g.Addr
		}
	}
	for i := range p.Lanes {
		lane := &d.lanes[i]
		for m, err := range p.Lane(i) {
			if err != nil {
				return nil, err
			}
			if m.Action == NoOp {
				continue
			}
			lane.work.message(m, p.pace.SenderPerMinute > 0)
			if m.From != "" && m.Action != Replace {
				lane.renames++
			}
			if m.Action == Create || m.Action == Replace {
				d.need(lane, &p.Lanes[i], m)
			}
		}
		lane.work.complete()
		for uid, n := range lane.work.senders {
			d.senders[uid] += n
		}
	}
	return d, nil
}

func (c *UserChange) creates() bool  { return c.Action == Create || c.Action == Replace }
func (c *GroupChange) creates() bool { return c.Action == Create || c.Action == Replace }

// need notes whom a message needs that is not there yet; see lane.needs.
func (d *demand) need(lane *laneDemand, info *LaneInfo, m *MessageChange) {
	by := m.Addr
	if !canCarry(m.After.Text, m.After.CustomData, m.After.Metadata, m.After.Attachments) {
		by = addr.Message{}
	}
	note := func(o addr.Object, missing bool) {
		if !missing {
			return
		}
		if lane.needs == nil {
			lane.needs = make(map[addr.Object]addr.Message)
		}
		if _, ok := lane.needs[o]; !ok {
			lane.needs[o] = by
		}
	}
	person := func(uid string) {
		o, missing := d.users[uid]
		note(o, missing)
	}
	if info.Group != "" {
		o, missing := d.groups[info.Group]
		if note(o, missing); !missing || lane.needs[o] != m.Addr {
			by = addr.Message{}
		}
		person(m.After.Sender)
		return
	}
	person(m.After.Sender)
	for _, uid := range info.Between {
		person(uid)
	}
}

// uses lists the first use of each missing user and group by some of the lanes,
// which are given in their order; the lanes of the uses are counted anew.
func (d *demand) uses(lanes []int) map[addr.Object]use {
	uses := make(map[addr.Object]use)
	for n, i := range lanes {
		for o, m := range d.lanes[i].needs {
			if _, ok := uses[o]; !ok {
				uses[o] = use{n, m}
			}
		}
	}
	return uses
}
