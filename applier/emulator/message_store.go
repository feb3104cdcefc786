package emulator

import (
	"math"
	"slices"
)

// key returns a message's place in lists.
func (d *inbox) key(m *message) key {
	if d.byID {
		return key{0, m.id}
	}
	return key{m.sentAt, m.id}
}

// order sorts all lists again.
func (d *inbox) order(byID bool) {
	if d.byID == byID {
		return
	}
	d.byID = byID
	d.index = index{}
	for _, c := range d.allConvs {
		c.index = index{}
	}
	for _, p := range d.everybody {
		p.sent = index{}
	}
	for _, m := range d.messages {
		if m != nil {
			d.enlist(m)
		}
	}
}

// enlist puts a message into the lists.
func (d *inbox) enlist(m *message) {
	k := d.key(m)
	d.index.insert(k)
	m.conv.index.insert(k)
	if p := d.people[m.sender]; p != nil {
		p.sent.insert(k)
	}
}

// addMessage stores a message that has its id.
func (d *inbox) addMessage(m *message) {
	d.reserve(m.id)
	d.messages[m.id-1] = m
	d.share(m)
	if m.muid != "" {
		d.muids.add(m.muid, m.id)
	}
	d.enlist(m)
	if m.moderatedAt != 0 {
		d.unapproved.insert(key{0, m.id})
	}
	c := m.conv
	c.arrived = m.id
	c.updatedAt = max(c.updatedAt, m.storedAt/1e9)
	if k := (key{m.sentAt, m.id}); k.compare(c.latest) > 0 {
		c.latest = k
	}
}

// share makes a message use the strings that are there anyway, for there may be
// a million of it.
func (d *inbox) share(m *message) {
	if p := d.people[m.sender]; p != nil {
		m.sender = p.UID
	}
	if m.conv.isGroup() {
		m.receiver = m.conv.guid
	} else if p := d.people[m.receiver]; p != nil {
		m.receiver = p.UID
	}
	switch m.category {
	case "message":
		m.category = "message"
	case "custom":
		m.category = "custom"
	}
	if m.kind == "text" {
		m.kind = "text"
	}
}

// removeMessage takes a message out as if it had never been there.
func (d *inbox) removeMessage(m *message) {
	d.messages[m.id-1] = nil
	k := d.key(m)
	d.index.remove(k)
	m.conv.index.remove(k)
	if p := d.people[m.sender]; p != nil {
		p.sent.remove(k)
	}
	d.unapproved.remove(key{0, m.id})
	d.muids.remove(m.muid, m.id)
	c := m.conv
	if c.arrived == m.id {
		c.arrived = d.arrivedBefore(m)
	}
	if c.latest.id == m.id {
		c.latest = d.latestOf(c)
	}
}

// arrivedBefore returns the id of the message that came to the conversation
// before a removed one, or 0. A conversation is often emptied from its end, so
// its messages are not searched for it each time.
func (d *inbox) arrivedBefore(m *message) int64 {
	for id := m.id - 1; id > 0 && m.conv.index.size > 0; id-- {
		if before := d.message(id); before != nil && before.conv == m.conv {
			return id
		}
	}
	return 0
}

// latestOf returns the time and the id of a conversation's last message by
// time; the zero key when it has none.
func (d *inbox) latestOf(c *conversation) (latest key) {
	if !d.byID {
		c.index.before(key{math.MaxInt64, math.MaxInt64}, func(k key) bool { latest = k; return false })
		return latest
	}
	for _, id := range c.index.ids() {
		if k := (key{d.message(id).sentAt, id}); k.compare(latest) > 0 {
			latest = k
		}
	}
	return latest
}

// muidIndex knows the messages with a muid. Hardly ever is there more than one.
type muidIndex struct {
	first  map[string]int64
	others map[string][]int64
}

func (x *muidIndex) add(muid string, id int64) {
	if _, taken := x.first[muid]; taken {
		x.others[muid] = append(x.others[muid], id)
		return
	}
	x.first[muid] = id
}

func (x *muidIndex) remove(muid string, id int64) {
	others := x.others[muid]
	if x.first[muid] != id {
		x.others[muid] = slices.DeleteFunc(others, func(other int64) bool { return other == id })
	} else if len(others) > 0 {
		x.first[muid], x.others[muid] = others[0], others[1:]
	} else {
		delete(x.first, muid)
	}
	if len(x.others[muid]) == 0 {
		delete(x.others, muid)
	}
}

// all yields the ids, oldest first.
func (x *muidIndex) all(muid string, yield func(int64) bool) {
	id, ok := x.first[muid]
	if !ok || !yield(id) {
		return
	}
	for _, id := range x.others[muid] {
		if !yield(id) {
			return
		}
	}
}

// ids returns the ids of an index, in its order.
func (x *index) ids() []int64 {
	ids := make([]int64, 0, x.size)
	x.after(key{math.MinInt64, math.MinInt64}, func(k key) bool {
		ids = append(ids, k.id)
		return true
	})
	return ids
}

// nextID gives out an id for a message.
func (d *inbox) nextID() int64 {
	d.messages = append(d.messages, nil)
	return int64(len(d.messages))
}

// putNewMessage gives a message its id and stores it.
func (s *Server) putNewMessage(m *message) {
	m.id = s.data.nextID()
	s.data.addMessage(m)
	s.log.message(m)
}

// putMessage stores a changed message.
func (s *Server) putMessage(m *message) {
	s.data.messages[m.id-1] = m
	if m.moderatedAt != 0 {
		s.data.unapproved.remove(key{0, m.id})
		s.data.unapproved.insert(key{0, m.id})
	}
	s.log.message(m)
}

// removeMessage removes a message for good.
func (s *Server) removeMessage(m *message) {
	if m == nil {
		return
	}
	s.data.removeMessage(m)
	s.log.dropMessage(m.id)
}

// eraseConversation removes a conversation with its messages.
func (s *Server) eraseConversation(c *conversation) {
	for _, id := range c.index.ids() {
		s.removeMessage(s.data.message(id))
	}
	s.data.removeConversation(c)
	s.log.drop("conversation", c.id)
}
