package applier

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// dataset makes a configuration by hand.
type dataset struct {
	config.Config
	byUID  map[string]*config.User
	byGUID map[string]*config.Group
	line   int
}

func newDataset() *dataset {
	anchor := restart.Unix()
	return &dataset{
		Config: config.Config{Dataset: "demo", Anchor: &anchor, App: config.App{AppID: "app", Region: "us"}},
		byUID:  make(map[string]*config.User), byGUID: make(map[string]*config.Group),
	}
}

func (d *dataset) at() hcl.Range {
	d.line++
	return hcl.Range{Filename: "main.sow.hcl", Start: hcl.Pos{Line: d.line, Column: 1}, End: hcl.Pos{Line: d.line, Column: 1}}
}

func (d *dataset) user(uid string, change ...func(*config.User)) *config.User {
	if u := d.byUID[uid]; u != nil {
		return u
	}
	u := &config.User{Addr: addr.Object{Kind: addr.User, Name: uid}, UID: uid, Name: "The " + uid, Range: d.at()}
	for _, c := range change {
		c(u)
	}
	d.byUID[uid] = u
	d.Users = append(d.Users, u)
	return u
}

func (d *dataset) group(guid string, change ...func(*config.Group)) *config.Group {
	if g := d.byGUID[guid]; g != nil {
		return g
	}
	g := &config.Group{Addr: addr.Object{Kind: addr.Group, Name: guid}, GUID: guid, Name: "The " + guid, Type: "public", Range: d.at()}
	for _, c := range change {
		c(g)
	}
	d.byGUID[guid] = g
	d.Groups = append(d.Groups, g)
	return g
}

// talk is a conversation that is being made.
type talk struct {
	d        *dataset
	c        *config.Conversation
	messages []*config.Message
}

func (d *dataset) talk(name string, change func(*config.Conversation)) *talk {
	starts := config.Time{Seconds: restart.Add(-72 * time.Hour).Unix()}
	t := &talk{d: d, c: &config.Conversation{Addr: addr.Object{Kind: addr.Conversation, Name: name}, Starts: &starts, Range: d.at()}}
	change(t.c)
	t.c.Read = func(yield func(*config.Message) bool) hcl.Diagnostics {
		for _, m := range t.messages {
			copied := *m
			if !yield(&copied) {
				break
			}
		}
		return nil
	}
	d.Conversations = append(d.Conversations, t.c)
	return t
}

func (d *dataset) between(name, a, b string) *talk {
	return d.talk(name, func(c *config.Conversation) { c.Between = [2]*config.User{d.user(a), d.user(b)} })
}

func (d *dataset) in(name, guid string) *talk {
	return d.talk(name, func(c *config.Conversation) { c.Group = d.group(guid) })
}

// say adds a message with a label.
func (t *talk) say(label, from, text string, change ...func(*config.Message)) *talk {
	m := &config.Message{Label: label, From: t.d.user(from), Type: "text", Text: text, Range: t.d.at()}
	for _, c := range change {
		c(m)
	}
	t.messages = append(t.messages, m)
	return t
}

// chatter adds n messages of the people in turn.
func (t *talk) chatter(n int, from ...string) *talk {
	for i := range n {
		t.say(fmt.Sprintf("m%03d", i), from[i%len(from)], fmt.Sprintf("%s says %d", from[i%len(from)], i))
	}
	return t
}

// plan plans the dataset on a state.
func (d *dataset) plan(t testing.TB, prior state.Reader) *planner.Plan {
	t.Helper()
	slices.SortFunc(d.Users, func(a, b *config.User) int { return a.Addr.Compare(b.Addr) })
	slices.SortFunc(d.Groups, func(a, b *config.Group) int { return a.Addr.Compare(b.Addr) })
	slices.SortFunc(d.Conversations, func(a, b *config.Conversation) int { return a.Addr.Compare(b.Addr) })
	p, diags, err := planner.Build(&d.Config, prior, planner.Options{Now: time.Now().Unix(), Workers: 1})
	if err != nil || diags.HasErrors() {
		t.Fatalf("plan: %v %v", err, diags)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func meta(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
