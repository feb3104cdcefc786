package script

import (
	"bytes"
	"encoding/json"
	"errors"
)

// marshal returns v as JSON with sorted keys, without escapes for HTML.
func marshal(v any) json.RawMessage {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // only strings, numbers, booleans, null, lists and objects come here
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

var errNotObject = errors.New("it has to be a JSON object, as in {\"order\": \"A-1042\"}")

// canonicalObject returns a JSON object with its keys sorted, so that equal
// ones are equal bytes. Numbers stay as they are written.
func canonicalObject(raw []byte) (json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, json.Unmarshal(raw, &v) // which has one sort of error for bad syntax
	}
	if dec.More() {
		return nil, json.Unmarshal(raw, &v)
	}
	if _, ok := v.(map[string]any); !ok {
		return nil, errNotObject
	}
	return marshal(v), nil
}
