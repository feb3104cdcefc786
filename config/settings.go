package config

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/config/lang"
)

// addDataset declares sow.dataset, to which all blocks can refer.
func (l *loader) addDataset() {
	node := lang.Node{Root: "sow", Name: "dataset", Eval: func(*lang.Scope) (lang.Value, hcl.Diagnostics) {
		return l.datasetOfDir()
	}}
	if l.sow != nil {
		content, diags := contentOf(l.sow.Body, sowSchema())
		l.report(diags...)
		if attr := content.Attributes["dataset"]; attr != nil {
			node.Range = attr.NameRange
			node.Exprs = []hcl.Expression{attr.Expr}
			node.Eval = func(scope *lang.Scope) (lang.Value, hcl.Diagnostics) { return l.datasetOf(attr, scope) }
		}
	}
	l.graph.Add(node)
}

// datasetOfDir names the dataset after its directory.
func (l *loader) datasetOfDir() (lang.Value, hcl.Diagnostics) {
	abs, err := filepath.Abs(l.dir)
	if err == nil {
		l.cfg.Dataset = filepath.Base(abs)
		err = checkDataset(l.cfg.Dataset)
	}
	if err != nil {
		return lang.Value{}, hcl.Diagnostics{{
			Severity: hcl.DiagError,
			Summary:  "No name for the dataset",
			Detail:   fmt.Sprintf("The dataset cannot be named after its directory: %s. Give it a name:\n  sow {\n    dataset = \"…\"\n  }", err),
		}}
	}
	return lang.String(l.cfg.Dataset), nil
}

func (l *loader) datasetOf(attr *hcl.Attribute, scope *lang.Scope) (lang.Value, hcl.Diagnostics) {
	d := decoder{scope: scope, attrs: hcl.Attributes{attr.Name: attr}}
	name := d.publicText(attr.Name)
	v, ok := d.value(attr.Name)
	if ok && len(d.diags) == 0 {
		d.checked(attr.Name, checkDataset(name))
	}
	if len(d.diags) > 0 || !v.Known() {
		return lang.Value{}, d.diags
	}
	if v.Null() {
		return l.datasetOfDir()
	}
	l.cfg.Dataset = name
	return lang.String(name), nil
}

// maxDataset keeps the tag that names the dataset, "sow:" and its name, within
// the 100 characters of a tag.
const maxDataset = 96

func checkDataset(name string) error {
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		return errors.New("a dataset needs a name")
	case n > maxDataset:
		return fmt.Errorf("the name of a dataset has at most %d characters, because it is sent as a tag, and this has %d", maxDataset, n)
	case name == "/" || name == ".":
		return fmt.Errorf("%q is no name for a dataset", name)
	}
	for _, r := range name {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("the name of a dataset has printable characters only, and this has %U", r)
		}
	}
	return nil
}

// evalSow evaluates the rest of the sow block.
func (l *loader) evalSow(scope *lang.Scope) {
	if l.sow == nil {
		return
	}
	content, _ := l.sow.Body.Content(sowSchema()) // its diagnostics were reported by addDataset
	d := decoder{scope: scope, attrs: content.Attributes}
	if constraint := d.publicText("required_version"); constraint != "" {
		d.checked("required_version", checkVersion(constraint, l.opts.Version))
	}
	l.cfg.AllowedApps = d.texts("allowed_apps")
	for _, pattern := range l.cfg.AllowedApps {
		_, err := filepath.Match(pattern, "")
		if err != nil || pattern == "" {
			d.fail("allowed_apps", fmt.Errorf("%q is no pattern for an app id: * stands for any characters, ? for one, [ab] for one of those listed", pattern))
		}
	}
	if anchor := d.time("anchor"); anchor != nil {
		if anchor.Base != Epoch {
			d.fail("anchor", errors.New("the anchor is what other times are relative to, so it is a full time itself, such as \"2026-01-05T09:00:00Z\""))
		}
		l.cfg.Anchor = &anchor.Seconds
	}
	l.report(d.diags...)
}

func checkVersion(constraint, running string) error {
	constraints, err := version.NewConstraint(constraint)
	if err != nil {
		return fmt.Errorf("%q is no version constraint: want one or several of =, !=, >, >=, <, <=, ~> with a version, separated by commas, such as \">= 0.1, < 2.0\"", constraint)
	}
	if running == "" {
		return nil
	}
	v, err := version.NewVersion(running)
	if err != nil {
		return nil // a development build has no version that could be too old
	}
	if !constraints.Check(v.Core()) {
		return fmt.Errorf("this configuration asks for sow %s, and this is sow %s. Use another version of sow, or change the constraint", constraint, running)
	}
	return nil
}

// evalApp evaluates the cometchat block.
func (l *loader) evalApp(scope *lang.Scope) {
	if l.app == nil {
		return
	}
	content, diags := contentOf(l.app.Body, appSchema())
	l.report(diags...)
	d := decoder{scope: scope, attrs: content.Attributes}
	app := &l.cfg.App
	app.Range = l.app.DefRange
	app.AppID = d.publicText("app_id")
	app.Region = d.oneOf("region", "us", "eu", "in")
	app.Endpoint = d.publicText("endpoint")
	if app.Endpoint != "" {
		d.checked("endpoint", checkEndpoint(app.Endpoint))
	}
	app.Plan = d.oneOf("plan", "free", "standard")
	l.report(d.diags...)
	for i, block := range content.Blocks {
		if i > 0 {
			l.report(errorAt(block.DefRange, "Block declared twice",
				"There is one %q block, and it stands at %s.", block.Type, place(content.Blocks[0].DefRange)))
			break
		}
		l.evalRate(block, scope)
	}
}

func (l *loader) evalRate(b *hcl.Block, scope *lang.Scope) {
	content, diags := contentOf(b.Body, rateSchema())
	l.report(diags...)
	d := decoder{scope: scope, attrs: content.Attributes}
	l.cfg.App.Rate = Rate{
		RequestsPerMinute:        d.positive("requests_per_minute"),
		MessagesPerUserPerMinute: d.positive("messages_per_user_per_minute"),
	}
	l.report(d.diags...)
}

// positive is a whole number from 1 on, or 0 when it is not declared.
func (d *decoder) positive(name string) int {
	v, ok := d.value(name)
	if !ok {
		return 0
	}
	n, err := v.Int()
	if err == nil && (n < 1 || n > 1<<30) {
		err = errors.New("a whole number from 1 on is required here")
	}
	if !d.checked(name, err) {
		return 0
	}
	return int(n)
}

// checkEndpoint checks the address of an app that is not at CometChat's own:
// scheme, host and port.
func checkEndpoint(endpoint string) error {
	const form = `write it as in "https://chat.example.com" or "http://127.0.0.1:8080"`
	u, err := url.Parse(endpoint)
	switch {
	case err != nil || u.Scheme == "" || u.Hostname() == "":
		return fmt.Errorf("%q is no address of an app: %s", endpoint, form)
	case u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("%q begins with %q: %s", endpoint, u.Scheme, form)
	case u.User != nil:
		return fmt.Errorf("the address holds a user or password. The key is given apart, in COMETCHAT_API_KEY: %s", form)
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("%q goes on after the host. sow adds the path itself: %s", endpoint, form)
	}
	return nil
}
