package view_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sowdev/sow/applier"
	"github.com/sowdev/sow/cmd/internal/view"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
)

// beat is one event of a recording, and how long after the one before it came.
type beat struct {
	after time.Duration
	applier.Event
}

// recording is an apply that has some of everything happen to it.
func recording() []beat {
	refund, welcome := conversation("refund"), conversation("welcome")
	beats := []beat{
		// Not at an instant at which the line is drawn: nobody knows which of two
		// things comes first that happen at once.
		{7 * time.Millisecond, applier.Event{Kind: applier.Started, Total: 60, Left: 12 * time.Second}},
		{50 * time.Millisecond, applier.Event{Kind: applier.Done, Action: planner.Create, Object: user("kim"), Left: 12 * time.Second}},
		{50 * time.Millisecond, applier.Event{Kind: applier.Warned, Err: errors.New("user.kim was there already, under another name")}},
	}
	for i := range 30 {
		beats = append(beats, beat{200 * time.Millisecond, applier.Event{Kind: applier.Done, Action: planner.Create, Message: refund.Message(fmt.Sprintf("m%d", i)), ID: fmt.Sprint(100 + i), Left: time.Duration(60-i) * 200 * time.Millisecond}})
	}
	beats = append(beats,
		beat{100 * time.Millisecond, applier.Event{Kind: applier.Waiting, Reason: "the app asks to slow down", Wait: 8 * time.Second, Left: 14 * time.Second}},
		beat{8 * time.Second, applier.Event{Kind: applier.Done, Action: planner.Update, Message: refund.Message("~3"), ID: "42", Left: 6 * time.Second}},
		beat{100 * time.Millisecond, applier.Event{Kind: applier.Doubt, Message: welcome.Message("hello"), Err: &applier.Unknown{Err: errors.New("i/o timeout")}}},
		beat{3 * time.Second, applier.Event{Kind: applier.Settled, Message: welcome.Message("hello"), Adopted: true, ID: "207"}},
		beat{0, applier.Event{Kind: applier.Done, Action: planner.Create, Message: welcome.Message("hello"), ID: "207"}},
		beat{100 * time.Millisecond, applier.Event{
			Kind: applier.Failed, Action: planner.Create, Message: welcome.Message("~5b1"), Source: planner.Source{File: "welcome.chat", Line: 7},
			Err: &applier.Refusal{Code: "ERR_UID_NOT_FOUND", Status: 404, Message: "The user \x1b[31mghost\x1b[0m does not exist"},
		}},
		beat{time.Second, applier.Event{Kind: applier.Interrupted}},
		beat{200 * time.Millisecond, applier.Event{Kind: applier.Finished}},
	)
	return beats
}

func play(s *screen, beats []beat) {
	progress := s.Progress()
	defer progress.Close()
	for _, b := range beats {
		time.Sleep(b.after)
		progress.Report(b.Event)
	}
}

// replay shows a recording under virtual time.
func replay(t *testing.T, beats []beat, change func(*view.Options)) *screen {
	t.Helper()
	var s *screen
	inBubble(t, func(*testing.T) {
		s = newScreen(change)
		play(s, beats)
	})
	return s
}

func TestProgress(t *testing.T) {
	for variant, change := range map[string]func(*view.Options){
		"terminal.txt": terminal(60), "colour.txt": colour, "pipe.txt": func(*view.Options) {},
	} {
		t.Run(variant, func(t *testing.T) {
			s := replay(t, recording(), change)
			golden(t, "progress/"+variant, s.err.String())
			if s.out.Len() > 0 {
				t.Errorf("progress is no result, and went to the standard output:\n%s", s.out.String())
			}
		})
	}
	t.Run("stream", func(t *testing.T) {
		s := replay(t, recording(), format(view.Stream))
		golden(t, "progress/stream.ndjson", s.out.String())
		if s.err.Len() > 0 {
			t.Errorf("the stream leaves the standard error empty, and it has:\n%s", s.err.String())
		}
	})
}

// The events are the same beside the human view as instead of it.
func TestEventsBesideTheView(t *testing.T) {
	alone := replay(t, recording(), format(view.Stream))
	var beside *screen
	inBubble(t, func(*testing.T) {
		beside = &screen{}
		beside.View = view.New(view.Options{Out: &beside.out, Err: &beside.err, Events: &beside.events})
		play(beside, recording())
	})
	if alone.out.String() != beside.events.String() {
		t.Errorf("alone:\n%s\nbeside the view:\n%s", alone.out.String(), beside.events.String())
	}
	if beside.err.Len() == 0 {
		t.Error("the human view is gone")
	}
}

// However fast things go, and however much goes wrong, a terminal is not
// flooded.
func TestProgressDoesNotFlood(t *testing.T) {
	many := func(kind applier.EventKind, n int, every time.Duration) []beat {
		beats := []beat{{0, applier.Event{Kind: applier.Started, Total: n}}}
		for i := range n {
			beats = append(beats, beat{every, applier.Event{Kind: kind, Message: addr.Message{Conversation: conversation("c"), Key: fmt.Sprint(i)}, Err: errors.New("no")}})
		}
		return beats
	}
	t.Run("done on a terminal", func(t *testing.T) {
		s := replay(t, many(applier.Done, 20_000, 100*time.Microsecond), terminal(80)) // two seconds
		if n := strings.Count(s.err.String(), "\r"); n > 21 {
			t.Errorf("the line was drawn %d times in two seconds", n)
		}
	})
	t.Run("done in a pipe", func(t *testing.T) {
		s := replay(t, many(applier.Done, 20_000, time.Millisecond), func(*view.Options) {}) // twenty seconds
		if n := strings.Count(s.err.String(), "\n"); n < 3 || n > 4 {
			t.Errorf("%d lines in twenty seconds, want one every five:\n%s", n, s.err.String())
		}
	})
	t.Run("failures", func(t *testing.T) {
		s := replay(t, many(applier.Failed, 5_000, time.Microsecond), func(*view.Options) {})
		if n := strings.Count(s.err.String(), "\n"); n != 21 {
			t.Errorf("%d lines for 5,000 failures, want 20 and a word on the others", n)
		}
	})
}

// Whatever is shown meanwhile appears above the live line, whole.
func TestTalkAboveTheLiveLine(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newScreen(terminal(80))
		progress := s.Progress()
		progress.Report(applier.Event{Kind: applier.Started, Total: 10, Left: 4 * time.Second})
		time.Sleep(150 * time.Millisecond)
		s.Note("Something to know.")
		time.Sleep(150 * time.Millisecond)
		progress.Close()
		progress.Close()
		want := "0 of 10 done, 4 s left" + "\r\x1b[K" + "Something to know.\n" + "0 of 10 done, 4 s left" + "\r\x1b[K"
		if got := s.err.String(); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	})
}

// Nothing that finishes quickly needs a line about it.
func TestShortApplyIsQuiet(t *testing.T) {
	s := replay(t, []beat{
		{0, applier.Event{Kind: applier.Started, Total: 1}},
		{time.Second, applier.Event{Kind: applier.Done, Action: planner.Create, Object: user("ana")}},
		{0, applier.Event{Kind: applier.Finished}},
	}, func(*view.Options) {})
	if got := s.err.String(); got != "" {
		t.Errorf("got %q", got)
	}
}

// An events file that cannot be written to ends neither the apply nor the
// view; the summary tells of it.
func TestBrokenEvents(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := &screen{}
		s.View = view.New(view.Options{Out: &s.out, Err: &s.err, Events: brokenPipe{}})
		play(s, recording())
		if err := s.Summary(&applier.Summary{}, view.SummaryOptions{}); err != nil {
			t.Fatal(err)
		}
		if want := "Warning: The events could not all be written: no space left"; !strings.Contains(s.out.String(), want) {
			t.Errorf("the summary does not say %q:\n%s", want, s.out.String())
		}
	})
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// Reporters are called from many lanes at once.
func TestProgressConcurrently(t *testing.T) {
	s := newScreen(terminal(80))
	progress := s.Progress()
	progress.Report(applier.Event{Kind: applier.Started, Total: 400})
	done := make(chan struct{})
	for range 4 {
		go func() {
			defer func() { done <- struct{}{} }()
			for range 100 {
				progress.Report(applier.Event{Kind: applier.Done, Object: user("ana")})
				s.Note("a note")
			}
		}()
	}
	for range 4 {
		<-done
	}
	progress.Close()
	if n := strings.Count(s.err.String(), "a note\n"); n != 400 {
		t.Errorf("%d of 400 notes are whole", n)
	}
}

func BenchmarkReport(b *testing.B) {
	e := applier.Event{Kind: applier.Done, Action: planner.Create, Message: conversation("refund").Message("hello"), ID: "42"}
	for name, change := range map[string]func(*view.Options){
		"text": func(*view.Options) {}, "stream": format(view.Stream),
	} {
		b.Run(name, func(b *testing.B) {
			s := newScreen(change, func(o *view.Options) { o.Out, o.Err = discard{}, discard{} })
			progress := s.Progress()
			defer progress.Close()
			progress.Report(applier.Event{Kind: applier.Started, Total: 1 << 30})
			b.ReportAllocs()
			for b.Loop() {
				progress.Report(e)
			}
		})
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
