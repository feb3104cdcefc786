package emulator

import (
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// messageQuery is a request for a page of messages.
type messageQuery struct {
	index    *index
	limit    int
	prepend  bool // towards the past
	cursorAt int64
	cursorID int64
	from, to int64
	keep     func(*message) bool

	withTags bool
	byID     bool // the index is one of ids, whatever the app orders by
}

// readMessageQuery reads the parameters that all lists of messages know.
func (s *Server) readMessageQuery(c *call, query url.Values, standard int, limitNames ...string) (*messageQuery, *failure) {
	var k checks
	q := &messageQuery{limit: standard, withTags: queryBool(query, "withTags")}
	for _, name := range limitNames {
		if query.Has(name) {
			q.limit = queryInt(query, name, 1, maxPerPage, standard, &k)
		}
	}
	switch affix := query.Get("affix"); affix {
	case "", "append":
	case "prepend":
		q.prepend = true
	default:
		k.bad("affix", "affix must be append or prepend")
	}
	q.cursorID = queryInt64(query, "id", &k)
	q.cursorAt = queryInt64(query, "sentAt", &k)
	q.from = queryInt64(query, "fromTimestamp", &k)
	if q.from != 0 { // without it, the other bound has no effect
		q.to = queryInt64(query, "toTimestamp", &k)
	}
	q.keep = s.filterOf(c, query)
	return q, k.failure()
}

func queryInt64(query url.Values, name string, k *checks) int64 {
	s := query.Get(name)
	if s == "" {
		return 0
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		k.bad(name, "%s must be a number", name)
	}
	return n
}

// filterOf is what the parameters that narrow a list say.
func (s *Server) filterOf(c *call, query url.Values) func(*message) bool {
	var filters []func(*message) bool
	add := func(wanted bool, f func(*message) bool) {
		if wanted {
			filters = append(filters, f)
		}
	}
	categories := queryList(query, "category", "categories")
	add(len(categories) > 0, func(m *message) bool { return slices.Contains(categories, m.category) })
	types := queryList(query, "type", "types")
	add(len(types) > 0, func(m *message) bool { return slices.Contains(types, m.kind) })
	sender := lower(query.Get("sender"))
	add(sender != "", func(m *message) bool { return m.sender == sender })
	receiver := query.Get("receiverType")
	add(receiver != "", func(m *message) bool { return receiverType(m.conv.isGroup()) == receiver })
	tags := queryList(query, "tags")
	add(len(tags) > 0, func(m *message) bool { return haveAny(m.tags, tags) })
	add(queryBool(query, "hideDeleted"), func(m *message) bool { return m.deletedAt == 0 })
	add(queryBool(query, "onlyDeleted"), func(m *message) bool { return m.deletedAt != 0 })
	add(queryBool(query, "hideReplies"), func(m *message) bool { return m.parent == 0 })
	search := strings.ToLower(query.Get("searchKey"))
	add(search != "", func(m *message) bool { return strings.Contains(strings.ToLower(textOf(m.data)), search) })
	add(queryBool(query, "hasAttachments"), func(m *message) bool { return objectOf(m.data).field("attachments") != nil })
	kinds := queryList(query, "attachmentTypes")
	add(len(kinds) > 0, func(m *message) bool { return slices.Contains(kinds, m.kind) })
	add(queryBool(query, "hasMentions"), func(m *message) bool { return mentions(textOf(m.data)) > 0 })
	uids := queryList(query, "mentionedUids")
	add(len(uids) > 0, func(m *message) bool { return haveAny(mentioned(textOf(m.data)), uids) })
	add(queryBool(query, "myMentionsOnly"), func(m *message) bool {
		return slices.Contains(mentioned(textOf(m.data)), c.behalf)
	})
	add(queryBool(query, "hasLinks"), func(m *message) bool {
		text := textOf(m.data)
		return strings.Contains(text, "http://") || strings.Contains(text, "https://")
	})
	add(queryBool(query, "hasReactions"), func(m *message) bool { return len(m.reactions) > 0 })
	add(queryBool(query, "unread"), func(m *message) bool {
		return m.sender != c.behalf && m.id > m.conv.read[c.behalf]
	})
	return func(m *message) bool {
		for _, f := range filters {
			if !f(m) {
				return false
			}
		}
		return true
	}
}

// visible reports whether a message can be seen by now.
func (c *call) visible(m *message) bool {
	if m.held && c.seconds() < m.sentAt {
		return false
	}
	if m.category == "action" {
		return true
	}
	return c.now.UnixNano() >= m.storedAt+m.lag+int64(c.quirks.settleTime())
}

func (q *Quirks) settleTime() time.Duration {
	switch q.of(messageSettleTime) {
	case "0s":
		return 0
	case "10s":
		return 10 * time.Second
	}
	return 3 * time.Second
}

// list replies with a page of messages. The lock is held.
func (s *Server) list(c *call, q *messageQuery) {
	found := s.find(c, q)
	next, previous := ends(found, q.prepend)
	if c.quirks.of(equalSentAtOrder) == "unstable" {
		s.shuffleEqual(c, found)
	}
	o := begin(slices.Grow(c.out, 64+512*len(found)))
	o.name("data")
	o.b = append(o.b, '[')
	for i, m := range found {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		v := s.show(c, m)
		v.tags = q.withTags
		o.b = v.append(o.b)
	}
	o.b = append(o.b, ']')
	o.name("meta")
	meta := begin(o.b)
	meta.name("current")
	current := begin(meta.b)
	current.number("limit", int64(q.limit))
	current.number("count", int64(len(found)))
	meta.b = current.end()
	number := c.quirks.of(messageIDType) == "number"
	if next != nil {
		there, back := "append", "prepend"
		if q.prepend {
			there, back = back, there
		}
		meta.cursor("next", there, next, number)
		meta.cursor("previous", back, previous, number)
	}
	o.b = meta.end()
	c.out = o.end()
}

// ends are the messages where a page goes on, in its direction and back.
func ends(found []*message, prepend bool) (next, previous *message) {
	if len(found) == 0 {
		return nil, nil
	}
	next, previous = found[len(found)-1], found[0]
	if prepend {
		next, previous = previous, next
	}
	return next, previous
}

func (o *object) cursor(name, affix string, m *message, number bool) {
	o.name(name)
	inner := begin(o.b)
	inner.text("affix", affix)
	inner.number("sentAt", m.sentAt)
	v := shown{number: number}
	v.id(&inner, "id", m.id)
	o.b = inner.end()
}

// find returns the messages of a page, in ascending order.
func (s *Server) find(c *call, q *messageQuery) []*message {
	hidden := c.quirks.of(disapprovedListing) == "hidden" && !q.byID
	byTime := !q.byID && !s.data.byID
	var found []*message
	visit := func(k key) bool {
		m := s.data.message(k.id)
		switch {
		case byTime && !q.prepend && q.to != 0 && m.sentAt > q.to,
			byTime && q.prepend && m.sentAt < q.from:
			return false // the rest is out of bounds, too
		case q.from != 0 && m.sentAt < q.from, q.to != 0 && m.sentAt > q.to:
			return true
		case !c.visible(m) || !s.mayRead(c, m) || !q.keep(m):
			return true
		}
		if hidden {
			if status := s.moderation(c.quirks, m, c.now); status == "pending" || status == "disapproved" {
				return true
			}
		}
		found = append(found, m)
		return len(found) < q.limit
	}
	start, before := q.start(s.data, byTime)
	if before {
		q.index.before(start, visit)
		slices.Reverse(found)
	} else {
		q.index.after(start, visit)
	}
	return found
}

// start is the key from which a page goes on, exclusive.
func (q *messageQuery) start(d *inbox, byTime bool) (k key, before bool) {
	edge := int64(math.MinInt64)
	if q.prepend {
		edge = math.MaxInt64
	}
	k = key{edge, edge}
	switch {
	case !byTime:
		if q.cursorID != 0 {
			k = key{0, q.cursorID}
		}
	case q.cursorID != 0 && q.cursorAt != 0:
		k = key{q.cursorAt, q.cursorID}
	case q.cursorID != 0:
		if m := d.message(q.cursorID); m != nil {
			k = d.key(m)
		}
	case q.cursorAt != 0:
		// All of that second were seen already.
		k = key{q.cursorAt, -edge - 1}
	}
	if byTime && !q.prepend && q.from != 0 && k.at < q.from {
		k = key{q.from, math.MinInt64}
	}
	if byTime && q.prepend && q.to != 0 && k.at > q.to {
		k = key{q.to, math.MaxInt64}
	}
	return k, q.prepend
}

// mayRead reports whether the user for whom the request acts takes part in the
// message's conversation. The app itself reads everything.
func (s *Server) mayRead(c *call, m *message) bool {
	switch {
	case c.behalf == "":
		return true
	case m.conv.isGroup():
		r := s.data.rooms[m.conv.guid]
		return r != nil && r.joined(c.behalf) != nil
	}
	return m.conv.a == c.behalf || m.conv.b == c.behalf
}

// shuffleEqual mixes messages of the same second, differently each time.
func (s *Server) shuffleEqual(c *call, found []*message) {
	salt := uint64(s.stats.endpoints[c.endpoint.number].Load())
	for from := 0; from < len(found); {
		to := from + 1
		for to < len(found) && found[to].sentAt == found[from].sentAt {
			to++
		}
		slices.SortFunc(found[from:to], func(a, b *message) int {
			if chance(s.options.Seed, salt, uint64(a.id)) < chance(s.options.Seed, salt, uint64(b.id)) {
				return -1
			}
			return 1
		})
		from = to
	}
}

// listMessages is GET /messages.
func (s *Server) listMessages(c *call) *failure {
	query := c.query()
	q, f := s.readMessageQuery(c, query, 10, "limit")
	if f != nil {
		return f
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q.index = &s.data.index
	if sender := lower(query.Get("sender")); sender != "" {
		q.index = s.sentBy(sender)
	}
	if id := query.Get("conversationId"); id != "" {
		conv := s.data.convs[id]
		if conv == nil {
			conv = &conversation{}
		}
		q.index = &conv.index
	}
	s.list(c, q)
	return nil
}

// sentBy is the list of what a user sent.
func (s *Server) sentBy(uid string) *index {
	if p := s.data.people[uid]; p != nil {
		return &p.sent
	}
	if uid == systemUID {
		return &s.data.index
	}
	return &index{}
}

// listUserMessages is GET /users/{uid}/messages.
func (s *Server) listUserMessages(c *call) *failure {
	q, f := s.readMessageQuery(c, c.query(), 100, "perPage", "limit")
	if f != nil {
		return f
	}
	if c.behalf == "" {
		return invalid(codeBadRequest, "onBehalfOf", "the header onBehalfOf is required")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, f := s.findUser(c.args[0])
	if f == nil {
		_, f = s.findUser(c.behalf)
	}
	if f != nil {
		return f
	}
	q.index = &index{}
	if conv := s.data.pair(c.behalf, p.UID); conv != nil {
		q.index = &conv.index
	}
	s.list(c, q)
	return nil
}

// listGroupMessages is GET /groups/{guid}/messages.
func (s *Server) listGroupMessages(c *call) *failure {
	q, f := s.readMessageQuery(c, c.query(), 100, "perPage", "limit")
	if f != nil {
		return f
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, f := s.openGroup(c, c.args[0])
	if f != nil {
		return f
	}
	q.index = &index{}
	if conv := s.data.convs[groupPrefix+r.GUID]; conv != nil {
		q.index = &conv.index
	}
	s.list(c, q)
	return nil
}
