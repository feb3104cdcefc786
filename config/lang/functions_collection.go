package lang

import (
	"errors"
	"math/big"
	"slices"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// sequence is the parameter of the functions that take a list, a tuple or a
// set, in which some elements may be unknown.
func sequence(name string) function.Parameter {
	return function.Parameter{Name: name, Type: cty.DynamicPseudoType}
}

func isSequence(ty cty.Type) bool {
	return ty.IsListType() || ty.IsTupleType() || ty.IsSetType()
}

// lengthFunc counts characters as people see them, elements and attributes.
var lengthFunc = function.New(&function.Spec{
	Params: []function.Parameter{{
		Name:             "value",
		Type:             cty.DynamicPseudoType,
		AllowDynamicType: true,
		AllowUnknown:     true,
		AllowMarked:      true,
	}},
	Type: func(args []cty.Value) (cty.Type, error) {
		ty := args[0].Type()
		if ty == cty.String || ty == cty.DynamicPseudoType || ty.IsMapType() || ty.IsObjectType() || isSequence(ty) {
			return cty.Number, nil
		}
		return cty.NilType, errors.New("a collection, an object or a string is needed")
	},
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		value, marks := args[0].Unmark()
		var n cty.Value
		switch ty := value.Type(); {
		case ty == cty.DynamicPseudoType:
			n = cty.UnknownVal(cty.Number)
		case ty.IsObjectType():
			n = cty.NumberIntVal(int64(len(ty.AttributeTypes())))
		case ty == cty.String:
			var err error
			if n, err = stdlib.Strlen(value); err != nil {
				return cty.NilVal, err
			}
		default:
			n = value.Length()
		}
		return n.WithMarks(marks), nil
	},
})

// lookupFunc returns an element of a map or an attribute of an object, or a
// default in its place. The library's demands a default, and one that is not
// null.
var lookupFunc = function.New(&function.Spec{
	Params: []function.Parameter{
		{Name: "inputMap", Type: cty.DynamicPseudoType, AllowMarked: true},
		{Name: "key", Type: cty.String, AllowMarked: true},
	},
	VarParam: &function.Parameter{
		Name:             "default",
		Type:             cty.DynamicPseudoType,
		AllowNull:        true,
		AllowUnknown:     true,
		AllowDynamicType: true,
		AllowMarked:      true,
	},
	Type: func(args []cty.Value) (cty.Type, error) {
		if len(args) > 3 {
			return cty.NilType, errors.New("lookup takes a map, a key and at most one default")
		}
		return lookupType(args[0], args[1], args[2:])
	},
	Impl: func(args []cty.Value, retType cty.Type) (cty.Value, error) {
		m, mapMarks := args[0].Unmark()
		key, keyMarks := args[1].Unmark()
		found := cty.NilVal
		if name := key.AsString(); m.Type().IsObjectType() {
			if m.Type().HasAttribute(name) {
				found = m.GetAttr(name)
			}
		} else if has, _ := m.HasIndex(key).Unmark(); !has.IsKnown() {
			found = cty.UnknownVal(retType)
		} else if has.True() {
			found = m.Index(key)
		}
		switch {
		case found != cty.NilVal:
		case len(args) == 3:
			var err error
			if found, err = convert.Convert(args[2], retType); err != nil {
				return cty.NilVal, function.NewArgError(2, err)
			}
		default:
			return cty.NilVal, function.NewArgErrorf(1, "the map has no element with this key, and there is no default")
		}
		return found.WithMarks(mapMarks, keyMarks), nil
	},
})

// lookupType returns the type of the element of m that key names, or of the
// default, of which there may be none.
func lookupType(m, key cty.Value, fallback []cty.Value) (cty.Type, error) {
	ty := m.Type()
	switch {
	case ty.IsMapType():
		if len(fallback) > 0 {
			if _, err := convert.Convert(fallback[0], ty.ElementType()); err != nil {
				return cty.NilType, function.NewArgErrorf(2, "the default does not have the type of the map's elements")
			}
		}
		return ty.ElementType(), nil
	case !ty.IsObjectType():
		return cty.NilType, function.NewArgErrorf(0, "a map or an object is needed")
	case !key.IsKnown():
		return cty.DynamicPseudoType, nil
	}
	bare, _ := key.Unmark()
	switch name := bare.AsString(); {
	case ty.HasAttribute(name):
		return ty.AttributeType(name), nil
	case len(fallback) > 0:
		return fallback[0].Type(), nil
	}
	return cty.NilType, function.NewArgErrorf(1, "the object has no attribute with this name, and there is no default")
}

// containsFunc is the library's, which takes null for a value that is not known
// yet when null is written out.
var containsFunc = function.New(&function.Spec{
	Params: []function.Parameter{
		sequence("list"),
		{Name: "value", Type: cty.DynamicPseudoType, AllowNull: true, AllowDynamicType: true},
	},
	Type: function.StaticReturnType(cty.Bool),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if args[1].IsNull() {
			return stdlib.Contains(args[0], cty.NullVal(cty.String)) // nulls of all types are equal
		}
		return stdlib.Contains(args[0], args[1])
	},
})

// indexFunc finds where in a list a value is.
var indexFunc = function.New(&function.Spec{
	Params: []function.Parameter{
		sequence("list"),
		{Name: "value", Type: cty.DynamicPseudoType},
	},
	Type: function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if ty := args[0].Type(); !ty.IsListType() && !ty.IsTupleType() {
			return cty.NilVal, function.NewArgErrorf(0, "a list is needed")
		}
		for it := args[0].ElementIterator(); it.Next(); {
			at, elem := it.Element()
			equal, err := stdlib.Equal(elem, args[1])
			if err != nil {
				return cty.NilVal, err
			}
			if !equal.IsKnown() {
				return cty.UnknownVal(cty.Number), nil
			}
			if equal.True() {
				return at, nil
			}
		}
		return cty.NilVal, errors.New("the list has no element with this value")
	},
})

// oneFunc turns a sequence of no or one element into null or the element.
var oneFunc = function.New(&function.Spec{
	Params: []function.Parameter{sequence("list")},
	Type: func(args []cty.Value) (cty.Type, error) {
		ty := args[0].Type()
		switch {
		case ty.IsListType() || ty.IsSetType():
			return ty.ElementType(), nil
		case !ty.IsTupleType():
			return cty.NilType, function.NewArgErrorf(0, "a list, a set or a tuple is needed")
		}
		switch elems := ty.TupleElementTypes(); len(elems) {
		case 0:
			return cty.DynamicPseudoType, nil
		case 1:
			return elems[0], nil
		}
		return cty.NilType, errTooMany
	},
	Impl: func(args []cty.Value, retType cty.Type) (cty.Value, error) {
		switch n := args[0].Length(); {
		case !n.IsKnown():
			return cty.UnknownVal(retType), nil
		case n.RawEquals(cty.Zero):
			return cty.NullVal(retType), nil
		case !n.RawEquals(cty.NumberIntVal(1)):
			return cty.NilVal, errTooMany
		}
		it := args[0].ElementIterator()
		it.Next()
		_, elem := it.Element()
		return elem, nil
	},
})

var errTooMany = function.NewArgErrorf(0, "there is more than one element: no or one is needed")

// sumFunc adds numbers.
var sumFunc = function.New(&function.Spec{
	Params: []function.Parameter{sequence("list")},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if !isSequence(args[0].Type()) {
			return cty.NilVal, function.NewArgErrorf(0, "a list, a set or a tuple of numbers is needed")
		}
		if !args[0].IsWhollyKnown() {
			return cty.UnknownVal(cty.Number), nil
		}
		if args[0].LengthInt() == 0 {
			return cty.NilVal, function.NewArgErrorf(0, "there is nothing to add up")
		}
		total := new(big.Float).SetPrec(512)
		for it := args[0].ElementIterator(); it.Next(); {
			_, elem := it.Element()
			n, err := convert.Convert(elem, cty.Number)
			if err != nil || n.IsNull() {
				return cty.NilVal, function.NewArgErrorf(0, "all elements have to be numbers")
			}
			total.Add(total, n.AsBigFloat())
		}
		return cty.NumberVal(total), nil
	},
})

// allTrueFunc reports whether no element is other than true.
var allTrueFunc = boolsFunc(true)

// anyTrueFunc reports whether at least one element is true.
var anyTrueFunc = boolsFunc(false)

// boolsFunc goes through booleans as long as they equal begin, which is the
// result for none.
func boolsFunc(begin bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "list", Type: cty.List(cty.Bool)}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			unknown := false
			for it := args[0].ElementIterator(); it.Next(); {
				_, elem := it.Element()
				if !elem.IsKnown() {
					unknown = true
					continue
				}
				if is := !elem.IsNull() && elem.True(); is != begin {
					return cty.BoolVal(!begin), nil
				}
			}
			if unknown {
				return cty.UnknownVal(cty.Bool), nil
			}
			return cty.BoolVal(begin), nil
		},
	})
}

// matchKeysFunc takes the values whose key, at the same place in another list,
// is among those searched for.
var matchKeysFunc = function.New(&function.Spec{
	Params: []function.Parameter{
		{Name: "values", Type: cty.List(cty.DynamicPseudoType)},
		{Name: "keys", Type: cty.List(cty.DynamicPseudoType)},
		{Name: "searchset", Type: cty.List(cty.DynamicPseudoType)},
	},
	Type: func(args []cty.Value) (cty.Type, error) {
		if _, unsafe := convert.UnifyUnsafe([]cty.Type{args[1].Type(), args[2].Type()}); unsafe == nil {
			return cty.NilType, errors.New("keys and searchset have to be of the same type")
		}
		return args[0].Type(), nil
	},
	Impl: func(args []cty.Value, retType cty.Type) (cty.Value, error) {
		values, keys := args[0], args[1]
		if values.LengthInt() != keys.LengthInt() {
			return cty.NilVal, errors.New("values and keys have to be of the same length")
		}
		if !keys.IsWhollyKnown() || !args[2].IsWhollyKnown() {
			return cty.UnknownVal(retType), nil
		}
		ty, _ := convert.UnifyUnsafe([]cty.Type{keys.Type(), args[2].Type()})
		keys, err := convert.Convert(keys, ty)
		if err != nil {
			return cty.NilVal, err
		}
		searched, err := convert.Convert(args[2], ty)
		if err != nil {
			return cty.NilVal, err
		}
		var matching []cty.Value
		for it := values.ElementIterator(); it.Next(); {
			at, elem := it.Element()
			if slices.ContainsFunc(searched.AsValueSlice(), keys.Index(at).RawEquals) {
				matching = append(matching, elem)
			}
		}
		if len(matching) == 0 {
			return cty.ListValEmpty(retType.ElementType()), nil
		}
		return cty.ListVal(matching), nil
	},
})

// transposeFunc swaps the keys and the values of a map of lists.
var transposeFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "values", Type: cty.Map(cty.List(cty.String))}},
	Type:   function.StaticReturnType(cty.Map(cty.List(cty.String))),
	Impl: func(args []cty.Value, retType cty.Type) (cty.Value, error) {
		if !args[0].IsWhollyKnown() {
			return cty.UnknownVal(retType), nil
		}
		swapped := map[string][]cty.Value{}
		for it := args[0].ElementIterator(); it.Next(); {
			key, list := it.Element()
			if list.IsNull() {
				return cty.NilVal, function.NewArgErrorf(0, "the lists must not be null")
			}
			for it := list.ElementIterator(); it.Next(); {
				_, elem := it.Element()
				if elem.IsNull() {
					return cty.NilVal, function.NewArgErrorf(0, "the lists must not hold null")
				}
				swapped[elem.AsString()] = append(swapped[elem.AsString()], key)
			}
		}
		if len(swapped) == 0 {
			return cty.MapValEmpty(cty.List(cty.String)), nil
		}
		out := make(map[string]cty.Value, len(swapped))
		for key, list := range swapped {
			out[key] = cty.ListVal(list)
		}
		return cty.MapVal(out), nil
	},
})
