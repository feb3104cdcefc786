package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// dumpBody writes a body with all its ranges and the values of its literals.
func dumpBody(b *strings.Builder, body *hclsyntax.Body, depth int) {
	indent := strings.Repeat("  ", depth)
	for _, attr := range inOrder(attributesOf(body)) {
		value, _ := attr.Expr.Value(nil)
		fmt.Fprintf(b, "%s%s %s %s %s %#v\n", indent, attr.Name, span(attr.NameRange), span(attr.Range), span(attr.Expr.Range()), value)
	}
	for _, block := range body.Blocks {
		fmt.Fprintf(b, "%s%s %q %s %s %s %s\n", indent, block.Type, block.Labels,
			span(block.DefRange()), span(block.OpenBraceRange), span(block.CloseBraceRange), span(block.Body.MissingItemRange()))
		dumpBody(b, block.Body, depth+1)
	}
}

func span(r hcl.Range) string {
	return fmt.Sprintf("%d:%d(%d)-%d:%d(%d)", r.Start.Line, r.Start.Column, r.Start.Byte, r.End.Line, r.End.Column, r.End.Byte)
}

// wholeDump parses a file the ordinary way.
func wholeDump(text string) (dump string, ok bool) {
	file, diags := hclsyntax.ParseConfig([]byte(text), "f", hcl.InitialPos)
	if diags.HasErrors() {
		return "", false
	}
	var b strings.Builder
	dumpBody(&b, file.Body.(*hclsyntax.Body), 0)
	return b.String(), true
}

// cutDump parses a file block by block, and the messages of conversations one
// by one, as reading them does. It is not ok when the scanner gives up.
func cutDump(text string) (dump string, ok bool, diags hcl.Diagnostics) {
	f := newSource("f", text)
	var chunks []chunk
	_, stopped := cutFile(f, func(c chunk) { chunks = append(chunks, c) })
	if stopped != nil {
		return "", false, nil
	}
	body := &hclsyntax.Body{Attributes: hclsyntax.Attributes{}}
	for _, c := range chunks {
		block, blockDiags := c.parse(f)
		diags = append(diags, blockDiags...)
		if block == nil {
			continue
		}
		if c.cut && c.messages > 0 {
			blocks, messageDiags := cutMessagesOf(f, c)
			diags = append(diags, messageDiags...)
			block.Body.Blocks = append(block.Body.Blocks, blocks...)
			block.CloseBraceRange = hcl.Range{} // of a brace that the scanner put there
		}
		body.Blocks = append(body.Blocks, block)
	}
	var b strings.Builder
	dumpBody(&b, body, 0)
	return b.String(), true, diags
}

func cutMessagesOf(f *source, c chunk) (blocks []*hclsyntax.Block, diags hcl.Diagnostics) {
	s := &scanner{file: f, src: f.text[:c.end-1], pos: c.body, line: c.line}
	for {
		start, ok := s.skipBlank()
		if !ok {
			return blocks, diags
		}
		it, ok := s.item(start)
		if !ok {
			panic(s.fault.what)
		}
		if it.isMessage() {
			block, blockDiags := parseBlock(f, it.start, f.text[it.start.Byte:it.end])
			diags = append(diags, blockDiags...)
			if block != nil {
				blocks = append(blocks, block)
			}
		}
	}
}

// sortDump makes dumps comparable in which the messages come after what they
// stand between.
func sortDump(dump string) []string {
	lines := strings.Split(dump, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "conversation") {
			// The closing brace of a conversation is not read.
			fields := strings.Split(line, " ")
			fields[len(fields)-2] = "-"
			lines[i] = strings.Join(fields, " ")
		}
	}
	return lines
}

var cutSeeds = []string{
	"",
	"\n\n",
	"user \"ana\" {\n  name = \"Ana\"\n}\n",
	"user \"ana\" { name = \"Ana\" }",
	"user ana {\n}\nuser \"b\" {}\n",
	"\ufeffuser \"ana\" {\n}\n",
	"# a\n// b\n/* c */ user \"é\" { # d\n  a = 1 // e\n  b = 2 /* f */\n}\n",
	"/* ü\n ü */ user \"a\" {\n}\n",
	"a {\n  x = \"${foo(\"}\", { a = \"b\" })}\"\n  y = \"$${\" \n  z = \"100%\"\n  w = \"$$\" \n}\n",
	"a {\n  x = \"$\"\n y = \"%\"\n z = \"$$$${\"\n w = \"$${a\"\n}\n",
	"a {\n  x = <<EOT\nline \"quoted\" } {\n  ${upper(\"x\")} $${not}\n$ 5\n$\n%\nEOT\n}\n",
	"a {\n  x = <<-EOT\n    one\n      two\n  EOT\n  y = [\n 1, # c\n 2 ]\n}\n",
	"a {\r\n  x = 1\r\n  y = <<E\r\n z\r\nE\r\n}\r\n",
	"a {\n x = {\n  b = 1\n  c = [for k in d : k if k != \"}\"]\n }\n}\n",
	"conversation \"c\" {\n  between = [user.a, user.b]\n  message \"hello\" {\n    from = user.a\n    text = \"Hi\"\n  }\n  # c\n  message {\n    from = user.b\n    text = <<EOT\nx\nEOT\n  }\n  starts = \"-3d\"\n  dynamic \"message\" {\n    for_each = []\n    content {\n    }\n  }\n  lifecycle {\n order = \"strict\"\n }\n}\n",
	"conversation \"c\" { group = group.lobby }\n",
	"conversation \"c\" {}\n",
	"conversation \"c\" {\n message { text = \"a\" }\n}\n",
	"conversation \"c\" {\n /* ä */ message {\n }\n}",
	"a {\n x = \"\\\\\"\n y = \"\\\"\"\n}\n",
	"a {\n x = 1 +\n}\n",
	"a = 1\n",
	"a {\n x = \"}\n}\n",
	"a {\n x = a ? b : c\n y = -1 < 2 && 3 >= 4\n z = 6 / 2 * 3 % 4\n}\n",
	"a {\n x = \"%{ if true ~} a %{~ else } b %{ endif }\"\n}\n",
	"a {\n x = \"${~ a ~}\"\n}\n",
	"a {\n x = \"${\n a\n}\"\n}\n",
	"a {\n x = <<EOT\n${ <<IN\ni\nIN\n}\nEOT\n}\n",
	"a \"b\" \"c\" {\n}\n",
	"a {\n}\n}\n",
	"a { b = 1, c = 2 }\n",
	"a {\n b {\n }\n c { d = 1 }\n}\n",
	"a {\n x = a[*].b\n y = a.*.b\n z = a...\n}\n",
	"a {\n x = a::b(1...)\n}\n",
}

// FuzzCut holds the scanner to hclsyntax: what it cuts is what a parse of the
// whole file finds, and where it finds nothing wrong, nothing is.
func FuzzCut(f *testing.F) {
	for _, seed := range cutSeeds {
		f.Add(seed)
	}
	f.Fuzz(checkCut)
}

// cutTokens are what the language is made of. Put together at random, they
// make what no random bytes would.
var cutTokens = []string{
	"\n", "\n", "\n", " ", "\t", "\r\n", "a", "b-1", "_x", "é", "1", "1.5e3", "=", " = ", "\"", "\"x\"", "\"\"", "{", "}", "{\n", "}\n", "[", "]", "(", ")",
	"${", "%{", "$", "%", "$$", "%%", "$${", "%%{", "~", "~}", "\\", "\\\"", "\\n", "\\u00e9", "#", "# c\n", "//", "/*", "*/", "/", "*", "+", "-", "!", "?", ":", "::", ",", ".", "...",
	"=>", "==", "<", "<<", "<<E\n", "<<-E\n", "E\n", "  E\n", "E\r\n", " E", "if true", "for k in d : k", "endif", "else",
	"conversation \"c\" {\n", "message \"m\" {\n", "message {\n", "dynamic \"message\" {\n", "user \"u\" {\n", "x = \"a\"\n", "y = [\n", "\u00a0", "\u2028", "\ufeff", "e\u0301", "👩‍👩‍👧",
}

// FuzzCutTokens is [FuzzCut] on texts made of tokens.
func FuzzCutTokens(f *testing.F) {
	for i := range cutTokens {
		f.Add([]byte{byte(i), 0, byte(i), 1})
	}
	f.Add([]byte("message of tokens"))
	f.Fuzz(func(t *testing.T, picks []byte) {
		var b strings.Builder
		for _, pick := range picks {
			b.WriteString(cutTokens[int(pick)%len(cutTokens)])
		}
		checkCut(t, b.String())
		checkCut(t, "conversation \"c\" {\n"+b.String()+"\n}\n")
		checkCut(t, "u {\n x = \""+b.String()+"\"\n}\n")
		checkCut(t, "u {\n x = <<E\n"+b.String()+"\nE\n}\n")
	})
}

func checkCut(t *testing.T, text string) {
	if checkEncoding(newSource("f", text)) != nil {
		return // such files are not cut
	}
	cut, ok, diags := cutDump(text)
	if !ok {
		return
	}
	whole, right := wholeDump(text)
	switch {
	case !right && !diags.HasErrors():
		_, wholeDiags := hclsyntax.ParseConfig([]byte(text), "f", hcl.InitialPos)
		t.Fatalf("hclsyntax finds mistakes in %q that cutting did not: %v", text, wholeDiags)
	case right && diags.HasErrors():
		t.Fatalf("cutting made mistakes of %q: %v", text, diags)
	case right:
		if diff := cmp.Diff(sortDump(whole), sortDump(cut)); diff != "" && !onlyOrder(whole, cut) {
			t.Fatalf("blocks of %q differ (-whole +cut):\n%s", text, diff)
		}
	}
}

// onlyOrder reports whether two dumps differ in the order of lines only, as
// they do when messages stand between other things.
func onlyOrder(a, b string) bool {
	count := map[string]int{}
	for _, line := range sortDump(a) {
		count[line]++
	}
	for _, line := range sortDump(b) {
		count[line]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

// TestCutSeeds says of which files the scanner has to be sure: the others cost
// what a parse of the whole file does.
func TestCutSeeds(t *testing.T) {
	for _, seed := range cutSeeds {
		_, right := wholeDump(seed)
		_, ok, _ := cutDump(seed)
		if attr := strings.HasPrefix(seed, "a = 1"); right && !ok && !attr {
			t.Errorf("the scanner gives up on %q", seed)
		}
	}
}
