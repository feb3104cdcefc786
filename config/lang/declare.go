package lang

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// Root is a first name under which things are declared.
type Root struct {
	Name string // as references begin: var, local, user
	Noun string // what is declared under it: variable, local value, user
}

// declarations knows everything that is declared, to tell a reference to
// something from a reference to nothing.
type declarations struct {
	roots []Root
	nodes map[string]map[string]*node // by root and name
	// incomplete is set when more is declared than is known.
	incomplete bool
	// doubted are names that may be declared under any root.
	doubted map[string]bool
}

// target is what a reference names among the declarations.
type target struct {
	root Root
	name string // "" when the reference is to the root itself
	at   hcl.Range
}

// target returns the declaration that a reference names. It is not ok for
// references to names that are not declared but given, such as each.key.
func (d *declarations) target(traversal hcl.Traversal) (t target, ok bool) {
	if traversal.IsRelative() {
		return target{}, false
	}
	first := traversal[0].(hcl.TraverseRoot)
	i := slices.IndexFunc(d.roots, func(r Root) bool { return r.Name == first.Name })
	if i < 0 {
		return target{}, false
	}
	t = target{root: d.roots[i], at: first.SrcRange}
	if len(traversal) == 1 {
		return t, true
	}
	switch step := traversal[1].(type) {
	case hcl.TraverseAttr:
		t.name, t.at = step.Name, step.SrcRange
	case hcl.TraverseIndex:
		if step.Key.Type() == cty.String && step.Key.IsKnown() && !step.Key.IsNull() && !step.Key.IsMarked() {
			t.name, t.at = step.Key.AsString(), step.SrcRange
		}
	}
	return t, true
}

// node returns what t names, or nil.
func (d *declarations) node(t target) *node { return d.nodes[t.root.Name][t.name] }

// undeclared returns the diagnostic for a reference to nothing, or nil.
func (d *declarations) undeclared(t target) *hcl.Diagnostic {
	if d.node(t) != nil || (d.incomplete || d.doubted[t.name]) && t.name != "" {
		return nil
	}
	names := slices.Sorted(maps.Keys(d.nodes[t.root.Name]))
	if t.name == "" {
		example := "name"
		if len(names) > 0 {
			example = names[0]
		}
		return &hcl.Diagnostic{
			Severity: hcl.DiagError,
			Summary:  "Incomplete reference",
			Detail: fmt.Sprintf("%q alone is not a value. Say which %s is meant, as in %s.%s.",
				t.root.Name, t.root.Noun, t.root.Name, example),
			Subject: &t.at,
		}
	}
	return &hcl.Diagnostic{
		Severity: hcl.DiagError,
		Summary:  "Reference to nothing",
		Detail:   fmt.Sprintf("No %s named %q is declared.%s", t.root.Noun, t.name, Suggest(t.name, names)),
		Subject:  &t.at,
	}
}
