package lang

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// Node is one declared thing: what it needs and how it is evaluated.
type Node struct {
	Root  string // local
	Name  string // a
	Range hcl.Range
	// Exprs are all expressions that Eval will evaluate in its scope.
	Exprs []hcl.Expression
	// Eval returns the value that others see as Root.Name. With errors, it
	// returns the zero Value, or one with unknown parts.
	Eval func(*Scope) (Value, hcl.Diagnostics)
	// Known, where it is set, stands in the place of Exprs and Eval: it returns a
	// value that depends on nothing. It is called only if something refers to the
	// node, and may be called more than once.
	Known func() Value
}

// Graph evaluates declared things in the order in which they refer to each
// other; see [NewGraph].
type Graph struct {
	base  *Scope
	alone *Scope // of what refers to nothing
	decls *declarations
	order []*node
}

// node is a Node and how far its evaluation is.
type node struct {
	Node
	state state
	value Value
	needs []need
}

type state uint8

const (
	waiting state = iota
	running
	done
)

// need is a reference of one node to another. What it refers to is nil when it
// is not declared.
type need struct {
	target
	to *node
}

// NewGraph returns a graph without nodes. Names are declared under the roots;
// base has what is known besides.
func NewGraph(base *Scope, roots ...Root) *Graph {
	g := &Graph{decls: &declarations{roots: roots, nodes: map[string]map[string]*node{}}}
	for _, root := range roots {
		g.decls.nodes[root.Name] = map[string]*node{}
	}
	g.base = &Scope{ctx: base.ctx, decls: g.decls}
	g.alone = g.base.With(g.known(nil, nil))
	return g
}

// known returns what is known under the roots: those values, and nothing for
// certain of the roots that are named whole.
func (g *Graph) known(values map[string]map[string]Value, whole map[string]bool) map[string]Value {
	known := make(map[string]Value, len(g.decls.roots))
	for _, root := range g.decls.roots {
		known[root.Name] = Object(values[root.Name])
		if whole[root.Name] {
			known[root.Name] = Value{}
		}
	}
	return known
}

// Add declares a node. When its name is taken, the first node stays, and its
// place is returned.
func (g *Graph) Add(n Node) (first *hcl.Range) {
	named := g.decls.nodes[n.Root]
	if named == nil {
		panic("lang: no root " + n.Root)
	}
	if other := named[n.Name]; other != nil {
		return &other.Range
	}
	added := &node{Node: n}
	named[n.Name] = added
	g.order = append(g.order, added)
	return nil
}

// Incomplete notes that more is declared than the graph knows of. References to
// what it does not know are then silently unknown.
func (g *Graph) Incomplete() { g.decls.incomplete = true }

// Doubt notes that something of that name may be declared. References to it are
// then silently unknown.
func (g *Graph) Doubt(name string) {
	if g.decls.doubted == nil {
		g.decls.doubted = map[string]bool{}
	}
	g.decls.doubted[name] = true
}

// Run evaluates all nodes, and returns the scope in which all their values are
// known.
func (g *Graph) Run() (*Scope, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	for _, n := range g.order {
		diags = append(diags, g.resolve(n)...)
	}
	for _, n := range g.order {
		diags = append(diags, g.eval(n, nil)...)
	}
	return g.base.withLate(g.values), diags
}

// values returns the values of all nodes, by root.
func (g *Graph) values() map[string]Value {
	values := make(map[string]map[string]Value, len(g.decls.roots))
	for root, nodes := range g.decls.nodes {
		values[root] = make(map[string]Value, len(nodes))
		for name, n := range nodes {
			values[root][name] = n.get()
		}
	}
	return g.known(values, nil)
}

// get returns the value of a node that is evaluated.
func (n *node) get() Value {
	if n.Known != nil {
		return n.Known()
	}
	return n.value
}

// resolve finds what n refers to. References to nothing are reported here,
// once; for the evaluation they are unknown.
func (g *Graph) resolve(n *node) hcl.Diagnostics {
	if len(n.Exprs) == 0 {
		return nil
	}
	var diags hcl.Diagnostics
	seen := map[[2]string]bool{}
	for _, expr := range n.Exprs {
		for _, traversal := range expr.Variables() {
			t, ok := g.decls.target(traversal)
			if !ok {
				continue
			}
			if diag := g.decls.undeclared(t); diag != nil {
				diags = append(diags, diag)
			}
			if id := [2]string{t.root.Name, t.name}; !seen[id] {
				seen[id] = true
				t.at = traversal.SourceRange()
				n.needs = append(n.needs, need{t, g.decls.node(t)})
			}
		}
	}
	return diags
}

// eval evaluates n after all that it needs. path holds the nodes whose
// evaluation led here.
func (g *Graph) eval(n *node, path []*node) hcl.Diagnostics {
	if n.state == done {
		return nil
	}
	if n.Known != nil {
		n.state = done
		return nil
	}
	n.state = running
	path = append(path, n)
	scope, diags := g.alone, hcl.Diagnostics(nil)
	if len(n.needs) > 0 {
		scope, diags = g.supply(n, path)
	}
	value, evalDiags := n.Eval(scope)
	n.value, n.state = value, done
	return append(diags, evalDiags...)
}

// supply evaluates what n needs, and returns the scope in which that is known.
func (g *Graph) supply(n *node, path []*node) (*Scope, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	values := map[string]map[string]Value{}
	whole := map[string]bool{}
	for _, need := range n.needs {
		var value Value
		switch {
		case need.name == "":
			whole[need.root.Name] = true
		case need.to == nil:
		case need.to.state == running:
			diags = append(diags, cycle(path, need))
		default:
			diags = append(diags, g.eval(need.to, path)...)
			value = need.to.get()
		}
		if values[need.root.Name] == nil {
			values[need.root.Name] = map[string]Value{}
		}
		values[need.root.Name][need.name] = value
	}
	return g.base.With(g.known(values, whole)), diags
}

// cycle reports that a need leads back to a node that led to it.
func cycle(path []*node, back need) *hcl.Diagnostic {
	start := slices.Index(path, back.to)
	var names []string
	for _, n := range append(path[start:len(path):len(path)], back.to) {
		names = append(names, n.Root+"."+n.Name)
	}
	detail := "These refer to each other in a circle, so none of them has a value:\n  " + strings.Join(names, " → ")
	if len(names) == 2 {
		detail = fmt.Sprintf("%s refers to itself, so it has no value:\n  %s", names[0], strings.Join(names, " → "))
	}
	return &hcl.Diagnostic{
		Severity: hcl.DiagError,
		Summary:  "References in a circle",
		Detail:   detail,
		Subject:  &back.at,
	}
}
