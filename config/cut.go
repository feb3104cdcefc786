package config

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// chunk is a top-level block of a file, cut out but not parsed.
type chunk struct {
	item
	// Of a conversation whose body was cut, too: its arguments and blocks but
	// for the messages, how many blocks of messages there are, and where the
	// first of them begins. They are cut again whenever they are read.
	cut      bool
	header   []item
	messages int
	message  int
}

// cutFile cuts a file at its top-level blocks. Where the scanner gives up,
// rest is the beginning of the block that it gave up in, and stopped says why.
func cutFile(f *source, yield func(chunk)) (rest hcl.Pos, stopped *fault) {
	s := &scanner{file: f, src: f.text, line: 1}
	for {
		start, ok := s.skipBlank()
		if !ok {
			if s.fault.what == "" {
				return rest, nil
			}
			return posOf(f.text, s.fault), &s.fault
		}
		c, ok := s.chunk(start)
		if !ok {
			return start, &s.fault
		}
		yield(c)
	}
}

// posOf returns the place of a fault that is not in any block.
func posOf(text string, f fault) hcl.Pos {
	lineStart := strings.LastIndexByte(text[:f.at], '\n') + 1
	return hcl.Pos{Line: f.line, Column: 1, Byte: lineStart}
}

// chunk cuts out the block that begins at s.pos.
func (s *scanner) chunk(start hcl.Pos) (c chunk, ok bool) {
	before := *s
	if c, ok = s.conversation(start); ok {
		return c, true
	}
	if s.fault.why != unsure {
		return c, false
	}
	*s = before
	it, ok := s.item(start)
	if ok && !it.block {
		ok = s.unsure("an argument outside of a block")
	}
	return chunk{item: it}, ok
}

// conversation cuts out a conversation, and its body as well.
func (s *scanner) conversation(start hcl.Pos) (c chunk, ok bool) {
	c = chunk{item: item{start: start, block: true, name: s.ident()}, cut: true}
	if c.name != "conversation" || !s.openBlock(&c.item) {
		return c, s.unsure("no conversation")
	}
	opened, line := c.body-1, c.line
	for {
		pos, ok := s.skipBlank()
		switch {
		case !ok && s.fault.what == "":
			return c, s.giveUp(unclosed, opened, line, "block or bracket")
		case !ok:
			return c, false
		case s.src[s.pos] == '}':
			s.pos++
			c.end = s.pos
			return c, s.endOfItem()
		}
		it, ok := s.item(pos)
		switch {
		case !ok:
			return c, false
		case !it.isMessage():
			c.header = append(c.header, it)
			continue
		case c.messages == 0:
			c.message = it.start.Byte
		}
		c.messages++
	}
}

// isMessage reports whether an item of a conversation's body makes messages.
func (it item) isMessage() bool {
	return it.block && (it.name == "message" || it.name == "dynamic")
}

// parse parses a chunk. Of a conversation whose body was cut, this is all but
// its messages.
func (c chunk) parse(f *source) (*hclsyntax.Block, hcl.Diagnostics) {
	if !c.cut || c.messages == 0 {
		return parseBlock(f, c.start, f.text[c.start.Byte:c.end])
	}
	block, diags := parseBlock(f, c.start, f.text[c.start.Byte:c.message]+"\n}")
	for _, it := range c.header {
		if it.start.Byte < c.message || block == nil {
			continue
		}
		body, itemDiags := parseBody(f, it.start, f.text[it.start.Byte:it.end])
		diags = append(diags, itemDiags...)
		diags = append(diags, mergeBody(block.Body, body)...)
	}
	return block, diags
}

// parseBlock parses the text of one block, which begins at start. It returns
// nil when there is too much wrong for a block.
func parseBlock(f *source, start hcl.Pos, text string) (*hclsyntax.Block, hcl.Diagnostics) {
	body, diags := parseBody(f, start, text)
	if len(body.Blocks) != 1 {
		return nil, diags
	}
	return body.Blocks[0], diags
}

func parseBody(f *source, start hcl.Pos, text string) (*hclsyntax.Body, hcl.Diagnostics) {
	file, diags := hclsyntax.ParseConfig([]byte(text), f.name, start)
	return file.Body.(*hclsyntax.Body), diags
}

// mergeBody adds what was parsed apart to the body that it stands in.
func mergeBody(body, part *hclsyntax.Body) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for name, attr := range part.Attributes {
		if first := body.Attributes[name]; first != nil {
			diags = append(diags, errorAt(attr.NameRange, "Attribute redefined",
				"The argument %q was already set at %s. Each argument may be set only once.", name, first.NameRange))
			continue
		}
		body.Attributes[name] = attr
	}
	body.Blocks = append(body.Blocks, part.Blocks...)
	return diags
}

// maxUnclosed is the largest part of a file that hclsyntax is given to find out
// what is wrong with it: its memory is a hundred times the text.
const maxUnclosed = 4 << 20

// parseRest parses what the scanner gave up on. Either it is right, and only
// unusual, or hclsyntax knows best what to say of it.
func parseRest(f *source, rest hcl.Pos, stopped *fault) (*hclsyntax.Body, hcl.Diagnostics) {
	text := f.text[rest.Byte:]
	switch {
	case stopped.why == tooDeep || deep(text):
		return nil, hcl.Diagnostics{stopped.diagnostic(f, "Nested too deeply",
			"This %s is nested too deeply, or has too many conditions. Put parts of it into locals.")}
	case stopped.why == unclosed && len(text) > maxUnclosed:
		return nil, hcl.Diagnostics{stopped.diagnostic(f, "Not closed",
			"This %s begins here and is not closed. In a string, a quote is written \\\", and longer texts are written as heredocs, like <<EOT.")}
	}
	return parseBody(f, rest, text)
}

// diagnostic reports a fault that hclsyntax is not asked about.
func (ft *fault) diagnostic(f *source, summary, format string) *hcl.Diagnostic {
	start := posOf(f.text, *ft)
	start.Column += ft.at - start.Byte
	start.Byte = ft.at
	end := start
	if ft.at < len(f.text) {
		end.Byte++
		end.Column++
	}
	return errorAt(hcl.Range{Filename: f.name, Start: start, End: end}, summary, "%s", fmt.Sprintf(format, ft.what))
}

// tooDeepToParse returns the diagnostic for a file that is parsed whole and
// could be too much for the parser, or nil.
func tooDeepToParse(f *source) *hcl.Diagnostic {
	if !deep(f.text) {
		return nil
	}
	at := hcl.Range{Filename: f.name, Start: hcl.InitialPos, End: hcl.InitialPos}
	return errorAt(at, "Nested too deeply", "This file is nested too deeply to be read.")
}

// deep reports whether hclsyntax or hcl's JSON parser, which recurse, could run
// out of their stack on a text that the scanner did not see. It looks at it
// roughly.
func deep(text string) bool {
	// Brackets are counted as if none stood in texts, so more of them may be
	// open than the scanner takes.
	const maxOpen = 5 * maxNesting
	depth, unary, conditions, inString, quoted := 0, 0, 0, 0, false
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"':
			quoted, inString, unary = !quoted, 0, 0
		case c == '\n':
			quoted = false
		case quoted: // what could be in templates
			begins := c == '{' && (text[i-1] == '$' || text[i-1] == '%')
			if begins || inString > 0 && strings.IndexByte("([{?!-", c) >= 0 {
				inString++
			}
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			depth = max(0, depth-1)
		case c == '!' || c == '-':
			unary++
		case c == '?':
			conditions++
		case c != ' ' && c != '\t':
			unary = 0
		}
		if max(depth, unary) > maxOpen || max(conditions, inString) > maxConditions {
			return true
		}
	}
	return false
}
