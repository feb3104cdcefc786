package config

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/json"

	"github.com/sowdev/sow/config/lang"
)

// Load reads the configuration in a directory: everything but the messages,
// which the conversations read when they are asked. The diagnostics are sorted
// and hold all mistakes that were found; with errors among them the
// configuration must not be planned, and is good only for [Config.Check] and
// for quoting sources.
func Load(dir string, opts Options) (*Config, hcl.Diagnostics) {
	l := &loader{
		dir:  dir,
		opts: opts,
		cfg:  &Config{Dir: dir, sources: &sources{}},

		declared: map[[2]string]hcl.Range{},
		people:   people{users: map[string]*User{}, groups: map[string]*Group{}, labels: map[string]*User{}},
	}
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
	variables     []*variable
	conversations []*conversationBlock
	outputs       []*hcl.Block
	declared      map[[2]string]hcl.Range // where, by kind and name
	people        people
	ids           []declaredID
	constants     *lang.Scope // for what must not refer to anything
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
	l.constants = lang.NewScope(lang.Functions(l.dir))
	l.graph = lang.NewGraph(
		l.constants.With(map[string]lang.Value{
			"path": lang.Object(map[string]lang.Value{"module": lang.String("."), "root": lang.String(".")}),
		}),
		lang.Root{Name: "sow", Noun: "setting"},
		lang.Root{Name: "var", Noun: "variable"},
		lang.Root{Name: "local", Noun: "local value"},
		lang.Root{Name: "user", Noun: "user"},
		lang.Root{Name: "group", Noun: "group"},
	)
	for _, name := range found.configs {
		l.readConfig(name)
	}
	l.evaluate(found)
}

// readConfig reads one file and takes in its blocks.
func (l *loader) readConfig(name string) {
	limit, parse := int64(maxConfig), parseNative
	if filepath.Ext(name) == ".json" {
		limit, parse = maxWhole, parseJSON
	}
	file, diag := readSource(filepath.Join(l.dir, name), name, limit, l.cfg.sources)
	if diag != nil {
		l.report(diag)
		return
	}
	blocks, diags := parse(file)
	l.report(diags...)
	for _, block := range blocks {
		l.take(block)
	}
}

// parseNative parses a file of HCL's native syntax whole.
func parseNative(f *source) ([]*hcl.Block, hcl.Diagnostics) {
	file, diags := hclsyntax.ParseConfig([]byte(f.text), f.name, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, diags
	}
	content, contentDiags := file.Body.Content(withPromised(rootSchema()))
	return content.Blocks, append(diags, contentDiags...)
}

func parseJSON(f *source) ([]*hcl.Block, hcl.Diagnostics) {
	file, diags := json.Parse(withoutMark(f.text), f.name)
	if diags.HasErrors() {
		return nil, diags
	}
	content, contentDiags := file.Body.Content(withPromised(rootSchema()))
	return content.Blocks, append(diags, contentDiags...)
}

func withPromised(schema *hcl.BodySchema) *hcl.BodySchema {
	schema.Blocks = append(schema.Blocks, promised()...)
	return schema
}

// take sorts a block to where it is evaluated.
func (l *loader) take(b *hcl.Block) {
	switch b.Type {
	case "sow":
		l.only(&l.sow, b)
	case "cometchat":
		l.only(&l.app, b)
	case "variable":
		l.addVariable(b)
	case "locals":
		l.addLocals(b)
	case "user", "group", "conversation", "output":
		l.addNamed(b)
	default:
		l.report(errorAt(b.DefRange, "Not supported yet",
			"%q blocks are not supported by this version of sow. Remove the block to go on.", b.Type))
	}
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
func (l *loader) named(b *hcl.Block) bool {
	name, at := b.Labels[0], b.LabelRanges[0]
	if !hclsyntax.ValidIdentifier(name) {
		l.report(errorAt(at, "Invalid name",
			"%q cannot name a %s: a name begins with a letter or an underscore, and goes on with letters, digits, - and _.", name, b.Type))
		return false
	}
	id := [2]string{b.Type, name}
	if first, taken := l.declared[id]; taken {
		l.report(errorAt(b.DefRange, "Name declared twice",
			"A %s named %q is declared already, at %s. Rename one of them.", b.Type, name, place(first)))
		return false
	}
	l.declared[id] = b.DefRange
	return true
}

func (l *loader) addNamed(b *hcl.Block) {
	if !l.named(b) {
		return
	}
	switch b.Type {
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
	l.evalSow(scope)
	l.evalApp(scope)
	l.evalOutputs(scope)
	l.evalConversations(scope)
}
