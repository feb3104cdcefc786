package emulator

import (
	"hash/fnv"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/rivo/uniseg"
)

// reader gathers what a page shows, as of one moment.
type reader struct {
	s      *Server
	now    time.Time
	quirks *Quirks
}

func (s *Server) newReader() *reader {
	return &reader{s: s, now: s.now().UTC(), quirks: s.quirks.Load()}
}

// face is what stands for a user or a group: a picture where those are
// allowed, initials everywhere.
type face struct {
	Initials string
	Tint     int // one of eight colours
	Image    string
	Group    bool
}

const tints = 8

func (r *reader) face(id, name, image string, group bool) face {
	h := fnv.New32a()
	h.Write([]byte(id))
	f := face{Initials: initials(name), Tint: int(h.Sum32() % tints), Group: group}
	if r.s.options.Images {
		f.Image = image
	}
	return f
}

// initials are the first characters of the first and the last word of a name.
func initials(name string) string {
	words := strings.FieldsFunc(visibleText(name), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsPunct(r)
	})
	if len(words) == 0 {
		return "?"
	}
	first, _, _, _ := uniseg.FirstGraphemeClusterInString(words[0], -1)
	if len(words) == 1 || first[0] >= 0x80 && !unicode.IsLetter([]rune(first)[0]) {
		return strings.ToUpper(first)
	}
	last, _, _, _ := uniseg.FirstGraphemeClusterInString(words[len(words)-1], -1)
	if r := []rune(last)[0]; !unicode.IsLetter(r) && !unicode.IsDigit(r) {
		last = ""
	}
	return strings.ToUpper(first + last)
}

// small is the face with one initial, for where two faces share a place.
func (f face) small() face {
	f.Initials, _, _, _ = uniseg.FirstGraphemeClusterInString(f.Initials, -1)
	return f
}

// side is the list of chats.
type side struct {
	Rows  []chatRow
	Newer string // links to the neighbouring pages, or ""
	Older string
}

// chatRow is a chat in the list.
type chatRow struct {
	Href    string
	Names   []string
	Face    face
	With    face // the second face of a pair
	Group   bool
	Preview string
	When    string
	Exact   string // the same for machines
	Count   int
	Current bool
}

const rowsPerPage = 60

func (r *reader) totals() totals {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	d := r.s.data
	t := totals{Users: len(d.people), Groups: len(d.rooms), Messages: d.index.size}
	for _, c := range d.allConvs {
		if c.index.size > 0 {
			t.Chats++
		}
	}
	return t
}

// side lists the chats, the one with the latest message first.
func (r *reader) side(query url.Values, current string) side {
	type place struct {
		conv *conversation
		last key
	}
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	search := strings.ToLower(strings.TrimSpace(query.Get("q")))
	var places []place
	for _, c := range r.s.data.allConvs {
		if c.index.size > 0 && (search == "" || strings.Contains(strings.ToLower(strings.Join(r.names(c), " and ")), search)) {
			places = append(places, place{c, r.spoken(c)})
		}
	}
	slices.SortFunc(places, func(a, b place) int { return b.last.compare(a.last) })
	number, from, to := window(query.Get("list"), len(places))
	var out side
	for _, p := range places[from:to] {
		row := r.row(p.conv, r.s.data.message(p.last.id))
		row.Current = p.conv.id == current
		out.Rows = append(out.Rows, row)
	}
	link := func(page int) string {
		q := url.Values{"list": {strconv.Itoa(page)}}
		if search != "" {
			q.Set("q", query.Get("q"))
		}
		return "/?" + q.Encode()
	}
	if from > 0 {
		out.Newer = link(number - 1)
	}
	if to < len(places) {
		out.Older = link(number + 1)
	}
	return out
}

// window is the part of a list that a page shows.
func window(page string, size int) (number, from, to int) {
	number, err := strconv.Atoi(page)
	if err != nil || number < 1 || (number-1)*rowsPerPage >= size {
		number = 1
	}
	from = (number - 1) * rowsPerPage
	return number, from, min(from+rowsPerPage, size)
}

func chatHref(id string) string { return "/chats/" + url.PathEscape(id) }

// spoken is the last thing that somebody said in a chat: what the app itself
// told afterwards, such as who was added, is no news to people.
func (r *reader) spoken(c *conversation) key {
	const most = 50 // further back it is old news as well
	last, n := c.latest, 0
	c.index.before(key{math.MaxInt64, math.MaxInt64}, func(k key) bool {
		n++
		m := r.s.data.message(k.id)
		if m.category == "action" {
			return n < most
		}
		last = key{m.sentAt, m.id}
		return false
	})
	return last
}

func (r *reader) row(c *conversation, last *message) chatRow {
	row := chatRow{Href: chatHref(c.id), Names: r.names(c), Group: c.isGroup(), Count: c.index.size}
	if c.isGroup() {
		row.Face = r.groupFace(c.guid)
	} else {
		row.Face, row.With = r.userFace(c.a).small(), r.userFace(c.b).small()
	}
	if last != nil {
		row.Preview = r.preview(last)
		row.When, row.Exact = r.shortly(last.sentAt), exactly(last.sentAt)
	}
	return row
}

// names are those that a chat is called by somebody who is not in it: the
// group's, or both people's.
func (r *reader) names(c *conversation) []string {
	if c.isGroup() {
		return []string{visibleText(r.groupName(c.guid))}
	}
	return []string{visibleText(r.userName(c.a)), visibleText(r.userName(c.b))}
}

func (r *reader) userName(uid string) string {
	if p := r.s.data.people[uid]; p != nil {
		return p.Name
	}
	if uid == systemUID {
		return "System"
	}
	return uid
}

func (r *reader) groupName(guid string) string {
	if g := r.s.data.rooms[guid]; g != nil {
		return g.Name
	}
	return guid
}

func (r *reader) userFace(uid string) face {
	if p := r.s.data.people[uid]; p != nil {
		return r.face(uid, p.Name, p.Avatar, false)
	}
	return r.face(uid, uid, "", false)
}

func (r *reader) groupFace(guid string) face {
	if g := r.s.data.rooms[guid]; g != nil {
		return r.face(guid, g.Name, g.Icon, true)
	}
	return r.face(guid, guid, "", true)
}

// preview is a message in a few words.
func (r *reader) preview(m *message) string {
	const most = 120
	var what string
	switch {
	case m.deletedAt != 0:
		what = "message deleted"
	case m.category == "action":
		who, what := r.action(m)
		return who + " was " + what
	case textOf(m.data) != "":
		var b strings.Builder
		for _, s := range segments(cutText(textOf(m.data), most), r.userName) {
			b.WriteString(s.Text)
		}
		what = visibleText(b.String())
	default:
		what = visibleText(objectOf(m.data).field("attachments").first().field("name").text())
		if what == "" {
			what = m.kind
		}
	}
	first, _, _ := strings.Cut(visibleText(r.userName(m.sender)), " ")
	return first + ": " + what
}

// cutText is at most that many characters of a text.
func cutText(s string, most int) string {
	n := 0
	for i := range s {
		if n == most {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

// shortly is a time as lists of chats show it.
func (r *reader) shortly(seconds int64) string {
	t := time.Unix(seconds, 0).UTC()
	switch {
	case t.Format(time.DateOnly) == r.now.Format(time.DateOnly):
		return t.Format("15:04")
	case t.Year() == r.now.Year():
		return t.Format("2 Jan")
	}
	return t.Format("2 Jan 2006")
}

func exactly(seconds int64) string { return time.Unix(seconds, 0).UTC().Format(time.RFC3339) }

// peoplePage lists the users.
type peoplePage struct {
	Cards        []card
	Query        string
	Before, Next string
}

// groupsPage lists the groups.
type groupsPage peoplePage

// card is a user or a group.
type card struct {
	ID     string
	Name   string
	Face   face
	Facts  []string
	Tags   []string
	About  string
	Gone   bool // deactivated
	Chat   string
	Joined []string // names of members
}

func (r *reader) people(query url.Values) *peoplePage {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	search := strings.ToLower(strings.TrimSpace(query.Get("q")))
	var found []*person
	for _, p := range r.s.data.everybody {
		if search == "" || strings.Contains(strings.ToLower(p.Name), search) || strings.Contains(p.UID, search) {
			found = append(found, p)
		}
	}
	number, from, to := window(query.Get("page"), len(found))
	out := &peoplePage{Query: query.Get("q")}
	for _, p := range found[from:to] {
		c := card{ID: p.UID, Name: visibleText(p.Name), Face: r.userFace(p.UID), Tags: visibleAll(p.Tags), About: visibleText(p.StatusMessage), Gone: p.DeactivatedAt != 0}
		if p.Role != "" && p.Role != defaultRole {
			c.Facts = append(c.Facts, p.Role)
		}
		c.Facts = append(c.Facts, plural(p.sent.size, "message"))
		out.Cards = append(out.Cards, c)
	}
	out.Before, out.Next = neighbours("/people", query.Get("q"), number, from, to, len(found))
	return out
}

func (r *reader) groups(query url.Values) *groupsPage {
	const names = 8
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	search := strings.ToLower(strings.TrimSpace(query.Get("q")))
	var found []*room
	for _, g := range r.s.data.allRooms {
		if search == "" || strings.Contains(strings.ToLower(g.Name), search) || strings.Contains(g.GUID, search) {
			found = append(found, g)
		}
	}
	number, from, to := window(query.Get("page"), len(found))
	out := &groupsPage{Query: query.Get("q")}
	for _, g := range found[from:to] {
		c := card{ID: g.GUID, Name: visibleText(g.Name), Face: r.groupFace(g.GUID), Tags: visibleAll(g.Tags), About: visibleText(g.Description)}
		c.Facts = append(c.Facts, g.Type, plural(g.size, "member"), "owned by "+visibleText(r.userName(g.Owner)))
		if conv := r.s.data.convs[groupPrefix+g.GUID]; conv != nil && conv.index.size > 0 {
			c.Chat = chatHref(conv.id)
		}
		for _, m := range g.order {
			if len(c.Joined) == names {
				c.Joined = append(c.Joined, "and "+strconv.Itoa(g.size-names)+" more")
				break
			}
			if !m.Banned {
				c.Joined = append(c.Joined, visibleText(r.userName(m.UID)))
			}
		}
		out.Cards = append(out.Cards, c)
	}
	out.Before, out.Next = neighbours("/groups", query.Get("q"), number, from, to, len(found))
	return out
}

func neighbours(path, q string, number, from, to, size int) (before, next string) {
	link := func(page int) string {
		values := url.Values{"page": {strconv.Itoa(page)}}
		if q != "" {
			values.Set("q", q)
		}
		return path + "?" + values.Encode()
	}
	if from > 0 {
		before = link(number - 1)
	}
	if to < size {
		next = link(number + 1)
	}
	return before, next
}

func visibleAll(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = visibleText(s)
	}
	return out
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
