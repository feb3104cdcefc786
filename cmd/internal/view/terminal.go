package view

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Terminal returns other people's text as one line that is fit for a terminal
// and for the log of a CI system: what could act on them, or could not be
// seen, is written as an escape (\x1b, \u202e), line breaks included. Other
// characters stay as they are.
func Terminal(text string) string {
	return guardLine(foreign(plain, text).text())
}

// foreign makes spans of other people's text, for one line.
func foreign(base style, text string) spans {
	if isPlainASCII(text) {
		return spans{{text, base}}
	}
	var (
		out  spans
		run  strings.Builder
		look = base
		seen neighbours
	)
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		want := hidden
		if seen.shows(r, size, text[i+size:]) {
			want = base
		}
		if want != look && run.Len() > 0 {
			out = append(out, span{run.String(), look})
			run.Reset()
		}
		look = want
		if want == base {
			run.WriteString(text[i : i+size])
		} else {
			writeEscape(&run, r, text[i:i+size])
		}
		i += size
	}
	if run.Len() > 0 {
		out = append(out, span{run.String(), look})
	}
	return out
}

// foreignLines splits other people's text at its line breaks. Tabs become
// spaces: in a chat they are no more than that.
func foreignLines(base style, text string) []spans {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	var lines []spans
	for line := range strings.SplitSeq(text, "\n") {
		lines = append(lines, foreign(base, strings.ReplaceAll(line, "\t", "    ")))
	}
	return lines
}

func isPlainASCII(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// maxMarks is how many combining marks a letter may wear. Writing systems need
// no more than this; towers of them cover the lines above and below.
const maxMarks = 6

// neighbours is what has to be remembered of the text before a character to
// know whether that is seen.
type neighbours struct {
	last  rune // the last character that was shown
	marks int  // combining marks in a row up to here
}

// shows reports whether r, before rest, is seen and harmless when it is
// printed.
func (n *neighbours) shows(r rune, size int, rest string) bool {
	shown := n.look(r, size, rest)
	switch {
	case !shown:
		n.last, n.marks = 0, 0
	case unicode.IsMark(r):
		n.marks++
	case isSkinTone(r) && n.last != 0: // part of the picture before it
	default:
		n.last, n.marks = r, 0
	}
	return shown
}

func (n *neighbours) look(r rune, size int, rest string) bool {
	switch {
	case r == utf8.RuneError && size <= 1:
		return false
	case r == joiner:
		return n.joinsEmoji(rest) || n.joinsLetters(rest)
	case r == nonJoiner:
		return n.joinsLetters(rest)
	case isBlank(r):
		return false
	case isVariation(r):
		return n.last != 0 && n.marks == 0
	case r >= 0xE0100 && r <= 0xE01EF: // ideographic variants, else a place to hide data
		return unicode.Is(unicode.Han, n.last) && n.marks == 0
	case unicode.IsMark(r):
		return n.last != 0 && n.marks < maxMarks
	}
	return unicode.IsGraphic(r)
}

const (
	nonJoiner = '\u200c'
	joiner    = '\u200d'
)

// joinsEmoji reports whether a joiner makes one picture of what is before and
// behind it, as in a family or a flag: then, and only then, the two are one
// grapheme.
func (n *neighbours) joinsEmoji(rest string) bool {
	if n.last == 0 || unicode.IsLetter(n.last) {
		return false
	}
	next, size := utf8.DecodeRuneInString(rest)
	if size == 0 || !unicode.In(next, unicode.So, unicode.Sm) {
		return false
	}
	pair := string(n.last) + string(joiner) + rest[:size]
	return uniseg.GraphemeClusterCount(pair) == 1
}

// joinsLetters reports whether a joiner or non-joiner stands between letters
// whose shape it decides, as Persian and the Indic scripts need it.
func (n *neighbours) joinsLetters(rest string) bool {
	next, _ := utf8.DecodeRuneInString(rest)
	return unicode.In(n.last, joining()...) && unicode.In(next, joining()...)
}

// joining are the scripts in which (non-)joiners change what is read.
func joining() []*unicode.RangeTable {
	return []*unicode.RangeTable{
		unicode.Arabic, unicode.Syriac, unicode.Mongolian, unicode.Nko,
		unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati, unicode.Oriya,
		unicode.Tamil, unicode.Telugu, unicode.Kannada, unicode.Malayalam, unicode.Sinhala, unicode.Khmer,
	}
}

// isBlank reports characters that Unicode calls letters, marks or symbols, and
// that show nothing.
func isBlank(r rune) bool {
	switch r {
	case 0x2800, 0x1D159: // the empty Braille pattern, the null notehead
		return true
	}
	return unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

func isVariation(r rune) bool {
	return r >= 0xFE00 && r <= 0xFE0F || r >= 0x180B && r <= 0x180D
}

func isSkinTone(r rune) bool { return r >= 0x1F3FB && r <= 0x1F3FF }

// writeEscape writes the visible form of a character that is not shown.
func writeEscape(b *strings.Builder, r rune, raw string) {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		fmt.Fprintf(b, `\x%02x`, raw[0])
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\r':
		b.WriteString(`\r`)
	case r == '\t':
		b.WriteString(`\t`)
	case r < 0x80:
		fmt.Fprintf(b, `\x%02x`, r)
	case r <= 0xFFFF:
		fmt.Fprintf(b, `\u%04x`, r)
	default:
		fmt.Fprintf(b, `\U%08x`, r)
	}
}

// guardLine keeps a finished line from being read as a command by the CI
// system that logs it. GitHub takes lines that begin with :: after blanks, and
// ##[name] anywhere in a line; Azure Pipelines takes ##vso[…], TeamCity
// ##teamcity[…].
// See https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands.
func guardLine(line string) string {
	if rest := strings.TrimLeftFunc(line, unicode.IsSpace); strings.HasPrefix(rest, "::") {
		line = line[:len(line)-len(rest)] + `\x3a` + rest[1:]
	}
	for from := 0; ; {
		at := strings.Index(line[from:], "##")
		if at < 0 {
			return line
		}
		at += from
		if isCommand(line[at+2:]) {
			line = line[:at+1] + `\x23` + line[at+2:]
		}
		from = at + 1
	}
}

// isCommand reports whether what follows ## is a word, or none, and a bracket.
func isCommand(rest string) bool {
	name := strings.TrimLeft(rest, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
	return strings.HasPrefix(name, "[")
}
