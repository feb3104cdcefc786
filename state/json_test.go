package state

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sowdev/sow/config/addr"
)

func TestScannerErrors(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{``, "the line is cut off"},
		{`[]`, `expected an object at column 1, found "[]"`},
		{`{"msg"}`, `expected a colon at column 7, found "}"`},
		{`{"msg":"a" "sent":1}`, `expected a comma or } at column 12, found "\"sent\":1}"`},
		{`{"msg":"a`, "the line is cut off"},
		{`{"msg":"a\`, "the line is cut off"},
		{`{"msg":"a\u12`, "the line is cut off"},
		{`{"msg":"\u12x4"}`, `expected \u and four hex digits at column 9, found "\\u12x4\"}"`},
		{`{"msg":"\ud800\n567890"}`, `expected \u and four hex digits at column 15, found "\\n567890\"}"`},
		{`{"msg":"\ud800\u0041"}`, "half a surrogate pair in a string"},
		{`{"msg":"\udc00\ud800"}`, "half a surrogate pair in a string"},
		{`{"msg":"\x"}`, `expected an escape sequence at column 9, found "\\x\"}"`},
		{"{\"msg\":\"a\tb\"}", `expected a string without control characters at column 10, found "\tb\"}"`},
		{"{\"msg\":\"\\n\tb\"}", `expected a string without control characters at column 11, found "\tb\"}"`},
		{"{\"msg\":\"\xff\"}", "a string is not UTF-8"},
		{"{\"msg\":\"\\n\xff\"}", "a string is not UTF-8"},
		{`{"sent":1.5}`, `expected a comma or } at column 10, found ".5}"`},
		{`{"sent":01}`, `expected a whole number at column 9, found "01}"`},
		{`{"sent":-}`, `expected a whole number at column 9, found "-}"`},
		{`{"sent":99999999999999999999}`, `expected a whole number at column 9, found "999999999999"`},
		{`{"doubt":yes}`, `expected true or false at column 10, found "yes}"`},
		{`{"tags":"a"}`, `expected a list at column 9, found "\"a\"}"`},
		{`{"tags":["a";]}`, `expected a comma or ] at column 13, found ";]}"`},
		{`{"sealed":{"a":"b","a":"c"}}`, `"a" stands there twice`},
		{`{"metadata":{"a":}}`, `expected a JSON value at column 13, found "{\"a\":}}"`},
		{`{"metadata":`, "the line is cut off"},
		{`{"metadata":}`, `expected a JSON value at column 13, found "}"`},
		{`{"attachments":[{"colour":1}]}`, `an attachment has no "colour"`},
		{`{"carries":["message.x"]}`, `address "message.x" begins with "message": want user, group or conversation`},
		{`{"gen":4294967296}`, "4294967296 is no generation"},
	} {
		_, err := decodeMessage(test.line, &MUIDs{})
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: error %v, want %s", test.line, err, test.want)
		}
	}
}

// White space and order do not matter to the reader, so that hands may edit.
func TestReadByHand(t *testing.T) {
	line := ` { "sent" : 12 , "tags" : [ "a" , "b" ] , "from" : "\u0061\/\b\f\r" , "msg" : "k" , "doubt" : false , "metadata" : [ 1 , "}" ] , "muid" : "m" ,
		"customData" : 1.5e3 , "carries" : [ ] , "sealed" : { } } `
	got, err := decodeMessage(line, nil)
	must(t, err)
	want := &Message{
		Key: "k", MUID: "m", SentAt: 12, Sender: "a/\b\f\r", Tags: []string{"a", "b"},
		Metadata: json.RawMessage(`[1,"}"]`), CustomData: json.RawMessage(`1.5e3`),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// anyMessage draws messages with any fields.
func anyMessage() *rapid.Generator[*Message] {
	text := rapid.OneOf(rapid.Just(""), rapid.String())
	object := rapid.OneOf(rapid.Just(json.RawMessage(nil)), rapid.Map(rapid.MapOf(rapid.String(), rapid.String()), func(m map[string]string) json.RawMessage {
		b, _ := marshal(m)
		return b
	}))
	list := rapid.OneOf(rapid.Just([]string(nil)), rapid.SliceOfN(rapid.String(), 1, 3))
	name := rapid.StringMatching(`[a-z_][a-z0-9_-]{0,8}`)
	key := rapid.OneOf(rapid.Just(addr.Key{}), rapid.Map(rapid.String(), addr.StringKey), rapid.Map(rapid.IntRange(0, 99), addr.IntKey))
	address := rapid.Custom(func(t *rapid.T) addr.Object {
		return addr.Object{Kind: rapid.SampledFrom([]addr.Kind{addr.User, addr.Group}).Draw(t, "kind"), Name: name.Draw(t, "name"), Key: key.Draw(t, "key")}
	})
	attachment := rapid.Custom(func(t *rapid.T) Attachment {
		return Attachment{URL: rapid.String().Draw(t, "url"), Name: text.Draw(t, "name"), MimeType: text.Draw(t, "mime"), Extension: text.Draw(t, "ext"), Size: text.Draw(t, "size")}
	})
	return rapid.Custom(func(t *rapid.T) *Message {
		m := &Message{
			Key: rapid.StringN(1, 20, -1).Draw(t, "key"), MUID: text.Draw(t, "muid"), Generation: rapid.IntRange(0, 3).Draw(t, "gen"),
			ID: text.Draw(t, "id"), InDoubt: rapid.Bool().Draw(t, "doubt"), Sender: text.Draw(t, "from"), Type: text.Draw(t, "type"),
			Text: text.Draw(t, "text"), CustomData: object.Draw(t, "customData"), Metadata: object.Draw(t, "metadata"), Tags: list.Draw(t, "tags"),
			SentAt: rapid.Int64Min(0).Draw(t, "sent"), At: text.Draw(t, "at"), After: text.Draw(t, "after"), Expect: text.Draw(t, "expect"), Moderation: text.Draw(t, "mod"),
		}
		if rapid.Bool().Draw(t, "sealed") {
			m.Sealed = rapid.MapOfN(rapid.String(), rapid.String(), 1, 3).Draw(t, "sealed")
		}
		if rapid.Bool().Draw(t, "carries") {
			m.Carries = rapid.SliceOfN(address, 1, 2).Draw(t, "carries")
		}
		if rapid.Bool().Draw(t, "attachments") {
			m.Attachments = rapid.SliceOfN(attachment, 1, 2).Draw(t, "attachments")
		}
		return m
	})
}

// A message's line reads back as the message, whatever is in it, and says where
// it stands without being read whole.
func TestMessageLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyMessage().Draw(t, "message")
		derive := NewMUIDs("dataset", conversationAddr("a"))
		if rapid.Bool().Draw(t, "ours") {
			m.MUID = derive.Of(m.Key, m.Generation)
		}
		line, err := appendMessage(nil, m, derive.Of(m.Key, m.Generation))
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(line) {
			t.Fatalf("%s is not JSON", line)
		}
		got, err := decodeMessage(string(line), derive)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, got); diff != "" {
			t.Fatalf("%s (-written +read):\n%s", line, diff)
		}
		p, err := placeOf(line)
		if err != nil || p.sent != m.SentAt || string(p.key) != m.Key {
			t.Fatalf("placeOf(%s) = %d, %q, %v", line, p.sent, p.key, err)
		}
	})
}

func TestMessagesThatCannotBeStored(t *testing.T) {
	for _, m := range []*Message{
		{SentAt: 1},
		{Key: "a", SentAt: -1},
		{Key: "a", Metadata: json.RawMessage(`{`)},
		{Key: "a", CustomData: json.RawMessage(`nope`)},
	} {
		if line, err := appendMessage(nil, m, ""); err == nil {
			t.Errorf("%+v was written as %s", m, line)
		}
	}
}

// The muid is fixed for good: the app has it.
func TestMUID(t *testing.T) {
	hello := MUID("support-demo", conversationAddr("refund"), "hello", 0)
	if want := "sow-a3iy73wy6ceeiodiaf5e4m2sr6csyw2g72gaccdkn74rz2ifswka"; hello != want {
		t.Errorf("MUID = %s, want %s", hello, want)
	}
	seen := map[string]bool{}
	for _, dataset := range []string{"", "a", "ab"} {
		for _, conversation := range []addr.Object{conversationAddr("a"), conversationAddr("ab"), {Kind: addr.Conversation, Name: "a", Key: addr.IntKey(1)}} {
			for _, key := range []string{"a", "b", "ab", "1"} {
				for generation := range 12 {
					id := MUID(dataset, conversation, key, generation)
					if seen[id] || len(id) != muidLength || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz234567-") != "" {
						t.Fatalf("MUID(%q, %s, %q, %d) = %s", dataset, conversation, key, generation, id)
					}
					seen[id] = true
				}
			}
		}
	}
}
