package config

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
)

// expectation is a comment in a file under testdata/errors that says what is
// wrong on its line, or so many lines from it. One line can have several:
//
//	name = 1        # ERROR: Summary | part of the detail
//	# WARNING(+1): Summary | part of the detail # ERROR(+2): Summary
//
// The file "expected" of a directory speaks for files that cannot have such
// comments, with FILE:LINE: before each; :0: for what has no place.
var expectation = regexp.MustCompile(`(?:^([^:#]*):(\d+): |# ?)(ERROR|WARNING)(\([+-]\d+\))?: `)

// expected is one diagnostic of a directory.
type expected struct {
	file     string // "" for what has no place
	line     int
	severity string
	summary  string
	detail   string // a part of it
}

func (e expected) String() string {
	return fmt.Sprintf("%s:%d: %s: %s | %s", e.file, e.line, e.severity, e.summary, e.detail)
}

// readExpected finds the expectations in all files of a directory.
func readExpected(t *testing.T, dir string) []expected {
	t.Helper()
	var all []expected
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(strings.ReplaceAll(string(text), "\r", ""), "\n") {
			all = append(all, expectedOf(filepath.ToSlash(rel), i+1, line)...)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// expectedOf reads the expectations of a line.
func expectedOf(file string, number int, line string) []expected {
	var all []expected
	found := expectation.FindAllStringSubmatchIndex(line, -1)
	for i, m := range found {
		group := func(n int) string {
			if m[2*n] < 0 {
				return ""
			}
			return line[m[2*n]:m[2*n+1]]
		}
		end := len(line)
		if i+1 < len(found) {
			end = found[i+1][0]
		}
		summary, detail, _ := strings.Cut(strings.TrimSpace(line[m[1]:end]), " | ")
		e := expected{file: file, line: number, severity: group(3), summary: summary, detail: detail}
		if offset := strings.Trim(group(4), "()"); offset != "" {
			n, err := strconv.Atoi(offset)
			if err != nil {
				panic(err)
			}
			e.line += n
		}
		if group(2) != "" {
			e.file = group(1)
			e.line, _ = strconv.Atoi(group(2))
		}
		all = append(all, e)
	}
	return all
}

// optionsOf reads the flags of a test's directory, one to a line.
func optionsOf(t *testing.T, dir string) Options {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "flags"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	opts := Options{Version: "0.1.0"}
	for line := range strings.Lines(string(text)) {
		flag, arg, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch flag {
		case "--var":
			v, err := ParseVar(arg)
			if err != nil {
				t.Fatal(err)
			}
			opts.Vars = append(opts.Vars, v)
		case "--var-file":
			opts.Vars = append(opts.Vars, Var{File: filepath.Join(dir, arg)})
		case "env":
			opts.Environ = append(opts.Environ, arg)
		default:
			t.Fatalf("unknown flag %q", line)
		}
	}
	return opts
}

// TestErrors loads every directory under testdata/errors, and finds exactly
// what the comments in its files say.
func TestErrors(t *testing.T) {
	dirs, err := filepath.Glob("testdata/errors/*")
	if err != nil || len(dirs) == 0 {
		t.Fatal(dirs, err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			cfg, diags := Load(dir, optionsOf(t, dir))
			all := Merge(diags, cfg.Check())
			want := readExpected(t, dir)
			var unexpected []string
			for _, diag := range all {
				checkDiagnostic(t, cfg, diag)
				got := found(diag)
				i := slices.IndexFunc(want, func(e expected) bool {
					return e.file == got.file && e.line == got.line && e.severity == got.severity && e.summary == got.summary &&
						strings.Contains(strings.ReplaceAll(got.detail, "\n", " "), e.detail)
				})
				if i < 0 {
					unexpected = append(unexpected, got.String())
					continue
				}
				want = slices.Delete(want, i, i+1)
			}
			var missing []string
			for _, e := range want {
				missing = append(missing, e.String())
			}
			if diff := cmp.Diff(missing, unexpected); diff != "" {
				t.Errorf("diagnostics differ (-want +got):\n%s", diff)
			}
		})
	}
}

func found(diag *hcl.Diagnostic) expected {
	e := expected{severity: "ERROR", summary: diag.Summary, detail: diag.Detail}
	if diag.Severity == hcl.DiagWarning {
		e.severity = "WARNING"
	}
	if diag.Subject != nil {
		e.file, e.line = diag.Subject.Filename, diag.Subject.Start.Line
	}
	return e
}

// checkDiagnostic holds what every diagnostic promises.
func checkDiagnostic(t *testing.T, cfg *Config, diag *hcl.Diagnostic) {
	t.Helper()
	if diag.Expression != nil || diag.EvalContext != nil || diag.Extra != nil {
		t.Errorf("a diagnostic carries values: %v", diag)
	}
	if diag.Summary == "" || diag.Detail == "" {
		t.Errorf("a diagnostic says too little: %v", diag)
	}
	if secret := "hunter2"; strings.Contains(diag.Summary+diag.Detail, secret) {
		t.Errorf("a diagnostic shows a sensitive value: %v", diag)
	}
	if diag.Subject == nil {
		return
	}
	text := cfg.Source(diag.Subject.Filename)
	if secret := "hunter2"; strings.HasSuffix(diag.Subject.Filename, varsFile) && strings.Contains(string(text), secret) {
		t.Errorf("a diagnostic quotes a file that holds a sensitive value: %v", diag)
	} else if text == nil && strings.HasSuffix(diag.Subject.Filename, varsFile) {
		return // it is never quoted where a variable is sensitive
	}
	if r := diag.Subject; text == nil || r.Start.Byte < 0 || r.Start.Byte > r.End.Byte || r.End.Byte > len(text) ||
		r.Start.Line < 1 || r.Start.Column < 1 || r.Start.Line > 1+strings.Count(string(text), "\n") {
		t.Errorf("the range of a diagnostic is outside of its file: %v (%d bytes): %v", diag.Subject, len(text), diag)
	}
}
