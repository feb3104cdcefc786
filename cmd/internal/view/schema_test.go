package view_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const schemaDir = "../../../docs/schema"

// schemas compiles the published schemas. Here they are strict: a member that
// they do not name is an error, so that none stays undocumented. As published,
// they let members pass that a later version of sow may add.
func schemas(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	files, err := filepath.Glob(filepath.Join(schemaDir, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no schemas in %s: %v", schemaDir, err)
	}
	const base = "https://example.com/"
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var doc any
		if err := json.Unmarshal(content, &doc); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		delete(doc.(map[string]any), "$id")
		strict(doc)
		if err := compiler.AddResource(base+filepath.Base(file), doc); err != nil {
			t.Fatal(err)
		}
	}
	compiled := map[string]*jsonschema.Schema{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		s, err := compiler.Compile(base + filepath.Base(file))
		if err != nil {
			t.Fatal(err)
		}
		compiled["sow."+name+"/1"] = s
	}
	return compiled
}

// strict forbids members that a schema does not name.
func strict(schema any) {
	switch schema := schema.(type) {
	case map[string]any:
		if _, ok := schema["properties"]; ok && schema["type"] == "object" {
			schema["additionalProperties"] = false
		}
		for _, part := range schema {
			strict(part)
		}
	case []any:
		for _, part := range schema {
			strict(part)
		}
	}
}

// Every document and every event of the golden files is as the schema of its
// format says, and every format has its schema.
func TestSchemas(t *testing.T) {
	if *update {
		t.Skip("the golden files are being written")
	}
	compiled := schemas(t)
	seen := map[string]int{}
	first := "" // the format of a file whose first line alone names it
	check := func(t *testing.T, text string) {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		format, named := doc.(map[string]any)["format"].(string)
		if !named {
			format = first
		}
		first = format
		schema := compiled[format]
		if schema == nil {
			t.Fatalf("the format %q has no schema", format)
		}
		seen[format]++
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
	err := filepath.WalkDir("testdata", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		ext := filepath.Ext(path)
		if ext != ".json" && ext != ".ndjson" {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text := strings.NewReplacer("-- out --\n", "", "-- err --\n", "").Replace(string(content))
		t.Run(path, func(t *testing.T) {
			if ext == ".ndjson" || strings.HasPrefix(text, `{"format":"sow.events/1"`) {
				for line := range strings.Lines(text) {
					check(t, line)
				}
				return
			}
			check(t, text)
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for format := range compiled {
		if seen[format] == 0 && format != "sow.common/1" {
			t.Errorf("no golden file shows the format %s", format)
		}
	}
}
