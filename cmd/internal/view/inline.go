package view

import (
	"strings"

	"github.com/rivo/uniseg"
	"github.com/sergi/go-diff/diffmatchpatch"
)

// edit shows on one line what changed from one value to another, word by word:
// "Let me [-look-]{+check+} that". Values that have little in common are shown
// one behind the other.
func edit(before, after string) spans {
	var out spans
	for _, p := range wordDiff(before, after) {
		if p.same() {
			out = append(out, foreign(plain, p.after)...)
			continue
		}
		out = append(out, p.marked()...)
	}
	return out
}

// editLines is edit for a text of several lines. The line breaks that both
// have stay; those within a difference are written as escapes.
func editLines(before, after string) []spans {
	lines := []spans{nil}
	for _, p := range wordDiff(before, after) {
		last := len(lines) - 1
		if !p.same() {
			lines[last] = append(lines[last], p.marked()...)
			continue
		}
		same := foreignLines(plain, p.after)
		lines[last] = append(lines[last], same[0]...)
		lines = append(lines, same[1:]...)
	}
	return lines
}

func (p piece) marked() spans {
	var out spans
	if p.before != "" {
		out = append(out, deletion(p.before)...)
	}
	if p.after != "" {
		out = append(out, insertion(p.after)...)
	}
	return out
}

func deletion(text string) spans {
	return append(append(spans{say(removed, "[-")}, foreign(removed, text)...), say(removed, "-]"))
}

func insertion(text string) spans {
	return append(append(spans{say(added, "{+")}, foreign(added, text)...), say(added, "+}"))
}

// piece is a stretch of both texts: the same in both, or replaced.
type piece struct{ before, after string }

func (p piece) same() bool { return p.before == p.after }

// maxWords is where the comparison gives up: it takes time in the square of
// what differs.
const maxWords = 5000

// wordDiff lines two texts up by their words (Unicode Standard Annex 29).
func wordDiff(before, after string) []piece {
	if before == "" || after == "" {
		return []piece{{before, after}}
	}
	a, b := words(before), words(after)
	if len(a) > maxWords || len(b) > maxWords {
		return []piece{{before, after}}
	}
	var (
		book   = map[string]rune{}
		spell  []string
		encode = func(words []string) []rune {
			text := make([]rune, len(words))
			for i, w := range words {
				r, known := book[w]
				if !known {
					r = firstWord + rune(len(spell))
					book[w] = r
					spell = append(spell, w)
				}
				text[i] = r
			}
			return text
		}
		decode = func(text string) string {
			var b strings.Builder
			for _, r := range text {
				b.WriteString(spell[r-firstWord])
			}
			return b.String()
		}
	)
	differ := diffmatchpatch.New()
	differ.DiffTimeout = 0 // by the clock, the same texts would not always give the same result
	var pieces []piece     // the same and the different by turns
	for _, d := range differ.DiffMainRunes(encode(a), encode(b), false) {
		text := decode(d.Text)
		last := len(pieces) - 1
		switch {
		case d.Type == diffmatchpatch.DiffEqual:
			pieces = append(pieces, piece{text, text})
			continue
		case last < 0 || pieces[last].same():
			pieces = append(pieces, piece{})
			last++
		}
		if d.Type == diffmatchpatch.DiffDelete {
			pieces[last].before += text
		} else {
			pieces[last].after += text
		}
	}
	pieces = bridge(pieces)
	common := 0
	for _, p := range pieces {
		if p.same() {
			common += len(p.after)
		}
	}
	// Where little is common, the eye would only jump.
	if 4*common < max(len(before), len(after)) {
		return []piece{{before, after}}
	}
	return trimBlanks(pieces)
}

// firstWord is the rune that stands for the first word: beyond the surrogates,
// which no string can hold.
const firstWord = 0x10000

func words(text string) []string {
	words := make([]string, 0, len(text)/3+1)
	state := -1
	for text != "" {
		if end := evidentWord(text); end > 0 {
			words = append(words, text[:end])
			text, state = text[end:], -1
			continue
		}
		var word string
		word, text, state = uniseg.FirstWordInString(text, state)
		words = append(words, word)
	}
	return words
}

// evidentWord returns the length of the first word where that can be told
// without the standard's tables, as in most of most texts, else 0: a run of
// letters and digits before a blank, and a blank before another one.
func evidentWord(text string) int {
	end := 0
	for end < len(text) && isAlphanumeric(text[end]) {
		end++
	}
	switch {
	case end > 0 && (end == len(text) || text[end] == ' '):
		return end
	case end == 0 && len(text) > 1 && text[0] == ' ' && isAlphanumeric(text[1]):
		return 1
	}
	return 0
}

// bridge joins differences that have nothing but blanks between them, so that
// a changed phrase reads as one.
func bridge(pieces []piece) []piece {
	var out []piece
	for i := 0; i < len(pieces); i++ {
		p := pieces[i]
		last := len(out) - 1
		if p.same() && isBlankText(p.after) && last >= 0 && i+1 < len(pieces) {
			joined := piece{
				out[last].before + p.before + pieces[i+1].before,
				out[last].after + p.after + pieces[i+1].after,
			}
			if !isBlankText(joined.before) && !isBlankText(joined.after) {
				out[last] = joined
				i++
				continue
			}
		}
		out = append(out, p)
	}
	return out
}

func isBlankText(text string) bool { return strings.TrimSpace(text) == "" }

// trimBlanks moves blanks that both sides of a difference begin or end with
// out of it.
func trimBlanks(pieces []piece) []piece {
	var out []piece
	for _, p := range pieces {
		if p.same() || p.before == "" || p.after == "" {
			out = append(out, p)
			continue
		}
		lead := commonBlanks(p.before, p.after)
		p.before, p.after = p.before[lead:], p.after[lead:]
		trail := 0
		for trail < min(len(p.before), len(p.after)) && p.before[len(p.before)-1-trail] == ' ' && p.after[len(p.after)-1-trail] == ' ' {
			trail++
		}
		if lead > 0 {
			blanks := strings.Repeat(" ", lead)
			out = append(out, piece{blanks, blanks})
		}
		out = append(out, piece{p.before[:len(p.before)-trail], p.after[:len(p.after)-trail]})
		if trail > 0 {
			blanks := strings.Repeat(" ", trail)
			out = append(out, piece{blanks, blanks})
		}
	}
	return out
}

func commonBlanks(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == ' ' && b[n] == ' ' {
		n++
	}
	return n
}
