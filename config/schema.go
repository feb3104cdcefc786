package config

import "github.com/hashicorp/hcl/v2"

// The arguments and blocks that each block takes. They are functions because
// hcl wants pointers, and nothing here may change.

func rootSchema() *hcl.BodySchema {
	return &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
		{Type: "sow"},
		{Type: "cometchat"},
		{Type: "variable", LabelNames: []string{"name"}},
		{Type: "locals"},
		{Type: "user", LabelNames: []string{"name"}},
		{Type: "group", LabelNames: []string{"name"}},
		{Type: "conversation", LabelNames: []string{"name"}},
		{Type: "output", LabelNames: []string{"name"}},
	}}
}

// promised are the blocks that Terraform's users may expect and that sow does
// not have yet, with the number of their labels.
func promised() []hcl.BlockHeaderSchema {
	return []hcl.BlockHeaderSchema{
		{Type: "module", LabelNames: []string{"name"}},
		{Type: "moved"},
		{Type: "removed"},
		{Type: "import"},
		{Type: "check", LabelNames: []string{"name"}},
	}
}

func attributes(names ...string) []hcl.AttributeSchema {
	attrs := make([]hcl.AttributeSchema, len(names))
	for i, name := range names {
		attrs[i].Name = name
	}
	return attrs
}

func required(name string) hcl.AttributeSchema {
	return hcl.AttributeSchema{Name: name, Required: true}
}

func blocks(types ...string) []hcl.BlockHeaderSchema {
	headers := make([]hcl.BlockHeaderSchema, len(types))
	for i, typ := range types {
		headers[i].Type = typ
	}
	return headers
}

func sowSchema() *hcl.BodySchema {
	return &hcl.BodySchema{Attributes: attributes("required_version", "dataset", "allowed_apps", "anchor")}
}

func appSchema() *hcl.BodySchema {
	return &hcl.BodySchema{
		Attributes: attributes("app_id", "region", "endpoint", "plan"),
		Blocks:     blocks("rate"),
	}
}

func rateSchema() *hcl.BodySchema {
	return &hcl.BodySchema{Attributes: attributes("requests_per_minute", "messages_per_user_per_minute")}
}

func variableSchema() *hcl.BodySchema {
	return &hcl.BodySchema{
		Attributes: attributes("type", "default", "description", "sensitive", "nullable"),
		Blocks:     blocks("validation"),
	}
}

func validationSchema() *hcl.BodySchema {
	return &hcl.BodySchema{Attributes: []hcl.AttributeSchema{required("condition"), required("error_message")}}
}

func outputSchema() *hcl.BodySchema {
	return &hcl.BodySchema{Attributes: append(attributes("description", "sensitive"), required("value"))}
}

func userSchema() *hcl.BodySchema {
	return &hcl.BodySchema{
		Attributes: append(attributes("for_each", "count", "uid", "avatar", "link", "role", "metadata", "tags"), required("name")),
		Blocks:     blocks("lifecycle"),
	}
}

func groupSchema() *hcl.BodySchema {
	return &hcl.BodySchema{
		Attributes: append(attributes("for_each", "count", "guid", "type", "password", "icon", "description", "metadata", "tags",
			"owner", "admins", "moderators", "participants"), required("name")),
		Blocks: blocks("lifecycle"),
	}
}

func conversationSchema() *hcl.BodySchema {
	return &hcl.BodySchema{
		Attributes: attributes("for_each", "count", "between", "group", "starts", "pace", "cast", "script", "source"),
		// The messages are taken out before; they are here for suggestions.
		Blocks: blocks("lifecycle", "message", "dynamic"),
	}
}
