package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
)

const (
	hclSuffix      = ".sow.hcl"
	jsonSuffix     = ".sow.json"
	varsFile       = "sow.sowvars.hcl"
	varsFileJSON   = "sow.sowvars.json"
	autoVarsSuffix = ".auto.sowvars.hcl"
	autoVarsJSON   = ".auto.sowvars.json"
)

const (
	// maxConfig is the size of the largest file in HCL's native form. It is cut
	// into blocks and read a block at a time, so that size is no danger.
	maxConfig = 4 << 30
	// maxWhole is the size of the largest file that has to be parsed whole.
	maxWhole = 64 << 20
)

const byteOrderMark = "\uFEFF"

// listing is what a directory holds for sow, each list sorted by name.
type listing struct {
	configs  []string
	autoVars []string
	vars     []string
}

// list finds the files of a configuration. Hidden files and editors' backups
// are left out, as Terraform does.
func listFiles(dir string) (listing, hcl.Diagnostics) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return listing{}, hcl.Diagnostics{unreadableDir(dir, err)}
	}
	var found listing
	for _, entry := range entries {
		name := entry.Name()
		if entry.IsDir() || isIgnored(name) {
			continue
		}
		switch {
		case strings.HasSuffix(name, hclSuffix), strings.HasSuffix(name, jsonSuffix):
			found.configs = append(found.configs, name)
		case name == varsFile, name == varsFileJSON:
			found.vars = append(found.vars, name)
		case strings.HasSuffix(name, autoVarsSuffix), strings.HasSuffix(name, autoVarsJSON):
			found.autoVars = append(found.autoVars, name)
		}
	}
	slices.Sort(found.configs)
	slices.Sort(found.vars)
	slices.Sort(found.autoVars)
	return found, nil
}

func isIgnored(name string) bool {
	return strings.HasPrefix(name, ".") || // hidden
		strings.HasSuffix(name, "~") || // vim
		strings.HasPrefix(name, "#") && strings.HasSuffix(name, "#") // emacs
}

func unreadableDir(dir string, err error) *hcl.Diagnostic {
	diag := &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Cannot read the directory"}
	switch info, statErr := os.Stat(dir); {
	case errors.Is(err, os.ErrNotExist):
		diag.Detail = fmt.Sprintf("There is no directory %s. To make a new dataset there, run:\n  sow init %s", dir, dir)
	case statErr == nil && !info.IsDir():
		diag.Detail = fmt.Sprintf("%s is a file. sow takes the directory that holds the *%s files.", dir, hclSuffix)
	default:
		diag.Detail = fmt.Sprintf("The directory %s cannot be read: %s.", dir, reason(err))
	}
	return diag
}

// reason returns what the system said, without the path and the call that the
// diagnostic around it names already.
func reason(err error) string {
	var pathErr *os.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err.Error()
	}
	return err.Error()
}

// readSource reads a file. name is what ranges will call it. The file becomes
// known to src, so that diagnostics can quote it.
func readSource(path, name string, limit int64, src *sources) (*source, *hcl.Diagnostic) {
	text, err := readText(path, limit)
	if err != nil {
		return nil, &hcl.Diagnostic{
			Severity: hcl.DiagError,
			Summary:  "Cannot read the file",
			Detail:   fmt.Sprintf("The file %s cannot be read: %s.", name, reason(err)),
		}
	}
	file := newSource(name, text)
	src.add(file)
	if diag := checkEncoding(file); diag != nil {
		return nil, diag
	}
	return file, nil
}

// readText reads a file into a string, without a second copy.
func readText(path string, limit int64) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if info.IsDir() {
		return "", errors.New("it is a directory")
	}
	tooLarge := fmt.Errorf("it is larger than %d MiB", limit>>20)
	if info.Size() > limit {
		return "", tooLarge
	}
	var b strings.Builder
	b.Grow(int(info.Size()))
	n, err := io.Copy(&b, io.LimitReader(f, limit+1))
	if err != nil {
		return "", err
	}
	if n > limit {
		return "", tooLarge
	}
	return b.String(), nil
}

// checkEncoding reports text that is not UTF-8, at its first bad byte.
func checkEncoding(f *source) *hcl.Diagnostic {
	if utf8.ValidString(f.text) {
		return nil
	}
	detail := "Configurations are written in UTF-8, and this is not. Save the file as UTF-8 in your editor."
	if strings.HasPrefix(f.text, "\xff\xfe") || strings.HasPrefix(f.text, "\xfe\xff") {
		detail = "The file is UTF-16, and configurations are written in UTF-8. Save it as UTF-8 in your editor."
	}
	bad := 0
	for bad < len(f.text) {
		r, size := utf8.DecodeRuneInString(f.text[bad:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		bad += size
	}
	start := hcl.Pos{
		Line:   1 + strings.Count(f.text[:bad], "\n"),
		Column: 1 + utf8.RuneCountInString(f.text[strings.LastIndexByte(f.text[:bad], '\n')+1:bad]),
		Byte:   bad,
	}
	end := start
	end.Column++
	end.Byte++
	return errorAt(hcl.Range{Filename: f.name, Start: start, End: end}, "Invalid character encoding", "%s", detail)
}

// withoutMark returns JSON text without the byte order mark that some editors
// put first. Its byte offsets would be three too small, so ranges are found by
// line and column there.
func withoutMark(text string) []byte {
	return bytes.TrimPrefix([]byte(text), []byte(byteOrderMark))
}

// nameIn returns how ranges call a file: relative to the configuration's
// directory when it is inside, with slashes.
func nameIn(dir, path string) string {
	if rel, err := filepath.Rel(dir, path); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(path)
}
