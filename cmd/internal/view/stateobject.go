package view

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
)

// The forms of the state as JSON; see planFormat.
const (
	stateFormat       = "sow.state/1"
	stateListFormat   = "sow.state-list/1"
	stateObjectFormat = "sow.state-object/1"
)

// StateObject shows all that the state holds of a user, a group or a
// conversation, the latter with its messages; false when it holds no such
// object.
func (v *View) StateObject(r state.Reader, o addr.Object) (found bool, err error) {
	switch o.Kind {
	case addr.User:
		for _, u := range r.Users() {
			if u.Addr == o {
				return true, v.object(o.String(), "user", userOf(u, nil))
			}
		}
	case addr.Group:
		for _, g := range r.Groups() {
			if g.Addr == o {
				return true, v.object(o.String(), "group", groupOf(g, nil))
			}
		}
	case addr.Conversation:
		for _, c := range r.Conversations() {
			if c.Addr == o {
				return true, v.conversation(r, c)
			}
		}
	}
	return false, nil
}

// StateMessage shows all that the state holds of a message; false when it
// holds no such message.
func (v *View) StateMessage(r state.Reader, m addr.Message) (found bool, err error) {
	for message, err := range r.Messages(m.Conversation) {
		if err != nil {
			return false, err
		}
		if message.Key == m.Key {
			return true, v.object(m.String(), "message", messageOf(message, nil))
		}
	}
	return false, nil
}

// object shows one object: as a document, or one attribute a line. The
// attributes are those of the document, so that neither lacks one.
func (v *View) object(address, kind string, value any) error {
	if v.o.Format == JSON {
		return v.document(func(d *document) error {
			d.begin()
			d.member("format", stateObjectFormat)
			d.member("address", address)
			d.member(kind, value)
			d.end()
			return nil
		})
	}
	return v.result(func(p *printer) {
		p.line(foreign(strong, address)...)
		attributes(p, value)
	})
}

func (v *View) conversation(r state.Reader, c *state.Conversation) error {
	if v.o.Format == JSON {
		return v.document(func(d *document) error {
			d.begin()
			d.member("format", stateObjectFormat)
			d.member("address", c.Addr)
			d.member("conversation", conversationOf(c))
			err := d.messages(r, c.Addr)
			d.end()
			return err
		})
	}
	return v.resultOf(func(p *printer) error {
		p.line(foreign(strong, c.Addr.String())...)
		attributes(p, conversationOf(c))
		var people []state.User
		for _, u := range r.Users() {
			people = append(people, *u)
		}
		t := &stateText{p: p, r: r, cast: newCast(people)}
		return t.conversation(c, true)
	})
}

// attributes prints the members of a JSON object, one a line, in their order.
func attributes(p *printer, value any) {
	d := json.NewDecoder(strings.NewReader(string(encode(value))))
	var names []string
	values := map[string]string{}
	widest := 0
	if _, err := d.Token(); err != nil {
		panic(err) // encode wrote an object
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			panic(err)
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			panic(err)
		}
		text := string(raw)
		if text == "null" {
			text = "not managed"
		}
		names = append(names, name.(string))
		values[name.(string)] = readable(raw, text)
		widest = max(widest, len(name.(string)))
	}
	for _, name := range names {
		text := values[name]
		if name == "sentAt" || name == "createdAt" {
			text = readableTime(text)
		}
		p.hang(spans{pad(proseIndent), say(faint, name), pad(widest - len(name) + 2)}, foreignLines(plain, text)...)
	}
}

// readable is a JSON value as people write it: text without its quotes.
func readable(raw json.RawMessage, otherwise string) string {
	var text string
	if json.Unmarshal(raw, &text) == nil && raw[0] == '"' {
		return text
	}
	return otherwise
}

// readableTime adds the date to UNIX seconds.
func readableTime(seconds string) string {
	var n int64
	if err := json.Unmarshal([]byte(seconds), &n); err != nil {
		return seconds
	}
	return seconds + "  " + time.Unix(n, 0).UTC().Format("Mon 2 Jan 2006 15:04:05") + " UTC"
}

type runJSON struct {
	ID      string    `json:"id"`
	Started time.Time `json:"started"`
	Command string    `json:"command"`
	Plan    string    `json:"plan"` // digest of the plan that was applied
}

func runOf(r *state.Run) *runJSON {
	if r == nil {
		return nil
	}
	return &runJSON{r.ID, r.Started.UTC(), r.Command, r.Plan}
}

type namedUser struct {
	Address addr.Object `json:"address"`
	*userJSON
}

type namedGroup struct {
	Address addr.Object `json:"address"`
	*groupJSON
}

type storedMessage struct {
	Address addr.Message `json:"address"`
	*messageJSON
}

// state writes a whole state.
func (d *document) state(r state.Reader, o StateOptions) error {
	h := r.Header()
	d.begin()
	d.member("format", stateFormat)
	d.member("exists", r.Exists())
	d.member("dataset", h.Dataset)
	d.member("app", appJSON{h.AppID, h.Region})
	d.member("lineage", h.Lineage)
	d.member("serial", h.Serial)
	d.member("anchor", h.Anchor)
	if o.Location != "" {
		d.member("location", o.Location)
	}
	d.member("interrupted", runOf(r.Interrupted()))
	_ = d.array("users", func() error {
		for _, u := range r.Users() {
			d.value(namedUser{u.Addr, userOf(u, nil)})
		}
		return nil
	})
	_ = d.array("groups", func() error {
		for _, g := range r.Groups() {
			d.value(namedGroup{g.Addr, groupOf(g, nil)})
		}
		return nil
	})
	err := d.array("conversations", func() error {
		for _, c := range r.Conversations() {
			d.item()
			d.begin()
			d.member("address", c.Addr)
			record := conversationOf(c)
			if record.Group != "" {
				d.member("group", record.Group)
			} else {
				d.member("between", record.Between)
			}
			d.member("starts", record.Starts)
			d.member("pace", record.Pace)
			d.member("preventDestroy", record.PreventDestroy)
			if err := d.messages(r, c.Addr); err != nil {
				return err
			}
			d.end()
		}
		return nil
	})
	d.end()
	return err
}

// messages writes a conversation's messages as the member of that name.
func (d *document) messages(r state.Reader, c addr.Object) error {
	return d.array("messages", func() error {
		for m, err := range r.Messages(c) {
			if err != nil {
				return err
			}
			d.value(storedMessage{c.Message(m.Key), messageOf(m, nil)})
		}
		return nil
	})
}
