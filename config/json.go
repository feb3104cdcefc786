package config

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// splitJSON takes the messages out of a conversation's body in HCL's JSON
// form. There, a message with a label is a property of that name:
//
//	"message": [ { "from": "ana", "text": "Hi" }, { "bye": { "from": … } } ]
func splitJSON(body hcl.Body) (header hcl.Body, messages []*hcl.Block) {
	content, header, _ := body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
		{Type: "message"},
		{Type: "dynamic", LabelNames: []string{"type"}},
	}})
	for _, block := range content.Blocks {
		if block.Type == "dynamic" {
			messages = append(messages, block)
			continue
		}
		messages = append(messages, messagesIn(block)...)
	}
	return header, messages
}

// messagesIn returns the messages that one JSON object holds: itself, when it has
// an argument of a message, or those that its properties are the labels of.
func messagesIn(block *hcl.Block) []*hcl.Block {
	attrs, _ := block.Body.JustAttributes() // what is wrong is reported when it is read
	schema := messageSchema()
	labels := &hcl.BodySchema{}
	for _, attr := range inOrder(attrs) {
		if slices.ContainsFunc(schema.Attributes, func(a hcl.AttributeSchema) bool { return a.Name == attr.Name }) {
			// Of an array's elements, hcl says where the array is.
			block.DefRange = inOrder(attrs)[0].NameRange
			return []*hcl.Block{block}
		}
		labels.Blocks = append(labels.Blocks, hcl.BlockHeaderSchema{Type: attr.Name})
	}
	if len(attrs) == 0 {
		return []*hcl.Block{block}
	}
	content, _ := block.Body.Content(labels)
	for _, message := range content.Blocks {
		message.Labels = []string{message.Type}
		message.LabelRanges = []hcl.Range{message.TypeRange}
		message.Type = "message"
	}
	return content.Blocks
}
