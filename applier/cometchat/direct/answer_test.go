package direct

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const usual = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Rate-Limit: 20000\r\nx-rate-limit-remaining:  19999 \r\n" +
	"Date: Tue, 24 Nov 2026 10:00:00 GMT\r\nContent-Length: 11\r\n\r\n{\"data\":{}}"

// FuzzReadAnswer holds every answer, and what is left on the connection after
// it, against what net/http reads.
func FuzzReadAnswer(f *testing.F) {
	for _, seed := range []string{
		usual, usual + "more", usual[:len(usual)-3], usual[:60], "", "HTTP/1.1 200 OK\r\n\r\nto the end",
		"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 0200 OK\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 200  OK\r\nContent-Length: 1\r\n\r\nx",
		"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 204 No\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 100 Go on\r\n\r\n" + usual,
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy",
		"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx", "HTTP/1.1 200 OK\r\nContent-Length: 01\r\n\r\nx", "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nx",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",
		"HTTP/1.1 200 OK\r\nA: 1\r\n folded\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 200 OK\r\nA : 1\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 200 OK\r\nA\r\nContent-Length: 1\r\n\r\nx",
		"HTTP/1.1 200 OK\r\nA: 1\nB: 2\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 200 OK\nContent-Length: 1\n\nx", "HTTP/1.1 200 OK\r\na: 1\r\nA: 2\r\nA: 3\r\nB: 4\r\nContent-Length: 1\r\n\r\nx",
		"HTTP/1.1 200 OK\r\nPragma: no-cache\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 304 Not\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 200 O\x00K\r\nContent-Length: 1\r\n\r\nx",
	} {
		f.Add(seed)
	}
	type answer struct {
		Response *http.Response
		Body     string
		Broken   bool
		Rest     string
	}
	read := func(text string, with func(*bufio.Reader, *http.Request) (*http.Response, error)) (answer, bool) {
		in := bufio.NewReader(strings.NewReader(text))
		res, err := with(in, &http.Request{Method: http.MethodPost})
		if err != nil {
			return answer{}, false
		}
		body, err := io.ReadAll(res.Body)
		rest, _ := io.ReadAll(in)
		res.Body = nil
		return answer{res, string(body), err != nil, string(rest)}, true
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, good := read(text, http.ReadResponse)
		got, ok := read(text, readAnswer)
		if ok != good {
			t.Fatalf("read: %v, by net/http: %v", ok, good)
		}
		if diff := gocmp.Diff(want, got, cmpopts.IgnoreUnexported(http.Request{}), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("net/http and direct read different answers:\n%s", diff)
		}
	})
}

// A usual answer is read the quick way.
func TestUsualAnswerIsPlain(t *testing.T) {
	res, size, ok := readPlain([]byte(usual), &http.Request{})
	if !ok || usual[size:] != `{"data":{}}` || res.Header.Get("X-Rate-Limit-Remaining") != "19999" {
		t.Errorf("got %v, %d, %v", res, size, ok)
	}
}

func BenchmarkReadAnswer(b *testing.B) {
	in, from, req := bufio.NewReader(nil), strings.NewReader(usual), &http.Request{Method: http.MethodPost}
	b.ReportAllocs()
	for b.Loop() {
		from.Reset(usual)
		in.Reset(from)
		res, err := readAnswer(in, req)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			b.Fatal(err)
		}
	}
}
