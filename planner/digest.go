package planner

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"slices"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
)

// digester hashes the canonical semantic form of a plan: what apply would do,
// and nothing else. Every part is preceded by its length or count, so that no
// two plans have the same form. Not in it are the places of declarations, the
// provisional anchor, reasons, forecasts and whatever follows from the rest.
// Of sensitive values only their presence is in it.
type digester struct {
	hash hash.Hash
	buf  []byte
	// The conversation of the message before, and what it is called.
	conversationOf addr.Object
	name           string
}

// digestVersion changes whenever the canonical form does.
const digestVersion = "sow plan 1"

func newDigester() *digester { return &digester{hash: sha256.New()} }

func (d *digester) sum() string {
	d.flush()
	return hex.EncodeToString(d.hash.Sum(nil))
}

func (d *digester) flush() {
	d.hash.Write(d.buf)
	d.buf = d.buf[:0]
}

func (d *digester) text(s string) {
	if len(d.buf) > 4<<10 {
		d.flush()
	}
	d.buf = appendPart(d.buf, s)
}

func (d *digester) texts(list []string) {
	d.number(int64(len(list)))
	for _, s := range list {
		d.text(s)
	}
}

// members are texts, of which none is something else than an empty list.
func (d *digester) members(list []string) {
	d.flag(list != nil)
	d.texts(list)
}

func (d *digester) number(n int64) { d.buf = binary.AppendVarint(d.buf, n) }

func (d *digester) flag(b bool) {
	n := int64(0)
	if b {
		n = 1
	}
	d.number(n)
}

func (d *digester) action(a Action, stateOnly bool) {
	d.number(int64(a))
	d.flag(stateOnly)
}

// secrets writes attributes of which some are sensitive.
type secrets struct {
	*digester
	names []string
}

func (s secrets) attribute(name, value string) {
	s.buf = appendSecret(s.buf, value, slices.Contains(s.names, name))
}

// changed writes which attributes differ: of sensitive ones it is all there is.
func (d *digester) changed(fields []FieldChange) {
	d.number(int64(len(fields)))
	for _, f := range fields {
		d.text(f.Name)
	}
}

func (d *digester) carrier(m *addr.Message) {
	d.flag(m != nil)
	if m != nil {
		d.text(m.String())
	}
}

func (d *digester) user(c *UserChange) {
	d.action(c.Action, c.StateOnly)
	d.flag(c.Forget)
	d.text(c.Addr.String())
	d.flag(!c.From.IsZero())
	if !c.From.IsZero() {
		d.text(c.From.String())
	}
	d.carrier(c.Carrier)
	d.changed(c.Fields)
	d.flag(c.Before != nil)
	if c.Before != nil {
		d.text(c.Before.UID)
	}
	d.flag(c.After != nil)
	if u := c.After; u != nil {
		s := secrets{d, c.Sensitive}
		d.text(u.UID)
		s.attribute("name", u.Name)
		s.attribute("avatar", u.Avatar)
		s.attribute("link", u.Link)
		s.attribute("role", u.Role)
		s.attribute("metadata", string(u.Metadata))
		s.attribute("tags", listText(u.Tags))
		d.flag(u.PreventDestroy)
	}
}

func (d *digester) group(c *GroupChange) {
	d.action(c.Action, c.StateOnly)
	d.flag(c.Forget)
	d.text(c.Addr.String())
	d.flag(!c.From.IsZero())
	if !c.From.IsZero() {
		d.text(c.From.String())
	}
	d.carrier(c.Carrier)
	d.changed(c.Fields)
	d.flag(c.Before != nil)
	if c.Before != nil {
		d.text(c.Before.GUID)
	}
	d.flag(c.After != nil)
	if g := c.After; g != nil {
		s := secrets{d, append(slices.Clone(c.Sensitive), "password")}
		d.text(g.GUID)
		s.attribute("name", g.Name)
		d.text(g.Type)
		s.attribute("password", g.Password)
		s.attribute("icon", g.Icon)
		s.attribute("description", g.Description)
		s.attribute("metadata", string(g.Metadata))
		s.attribute("tags", listText(g.Tags))
		d.text(g.Owner)
		d.members(g.Admins)
		d.members(g.Moderators)
		d.members(g.Participants)
		d.flag(g.PreventDestroy)
	}
}

func (d *digester) conversation(c *ConversationChange) {
	if c.Action == NoOp {
		return
	}
	d.text("conversation")
	d.action(c.Action, true)
	d.text(c.Addr.String())
	for _, r := range []*state.Conversation{c.Before, c.After} {
		d.flag(r != nil)
		if r != nil {
			d.texts(r.Between)
			d.text(r.Group)
			d.text(r.Starts)
			d.text(r.Pace)
			d.flag(r.PreventDestroy)
		}
	}
}

func (d *digester) message(c *MessageChange) {
	d.text("message")
	d.action(c.Action, c.StateOnly)
	if d.name == "" || d.conversationOf != c.Addr.Conversation {
		d.conversationOf, d.name = c.Addr.Conversation, c.Addr.Conversation.String()
	}
	d.text(d.name)
	d.text(c.Addr.Key)
	d.text(c.From)
	d.changed(c.Fields)
	d.flag(c.Before != nil)
	if m := c.Before; m != nil {
		d.text(m.MUID)
		d.text(m.ID)
		d.flag(m.InDoubt)
	}
	d.flag(c.After != nil)
	if m := c.After; m != nil {
		s := secrets{d, c.Sensitive}
		d.number(int64(m.Generation))
		d.number(int64(c.When.Base))
		d.number(c.When.Seconds)
		d.text(m.Sender)
		d.text(messageType(m))
		s.attribute("text", m.Text)
		s.attribute("attachments", attachmentsText(m.Attachments))
		s.attribute("custom_data", string(m.CustomData))
		s.attribute("metadata", string(m.Metadata))
		s.attribute("tags", listText(m.Tags))
		d.text(m.At)
		d.text(m.After)
		d.text(m.Expect)
	}
}

// digestOf returns the digest of a plan whose users, groups and lanes are
// complete.
func digestOf(p *Plan) string {
	d := newDigester()
	d.text(digestVersion)
	d.text(p.Dataset)
	d.text(p.AppID)
	d.flag(p.Destroy)
	if s := p.Shard; s != nil {
		d.text("shard")
		d.text(s.Whole)
		d.number(int64(s.Number))
		d.number(int64(s.Of))
	}
	d.flag(p.Anchor != nil)
	if p.Anchor != nil {
		d.number(*p.Anchor)
	}
	d.number(int64(len(p.Users)))
	for i := range p.Users {
		d.user(&p.Users[i])
	}
	d.number(int64(len(p.Groups)))
	for i := range p.Groups {
		d.group(&p.Groups[i])
	}
	d.number(int64(len(p.Lanes)))
	for i := range p.Lanes {
		d.text(p.Lanes[i].Digest)
	}
	return "sha256:" + d.sum()
}
