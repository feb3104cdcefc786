package emulator

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// generic builds from a value what encoding/json would.
func generic(v value) any {
	switch {
	case v.isObject():
		m := make(map[string]any)
		v.fields(func(name string, field value) { m[name] = generic(field) })
		return m
	case v.isArray():
		list := []any{}
		v.items(func(item value) { list = append(list, generic(item)) })
		return list
	case v.isString():
		return v.text()
	}
	if b, ok := v.boolean(); ok {
		return b
	}
	if string(v) == "null" {
		return nil
	}
	return json.Number(v)
}

func decodeGeneric(t interface{ Fatal(...any) }, b []byte) any {
	var want any
	d := json.NewDecoder(bytesReader(b))
	d.UseNumber()
	if err := d.Decode(&want); err != nil {
		t.Fatal(err)
	}
	return want
}

func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{}`, `[]`, ` { "a" : [ 1 , -2.5e3 , "x\"\\" , null , true ] , "\u0061\n":{"b":[]} } `, `"\ud83d\ude00\ud800"`, `12`, `[[[]],{}]`, `{"a":1,"a":2}`, "\"\xff\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v := parseJSON(b)
		if v == nil {
			if utf8.Valid(b) && json.Valid(b) {
				t.Fatalf("%q was refused", b)
			}
			return
		}
		want := decodeGeneric(t, b)
		if diff := cmp.Diff(want, generic(v)); diff != "" {
			t.Fatalf("%q (-want +got):\n%s", b, diff)
		}
		compact := appendCompact(nil, v)
		if diff := cmp.Diff(want, decodeGeneric(t, compact)); diff != "" {
			t.Fatalf("%q compact is %q:\n%s", b, compact, diff)
		}
	})
}

func TestAppendString(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		var got string
		if err := json.Unmarshal(appendString(nil, s), &got); err != nil || got != s {
			t.Fatalf("%q became %q: %v", s, got, err)
		}
	})
	if got := string(appendString(nil, "a\xffb\x00\n")); got != `"a`+"\ufffd"+`b\u0000\n"` {
		t.Errorf("got %s", got)
	}
}

func TestMergeObjects(t *testing.T) {
	got := mergeObjects(value(`{"a":1,"b":{"x":1},"\n":0}`), value(`{"b":{"y":2},"c":null}`))
	if want := `{"a":1,"\n":0,"b":{"y":2},"c":null}`; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := mergeObjects(nil, value(`{"a":1}`)); string(got) != `{"a":1}` {
		t.Errorf("got %s", got)
	}
}
