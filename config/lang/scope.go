package lang

import (
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// Scope is what an expression can refer to. It is immutable and may be used
// concurrently.
type Scope struct {
	ctx   *hcl.EvalContext
	decls *declarations
}

// NewScope returns a scope with those functions, and nothing to refer to.
func NewScope(functions map[string]function.Function) *Scope {
	return &Scope{ctx: &hcl.EvalContext{Functions: functions}, decls: &declarations{}}
}

// With returns a scope in which those names are known as well.
func (s *Scope) With(names map[string]Value) *Scope {
	ctx := s.ctx.NewChild()
	ctx.Variables = make(map[string]cty.Value, len(names))
	for name, v := range names {
		ctx.Variables[name] = v.cty()
	}
	return &Scope{ctx: ctx, decls: s.decls}
}

// Eval evaluates an expression. When it has a mistake, the value is unknown
// and the diagnostics say what is wrong, without showing sensitive values.
// Parts of it that stand for mistakes made elsewhere are silently unknown.
func (s *Scope) Eval(expr hcl.Expression) (Value, hcl.Diagnostics) {
	c, diags := expr.Value(s.ctx)
	if len(diags) > 0 {
		diags = s.explain(expr, diags)
	}
	if diags.HasErrors() {
		return Value{}, diags
	}
	return Value{c}, diags
}

// lookup returns the value of a name and whether it is known.
func (s *Scope) lookup(name string) (Value, bool) {
	for ctx := s.ctx; ctx != nil; ctx = ctx.Parent() {
		if c, ok := ctx.Variables[name]; ok {
			return Value{c}, true
		}
	}
	return Value{}, false
}

// firstNames returns all names that an expression can begin with, sorted.
func (s *Scope) firstNames() []string {
	all := map[string]bool{}
	for ctx := s.ctx; ctx != nil; ctx = ctx.Parent() {
		for name := range ctx.Variables {
			all[name] = true
		}
	}
	for _, root := range s.decls.roots {
		all[root.Name] = true
	}
	return slices.Sorted(maps.Keys(all))
}
