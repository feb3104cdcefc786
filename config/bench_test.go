package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclparse"
)

// dataset writes a configuration of n messages in blocks, in conversations of
// perConversation each.
func dataset(tb testing.TB, n, perConversation int) (dir string, size int64) {
	tb.Helper()
	var b strings.Builder
	b.WriteString("sow { dataset = \"bench\" }\n")
	for i := range 40 {
		fmt.Fprintf(&b, "user \"u%d\" {\n  name = \"User number %d\"\n}\n", i, i)
	}
	for c := 0; c*perConversation < n; c++ {
		a, z := c%40, (c+1+c/40%39)%40
		if a == z {
			z = (z + 1) % 40
		}
		fmt.Fprintf(&b, "conversation \"c%d\" {\n  between = [user.u%d, user.u%d]\n  starts  = \"-3d 09:12\"\n\n", c, a, z)
		for m := range min(perConversation, n-c*perConversation) {
			from := []int{a, z}[m%2]
			fmt.Fprintf(&b, "  message \"m%d\" {\n    from = user.u%d\n    text = \"Message %d says that order number %d has not arrived yet.\"\n  }\n", m, from, m, c*1000+m)
		}
		b.WriteString("}\n")
	}
	dir = tb.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.sow.hcl"), []byte(b.String()), 0o600); err != nil {
		tb.Fatal(err)
	}
	return dir, int64(b.Len())
}

func benchmarkLoad(b *testing.B, n, perConversation int) {
	dir, size := dataset(b, n, perConversation)
	benchmarkDir(b, dir, size, n)
}

func benchmarkDir(b *testing.B, dir string, size int64, n int) {
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		cfg, diags := Load(dir, Options{})
		if diags.HasErrors() {
			b.Fatal(diags)
		}
		read := 0
		for _, c := range cfg.Conversations {
			for range c.Messages(&diags) {
				read++
			}
		}
		if diags.HasErrors() || read != n {
			b.Fatal(read, diags)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/message")
}

func BenchmarkLoad1k(b *testing.B)        { benchmarkLoad(b, 1_000, 100) }
func BenchmarkLoad10k(b *testing.B)       { benchmarkLoad(b, 10_000, 100) }
func BenchmarkLoad100k(b *testing.B)      { benchmarkLoad(b, 100_000, 100) }
func BenchmarkLoad100kOne(b *testing.B)   { benchmarkLoad(b, 100_000, 100_000) }
func BenchmarkLoad100kShort(b *testing.B) { benchmarkLoad(b, 100_000, 4) }

// BenchmarkLoadTemplates reads messages that have to be evaluated.
func BenchmarkLoadTemplates10k(b *testing.B) {
	const n = 10_000
	var text strings.Builder
	text.WriteString("user \"ana\" { name = \"Ana\" }\nuser \"ben\" { name = \"Ben\" }\nlocals { product = \"sow\" }\nconversation \"c\" {\n  between = [user.ana, user.ben]\n")
	for i := range n {
		fmt.Fprintf(&text, "  message {\n    from = user.ana\n    text = \"Message %d of ${user.ana.name} is about ${local.product}.\"\n  }\n", i)
	}
	text.WriteString("}\n")
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.sow.hcl"), []byte(text.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	benchmarkDir(b, dir, int64(text.Len()), n)
}

// BenchmarkLoadForEach reads one block for many conversations.
func BenchmarkLoadForEach10k(b *testing.B) {
	const n = 10_000
	dir := b.TempDir()
	text := `
user "customer" {
  for_each = { for i in range(1000) : "c${i}" => "Customer ${i}" }
  uid      = each.key
  name     = each.value
}
user "agent" { name = "Agent" }
conversation "c" {
  for_each = user.customer
  between  = [each.value, user.agent]
` + strings.Repeat(`
  message {
    from = each.value
    text = "Hi, I am ${each.value.name}."
  }
  message {
    from = user.agent
    text = "Hello! How can I help?"
  }
`, 5) + "}\n"
	if err := os.WriteFile(filepath.Join(dir, "main.sow.hcl"), []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	benchmarkDir(b, dir, int64(len(text)), n)
}

// The same files by the public libraries, for comparison.
type gohclFile struct {
	Sow []struct {
		Dataset string `hcl:"dataset,optional"`
	} `hcl:"sow,block"`
	Users []struct {
		Name string `hcl:"label,label"`
		Full string `hcl:"name"`
	} `hcl:"user,block"`
	Conversations []struct {
		Name     string         `hcl:"label,label"`
		Between  hcl.Expression `hcl:"between"`
		Starts   string         `hcl:"starts,optional"`
		Messages []struct {
			Label string         `hcl:"label,label"`
			From  hcl.Expression `hcl:"from"`
			Text  string         `hcl:"text"`
		} `hcl:"message,block"`
	} `hcl:"conversation,block"`
}

func benchmarkHclparseGohcl(b *testing.B, n int) {
	dir, size := dataset(b, n, 100)
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		file, diags := hclparse.NewParser().ParseHCLFile(filepath.Join(dir, "main.sow.hcl"))
		if diags.HasErrors() {
			b.Fatal(diags)
		}
		var into gohclFile
		if diags := gohcl.DecodeBody(file.Body, nil, &into); diags.HasErrors() {
			b.Fatal(diags)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/message")
}

func BenchmarkHclparseGohcl1k(b *testing.B)   { benchmarkHclparseGohcl(b, 1_000) }
func BenchmarkHclparseGohcl10k(b *testing.B)  { benchmarkHclparseGohcl(b, 10_000) }
func BenchmarkHclparseGohcl100k(b *testing.B) { benchmarkHclparseGohcl(b, 100_000) }
