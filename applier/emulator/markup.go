package emulator

import (
	"io"
	"strings"

	"golang.org/x/net/html"
)

// part is something an element is made of: an attribute, a text, or another
// element. A nil part is nothing.
type part func(*html.Node)

// element is an element of that name. Names are ours, never the app's, and
// neither script, style nor any other whose text is not escaped is used.
func element(name string, parts ...part) part {
	return func(parent *html.Node) {
		n := &html.Node{Type: html.ElementNode, Data: name}
		all(parts...)(n)
		parent.AppendChild(n)
	}
}

// all is several parts in place of one.
func all(parts ...part) part {
	return func(n *html.Node) {
		for _, p := range parts {
			if p != nil {
				p(n)
			}
		}
	}
}

// each is what show makes of every item.
func each[T any](items []T, show func(T) part) part {
	return func(n *html.Node) {
		for _, item := range items {
			show(item)(n)
		}
	}
}

// joined is what show makes of every item, with something between them.
func joined[T any](items []T, between part, show func(T) part) part {
	return func(n *html.Node) {
		for i, item := range items {
			if i > 0 {
				between(n)
			}
			show(item)(n)
		}
	}
}

// when is p if it holds, and otherwise nothing.
func when(holds bool, p part) part {
	if holds {
		return p
	}
	return nil
}

// literal is a text, and stays one whatever is in it.
func literal(s string) part {
	return func(n *html.Node) {
		n.AppendChild(&html.Node{Type: html.TextNode, Data: withoutNUL(s)})
	}
}

// apart is a text that does not change the direction of what is around it.
func apart(s string) part { return element("bdi", literal(s)) }

// attr is an attribute that neither names an address nor runs anything.
func attr(name, value string) part {
	return func(n *html.Node) {
		n.Attr = append(n.Attr, html.Attribute{Key: name, Val: withoutNUL(value)})
	}
}

// class is the attribute of those names that are not empty.
func class(names ...string) part {
	var given []string
	for _, name := range names {
		if name != "" {
			given = append(given, name)
		}
	}
	return when(len(given) > 0, attr("class", strings.Join(given, " ")))
}

// named is name if it holds.
func named(holds bool, name string) string {
	if holds {
		return name
	}
	return ""
}

// href leads to an address, if that leads somewhere on the web.
func href(address string) part { return when(isWeb(address), attr("href", escapeAddress(address))) }

// src loads an address, if that is one of the web.
func src(address string) part { return when(isWeb(address), attr("src", escapeAddress(address))) }

// isWeb reports whether an address is relative or has the scheme http or
// https: all others, such as javascript and data, can run what a user wrote.
func isWeb(address string) bool {
	scheme, _, ok := strings.Cut(address, ":")
	if !ok || strings.ContainsAny(scheme, "/?#") {
		return true
	}
	return strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")
}

// escapeAddress escapes what an address cannot have, invisible characters
// among it, and leaves alone what is escaped.
func escapeAddress(address string) string {
	const hex, kept = "0123456789abcdef", "-._~!#$&*+,/:;=?@[]"
	var b strings.Builder
	for i := range len(address) {
		c := address[i]
		switch {
		case isAlphanumeric(c), strings.IndexByte(kept, c) >= 0, c == '%' && isEscape(address[i:]):
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// isEscape reports whether s begins with a percent sign and two digits.
func isEscape(s string) bool {
	return len(s) >= 3 && isHex(s[1]) && isHex(s[2])
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// withoutNUL has a visible sign for the one character that HTML cannot have in
// any form.
func withoutNUL(s string) string { return strings.ReplaceAll(s, "\x00", "\uFFFD") }

// write writes a whole page.
func write(w io.Writer, root part) error {
	page := &html.Node{Type: html.DocumentNode}
	page.AppendChild(&html.Node{Type: html.DoctypeNode, Data: "html"})
	root(page)
	return html.Render(w, page)
}
