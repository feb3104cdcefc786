package cometchat

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sowdev/sow/applier"
)

func TestReadMessage(t *testing.T) {
	tests := []struct {
		name, body string
		want       *applier.Message
	}{
		{
			name: "everything",
			body: `{"data":{"id":"12","muid":"sow-a","conversationId":"ana_user_sam","sender":"ana","receiverType":"user","receiver":"sam",
				"category":"message","type":"image","tags":["t"],"sentAt":10,"updatedAt":"11","editedAt":12,"deletedAt":13,
				"data":{"text":"hi","customData":{"a":1},"metadata":{"b":2},
					"attachments":[{"url":"https://e.com/a","name":"a","mimeType":"image/png","extension":"png","size":77}],
					"moderation":{"status":"approved"},
					"entities":{"sender":{"entity":{"uid":"ana","name":"Ana","role":"default","createdAt":5},"entityType":"user"},
						"receiver":{"entity":{"uid":"sam","name":"Sam"},"entityType":"user"}}}}}`,
			want: &applier.Message{
				ID: "12", MUID: "sow-a", ConversationID: "ana_user_sam", Sender: "ana", ReceiverType: "user", Receiver: "sam",
				Category: "message", Type: "image", Tags: []string{"t"}, SentAt: 10, UpdatedAt: 11, EditedAt: 12, DeletedAt: 13,
				Data: applier.MessageData{Text: "hi", CustomData: json.RawMessage(`{"a":1}`), Metadata: json.RawMessage(`{"b":2}`),
					Attachments: []applier.Attachment{{URL: "https://e.com/a", Name: "a", MimeType: "image/png", Extension: "png", Size: "77"}}},
				Moderation:     "approved",
				SenderEntity:   &applier.User{UID: "ana", Name: "Ana", Role: "default", CreatedAt: 5},
				ReceiverEntity: &applier.User{UID: "sam", Name: "Sam", Role: "default"},
			},
		},
		{
			name: "an id that is a number beyond the reach of a float",
			body: `{"data":{"id":9007199254740993}}`,
			want: &applier.Message{ID: "9007199254740993"},
		},
		{
			name: "an array around it",
			body: `{"data":[{"id":"3"}]}`,
			want: &applier.Message{ID: "3"},
		},
		{
			name: "empty objects that come as arrays, and an unknown status",
			body: `{"data":{"id":"3","tags":{},"data":{"text":"x","entities":[],"attachments":{},"moderation":{"status":"escalated"}}}}`,
			want: &applier.Message{ID: "3", Data: applier.MessageData{Text: "x"}, Moderation: "escalated"},
		},
		{
			name: "data that is none",
			body: `{"data":{"id":"3","data":[]}}`,
			want: &applier.Message{ID: "3"},
		},
		{
			name: "a file by its address alone, in a group",
			body: `{"data":{"id":"3","data":{"url":"https://e.com/a","entities":{"receiver":{"entity":{"guid":"lobby","name":"Lobby","type":"public","owner":"ana"}}}}}}`,
			want: &applier.Message{ID: "3", Data: applier.MessageData{Attachments: []applier.Attachment{{URL: "https://e.com/a"}}},
				GroupEntity: &applier.Group{GUID: "lobby", Name: "Lobby", Type: "public", Owner: "ana"}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, _ := serve(t, 200, nil, test.body)
			got, err := c.GetMessage(context.Background(), "1")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadPages(t *testing.T) {
	ctx := context.Background()
	c, _ := serve(t, 200, nil, `{"data":[{"id":1},{"id":"2"}],"meta":{"current":{"limit":"100","count":2},"next":{"affix":"append","sentAt":77,"id":"2"}}}`)
	got, err := c.ListMessages(ctx, applier.MessageQuery{})
	want := &applier.MessagePage{
		Messages: []*applier.Message{{ID: "1"}, {ID: "2"}},
		Next:     applier.Cursor{"affix": "append", "sentAt": "77", "id": "2"},
		Limit:    100,
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
		t.Errorf("page (-want +got): %v\n%s", err, diff)
	}

	// A limit that is none is not said.
	for _, current := range []string{`{"limit":-1}`, `{"limit":"many"}`, `[]`, `null`} {
		c, _ = serve(t, 200, nil, `{"data":[],"meta":{"current":`+current+`}}`)
		if got, err := c.ListMessages(ctx, applier.MessageQuery{}); err != nil || got.Limit != 0 {
			t.Errorf("current %s: limit %d (%v), want none", current, got.Limit, err)
		}
	}

	// An empty page is the last one, whatever its cursor says.
	c, _ = serve(t, 200, nil, `{"data":[],"meta":{"next":{"affix":"append","sentAt":77,"id":"2"}}}`)
	if got, err := c.ListMessages(ctx, applier.MessageQuery{}); err != nil || got.Next != nil {
		t.Errorf("after the end: next %v (%v), want none", got.Next, err)
	}

	c, _ = serve(t, 200, nil, `{"data":{"0":{"uid":"ana","scope":"admin"},"meta":{}},"meta":{"pagination":{"total":0,"current_page":1,"total_pages":2}}}`)
	members, err := c.ListMembers(ctx, "lobby", 1)
	if diff := cmp.Diff(&applier.MemberPage{Members: []applier.Member{{UID: "ana", Scope: "admin"}}, More: true}, members); diff != "" || err != nil {
		t.Errorf("members (-want +got): %v\n%s", err, diff)
	}
}

func TestAddMembersReadsEveryResult(t *testing.T) {
	c, _ := serve(t, 200, nil, `{"data":{"admins":{"ana":{"success":true,"data":{"id":"5"}}},
		"participants":{"sam":{"success":false,"error":{"code":"ERR_ALREADY_JOINED","message":"there"}}},"moderators":[]}}`)
	got, err := c.AddMembers(context.Background(), "lobby", []applier.Member{
		{UID: "ana", Scope: "admin"}, {UID: "sam", Scope: "participant"}, {UID: "kim", Scope: "participant"}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]error{
		"ana": nil,
		"sam": &applier.Refusal{Code: "ERR_ALREADY_JOINED", Status: 200, Message: "there"},
		"kim": &applier.Unknown{Status: 200},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(applier.Unknown{}, "Err")); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
}

func TestHeaders(t *testing.T) {
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	date := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	tests := []struct {
		name   string
		header http.Header
		want   Answer
		wait   time.Duration
	}{
		{name: "none"},
		{
			name:   "dashed",
			header: http.Header{"X-Rate-Limit": {"500"}, "X-Rate-Limit-Remaining": {"3"}, "X-Rate-Limit-Reset": {"1767603630"}},
			want:   Answer{Rate: applier.Rate{Limit: 500, Remaining: 3, Reset: time.Unix(1767603630, 0)}},
			wait:   30 * time.Second,
		},
		{
			name:   "joined",
			header: http.Header{"X-Ratelimit-Limit": {"500"}, "X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"1767603660"}, "Retry-After": {"9"}},
			want:   Answer{Rate: applier.Rate{Limit: 500, Remaining: 0, Reset: time.Unix(1767603660, 0)}},
			wait:   9 * time.Second,
		},
		{
			name:   "rubbish",
			header: http.Header{"X-Ratelimit-Limit": {"many"}, "Retry-After": {"soon"}, "X-Ratelimit-Reset": {"-1"}},
		},
		{
			name:   "a date to wait for",
			header: http.Header{"Retry-After": {date(20 * time.Second)}},
			wait:   20 * time.Second,
		},
		{
			name:   "a date to wait for, by a clock that is an hour fast",
			header: http.Header{"Date": {date(time.Hour)}, "Retry-After": {date(time.Hour + 20*time.Second)}},
			want:   Answer{Skew: time.Hour, HasSkew: true},
			wait:   20 * time.Second,
		},
		{
			name:   "a date that has passed",
			header: http.Header{"Retry-After": {date(-time.Minute)}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, new(clock).readHeaders(test.header, now)); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
			if got := retryAfter(test.header, now); got != test.wait {
				t.Errorf("wait %v, want %v", got, test.wait)
			}
		})
	}
}

// Whatever an app answers, reading it neither panics nor invents an id.
func FuzzReadMessage(f *testing.F) {
	f.Add([]byte(`{"data":{"id":"1","data":{"entities":[]}}}`))
	f.Add([]byte(`{"data":[{"id":1e9}],"meta":{"next":[]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var single messageAnswer
		if decode(body, &single) == nil && single.Data.there {
			single.Data.value.message()
		}
		var many messagesAnswer
		if decode(body, &many) == nil {
			page := many.page()
			if len(page.Messages) == 0 && page.Next != nil {
				t.Error("an empty page has a next one")
			}
		}
	})
}
