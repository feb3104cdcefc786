package cli

import (
	"cmp"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sowdev/sow/applier/cometchat"
	"github.com/sowdev/sow/config"
)

// The environment variables that say where a dataset goes.
const (
	envAppID    = "COMETCHAT_APP_ID"
	envRegion   = "COMETCHAT_REGION"
	envEndpoint = "COMETCHAT_ENDPOINT"
	envKey      = "COMETCHAT_API_KEY"
)

// globals are the flags that every command knows.
type globals struct {
	noColor  bool
	appID    string
	region   string
	endpoint string
	keyFile  string
}

func (g *globals) bind(cmd *cobra.Command) {
	f := cmd.PersistentFlags()
	f.BoolVar(&g.noColor, "no-color", false, "print no colours (also: NO_COLOR=1)")
	f.StringVar(&g.appID, "app-id", "", "the app's `id` (default: $COMETCHAT_APP_ID, then the cometchat block)")
	f.StringVar(&g.region, "region", "", "the app's `region`: us, eu or in (default: $COMETCHAT_REGION, then the cometchat block)")
	f.StringVar(&g.endpoint, "endpoint", "", "the `url` of an app elsewhere: scheme, host and port (default: $COMETCHAT_ENDPOINT, then the cometchat block)")
	f.StringVar(&g.keyFile, "api-key-file", "", "a `file` with the REST API key (default: $COMETCHAT_API_KEY)")
}

// target is the app that a dataset goes to.
type target struct {
	AppID string // "" when nobody said
	// Region is the region of an app at CometChat. Of an app at an endpoint it
	// is the host, or "local" on this machine: the state remembers it, so that
	// what was seeded into an emulator is never taken for what is in the app.
	Region   string
	BaseURL  string // "" while the app id or the region is missing
	Warning  string // worth saying before anything is sent
	emulator bool   // the app that runs inside sow
}

// onThisMachine is the region of an app on this machine.
const onThisMachine = "local"

// complete fills in what nobody said from what a state or a plan remembers. An
// endpoint is not taken from there: these files are not where one would look
// for a change of the host that the key is sent to.
func (t *target) complete(appID, region string) {
	t.AppID = cmp.Or(t.AppID, appID)
	t.Region = cmp.Or(t.Region, region)
	if t.BaseURL == "" && slices.Contains(regions(), t.Region) {
		t.BaseURL = cometchat.BaseURL(t.AppID, t.Region)
	}
}

// resolve decides where the dataset goes: a flag counts more than the
// environment, and that more than the cometchat block.
func (g *globals) resolve(env Env, app config.App) (target, error) {
	pick := func(flag, variable, declared string) string {
		return cmp.Or(flag, env.Getenv(variable), declared)
	}
	t := target{
		AppID:  pick(g.appID, envAppID, app.AppID),
		Region: pick(g.region, envRegion, app.Region),
	}
	if t.AppID != "" && !validAppID(t.AppID) {
		return target{}, fail(exitError, "Invalid app id",
			"%q is no app id: it has letters, digits, hyphens and underscores. The dashboard shows it beside the app's name.", t.AppID)
	}
	if endpoint := pick(g.endpoint, envEndpoint, app.Endpoint); endpoint != "" {
		place, err := parseEndpoint(endpoint)
		if err != nil {
			return target{}, err
		}
		t.Region, t.BaseURL, t.Warning = place.name, place.url+"/v3", place.warning
		return t, nil
	}
	if t.Region != "" && !slices.Contains(regions(), t.Region) {
		return target{}, fail(exitError, "Invalid region",
			"There is no region %q: the regions are %s. For an app elsewhere, give its address with --endpoint.", t.Region, strings.Join(regions(), ", "))
	}
	if t.AppID != "" && t.Region != "" {
		t.BaseURL = cometchat.BaseURL(t.AppID, t.Region)
	}
	return t, nil
}

// regions are those of page "Chat APIs" of the REST documentation.
func regions() []string { return []string{"us", "eu", "in"} }

// validAppID keeps app ids fit for a host name and for a file name.
func validAppID(id string) bool {
	for i, c := range []byte(id) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case i > 0 && (c == '-' || c == '_'):
		default:
			return false
		}
	}
	return id != "" && len(id) <= 63
}

// needApp says what is missing before anything can be sent to t.
func (t target) needApp() error {
	switch {
	case t.AppID == "":
		return fail(exitError, "No app", "Nobody says which app to use. Give its id with --app-id, %s or the cometchat block:\n  cometchat {\n    app_id = \"…\"\n    region = \"us\"\n  }\nOr seed the emulator, which needs no account, with --emulator.", envAppID)
	case t.BaseURL == "" && t.Region == onThisMachine:
		return fail(exitError, "No endpoint", "The app %s was on this machine. Give its address with --endpoint or %s; the one inside sow is used with --emulator.", t.AppID, envEndpoint)
	case t.BaseURL == "" && t.Region != "":
		return fail(exitError, "No endpoint", "The app %s was at %s. Give its address with --endpoint or %s.", t.AppID, t.Region, envEndpoint)
	case t.BaseURL == "":
		return fail(exitError, "No region", "Nobody says in which region the app %s is. Give it with --region, %s or the cometchat block: %s.", t.AppID, envRegion, strings.Join(regions(), ", "))
	}
	return nil
}

// allow holds the app id against the dataset's allowed_apps.
func (t target) allow(patterns []string) error {
	if len(patterns) == 0 || t.AppID == "" {
		return nil
	}
	for _, pattern := range patterns {
		if ok, err := path.Match(pattern, t.AppID); err == nil && ok {
			return nil
		}
	}
	return fail(exitRefused, "The app is not allowed",
		"The dataset's allowed_apps are %s, and the app is %s. Nothing was sent. Choose another app, or add this one to allowed_apps.",
		strings.Join(patterns, ", "), t.AppID)
}

// place is a parsed endpoint.
type place struct {
	url     string // scheme and host
	name    string // see target.Region
	warning string
}

// parseEndpoint reads scheme, host and port. Plain http would show the key and
// every message to the network, so it is for this machine, and, with a
// warning, for addresses that are private (RFC 1918, RFC 4193).
func parseEndpoint(endpoint string) (place, error) {
	refuse := func(format string, args ...any) (place, error) {
		return place{}, fail(exitError, "Invalid endpoint", "The endpoint %q %s", endpoint, fmt.Sprintf(format, args...))
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Hostname() == "" || u.Opaque != "" {
		return refuse("is not of the form https://HOST or https://HOST:PORT.")
	}
	if u.User != nil {
		return place{}, fail(exitError, "Invalid endpoint", "The endpoint holds a user name or a password. The key belongs in %s or in --api-key-file.", envKey)
	}
	if u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return refuse("has a path: give scheme, host and port only; /v3 is added.")
	}
	host := strings.ToLower(u.Host)
	p := place{url: u.Scheme + "://" + host, name: host}
	address, _ := netip.ParseAddr(strings.ToLower(u.Hostname()))
	loopback := address.IsLoopback() || strings.EqualFold(u.Hostname(), "localhost")
	if loopback {
		p.name = onThisMachine
	}
	switch {
	case u.Scheme == "https" || u.Scheme == "http" && loopback:
	case u.Scheme == "http" && address.IsPrivate():
		p.warning = fmt.Sprintf("The endpoint %s is plain http: the key and the messages can be read on the way.", p.url)
	case u.Scheme == "http":
		return refuse("is plain http: the key and the messages could be read on the way. Use https; http is for this machine and for private addresses.")
	default:
		return refuse("has the scheme %q: want https.", u.Scheme)
	}
	return p, nil
}

// maxKey bounds what is taken for an API key; real ones have 40 characters.
const maxKey = 512

// apiKey reads the key from the file that a flag names or from the
// environment. What it returns is never shown: errors tell where a key came
// from, not what it is.
func (g *globals) apiKey(env Env) (cometchat.Key, error) {
	key, from := env.Getenv(envKey), envKey
	if g.keyFile != "" {
		content, err := os.ReadFile(g.keyFile)
		if err != nil {
			return "", &failure{code: exitError, summary: "The API key cannot be read", err: err,
				detail: fmt.Sprintf("--api-key-file: %v. Nothing was sent. Name a file that holds the key and nothing else, or give the key in %s.", err, envKey)}
		}
		key, from = string(content), g.keyFile
	}
	key = strings.TrimSpace(key)
	switch {
	case key == "":
		where := "Neither " + envKey + " nor --api-key-file gives one"
		if g.keyFile != "" {
			where = from + " is empty"
		}
		return "", fail(exitError, "No API key",
			"%s. Nothing was sent. The dashboard lists the keys under API & Auth Keys; take one of type REST API Key:\n  export %s=…", where, envKey)
	case len(key) > maxKey || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", fail(exitError, "Invalid API key",
			"What %s holds is no API key: a key is one word of plain letters and digits. Nothing was sent.", from)
	}
	return cometchat.Key(key), nil
}
