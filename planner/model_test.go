package planner

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
)

// model is a state in memory, and what an apply leaves in it.
type model struct {
	header        state.Header
	exists        bool
	version       int
	users         map[addr.Object]*state.User
	groups        map[addr.Object]*state.Group
	conversations map[addr.Object]*state.Conversation
	messages      map[addr.Object]map[string]*state.Message
	lastID        int
	read          *int // messages that were read, when it is counted
	interrupted   *state.Run
	frozen        map[addr.Object][]*state.Message // sorted messages, when nothing changes any more
}

func newModel() *model {
	return &model{
		header:        state.Header{Dataset: "test", HashKey: "6b6579"},
		users:         map[addr.Object]*state.User{},
		groups:        map[addr.Object]*state.Group{},
		conversations: map[addr.Object]*state.Conversation{},
		messages:      map[addr.Object]map[string]*state.Message{},
	}
}

func (m *model) clone() *model {
	c := *m
	c.users, c.groups, c.conversations = maps.Clone(m.users), maps.Clone(m.groups), maps.Clone(m.conversations)
	c.messages = map[addr.Object]map[string]*state.Message{}
	for o, list := range m.messages {
		c.messages[o] = maps.Clone(list)
	}
	return &c
}

func (m *model) Header() state.Header   { return m.header }
func (m *model) Exists() bool           { return m.exists }
func (m *model) Fingerprint() string    { return "v" + strconv.Itoa(m.version) }
func (m *model) Users() []*state.User   { return sorted(m.users) }
func (m *model) Groups() []*state.Group { return sorted(m.groups) }
func (m *model) Conversations() []*state.Conversation {
	return sorted(m.conversations)
}
func (m *model) Count(o addr.Object) int   { return len(m.messages[o]) }
func (m *model) Interrupted() *state.Run   { return m.interrupted }
func (m *model) Close() error              { return nil }
func (m *model) chat(o addr.Object) string { return m.conversations[o].Chat() }

// freeze makes reading fast.
func (m *model) freeze() {
	m.frozen = map[addr.Object][]*state.Message{}
	for o := range m.messages {
		m.frozen[o] = m.sortedMessages(o)
	}
}

func (m *model) sortedMessages(o addr.Object) []*state.Message {
	return slices.SortedFunc(maps.Values(m.messages[o]), func(a, b *state.Message) int {
		return cmp.Or(cmp.Compare(a.SentAt, b.SentAt), cmp.Compare(a.Key, b.Key))
	})
}

func (m *model) Messages(o addr.Object) iter.Seq2[*state.Message, error] {
	list, ok := m.frozen[o]
	if !ok {
		list = m.sortedMessages(o)
	}
	return func(yield func(*state.Message, error) bool) {
		for _, msg := range list {
			if m.read != nil {
				*m.read++
			}
			if !ok {
				c := *msg
				msg = &c
			}
			if !yield(msg, nil) {
				return
			}
		}
	}
}

func sorted[T any](objects map[addr.Object]T) []T {
	var list []T
	for _, o := range slices.SortedFunc(maps.Keys(objects), addr.Object.Compare) {
		list = append(list, objects[o])
	}
	return list
}

// applied returns the state after the plan was applied to it at that time, as
// the contracts of the plan's fields demand it.
func (m *model) applied(t testing.TB, p *Plan, now int64) *model {
	t.Helper()
	if p.Anchor == nil {
		if err := p.Pin(now); err != nil {
			t.Fatal(err)
		}
	}
	s := m.clone()
	s.exists = true
	s.version++
	s.header.Generation = p.NextGeneration()
	s.header.Anchor = p.Anchor
	s.header.AppID, s.header.Region = p.AppID, p.Region
	for i := range p.Users {
		s.applyUser(&p.Users[i])
	}
	for i := range p.Groups {
		s.applyGroup(&p.Groups[i])
	}
	for i := range p.Lanes {
		s.applyLane(t, p, i)
	}
	return s
}

func (m *model) applyUser(c *UserChange) {
	if c.After == nil {
		delete(m.users, c.Addr)
		return
	}
	u := SealUser(c.After, c.Sensitive, m.header.HashKey)
	if c.Action != Update {
		u.Origin = state.Created
	}
	m.users[c.Addr] = u
	if !c.From.IsZero() {
		delete(m.users, c.From)
	}
}

func (m *model) applyGroup(c *GroupChange) {
	if c.After == nil {
		delete(m.groups, c.Addr)
		return
	}
	g := SealGroup(c.After, c.Sensitive, m.header.HashKey)
	if c.Action != Update {
		g.Origin = state.Created
	}
	m.groups[c.Addr] = g
	if !c.From.IsZero() {
		delete(m.groups, c.From)
	}
}

func (m *model) applyLane(t testing.TB, p *Plan, i int) {
	t.Helper()
	lane := &p.Lanes[i]
	for _, c := range lane.Changes {
		if c.After != nil {
			m.conversations[c.Addr] = c.After
			if m.messages[c.Addr] == nil {
				m.messages[c.Addr] = map[string]*state.Message{}
			}
		}
	}
	for c, err := range p.Lane(i) {
		if err != nil {
			t.Fatal(err)
		}
		m.applyMessage(t, c)
	}
	for _, c := range lane.Changes {
		if c.Action == Delete {
			if n := len(m.messages[c.Addr]); n > 0 {
				t.Errorf("%s is deleted with %d messages", c.Addr, n)
			}
			delete(m.conversations, c.Addr)
			delete(m.messages, c.Addr)
		}
	}
}

func (m *model) applyMessage(t reporter, c *MessageChange) {
	t.Helper()
	list := m.messages[c.Addr.Conversation]
	if c.Before != nil {
		key := cmp.Or(c.From, c.Addr.Key)
		if list[key] == nil || list[key].MUID != c.Before.MUID {
			t.Errorf("%s is planned from something the state does not have", c.Addr)
		}
	}
	switch c.Action {
	case Delete:
		delete(list, c.Addr.Key)
		return
	case NoOp:
		return
	}
	after := SealMessage(c.After, c.Sensitive, m.header.HashKey)
	if c.Action != Update {
		sent := *after
		m.lastID++
		sent.ID = strconv.Itoa(m.lastID)
		after = &sent
	}
	list[c.Addr.Key] = after
	if c.From != "" {
		delete(list, c.From)
	}
}

// now is the time of the tests: Wed 24 Jun 2026 10:00:00 UTC.
const now = 1782295200

// declare reads a configuration in the notation of the tests:
//
//	user ana Ana Lima
//	group lobby owner=ana
//	conversation refund ana sam starts=-3d_09:12 pace=45s strict
//	  ana: hi there #label @-2h +45s !approved {text} =image
//
// where _ stands for a space, a message's last words may be a label, its time,
// its gap, its expectation, the names of its sensitive attributes, and its type.
func declare(t testing.TB, text string) *config.Config {
	t.Helper()
	cfg := &config.Config{Dir: ".", Dataset: "test"}
	users, groups := map[string]*config.User{}, map[string]*config.Group{}
	talks := map[*config.Conversation]*[]*config.Message{}
	var talk *config.Conversation
	for i, line := range strings.Split(text, "\n") {
		at := hcl.Range{Filename: "main.sow.hcl", Start: hcl.Pos{Line: i + 1, Column: 1, Byte: i + 1}}
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if strings.HasPrefix(line, "  ") || strings.HasPrefix(line, "\t  ") {
			*talks[talk] = append(*talks[talk], declareMessage(t, words, users, at))
			continue
		}
		options := map[string]string{}
		var names []string
		for _, w := range words[1:] {
			name, value, ok := strings.Cut(w, "=")
			if !ok && (w == "strict" || w == "protected" || w == "replace") {
				ok = true
			}
			if ok {
				options[name] = strings.ReplaceAll(value, "_", " ")
			} else {
				names = append(names, w)
			}
		}
		has := func(name string) bool { _, ok := options[name]; return ok }
		switch words[0] {
		case "anchor":
			a := parseTime(t, names[0]).Seconds
			cfg.Anchor = &a
		case "user":
			u := &config.User{
				Addr: addr.Object{Kind: addr.User, Name: names[0]}, UID: cmp.Or(options["uid"], names[0]),
				Name: strings.Join(names[1:], " "), Avatar: options["avatar"], Range: at,
				Lifecycle: config.Lifecycle{PreventDestroy: has("protected")},
			}
			if has("secret") {
				u.Sensitive = strings.Split(options["secret"], ",")
			}
			if has("tags") {
				u.Tags = strings.Split(options["tags"], ",")
			}
			users[names[0]] = u
			cfg.Users = append(cfg.Users, u)
		case "group":
			g := &config.Group{
				Addr: addr.Object{Kind: addr.Group, Name: names[0]}, GUID: cmp.Or(options["guid"], names[0]),
				Name: strings.Join(names[1:], " "), Type: cmp.Or(options["type"], "public"), Owner: users[options["owner"]], Range: at,
				Password: options["password"], Description: options["description"],
				Lifecycle: config.Lifecycle{PreventDestroy: has("protected")},
			}
			if has("admins") {
				g.Admins = []*config.User{}
				for _, name := range strings.FieldsFunc(options["admins"], func(r rune) bool { return r == ',' }) {
					g.Admins = append(g.Admins, users[name])
				}
			}
			groups[names[0]] = g
			cfg.Groups = append(cfg.Groups, g)
		case "conversation":
			talk = &config.Conversation{
				Addr: addr.Object{Kind: addr.Conversation, Name: names[0]}, Range: at,
				Lifecycle: config.Lifecycle{StrictOrder: has("strict"), PreventDestroy: has("protected"), ReplaceOnEdit: has("replace")},
			}
			if len(names) == 3 {
				talk.Between = [2]*config.User{users[names[1]], users[names[2]]}
			} else {
				talk.Group = groups[names[1]]
			}
			if has("starts") {
				s := parseTime(t, options["starts"])
				talk.Starts = &s
			}
			if has("pace") {
				s := parseGap(t, options["pace"])
				talk.Pace = &s
			}
			messages := new([]*config.Message)
			talks[talk] = messages
			replace := has("replace")
			talk.Read = func(yield func(*config.Message) bool) hcl.Diagnostics {
				for _, m := range *messages {
					m.Lifecycle.ReplaceOnEdit = replace
					if !yield(m) {
						break
					}
				}
				return nil
			}
			cfg.Conversations = append(cfg.Conversations, talk)
		default:
			t.Fatalf("%q is no declaration", line)
		}
	}
	sortDeclared(cfg)
	return cfg
}

func sortDeclared(cfg *config.Config) {
	slices.SortFunc(cfg.Users, func(a, b *config.User) int { return a.Addr.Compare(b.Addr) })
	slices.SortFunc(cfg.Groups, func(a, b *config.Group) int { return a.Addr.Compare(b.Addr) })
	slices.SortFunc(cfg.Conversations, func(a, b *config.Conversation) int { return a.Addr.Compare(b.Addr) })
}

func declareMessage(t testing.TB, words []string, users map[string]*config.User, at hcl.Range) *config.Message {
	t.Helper()
	m := &config.Message{From: users[strings.TrimSuffix(words[0], ":")], Type: "text", Range: at}
	if m.From == nil {
		t.Fatalf("%q is nobody", words[0])
	}
	var text []string
	for _, w := range words[1:] {
		rest := strings.ReplaceAll(w[1:], "_", " ")
		switch w[0] {
		case '#':
			m.Label = rest
		case '@':
			s := parseTime(t, rest)
			m.At = &s
		case '+':
			s := parseGap(t, rest)
			m.After = &s
		case '!':
			m.Expect = rest
		case '{':
			m.Sensitive = strings.Split(strings.TrimSuffix(rest, "}"), ",")
		case '=':
			m.Type = rest
			m.Attachments = []config.Attachment{{URL: "https://example.com/" + rest, Name: rest, MimeType: rest + "/x", Extension: "x"}}
		case '%':
			m.Tags = strings.Split(rest, ",")
		default:
			text = append(text, w)
		}
	}
	m.Text = strings.Join(text, " ")
	return m
}

func parseTime(t testing.TB, s string) Time {
	t.Helper()
	parsed, err := config.ParseTime(s)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func parseGap(t testing.TB, s string) int64 {
	t.Helper()
	parsed, err := config.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// mustBuild plans, and takes no error.
func mustBuild(t testing.TB, cfg *config.Config, prior state.Reader, opts Options) *Plan {
	t.Helper()
	opts.Now = cmp.Or(opts.Now, now)
	p, diags, err := Build(cfg, prior, opts)
	if err != nil {
		t.Fatal(err)
	}
	if diags.HasErrors() {
		t.Fatal(diags.Error())
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// render is a plan in a compact form for tables.
func render(t testing.TB, p *Plan) string {
	t.Helper()
	var b strings.Builder
	for i := range p.Users {
		c := &p.Users[i]
		renderObject(&b, c.Action, c.Addr, c.StateOnly, c.Forget, c.From, c.Carrier, c.Fields, c.Reason)
	}
	for i := range p.Groups {
		c := &p.Groups[i]
		renderObject(&b, c.Action, c.Addr, c.StateOnly, c.Forget, c.From, c.Carrier, c.Fields, c.Reason)
	}
	for i, lane := range p.Lanes {
		fmt.Fprintf(&b, "%s\n", lane.Chat)
		for _, c := range lane.Changes {
			if c.Action != NoOp {
				fmt.Fprintf(&b, "%3s %s", c.Action.Symbol(), c.Addr)
				renderFields(&b, c.Fields)
				b.WriteByte('\n')
			}
		}
		for m, err := range p.Lane(i) {
			if err != nil {
				t.Fatal(err)
			}
			if m.Skipped > 0 {
				fmt.Fprintf(&b, "    … %d\n", m.Skipped)
			}
			renderMessage(&b, m, len(lane.Changes) > 1)
		}
		if lane.Trailing > 0 {
			fmt.Fprintf(&b, "    … %d\n", lane.Trailing)
		}
	}
	return b.String()
}

func renderObject(b *strings.Builder, a Action, o addr.Object, stateOnly, forget bool, from addr.Object, carrier *addr.Message, fields []FieldChange, reason string) {
	fmt.Fprintf(b, "%3s %s", a.Symbol(), o)
	if stateOnly {
		b.WriteString(" state-only")
	}
	if forget {
		b.WriteString(" forget")
	}
	if !from.IsZero() {
		fmt.Fprintf(b, " from=%s", from)
	}
	if carrier != nil {
		fmt.Fprintf(b, " by %s", carrier)
	}
	renderFields(b, fields)
	if reason != "" {
		fmt.Fprintf(b, " (%s)", reason)
	}
	b.WriteByte('\n')
}

func renderFields(b *strings.Builder, fields []FieldChange) {
	for _, f := range fields {
		fmt.Fprintf(b, " %s:%q→%q", f.Name, f.Old, f.New)
	}
}

func renderMessage(b *strings.Builder, m *MessageChange, several bool) {
	fmt.Fprintf(b, "  %3s ", m.Action.Symbol())
	if several {
		fmt.Fprintf(b, "%s ", m.Addr.Conversation.Name)
	}
	msg := m.After
	if msg == nil {
		msg = m.Before
		b.WriteString(formatInstant(msg.SentAt))
	} else {
		b.WriteString(m.When.String())
	}
	key := ""
	if isLabel(m.Addr.Key) {
		key = "#" + m.Addr.Key + " "
	}
	fmt.Fprintf(b, " %s%s: %s", key, msg.Sender, msg.Text)
	if m.Late {
		b.WriteString(" late")
	}
	if m.StateOnly {
		b.WriteString(" state-only")
	}
	if m.From != "" {
		b.WriteString(" renamed")
	}
	if m.Shifted > 0 {
		fmt.Fprintf(b, " shifted=%d", m.Shifted)
	}
	for _, o := range m.Carries {
		fmt.Fprintf(b, " carries=%s", o)
	}
	for _, f := range m.Fields {
		if f.Name != "address" {
			fmt.Fprintf(b, " %s:%q→%q", f.Name, f.Old, f.New)
		}
	}
	if m.Reason != "" && m.Reason != becauseGone {
		fmt.Fprintf(b, " (%s)", m.Reason)
	}
	b.WriteByte('\n')
}
