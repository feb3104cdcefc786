package cli

import (
	"sync/atomic"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"

	"github.com/sowdev/sow/config"
)

// variables are the --var and --var-file flags.
type variables []config.Var

func (vars *variables) bind(cmd *cobra.Command) {
	cmd.Flags().Var((*varFlag)(vars), "var", "a value of a variable, as `name=value`; may be repeated")
	cmd.Flags().Var((*varFileFlag)(vars), "var-file", "a `file` with values of variables; may be repeated, and the last value wins")
}

// options are what the configuration depends on.
func (vars variables) options(env Env) config.Options {
	return config.Options{Vars: vars, Environ: env.Environ, Version: readVersion().Version}
}

// varFlag and varFileFlag fill one list, because their order on the command
// line says which one wins.
type (
	varFlag     variables
	varFileFlag variables
)

func (f *varFlag) Set(arg string) error {
	v, err := config.ParseVar(arg)
	if err == nil {
		*f = append(*f, v)
	}
	return err
}

func (*varFlag) String() string { return "" }
func (*varFlag) Type() string   { return "name=value" }

func (f *varFileFlag) Set(arg string) error {
	*f = append(*f, config.Var{File: arg})
	return nil
}

func (*varFileFlag) String() string { return "" }
func (*varFileFlag) Type() string   { return "file" }

// counted counts the messages that read yields.
func counted(read func(func(*config.Message) bool) hcl.Diagnostics, n *atomic.Int64) func(func(*config.Message) bool) hcl.Diagnostics {
	return func(yield func(*config.Message) bool) hcl.Diagnostics {
		return read(func(m *config.Message) bool {
			n.Add(1)
			return yield(m)
		})
	}
}
