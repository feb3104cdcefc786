package script

import (
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
)

// Parse yields the messages of a transcript, in order. filename and start say
// where src stands, for the ranges. The *Message is valid until the next one;
// its strings and slices are the caller's to keep, and may share src's memory.
//
// After the loop, *diags holds what is wrong; messages with mistakes are not
// yielded. The first twenty mistakes of a file are told, and how many more
// there are.
//
// The notation is described in docs/transcripts.md.
func Parse(src, filename string, start hcl.Pos, diags *hcl.Diagnostics) iter.Seq[*Message] {
	return func(yield func(*Message) bool) {
		p := &transcript{src: src, filename: filename, start: start, yield: yield, speakers: map[string]bool{}}
		p.read()
		*diags = append(*diags, p.report.all()...)
	}
}

// line is one line of a transcript: its text without the line's end.
type line struct {
	text   string
	offset int     // in the source
	pos    hcl.Pos // where it begins
}

// at returns the range of a part of the line.
func (l *line) at(filename string, from, to int) hcl.Range {
	start := advance(l.pos, l.text[:from])
	return hcl.Range{Filename: filename, Start: start, End: advance(start, l.text[from:to])}
}

// transcript is the state of reading one: the line that is looked at, the
// message that is being gathered, and what has been said of the next one's
// time.
type transcript struct {
	src      string
	filename string
	start    hcl.Pos
	yield    func(*Message) bool
	stopped  bool // the consumer broke off
	report   report
	speakers map[string]bool // who has spoken

	line line
	when when
	open bool // msg may go on
	lost bool // the line that would have gone on could not be read
	bad  bool // msg has a mistake and is not to be yielded

	msg    Message
	begin  int    // where msg.written begins in src
	said   []byte // the text, when it is more than one piece of src
	lines  int    // of text in said and msg.Text
	blanks int    // blank lines since
	indent string // of the first line that went on
}

// when is a time or a gap that waits for its message.
type when struct {
	given  bool
	field  Field // At or After
	text   string
	begin  int // of the line in src
	origin hcl.Pos
	span   span // from begin
	at     hcl.Range
}

func (p *transcript) read() {
	src := p.src
	pos := p.start
	if strings.HasPrefix(src, byteOrderMark) {
		src = src[len(byteOrderMark):]
		pos.Byte += len(byteOrderMark)
	}
	if !utf8.ValidString(src) {
		p.reportInvalid(src, pos)
		return
	}
	for src != "" && !p.stopped {
		p.line.offset, p.line.pos = len(p.src)-len(src), pos
		var rest string
		p.line.text, rest = cutLine(src)
		pos = hcl.Pos{Line: pos.Line + 1, Column: 1, Byte: pos.Byte + len(src) - len(rest)}
		src = rest
		p.readLine()
	}
	if p.stopped {
		return
	}
	p.finish()
	if p.when.given {
		p.report.error(p.when.at, "Time without a message", "No message follows this line, so it says nothing. Write the message below it, or remove the line.")
	}
}

// reportInvalid tells where src is no UTF-8.
func (p *transcript) reportInvalid(src string, pos hcl.Pos) {
	for src != "" {
		text, rest := cutLine(src)
		if utf8.ValidString(text) {
			pos = hcl.Pos{Line: pos.Line + 1, Column: 1, Byte: pos.Byte + len(src) - len(rest)}
			src = rest
			continue
		}
		i := 0
		for {
			r, n := utf8.DecodeRuneInString(text[i:])
			if r == utf8.RuneError && n == 1 {
				break
			}
			i += n
		}
		at := advance(pos, text[:i])
		p.report.error(hcl.Range{Filename: p.filename, Start: at, End: hcl.Pos{Line: at.Line, Column: at.Column + 1, Byte: at.Byte + 1}},
			"Not UTF-8", "A transcript is text in UTF-8, and here it is not. Save the file as UTF-8 and try again.")
		return
	}
}

func (p *transcript) readLine() {
	switch kindOf(p.line.text) {
	case blankLine:
		p.blanks++
	case commentLine:
	case indentLine:
		p.goOn()
	case timeLine:
		p.finish()
		p.readTime()
	case gapLine:
		p.finish()
		p.readGap()
	case speechLine:
		p.finish()
		p.readSpeech()
	}
}

// errorAt tells a mistake in a part of the line.
func (p *transcript) errorAt(from, to int, summary, format string, args ...any) {
	p.report.error(p.line.at(p.filename, from, to), summary, format, args...)
}

func (p *transcript) readTime() {
	text := trimRight(p.line.text)
	value := trimLeft(text[1:])
	switch {
	case value == "":
		p.errorAt(0, len(text), "Time is missing", "After @ stands the time of the next message, as in:\n  @ -3d 09:12")
		return
	case len(value) == len(text)-1:
		p.errorAt(0, len(text), "Not a time", "After @ stands a space and the time of the next message, as in \"@ -3d 09:12\". A name that begins with @ is written with a backslash: \"\\@sam: text\".")
		return
	}
	p.setWhen(At, strings.Join(strings.Fields(value), " "), span{int32(len(text) - len(value)), int32(len(text))})
}

func (p *transcript) readGap() {
	text := trimRight(p.line.text)
	value := trimLeft(text[1:])
	if value == "" || strings.ContainsAny(value, ": \t") {
		p.errorAt(0, len(text), "Not a gap", "After + stands how long after the previous message the next one is sent, as in \"+2m\". A name that begins with + is written with a backslash: \"\\+1 555: text\".")
		return
	}
	p.setWhen(After, value, span{int32(len(text) - len(value)), int32(len(text))})
}

// setWhen keeps a time or a gap for the next message.
func (p *transcript) setWhen(field Field, value string, s span) {
	at := p.line.at(p.filename, 0, len(trimRight(p.line.text)))
	if p.when.given {
		p.report.error(at, "Message has two times", "The line at %d says already when the next message is sent. Keep one of the two, or write a message between them.", p.when.at.Start.Line)
		return
	}
	p.when = when{given: true, field: field, text: value, begin: p.line.offset, origin: p.line.pos, span: s, at: at}
}

// readSpeech begins a message.
func (p *transcript) readSpeech() {
	name, said, ok := cutName(p.line.text)
	if !ok {
		p.lost = true
		p.when = when{} // it belonged to what cannot be read
		p.errorAt(0, len(trimRight(p.line.text)), "Not a line of a transcript", "%s", notSpeech(p.line.text))
		return
	}
	p.beginMessage(name)
	p.readFirst(said)
}

func (p *transcript) beginMessage(name string) {
	p.open = true
	p.begin = p.line.offset
	p.msg = Message{
		From:   plainName(name),
		origin: p.line.pos,
		Range:  p.line.at(p.filename, 0, len(trimRight(p.line.text))),
	}
	if w := p.when; w.given {
		p.begin, p.msg.origin = w.begin, w.origin
		p.msg.spans[w.field] = w.span
		if w.field == At {
			p.msg.At = w.text
		} else {
			p.msg.After = w.text
		}
		p.when = when{}
	}
	p.mark(From, 0, len(name))
	if !p.speakers[p.msg.From] {
		p.speakers[p.msg.From] = true
	}
}

// mark remembers where in the line a field stands.
func (p *transcript) mark(f Field, from, to int) {
	base := p.line.offset - p.begin
	p.msg.spans[f] = span{int32(base + from), int32(base + to)}
}

// readFirst reads what stands after the name.
func (p *transcript) readFirst(said string) {
	text := trimLeft(trimRight(said))
	from := len(p.line.text) - len(trimLeft(said))
	text, from = p.cutAttachments(text, from)
	t := cutTail(text, isWide(gapBefore(p.line.text, from)))
	if !t.label.empty() {
		p.msg.Label = text[t.label.start:t.label.end]
		p.mark(Label, from+int(t.label.start), from+int(t.label.end))
	}
	if !t.options.empty() {
		p.readOptions(text[t.options.start:t.options.end], from+int(t.options.start))
	}
	if t.text > 0 {
		p.say(text[:t.text], from, t.escaped)
	}
}

// gapBefore returns the white space that ends at i.
func gapBefore(s string, i int) string {
	return s[len(trimRight(s[:i])):i]
}

// cutAttachments takes the attachments off the front of a part of the line
// that begins at from.
func (p *transcript) cutAttachments(text string, from int) (rest string, at int) {
	for {
		a, rest, ok, broken := cutAttachment(text)
		if broken {
			p.bad = true
			p.errorAt(from, from+len(text), "Attachment without a URL",
				"An attachment is written with its full URL, as in [image https://example.com/photo.jpg], and a name after it if it needs one. If this is text, write a backslash before the bracket: \\[")
			return text, from
		}
		if !ok {
			return text, from
		}
		length := len(text) - len(rest)
		if len(p.msg.Attachments) == 0 {
			p.mark(Attachments, from, from+length)
		} else {
			p.msg.spans[Attachments].end = int32(p.line.offset - p.begin + from + length)
		}
		p.msg.Attachments = append(p.msg.Attachments, a)
		text = trimLeft(rest)
		from += length + len(rest) - len(text)
	}
}

// goOn adds an indented line to the message.
func (p *transcript) goOn() {
	text := trimRight(p.line.text)
	if !p.open {
		if !p.lost {
			p.errorAt(0, len(text), "Nothing to go on with", "An indented line goes on with the text of the message above it, and there is none. If this is a line of its own, remove the spaces before it.")
		}
		return
	}
	from := p.dedent(text)
	if p.lines == 0 {
		var rest string
		rest, from = p.cutAttachments(text[from:], from)
		if rest == "" {
			p.grow(len(text))
			return
		}
	}
	piece := text[from:]
	p.checkIntent(piece, from)
	t := cutTail(piece, false)
	if !t.label.empty() || !t.options.empty() {
		p.bad = true
		p.errorAt(from+t.text, len(text), "Label or options on a later line",
			"Labels and options stand at the end of the line with the name. If this is text, write a backslash before it.")
	}
	p.say(piece, from, t.escaped)
	p.grow(len(text))
}

// dedent returns where an indented line's text begins: after the indentation
// that the message's first such line has, or after all of a smaller one.
func (p *transcript) dedent(text string) int {
	if p.indent == "" {
		p.indent = indentation(text)
		return len(p.indent)
	}
	if strings.HasPrefix(text, p.indent) {
		return len(p.indent)
	}
	return len(indentation(text))
}

// grow extends the message's range to the end of the line's text.
func (p *transcript) grow(end int) {
	p.msg.Range.End = advance(p.line.pos, p.line.text[:end])
}

// checkIntent looks for indented lines that were meant as lines of their own.
func (p *transcript) checkIntent(piece string, from int) {
	body := trimLeft(piece)
	from += len(piece) - len(body)
	is := ""
	switch {
	case body == "#" || strings.HasPrefix(body, "# "):
		is = "a comment"
	case body[0] == '@' && looksLikeTime(body):
		is = "a time"
	case body[0] == '+' && looksLikeGap(body):
		is = "a gap"
	}
	if is != "" {
		p.bad = true
		p.errorAt(from, len(trimRight(p.line.text)), "Indented line is ambiguous",
			"This reads like %s, but an indented line goes on with the text above it. If it is a line of its own, remove the spaces before it. If it is text, write a backslash before it: \\%s", is, body[:1])
		return
	}
	if name, _, ok := cutName(body); ok && p.speakers[name] {
		p.report.warn(p.line.at(p.filename, from, from+len(name)), "Indented line of speech",
			"This line is a part of what %s says, because it is indented. If %s says it, remove the spaces before it.", p.msg.From, name)
	}
}

// say adds a piece of text that begins at from. escaped is where in it a
// backslash stands that only keeps the end from being read as something else,
// or -1.
func (p *transcript) say(piece string, from, escaped int) {
	text := p.plain(piece, from, escaped)
	if p.lines == 0 {
		p.msg.Text = text
		p.mark(Text, from, from+len(piece))
	} else {
		if p.lines == 1 {
			p.said = append(p.said[:0], p.msg.Text...)
		}
		for range p.blanks + 1 {
			p.said = append(p.said, '\n')
		}
		p.said = append(p.said, text...)
		p.msg.spans[Text].end = int32(p.line.offset - p.begin + from + len(piece))
	}
	p.lines++
	p.blanks = 0
}

// plain returns the text that a piece stands for: without the backslashes that
// keep text from being read as something else.
func (p *transcript) plain(piece string, from, escaped int) string {
	end := ""
	if escaped >= 0 {
		piece, end = piece[:escaped], piece[escaped+1:]
	}
	if strings.IndexByte(piece, '[') >= 0 {
		piece = p.plainBrackets(piece, from)
	}
	if strings.IndexByte(piece, '\\') >= 0 {
		lead := indentation(piece)
		piece = lead + unescapeStart(piece[len(lead):], "#@+ \t")
	}
	return piece + end
}

// plainBrackets takes the backslash from before attachments that are text, and
// tells of those that are not.
func (p *transcript) plainBrackets(piece string, from int) string {
	var b strings.Builder
	done := 0
	for i := range len(piece) {
		if piece[i] != '[' {
			continue
		}
		_, rest, ok, broken := cutAttachment(piece[i:])
		// Before anything is said, one without a good URL is a mistake.
		if !ok && (!broken || p.lines > 0 || backslashes(piece) != i) {
			continue
		}
		if i > 0 && piece[i-1] == '\\' {
			b.WriteString(piece[done : i-1])
			done = i
			continue
		}
		if !p.bad {
			p.bad = true
			p.errorAt(from+i, from+len(piece)-len(rest), "Attachment after the text",
				"Attachments stand before what is said, right after the name. If this is text, write a backslash before the bracket: \\[")
		}
	}
	b.WriteString(piece[done:])
	return b.String()
}

// finish yields the message that was being gathered.
func (p *transcript) finish() {
	p.lost = false
	if !p.open {
		p.blanks = 0
		return
	}
	if p.lines > 1 {
		p.msg.Text = string(p.said)
	}
	if p.lines == 0 && len(p.msg.Attachments) == 0 && !p.bad {
		p.bad = true
		p.report.error(p.msg.Range, "Empty message", "Nothing stands after the name. Write what %s says after the colon, or in indented lines below it.", p.msg.From)
	}
	if !p.bad {
		p.msg.written = p.src[p.begin:]
		p.stopped = !p.yield(&p.msg)
	}
	p.open, p.bad = false, false
	p.lines, p.blanks, p.indent = 0, 0, ""
}

// notSpeech says what may be wrong with a line that is none of a transcript.
func notSpeech(text string) string {
	const form = "A line of speech is \"name: text\"."
	name, said, colon := strings.Cut(text, ":")
	word, _, equals := strings.Cut(text, "=")
	switch {
	case strings.Contains(text, "："):
		return form + " The colon has to be the ordinary one, with a space after it."
	case colon && trimSpace(name) == "":
		return form + " The name is missing before the colon."
	case colon && !strings.HasPrefix(said, "//") && !strings.ContainsAny(name, " \t[{="):
		return form + " Put a space after the colon: \"" + name + ": …\"."
	case text[0] == '[':
		return form + " Attachments stand right after the name, as in \"sam: [image https://example.com/photo.jpg]\"; lines that go on with the text above are indented."
	case equals && !colon && !strings.ContainsAny(trimSpace(word), " \t"):
		return form + " There is nothing to set in a transcript: people and groups are declared in the configuration. Remove the line."
	}
	return form + " To go on with the text of the message above, indent the line; to leave a note, begin it with #."
}
