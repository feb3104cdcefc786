package script

import (
	"os"
	"strings"
	"testing"
)

// blocks returns the code blocks of a page that are in that language.
func blocks(t *testing.T, page, language string) []string {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, part := range strings.Split(string(text), "\n```"+language+"\n")[1:] {
		block, _, _ := strings.Cut(part, "```")
		found = append(found, block)
	}
	if len(found) == 0 {
		t.Fatalf("%s shows no %s", page, language)
	}
	return found
}

// What the pages for users show is right, and as sow fmt would have it.
func TestDocumentation(t *testing.T) {
	for _, block := range blocks(t, "transcripts.md", "chat") {
		messages, diags := parse(block)
		if len(messages) == 0 || len(diags) > 0 {
			t.Errorf("%d messages and %v in\n%s", len(messages), diags, block)
		}
		if formatted := string(Format([]byte(block))); formatted != block {
			t.Errorf("sow fmt would make\n%s\nof\n%s", formatted, block)
		}
	}
	for _, format := range []string{"jsonl", "csv"} {
		for _, block := range blocks(t, "sources.md", format) {
			messages, diags := read(t, "docs."+format, block)
			if len(messages) != 3 || len(diags) > 0 {
				t.Errorf("%d messages and %v in\n%s", len(messages), diags, block)
			}
		}
	}
}

// The table of backslashes means what it says.
func TestDocumentedBackslashes(t *testing.T) {
	for src, want := range map[string]string{
		`ana: Lovely.  \#nofilter`:                       "Lovely.  #nofilter",
		`ana: type \{tags=vip}`:                          "type {tags=vip}",
		`ana: \[image https://example.com/a.jpg] is how`: "[image https://example.com/a.jpg] is how",
		"ana: a\n  \\# Heading":                          "a\n# Heading",
		`\@sam: Hi!`:                                     "Hi!",
		`ana: \  indented`:                               "  indented",
		`ana: Lovely.  \\#nofilter`:                      `Lovely.  \#nofilter`,
		`ana: C:\new \o/ \\server\share ¯\_(ツ)_/¯`:       `C:\new \o/ \\server\share ¯\_(ツ)_/¯`,
	} {
		messages, diags := parse(src)
		if len(messages) != 1 || len(diags) > 0 || messages[0].Text != want || messages[0].Label != "" {
			t.Errorf("%q: %+v, %v; want %q", src, messages, diags, want)
		}
	}
}
