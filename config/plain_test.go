package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hashicorp/hcl/v2"
)

// loadText loads one file that is not on disk.
func loadText(text string) (*Config, hcl.Diagnostics) { return loadTextBy(text, false) }

func loadTextBy(text string, hclOnly bool) (*Config, hcl.Diagnostics) {
	l := newLoader(".", Options{})
	l.hclOnly = hclOnly
	f := newSource("main.sow.hcl", text)
	l.cfg.sources.add(f)
	if diag := checkEncoding(f); diag != nil {
		return l.cfg, hcl.Diagnostics{diag}
	}
	l.takeNative(f)
	l.evaluate(listing{})
	return l.cfg, Merge(l.diags)
}

const plainPeople = `
sow { dataset = "test" }
user "ana" { name = "Ana" }
user "agent" {
  for_each = { sam = "Sam", "k.m" = "Kim" }
  name     = each.value
  uid      = "agent-${replace(each.key, ".", "-")}"
}
user "bot" {
  count = 2
  name  = "Bot"
  uid   = "bot-${count.index}"
}
`

// readings reads the messages of a conversation, with the plain path and
// without it.
func readings(text string) (plain, full []*Message, plainDiags, fullDiags hcl.Diagnostics, byPlain int, ok bool) {
	cfg, diags := loadText(plainPeople + text)
	if diags.HasErrors() || len(cfg.Conversations) != 1 {
		return nil, nil, nil, nil, 0, false
	}
	c := cfg.Conversations[0]
	read := func(hclOnly bool, out *[]*Message) (hcl.Diagnostics, int) {
		r := *c.reader
		r.hclOnly = hclOnly
		rd := r.begin(func(m *Message) bool { *out = append(*out, m); return true })
		diags := rd.run()
		return Merge(diags), rd.plainly
	}
	plainDiags, byPlain = read(false, &plain)
	fullDiags, _ = read(true, &full)
	return plain, full, plainDiags, fullDiags, byPlain, true
}

var plainSeeds = []string{
	`message { from = user.ana }`,
	"message \"a\" {\n  from = user.ana\n  text = \"Hi\"\n}",
	"message {\n  from = user.agent[\"sam\"]\n  text = \"Hi \\\"you\\\"\\n\\ttab \\\\ \"\n}",
	"message {\n  from = user.agent[\"k.m\"]\n  text = \"50% of $5\"\n}",
	"message {\n  from = user.bot[1] # the second\n  text = \"Łódź 김하늘 e\u0301\"\n}",
	"message {\n  from = \"bot-0\"\n  text = \"x\" // c\n\n  # c\n  after = \"2m\"\n  tags = [ \"a\",\"b\" , ]\n}",
	"message {\n  from = user.ana\n  text = <<EOT\n  a\n\n b $5\nEOT\n}",
	"message {\n  from = user.ana\n  text = <<-EOT\n    a\n      b\n  \n\n    c\n  EOT\n  at = \"-3d 09:12\"\n}",
	"message {\n  from = user.ana\n  text = <<-EOT\n\t a\n  b\n\n  EOT\n}",
	"message {\r\n  from = user.ana\r\n  text = <<EOT\r\n  a\r\nEOT\r\n}\r",
	"message {\n  from = user.ana\n  text = \"call +49 170 1234567\"\n}\nmessage {\n  from = user.ana\n  text = \"or +49 170 1234568\"\n}\n message {\n  from = user.ana\n  text = \"or\"\n at = \"+49 170 1234568\"\n}",
	"message {\n  from = user.ana\n  attachment { url = \"https://example.com/a.jpg\" }\n}",
	"message {\n  from = user.ana\n  expect = \"approved\"\n  type = \"file\"\n  attachment {\n    url = \"https://example.com/a\"\n name = \"a b\"\n mime_type = \"a/b\"\n extension = \"c\"\n size = \"12\"\n  }\n}",
	"message \"a\" {\n  from = user.ana\n  text = \"1\"\n}\nmessage \"a\" {\n  from = user.ana\n  text = \"2\"\n}",
	"message {\n  from = user.anna\n  text = \"${upper(\"x\")}\"\n}",
	"message {\n  from = user.ana\n  text = \"\"\n}",
	"message {\n  from = user.ana\n  text = \"a\"\n  text = \"b\"\n}",
	"message {\n  from = user.ana\n  txt = \"a\"\n}",
	"message {\n  from = user.ana\n  text = \"a\" \"b\"\n}",
	"message {\n  from = user.ana\n  text = \"\\u00e9 \\q\"\n}",
	"message \"~x\" {\n  from = user.ana\n  text = \"a\"\n}",
	"/* ä */ message \"x\" {\n  from = user.ana\n  text = \"a\"\n}",
	"message \"x\" { # c\n  from = user.ana\n  text = \"a\"\n} # d",
	"message \"ü\" {\n  from = user.ana\n  text = \"<@uid:a>\"\n tags = [\"sow:x\"]\n}",
	"message {\n  from = user.ana\n  text = null\n  at = \"2026-01-05T09:00:00Z\"\n after = \"1s\"\n}",
	"message {\n  from = user.ana\n  text = \"$${x} %%{y} $$ %% $\" \n}",
	"message {\n  from=user.ana\n  text=\"a\"\n  lifecycle {\n    on_edit = \"replace\"\n  }\n}",
	"message {\n  from = user.ana\n  text = \"a\"\n  metadata = { a = 1 }\n}",
	"message {\n  from = user.ana.uid\n  text = \"a\"\n}",
	"message {\n  from = user.bot[01]\n  text = \"a\"\n}",
}

func comparePaths(t *testing.T, text string) (messages, plainly int) {
	t.Helper()
	plain, full, plainDiags, fullDiags, plainly, ok := readings(text)
	if !ok {
		return 0, 0
	}
	sameUser := cmp.Comparer(func(a, b *User) bool { return a == b })
	if diff := cmp.Diff(full, plain, sameUser); diff != "" {
		t.Fatalf("messages of %q differ (-hclsyntax +plain):\n%s", text, diff)
	}
	if diff := cmp.Diff(fullDiags, plainDiags, cmpopts.IgnoreFields(hcl.Diagnostic{}, "Expression", "EvalContext", "Extra")); diff != "" {
		t.Fatalf("diagnostics of %q differ (-hclsyntax +plain):\n%s", text, diff)
	}
	return len(plain), plainly
}

func inConversation(body string) string {
	return "conversation \"c\" {\n  group = group.g\n" + body + "\n}\ngroup \"g\" { name = \"G\" }\n"
}

// FuzzPlain holds the plain path and hclsyntax to the same messages, ranges
// and diagnostics.
func FuzzPlain(f *testing.F) {
	for _, seed := range plainSeeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) { comparePaths(t, inConversation(body)) })
}

// plainTokens are what messages are made of; see [cutTokens].
var plainTokens = slices.Concat(cutTokens, []string{
	"message {\n", "message \"x\" {\n", "from = user.ana\n", "from = user.agent[\"sam\"]\n", "from = user.bot[0]\n", "from = \"ana\"\n",
	"text = \"hello\"\n", "text = \"", "text = <<E\n", "text = <<-E\n", "  E\n", "}\n", "}\n", "\"\n",
	"at = \"-3d\"\n", "after = \"2m\"\n", "expect = \"approved\"\n", "type = \"image\"\n", "tags = [\"a\", \"b\"]\n", "tags = [",
	"attachment { url = \"https://example.com/a.jpg\" }\n", "attachment {\n", "url = \"https://example.com/a.jpg\"\n", "name = \"n\"\n", "+49 170 1234567", "a@example.com",
})

// FuzzPlainTokens is [FuzzPlain] on texts made of tokens.
func FuzzPlainTokens(f *testing.F) {
	for i := range plainTokens {
		f.Add([]byte{byte(i), 0, byte(i), 1})
	}
	f.Fuzz(func(t *testing.T, picks []byte) {
		var b strings.Builder
		for _, pick := range picks {
			b.WriteString(plainTokens[int(pick)%len(plainTokens)])
		}
		comparePaths(t, inConversation(b.String()))
		comparePaths(t, inConversation("message {\nfrom = user.ana\n"+b.String()+"}\n"))
		comparePaths(t, inConversation("message {\nfrom = user.ana\ntext = \""+b.String()+"\"\n}\n"))
	})
}

// TestPlainPathIsTaken says which messages have to be cheap.
func TestPlainPathIsTaken(t *testing.T) {
	for i, seed := range plainSeeds[1:13] {
		if messages, plainly := comparePaths(t, inConversation(seed)); messages == 0 || plainly == 0 {
			t.Errorf("seed %d: %d of %d messages were read the cheap way:\n%s", i+1, plainly, messages, seed)
		}
	}
	var b strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&b, "message \"m%d\" {\n  from = user.ana\n  text = \"Hello %d\"\n}\n", i, i)
	}
	if _, plainly := comparePaths(t, inConversation(b.String())); plainly != 1000 {
		t.Errorf("%d of 1000 plain messages were read the cheap way", plainly)
	}
}

var headerSeeds = []string{
	"between = [user.ana, user.agent[\"sam\"]]",
	"between = [ \"ana\" , user.bot[0] ] # c",
	"group = group.g // c\n  starts = \"-3d 09:12\"\n  pace = \"45s\"",
	"group = \"g\"",
	"group = group.g\n  starts = \"-3d\" /* c */",
	"group = group.h",
	"group = group.g\n  group = group.g",
	"group = group.g\n  between = [user.ana, user.bot[0]]",
	"between = [user.ana, user.ana]",
	"between = [user.ana]",
	"between = [user.ana, user.bot[0],]",
	"between = [user.ana,\n user.bot[0]]",
	"between = user.bot",
	"starts = \"-3d\"",
	"group = group.g\n  starts = \"yesterday\"\n  pace = \"0s\"",
	"group = group.g\n  starts = null\n  pace = 45",
	"group = group.g\n  cast = {}\n  lifecycle {\n    order = \"strict\"\n  }",
	"group = group.g\n  for_each = toset([\"a\", \"b\"])",
	"group = group.g\n  nope = 1",
	"group = group.g[\"x\"]",
	"group = (group.g)",
}

func compareHeaders(t *testing.T, header string) {
	t.Helper()
	text := plainPeople + "conversation \"c\" {\n" + header + "\n  message {\n    from = \"ana\"\n    text = \"x\"\n  }\n}\ngroup \"g\" { name = \"G\" }\n"
	plain, plainDiags := loadTextBy(text, false)
	full, fullDiags := loadTextBy(text, true)
	if diff := cmp.Diff(fullDiags, plainDiags, cmpopts.IgnoreFields(hcl.Diagnostic{}, "Expression", "EvalContext", "Extra")); diff != "" {
		t.Fatalf("diagnostics of %q differ (-hclsyntax +plain):\n%s", header, diff)
	}
	if fullDiags.HasErrors() {
		return
	}
	if diff := cmp.Diff(full.Conversations, plain.Conversations, cmpopts.IgnoreFields(Conversation{}, "Read"), cmpopts.IgnoreUnexported(Conversation{})); diff != "" {
		t.Fatalf("conversations of %q differ (-hclsyntax +plain):\n%s", header, diff)
	}
}

// FuzzPlainHeader holds what is read from the text of a conversation's header
// to what hclsyntax reads.
func FuzzPlainHeader(f *testing.F) {
	for _, seed := range headerSeeds {
		f.Add(seed)
	}
	f.Fuzz(compareHeaders)
}

// TestPlainHeaderIsTaken says which conversations have to be cheap.
func TestPlainHeaderIsTaken(t *testing.T) {
	for _, header := range headerSeeds[:3] {
		text := plainPeople + "conversation \"c\" {\n" + header + "\n  message {\n  }\n}\ngroup \"g\" { name = \"G\" }\n"
		l := newLoader(".", Options{})
		l.takeNative(newSource("main.sow.hcl", text))
		l.evaluate(listing{})
		if l.plainly != 1 {
			t.Errorf("the header was parsed:\n%s", header)
		}
	}
}

var userSeeds = []string{
	"user \"u\" { name = \"U\" }",
	"user \"u\" {\n  name = \"Łódź e\u0301\" # c\n\n  uid    = \"x-1\" // c\n}",
	"user \"u\" {\r\n  uid = \"x\"\r\n  name = \"U \\\"q\\\"\"\r\n  avatar = \"https://example.com/a.png\"\r\n  link = \"https://example.com\"\r\n  role = \"r\"\r\n  tags = [\"a\", \"b\"]\r\n}",
	"/* ä */ user \"u\" { uid = \"x\" }",
	"/* ä */ user \"u\" {\n  uid = \"ana\"\n  name = \"U\"\n} /* c */",
	"user \"u\" { name = \"\" }",
	"user \"U\" { name = \"U\" }",
	"user \"ana\" { name = \"Again\" }",
	"user \"u\" {\n  name = \"U\"\n  name = \"V\"\n}",
	"user \"u\" {\n  name = \"U\"\n  uid = \"ü\"\n}",
	"user \"u\" {\n  name = \"U\"\n  uid = null\n  role = \"R\"\n}",
	"user \"u\" {\n  name = \"U\"\n  tags = [\"a\", \"a\"]\n}",
	"user \"u\" {\n  name = \"U\"\n  tags = []\n  avatar = \"nowhere\"\n}",
	"user \"u\" {\n  name = \"${user.ana.name}\"\n  count = 2\n  uid = \"u-${count.index}\"\n}",
	"user \"u\" {\n  name = \"U\"\n  metadata = { a = 1 }\n  lifecycle {\n    prevent_destroy = true\n  }\n}",
	"user \"u\" { name = \"U\" link = \"https://example.com\" }",
	"user u { name = \"U\" }",
	"user \"u\" \"v\" { name = \"U\" }",
}

// compareUsers holds both ways to read a user to the same users, the same
// diagnostics, and the same values that others see.
func compareUsers(t *testing.T, block string) {
	t.Helper()
	text := plainPeople + block + "\noutput \"ana\" { value = user.ana }\noutput \"u\" { value = user.u }\noutput \"names\" { value = [user.u.name, user.u.tags] }\n"
	plain, plainDiags := loadTextBy(text, false)
	full, fullDiags := loadTextBy(text, true)
	if diff := cmp.Diff(fullDiags, plainDiags, cmpopts.IgnoreFields(hcl.Diagnostic{}, "Expression", "EvalContext", "Extra")); diff != "" {
		t.Fatalf("diagnostics of %q differ (-hclsyntax +plain):\n%s", block, diff)
	}
	if diff := cmp.Diff(full.Outputs, plain.Outputs); diff != "" {
		t.Fatalf("outputs of %q differ (-hclsyntax +plain):\n%s", block, diff)
	}
	if fullDiags.HasErrors() {
		return
	}
	if diff := cmp.Diff(full.Users, plain.Users); diff != "" {
		t.Fatalf("users of %q differ (-hclsyntax +plain):\n%s", block, diff)
	}
}

// FuzzPlainUser holds what is read from the text of a user to what hclsyntax
// reads.
func FuzzPlainUser(f *testing.F) {
	for _, seed := range userSeeds {
		f.Add(seed)
	}
	f.Fuzz(compareUsers)
}

// TestPlainUserIsTaken says which users have to be cheap.
func TestPlainUserIsTaken(t *testing.T) {
	for _, block := range userSeeds[:3] {
		l := newLoader(".", Options{})
		l.takeNative(newSource("main.sow.hcl", block))
		if l.plainUsers != 1 {
			t.Errorf("the user was parsed:\n%s", block)
		}
	}
}
