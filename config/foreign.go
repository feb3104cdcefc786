package config

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// foreignBlocks are blocks of Terraform's that have no meaning here, with what
// stands in their place.
func foreignBlocks() map[string]string {
	return map[string]string{
		"terraform": "What holds for the whole dataset stands in a \"sow\" block.",
		"provider":  "The app is named by a \"cometchat\" block; the API key comes from COMETCHAT_API_KEY or --api-key-file.",
		"resource":  "What is seeded are \"user\", \"group\" and \"conversation\" blocks: user \"ana\" { … }",
		"data":      "A plan reads nothing but the configuration's directory: file(), csvdecode() and jsondecode() take values from there.",
		"ephemeral": "Values that are never shown come from a variable with sensitive = true.",
	}
}

// foreignParts are arguments and blocks of Terraform's that have no meaning
// inside of a block, with what stands in their place.
func foreignParts() map[string]string {
	return map[string]string{
		"depends_on":            "What is needed first follows from the references.",
		"provider":              "There is one app, which the \"cometchat\" block names.",
		"providers":             "There is one app, which the \"cometchat\" block names.",
		"provisioner":           "Nothing is run for an object.",
		"connection":            "Nothing is run for an object.",
		"timeouts":              "How long an apply waits is set by its flags.",
		"ignore_changes":        "An argument that is left out is not managed.",
		"create_before_destroy": "An object keeps its id, so there can be only one of it.",
		"replace_triggered_by":  "An object is replaced when what identifies it changes, and by nothing else.",
		"precondition":          "What must hold belongs into a \"validation\" block of a variable.",
		"postcondition":         "What must hold belongs into a \"validation\" block of a variable; how a message has to end, into its \"expect\".",
		"ephemeral":             "Values that are never shown are declared with sensitive = true.",
		"deprecated":            "Say it in the description.",
	}
}

// withAdvice adds to what hcl says of arguments and blocks that are not
// expected, where they have a meaning in Terraform, what to do instead.
func withAdvice(diags hcl.Diagnostics) hcl.Diagnostics {
	for _, diag := range diags {
		switch diag.Summary {
		case "Unsupported argument", "Unsupported block type", "Extraneous JSON object property":
			if parts := strings.SplitN(diag.Detail, `"`, 3); len(parts) == 3 {
				if advice, ok := foreignParts()[parts[1]]; ok {
					diag.Detail += " " + advice
				}
			}
		}
	}
	return diags
}
