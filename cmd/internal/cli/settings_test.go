package cli

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sowdev/sow/config"
)

func TestResolve(t *testing.T) {
	declared := config.App{AppID: "declared", Region: "in"}
	tests := []struct {
		name    string
		flags   globals
		environ []string
		app     config.App
		want    target
		wantErr string
	}{
		{name: "nobody says"},
		{
			name: "configuration",
			app:  declared,
			want: target{AppID: "declared", Region: "in", BaseURL: "https://declared.api-in.cometchat.io/v3"},
		},
		{
			name:    "the environment counts more than the configuration",
			environ: []string{"COMETCHAT_APP_ID=2604abc", "COMETCHAT_REGION=us"},
			app:     declared,
			want:    target{AppID: "2604abc", Region: "us", BaseURL: "https://2604abc.api-us.cometchat.io/v3"},
		},
		{
			name:    "flags count most",
			flags:   globals{appID: "flagged", region: "eu"},
			environ: []string{"COMETCHAT_APP_ID=2604abc", "COMETCHAT_REGION=us"},
			app:     declared,
			want:    target{AppID: "flagged", Region: "eu", BaseURL: "https://flagged.api-eu.cometchat.io/v3"},
		},
		{
			name:  "no region",
			flags: globals{appID: "flagged"},
			want:  target{AppID: "flagged"},
		},
		{
			name:  "an endpoint takes the place of the region",
			flags: globals{endpoint: "https://chat.example.com:8443"},
			app:   declared,
			want:  target{AppID: "declared", Region: "chat.example.com:8443", BaseURL: "https://chat.example.com:8443/v3"},
		},
		{
			name:    "an endpoint on this machine",
			environ: []string{"COMETCHAT_ENDPOINT=http://127.0.0.1:4620/"},
			app:     declared,
			want:    target{AppID: "declared", Region: "local", BaseURL: "http://127.0.0.1:4620/v3"},
		},
		{name: "an app id that is a host", flags: globals{appID: "evil.example.com/"}, wantErr: "is no app id"},
		{name: "an app id that is a path", flags: globals{appID: "../x"}, wantErr: "is no app id"},
		{name: "a region that does not exist", flags: globals{appID: "a", region: "eu-west-1"}, wantErr: "the regions are us, eu, in"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.flags.resolve(Env{Environ: tt.environ}, tt.app)
			if !errorSays(err, tt.wantErr) {
				t.Fatalf("error %v, want one with %q", err, tt.wantErr)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(target{}), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseEndpoint(t *testing.T) {
	tests := []struct {
		endpoint string
		want     place
		warns    bool
		wantErr  string
	}{
		{endpoint: "https://chat.example.com", want: place{url: "https://chat.example.com", name: "chat.example.com"}},
		{endpoint: "https://Chat.Example.com:8443/", want: place{url: "https://chat.example.com:8443", name: "chat.example.com:8443"}},
		{endpoint: "http://localhost:80", want: place{url: "http://localhost:80", name: "local"}},
		{endpoint: "http://127.0.0.1", want: place{url: "http://127.0.0.1", name: "local"}},
		{endpoint: "http://127.8.8.8:1", want: place{url: "http://127.8.8.8:1", name: "local"}},
		{endpoint: "http://[::1]:4620", want: place{url: "http://[::1]:4620", name: "local"}},
		{endpoint: "https://localhost", want: place{url: "https://localhost", name: "local"}},
		{endpoint: "http://192.168.1.4:8080", want: place{url: "http://192.168.1.4:8080", name: "192.168.1.4:8080"}, warns: true},
		{endpoint: "http://10.0.0.1", want: place{url: "http://10.0.0.1", name: "10.0.0.1"}, warns: true},
		{endpoint: "http://[fd00::1]", want: place{url: "http://[fd00::1]", name: "[fd00::1]"}, warns: true},
		{endpoint: "http://chat.example.com", wantErr: "plain http"},
		{endpoint: "http://8.8.8.8", wantErr: "plain http"},
		{endpoint: "http://172.32.0.1", wantErr: "plain http"},
		{endpoint: "http://localhost.example.com", wantErr: "plain http"},
		{endpoint: "http://127.0.0.1.example.com", wantErr: "plain http"},
		{endpoint: "ftp://example.com", wantErr: `scheme "ftp"`},
		{endpoint: "chat.example.com", wantErr: "https://HOST"},
		{endpoint: "https://", wantErr: "https://HOST"},
		{endpoint: "https://:80", wantErr: "https://HOST"},
		{endpoint: "https://chat.example.com/v3", wantErr: "/v3 is added"},
		{endpoint: "https://chat.example.com?x=1", wantErr: "scheme, host and port only"},
		{endpoint: "https://key:secret@chat.example.com", wantErr: "a user name or a password"},
	}
	for _, tt := range tests {
		t.Run(tt.endpoint, func(t *testing.T) {
			got, err := parseEndpoint(tt.endpoint)
			if !errorSays(err, tt.wantErr) {
				t.Fatalf("error %v, want one with %q", err, tt.wantErr)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error shows the password: %v", err)
			}
			if warns := got.warning != ""; warns != tt.warns {
				t.Errorf("warning %q, want one: %t", got.warning, tt.warns)
			}
			got.warning = ""
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(place{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAllow(t *testing.T) {
	tests := []struct {
		app      string
		patterns []string
		allowed  bool
	}{
		{"2604abc", nil, true},
		{"2604abc", []string{"2604*"}, true},
		{"2604abc", []string{"2604abc"}, true},
		{"2604abc", []string{"9*", "2604ab?"}, true},
		{"12604abc", []string{"2604*"}, false},
		{"2604abc", []string{"staging-*"}, false},
		{"", []string{"staging-*"}, true}, // no app yet: nothing to refuse
	}
	for _, tt := range tests {
		err := target{AppID: tt.app}.allow(tt.patterns)
		if (err == nil) != tt.allowed {
			t.Errorf("%q with %q: %v, want allowed: %t", tt.app, tt.patterns, err, tt.allowed)
		}
		if err != nil && exitCode(err) != exitRefused {
			t.Errorf("exit code %d, want %d", exitCode(err), exitRefused)
		}
	}
}

func TestAPIKey(t *testing.T) {
	const key = "0123456789abcdef0123456789abcdef01234567"
	file := filepath.Join(t.TempDir(), "key")
	write := func(content string) {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name    string
		environ string
		content string // of the file; "" means no flag
		wantErr string
	}{
		{name: "from the environment", environ: key},
		{name: "from a file", content: key + "\n"},
		{name: "the flag counts more", environ: "another", content: key},
		{name: "nowhere", wantErr: "Neither COMETCHAT_API_KEY nor --api-key-file"},
		{name: "an empty file", environ: "another", content: "\n", wantErr: "is empty"},
		{name: "two words", environ: "SECRET WORDS", wantErr: "no API key"},
		{name: "a line break", content: "SECRET\nSECRET", wantErr: "no API key"},
		{name: "far too long", environ: strings.Repeat("SECRET", 1000), wantErr: "no API key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := globals{}
			if tt.content != "" {
				write(tt.content)
				g.keyFile = file
			}
			got, err := g.apiKey(Env{Environ: []string{"COMETCHAT_API_KEY=" + tt.environ}})
			if !errorSays(err, tt.wantErr) {
				t.Fatalf("error %v, want one with %q", err, tt.wantErr)
			}
			if err != nil {
				if strings.Contains(err.Error(), "SECRET") {
					t.Errorf("the error shows the key: %v", err)
				}
				return
			}
			if string(got) != key {
				t.Errorf("key %q, want %q", string(got), key)
			}
		})
	}
}

// errorSays reports whether err has the text, or is nil when there is none.
func errorSays(err error, text string) bool {
	if text == "" {
		return err == nil
	}
	var f *failure
	return errors.As(err, &f) && strings.Contains(err.Error(), text)
}
