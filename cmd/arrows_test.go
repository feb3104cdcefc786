// Package cmd_test holds the arrows between the packages of the module.
package cmd_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/sowdev/sow/"

// arrows are the imports inside the module that each package may have, tests
// left aside. A package that is not named here may import nothing of the
// module, and everything below cmd may import everything.
var arrows = map[string][]string{
	"config":            {"config/addr", "config/lang", "config/script"},
	"config/lang":       {"config/addr"},
	"config/script":     {"config/addr"},
	"planner":           {"config", "config/addr", "state", "state/jsonline"},
	"planner/planfile":  {"planner", "config", "config/addr", "state", "planner/planfile/wholefile"},
	"applier":           {"planner", "state", "config/addr"},
	"applier/cometchat": {"applier", "applier/cometchat/direct"},
	// The emulator must not share a line with the client, so that one cannot
	// hide the other's mistakes.
	"applier/emulator":    {},
	"state":               {"config/addr", "state/jsonline"},
	"state/local":         {"state", "config/addr", "state/local/faultfs"},
	"state/local/faultfs": {"state/local"},
}

// outside are packages that a package must stay free of, and why.
var outside = map[string]map[string]string{
	"planner": {
		"net/http":                     "the planner is pure: it uses no network",
		"os":                           "the planner is pure: it reads no files and no environment",
		"context":                      "the planner is pure: nothing in it waits",
		"github.com/zclconf/go-cty":    "expressions are resolved before they reach the planner",
		"github.com/spf13/cobra":       "commands live in cmd",
		"github.com/hashicorp/hcl/v2/": "only diagnostics of hcl reach the planner",
	},
	"applier": {
		"net/http":                   "the applier knows an app, not HTTP; package cometchat does",
		"github.com/hashicorp/hcl":   "the applier works on plans, not on configuration",
		"github.com/zclconf/go-cty":  "the applier works on plans, not on configuration",
		"os":                         "the applier writes through the journal alone",
		"github.com/spf13/cobra":     "commands live in cmd",
		"github.com/sowdev/sow/cmd/": "nothing below knows the commands",
	},
	"state": {
		"github.com/hashicorp/hcl":  "state is read without a configuration",
		"github.com/zclconf/go-cty": "state is read without a configuration",
	},
}

func TestArrows(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		if strings.HasPrefix(name, "cmd/") || strings.HasPrefix(name, "examples/") {
			continue
		}
		for _, imported := range p.Imports {
			if inside, ok := strings.CutPrefix(imported, module); ok {
				if !slices.Contains(arrows[name], inside) {
					t.Errorf("%s imports %s: that arrow is not in the architecture", name, inside)
				}
				continue
			}
			for prefix, why := range outside[name] {
				if imported == prefix || strings.HasPrefix(imported, strings.TrimSuffix(prefix, "/")+"/") && prefix != "os" {
					t.Errorf("%s imports %s: %s", name, imported, why)
				}
			}
		}
	}
}

// The list of arrows speaks of packages that exist.
func TestArrowsAreCurrent(t *testing.T) {
	var existing []string
	for _, p := range packages(t) {
		existing = append(existing, strings.TrimPrefix(p.ImportPath, module))
	}
	for name, imports := range arrows {
		for _, p := range append(imports, name) {
			if !slices.Contains(existing, p) {
				t.Errorf("the arrows name %s, which does not exist", p)
			}
		}
	}
}

// unlinked are packages that the program must not link, not even through
// another one, and why. What is linked is initialised at every start, used or
// not.
var unlinked = map[string]string{
	"testing":                              "tests are not part of the program",
	"encoding/gob":                         "nothing is stored in it, and its types are registered at every start",
	"expvar":                               "sow is no server that is watched",
	"net/http/pprof":                       "cmd/bench makes the profiles",
	"html/template":                        "it calls methods by name, so that the linker keeps the unused ones of every type: an eighth of the program",
	"os/exec":                              "sow starts no programs",
	"github.com/aymanbagabas/go-udiff":     "it compiles expressions at every start; go-internal/diff does not",
	"github.com/google/go-cmp":             "it compiles expressions at every start; tests alone compare values",
	"github.com/hashicorp/hcl/v2/hclwrite": "it links go-cmp for one call; package layout formats",
	"go.yaml.in/yaml":                      "the language decodes YAML with go-cty-yaml; one decoder is enough",
}

func TestUnlinked(t *testing.T) {
	list := exec.Command("go", "list", "-deps", "./sow")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for linked := range strings.Lines(string(out)) {
		linked = strings.TrimSpace(linked)
		for name, why := range unlinked {
			if linked == name || strings.HasPrefix(linked, name+"/") {
				t.Errorf("cmd/sow links %s: %s", linked, why)
			}
		}
	}
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	list := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	list.Dir = ".."
	out, err := list.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	var all []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := d.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
