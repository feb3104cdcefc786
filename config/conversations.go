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
// Where its messages are depends on how its file was read.
type conversationBlock struct {
	*declaration
	cut    *cutMessages // in the text of a file, to be parsed when they are read
	parsed []*hcl.Block // message and dynamic blocks, in order
}

// addConversation takes in a conversation block. With cut, the messages are
// not in the block.
func (l *loader) addConversation(b *hcl.Block, cut *cutMessages) {
	header, messages := splitBody(b.Body)
	content, diags := header.Content(conversationSchema())
	l.report(diags...)
	l.conversations = append(l.conversations, &conversationBlock{
		declaration: &declaration{addr.Conversation, b, content},
		cut:         cut,
		parsed:      messages,
	})
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
		list, ok, diags := block.instances(scope)
		l.report(diags...)
		if !ok {
			// Nothing is known of the conversations, but their messages can
			// still be looked at for mistakes that do not depend on them.
			continue
		}
		for _, inst := range list {
			l.evalConversation(block, inst)
		}
	}
	slices.SortFunc(l.cfg.Conversations, func(a, b *Conversation) int { return a.Addr.Compare(b.Addr) })
}

// evalConversation evaluates one conversation.
func (l *loader) evalConversation(block *conversationBlock, inst instance) {
	d := decoder{scope: inst.scope, attrs: block.content.Attributes}
	c := &Conversation{Addr: inst.addr, Range: block.block.DefRange}
	l.evalChat(&d, block, c)
	c.Starts = d.time("starts")
	c.Pace = d.duration("pace")
	if c.Pace != nil && *c.Pace < 1 {
		d.fail("pace", errors.New("messages of a chat are at least one second apart, so the pace is 1s or more"))
	}
	lifecycle, diags := evalLifecycle(block.content, inst.scope, "prevent_destroy", "on_edit", "order")
	c.Lifecycle = lifecycle
	r := &reader{
		conversation: c,
		block:        block,
		scope:        inst.scope,
		people:       &l.people,
		sources:      l.cfg.sources,
		dir:          l.dir,
	}
	r.cast = l.evalCast(&d)
	c.reader = r
	c.Read = func(yield func(*Message) bool) hcl.Diagnostics { return r.begin(yield).run() }
	l.report(d.diags...)
	l.report(diags...)
	l.cfg.Conversations = append(l.cfg.Conversations, c)
}

// evalChat evaluates who talks in a conversation.
func (l *loader) evalChat(d *decoder, block *conversationBlock, c *Conversation) {
	between, group := d.attrs["between"], d.attrs["group"]
	switch {
	case between == nil && group == nil:
		d.diags = append(d.diags, errorAt(block.block.DefRange, "Conversation without people",
			"A conversation says who talks:\n  between = [user.…, user.…]\nor:\n  group = group.…"))
	case between != nil && group != nil:
		d.diags = append(d.diags, errorAt(group.NameRange, "Both between and group",
			`A conversation is "between" two users or in a "group", not both.`))
	case group != nil:
		if v, ok := d.value("group"); ok {
			g, err := l.people.group(v)
			d.checked("group", err)
			c.Group = g
		}
	default:
		l.evalBetween(d, c)
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
	case users[0] == nil || users[1] == nil:
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
