package cli

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/sowdev/sow/cmd/internal/view"
)

// release is the version this tree will be released as. A build of a tagged
// module says its own.
const release = "0.1.0"

// readVersion reads the version from what the Go toolchain wrote into the
// binary.
func readVersion() view.Version {
	v := view.Version{Version: release, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

type versionOptions struct{ json bool }

func newVersionCmd(r *run) *cobra.Command {
	o := &versionOptions{}
	cmd := &cobra.Command{
		Use:     "version",
		GroupID: groupOther,
		Short:   "Tell which sow this is",
		Long: `Tells the version, the commit it was built from, the version of Go that built
it and the platform it runs on. A report of a mistake should begin with it.`,
		Example: `  sow version
  sow version --json`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return runVersion(r, o) },
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "print a JSON document")
	return cmd
}

func runVersion(r *run, o *versionOptions) error {
	return r.show(document(o.json), nil).Version(readVersion())
}
