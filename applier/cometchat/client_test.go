package cometchat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sowdev/sow/applier"
)

const canary = "0123456789abcdef0123456789abcdef01234567"

// seen is what a test's server was asked.
type seen struct {
	Method, URI, Key, Behalf, Body string
}

// serve starts a server that answers everything with status, header and body,
// and returns a client of it and what it was asked.
func serve(t *testing.T, status int, header http.Header, body string) (*Client, *seen) {
	t.Helper()
	asked := new(seen)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		*asked = seen{r.Method, r.URL.RequestURI(), r.Header.Get("apikey"), r.Header.Get("onBehalfOf"), string(b)}
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return client(t, server.URL), asked
}

func client(t *testing.T, base string) *Client {
	t.Helper()
	transport := NewTransport(base, 2)
	t.Cleanup(transport.(interface{ CloseIdleConnections() }).CloseIdleConnections)
	c, err := New(Options{BaseURL: base + "/v3", Key: canary, Transport: transport, Timeout: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRequests(t *testing.T) {
	ctx := context.Background()
	tests := []struct {
		name string
		call func(*Client) error
		want seen
	}{
		{
			name: "a message with everything",
			call: func(c *Client) error {
				_, err := c.SendMessage(ctx, &applier.Outgoing{
					Sender: "ana", Receiver: "lobby", ReceiverType: "group", Type: "image",
					Data: applier.MessageData{
						Text: "<b>look", CustomData: json.RawMessage(`{"a":1}`), Metadata: json.RawMessage(`{"b":2}`),
						Attachments: []applier.Attachment{{URL: "https://example.com/p.jpg", Name: "p.jpg", MimeType: "image/jpeg", Extension: "jpg"}},
					},
					MUID: "sow-1", Tags: []string{"sow:demo"}, SentAt: 1767225600,
					SenderDetails: &applier.User{UID: "ana", Name: "Ana", Role: "agent"},
					GroupDetails:  &applier.Group{GUID: "lobby", Name: "Lobby", Type: "password", Password: "pw", Owner: "ana", Description: "not part of the details"},
				})
				return err
			},
			want: seen{Method: "POST", URI: "/v3/moderation/messages", Body: `{"category":"message","type":"image",` +
				`"data":{"text":"<b>look","customData":{"a":1},"metadata":{"b":2},"attachments":[{"url":"https://example.com/p.jpg","name":"p.jpg","mimeType":"image/jpeg","extension":"jpg"}]},` +
				`"sender":"ana","receiver":"lobby","receiverType":"group","muid":"sow-1","tags":["sow:demo"],"sentAt":1767225600,` +
				`"senderUserDetails":{"uid":"ana","name":"Ana","role":"agent"},` +
				`"receiverGroupDetails":{"guid":"lobby","name":"Lobby","type":"password","password":"pw","owner":"ana"}}`},
		},
		{
			name: "a plain text",
			call: func(c *Client) error {
				_, err := c.SendMessage(ctx, &applier.Outgoing{Sender: "ana", Receiver: "sam", ReceiverType: "user", Data: applier.MessageData{Text: "hi"}})
				return err
			},
			want: seen{Method: "POST", URI: "/v3/moderation/messages",
				Body: `{"category":"message","type":"text","data":{"text":"hi"},"sender":"ana","receiver":"sam","receiverType":"user"}`},
		},
		{
			name: "an edit",
			call: func(c *Client) error {
				_, err := c.EditMessage(ctx, "7", applier.MessageData{Text: "hello"})
				return err
			},
			want: seen{Method: "PUT", URI: "/v3/moderation/messages/7", Body: `{"data":{"text":"hello"}}`},
		},
		{
			name: "a delete",
			call: func(c *Client) error { return c.DeleteMessage(ctx, "7") },
			want: seen{Method: "DELETE", URI: "/v3/messages/7", Body: `{"permanent":true}`},
		},
		{
			name: "an id that would leave its path",
			call: func(c *Client) error { return c.DeleteMessage(ctx, "7/../users") },
			want: seen{Method: "DELETE", URI: "/v3/messages/7%2F..%2Fusers", Body: `{"permanent":true}`},
		},
		{
			name: "the chat of two people",
			call: func(c *Client) error {
				_, err := c.ListMessages(ctx, applier.MessageQuery{UserA: "ana", UserB: "sam", From: 100, To: 200})
				return err
			},
			want: seen{Method: "GET", Behalf: "ana", URI: "/v3/users/sam/messages?category=message&fromTimestamp=99&limit=100&toTimestamp=201&withTags=true"},
		},
		{
			name: "a conversation, the next page",
			call: func(c *Client) error {
				_, err := c.ListMessages(ctx, applier.MessageQuery{ConversationID: "a_user_b", To: 5, Limit: 5000, Cursor: applier.Cursor{"affix": "append", "id": "9"}})
				return err
			},
			want: seen{Method: "GET", URI: "/v3/messages?affix=append&category=message&conversationId=a_user_b&fromTimestamp=1&id=9&limit=1000&toTimestamp=6&withTags=true"},
		},
		{
			name: "the newest by tag",
			call: func(c *Client) error {
				_, err := c.ListMessages(ctx, applier.MessageQuery{Tag: "sow:demo", Newest: true, Limit: 1})
				return err
			},
			want: seen{Method: "GET", URI: "/v3/messages?affix=prepend&category=message&limit=1&tags=sow%3Ademo&withTags=true"},
		},
		{
			name: "what moderation holds back",
			call: func(c *Client) error {
				_, err := c.ListModerated(ctx, applier.ModeratedQuery{Sender: "ana", ReceiverGUID: "lobby", Status: "pending"})
				return err
			},
			want: seen{Method: "GET", URI: "/v3/moderation/messages?category=message&moderationStatus=pending&receiverGUID=lobby&sender=ana"},
		},
		{
			name: "a new group",
			call: func(c *Client) error {
				_, err := c.CreateGroup(ctx, &applier.Group{GUID: "lobby", Name: "Lobby", Type: "public", Description: "All"})
				return err
			},
			want: seen{Method: "POST", URI: "/v3/groups", Body: `{"guid":"lobby","name":"Lobby","type":"public","description":"All"}`},
		},
		{
			name: "a patch",
			call: func(c *Client) error {
				_, err := c.UpdateUser(ctx, "ana", applier.Patch{Set: map[string]any{"name": "Ana"}, Unset: []string{"avatar"}})
				return err
			},
			want: seen{Method: "PUT", URI: "/v3/users/ana", Body: `{"name":"Ana","unset":["avatar"]}`},
		},
		{
			name: "members",
			call: func(c *Client) error {
				_, err := c.AddMembers(ctx, "lobby", []applier.Member{{UID: "ana", Scope: "admin"}, {UID: "sam", Scope: "participant"}, {UID: "kim", Scope: "participant"}})
				return err
			},
			want: seen{Method: "POST", URI: "/v3/groups/lobby/members", Body: `{"admins":["ana"],"participants":["sam","kim"]}`},
		},
		{
			name: "a page of members",
			call: func(c *Client) error { _, err := c.ListMembers(ctx, "lobby", 2); return err },
			want: seen{Method: "GET", URI: "/v3/groups/lobby/members?page=2&perPage=1000"},
		},
		{
			name: "a page of the banned",
			call: func(c *Client) error { _, err := c.ListBanned(ctx, "lobby", 1); return err },
			want: seen{Method: "GET", URI: "/v3/groups/lobby/bannedusers?page=1&perPage=1000"},
		},
		{
			name: "a page of users",
			call: func(c *Client) error { _, err := c.ListUsers(ctx, 3); return err },
			want: seen{Method: "GET", URI: "/v3/users?page=3&perPage=1000&withTags=true"},
		},
		{
			name: "back from deactivation",
			call: func(c *Client) error { return c.ReactivateUser(ctx, "ana") },
			want: seen{Method: "PUT", URI: "/v3/users", Body: `{"uidsToActivate":["ana"]}`},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, asked := serve(t, 200, nil, `{"data":{"id":"1","uid":"u","guid":"g"}}`)
			if err := test.call(c); err != nil {
				t.Fatal(err)
			}
			test.want.Key = canary
			if diff := cmp.Diff(test.want, *asked); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		})
	}
}

// The answers that decide whether a message may be sent again.
func TestOutcomes(t *testing.T) {
	failure := func(code string) string {
		return fmt.Sprintf(`{"error":{"code":%q,"message":"because","details":{"muid":["taken"]}}}`, code)
	}
	refusal := func(code string, status int) error {
		return &applier.Refusal{Code: code, Status: status, Message: "because", Details: json.RawMessage(`{"muid":["taken"]}`)}
	}
	tests := []struct {
		name   string
		status int
		header http.Header
		body   string
		want   error
	}{
		{name: "a code on 400", status: 400, body: failure("ERR_BAD_REQUEST"), want: refusal("ERR_BAD_REQUEST", 400)},
		{name: "a member's mistake on 401", status: 401, body: failure("ERR_GROUP_NOT_JOINED"), want: refusal("ERR_GROUP_NOT_JOINED", 401)},
		{name: "an odd status", status: 417, body: failure("ERR_ALREADY_JOINED"), want: refusal("ERR_ALREADY_JOINED", 417)},
		{name: "an error inside a 200", status: 200, body: failure("ERR_UID_NOT_FOUND"), want: refusal("ERR_UID_NOT_FOUND", 200)},
		{name: "a gateway's 403", status: 403, body: "<html>no", want: &applier.Refusal{Status: 403, Message: "<html>no"}},
		{name: "a refusal cut short", status: 400, body: `{"error":{"code":"ERR_UID_ALR`, want: &applier.Unknown{Status: 400}},
		{name: "a redirect", status: 307, header: http.Header{"Location": {"/elsewhere"}}, body: "gone",
			want: &applier.Refusal{Status: 307, Message: "the answer redirects to another address, which is not followed"}},
		{name: "seconds to wait", status: 429, header: http.Header{"Retry-After": {"7"}}, body: "slow", want: &applier.RateLimit{RetryAfter: 7 * time.Second}},
		{name: "nothing said of the wait", status: 429, want: &applier.RateLimit{}},
		{name: "the code of a 429 on another status", status: 400, body: failure("ERR_TOO_MANY_REQUESTS"), want: &applier.RateLimit{}},
		{name: "a code that leaves it open", status: 400, body: failure("ERR_OPERATION_FAILED"), want: &applier.Unknown{Status: 400}},
		{name: "a failing websocket", status: 400, body: failure("ERR_WS_DOWN"), want: &applier.Unknown{Status: 400}},
		{name: "a server error in JSON", status: 500, body: failure("ERR_EXCEPTION"), want: &applier.Unknown{Status: 500}},
		{name: "a server error in HTML", status: 502, body: "<html>", want: &applier.Unknown{Status: 502}},
		{name: "a server error without a body", status: 504, want: &applier.Unknown{Status: 504}},
		{name: "a request that timed out there", status: 408, body: "late", want: &applier.Unknown{Status: 408}},
		{name: "a success that is no JSON", status: 200, body: "<html>", want: &applier.Unknown{Status: 200}},
		{name: "a success cut short", status: 200, body: `{"data":{"id":"1"`, want: &applier.Unknown{Status: 200}},
		{name: "a success without an id", status: 200, body: `{"data":{}}`, want: &applier.Unknown{Status: 200}},
		{name: "a success that is too large", status: 200, body: strings.Repeat(" ", maxAnswer+1), want: &applier.Unknown{Status: 200}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, _ := serve(t, test.status, test.header, test.body)
			_, got := c.SendMessage(context.Background(), &applier.Outgoing{})
			if diff := cmp.Diff(test.want, got, cmpopts.IgnoreFields(applier.Unknown{}, "Body", "Err")); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNobodyListens(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	_, err = client(t, "http://"+address).SendMessage(context.Background(), &applier.Outgoing{})
	var notSent *applier.NotSent
	if !errors.As(err, &notSent) {
		t.Errorf("got %#v, want a NotSent", err)
	}
}

func TestUntrustedCertificate(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = nil
	server.StartTLS()
	t.Cleanup(server.Close)
	_, err := client(t, server.URL).SendMessage(context.Background(), &applier.Outgoing{})
	var notSent *applier.NotSent
	if !errors.As(err, &notSent) {
		t.Errorf("got %#v, want a NotSent", err)
	}
}

// A connection that breaks after the request went out leaves everything open.
func TestBrokenConnection(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(server.Close)
	_, err := client(t, server.URL).SendMessage(context.Background(), &applier.Outgoing{})
	var unknown *applier.Unknown
	if !errors.As(err, &unknown) {
		t.Errorf("got %#v, want an Unknown", err)
	}
}

func TestCancelled(t *testing.T) {
	arrived := make(chan struct{})
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		close(arrived)
		<-release
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(release) })
	c := client(t, server.URL)

	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.SendMessage(ended, &applier.Outgoing{}); !errors.Is(err, context.Canceled) {
		t.Errorf("before the send: got %#v, want context.Canceled", err)
	}

	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-arrived
		cancel()
	}()
	_, err := c.SendMessage(ctx, &applier.Outgoing{})
	var unknown *applier.Unknown
	if !errors.As(err, &unknown) || !errors.Is(err, context.Canceled) {
		t.Errorf("after the send: got %#v, want an Unknown that wraps context.Canceled", err)
	}
}

// The key goes to one host, in one header, and into no error.
func TestKeyStaysPut(t *testing.T) {
	var elsewhere bool
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere = true }))
	t.Cleanup(other.Close)
	c, asked := serve(t, 302, http.Header{"Location": {other.URL}}, "")
	_, err := c.SendMessage(context.Background(), &applier.Outgoing{})
	if elsewhere {
		t.Error("the redirect was followed")
	}
	if asked.Key != canary {
		t.Errorf("the key header is %q", asked.Key)
	}
	for _, text := range []string{fmt.Sprint(err), fmt.Sprintf("%+v %#v %s", Key(canary), Key(canary), Key(canary)), asked.URI, asked.Body} {
		if strings.Contains(text, canary) {
			t.Errorf("the key shows in %q", text)
		}
	}
	encoded, err := json.Marshal(Options{Key: canary, OnAnswer: nil}.Key)
	if err != nil || strings.Contains(string(encoded), canary) {
		t.Errorf("the key encodes as %s (%v)", encoded, err)
	}
}

func TestNewRefusesAddresses(t *testing.T) {
	for _, base := range []string{"", "app.example.com/v3", "ftp://example.com", "https://", "http://[::1"} {
		if _, err := New(Options{BaseURL: base}); err == nil {
			t.Errorf("New accepts the address %q", base)
		}
	}
}
