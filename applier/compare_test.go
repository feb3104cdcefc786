package applier

import (
	"encoding/json"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

func TestMessageAsSeen(t *testing.T) {
	const key = "00"
	sealed := func(text string) map[string]string { return map[string]string{"text": planner.Seal(key, "text", text)} }
	photo := []state.Attachment{{URL: "https://example.com/a.jpg", Name: "a.jpg", MimeType: "image/jpeg", Extension: "jpg"}}
	for name, test := range map[string]struct {
		record state.Message
		seen   Message
		mute   bool // the app does not tell tags
		want   []planner.FieldChange
	}{
		"the same":          {state.Message{Sender: "ana", Text: "hi", SentAt: 5}, Message{Sender: "ana", Type: "text", SentAt: 5, Data: MessageData{Text: "hi"}}, false, nil},
		"nothing is told":   {state.Message{Sender: "ana", Text: "hi", SentAt: 5}, Message{}, true, nil},
		"another text":      {state.Message{Text: "hi"}, Message{Data: MessageData{Text: "ho"}}, false, []planner.FieldChange{{Name: "text", Old: "hi", New: "ho"}}},
		"a new caption":     {state.Message{Type: "image", Attachments: photo}, Message{Type: "image", Data: MessageData{Text: "ho", Attachments: []Attachment{{URL: "else"}}}}, false, []planner.FieldChange{{Name: "text", New: "ho"}}},
		"sealed, the same":  {state.Message{Sealed: sealed("hi")}, Message{Data: MessageData{Text: "hi"}}, false, nil},
		"sealed, another":   {state.Message{Sealed: sealed("hi")}, Message{Data: MessageData{Text: "ho"}}, false, []planner.FieldChange{{Name: "text", Old: concealed, New: concealed}}},
		"another time":      {state.Message{SentAt: 1767345120}, Message{SentAt: 1767345121}, false, []planner.FieldChange{{Name: "sent_at", Old: "2026-01-02T09:12:00Z", New: "2026-01-02T09:12:01Z"}}},
		"another sender":    {state.Message{Sender: "ana"}, Message{Sender: "sam"}, false, []planner.FieldChange{{Name: "from", Old: "ana", New: "sam"}}},
		"a tag is gone":     {state.Message{Tags: []string{"a", "b"}}, Message{Tags: []string{"b", "sow:demo"}}, false, []planner.FieldChange{{Name: "tags", Old: "a, b", New: "b"}}},
		"tags are not told": {state.Message{Tags: []string{"a"}}, Message{}, true, nil},
		"a tag more":        {state.Message{Tags: []string{"a"}}, Message{Tags: []string{"c", "a"}}, false, nil},
		"rehosted":          {state.Message{Type: "image", Attachments: photo}, Message{Type: "image", Data: MessageData{Attachments: []Attachment{{URL: "https://cdn/x", Name: "a.jpg", MimeType: "image/jpeg", Extension: "jpg"}}}}, false, nil},
		"another file":      {state.Message{Type: "image", Attachments: photo}, Message{Type: "image", Data: MessageData{Attachments: []Attachment{{URL: "u", Name: "b.jpg"}}}}, false, []planner.FieldChange{{Name: "attachments", Old: "a.jpg", New: "b.jpg"}}},
		"injected metadata": {state.Message{Text: "hi", Metadata: json.RawMessage(`{"a":1}`)}, Message{Data: MessageData{Text: "hi", Metadata: json.RawMessage(`{"@injected":{},"b":2,"a":1.0}`)}}, false, nil},
		"metadata is gone":  {state.Message{Text: "hi", Metadata: json.RawMessage(`{"a":1,"b":2}`)}, Message{Data: MessageData{Text: "hi", Metadata: json.RawMessage(`{"b":2}`)}}, false, []planner.FieldChange{{Name: "metadata", Old: `{"a":1,"b":2}`, New: `{"b":2}`}}},
	} {
		t.Run(name, func(t *testing.T) {
			before := test.record
			as, fields := messageAsSeen(&test.record, &test.seen, key, !test.mute)
			if diff := gocmp.Diff(test.want, fields); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if diff := gocmp.Diff(before, test.record); diff != "" {
				t.Errorf("the record was changed:\n%s", diff)
			}
			if again, fields := messageAsSeen(as, &test.seen, key, !test.mute); len(fields) > 0 {
				t.Errorf("what was taken over differs: %+v, %+v", again, fields)
			}
		})
	}
}

func TestGroupMembersAsSeen(t *testing.T) {
	g := &state.Group{Owner: "own", Admins: []string{"own", "ada"}, Moderators: []string{"mo"}, Participants: nil}
	for name, test := range map[string]struct {
		scopes map[string]string
		want   []planner.FieldChange
	}{
		"not read":  {nil, nil},
		"all in":    {map[string]string{"ada": planner.Admin, "mo": planner.Moderator, "else": planner.Participant}, nil},
		"one left":  {map[string]string{"mo": planner.Moderator}, []planner.FieldChange{{Name: "admins", Old: "own, ada", New: "own"}}},
		"less than": {map[string]string{"ada": planner.Admin, "mo": planner.Participant}, []planner.FieldChange{{Name: "moderators", Old: "mo"}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, fields := groupAsSeen(g, &Group{Owner: "own"}, test.scopes, "00", true)
			if diff := gocmp.Diff(test.want, fields); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestLongestIncreasing(t *testing.T) {
	for _, test := range []struct {
		order []int
		want  []bool
	}{
		{nil, []bool{}},
		{[]int{0, 1, 2}, []bool{true, true, true}},
		{[]int{2, 0, 1}, []bool{false, true, true}},
		{[]int{1, 2, 0, 3}, []bool{true, true, false, true}},
		{[]int{2, 1, 0}, []bool{false, false, true}},
	} {
		if diff := gocmp.Diff(test.want, longestIncreasing(test.order)); diff != "" {
			t.Errorf("%v (-want +got)\n%s", test.order, diff)
		}
	}
}
