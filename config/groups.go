package config

import (
	"errors"
	"fmt"

	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/config/lang"
)

// addGroup takes in a group block.
func (l *loader) addGroup(b *hcl.Block) {
	content, diags := contentOf(b.Body, groupSchema())
	l.report(diags...)
	dec := &declaration{addr.Group, b, content}
	l.declare(dec, func(inst instance) (lang.Value, hcl.Diagnostics) { return l.evalGroup(dec, inst) })
}

// evalGroup evaluates one group.
func (l *loader) evalGroup(dec *declaration, inst instance) (lang.Value, hcl.Diagnostics) {
	d := decoder{scope: inst.scope, attrs: dec.content.Attributes}
	g := &Group{Addr: inst.addr, Range: dec.block.DefRange}
	var idAt hcl.Range
	g.GUID, idAt = d.id("guid", dec, CheckGUID)
	g.Name = checked(&d, "name", d.text, CheckName)
	g.Type = "public"
	if typ := checked(&d, "type", d.publicText, CheckGroupType); typ != "" {
		g.Type = typ
	}
	g.Password = d.password(g.Type)
	g.Icon = checked(&d, "icon", d.text, CheckURL)
	g.Description = checked(&d, "description", d.text, CheckDescription)
	g.Metadata = checked(&d, "metadata", d.object, CheckMetadata)
	g.Tags = checked(&d, "tags", d.texts, CheckTags)
	lifecycle, diags := evalLifecycle(dec.content, inst.scope, "prevent_destroy")
	g.Lifecycle = lifecycle
	l.evalMembers(&d, g)
	g.Sensitive = d.sensitive
	d.whole(dec, "group", CheckGroup(g))

	l.cfg.Groups = append(l.cfg.Groups, g)
	guid := lang.String(g.GUID)
	if g.GUID == "" {
		guid = lang.Value{}
		l.people.incomplete = true
	} else {
		l.people.groups[g.GUID] = g
		l.people.groupRefs[g.Addr.String()] = g
		l.ids = append(l.ids, declaredID{"guid", g.GUID, g.Addr, idAt})
	}
	owner := lang.NullString()
	if g.Owner != nil {
		owner = lang.String(g.Owner.UID)
	}
	return lang.Object(map[string]lang.Value{
		"guid":        guid,
		"name":        d.raw("name", lang.NullString()),
		"type":        lang.String(g.Type),
		"icon":        d.raw("icon", lang.NullString()),
		"description": d.raw("description", lang.NullString()),
		"metadata":    d.raw("metadata", lang.Null()),
		"tags":        d.raw("tags", lang.Strings(nil)),
		"owner":       owner,
	}), append(d.diags, diags...)
}

// password evaluates a group's password, which belongs to one type of group
// and is a secret wherever it comes from.
func (d *decoder) password(typ string) string {
	if d.attrs["password"] == nil {
		if typ == "password" {
			d.fail("type", errors.New(`a group with type = "password" needs a password. Give it one from a sensitive variable: password = var.…`))
		}
		return ""
	}
	d.hide("password")
	if typ != "password" {
		d.diags = append(d.diags, errorAt(d.at("password"), "Password without use",
			`Only groups with type = "password" have a password, and this one is %s.`, typ))
	}
	return checked(d, "password", d.text, CheckPassword)
}

// evalMembers evaluates who belongs to a group, and finds people named twice.
func (l *loader) evalMembers(d *decoder, g *Group) {
	g.Owner = reference(d, "owner", l.people.user)
	scopes := map[*User]string{}
	if g.Owner != nil {
		scopes[g.Owner] = "owner"
	}
	g.Admins = l.members(d, "admins", scopes)
	g.Moderators = l.members(d, "moderators", scopes)
	g.Participants = l.members(d, "participants", scopes)
}

// members evaluates one list of members. It is nil when it is not declared.
func (l *loader) members(d *decoder, name string, scopes map[*User]string) []*User {
	attr := d.attrs[name]
	if attr == nil {
		return nil
	}
	elems, places, ok := d.elements(name)
	if !ok {
		return nil
	}
	users := make([]*User, 0, len(elems))
	for i, elem := range elems {
		u, err := l.people.user(elem)
		if err != nil {
			d.failAt(places(i), name, err)
		}
		if u == nil {
			continue
		}
		// The owner is an admin by nature, so naming it there says nothing new.
		other, twice := scopes[u]
		if twice && (other != "owner" || name != "admins") {
			d.failAt(places(i), name, scopeTaken(u, other))
			continue
		}
		scopes[u] = name
		users = append(users, u)
	}
	return users
}

func scopeTaken(u *User, scope string) error {
	if scope == "owner" {
		return fmt.Errorf("%s is the owner, and an owner has no other scope", u.Addr)
	}
	return fmt.Errorf("%s is named among the %s already, and a member has one scope", u.Addr, scope)
}

// elements evaluates an attribute that is a list, and returns where each
// element stands.
func (d *decoder) elements(name string) (elems []lang.Value, places func(int) hcl.Range, ok bool) {
	attr := d.attrs[name]
	if attr == nil {
		return nil, nil, false
	}
	v, diags := d.scope.Eval(attr.Expr)
	d.diags = append(d.diags, diags...)
	if v.Null() {
		return nil, nil, false
	}
	elems, err := v.List()
	if errors.Is(err, lang.ErrUnknown) {
		d.doubtful = true
		return nil, nil, false
	}
	if err != nil {
		d.fail(name, err)
		return nil, nil, false
	}
	exprs, exprDiags := hcl.ExprList(attr.Expr)
	return elems, func(i int) hcl.Range {
		if exprDiags.HasErrors() || len(exprs) != len(elems) {
			return attr.Expr.Range()
		}
		return exprs[i].Range()
	}, true
}
