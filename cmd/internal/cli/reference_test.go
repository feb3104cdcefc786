package cli

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

var update = flag.Bool("update", false, "rewrite docs/commands.md")

// TestReference holds the manual to the texts of the commands.
func TestReference(t *testing.T) {
	path := filepath.Join("..", "..", "..", "docs", "commands.md")
	var want bytes.Buffer
	if err := WriteReference(&want); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, want.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.String(), string(got)); diff != "" {
		t.Errorf("docs/commands.md is not what the commands say; go test ./cmd/internal/cli -update rewrites it (-want +got):\n%s", diff)
	}
}

// TestHelp holds that the help of every command can be the manual: what it
// does, an example, and a meaning for every flag.
func TestHelp(t *testing.T) {
	r := newRun(t.Context(), Env{})
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		t.Run(cmd.CommandPath(), func(t *testing.T) {
			if cmd.Short == "" || cmd.Long == "" {
				t.Error("it does not say what it does")
			}
			if !cmd.HasSubCommands() && !strings.Contains(cmd.Example, "sow ") {
				t.Error("it has no example")
			}
			for line := range strings.Lines(cmd.Long + "\n" + cmd.Example) {
				if len(strings.TrimRight(line, "\n")) > 81 {
					t.Errorf("a line is too long for a terminal: %q", line)
				}
			}
			if cmd.HasParent() && cmd.Parent() == cmd.Root() && cmd.GroupID == "" {
				t.Error("it is in no group")
			}
		})
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(newRootCmd(r))
}
