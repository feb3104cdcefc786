package config

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/config/lang"
)

// section is a part of the page that describes the language.
type section struct {
	title string
	files map[string]string // what its examples are in files
}

// sections cuts the page at its second-level headings.
func sections(t *testing.T) []section {
	t.Helper()
	text, err := os.ReadFile("../docs/language.md")
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile("(?s)```(hcl|json)\n(.*?)```")
	var all []section
	for _, part := range strings.Split(string(text), "\n## ")[1:] {
		title, body, _ := strings.Cut(part, "\n")
		s := section{title: title, files: map[string]string{}}
		for _, m := range example.FindAllStringSubmatch(body, -1) {
			s.files["main.sow."+m[1]] += m[2] + "\n"
		}
		all = append(all, s)
	}
	return all
}

// TestLanguagePage loads the examples of each section of the page, together
// with the people that it introduces first.
func TestLanguagePage(t *testing.T) {
	all := sections(t)
	people := all[0].files["main.sow.hcl"]
	loaded := 0
	for _, s := range all {
		if len(s.files) == 0 {
			continue
		}
		t.Run(s.title, func(t *testing.T) {
			s.files["people.sow.hcl"] = people
			if s.title == all[0].title {
				delete(s.files, "main.sow.hcl")
			}
			cfg, diags := Load(write(t, s.files), Options{Version: "0.1.0"})
			if diags = Merge(diags, cfg.Check()); len(diags) > 0 {
				t.Error(diags)
			}
		})
		loaded++
	}
	if loaded < 10 {
		t.Errorf("only %d sections have examples", loaded)
	}
}

// TestLanguagePageNamesFunctions holds that the page names every function, and
// no other.
func TestLanguagePageNamesFunctions(t *testing.T) {
	text, err := os.ReadFile("../docs/language.md")
	if err != nil {
		t.Fatal(err)
	}
	_, functions, _ := strings.Cut(string(text), "\n## Functions\n")
	functions, _, _ = strings.Cut(functions, "\n## ")
	var named []string
	for _, m := range regexp.MustCompile("`([a-z0-9]+)`").FindAllStringSubmatch(functions, -1) {
		named = append(named, m[1])
	}
	slices.Sort(named)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(lang.Functions("."))), named); diff != "" {
		t.Errorf("functions differ (-language +page):\n%s", diff)
	}
}

// TestLanguagePageNamesArguments holds that the page names every argument and
// block.
func TestLanguagePageNamesArguments(t *testing.T) {
	text, err := os.ReadFile("../docs/language.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, schema := range []struct {
		block string
		names []string
	}{
		{"sow", names(sowSchema())},
		{"cometchat", names(appSchema())},
		{"rate", names(rateSchema())},
		{"variable", names(variableSchema())},
		{"validation", names(validationSchema())},
		{"output", names(outputSchema())},
		{"user", names(userSchema())},
		{"group", names(groupSchema())},
		{"conversation", names(conversationSchema())},
		{"message", names(messageSchema())},
		{"attachment", names(attachmentSchema())},
		{"dynamic", names(dynamicSchema())},
	} {
		for _, name := range schema.names {
			if !regexp.MustCompile("[`\\s]" + name + "\\b").MatchString(string(text)) {
				t.Errorf("the page does not name %q of %q blocks", name, schema.block)
			}
		}
	}
}

// names returns the names of a schema's arguments and blocks.
func names(schema *hcl.BodySchema) []string {
	var all []string
	for _, attr := range schema.Attributes {
		all = append(all, attr.Name)
	}
	for _, block := range schema.Blocks {
		all = append(all, block.Type)
	}
	return all
}
