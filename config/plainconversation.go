package config

import (
	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/config/addr"
)

// plainName reads the name of a user or a conversation from the text: where it
// stands, and the whole header.
func plainName(f *source, c chunk) (name string, at, def hcl.Range, ok bool) {
	s := &scanner{file: f, src: f.text[:c.end], pos: c.start.Byte, line: c.start.Line}
	s.ident()
	s.skipSpaces()
	opened := s.pos
	name, ok = s.plainString()
	if !ok || !isASCII(name) || len(name) != s.pos-opened-len(`""`) {
		return "", at, def, false
	}
	end := s.pos
	if s.skipSpaces(); s.pos != c.body-len("{") {
		return "", at, def, false
	}
	at = hcl.Range{Filename: f.name, Start: onLine(c.start, opened), End: onLine(c.start, end)}
	def = hcl.Range{Filename: f.name, Start: c.start, End: onLine(c.start, end)}
	return name, at, def, true
}

// plainConversation reads a conversation that says no more than who talks and
// when, in words that need no evaluation. Like a plain message, it has no
// mistakes to report: all others are left to hclsyntax.
func (l *loader) plainConversation(block *conversationBlock) (c *Conversation, ok bool) {
	c = &Conversation{
		Addr:  addr.Object{Kind: addr.Conversation, Name: block.name},
		Range: block.def,
	}
	for _, it := range block.chunk.header {
		s := &scanner{file: block.cut.file, src: block.cut.file.text[:it.end], pos: it.start.Byte, line: it.start.Line}
		s.ident()
		if it.block || !s.plainEquals() || !l.plainSetting(s, c, it.name) {
			return nil, false
		}
		if s.skipSpaces(); s.pos != it.end {
			return nil, false
		}
	}
	oneToOne := c.Between[0] != nil
	return c, oneToOne != (c.Group != nil) && (!oneToOne || c.Between[0] != c.Between[1])
}

// plainSetting reads one argument of a conversation.
func (l *loader) plainSetting(s *scanner, c *Conversation, name string) bool {
	switch name {
	case "between":
		return c.Between[0] == nil && l.plainBetween(s, c)
	case "group":
		if c.Group != nil {
			return false
		}
		start := s.pos
		for s.pos < len(s.src) && (isIdentByte(s.src[s.pos]) || s.src[s.pos] == '.') {
			s.pos++
		}
		c.Group = l.people.groupRefs[s.src[start:s.pos]]
		return c.Group != nil
	case "starts":
		text, ok := s.plainString()
		starts, err := ParseTime(text)
		if !ok || err != nil || c.Starts != nil {
			return false
		}
		c.Starts = &starts
		return true
	case "pace":
		text, ok := s.plainString()
		pace, err := ParseDuration(text)
		if !ok || err != nil || c.Pace != nil || pace < 1 {
			return false
		}
		c.Pace = &pace
		return true
	}
	return false
}

// plainBetween reads two users.
func (l *loader) plainBetween(s *scanner, c *Conversation) bool {
	if !s.startsWith("[") {
		return false
	}
	s.pos++
	for i := range c.Between {
		if s.skipSpaces(); s.pos == len(s.src) {
			return false
		}
		if c.Between[i] = l.people.plainUser(s); c.Between[i] == nil {
			return false
		}
		s.skipSpaces()
		if i == 0 && !s.startsWith(",") || i == 1 && !s.startsWith("]") {
			return false
		}
		s.pos++
	}
	return true
}
