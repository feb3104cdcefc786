package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/config/lang"
)

// decoder reads the attributes of one block in one scope, and gathers what is
// wrong with them. Its methods return zero values for attributes that are not
// declared, are null, or have a mistake.
type decoder struct {
	scope     *lang.Scope
	attrs     hcl.Attributes
	diags     hcl.Diagnostics
	sensitive []string
	cache     map[string]lang.Value
	// doubtful is set when an attribute is not known because of a mistake that
	// was made, and reported, elsewhere.
	doubtful bool
	// wrong are the names of attributes that have a mistake or are not known.
	wrong []string
}

// mistaken notes that an attribute has no value to be held against anything.
func (d *decoder) mistaken(name string) {
	if !slices.Contains(d.wrong, name) {
		d.wrong = append(d.wrong, name)
	}
}

// value evaluates an attribute. It is not ok when the attribute is not
// declared, is null, or had a mistake, which is reported.
func (d *decoder) value(name string) (v lang.Value, ok bool) {
	attr := d.attrs[name]
	if attr == nil {
		return lang.Value{}, false
	}
	v, seen := d.cache[name]
	if !seen {
		var diags hcl.Diagnostics
		v, diags = d.scope.Eval(attr.Expr)
		d.diags = append(d.diags, diags...)
		if d.cache == nil {
			d.cache = map[string]lang.Value{}
		}
		d.cache[name] = v
		if v.Sensitive() {
			d.hide(name)
		}
	}
	if !v.Known() {
		d.doubtful = true
		d.mistaken(name)
		return v, false
	}
	return v, !v.Null()
}

// hide keeps the value of an attribute out of diagnostics, plans and state.
func (d *decoder) hide(name string) {
	if !slices.Contains(d.sensitive, name) {
		d.sensitive = append(d.sensitive, name)
	}
}

// raw returns the value of an attribute for others to refer to: null when it
// is not declared, unknown when it has a mistake.
func (d *decoder) raw(name string, absent lang.Value) lang.Value {
	if d.attrs[name] == nil {
		return absent
	}
	v, _ := d.value(name)
	return v
}

// fail reports what is wrong with an attribute's value.
func (d *decoder) fail(name string, err error) {
	d.failAt(d.at(name), name, err)
}

// failAt is fail for a part of the attribute's value. A [Warning] is reported
// as one.
func (d *decoder) failAt(at hcl.Range, name string, err error) {
	if slices.Contains(d.sensitive, name) {
		err = errSensitive
	}
	d.mistaken(name)
	d.diags = append(d.diags, invalidValue(at, name, err))
}

// invalidValue reports what a check says of an argument's value.
func invalidValue(at hcl.Range, name string, err error) *hcl.Diagnostic {
	var warning *Warning
	if errors.As(err, &warning) {
		return warningAt(at, "Value may not work as meant", "%q: %s", name, sentence(err))
	}
	return errorAt(at, "Invalid value", "%q: %s", name, sentence(err))
}

// at is the place of an attribute's value.
func (d *decoder) at(name string) hcl.Range { return d.attrs[name].Expr.Range() }

func (d *decoder) text(name string) string {
	v, ok := d.value(name)
	if !ok {
		return ""
	}
	s, err := v.Text()
	if err != nil {
		d.fail(name, err)
	}
	return s
}

// refuse reports a sensitive value where it would be shown. Afterwards it is
// unknown, so that nothing follows from it.
func (d *decoder) refuse(name string) {
	d.diags = append(d.diags, errorAt(d.at(name), "Sensitive value in public",
		"The value of %q is sensitive, but plans and the state show it. Use nonsensitive() if it is no secret.", name))
	d.cache[name] = lang.Value{}
	d.mistaken(name)
}

// publicText is text for attributes that are shown and stored as they are.
func (d *decoder) publicText(name string) string {
	v, ok := d.value(name)
	if !ok {
		return ""
	}
	if v.Sensitive() {
		d.refuse(name)
		return ""
	}
	return d.text(name)
}

func (d *decoder) bool(name string) bool {
	v, ok := d.value(name)
	if !ok {
		return false
	}
	b, err := v.Bool()
	if err != nil {
		d.fail(name, err)
	}
	return b
}

func (d *decoder) texts(name string) []string {
	v, ok := d.value(name)
	if !ok {
		return nil
	}
	texts, err := v.Texts()
	if err != nil {
		d.fail(name, err)
	}
	return texts
}

func (d *decoder) object(name string) json.RawMessage {
	v, ok := d.value(name)
	if !ok {
		return nil
	}
	text, err := v.ObjectJSON()
	if err != nil {
		d.fail(name, err)
	}
	return text
}

// reference evaluates an argument that refers to an object, which find returns.
// Nothing but the object's id has to be known of it, or public.
func reference[T any](d *decoder, name string, find func(lang.Value) (*T, error)) *T {
	attr := d.attrs[name]
	if attr == nil {
		return nil
	}
	v, diags := d.scope.Eval(attr.Expr)
	d.diags = append(d.diags, diags...)
	if v.Null() {
		return nil
	}
	object, err := find(v)
	if d.checked(name, err) && object == nil {
		d.doubtful = true
	}
	return object
}

// oneOf is text that has to be one of a few words.
func (d *decoder) oneOf(name string, words ...string) string {
	s := d.text(name)
	if _, ok := d.value(name); !ok || slices.Contains(words, s) {
		return s
	}
	d.fail(name, fmt.Errorf("%q is not one of %s.%s", s, list(words), lang.Suggest(s, words)))
	return ""
}

// checked reports the error of a check, and returns whether there was none.
func (d *decoder) checked(name string, err error) bool {
	if err != nil {
		d.fail(name, err)
	}
	return err == nil
}

// sentence returns an error's text as a diagnostic writes it.
func sentence(err error) string {
	s := err.Error()
	if !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, "?") {
		s += "."
	}
	return s
}

// list writes words as people do: a, b and c.
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// time is an instant; see [ParseTime].
func (d *decoder) time(name string) *Time {
	if d.attrs[name] == nil {
		return nil
	}
	text := d.publicText(name)
	if _, ok := d.value(name); !ok {
		return nil
	}
	t, err := ParseTime(text)
	if !d.checked(name, err) {
		return nil
	}
	return &t
}

// duration is a length of time in seconds; see [ParseDuration].
func (d *decoder) duration(name string) *int64 {
	if d.attrs[name] == nil {
		return nil
	}
	text := d.publicText(name)
	if _, ok := d.value(name); !ok {
		return nil
	}
	seconds, err := ParseDuration(text)
	if !d.checked(name, err) {
		return nil
	}
	return &seconds
}

// publicTexts is texts for attributes that are shown and stored as they are.
func (d *decoder) publicTexts(name string) []string {
	if v, ok := d.value(name); ok && v.Sensitive() {
		d.refuse(name)
		return nil
	}
	return d.texts(name)
}
