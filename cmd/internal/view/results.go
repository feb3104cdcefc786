package view

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/config"
)

// The forms of the other results as JSON; see planFormat.
const (
	validationFormat = "sow.validation/1"
	versionFormat    = "sow.version/1"
)

// Validation is the outcome of a validate. The counts are of a valid
// configuration.
type Validation struct {
	Diagnostics                            hcl.Diagnostics
	Dataset                                string
	Users, Groups, Conversations, Messages int
}

// Validation shows the outcome of a validate: its diagnostics on Err, then, if
// all is well, one line on Out; or all of it as a document.
func (v *View) Validation(r Validation, sources Sources) error {
	valid := !r.Diagnostics.HasErrors()
	if v.o.Format == JSON {
		diagnostics := make([]diagnosticJSON, 0, len(r.Diagnostics))
		for _, d := range r.Diagnostics {
			diagnostics = append(diagnostics, diagnosticOf(d, sources))
		}
		return v.document(func(d *document) error {
			d.begin()
			d.member("format", validationFormat)
			d.member("valid", valid)
			d.member("dataset", r.Dataset)
			d.member("users", r.Users)
			d.member("groups", r.Groups)
			d.member("conversations", r.Conversations)
			d.member("messages", r.Messages)
			d.member("diagnostics", diagnostics)
			d.end()
			return nil
		})
	}
	v.Diagnostics(r.Diagnostics, sources)
	if !valid {
		return nil
	}
	return v.result(func(p *printer) {
		p.hang(spans{say(added, "Valid: ")}, foreign(plain, fmt.Sprintf("%s has %s, %s, %s and %s.", r.Dataset,
			count(r.Users, "user"), count(r.Groups, "group"), count(r.Conversations, "conversation"), count(r.Messages, "message"))))
	})
}

// Version is what the program is.
type Version struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Modified bool   `json:"modified,omitempty"` // built from a tree with changes
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// commitShown is how much of a commit's name stands in a line.
const commitShown = 12

// Version shows which program this is.
func (v *View) Version(version Version) error {
	if v.o.Format == JSON {
		return v.document(func(d *document) error {
			d.raw(string(encode(struct {
				Format string `json:"format"`
				Version
			}{versionFormat, version})))
			return nil
		})
	}
	return v.result(func(p *printer) {
		line := "sow " + version.Version
		if c := version.Commit; c != "" {
			line += " (" + c[:min(commitShown, len(c))]
			if version.Modified {
				line += ", modified"
			}
			line += ")"
		}
		p.line(foreign(plain, line+" "+version.Go+" "+version.Platform)...)
	})
}

// Outputs shows the dataset's outputs on Out, or as an event. Sensitive values
// are not shown.
func (v *View) Outputs(outputs []config.Output) error {
	if len(outputs) == 0 {
		return nil
	}
	v.stream.outputs(outputs)
	if v.o.Format != Text {
		return nil
	}
	return v.result(func(p *printer) {
		p.blank()
		p.line(say(strong, "outputs"))
		widest := 0
		for _, o := range outputs {
			widest = max(widest, foreign(plain, o.Name).width())
		}
		for _, o := range outputs {
			line := append(spans{pad(proseIndent)}, foreign(plain, o.Name)...)
			line = append(line, pad(widest-foreign(plain, o.Name).width()), say(plain, " = "))
			value := spans{say(faint, sensitive)}
			if !o.Sensitive {
				value = foreign(plain, string(o.Value))
			}
			p.hang(line, value)
		}
	})
}

type outputJSON struct {
	Value       json.RawMessage `json:"value,omitempty"`
	Sensitive   bool            `json:"sensitive,omitempty"`
	Description string          `json:"description,omitempty"`
}

func (s *stream) outputs(outputs []config.Output) {
	values := make(map[string]outputJSON, len(outputs))
	for _, o := range outputs {
		out := outputJSON{Sensitive: o.Sensitive, Description: strings.TrimSpace(o.Description)}
		if !o.Sensitive {
			out.Value = o.Value
		}
		values[o.Name] = out
	}
	s.emit("outputs", struct {
		Outputs map[string]outputJSON `json:"outputs"`
	}{values}, false)
}
