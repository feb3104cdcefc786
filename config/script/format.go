package script

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// Format returns a transcript in its canonical spacing: one space after the
// name, two before the label, two before indented lines, no more than one
// blank line between messages. What is said and when stays what it was. A
// transcript with mistakes is returned as it is.
func Format(src []byte) []byte {
	text := string(src)
	var diags hcl.Diagnostics
	for range Parse(text, "", hcl.InitialPos, &diags) {
		continue // for the mistakes
	}
	if diags.HasErrors() {
		return src
	}
	f := formatter{}
	f.out.Grow(len(text))
	for rest := strings.TrimPrefix(text, byteOrderMark); rest != ""; {
		var line string
		line, rest = cutLine(rest)
		f.line(line)
	}
	f.end()
	return []byte(f.out.String())
}

type formatter struct {
	out    strings.Builder
	held   []string // blank and comment lines since the last other one
	indent string   // of the message's first indented line
}

func (f *formatter) line(line string) {
	line = trimRight(line)
	switch kindOf(line) {
	case blankLine, commentLine:
		f.held = append(f.held, line)
		return
	case indentLine:
		f.release()
		f.goOn(line)
	case timeLine:
		f.begin()
		f.out.WriteString("@ " + strings.Join(strings.Fields(line[1:]), " "))
	case gapLine:
		f.begin()
		f.out.WriteString("+" + trimLeft(line[1:]))
	case speechLine:
		f.begin()
		f.speech(line)
	}
	f.out.WriteByte('\n')
}

// release writes the lines that were held, as they are: blank lines before an
// indented one are a part of the text.
func (f *formatter) release() {
	for _, line := range f.held {
		f.out.WriteString(line + "\n")
	}
	f.held = f.held[:0]
}

// begin writes the lines that were held, of several blank ones only one, and
// none at the beginning of the file.
func (f *formatter) begin() {
	previous := ""
	for i, line := range f.held {
		if line != "" || previous != "" || i == 0 && f.out.Len() > 0 {
			f.out.WriteString(line + "\n")
		}
		previous = line
	}
	f.held = f.held[:0]
	f.indent = ""
}

// end writes the comments at the end of the file.
func (f *formatter) end() {
	for len(f.held) > 0 && f.held[len(f.held)-1] == "" {
		f.held = f.held[:len(f.held)-1]
	}
	f.begin()
}

func (f *formatter) goOn(line string) {
	if f.indent == "" {
		f.indent = indentation(line)
	}
	text, ok := strings.CutPrefix(line, f.indent)
	if !ok {
		text = trimLeft(line)
	}
	f.out.WriteString("  " + text)
}

func (f *formatter) speech(line string) {
	name, said, _ := cutName(line)
	f.out.WriteString(name + ":")
	gap := indentation(said)
	text := trimLeft(said)
	for {
		a, rest, ok, _ := cutAttachment(text)
		if !ok {
			break
		}
		f.out.WriteString(" [" + a.Kind + " " + a.URL)
		if a.Name != "" {
			f.out.WriteString(" " + a.Name)
		}
		f.out.WriteString("]")
		gap, text = indentation(rest), trimLeft(rest)
	}
	t := cutTail(text, isWide(gap))
	if t.text > 0 {
		f.out.WriteString(" " + text[:t.text])
	}
	if !t.label.empty() {
		f.out.WriteString("  #" + text[t.label.start:t.label.end])
	}
	if !t.options.empty() {
		if t.label.empty() {
			f.out.WriteString(" ")
		}
		f.out.WriteString(" {" + formatOptions(text[t.options.start:t.options.end]) + "}")
	}
}

// formatOptions returns the options in the order in which they are listed in
// optionKeys, with quotes where they are needed.
func formatOptions(group string) string {
	var options []option
	for rest := trimLeft(group); rest != ""; rest = trimLeft(rest) {
		var o option
		o, rest, _ = cutOption(rest, 0)
		options = append(options, o)
	}
	slices.SortStableFunc(options, func(a, b option) int {
		if d := rank(a.key) - rank(b.key); d != 0 {
			return d
		}
		return strings.Compare(a.key, b.key)
	})
	words := make([]string, len(options))
	for i, o := range options {
		words[i] = o.key + "=" + quoteValue(o.value)
	}
	return strings.Join(words, " ")
}

func rank(key string) int {
	return slices.IndexFunc(optionKeys, func(known string) bool {
		parent, _, nested := strings.Cut(known, "KEY")
		return key == known || nested && strings.HasPrefix(key, parent)
	})
}

// quoteValue returns a value as an option has it.
func quoteValue(value string) string {
	if value != "" && !strings.ContainsAny(value, " \t\"{}") && !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' }) {
		return value
	}
	quoted := string(marshal(value))
	return strings.NewReplacer("{", `\u007b`, "}", `\u007d`).Replace(quoted)
}
