package planfile

import (
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// shard is what a shard has besides a plan.
type shard struct {
	Number        int                `json:"number"`
	Of            int                `json:"of"`
	Whole         string             `json:"whole"`
	Header        header             `json:"header"`
	Users         []*user            `json:"users,omitempty"`
	Groups        []*group           `json:"groups,omitempty"`
	Conversations []*conversation    `json:"conversations,omitempty"`
	Awaited       []addr.Object      `json:"awaited,omitempty"`
	Workers       int                `json:"workers"`
	Limits        limits             `json:"limits,omitzero"`
	Senders       map[string]portion `json:"senders,omitempty"`
	Removed       int                `json:"removed,omitempty"`
	Seeded        int                `json:"seeded,omitempty"`
}

// header is what the shard's state begins with. Dataset, app and region are the
// plan's, and the shard is what this file says.
type header struct {
	Lineage      string         `json:"lineage"`
	Anchor       *int64         `json:"anchor,omitempty"`
	Generation   int            `json:"generation,omitempty"`
	HashKey      string         `json:"hashKey"`
	SenderLimits map[string]int `json:"senderLimits,omitempty"`
	LookBack     bool           `json:"lookBack,omitempty"`
	Dataset      string         `json:"dataset"`
	AppID        string         `json:"appId,omitempty"`
	Region       string         `json:"region,omitempty"`
	Base         string         `json:"base,omitempty"` // fingerprint of the state that was cut
}

type limits struct {
	Requests int `json:"requests,omitempty"`
	Core     int `json:"core,omitempty"`
	Sender   int `json:"sender,omitempty"`
}

type portion struct {
	Messages int `json:"messages"`
	Of       int `json:"of"`
}

func newShard(s *planner.Shard) *shard {
	if s == nil {
		return nil
	}
	h := s.Header
	out := &shard{
		Number: s.Number, Of: s.Of, Whole: s.Whole, Awaited: s.Awaited,
		Header: header{
			Lineage: h.Lineage, Anchor: h.Anchor, Generation: h.Generation, HashKey: h.HashKey,
			SenderLimits: h.SenderLimit, LookBack: h.LookBack, Dataset: h.Dataset, AppID: h.AppID, Region: h.Region,
		},
		Workers: s.Pace.Workers, Limits: limits{s.Pace.RequestsPerMinute, s.Pace.CorePerMinute, s.Pace.SenderPerMinute},
		Removed: s.Removed, Seeded: s.Seeded,
	}
	if h.Shard != nil {
		out.Header.Base = h.Shard.Base
	}
	for _, u := range s.Around.Users {
		out.Users = append(out.Users, (*user)(u))
	}
	for _, g := range s.Around.Groups {
		out.Groups = append(out.Groups, (*group)(g))
	}
	for _, c := range s.Around.Conversations {
		out.Conversations = append(out.Conversations, (*conversation)(c))
	}
	for uid, p := range s.Pace.Senders {
		if out.Senders == nil {
			out.Senders = make(map[string]portion)
		}
		out.Senders[uid] = portion(p)
	}
	return out
}

// model is the reverse of newShard.
func (s *shard) model() *planner.Shard {
	if s == nil {
		return nil
	}
	h := s.Header
	out := &planner.Shard{
		Number: s.Number, Of: s.Of, Whole: s.Whole, Awaited: s.Awaited,
		Header: state.Header{
			Lineage: h.Lineage, Anchor: h.Anchor, Generation: h.Generation, HashKey: h.HashKey,
			SenderLimit: h.SenderLimits, LookBack: h.LookBack, Dataset: h.Dataset, AppID: h.AppID, Region: h.Region,
			Shard: &state.Shard{Plan: s.Whole, Number: s.Number, Of: s.Of, Base: h.Base},
		},
		Pace: planner.Pace{
			Workers: s.Workers, RequestsPerMinute: s.Limits.Requests, CorePerMinute: s.Limits.Core, SenderPerMinute: s.Limits.Sender,
		},
		Removed: s.Removed, Seeded: s.Seeded,
	}
	for _, u := range s.Users {
		out.Around.Users = append(out.Around.Users, (*state.User)(u))
	}
	for _, g := range s.Groups {
		out.Around.Groups = append(out.Around.Groups, (*state.Group)(g))
	}
	for _, c := range s.Conversations {
		out.Around.Conversations = append(out.Around.Conversations, (*state.Conversation)(c))
	}
	for uid, p := range s.Senders {
		if out.Pace.Senders == nil {
			out.Pace.Senders = make(map[string]planner.Portion)
		}
		out.Pace.Senders[uid] = planner.Portion(p)
	}
	return out
}
