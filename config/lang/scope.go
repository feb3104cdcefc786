package lang

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// Scope is what an expression can refer to. It is immutable and may be used
// concurrently.
type Scope struct {
	ctx   *hcl.EvalContext
	decls *declarations
	late  *lateNames // of ctx; may be nil
}

// lateNames are names of which the values are made when they are first needed.
type lateNames struct {
	once sync.Once
	make func()
	made atomic.Bool // so that nobody looks any more for what an expression needs
}

func (l *lateNames) need() {
	l.once.Do(l.make)
	l.made.Store(true)
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
	return &Scope{ctx: ctx, decls: s.decls, late: s.late}
}

// withLate is With for names of which the values are not made before something
// refers to one of them: of thousands of users, most are only ever named where
// nothing needs evaluating.
func (s *Scope) withLate(names func() map[string]Value) *Scope {
	late := s.With(nil)
	late.late = &lateNames{make: func() {
		for name, v := range names() {
			late.ctx.Variables[name] = v.cty()
		}
	}}
	return late
}

// ready makes the names known that an expression may refer to.
func (s *Scope) ready(expr hcl.Expression) {
	if s.late == nil || s.late.made.Load() || isLiteral(expr) || len(expr.Variables()) == 0 {
		return
	}
	s.late.need()
}

func isLiteral(expr hcl.Expression) bool {
	switch e := expr.(type) {
	case *hclsyntax.LiteralValueExpr:
		return true
	case *hclsyntax.TemplateExpr:
		return e.IsStringLiteral()
	}
	return false
}

// Eval evaluates an expression. When it has a mistake, the value is unknown
// and the diagnostics say what is wrong, without showing sensitive values.
// Parts of it that stand for mistakes made elsewhere are silently unknown.
func (s *Scope) Eval(expr hcl.Expression) (Value, hcl.Diagnostics) {
	s.ready(expr)
	c, diags := expr.Value(s.ctx)
	if len(diags) > 0 {
		diags = s.explain(expr, diags)
	}
	if diags.HasErrors() {
		return Value{}, diags
	}
	v := Value{c}
	known := c.IsKnown()
	if !passesOn(expr) {
		known = v.Known()
	}
	if !known && !s.follows(expr) {
		return Value{}, append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagError,
			Summary:  "Value that cannot be known",
			Detail:   "All that this expression refers to is known, and yet it has no value. Write it in another way.",
			Subject:  expr.Range().Ptr(),
		})
	}
	return v, diags
}

// passesOn reports whether an expression does no more than to pick something out
// of what it refers to, so that no part of that becomes unknown here. To look
// through all parts takes longer than most expressions do.
func passesOn(expr hcl.Expression) bool {
	switch e := expr.(type) {
	case *hclsyntax.ScopeTraversalExpr:
		return true
	case *hclsyntax.RelativeTraversalExpr:
		return passesOn(e.Source)
	case *hclsyntax.IndexExpr:
		return passesOn(e.Collection)
	}
	return false
}

// follows reports whether an expression refers to something that is not known,
// which is a mistake that was told of elsewhere.
func (s *Scope) follows(expr hcl.Expression) bool {
	for _, traversal := range expr.Variables() {
		if _, unknown := s.misspelt(traversal); unknown {
			return true
		}
		if root, ok := s.lookup(traversal.RootName()); ok && !root.Known() {
			return true
		}
	}
	return false
}

// lookup returns the value of a name and whether it is known.
func (s *Scope) lookup(name string) (Value, bool) {
	if s.late != nil {
		s.late.need()
	}
	for ctx := s.ctx; ctx != nil; ctx = ctx.Parent() {
		if c, ok := ctx.Variables[name]; ok {
			return Value{c}, true
		}
	}
	return Value{}, false
}

// firstNames returns all names that an expression can begin with, sorted.
func (s *Scope) firstNames() []string {
	if s.late != nil {
		s.late.need()
	}
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
