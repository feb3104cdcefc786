package view_test

import (
	"testing"
	"time"

	"github.com/sowdev/sow/applier"
	"github.com/sowdev/sow/cmd/internal/view"
)

// A reading shows how far it is, at the foot of a terminal or now and then, and
// leaves nothing on a terminal. Documents and streams have no word of it.
func TestReading(t *testing.T) {
	beats := []beat{
		{3*time.Second + 7*time.Millisecond, applier.Event{Kind: applier.Read, Total: 40}},
		{2 * time.Second, applier.Event{Kind: applier.Read, Total: 40, Chats: 3, Messages: 1234}},
		{time.Second, applier.Event{Kind: applier.Read, Total: 40, Chats: 2, Messages: 1200}},
		{time.Second, applier.Event{Kind: applier.Waiting, Reason: "messages that are not shown yet", Wait: 12 * time.Second}},
		{12 * time.Second, applier.Event{Kind: applier.Read, Total: 40, Chats: 40, Messages: 2468}},
		{time.Second, applier.Event{Kind: applier.Interrupted}},
	}
	for variant, change := range map[string]func(*view.Options){
		"terminal.txt": terminal(80), "pipe.txt": func(*view.Options) {},
	} {
		t.Run(variant, func(t *testing.T) {
			golden(t, "reading/"+variant, readAlong(t, beats, change).err.String())
		})
	}
	for _, f := range []view.Format{view.JSON, view.Stream} {
		if s := readAlong(t, beats, format(f)); s.out.Len()+s.err.Len() > 0 {
			t.Errorf("format %d: %s%s", f, s.out.String(), s.err.String())
		}
	}
}

func readAlong(t *testing.T, beats []beat, change func(*view.Options)) *screen {
	t.Helper()
	var s *screen
	inBubble(t, func(*testing.T) {
		s = newScreen(change)
		reading := s.Reading()
		defer reading.Close()
		for _, b := range beats {
			time.Sleep(b.after)
			reading.Report(b.Event)
		}
	})
	return s
}
