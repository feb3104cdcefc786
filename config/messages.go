package config

import (
	"errors"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/config/lang"
)

func messageSchema() *hcl.BodySchema {
	return &hcl.BodySchema{
		Attributes: append(attributes("text", "type", "at", "after", "expect", "tags", "metadata", "custom_data"), required("from")),
		Blocks: []hcl.BlockHeaderSchema{
			{Type: "attachment"},
			{Type: "dynamic", LabelNames: []string{"type"}},
			{Type: "lifecycle"},
		},
	}
}

func attachmentSchema() *hcl.BodySchema {
	return &hcl.BodySchema{Attributes: append(attributes("name", "mime_type", "extension", "size"), required("url"))}
}

// readBlock reads a message or a dynamic block of the conversation's body.
func (rd *reading) readBlock(b *hcl.Block, scope *lang.Scope) {
	if b.Type == "dynamic" {
		rd.expand(b, "message", scope, func(g generated) bool {
			rd.readGenerated(b, g)
			return !rd.stopped
		})
		return
	}
	switch len(b.Labels) {
	case 0:
		rd.readBody(b.Body, "", b.TypeRange, b.DefRange, scope)
	case 1:
		rd.readBody(b.Body, b.Labels[0], b.LabelRanges[0], b.DefRange, scope)
	default:
		rd.report(errorAt(b.LabelRanges[1], "More than one label",
			"A message has at most one label, which becomes part of its address."))
	}
}

// readGenerated reads a message that a dynamic block generates.
func (rd *reading) readGenerated(b *hcl.Block, g generated) {
	label, at := "", b.TypeRange
	switch len(g.labels) {
	case 0:
	case 1:
		label, at = g.labels[0], g.labelsAt
	default:
		rd.report(errorAt(g.labelsAt, "More than one label",
			"A message has at most one label, which becomes part of its address, and this gives it %d.", len(g.labels)))
		return
	}
	rd.readBody(g.body, label, at, b.DefRange, g.scope)
}

// readBody reads the arguments and blocks of a message. at is where the label
// stands, and def the header.
func (rd *reading) readBody(body hcl.Body, label string, at, def hcl.Range, scope *lang.Scope) {
	content, diags := contentOf(body, messageSchema())
	d := decoder{scope: scope, attrs: content.Attributes, diags: diags}
	m := &Message{Label: label, Range: def}
	m.From = reference(&d, "from", rd.people.user)
	if m.From == nil && d.attrs["from"] != nil && !d.doubtful && !d.diags.HasErrors() {
		d.fail("from", errors.New("a message is from somebody, and this is null"))
	}
	m.Text = d.text("text")
	m.Type = d.publicText("type")
	m.At = d.time("at")
	m.After = d.duration("after")
	m.Expect = d.publicText("expect")
	m.Tags = d.texts("tags")
	m.Metadata = d.object("metadata")
	m.CustomData = d.object("custom_data")
	attachmentAt := rd.readAttachments(content, &d, m)
	own, said := d.evalOnEdit(content)
	m.Lifecycle.ReplaceOnEdit = rd.conversation.Lifecycle.ReplaceOnEdit
	if said {
		m.Lifecycle = own
	}
	m.Sensitive = d.sensitive

	rd.report(d.diags...)
	right := everyPart
	broken := d.diags.HasErrors() || d.doubtful
	if broken {
		right = d.rightParts()
	}
	rd.finish(m, !broken, d.sensitive, right, func(p part) hcl.Range {
		switch attr := content.Attributes[p.String()]; {
		case p == partLabel:
			return at
		case p == partAttachments && attachmentAt != nil:
			return *attachmentAt
		case attr != nil:
			return attr.Expr.Range()
		}
		return def
	})
}

// rightParts are the parts of a message with mistakes that can be held against the
// limits all the same: those that are declared and have none. What depends on the
// attachments is right only with them.
func (d *decoder) rightParts() func(part) bool {
	return func(p part) bool {
		name := p.String()
		declared := d.attrs[name] != nil && !slices.Contains(d.wrong, name)
		switch p {
		case partLabel:
			return true
		case partText, partType:
			return declared && !slices.Contains(d.wrong, partAttachments.String())
		}
		return declared
	}
}

// evalOnEdit evaluates a message's lifecycle block, and returns whether it has
// one that says something.
func (d *decoder) evalOnEdit(content *hcl.BodyContent) (own Lifecycle, said bool) {
	lifecycle, diags := evalLifecycle(content, d.scope, "on_edit")
	d.diags = append(d.diags, diags...)
	for _, block := range content.Blocks {
		if block.Type == "lifecycle" {
			attrs, _ := block.Body.JustAttributes()
			said = said || attrs["on_edit"] != nil
		}
	}
	return lifecycle, said
}

// readAttachments reads the attachments of a message, and returns where the
// first one stands.
func (rd *reading) readAttachments(content *hcl.BodyContent, d *decoder, m *Message) (first *hcl.Range) {
	for _, block := range content.Blocks {
		switch block.Type {
		case "attachment":
			rd.readAttachment(block.Body, d, d.scope, m)
		case "dynamic":
			rd.expand(block, "attachment", d.scope, func(g generated) bool {
				if len(g.labels) > 0 {
					d.diags = append(d.diags, errorAt(g.labelsAt, "Attachment with a label", "Attachments have no labels."))
					return false
				}
				rd.readAttachment(g.body, d, g.scope, m)
				return true
			})
		default:
			continue
		}
		if first == nil {
			first = &block.DefRange
		}
	}
	return first
}

func (rd *reading) readAttachment(body hcl.Body, message *decoder, scope *lang.Scope, m *Message) {
	content, diags := contentOf(body, attachmentSchema())
	d := decoder{scope: scope, attrs: content.Attributes, diags: diags}
	url := d.text("url")
	name := d.text("name")
	mimeType := d.text("mime_type")
	extension := d.text("extension")
	size := d.text("size")
	if len(d.sensitive) > 0 {
		message.hide("attachments")
	}
	if !d.diags.HasErrors() && !d.doubtful {
		a, err := DeriveAttachment(url, name, mimeType, extension)
		if err == nil {
			a.Size = size
			err = CheckAttachment(a)
		}
		if err != nil {
			d.sensitive = message.sensitive
			d.diags = append(d.diags, d.attachmentError(content, err))
		}
		m.Attachments = append(m.Attachments, a)
	}
	if d.doubtful || d.diags.HasErrors() {
		message.mistaken("attachments")
	}
	message.doubtful = message.doubtful || d.doubtful
	message.diags = append(message.diags, d.diags...)
}

// attachmentError reports an attachment that the app would not take. Most
// mistakes are in the URL.
func (d *decoder) attachmentError(content *hcl.BodyContent, err error) *hcl.Diagnostic {
	at := content.MissingItemRange
	if attr := content.Attributes["url"]; attr != nil {
		at = attr.Expr.Range()
	}
	if len(d.sensitive) > 0 {
		err = errSensitive
	}
	return invalidValue(at, "attachment", err)
}
