package lang

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"sort"

	"github.com/zclconf/go-cty/cty"
)

// JSON returns v as JSON: keys sorted, no spaces, numbers in their shortest
// form, no HTML escapes. Equal values give equal bytes.
func (v Value) JSON() (json.RawMessage, error) {
	c := v.bare()
	if !c.IsWhollyKnown() {
		return nil, ErrUnknown
	}
	var b bytes.Buffer
	if err := writeJSON(&b, c); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// ObjectJSON is JSON for values that have to be objects.
func (v Value) ObjectJSON() (json.RawMessage, error) {
	c := v.bare()
	switch {
	case !c.IsWhollyKnown():
		return nil, ErrUnknown
	case c.IsNull():
		return nil, errors.New("an object is required here, not null")
	case !c.Type().IsObjectType() && !c.Type().IsMapType():
		return nil, fmt.Errorf("an object is required here, not %s", Describe(v))
	}
	return v.JSON()
}

func writeJSON(b *bytes.Buffer, c cty.Value) error {
	if c.IsNull() {
		b.WriteString("null")
		return nil
	}
	switch ty := c.Type(); {
	case ty == cty.Bool:
		fmt.Fprintf(b, "%t", c.True())
	case ty == cty.Number:
		return writeNumber(b, c.AsBigFloat())
	case ty == cty.String:
		writeString(b, c.AsString())
	case ty.IsObjectType() || ty.IsMapType():
		return writeObject(b, c)
	case ty.IsListType() || ty.IsTupleType() || ty.IsSetType():
		b.WriteByte('[')
		first := true
		for it := c.ElementIterator(); it.Next(); {
			if !first {
				b.WriteByte(',')
			}
			first = false
			_, elem := it.Element()
			if err := writeJSON(b, elem); err != nil {
				return err
			}
		}
		b.WriteByte(']')
	default:
		return fmt.Errorf("a value of type %s has no form in JSON", ty.FriendlyName())
	}
	return nil
}

func writeObject(b *bytes.Buffer, c cty.Value) error {
	elems := c.AsValueMap()
	keys := make([]string, 0, len(elems))
	for key := range elems {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	b.WriteByte('{')
	for i, key := range keys {
		if i > 0 {
			b.WriteByte(',')
		}
		writeString(b, key)
		b.WriteByte(':')
		if err := writeJSON(b, elems[key]); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

func writeString(b *bytes.Buffer, s string) {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		panic(err) // a string always has a JSON form
	}
	b.Truncate(b.Len() - 1) // the encoder's newline
}

func writeNumber(b *bytes.Buffer, f *big.Float) error {
	if f.IsInf() {
		return errors.New("an infinite number has no form in JSON")
	}
	if f.IsInt() && f.MantExp(nil) <= 64 {
		b.WriteString(f.Text('f', 0))
		return nil
	}
	b.WriteString(f.Text('g', -1))
	return nil
}
