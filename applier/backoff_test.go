package applier

import (
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

func TestBackoff(t *testing.T) {
	const second = time.Second
	r := &run{Options: Options{}.withDefaults()}
	for _, test := range []struct {
		name   string
		random float64
		of     func(random func() float64) *backoff
		want   []time.Duration
	}{
		{"a request", 0.5, func(random func() float64) *backoff { r.Random = random; return r.newBackoff() },
			[]time.Duration{second / 2, second, 2 * second, 4 * second, 8 * second, 16 * second, 30 * second, 30 * second}},
		{"at the earliest", 0, func(random func() float64) *backoff { r.Random = random; return r.newBackoff() },
			[]time.Duration{second / 4, second / 2, second, 2 * second}},
		{"a storm with word", 0.5, func(random func() float64) *backoff { return newStorm(true, random) },
			[]time.Duration{second, 2 * second, 4 * second}},
		{"a storm without", 1, func(random func() float64) *backoff { return newStorm(false, random) },
			[]time.Duration{72 * second, 108 * second, 162 * second, 243 * second, 360 * second, 360 * second}},
	} {
		b := test.of(func() float64 { return test.random })
		var got []time.Duration
		for range test.want {
			got = append(got, b.wait().Round(time.Millisecond))
		}
		if diff := gocmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: waits (-want +got):\n%s", test.name, diff)
		}
	}
}
