package addr

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ParseObject reads the textual form of a user's, group's or conversation's
// address. It accepts exactly what [Object.String] writes.
func ParseObject(text string) (Object, error) {
	o, rest, err := cutObject(text)
	if err != nil {
		return Object{}, err
	}
	if rest != "" {
		return Object{}, fmt.Errorf("address %q goes on after %q", text, o.String())
	}
	return o, canonical(text, o.String())
}

// canonical refuses other ways to write an address than the one: what people
// search for must be what they find.
func canonical(text, form string) error {
	if text != form {
		return fmt.Errorf("address %q is written %s", text, form)
	}
	return nil
}

// ParseMessage reads the textual form of a message's address. It accepts
// exactly what [Message.String] writes.
func ParseMessage(text string) (Message, error) {
	o, rest, err := cutObject(text)
	if err != nil {
		return Message{}, err
	}
	rest, ok := strings.CutPrefix(rest, ".message")
	if !ok || o.Kind != Conversation {
		return Message{}, fmt.Errorf("address %q names no message: want conversation.NAME.message[\"KEY\"]", text)
	}
	key, rest, err := cutKey(rest)
	if err != nil {
		return Message{}, fmt.Errorf("address %q: %w", text, err)
	}
	s, ok := key.Text()
	if !ok || s == "" || rest != "" {
		return Message{}, fmt.Errorf("address %q: a message is named by one key in quotes", text)
	}
	m := Message{Conversation: o, Key: s}
	return m, canonical(text, m.String())
}

// cutObject reads an object's address off the front of text.
func cutObject(text string) (o Object, rest string, err error) {
	kind, rest, ok := strings.Cut(text, ".")
	if !ok {
		return Object{}, "", fmt.Errorf("address %q is not of the form user.NAME, group.NAME or conversation.NAME", text)
	}
	for _, k := range []Kind{User, Group, Conversation} {
		if kind == k.String() {
			o.Kind = k
		}
	}
	if o.Kind == 0 {
		return Object{}, "", fmt.Errorf("address %q begins with %q: want user, group or conversation", text, kind)
	}
	end := strings.IndexAny(rest, ".[")
	if end < 0 {
		end = len(rest)
	}
	o.Name, rest = rest[:end], rest[end:]
	if !ValidName(o.Name) {
		return Object{}, "", fmt.Errorf("address %q: %q is no valid name: it begins with a letter or underscore, then letters, digits, - and _", text, o.Name)
	}
	if !strings.HasPrefix(rest, "[") {
		return o, rest, nil
	}
	o.Key, rest, err = cutKey(rest)
	if err != nil {
		return Object{}, "", fmt.Errorf("address %q: %w", text, err)
	}
	return o, rest, nil
}

// cutKey reads an instance key with its brackets off the front of text.
func cutKey(text string) (key Key, rest string, err error) {
	if !strings.HasPrefix(text, "[") {
		return Key{}, "", fmt.Errorf("expected a key in brackets before %q", text)
	}
	if strings.HasPrefix(text, `["`) {
		s, rest, err := unquotePrefix(text[1:])
		if err != nil {
			return Key{}, "", err
		}
		rest, ok := strings.CutPrefix(rest, "]")
		if !ok {
			return Key{}, "", fmt.Errorf("the key %s has no closing bracket", quote(s))
		}
		return StringKey(s), rest, nil
	}
	digits, rest, ok := strings.Cut(text[1:], "]")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil || n < 0 || strconv.Itoa(n) != digits {
		return Key{}, "", fmt.Errorf("%q is no instance key: want a number, or text in quotes", digits)
	}
	return IntKey(n), rest, nil
}

// ValidName reports whether s can be a block's label: a letter or underscore,
// then letters, digits, hyphens and underscores.
func ValidName(s string) bool {
	for i, r := range s {
		switch {
		case r == '_' || unicode.IsLetter(r):
		case i > 0 && (r == '-' || unicode.IsDigit(r) || unicode.IsMark(r)):
		default:
			return false
		}
	}
	return s != "" && utf8.ValidString(s)
}

// quote writes s as an HCL string literal without template sequences: the
// escapes are those of HCL, so that an address can be pasted into a
// configuration.
func quote(s string) string {
	var b strings.Builder
	b.Grow(len(s) + 2)
	b.WriteByte('"')
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		next := s[i+size:]
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case (r == '$' || r == '%') && strings.HasPrefix(next, "{"):
			b.WriteRune(r)
			b.WriteRune(r)
		case !unicode.IsPrint(r):
			if r > 0xFFFF {
				fmt.Fprintf(&b, `\U%08X`, r)
			} else {
				fmt.Fprintf(&b, `\u%04X`, r)
			}
		default:
			b.WriteRune(r)
		}
		i += size
	}
	b.WriteByte('"')
	return b.String()
}

// unquotePrefix reads a string literal as quote writes it off the front of
// text.
func unquotePrefix(text string) (s, rest string, err error) {
	var b strings.Builder
	for i := 1; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == '"':
			return b.String(), text[i+1:], nil
		case (r == '$' || r == '%') && strings.HasPrefix(text[i+1:], string(r)+"{"):
			b.WriteRune(r)
			b.WriteByte('{')
			i += 3
			continue
		case r != '\\':
			b.WriteRune(r)
			i += size
			continue
		}
		value, width, err := unescape(text[i:])
		if err != nil {
			return "", "", err
		}
		b.WriteRune(value)
		i += width
	}
	return "", "", fmt.Errorf("the key %s has no closing quote", text)
}

// unescape decodes the backslash escape that text begins with.
func unescape(text string) (r rune, width int, err error) {
	if len(text) < 2 {
		return 0, 0, fmt.Errorf("a backslash ends the key")
	}
	switch text[1] {
	case '"', '\\':
		return rune(text[1]), 2, nil
	case 'n':
		return '\n', 2, nil
	case 'r':
		return '\r', 2, nil
	case 't':
		return '\t', 2, nil
	}
	digits := map[byte]int{'u': 4, 'U': 8}[text[1]]
	if digits == 0 || len(text) < 2+digits {
		return 0, 0, fmt.Errorf("unknown escape %q in a key", text[:2])
	}
	n, err := strconv.ParseUint(text[2:2+digits], 16, 32)
	if err != nil || n > unicode.MaxRune {
		return 0, 0, fmt.Errorf("%q is no character", text[:2+digits])
	}
	return rune(n), 2 + digits, nil
}
