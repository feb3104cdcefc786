package lang

import (
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// toFunc makes a function that converts to a type. The library's makes all of a
// collection sensitive that has a sensitive element, and puts what it could not
// convert into its error.
func toFunc(want cty.Type) function.Function {
	library := stdlib.MakeToFunc(want)
	return function.New(&function.Spec{
		Params: []function.Parameter{{
			Name:             "v",
			Type:             cty.DynamicPseudoType,
			AllowNull:        true,
			AllowDynamicType: true,
			AllowMarked:      true,
		}},
		Type: library.ReturnTypeForValues,
		Impl: func(args []cty.Value, retType cty.Type) (cty.Value, error) {
			converted, err := convert.Convert(args[0], retType)
			switch {
			case err == nil:
				return converted, nil
			case args[0].ContainsMarked():
				return cty.NilVal, function.NewArgErrorf(0, "this sensitive value cannot be converted to %s", want.FriendlyNameForConstraint())
			}
			return library.Call(args)
		},
	})
}
