package config

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// written is a message that a test writes in every form there is.
type written map[string]any

// form is a way to write messages down. It reports whether it can say that, and
// returns the file and the line that a mistake is told with.
type form struct {
	name string
	file string
	line int
	make func(m written) (files map[string]string, ok bool)
}

const formPeople = `sow { dataset = "forms" }
user "ana" { name = "Ana" }
user "ben" { name = "Ben" }
`

func hclValue(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text) // what the tests write is the same in HCL
}

// hclMessage is a message's arguments as a block has them, each on its own line.
func hclMessage(m written) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(m)) {
		switch name {
		case "label":
		case "attachments":
			for _, a := range m[name].([]map[string]any) {
				b.WriteString("attachment {\n")
				for _, key := range slices.Sorted(maps.Keys(a)) {
					fmt.Fprintf(&b, "%s = %s\n", key, hclValue(a[key]))
				}
				b.WriteString("}\n")
			}
		default:
			fmt.Fprintf(&b, "%s = %s\n", name, hclValue(m[name]))
		}
	}
	return b.String()
}

func label(m written) string {
	if l, ok := m["label"]; ok {
		return hclValue(l) + " "
	}
	return ""
}

func conversation(body string) string {
	return formPeople + "conversation \"c\" {\nbetween = [user.ana, user.ben]\n" + body + "}\n"
}

// forms are all ways to write a message. Of a block no line is held: the parts of
// it stand on lines of their own.
var forms = []form{
	{"block of literals", "main.sow.hcl", 0, func(m written) (map[string]string, bool) {
		return map[string]string{"main.sow.hcl": conversation("message " + label(m) + "{\n" + hclMessage(m) + "}\n")}, true
	}},
	{"block with expressions", "main.sow.hcl", 0, func(m written) (map[string]string, bool) {
		body := strings.Replace(hclMessage(m), `from = "ana"`, "from = user.ana", 1)
		return map[string]string{"main.sow.hcl": conversation("message " + label(m) + "{\n" + body + "}\n")}, true
	}},
	{"dynamic block", "main.sow.hcl", 0, func(m written) (map[string]string, bool) {
		labels := ""
		if l, ok := m["label"]; ok {
			labels = "labels = [" + hclValue(l) + "]\n"
		}
		return map[string]string{"main.sow.hcl": conversation("dynamic \"message\" {\nfor_each = [1]\n" + labels + "content {\n" + hclMessage(m) + "}\n}\n")}, true
	}},
	{"conversation with for_each", "main.sow.hcl", 0, func(m written) (map[string]string, bool) {
		return map[string]string{"main.sow.hcl": conversation("for_each = toset([\"x\"])\nmessage " + label(m) + "{\n" + hclMessage(m) + "}\n")}, true
	}},
	{"JSON configuration", "main.sow.json", 0, func(m written) (map[string]string, bool) {
		block := maps.Clone(m)
		if list, ok := block["attachments"]; ok {
			block["attachment"] = list
			delete(block, "attachments")
		}
		if block["label"] != nil {
			return nil, false
		}
		return map[string]string{"people.sow.hcl": formPeople, "main.sow.json": hclValue(map[string]any{
			"conversation": map[string]any{"c": map[string]any{"between": []string{"${user.ana}", "${user.ben}"}, "message": []any{block}}},
		})}, true
	}},
	{"JSON lines", "history.jsonl", 2, func(m written) (map[string]string, bool) {
		return map[string]string{
			"main.sow.hcl":  conversation("source = \"history.jsonl\"\n"),
			"history.jsonl": "{\"from\": \"ben\", \"text\": \"first\"}\n" + hclValue(m) + "\n",
		}, true
	}},
	{"CSV", "history.csv", 3, func(m written) (map[string]string, bool) {
		var b strings.Builder
		out := csv.NewWriter(&b)
		names := slices.Sorted(maps.Keys(m))
		var first, values []string
		for _, name := range names {
			first = append(first, map[string]string{"from": "ben", "text": "first"}[name])
			if s, ok := m[name].(string); ok {
				values = append(values, s)
			} else {
				values = append(values, hclValue(m[name]))
			}
		}
		if err := out.WriteAll([][]string{names, first, values}); err != nil {
			panic(err)
		}
		return map[string]string{"main.sow.hcl": conversation("source = \"history.csv\"\n"), "history.csv": b.String()}, m["text"] != nil
	}},
	{"transcript", "c.chat", 2, func(m written) (map[string]string, bool) {
		line, options := "ana:", ""
		for _, name := range slices.Sorted(maps.Keys(m)) {
			switch v := m[name]; name {
			case "attachments":
				for _, a := range v.([]map[string]any) {
					if len(a) > 1 {
						return nil, false
					}
					line += fmt.Sprintf(" [image %s]", a["url"])
				}
			case "expect":
				options += fmt.Sprintf(" expect=%q", v)
			case "tags":
				options += " tags=" + strings.Join(v.([]string), ",")
			case "custom_data":
				o, ok := v.(map[string]any)
				if !ok {
					return nil, false
				}
				for _, key := range slices.Sorted(maps.Keys(o)) {
					options += fmt.Sprintf(" custom_data.%s=%q", key, o[key])
				}
			case "text":
				if strings.TrimSpace(v.(string)) == "" {
					return nil, false // there, nothing is said by a line that breaks off
				}
			case "from", "label":
			default:
				return nil, false
			}
		}
		if text, ok := m["text"]; ok {
			line += " " + text.(string)
		}
		if options != "" {
			line += "  {" + options[1:] + "}"
		}
		if l, ok := m["label"]; ok {
			line += "  #" + l.(string)
		}
		return map[string]string{"main.sow.hcl": conversation("script = file(\"c.chat\")\n"), "c.chat": "ben: first\n" + line + "\n"}, true
	}},
}

// What the app documents of messages is held in every form that they can be
// written in, with the same words, and the place.
func TestLimitsInEveryForm(t *testing.T) {
	manyTags := func(n int) (tags []string) {
		for i := range n {
			tags = append(tags, fmt.Sprintf("tag-%d", i))
		}
		return tags
	}
	mentions := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "<@uid:u%d> ", i)
		}
		return b.String() + "hello"
	}
	files := func(sizes ...string) (list []map[string]any) {
		for i, size := range sizes {
			list = append(list, map[string]any{"url": fmt.Sprintf("https://example.com/%d.jpg", i), "size": size})
		}
		return list
	}
	link := func(n int) []map[string]any {
		const ends = "https://example.com/.jpg"
		return []map[string]any{{"url": "https://example.com/" + strings.Repeat("a", n-len(ends)) + ".jpg"}}
	}
	tests := []struct {
		name string
		m    written
		want string // a part of the error; "" for none
	}{
		{"right", written{"text": "Hi!", "tags": manyTags(24), "label": "hello", "expect": "approved"}, ""},
		{"empty text", written{"text": " "}, "says nothing"},
		{"text of 60,000", written{"text": strings.Repeat("한", 60000)}, ""},
		{"text of 65,000", written{"text": strings.Repeat("한", 65000)}, "the limit is 65536"},
		{"text of 65,537", written{"text": strings.Repeat("😀", 65537)}, "65537 characters long, and the limit is 65536"},
		{"data in all", written{"text": strings.Repeat("a", 40000), "custom_data": map[string]any{"k": strings.Repeat("b", 26000)}}, "the limit is 65536"},
		{"10 mentions", written{"text": mentions(10)}, ""},
		{"11 mentions", written{"text": mentions(11)}, "more than 10 people"},
		{"25 tags", written{"text": "Hi!", "tags": manyTags(25)}, "25 tags, and the limit is 24"},
		{"a tag of 100", written{"text": "Hi!", "tags": []string{strings.Repeat("é", 100)}}, ""},
		{"a tag of 101", written{"text": "Hi!", "tags": []string{strings.Repeat("é", 101)}}, "101 characters long, and the limit is 100"},
		{"a tag of 100 emoji", written{"text": "Hi!", "tags": []string{strings.Repeat("😀", 100)}}, ""},
		{"a label of 101", written{"text": "Hi!", "label": strings.Repeat("a", 101)}, "101 characters long, and the limit is 100"},
		{"status", written{"text": "Hi!", "expect": "pending"}, "where moderation begins"},
		{"type", written{"text": "Hi!", "type": "custom"}, "custom messages cannot"},
		{"type without a file", written{"text": "Hi!", "type": "image"}, "needs an attachment"},
		{"early", written{"text": "Hi!", "at": "2001-09-09T01:46:39Z"}, "before 2001-09-09T01:46:40Z"},
		{"late", written{"text": "Hi!", "at": "2286-11-20T17:46:40Z"}, "after 2286-11-20T17:46:39Z"},
		{"custom data", written{"text": "Hi!", "custom_data": []string{"list"}}, "object"},
		{"URL of 3000", written{"text": "Hi!", "attachments": link(3000)}, ""},
		{"URL of 3001", written{"text": "Hi!", "attachments": link(3001)}, "3001 characters long, and the limit is 3000"},
		{"file of 100 MB", written{"text": "Hi!", "attachments": files("104857600")}, ""},
		{"file of more", written{"text": "Hi!", "attachments": files("104857601")}, "the limit is 104857600"},
		{"files of 100 MB", written{"text": "Hi!", "attachments": files("104857599", "1")}, ""},
		{"files of more", written{"text": "Hi!", "attachments": files("104857600", "1")}, "104857601 bytes large, and the limit is 104857600"},
	}
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			for _, tt := range tests {
				m := maps.Clone(tt.m)
				m["from"] = "ana"
				files, ok := f.make(m)
				if !ok {
					continue
				}
				dir := t.TempDir()
				for name, text := range files {
					if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				cfg, diags := Load(dir, Options{})
				diags = Merge(diags, cfg.Check())
				errs := diags.Errs()
				switch {
				case tt.want == "" && diags.HasErrors():
					t.Errorf("%s: %v", tt.name, errs)
				case tt.want == "":
				case len(errs) == 0:
					t.Errorf("%s: no mistake, want one that says %q", tt.name, tt.want)
				default:
					if len(errs) > 1 {
						t.Errorf("%s: one mistake is told %d times: %v", tt.name, len(errs), errs)
					}
					d := diags[0]
					if !strings.Contains(d.Detail, tt.want) {
						t.Errorf("%s: %q does not say %q", tt.name, d.Detail, tt.want)
					}
					if d.Subject == nil || d.Subject.Filename != f.file || f.line > 0 && d.Subject.Start.Line != f.line {
						t.Errorf("%s: told at %v, want %s, line %d", tt.name, d.Subject, f.file, f.line)
					}
				}
			}
		})
	}
}
