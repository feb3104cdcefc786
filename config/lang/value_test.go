package lang

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func eval(t testing.TB, text string) Value {
	t.Helper()
	v, diags := NewScope(Functions(".")).Eval(parse(t, text))
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return v
}

func TestDecode(t *testing.T) {
	decoders := map[string]func(Value) (any, error){
		"text":   func(v Value) (any, error) { return v.Text() },
		"int":    func(v Value) (any, error) { return v.Int() },
		"bool":   func(v Value) (any, error) { return v.Bool() },
		"texts":  func(v Value) (any, error) { return v.Texts() },
		"object": func(v Value) (any, error) { text, err := v.ObjectJSON(); return string(text), err },
		"json":   func(v Value) (any, error) { text, err := v.JSON(); return string(text), err },
	}
	tests := []struct {
		decoder, expr string
		want          any
		err           string
	}{
		{"text", `"a"`, "a", ""},
		{"text", `1.5`, "1.5", ""},
		{"text", `true`, "true", ""},
		{"text", `sensitive("a")`, "a", ""},
		{"text", `null`, "", "a string is required here, not null"},
		{"text", `{}`, "", "a string is required here, not an object"},
		{"int", `3`, int64(3), ""},
		{"int", `"3"`, int64(3), ""},
		{"int", `3.5`, int64(0), "a whole number is required here"},
		{"int", `1e30`, int64(0), "a whole number is required here"},
		{"int", `"x"`, int64(0), "a whole number is required here, not a string"},
		{"bool", `"true"`, true, ""},
		{"bool", `1`, false, "true or false is required here, not a number"},
		{"texts", `["a", 1]`, []string{"a", "1"}, ""},
		{"texts", `toset(["b", "a"])`, []string{"a", "b"}, ""},
		{"texts", `[]`, []string{}, ""},
		{"texts", `[null]`, []string(nil), "element 0: a string is required here, not null"},
		{"texts", `"a"`, []string(nil), "a list is required here, not a string"},
		{"object", `{ b = 1, a = [true, null, "<é>"] }`, `{"a":[true,null,"<é>"],"b":1}`, ""},
		{"object", `{ "b" = sensitive(1) }`, `{"b":1}`, ""},
		{"object", `tomap({ b = 1 })`, `{"b":1}`, ""},
		{"object", `[1]`, "", "an object is required here, not a tuple"},
		{"object", `null`, "", "an object is required here, not null"},
		{"json", `[1, 1.0, 0.1, -0.25, 1e3, 12345678901234567890, 123456789012345678901234567890]`,
			`[1,1,0.1,-0.25,1000,12345678901234567890,1.2345678901234567890123456789e+29]`, ""},
		{"json", `"\u2028 \u0000 \\ \" \n"`, `"\u2028 \u0000 \\ \" \n"`, ""},
	}
	for _, test := range tests {
		got, err := decoders[test.decoder](eval(t, test.expr))
		text := ""
		if err != nil {
			text = err.Error()
		}
		if diff := cmp.Diff(test.want, got); diff != "" || text != test.err {
			t.Errorf("%s of %s: error %q, want %q; value (-want +got):\n%s", test.decoder, test.expr, text, test.err, diff)
		}
	}
}

// FuzzJSON holds that what is JSON stays the same JSON, in the form that the
// encoder of the standard library gives it.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`{"b":[1,2.5,{"c":null}],"a":"\u00e9"}`, `[1e5, -0, 1.10]`, `"\ud83d\ude00"`, `[]`, `{}`, `"e\u0301"`} {
		f.Add(seed)
	}
	scope := NewScope(Functions("."))
	f.Fuzz(func(t *testing.T, text string) {
		if !json.Valid([]byte(text)) {
			return
		}
		v, diags := scope.With(map[string]Value{"text": String(text)}).Eval(parse(t, "jsondecode(text)"))
		if diags.HasErrors() {
			return
		}
		once, err := v.JSON()
		if err != nil {
			t.Fatalf("%q has no form in JSON: %v", text, err)
		}
		if !json.Valid(once) {
			t.Fatalf("%q becomes %q, which is no JSON", text, once)
		}
		v, diags = scope.With(map[string]Value{"text": String(string(once))}).Eval(parse(t, "jsondecode(text)"))
		if diags.HasErrors() {
			t.Fatalf("%q becomes %q, which cannot be read: %v", text, once, diags)
		}
		twice, err := v.JSON()
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%q becomes %q, and then %q (%v)", text, once, twice, err)
		}
	})
}

func TestInstances(t *testing.T) {
	keys := func(v Value) ([]string, string) {
		list, err := ForEach(v)
		if err != nil {
			return nil, err.Error()
		}
		names := []string{}
		for _, instance := range list {
			names = append(names, instance.Key)
		}
		return names, ""
	}
	for expr, want := range map[string][]string{
		`{ b = 1, a = 2 }`:                 {"a", "b"},
		`tomap({ b = 1, a = 2 })`:          {"a", "b"},
		`toset(["b", "a", "b"])`:           {"a", "b"},
		`{}`:                               {},
		`toset([])`:                        {},
		`{ a = sensitive("x") }`:           {"a"},
		`["a"]`:                            nil,
		`null`:                             nil,
		`"a"`:                              nil,
		`toset([1])`:                       nil,
		`toset([null])`:                    nil,
		`sensitive({ a = 1 })`:             nil,
		`toset([sensitive("a")])`:          nil,
		`nonsensitive(sensitive({a = 1}))`: {"a"},
	} {
		got, err := keys(eval(t, expr))
		if diff := cmp.Diff(want, got); diff != "" || want == nil && err == "" {
			t.Errorf("for_each = %s: %s (-want +got):\n%s", expr, err, diff)
		}
	}
	for expr, want := range map[string]int{`0`: 0, `"2"`: 2, `-1`: -1, `null`: -1, `1.5`: -1, `1e9`: -1, `sensitive(1)`: -1, `[1]`: -1} {
		got, err := Count(eval(t, expr))
		if (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("count = %s gives %d, %v", expr, got, err)
		}
	}
}
