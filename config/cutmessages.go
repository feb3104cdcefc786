package config

import (
	"sync"

	"github.com/hashicorp/hcl/v2"
)

// cutMessages are the messages of a conversation block, in the text of a file.
type cutMessages struct {
	file  *source
	chunk chunk

	// A block with for_each is read once for every conversation it declares.
	// What hclsyntax made of its messages is kept then, as far as it is small.
	repeated bool

	mu     sync.Mutex
	trees  map[int]parsedItem // by where they begin
	budget int                // bytes of text that may be parsed and kept
}

// maxKept is the text of a conversation block whose trees are kept.
const maxKept = 64 << 10

type parsedItem struct {
	block *hcl.Block // nil when it has mistakes
	diags hcl.Diagnostics
}

// read reads the messages of a conversation from the text.
func (c *cutMessages) read(rd *reading) {
	body := c.file.text[:c.chunk.end-len("}")]
	s := &scanner{file: c.file, src: body, pos: c.chunk.body, line: c.chunk.line}
	for !rd.stopped {
		start, ok := s.skipBlank()
		if !ok {
			break
		}
		if rd.plain(s, start) {
			continue
		}
		it, ok := s.item(start)
		if !ok {
			break
		}
		if !it.isMessage() {
			continue
		}
		parsed := c.parse(it)
		rd.report(parsed.diags...)
		if parsed.block != nil {
			rd.readBlock(parsed.block, rd.scope)
		}
	}
	if s.fault.what != "" {
		panic("config: a body that was cut cannot be cut again: " + s.fault.what)
	}
}

// parse parses a message or dynamic block.
func (c *cutMessages) parse(it item) parsedItem {
	if c.repeated {
		c.mu.Lock()
		defer c.mu.Unlock()
		if parsed, ok := c.trees[it.start.Byte]; ok {
			return parsed
		}
	}
	text := c.file.text[it.start.Byte:it.end]
	block, diags := parseBlock(c.file, it.start, text)
	parsed := parsedItem{diags: diags}
	if block != nil && !diags.HasErrors() {
		parsed.block = block.AsHCLBlock()
	}
	if c.repeated && c.budget+len(text) <= maxKept {
		if c.trees == nil {
			c.trees = map[int]parsedItem{}
		}
		c.trees[it.start.Byte] = parsed
		c.budget += len(text)
	}
	return parsed
}
