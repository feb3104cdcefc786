package config

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/config/lang"
	"github.com/sowdev/sow/config/script"
)

// readNotations reads the messages that are not written in HCL.
func (rd *reading) readNotations() {
	attrs := rd.block.content.Attributes
	voices := newVoices(rd.reader)
	if attr := attrs["script"]; attr != nil && !rd.stopped {
		rd.readScript(attr.Expr, voices)
	}
	if attr := attrs["source"]; attr != nil && !rd.stopped {
		rd.readSource(attr.Expr, voices)
	}
	if rd.stopped {
		return
	}
	for _, entry := range voices.unused() {
		rd.report(warningAt(entry.at, "Name without use", "The cast names %q, and nobody speaks under that name.", entry.name))
	}
}

// readScript reads a transcript.
func (rd *reading) readScript(expr hcl.Expression, voices *voices) {
	text, ok := rd.evalText(expr, "script")
	if !ok {
		return
	}
	filename, move := rd.placeScript(expr, text)
	var diags hcl.Diagnostics
	for m := range script.Parse(text, filename, hcl.InitialPos, &diags) {
		rd.take(m, voices, move)
		if rd.stopped {
			return
		}
	}
	rd.reportMoved(diags, move)
}

// evalText evaluates the text of a script or the name of a source.
func (rd *reading) evalText(expr hcl.Expression, name string) (string, bool) {
	d := decoder{scope: rd.scope, attrs: hcl.Attributes{name: {Name: name, Expr: expr}}}
	text := d.publicText(name)
	_, ok := d.value(name)
	rd.report(d.diags...)
	return text, ok && len(d.diags) == 0
}

// placeScript finds out where the lines of a transcript stand: in a file of
// their own, in a heredoc, or nowhere that could be shown.
func (rd *reading) placeScript(expr hcl.Expression, text string) (filename string, move func(hcl.Range) hcl.Range) {
	if call, diags := hcl.ExprCall(expr); !diags.HasErrors() && call.Name == "file" && len(call.Arguments) == 1 {
		if name, ok := rd.evalText(call.Arguments[0], "script"); ok {
			filename := nameIn(rd.dir, filepath.Join(rd.dir, name))
			if filepath.IsAbs(name) {
				filename = nameIn(rd.dir, name)
			}
			rd.sources.add(newSource(filename, text))
			return filename, nil
		}
	}
	return "", newPlacement(rd.sources, expr.Range(), text).move
}

// readSource reads a file of messages.
func (rd *reading) readSource(expr hcl.Expression, voices *voices) {
	name, ok := rd.evalText(expr, "source")
	if !ok {
		return
	}
	source, err := rd.openSource(name)
	if err != nil {
		rd.report(errorAt(expr.Range(), "Cannot read the source", "%s", sentence(err)))
		return
	}
	defer source.Close()
	var diags hcl.Diagnostics
	for m := range source.Messages(&diags) {
		rd.take(m, voices, nil)
		if rd.stopped {
			return
		}
	}
	rd.reportMoved(diags, nil)
}

// openSource opens a file of messages inside the configuration's directory.
func (rd *reading) openSource(name string) (*script.Source, error) {
	local := filepath.FromSlash(path.Clean(name))
	if !filepath.IsLocal(local) {
		return nil, fmt.Errorf("%q is outside of the configuration's directory, and sources are read from inside it only", name)
	}
	root, err := os.OpenRoot(rd.dir)
	if err != nil {
		return nil, errors.New(reason(err))
	}
	defer root.Close()
	file, err := root.Open(local)
	if err != nil {
		return nil, fmt.Errorf("%q cannot be read: %s", name, reason(err))
	}
	return script.NewSource(file, filepath.ToSlash(local))
}

// reportMoved reports what a notation's reader found.
func (rd *reading) reportMoved(diags hcl.Diagnostics, move func(hcl.Range) hcl.Range) {
	for _, diag := range diags {
		if move != nil && diag.Subject != nil {
			d := *diag
			at := move(*diag.Subject)
			d.Subject, d.Context = &at, nil
			diag = &d
		}
		rd.report(diag)
	}
}

// take makes a message of one that was read in another notation.
func (rd *reading) take(in *script.Message, voices *voices, move func(hcl.Range) hcl.Range) {
	where := func(f script.Field) hcl.Range {
		at := in.FieldRange(f)
		if move != nil {
			at = move(at)
		}
		return at
	}
	wrong := false
	fail := func(f script.Field, p part, err error) {
		if err != nil {
			wrong = true
			rd.report(invalidValue(where(f), p.String(), err))
		}
	}
	m := &Message{
		Label:      in.Label,
		Type:       in.Type,
		Text:       in.Text,
		Tags:       in.Tags,
		Expect:     in.Expect,
		Metadata:   in.Metadata,
		CustomData: in.CustomData,
		Range:      in.Range,
		Lifecycle:  Lifecycle{ReplaceOnEdit: rd.conversation.Lifecycle.ReplaceOnEdit},
	}
	if move != nil {
		m.Range = move(m.Range)
	}
	var err error
	if m.From, err = voices.find(in.From); err != nil {
		fail(script.From, partFrom, err)
	} else if m.From == nil {
		wrong = true // its mistake was reported
	}
	if in.At != "" {
		at, err := ParseTime(in.At)
		m.At = &at
		fail(script.At, partAt, err)
	}
	if in.After != "" {
		after, err := ParseDuration(in.After)
		m.After = &after
		fail(script.After, partAfter, err)
	}
	for _, a := range in.Attachments {
		attachment, err := DeriveAttachmentOfKind(a.Kind, a.URL, a.Name, a.MimeType, a.Extension)
		if err == nil && a.Size != "" {
			attachment.Size = a.Size
			err = CheckAttachment(attachment)
		}
		fail(script.Attachments, partAttachments, err)
		m.Attachments = append(m.Attachments, attachment)
	}
	if wrong {
		rd.remember(m.Label, where(script.Label))
		return
	}
	rd.finish(m, nil, func(p part) hcl.Range { return where(fieldOf(p)) })
}

// fieldOf returns what the notations call a part of a message.
func fieldOf(p part) script.Field {
	switch p {
	case partLabel:
		return script.Label
	case partFrom:
		return script.From
	case partType:
		return script.Type
	case partAt:
		return script.At
	case partAfter:
		return script.After
	case partExpect:
		return script.Expect
	case partAttachments:
		return script.Attachments
	case partTags:
		return script.Tags
	case partMetadata:
		return script.Metadata
	case partCustomData:
		return script.CustomData
	}
	return script.Text
}

// voices finds the users that a transcript or a source speaks of. A name is
// looked up in the cast, then among the labels of users, then among uids, then
// among the keys of users in the conversation.
type voices struct {
	r     *reader
	found map[string]*User
	heard map[string]bool
}

func newVoices(r *reader) *voices {
	return &voices{r: r, found: map[string]*User{}, heard: map[string]bool{}}
}

// find returns the user of that name, or nil without an error when the cast
// had a mistake in it.
func (v *voices) find(name string) (*User, error) {
	if u := v.found[name]; u != nil {
		return u, nil
	}
	for _, entry := range v.r.cast {
		if entry.name == name {
			v.heard[name] = true
			if entry.user != nil {
				v.found[name] = entry.user
			}
			return entry.user, nil
		}
	}
	u := v.r.people.named(name, v.r.conversation)
	if u == nil {
		if v.r.people.incomplete {
			return nil, nil
		}
		return nil, fmt.Errorf("nobody is known as %q here.%s A name is one of the conversation's cast, a user's label, or a uid",
			name, lang.Suggest(name, v.r.names()))
	}
	v.found[name] = u
	return u, nil
}

// unused returns the entries of the cast that nobody spoke as.
func (v *voices) unused() []castEntry {
	var unused []castEntry
	for _, entry := range v.r.cast {
		if !v.heard[entry.name] {
			unused = append(unused, entry)
		}
	}
	return unused
}

// names returns the names that a transcript can use, those of the cast first.
func (r *reader) names() []string {
	var names []string
	for _, entry := range r.cast {
		names = append(names, entry.name)
	}
	for _, u := range r.conversation.Between {
		if u != nil {
			names = append(names, u.Addr.Name, u.UID)
		}
	}
	for _, uid := range sortedKeys(r.people.users) {
		if u := r.people.users[uid]; u.Addr.Key.IsZero() {
			names = append(names, u.Addr.Name)
		}
	}
	return append(names, sortedKeys(r.people.users)...)
}

// named returns the user whom a transcript calls by that name.
func (p *people) named(name string, c *Conversation) *User {
	if u := p.labels[name]; u != nil {
		return u
	}
	if u := p.users[name]; u != nil {
		return u
	}
	for _, u := range c.Between {
		if u == nil {
			continue
		}
		if key, ok := u.Addr.Key.Text(); ok && key == name {
			return u
		}
	}
	return nil
}

// placement finds where the lines of a text stand that was written in a
// heredoc.
type placement struct {
	at    hcl.Range // of the whole expression
	lines []hcl.Pos // the beginnings of the text's lines, when they are known
	in    []int     // the same, as offsets in the text
}

func newPlacement(src *sources, at hcl.Range, text string) *placement {
	p := &placement{at: at}
	file := src.get(at.Filename)
	if file == nil || at.End.Byte > len(file.text) || !strings.HasPrefix(file.text[at.Start.Byte:at.End.Byte], "<<") {
		return p
	}
	written := file.text[at.Start.Byte:at.End.Byte]
	pos := at.Start.Byte
	var lines []hcl.Pos
	var in []int
	offset, line := 0, at.Start.Line
	rest := text
	for next := range strings.SplitAfterSeq(written, "\n") {
		begin := pos
		pos += len(next)
		line++
		if begin == at.Start.Byte {
			line-- // the line that opens the heredoc
			continue
		}
		if rest == "" {
			break
		}
		end := strings.IndexByte(rest, '\n') + 1
		if end == 0 {
			end = len(rest)
		}
		indent := len(next) - end
		if indent < 0 || next[indent:] != rest[:end] || strings.TrimLeft(next[:indent], " \t") != "" {
			return p // templates make the text differ from what is written
		}
		lines = append(lines, hcl.Pos{Line: line, Column: 1 + indent, Byte: begin + indent})
		in = append(in, offset)
		offset += end
		rest = rest[end:]
	}
	p.lines, p.in = lines, in
	return p
}

// move returns where something is written that stands at r in the text.
func (p *placement) move(r hcl.Range) hcl.Range {
	start, ok1 := p.pos(r.Start)
	end, ok2 := p.pos(r.End)
	if !ok1 || !ok2 {
		return p.at
	}
	return hcl.Range{Filename: p.at.Filename, Start: start, End: end}
}

func (p *placement) pos(pos hcl.Pos) (hcl.Pos, bool) {
	i := pos.Line - 1
	if i == len(p.lines) && i > 0 && pos.Column == 1 { // after the last line break
		last := p.lines[i-1]
		return hcl.Pos{Line: last.Line, Column: last.Column, Byte: last.Byte}, true
	}
	if i < 0 || i >= len(p.lines) {
		return hcl.Pos{}, false
	}
	line := p.lines[i]
	return hcl.Pos{Line: line.Line, Column: line.Column + pos.Column - 1, Byte: line.Byte + pos.Byte - p.in[i]}, true
}
