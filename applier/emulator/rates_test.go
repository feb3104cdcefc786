package emulator

import (
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

func TestRateLimits(t *testing.T) {
	tests := []struct {
		plan  Plan
		core  bool
		limit int
	}{
		{Free, false, 500},
		{Free, true, 500},
		{"", false, 20_000},
		{Standard, true, 10_000},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.plan, test.core), func(t *testing.T) {
			r := rates{plan: test.plan}
			now := time.Unix(1_790_000_000, 0)
			for i := range test.limit {
				if _, ok := r.take(now.Add(time.Duration(i)), test.core); !ok {
					t.Fatalf("refused after %d", i)
				}
			}
			wait, ok := r.take(now.Add(20*time.Second), test.core)
			if ok || wait != 40*time.Second {
				t.Errorf("after %d: %v %v", test.limit, ok, wait)
			}
			if _, ok := r.take(now.Add(20*time.Second), !test.core); !ok {
				t.Error("the other bucket is full as well")
			}
			if _, ok := r.take(now.Add(time.Minute), test.core); !ok {
				t.Error("still full after a minute")
			}
		})
	}
	r := rates{plan: Unlimited}
	for range 50_000 {
		if _, ok := r.take(time.Time{}, false); !ok {
			t.Fatal("limited")
		}
	}
}

func TestRateHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, Options{Plan: Free})
		for i := range 500 {
			r := a.ok("GET", "/users", "")
			if got, want := r.header.Get("X-Rate-Limit-Remaining"), strconv.Itoa(499-i); got != want {
				t.Fatalf("request %d: %s remaining, want %s", i, got, want)
			}
		}
		time.Sleep(10 * time.Second)
		r := a.do("GET", "/users", "")
		if r.status != 429 || r.code != "ERR_TOO_MANY_REQUESTS" {
			t.Fatalf("%d %s", r.status, r.raw)
		}
		reset, _ := strconv.ParseInt(r.header.Get("X-Rate-Limit-Reset"), 10, 64)
		if got := r.header.Get("Retry-After"); got != "50" || reset != time.Now().Unix()+50 {
			t.Errorf("Retry-After %s, reset in %d", got, reset-time.Now().Unix())
		}
		// Core operations have room of their own, and tell of that.
		r = a.ok("POST", "/users", `{"uid":"ana","name":"Ana"}`)
		if got := r.header.Get("X-Rate-Limit-Remaining"); got != "499" {
			t.Errorf("%s core operations remaining", got)
		}
		time.Sleep(50 * time.Second)
		a.ok("GET", "/users", "")
	})
}

func TestUnlimitedSaysNothing(t *testing.T) {
	a := newApp(t, Options{Plan: Unlimited})
	if r := a.ok("GET", "/users", ""); r.header.Get("X-Rate-Limit") != "" {
		t.Errorf("got %v", r.header)
	}
	if _, err := New(Options{Plan: "gold"}); err == nil {
		t.Error("a plan that does not exist was taken")
	}
}
