package lang

import (
	"errors"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// absentFunctions stand for those of Terraform's that the language does not
// have: most because a plan of the same input has to be the same on every run
// and every machine, some because what they are for does not exist. Calling one
// is an error that says what to use instead.
func absentFunctions() map[string]function.Function {
	const otherRun = " is different in every run, so two plans of the same files would differ."
	const otherMachine = " is different on every machine, so two plans of the same files would differ."
	return map[string]function.Function{
		"list":            absent(`Terraform has removed it as well. Write the list itself: ["a", "b"]`),
		"map":             absent("Terraform has removed it as well. Write the map itself: { a = 1, b = 2 }"),
		"type":            absent("Terraform has it in its console only, and a configuration has no use for the name of a type. can(tonumber(x)) tells whether a value is a number"),
		"ephemeralasnull": absent("There are no ephemeral values here. Write the value itself, and declare its variable with sensitive = true if it is a secret"),

		"timestamp":     absent("The current time" + otherRun + ` Times count from the anchor instead: "-2h", or "-3d 09:12"`),
		"plantimestamp": absent("The time of the plan" + otherRun + ` Times count from the anchor instead: "-2h", or "-3d 09:12"`),
		"uuid":          absent("A random UUID" + otherRun + ` uuidv5("url", "https://example.com/orders/1042") makes one that stays`),
		"bcrypt":        absent("A salted hash" + otherRun + " sha256 makes one that stays, for values that are not secret"),
		"abspath":       absent("An absolute path" + otherMachine + " Paths count from the configuration's directory"),
		"pathexpand":    absent("The home directory" + otherMachine + " Paths count from the configuration's directory"),
	}
}

func absent(why string) function.Function {
	return function.New(&function.Spec{
		VarParam: &function.Parameter{
			Name:             "args",
			Type:             cty.DynamicPseudoType,
			AllowNull:        true,
			AllowUnknown:     true,
			AllowDynamicType: true,
			AllowMarked:      true,
		},
		// hcl puts a full stop after an error's text.
		Type: func([]cty.Value) (cty.Type, error) { return cty.NilType, errors.New(why) },
		Impl: func([]cty.Value, cty.Type) (cty.Value, error) { return cty.NilVal, errors.New(why) },
	})
}
