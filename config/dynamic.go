package config

import (
	"errors"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/sowdev/sow/config/lang"
)

func dynamicSchema() *hcl.BodySchema {
	return &hcl.BodySchema{
		Attributes: append(attributes("iterator", "labels"), required("for_each")),
		Blocks:     blocks("content"),
	}
}

// generated is one block that a dynamic block stands for.
type generated struct {
	body     hcl.Body
	scope    *lang.Scope
	labels   []string
	labelsAt hcl.Range
}

// expand yields the blocks that a dynamic block stands for, one at a time, so
// that they need not be in memory together. want is the type of block that
// belongs here.
func (rd *reading) expand(b *hcl.Block, want string, scope *lang.Scope, yield func(generated) bool) {
	if len(b.Labels) != 1 {
		rd.report(errorAt(b.DefRange, "Dynamic block of no type", "A dynamic block says what it generates: dynamic %q.", want))
		return
	}
	if b.Labels[0] != want {
		rd.report(errorAt(b.LabelRanges[0], "Dynamic block of an unknown type",
			"Here, a dynamic block can generate %q blocks, and not %q.%s", want, b.Labels[0], lang.Suggest(b.Labels[0], []string{want})))
		return
	}
	content, diags := contentOf(b.Body, dynamicSchema())
	rd.report(diags...)
	if len(content.Blocks) != 1 {
		rd.report(errorAt(b.DefRange, "Dynamic block without content",
			"A dynamic block has one %q block, which is the body of the blocks that it generates. This has %d.", "content", len(content.Blocks)))
		return
	}
	forEach := content.Attributes["for_each"]
	iterator, ok := rd.iterator(content.Attributes["iterator"], want)
	if forEach == nil || !ok {
		return
	}
	d := decoder{scope: scope, attrs: content.Attributes}
	v, diags := scope.Eval(forEach.Expr)
	rd.report(diags...)
	elems, err := lang.Each(v)
	if errors.Is(err, lang.ErrUnknown) {
		return
	}
	if err != nil {
		rd.report(invalidValue(d.at("for_each"), "for_each", err))
		return
	}
	for _, elem := range elems {
		g := generated{
			body: content.Blocks[0].Body,
			scope: scope.With(map[string]lang.Value{
				iterator: lang.Object(map[string]lang.Value{"key": elem.Key, "value": elem.Value}),
			}),
		}
		if attr := content.Attributes["labels"]; attr != nil {
			d := decoder{scope: g.scope, attrs: content.Attributes}
			g.labels, g.labelsAt = d.publicTexts("labels"), attr.Expr.Range()
			rd.report(d.diags...)
			if len(d.diags) > 0 || d.doubtful {
				continue
			}
		}
		if !yield(g) {
			return
		}
	}
}

// iterator returns the name by which the content calls the element.
func (rd *reading) iterator(attr *hcl.Attribute, standard string) (string, bool) {
	if attr == nil {
		return standard, true
	}
	name := hcl.ExprAsKeyword(attr.Expr)
	if !hclsyntax.ValidIdentifier(name) {
		rd.report(errorAt(attr.Expr.Range(), "Invalid name", "The iterator is a name without quotes, such as: iterator = line"))
		return "", false
	}
	return name, true
}
