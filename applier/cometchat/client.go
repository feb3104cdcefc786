// Package cometchat speaks CometChat's REST API v3 for the applier.
//
// Every method makes one request and tells with a typed error what became of
// it; whether a request may be repeated is the caller's decision. Answers are
// decoded leniently: unknown fields, missing fields, ids as strings or as
// numbers, and bodies that are no JSON are all expected.
package cometchat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sowdev/sow/applier"
	"github.com/sowdev/sow/applier/cometchat/direct"
)

// Key is an API key. It prints as stars, so that it cannot end up in a log or
// an error by accident.
type Key string

// String hides the key.
func (Key) String() string { return "***" }

// GoString hides the key.
func (Key) GoString() string { return "cometchat.Key(***)" }

// MarshalText hides the key.
func (Key) MarshalText() ([]byte, error) { return []byte("***"), nil }

// Options configure a [Client].
type Options struct {
	// BaseURL is where the API begins, "/v3" included; see [BaseURL].
	BaseURL string
	Key     Key
	// Transport makes the connections; nil means [NewTransport] for 16 of them.
	Transport http.RoundTripper
	// Timeout bounds one request, the reading of its answer included; 0 means
	// 30 s. Sends with attachments may take four times as long, since the app
	// may fetch the files before it answers.
	Timeout   time.Duration
	UserAgent string
	// OnAnswer, when set, hears of the rate limits and the clock that an answer
	// tells of. It is called concurrently.
	OnAnswer func(Answer)
}

// Answer is what the headers of one answer tell.
type Answer struct {
	Rate applier.Rate
	// Skew is the app's clock less ours, as far as the Date header and its
	// resolution of a second can tell; HasSkew is false without that header.
	Skew    time.Duration
	HasSkew bool
}

// Client is a CometChat app over HTTP. Its methods may be called concurrently.
type Client struct {
	base    *url.URL
	sendURL *url.URL // made once, since a million messages go there
	// What requests have as headers; shared, since a transport changes none.
	bare, withBody, sending http.Header
	// A transport follows no redirects, which would carry the key to whatever
	// host the answer names.
	transport http.RoundTripper
	timeout   time.Duration
	onAnswer  func(Answer)
	requests  atomic.Int64
	clock     clock

	mu   sync.Mutex
	idle []*exchange
}

var _ applier.App = (*Client)(nil)

const (
	defaultTimeout = 30 * time.Second
	mediaPatience  = 4       // times the timeout for sends with attachments
	maxAnswer      = 8 << 20 // bytes; no page of 100 messages comes near it
	shownBody      = 200     // bytes of an unreadable answer that errors quote
)

// BaseURL returns where the API of an app begins. The region is us, eu or in
// (page "Chat APIs" of the REST documentation).
func BaseURL(appID, region string) string {
	return "https://" + appID + ".api-" + region + ".cometchat.io/v3"
}

// NewTransport returns a transport for a client of that base URL, of which so
// many requests are under way at once. It obeys the proxy settings of the
// environment. An app that is reached over plain HTTP and without a proxy is
// near: there the work of the client itself counts.
func NewTransport(baseURL string, connections int) http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	if base, err := url.Parse(baseURL); err == nil && base.Scheme == "http" {
		if proxy, err := t.Proxy(&http.Request{URL: base}); err == nil && proxy == nil {
			return direct.New(connections)
		}
	}
	t.MaxConnsPerHost = connections
	t.MaxIdleConns = connections
	t.MaxIdleConnsPerHost = connections
	return t
}

// New returns a client. It makes no request. The base URL must be absolute,
// with the scheme http or https.
func New(o Options) (*Client, error) {
	base, err := url.Parse(strings.TrimSuffix(o.BaseURL, "/"))
	if err != nil {
		return nil, fmt.Errorf("the address of the app: %w", err)
	}
	if base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, fmt.Errorf("the address of the app is %q: want https://HOST", o.BaseURL)
	}
	if o.Transport == nil {
		o.Transport = NewTransport(o.BaseURL, 16)
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.OnAnswer == nil {
		o.OnAnswer = func(Answer) {}
	}
	bare := http.Header{"Apikey": {string(o.Key)}, "Accept": {"application/json"}}
	if o.UserAgent != "" {
		bare.Set("User-Agent", o.UserAgent)
	}
	withBody := bare.Clone()
	withBody.Set("Content-Type", "application/json")
	// The answer to a send is short: to unpack it would take longer than to wait
	// for all of it.
	sending := withBody.Clone()
	sending.Set("Accept-Encoding", "identity")
	return &Client{
		base:      base,
		sendURL:   base.JoinPath(sendPath...),
		bare:      bare,
		withBody:  withBody,
		sending:   sending,
		timeout:   o.Timeout,
		onAnswer:  o.OnAnswer,
		transport: o.Transport,
	}, nil
}

// String hides the key, which the headers hold.
func (c *Client) String() string { return "cometchat.Client(" + c.base.Redacted() + ")" }

// GoString hides the key.
func (c *Client) GoString() string { return c.String() }

// Requests returns how many requests were made so far.
func (c *Client) Requests() int { return int(c.requests.Load()) }

// call is one request.
type call struct {
	method   string
	path     []string // segments, not escaped
	query    url.Values
	behalf   string // uid for the onBehalfOf header
	body     any    // encoded as JSON; nil for none
	patience time.Duration
	message  []byte // for POST /moderation/messages: the body as JSON, instead of path and body
}

// do makes the request and decodes the answer into out, where that is not nil.
func (c *Client) do(ctx context.Context, r call, out any) error {
	x, err := c.roundTrip(ctx, r)
	if err != nil {
		return err
	}
	defer c.release(x)
	if out == nil {
		return nil
	}
	return read(x.answer.Bytes(), out)
}

// read decodes the body of a success.
func read(body []byte, out any) error {
	if err := decode(body, out); err != nil {
		return &applier.Unknown{Status: http.StatusOK, Body: beginning(body), Err: fmt.Errorf("the answer cannot be read: %w", err)}
	}
	return nil
}

// roundTrip makes the request and returns the exchange with the body of a
// success, which is to be released.
func (c *Client) roundTrip(ctx context.Context, r call) (*exchange, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if r.patience == 0 {
		r.patience = c.timeout
	}
	x := c.begin(ctx, r.patience)
	req, err := c.request(x.ctx, r)
	if err != nil {
		x.discard()
		return nil, err
	}
	c.requests.Add(1)
	res, err := c.transport.RoundTrip(req)
	if err != nil {
		defer x.discard()
		return nil, transportError(x, err)
	}
	now := time.Now()
	c.onAnswer(c.clock.readHeaders(res.Header, now))

	x.rest = io.LimitedReader{R: res.Body, N: maxAnswer + 1}
	_, err = x.answer.ReadFrom(&x.rest)
	res.Body.Close()
	if err == nil && x.answer.Len() > maxAnswer {
		err = errors.New("the answer is too large")
	}
	if err != nil {
		defer x.discard()
		if res.StatusCode != http.StatusTooManyRequests {
			return nil, &applier.Unknown{Status: res.StatusCode, Body: beginning(x.answer.Bytes()), Err: answerError(x.ctx, err)}
		}
		return nil, refusal(res, x.answer.Bytes(), now)
	}
	if err := refusal(res, x.answer.Bytes(), now); err != nil {
		c.release(x)
		return nil, err
	}
	return x, nil
}

// request builds the HTTP request.
func (c *Client) request(ctx context.Context, r call) (*http.Request, error) {
	target, encoded, header := c.sendURL, r.message, c.sending
	if r.message == nil {
		target, header = c.target(r), c.bare
		if r.body != nil {
			var err error
			if encoded, err = encode(r.body); err != nil {
				return nil, err
			}
			header = c.withBody
		}
	}
	if r.behalf != "" {
		header = header.Clone()
		header["Onbehalfof"] = []string{r.behalf}
	}
	req := (&http.Request{
		Method:     r.method,
		URL:        target,
		Host:       target.Host,
		Proto:      "HTTP/1.1",
		ProtoMajor: 1,
		ProtoMinor: 1,
		Header:     header,
	}).WithContext(ctx)
	if encoded != nil {
		req.ContentLength = int64(len(encoded))
		// The transport knows this kind of body: it goes out in one write with the
		// headers.
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(encoded)), nil }
		req.Body, _ = req.GetBody()
	}
	return req, nil
}

// target is the address of a call.
func (c *Client) target(r call) *url.URL {
	escaped := make([]string, len(r.path))
	for i, segment := range r.path {
		escaped[i] = url.PathEscape(segment)
	}
	target := c.base.JoinPath(escaped...)
	target.RawQuery = r.query.Encode()
	return target
}

// encode writes JSON without the escapes for HTML, which would count towards
// the limit on a message's size.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode the request: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), nil
}
