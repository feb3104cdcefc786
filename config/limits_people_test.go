package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// wideTags are tags that take so many bytes of JSON, commas included.
func wideTags(bytes int) (tags []string) {
	for i := range maxTags {
		tags = append(tags, fmt.Sprintf("%02d", i)+strings.Repeat("😀", 98))
		bytes -= 2 + 98*4 + len(`"",`)
		if bytes <= 0 {
			break
		}
	}
	return tags
}

// personSize is what encoding/json makes of the fields that a request has.
func personSize(t *testing.T, fields map[string]any) int {
	t.Helper()
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(fields); err != nil {
		t.Fatal(err)
	}
	return b.Len() - len("\n")
}

func TestCheckUser(t *testing.T) {
	link := "https://example.com/" + strings.Repeat("a", 2980)
	u := &User{UID: "ana", Name: "Ana \"A\" 김", Avatar: link, Role: "staff", Tags: wideTags(2500), Metadata: json.RawMessage(`{"k":""}`)}
	fields := func() map[string]any {
		return map[string]any{"uid": u.UID, "name": u.Name, "avatar": u.Avatar, "link": u.Link, "role": u.Role, "metadata": u.Metadata, "tags": u.Tags}
	}
	u.Metadata = json.RawMessage(`{"k":"` + strings.Repeat("m", 10240-personSize(t, fields())-1) + `"}`)
	if n := personSize(t, fields()); n != 10239 {
		t.Fatalf("the user is %d bytes", n)
	}
	if err := CheckUser(u); err != nil {
		t.Errorf("10,239 bytes: %v", err)
	}
	u.Metadata = append(u.Metadata[:6:6], `mm`+string(u.Metadata[6:])...)
	if err := CheckUser(u); err == nil || !strings.Contains(err.Error(), "and the limit is 10240") {
		t.Errorf("10,241 bytes: %v", err)
	}
}

func TestCheckGroup(t *testing.T) {
	people := func(n int) []*User {
		users := make([]*User, n)
		for i := range users {
			users[i] = new(User)
		}
		return users
	}
	owner := new(User)
	var warning *Warning
	tests := []struct {
		name  string
		group Group
		want  string
		warns bool
	}{
		{"300", Group{Owner: owner, Admins: []*User{owner}, Participants: people(299)}, "", false},
		{"301", Group{Owner: owner, Moderators: people(100), Participants: people(200)}, "has 301 members", true},
		{"100,000", Group{Participants: people(100_000)}, "has 100000 members", true},
		{"100,001", Group{Participants: people(100_001)}, "100001 members, and the limit is 100000", false},
		{"large", Group{Description: strings.Repeat("한", 255), Tags: wideTags(9500)}, "and the limit is 10240", false},
	}
	for _, tt := range tests {
		err := CheckGroup(&tt.group)
		switch {
		case tt.want == "" && err != nil, tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		case errors.As(err, &warning) != tt.warns:
			t.Errorf("%s: %T", tt.name, err)
		}
	}
}

// What people are limited to is told where they are declared, in every form.
func TestLimitsOfPeople(t *testing.T) {
	const sow = "sow { dataset = \"people\" }\n"
	large := "  metadata = { k = \"" + strings.Repeat("m", 5000) + "\" }\n  tags = [\"" + strings.Join(wideTags(6000), "\", \"") + "\"]\n"
	tests := []struct {
		name, file, text string
		want             []string // line: summary | detail
	}{
		{"a user", "main.sow.hcl",
			sow + "user \"ana\" {\n  name = \"Ana\"\n  tags = [\n    \"" + strings.Join(wideTags(9000), "\",\n    \"") + "\",\n  ]\n  avatar = \"https://example.com/" + strings.Repeat("a", 2000) + "\"\n}\n",
			[]string{`2: Invalid value | "user": the user is 11231 bytes of JSON in all, and the limit is 10240: shorten its metadata, tags or links.`}},
		{"users of a block", "main.sow.hcl",
			sow + "user \"ana\" {\n  for_each = toset([\"x\"])\n  uid = each.key\n  name = \"Ana\"\n" + large + "}\n",
			[]string{`2: Invalid value | "user": the user is `}},
		{"a user in JSON", "main.sow.json",
			`{"sow": {"dataset": "people"},` + "\n" + `"user": {"ana": {"name": "Ana", "avatar": "https://example.com/` + strings.Repeat("a", 2900) + `", "link": "https://example.com/` + strings.Repeat("b", 2900) + `",` + "\n" + `"metadata": {"k": "` + strings.Repeat("m", 5000) + `"}}}}`,
			[]string{`2: Invalid value | "user": the user is `}},
		{"a group", "main.sow.hcl",
			sow + "group \"g\" {\n  name = \"G\"\n" + large + "}\n",
			[]string{`2: Invalid value | "group": the group is `}},
		{"members", "main.sow.hcl",
			sow + "user \"u\" {\n  count = 301\n  uid = \"u-${count.index}\"\n  name = \"U\"\n}\ngroup \"g\" {\n  name = \"G\"\n  participants = user.u\n}\n",
			[]string{`7: Value may not work as meant | "group": The group has 301 members.`}},
		{"roles", "main.sow.hcl",
			sow + "user \"a\" {\n  name = \"A\"\n  role = \"default\"\n}\nuser \"u\" {\n  count = 26\n  uid = \"u-${count.index}\"\n  name = \"U\"\n  role = \"r-${count.index}\"\n}\n",
			[]string{`6: Too many roles | The users have 26 roles beside "default", and an app has 25 at most. The role "r-25" of user.u[25] is the first that is one too many.`}},
		{"25 roles", "main.sow.hcl",
			sow + "user \"a\" {\n  name = \"A\"\n  role = \"default\"\n}\nuser \"u\" {\n  count = 50\n  uid = \"u-${count.index}\"\n  name = \"U\"\n  role = \"r-${count.index % 25}\"\n}\n",
			nil},
		{"groups", "main.sow.hcl",
			sow + "user \"a\" { name = \"A\" }\nuser \"b\" { name = \"B\" }\ngroup \"g\" {\n  count = 2001\n  guid = \"g-${count.index}\"\n  name = \"G\"\n  owner = user.a\n  participants = count.index == 0 ? [] : [user.b]\n}\n",
			[]string{`2: Too many groups | user.a is a member of 2001 groups, and the limit is 2000. Leave some out.`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, tt.file), []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, diags := Load(dir, Options{})
			var got []string
			for i, d := range diags {
				line := fmt.Sprintf("%d: %s | %s", d.Subject.Start.Line, d.Summary, d.Detail)
				if i < len(tt.want) && strings.HasPrefix(line, tt.want[i]) {
					line = tt.want[i]
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
