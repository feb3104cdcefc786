// Package addr holds the stable names of the objects that sow seeds.
//
// An address has exactly one textual form, the one people write in HCL and
// read in plans: user.ana, user.agent["sam"], group.room[0],
// conversation.refund.message["hello"]. The values are comparable and work as
// map keys. The package imports nothing of the module, so that every other
// package can speak of objects in the same words.
package addr

import (
	"cmp"
	"strconv"
	"strings"
)

// Kind says what sort of object an address names. Kinds sort in the order in
// which they are written to state and shown: users, groups, conversations.
type Kind uint8

// The kinds of objects. A message has no kind of its own: it is named by
// [Message], inside its conversation.
const (
	User Kind = iota + 1
	Group
	Conversation
)

// String returns the kind as it begins an address.
func (k Kind) String() string {
	switch k {
	case User:
		return "user"
	case Group:
		return "group"
	case Conversation:
		return "conversation"
	}
	return "invalid"
}

// keyKind tells the three forms of an instance key apart.
type keyKind uint8

const (
	noKey keyKind = iota
	intKey
	stringKey
)

// Key is the instance key that for_each (a string) or count (a number) gives
// to an object. The zero Key belongs to an object declared with neither.
type Key struct {
	kind keyKind
	n    int
	s    string
}

// IntKey is the key of the nth instance of a block with count.
func IntKey(n int) Key { return Key{kind: intKey, n: n} }

// StringKey is the key of an instance of a block with for_each.
func StringKey(s string) Key { return Key{kind: stringKey, s: s} }

// IsZero reports whether the object is declared with neither count nor
// for_each.
func (k Key) IsZero() bool { return k.kind == noKey }

// Int returns the key of a counted instance.
func (k Key) Int() (n int, ok bool) { return k.n, k.kind == intKey }

// Text returns the key of a for_each instance.
func (k Key) Text() (s string, ok bool) { return k.s, k.kind == stringKey }

// String returns the key with its brackets, or "" for the zero Key.
func (k Key) String() string {
	switch k.kind {
	case intKey:
		return "[" + strconv.Itoa(k.n) + "]"
	case stringKey:
		return "[" + quote(k.s) + "]"
	}
	return ""
}

// Equal reports whether two keys are the same, as == does: it lets go-cmp, which
// cannot look inside, compare them.
func (k Key) Equal(other Key) bool { return k == other }

// Compare orders keys: none, then numbers by value, then strings by bytes.
func (k Key) Compare(other Key) int {
	return cmp.Or(
		cmp.Compare(k.kind, other.kind),
		cmp.Compare(k.n, other.n),
		strings.Compare(k.s, other.s),
	)
}

// Object is the address of a user, a group or a conversation.
type Object struct {
	Kind Kind
	Name string // the block's label
	Key  Key
}

// String returns the one textual form, which [Parse] reads back.
func (o Object) String() string {
	return o.Kind.String() + "." + o.Name + o.Key.String()
}

// Compare orders addresses by kind, then name, then key.
func (o Object) Compare(other Object) int {
	return cmp.Or(
		cmp.Compare(o.Kind, other.Kind),
		strings.Compare(o.Name, other.Name),
		o.Key.Compare(other.Key),
	)
}

// IsZero reports whether o names nothing.
func (o Object) IsZero() bool { return o.Kind == 0 }

// Message returns the address of the message with that key in the
// conversation o.
func (o Object) Message(key string) Message { return Message{Conversation: o, Key: key} }

// MarshalText writes the textual form, so that addresses are strings in JSON.
// The zero Object, which names nothing, is the empty text.
func (o Object) MarshalText() ([]byte, error) {
	if o.IsZero() {
		return nil, nil
	}
	return []byte(o.String()), nil
}

// UnmarshalText reads what MarshalText wrote.
func (o *Object) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*o = Object{}
		return nil
	}
	parsed, err := ParseObject(string(text))
	if err != nil {
		return err
	}
	*o = parsed
	return nil
}

// Message is the address of a message: its conversation, and its label or the
// key that sow derived from its content ("~" and sixteen hex digits, with
// ".2", ".3" for equal ones). The zero Message names nothing.
type Message struct {
	Conversation Object
	Key          string
}

// String returns the one textual form, which [ParseMessage] reads back.
func (m Message) String() string {
	return m.Conversation.String() + ".message[" + quote(m.Key) + "]"
}

// IsZero reports whether m names nothing.
func (m Message) IsZero() bool { return m == Message{} }

// MarshalText writes the textual form, so that addresses are strings in JSON.
// The zero Message, which names nothing, is the empty text.
func (m Message) MarshalText() ([]byte, error) {
	if m.IsZero() {
		return nil, nil
	}
	return []byte(m.String()), nil
}

// UnmarshalText reads what MarshalText wrote.
func (m *Message) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*m = Message{}
		return nil
	}
	parsed, err := ParseMessage(string(text))
	if err != nil {
		return err
	}
	*m = parsed
	return nil
}
