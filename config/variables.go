package config

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/json"

	"github.com/sowdev/sow/config/lang"
)

// envPrefix begins the names of environment variables that give values.
const envPrefix = "SOW_VAR_"

// variable is a declared input variable.
type variable struct {
	name       string
	constraint lang.Constraint
	fallback   *lang.Value // the default; nil when there is none
	sensitive  bool
	nullable   bool
	rules      []rule
	declared   hcl.Range
	value      lang.Value // unknown until it is set, and when it has a mistake
}

// rule is a validation block.
type rule struct {
	attrs hcl.Attributes
	at    hcl.Range
	// late is set when the rule refers to more than variables, so that it can be
	// held against only when all that has its value.
	late bool
}

// given is a value for a variable, from one of the places that can give one.
type given struct {
	text  string     // from the environment or --var
	value lang.Value // from a file
	inHCL bool       // which of the two
	from  string     // the place, for diagnostics
	at    *hcl.Range // the place in a file
}

// addVariable takes in a variable block. What it says must not depend on
// anything, so it is evaluated at once.
func (l *loader) addVariable(b *hcl.Block) {
	content, diags := contentOf(b.Body, variableSchema())
	l.report(diags...)
	d := decoder{scope: l.constants, attrs: content.Attributes}
	v := &variable{
		name:       b.Labels[0],
		constraint: lang.AnyType(),
		sensitive:  d.bool("sensitive"),
		nullable:   true,
		declared:   b.DefRange,
	}
	d.publicText("description")
	if d.attrs["nullable"] != nil {
		v.nullable = d.bool("nullable")
	}
	if attr := content.Attributes["type"]; attr != nil {
		constraint, typeDiags := lang.ParseConstraint(attr.Expr)
		d.diags = append(d.diags, typeDiags...)
		if !typeDiags.HasErrors() {
			v.constraint = constraint
		}
	}
	if attr := content.Attributes["default"]; attr != nil {
		v.fallback = d.defaultOf(v, attr)
	}
	for _, block := range content.Blocks {
		l.addRule(v, block)
	}
	l.report(d.diags...)
	l.variables = append(l.variables, v)
	l.graph.Add(lang.Node{Root: "var", Name: v.name, Range: v.declared,
		Eval: func(*lang.Scope) (lang.Value, hcl.Diagnostics) { return v.value, nil },
	})
}

// addRule takes in a validation block of a variable.
func (l *loader) addRule(v *variable, b *hcl.Block) {
	content, diags := contentOf(b.Body, validationSchema())
	l.report(diags...)
	if diags.HasErrors() {
		return
	}
	r := rule{attrs: content.Attributes, at: b.DefRange}
	for _, attr := range r.attrs {
		for _, reference := range attr.Expr.Variables() {
			r.late = r.late || reference.RootName() != "var"
		}
	}
	v.rules = append(v.rules, r)
}

// defaultOf evaluates a variable's default.
func (d *decoder) defaultOf(v *variable, attr *hcl.Attribute) *lang.Value {
	val, diags := d.scope.Eval(attr.Expr)
	d.diags = append(d.diags, diags...)
	if val.Known() {
		if val.Null() && !v.nullable {
			d.fail("default", errors.New("the variable is not nullable, so its default cannot be null. Remove the default, or nullable = false"))
			return &lang.Value{}
		}
		converted, err := v.constraint.Convert(val)
		if err != nil {
			d.fail("default", fmt.Errorf("this default does not have the variable's type: %w", err))
		}
		val = converted
	}
	return &val
}

// setVariables gives the variables their values, and holds them against their
// validation rules.
func (l *loader) setVariables(found listing) {
	values := map[string]given{}
	l.fromEnviron(values)
	for _, name := range slices.Concat(found.vars, found.autoVars) {
		l.fromFile(values, filepath.Join(l.dir, name), name)
	}
	for _, v := range l.opts.Vars {
		l.fromFlag(values, v)
	}
	for _, v := range l.variables {
		l.setVariable(v, values)
	}
	l.validate()
}

func (l *loader) fromEnviron(values map[string]given) {
	for _, entry := range l.opts.Environ {
		rest, ok := strings.CutPrefix(entry, envPrefix)
		if !ok {
			continue
		}
		name, text, _ := strings.Cut(rest, "=")
		// Others' variables may begin alike, and an environment outlives
		// configurations, so undeclared ones are no mistake.
		values[name] = given{text: text, from: "the environment variable " + envPrefix + name}
	}
}

func (l *loader) fromFlag(values map[string]given, v Var) {
	if v.File != "" {
		l.fromFile(values, v.File, nameIn(l.dir, v.File))
		return
	}
	if l.variable(v.Name) == nil {
		l.report(&hcl.Diagnostic{
			Severity: hcl.DiagError,
			Summary:  "Value for an undeclared variable",
			Detail: fmt.Sprintf("--var gives a value to %q, and the configuration declares no such variable.%s",
				v.Name, lang.Suggest(v.Name, l.variableNames())),
		})
		return
	}
	values[v.Name] = given{text: v.Value, from: "--var"}
}

func (l *loader) variable(name string) *variable {
	for _, v := range l.variables {
		if v.name == name {
			return v
		}
	}
	return nil
}

func (l *loader) variableNames() []string {
	names := make([]string, len(l.variables))
	for i, v := range l.variables {
		names[i] = v.name
	}
	return names
}

// fromFile reads a file of values. It is not quoted when secrets may stand in
// it.
func (l *loader) fromFile(values map[string]given, path, name string) {
	quoted := l.cfg.sources
	if slices.ContainsFunc(l.variables, func(v *variable) bool { return v.sensitive }) {
		quoted = &sources{}
	}
	file, diag := readSource(path, name, maxWhole, quoted)
	if diag == nil {
		diag = tooDeepToParse(file)
	}
	if diag != nil {
		l.report(diag)
		l.lackValues = true
		return
	}
	var parsed *hcl.File
	var diags hcl.Diagnostics
	eval := l.constants.Eval
	if strings.HasSuffix(name, ".json") {
		parsed, diags = json.Parse(withoutMark(file.text), name)
		eval = lang.Literal // as in Terraform: ${ begins nothing in it
	} else {
		parsed, diags = hclsyntax.ParseConfig([]byte(file.text), name, hcl.InitialPos)
	}
	l.report(diags...)
	if diags.HasErrors() {
		l.lackValues = true
		return
	}
	attrs, diags := parsed.Body.JustAttributes()
	l.report(diags...)
	for _, attr := range inOrder(attrs) {
		declared := l.variable(attr.Name)
		if declared == nil {
			l.report(warningAt(attr.NameRange, "Value for an undeclared variable",
				"The configuration declares no variable named %q, so this value is not used.%s",
				attr.Name, lang.Suggest(attr.Name, l.variableNames())))
			continue
		}
		v, diags := eval(attr.Expr)
		at := attr.Expr.Range()
		g := given{value: v, inHCL: true, from: name, at: &at}
		if diags.HasErrors() && declared.sensitive {
			l.badVariable(declared, g, nil)
			diags = nil
		}
		l.report(diags...)
		values[attr.Name] = g
	}
}

// setVariable gives one variable its value.
func (l *loader) setVariable(v *variable, values map[string]given) {
	g, ok := values[v.name]
	val := g.value
	switch {
	case !ok && v.fallback == nil && l.lackValues:
		return
	case !ok && v.fallback == nil:
		l.report(errorAt(v.declared, "No value for a variable",
			"The variable %q has no default, so it needs a value. Give one in any of these ways:\n  sow … --var '%s=…'\n  %s = … in %s\n  export %s%s=…",
			v.name, v.name, v.name, varsFile, envPrefix, v.name))
		return
	case !ok:
		v.value = *v.fallback
		if v.sensitive {
			v.value = v.value.AsSensitive()
		}
		return
	case !g.inHCL && deep(g.text):
		l.badVariable(v, g, errors.New("it is nested too deeply"))
		return
	case !g.inHCL:
		var err error
		if val, err = v.constraint.ParseText(g.text); err != nil {
			l.badVariable(v, g, err)
			return
		}
	}
	if v.sensitive {
		val = val.AsSensitive()
	}
	if !val.Known() {
		return
	}
	if val.Null() && !v.nullable {
		if v.fallback == nil {
			l.badVariable(v, g, errors.New("the variable is not nullable, and has no default that could stand in for null"))
			return
		}
		val = *v.fallback
	}
	converted, err := v.constraint.Convert(val)
	if err != nil {
		l.badVariable(v, g, err)
		return
	}
	v.value = converted
}

// badVariable reports a value that a variable cannot have. Values of sensitive
// variables are not quoted.
func (l *loader) badVariable(v *variable, g given, err error) {
	at := v.declared
	if g.at != nil {
		at = *g.at
	}
	why := "what is wrong with it is left out because it could show a sensitive value."
	if !v.sensitive {
		why = sentence(err)
	}
	l.report(errorAt(at, "Invalid value for a variable", "The value for %q, given by %s, cannot be used: %s", v.name, g.from, why))
}

// validate holds the variables against the rules that refer to variables only.
// A variable that breaks one becomes unknown, so that nothing follows from the
// mistake.
func (l *loader) validate() {
	attrs := make(map[string]lang.Value, len(l.variables))
	for _, v := range l.variables {
		attrs[v.name] = v.value
	}
	scope := l.constants.With(map[string]lang.Value{"var": lang.Object(attrs)})
	for _, v := range l.variables {
		l.validateVariable(v, scope, false)
	}
}

// validateLate holds the variables against the other rules.
func (l *loader) validateLate(scope *lang.Scope) {
	for _, v := range l.variables {
		l.validateVariable(v, scope, true)
	}
}

func (l *loader) validateVariable(v *variable, scope *lang.Scope, late bool) {
	if !v.value.Known() {
		return
	}
	for _, r := range v.rules {
		if r.late == late && !l.holds(v, r, scope) {
			v.value = lang.Value{}
		}
	}
}

// holds reports whether a variable meets a rule.
func (l *loader) holds(v *variable, r rule, scope *lang.Scope) bool {
	d := decoder{scope: scope, attrs: r.attrs}
	condition, ok := d.value("condition")
	if !ok {
		if condition.Known() && condition.Null() {
			d.fail("condition", errors.New("the condition of a rule is true or false, and this is null"))
		}
		l.report(d.diags...)
		return true
	}
	met, err := condition.Bool()
	if err != nil {
		d.fail("condition", err)
		l.report(d.diags...)
		return true
	}
	if met {
		l.report(d.diags...)
		return true
	}
	text := d.text("error_message")
	message, ok := d.value("error_message")
	if ok && message.Sensitive() {
		text = "The rule's error_message is not shown, because it holds a sensitive value."
	}
	l.report(d.diags...)
	l.report(errorAt(v.declared, "Variable breaks its rule",
		"The value of %q does not meet the rule at %s: %s", v.name, place(r.at), text))
	return false
}

// sortedKeys returns the keys of a map, sorted.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
