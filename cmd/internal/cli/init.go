package cli

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sowdev/sow/planner/planfile/wholefile"
)

// scaffold is the dataset that init writes. A file named dot-X becomes .X.
//
//go:embed scaffold
var scaffold embed.FS

type initOptions struct{ dir string }

func newInitCmd(r *run) *cobra.Command {
	return &cobra.Command{
		Use:     "init [DIR]",
		GroupID: groupWrite,
		Short:   "Write a small dataset to begin with",
		Long: `Writes a small dataset into DIR, by default the working directory: three people,
a group, a conversation in HCL and one as a transcript. It plans and applies to
the emulator as it stands. A file that exists is never overwritten, and a
directory that holds a dataset already is left alone. What an init that was cut
off has left out is written by the next one.`,
		Example: `  sow init demo
  sow plan demo
  sow apply --emulator demo`,
		Args: atMostOne("DIR"),
		RunE: func(_ *cobra.Command, args []string) error { return runInit(r, &initOptions{dir: dirOf(args)}) },
	}
}

func runInit(r *run, o *initOptions) error {
	missing, err := missingFrom(o.dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.dir, 0o777); err != nil {
		return wrap(err, exitError, "The dataset cannot be written", "Making the directory")
	}
	for _, f := range missing {
		if err := writeNew(f.path, f.content); err != nil {
			return wrap(err, exitError, "The dataset cannot be written", "What was written so far is whole")
		}
	}
	return r.view.Say(initNextSteps(o.dir))
}

// initNextSteps is what to do after an init, with the directory as the shell
// wants it.
func initNextSteps(dir string) string {
	place, suffix := "here", ""
	if dir != "." {
		place, suffix = "in "+filepath.Clean(dir), " "+shellWord(dir)
	}
	return fmt.Sprintf(`A dataset is %s. See what it would seed, and seed the emulator:

  sow plan%s
  sow apply --emulator%s
`, place, suffix, suffix)
}

// scaffoldFile is a file of the scaffold and its place.
type scaffoldFile struct {
	path    string
	content []byte
}

// missingFrom lists what a new dataset in dir lacks: all of it, or what an init
// that was cut off has not come to. Anything else that is there is in the way.
func missingFrom(dir string) ([]scaffoldFile, error) {
	var missing []scaffoldFile
	ours := map[string]bool{}
	for name, content := range scaffoldFiles() {
		path := filepath.Join(dir, name)
		switch _, err := os.Lstat(path); {
		case errors.Is(err, fs.ErrNotExist):
			missing = append(missing, scaffoldFile{path, content})
		case err != nil:
			return nil, wrap(err, exitError, "The dataset cannot be written", "Looking at %s", dir)
		case holds(path, content):
			ours[path] = true
		case !isDataset(name):
			return nil, fail(exitError, "A file is in the way",
				"%s exists and is not overwritten. Nothing was written. Choose an empty directory:\n  sow init demo", path)
		}
	}
	datasets, err := filepath.Glob(filepath.Join(globEscape(dir), "*.sow.*"))
	if err != nil {
		return nil, err
	}
	for _, path := range datasets {
		if isDataset(path) && (!ours[path] || len(missing) == 0) {
			return nil, fail(exitError, "There is a dataset already",
				"%s exists. Nothing was written. Choose an empty directory:\n  sow init demo", path)
		}
	}
	return missing, nil
}

func holds(path string, content []byte) bool {
	there, err := os.ReadFile(path)
	return err == nil && bytes.Equal(there, content)
}

func isDataset(path string) bool {
	return strings.HasSuffix(path, ".sow.hcl") || strings.HasSuffix(path, ".sow.json")
}

// scaffoldFiles yields the files of the scaffold by the names that they get.
func scaffoldFiles() func(yield func(string, []byte) bool) {
	return func(yield func(string, []byte) bool) {
		entries, err := scaffold.ReadDir("scaffold")
		if err != nil {
			panic(err) // the files are part of the program
		}
		for _, e := range entries {
			content, err := scaffold.ReadFile("scaffold/" + e.Name())
			if err != nil {
				panic(err)
			}
			name := e.Name()
			if rest, ok := strings.CutPrefix(name, "dot-"); ok {
				name = "." + rest
			}
			if !yield(name, content) {
				return
			}
		}
	}
}

// writeNew writes a file that must not exist.
func writeNew(path string, content []byte) error { return wholefile.WriteNew(path, content, 0o666) }

// globEscape makes a path match only itself in a glob pattern.
func globEscape(path string) string {
	return strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// shellWord quotes s so that a POSIX shell reads it as one word.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./:,+@%", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
