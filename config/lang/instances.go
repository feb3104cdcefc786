package lang

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/zclconf/go-cty/cty"
)

// Instance is one of the objects that a block with for_each or count declares.
type Instance struct {
	Key   string // of for_each
	Index int    // of count, or the position among the keys of for_each
	Value Value  // each.value
}

// ForEach returns the instances that the value of a for_each asks for, sorted
// by key. Keys are public: they become part of addresses.
func ForEach(v Value) ([]Instance, error) {
	c := v.cty()
	if !c.IsKnown() {
		return nil, ErrUnknown
	}
	if c.IsMarked() {
		return nil, errors.New("the value of for_each is sensitive, but its keys would become part of addresses, which are shown. Use nonsensitive() on the keys if they are no secret")
	}
	if c.IsNull() {
		return nil, errors.New("the value of for_each is null. To declare no instances, use an empty map: {}")
	}
	switch ty := c.Type(); {
	case ty.IsObjectType() || ty.IsMapType():
		entries, err := v.Entries()
		if err != nil {
			return nil, err
		}
		instances := make([]Instance, len(entries))
		for i, entry := range entries {
			instances[i] = Instance{Key: entry.Key, Index: i, Value: entry.Value}
		}
		return instances, nil
	case ty.IsSetType() && ty.ElementType() == cty.String:
		return setInstances(v)
	case ty.IsSetType() && c.LengthInt() == 0:
		return nil, nil
	case ty.IsSetType():
		return nil, fmt.Errorf("for_each takes sets of strings, and this is %s", Describe(v))
	case ty.IsListType() || ty.IsTupleType():
		return nil, fmt.Errorf("for_each takes a map, an object or a set of strings, and this is %s, whose elements have no names. If they are strings, and no two are equal, use toset() on it", Describe(v))
	}
	return nil, fmt.Errorf("for_each takes a map, an object or a set of strings, and this is %s", Describe(v))
}

func setInstances(v Value) ([]Instance, error) {
	elems, err := v.List()
	if err != nil {
		return nil, err
	}
	instances := make([]Instance, len(elems))
	for i, elem := range elems {
		if !elem.Known() {
			return nil, ErrUnknown
		}
		if elem.Null() {
			return nil, errors.New("the set of for_each holds null, which is no key")
		}
		key, err := elem.Text()
		if err != nil {
			return nil, err
		}
		instances[i] = Instance{Key: key, Index: i, Value: elem}
	}
	return instances, nil
}

// MaxCount is the largest count.
const MaxCount = 1_000_000

// Count returns the number of instances that the value of a count asks for.
func Count(v Value) (int, error) {
	if v.Sensitive() {
		return 0, errors.New("the value of count is sensitive, but the number of instances is shown")
	}
	if v.Null() {
		return 0, errors.New("the value of count is null. To declare no instances, use 0")
	}
	n, err := v.Int()
	if err != nil {
		return 0, err
	}
	if n < 0 {
		return 0, errors.New("count cannot be negative")
	}
	if n > MaxCount {
		return 0, errors.New("count cannot be above " + strconv.Itoa(MaxCount))
	}
	return int(n), nil
}

// Element is one element of a collection.
type Element struct{ Key, Value Value }

// Each returns the elements that the for_each of a dynamic block goes over: of
// any collection, in order. Lists have their positions as keys, sets their
// values. How many there are is public.
func Each(v Value) ([]Element, error) {
	c := v.cty()
	switch {
	case !c.IsKnown():
		return nil, ErrUnknown
	case c.IsMarked():
		return nil, errors.New("the value is sensitive, but the number of its elements is shown")
	case c.IsNull():
		return nil, errors.New("the value is null. To generate nothing, use an empty list: []")
	case !c.CanIterateElements():
		return nil, fmt.Errorf("a list, a map, an object or a set is required here, not %s", Describe(v))
	}
	elems := make([]Element, 0, c.LengthInt())
	isSet := c.Type().IsSetType()
	for it := c.ElementIterator(); it.Next(); {
		key, value := it.Element()
		if isSet {
			key = value
		}
		elems = append(elems, Element{Value{key}, Value{value}})
	}
	return elems, nil
}

// IsString reports whether v is that string.
func (v Value) IsString(s string) bool {
	text, err := v.Text()
	return err == nil && text == s
}
