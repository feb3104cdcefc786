package cometchat

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sowdev/sow/applier"
)

const benchAnswer = `{"data":{"id":"4711","muid":"sow-abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst","conversationId":"ana_user_sam",` +
	`"sender":"ana","receiverType":"user","receiver":"sam","category":"message","type":"text","data":{"text":"the parcel is on its way and should be with you by Thursday.",` +
	`"entities":{"sender":{"entity":{"uid":"ana","name":"Ana Lima","status":"offline","role":"default","createdAt":1767225600,"lastActiveAt":1767225600},"entityType":"user"},` +
	`"receiver":{"entity":{"uid":"sam","name":"Sam Ochoa","status":"offline","role":"default","createdAt":1767225600,"lastActiveAt":1767225600},"entityType":"user"}},` +
	`"moderation":{"status":"pending"}},"sentAt":1767225600,"updatedAt":1767225600,"tags":["sow:demo"]}}`

func nullServer(b *testing.B) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, benchAnswer)
	}))
	b.Cleanup(server.Close)
	return server
}

func benchMessage() *applier.Outgoing {
	return &applier.Outgoing{
		Sender: "ana", Receiver: "sam", ReceiverType: "user", Type: "text",
		Data: applier.MessageData{Text: "the parcel is on its way and should be with you by Thursday."},
		MUID: "sow-abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst", Tags: []string{"sow:demo"}, SentAt: 1767225600,
	}
}

// BenchmarkSend and BenchmarkBare differ by what the client adds to a bare
// transport.
func BenchmarkSend(b *testing.B) {
	server := nullServer(b)
	c, err := New(Options{BaseURL: server.URL + "/v3", Key: canary})
	if err != nil {
		b.Fatal(err)
	}
	m := benchMessage()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := c.SendMessage(context.Background(), m); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkBare(b *testing.B) {
	server := nullServer(b)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 16
	client := &http.Client{Transport: transport}
	body, err := encode(map[string]any{"text": benchMessage().Data.Text, "filler": benchAnswer[:300]})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			req, _ := http.NewRequest(http.MethodPost, server.URL+"/v3/moderation/messages", bytes.NewReader(body))
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("apikey", canary)
			res, err := client.Do(req)
			if err != nil {
				b.Error(err)
				continue
			}
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
	})
}

func BenchmarkReadReceipt(b *testing.B) {
	body, sent := []byte(benchAnswer), benchMessage()
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := readReceipt(body, sent); !ok {
			b.Fatal("not read the quick way")
		}
	}
}

func BenchmarkAppendOutgoing(b *testing.B) {
	m := benchMessage()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := appendOutgoing(make([]byte, 0, outgoingRoom(m)), m); err != nil {
			b.Fatal(err)
		}
	}
}
