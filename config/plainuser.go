package config

import (
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/config/lang"
)

// takePlainUser takes in a user block of nothing but literals, and reports
// whether it was one. Like a plain message, it has no mistakes to report but
// that its name is taken: all others are left to hclsyntax.
func (l *loader) takePlainUser(f *source, c chunk) bool {
	name, nameAt, def, ok := plainName(f, c)
	if !ok {
		return false
	}
	u := &User{Addr: addr.Object{Kind: addr.User, Name: name}, UID: name, Range: def}
	idAt := nameAt
	s := &scanner{file: f, src: f.text[:c.end], pos: c.body, line: c.line}
	if !s.plainUserBody(u, c.start, &idAt) || !rightUser(u) {
		return false
	}
	if l.named(addr.User.String(), name, nameAt, def) {
		l.plainUsers++
		l.addDeclaredUser(u, idAt)
		l.graph.Add(lang.Node{Root: addr.User.String(), Name: name, Range: def, Known: u.value})
	}
	return true
}

// plainUserBody reads the arguments of a user whose block begins at start, and
// its closing brace. idAt becomes where the uid stands, if it is declared.
func (s *scanner) plainUserBody(u *User, start hcl.Pos, idAt *hcl.Range) bool {
	s.skipSpaces()
	oneLine := s.pos < len(s.src) && isIdentByte(s.src[s.pos])
	if !oneLine && !s.plainLineEnd() {
		return false
	}
	var seen [len(userArguments)]bool
	for s.plainLineStart() {
		if s.src[s.pos] == '}' {
			s.pos++
			return s.pos == len(s.src)
		}
		if !oneLine {
			start = s.posAfterSpaces()
		}
		i := userArgument(s.ident())
		if i < 0 || seen[i] || !s.plainEquals() || !s.plainUserArgument(u, i, start, idAt) {
			return false
		}
		seen[i] = true
		if oneLine {
			s.skipSpaces()
			if !s.startsWith("}") {
				return false
			}
		} else if !s.plainLineEnd() {
			return false
		}
	}
	return false
}

// userArguments are the arguments that a plain user can have.
var userArguments = [...]string{"name", "uid", "avatar", "link", "role", "tags"}

func userArgument(name string) int {
	for i, known := range userArguments {
		if name == known {
			return i
		}
	}
	return -1
}

// plainUserArgument reads the value of an argument. What stands before it up to
// start, on the same line, has no character of several bytes. What is empty is
// not plain.
func (s *scanner) plainUserArgument(u *User, argument int, start hcl.Pos, idAt *hcl.Range) (ok bool) {
	if userArguments[argument] == "tags" {
		u.Tags, ok = s.plainStrings()
		return ok && len(u.Tags) > 0
	}
	opened := s.pos
	text, ok := s.plainString()
	switch userArguments[argument] {
	case "name":
		u.Name = text
	case "uid":
		u.UID = text
		*idAt = hcl.Range{Filename: s.file.name, Start: onLine(start, opened), End: onLine(start, s.pos)}
		ok = ok && len(text) == s.pos-opened-len(`""`)
	case "avatar":
		u.Avatar = text
	case "link":
		u.Link = text
	case "role":
		u.Role = text
	}
	return ok && text != ""
}

// posAfterSpaces returns the place of s.pos, before which nothing but spaces
// stands on the line.
func (s *scanner) posAfterSpaces() hcl.Pos {
	lineStart := strings.LastIndexByte(s.src[:s.pos], '\n') + 1
	return hcl.Pos{Line: s.line, Column: 1 + s.pos - lineStart, Byte: s.pos}
}

// onLine returns the place of a byte on the line of another place, with no
// character of several bytes between them.
func onLine(start hcl.Pos, at int) hcl.Pos {
	return hcl.Pos{Line: start.Line, Column: start.Column + at - start.Byte, Byte: at}
}

// rightUser reports whether a user has nothing that evalUser would report.
func rightUser(u *User) bool {
	return CheckUID(u.UID) == nil && CheckName(u.Name) == nil &&
		(u.Avatar == "" || CheckURL(u.Avatar) == nil) &&
		(u.Link == "" || CheckURL(u.Link) == nil) &&
		(u.Role == "" || CheckRole(u.Role) == nil) &&
		CheckTags(u.Tags) == nil && CheckUser(u) == nil
}

// value is what others see of a plain user.
func (u *User) value() lang.Value {
	text := func(s string) lang.Value {
		if s == "" {
			return lang.NullString()
		}
		return lang.String(s)
	}
	tags := lang.Strings(nil)
	if len(u.Tags) > 0 {
		elems := make([]lang.Value, len(u.Tags))
		for i, tag := range u.Tags {
			elems[i] = lang.String(tag)
		}
		tags = lang.Tuple(elems)
	}
	return lang.Object(map[string]lang.Value{
		"uid": lang.String(u.UID), "name": text(u.Name), "avatar": text(u.Avatar),
		"link": text(u.Link), "role": text(u.Role), "metadata": lang.Null(), "tags": tags,
	})
}
