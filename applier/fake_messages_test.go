package applier

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sowdev/sow/planner"
)

func (f *fake) SendMessage(ctx context.Context, o *Outgoing) (*Message, error) {
	out := *o
	out.Tags = slices.Clone(o.Tags)
	defer f.alone(&out)()
	var answer *Message
	err := f.do(ctx, "send", o.Sender+">"+o.Receiver+" "+o.Data.Text, func() (err error) {
		answer, err = f.send(&out)
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// alone sees to it that a chat's messages are sent one after the other.
func (f *fake) alone(o *Outgoing) func() {
	chat := chatName(&Message{Sender: o.Sender, Receiver: o.Receiver, ReceiverType: o.ReceiverType})
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.chatting == nil {
		f.chatting = make(map[string]bool)
	}
	if f.chatting[chat] {
		f.broken = "two messages are sent to " + chat + " at once"
	}
	f.chatting[chat] = true
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.chatting[chat] = false
	}
}

func (f *fake) send(o *Outgoing) (*Message, error) {
	if f.restricted != "" {
		return nil, refuse(f.restricted, "no")
	}
	if f.senderMax > 0 {
		times := f.sent[o.Sender]
		ok, wait := spend(&times, f.senderMax)
		f.sent[o.Sender] = times
		if !ok {
			return nil, f.tooFast(wait)
		}
	}
	before := f.snapshotPeople()
	m, err := f.trySend(o)
	if err == nil {
		return m, nil
	}
	if o.SenderDetails != nil || o.ReceiverDetails != nil || o.GroupDetails != nil {
		switch f.effects {
		case "":
			f.users, f.groups, f.members = before.users, before.groups, before.members
		case "message":
			var refusal *Refusal
			there := f.users[o.Receiver] != nil || f.groups[o.Receiver] != nil
			if errors.As(err, &refusal) && refusal.Code != "ERR_IMPORT_MUID_ALREADY_EXISTS" && f.users[o.Sender] != nil && there {
				f.store(o)
			}
		}
	}
	return nil, err
}

type people struct {
	users   map[string]*User
	groups  map[string]*Group
	members map[string]map[string]string
}

func (f *fake) snapshotPeople() people {
	p := people{maps.Clone(f.users), maps.Clone(f.groups), make(map[string]map[string]string)}
	for g, m := range f.members {
		p.members[g] = maps.Clone(m)
	}
	return p
}

func (f *fake) trySend(o *Outgoing) (*Message, error) {
	if o.MUID == "" || o.Sender == o.Receiver {
		return nil, refuse("ERR_BAD_REQUEST", "muid or sender")
	}
	if o.SentAt > time.Now().Unix() {
		return nil, refuse("ERR_BAD_REQUEST", "sentAt is in the future")
	}
	if f.tooOld {
		return nil, &Unknown{Status: 500}
	}
	if strings.Contains(o.Data.Text, "forbidden") {
		return nil, refuse("ERR_BLOCKED_BY_EXTENSION", "blocked")
	}
	if err := f.admitUser(o.SenderDetails); err != nil {
		return nil, err
	}
	if err := f.admitUser(o.ReceiverDetails); err != nil {
		return nil, err
	}
	created := o.GroupDetails != nil && f.groups[o.Receiver] == nil
	if err := f.admitGroup(o.GroupDetails); err != nil {
		return nil, err
	}
	if err := f.exists(o.Sender, false); err != nil {
		return nil, err
	}
	if err := f.exists(o.Receiver, o.ReceiverType == "group"); err != nil {
		return nil, err
	}
	if o.ReceiverType == "group" && f.member == "always" && f.members[o.Receiver][o.Sender] == "" && !(created && f.creator) {
		return nil, refuse("ERR_GROUP_NOT_JOINED", "%s is not in %s", o.Sender, o.Receiver)
	}
	if f.duplicate != "" {
		for _, m := range f.messages {
			if m.MUID != o.MUID {
				continue
			}
			if f.duplicate == "existing" {
				return f.tell(m, true), nil
			}
			switch f.rejectCode {
			case "import":
				return nil, refuse("ERR_IMPORT_MUID_ALREADY_EXISTS", "there")
			case "unknown":
				return nil, refuse("ERR_TWICE", "there")
			}
			r := refuse("ERR_BAD_REQUEST", "there")
			r.Details = json.RawMessage(`{"muid":["taken"]}`)
			return nil, r
		}
	}
	if f.joins && o.ReceiverType == "group" {
		f.join(o.Receiver, o.Sender, planner.Participant)
	}
	return f.tell(f.store(o), true), nil
}

func (f *fake) store(o *Outgoing) *stored {
	f.nextID++
	now := time.Now()
	m := &stored{Message: Message{
		ID: strconv.Itoa(f.nextID), MUID: o.MUID, Sender: o.Sender, Receiver: o.Receiver, ReceiverType: o.ReceiverType,
		Category: "message", Type: o.Type, Data: o.Data, Tags: o.Tags, SentAt: o.SentAt, UpdatedAt: now.Unix(),
	}, shown: now.Add(f.settle), free: now.Add(f.settle), judge: now.Add(2 * time.Second)}
	m.ConversationID = "group_" + o.Receiver
	if o.ReceiverType != "group" {
		m.ConversationID = min(o.Sender, o.Receiver) + "_user_" + max(o.Sender, o.Receiver)
	}
	f.messages = append(f.messages, m)
	return m
}

// status is what moderation says of a message now.
func (f *fake) status(m *stored) string {
	switch f.moderation {
	case "keyword":
		if time.Now().Before(m.judge) {
			return pending
		}
		if strings.Contains(m.Data.Text, "badword") {
			return disapproved
		}
		return "approved"
	case "off":
		return ""
	}
	return f.moderation
}

// tell is a message as an answer has it.
func (f *fake) tell(m *stored, send bool) *Message {
	told := m.Message
	told.Moderation = f.status(m)
	if f.readback == "nowhere" || f.readback == "send" && !send {
		told.MUID = ""
	}
	if !f.untold {
		if u := f.users[m.Sender]; u != nil {
			c := *u
			told.SenderEntity = &c
		}
		if u := f.users[m.Receiver]; u != nil && m.ReceiverType != "group" {
			c := *u
			told.ReceiverEntity = &c
		}
		if g := f.groups[m.Receiver]; g != nil && m.ReceiverType == "group" {
			c := *g
			told.GroupEntity = &c
		}
	}
	return &told
}

func (f *fake) find(id string) (*stored, error) {
	for _, m := range f.messages {
		if m.ID == id && !time.Now().Before(m.shown) {
			return m, nil
		}
	}
	return nil, refuse("ERR_MESSAGE_ID_NOT_FOUND", "%s", id)
}

func (f *fake) EditMessage(ctx context.Context, id string, data MessageData) (*Message, error) {
	var answer *Message
	err := f.do(ctx, "edit", id, func() error {
		m, err := f.find(id)
		if err != nil {
			return err
		}
		if time.Now().Before(m.free) {
			return refuse("ERR_MESSAGE_NO_ACCESS", "%s", id)
		}
		if f.metaMerge {
			data.Metadata = overlay(m.Data.Metadata, nil, data.Metadata)
		}
		m.Data = data
		answer = f.tell(m, false)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

func (f *fake) DeleteMessage(ctx context.Context, id string) error {
	return f.do(ctx, "delete", id, func() error {
		m, err := f.find(id)
		if err != nil {
			return err
		}
		if time.Now().Before(m.free) {
			return refuse("ERR_MESSAGE_NO_ACCESS", "%s", id)
		}
		f.messages = slices.DeleteFunc(f.messages, func(o *stored) bool { return o == m })
		return nil
	})
}

func (f *fake) GetMessage(ctx context.Context, id string) (*Message, error) {
	var answer *Message
	err := f.do(ctx, "get message", id, func() error {
		m, err := f.find(id)
		if err == nil {
			answer = f.tell(m, false)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// page is how many messages the fake lists at once.
const fakePage = 7

func (f *fake) ListMessages(ctx context.Context, q MessageQuery) (*MessagePage, error) {
	var page *MessagePage
	err := f.do(ctx, "list", q.UserA+q.Group+q.Tag, func() error {
		if q.UserA != "" && f.users[q.UserA] == nil {
			return refuse("ERR_UID_NOT_FOUND", "%s", q.UserA)
		}
		if q.Group != "" && f.groups[q.Group] == nil {
			return refuse("ERR_GUID_NOT_FOUND", "%s", q.Group)
		}
		c := &chat{a: q.UserA, b: q.UserB, group: q.Group, id: q.ConversationID}
		var all []*stored
		for _, m := range f.messages {
			switch {
			case f.unlisted, time.Now().Before(m.shown), f.hidden && (f.status(m) == pending || f.status(m) == disapproved):
			case q.UserA+q.Group+q.ConversationID != "" && !c.has(&m.Message):
			case q.Tag != "" && !slices.Contains(m.Tags, q.Tag), q.Sender != "" && q.Sender != m.Sender:
			case q.From != 0 && m.SentAt < q.From-1, q.To != 0 && m.SentAt > q.To+1:
			default:
				all = append(all, m)
			}
		}
		if !f.byID {
			slices.SortStableFunc(all, func(a, b *stored) int { return int(a.SentAt - b.SentAt) })
		}
		if q.Newest {
			slices.Reverse(all)
		}
		page = f.cut(all, q.Cursor, cmp.Or(f.page, fakePage))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

func (f *fake) cut(all []*stored, c Cursor, size int) *MessagePage {
	from := 0
	if c["from"] != "" {
		from, _ = strconv.Atoi(c["from"])
	}
	page := &MessagePage{Limit: size}
	for _, m := range all[min(from, len(all)):min(from+size, len(all))] {
		page.Messages = append(page.Messages, f.tell(m, false))
	}
	if from+size < len(all) {
		page.Next = Cursor{"from": strconv.Itoa(from + size)}
	}
	return page
}

func (f *fake) ListModerated(ctx context.Context, q ModeratedQuery) (*MessagePage, error) {
	var page *MessagePage
	err := f.do(ctx, "moderated", q.Status, func() error {
		var all []*stored
		for _, m := range f.messages {
			if !time.Now().Before(m.shown) && f.status(m) == q.Status && (q.Sender == "" || q.Sender == m.Sender) &&
				(q.ReceiverUID+q.ReceiverGUID == "" || q.ReceiverUID+q.ReceiverGUID == m.Receiver) {
				all = append(all, m)
			}
		}
		c := q.Cursor
		switch f.paging {
		case "page":
			n, _ := strconv.Atoi(c["page"])
			c = Cursor{"from": strconv.Itoa(max(0, n-1) * fakePage)}
		case "single":
			c = nil
		}
		page = f.cut(all, c, fakePage)
		for _, m := range page.Messages {
			m.Tags = nil // nothing asks for them here
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}
