package emulator

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestQuirkTable(t *testing.T) {
	ids, names := make(map[string]bool), make(map[string]bool)
	for _, q := range List() {
		if q.ID == "" || q.Name == "" || q.About == "" || len(q.Options) < 2 {
			t.Errorf("%+v is incomplete", q)
		}
		if ids[q.ID] || names[q.Name] {
			t.Errorf("%s %s is there twice", q.ID, q.Name)
		}
		ids[q.ID], names[q.Name] = true, true
		if got := (Quirks{}).Get(q.Name); got != q.Options[0] {
			t.Errorf("%s is %q by default, want the first option %q", q.Name, got, q.Options[0])
		}
		for _, option := range q.Options {
			var c Quirks
			if err := c.Set(q.Name + "=" + option); err != nil {
				t.Error(err)
			}
			if got := c.Get(q.ID); got != option {
				t.Errorf("%s=%s gives %q", q.Name, option, got)
			}
		}
	}
}

func TestListIsACopy(t *testing.T) {
	List()[0].Options[0] = "broken"
	if got := (Quirks{}).Get("muid_duplicate"); got != "accept" {
		t.Errorf("got %q", got)
	}
}

func TestParseQuirk(t *testing.T) {
	tests := []struct {
		in           string
		name, option string
		err          string // part of it
	}{
		{in: "muid_duplicate=reject", name: "muid_duplicate", option: "reject"},
		{in: " muid_duplicate = reject ", name: "muid_duplicate", option: "reject"},
		{in: "Q7=10s", name: "message_settle_time", option: "10s"},
		{in: "q7=10S", name: "message_settle_time", option: "10s"},
		{in: "muid_duplicat=reject", err: `did you mean "muid_duplicate"?`},
		{in: "nothing_like_it=reject", err: `there is no quirk "nothing_like_it"`},
		{in: "muid_duplicate=rejected", err: `did you mean "reject"?`},
		{in: "muid_duplicate=zzz", err: "its options are accept, reject, return_existing"},
		{in: "muid_duplicate", err: "needs a value: accept, reject, return_existing"},
		{in: "muid_duplicate=", err: "needs a value"},
		{in: "", err: "there is no quirk"},
	}
	for _, test := range tests {
		name, option, err := ParseQuirk(test.in)
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%q: error %v, want one with %q", test.in, err, test.err)
			}
			continue
		}
		if err != nil || name != test.name || option != test.option {
			t.Errorf("%q: got %q, %q, %v", test.in, name, option, err)
		}
	}
}

func TestProfiles(t *testing.T) {
	for _, name := range Profiles() {
		q, err := Profile(name, 7)
		if err != nil {
			t.Fatal(err)
		}
		var again Quirks
		for assignment := range strings.FieldsSeq(q.String()) {
			if err := again.Set(assignment); err != nil {
				t.Error(err)
			}
		}
		if again != q {
			t.Errorf("profile %s is not what its String says", name)
		}
		if (name == "default") != (q == Quirks{}) {
			t.Errorf("profile %s: %s", name, q)
		}
	}
	if _, err := Profile("hostil", 0); err == nil || !strings.Contains(err.Error(), `did you mean "hostile"?`) {
		t.Errorf("got %v", err)
	}
}

func TestRandomProfile(t *testing.T) {
	a, _ := Profile("random", 1)
	b, _ := Profile("random", 1)
	if a != b {
		t.Error("the same seed gave two profiles")
	}
	// Every option comes up under some seed, but those that leave no app.
	seen := make(map[string]bool)
	for seed := range uint64(300) {
		q, _ := Profile("random", seed)
		for _, row := range List() {
			seen[row.Name+"="+q.Get(row.Name)] = true
		}
	}
	var missing []string
	for _, row := range List() {
		for _, option := range row.Options {
			if !seen[row.Name+"="+option] {
				missing = append(missing, row.Name+"="+option)
			}
		}
	}
	want := []string{"endpoint_availability=gone", "endpoint_availability=plan_restricted", "moderation_when_off=reject"}
	if diff := cmp.Diff(want, missing); diff != "" {
		t.Errorf("never drawn (-want +got):\n%s", diff)
	}
}
