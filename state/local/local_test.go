package local_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
	"github.com/sowdev/sow/state/local"
)

func TestSmoke(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "sow.app.state.jsonl")
	s := local.New(path)
	conv := addr.Object{Kind: addr.Conversation, Name: "a"}
	for round := range 3 {
		lock, err := s.Lock(ctx, state.LockInfo{ID: "1", Command: "sow apply"}, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Lock(ctx, state.LockInfo{ID: "2", Command: "sow apply"}, 0)
		t.Log(err)
		j, err := lock.Begin(ctx, state.Run{ID: "r", Started: time.Unix(1e9, 0).UTC(), Command: "sow apply"}, state.Header{Dataset: "d"})
		if err != nil {
			t.Fatal(err)
		}
		if err := j.PutConversation(&state.Conversation{Addr: conv, Between: []string{"a", "b"}}); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			key := fmt.Sprint(round, "-", i)
			m := &state.Message{Key: key, MUID: state.MUID("d", conv, key, 0), Sender: "a", Text: "Hi \"x\" <b>\n", SentAt: int64(1000 + i)}
			if err := j.Intend(conv, m); err != nil {
				t.Fatal(err)
			}
			if i == 1 {
				continue
			}
			m.ID = fmt.Sprint(i)
			m.Moderation = "approved"
			if err := j.Receipt(conv, m); err != nil {
				t.Fatal(err)
			}
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		b, _ := os.ReadFile(path + ".journal")
		t.Logf("%s", b)
		r, err := s.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for m, err := range r.Messages(conv) {
			t.Log(m, err)
		}
		t.Log(r.Fingerprint(), r.Count(conv), r.Header())
		if err := lock.Fold(ctx); err != nil {
			t.Fatal(err)
		}
		b, _ = os.ReadFile(path)
		t.Logf("%s", b)
		lock.Unlock()
	}
	ents, _ := os.ReadDir(filepath.Dir(path))
	t.Log(ents)
}
