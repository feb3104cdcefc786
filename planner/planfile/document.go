package planfile

import (
	"encoding/json"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// document is all of a plan but its lanes. The types below are those of the
// file: they have the fields of the model's types, one for one, which the
// conversions between them hold, and names that stay as they are when the
// model's change.
type document struct {
	Dataset     string           `json:"dataset"`
	AppID       string           `json:"appId,omitempty"`
	Region      string           `json:"region,omitempty"`
	Anchor      *int64           `json:"anchor,omitempty"`
	Provisional int64            `json:"provisionalAnchor"`
	Reanchored  bool             `json:"reanchored,omitempty"`
	Latest      []instant        `json:"latest,omitempty"`
	Destroy     bool             `json:"destroy,omitempty"`
	Prior       string           `json:"prior,omitempty"`
	Lineage     string           `json:"lineage,omitempty"`
	Serial      uint64           `json:"serial,omitempty"`
	Generation  int              `json:"generation,omitempty"`
	Renames     int              `json:"renames,omitempty"`
	Users       []userChange     `json:"users,omitempty"`
	Groups      []groupChange    `json:"groups,omitempty"`
	Lanes       []lane           `json:"lanes,omitempty"`
	Ends        []int64          `json:"ends,omitempty"` // offsets in the file at which the lanes end
	Counts      planner.Counts   `json:"counts"`
	Forecast    planner.Forecast `json:"forecast"`
	Digest      string           `json:"digest"`
	Encoding    int              `json:"encoding"` // of the lanes
	Shard       *shard           `json:"shard,omitempty"`
	Found       *found           `json:"found,omitempty"`
}

// found is what reading the app showed before the plan was made, but for what
// was found in the chats: that lies behind the lanes, one finding a line.
type found struct {
	Anchor     *int64                      `json:"anchor,omitempty"`
	Generation int                         `json:"generation,omitempty"`
	HashKey    string                      `json:"hashKey"`
	Counts     map[planner.FindingKind]int `json:"counts"`
	Requests   int                         `json:"requests"`
	People     []planner.Finding           `json:"people,omitempty"`
	End        int64                       `json:"end"` // the offset in the file at which they end
}

type instant struct {
	Base    uint8 `json:"base"`
	Seconds int64 `json:"seconds"`
}

// object is what changes of users and groups have in common.
type object struct {
	Action    string                `json:"action"`
	Addr      addr.Object           `json:"addr"`
	Sensitive []string              `json:"sensitive,omitempty"`
	Fields    []planner.FieldChange `json:"fields,omitempty"`
	Reason    string                `json:"reason,omitempty"`
	Source    *planner.Source       `json:"source,omitempty"`
	Carrier   *addr.Message         `json:"carrier,omitempty"`
	Forget    bool                  `json:"forget,omitempty"`
	StateOnly bool                  `json:"stateOnly,omitempty"`
	From      *addr.Object          `json:"from,omitempty"`
}

type userChange struct {
	object
	Before *user `json:"before,omitempty"`
	After  *user `json:"after,omitempty"`
}

type groupChange struct {
	object
	Before *group `json:"before,omitempty"`
	After  *group `json:"after,omitempty"`
}

type user struct {
	Addr           addr.Object       `json:"addr"`
	UID            string            `json:"uid"`
	Name           string            `json:"name,omitempty"`
	Avatar         string            `json:"avatar,omitempty"`
	Link           string            `json:"link,omitempty"`
	Role           string            `json:"role,omitempty"`
	Metadata       json.RawMessage   `json:"metadata,omitempty"`
	Tags           []string          `json:"tags,omitempty"`
	Sealed         map[string]string `json:"sealed,omitempty"`
	Origin         state.Origin      `json:"origin,omitempty"`
	CreatedAt      int64             `json:"createdAt,omitempty"`
	PreventDestroy bool              `json:"preventDestroy,omitempty"`
	Gone           bool              `json:"gone,omitempty"`
}

type group struct {
	Addr           addr.Object       `json:"addr"`
	GUID           string            `json:"guid"`
	Name           string            `json:"name,omitempty"`
	Type           string            `json:"type,omitempty"`
	Password       string            `json:"password,omitempty"`
	Icon           string            `json:"icon,omitempty"`
	Description    string            `json:"description,omitempty"`
	Metadata       json.RawMessage   `json:"metadata,omitempty"`
	Tags           []string          `json:"tags,omitempty"`
	Owner          string            `json:"owner,omitempty"`
	Admins         []string          `json:"admins"` // null is not managed
	Moderators     []string          `json:"moderators"`
	Participants   []string          `json:"participants"`
	Sealed         map[string]string `json:"sealed,omitempty"`
	Origin         state.Origin      `json:"origin,omitempty"`
	CreatedAt      int64             `json:"createdAt,omitempty"`
	PreventDestroy bool              `json:"preventDestroy,omitempty"`
	Gone           bool              `json:"gone,omitempty"`
}

type lane struct {
	Chat     string               `json:"chat"`
	Between  []string             `json:"between,omitempty"`
	Group    string               `json:"group,omitempty"`
	Members  []member             `json:"members,omitempty"`
	Voices   []string             `json:"voices,omitempty"`
	Counts   planner.Counts       `json:"counts"`
	Total    int                  `json:"total"`
	Requests int                  `json:"requests,omitempty"`
	Changes  []conversationChange `json:"changes"`
	Trailing int                  `json:"trailing,omitempty"`
	Digest   string               `json:"digest"`
}

type member struct {
	Addr *addr.Object `json:"addr,omitempty"`
	UID  string       `json:"uid"`
	Name string       `json:"name,omitempty"`
}

type conversationChange struct {
	Action  string                `json:"action"`
	Addr    addr.Object           `json:"addr"`
	Before  *conversation         `json:"before,omitempty"`
	After   *conversation         `json:"after,omitempty"`
	Fields  []planner.FieldChange `json:"fields,omitempty"`
	Reason  string                `json:"reason,omitempty"`
	Source  *planner.Source       `json:"source,omitempty"`
	Skipped int                   `json:"skipped,omitempty"`
}

type conversation struct {
	Addr           addr.Object `json:"addr"`
	Between        []string    `json:"between,omitempty"`
	Group          string      `json:"group,omitempty"`
	Starts         string      `json:"starts,omitempty"`
	Pace           string      `json:"pace,omitempty"`
	PreventDestroy bool        `json:"preventDestroy,omitempty"`
	Gone           bool        `json:"gone,omitempty"`
}

func newDocument(p *planner.Plan, ends []int64, found *found) *document {
	d := &document{
		Dataset: p.Dataset, AppID: p.AppID, Region: p.Region,
		Anchor: p.Anchor, Provisional: p.Provisional, Reanchored: p.Reanchored,
		Destroy: p.Destroy, Prior: p.Prior, Lineage: p.Lineage, Serial: p.Serial, Generation: p.Generation, Renames: p.Renames,
		Ends: ends, Counts: p.Counts, Forecast: p.Forecast, Digest: p.Digest, Encoding: planner.Encoding,
		Shard: newShard(p.Shard), Found: found,
	}
	for _, t := range p.Latest {
		d.Latest = append(d.Latest, instant{uint8(t.Base), t.Seconds})
	}
	for i := range p.Users {
		c := &p.Users[i]
		d.Users = append(d.Users, userChange{
			object: object{
				c.Action.String(), c.Addr, c.Sensitive, c.Fields, c.Reason,
				unlessZero(c.Source), c.Carrier, c.Forget, c.StateOnly, unlessZero(c.From),
			},
			Before: (*user)(c.Before), After: (*user)(c.After),
		})
	}
	for i := range p.Groups {
		c := &p.Groups[i]
		d.Groups = append(d.Groups, groupChange{
			object: object{
				c.Action.String(), c.Addr, c.Sensitive, c.Fields, c.Reason,
				unlessZero(c.Source), c.Carrier, c.Forget, c.StateOnly, unlessZero(c.From),
			},
			Before: (*group)(c.Before), After: (*group)(c.After),
		})
	}
	for i := range p.Lanes {
		d.Lanes = append(d.Lanes, newLane(&p.Lanes[i]))
	}
	return d
}

func newLane(l *planner.LaneInfo) lane {
	out := lane{
		Chat: l.Chat, Between: l.Between, Group: l.Group, Voices: l.Voices, Counts: l.Counts,
		Total: l.Total, Requests: l.Requests, Trailing: l.Trailing, Digest: l.Digest,
	}
	for i := range l.Members {
		m := &l.Members[i]
		out.Members = append(out.Members, member{unlessZero(m.Addr), m.UID, m.Name})
	}
	for i := range l.Changes {
		c := &l.Changes[i]
		out.Changes = append(out.Changes, conversationChange{
			c.Action.String(), c.Addr, (*conversation)(c.Before), (*conversation)(c.After),
			c.Fields, c.Reason, unlessZero(c.Source), c.Skipped,
		})
	}
	return out
}

// plan is the reverse of newDocument.
func (d *document) plan() (*planner.Plan, error) {
	p := &planner.Plan{
		Dataset: d.Dataset, AppID: d.AppID, Region: d.Region,
		Anchor: d.Anchor, Provisional: d.Provisional, Reanchored: d.Reanchored,
		Destroy: d.Destroy, Prior: d.Prior, Lineage: d.Lineage, Serial: d.Serial, Generation: d.Generation, Renames: d.Renames,
		Counts: d.Counts, Forecast: d.Forecast, Digest: d.Digest, Shard: d.Shard.model(),
	}
	for _, t := range d.Latest {
		p.Latest = append(p.Latest, planner.Time{Base: config.Base(t.Base), Seconds: t.Seconds})
	}
	for i := range d.Users {
		c := &d.Users[i]
		action, err := planner.ParseAction(c.Action)
		if err != nil {
			return nil, err
		}
		p.Users = append(p.Users, planner.UserChange{
			Action: action, Addr: c.Addr, Before: (*state.User)(c.Before), After: (*state.User)(c.After),
			Sensitive: c.Sensitive, Fields: c.Fields, Reason: c.Reason, Source: orZero(c.Source),
			Carrier: c.Carrier, Forget: c.Forget, StateOnly: c.StateOnly, From: orZero(c.From),
		})
	}
	for i := range d.Groups {
		c := &d.Groups[i]
		action, err := planner.ParseAction(c.Action)
		if err != nil {
			return nil, err
		}
		p.Groups = append(p.Groups, planner.GroupChange{
			Action: action, Addr: c.Addr, Before: (*state.Group)(c.Before), After: (*state.Group)(c.After),
			Sensitive: c.Sensitive, Fields: c.Fields, Reason: c.Reason, Source: orZero(c.Source),
			Carrier: c.Carrier, Forget: c.Forget, StateOnly: c.StateOnly, From: orZero(c.From),
		})
	}
	for i := range d.Lanes {
		l, err := d.Lanes[i].info()
		if err != nil {
			return nil, err
		}
		p.Lanes = append(p.Lanes, l)
	}
	return p, nil
}

func (l *lane) info() (planner.LaneInfo, error) {
	out := planner.LaneInfo{
		Chat: l.Chat, Between: l.Between, Group: l.Group, Voices: l.Voices, Counts: l.Counts,
		Total: l.Total, Requests: l.Requests, Trailing: l.Trailing, Digest: l.Digest,
	}
	for _, m := range l.Members {
		out.Members = append(out.Members, state.User{Addr: orZero(m.Addr), UID: m.UID, Name: m.Name})
	}
	for i := range l.Changes {
		c := &l.Changes[i]
		action, err := planner.ParseAction(c.Action)
		if err != nil {
			return out, err
		}
		out.Changes = append(out.Changes, planner.ConversationChange{
			Action: action, Addr: c.Addr, Before: (*state.Conversation)(c.Before), After: (*state.Conversation)(c.After),
			Fields: c.Fields, Reason: c.Reason, Source: orZero(c.Source), Skipped: c.Skipped,
		})
	}
	return out, nil
}

func unlessZero[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func orZero[T any](v *T) T {
	if v == nil {
		var zero T
		return zero
	}
	return *v
}
