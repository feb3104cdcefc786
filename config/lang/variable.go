package lang

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// Constraint is the type that a variable's value must have.
type Constraint struct {
	ty       cty.Type
	defaults *typeexpr.Defaults
	literal  bool // text stands for itself
}

// AnyType is the constraint of a variable that declares no type.
func AnyType() Constraint { return Constraint{ty: cty.DynamicPseudoType, literal: true} }

// ParseConstraint reads a type expression, such as map(string) or
// object({ name = string, role = optional(string, "default") }).
func ParseConstraint(expr hcl.Expression) (Constraint, hcl.Diagnostics) {
	// Types were quoted long ago. In HCL's JSON form, they always are.
	if quoted, ok := expr.(*hclsyntax.TemplateExpr); ok && quoted.IsStringLiteral() {
		text, _ := quoted.Value(nil)
		return Constraint{}, hcl.Diagnostics{{
			Severity: hcl.DiagError,
			Summary:  "Invalid type specification",
			Detail:   fmt.Sprintf("A type is written without quotes: type = %s", text.AsString()),
			Subject:  expr.Range().Ptr(),
		}}
	}
	// As in Terraform, these need not say of what.
	switch hcl.ExprAsKeyword(expr) {
	case "list":
		return Constraint{ty: cty.List(cty.DynamicPseudoType)}, nil
	case "map":
		return Constraint{ty: cty.Map(cty.DynamicPseudoType)}, nil
	}
	ty, defaults, diags := typeexpr.TypeConstraintWithDefaults(expr)
	return Constraint{ty, defaults, ty.IsPrimitiveType()}, diags
}

// Literal evaluates an expression in which nothing has a meaning but the values
// themselves. A string of HCL's JSON form is taken as it is.
func Literal(expr hcl.Expression) (Value, hcl.Diagnostics) {
	c, diags := expr.Value(nil)
	if diags.HasErrors() {
		return Value{}, diags
	}
	return Value{c}, diags
}

// Convert returns v as the constraint's type, with the defaults of optional
// attributes filled in.
func (c Constraint) Convert(v Value) (Value, error) {
	val := v.cty()
	if c.defaults != nil && !val.IsNull() {
		val = c.defaults.Apply(val)
	}
	converted, err := convert.Convert(val, c.ty)
	var pathErr cty.PathError
	switch {
	case err == nil:
		return Value{converted}, nil
	case v.Sensitive():
		return Value{}, fmt.Errorf("%s is required here", typeexpr.TypeString(c.ty))
	case errors.As(err, &pathErr) && len(pathErr.Path) > 0:
		return Value{}, fmt.Errorf("%s: %w", pathText(pathErr.Path), err)
	}
	return Value{}, err
}

// pathText writes the place inside a value at which a conversion failed.
func pathText(path cty.Path) string {
	var b strings.Builder
	for _, step := range path {
		switch step := step.(type) {
		case cty.GetAttrStep:
			b.WriteString("." + step.Name)
		case cty.IndexStep:
			switch {
			case step.Key.Type() == cty.String && step.Key.IsKnown():
				fmt.Fprintf(&b, "[%q]", step.Key.AsString())
			case step.Key.Type() == cty.Number && step.Key.IsKnown():
				fmt.Fprintf(&b, "[%s]", step.Key.AsBigFloat().Text('f', -1))
			default:
				b.WriteString("[…]")
			}
		}
	}
	return strings.TrimPrefix(b.String(), ".")
}

// ParseText reads a value that was given as text, outside of HCL. Strings,
// numbers and booleans stand for themselves, and so does all text where no type
// is declared; for all other types the text is an HCL expression without
// references. The error does not quote the text.
func (c Constraint) ParseText(text string) (Value, error) {
	if c.literal {
		return String(text), nil
	}
	expr, diags := hclsyntax.ParseExpression([]byte(text), "", hcl.InitialPos)
	if diags.HasErrors() {
		return Value{}, fmt.Errorf("the variable has the type %s, so its value is an expression of HCL, and this is none", typeexpr.TypeString(c.ty))
	}
	v, diags := expr.Value(nil)
	if diags.HasErrors() {
		return Value{}, errors.New("the value must be written out: references and functions have no meaning in it, and a string stands in quotes")
	}
	return Value{v}, nil
}
