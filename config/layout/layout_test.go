package layout_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/sowdev/sow/config/layout"
)

// root is the directory of the module.
const root = "../.."

// seeds are the configurations of the module and the hard cases.
func seeds(tb testing.TB) [][]byte {
	tb.Helper()
	var all [][]byte
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".sow.hcl") && !strings.HasSuffix(path, ".sowvars.hcl") {
			return err
		}
		src, err := os.ReadFile(path)
		all = append(all, src)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	if len(all) == 0 {
		tb.Fatal("no configurations found")
	}
	for _, src := range hard {
		all = append(all, []byte(src))
	}
	return all
}

// TestFormat shows the layout.
func TestFormat(t *testing.T) {
	tests := map[string]struct{ src, want string }{
		"operators": {"a=1+2*-3==b&&!c?d:[ - 1 ]\n", "a = 1 + 2 * -3 == b && !c ? d : [-1]\n"},
		"calls":     {"a=f ( x , y ... ) [ 0 ] . z\n", "a = f(x, y...)[0].z\n"},
		"braces":    {"a={b=1,c={ },d=[ ]}\n", "a = { b = 1, c = {}, d = [] }\n"},
		"template":  {"a=\"x  ${ b }  %{ if c }y%{ endif }\"\n", "a = \"x  ${b}  %{if c}y%{endif}\"\n"},
		"nesting":   {"b \"l\" {\na=[{\nc=f(\n1,\n)\n}]\n}\n", "b \"l\" {\n  a = [{\n    c = f(\n      1,\n    )\n  }]\n}\n"},
		"columns": {
			"a=1 # one\nlong=22 # two\n\nb=1\n# alone\nlonger=[\n1\n]\n",
			"a    = 1  # one\nlong = 22 # two\n\nb = 1\n# alone\nlonger = [\n  1\n]\n",
		},
		"characters":  {"世=1\nab=2\n", "世  = 1\nab = 2\n"},
		"heredoc":     {"b {\na=<<-E\n    x   y\n\n  z=1\n  E\n}\n", "b {\n  a = <<-E\n    x   y\n\n  z=1\n  E\n}\n"},
		"line ends":   {"a=1  \r\n\r\n\r\nbb=2\t\r\n", "a = 1\r\n\r\n\r\nbb = 2\r\n"},
		"no tokens":   {"a=1 \"\n", "a=1 \"\n"},
		"numbers":     {"a = b . 0 . 1\n", "a = b.0. 1\n"},
		"no line end": {"a=1", "a = 1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := string(layout.Format([]byte(test.src)))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// BenchmarkFormat compares Format with hclwrite, on sources of two sizes: the
// rate in MB/s is the same for both if the time is linear.
func BenchmarkFormat(b *testing.B) {
	formatters := map[string]func([]byte) []byte{"layout": layout.Format, "hclwrite": hclwrite.Format}
	for _, messages := range []int{100, 10_000} {
		src := []byte("conversation \"c\" {\n" + strings.Repeat("message {\nfrom=user.ana # who\n  text = \"Order ${ local.n } is late.\"\n}\n", messages) + "}\n")
		for name, format := range formatters {
			b.Run(fmt.Sprintf("%s/messages=%d", name, messages), func(b *testing.B) {
				b.SetBytes(int64(len(src)))
				b.ReportAllocs()
				for b.Loop() {
					format(src)
				}
			})
		}
	}
}
