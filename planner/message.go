package planner

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/state"
)

// unchanged reports whether a declared message is all that the state has of it
// and nothing else. It runs for every message of every plan.
func unchanged(m *config.Message, s *state.Message) bool {
	if m.Label == "" {
		if isLabel(s.Key) {
			return false
		}
	} else if m.Label != s.Key {
		return false
	}
	return m.Text == s.Text && m.From.UID == s.Sender && m.Type == messageType(s) && m.Expect == s.Expect &&
		!s.InDoubt && len(m.Sensitive) == 0 && len(s.Sealed) == 0 &&
		bytes.Equal(m.CustomData, s.CustomData) && bytes.Equal(m.Metadata, s.Metadata) &&
		slices.Equal(m.Tags, s.Tags) && sameAttachments(m.Attachments, s.Attachments) &&
		sameTime(s.At, m.At) && sameGap(s.After, m.After)
}

func sameAttachments(declared []config.Attachment, seeded []state.Attachment) bool {
	return slices.EqualFunc(declared, seeded, func(a config.Attachment, b state.Attachment) bool {
		return state.Attachment(a) == b
	})
}

// sameTime reports whether a time in state is the declared one.
func sameTime(seeded string, declared *Time) bool {
	if seeded == "" || declared == nil {
		return seeded == "" && declared == nil
	}
	t, err := config.ParseTime(seeded)
	return err == nil && t == *declared
}

// sameGap reports whether a gap in state is the declared one.
func sameGap(seeded string, declared *int64) bool {
	if seeded == "" || declared == nil {
		return seeded == "" && declared == nil
	}
	seconds, err := config.ParseDuration(seeded)
	return err == nil && seconds == *declared
}

// content compares what a message is made of.
func (c *comparison) content(s *state.Message, m *config.Message) {
	c.value("text", s.Text, m.Text)
	if !sameAttachments(m.Attachments, s.Attachments) || len(c.sealed) > 0 || len(c.sensitive) > 0 {
		c.value("attachments", attachmentsText(s.Attachments), attachmentsText(declaredAttachments(m.Attachments)))
	}
	c.json("custom_data", s.CustomData, m.CustomData)
	c.json("metadata", s.Metadata, m.Metadata)
}

// reasons are why a message cannot be edited, or what only the state notes.
const (
	becauseMoved     = "the conversation goes on in another chat"
	becauseFrom      = "the sender of a message cannot be changed"
	becauseType      = "the type of a message cannot be changed"
	becauseTags      = "the tags of a message cannot be changed"
	becauseEdit      = `edited, and on_edit = "replace"`
	becauseStrict    = `order = "strict": sent again to stay behind what is sent before it`
	becauseGone      = "no longer declared"
	becauseTalkGone  = "the conversation is no longer declared"
	becauseAlias     = "the app has it under another key"
	becauseDoubt     = "in doubt: it was sent, but its answer was never seen"
	becauseGoing     = "it was about to be deleted, and may be gone"
	becauseDoubtGone = "no longer declared, and in doubt: it was sent, but its answer was never seen"
)

// reason says in a plan why a message gets another time.
func (why cause) reason(e *entry) string {
	switch why {
	case ownTime:
		if e.exact() || e.prev.At != "" {
			return `another "at"`
		}
		return `another "after"`
	case newStarts:
		return `the conversation has another "starts"`
	case newPace:
		return `the conversation has another "pace"`
	case newAnchor:
		return "the anchor moved"
	case originMoved:
		return "the message that its time counts from has another time"
	case reordered:
		return "it stands elsewhere in the conversation"
	case pushed:
		return "there is no second left before it for what is inserted"
	}
	return "another time"
}

// verdict is what becomes of one message.
type verdict struct {
	action Action
	fields []FieldChange
	reason string
	// stateOnly is set on updates that make no request.
	stateOnly bool
}

// judge compares an entry that has its final time with the state.
func (t *talk) judge(e *entry, hashKey string) verdict {
	switch {
	case e.decl == nil:
		v := verdict{action: Delete, reason: becauseGone}
		switch {
		case e.prev.InDoubt && e.prev.ID == "":
			v.reason = becauseDoubtGone
		case t.decl == nil:
			v.reason = becauseTalkGone
		}
		return v
	case e.prev == nil:
		return verdict{action: Create}
	}
	m, s := e.decl, e.prev
	c := comparison{hashKey: hashKey, sensitive: m.Sensitive, sealed: s.Sealed}
	c.content(s, m)
	edited := !stateOnly(c.fields)
	var reasons []string
	if t.moved() {
		reasons = append(reasons, becauseMoved)
	}
	forced := func(reason string, compare func()) {
		before := len(c.fields)
		compare()
		if !stateOnly(c.fields[before:]) {
			reasons = append(reasons, reason)
		}
	}
	forced(becauseFrom, func() { c.value("from", s.Sender, m.From.UID) })
	forced(becauseType, func() { c.value("type", messageType(s), m.Type) })
	forced(becauseTags, func() { c.list("tags", s.Tags, m.Tags) })
	if e.at != s.SentAt {
		c.value("sent_at", formatInstant(s.SentAt), formatInstant(e.at))
		reasons = append(reasons, e.why.reason(e))
	}
	c.record("at", s.At, timeText(m.At))
	c.record("after", s.After, gapText(m.After))
	c.record("expect", s.Expect, m.Expect)
	if e.key != "" {
		c.record("address", t.addr.Message(s.Key).String(), t.addr.Message(e.key).String())
	}
	if edited && m.Lifecycle.ReplaceOnEdit {
		reasons = append(reasons, becauseEdit)
	}
	if e.strict {
		reasons = append(reasons, becauseStrict)
	}
	v := verdict{fields: c.fields, reason: strings.Join(reasons, "; ")}
	switch {
	case s.InDoubt && s.ID != "":
		v.action = Replace
		v.reason = strings.Join(append(reasons, becauseGoing), "; ")
	case s.InDoubt && (len(reasons) > 0 || len(c.fields) > 0):
		v.action = Replace
		v.reason = strings.Join(append(reasons, becauseDoubt), "; ")
	case s.InDoubt:
		v.action = Create
		v.reason = becauseDoubt
	case len(reasons) > 0:
		v.action = Replace
	case len(c.fields) > 0:
		v.action = Update
		v.stateOnly = stateOnly(c.fields)
	default:
		v.action = NoOp
	}
	return v
}

// after makes after the message to be.
func (t *talk) after(after *state.Message, e *entry, v verdict, header *state.Header) {
	m := e.decl
	*after = state.Message{
		Key:         e.key,
		Generation:  header.Generation,
		Sender:      m.From.UID,
		Type:        m.Type,
		Text:        m.Text,
		Attachments: declaredAttachments(m.Attachments),
		CustomData:  m.CustomData,
		Metadata:    m.Metadata,
		Tags:        m.Tags,
		SentAt:      e.at,
		At:          timeText(m.At),
		After:       gapText(m.After),
		Expect:      m.Expect,
	}
	if after.Type == "text" {
		after.Type = "" // as the state writes it
	}
	if e.prev == nil {
		return
	}
	if after.Key == "" {
		after.Key = e.prev.Key
	}
	if v.action == Replace {
		after.Generation = max(header.Generation, e.prev.Generation) + 1
		return
	}
	after.MUID, after.Generation = e.prev.MUID, e.prev.Generation
	if v.action == Update {
		after.ID, after.Moderation = e.prev.ID, e.prev.Moderation
	}
}

func timeText(t *Time) string {
	if t == nil {
		return ""
	}
	return t.String()
}

func gapText(seconds *int64) string {
	if seconds == nil {
		return ""
	}
	return config.FormatDuration(*seconds)
}

func formatInstant(seconds int64) string {
	return time.Unix(seconds, 0).UTC().Format(time.RFC3339)
}
