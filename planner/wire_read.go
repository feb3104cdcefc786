package planner

import (
	"errors"
	"fmt"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
	"github.com/sowdev/sow/state/jsonline"
)

// changeDecoder reads the lines of one lane back. The strings of a change share
// the memory of its line.
type changeDecoder struct {
	dataset string
	lane    *LaneInfo
	scanner
	muids *state.MUIDs // of the conversation with the index at
	at    int
}

func newChangeDecoder(dataset string, lane *LaneInfo) *changeDecoder {
	return &changeDecoder{dataset: dataset, lane: lane}
}

func (d *changeDecoder) decode(line string) (*MessageChange, error) {
	d.scanner = scanner{jsonline.Scan(line)}
	m := &MessageChange{}
	conversation := -1
	err := d.Object(func(name string) (err error) {
		switch name {
		case "do":
			var word string
			if word, err = d.Text(); err == nil {
				m.Action, err = ParseAction(word)
			}
		case "in":
			conversation, err = d.count()
		case "skip":
			m.Skipped, err = d.count()
		case "when":
			m.When, err = d.time()
		case "file":
			m.Source.File, err = d.Text()
		case "line":
			m.Source.Line, err = d.count()
		case "why":
			m.Reason, err = d.Text()
		case "fields":
			m.Fields, err = d.fields()
		case "secret":
			m.Sensitive, err = d.Texts()
		case "late":
			m.Late, err = d.Boolean()
		case "shift":
			m.Shifted, err = d.Integer()
		case "record":
			m.StateOnly, err = d.Boolean()
		case "from":
			m.From, err = d.Text()
		case "was":
			m.Before, err = d.message()
		case "is":
			m.After, err = d.message()
		default:
			err = fmt.Errorf("a change has no %q", name)
		}
		return err
	})
	if err == nil {
		err = d.End()
	}
	if err == nil {
		err = d.complete(m, conversation)
	}
	return m, err
}

// complete derives what the line leaves out, and makes sure that the change is
// one.
func (d *changeDecoder) complete(m *MessageChange, conversation int) error {
	if conversation < 0 || conversation >= len(d.lane.Changes) {
		return fmt.Errorf("a change of the conversation number %d, of %d", conversation, len(d.lane.Changes))
	}
	needsBefore := m.Action == NoOp || m.Action == Update || m.Action == Replace || m.Action == Delete
	needsAfter := m.Action == Create || m.Action == Update || m.Action == Replace
	switch {
	case m.Action == 0:
		return errors.New("a change without an action")
	case needsBefore && m.Before == nil, needsAfter != (m.After != nil):
		return fmt.Errorf("an incomplete %s", m.Action)
	case m.Action == Create && m.Before != nil && !m.Before.InDoubt:
		return errors.New("a message is created that is there")
	case m.Before != nil && m.Before.Key == "", m.After != nil && m.After.Key == "":
		return errors.New("a message without a key")
	}
	o := d.lane.Changes[conversation].Addr
	switch {
	case m.Action == NoOp:
		m.After = m.Before
		m.When = Time{Base: config.Epoch, Seconds: m.Before.SentAt}
	case m.After != nil && m.After.MUID == "":
		if d.muids == nil || d.at != conversation {
			d.muids, d.at = state.NewMUIDs(d.dataset, o), conversation
		}
		m.After.MUID = d.muids.Of(m.After.Key, m.After.Generation)
	}
	if m.After != nil {
		m.Addr = o.Message(m.After.Key)
	} else {
		m.Addr = o.Message(m.Before.Key)
	}
	return nil
}

// scanner takes what lanes are made of off a line.
type scanner struct{ jsonline.Scanner }

// count takes a number of things.
func (p *scanner) count() (int, error) {
	n, err := p.Integer()
	if err == nil && (n < 0 || n > 1<<40) {
		err = fmt.Errorf("%d is no count", n)
	}
	return int(n), err
}

func (p *scanner) fields() (list []FieldChange, err error) {
	err = p.Array(func() error {
		var f FieldChange
		i := 0
		err := p.Array(func() (err error) {
			switch i {
			case 0:
				f.Name, err = p.Text()
			case 1:
				f.Old, err = p.Text()
			case 2:
				f.New, err = p.Text()
			case 3:
				f.StateOnly, err = p.Boolean()
			default:
				err = errors.New("a field with too many values")
			}
			i++
			return err
		})
		if err == nil && i < 3 {
			err = errors.New("a field with too few values")
		}
		list = append(list, f)
		return err
	})
	return list, err
}

func (p *scanner) time() (t Time, err error) {
	i := 0
	err = p.Array(func() error {
		n, err := p.Integer()
		switch {
		case err != nil:
			return err
		case i == 0 && n >= 0 && n <= int64(config.AnchorDay):
			t.Base = config.Base(n)
		case i == 1:
			t.Seconds = n
		default:
			return errors.New("a time is a base and seconds")
		}
		i++
		return nil
	})
	if err == nil && i != 2 {
		err = errors.New("a time is a base and seconds")
	}
	return t, err
}

func (p *scanner) message() (*state.Message, error) {
	m := &state.Message{}
	err := p.Object(func(name string) (err error) {
		switch name {
		case "key":
			m.Key, err = p.Text()
		case "muid":
			m.MUID, err = p.Text()
		case "gen":
			m.Generation, err = p.count()
		case "id":
			m.ID, err = p.Text()
		case "inDoubt":
			m.InDoubt, err = p.Boolean()
		case "sender":
			m.Sender, err = p.Text()
		case "type":
			m.Type, err = p.Text()
		case "text":
			m.Text, err = p.Text()
		case "attachments":
			m.Attachments, err = p.attachments()
		case "customData":
			m.CustomData, err = p.Raw()
		case "metadata":
			m.Metadata, err = p.Raw()
		case "tags":
			m.Tags, err = p.Texts()
		case "sentAt":
			m.SentAt, err = p.Integer()
		case "at":
			m.At, err = p.Text()
		case "after":
			m.After, err = p.Text()
		case "expect":
			m.Expect, err = p.Text()
		case "moderation":
			m.Moderation, err = p.Text()
		case "sealed":
			m.Sealed, err = p.TextMap()
		case "carries":
			m.Carries, err = p.addresses()
		default:
			err = fmt.Errorf("a message has no %q", name)
		}
		return err
	})
	return m, err
}

func (p *scanner) attachments() (list []state.Attachment, err error) {
	err = p.Array(func() error {
		var a state.Attachment
		err := p.Object(func(name string) (err error) {
			switch name {
			case "url":
				a.URL, err = p.Text()
			case "name":
				a.Name, err = p.Text()
			case "mimeType":
				a.MimeType, err = p.Text()
			case "extension":
				a.Extension, err = p.Text()
			case "size":
				a.Size, err = p.Text()
			default:
				err = fmt.Errorf("an attachment has no %q", name)
			}
			return err
		})
		list = append(list, a)
		return err
	})
	return list, err
}

func (p *scanner) addresses() (list []addr.Object, err error) {
	err = p.Array(func() error {
		text, err := p.Text()
		if err != nil {
			return err
		}
		o, err := addr.ParseObject(text)
		list = append(list, o)
		return err
	})
	return list, err
}
