package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/config/lang"
)

// declaration is a block that declares objects: one of them, or with for_each
// or count several.
type declaration struct {
	kind    addr.Kind
	block   *hcl.Block
	content *hcl.BodyContent
}

// instance is one of the objects that a declaration declares.
type instance struct {
	addr  addr.Object
	scope *lang.Scope // knows each.key and each.value, or count.index
}

// exprs returns all expressions of the declaration.
func (dec *declaration) exprs() []hcl.Expression {
	var exprs []hcl.Expression
	for _, attr := range inOrder(dec.content.Attributes) {
		exprs = append(exprs, attr.Expr)
	}
	for _, block := range dec.content.Blocks {
		attrs, _ := block.Body.JustAttributes() // evalLifecycle reports what is wrong
		for _, attr := range inOrder(attrs) {
			exprs = append(exprs, attr.Expr)
		}
	}
	return exprs
}

// repeated reports whether the block has for_each or count, so that its
// objects have keys.
func (dec *declaration) repeated() bool {
	return dec.content.Attributes["for_each"] != nil || dec.content.Attributes["count"] != nil
}

// instances returns the objects that the block declares. It is not ok when
// their number is not known because of a mistake.
func (dec *declaration) instances(scope *lang.Scope) (list []instance, ok bool, diags hcl.Diagnostics) {
	object := addr.Object{Kind: dec.kind, Name: dec.block.Labels[0]}
	forEach, count := dec.content.Attributes["for_each"], dec.content.Attributes["count"]
	switch {
	case forEach != nil && count != nil:
		return nil, false, hcl.Diagnostics{errorAt(count.NameRange, "Both for_each and count",
			`A block has "for_each" or "count", not both. Keep "for_each" when the objects have names of their own.`)}
	case forEach != nil:
		return forEachInstances(object, forEach, scope)
	case count != nil:
		return countInstances(object, count, scope)
	}
	return []instance{{object, scope}}, true, nil
}

func forEachInstances(object addr.Object, attr *hcl.Attribute, scope *lang.Scope) ([]instance, bool, hcl.Diagnostics) {
	v, diags := scope.Eval(attr.Expr)
	elems, err := lang.ForEach(v)
	if errors.Is(err, lang.ErrUnknown) {
		return nil, false, diags
	}
	if err != nil {
		return nil, false, append(diags, errorAt(attr.Expr.Range(), "Invalid for_each", "%s", sentence(err)))
	}
	list := make([]instance, len(elems))
	for i, elem := range elems {
		object.Key = addr.StringKey(elem.Key)
		list[i] = instance{object, scope.With(map[string]lang.Value{
			"each": lang.Object(map[string]lang.Value{"key": lang.String(elem.Key), "value": elem.Value}),
		})}
	}
	return list, true, diags
}

func countInstances(object addr.Object, attr *hcl.Attribute, scope *lang.Scope) ([]instance, bool, hcl.Diagnostics) {
	v, diags := scope.Eval(attr.Expr)
	if !v.Known() {
		return nil, false, diags
	}
	n, err := lang.Count(v)
	if err != nil {
		return nil, false, append(diags, errorAt(attr.Expr.Range(), "Invalid count", "%s", sentence(err)))
	}
	list := make([]instance, n)
	for i := range list {
		object.Key = addr.IntKey(i)
		list[i] = instance{object, scope.With(map[string]lang.Value{
			"count": lang.Object(map[string]lang.Value{"index": lang.Int(i)}),
		})}
	}
	return list, true, diags
}

// declare makes a block's objects known to the graph, so that others can refer
// to them. eval evaluates one of them, and returns what others see.
func (l *loader) declare(dec *declaration, eval func(instance) (lang.Value, hcl.Diagnostics)) {
	l.graph.Add(lang.Node{
		Root:  dec.kind.String(),
		Name:  dec.block.Labels[0],
		Range: dec.block.DefRange,
		Exprs: dec.exprs(),
		Eval: func(scope *lang.Scope) (lang.Value, hcl.Diagnostics) {
			list, ok, diags := dec.instances(scope)
			if !ok {
				l.people.incomplete = true
				return lang.Value{}, diags
			}
			values := make([]lang.Value, len(list))
			for i, inst := range list {
				v, evalDiags := eval(inst)
				values[i] = v
				diags = append(diags, evalDiags...)
			}
			return dec.gather(list, values), diags
		},
	})
}

// gather makes one value of the objects of a block: the object itself, an
// object with an attribute for each key, or a tuple.
func (dec *declaration) gather(list []instance, values []lang.Value) lang.Value {
	switch {
	case dec.content.Attributes["for_each"] != nil:
		attrs := make(map[string]lang.Value, len(list))
		for i, inst := range list {
			key, _ := inst.addr.Key.Text()
			attrs[key] = values[i]
		}
		return lang.Object(attrs)
	case dec.content.Attributes["count"] != nil:
		return lang.Tuple(values)
	}
	return values[0]
}

// evalLifecycle evaluates the lifecycle block of an object, if it has one.
// allowed are the arguments that have a meaning for this kind of object.
func evalLifecycle(content *hcl.BodyContent, scope *lang.Scope, allowed ...string) (Lifecycle, hcl.Diagnostics) {
	var lc Lifecycle
	var diags hcl.Diagnostics
	var first *hcl.Block
	for _, block := range content.Blocks {
		if block.Type != "lifecycle" {
			continue
		}
		if first != nil {
			diags = append(diags, errorAt(block.DefRange, "Block declared twice",
				"There is one %q block, and it stands at %s.", block.Type, place(first.DefRange)))
			break
		}
		first = block
		inner, contentDiags := contentOf(block.Body, &hcl.BodySchema{Attributes: attributes(allowed...)})
		diags = append(diags, contentDiags...)
		d := decoder{scope: scope, attrs: inner.Attributes}
		lc.PreventDestroy = d.bool("prevent_destroy")
		lc.ReplaceOnEdit = d.oneOf("on_edit", "update", "replace") == "replace"
		lc.StrictOrder = d.oneOf("order", "relaxed", "strict") == "strict"
		diags = append(diags, d.diags...)
	}
	return lc, diags
}

// people are the users and groups that were declared, by the ids that the app
// knows them by.
type people struct {
	users  map[string]*User
	groups map[string]*Group
	labels map[string]*User // users of blocks without for_each and count
	// By the shortest reference in HCL, such as user.agent["sam"].
	refs      map[string]*User
	groupRefs map[string]*Group
	// incomplete is set when some could not be evaluated, so that one that is
	// missing may not be missing.
	incomplete bool
}

// user returns the user that a value names: a declared user, or its uid. It
// returns nil without an error for what had a mistake already.
func (p *people) user(v lang.Value) (*User, error) {
	uid, err := idOf(v, "uid", "user")
	if uid == "" || err != nil {
		return nil, err
	}
	if u := p.users[uid]; u != nil {
		return u, nil
	}
	if p.incomplete {
		return nil, nil
	}
	return nil, fmt.Errorf("no user with the uid %q is declared.%s", uid, lang.Suggest(uid, sortedKeys(p.users)))
}

// group is user for groups and their guids.
func (p *people) group(v lang.Value) (*Group, error) {
	guid, err := idOf(v, "guid", "group")
	if guid == "" || err != nil {
		return nil, err
	}
	if g := p.groups[guid]; g != nil {
		return g, nil
	}
	if p.incomplete {
		return nil, nil
	}
	return nil, fmt.Errorf("no group with the guid %q is declared.%s", guid, lang.Suggest(guid, sortedKeys(p.groups)))
}

// idOf returns the id that a value names an object by, or "" when that is not
// known because of a mistake.
func idOf(v lang.Value, attr, noun string) (string, error) {
	id, ok := v.Attr(attr)
	if !ok {
		if entries, err := v.Entries(); err == nil {
			return "", notOne(entries, attr, noun)
		}
		if elems, err := v.List(); err == nil && len(elems) > 0 {
			if _, ok := elems[0].Attr(attr); ok {
				return "", fmt.Errorf("a single %s is required here, and this has %d. Say which, with its number: [0]", noun, len(elems))
			}
		}
		id = v
	}
	if !id.Known() || id.Null() && ok {
		return "", nil
	}
	if id.Sensitive() {
		return "", errors.New("who is meant is sensitive, but plans and the state show it. Use nonsensitive() if it is no secret")
	}
	text, err := id.Text()
	if err != nil {
		return "", fmt.Errorf("a %s is required here, as in %s.name, or its %s, and this is %s", noun, noun, attr, lang.Describe(v))
	}
	if text == "" {
		return "", fmt.Errorf("a %s is required here, and this is empty", noun)
	}
	return text, nil
}

// notOne says why an object is no user or group.
func notOne(entries []lang.Entry, attr, noun string) error {
	for _, entry := range entries {
		if _, ok := entry.Value.Attr(attr); ok {
			return fmt.Errorf("a single %s is required here, and this has %d. Say which, with its key: [%q]", noun, len(entries), entry.Key)
		}
	}
	return fmt.Errorf("a %s is required here, and this is an object without %q", noun, attr)
}

// declaredID is an id in the app, and the object that it was declared for.
type declaredID struct {
	attr, id string // uid or guid, and what it is
	addr     addr.Object
	at       hcl.Range
}

// finishObjects sorts what was declared, and finds ids that two objects have.
func (l *loader) finishObjects() {
	slices.SortFunc(l.cfg.Users, func(a, b *User) int { return a.Addr.Compare(b.Addr) })
	slices.SortFunc(l.cfg.Groups, func(a, b *Group) int { return a.Addr.Compare(b.Addr) })
	slices.SortFunc(l.ids, func(a, b declaredID) int {
		return cmp.Or(comparePlaces(&a.at, &b.at), a.addr.Compare(b.addr))
	})
	first := make(map[[2]string]declaredID, len(l.ids))
	for _, d := range l.ids {
		key := [2]string{d.attr, d.id}
		if other, taken := first[key]; taken {
			l.report(errorAt(d.at, "Id used twice",
				"The %s %q of %s belongs to %s already, at %s. Give each its own.", d.attr, d.id, d.addr, other.addr, place(other.at)))
			continue
		}
		first[key] = d
	}
	l.checkApp()
}
