package planner

import (
	"errors"
	"fmt"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
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
	d.scanner = scanner{s: line}
	m := &MessageChange{}
	conversation := -1
	err := d.object(func(name string) (err error) {
		switch name {
		case "do":
			var word string
			if word, err = d.str(); err == nil {
				m.Action, err = ParseAction(word)
			}
		case "in":
			conversation, err = d.int()
		case "skip":
			m.Skipped, err = d.int()
		case "when":
			m.When, err = d.time()
		case "file":
			m.Source.File, err = d.str()
		case "line":
			m.Source.Line, err = d.int()
		case "why":
			m.Reason, err = d.str()
		case "fields":
			m.Fields, err = d.fields()
		case "secret":
			m.Sensitive, err = d.strs()
		case "late":
			m.Late, err = d.bool()
		case "shift":
			m.Shifted, err = d.int64()
		case "record":
			m.StateOnly, err = d.bool()
		case "from":
			m.From, err = d.str()
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
		err = d.end()
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

func (p *scanner) fields() (list []FieldChange, err error) {
	err = p.array(func() error {
		var f FieldChange
		i := 0
		err := p.array(func() (err error) {
			switch i {
			case 0:
				f.Name, err = p.str()
			case 1:
				f.Old, err = p.str()
			case 2:
				f.New, err = p.str()
			case 3:
				f.StateOnly, err = p.bool()
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
	err = p.array(func() error {
		n, err := p.int64()
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
	err := p.object(func(name string) (err error) {
		switch name {
		case "key":
			m.Key, err = p.str()
		case "muid":
			m.MUID, err = p.str()
		case "gen":
			m.Generation, err = p.int()
		case "id":
			m.ID, err = p.str()
		case "inDoubt":
			m.InDoubt, err = p.bool()
		case "sender":
			m.Sender, err = p.str()
		case "type":
			m.Type, err = p.str()
		case "text":
			m.Text, err = p.str()
		case "attachments":
			m.Attachments, err = p.attachments()
		case "customData":
			m.CustomData, err = p.raw()
		case "metadata":
			m.Metadata, err = p.raw()
		case "tags":
			m.Tags, err = p.strs()
		case "sentAt":
			m.SentAt, err = p.int64()
		case "at":
			m.At, err = p.str()
		case "after":
			m.After, err = p.str()
		case "expect":
			m.Expect, err = p.str()
		case "moderation":
			m.Moderation, err = p.str()
		case "sealed":
			m.Sealed, err = p.strMap()
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
	err = p.array(func() error {
		var a state.Attachment
		err := p.object(func(name string) (err error) {
			switch name {
			case "url":
				a.URL, err = p.str()
			case "name":
				a.Name, err = p.str()
			case "mimeType":
				a.MimeType, err = p.str()
			case "extension":
				a.Extension, err = p.str()
			case "size":
				a.Size, err = p.str()
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
	err = p.array(func() error {
		text, err := p.str()
		if err != nil {
			return err
		}
		o, err := addr.ParseObject(text)
		list = append(list, o)
		return err
	})
	return list, err
}
