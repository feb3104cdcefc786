package lang

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/url"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/ianaindex"
)

// textFunc makes a function of one string that returns another.
func textFunc(param string, f func(string) (string, error)) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: param, Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			s, err := f(args[0].AsString())
			if err != nil {
				return cty.NilVal, function.NewArgError(0, err)
			}
			return cty.StringVal(s), nil
		},
	})
}

func hashFunc(sum func([]byte) string) function.Function {
	return textFunc("str", func(s string) (string, error) { return sum([]byte(s)), nil })
}

func sha256Base64(b []byte) string {
	sum := sha256.Sum256(b)
	return base64.StdEncoding.EncodeToString(sum[:])
}

func sha512Base64(b []byte) string {
	sum := sha512.Sum512(b)
	return base64.StdEncoding.EncodeToString(sum[:])
}

var (
	errBase64 = errors.New("this is not base64")
	errBinary = errors.New("what this decodes to is not text in UTF-8")
)

// base64DecodeFunc is here because the one of go-cty-funcs logs what it
// decoded.
var base64DecodeFunc = textFunc("str", func(s string) (string, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	switch {
	case err != nil:
		return "", errBase64
	case !utf8.Valid(b):
		return "", errBinary
	}
	return string(b), nil
})

var base64GzipFunc = textFunc("str", func(s string) (string, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, s); err != nil {
		return "", err
	}
	// As Terraform does, and so the bytes are the same.
	if err := w.Flush(); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
})

// maxGunzip bounds what little input can be blown up to.
const maxGunzip = 64 << 20

var base64GunzipFunc = textFunc("str", func(s string) (string, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return "", errBase64
	}
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return "", errors.New("this is not gzip in base64")
	}
	out, err := io.ReadAll(io.LimitReader(r, maxGunzip+1))
	switch {
	case err != nil:
		return "", errors.New("this is not gzip in base64")
	case len(out) > maxGunzip:
		return "", fmt.Errorf("this unpacks to more than %d MB", maxGunzip>>20)
	case !utf8.Valid(out):
		return "", errBinary
	}
	return string(out), nil
})

var urlDecodeFunc = textFunc("str", func(s string) (string, error) {
	out, err := url.QueryUnescape(s)
	switch {
	case err != nil:
		return "", errors.New("this is not URL encoding: after % stand two hex digits")
	case !utf8.ValidString(out):
		return "", errBinary
	}
	return out, nil
})

// textEncodeBase64Func encodes text in another character encoding.
var textEncodeBase64Func = recodeFunc(func(e encoding.Encoding, s string) (string, error) {
	b, err := e.NewEncoder().Bytes([]byte(s))
	if err != nil {
		return "", errors.New("the text has characters that this encoding does not have")
	}
	return base64.StdEncoding.EncodeToString(b), nil
})

// textDecodeBase64Func decodes text from another character encoding.
var textDecodeBase64Func = recodeFunc(func(e encoding.Encoding, s string) (string, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return "", errBase64
	}
	b, err = e.NewDecoder().Bytes(b)
	if err != nil || bytes.ContainsRune(b, utf8.RuneError) {
		return "", errors.New("the text has bytes that are no characters of this encoding")
	}
	return string(b), nil
})

// recodeFunc makes a function of a string and the IANA name of an encoding.
func recodeFunc(f func(encoding.Encoding, string) (string, error)) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{
			{Name: "string", Type: cty.String},
			{Name: "encoding", Type: cty.String},
		},
		Type: function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			name := args[1].AsString()
			e, err := ianaindex.IANA.Encoding(name)
			if err != nil || e == nil {
				return cty.NilVal, function.NewArgErrorf(1, "%q is no encoding that sow knows: give its IANA name, as in \"UTF-16LE\"", name)
			}
			s, err := f(e, args[0].AsString())
			if err != nil {
				return cty.NilVal, function.NewArgError(0, err)
			}
			return cty.StringVal(s), nil
		},
	})
}
