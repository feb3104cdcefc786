package config

import (
	"sync"

	"github.com/hashicorp/hcl/v2"
)

// cutMessages are the messages of a conversation block, in the text of a file.
type cutMessages struct {
	file     *source
	from, to int // the bytes of the block's body
	line     int // of from
	blocks   int // of messages
	kept     *keptTrees
}

// keptTrees is what hclsyntax made of the messages of a block with for_each,
// which are read once for every conversation that it declares.
type keptTrees struct {
	mu    sync.Mutex
	trees map[int]parsedItem // by where they begin
	bytes int                // of text
}

// maxKept is the text of a block whose trees are kept, in bytes: they are a
// hundred times as large.
const maxKept = 64 << 10

type parsedItem struct {
	block *hcl.Block // nil when it has mistakes
	diags hcl.Diagnostics
}

// read reads the messages of a conversation from the text.
func (c *cutMessages) read(rd *reading) {
	s := &scanner{file: c.file, src: c.file.text[:c.to], pos: c.from, line: c.line}
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

// parse parses a message or dynamic block, or returns what was kept of it.
func (c *cutMessages) parse(it item) parsedItem {
	if c.kept == nil {
		return c.file.parseItem(it)
	}
	c.kept.mu.Lock()
	defer c.kept.mu.Unlock()
	if parsed, ok := c.kept.trees[it.start.Byte]; ok {
		return parsed
	}
	parsed := c.file.parseItem(it)
	if size := it.end - it.start.Byte; c.kept.bytes+size <= maxKept {
		c.kept.trees[it.start.Byte] = parsed
		c.kept.bytes += size
	}
	return parsed
}

func (f *source) parseItem(it item) parsedItem {
	block, diags := parseBlock(f, it.start, f.text[it.start.Byte:it.end])
	parsed := parsedItem{diags: diags}
	if block != nil && !diags.HasErrors() {
		parsed.block = block.AsHCLBlock()
	}
	return parsed
}
