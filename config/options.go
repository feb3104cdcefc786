package config

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Options are what a configuration depends on besides its directory.
type Options struct {
	// Vars are the --var and --var-file flags in the order of the command
	// line, in which later ones win.
	Vars []Var
	// Environ is the environment, in the form of os.Environ. Entries
	// SOW_VAR_name give values to variables; they yield to all files and
	// flags.
	Environ []string
	// Version is the version of sow, which sow.required_version is held
	// against; "" meets every requirement.
	Version string
}

// Var is one --var or one --var-file flag.
type Var struct {
	Name, Value string // of --var name=value
	File        string // of --var-file; Name and Value are empty then
}

// ParseVar reads the argument of a --var flag: name=value.
func ParseVar(arg string) (Var, error) {
	name, value, ok := strings.Cut(arg, "=")
	if !ok {
		return Var{}, fmt.Errorf("--var %q has no value: want name=value", arg)
	}
	if name = strings.TrimSpace(name); !hclsyntax.ValidIdentifier(name) {
		return Var{}, fmt.Errorf("--var: %q is no name of a variable: want name=value", name)
	}
	return Var{Name: name, Value: value}, nil
}
