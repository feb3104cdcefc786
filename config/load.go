package config

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/json"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/config/lang"
)

// Load reads the configuration in a directory: everything but the messages,
// which the conversations read when they are asked. The diagnostics are sorted
// and hold all mistakes that were found; with errors among them the
// configuration must not be planned, and is good only for [Config.Check] and
// for quoting sources.
func Load(dir string, opts Options) (*Config, hcl.Diagnostics) {
	l := newLoader(dir, opts)
	l.load()
	return l.cfg, Merge(l.diags)
}

// loader gathers the blocks of all files and evaluates them.
type loader struct {
	dir   string
	opts  Options
	cfg   *Config
	diags hcl.Diagnostics

	graph         *lang.Graph
	sow, app      *hcl.Block // nil when not declared
	lackValues    bool       // a file of values could not be read, and nobody knows which it gives
	variables     []*variable
	conversations []*conversationBlock
	outputs       []*hcl.Block
	declared      map[[2]string]spot // where, by kind and name
	people        people
	ids           []declaredID
	constants     *lang.Scope // for what must not refer to anything
	hclOnly       bool        // no block takes a cheaper way than hclsyntax; for tests
	plainly       int         // conversations that took one; for tests
	plainUsers    int         // users that did; for tests
}

func newLoader(dir string, opts Options) *loader {
	l := &loader{
		dir:       dir,
		opts:      opts,
		cfg:       &Config{Dir: dir, sources: &sources{}},
		constants: lang.NewScope(lang.Functions(dir)),
		declared:  map[[2]string]spot{},
		people: people{
			users:  map[string]*User{},
			groups: map[string]*Group{},
			labels: map[string]*User{},
			refs:   map[string]*User{},

			groupRefs: map[string]*Group{},
		},
	}
	// Files are found from the configuration's directory, so that it is both
	// the module's and the root's.
	here := lang.Object(map[string]lang.Value{"module": lang.String("."), "root": lang.String(".")})
	l.graph = lang.NewGraph(l.constants.With(map[string]lang.Value{"path": here}),
		lang.Root{Name: "sow", Noun: "setting"},
		lang.Root{Name: "var", Noun: "variable"},
		lang.Root{Name: "local", Noun: "local value"},
		lang.Root{Name: "user", Noun: "user"},
		lang.Root{Name: "group", Noun: "group"},
	)
	return l
}

func (l *loader) report(diags ...*hcl.Diagnostic) { l.diags = append(l.diags, diags...) }

func (l *loader) load() {
	found, diags := listFiles(l.dir)
	l.report(diags...)
	if diags.HasErrors() {
		return
	}
	if len(found.configs) == 0 {
		l.report(&hcl.Diagnostic{
			Severity: hcl.DiagError,
			Summary:  "No configuration",
			Detail: fmt.Sprintf("The directory %s has no *%s or *%s files. To begin with a small dataset, run:\n  sow init %s",
				l.dir, hclSuffix, jsonSuffix, l.dir),
		})
		return
	}
	for _, name := range found.configs {
		l.readConfig(name)
	}
	l.evaluate(found)
}

// readConfig reads one file and takes in its blocks.
func (l *loader) readConfig(name string) {
	if filepath.Ext(name) == ".json" {
		if file := l.source(name, maxWhole); file != nil {
			l.takeJSON(file)
		}
		return
	}
	if file := l.source(name, maxConfig); file != nil {
		l.takeNative(file)
	}
}

func (l *loader) source(name string, limit int64) *source {
	file, diag := readSource(filepath.Join(l.dir, name), name, limit, l.cfg.sources)
	if diag != nil {
		l.report(diag)
		l.incomplete()
	}
	return file
}

// incomplete notes that there may be more declared than is known, so that what
// is missing is no mistake.
func (l *loader) incomplete() {
	l.graph.Incomplete()
	l.people.incomplete = true
}

// takeNative takes in a file in HCL's native syntax, block by block.
func (l *loader) takeNative(f *source) {
	rest, stopped := cutFile(f, func(c chunk) { l.takeChunk(f, c) })
	if stopped == nil {
		return
	}
	body, diags := parseRest(f, rest, stopped)
	l.report(diags...)
	if diags.HasErrors() {
		l.incomplete()
		return
	}
	for _, attr := range inOrder(attributesOf(body)) {
		l.report(errorAt(attr.NameRange, "Argument outside of a block",
			"An argument named %q is not expected here. Arguments stand in blocks.", attr.Name))
	}
	for _, block := range body.Blocks {
		l.take(block.AsHCLBlock())
	}
}

func (l *loader) takeChunk(f *source, c chunk) {
	if c.cut && c.messages > 0 {
		l.addCutConversation(f, c)
		return
	}
	if c.name == "user" && !l.hclOnly && l.takePlainUser(f, c) {
		return
	}
	block, diags := c.parse(f)
	l.report(diags...)
	if diags.HasErrors() || block == nil {
		l.incomplete()
		return
	}
	l.take(block.AsHCLBlock())
}

func attributesOf(body *hclsyntax.Body) hcl.Attributes {
	attrs := make(hcl.Attributes, len(body.Attributes))
	for name, attr := range body.Attributes {
		attrs[name] = attr.AsHCLAttribute()
	}
	return attrs
}

// takeJSON takes in a file in HCL's JSON form.
func (l *loader) takeJSON(f *source) {
	if diag := tooDeepToParse(f); diag != nil {
		l.report(diag)
		l.incomplete()
		return
	}
	file, diags := json.Parse(withoutMark(f.text), f.name)
	l.report(diags...)
	if diags.HasErrors() {
		l.incomplete()
		return
	}
	content, diags := file.Body.Content(withPromised(rootSchema()))
	l.report(diags...)
	for _, block := range content.Blocks {
		l.take(block)
	}
}

func withPromised(schema *hcl.BodySchema) *hcl.BodySchema {
	schema.Blocks = append(schema.Blocks, promised()...)
	return schema
}

// take sorts a block to where it is evaluated.
func (l *loader) take(b *hcl.Block) {
	if !l.allowed(b) {
		return
	}
	switch b.Type {
	case "sow":
		l.only(&l.sow, b)
	case "cometchat":
		l.only(&l.app, b)
	case "variable":
		l.addVariable(b)
	case "locals":
		l.addLocals(b)
	case "user":
		l.addUser(b)
	case "group":
		l.addGroup(b)
	case "output":
		l.outputs = append(l.outputs, b)
	case "conversation":
		l.addConversation(b)
	}
}

// allowed checks that a block may stand at the top of a file, with the labels
// it has, and that its name is its own.
func (l *loader) allowed(b *hcl.Block) bool {
	header, known := headerOf(b.Type, rootSchema().Blocks)
	if !known {
		l.unknownBlock(b)
		return false
	}
	want := len(header.LabelNames)
	switch {
	case len(b.Labels) < want:
		l.report(errorAt(b.DefRange, "Block without a name",
			"A %q block has a name, which references and addresses call it by: %s \"name\" { … }", b.Type, b.Type))
	case len(b.Labels) > want && want == 0:
		l.report(errorAt(b.LabelRanges[0], "Block with a name", "A %q block has no name. Remove %q.", b.Type, b.Labels[0]))
	case len(b.Labels) > want:
		l.report(errorAt(b.LabelRanges[want], "Block with several names",
			"A %q block has one name, and this has %d. Remove %q.", b.Type, len(b.Labels), b.Labels[want]))
	case want == 1:
		return l.named(b.Type, b.Labels[0], b.LabelRanges[0], b.DefRange)
	default:
		return true
	}
	l.incomplete()
	return false
}

func headerOf(typ string, headers []hcl.BlockHeaderSchema) (hcl.BlockHeaderSchema, bool) {
	i := slices.IndexFunc(headers, func(h hcl.BlockHeaderSchema) bool { return h.Type == typ })
	if i < 0 {
		return hcl.BlockHeaderSchema{}, false
	}
	return headers[i], true
}

// unknownBlock reports a block that nobody takes.
func (l *loader) unknownBlock(b *hcl.Block) {
	if _, ok := headerOf(b.Type, promised()); ok {
		l.report(errorAt(b.DefRange, "Not supported yet",
			"%q blocks are not supported by this version of sow. Remove the block to go on.", b.Type))
		return
	}
	var names []string
	for _, h := range rootSchema().Blocks {
		names = append(names, h.Type)
	}
	hint := lang.Suggest(b.Type, names)
	advice, foreign := foreignBlocks()[b.Type]
	switch {
	case foreign:
		hint = " " + advice
		l.incomplete()
	case b.Type == "message" || b.Type == "attachment" || b.Type == "dynamic":
		hint = " It belongs into a conversation."
	case len(b.Labels) > 0: // it may have meant to declare that name, and no other
		l.graph.Doubt(b.Labels[0])
		l.people.incomplete = true
	default:
		l.incomplete()
	}
	l.report(errorAt(b.TypeRange, "Unknown block", "There are no blocks of type %q.%s", b.Type, hint))
}

// only keeps the one block of its type that a dataset can have.
func (l *loader) only(slot **hcl.Block, b *hcl.Block) {
	if first := *slot; first != nil {
		l.report(errorAt(b.DefRange, "Block declared twice",
			"A dataset has one %q block, and it stands at %s. Put the arguments into that one.", b.Type, place(first.DefRange)))
		return
	}
	*slot = b
}

// named checks a block's name, and that no other block of its kind has it.
func (l *loader) named(kind, name string, at, def hcl.Range) bool {
	if !addr.ValidName(name) {
		l.report(errorAt(at, "Invalid name",
			"%q cannot name a %s: a name begins with a letter or an underscore, and goes on with letters, digits, - and _.", name, kind))
		return false
	}
	id := [2]string{kind, name}
	if first, taken := l.declared[id]; taken {
		l.report(errorAt(def, "Name declared twice",
			"A %s named %q is declared already, at %s. Rename one of them.", kind, name, first))
		return false
	}
	l.declared[id] = spot{def.Filename, def.Start.Line}
	return true
}

// addLocals takes in the values of a locals block.
func (l *loader) addLocals(b *hcl.Block) {
	attrs, diags := b.Body.JustAttributes()
	l.report(diags...)
	for _, attr := range inOrder(attrs) {
		first := l.graph.Add(lang.Node{
			Root:  "local",
			Name:  attr.Name,
			Range: attr.NameRange,
			Exprs: []hcl.Expression{attr.Expr},
			Eval:  func(scope *lang.Scope) (lang.Value, hcl.Diagnostics) { return scope.Eval(attr.Expr) },
		})
		if first != nil {
			l.report(errorAt(attr.NameRange, "Name declared twice",
				"A local value named %q is declared already, at %s. Rename one of them.", attr.Name, place(*first)))
		}
	}
}

// inOrder returns attributes as they stand in the file.
func inOrder(attrs hcl.Attributes) []*hcl.Attribute {
	return slices.SortedFunc(maps.Values(attrs), func(a, b *hcl.Attribute) int {
		return comparePlaces(&a.NameRange, &b.NameRange)
	})
}

// evaluate gives everything its value: what can be referred to first, in the
// order of the references, then what nothing can refer to.
func (l *loader) evaluate(found listing) {
	l.addDataset()
	l.setVariables(found)
	scope, diags := l.graph.Run()
	l.report(diags...)
	l.finishObjects()
	l.validateLate(scope)
	l.evalSow(scope)
	l.evalApp(scope)
	l.evalOutputs(scope)
	l.evalConversations(scope)
}
