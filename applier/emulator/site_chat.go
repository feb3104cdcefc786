package emulator

import (
	"bytes"
	"encoding/json"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// chatPage is a conversation as a chat.
type chatPage struct {
	ID      string
	Names   []string
	Facts   string
	Face    face
	With    face
	Group   bool
	Count   string
	As      string
	Views   []viewer
	Days    []day
	Earlier string // links, or ""
	Later   string
}

// viewer is somebody through whose eyes the chat can be seen.
type viewer struct {
	Name    string
	Href    string
	Current bool
}

// day is what was said on one day.
type day struct {
	Name   string
	Exact  string
	Bursts []burst
}

// burst is what one person said without a break, or what the app told of one
// kind.
type burst struct {
	Sender string
	Face   face
	Mine   bool
	Action string   // what happened, or "" when somebody spoke
	Who    []string // to whom it happened
	Lines  []bubble
}

// Names are those to whom something happened, and what happened.
func (b burst) Names() []segment {
	const most = 5
	var out []segment
	for i, who := range b.Who {
		switch {
		case i == most:
			out = append(out, segment{Kind: "text", Text: " and " + strconv.Itoa(len(b.Who)-most) + " more"})
		case i > most:
			continue
		case i > 0 && i == len(b.Who)-1:
			out = append(out, segment{Kind: "text", Text: " and "}, segment{Kind: "name", Text: who})
		case i > 0:
			out = append(out, segment{Kind: "text", Text: ", "}, segment{Kind: "name", Text: who})
		default:
			out = append(out, segment{Kind: "name", Text: who})
		}
	}
	verb := " was "
	if len(b.Who) > 1 {
		verb = " were "
	}
	return append(out, segment{Kind: "text", Text: verb + b.Action})
}

// bubble is one message.
type bubble struct {
	ID       int64
	Text     []segment
	Rest     []segment // of a long text, behind a fold
	Length   int       // in characters, of a long text
	Files    []file
	Custom   string // JSON of a custom message
	Kind     string
	Quote    string // what it replies to
	QuoteID  int64
	Time     string
	Exact    string
	Deleted  bool
	Edited   string // when
	Status   string // of moderation, where it is worth a badge
	Reacted  []reacted
	Facts    [][2]string
	Unseen   bool // the lists of the API do not have it yet
	Mentions bool
}

// file is an attachment.
type file struct {
	Name  string
	Kind  string // image, video, audio or file
	Note  string
	Href  string
	Image string // to be shown in place
	Video string
	Audio string
}

type reacted struct {
	Reaction string
	Count    int
	By       string
}

const (
	bubblesPerPage = 200
	longText       = 1500 // characters before the fold
	breakAfter     = 300  // seconds that end a burst
)

// chat gathers a page of a conversation, or nil when there is none.
func (r *reader) chat(id string, query url.Values) *chatPage {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	c := r.s.data.convs[id]
	if c == nil || c.index.size == 0 {
		return nil
	}
	p := &chatPage{ID: c.id, Names: r.names(c), Group: c.isGroup(), Count: plural(c.index.size, "message")}
	if c.isGroup() {
		p.Face = r.groupFace(c.guid)
		if g := r.s.data.rooms[c.guid]; g != nil {
			p.Facts = g.Type + " group · " + plural(g.size, "member")
		}
	} else {
		p.Face, p.With = r.userFace(c.a).small(), r.userFace(c.b).small()
		p.Facts = c.a + " and " + c.b
	}
	messages := r.window(p, c, query)
	as := r.viewers(p, c, messages, query.Get("as"))
	for _, m := range messages {
		p.add(r, m, as)
	}
	return p
}

// window returns the messages of a page, the latest ones when nothing else is
// asked for, and links the pages beside it.
func (r *reader) window(p *chatPage, c *conversation, query url.Values) []*message {
	var keys []key
	take := func(k key) bool {
		keys = append(keys, k)
		return len(keys) <= bubblesPerPage
	}
	after, isAfter := parseKey(query.Get("after"))
	if isAfter {
		c.index.after(after, take)
	} else {
		before, ok := parseKey(query.Get("before"))
		if !ok {
			before = key{math.MaxInt64, math.MaxInt64}
		}
		c.index.before(before, take)
	}
	more := len(keys) > bubblesPerPage
	if more {
		keys = keys[:bubblesPerPage]
	}
	if !isAfter {
		slices.Reverse(keys)
	}
	if len(keys) == 0 {
		return nil
	}
	first, last := keys[0], keys[len(keys)-1]
	link := func(name string, k key) string {
		q := url.Values{name: {strconv.FormatInt(k.at, 10) + "." + strconv.FormatInt(k.id, 10)}}
		if as := query.Get("as"); as != "" {
			q.Set("as", as)
		}
		return chatHref(c.id) + "?" + q.Encode()
	}
	if isAfter || more {
		p.Earlier = link("before", first)
	}
	if isAfter && more || query.Get("before") != "" {
		p.Later = link("after", last)
	}
	messages := make([]*message, len(keys))
	for i, k := range keys {
		messages[i] = r.s.data.message(k.id)
	}
	return messages
}

func parseKey(s string) (key, bool) {
	at, id, ok := strings.Cut(s, ".")
	if !ok {
		return key{}, false
	}
	a, err1 := strconv.ParseInt(at, 10, 64)
	b, err2 := strconv.ParseInt(id, 10, 64)
	return key{a, b}, err1 == nil && err2 == nil
}

// viewers lists who speaks on the page, and returns the one through whose eyes
// it is seen: the one asked for, or the one who spoke first.
func (r *reader) viewers(p *chatPage, c *conversation, messages []*message, as string) string {
	const most = 12
	var uids []string
	if !c.isGroup() {
		uids = []string{c.a, c.b}
	}
	first := ""
	for _, m := range messages {
		if m.category == "action" || m.sender == systemUID {
			continue
		}
		if first == "" {
			first = m.sender
		}
		if !slices.Contains(uids, m.sender) && len(uids) < most {
			uids = append(uids, m.sender)
		}
	}
	if !slices.Contains(uids, as) {
		as = first
	}
	p.As = visibleText(r.userName(as))
	for _, uid := range uids {
		p.Views = append(p.Views, viewer{
			Name:    visibleText(r.userName(uid)),
			Href:    chatHref(c.id) + "?" + url.Values{"as": {uid}}.Encode(),
			Current: uid == as,
		})
	}
	return as
}

// add puts a message at the end of the chat.
func (p *chatPage) add(r *reader, m *message, as string) {
	t := time.Unix(m.sentAt, 0).UTC()
	name := t.Format("Monday 2 January 2006")
	if len(p.Days) == 0 || p.Days[len(p.Days)-1].Name != name {
		p.Days = append(p.Days, day{Name: name, Exact: t.Format(time.DateOnly)})
	}
	d := &p.Days[len(p.Days)-1]
	who, action := "", ""
	if m.category == "action" {
		who, action = r.action(m)
	}
	if !d.continues(m, action, r) {
		b := burst{Sender: visibleText(r.userName(m.sender)), Face: r.userFace(m.sender), Mine: m.sender == as && action == "", Action: action}
		d.Bursts = append(d.Bursts, b)
	}
	b := &d.Bursts[len(d.Bursts)-1]
	b.Lines = append(b.Lines, r.bubble(m))
	if action != "" {
		b.Who = append(b.Who, who)
	}
}

// continues reports whether a message belongs to what was said before it.
func (d *day) continues(m *message, action string, r *reader) bool {
	if len(d.Bursts) == 0 {
		return false
	}
	b := &d.Bursts[len(d.Bursts)-1]
	last := r.s.data.message(b.Lines[len(b.Lines)-1].ID)
	return action == b.Action && last.sender == m.sender && m.sentAt-last.sentAt <= breakAfter
}

func (r *reader) bubble(m *message) bubble {
	t := time.Unix(m.sentAt, 0).UTC()
	b := bubble{ID: m.id, Kind: m.kind, Time: t.Format("15:04"), Exact: t.Format(time.RFC3339), Deleted: m.deletedAt != 0}
	if m.category == "action" {
		return b
	}
	status := r.s.moderation(r.quirks, m, r.now)
	b.Facts = r.facts(m, status)
	if status != "approved" {
		b.Status = status
	}
	c := call{now: r.now, quirks: r.quirks}
	b.Unseen = !c.visible(m)
	if b.Deleted {
		return b
	}
	if m.editedAt != 0 {
		b.Edited = exactly(m.editedAt)
	}
	r.content(&b, m)
	if parent := r.s.data.message(m.parent); parent != nil {
		b.Quote, b.QuoteID = r.preview(parent), parent.id
	}
	b.Reacted = r.reacted(m)
	return b
}

func (r *reader) content(b *bubble, m *message) {
	text := textOf(m.data)
	if head := cutText(text, longText); head != text {
		head = strings.TrimSuffix(head, "…")
		b.Rest = segments(text[len(head):], r.userName)
		b.Length = len([]rune(text))
		text = head
	}
	b.Text = segments(text, r.userName)
	data := objectOf(m.data)
	data.field("attachments").items(func(item value) { b.Files = append(b.Files, r.file(m.kind, item)) })
	if link := data.field("url").text(); len(b.Files) == 0 && link != "" {
		b.Files = append(b.Files, r.file(m.kind, data))
	}
	if m.category == "custom" {
		var pretty bytes.Buffer
		if json.Indent(&pretty, data.field("customData"), "", "  ") == nil {
			b.Custom = pretty.String()
		}
	}
}

func (r *reader) file(kind string, item value) file {
	link := item.field("url").text()
	f := file{Name: visibleText(item.field("name").text()), Kind: kind, Note: visibleText(item.field("mimeType").text())}
	if f.Name == "" {
		f.Name = visibleText(link)
	}
	if !isMedia(kind) {
		f.Kind = "file"
	}
	size := item.field("size")
	n, ok := size.integer()
	if !ok {
		n, _ = strconv.ParseInt(size.text(), 10, 64)
	}
	if n > 0 {
		f.Note = strings.TrimPrefix(f.Note+" · "+bytesText(n), " · ")
	}
	if !isLink(link) {
		return f
	}
	f.Href = link
	if r.s.options.Images {
		switch kind {
		case "image":
			f.Image = link
		case "video":
			f.Video = link
		case "audio":
			f.Audio = link
		}
	}
	return f
}

func bytesText(n int64) string {
	switch {
	case n >= 1<<20:
		return strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MB"
	case n >= 1<<10:
		return strconv.FormatInt(n>>10, 10) + " KB"
	}
	return strconv.FormatInt(n, 10) + " bytes"
}

// facts are what only the one who builds the chats wants to know.
func (r *reader) facts(m *message, status string) [][2]string {
	facts := [][2]string{
		{"id", strconv.FormatInt(m.id, 10)},
		{"muid", visibleText(m.muid)},
		{"sent", exactly(m.sentAt)},
		{"stored", time.Unix(0, m.storedAt).UTC().Format(time.RFC3339)},
		{"type", visibleText(m.category + "/" + m.kind)},
		{"moderation", status},
		{"tags", visibleText(strings.Join(m.tags, ", "))},
		{"metadata", visibleText(string(objectOf(m.data).field("metadata")))},
	}
	if m.editedAt != 0 {
		facts = append(facts, [2]string{"edited", exactly(m.editedAt) + " by " + m.editedBy})
	}
	if m.deletedAt != 0 {
		facts = append(facts, [2]string{"deleted", exactly(m.deletedAt) + " by " + m.deletedBy})
	}
	return slices.DeleteFunc(facts, func(f [2]string) bool { return f[1] == "" })
}

func (r *reader) reacted(m *message) []reacted {
	var list []reacted
	for _, one := range m.reactions {
		name := visibleText(r.userName(one.UID))
		i := slices.IndexFunc(list, func(x reacted) bool { return x.Reaction == visibleText(one.Reaction) })
		if i < 0 {
			list = append(list, reacted{Reaction: visibleText(one.Reaction)})
			i = len(list) - 1
		} else {
			name = list[i].By + ", " + name
		}
		list[i].Count++
		list[i].By = name
	}
	return list
}

// action says what an action message tells: to whom it happened, and what.
func (r *reader) action(m *message) (who, what string) {
	data := objectOf(m.data)
	who = visibleText(data.field("entities").field("on").field("entity").field("name").text())
	return who, visibleText(data.field("action").text()) + " to the group"
}
