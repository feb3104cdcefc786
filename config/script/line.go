package script

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// byteOrderMark may begin a file; it is not a part of the text.
const byteOrderMark = "\ufeff"

// lineKind says what a line of a transcript is. Its first byte tells.
type lineKind uint8

const (
	blankLine lineKind = iota
	commentLine
	timeLine   // @ TIME
	gapLine    // +DURATION
	indentLine // goes on with the text above
	speechLine // name: text
)

func kindOf(line string) lineKind {
	if trimSpace(line) == "" {
		return blankLine
	}
	switch line[0] {
	case '#':
		return commentLine
	case '@':
		return timeLine
	case '+':
		return gapLine
	case ' ', '\t':
		return indentLine
	}
	return speechLine
}

// cutLine cuts the first line off src. Lines end in LF or CR LF.
func cutLine(src string) (line, rest string) {
	line, rest, _ = strings.Cut(src, "\n")
	return strings.TrimSuffix(line, "\r"), rest
}

// White space is what separates words in the notation. Other spaces that
// Unicode knows are parts of the text.
const whiteSpace = " \t\r"

func isSpace(c byte) bool         { return c == ' ' || c == '\t' || c == '\r' }
func trimSpace(s string) string   { return strings.Trim(s, whiteSpace) }
func trimLeft(s string) string    { return strings.TrimLeft(s, whiteSpace) }
func trimRight(s string) string   { return strings.TrimRight(s, whiteSpace) }
func indentation(s string) string { return s[:len(s)-len(trimLeft(s))] }

// cutName cuts a line of speech into the name, with its leading backslash if
// it has one, and what follows the colon. A name has no colon of its own, and
// the colon is followed by a space or nothing.
func cutName(line string) (name, said string, ok bool) {
	name, said, ok = strings.Cut(line, ":")
	name = trimRight(name)
	if !ok || name == "" || said != "" && !isSpace(said[0]) {
		return "", "", false
	}
	return name, said, true
}

// plainName is a name without the backslash that keeps its beginning from
// being read as a comment, a time or a gap.
func plainName(name string) string {
	return unescapeStart(name, "#@+")
}

// unescapeStart takes one backslash off s when s begins with backslashes and
// then one of the bytes.
func unescapeStart(s, before string) string {
	n := backslashes(s)
	if n > 0 && n < len(s) && strings.IndexByte(before, s[n]) >= 0 {
		return s[1:]
	}
	return s
}

// backslashes counts those that s begins with.
func backslashes(s string) int {
	return len(s) - len(strings.TrimLeft(s, `\`))
}

// isLabel reports whether s can be a label in a transcript: letters, digits
// and - _ . : and a letter or _ first, so that "#4471" stays a number.
func isLabel(s string) bool {
	for i, r := range s {
		first := unicode.IsLetter(r) || r == '_'
		if !first && (i == 0 || !unicode.IsDigit(r) && !unicode.IsMark(r) && r != '-' && r != '.' && r != ':') {
			return false
		}
	}
	last, _ := utf8.DecodeLastRuneInString(s)
	return s != "" && last != '.' && last != ':'
}

// tail is what may stand at the end of a message's first line: where the text
// ends, and the label and the options, without # and braces.
type tail struct {
	text           int
	label, options span
	escaped        int // where a backslash stands that keeps the end as text, or -1
}

// cutTail finds the label and the options at the end of a line. s has no white
// space at its end; wide says that it begins after white space that sets off
// what follows.
//
// A label is set off by two spaces or a tab, because a word with # after one
// space is what people write. Options need one space only: nobody ends a
// sentence in {word=.
func cutTail(s string, wide bool) tail {
	t := tail{text: len(s), escaped: -1}
	for t.escaped < 0 {
		before := t.text
		if t.options.empty() {
			t.cutOptions(s)
		}
		if t.label.empty() && t.escaped < 0 {
			t.cutLabel(s, wide)
		}
		if t.text == before {
			break
		}
	}
	return t
}

// cutOptions takes a group of options off the end of the text.
func (t *tail) cutOptions(s string) {
	open := openOptions(s[:t.text])
	switch {
	case open < 0:
	case open > 0 && s[open-1] == '\\':
		t.escaped = open - 1
	default:
		t.options = span{int32(open + 1), int32(t.text - 1)}
		t.text = len(trimRight(s[:open]))
	}
}

// openOptions returns where the brace stands that opens a group of options at
// the end of s, or -1. White space or backslashes come before it, or nothing.
func openOptions(s string) int {
	if !strings.HasSuffix(s, "}") {
		return -1
	}
	for open := strings.LastIndexByte(s, '{'); open >= 0; open = strings.LastIndexByte(s[:open], '{') {
		before := strings.TrimRight(s[:open], `\`)
		if (before == "" || isSpace(before[len(before)-1])) && looksLikeOptions(s[open:]) {
			return open
		}
	}
	return -1
}

// cutLabel takes a label off the end of the text.
func (t *tail) cutLabel(s string, wide bool) {
	begin := strings.LastIndexAny(s[:t.text], whiteSpace) + 1
	word := s[begin:t.text]
	n := backslashes(word)
	if !strings.HasPrefix(word[n:], "#") || !isLabel(word[n+1:]) {
		return
	}
	if n > 0 {
		t.escaped = begin + n - 1
		return
	}
	before := trimRight(s[:begin])
	set := isWide(s[len(before):begin])
	if before == "" {
		set = wide
	}
	if !set && t.options.empty() {
		// Behind options, it needs no more to set it off.
		open := openOptions(before)
		set = open == 0 || open > 0 && s[open-1] != '\\'
	}
	if set {
		t.label = span{int32(begin + 1), int32(t.text)}
		t.text = len(before)
	}
}

// isWide reports whether white space sets off what follows it.
func isWide(gap string) bool {
	return len(gap) > 1 || gap == "\t"
}

// looksLikeOptions reports whether s, from a brace on, is meant as options:
// after the brace stands a word and an equals sign.
func looksLikeOptions(s string) bool {
	s = trimLeft(s[1:])
	i := 0
	for i < len(s) && isKeyByte(s[i]) {
		i++
	}
	return i > 0 && i < len(s) && s[i] == '='
}

func isKeyByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '.'
}

// cutAttachment cuts an attachment off the front of s. ok says that s begins
// with one; broken that it begins with what is meant as one and is not.
func cutAttachment(s string) (a Attachment, rest string, ok, broken bool) {
	kind, after := attachmentKind(s)
	if kind == "" {
		return Attachment{}, s, false, false
	}
	end := closingBracket(after)
	if end < 0 {
		link, _ := cutWord(trimLeft(after))
		return Attachment{}, s, false, isWebLink(link)
	}
	link, name := cutWord(trimSpace(after[:end]))
	if !isWebLink(link) {
		// A file name, or another kind of URL, or a word in somebody's text.
		return Attachment{}, s, false, strings.ContainsAny(link, "/:") || hasExtension(link)
	}
	return Attachment{Kind: kind, URL: link, Name: trimSpace(name)}, after[end+1:], true, false
}

// attachmentKind returns the kind of an attachment that s begins with the
// bracket of, and what follows the kind.
func attachmentKind(s string) (kind, after string) {
	for _, kind := range [...]string{"image", "file", "audio", "video"} {
		if len(s) > len(kind)+1 && s[0] == '[' && strings.HasPrefix(s[1:], kind) && isSpace(s[len(kind)+1]) {
			return kind, s[len(kind)+2:]
		}
	}
	return "", ""
}

// closingBracket finds the bracket that ends an attachment: the first one
// that is followed by white space, another attachment, or nothing. No bracket
// opens before it.
func closingBracket(s string) int {
	for i := range len(s) {
		if s[i] == '[' {
			break
		}
		if s[i] == ']' && (i+1 == len(s) || isSpace(s[i+1]) || s[i+1] == '[') {
			return i
		}
	}
	return -1
}

func isWebLink(s string) bool {
	return strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")
}

func hasExtension(s string) bool {
	dot := strings.LastIndexByte(s, '.')
	return dot > 0 && dot < len(s)-1
}

// looksLikeGap reports whether s is a gap as one writes it: +2m.
func looksLikeGap(s string) bool {
	digits, units := 0, 0
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case '0' <= c && c <= '9':
			digits++
		case strings.IndexByte("wdhms", c) >= 0 && digits > 0:
			units++
		default:
			return false
		}
	}
	return units > 0
}

// looksLikeTime reports whether s is a time line as one writes it: @ -3d.
func looksLikeTime(s string) bool {
	t := trimLeft(s[1:])
	return len(t) < len(s)-1 && len(t) > 1 &&
		(t[0] == '-' || t[0] == '+' || '0' <= t[0] && t[0] <= '9') && '0' <= t[1] && t[1] <= '9'
}

// cutWord cuts the first word off s.
func cutWord(s string) (word, rest string) {
	if i := strings.IndexAny(s, " \t"); i >= 0 {
		return s[:i], trimLeft(s[i:])
	}
	return s, ""
}
