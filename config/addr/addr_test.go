package addr_test

import (
	"cmp"
	"encoding/json"
	"slices"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/sowdev/sow/config/addr"
)

func object(kind addr.Kind, name string, key addr.Key) addr.Object {
	return addr.Object{Kind: kind, Name: name, Key: key}
}

func TestObject(t *testing.T) {
	for _, test := range []struct {
		object addr.Object
		text   string
	}{
		{object(addr.User, "ana", addr.Key{}), `user.ana`},
		{object(addr.User, "agent", addr.StringKey("sam")), `user.agent["sam"]`},
		{object(addr.Group, "room", addr.IntKey(0)), `group.room[0]`},
		{object(addr.Conversation, "refund-2_b", addr.IntKey(120)), `conversation.refund-2_b[120]`},
		{object(addr.User, "_é名", addr.Key{}), `user._é名`},
		{object(addr.User, "agent", addr.StringKey("")), `user.agent[""]`},
		{object(addr.User, "agent", addr.StringKey("0")), `user.agent["0"]`},
		{object(addr.User, "agent", addr.StringKey(`a"b\c].[`)), `user.agent["a\"b\\c].["]`},
		{object(addr.User, "agent", addr.StringKey("a\nb\tc\rd")), `user.agent["a\nb\tc\rd"]`},
		{object(addr.User, "agent", addr.StringKey("${x} $x %{y} $${z}")), `user.agent["$${x} $x %%{y} $$${z}"]`},
		{object(addr.User, "agent", addr.StringKey("김하늘 😀")), `user.agent["김하늘 😀"]`},
		{object(addr.User, "agent", addr.StringKey("\x00\u200b\u202e\U000e0001")), `user.agent["\u0000\u200B\u202E\U000E0001"]`},
	} {
		if got := test.object.String(); got != test.text {
			t.Errorf("%#v is written %s, want %s", test.object, got, test.text)
		}
		if got, err := addr.ParseObject(test.text); err != nil || got != test.object {
			t.Errorf("%s reads as %#v, %v", test.text, got, err)
		}
	}
}

func TestMessage(t *testing.T) {
	for _, test := range []struct {
		message addr.Message
		text    string
	}{
		{object(addr.Conversation, "refund", addr.Key{}).Message("hello"), `conversation.refund.message["hello"]`},
		{object(addr.Conversation, "refund", addr.IntKey(3)).Message("~3fa9c01b77e24d10.2"), `conversation.refund[3].message["~3fa9c01b77e24d10.2"]`},
		{object(addr.Conversation, "c", addr.StringKey(`"].message["`)).Message(`"]`), `conversation.c["\"].message[\""].message["\"]"]`},
	} {
		if got := test.message.String(); got != test.text {
			t.Errorf("%#v is written %s, want %s", test.message, got, test.text)
		}
		if got, err := addr.ParseMessage(test.text); err != nil || got != test.message {
			t.Errorf("%s reads as %#v, %v", test.text, got, err)
		}
	}
}

func TestParseErrors(t *testing.T) {
	parseObject := func(text string) error { _, err := addr.ParseObject(text); return err }
	parseMessage := func(text string) error { _, err := addr.ParseMessage(text); return err }
	for _, test := range []struct {
		parse      func(string) error
		text, want string
	}{
		{parseObject, "", `address "" is not of the form user.NAME, group.NAME or conversation.NAME`},
		{parseObject, "ana", `address "ana" is not of the form user.NAME, group.NAME or conversation.NAME`},
		{parseObject, "usr.ana", `address "usr.ana" begins with "usr": want user, group or conversation`},
		{parseObject, "invalid.ana", `address "invalid.ana" begins with "invalid": want user, group or conversation`},
		{parseObject, "user.", `address "user.": "" is no valid name: it begins with a letter or underscore, then letters, digits, - and _`},
		{parseObject, "user.1a", `address "user.1a": "1a" is no valid name: it begins with a letter or underscore, then letters, digits, - and _`},
		{parseObject, "user.a\xff", `address "user.a\xff": "a\xff" is no valid name: it begins with a letter or underscore, then letters, digits, - and _`},
		{parseObject, "user.a b", `address "user.a b": "a b" is no valid name: it begins with a letter or underscore, then letters, digits, - and _`},
		{parseObject, "user.ana.x", `address "user.ana.x" goes on after "user.ana"`},
		{parseObject, `user.ana["x"]y`, `address "user.ana[\"x\"]y" goes on after "user.ana[\"x\"]"`},
		{parseObject, `user.ana["x"`, `address "user.ana[\"x\"": the key "x" has no closing bracket`},
		{parseObject, `user.ana["x`, `address "user.ana[\"x": the key "x has no closing quote`},
		{parseObject, `user.ana[x]`, `address "user.ana[x]": "x" is no instance key: want a number, or text in quotes`},
		{parseObject, `user.ana[1`, `address "user.ana[1": "1" is no instance key: want a number, or text in quotes`},
		{parseObject, `user.ana[-1]`, `address "user.ana[-1]": "-1" is no instance key: want a number, or text in quotes`},
		{parseObject, `user.ana[01]`, `address "user.ana[01]": "01" is no instance key: want a number, or text in quotes`},
		{parseObject, `user.ana[+1]`, `address "user.ana[+1]": "+1" is no instance key: want a number, or text in quotes`},
		{parseObject, `user.ana["\x"]`, `address "user.ana[\"\\x\"]": unknown escape "\\x" in a key`},
		{parseObject, `user.ana["\u12"]`, `address "user.ana[\"\\u12\"]": "\\u12\"]" is no character`},
		{parseObject, `user.ana["\u1"`, `address "user.ana[\"\\u1\"": unknown escape "\\u" in a key`},
		{parseObject, `user.ana["\UFFFFFFFF"]`, `address "user.ana[\"\\UFFFFFFFF\"]": "\\UFFFFFFFF" is no character`},
		{parseObject, `user.ana["\`, `address "user.ana[\"\\": a backslash ends the key`},
		{parseObject, `user.ana["\u0041"]`, `address "user.ana[\"\\u0041\"]" is written user.ana["A"]`},
		{parseObject, `user.ana["\uD800"]`, `address "user.ana[\"\\uD800\"]" is written user.ana["` + "\uFFFD" + `"]`},
		{parseObject, `user.ana["${x}"]`, `address "user.ana[\"${x}\"]" is written user.ana["$${x}"]`},
		{parseObject, "user.ana[\"a\nb\"]", `address "user.ana[\"a\nb\"]" is written user.ana["a\nb"]`},
		{parseObject, "user.ana[\"\xff\"]", `address "user.ana[\"\xff\"]" is written user.ana["` + "\uFFFD" + `"]`},
		{parseMessage, `conversation.a`, `address "conversation.a" names no message: want conversation.NAME.message["KEY"]`},
		{parseMessage, `user.a.message["x"]`, `address "user.a.message[\"x\"]" names no message: want conversation.NAME.message["KEY"]`},
		{parseMessage, `conversation.a.message`, `address "conversation.a.message": expected a key in brackets before ""`},
		{parseMessage, `conversation.a.message[1]`, `address "conversation.a.message[1]": a message is named by one key in quotes`},
		{parseMessage, `conversation.a.message[""]`, `address "conversation.a.message[\"\"]": a message is named by one key in quotes`},
		{parseMessage, `conversation.a.message["x"].y`, `address "conversation.a.message[\"x\"].y": a message is named by one key in quotes`},
		{parseMessage, `conversation.a.message["\u0041"]`, `address "conversation.a.message[\"\\u0041\"]" is written conversation.a.message["A"]`},
		{parseMessage, `channel.a`, `address "channel.a" begins with "channel": want user, group or conversation`},
	} {
		if err := test.parse(test.text); err == nil || err.Error() != test.want {
			t.Errorf("%s: error %v\nwant %s", test.text, err, test.want)
		}
	}
}

func TestValidName(t *testing.T) {
	for name, want := range map[string]bool{
		"a": true, "_": true, "a-b_c9": true, "é": true, "名前": true, "e\u0301": true, // with a combining accent
		"": false, "-a": false, "9": false, "a.b": false, "a b": false, "\u0301": false, "a\xff": false, "a\n": false, "a[": false,
	} {
		if got := addr.ValidName(name); got != want {
			t.Errorf("ValidName(%q) = %v", name, got)
		}
	}
}

func TestKeys(t *testing.T) {
	number, text, none := addr.IntKey(2), addr.StringKey("2"), addr.Key{}
	if n, ok := number.Int(); n != 2 || !ok {
		t.Error("Int of a number")
	}
	if s, ok := text.Text(); s != "2" || !ok {
		t.Error("Text of a text")
	}
	for _, key := range []addr.Key{text, none} {
		if _, ok := key.Int(); ok {
			t.Errorf("%s is a number", key)
		}
	}
	for _, key := range []addr.Key{number, none} {
		if _, ok := key.Text(); ok {
			t.Errorf("%s is a text", key)
		}
	}
	if !none.IsZero() || number.IsZero() || addr.StringKey("").IsZero() || addr.IntKey(0).IsZero() {
		t.Error("IsZero")
	}
	if number.Equal(text) || !number.Equal(addr.IntKey(2)) || none.String() != "" {
		t.Error("Equal or String")
	}
}

func TestOrder(t *testing.T) {
	sorted := []addr.Object{
		object(addr.User, "a", addr.Key{}),
		object(addr.User, "a", addr.IntKey(2)),
		object(addr.User, "a", addr.IntKey(10)),
		object(addr.User, "a", addr.StringKey("")),
		object(addr.User, "a", addr.StringKey("10")),
		object(addr.User, "a", addr.StringKey("2")),
		object(addr.User, "b", addr.Key{}),
		object(addr.Group, "a", addr.Key{}),
		object(addr.Conversation, "a", addr.Key{}),
	}
	for i, a := range sorted {
		for j, b := range sorted {
			if got, want := a.Compare(b), cmp.Compare(i, j); got != want {
				t.Errorf("%s compared with %s is %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestZero(t *testing.T) {
	for _, v := range []any{addr.Object{}, addr.Message{}} {
		if text, err := json.Marshal(v); err != nil || string(text) != `""` {
			t.Errorf("%#v is %s, %v in JSON", v, text, err)
		}
	}
	o, m := object(addr.User, "a", addr.Key{}), object(addr.Conversation, "a", addr.Key{}).Message("k")
	if o.IsZero() || m.IsZero() {
		t.Error("names something, but is zero")
	}
	if json.Unmarshal([]byte(`""`), &o) != nil || !o.IsZero() || json.Unmarshal([]byte(`""`), &m) != nil || !m.IsZero() {
		t.Error("the empty text names something")
	}
	if json.Unmarshal([]byte(`"x"`), &o) == nil || json.Unmarshal([]byte(`"x"`), &m) == nil {
		t.Error("x names something")
	}
	if got := addr.Kind(9).String(); got != "invalid" {
		t.Errorf("Kind(9) = %s", got)
	}
}

// anyObject draws addresses.
func anyObject(kinds ...addr.Kind) *rapid.Generator[addr.Object] {
	return rapid.Custom(func(t *rapid.T) addr.Object {
		key := rapid.OneOf(
			rapid.Just(addr.Key{}),
			rapid.Map(rapid.IntMin(0), addr.IntKey),
			rapid.Map(rapid.OneOf(rapid.String(), rapid.StringMatching(`["\\$%{}\[\].a]*`)), addr.StringKey),
		)
		name := rapid.OneOf(rapid.StringMatching(`[a-z_][a-zA-Z0-9_-]*`), rapid.String().Filter(addr.ValidName))
		return object(rapid.SampledFrom(kinds).Draw(t, "kind"), name.Draw(t, "name"), key.Draw(t, "key"))
	})
}

var kinds = []addr.Kind{addr.User, addr.Group, addr.Conversation}

// Every address reads back as itself, in JSON too.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := anyObject(kinds...).Draw(t, "object")
		if got, err := addr.ParseObject(o.String()); err != nil || got != o {
			t.Fatalf("%s reads as %s, %v", o, got, err)
		}
		m := anyObject(addr.Conversation).Draw(t, "conversation").Message(rapid.StringN(1, -1, -1).Draw(t, "message"))
		if got, err := addr.ParseMessage(m.String()); err != nil || got != m {
			t.Fatalf("%s reads as %s, %v", m, got, err)
		}
		type both struct {
			Object  addr.Object
			Message addr.Message
			ByName  map[addr.Object]int
		}
		want := both{o, m, map[addr.Object]int{o: 1}}
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got both
		if err := json.Unmarshal(text, &got); err != nil || got.Object != o || got.Message != m || got.ByName[o] != 1 {
			t.Fatalf("%s reads as %#v, %v", text, got, err)
		}
	})
}

// An address can be pasted into a configuration: its key is a string there,
// with the same value (which HCL brings into normal form C).
func TestKeyIsHCL(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := anyObject(addr.User).Draw(t, "object")
		want, ok := o.Key.Text()
		if !ok {
			t.Skip("no text")
		}
		literal := o.Key.String()
		literal = literal[1 : len(literal)-1]
		expr, diags := hclsyntax.ParseExpression([]byte(literal), "x", hcl.InitialPos)
		if diags.HasErrors() {
			t.Fatalf("%s: %v", literal, diags)
		}
		value, diags := expr.Value(nil)
		if diags.HasErrors() || value.AsString() != norm.NFC.String(want) {
			t.Fatalf("%s is %q in HCL, want %q (%v)", literal, value.AsString(), want, diags)
		}
	})
}

// Addresses have one order, and equal ones are the same.
func TestCompare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(anyObject(kinds...), 3, 3).Draw(t, "objects")
		for _, a := range list {
			for _, b := range list {
				if a.Compare(b) != -b.Compare(a) || (a.Compare(b) == 0) != (a == b) {
					t.Fatalf("%s and %s compare as %d and %d", a, b, a.Compare(b), b.Compare(a))
				}
			}
		}
		slices.SortFunc(list, addr.Object.Compare)
		if list[0].Compare(list[2]) > 0 {
			t.Fatalf("%s sorts before %s", list[0], list[2])
		}
	})
}

// What is taken for an address is the one way to write it.
func FuzzParse(f *testing.F) {
	for _, text := range []string{`user.ana`, `user.agent["sam"]`, `group.room[0]`, `conversation.a.message["x"]`, `user.a["\u0000$${\U000E0001"]`, `user.ana["\`, "user.a\xff", `user.a["\uD83D\uDE00"]`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if o, err := addr.ParseObject(text); err == nil && o.String() != text {
			t.Errorf("%q was taken for %s", text, o)
		}
		if m, err := addr.ParseMessage(text); err == nil && m.String() != text {
			t.Errorf("%q was taken for %s", text, m)
		}
	})
}
