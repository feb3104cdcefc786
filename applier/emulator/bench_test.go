package emulator

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// sink is a response that nobody reads.
type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }
func (s *sink) WriteHeader(status int)      { s.status = status }

func benchBody(i int64) string {
	return fmt.Sprintf(`{"category":"message","type":"text","data":{"text":"Hi! My order hasn't arrived, number %d."},`+
		`"sender":"user-%d","receiver":"agent-%d","receiverType":"user","muid":"sow-%032d","tags":["sow:bench"],"sentAt":%d}`,
		i, i%100, i%10, i, 1_790_000_000+i)
}

func benchApp(b *testing.B, dir string) *app {
	a := newApp(b, Options{Plan: Unlimited, Dir: dir})
	for i := range 100 {
		a.ok("POST", "/users", fmt.Sprintf(`{"uid":"user-%d","name":"User %d"}`, i, i))
	}
	for i := range 10 {
		a.ok("POST", "/users", fmt.Sprintf(`{"uid":"agent-%d","name":"Agent %d"}`, i, i))
	}
	return a
}

// BenchmarkSend is the handler alone, without a connection.
func BenchmarkSend(b *testing.B) {
	for _, where := range []string{"memory", "disk"} {
		b.Run(where, func(b *testing.B) {
			dir := ""
			if where == "disk" {
				dir = b.TempDir()
			}
			a := benchApp(b, dir)
			var n atomic.Int64
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				w := &sink{header: make(http.Header)}
				for pb.Next() {
					body := benchBody(n.Add(1))
					r, _ := http.NewRequest(http.MethodPost, "http://localhost/v3/moderation/messages", strings.NewReader(body))
					r.Header["Apikey"], r.Header["Content-Type"] = []string{"key"}, []string{"application/json"}
					clear(w.header)
					a.ServeHTTP(w, r)
					if w.status != 200 {
						b.Fatal(w.status)
					}
				}
			})
		})
	}
}

// BenchmarkSendLoopback is a whole round trip over TCP, with the cost of the
// client; BenchmarkNullLoopback is the same to a handler that does nothing.
func BenchmarkSendLoopback(b *testing.B) {
	a := benchApp(b, b.TempDir())
	loopback(b, a.Server)
}

func BenchmarkNullLoopback(b *testing.B) {
	answer := []byte(strings.Repeat("x", 700))
	loopback(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Write(answer)
	}))
}

func loopback(b *testing.B, h http.Handler) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: h}
	go server.Serve(l)
	b.Cleanup(func() { server.Close() })
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	url := "http://" + l.Addr().String() + "/v3/moderation/messages"
	var n atomic.Int64
	b.SetParallelism(8)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r, _ := http.NewRequest(http.MethodPost, url, bytes.NewBufferString(benchBody(n.Add(1))))
			r.Header["Apikey"], r.Header["Content-Type"] = []string{"key"}, []string{"application/json"}
			res, err := client.Do(r)
			if err != nil {
				b.Fatal(err)
			}
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
			if res.StatusCode != http.StatusOK {
				b.Fatal(res.Status)
			}
		}
	})
}

// BenchmarkLookBack lists the neighbourhood of a moment in a long chat.
func BenchmarkLookBack(b *testing.B) {
	a := newApp(b, Options{Plan: Unlimited})
	q := Quirks{}
	q.Set("message_settle_time=0s")
	a.SetQuirks(q)
	for _, uid := range []string{"ana", "sam"} {
		a.ok("POST", "/users", `{"uid":"`+uid+`","name":"x"}`)
	}
	const count = 100_000
	w := &sink{header: make(http.Header)}
	for i := range count {
		body := fmt.Sprintf(`{"category":"message","type":"text","data":{"text":"x"},"sender":"ana","receiver":"sam","receiverType":"user","sentAt":%d}`, 1_700_000_000+i)
		r, _ := http.NewRequest(http.MethodPost, "http://localhost/v3/moderation/messages", strings.NewReader(body))
		r.Header["Apikey"], r.Header["Content-Type"] = []string{"key"}, []string{"application/json"}
		a.ServeHTTP(w, r)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		at := 1_700_000_000 + i%count
		r, _ := http.NewRequest(http.MethodGet, fmt.Sprintf("http://localhost/v3/users/sam/messages?category=message&withTags=true&limit=100&fromTimestamp=%d&toTimestamp=%d", at, at+2), nil)
		r.Header["Apikey"], r.Header["Content-Type"] = []string{"key"}, []string{"application/json"}
		r.Header["Onbehalfof"] = []string{"ana"}
		a.ServeHTTP(w, r)
		if w.status != 200 {
			b.Fatal(w.status)
		}
	}
}
