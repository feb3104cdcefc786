package lang

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// What is unknown stands for a mistake that was told of. A value that is
// unknown for no reason must not pass for one, or its attribute would silently
// not be declared.
func TestEvalKnows(t *testing.T) {
	functions := Functions(t.TempDir())
	functions["mute"] = function.New(&function.Spec{
		VarParam: &function.Parameter{Name: "args", Type: cty.DynamicPseudoType, AllowUnknown: true, AllowDynamicType: true},
		Type:     function.StaticReturnType(cty.String),
		Impl:     func([]cty.Value, cty.Type) (cty.Value, error) { return cty.UnknownVal(cty.String), nil },
	})
	scope := NewScope(functions).With(map[string]Value{"known": String("a"), "wrong": {}})
	tests := []struct {
		expr string
		want []string
	}{
		{`mute()`, []string{"Value that cannot be known"}},
		{`[known, { a = mute(known) }]`, []string{"Value that cannot be known"}},
		{`"a ${mute()}"`, []string{"Value that cannot be known"}},
		{`mute(wrong)`, nil},
		{`wrong.name`, nil},
		{`known`, nil},
	}
	for _, test := range tests {
		_, diags := scope.Eval(parse(t, test.expr))
		var got []string
		for _, diag := range diags {
			got = append(got, diag.Summary)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.expr, diff)
		}
	}
}

// An error of a function says nothing of sensitive values, nor of how the
// function is made.
func TestEvalHides(t *testing.T) {
	scope := NewScope(Functions(t.TempDir())).With(map[string]Value{"pin": String("hunter2").AsSensitive()})
	const hidden = "The expression failed. Its error is not shown because it could hold a sensitive value."
	tests := []struct{ expr, want string }{
		{`parseint(pin, 10)`, hidden},
		{`parseint(sensitive("hunter2"), 10)`, hidden},
		{`"a ${tonumber(sensitive("hunter2"))}"`, hidden},
		{`[for x in ["hunter2"] : parseint(sensitive(x), 10)]`, hidden},
		{`indent(-1, "a\nb")`, "indent has no result for these arguments."},
		{`log(1, -1)`, "log has no result for these arguments."},
		{`merge(null, "a")`, "merge has no result for these arguments."},
	}
	for _, test := range tests {
		_, diags := scope.Eval(parse(t, test.expr))
		if len(diags) != 1 || diags[0].Detail != test.want {
			t.Errorf("%s: %v, want %q", test.expr, diags, test.want)
		}
	}
}
