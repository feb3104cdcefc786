package lang

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"pgregory.net/rapid"
)

func parse(t testing.TB, text string) hcl.Expression {
	t.Helper()
	expr, diags := hclsyntax.ParseExpression([]byte(text), "test", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return expr
}

// graphOf declares local values by their expressions.
func graphOf(t testing.TB, names []string, exprs map[string]string) *Graph {
	t.Helper()
	g := NewGraph(NewScope(Functions(".")), Root{Name: "local", Noun: "local value"}, Root{Name: "var", Noun: "variable"})
	for _, name := range names {
		expr := parse(t, exprs[name])
		first := g.Add(Node{
			Root: "local", Name: name, Range: expr.Range(), Exprs: []hcl.Expression{expr},
			Eval: func(s *Scope) (Value, hcl.Diagnostics) { return s.Eval(expr) },
		})
		if first != nil {
			t.Fatalf("%s is declared twice", name)
		}
	}
	return g
}

func TestGraph(t *testing.T) {
	tests := []struct {
		name  string
		exprs map[string]string
		want  string   // the value of local.a, as JSON; "" when it has none
		diags []string // summaries and details
	}{
		{"order does not matter", map[string]string{"a": `"${local.b}-${local.c}"`, "b": `upper(local.c)`, "c": `"x"`}, `"X-x"`, nil},
		{"a circle", map[string]string{"a": `local.b`, "b": `local.c`, "c": `local.a`}, "",
			[]string{"References in a circle: These refer to each other in a circle, so none of them has a value:\n  local.a → local.b → local.c → local.a"}},
		{"a circle of one", map[string]string{"a": `[local.a]`}, "",
			[]string{"References in a circle: local.a refers to itself, so it has no value:\n  local.a → local.a"}},
		{"a circle that others lead to", map[string]string{"a": `local.b`, "b": `local.c`, "c": `local.b`}, "",
			[]string{"References in a circle: These refer to each other in a circle, so none of them has a value:\n  local.b → local.c → local.b"}},
		{"nothing", map[string]string{"a": `local.bb`, "b": `1`}, "",
			[]string{`Reference to nothing: No local value named "bb" is declared. Did you mean "b"?`}},
		{"a mistake is told once", map[string]string{"a": `local.b.x`, "b": `local.c.y`, "c": `tonumber("x")`}, "",
			[]string{`Invalid function argument: Invalid value for "v" parameter: cannot convert "x" to number; given string must be a decimal representation of a number.`}},
		{"the whole root", map[string]string{"a": `keys(local)`}, "",
			[]string{`Incomplete reference: "local" alone is not a value. Say which local value is meant, as in local.a.`}},
		{"an index for an attribute", map[string]string{"a": `local["b"]`, "b": `1`}, `1`, nil},
		{"a deep attribute", map[string]string{"a": `local.b.c.dd`, "b": `{ c = { d = 1 } }`}, "",
			[]string{`Unknown attribute: local.b.c has no attribute named "dd". Did you mean "d"?`}},
		{"a key", map[string]string{"a": `local.b["sm"]`, "b": `{ sam = 1 }`}, "",
			[]string{`Unknown key: local.b has no element with the key "sm". Did you mean "sam"?`}},
		{"names bound by for", map[string]string{"a": `[for x in local.b : x.n]`, "b": `[{ n = 1 }]`}, `[1]`, nil},
		{"a secret in an error", map[string]string{"a": `tonumber(local.b)`, "b": `sensitive("hunter2")`}, "",
			[]string{`Invalid function argument: The expression failed. Its error is not shown because it could hold a sensitive value.`}},
		{"try", map[string]string{"a": `try(local.b.nope, "else")`, "b": `{}`}, `"else"`, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			scope, diags := graphOf(t, sortedNames(test.exprs), test.exprs).Run()
			var got []string
			for _, diag := range diags {
				got = append(got, diag.Summary+": "+diag.Detail)
			}
			if diff := cmp.Diff(test.diags, got); diff != "" {
				t.Errorf("diagnostics differ (-want +got):\n%s", diff)
			}
			v, _ := scope.Eval(parse(t, "local.a"))
			if !v.Known() {
				if test.want != "" {
					t.Errorf("local.a is unknown, want %s", test.want)
				}
				return
			}
			if text, err := v.JSON(); err != nil || string(text) != test.want {
				t.Errorf("local.a = %s (%v), want %s", text, err, test.want)
			}
		})
	}
}

func sortedNames(m map[string]string) []string {
	var names []string
	for _, name := range []string{"a", "b", "c", "d"} {
		if _, ok := m[name]; ok {
			names = append(names, name)
		}
	}
	return names
}

// TestGraphOrder holds that values do not depend on the order of declarations,
// on graphs without circles.
func TestGraphOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "n")
		exprs := map[string]string{}
		var names []string
		for i := range n {
			name := string(rune('a' + i))
			parts := []string{`"` + name + `"`}
			for j := range i {
				if rapid.Bool().Draw(t, "refers") {
					parts = append(parts, "local."+string(rune('a'+j)))
				}
			}
			exprs[name] = "sha256(join(\"\", [" + strings.Join(parts, ", ") + "]))"
			names = append(names, name)
		}
		evaluate := func(order []string) string {
			g := NewGraph(NewScope(Functions(".")), Root{Name: "local", Noun: "local value"})
			for _, name := range order {
				expr, _ := hclsyntax.ParseExpression([]byte(exprs[name]), "test", hcl.InitialPos)
				g.Add(Node{Root: "local", Name: name, Exprs: []hcl.Expression{expr},
					Eval: func(s *Scope) (Value, hcl.Diagnostics) { return s.Eval(expr) }})
			}
			scope, diags := g.Run()
			if len(diags) > 0 {
				t.Fatal(diags)
			}
			all, _ := scope.lookup("local")
			text, err := all.JSON()
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
		want := evaluate(names)
		if got := evaluate(rapid.Permutation(names).Draw(t, "order")); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	})
}

func TestSuggest(t *testing.T) {
	tests := []struct {
		given      string
		candidates []string
		want       string
	}{
		{"usr", []string{"group", "user"}, "user"},
		{"bne", []string{"ana", "ben"}, "ben"},
		{"an", []string{"ana"}, "ana"},
		{"x", []string{"y", "ab"}, ""},
		{"something", []string{"else"}, ""},
		{"ana", []string{"ana"}, ""},
		{"", []string{"a"}, ""},
	}
	for _, test := range tests {
		want := ""
		if test.want != "" {
			want = ` Did you mean "` + test.want + `"?`
		}
		if got := Suggest(test.given, test.candidates); got != want {
			t.Errorf("Suggest(%q, %q) = %q, want %q", test.given, test.candidates, got, want)
		}
	}
}
