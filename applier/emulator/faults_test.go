package emulator

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParseFault(t *testing.T) {
	tests := []struct {
		in   string
		want Fault
	}{
		{"drop_after=0.05", Fault{Kind: "drop_after", Rate: 0.05}},
		{"drop_after=5%", Fault{Kind: "drop_after", Rate: 0.05}},
		{"drop_after", Fault{Kind: "drop_after", Rate: 1}},
		{"drop_after@POST /moderation/messages#3", Fault{Kind: "drop_after", Rate: 1, Endpoint: "POST /moderation/messages", Nth: []int{3}}},
		{"503:html:after=0.1", Fault{Kind: "503", Params: []string{"html", "after"}, Rate: 0.1, body: "html", after: "after"}},
		{"429:date@post users#7,2", Fault{Kind: "429", Params: []string{"date"}, Rate: 1, Endpoint: "POST /users", Nth: []int{2, 7}, retry: "date"}},
		{"slow:45s@GET /messages/{id}=0.5", Fault{Kind: "slow", Params: []string{"45s"}, Rate: 0.5, Endpoint: "GET /messages/{id}", wait: 45 * time.Second}},
		{"lag@/v3/users", Fault{Kind: "lag", Rate: 1, Endpoint: "* /users", wait: 5 * time.Second}},
		{"skew:-3m", Fault{Kind: "skew", Params: []string{"-3m"}, Rate: 1, wait: -3 * time.Minute}},
		{"huge:32K#1", Fault{Kind: "huge", Params: []string{"32K"}, Rate: 1, Nth: []int{1}, size: 32 << 10}},
		{"500", Fault{Kind: "500", Rate: 1}},
	}
	for _, test := range tests {
		got, err := ParseFault(test.in)
		if err != nil {
			t.Errorf("%q: %v", test.in, err)
			continue
		}
		options := []cmp.Option{cmp.AllowUnexported(Fault{}), cmpopts.EquateEmpty()}
		if diff := cmp.Diff(test.want, got, options...); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.in, diff)
		}
		again, err := ParseFault(got.String())
		if diff := cmp.Diff(got, again, options...); diff != "" || err != nil {
			t.Errorf("%q → %q: %v\n%s", test.in, got, err, diff)
		}
	}
}

func TestParseFaultRefuses(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", "there is no fault"},
		{"drop_afer=0.1", `did you mean "drop_after"?`},
		{"drop_after=0", "above 0"},
		{"drop_after=1.5", "above 0"},
		{"drop_after=NaN", "above 0"},
		{"drop_after=many", "above 0"},
		{"drop_after#0", "numbers from 1"},
		{"drop_after#x", "numbers from 1"},
		{"drop_after=0.5#3", "both a rate and numbers"},
		{"drop_after@POST /moderation/mesages", `did you mean "POST /moderation/messages"?`},
		{"drop_after@POST /users/{uid}", "is no endpoint"},
		{"drop_after:x", "takes no parameter"},
		{"slow:soon", "want one duration"},
		{"slow:1s:2s", "want one duration"},
		{"delay:-1s", "want one duration"},
		{"huge:0", "want a size"},
		{"huge:9999G", "want a size"},
		{"500:xml", "it takes json|html|empty, before|after|later"},
		{"429:soon", "it takes seconds|date|none"},
	}
	for _, test := range tests {
		if _, err := ParseFault(test.in); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: error %v, want one with %q", test.in, err, test.want)
		}
	}
}

func TestFaultKindsParse(t *testing.T) {
	for _, kind := range FaultKinds() {
		if _, err := ParseFault(kind.Name); err != nil {
			t.Errorf("%s: %v", kind.Name, err)
		}
		if kind.About == "" {
			t.Errorf("%s says nothing of itself", kind.Name)
		}
	}
}

func FuzzParseFault(f *testing.F) {
	for _, s := range []string{"drop_after=0.05", "503:html:after@POST /users#1,2", "huge:16M", "slow:45s@* /users=3%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		fault, err := ParseFault(s)
		if err != nil {
			return
		}
		again, err := ParseFault(fault.String())
		if err != nil {
			t.Fatalf("%q became %q: %v", s, fault, err)
		}
		if again.String() != fault.String() {
			t.Fatalf("%q became %q, then %q", s, fault, again)
		}
	})
}

// plan makes a fault plan of rules.
func plan(t testing.TB, seed uint64, rules ...string) *faultPlan {
	t.Helper()
	var faults []Fault
	for _, rule := range rules {
		f, err := ParseFault(rule)
		if err != nil {
			t.Fatal(err)
		}
		faults = append(faults, f)
	}
	p, err := newFaultPlan(faults, seed, endpoints())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// decisions returns the kinds that hit so many requests of an endpoint.
func decisions(p *faultPlan, e *endpoint, count int) []string {
	var kinds []string
	for range count {
		m := p.decide(e, true)
		kinds = append(kinds, m.name())
	}
	return kinds
}

func TestFaultsDependOnTheSeedAlone(t *testing.T) {
	table := endpoints()
	a := decisions(plan(t, 1, "drop_after=0.3", "500=0.3"), table[0], 1000)
	b := plan(t, 1, "drop_after=0.3", "500=0.3")
	var alone []string
	for range 1000 { // what other endpoints do meanwhile changes nothing
		b.decide(table[1], true)
		m := b.decide(table[0], true)
		alone = append(alone, m.name())
	}
	if diff := cmp.Diff(a, alone); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if cmp.Equal(a, decisions(plan(t, 2, "drop_after=0.3", "500=0.3"), table[0], 1000)) {
		t.Error("another seed decides the same")
	}
	hits := 0
	for _, kind := range a {
		if kind == "drop_after" {
			hits++
		}
	}
	if hits < 240 || hits > 360 {
		t.Errorf("drop_after=0.3 hit %d of 1000", hits)
	}
}

func TestFaultsByNumber(t *testing.T) {
	table := endpoints()
	dial := plan(t, 1, "dns#2", "refuse@POST /moderation/messages#1", "500")
	for i, want := range []string{"refuse", "dns", ""} {
		got := ""
		if f := dial.decideDial(table[0]); f != nil {
			got = f.Kind
		}
		if got != want {
			t.Errorf("connection %d: got %q, want %q", i, got, want)
		}
	}
	got := decisions(plan(t, 1, "500@POST /moderation/messages#2,4"), table[0], 5)
	if diff := cmp.Diff([]string{"", "500", "", "500", ""}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// Without an endpoint, all requests are counted together.
	p := plan(t, 1, "500#2")
	p.decide(table[1], true)
	if m := p.decide(table[0], true); m.name() != "500" {
		t.Errorf("the second request of all got %q", m.name())
	}
	// One endpoint's rule leaves the others alone.
	if got := decisions(plan(t, 1, "500@POST /users"), table[0], 2); got[0] != "" {
		t.Errorf("got %v", got)
	}
	// With *, every method is meant.
	p = plan(t, 1, "500@* /moderation/messages")
	if m := p.decide(table[1], true); m.name() != "500" {
		t.Errorf("GET got %q", m.name())
	}
}

func TestFaultsCombine(t *testing.T) {
	p := plan(t, 1, "delay:1s", "lag:2s", "skew:3s", "drop_after", "500")
	m := p.decide(nil, true)
	want := mishap{main: &p.rules[3].Fault, delay: time.Second, lag: 2 * time.Second, skew: 3 * time.Second}
	if m != want {
		t.Errorf("got %+v", m)
	}
}
