package lang

import (
	"errors"
	"fmt"
	"math/big"
	"sort"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// mark is the type of the marks that values of this language carry.
type mark string

// Sensitive marks a cty value that must be neither shown nor stored.
const Sensitive mark = "sensitive"

// Value is what an expression came to. The zero Value is unknown. Values are
// immutable and may be used concurrently.
type Value struct{ v cty.Value }

// String returns s as a value.
func String(s string) Value { return Value{cty.StringVal(s)} }

// Int returns n as a value.
func Int(n int) Value { return Value{cty.NumberIntVal(int64(n))} }

// Object returns an object with those attributes.
func Object(attrs map[string]Value) Value {
	vals := make(map[string]cty.Value, len(attrs))
	for name, attr := range attrs {
		vals[name] = attr.cty()
	}
	return Value{cty.ObjectVal(vals)}
}

// Tuple returns the elements as one value.
func Tuple(elems []Value) Value {
	vals := make([]cty.Value, len(elems))
	for i, elem := range elems {
		vals[i] = elem.cty()
	}
	return Value{cty.TupleVal(vals)}
}

// Strings returns a list of strings.
func Strings(elems []string) Value {
	if len(elems) == 0 {
		return Value{cty.ListValEmpty(cty.String)}
	}
	vals := make([]cty.Value, len(elems))
	for i, elem := range elems {
		vals[i] = cty.StringVal(elem)
	}
	return Value{cty.ListVal(vals)}
}

// Null returns the value of an attribute that is not declared.
func Null() Value { return Value{cty.NullVal(cty.DynamicPseudoType)} }

// NullString returns the value of a string that is not declared.
func NullString() Value { return Value{cty.NullVal(cty.String)} }

func (v Value) cty() cty.Value {
	if v.v == cty.NilVal {
		return cty.DynamicVal
	}
	return v.v
}

// bare is the value without any marks.
func (v Value) bare() cty.Value {
	c := v.cty()
	if v.Sensitive() {
		c, _ = c.UnmarkDeep()
	}
	return c
}

// AsSensitive returns v, to be neither shown nor stored.
func (v Value) AsSensitive() Value { return Value{v.cty().Mark(Sensitive)} }

// Sensitive reports whether v or a part of it must be neither shown nor
// stored.
func (v Value) Sensitive() bool {
	c := v.cty()
	return c.IsMarked() || !c.Type().IsPrimitiveType() && c.ContainsMarked()
}

// Known reports whether v and all its parts are known. What is not known had a
// mistake that was reported already.
func (v Value) Known() bool {
	c := v.bare()
	return c.IsKnown() && (c.Type().IsPrimitiveType() || c.IsWhollyKnown())
}

// Null reports whether v is null, which means the same as not declared.
func (v Value) Null() bool { return v.cty().IsNull() }

// ErrUnknown is returned by the decoders for values that had a mistake, which
// was reported already.

var ErrUnknown = errors.New("the value is not known because of another mistake")

// to converts v to a type.
func (v Value) to(want cty.Type, name string) (cty.Value, error) {
	c := v.bare()
	switch {
	case !c.IsWhollyKnown():
		return c, ErrUnknown
	case c.IsNull():
		return c, fmt.Errorf("%s is required here, not null", name)
	}
	c, err := convert.Convert(c, want)
	if err != nil {
		return c, fmt.Errorf("%s is required here, not %s", name, Describe(v))
	}
	return c, nil
}

// Describe says what sort of value v is, with its article, for an error's text.
func Describe(v Value) string {
	c := v.bare()
	if c.IsNull() {
		return "null"
	}
	switch name := c.Type().FriendlyName(); name[0] {
	case 'a', 'e', 'i', 'o', 'u':
		return "an " + name
	default:
		return "a " + name
	}
}

// Text returns v as a string; numbers and booleans are converted.
func (v Value) Text() (string, error) {
	c, err := v.to(cty.String, "a string")
	if err != nil {
		return "", err
	}
	return c.AsString(), nil
}

// Bool returns v as a boolean; "true" and "false" are converted.
func (v Value) Bool() (bool, error) {
	c, err := v.to(cty.Bool, "true or false")
	if err != nil {
		return false, err
	}
	return c.True(), nil
}

// Int returns v as a whole number; strings that hold one are converted.
func (v Value) Int() (int64, error) {
	c, err := v.to(cty.Number, "a whole number")
	if err != nil {
		return 0, err
	}
	n, accuracy := c.AsBigFloat().Int64()
	if accuracy != big.Exact {
		return 0, errors.New("a whole number is required here")
	}
	return n, nil
}

// Texts returns v as a list of strings. Lists, tuples and sets are accepted;
// a set comes sorted.
func (v Value) Texts() ([]string, error) {
	elems, err := v.List()
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(elems))
	for i, elem := range elems {
		text, err := elem.Text()
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
		texts[i] = text
	}
	return texts, nil
}

// List returns the elements of a list, tuple or set.
func (v Value) List() ([]Value, error) {
	c := v.bare()
	switch {
	case !c.IsKnown():
		return nil, ErrUnknown
	case c.IsNull():
		return nil, errors.New("a list is required here, not null")
	case !c.Type().IsListType() && !c.Type().IsTupleType() && !c.Type().IsSetType():
		return nil, fmt.Errorf("a list is required here, not %s", Describe(v))
	}
	// Sets forget the marks of their elements, so the list's own mark is what
	// an element inherits.
	c, marks := v.cty().Unmark()
	elems := make([]Value, 0, c.LengthInt())
	for it := c.ElementIterator(); it.Next(); {
		_, elem := it.Element()
		elems = append(elems, Value{elem.WithMarks(marks)})
	}
	return elems, nil
}

// Entry is one attribute of an object, or one element of a map.
type Entry struct {
	Key   string
	Value Value
}

// Entries returns the attributes of an object or the elements of a map, sorted
// by key.
func (v Value) Entries() ([]Entry, error) {
	c, marks := v.cty().Unmark()
	switch {
	case !c.IsKnown():
		return nil, ErrUnknown
	case c.IsNull():
		return nil, errors.New("an object is required here, not null")
	case !c.Type().IsObjectType() && !c.Type().IsMapType():
		return nil, fmt.Errorf("an object is required here, not %s", Describe(v))
	}
	entries := make([]Entry, 0, c.LengthInt())
	for it := c.ElementIterator(); it.Next(); {
		key, elem := it.Element()
		entries = append(entries, Entry{Key: key.AsString(), Value: Value{elem.WithMarks(marks)}})
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].Key < entries[j].Key })
	return entries, nil
}

// Attr returns the attribute of an object or the element of a map with that
// name.
func (v Value) Attr(name string) (Value, bool) {
	c, marks := v.cty().Unmark()
	switch {
	case !c.IsKnown() || c.IsNull():
		return Value{}, false
	case c.Type().IsObjectType():
		if !c.Type().HasAttribute(name) {
			return Value{}, false
		}
		return Value{c.GetAttr(name).WithMarks(marks)}, true
	case c.Type().IsMapType():
		key := cty.StringVal(name)
		if c.HasIndex(key).False() {
			return Value{}, false
		}
		return Value{c.Index(key).WithMarks(marks)}, true
	}
	return Value{}, false
}
