package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
)

var update = flag.Bool("update", false, "write the golden files anew")

// line is a range as goldens show it.
func line(r hcl.Range) string {
	return fmt.Sprintf("%s:%d:%d", r.Filename, r.Start.Line, r.Start.Column)
}

func refs(users []*User) any {
	if users == nil {
		return nil
	}
	list := []string{}
	for _, u := range users {
		list = append(list, u.Addr.String())
	}
	return list
}

// fields is a JSON object without what is not set.
type fields map[string]any

func (f fields) set(name string, value any) fields {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	if s := string(text); s != `""` && s != "null" && s != "false" && s != "{}" && s != "0" {
		f[name] = json.RawMessage(text)
	}
	return f
}

func when(t *Time) string {
	if t == nil {
		return ""
	}
	return t.String()
}

func duration(seconds *int64) string {
	if seconds == nil {
		return ""
	}
	return FormatDuration(*seconds)
}

func dumpLifecycle(l Lifecycle) any {
	return fields{}.set("preventDestroy", l.PreventDestroy).set("replaceOnEdit", l.ReplaceOnEdit).set("strictOrder", l.StrictOrder)
}

// dump writes a configuration with all its messages as JSON.
func dump(t *testing.T, cfg *Config) []byte {
	t.Helper()
	root := fields{}.
		set("dataset", cfg.Dataset).
		set("allowedApps", cfg.AllowedApps).
		set("anchor", cfg.Anchor).
		set("appID", cfg.App.AppID).set("region", cfg.App.Region).set("endpoint", cfg.App.Endpoint).set("plan", cfg.App.Plan).
		set("requestsPerMinute", cfg.App.Rate.RequestsPerMinute).set("messagesPerUserPerMinute", cfg.App.Rate.MessagesPerUserPerMinute)
	var users, groups, conversations, outputs []fields
	for _, u := range cfg.Users {
		users = append(users, fields{}.
			set("addr", u.Addr).set("uid", u.UID).set("name", u.Name).set("avatar", u.Avatar).set("link", u.Link).set("role", u.Role).
			set("metadata", u.Metadata).set("tags", u.Tags).set("sensitive", u.Sensitive).set("lifecycle", dumpLifecycle(u.Lifecycle)).set("at", line(u.Range)))
	}
	for _, g := range cfg.Groups {
		f := fields{}.
			set("addr", g.Addr).set("guid", g.GUID).set("name", g.Name).set("type", g.Type).set("password", g.Password).set("icon", g.Icon).
			set("description", g.Description).set("metadata", g.Metadata).set("tags", g.Tags).
			set("admins", refs(g.Admins)).set("moderators", refs(g.Moderators)).set("participants", refs(g.Participants)).
			set("sensitive", g.Sensitive).set("lifecycle", dumpLifecycle(g.Lifecycle)).set("at", line(g.Range))
		if g.Owner != nil {
			f.set("owner", g.Owner.Addr)
		}
		groups = append(groups, f)
	}
	for _, c := range cfg.Conversations {
		f := fields{}.
			set("addr", c.Addr).set("chat", c.Chat()).set("starts", when(c.Starts)).set("pace", duration(c.Pace)).
			set("lifecycle", dumpLifecycle(c.Lifecycle)).set("at", line(c.Range))
		var diags hcl.Diagnostics
		var messages []fields
		for m := range c.Messages(&diags) {
			messages = append(messages, fields{}.
				set("label", m.Label).set("from", m.From.Addr).set("type", m.Type).set("text", m.Text).set("attachments", m.Attachments).
				set("customData", m.CustomData).set("metadata", m.Metadata).set("tags", m.Tags).set("at", when(m.At)).set("after", duration(m.After)).
				set("expect", m.Expect).set("sensitive", m.Sensitive).set("lifecycle", dumpLifecycle(m.Lifecycle)).set("range", line(m.Range)))
		}
		if len(diags) > 0 {
			t.Errorf("%s: %v", c.Addr, diags)
		}
		conversations = append(conversations, f.set("messages", messages))
	}
	for _, o := range cfg.Outputs {
		outputs = append(outputs, fields{}.set("name", o.Name).set("description", o.Description).set("value", o.Value).set("sensitive", o.Sensitive).set("at", line(o.Range)))
	}
	root.set("users", users).set("groups", groups).set("conversations", conversations).set("outputs", outputs)
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(root); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestGood loads every directory under testdata/good, and compares what it
// resolves to with the golden file beside it.
func TestGood(t *testing.T) {
	dirs, err := filepath.Glob("testdata/good/*")
	if err != nil || len(dirs) == 0 {
		t.Fatal(dirs, err)
	}
	for _, dir := range dirs {
		if strings.HasSuffix(dir, ".json") {
			continue
		}
		t.Run(filepath.Base(dir), func(t *testing.T) {
			cfg, diags := Load(dir, optionsOf(t, dir))
			if len(diags) > 0 {
				t.Fatal(diags)
			}
			got := dump(t, cfg)
			golden := dir + ".json"
			if *update {
				if err := os.WriteFile(golden, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
				t.Errorf("%s differs (-want +got):\n%s", golden, diff)
			}
		})
	}
}

// write makes a directory of files.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestPrecedence says which value of a variable wins.
func TestPrecedence(t *testing.T) {
	const config = `
variable "v" { default = "default" }
output "v" { value = var.v }
`
	env := "SOW_VAR_v=environ"
	tests := []struct {
		name  string
		files map[string]string
		opts  Options
		want  string
	}{
		{"default", nil, Options{}, `"default"`},
		{"environment over default", nil, Options{Environ: []string{"PATH=x", env, "SOW_VAR_other=x"}}, `"environ"`},
		{"sow.sowvars.hcl over environment", map[string]string{"sow.sowvars.hcl": `v = "file"`}, Options{Environ: []string{env}}, `"file"`},
		{"sow.sowvars.json over sow.sowvars.hcl", map[string]string{"sow.sowvars.hcl": `v = "file"`, "sow.sowvars.json": `{"v": "json"}`}, Options{}, `"json"`},
		{"auto over sow.sowvars", map[string]string{"sow.sowvars.json": `{"v": "json"}`, "a.auto.sowvars.hcl": `v = "auto"`}, Options{}, `"auto"`},
		{"later auto over earlier", map[string]string{"a.auto.sowvars.hcl": `v = "a"`, "c.auto.sowvars.hcl": `v = "c"`, "b.auto.sowvars.json": `{"v": "b"}`}, Options{}, `"c"`},
		{"auto json among auto hcl", map[string]string{"a.auto.sowvars.hcl": `v = "a"`, "b.auto.sowvars.json": `{"v": "b"}`}, Options{}, `"b"`},
		{"json is literal", map[string]string{"sow.sowvars.json": `{"v": "${upper(\"a\")} %{ if"}`}, Options{}, `"${upper(\"a\")} %{ if"`},
		{"flag over auto", map[string]string{"a.auto.sowvars.hcl": `v = "a"`}, Options{Vars: []Var{{Name: "v", Value: "flag"}}}, `"flag"`},
		{"flags in order", map[string]string{"x/f.hcl": `v = "file"`}, Options{Vars: []Var{{Name: "v", Value: "flag"}, {File: "x/f.hcl"}}}, `"file"`},
		{"flags in the other order", map[string]string{"x/f.hcl": `v = "file"`}, Options{Vars: []Var{{File: "x/f.hcl"}, {Name: "v", Value: "flag"}}}, `"flag"`},
		{"null takes the place of a default", map[string]string{"sow.sowvars.hcl": `v = null`}, Options{}, `null`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := write(t, test.files)
			if err := os.WriteFile(filepath.Join(dir, "main.sow.hcl"), []byte(config), 0o600); err != nil {
				t.Fatal(err)
			}
			for i := range test.opts.Vars {
				if test.opts.Vars[i].File != "" {
					test.opts.Vars[i].File = filepath.Join(dir, test.opts.Vars[i].File)
				}
			}
			cfg, diags := Load(dir, test.opts)
			if len(diags) > 0 {
				t.Fatal(diags)
			}
			if got := string(cfg.Outputs[0].Value); got != test.want {
				t.Errorf("v = %s, want %s", got, test.want)
			}
		})
	}
}

// TestVariableTypes says how text from outside becomes a value.
func TestVariableTypes(t *testing.T) {
	tests := []struct{ typ, text, want string }{
		{"string", "1", `"1"`},
		{"string", `"quoted"`, `"\"quoted\""`},
		{"number", "1.5", `1.5`},
		{"bool", "true", `true`},
		{"any", "[1]", `[1]`},
		{"any", `{ a = [1, "b"] }`, `{"a":[1,"b"]}`},
		{"any", "plain", ""},
		{"list", "[1]", `[1]`},
		{"map", `{ a = 1 }`, `{"a":1}`},
		{"set", "[1]", ""},
		{"", "[1]", `"[1]"`},
		{"list(string)", `["a", 1]`, `["a","1"]`},
		{"set(number)", `[2, 1, 2]`, `[1,2]`},
		{"map(number)", `{ a = "1" }`, `{"a":1}`},
		{"object({ a = string, b = optional(number, 7), c = optional(string) })", `{ a = "x", z = 1 }`, `{"a":"x","b":7,"c":null}`},
		{"tuple([string, bool])", `["x", "true"]`, `["x",true]`},
		{"list(string)", `["a", b]`, ""},
		{"list(string)", `["a"`, ""},
		{"number", "one", ""},
		{"bool", "yes", ""},
	}
	for _, test := range tests {
		t.Run(test.typ+" "+test.text, func(t *testing.T) {
			declared := ""
			if test.typ != "" {
				declared = "type = " + test.typ
			}
			dir := write(t, map[string]string{
				"main.sow.hcl": "variable \"v\" { " + declared + " }\noutput \"v\" { value = var.v }\n",
			})
			cfg, diags := Load(dir, Options{Vars: []Var{{Name: "v", Value: test.text}}})
			if diags.HasErrors() {
				if test.want != "" {
					t.Fatal(diags)
				}
				return
			}
			if got := string(cfg.Outputs[0].Value); got != test.want {
				t.Errorf("v = %s, want %s", got, test.want)
			}
		})
	}
}

// TestFiles says which files of a directory are read.
func TestFiles(t *testing.T) {
	user := func(name string) string { return fmt.Sprintf("user %q { name = %q }\n", name, name) }
	dir := write(t, map[string]string{
		"a.sow.hcl":        "\ufeff" + user("a"),
		"b.sow.json":       "\ufeff" + `{"user": {"b": {"name": "b"}}}`,
		"c.sow.hcl":        strings.ReplaceAll("\n"+user("c"), "\n", "\r\n"),
		"d.sow.hcl":        "",
		".hidden.sow.hcl":  user("hidden"),
		"backup.sow.hcl~":  user("backup"),
		"#emacs.sow.hcl#":  user("emacs"),
		"other.hcl":        user("other"),
		"sub/x.sow.hcl":    user("sub"),
		"dir.sow.hcl/file": user("dir"),
	})
	outside := write(t, map[string]string{"l.sow.hcl": user("linked")})
	if err := os.Symlink(filepath.Join(outside, "l.sow.hcl"), filepath.Join(dir, "link.sow.hcl")); err != nil {
		t.Skip(err)
	}
	cfg, diags := Load(dir, Options{})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	var got []string
	for _, u := range cfg.Users {
		got = append(got, u.UID+" "+line(u.Range))
	}
	want := []string{"a a.sow.hcl:1:1", "b b.sow.json:1:16", "c c.sow.hcl:2:1", "linked link.sow.hcl:1:1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("users differ (-want +got):\n%s", diff)
	}
}

// TestUnreadable says what is said of a directory or file that cannot be read.
func TestUnreadable(t *testing.T) {
	dir := write(t, map[string]string{"file": "x", "cfg/main.sow.hcl": "sow {}\n", "cfg/vars/x": ""})
	tests := []struct{ name, dir, file, summary, detail string }{
		{"missing", "nothere", "", "Cannot read the directory", "There is no directory"},
		{"file", "file", "", "Cannot read the directory", "is a file"},
		{"var file", "cfg", "nothere.hcl", "Cannot read the file", "no such file"},
		{"var directory", "cfg", "cfg/vars", "Cannot read the file", "directory"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			opts := Options{}
			if test.file != "" {
				opts.Vars = []Var{{File: filepath.Join(dir, test.file)}}
			}
			_, diags := Load(filepath.Join(dir, test.dir), opts)
			if len(diags) != 1 || diags[0].Summary != test.summary || !strings.Contains(diags[0].Detail, test.detail) {
				t.Errorf("got %v, want %s: …%s…", diags, test.summary, test.detail)
			}
		})
	}
	if runtime.GOOS == "windows" || os.Getuid() == 0 {
		return
	}
	if err := os.Chmod(filepath.Join(dir, "cfg/main.sow.hcl"), 0); err != nil {
		t.Fatal(err)
	}
	_, diags := Load(filepath.Join(dir, "cfg"), Options{})
	if len(diags) != 1 || !strings.Contains(diags[0].Detail, "permission denied") {
		t.Errorf("an unreadable file gives %v", diags)
	}
}

// TestDeepNesting holds that no file takes the parser out of its stack.
func TestDeepNesting(t *testing.T) {
	const n = 200_000
	many := func(s string) string { return strings.Repeat(s, n) }
	for name, text := range map[string]string{
		"brackets":        "user \"a\" {\n name = " + many("[") + "\n}\n",
		"closed brackets": "user \"a\" {\n name = " + many("[") + many("]") + "\n}\n",
		"parentheses":     "user \"a\" {\n name = " + many("(") + "1" + many(")") + "\n}\n",
		"blocks":          many("a {\n") + many("}\n"),
		"negations":       "user \"a\" {\n name = " + many("!") + "true\n}\n",
		"minus":           "user \"a\" {\n name = " + many("- ") + "1\n}\n",
		"conditions":      "user \"a\" {\n name = " + many("a?a:") + "a\n}\n",
		"templates":       "user \"a\" {\n name = " + many("\"${") + "\n}\n",
		"directives":      "user \"a\" {\n name = \"" + many("%{if true}") + "\"\n}\n",
		"odd":             "ü \"a\" {\n name = " + many("(") + "\n}\n",
		"message":         "conversation \"c\" {\n message {\n text = " + many("[") + many("]") + "\n}\n}\n",
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, map[string]string{"main.sow.hcl": text})
			_, diags := Load(dir, Options{})
			if !diags.HasErrors() || diags[0].Summary != "Nested too deeply" {
				t.Errorf("got %v", diags)
			}
		})
	}
	dir := write(t, map[string]string{"main.sow.json": `{"user": ` + many("[") + many("]") + "}"})
	if _, diags := Load(dir, Options{}); !diags.HasErrors() || diags[0].Summary != "Nested too deeply" {
		t.Errorf("got %v", diags)
	}
	dir = write(t, map[string]string{
		"main.sow.hcl":    "variable \"a\" { type = list(string) }\n",
		"sow.sowvars.hcl": "a = " + many("["),
	})
	_, diags := Load(dir, Options{Vars: []Var{{Name: "a", Value: many("[")}}})
	if len(diags) != 2 {
		t.Errorf("got %v", diags)
	}
}

// TestDeepEnough holds that what is let through does not take the parser out of
// its stack.
func TestDeepEnough(t *testing.T) {
	many := func(n int, s string) string { return strings.Repeat(s, n) }
	const brackets = 5*maxNesting - 10
	for _, text := range []string{
		"ü = " + many(brackets, "("),
		"ü = " + many(brackets, "!"),
		"ü = " + many(brackets, "[") + many(brackets, "]"),
		"ü = " + many(maxConditions-10, "a?a:") + "a",
		"ü = \"" + many(maxConditions-10, "%{if true}") + "\"",
	} {
		dir := write(t, map[string]string{"main.sow.hcl": text + "\n"})
		if _, diags := Load(dir, Options{}); !diags.HasErrors() {
			t.Errorf("%.20s… is no mistake", text)
		}
	}
}

// TestLargeUnclosed holds that a mistake in a large file costs no more than the
// file: what is not closed is found without parsing all that follows.
func TestLargeUnclosed(t *testing.T) {
	message := "  message {\n    from = user.ana\n    text = \"Hello\"\n  }\n"
	text := "conversation \"c\" {\n" + message + "  message {\n    text = \"Hello\n  }\n" + strings.Repeat(message, maxUnclosed/len(message)+1) + "}\n"
	dir := write(t, map[string]string{"main.sow.hcl": text})
	_, diags := Load(dir, Options{})
	if len(diags) != 1 || diags[0].Summary != "Not closed" || diags[0].Subject.Start.Line != 7 || diags[0].Subject.Start.Column != 12 {
		t.Errorf("got %v", diags)
	}
}

// TestTooManyMistakes holds that one mistake made everywhere is not told for
// ever.
func TestTooManyMistakes(t *testing.T) {
	text := plainPeople + inConversation(strings.Repeat("message {\nfrom = user.anna\n}\n", 1000))
	cfg, diags := loadText(text)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	diags = cfg.Check()
	if len(diags) != maxMistakes+1 || !slices.ContainsFunc(diags, func(d *hcl.Diagnostic) bool { return d.Summary == "Too many mistakes" }) {
		t.Errorf("got %d diagnostics, the first %v", len(diags), diags[:1])
	}
}

// TestReadTwice holds that conversations can be read again, concurrently, and
// left early.
func TestReadTwice(t *testing.T) {
	cfg, diags := Load("testdata/good/everything", optionsOf(t, "testdata/good/everything"))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	want := string(dump(t, cfg))
	done := make(chan string)
	for range 4 {
		go func() { done <- string(dump(t, cfg)) }()
	}
	for range 4 {
		if diff := cmp.Diff(want, <-done); diff != "" {
			t.Errorf("a concurrent reading differs:\n%s", diff)
		}
	}
	for _, c := range cfg.Conversations {
		read := 0
		for range c.Messages(&diags) {
			if read++; read == 1 {
				break
			}
		}
		if len(diags) > 0 || read > 1 {
			t.Errorf("%s: left after %d messages with %v", c.Addr, read, diags)
		}
	}
}

// TestSourceChangesBetweenReadings reads a source twice, with other bytes of
// the same size and time.
func TestSourceChangesBetweenReadings(t *testing.T) {
	dir := t.TempDir()
	when := time.Unix(1767603600, 0)
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, []byte(text), 0o666), os.Chtimes(path, when, when)); err != nil {
			t.Fatal(err)
		}
	}
	write("main.sow.hcl", plainPeople+"conversation \"c\" {\n  between = [user.ana, user.bot[0]]\n  source = \"./c.jsonl\"\n}\n")
	write("c.jsonl", "{\"from\":\"ana\",\"text\":\"Hi!\"}\n")
	cfg, diags := Load(dir, Options{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	read := func() (diags hcl.Diagnostics) {
		for range cfg.Conversations[0].Messages(&diags) {
			continue
		}
		return diags
	}
	for range 2 {
		if diags := read(); diags.HasErrors() {
			t.Fatal(diags)
		}
	}
	write("c.jsonl", "{\"from\":\"ana\",\"text\":\"Ho!\"}\n")
	if diags := read(); !diags.HasErrors() || diags[0].Summary != "Source changed between two readings" {
		t.Errorf("%v", diags)
	}
}
