package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// contentOf returns the content of a body. A required argument that is there
// under a misspelt name is one mistake, and told once.
func contentOf(body hcl.Body, schema *hcl.BodySchema) (*hcl.BodyContent, hcl.Diagnostics) {
	content, diags := body.Content(schema)
	for _, attr := range schema.Attributes {
		if !attr.Required || content.Attributes[attr.Name] != nil || !misspelt(diags, attr.Name) {
			continue
		}
		missing := fmt.Sprintf("The argument %q is required", attr.Name)
		diags = slices.DeleteFunc(diags, func(d *hcl.Diagnostic) bool { return strings.HasPrefix(d.Detail, missing) })
	}
	return content, withAdvice(diags)
}

// misspelt reports whether one of the diagnostics of a body's content tells of an
// argument that was meant to be that one.
func misspelt(diags hcl.Diagnostics, name string) bool {
	hint := fmt.Sprintf(" Did you mean %q?", name)
	return slices.ContainsFunc(diags, func(d *hcl.Diagnostic) bool { return strings.HasSuffix(d.Detail, hint) })
}
