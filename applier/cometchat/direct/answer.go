package direct

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

// readAnswer reads the head of an answer to a request. A plain one, as nearly
// all are, is read out of the buffer in one go; what is anything else about an
// answer is left to net/http, which reads the same out of a plain one.
func readAnswer(in *bufio.Reader, req *http.Request) (*http.Response, error) {
	if _, err := in.Peek(1); err == nil {
		there, _ := in.Peek(in.Buffered())
		if res, size, ok := readPlain(there, req); ok {
			_, _ = in.Discard(size) // it is there
			res.Body = &measured{from: in, left: res.ContentLength}
			return res, nil
		}
	}
	return http.ReadResponse(in, req)
}

var (
	plainVersion = []byte("HTTP/1.1 ")
	endOfHead    = []byte("\r\n\r\n")
)

// readPlain reads the head at the beginning of what is there, and returns its
// size. It is plain when it is whole, of the usual version, announces a body of
// a certain length, and leaves the connection as it is. There is no body yet.
func readPlain(there []byte, req *http.Request) (res *http.Response, size int, ok bool) {
	end := bytes.Index(there, endOfHead)
	if end < 0 || !bytes.HasPrefix(there, plainVersion) || req.Method == http.MethodHead {
		return nil, 0, false
	}
	head := string(there[len(plainVersion) : end+2])
	status, fields, _ := strings.Cut(head, "\r\n")
	code, _, _ := strings.Cut(status, " ")
	n, err := strconv.ParseUint(code, 10, 16)
	if err != nil || len(code) != 3 || strings.ContainsFunc(status, breaksLine) || n < 200 || n == http.StatusNoContent || n == http.StatusNotModified {
		return nil, 0, false
	}
	res = &http.Response{
		Status: status, StatusCode: int(n), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		ContentLength: -1, Header: make(http.Header, 8), Request: req,
	}
	values := make([]string, 0, 8)
	for fields != "" {
		var field string
		field, fields, _ = strings.Cut(fields, "\r\n")
		name, value, found := strings.Cut(field, ":")
		if !found || !isPlainName(name) || strings.ContainsFunc(value, breaksLine) {
			return nil, 0, false
		}
		name, value = textproto.CanonicalMIMEHeaderKey(name), strings.Trim(value, " \t")
		switch name {
		case "Connection", "Transfer-Encoding", "Trailer", "Pragma":
			return nil, 0, false
		case "Content-Length":
			length, err := strconv.ParseUint(value, 10, 62)
			if err != nil || res.ContentLength >= 0 {
				return nil, 0, false
			}
			res.ContentLength = int64(length)
		}
		if before, again := res.Header[name]; again {
			res.Header[name] = append(before, value)
			continue
		}
		values = append(values, value)
		last := len(values) - 1
		res.Header[name] = values[last : last+1 : last+1] // one array for all
	}
	return res, end + len(endOfHead), res.ContentLength >= 0
}

// isPlainName reports whether the name of a field has letters, digits and
// hyphens only.
func isPlainName(name string) bool {
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-':
		default:
			return false
		}
	}
	return name != ""
}

// measured is a body of a certain length.
type measured struct {
	from io.Reader
	left int64
}

// Read implements [io.Reader].
func (m *measured) Read(p []byte) (int, error) {
	if m.left == 0 {
		return 0, io.EOF
	}
	n, err := m.from.Read(p[:min(int64(len(p)), m.left)])
	if m.left -= int64(n); err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Close implements [io.Closer]. The connection is not the body's to close.
func (*measured) Close() error { return nil }
