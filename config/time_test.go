package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestParseTime(t *testing.T) {
	tests := []struct {
		in   string
		want Time
		form string // canonical
	}{
		{"2026-01-05T09:00:00Z", Time{Epoch, 1767603600}, "2026-01-05T09:00:00Z"},
		{"2026-01-05T10:00:00+01:00", Time{Epoch, 1767603600}, "2026-01-05T09:00:00Z"},
		{"1767603600", Time{Epoch, 1767603600}, "2026-01-05T09:00:00Z"},
		{"-2h", Time{Anchor, -7200}, "-2h"},
		{"-90m", Time{Anchor, -5400}, "-1h30m"},
		{"-1h30m", Time{Anchor, -5400}, "-1h30m"},
		{"-2w", Time{Anchor, -1209600}, "-2w"},
		{"-14d", Time{Anchor, -1209600}, "-2w"},
		{"-9d", Time{Anchor, -777600}, "-9d"},
		{"-3d", Time{Anchor, -259200}, "-3d"},
		{"+45s", Time{Anchor, 45}, "+45s"},
		{"-0s", Time{Anchor, 0}, "+0s"},
		{"-1w2d3h4m5s", Time{Anchor, -788645}, "-9d3h4m5s"},
		{"-3d 09:12", Time{AnchorDay, -3*86400 + 33120}, "-3d 09:12"},
		{"-1w 09:12", Time{AnchorDay, -7*86400 + 33120}, "-7d 09:12"},
		{"+0d 18:00:30", Time{AnchorDay, 64830}, "+0d 18:00:30"},
		{"-0d 00:00", Time{AnchorDay, 0}, "+0d 00:00"},
		{"-1d  23:59:59", Time{AnchorDay, -1}, "-1d 23:59:59"},
		{"+2d 00:00", Time{AnchorDay, 172800}, "+2d 00:00"},
	}
	for _, tt := range tests {
		got, err := ParseTime(tt.in)
		if err != nil {
			t.Errorf("ParseTime(%q): %v", tt.in, err)
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("ParseTime(%q) (-want +got):\n%s", tt.in, diff)
		}
		if got.String() != tt.form {
			t.Errorf("ParseTime(%q).String() = %q, want %q", tt.in, got, tt.form)
		}
	}
}

func TestParseTimeErrors(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", "empty"},
		{"today", `"-3d 09:12"`},
		{"yesterday 09:00", `"-3d 09:12"`},
		{"09:12", `"-3d 09:12"`},
		{"-", `"-2h"`},
		{"-3", `"-2h"`},
		{"-3x", `"-2h"`},
		{"-3D", `"-2h"`},
		{"- 3d", `"-2h"`},
		{"-3d ", "clock time"},
		{"-3d 9:12", "like 09:12"},
		{"-3d 09", "like 09:12"},
		{"-3d 24:00", "like 09:12"},
		{"-3d 09:60", "like 09:12"},
		{"-3d 09:12:60", "like 09:12"},
		{"-3d +9:12", "like 09:12"},
		{"-3d 09:12:01.5", "whole seconds"},
		{"-3d2h 09:12", "whole days"},
		{"-2h 09:12", "whole days"},
		{"-30m1h", `"-1h30m"`},
		{"-1h1h", `"-1h30m"`},
		{"-1.5h", "1h30m"},
		{"-500ms", "whole seconds"},
		{"-9999w", "136 years"},
		{"-99999999999999999999d", "136 years"},
		{"2026-01-05T09:00:00", `"2026-01-05T09:00:00Z"`},
		{"2026-01-05T09:00:00.25Z", "whole seconds"},
		{"2026-01-05T9:00:00Z", "in full"},
		{"2026-02-30T09:00:00Z", "in full"},
		{"2026-01-05", "in full"},
		{"2026-01-05 09:00:00Z", "in full"},
		{"1767603600000", "1767603600"},
		{"42", "ten digits"},
		{"0767603600", "ten digits"},
	}
	for _, tt := range tests {
		got, err := ParseTime(tt.in)
		if err == nil {
			t.Errorf("ParseTime(%q) = %v, want an error", tt.in, got)
			continue
		}
		if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("ParseTime(%q): error %q does not say %q", tt.in, err, tt.want)
		}
	}
}

func TestParseDuration(t *testing.T) {
	tests := []struct {
		in   string
		want int64
		form string
	}{
		{"45s", 45, "45s"},
		{"45", 45, "45s"},
		{"0", 0, "0s"},
		{"0s", 0, "0s"},
		{"2m", 120, "2m"},
		{"120s", 120, "2m"},
		{"1h30m", 5400, "1h30m"},
		{"1d", 86400, "1d"},
		{"2w", 1209600, "2w"},
		{"1w1d", 691200, "8d"},
		{"4294967296", 1 << 32, "49710d6h28m16s"},
	}
	for _, tt := range tests {
		got, err := ParseDuration(tt.in)
		if err != nil || got != tt.want {
			t.Errorf("ParseDuration(%q) = %d, %v, want %d", tt.in, got, err, tt.want)
		}
		if form := FormatDuration(got); form != tt.form {
			t.Errorf("FormatDuration(%d) = %q, want %q", got, form, tt.form)
		}
	}
	for in, want := range map[string]string{
		"":                     `"45s"`,
		"-2m":                  `"45s"`,
		"+2m":                  `"45s"`,
		"2 m":                  `"45s"`,
		"2min":                 `"45s"`,
		"m":                    `"45s"`,
		"1m1h":                 `"45s"`,
		"1.5h":                 "1h30m",
		"100ms":                "whole seconds",
		"9999999999":           "136 years",
		"99999999999999999999": "136 years",
		"7101w4d":              "136 years",
	} {
		if got, err := ParseDuration(in); err == nil {
			t.Errorf("ParseDuration(%q) = %d, want an error", in, got)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("ParseDuration(%q): error %q does not say %q", in, err, want)
		}
	}
}

// What String writes is what ParseTime reads, for every Time that ParseTime
// can return.
func TestTimeRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Time{Base: Base(rapid.IntRange(int(Epoch), int(AnchorDay)).Draw(t, "base"))}
		if want.Base == Epoch {
			// The years 0 to 9999, which RFC 3339 can write.
			want.Seconds = rapid.Int64Range(-62167219200, 253402300799).Draw(t, "seconds")
		} else {
			want.Seconds = rapid.Int64Range(daySeconds-maxSeconds, maxSeconds-daySeconds).Draw(t, "seconds")
		}
		got, err := ParseTime(want.String())
		if err != nil {
			t.Fatalf("ParseTime(%q): %v", want, err)
		}
		if got != want {
			t.Fatalf("%#v is written %q and read back as %#v", want, want, got)
		}
	})
}

func TestDurationRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.Int64Range(0, maxSeconds).Draw(t, "seconds")
		got, err := ParseDuration(FormatDuration(want))
		if err != nil || got != want {
			t.Fatalf("%d is written %q and read back as %d, %v", want, FormatDuration(want), got, err)
		}
	})
}

// The canonical form does not depend on the way a time was written.
func TestParseTimeCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[-+]([0-9]{1,3}w)?([0-9]{1,3}d)?([0-9]{1,3}h)?([0-9]{1,4}m)?([0-9]{1,5}s)?( [0-2][0-9]:[0-5][0-9](:[0-5][0-9])?)?`).Draw(t, "time")
		first, err := ParseTime(s)
		if err != nil {
			return
		}
		second, err := ParseTime(first.String())
		if err != nil || second != first {
			t.Fatalf("ParseTime(%q) = %#v, and read back %#v, %v", s, first, second, err)
		}
	})
}

func TestTimeAt(t *testing.T) {
	const anchor = 1767603600 // 2026-01-05T09:00:00Z
	for in, want := range map[string]string{
		"-2h":                  "2026-01-05T07:00:00Z",
		"-3d":                  "2026-01-02T09:00:00Z",
		"-3d 09:12":            "2026-01-02T09:12:00Z",
		"+0d 18:00:30":         "2026-01-05T18:00:30Z",
		"2026-01-01T00:00:00Z": "2026-01-01T00:00:00Z",
	} {
		at, err := ParseTime(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := (Time{Epoch, at.At(anchor)}).String(); got != want {
			t.Errorf("%q at the anchor is %s, want %s", in, got, want)
		}
	}
}
