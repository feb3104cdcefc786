package view

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// textWidth is the number of columns that text takes. Wide characters take
// two, combining ones none.
func textWidth(text string) int {
	if isPlainASCII(text) {
		return len(text)
	}
	return uniseg.StringWidth(text)
}

// wrap breaks a paragraph into lines of at most width columns, between words
// where it can (Unicode Standard Annex 14), else between characters. Blanks at
// a break are dropped. There is at least one line.
func wrap(paragraph spans, width int) []spans {
	text := paragraph.text()
	if len(text) <= width && isPlainASCII(text) {
		return []spans{paragraph}
	}
	var lines []spans
	start := 0
	for _, end := range breaks(text, max(width, 1)) {
		kept := start + len(strings.TrimRightFunc(text[start:end], unicode.IsSpace))
		lines = append(lines, paragraph.slice(start, kept))
		start = end
	}
	return lines
}

// breaks returns the offsets at which the lines of text end.
func breaks(text string, width int) []int {
	var (
		ends       []int
		used       int // columns of the current line, trailing blanks included
		end        int // offset behind the current line
		rest       = text
		state      = -1
		segment    string
		breakAfter = func() { ends = append(ends, end); used = 0 }
	)
	for rest != "" {
		segment, rest, state = unbroken(rest, width, state)
		solid := strings.TrimRightFunc(segment, unicode.IsSpace)
		if used > 0 && used+textWidth(solid) > width {
			breakAfter()
		}
		for textWidth(solid) > width { // a word longer than a line
			head := fitting(solid, width)
			end += len(head)
			solid, segment = solid[len(head):], segment[len(head):]
			breakAfter()
		}
		used += textWidth(segment)
		end += len(segment)
	}
	if end > 0 && (len(ends) == 0 || ends[len(ends)-1] != end) {
		ends = append(ends, end)
	}
	if len(ends) == 0 {
		ends = []int{0}
	}
	return ends
}

// unbroken cuts off what stays on one line. A run of ASCII is broken at blanks
// alone, although the standard would allow more: flags and addresses are there
// to be copied. Only a run that no line has room for is broken as the standard
// says.
func unbroken(text string, width, state int) (word, rest string, newState int) {
	if word := plainWord(text, width); word != "" {
		return word, text[len(word):], -1
	}
	first, rest, _, newState := uniseg.FirstLineSegmentInString(text, state)
	firstRest, firstState := rest, newState
	for last := first; rest != "" && isSolid(last[len(last)-1]) && rest[0] < utf8.RuneSelf; {
		last, rest, _, newState = uniseg.FirstLineSegmentInString(rest, newState)
	}
	word = text[:len(text)-len(rest)]
	if textWidth(strings.TrimRightFunc(word, unicode.IsSpace)) > width {
		return first, firstRest, firstState
	}
	return word, rest, newState
}

// plainWord returns what stays on one line where that can be told without the
// standard's tables, as in most of most texts: a word of ASCII and the blanks
// behind it, when a letter or a digit begins the next one. It returns "" where
// it cannot be told so.
func plainWord(text string, width int) string {
	end := 0
	for end < len(text) && isSolid(text[end]) && text[end] < 0x7F {
		end++
	}
	if end == 0 || end > width || strings.IndexByte("([{", text[end-1]) >= 0 {
		return ""
	}
	for end < len(text) && text[end] == ' ' {
		end++
	}
	if end == len(text) || text[end-1] == ' ' && isAlphanumeric(text[end]) {
		return text[:end]
	}
	return ""
}

func isSolid(last byte) bool { return last > ' ' && last < utf8.RuneSelf }

// fitting returns the longest beginning of text that takes at most width
// columns, and at least one character.
func fitting(text string, width int) string {
	var (
		end, used int
		rest      = text
		state     = -1
	)
	for rest != "" {
		cluster, next, columns, newState := uniseg.FirstGraphemeClusterInString(rest, state)
		if end > 0 && used+columns > width {
			break
		}
		end += len(cluster)
		used += columns
		rest, state = next, newState
	}
	return text[:end]
}

// slice returns the spans of the bytes from start to end.
func (s spans) slice(start, end int) spans {
	var out spans
	at := 0
	for _, piece := range s {
		from, to := max(start-at, 0), min(end-at, len(piece.text))
		if from < to {
			out = append(out, span{piece.text[from:to], piece.style})
		}
		at += len(piece.text)
	}
	return out
}

// truncate cuts a line to width columns, the last of which is then "…".
func truncate(line spans, width int) spans {
	if line.width() <= width {
		return line
	}
	kept := fitting(line.text(), max(width-1, 1))
	last := plain
	out := line.slice(0, len(kept))
	if len(out) > 0 {
		last = out[len(out)-1].style
	}
	return append(out, span{"…", last})
}

// pad fills a column with blanks.
func pad(columns int) span { return span{strings.Repeat(" ", max(columns, 0)), plain} }
