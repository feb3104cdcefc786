package view

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"
)

// MarkdownText returns other people's text as one line that a page of Markdown
// shows as it is. Punctuation is written as character references, which
// Markdown never takes for markup. What a forge looks for in the finished page
// (@people, #123, GH-123, commits, addresses, :emoji:) is broken by a
// character without width.
func MarkdownText(text string) string {
	text = Terminal(text)
	return references(text, breakAfter(text))
}

// codeText is MarkdownText for the inside of a <code> element, where forges
// look for nothing: what is copied from there is the text itself.
func codeText(text string) string { return references(Terminal(text), nil) }

// references writes punctuation that Markdown could take for markup as
// character references, and breaks the text behind the characters at the given
// offsets.
func references(text string, breaks []int) string {
	var b strings.Builder
	for i, r := range text {
		if r < utf8.RuneSelf && !literal(text, i) {
			fmt.Fprintf(&b, "&#%d;", r)
		} else {
			b.WriteRune(r)
		}
		if len(breaks) > 0 && breaks[0] == i {
			breaks = breaks[1:]
			b.WriteString(wordBreak)
		}
	}
	return b.String()
}

// literal reports whether the character at i means itself in Markdown and
// HTML, where it stands.
func literal(text string, i int) bool {
	c := text[i]
	inside := i > 0 && i < len(text)-1
	switch c {
	case ' ', ',', '?', '\'', ';', '(', '/':
		return inside
	case '-', '.':
		return inside && isAlphanumeric(text[i-1]) && isAlphanumeric(text[i+1])
	case ')':
		return inside && !isAlphanumeric(text[i-1])
	}
	return isAlphanumeric(c)
}

// wordBreak is a zero-width space.
const wordBreak = "&#8203;"

// linked is what GitHub and GitLab make links, mentions or pictures of.
var linked = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`[@#:!$%~&]|(?i:www|gh)|[0-9A-Fa-f]{7}`)
})

// breakAfter returns the offsets of the characters to break the text after.
func breakAfter(text string) []int {
	var offsets []int
	for from := 0; ; {
		found := linked().FindStringIndex(text[from:])
		if found == nil {
			return offsets
		}
		last := from + found[1] - 1
		if found[1]-found[0] == hexRun {
			last-- // so that what is left is too short
		}
		from = last + 1
		if from < len(text) && text[from] != ' ' {
			offsets = append(offsets, last)
		}
	}
}

// hexRun is the length from which hexadecimal digits are taken for a commit.
const hexRun = 7

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
