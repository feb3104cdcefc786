package emulator

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// value is a JSON value as it was written, without blanks around it. It points
// into the body that it was read from. A nil value is one that is missing.
//
// Bodies are checked once, by [parseJSON]; the walks below rely on it.
type value []byte

// parseJSON returns the one value in b, or nil when b is no JSON or no UTF-8.
func parseJSON(b []byte) value {
	if !utf8.Valid(b) || !json.Valid(b) {
		return nil
	}
	return value(bytes.TrimSpace(b))
}

// missing reports whether the value is absent or null.
func (v value) missing() bool { return len(v) == 0 || v[0] == 'n' }

func (v value) isObject() bool { return len(v) > 0 && v[0] == '{' }
func (v value) isArray() bool  { return len(v) > 0 && v[0] == '[' }
func (v value) isString() bool { return len(v) > 0 && v[0] == '"' }

// text returns the content of a string, or "" for anything else.
func (v value) text() string {
	if !v.isString() {
		return ""
	}
	if bytes.IndexByte(v, '\\') < 0 {
		return string(v[1 : len(v)-1])
	}
	var s string
	if json.Unmarshal(v, &s) != nil {
		return ""
	}
	return s
}

// integer returns the value of a number without a fraction; ok is false for
// anything else.
func (v value) integer() (n int64, ok bool) {
	n, err := strconv.ParseInt(string(v), 10, 64)
	return n, err == nil
}

// boolean returns the value of true or false; ok is false for anything else.
func (v value) boolean() (b, ok bool) {
	switch string(v) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	return false, false
}

// texts returns the strings of an array; ok is false when it is no array or
// holds anything else.
func (v value) texts() (list []string, ok bool) {
	if !v.isArray() {
		return nil, false
	}
	ok = true
	v.items(func(item value) {
		ok = ok && item.isString()
		list = append(list, item.text())
	})
	return list, ok
}

// fields calls f for every member of an object, in order.
func (v value) fields(f func(name string, field value)) {
	if !v.isObject() {
		return
	}
	for i := 1; ; {
		i = skipBlanks(v, i)
		if v[i] == '}' {
			return
		}
		if v[i] == ',' {
			i = skipBlanks(v, i+1)
		}
		end := skipValue(v, i)
		name := nameOf(v[i:end])
		i = skipBlanks(v, skipBlanks(v, end)+1) // past the colon
		end = skipValue(v, i)
		f(name, v[i:end])
		i = end
	}
}

// nameOf returns the name of a member, without a copy for those that are seen
// all the time.
func nameOf(quoted value) string {
	if name, ok := usualNames[string(quoted[1:len(quoted)-1])]; ok {
		return name
	}
	return quoted.text()
}

// usualNames is never written to.
var usualNames = func() map[string]string {
	names := make(map[string]string)
	for _, name := range []string{
		"category", "type", "data", "sender", "receiver", "receiverType", "muid", "tags", "sentAt", "text", "metadata", "customData",
		"attachments", "url", "name", "mimeType", "extension", "size", "senderUserDetails", "receiverUserDetails", "receiverGroupDetails",
		"uid", "guid", "avatar", "link", "role", "createdAt", "message", "user", "group", "member", "id", "conversation", "parent",
		"updatedAt", "editedAt", "editedBy", "deletedAt", "deletedBy", "storedAt", "lag", "held", "moderatedAt", "bad", "reactions",
	} {
		names[name] = name
	}
	return names
}()

// items calls f for every element of an array, in order.
func (v value) items(f func(item value)) {
	if !v.isArray() {
		return
	}
	for i := 1; ; {
		i = skipBlanks(v, i)
		if v[i] == ']' {
			return
		}
		if v[i] == ',' {
			i = skipBlanks(v, i+1)
		}
		end := skipValue(v, i)
		f(v[i:end])
		i = end
	}
}

// first returns the first element of an array, or nil.
func (v value) first() value {
	var first value
	v.items(func(item value) {
		if first == nil {
			first = item
		}
	})
	return first
}

// field returns the last member of an object with that name, or nil.
func (v value) field(name string) value {
	var found value
	v.fields(func(n string, field value) {
		if n == name {
			found = field
		}
	})
	return found
}

func skipBlanks(v value, i int) int {
	for v[i] == ' ' || v[i] == '\t' || v[i] == '\n' || v[i] == '\r' {
		i++
	}
	return i
}

// skipValue returns the index after the value that begins at i.
func skipValue(v value, i int) int {
	switch v[i] {
	case '"':
		return skipString(v, i)
	case '{', '[':
		for depth := 0; ; i++ {
			switch v[i] {
			case '"':
				i = skipString(v, i) - 1
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
		}
	}
	for ; i < len(v); i++ {
		switch v[i] {
		case ',', ']', '}', ' ', '\t', '\r', '\n':
			return i
		}
	}
	return i
}

func skipString(v value, i int) int {
	for i++; v[i] != '"'; i++ {
		if v[i] == '\\' {
			i++
		}
	}
	return i + 1
}
