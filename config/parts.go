package config

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// part is a part of a message, for saying what is wrong with it.
type part uint8

const (
	partMessage part = iota
	partLabel
	partFrom
	partType
	partText
	partAt
	partAfter
	partExpect
	partAttachments
	partTags
	partMetadata
	partCustomData
)

// String returns the name of the argument that holds the part.
func (p part) String() string {
	return [...]string{"message", "label", "from", "type", "text", "at", "after", "expect", "attachments", "tags", "metadata", "custom_data"}[p]
}

var errSensitive = errors.New("the value breaks a rule of this argument. It is sensitive, so the error that could show it is left out")

// complete gives a message its type, and holds it against the rules of
// conversations and the limits of the app. Every mistake goes to problem. It
// runs for every message, so what is right costs no allocation.
func complete(m *Message, c *Conversation, problem func(part, error)) {
	note := func(p part, err error) {
		if err != nil {
			problem(p, err)
		}
	}
	if m.Type == "" {
		m.Type = MessageType(m.Attachments)
	} else {
		note(partType, CheckType(m.Type, len(m.Attachments)))
	}
	if m.Label != "" {
		note(partLabel, CheckLabel(m.Label))
	}
	if c.Group == nil && c.Between[0] != nil && m.From != nil && m.From != c.Between[0] && m.From != c.Between[1] {
		problem(partFrom, fmt.Errorf("%s takes no part in this conversation, which is between %s and %s",
			m.From.Addr, c.Between[0].Addr, c.Between[1].Addr))
	}
	textErr := CheckText(m.Text, len(m.Attachments))
	note(partText, textErr)
	note(partText, CheckMentions(m.Text))
	if len(m.Tags) > 0 {
		note(partTags, CheckMessageTags(m.Tags))
	}
	if m.Expect != "" {
		note(partExpect, CheckExpect(m.Expect))
	}
	if m.At != nil && m.After != nil {
		problem(partAfter, errors.New(`a message has "at" or "after", not both`))
	}
	if m.At != nil && m.At.Base == Epoch {
		note(partAt, CheckTime(m.At.Seconds))
	}
	if m.After != nil && *m.After < 1 {
		problem(partAfter, errors.New("messages of a chat are at least one second apart"))
	}
	if len(m.Attachments) > 1 {
		note(partAttachments, CheckFiles(m.Attachments))
	}
	if textErr == nil && !surelySmall(m) { // too long a text is told once
		note(partMessage, CheckData(m))
	}
	if warning := ContactWarning(m.Text); warning != nil {
		problem(partText, warning)
	}
}

// surelySmall reports whether a message is far from all limits of size, so
// that it need not be measured.
func surelySmall(m *Message) bool {
	const escaped = 6 // characters that JSON writes for one, at most
	return len(m.Attachments) == 0 && len(m.Text)+len(m.Metadata)+len(m.CustomData) < maxData/escaped/2
}

// everyPart is for messages of which all parts can be judged.
func everyPart(part) bool { return true }

// finish completes a message, reports what is wrong with it, and yields it if
// it was ok and is. right tells which parts can be judged, and where tells the
// place of a part.
func (rd *reading) finish(m *Message, ok bool, sensitive []string, right func(part) bool, where func(part) hcl.Range) {
	complete(m, rd.conversation, func(p part, err error) {
		if !right(p) {
			return // what is wrong with it was reported
		}
		var warning *Warning
		if errors.As(err, &warning) {
			if slices.Contains(sensitive, p.String()) {
				err = &Warning{"The message may be refused or blocked because of its content, which is sensitive."}
			}
			rd.advice.add(p, where(p), err)
			return
		}
		ok = false
		if slices.Contains(sensitive, p.String()) {
			err = errSensitive
		}
		rd.report(invalidValue(where(p), p.String(), err))
	})
	if !rd.remember(m.Label, where(partLabel)) {
		ok = false
	}
	if ok {
		rd.emit(m)
	}
}

// emit yields a message that is right. While the conversation has mistakes,
// the consumer sees what is right of it all the same.
func (rd *reading) emit(m *Message) {
	if !rd.yield(m) {
		rd.stopped = true
	}
}

// remember takes note of a label, and reports whether it is the first of its
// name in the conversation.
func (rd *reading) remember(label string, at hcl.Range) bool {
	if label == "" {
		return true
	}
	if first, taken := rd.labels[label]; taken {
		rd.report(errorAt(at, "Label used twice",
			"The conversation has a message with the label %q already, at %s. Labels make addresses, so each is used once.",
			label, spot{rd.files[first.file], int(first.line)}))
		return false
	}
	if rd.labels == nil {
		rd.labels = make(map[string]labelled, rd.block.blocks())
	}
	if n := len(rd.files); n == 0 || rd.files[n-1] != at.Filename {
		rd.files = append(rd.files, at.Filename)
	}
	rd.labels[label] = labelled{file: int32(len(rd.files) - 1), line: int32(at.Start.Line)}
	return true
}

// labelled is where a label stands: a line of one of the files that were read.
// It is small, because one is kept for every label of a conversation.
type labelled struct{ file, line int32 }

// advice gathers warnings about messages. What many messages of a
// conversation have in common is told once.
type advice struct{ told []advised }

type advised struct {
	part  part
	first *hcl.Diagnostic
	more  int
}

// has reports whether something of that part was told already, so that the
// next one is only counted.
func (a *advice) has(p part) bool {
	return slices.ContainsFunc(a.told, func(t advised) bool { return t.part == p })
}

func (a *advice) add(p part, at hcl.Range, err error) {
	for i := range a.told {
		if a.told[i].part == p {
			a.told[i].more++
			return
		}
	}
	a.told = append(a.told, advised{part: p, first: invalidValue(at, p.String(), err)})
}

func (a *advice) diagnostics() hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, t := range a.told {
		if t.more == 1 {
			t.first.Detail += " So it is with another message of this conversation."
		} else if t.more > 1 {
			t.first.Detail += fmt.Sprintf(" So it is with %d other messages of this conversation.", t.more)
		}
		diags = append(diags, t.first)
	}
	return diags
}
