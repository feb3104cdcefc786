package lang

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// templateFunctions render text with the language's template syntax. Templates
// can call what functions holds, and no other template.
func templateFunctions(baseDir string, functions map[string]function.Function) map[string]function.Function {
	maps.Copy(functions, absentFunctions())
	for _, name := range []string{"templatefile", "templatestring"} {
		functions[name] = absent("A template cannot render another one. Render the inner one first, and pass it as a variable")
	}
	return map[string]function.Function{
		"templatefile": templateFunc("path", functions, func(path string) (src []byte, name string, err error) {
			src, err = readInside(baseDir, path)
			if err == nil && !utf8.Valid(src) {
				err = errors.New("the file is not text in UTF-8")
			}
			return src, path, err
		}),
		"templatestring": templateFunc("template", functions, func(template string) (src []byte, name string, err error) {
			return []byte(template), "the template", nil
		}),
	}
}

// templateFunc makes a function of a template and its variables. source
// returns the template that the first argument stands for.
func templateFunc(param string, functions map[string]function.Function, source func(string) (src []byte, name string, err error)) function.Function {
	// Of sensitive variables, only those that the template uses make the result
	// sensitive.
	render := func(args []cty.Value) (cty.Value, error) {
		vars, marks := args[1].Unmark()
		src, name, err := source(args[0].AsString())
		if err != nil {
			return cty.NilVal, function.NewArgError(0, err)
		}
		ctx, err := templateScope(vars, functions)
		if err != nil {
			return cty.NilVal, err
		}
		expr, diags := hclsyntax.ParseTemplate(src, name, hcl.InitialPos)
		if diags.HasErrors() {
			return cty.NilVal, function.NewArgError(0, templateError(diags))
		}
		for _, traversal := range expr.Variables() {
			if root := traversal.RootName(); ctx.Variables[root] == cty.NilVal {
				return cty.NilVal, function.NewArgErrorf(1, "%s uses %q, and there is no variable with this name", place(traversal.SourceRange()), root)
			}
		}
		value, diags := expr.Value(ctx)
		if diags.HasErrors() {
			return cty.NilVal, function.NewArgError(0, templateError(diags))
		}
		return value.WithMarks(marks), nil
	}
	return function.New(&function.Spec{
		Params: []function.Parameter{
			{Name: param, Type: cty.String},
			{Name: "vars", Type: cty.DynamicPseudoType, AllowMarked: true},
		},
		// A template of a single interpolation has the type of what it holds.
		Type: func(args []cty.Value) (cty.Type, error) {
			if !args[0].IsKnown() || !args[1].IsWhollyKnown() {
				return cty.DynamicPseudoType, nil
			}
			value, err := render(args)
			return value.Type(), err
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return render(args)
		},
	})
}

func templateScope(vars cty.Value, functions map[string]function.Function) (*hcl.EvalContext, error) {
	if ty := vars.Type(); !ty.IsObjectType() && !ty.IsMapType() {
		return nil, function.NewArgErrorf(1, "the variables are an object, as in { name = \"Ana\" }")
	}
	ctx := &hcl.EvalContext{Variables: vars.AsValueMap(), Functions: functions}
	for name := range ctx.Variables {
		if !hclsyntax.ValidIdentifier(name) {
			return nil, function.NewArgErrorf(1, "%q cannot name a variable: a name begins with a letter, and goes on with letters, digits, - and _", name)
		}
	}
	return ctx, nil
}

// templateError returns the first mistake, and where in the template it is.
func templateError(diags hcl.Diagnostics) error {
	for _, diag := range diags {
		if diag.Severity == hcl.DiagError && diag.Subject != nil {
			return fmt.Errorf("%s: %s: %s", place(*diag.Subject), diag.Summary, strings.TrimSuffix(diag.Detail, "."))
		}
	}
	return diags
}

func place(r hcl.Range) string {
	return fmt.Sprintf("%s:%d,%d", r.Filename, r.Start.Line, r.Start.Column)
}
