package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/config/lang"
	"github.com/sowdev/sow/config/script"
)

// readNotations reads the messages that are not written in HCL.
func (rd *reading) readNotations() {
	voices := newVoices(rd.reader)
	if expr := rd.block.script; expr != nil && !rd.stopped {
		rd.readScript(expr, voices)
	}
	if expr := rd.block.source; expr != nil && !rd.stopped {
		rd.readSource(expr, voices)
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
	filename, place := rd.placeScript(expr, text)
	var diags hcl.Diagnostics
	for m := range script.Parse(text, filename, hcl.InitialPos, &diags) {
		rd.scriptLine = place.hidden(m.Range)
		rd.take(m, voices, place)
		if rd.stopped {
			return
		}
	}
	for _, diag := range diags {
		if place != nil && diag.Subject != nil {
			rd.scriptLine = place.hidden(*diag.Subject)
			diag = place.moved(diag)
		}
		rd.report(diag)
	}
	rd.scriptLine = 0
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
func (rd *reading) placeScript(expr hcl.Expression, text string) (filename string, place *placement) {
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
	return "", newPlacement(rd.sources, expr.Range(), text)
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
	rd.report(diags...)
	if sum, ok := source.Sum(); ok && !rd.sources.settle(path.Clean(name), sum) {
		rd.report(errorAt(expr.Range(), "Source changed between two readings",
			"Something writes to %s: it holds something else than when it was read before. Wait until it is complete, and try again.", name))
	}
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
	info, err := root.Stat(local)
	if err != nil {
		return nil, fmt.Errorf("%q cannot be read: %s", name, reason(err))
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		// To open a pipe that nobody writes to would take forever.
		return nil, fmt.Errorf("%q is no ordinary file, and a source may be read more than once: write what it gives into a file", name)
	}
	file, err := root.Open(local)
	if err != nil {
		return nil, fmt.Errorf("%q cannot be read: %s", name, reason(err))
	}
	name = filepath.ToSlash(local)
	rd.sources.stream(name, filepath.Join(rd.dir, local))
	return script.NewSource(file, name, func() (fs.File, error) { return os.OpenInRoot(rd.dir, local) })
}

// take makes a message of one that was read in another notation. place is nil
// when that stands in a file of its own.
func (rd *reading) take(in *script.Message, voices *voices, place *placement) {
	where := in.FieldRange
	if place != nil {
		where = func(f script.Field) hcl.Range { return place.move(in.FieldRange(f)) }
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
	if place != nil {
		m.Range = place.move(m.Range)
	}
	var err error
	if m.From, err = voices.find(in.From); err != nil {
		fail(script.From, partFrom, err)
	} else if m.From == nil {
		wrong = true // its mistake was reported
	}
	if in.At != "" {
		at, err := ParseTime(in.At)
		fail(script.At, partAt, err)
		if err == nil {
			m.At = &at
		}
	}
	if in.After != "" {
		after, err := ParseDuration(in.After)
		fail(script.After, partAfter, err)
		if err == nil {
			m.After = &after
		}
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
	rd.finish(m, !wrong, nil, everyPart, func(p part) hcl.Range { return where(fieldOf(p)) })
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
