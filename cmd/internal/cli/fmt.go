package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/sowdev/sow/config/layout"
	"github.com/sowdev/sow/config/script"
	"github.com/sowdev/sow/planner/planfile/wholefile"
)

type fmtOptions struct {
	paths     []string
	check     bool
	diff      bool
	recursive bool
	stdinName string
}

func newFmtCmd(r *run) *cobra.Command {
	o := &fmtOptions{}
	cmd := &cobra.Command{
		Use:     "fmt [DIR | FILE… | -]",
		GroupID: groupWrite,
		Short:   "Rewrite configurations in the usual form",
		Long: `Rewrites configurations in the usual form: *.sow.hcl, *.sowvars.hcl and *.chat,
in DIR or in the files named. What changed is listed by name. The meaning of a
file never changes, and a file that cannot be read as what it is stays as it is.
With - it formats its input and prints the result.

With --check nothing is written: the command lists what is not in the usual form
and ends with code 1 if there is such a file.`,
		Example: `  sow fmt
  sow fmt --recursive --check --diff    # in CI
  sow fmt - < main.sow.hcl
  sow fmt --stdin-name refund.chat - < refund.chat`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.paths = args
			return runFmt(cmd.Context(), r, o)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.check, "check", false, "write nothing; end with code 1 if a file is not in the usual form")
	f.BoolVar(&o.diff, "diff", false, "print the differences")
	f.BoolVar(&o.recursive, "recursive", false, "go into subdirectories, hidden ones left out")
	f.StringVar(&o.stdinName, "stdin-name", "stdin.sow.hcl", "the `name` that says what the input of - is")
	return cmd
}

func runFmt(ctx context.Context, r *run, o *fmtOptions) error {
	if slices.Contains(o.paths, "-") {
		if len(o.paths) > 1 {
			return usage("With -, sow fmt reads its input and nothing else.")
		}
		return formatStdin(r, o)
	}
	files, err := o.files()
	if err != nil {
		return err
	}
	var (
		diags    hcl.Diagnostics
		mistaken = map[string][]byte{}
		unusual  int
	)
	r.sources = func(path string) []byte { return mistaken[path] }
	for _, path := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		before, err := os.ReadFile(path)
		if err != nil {
			return wrap(err, exitError, "A file cannot be read", "Formatting")
		}
		after, fileDiags := format(path, before)
		if len(fileDiags) > 0 {
			mistaken[path] = before
			diags = append(diags, fileDiags...)
		}
		if fileDiags.HasErrors() || bytes.Equal(before, after) {
			continue
		}
		unusual++
		if err := o.report(r, path, before, after); err != nil {
			return err
		}
		if o.check {
			continue
		}
		if err := rewrite(path, after); err != nil {
			return wrap(err, exitError, "A file cannot be written", "It is as it was")
		}
	}
	switch {
	case diags.HasErrors():
		return diags
	case o.check && unusual > 0:
		return status(exitError)
	}
	return nil
}

// formatStdin formats the standard input.
func formatStdin(r *run, o *fmtOptions) error {
	if formatterOf(o.stdinName) == nil {
		return usage("--stdin-name %q does not say what the input is: it ends in .sow.hcl, .sowvars.hcl or .chat.", o.stdinName)
	}
	before, err := io.ReadAll(r.env.Stdin)
	if err != nil {
		return wrap(err, exitError, "The input cannot be read", "Formatting")
	}
	after, diags := format(o.stdinName, before)
	if diags.HasErrors() {
		r.sources = func(string) []byte { return before }
		return diags
	}
	same := bytes.Equal(before, after)
	switch {
	case o.diff && !same:
		err = r.view.Say(unified(o.stdinName, before, o.stdinName, after))
	case !o.diff && !o.check:
		err = r.view.Raw(after)
	}
	if err == nil && o.check && !same {
		err = status(exitError)
	}
	return err
}

// report tells of one file that is not in the usual form.
func (o *fmtOptions) report(r *run, path string, before, after []byte) error {
	text := path + "\n"
	if o.diff {
		slashed := filepath.ToSlash(path)
		text += unified("a/"+slashed, before, "b/"+slashed, after)
	}
	return r.view.Say(text)
}

// unified is a diff without the line that names its command.
func unified(oldName string, old []byte, newName string, new []byte) string {
	_, text, _ := strings.Cut(string(diff.Diff(oldName, old, newName, new)), "\n")
	return text
}

// files lists what to format, sorted within each directory.
func (o *fmtOptions) files() ([]string, error) {
	paths := o.paths
	if len(paths) == 0 {
		paths = []string{"."}
	}
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case err != nil:
			return nil, &failure{code: exitError, summary: "Nothing to format", err: err,
				detail: sentence(err.Error()) + ". Nothing was changed."}
		case !info.IsDir() && formatterOf(path) == nil:
			return nil, usage("sow fmt cannot format %s: it formats *.sow.hcl, *.sowvars.hcl and *.chat.", path)
		case !info.IsDir():
			files = append(files, path)
			continue
		}
		err = filepath.WalkDir(path, func(entry string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && entry != path && (!o.recursive || strings.HasPrefix(d.Name(), ".")):
				return filepath.SkipDir
			case !d.IsDir() && formatterOf(entry) != nil:
				files = append(files, entry)
			}
			return nil
		})
		if err != nil {
			return nil, wrap(err, exitError, "A directory cannot be read", "Formatting")
		}
	}
	return files, nil
}

// formatter returns the usual form of a file's content.
type formatter func(content []byte, filename string) ([]byte, hcl.Diagnostics)

// formatterOf returns the formatter for files of that name, or nil.
func formatterOf(path string) formatter {
	switch {
	case strings.HasSuffix(path, ".sow.hcl"), strings.HasSuffix(path, ".sowvars.hcl"):
		return formatHCL
	case strings.HasSuffix(path, ".chat"):
		return formatTranscript
	}
	return nil
}

func format(path string, content []byte) ([]byte, hcl.Diagnostics) {
	return formatterOf(path)(content, path)
}

// formatHCL formats what parses; package layout does not look for mistakes.
func formatHCL(content []byte, filename string) ([]byte, hcl.Diagnostics) {
	if _, diags := hclsyntax.ParseConfig(content, filename, hcl.InitialPos); diags.HasErrors() {
		return content, diags
	}
	return layout.Format(content), nil
}

// formatTranscript formats a transcript that has no mistakes.
func formatTranscript(content []byte, filename string) ([]byte, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	for range script.Parse(string(content), filename, hcl.InitialPos, &diags) {
	}
	if diags.HasErrors() {
		return content, diags
	}
	return script.Format(content), nil
}

// rewrite replaces the content of a file at once and keeps its mode. A file
// reached through a link is rewritten where it is.
func rewrite(path string, content []byte) (err error) {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	f, err := wholefile.Create(path, info.Mode().Perm())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Cleanup()) }()
	if _, err := f.Write(content); err != nil {
		return err
	}
	if err := f.Chmod(info.Mode().Perm()); err != nil {
		return err
	}
	return f.CloseAtomicallyReplace()
}
