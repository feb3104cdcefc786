package planner

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
)

var testLane = LaneInfo{Changes: []ConversationChange{
	{Addr: addr.Object{Kind: addr.Conversation, Name: "a"}},
	{Addr: addr.Object{Kind: addr.Conversation, Name: "b", Key: addr.StringKey(`x"y`)}},
}}

func drawText(t *rapid.T, name string) string {
	return rapid.OneOf(rapid.Just(""), rapid.String(), rapid.SampledFrom([]string{"a\nb", "tab\t\"quoted\" \\", "\x00\x1f", "\u2028<&>", "😀 ünï"})).Draw(t, name)
}

func drawSeeded(t *rapid.T, name string) *state.Message {
	m := &state.Message{
		Key: "k" + drawText(t, name+" key"), MUID: "sow-" + name, Generation: rapid.IntRange(0, 3).Draw(t, "generation"),
		ID: drawText(t, "id"), Sender: drawText(t, "sender"), Type: drawText(t, "type"), Text: drawText(t, "text"),
		SentAt: rapid.Int64().Draw(t, "sent"), At: drawText(t, "at"), After: drawText(t, "after"), Expect: drawText(t, "expect"),
		Moderation: drawText(t, "moderation"), InDoubt: rapid.Bool().Draw(t, "doubt"),
	}
	if rapid.Bool().Draw(t, "rich") {
		m.Attachments = []state.Attachment{{URL: drawText(t, "url"), Name: drawText(t, "name")}, {MimeType: "x", Extension: "y", Size: "1"}}
		m.CustomData = json.RawMessage(`{"a":[1,"]}\"",{}],"b":null}`)
		m.Metadata = json.RawMessage(`{}`)
		m.Tags = []string{drawText(t, "tag"), "b"}
		m.Sealed = map[string]string{"text": "00ff", "tags": drawText(t, "seal")}
		m.Carries = []addr.Object{{Kind: addr.User, Name: "u"}, testLane.Changes[1].Addr}
	}
	return m
}

func drawChange(t *rapid.T) (m *MessageChange, conversation int) {
	m = &MessageChange{
		Action: rapid.SampledFrom([]Action{NoOp, Create, Update, Replace, Delete}).Draw(t, "action"),
		Reason: drawText(t, "reason"), Source: Source{File: drawText(t, "file"), Line: rapid.IntRange(0, 99).Draw(t, "line")},
		Skipped: rapid.IntRange(0, 9).Draw(t, "skipped"), Late: rapid.Bool().Draw(t, "late"), Shifted: rapid.Int64Range(0, 3).Draw(t, "shifted"),
		StateOnly: rapid.Bool().Draw(t, "state only"), From: drawText(t, "from"),
	}
	if rapid.Bool().Draw(t, "fields") {
		m.Fields = []FieldChange{{Name: "text", Old: drawText(t, "old"), New: drawText(t, "new")}, {Name: "expect", StateOnly: true}}
		m.Sensitive = []string{"text", "tags"}
	}
	if m.Action != Create {
		m.Before = drawSeeded(t, "before")
	}
	if m.Action != Delete && m.Action != NoOp {
		m.After = drawSeeded(t, "after")
		m.When = Time{Base: rapid.SampledFrom([]config.Base{config.Epoch, config.Anchor, config.AnchorDay}).Draw(t, "base"), Seconds: rapid.Int64().Draw(t, "when")}
	}
	conversation = rapid.IntRange(0, 1).Draw(t, "conversation")
	o := testLane.Changes[conversation].Addr
	switch {
	case m.Action == NoOp:
		m.After = m.Before
		m.When = Time{Seconds: m.Before.SentAt}
		m.Addr = o.Message(m.Before.Key)
	case m.After == nil:
		m.Addr = o.Message(m.Before.Key)
	default:
		m.Addr = o.Message(m.After.Key)
		if m.Before != nil && m.Action == Update {
			m.After.MUID = m.Before.MUID
		} else {
			m.After.MUID = MUID("set", o, m.After.Key, m.After.Generation)
		}
	}
	return m, conversation
}

func TestWireRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, conversation := drawChange(t)
		line := appendChange(nil, m, conversation)
		if bytes.Count(line, []byte("\n")) != 1 || !json.Valid(line) {
			t.Fatalf("not a line of JSON: %s", line)
		}
		got, err := newChangeDecoder("set", &testLane).decode(string(line[:len(line)-1]))
		if err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if diff := cmp.Diff(m, got); diff != "" {
			t.Fatalf("(-written +read)\n%s\n%s", diff, line)
		}
	})
}

func TestWireRefuses(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{``, "the line is cut off"},
		{`{}`, "a change of the conversation number -1, of 2"},
		{`{"do":"create","in":2,"is":{"key":"a"}}`, "a change of the conversation number 2, of 2"},
		{`{"in":0}`, "a change without an action"},
		{`{"do":"explode","in":0}`, `"explode" is no action`},
		{`{"do":"create","in":0}`, "an incomplete create"},
		{`{"do":"update","in":0,"is":{"key":"a"}}`, "an incomplete update"},
		{`{"do":"delete","in":0,"was":{"key":"a"},"is":{"key":"a"}}`, "an incomplete delete"},
		{`{"do":"create","in":0,"is":{}}`, "a message without a key"},
		{`{"do":"create","in":0,"was":{"key":"a"},"is":{"key":"a"}}`, "a message is created that is there"},
		{`{"do":"create","in":0,"new":1}`, `a change has no "new"`},
		{`{"do":"create","in":0,"is":{"key":"a","who":"b"}}`, `a message has no "who"`},
		{`{"do":"create","in":0,"when":[1]}`, "a time is a base and seconds"},
		{`{"do":"create","in":0,"when":[9,1]}`, "a time is a base and seconds"},
		{`{"do":"create","in":0,"fields":[["a"]]}`, "a field with too few values"},
		{`{"do":"create","in":0,"is":{"key":"a","metadata":{"a":}}}`, `expected a JSON value at column 50, found "{\"a\":}}}"`},
		{`{"do":"create","in":0,"is":{"key":"a"}}]`, `expected the end of the line at column 40, found "]"`},
		{`{"do":"create","in":0,"skip":-1}`, "-1 is no count"},
	} {
		t.Run(test.line, func(t *testing.T) {
			_, err := newChangeDecoder("set", &testLane).decode(test.line)
			if err == nil || err.Error() != test.want {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

// FuzzWire: no line makes the decoder panic, and what it takes can be written
// and read again.
func FuzzWire(f *testing.F) {
	for _, line := range []string{
		`{"do":"create","in":0,"when":[1,-3600],"file":"a.chat","line":3,"is":{"key":"a","sender":"ana","text":"hi\n","sentAt":5}}`,
		`{"do":"no-op","in":1,"skip":2,"was":{"key":"~00","muid":"m","tags":["a"],"sealed":{"text":"00"},"sentAt":5}}`,
		`{"do":"replace","in":1,"why":"x","fields":[["text","a","b"],["expect","","",true]],"was":{"key":"a","inDoubt":true},"is":{"key":"a","metadata":{"a":[1]}}}`,
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		d := newChangeDecoder("set", &testLane)
		m, err := d.decode(line)
		if err != nil {
			return
		}
		conversation := 0
		if m.Addr.Conversation == testLane.Changes[1].Addr {
			conversation = 1
		}
		again, err := d.decode(string(bytes.TrimSuffix(appendChange(nil, m, conversation), []byte("\n"))))
		if err != nil {
			t.Fatalf("%v after writing %q again", err, line)
		}
		if first, second := appendChange(nil, m, conversation), appendChange(nil, again, conversation); !bytes.Equal(first, second) {
			t.Fatalf("%s\n%s", first, second)
		}
	})
}
