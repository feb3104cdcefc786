package layout_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"pgregory.net/rapid"
)

// TestFormatRandom holds what check says for sources that are made to parse,
// with spaces, lines and comments wherever they may be.
func TestFormatRandom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &writer{t: t}
		w.body(3)
		src := []byte(w.out.String())
		if _, diags := hclsyntax.ParseConfig(src, "", hcl.InitialPos); diags.HasErrors() {
			t.Skip("a mistake was made up")
		}
		if err := check(src); err != nil {
			t.Fatalf("%q: %v", src, err)
		}
	})
}

// writer makes up a source.
type writer struct {
	t     *rapid.T
	out   strings.Builder
	loose bool // inside brackets, where lines may end anywhere
}

func (w *writer) pick(options ...string) string { return rapid.SampledFrom(options).Draw(w.t, "text") }

// times draws how often something is repeated; small numbers are likely.
func (w *writer) times(most int) int { return rapid.IntRange(0, most).Draw(w.t, "times") }

// put writes a token and what may stand behind it.
func (w *writer) put(token string) {
	w.out.WriteString(token)
	space := []string{"", " ", " ", " ", "  ", "\t", " /* c */ ", "/* c\n  d */"}
	if w.loose {
		space = append(space, "\n", "\n\n", " \n  ", " # c\n", "// c\r\n", " /* c */ # d\n")
	}
	w.out.WriteString(w.pick(space...))
}

func (w *writer) word() string { return w.pick("a", "bb", "ccc ", "in ", "for ", "if ", "世") }

func (w *writer) body(depth int) {
	for range w.times(5) {
		if w.times(3) == 0 && depth > 0 {
			w.block(depth)
		} else {
			w.put(w.word())
			w.put("=")
			w.expression(depth)
		}
		w.out.WriteString(w.pick("\n", "\n", " \n", "\r\n", " # x\n", "// yy\n", "/* z */\n", "\n\n", "\n# x\n", "\n /* x\n*/\n"))
	}
}

func (w *writer) block(depth int) {
	w.put("b ")
	for range w.times(2) {
		w.put(w.pick(`"l" `, "m ", `""`))
	}
	if w.times(2) == 0 {
		w.put("{")
		w.put("x")
		w.put("=")
		w.expression(0)
		w.put("}")
		return
	}
	w.out.WriteString(w.pick("{\n", "{ # x\n", "{ /* x */\n", "{\n\n"))
	w.body(depth - 1)
	w.put("}")
}

// within writes something between brackets.
func (w *writer) within(open, end string, inner func()) {
	outer := w.loose
	w.loose = true
	w.put(open)
	inner()
	w.loose = outer
	w.put(end)
}

func (w *writer) expression(depth int) {
	if depth <= 0 {
		w.put(w.pick("a", "bb", "1", "2.5", "true", `"s"`, `""`, "-1", "x.y", "x[0]", "x.*.y"))
		return
	}
	next := func() { w.expression(depth - 1) }
	switch w.times(15) {
	case 0, 1, 2:
		next()
	case 3:
		w.put(w.pick("-", "!", "- -"))
		next()
	case 4, 5:
		next()
		w.put(w.pick(" + ", "- ", "*", "/ ", "%", "==", "!=", "<", ">=", "&&", "||"))
		next()
	case 6:
		next()
		w.put("?")
		next()
		w.put(": ")
		next()
	case 7:
		w.within("(", ")", next)
	case 8:
		w.within("[", "]", func() { w.list(next) })
	case 9:
		w.put(w.pick("f", "ns::f", "ns :: f"))
		w.within("(", ")", func() {
			next()
			w.put(w.pick("", "...", ","))
		})
	case 10:
		w.object(next)
	case 11:
		w.forExpression(next)
	case 12:
		w.out.WriteString(`"`)
		w.template(next)
		w.put(`"`)
	case 13, 14:
		w.heredoc(next)
	case 15:
		w.put("x")
		w.put(w.pick(".y", ".0", ".*", "[*]", "[ - 1 ]", "[a]"))
		w.put(w.pick(".z", ".0", "[0]", ""))
	}
}

func (w *writer) list(item func()) {
	for range w.times(3) {
		item()
		w.put(",")
	}
}

// object writes an object. Between its items a line ends, or a comma stands.
func (w *writer) object(value func()) {
	outer := w.loose
	w.loose = false
	w.out.WriteString(w.pick("{", "{ ", "{\n", "{ # c\n"))
	for range w.times(4) {
		w.put(w.pick("a", "bb", `"ccc"`, "(d)", `"${e}"`, "(f(1))"))
		w.put(w.pick("=", "=", ":"))
		value()
		w.out.WriteString(w.pick("\n", "\n", ",", ", ", ",\n", " # c\n", ", # c\n", ",\n\n", "\n# c\n"))
	}
	w.loose = outer
	w.put("}")
}

func (w *writer) forExpression(part func()) {
	isObject := w.times(1) == 0
	open, end := "[", "]"
	if isObject {
		open, end = "{", "}"
	}
	w.within(open, end, func() {
		w.put("for ")
		w.put("k ")
		w.put(w.pick("", ", v "))
		w.put("in ")
		part()
		w.put(": ")
		part()
		if isObject {
			w.put("=>")
			part()
			w.put(w.pick("", "..."))
		}
		if w.times(1) == 0 {
			w.put(" if ")
			part()
		}
	})
}

// template writes the inside of a string or a heredoc.
func (w *writer) template(part func()) {
	for range w.times(3) {
		w.out.WriteString(w.pick("", "x  y ", " ", "$${", "%%{", "{ z = 1 }"))
		outer := w.loose
		w.loose = true
		switch w.times(3) {
		case 0:
			w.put(w.pick("%{ if ", "%{~ if "))
			part()
			w.out.WriteString(w.pick("}", "~}") + "y" + w.pick("%{ endif }", "%{ else }n%{ endif ~}"))
		default:
			w.put(w.pick("${", "${~", "${ "))
			part()
			w.out.WriteString(w.pick("}", "~}"))
		}
		w.loose = outer
	}
}

func (w *writer) heredoc(part func()) {
	mark := w.pick("E", "FF", "GGG")
	w.out.WriteString(w.pick("<<", "<<-") + mark + w.pick("\n", "\r\n"))
	for range w.times(3) {
		w.out.WriteString(w.pick("", "  ", "x = 1 ", "\t# c "))
		w.template(part)
		w.out.WriteString(w.pick("\n", "\n\n", "\r\n"))
	}
	w.out.WriteString(w.pick("", "  ") + mark + "\n")
}
