package applier

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// quirks are the behaviours of the fake app that nobody has documented. The
// zero values are the plainest.
type quirks struct {
	duplicate  string // of a muid: "" accepts, reject, existing
	rejectCode string // bad_request, import, or unknown
	readback   string // of the muid: "" everywhere, send, nowhere
	settle     time.Duration
	details    string // on what exists: "" ignores, update, reject
	missing    string // "" not_found, bad_request, auto
	effects    string // of failed calls with details: "" none, entities, message
	role       string // unknown in details: "" reject, default
	owner      string // unknown in details: "" reject, system, dangling
	member     string // required: "" never, always
	creator    bool   // a sender may create the group without being a member
	joins      bool   // sending makes a member
	ownerIn    bool   // the owner of a new group is a member
	hidden     bool   // what is held back is only in the lists of moderation
	paging     string // of the lists of moderation: "" cursor, page, single
	byID       bool   // lists are by id
	moderation string // "" none, approved, pending, keyword (approved or disapproved after a while), off
	senderMax  int    // messages a minute
	appMax     int    // requests a minute
	retryAfter bool
	metaMerge  bool
	clear      string // of empty values: "" clears, ignored, rejected
	restricted string // code that sends are refused with
	untold     bool   // answers do not tell about people
	tooOld     bool   // old messages give server errors
}

// fault is what happens to one request.
type fault struct {
	kind  string // "", refuse, before, after, later, slow, 429
	delay time.Duration
}

// stored is a message of the fake app.
type stored struct {
	Message
	shown time.Time // when reads have it
	free  time.Time // when it can be changed
	judge time.Time // when moderation has decided
}

// fake is an App in memory. Its state survives; what is asked of it can fail.
type fake struct {
	quirks
	faults func(op string, n int) fault

	mu       sync.Mutex
	users    map[string]*User
	groups   map[string]*Group
	members  map[string]map[string]string // by guid and uid: scope
	messages []*stored
	nextID   int
	calls    map[string]int
	log      []string
	under    int
	most     int // requests under way at once
	sent     map[string][]time.Time
	asked    []time.Time
	roles    map[string]bool
	gone     map[string]bool // deactivated users
	heard    func(Rate)
	chatting map[string]bool // chats with a send under way
	broken   string          // the rule that a request broke
}

func newFake(q quirks) *fake {
	return &fake{
		quirks: q, users: make(map[string]*User), groups: make(map[string]*Group),
		members: make(map[string]map[string]string), calls: make(map[string]int),
		sent: make(map[string][]time.Time), roles: map[string]bool{"default": true}, gone: make(map[string]bool),
	}
}

func refuse(code, format string, args ...any) *Refusal {
	return &Refusal{Code: code, Status: 400, Message: fmt.Sprintf(format, args...)}
}

var errLine = errors.New("the line was cut")

// do runs one request under the faults. The work happens under the lock.
func (f *fake) do(ctx context.Context, op, what string, work func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	f.mu.Lock()
	f.calls[op]++
	n := f.calls[op]
	f.log = append(f.log, op+" "+what)
	f.under++
	f.most = max(f.most, f.under)
	var now fault
	if f.faults != nil {
		now = f.faults(op, n)
	}
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.under--
		f.mu.Unlock()
	}()
	locked := func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		return work()
	}
	if err := f.limit(); err != nil {
		return err
	}
	sleep := func(d time.Duration) error {
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			return &Unknown{Err: ctx.Err()}
		}
	}
	if err := sleep(time.Millisecond); err != nil {
		return err
	}
	switch now.kind {
	case "refuse":
		return &NotSent{Err: errLine}
	case "before":
		return &Unknown{Err: errLine}
	case "after":
		_ = locked()
		return &Unknown{Status: 502, Err: errLine}
	case "later":
		time.AfterFunc(now.delay, func() { _ = locked() })
		return &Unknown{Err: errLine}
	case "slow":
		err := locked()
		if late := sleep(now.delay); late != nil {
			return late
		}
		return err
	case "429":
		return &RateLimit{RetryAfter: now.delay}
	}
	return locked()
}

// limit keeps to the app's limit on requests.
func (f *fake) limit() error {
	if f.appMax == 0 {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	ok, wait := spend(&f.asked, f.appMax)
	if f.heard != nil {
		f.heard(Rate{Limit: f.appMax, Remaining: f.appMax - len(f.asked), Reset: time.Now().Add(wait)})
	}
	if ok {
		return nil
	}
	return f.tooFast(wait)
}

func (f *fake) tooFast(wait time.Duration) error {
	if !f.retryAfter {
		wait = 0
	}
	return &RateLimit{RetryAfter: wait}
}

// spend takes one of the limit of a sliding minute.
func spend(times *[]time.Time, limit int) (ok bool, wait time.Duration) {
	now := time.Now()
	recent := (*times)[:0]
	for _, t := range *times {
		if now.Sub(t) < time.Minute {
			recent = append(recent, t)
		}
	}
	*times = recent
	if len(recent) >= limit {
		return false, time.Minute - now.Sub(recent[0])
	}
	*times = append(*times, now)
	return true, time.Minute
}

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
		f.join(o.Receiver, o.Sender, participant)
	}
	return f.tell(f.store(o), true), nil
}

func (f *fake) exists(id string, group bool) error {
	if group && f.groups[id] != nil || !group && f.users[id] != nil && !f.gone[id] {
		return nil
	}
	switch f.missing {
	case "auto":
		if group {
			f.groups[id] = &Group{GUID: id, Name: id, Type: "public", CreatedAt: time.Now().Unix()}
		} else {
			f.users[id] = &User{UID: id, Name: id, Role: "default", CreatedAt: time.Now().Unix()}
		}
		return nil
	case "bad_request":
		return refuse("ERR_BAD_REQUEST", "%s does not exist", id)
	}
	if group {
		return refuse("ERR_GUID_NOT_FOUND", "%s", id)
	}
	return refuse("ERR_UID_NOT_FOUND", "%s", id)
}

func (f *fake) admitUser(d *User) error {
	if d == nil {
		return nil
	}
	if f.users[d.UID] != nil {
		switch f.details {
		case "reject":
			return refuse("ERR_UID_ALREADY_EXISTS", "%s", d.UID)
		case "update":
			u := *d
			u.CreatedAt = f.users[d.UID].CreatedAt
			f.users[d.UID] = &u
		}
		return nil
	}
	u := *d
	if u.Role != "" && !f.roles[u.Role] {
		if f.role == "" {
			return refuse("ERR_BAD_REQUEST", "role %s", u.Role)
		}
		u.Role = ""
	}
	if u.Role == "" {
		u.Role = "default"
	}
	u.CreatedAt = time.Now().Unix()
	f.users[u.UID] = &u
	return nil
}

func (f *fake) admitGroup(d *Group) error {
	if d == nil {
		return nil
	}
	if d.Description != "" {
		d.Description = "" // details have none
	}
	if f.groups[d.GUID] != nil {
		if f.details == "reject" {
			return refuse("ERR_GUID_ALREADY_EXISTS", "%s", d.GUID)
		}
		return nil
	}
	g := *d
	if g.Owner != "" && f.users[g.Owner] == nil {
		switch f.owner {
		case "":
			return refuse("ERR_UID_NOT_FOUND", "owner %s", g.Owner)
		case "system":
			g.Owner = "app_system"
		}
	}
	f.newGroup(g)
	return nil
}

func (f *fake) newGroup(g Group) *Group {
	g.CreatedAt = time.Now().Unix()
	f.groups[g.GUID] = &g
	if f.ownerIn && g.Owner != "" {
		f.join(g.GUID, g.Owner, admin)
	}
	return &g
}

func (f *fake) join(guid, uid, scope string) {
	if f.members[guid] == nil {
		f.members[guid] = make(map[string]string)
	}
	if f.members[guid][uid] == "" {
		f.members[guid][uid] = scope
	}
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
			case time.Now().Before(m.shown), f.hidden && (f.status(m) == pending || f.status(m) == disapproved):
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
		page = f.cut(all, q.Cursor, fakePage)
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
		return nil
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

func (f *fake) CreateUser(ctx context.Context, u *User) (*User, error) {
	declared := *u
	var seen *User
	err := f.do(ctx, "create user", u.UID, func() error {
		if f.users[declared.UID] != nil {
			return refuse("ERR_UID_ALREADY_EXISTS", "%s", declared.UID)
		}
		if declared.Role != "" && !f.roles[declared.Role] {
			return refuse("ERR_ROLE_NOT_FOUND", "%s", declared.Role)
		}
		if declared.Role == "" {
			declared.Role = "default"
		}
		declared.CreatedAt = time.Now().Unix()
		f.users[declared.UID] = &declared
		c := declared
		seen = &c
		return nil
	})
	if err != nil {
		return nil, err
	}
	return seen, nil
}

func (f *fake) getUser(uid string) (*User, error) {
	u := f.users[uid]
	if u == nil || f.gone[uid] {
		return nil, refuse("ERR_UID_NOT_FOUND", "%s", uid)
	}
	c := *u
	return &c, nil
}

func (f *fake) GetUser(ctx context.Context, uid string) (*User, error) {
	var seen *User
	err := f.do(ctx, "get user", uid, func() (err error) {
		seen, err = f.getUser(uid)
		return err
	})
	if err != nil {
		return nil, err
	}
	return seen, nil
}

func (f *fake) ListUsers(ctx context.Context, page int) (*UserPage, error) {
	return nil, errors.New("not used")
}

func (f *fake) UpdateUser(ctx context.Context, uid string, p Patch) (*User, error) {
	var seen *User
	err := f.do(ctx, "update user", uid+" "+strings.Join(slices.Sorted(maps.Keys(p.Set)), ","), func() error {
		if _, err := f.getUser(uid); err != nil {
			return err
		}
		u := *f.users[uid]
		for field, value := range p.Set {
			switch field {
			case "name":
				u.Name = value.(string)
			case "avatar":
				u.Avatar = value.(string)
			case "link":
				u.Link = value.(string)
			case "role":
				if !f.roles[value.(string)] {
					return refuse("ERR_ROLE_NOT_FOUND", "%s", value)
				}
				if value == "default" && f.clear == "rejected" {
					return refuse("ERR_BAD_REQUEST", "role")
				}
				if value != "default" || f.clear == "" {
					u.Role = value.(string)
				}
			case "metadata":
				u.Metadata = f.putMeta(u.Metadata, value.(json.RawMessage))
			case "tags":
				if err := f.putTags(&u.Tags, value.([]string)); err != nil {
					return err
				}
			}
		}
		for _, field := range p.Unset {
			switch field {
			case "avatar":
				u.Avatar = ""
			case "link":
				u.Link = ""
			case "metadata":
				u.Metadata = nil
			}
		}
		f.users[uid] = &u
		c := u
		seen = &c
		return nil
	})
	if err != nil {
		return nil, err
	}
	return seen, nil
}

func (f *fake) putMeta(old, value json.RawMessage) json.RawMessage {
	if f.metaMerge {
		return overlay(old, nil, value)
	}
	return value
}

func (f *fake) putTags(tags *[]string, value []string) error {
	if len(value) == 0 {
		switch f.clear {
		case "ignored":
			return nil
		case "rejected":
			return refuse("ERR_BAD_REQUEST", "tags")
		}
	}
	*tags = slices.Clone(value)
	return nil
}

func (f *fake) ReactivateUser(ctx context.Context, uid string) error {
	return f.do(ctx, "reactivate", uid, func() error {
		delete(f.gone, uid)
		return nil
	})
}

func (f *fake) DeleteUser(ctx context.Context, uid string) error {
	return f.do(ctx, "delete user", uid, func() error {
		if _, err := f.getUser(uid); err != nil {
			return err
		}
		delete(f.users, uid)
		f.messages = slices.DeleteFunc(f.messages, func(m *stored) bool {
			return m.Sender == uid || m.ReceiverType != "group" && m.Receiver == uid
		})
		return nil
	})
}

func (f *fake) CreateGroup(ctx context.Context, g *Group) (*Group, error) {
	declared := *g
	var seen *Group
	err := f.do(ctx, "create group", g.GUID, func() error {
		if f.groups[declared.GUID] != nil {
			return refuse("ERR_GUID_ALREADY_EXISTS", "%s", declared.GUID)
		}
		if declared.Owner != "" && f.users[declared.Owner] == nil {
			return refuse("ERR_UID_NOT_FOUND", "%s", declared.Owner)
		}
		c := *f.newGroup(declared)
		seen = &c
		return nil
	})
	if err != nil {
		return nil, err
	}
	return seen, nil
}

func (f *fake) getGroup(guid string) (*Group, error) {
	g := f.groups[guid]
	if g == nil {
		return nil, refuse("ERR_GUID_NOT_FOUND", "%s", guid)
	}
	c := *g
	c.Password = ""
	return &c, nil
}

func (f *fake) GetGroup(ctx context.Context, guid string) (*Group, error) {
	var seen *Group
	err := f.do(ctx, "get group", guid, func() (err error) {
		seen, err = f.getGroup(guid)
		return err
	})
	if err != nil {
		return nil, err
	}
	return seen, nil
}

func (f *fake) ListGroups(ctx context.Context, page int) (*GroupPage, error) {
	return nil, errors.New("not used")
}

func (f *fake) UpdateGroup(ctx context.Context, guid string, p Patch) (*Group, error) {
	var seen *Group
	err := f.do(ctx, "update group", guid+" "+strings.Join(slices.Sorted(maps.Keys(p.Set)), ","), func() error {
		if _, err := f.getGroup(guid); err != nil {
			return err
		}
		g := *f.groups[guid]
		for field, value := range p.Set {
			switch field {
			case "name":
				g.Name = value.(string)
			case "type":
				g.Type = value.(string)
			case "password":
				g.Password = value.(string)
			case "icon":
				g.Icon = value.(string)
			case "description":
				g.Description = value.(string)
			case "owner":
				g.Owner = value.(string)
			case "metadata":
				g.Metadata = f.putMeta(g.Metadata, value.(json.RawMessage))
			case "tags":
				if err := f.putTags(&g.Tags, value.([]string)); err != nil {
					return err
				}
			}
		}
		for _, field := range p.Unset {
			switch field {
			case "icon":
				g.Icon = ""
			case "description":
				g.Description = ""
			case "metadata":
				g.Metadata = nil
			}
		}
		f.groups[guid] = &g
		c := g
		c.Password = ""
		seen = &c
		return nil
	})
	if err != nil {
		return nil, err
	}
	return seen, nil
}

func (f *fake) DeleteGroup(ctx context.Context, guid string) error {
	return f.do(ctx, "delete group", guid, func() error {
		if _, err := f.getGroup(guid); err != nil {
			return err
		}
		delete(f.groups, guid)
		delete(f.members, guid)
		f.messages = slices.DeleteFunc(f.messages, func(m *stored) bool {
			return m.ReceiverType == "group" && m.Receiver == guid
		})
		return nil
	})
}

func (f *fake) AddMembers(ctx context.Context, guid string, members []Member) (map[string]error, error) {
	var names []string
	for _, m := range members {
		names = append(names, m.UID+":"+m.Scope)
	}
	var results map[string]error
	err := f.do(ctx, "add members", guid+" "+strings.Join(names, ","), func() error {
		if _, err := f.getGroup(guid); err != nil {
			return err
		}
		if len(members) > 25 {
			return refuse("ERR_BAD_REQUEST", "too many")
		}
		results = make(map[string]error)
		for _, m := range members {
			switch {
			case f.users[m.UID] == nil:
				results[m.UID] = refuse("ERR_UID_NOT_FOUND", "%s", m.UID)
			case f.members[guid][m.UID] != "":
				results[m.UID] = refuse("ERR_ALREADY_JOINED", "%s", m.UID)
			default:
				f.join(guid, m.UID, m.Scope)
				results[m.UID] = nil
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

func (f *fake) ListMembers(ctx context.Context, guid string, page int) (*MemberPage, error) {
	return nil, errors.New("not used")
}

func (f *fake) ChangeScope(ctx context.Context, guid, uid, scope string) error {
	return f.do(ctx, "change scope", guid+" "+uid+":"+scope, func() error {
		switch {
		case f.members[guid][uid] == "":
			return refuse("ERR_NOT_A_MEMBER", "%s", uid)
		case f.members[guid][uid] == scope:
			return refuse("ERR_SAME_SCOPE", "%s", uid)
		}
		f.members[guid][uid] = scope
		return nil
	})
}

func (f *fake) RemoveMember(ctx context.Context, guid, uid string) error {
	return f.do(ctx, "remove member", guid+" "+uid, func() error {
		if f.members[guid][uid] == "" {
			return refuse("ERR_NOT_A_MEMBER", "%s", uid)
		}
		delete(f.members[guid], uid)
		return nil
	})
}

func (f *fake) ListBanned(ctx context.Context, guid string, page int) (*MemberPage, error) {
	return nil, errors.New("not used")
}
