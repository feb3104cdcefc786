package applier

import (
	"encoding/json"
	"reflect"
	"strings"
)

// fieldsOf reads a JSON object. Anything else has no fields: PHP writes an
// empty object as an empty array.
func fieldsOf(object json.RawMessage) map[string]json.RawMessage {
	var fields map[string]json.RawMessage
	if json.Unmarshal(object, &fields) != nil {
		return nil
	}
	return fields
}

// isPrivate reports whether a field of metadata belongs to the app: reads may
// hide it or add it.
func isPrivate(field string) bool { return strings.HasPrefix(field, "@") }

// covers reports whether every declared field is in remote with the same value.
// The app's own fields are not looked at.
func covers(remote, declared json.RawMessage) bool {
	have := fieldsOf(remote)
	for field, want := range fieldsOf(declared) {
		if !isPrivate(field) && !sameJSON(have[field], want) {
			return false
		}
	}
	return true
}

// lingering lists the fields of before that are not in after, but still in
// remote.
func lingering(remote, before, after json.RawMessage) []string {
	have, keep := fieldsOf(remote), fieldsOf(after)
	var fields []string
	for field := range fieldsOf(before) {
		_, declared := keep[field]
		if _, there := have[field]; there && !declared && !isPrivate(field) {
			fields = append(fields, field)
		}
	}
	return fields
}

// overlay lays the declared fields over the remote ones, without those that
// before declared and declared no longer does.
func overlay(remote, before, declared json.RawMessage) json.RawMessage {
	result := fieldsOf(remote)
	if result == nil {
		result = make(map[string]json.RawMessage)
	}
	for field := range fieldsOf(before) {
		delete(result, field)
	}
	for field, value := range fieldsOf(declared) {
		result[field] = value
	}
	whole, err := json.Marshal(result)
	if err != nil {
		panic(err) // values that were read as JSON
	}
	return whole
}

// sameJSON compares values, not their spelling.
func sameJSON(a, b json.RawMessage) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	if string(a) == string(b) {
		return true
	}
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	return sameValue(x, y)
}

// sameValue is equality, but for an empty object and an empty array, which PHP
// cannot tell apart.
func sameValue(x, y any) bool {
	if isEmpty(x) && isEmpty(y) {
		return true
	}
	switch x := x.(type) {
	case map[string]any:
		y, ok := y.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for field, value := range x {
			other, ok := y[field]
			if !ok || !sameValue(value, other) {
				return false
			}
		}
		return true
	case []any:
		y, ok := y.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !sameValue(x[i], y[i]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(x, y)
}

func isEmpty(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}
