package emulator

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// sendOnce sends a message with that fault on the way, and tells what the
// client saw and how many messages there are at once and after a minute.
func (a *app) sendOnce(rule string) (r result, now, later int, err error) {
	a.t.Helper()
	a.setFaults(rule)
	r, err = a.try("POST", send, text("ana", "sam", "x"))
	a.setFaults()
	now = a.sent()
	time.Sleep(time.Minute)
	return r, now, a.sent(), err
}

func TestFaults(t *testing.T) {
	status := func(want int) func(result, error) bool {
		return func(r result, err error) bool { return err == nil && r.status == want }
	}
	isError := func(want error) func(result, error) bool {
		return func(_ result, err error) bool { return errors.Is(err, want) }
	}
	tests := []struct {
		rule       string
		saw        func(result, error) bool
		now, later int
	}{
		{"refuse", isError(syscall.ECONNREFUSED), 0, 0},
		{"dns", func(_ result, err error) bool {
			var d *net.DNSError
			return errors.As(err, &d) && d.IsNotFound
		}, 0, 0},
		{"tls", func(_ result, err error) bool {
			return err != nil && strings.Contains(err.Error(), "certificate signed by unknown authority")
		}, 0, 0},
		{"drop_before", isError(syscall.ECONNRESET), 0, 0},
		{"drop_after", isError(syscall.ECONNRESET), 1, 1},
		{"half", func(r result, err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) && r.status == 200 }, 1, 1},
		{"stored_later", isError(syscall.ECONNRESET), 0, 1},
		{"stored_later:2m", isError(syscall.ECONNRESET), 0, 0},
		{"408", status(408), 0, 0},
		{"425", status(425), 0, 0},
		{"429", status(429), 0, 0},
		{"429:none", func(r result, err error) bool { return r.status == 429 && r.header.Get("Retry-After") == "" }, 0, 0},
		{"429:seconds", func(r result, err error) bool { return r.status == 429 && r.header.Get("Retry-After") == "1" }, 0, 0},
		{"429:date", func(r result, err error) bool {
			at, e := http.ParseTime(r.header.Get("Retry-After"))
			now, _ := http.ParseTime(r.header.Get("Date"))
			return r.status == 429 && e == nil && at.Sub(now) == time.Second
		}, 0, 0},
		{"500:before", status(500), 0, 0},
		{"502:after", status(502), 1, 1},
		{"503:later", status(503), 0, 1},
		{"504", status(504), 0, 0},
		{"500:json", func(r result, err error) bool { return r.status == 500 && r.code == "ERR_EXCEPTION" }, 0, 0},
		{"502:html", func(r result, err error) bool { return r.status == 502 && strings.HasPrefix(string(r.raw), "<html>") }, 0, 0},
		{"503:empty:after", func(r result, err error) bool { return r.status == 503 && len(r.raw) == 0 }, 1, 1},
		{"content_type", func(r result, err error) bool {
			return r.status == 200 && strings.HasPrefix(r.header.Get("Content-Type"), "text/html") && r.data() != nil
		}, 1, 1},
		{"truncated", func(r result, err error) bool {
			return err == nil && r.status == 200 && r.body == nil && len(r.raw) > 100
		}, 1, 1},
		{"huge:64K", func(r result, err error) bool { return r.status == 200 && len(r.raw) > 64<<10 && r.data() != nil }, 1, 1},
		{"skew:1h", func(r result, err error) bool {
			at, e := http.ParseTime(r.header.Get("Date"))
			return r.status == 200 && e == nil && time.Until(at) == 59*time.Minute // a minute has gone by
		}, 1, 1},
		{"lag", status(200), 1, 1},
		{"delay", status(200), 1, 1},
	}
	covered := make(map[string]bool)
	for _, test := range tests {
		kind, _, _ := strings.Cut(test.rule, ":")
		covered[kind] = true
		t.Run(test.rule, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newApp(t, Options{})
				a.chat()
				r, now, later, err := a.sendOnce(test.rule)
				if !test.saw(r, err) {
					t.Errorf("the client saw %d %q, %v", r.status, r.raw, err)
				}
				if now != test.now || later != test.later {
					t.Errorf("%d messages at once and %d later, want %d and %d", now, later, test.now, test.later)
				}
				if n := a.Snapshot().Faults[kind]; n != 1 {
					t.Errorf("%d faults were counted", n)
				}
			})
		})
	}
	for _, kind := range FaultKinds() {
		if !covered[kind.Name] && kind.Name != faultSlow && kind.Name != faultLate { // which have tests below
			t.Errorf("no test shows the fault %s", kind.Name)
		}
	}
}

func TestSlowAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, Options{})
		a.chat()
		a.client.Timeout = 30 * time.Second
		began := time.Now()
		_, now, _, err := a.sendOnce("slow")
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("got %v", err)
		}
		if took := time.Since(began); took < 30*time.Second {
			t.Errorf("gave up after %v", took)
		}
		if now != 1 {
			t.Errorf("%d messages", now)
		}
	})
}

func TestLateEffect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, Options{})
		a.chat()
		a.client.Timeout = 30 * time.Second
		a.setFaults("late")
		if _, err := a.try("POST", send, text("ana", "sam", "x")); err == nil {
			t.Error("there was an answer")
		}
		if n := a.sent(); n != 0 {
			t.Errorf("%d messages when the client gives up", n)
		}
		time.Sleep(15 * time.Second)
		if n := a.sent(); n != 1 {
			t.Errorf("%d messages afterwards", n)
		}
	})
}

func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, Options{})
		a.setFaults("delay:700ms")
		began := time.Now()
		a.ok("GET", "/users", "")
		if took := time.Since(began); took != 700*time.Millisecond {
			t.Errorf("took %v", took)
		}
	})
}

func TestLagHidesForLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, Options{})
		a.chat()
		a.setFaults("lag:20s#1")
		id := a.sendID(text("ana", "sam", "x"))
		time.Sleep(22 * time.Second)
		if code := a.code("GET", "/messages/"+id, ""); code != "ERR_MESSAGE_NO_ACCESS" {
			t.Errorf("got %q", code)
		}
		time.Sleep(time.Second)
		a.ok("GET", "/messages/"+id, "")
	})
}

func TestCloseDoesWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		a := newApp(t, Options{Dir: dir})
		a.chat()
		a.setFaults("stored_later:1h")
		a.try("POST", send, text("ana", "sam", "x"))
		if n := a.Snapshot().Pending; n != 1 {
			t.Errorf("%d pending", n)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := a.try("GET", "/users", ""); err == nil {
			t.Error("a closed server answered")
		}
		if n := newApp(t, Options{Dir: dir}).sent(); n != 1 {
			t.Errorf("%d messages", n)
		}
	})
}

// Over TCP, a reset has to be a reset as well.
func TestFaultsOverTCP(t *testing.T) {
	a := newApp(t, Options{})
	a.chat()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- a.Serve(l) }()
	post := func(rule string) (*http.Response, error) {
		a.setFaults(rule)
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		req, err := http.NewRequest(http.MethodPost, "http://"+l.Addr().String()+"/v3"+send, strings.NewReader(text("ana", "sam", "x")))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("apikey", "k")
		req.Header.Set("Content-Type", "application/json")
		return client.Do(req)
	}
	for i, rule := range []string{"drop_before", "refuse", "drop_after", "stored_later"} {
		if res, err := post(rule); err == nil {
			t.Errorf("%s: %s", rule, res.Status)
		}
		if want := []int{0, 0, 1, 1}[i]; a.sent() != want {
			t.Errorf("%s: %d messages, want %d", rule, a.sent(), want)
		}
	}
	res, err := post("half")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(res.Body); err == nil {
		t.Error("half an answer was read to its end")
	}
	res.Body.Close()
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

func TestRequestsAreTold(t *testing.T) {
	var told []Request
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		a := newApp(t, Options{OnRequest: func(r Request) {
			mu.Lock()
			defer mu.Unlock()
			r.Took = 0
			told = append(told, r)
		}})
		a.setFaults("drop_after@POST /users#1")
		// A client may have its answer before the request is told: each is
		// waited for, or they could change places.
		a.try("POST", "/users", `{"uid":"ana","name":"Ana"}`)
		synctest.Wait()
		a.do("GET", "/users/nobody", "")
		synctest.Wait()
		a.do("GET", "/nothing", "")
		synctest.Wait()
	})
	want := []Request{
		{Method: "POST", Path: "/v3/users", Endpoint: "POST /users", Fault: "drop_after"},
		{Method: "GET", Path: "/v3/users/nobody", Endpoint: "GET /users/{uid}", Status: 404, Code: "ERR_UID_NOT_FOUND"},
		{Method: "GET", Path: "/v3/nothing", Status: 404, Code: "ERR_API_NOT_FOUND"},
	}
	if len(told) != len(want) {
		t.Fatalf("got %+v", told)
	}
	for i := range want {
		if told[i] != want[i] {
			t.Errorf("got %+v, want %+v", told[i], want[i])
		}
	}
}
