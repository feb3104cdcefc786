package lang

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// Suggest returns " Did you mean …?" for the candidate that is closest to what
// was given, or "" when none is close. Of equally close ones, the first with
// the same beginning is taken, or else the first.
func Suggest(given string, candidates []string) string {
	best, distance := "", 3
	for _, candidate := range candidates {
		if candidate == given || len(candidate)-len(given) >= 3 || len(given)-len(candidate) >= 3 {
			continue
		}
		d := levenshtein.Distance(given, candidate, nil)
		nearer := d < distance || d == distance && sameStart(given, candidate) && !sameStart(given, best)
		if nearer && d < 3 && d < len(given) {
			best, distance = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" Did you mean %q?", best)
}

func sameStart(a, b string) bool { return a != "" && b != "" && a[0] == b[0] }

// explain replaces what hcl says of names that do not exist by what sow knows
// of them, drops what follows from mistakes made elsewhere, and takes out of
// the rest what a diagnostic must not carry.
func (s *Scope) explain(expr hcl.Expression, diags hcl.Diagnostics) hcl.Diagnostics {
	var wrong hcl.Diagnostics
	follows := false
	for _, traversal := range expr.Variables() {
		diag, unknown := s.misspelt(traversal)
		follows = follows || unknown
		if diag != nil {
			wrong = append(wrong, diag)
		}
	}
	sensitive := s.touchesSensitive(expr)
	var out hcl.Diagnostics
	for _, diag := range diags {
		i := slices.IndexFunc(wrong, func(w *hcl.Diagnostic) bool {
			return diag.Subject != nil && diag.Subject.Overlaps(*w.Subject)
		})
		if i >= 0 {
			out = append(out, wrong[i])
			continue
		}
		if follows {
			continue
		}
		if call, ok := hcl.DiagnosticExtra[hclsyntax.FunctionCallUnknownDiagExtra](diag); ok {
			diag = s.unknownFunction(diag, call)
		}
		out = append(out, plain(withoutTrace(diag), sensitive || makesSensitive(expr) || makesSensitive(diag.Expression)))
	}
	return out
}

// unknownFunction says which function may have been meant.
func (s *Scope) unknownFunction(diag *hcl.Diagnostic, call hclsyntax.FunctionCallUnknownDiagExtra) *hcl.Diagnostic {
	var names []string
	for ctx := s.ctx; ctx != nil; ctx = ctx.Parent() {
		names = slices.AppendSeq(names, maps.Keys(ctx.Functions))
	}
	slices.Sort(names)
	name := call.CalledFunctionNamespace() + call.CalledFunctionName()
	d := *diag
	d.Detail = fmt.Sprintf("There is no function named %q.%s", name, Suggest(name, names))
	return &d
}

// withoutTrace replaces the trace of a function that gave up on arguments it
// was not made for.
func withoutTrace(diag *hcl.Diagnostic) *hcl.Diagnostic {
	call, ok := hcl.DiagnosticExtra[hclsyntax.FunctionCallDiagExtra](diag)
	var trace function.PanicError
	if !ok || !errors.As(call.FunctionCallError(), &trace) {
		return diag
	}
	d := *diag
	d.Detail = fmt.Sprintf("%s has no result for these arguments.", call.CalledFunctionName())
	return &d
}

// makesSensitive reports whether an expression makes a value sensitive itself.
func makesSensitive(expr hcl.Expression) bool {
	node, ok := expr.(hclsyntax.Node)
	if !ok {
		return false
	}
	found := false
	_ = hclsyntax.VisitAll(node, func(n hclsyntax.Node) hcl.Diagnostics {
		call, ok := n.(*hclsyntax.FunctionCallExpr)
		found = found || ok && call.Name == "sensitive"
		return nil
	})
	return found
}

// plain returns a diagnostic that holds no values: neither those that hcl
// prints beside the source, nor, when sensitive ones took part, those that a
// function put into its error.
func plain(diag *hcl.Diagnostic, sensitive bool) *hcl.Diagnostic {
	d := *diag
	d.Expression, d.EvalContext, d.Extra = nil, nil, nil
	if sensitive {
		d.Detail = "The expression failed. Its error is not shown because it could hold a sensitive value."
	}
	return &d
}

// touchesSensitive reports whether a value that the expression refers to is
// sensitive, in whole or in part.
func (s *Scope) touchesSensitive(expr hcl.Expression) bool {
	for _, traversal := range expr.Variables() {
		if traversal.IsRelative() {
			continue
		}
		c, diags := traversal.TraverseAbs(s.ctx)
		if diags.HasErrors() {
			c = cty.NilVal
			if root, ok := s.lookup(traversal.RootName()); ok {
				c = root.cty()
			}
		}
		if c != cty.NilVal && c.ContainsMarked() {
			return true
		}
	}
	return false
}

// misspelt finds the step of a reference that does not exist. The second
// result reports that the reference ends in something unknown, so that what
// hcl says of it follows from another mistake.
func (s *Scope) misspelt(traversal hcl.Traversal) (*hcl.Diagnostic, bool) {
	if traversal.IsRelative() {
		return nil, false
	}
	if t, ok := s.decls.target(traversal); ok {
		if diag := s.decls.undeclared(t); diag != nil {
			return diag, false
		}
		if s.decls.node(t) == nil {
			return nil, true
		}
	}
	root := traversal[0].(hcl.TraverseRoot)
	at, ok := s.lookup(root.Name)
	if !ok {
		return s.unknownRoot(root), false
	}
	for i, step := range traversal[1:] {
		if !at.cty().IsKnown() {
			return nil, true
		}
		next, diag := s.follow(at, traversal[:i+1], step)
		if diag != nil {
			return diag, false
		}
		if next == nil {
			return nil, false // hcl has its own words for it
		}
		at = *next
	}
	return nil, !at.Known()
}

// follow takes one step of a reference.
func (s *Scope) follow(at Value, path hcl.Traversal, step hcl.Traverser) (*Value, *hcl.Diagnostic) {
	var name string
	var where hcl.Range
	switch step := step.(type) {
	case hcl.TraverseAttr:
		name, where = step.Name, step.SrcRange
	case hcl.TraverseIndex:
		if step.Key.Type() != cty.String || !step.Key.IsKnown() || step.Key.IsNull() || step.Key.IsMarked() {
			next, diags := step.TraversalStep(at.cty())
			if diags.HasErrors() {
				return nil, nil
			}
			return &Value{next}, nil
		}
		name, where = step.Key.AsString(), step.SrcRange
	default:
		return nil, nil
	}
	c := at.bare()
	if c.IsNull() || !c.Type().IsObjectType() && !c.Type().IsMapType() {
		if c.Type().IsTupleType() && isAttr(step) {
			return nil, &hcl.Diagnostic{
				Severity: hcl.DiagError,
				Summary:  "Instance not named",
				Detail: fmt.Sprintf("%s has several instances, so one of them must be named: %s[0].%s, or all of them: %s[*].%s.",
					written(path), written(path), name, written(path), name),
				Subject: &where,
			}
		}
		return nil, nil
	}
	next, ok := at.Attr(name)
	if ok {
		return &next, nil
	}
	entries, _ := at.Entries()
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Key
	}
	if root, ok := path[0].(hcl.TraverseRoot); ok && len(path) == 1 && root.Name == "var" {
		return nil, &hcl.Diagnostic{
			Severity: hcl.DiagError,
			Summary:  "Reference to nothing",
			Detail:   fmt.Sprintf("No variable named %q is declared.%s", name, Suggest(name, names)),
			Subject:  &where,
		}
	}
	if isAttr(step) {
		if written(path) == "path" && name == "cwd" {
			return nil, &hcl.Diagnostic{
				Severity: hcl.DiagError,
				Summary:  "Unknown attribute",
				Detail:   "Where sow is called from is different on every machine, so path.cwd is missing on purpose. path.module is the configuration's directory.",
				Subject:  &where,
			}
		}
		return nil, &hcl.Diagnostic{
			Severity: hcl.DiagError,
			Summary:  "Unknown attribute",
			Detail:   fmt.Sprintf("%s has no attribute named %q.%s", written(path), name, Suggest(name, names)),
			Subject:  &where,
		}
	}
	return nil, &hcl.Diagnostic{
		Severity: hcl.DiagError,
		Summary:  "Unknown key",
		Detail:   fmt.Sprintf("%s has no element with the key %q.%s", written(path), name, Suggest(name, names)),
		Subject:  &where,
	}
}

func isAttr(step hcl.Traverser) bool {
	_, ok := step.(hcl.TraverseAttr)
	return ok
}

// unknownRoot says what is wrong with the first name of a reference.
func (s *Scope) unknownRoot(root hcl.TraverseRoot) *hcl.Diagnostic {
	diag := &hcl.Diagnostic{
		Severity: hcl.DiagError,
		Summary:  "Unknown name",
		Subject:  &root.SrcRange,
	}
	switch root.Name {
	case "each":
		diag.Detail = `"each" is known only in blocks that have "for_each".`
	case "count":
		diag.Detail = `"count" is known only in blocks that have "count".`
	case "conversation":
		diag.Detail = "Nothing can refer to a conversation. Values that several blocks need belong into locals."
	case "self":
		diag.Detail = `A block cannot refer to itself. Put the value into locals, and refer to it from both places.`
	case "data", "module", "resource", "provider":
		diag.Detail = fmt.Sprintf("There are no %s references here: only var, local, user, group, sow and path can be referred to.", root.Name)
	case "terraform":
		diag.Detail = "There are no workspaces here: a state belongs to one app. What differs between apps belongs into variables."
	default:
		if len(s.decls.roots) == 0 && len(s.firstNames()) == 0 {
			diag.Detail = "Nothing can be referred to here: the value must be written out."
			break
		}
		hint := Suggest(root.Name, s.firstNames())
		for _, r := range s.decls.roots {
			if s.decls.nodes[r.Name][root.Name] != nil {
				hint = fmt.Sprintf(" Did you mean \"%s.%s\"?", r.Name, root.Name)
				break
			}
		}
		diag.Detail = fmt.Sprintf("There is nothing named %q here.%s", root.Name, hint)
	}
	return diag
}

// written returns a reference as it is written in HCL.
func written(traversal hcl.Traversal) string {
	var b strings.Builder
	for _, step := range traversal {
		switch step := step.(type) {
		case hcl.TraverseRoot:
			b.WriteString(step.Name)
		case hcl.TraverseAttr:
			b.WriteString("." + step.Name)
		case hcl.TraverseIndex:
			switch key := step.Key; {
			case key.IsMarked() || !key.IsKnown() || key.IsNull():
				b.WriteString("[…]")
			case key.Type() == cty.String:
				fmt.Fprintf(&b, "[%q]", key.AsString())
			case key.Type() == cty.Number:
				fmt.Fprintf(&b, "[%s]", key.AsBigFloat().Text('f', -1))
			default:
				b.WriteString("[…]")
			}
		case hcl.TraverseSplat:
			b.WriteString("[*]")
		}
	}
	return b.String()
}
