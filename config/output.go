package config

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/config/lang"
)

// evalOutputs evaluates the output blocks.
func (l *loader) evalOutputs(scope *lang.Scope) {
	for _, block := range l.outputs {
		l.evalOutput(block, scope)
	}
	slices.SortFunc(l.cfg.Outputs, func(a, b Output) int { return strings.Compare(a.Name, b.Name) })
}

func (l *loader) evalOutput(b *hcl.Block, scope *lang.Scope) {
	content, diags := contentOf(b.Body, outputSchema())
	l.report(diags...)
	d := decoder{scope: scope, attrs: content.Attributes}
	out := Output{
		Name:        b.Labels[0],
		Description: d.publicText("description"),
		Sensitive:   d.bool("sensitive"),
		Range:       b.DefRange,
	}
	if content.Attributes["value"] != nil {
		v, _ := d.value("value")
		if v.Known() {
			var err error
			out.Value, err = v.JSON()
			d.checked("value", err)
		}
		if v.Sensitive() && !out.Sensitive {
			d.diags = append(d.diags, errorAt(d.at("value"), "Output shows a sensitive value",
				"The value comes from a sensitive one, and outputs are printed. If that is what you want, say so:\n  sensitive = true\nThe value is then left out of what people see."))
		}
	}
	l.report(d.diags...)
	l.cfg.Outputs = append(l.cfg.Outputs, out)
}
