package planner

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"golang.org/x/tools/txtar"

	"github.com/sowdev/sow/state"
)

var update = flag.Bool("update", false, "rewrite the plans in testdata")

// TestPlans runs the tables in testdata/plans. Each file says in its first
// lines what it shows. Its parts:
//
//	applied  a configuration that was applied before; any number
//	doubt    keys of messages that are in doubt since
//	going    keys of messages that were about to be deleted when a run ended
//	declared the configuration that is planned
//	plan     the plan, as render writes it
//	says     diagnostics
func TestPlans(t *testing.T) {
	files, err := filepath.Glob("testdata/plans/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no tables", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			table, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := runTable(t, table)
			if *update {
				if err := os.WriteFile(file, txtar.Format(got), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(txtar.Format(table)), string(txtar.Format(got))); diff != "" {
				t.Error("(-want +got)\n" + diff)
			}
		})
	}
}

// runTable plans what the table declares, and returns the table with what came
// out. Whatever the plan is, after it there must be nothing left to do.
func runTable(t *testing.T, table *txtar.Archive) *txtar.Archive {
	t.Helper()
	seeded := newModel()
	out := &txtar.Archive{Comment: table.Comment}
	at := int64(now)
	for _, part := range table.Files {
		if part.Name != "plan" && part.Name != "says" {
			out.Files = append(out.Files, part)
		}
		switch part.Name {
		case "applied":
			p := mustBuild(t, declare(t, string(part.Data)), seeded, Options{Now: at})
			seeded = seeded.applied(t, p, at)
			at += 3600
		case "doubt":
			for _, key := range strings.Fields(string(part.Data)) {
				seeded.doubt(t, key)
			}
		case "going":
			for key := range strings.FieldsSeq(string(part.Data)) {
				seeded.going(t, key)
			}
		case "adopted":
			for _, name := range strings.Fields(string(part.Data)) {
				seeded.adopt(name)
			}
		case "declared":
			cfg := declare(t, string(part.Data))
			p, diags, err := Build(cfg, seeded, Options{Now: at})
			if err != nil {
				t.Fatal(err)
			}
			if len(diags) > 0 {
				out.Files = append(out.Files, txtar.File{Name: "says", Data: []byte(says(diags))})
			}
			if diags.HasErrors() {
				continue
			}
			defer p.Close()
			out.Files = append(out.Files, txtar.File{Name: "plan", Data: []byte(render(t, p))})
			after := seeded.applied(t, p, at)
			again := mustBuild(t, cfg, after, Options{Now: at + 60})
			if !again.Empty() {
				t.Errorf("after the apply there is more to do:\n%s", render(t, again))
			}
			checkTimes(t, after)
		}
	}
	return out
}

// doubt makes a message in doubt: it was sent, and no answer came.
func (m *model) doubt(t *testing.T, key string) {
	t.Helper()
	m.change(t, key, func(msg *state.Message) { msg.InDoubt, msg.ID = true, "" })
}

// going makes a message one that was about to be deleted.
func (m *model) going(t *testing.T, key string) {
	t.Helper()
	m.change(t, key, func(msg *state.Message) { msg.InDoubt = true })
}

func (m *model) change(t *testing.T, key string, change func(*state.Message)) {
	t.Helper()
	for o := range m.messages {
		if msg := m.messages[o][key]; msg != nil {
			changed := *msg
			change(&changed)
			m.messages[o][key] = &changed
			return
		}
	}
	t.Fatalf("no message has the key %q", key)
}

// adopt makes an object one that was there before sow.
func (m *model) adopt(name string) {
	for o, u := range m.users {
		if o.String() == name {
			adopted := *u
			adopted.Origin = state.Adopted
			m.users[o] = &adopted
		}
	}
	for o, g := range m.groups {
		if o.String() == name {
			adopted := *g
			adopted.Origin = state.Adopted
			m.groups[o] = &adopted
		}
	}
}

// checkTimes makes sure that the times of each chat strictly increase.
func checkTimes(t reporter, m *model) {
	t.Helper()
	taken := map[string]string{}
	for o, list := range m.messages {
		for key, msg := range list {
			second := fmt.Sprint(m.chat(o), " ", msg.SentAt)
			if other, ok := taken[second]; ok {
				t.Errorf("%s and %s of %s have the same second", other, key, o)
			}
			taken[second] = key
		}
	}
}

func says(diags hcl.Diagnostics) string {
	var b strings.Builder
	for _, d := range diags {
		severity := "error"
		if d.Severity == hcl.DiagWarning {
			severity = "warning"
		}
		line := 0
		if d.Subject != nil {
			line = d.Subject.Start.Line
		}
		fmt.Fprintf(&b, "%d: %s: %s: %s\n", line, severity, d.Summary, d.Detail)
	}
	return b.String()
}

// reporter is a test or a property.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
}
