package script

import (
	"encoding/json"
	"fmt"
	"strings"
)

// optionKeys are the options that a transcript knows.
var optionKeys = []string{"expect", "tags", "metadata.KEY", "custom_data.KEY"}

// option is one key=value of a group of options.
type option struct {
	key        string
	value      string // without quotes
	start, end int    // in the group
}

// cutOption cuts an option off the front of s, which begins at from in its
// group and has no white space before it. problem says what is wrong with
// it, or is empty.
func cutOption(s string, from int) (o option, rest, problem string) {
	i := 0
	for i < len(s) && isKeyByte(s[i]) {
		i++
	}
	o = option{key: s[:i], start: from}
	if i == 0 || i == len(s) || s[i] != '=' {
		word, rest, _ := strings.Cut(s, " ")
		o.end = from + len(word)
		return o, rest, fmt.Sprintf("Options are key=value, with spaces between them; %q is not", word)
	}
	value := s[i+1:]
	if !strings.HasPrefix(value, `"`) {
		end := strings.IndexAny(value, " \t")
		if end < 0 {
			end = len(value)
		}
		o.value, o.end = value[:end], from+i+1+end
		switch {
		case end == 0:
			problem = fmt.Sprintf("After %s= stands its value. Leave the option away if it has none", o.key)
		case strings.Contains(o.value, `"`):
			problem = fmt.Sprintf("Quotes enclose the whole value, as in %s=\"a value\"", o.key)
		}
		return o, value[end:], problem
	}
	end := closingQuote(value)
	o.end = from + i + 1 + end
	if end > len(value) || json.Unmarshal([]byte(value[:end]), &o.value) != nil {
		o.end = from + len(s)
		return o, "", fmt.Sprintf("The value of %s has to end with a quote, and inside it a backslash is written \\\\ and a quote \\\"", o.key)
	}
	return o, value[end:], ""
}

// closingQuote returns what follows the string that s begins with, or more
// than the length of s when the string does not end.
func closingQuote(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s) + 1
}

// readOptions reads what stands between the braces, which begins at from in
// the line.
func (p *transcript) readOptions(group string, from int) {
	seen := map[string]bool{}
	var metadata, customData map[string]string
	for rest := group; ; {
		rest = trimLeft(rest)
		if rest == "" {
			break
		}
		o, after, problem := cutOption(rest, len(group)-len(rest))
		rest = after
		if problem == "" && seen[o.key] {
			problem = fmt.Sprintf("The option %s is there twice. Leave one away", o.key)
		}
		if problem == "" && o.key == "expect" && o.value == "" {
			problem = "The option expect is empty. Leave it away if nothing is expected"
		}
		if problem != "" {
			p.badOption(from, o, problem+".")
			continue
		}
		seen[o.key] = true
		parent, key, nested := strings.Cut(o.key, ".")
		nested = nested && key != "" && !strings.Contains(key, ".")
		switch {
		case o.key == "expect":
			p.msg.Expect = o.value
			p.mark(Expect, from+o.start, from+o.end)
		case o.key == "tags":
			p.msg.Tags = strings.Split(o.value, ",")
			p.mark(Tags, from+o.start, from+o.end)
		case parent == "metadata" && nested:
			metadata = p.addTo(metadata, Metadata, key, o, from)
		case parent == "custom_data" && nested:
			customData = p.addTo(customData, CustomData, key, o, from)
		default:
			p.badOption(from, o, fmt.Sprintf("There is no option %q; a message can have %s.%s", o.key, strings.Join(optionKeys, ", "), suggest(o.key, optionKeys)))
		}
	}
	p.msg.Metadata = object(metadata)
	p.msg.CustomData = object(customData)
}

// addTo puts a key of an object into it, and extends the object's range.
func (p *transcript) addTo(m map[string]string, f Field, key string, o option, from int) map[string]string {
	if m == nil {
		m = map[string]string{}
		p.mark(f, from+o.start, from+o.end)
	}
	m[key] = o.value
	p.msg.spans[f].end = int32(p.line.offset - p.begin + from + o.end)
	return m
}

func (p *transcript) badOption(from int, o option, detail string) {
	p.bad = true
	p.errorAt(from+o.start, from+o.end, "Invalid option", "%s If this is text, write a backslash before the brace: \\{", detail)
}

func object(m map[string]string) json.RawMessage {
	if m == nil {
		return nil
	}
	return marshal(m)
}
