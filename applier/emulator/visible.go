package emulator

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// segment is a piece of other people's text, fit to be shown: what cannot be
// seen, or would change how its neighbours are seen, is a piece of its own.
type segment struct {
	Kind string // text, name, link, mention, hidden (a character) or marks (left out)
	Text string
	Note string // what a hidden character is
}

// maxMarks is how many combining marks one character keeps. No script needs
// more, and floods of them cover what is above and below.
const maxMarks = 6

// segments cuts a text. nameOf gives the name of a user who is mentioned.
func segments(text string, nameOf func(uid string) string) []segment {
	c := cutter{nameOf: nameOf}
	for len(text) > 0 {
		text = c.next(text)
	}
	c.flushMarks()
	c.flush()
	return c.out
}

// cutter is a text that is being cut.
type cutter struct {
	out    []segment
	plain  strings.Builder
	last   rune // before the one to come; 0 at the beginning
	marks  int  // on the last character
	nameOf func(uid string) string
}

func (c *cutter) flush() {
	if c.plain.Len() > 0 {
		c.out = append(c.out, segment{Kind: "text", Text: c.plain.String()})
		c.plain.Reset()
	}
}

func (c *cutter) flushMarks() {
	if c.marks > maxMarks {
		c.add(segment{Kind: "marks", Text: fmt.Sprintf("+%d", c.marks-maxMarks), Note: fmt.Sprintf("%d more combining marks", c.marks-maxMarks)})
	}
	c.marks = 0
}

func (c *cutter) add(s segment) {
	c.flush()
	c.out = append(c.out, s)
}

// next takes one piece off the front of text and returns the rest.
func (c *cutter) next(text string) string {
	if c.nameOf != nil {
		if rest, ok := c.mention(text); ok {
			return rest
		}
		if rest, ok := c.link(text); ok {
			return rest
		}
	}
	r, size := utf8.DecodeRuneInString(text)
	rest := text[size:]
	if unicode.In(r, unicode.Mn, unicode.Me) && !isSelector(r) {
		if c.marks++; c.marks <= maxMarks {
			c.plain.WriteRune(r)
		}
		return rest
	}
	c.flushMarks()
	if note := hidden(r); note != "" && !c.joins(r, rest) {
		c.add(segment{Kind: "hidden", Text: fmt.Sprintf("U+%04X", r), Note: note})
	} else {
		c.plain.WriteRune(r)
	}
	c.last = r
	return rest
}

func (c *cutter) mention(text string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(text, mentionMark)
	if !ok {
		return text, false
	}
	uid, rest, ok := strings.Cut(rest, ">")
	if !ok || !isID(lower(uid)) {
		return text, false
	}
	c.flushMarks()
	c.add(segment{Kind: "mention", Text: "@" + visibleText(c.nameOf(lower(uid)))})
	c.last = '>'
	return rest, true
}

func (c *cutter) link(text string) (rest string, ok bool) {
	if !strings.HasPrefix(text, "http://") && !strings.HasPrefix(text, "https://") || unicode.IsLetter(c.last) {
		return text, false
	}
	end := strings.IndexFunc(text, func(r rune) bool {
		return r <= ' ' || strings.ContainsRune("<>\"'`", r) || unicode.IsSpace(r) || hidden(r) != "" || unicode.Is(unicode.M, r)
	})
	if end < 0 {
		end = len(text)
	}
	url := strings.TrimRight(text[:end], ".,;:!?)]}…")
	if !isLink(url) {
		return text, false
	}
	c.flushMarks()
	c.add(segment{Kind: "link", Text: url})
	c.last = '/'
	return text[len(url):], true
}

// joins reports whether an invisible character does its proper work where it
// stands: joining emoji, shaping letters, choosing a flag.
func (c *cutter) joins(r rune, rest string) bool {
	next, _ := utf8.DecodeRuneInString(rest)
	switch {
	case rest == "" && r < 0xE0000:
		return false
	case r == 0x200D || r == 0x200C: // joiner, non-joiner
		return shapes(c.last) && shapes(next)
	case r >= 0xE0020 && r <= 0xE007F: // tags after a black flag
		return c.last == 0x1F3F4 || c.last >= 0xE0020 && c.last <= 0xE007E && c.inPlain()
	}
	return false
}

// inPlain reports whether the last character was shown as it is.
func (c *cutter) inPlain() bool { return c.plain.Len() > 0 }

// shapes reports whether joiners mean something beside the character.
func shapes(r rune) bool {
	return isSelector(r) || r >= 0x1F3FB && r <= 0x1F3FF || // skin tones
		unicode.Is(unicode.So, r) || r > 0x5FF && (unicode.IsLetter(r) || unicode.IsMark(r))
}

func isSelector(r rune) bool { return r >= 0xFE00 && r <= 0xFE0F }

// hidden says what an invisible character is, or "" for one that can be seen.
func hidden(r rune) string {
	switch {
	case r == '\n' || r == '\t':
		return ""
	case unicode.Is(unicode.Cc, r):
		return "control character"
	case r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069:
		return "changes the direction of text"
	case r == 0x200E || r == 0x200F || r == 0x061C:
		return "direction mark"
	case r == 0x00AD:
		return "soft hyphen"
	case r == 0x2028 || r == 0x2029:
		return "line separator"
	case r == 0x115F || r == 0x1160 || r == 0x3164 || r == 0xFFA0:
		return "invisible filler"
	case r >= 0xE0000 && r <= 0xE01EF:
		return "invisible tag"
	case unicode.Is(unicode.Cf, r):
		return "invisible character"
	}
	return ""
}

// visibleText is a text on one line without anything that cannot be seen, for
// where no markup is possible.
func visibleText(text string) string {
	var b strings.Builder
	for _, s := range segments(text, nil) {
		switch s.Kind {
		case "hidden":
			b.WriteString("‹" + s.Text + "›")
		case "marks":
		default:
			b.WriteString(s.Text)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
