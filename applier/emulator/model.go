package emulator

import (
	"encoding/json"
	"slices"
	"strings"
)

// Users, groups and messages are never changed in place: a change puts a new
// one where the old one was. So what was taken out under the lock may be
// encoded after it.

// user is a user of the app. Its JSON form is that of the log.
type user struct {
	UID           string          `json:"uid"`
	Name          string          `json:"name"`
	Avatar        string          `json:"avatar,omitempty"`
	Link          string          `json:"link,omitempty"`
	Role          string          `json:"role,omitempty"`
	StatusMessage string          `json:"statusMessage,omitempty"`
	Metadata      json.RawMessage `json:"metadata,omitempty"`
	Tags          []string        `json:"tags,omitempty"`
	CreatedAt     int64           `json:"createdAt"`
	UpdatedAt     int64           `json:"updatedAt,omitempty"`
	DeactivatedAt int64           `json:"deactivatedAt,omitempty"`

	entity []byte // as it stands inside messages, the closing brace left out
}

// group is a group of the app. Its JSON form is that of the log.
type group struct {
	GUID        string          `json:"guid"`
	Name        string          `json:"name"`
	Type        string          `json:"type"`
	Password    string          `json:"password,omitempty"`
	Icon        string          `json:"icon,omitempty"`
	Description string          `json:"description,omitempty"`
	Owner       string          `json:"owner"`
	Metadata    json.RawMessage `json:"metadata,omitempty"`
	Tags        []string        `json:"tags,omitempty"`
	CreatedAt   int64           `json:"createdAt"`
	UpdatedAt   int64           `json:"updatedAt,omitempty"`

	entity []byte // as it stands inside messages, the closing brace left out
}

// role is a role that users may have. Its JSON form is that of the log.
type role struct {
	Role        string          `json:"role"`
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Metadata    json.RawMessage `json:"metadata,omitempty"`
	Settings    json.RawMessage `json:"settings,omitempty"`
	CreatedAt   int64           `json:"createdAt"`
	UpdatedAt   int64           `json:"updatedAt,omitempty"`
}

// message is a message of the app, an action message included.
type message struct {
	id       int64
	muid     string
	conv     *conversation
	sender   string
	receiver string // uid or guid
	category string
	kind     string // the API's type
	data     []byte // the fields of data as they were sent, without the braces
	tags     []string
	parent   int64 // of a reply in a thread

	sentAt    int64 // UNIX seconds, as all that end in At
	updatedAt int64
	editedAt  int64
	deletedAt int64
	editedBy  string
	deletedBy string

	storedAt    int64 // UNIX nanoseconds
	lag         int64 // nanoseconds that it stays unseen beyond the usual
	held        bool  // unseen until sentAt
	moderatedAt int64 // UNIX nanoseconds; 0 when it is not moderated
	bad         bool  // what moderation will find

	reactions []reaction
}

// reaction is one user's reaction to a message.
type reaction struct {
	ID       int64  `json:"id"`
	Reaction string `json:"reaction"`
	UID      string `json:"uid"`
	At       int64  `json:"at"`
}

// member is a user of a group. Its JSON form is that of the log.
type member struct {
	GUID     string `json:"guid"`
	UID      string `json:"uid"`
	Scope    string `json:"scope"`
	JoinedAt int64  `json:"joinedAt"`
	Banned   bool   `json:"banned,omitempty"`
}

// conversation is what two users, or the members of a group, have said.
type conversation struct {
	id        string
	guid      string // of a group's
	a, b      string // uids of a pair's, sorted
	index     index
	createdAt int64
	updatedAt int64
	arrived   int64               // id of the last message by arrival
	latest    key                 // time and id of the last message by time
	tags      map[string][]string // by the user who set them
	read      map[string]int64    // up to which id each user has read
}

func (c *conversation) isGroup() bool { return c.guid != "" }

// with returns the other side of a conversation, as seen by uid.
func (c *conversation) with(uid string) string {
	switch {
	case c.isGroup():
		return c.guid
	case uid == c.a:
		return c.b
	}
	return c.a
}

// person is a user and what hangs on them.
type person struct {
	*user
	place int   // among all users, by the time of creation
	sent  index // messages they sent
	convs []*conversation
}

// room is a group and what hangs on it.
type room struct {
	*group
	place   int
	members map[string]*member // banned ones included
	order   []*member          // the same, as they joined
	size    int                // members that are not banned
}

// inbox is the data of an app.
type inbox struct {
	people     map[string]*person
	everybody  []*person // by place
	rooms      map[string]*room
	allRooms   []*room // by place
	roles      map[string]*role
	roleOrder  []string
	convs      map[string]*conversation
	pairs      map[[2]string]*conversation
	allConvs   []*conversation
	messages   []*message // by id less one; nil where it was removed
	muids      muidIndex
	index      index // all messages
	unapproved index // messages that moderation has not approved, and some that it has by now
	places     int   // given out
	reactionID int64
	byID       bool // lists are ordered by id
}

func newInbox() *inbox {
	return &inbox{
		people: make(map[string]*person),
		rooms:  make(map[string]*room),
		roles:  make(map[string]*role),
		convs:  make(map[string]*conversation),
		pairs:  make(map[[2]string]*conversation),
		muids:  muidIndex{first: make(map[string]int64), others: make(map[string][]int64)},
	}
}

// The user that the app itself acts as.
const systemUID = "app_system"

// defaultRole is the role that every app has and that cannot be deleted.
const defaultRole = "default"

// active returns a user who exists and is not deactivated.
func (d *inbox) active(uid string) *person {
	p := d.people[uid]
	if p == nil || p.DeactivatedAt != 0 {
		return nil
	}
	return p
}

// message returns a message that was not removed.
func (d *inbox) message(id int64) *message {
	if id < 1 || id > int64(len(d.messages)) {
		return nil
	}
	return d.messages[id-1]
}

func (d *inbox) setUser(u *user) *person {
	p := d.people[u.UID]
	if p == nil {
		d.places++
		p = &person{place: d.places}
		d.people[u.UID] = p
		d.everybody = append(d.everybody, p)
	}
	p.user = u
	return p
}

func (d *inbox) removeUser(uid string) {
	p := d.people[uid]
	if p == nil {
		return
	}
	delete(d.people, uid)
	i, _ := slices.BinarySearchFunc(d.everybody, p.place, func(p *person, place int) int { return p.place - place })
	d.everybody = slices.Delete(d.everybody, i, i+1)
}

func (d *inbox) setGroup(g *group) *room {
	r := d.rooms[g.GUID]
	if r == nil {
		d.places++
		r = &room{place: d.places, members: make(map[string]*member)}
		d.rooms[g.GUID] = r
		d.allRooms = append(d.allRooms, r)
	}
	r.group = g
	return r
}

func (d *inbox) removeGroup(guid string) {
	r := d.rooms[guid]
	if r == nil {
		return
	}
	delete(d.rooms, guid)
	i, _ := slices.BinarySearchFunc(d.allRooms, r.place, func(r *room, place int) int { return r.place - place })
	d.allRooms = slices.Delete(d.allRooms, i, i+1)
}

// setMember adds a member or a ban, or changes it.
func (r *room) setMember(m *member) {
	if old := r.members[m.UID]; old != nil {
		r.order[slices.Index(r.order, old)] = m
		r.size -= seat(old)
	} else {
		r.order = append(r.order, m)
	}
	r.members[m.UID] = m
	r.size += seat(m)
}

func (r *room) removeMember(uid string) {
	if old := r.members[uid]; old != nil {
		delete(r.members, uid)
		r.order = slices.Delete(r.order, slices.Index(r.order, old), slices.Index(r.order, old)+1)
		r.size -= seat(old)
	}
}

// joined returns a member who is not banned.
func (r *room) joined(uid string) *member {
	if m := r.members[uid]; m != nil && !m.Banned {
		return m
	}
	return nil
}

func seat(m *member) int {
	if m.Banned {
		return 0
	}
	return 1
}

func (d *inbox) setRole(r *role) {
	if d.roles[r.Role] == nil {
		d.roleOrder = append(d.roleOrder, r.Role)
	}
	d.roles[r.Role] = r
}

func (d *inbox) removeRole(name string) {
	delete(d.roles, name)
	d.roleOrder = slices.DeleteFunc(d.roleOrder, func(s string) bool { return s == name })
}

// pair returns the conversation of two users, or nil.
func (d *inbox) pair(a, b string) *conversation {
	if b < a {
		a, b = b, a
	}
	return d.pairs[[2]string{a, b}]
}

const groupPrefix = "group_"

// groupChat returns the conversation of a group, made when it is missing.
func (d *inbox) groupChat(guid string, now int64) *conversation {
	id := groupPrefix + guid
	c := d.convs[id]
	if c == nil {
		c = &conversation{id: id, guid: guid, createdAt: now}
		d.addConversation(c)
	}
	return c
}

// pairChat returns the conversation of two users, made when it is missing: then
// first is the one whose message begins it.
func (d *inbox) pairChat(first, second string, sorted bool, now int64) *conversation {
	if c := d.pair(first, second); c != nil {
		return c
	}
	c := &conversation{a: min(first, second), b: max(first, second), createdAt: now}
	if sorted {
		first, second = c.a, c.b
	}
	c.id = first + "_user_" + second
	d.addConversation(c)
	return c
}

func (d *inbox) addConversation(c *conversation) {
	d.convs[c.id] = c
	d.allConvs = append(d.allConvs, c)
	if c.isGroup() {
		return
	}
	d.pairs[[2]string{c.a, c.b}] = c
	for _, uid := range []string{c.a, c.b} {
		if p := d.people[uid]; p != nil && !slices.Contains(p.convs, c) {
			p.convs = append(p.convs, c)
		}
	}
}

func (d *inbox) removeConversation(c *conversation) {
	delete(d.convs, c.id)
	delete(d.pairs, [2]string{c.a, c.b})
	same := func(other *conversation) bool { return other == c }
	d.allConvs = slices.DeleteFunc(d.allConvs, same)
	for _, uid := range []string{c.a, c.b} {
		if p := d.people[uid]; p != nil {
			p.convs = slices.DeleteFunc(p.convs, same)
		}
	}
}

// lower is how the service keeps ids.
func lower(id string) string { return strings.ToLower(id) }
