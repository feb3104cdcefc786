package view

import (
	"encoding/json"
	"slices"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// planFormat names the form of a plan as JSON. Members may be added within a
// version; none is taken away or changes its meaning.
const planFormat = "sow.plan/1"

type appJSON struct {
	ID     string `json:"id,omitempty"`
	Region string `json:"region,omitempty"`
}

type userChangeJSON struct {
	Action    string                `json:"action"`
	Address   string                `json:"address"`
	Before    *userJSON             `json:"before,omitempty"`
	After     *userJSON             `json:"after,omitempty"`
	Fields    []planner.FieldChange `json:"fields,omitempty"`
	Sensitive []string              `json:"sensitive,omitempty"`
	Reason    string                `json:"reason,omitempty"`
	Source    *planner.Source       `json:"source,omitempty"`
	Carrier   *addr.Message         `json:"carrier,omitempty"`
	Forget    bool                  `json:"forget,omitempty"`
	StateOnly bool                  `json:"stateOnly,omitempty"`
	From      string                `json:"from,omitempty"` // the address until now
}

type groupChangeJSON struct {
	Action    string                `json:"action"`
	Address   string                `json:"address"`
	Before    *groupJSON            `json:"before,omitempty"`
	After     *groupJSON            `json:"after,omitempty"`
	Fields    []planner.FieldChange `json:"fields,omitempty"`
	Sensitive []string              `json:"sensitive,omitempty"`
	Reason    string                `json:"reason,omitempty"`
	Source    *planner.Source       `json:"source,omitempty"`
	Carrier   *addr.Message         `json:"carrier,omitempty"`
	Forget    bool                  `json:"forget,omitempty"`
	StateOnly bool                  `json:"stateOnly,omitempty"`
	From      string                `json:"from,omitempty"` // the address until now
}

type conversationChangeJSON struct {
	Action  string                `json:"action"`
	Address string                `json:"address"`
	Before  *conversationJSON     `json:"before,omitempty"`
	After   *conversationJSON     `json:"after,omitempty"`
	Fields  []planner.FieldChange `json:"fields,omitempty"`
	Reason  string                `json:"reason,omitempty"`
	Source  *planner.Source       `json:"source,omitempty"`
	Skipped int                   `json:"skipped,omitempty"`
}

type messageChangeJSON struct {
	Action    string                `json:"action"`
	Address   string                `json:"address"`
	Before    *messageJSON          `json:"before,omitempty"`
	After     *messageJSON          `json:"after,omitempty"`
	Fields    []planner.FieldChange `json:"fields,omitempty"`
	Sensitive []string              `json:"sensitive,omitempty"`
	Reason    string                `json:"reason,omitempty"`
	Source    *planner.Source       `json:"source,omitempty"`
	Carries   []addr.Object         `json:"carries,omitempty"`
	Skipped   int                   `json:"skipped,omitempty"`
	Late      bool                  `json:"late,omitempty"`
	Shifted   int64                 `json:"shifted,omitempty"` // seconds
	InDoubt   bool                  `json:"inDoubt,omitempty"`
	StateOnly bool                  `json:"stateOnly,omitempty"`
	From      string                `json:"from,omitempty"` // the key until now
}

func sourceJSON(s planner.Source) *planner.Source {
	if s.File == "" {
		return nil
	}
	return &s
}

// plan writes a whole plan, lane by lane.
func (d *document) plan(p *planner.Plan, shards []Shard) error {
	d.begin()
	d.member("format", planFormat)
	d.planHead(p)
	if shards != nil {
		d.member("shards", shardsJSON(shards))
	}
	if p.Found != nil {
		if err := d.found(p.Found); err != nil {
			return err
		}
	}
	_ = d.array("users", func() error {
		for _, c := range p.Users {
			d.value(userChange(c))
		}
		return nil
	})
	_ = d.array("groups", func() error {
		for _, c := range p.Groups {
			d.value(groupChange(c))
		}
		return nil
	})
	err := d.array("chats", func() error {
		for i := range p.Lanes {
			d.item()
			if err := d.lane(p, i); err != nil {
				return err
			}
		}
		return nil
	})
	d.end()
	return err
}

// planHead writes what is known of a plan without its lanes.
func (d *document) planHead(p *planner.Plan) {
	d.member("dataset", p.Dataset)
	d.member("app", appJSON{p.AppID, p.Region})
	d.member("destroy", p.Destroy)
	d.member("empty", p.Empty())
	d.member("digest", p.Digest)
	d.member("prior", p.Prior)
	d.member("anchor", p.Anchor)
	d.member("counts", p.Counts)
	d.member("forecast", p.Forecast)
	if p.Shard != nil {
		d.member("shard", shardPartJSON{p.Shard.Number, p.Shard.Of, p.Shard.Whole})
	}
}

func (d *document) lane(p *planner.Plan, i int) error {
	lane := &p.Lanes[i]
	d.begin()
	d.member("chat", lane.Chat)
	if lane.Group != "" {
		d.member("group", lane.Group)
	} else {
		d.member("between", lane.Between)
	}
	d.member("counts", lane.Counts.Messages)
	d.member("total", lane.Total)
	_ = d.array("conversations", func() error {
		for _, c := range lane.Changes {
			d.value(conversationChange(c))
		}
		return nil
	})
	d.member("trailing", lane.Trailing)
	err := d.array("messages", func() error {
		for m, err := range p.Lane(i) {
			if err != nil {
				return err
			}
			d.value(messageChange(p, m))
		}
		return nil
	})
	d.end()
	return err
}

func userChange(c planner.UserChange) userChangeJSON {
	return userChangeJSON{
		Action: c.Action.String(), Address: c.Addr.String(),
		Before: userOf(c.Before, c.Sensitive), After: userOf(c.After, c.Sensitive),
		Fields: c.Fields, Sensitive: c.Sensitive, Reason: c.Reason, Source: sourceJSON(c.Source),
		Carrier: c.Carrier, Forget: c.Forget, StateOnly: c.StateOnly, From: previous(c.From),
	}
}

func groupChange(c planner.GroupChange) groupChangeJSON {
	return groupChangeJSON{
		Action: c.Action.String(), Address: c.Addr.String(),
		Before: groupOf(c.Before, c.Sensitive), After: groupOf(c.After, c.Sensitive),
		Fields: c.Fields, Sensitive: c.Sensitive, Reason: c.Reason, Source: sourceJSON(c.Source),
		Carrier: c.Carrier, Forget: c.Forget, StateOnly: c.StateOnly, From: previous(c.From),
	}
}

func conversationChange(c planner.ConversationChange) conversationChangeJSON {
	return conversationChangeJSON{
		Action: c.Action.String(), Address: c.Addr.String(),
		Before: conversationOf(c.Before), After: conversationOf(c.After),
		Fields: c.Fields, Reason: c.Reason, Source: sourceJSON(c.Source), Skipped: c.Skipped,
	}
}

func messageChange(p *planner.Plan, m *planner.MessageChange) messageChangeJSON {
	after := messageOf(m.After, m.Sensitive)
	if after != nil && p.Anchor == nil {
		// The time is provisional: what was declared is not, and is the same
		// from minute to minute.
		after.SentAt, after.When = 0, m.When.String()
	}
	if m.Action == planner.NoOp {
		after = nil // the same
	}
	return messageChangeJSON{
		Action: m.Action.String(), Address: m.Addr.String(),
		Before: messageOf(m.Before, m.Sensitive), After: after,
		Fields: m.Fields, Sensitive: m.Sensitive, Reason: m.Reason, Source: sourceJSON(m.Source),
		Carries: m.Carries, Skipped: m.Skipped, Late: m.Late, Shifted: m.Shifted, InDoubt: inDoubt(m),
		StateOnly: m.StateOnly, From: m.From,
	}
}

// previous is the address that an object leaves, or "".
func previous(o addr.Object) string {
	if o.IsZero() {
		return ""
	}
	return o.String()
}

// hiding returns whether an attribute must not be shown: it is declared
// sensitive, or the state has sealed it.
func hiding(declared []string, sealed map[string]string) func(attribute string) bool {
	return func(attribute string) bool {
		_, isSealed := sealed[attribute]
		return isSealed || slices.Contains(declared, attribute)
	}
}

// shown returns the value, or what stands for one that must not be shown.
func shown(hidden bool, value string) string {
	if hidden {
		return sensitive
	}
	return value
}

func shownJSON(hidden bool, value json.RawMessage) json.RawMessage {
	if hidden {
		return json.RawMessage(`"` + sensitive + `"`)
	}
	return value
}

func shownList(hidden bool, values []string) []string {
	if hidden {
		return []string{sensitive}
	}
	return values
}

func attachmentsOf(hidden bool, values []state.Attachment) []state.Attachment {
	if !hidden {
		return values
	}
	return []state.Attachment{{URL: sensitive, Name: sensitive, MimeType: sensitive, Extension: sensitive}}
}
