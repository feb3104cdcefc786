package layout_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/sowdev/sow/config/layout"
)

// FuzzFormat holds what check says, for every source.
func FuzzFormat(f *testing.F) {
	for _, src := range seeds(f) {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if err := check(src); err != nil {
			t.Fatalf("%q: %v", src, err)
		}
	})
}

// check holds the contract of Format, and that what parses gets the layout
// that hclwrite gives it.
func check(src []byte) error {
	original := bytes.Clone(src)
	got := layout.Format(src)
	if !bytes.Equal(src, original) {
		return fmt.Errorf("the source was changed to %q", src)
	}
	before, err := lex(src)
	if err != nil {
		if !bytes.Equal(got, src) {
			return fmt.Errorf("what does not lex was changed to %q", got)
		}
		return nil
	}
	after, err := lex(got)
	if err != nil {
		return fmt.Errorf("what comes out, %q, does not lex: %w", got, err)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		return fmt.Errorf("other tokens (-before +after):\n%s", diff)
	}
	if twice := layout.Format(got); !bytes.Equal(twice, got) {
		return fmt.Errorf("the second time it changes (-once +twice):\n%s", cmp.Diff(string(got), string(twice)))
	}
	if _, diags := hclsyntax.ParseConfig(src, "", hcl.InitialPos); diags.HasErrors() {
		return nil
	}
	want := hclwrite.Format(src)
	if diff := cmp.Diff(string(want), string(got)); diff != "" && keepsTokens(before, want) {
		return fmt.Errorf("not what hclwrite gives (-want +got):\n%s", diff)
	}
	return nil
}

// keepsTokens reports whether hclwrite changed spaces alone. It joins the
// numbers of "a.0 .1" into one token, which means the same but is another one.
func keepsTokens(before []token, formatted []byte) bool {
	after, err := lex(formatted)
	return err == nil && cmp.Equal(before, after)
}

type token struct {
	Type  string
	Bytes string
}

func lex(src []byte) ([]token, error) {
	tokens, diags := hclsyntax.LexConfig(src, "", hcl.InitialPos)
	if diags.HasErrors() {
		return nil, diags
	}
	all := make([]token, len(tokens))
	for i, t := range tokens {
		all[i] = token{t.Type.String(), string(t.Bytes)}
	}
	return all, nil
}
