package config

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/config/lang"
)

// conversationBlock is one conversation block. Its conversations share it.
type conversationBlock struct {
	name string
	def  hcl.Range // of the header
	// The header as it was cut or parsed, until it is evaluated.
	chunk  *chunk
	header *declaration
	// misspelt is set when the header says who talks under a wrong name.
	misspelt bool
	// The messages are in the text of a file, or parsed: message and dynamic
	// blocks, in order.
	cut    *cutMessages
	parsed []*hcl.Block
	// What is evaluated when the messages are read; nil when not declared.
	script, source hcl.Expression
}

// addConversation takes in a conversation block.
func (l *loader) addConversation(b *hcl.Block) {
	header, messages := splitBody(b.Body)
	block := &conversationBlock{name: b.Labels[0], def: b.DefRange, parsed: messages}
	l.report(block.take(b, header)...)
	l.conversations = append(l.conversations, block)
}

// addCutConversation takes in a conversation whose body was cut. As long as it
// is plain, it is not parsed.
func (l *loader) addCutConversation(f *source, c chunk) {
	block := &conversationBlock{chunk: &c, cut: &cutMessages{
		file:   f,
		from:   c.body,
		to:     c.end - len("}"),
		line:   c.line,
		blocks: c.messages,
	}}
	if name, nameAt, def, ok := plainName(f, c); ok && !l.hclOnly {
		if l.named("conversation", name, nameAt, def) {
			block.name, block.def = name, def
			l.conversations = append(l.conversations, block)
		}
		return
	}
	parsed, diags := c.parse(f)
	l.report(diags...)
	if diags.HasErrors() || parsed == nil {
		return
	}
	if b := parsed.AsHCLBlock(); l.allowed(b) {
		block.name, block.def = b.Labels[0], b.DefRange
		l.report(block.take(b, b.Body)...)
		l.conversations = append(l.conversations, block)
	}
}

// take takes in the header of the block, as it was parsed.
func (block *conversationBlock) take(b *hcl.Block, header hcl.Body) hcl.Diagnostics {
	content, diags := contentOf(header, conversationSchema())
	block.header = &declaration{addr.Conversation, b, content}
	block.misspelt = misspelt(diags, "between") || misspelt(diags, "group")
	for name, expr := range map[string]*hcl.Expression{"script": &block.script, "source": &block.source} {
		if attr := content.Attributes[name]; attr != nil {
			*expr = attr.Expr
		}
	}
	return diags
}

// splitBody takes the messages out of a conversation's body.
func splitBody(b hcl.Body) (header hcl.Body, messages []*hcl.Block) {
	body, ok := b.(*hclsyntax.Body)
	if !ok {
		return splitJSON(b)
	}
	rest := &hclsyntax.Body{Attributes: body.Attributes, SrcRange: body.SrcRange, EndRange: body.EndRange}
	for _, block := range body.Blocks {
		if block.Type == "message" || block.Type == "dynamic" {
			messages = append(messages, block.AsHCLBlock())
			continue
		}
		rest.Blocks = append(rest.Blocks, block)
	}
	return rest, messages
}

// evalConversations evaluates everything about the conversations but their
// messages.
func (l *loader) evalConversations(scope *lang.Scope) {
	for _, block := range l.conversations {
		if block.header == nil {
			if c, ok := l.plainConversation(block); ok {
				l.plainly++
				block.chunk = nil
				l.addReader(block, c, scope, nil)
				continue
			}
			if !l.parseHeader(block) {
				continue
			}
		}
		list, ok, diags := block.header.instances(scope)
		l.report(diags...)
		if !ok {
			continue
		}
		for _, inst := range list {
			l.evalConversation(block, inst)
		}
		block.done()
	}
	slices.SortFunc(l.cfg.Conversations, func(a, b *Conversation) int { return a.Addr.Compare(b.Addr) })
}

// parseHeader parses the header of a block of which only the name was read.
func (l *loader) parseHeader(block *conversationBlock) bool {
	parsed, diags := block.chunk.parse(block.cut.file)
	l.report(diags...)
	if diags.HasErrors() || parsed == nil {
		return false
	}
	b := parsed.AsHCLBlock()
	l.report(block.take(b, b.Body)...)
	return true
}

// done lets go of what is not needed to read the messages.
func (block *conversationBlock) done() {
	if block.cut != nil && block.header.repeated() {
		block.cut.kept = &keptTrees{trees: map[int]parsedItem{}}
	}
	block.chunk, block.header = nil, nil
}

// blocks returns the number of message and dynamic blocks.
func (block *conversationBlock) blocks() int {
	if block.cut != nil {
		return block.cut.blocks
	}
	return len(block.parsed)
}

// evalConversation evaluates one conversation.
func (l *loader) evalConversation(block *conversationBlock, inst instance) {
	d := decoder{scope: inst.scope, attrs: block.header.content.Attributes}
	c := &Conversation{Addr: inst.addr, Range: block.def}
	l.evalChat(&d, block, c)
	c.Starts = d.time("starts")
	c.Pace = d.duration("pace")
	if c.Pace != nil && *c.Pace < 1 {
		d.fail("pace", errors.New("messages of a chat are at least one second apart, so the pace is 1s or more"))
	}
	lifecycle, diags := evalLifecycle(block.header.content, inst.scope, "prevent_destroy", "on_edit", "order")
	c.Lifecycle = lifecycle
	cast := l.evalCast(&d)
	l.report(d.diags...)
	l.report(diags...)
	l.addReader(block, c, inst.scope, cast)
}

// addReader completes a conversation with what reads its messages.
func (l *loader) addReader(block *conversationBlock, c *Conversation, scope *lang.Scope, cast []castEntry) {
	r := &reader{
		conversation: c,
		block:        block,
		scope:        scope,
		people:       &l.people,
		sources:      l.cfg.sources,
		dir:          l.dir,
		cast:         cast,
	}
	c.reader = r
	c.Read = func(yield func(*Message) bool) hcl.Diagnostics { return r.begin(yield).run() }
	l.cfg.Conversations = append(l.cfg.Conversations, c)
}

// evalChat evaluates who talks in a conversation.
func (l *loader) evalChat(d *decoder, block *conversationBlock, c *Conversation) {
	between, group := d.attrs["between"], d.attrs["group"]
	if between != nil && group != nil {
		d.diags = append(d.diags, errorAt(group.NameRange, "Both between and group",
			`A conversation is "between" two users or in a "group", not both.`))
		return
	}
	l.evalBetween(d, c)
	c.Group = reference(d, "group", l.people.group)
	if c.Between[0] == nil && c.Group == nil && !block.misspelt && !d.doubtful && len(d.diags) == 0 {
		d.diags = append(d.diags, errorAt(block.def, "Conversation without people",
			"A conversation says who talks:\n  between = [user.…, user.…]\nor:\n  group = group.…"))
	}
}

// evalBetween evaluates the two people of a one-to-one conversation.
func (l *loader) evalBetween(d *decoder, c *Conversation) {
	elems, places, ok := d.elements("between")
	if !ok {
		return
	}
	if len(elems) != 2 {
		d.fail("between", fmt.Errorf("a conversation is between two users, and this lists %d. For more people, declare a group, and use it with group = group.…", len(elems)))
		return
	}
	var users [2]*User
	for i, elem := range elems {
		u, err := l.people.user(elem)
		if err != nil {
			d.failAt(places(i), "between", err)
		}
		users[i] = u
	}
	switch {
	case users[0] == nil || users[1] == nil: // reported, or not known
		d.doubtful = true
	case users[0] == users[1]:
		d.failAt(places(1), "between", fmt.Errorf("%s cannot talk with themselves. Name two users", users[0].Addr))
	default:
		c.Between = users
	}
}

// evalCast evaluates the names that a transcript calls people by.
func (l *loader) evalCast(d *decoder) []castEntry {
	attr := d.attrs["cast"]
	if attr == nil {
		return nil
	}
	v, diags := d.scope.Eval(attr.Expr)
	d.diags = append(d.diags, diags...)
	if v.Null() {
		return nil
	}
	entries, err := v.Entries()
	if errors.Is(err, lang.ErrUnknown) {
		return nil
	}
	if err != nil {
		d.fail("cast", err)
		return nil
	}
	pairs, pairDiags := hcl.ExprMap(attr.Expr)
	if pairDiags.HasErrors() {
		pairs = nil
	}
	cast := make([]castEntry, 0, len(entries))
	for _, entry := range entries {
		at := keyRange(d.scope, pairs, entry.Key, attr.Expr.Range())
		u, err := l.people.user(entry.Value)
		if err != nil {
			d.failAt(at, "cast", err)
		}
		cast = append(cast, castEntry{name: entry.Key, user: u, at: at})
	}
	return cast
}

// keyRange is where a key of an object is written.
func keyRange(scope *lang.Scope, pairs []hcl.KeyValuePair, key string, other hcl.Range) hcl.Range {
	for _, pair := range pairs {
		if hcl.ExprAsKeyword(pair.Key) == key {
			return pair.Key.Range()
		}
		if v, diags := scope.Eval(pair.Key); !diags.HasErrors() && v.IsString(key) {
			return pair.Key.Range()
		}
	}
	return other
}

// castEntry is one name of a cast.
type castEntry struct {
	name string
	user *User // nil when it had a mistake
	at   hcl.Range
}
