package emulator

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"
)

// app is an emulator and a client for it, in one test.
type app struct {
	*Server
	t      testing.TB
	client *http.Client
}

func newApp(t testing.TB, o Options) *app {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &app{s, t, &http.Client{Transport: s.Transport()}}
}

// result is an answer, read.
type result struct {
	status int
	header http.Header
	raw    []byte
	body   map[string]any
	code   string
}

// data returns the object under "data".
func (r result) data() map[string]any {
	m, _ := r.body["data"].(map[string]any)
	return m
}

// list returns the array under "data".
func (r result) list() []map[string]any {
	items, _ := r.body["data"].([]any)
	var list []map[string]any
	for _, item := range items {
		list = append(list, item.(map[string]any))
	}
	return list
}

func (a *app) try(method, path, body string, header ...string) (result, error) {
	req, err := http.NewRequest(method, "https://emulator.api-us.cometchat.io/v3"+path, bytes.NewBufferString(body))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("apikey", "0123456789012345678901234567890123456789")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := a.client.Do(req)
	if err != nil {
		return result{}, err
	}
	return readBack(res)
}

func readBack(res *http.Response) (result, error) {
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	r := result{status: res.StatusCode, header: res.Header, raw: raw}
	_ = json.Unmarshal(raw, &r.body)
	if e, ok := r.body["error"].(map[string]any); ok {
		r.code, _ = e["code"].(string)
	}
	return r, err
}

func readResult(t testing.TB, res *http.Response) result {
	t.Helper()
	r, err := readBack(res)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (a *app) do(method, path, body string, header ...string) result {
	a.t.Helper()
	r, err := a.try(method, path, body, header...)
	if err != nil {
		a.t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

func (a *app) ok(method, path, body string, header ...string) result {
	a.t.Helper()
	r := a.do(method, path, body, header...)
	if r.status != http.StatusOK {
		a.t.Fatalf("%s %s %s: %d %s", method, path, body, r.status, r.raw)
	}
	return r
}

func bytesReader(b []byte) io.Reader { return bytes.NewReader(b) }
