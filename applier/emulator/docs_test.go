package emulator

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the tables of quirks and faults into the documentation")

const docsFile = "../../docs/emulator.md"

func quirkRowsMarkdown() string {
	var b strings.Builder
	b.WriteString("\n| | quirk | question | options |\n|---|---|---|---|\n")
	for _, q := range List() {
		fmt.Fprintf(&b, "| %s | `%s` | %s | `%s` |\n", q.ID, q.Name, q.About, strings.Join(q.Options, "` `"))
	}
	return b.String()
}

func faultRowsMarkdown() string {
	var b strings.Builder
	b.WriteString("\n| fault | parameters | what happens |\n|---|---|---|\n")
	for _, f := range FaultKinds() {
		params := ""
		if f.Params != "" {
			params = "`" + strings.ReplaceAll(f.Params, "|", `\|`) + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Name, params, f.About)
	}
	return b.String()
}

// The tables in the documentation are those of the program.
func TestDocumentation(t *testing.T) {
	b, err := os.ReadFile(docsFile)
	if err != nil {
		t.Fatal(err)
	}
	want := string(b)
	for name, rows := range map[string]string{"quirks": quirkRowsMarkdown(), "faults": faultRowsMarkdown()} {
		before, rest, ok1 := strings.Cut(want, "<!-- "+name+" -->")
		_, after, ok2 := strings.Cut(rest, "<!-- /"+name+" -->")
		if !ok1 || !ok2 {
			t.Fatalf("the place for the %s is gone", name)
		}
		want = before + "<!-- " + name + " -->" + rows + "<!-- /" + name + " -->" + after
	}
	if *update {
		if err := os.WriteFile(docsFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(b)); diff != "" {
		t.Errorf("run the test with -update (-want +got):\n%s", diff)
	}
	// Every endpoint is named.
	for _, e := range endpoints() {
		path := "`" + e.path + "`"
		if strings.Contains(e.path, "/conversation/") {
			path = "/conversation" + e.path[strings.LastIndex(e.path, "/"):]
		}
		if !strings.Contains(want, path) {
			t.Errorf("%s is not in the documentation", e.name())
		}
	}
}
