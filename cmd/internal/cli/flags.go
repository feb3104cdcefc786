package cli

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sowdev/sow/config/lang"
)

// flagFailure says what is wrong with a flag, and which one may be meant.
func flagFailure(cmd *cobra.Command, err error) error {
	listed := "The flags are listed by:\n  " + cmd.CommandPath() + " --help"
	var (
		unknown *pflag.NotExistError
		invalid *pflag.InvalidValueError
	)
	switch {
	case errors.As(err, &invalid):
		flag := invalid.GetFlag()
		if wanted := wantedValue(flag.Value.Type()); wanted != "" {
			return usage("--%s takes %s, and %q is none.\n\n%s", flag.Name, wanted, invalid.GetValue(), listed)
		}
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		// -auto-approve and -out=FILE, as Terraform has them.
		name, _, _ := strings.Cut(unknown.GetSpecifiedShortnames(), "=")
		if cmd.Flags().Lookup(name) != nil {
			return usage("Unknown flag: -%s. The names of flags follow two hyphens: --%s.\n\n%s", name, name, listed)
		}
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		if hint := lang.Suggest("--"+name, flagNames(cmd)); hint != "" {
			return usage("Unknown flag: --%s.%s\n\n%s", name, hint, listed)
		}
		if owners := commandsWith(cmd.Root(), name); len(owners) > 0 {
			return usage("Unknown flag: --%s. %s does not have it; it belongs to %s.\n\n%s", name, cmd.CommandPath(), strings.Join(owners, ", "), listed)
		}
	}
	return usage("%s.\n\n%s", sentence(err.Error()), listed)
}

// wantedValue says in words what a flag of that type takes, or nothing where
// the error of its own says it.
func wantedValue(kind string) string {
	switch {
	case kind == "bool":
		return "true or false"
	case kind == "duration":
		return "a length of time such as 30s or 5m"
	case strings.HasPrefix(kind, "int"), strings.HasPrefix(kind, "uint"):
		return "a whole number"
	}
	return ""
}

func flagNames(cmd *cobra.Command) (names []string) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, "--"+f.Name)
		}
	})
	return names
}

// commandsWith lists the commands below cmd that have a flag of that name.
func commandsWith(cmd *cobra.Command, name string) (paths []string) {
	for _, c := range cmd.Commands() {
		if c.LocalFlags().Lookup(name) != nil {
			paths = append(paths, c.CommandPath())
		}
		paths = append(paths, commandsWith(c, name)...)
	}
	slices.Sort(paths)
	return paths
}
