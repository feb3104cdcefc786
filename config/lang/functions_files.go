package lang

import (
	"cmp"
	"crypto/md5"  // for Terraform's filemd5
	"crypto/sha1" // for Terraform's filesha1
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// fileFunctions read below baseDir, and follow no path or link that leaves it:
// a dataset is what its directory holds, and a pull request cannot plan what
// is elsewhere on the machine.
func fileFunctions(baseDir string) map[string]function.Function {
	return map[string]function.Function{
		"file": fileFunc(baseDir, func(b []byte) (string, error) {
			if !utf8.Valid(b) {
				return "", errors.New("the file is not text in UTF-8: to take it as it is, use filebase64")
			}
			return string(b), nil
		}),
		"filebase64":       digestFunc(baseDir, base64.StdEncoding.EncodeToString),
		"filebase64sha256": digestFunc(baseDir, sha256Base64),
		"filebase64sha512": digestFunc(baseDir, sha512Base64),
		"filemd5":          digestFunc(baseDir, func(b []byte) string { sum := md5.Sum(b); return hex.EncodeToString(sum[:]) }),
		"filesha1":         digestFunc(baseDir, func(b []byte) string { sum := sha1.Sum(b); return hex.EncodeToString(sum[:]) }),
		"filesha256":       digestFunc(baseDir, func(b []byte) string { sum := sha256.Sum256(b); return hex.EncodeToString(sum[:]) }),
		"filesha512":       digestFunc(baseDir, func(b []byte) string { sum := sha512.Sum512(b); return hex.EncodeToString(sum[:]) }),
		"fileexists":       fileExistsFunc(baseDir),
		"fileset":          fileSetFunc(baseDir),
	}
}

func digestFunc(baseDir string, digest func([]byte) string) function.Function {
	return fileFunc(baseDir, func(b []byte) (string, error) { return digest(b), nil })
}

// fileFunc makes a function of a path that returns something of the file's
// content.
func fileFunc(baseDir string, of func([]byte) (string, error)) function.Function {
	return textFunc("path", func(path string) (string, error) {
		b, err := readInside(baseDir, path)
		if err != nil {
			return "", err
		}
		return of(b)
	})
}

// readInside reads a file below baseDir.
func readInside(baseDir, path string) ([]byte, error) {
	root, err := openRoot(baseDir, path)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	info, err := root.Stat(path)
	switch {
	case err != nil:
		return nil, pathError(path, err)
	case info.IsDir():
		return nil, fmt.Errorf("%q is a directory", path)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%q is no ordinary file", path)
	}
	f, err := root.Open(path)
	if err != nil {
		return nil, pathError(path, err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		return nil, pathError(path, err)
	}
	return b, nil
}

// openRoot opens baseDir for a path that stays inside as far as its text tells.
func openRoot(baseDir, path string) (*os.Root, error) {
	switch {
	case path == "":
		return nil, errors.New("the path is empty")
	case strings.HasPrefix(path, "~"):
		return nil, fmt.Errorf("%q is in a home directory, and files are read from the configuration's directory only: move the file there", path)
	case filepath.IsAbs(path) || strings.HasPrefix(path, "/"):
		return nil, fmt.Errorf("%q is an absolute path, and files are read from the configuration's directory only: move the file there, and give its path from there", path)
	case !filepath.IsLocal(path):
		return nil, leaves(path)
	}
	root, err := os.OpenRoot(baseDir)
	if err != nil {
		return nil, fmt.Errorf("the configuration's directory cannot be read: %w", pathCause(err))
	}
	return root, nil
}

func leaves(path string) error {
	return fmt.Errorf("%q leaves the configuration's directory, and files are read from there only: move the file into it", path)
}

func pathError(path string, err error) error {
	cause := pathCause(err)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no file %q in the configuration's directory", path)
	case strings.Contains(cause.Error(), "escapes"): // the library has no name for it
		return leaves(path)
	}
	return fmt.Errorf("%q cannot be read: %w", path, cause)
}

// pathCause leaves away what is wrapped around the cause: the call and the
// path, which differ between systems and machines.
func pathCause(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

func fileExistsFunc(baseDir string) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			path := args[0].AsString()
			root, err := openRoot(baseDir, path)
			if err != nil {
				return cty.NilVal, function.NewArgError(0, err)
			}
			defer root.Close()
			info, err := root.Stat(path)
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return cty.False, nil
			case err != nil:
				return cty.NilVal, function.NewArgError(0, pathError(path, err))
			case !info.Mode().IsRegular():
				return cty.NilVal, function.NewArgErrorf(0, "%q is no file", path)
			}
			return cty.True, nil
		},
	})
}

// fileSetFunc lists the files below a directory that match a pattern, in which
// ** stands for any directories. Links that leave the configuration's
// directory do not match.
func fileSetFunc(baseDir string) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{
			{Name: "path", Type: cty.String},
			{Name: "pattern", Type: cty.String},
		},
		Type: function.StaticReturnType(cty.Set(cty.String)),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			path, pattern := cmp.Or(args[0].AsString(), "."), filepath.ToSlash(args[1].AsString())
			root, err := openRoot(baseDir, path)
			if err != nil {
				return cty.NilVal, function.NewArgError(0, err)
			}
			defer root.Close()
			switch {
			case pattern == "":
				return cty.NilVal, function.NewArgErrorf(1, "the pattern is empty")
			case !filepath.IsLocal(pattern):
				return cty.NilVal, function.NewArgError(1, leaves(args[1].AsString()))
			}
			dir, err := fs.Sub(root.FS(), filepath.ToSlash(filepath.Clean(path)))
			if err != nil {
				return cty.NilVal, function.NewArgError(0, pathError(path, err))
			}
			matches, err := doublestar.Glob(dir, strings.TrimPrefix(pattern, "./"), doublestar.WithFilesOnly())
			if err != nil {
				return cty.NilVal, function.NewArgErrorf(1, "%q is no pattern of file names: %w", pattern, err)
			}
			var names []cty.Value
			for _, match := range matches {
				if info, err := fs.Stat(dir, match); err == nil && info.Mode().IsRegular() {
					names = append(names, cty.StringVal(match))
				}
			}
			if len(names) == 0 {
				return cty.SetValEmpty(cty.String), nil
			}
			return cty.SetVal(names), nil
		},
	})
}
