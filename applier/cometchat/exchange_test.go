package cometchat

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sowdev/sow/applier"
)

// transportFunc is a transport without a network.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answered(status int, body string) (*http.Response, error) {
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(body))}, nil
}

func clientOver(t *testing.T, transport transportFunc) *Client {
	t.Helper()
	c, err := New(Options{BaseURL: "http://app.example/v3", Key: canary, Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What one request was made of serves the next one, and only after a good end.
func TestExchangesAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var next func(*http.Request) (*http.Response, error)
		c := clientOver(t, func(r *http.Request) (*http.Response, error) { return next(r) })
		kept := func(when string, want int) {
			t.Helper()
			if n := len(c.idle); n != want {
				t.Errorf("%s, %d exchanges are kept, want %d", when, n, want)
			}
		}
		good := func(r *http.Request) (*http.Response, error) {
			if r.Context().Err() != nil {
				t.Errorf("a request begins with a context that has ended: %v", context.Cause(r.Context()))
			}
			return answered(200, benchAnswer)
		}
		silent := func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, context.Cause(r.Context())
		}
		send := func(ctx context.Context) error {
			_, err := c.SendMessage(ctx, benchMessage())
			return err
		}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}

		caller, end := context.WithCancel(context.Background())
		next = good
		must(send(caller))
		kept("after an answer", 1)
		end()
		time.Sleep(2 * defaultTimeout)
		must(send(context.Background()))
		kept("after the caller and the time of the one before have ended", 1)

		next = func(*http.Request) (*http.Response, error) { return answered(400, `{"error":{"code":"ERR_X"}}`) }
		if err := send(context.Background()); !refused(err) {
			t.Errorf("got %v, want a refusal", err)
		}
		kept("after a refusal", 1)

		next = silent
		if err := send(context.Background()); !errors.Is(err, errTimeout) {
			t.Errorf("got %v, want that the time is up", err)
		}
		kept("after a timeout", 0)
		next = good
		must(send(context.Background()))
		kept("after the answer that followed", 1)

		caller, end = context.WithCancel(context.Background())
		next = func(r *http.Request) (*http.Response, error) {
			end()
			return silent(r)
		}
		if err := send(caller); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want that the caller has ended", err)
		}
		kept("after the caller has ended", 0)
		next = func(*http.Request) (*http.Response, error) {
			t.Error("a request was made for a caller that has ended")
			return answered(200, benchAnswer)
		}
		if err := send(caller); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want that the caller has ended", err)
		}
	})
}

func refused(err error) bool {
	var refusal *applier.Refusal
	return errors.As(err, &refusal)
}

// An answer that breaks off leaves an exchange that is not used again.
func TestExchangeOfBrokenAnswer(t *testing.T) {
	broken := errors.New("connection reset")
	c := clientOver(t, func(*http.Request) (*http.Response, error) {
		body := io.MultiReader(strings.NewReader(benchAnswer[:100]), failing{broken})
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(body)}, nil
	})
	_, err := c.SendMessage(context.Background(), benchMessage())
	var unknown *applier.Unknown
	if !errors.As(err, &unknown) || !errors.Is(err, broken) {
		t.Errorf("got %#v, want an Unknown of %v", err, broken)
	}
	if len(c.idle) > 0 {
		t.Error("its exchange is kept")
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// What the client allocates for a send beyond what the transport does is
// bounded.
func TestSendAllocations(t *testing.T) {
	headers := http.Header{"Date": {"Mon, 05 Jan 2026 09:00:00 GMT"}, "X-Ratelimit-Limit": {"20000"}}
	transport := transportFunc(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: headers, Body: io.NopCloser(strings.NewReader(benchAnswer))}, nil
	})
	c, m := clientOver(t, transport), benchMessage()
	theirs := testing.AllocsPerRun(100, func() { _, _ = transport(nil) })
	all := testing.AllocsPerRun(100, func() {
		if _, err := c.SendMessage(context.Background(), m); err != nil {
			t.Fatal(err)
		}
	})
	if ours := all - theirs; ours > 16 {
		t.Errorf("%.0f allocations for a send", ours)
	} else {
		t.Logf("%.0f allocations for a send", ours)
	}
}
