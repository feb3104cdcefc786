package cometchat

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sowdev/sow/applier"
)

// FuzzReadReceipt holds the quick way of reading an answer to the thorough one.
func FuzzReadReceipt(f *testing.F) {
	f.Add([]byte(benchAnswer), "hi")
	f.Add([]byte(strings.ReplaceAll(benchAnswer, "the parcel", `the \"parcel\" \ud83d\ude00\/`)), `the \"parcel\"`)
	for _, body := range []string{
		`{"data":{"id":"1","data":{"text":"a\nb"}}}`,
		`{"data":{"id":"1","data":{"text":"a\\nb"}}}`,
		`{"data":{"id":12,"sentAt":"77","sender":null,"data":{"text":"x","entities":[]}}}`,
		`{"data":{"id":"1","id":"","data":{"entities":{"receiver":{"entity":{"guid":"lobby","uid":"x","createdAt":5}}}}}}`,
		`{"data":{"id":"1","x":[1,{"y":[true,false,null]},"\u00e9"],"sentAt":1.5e3}} `,
		`{"data":[{"id":"1"}]}`,
		`{"data":{"id":"1"},"data":{"muid":"\xff"}}`,
		`{"data":{"id":"1","deep":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}}`,
		`{"data":{"id":-01}}`, `{"data":{"id":"1"}}x`, `{"data":{"id":"1","x":"\q"}}`, `{"data":{"id":"1`, `{"error":{"code":"E"}}`,
	} {
		f.Add([]byte(body), "a\\nb")
	}
	f.Fuzz(func(t *testing.T, body []byte, text string) {
		sent := benchMessage()
		sent.Data.Text = text
		quick, ok := readReceipt(body, sent)
		if !ok {
			return
		}
		thorough, err := readMessage(body)
		if err != nil {
			t.Fatalf("%q is read as %+v, and is: %v", body, quick, err)
		}
		if diff := cmp.Diff(receiptOf(thorough), quick); diff != "" {
			t.Errorf("%q (-thorough +quick):\n%s", body, diff)
		}
	})
}

// receiptOf is what a receipt is made of.
func receiptOf(m *applier.Message) *applier.Message {
	brief := &applier.Message{
		ID: m.ID, MUID: m.MUID, ConversationID: m.ConversationID, Sender: m.Sender, SentAt: m.SentAt,
		Data: applier.MessageData{Text: m.Data.Text}, Moderation: m.Moderation,
	}
	if e := m.SenderEntity; e != nil {
		brief.SenderEntity = &applier.User{UID: e.UID, CreatedAt: e.CreatedAt}
	}
	if e := m.ReceiverEntity; e != nil {
		brief.ReceiverEntity = &applier.User{UID: e.UID, CreatedAt: e.CreatedAt}
	}
	if e := m.GroupEntity; e != nil {
		brief.GroupEntity = &applier.Group{GUID: e.GUID, CreatedAt: e.CreatedAt}
	}
	return brief
}

// The form that the app usually answers with is read the quick way, whatever
// the text.
func TestReadReceipt(t *testing.T) {
	for _, text := range []string{"plain", `\"quoted\" \u00e9 \ud83d\ude00 https:\/\/example.com`, "한글 😀"} {
		body := strings.ReplaceAll(benchAnswer, "the parcel", text)
		got, ok := readReceipt([]byte(body), benchMessage())
		if !ok {
			t.Errorf("%s is not read the quick way", body)
			continue
		}
		want, err := readMessage([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(receiptOf(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
}

func TestReadReceiptAllocations(t *testing.T) {
	body, sent := []byte(benchAnswer), benchMessage()
	// The message, two people, and the texts that nobody knew before.
	if n := testing.AllocsPerRun(100, func() { readReceipt(body, sent) }); n > 6 {
		t.Errorf("%.0f allocations for one receipt", n)
	}
}
