package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sowdev/sow/state/jsonline"
)

// marshal is json.Marshal without the escapes for HTML, which would keep
// people from finding their text.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// unmarshalStrict decodes exactly one JSON value and refuses attributes that v
// does not have: what is not understood would be lost with the next fold.
func unmarshalStrict(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return plain(err)
	}
	if rest := bytes.TrimSpace(data[dec.InputOffset():]); len(rest) > 0 {
		return fmt.Errorf("unexpected %.20q after the value", rest)
	}
	return nil
}

// plain says what encoding/json found in words for people who never saw the
// structs.
func plain(err error) error {
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrongType) && wrongType.Field != "":
		field := wrongType.Field[strings.LastIndexByte(wrongType.Field, '.')+1:]
		return fmt.Errorf("%q cannot be a %s", field, wrongType.Value)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return jsonline.ErrCutOff
	}
	return errors.New(strings.TrimPrefix(err.Error(), "json: "))
}
