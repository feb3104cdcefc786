package config

import (
	"errors"
	"fmt"

	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/config/lang"
)

// addUser takes in a user block.
func (l *loader) addUser(b *hcl.Block) {
	content, diags := contentOf(b.Body, userSchema())
	l.report(diags...)
	dec := &declaration{addr.User, b, content}
	l.declare(dec, func(inst instance) (lang.Value, hcl.Diagnostics) { return l.evalUser(dec, inst) })
}

// evalUser evaluates one user.
func (l *loader) evalUser(dec *declaration, inst instance) (lang.Value, hcl.Diagnostics) {
	d := decoder{scope: inst.scope, attrs: dec.content.Attributes}
	u := &User{Addr: inst.addr, Range: dec.block.DefRange}
	var idAt hcl.Range
	u.UID, idAt = d.id("uid", dec, CheckUID)
	u.Name = checked(&d, "name", d.text, CheckName)
	u.Avatar = checked(&d, "avatar", d.text, CheckURL)
	u.Link = checked(&d, "link", d.text, CheckURL)
	u.Role = checked(&d, "role", d.publicText, CheckRole)
	u.Metadata = checked(&d, "metadata", d.object, CheckMetadata)
	u.Tags = checked(&d, "tags", d.texts, CheckTags)
	lifecycle, diags := evalLifecycle(dec.content, inst.scope, "prevent_destroy")
	u.Lifecycle = lifecycle
	u.Sensitive = d.sensitive
	d.whole(dec, "user", CheckUser(u))

	uid := lang.String(u.UID)
	if u.UID == "" {
		uid = lang.Value{}
		l.people.incomplete = true
		l.cfg.Users = append(l.cfg.Users, u)
	} else {
		l.addDeclaredUser(u, idAt)
	}
	return lang.Object(map[string]lang.Value{
		"uid":      uid,
		"name":     d.raw("name", lang.NullString()),
		"avatar":   d.raw("avatar", lang.NullString()),
		"link":     d.raw("link", lang.NullString()),
		"role":     d.raw("role", lang.NullString()),
		"metadata": d.raw("metadata", lang.Null()),
		"tags":     d.raw("tags", lang.Strings(nil)),
	}), append(d.diags, diags...)
}

// addDeclaredUser makes a user known that has a uid, which stands at idAt.
func (l *loader) addDeclaredUser(u *User, idAt hcl.Range) {
	l.cfg.Users = append(l.cfg.Users, u)
	l.people.users[u.UID] = u
	l.people.refs[u.Addr.String()] = u
	if u.Addr.Key.IsZero() {
		l.people.labels[u.Addr.Name] = u
	}
	l.ids = append(l.ids, declaredID{"uid", u.UID, u.Addr, idAt})
}

// id evaluates the id of an object, which is the block's label when it is not
// declared, and returns where it stands. It is "" when it has a mistake.
func (d *decoder) id(name string, dec *declaration, check func(string) error) (string, hcl.Range) {
	if d.attrs[name] != nil {
		id := d.publicText(name)
		if v, ok := d.value(name); !ok {
			if v.Known() {
				d.fail(name, errors.New("the value is null. Leave the argument out to use the block's label"))
			}
			return "", d.at(name)
		}
		if err := check(id); err != nil {
			d.fail(name, err)
			return "", d.at(name)
		}
		return id, d.at(name)
	}
	label, at := dec.block.Labels[0], dec.block.LabelRanges[0]
	var err error
	switch {
	case dec.repeated():
		err = fmt.Errorf("all objects of this block would have the %s %q. Give each its own, such as:\n  %s = \"%s-${%s}\"", name, label, name, label, dec.keyName())
	default:
		err = check(label)
		if err != nil {
			err = fmt.Errorf("%w. The label stands in for %q, which the block does not have; add it to use another", err, name)
		}
	}
	if err != nil {
		d.diags = append(d.diags, errorAt(at, "Invalid value", "%q: %s", name, sentence(err)))
		return "", at
	}
	return label, at
}

// whole reports what is wrong with an object as a whole, once its arguments are
// right.
func (d *decoder) whole(dec *declaration, what string, err error) {
	if err != nil && !d.diags.HasErrors() {
		d.diags = append(d.diags, invalidValue(dec.block.DefRange, what, err))
	}
}

// keyName is what tells the objects of a repeated block apart.
func (dec *declaration) keyName() string {
	if dec.content.Attributes["for_each"] != nil {
		return "each.key"
	}
	return "count.index"
}

// checked reads an attribute and holds it against a limit of the app. It
// returns the zero value when the attribute is not declared or has a mistake.
func checked[T any](d *decoder, name string, read func(string) T, check func(T) error) T {
	var zero T
	if d.attrs[name] == nil {
		return zero
	}
	before := len(d.diags)
	value := read(name)
	if _, ok := d.value(name); !ok || len(d.diags) > before {
		return zero
	}
	if err := check(value); err != nil {
		d.fail(name, err)
	}
	return value
}
