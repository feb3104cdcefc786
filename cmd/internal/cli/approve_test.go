package cli

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/sowdev/sow/planner"
)

func TestGuard(t *testing.T) {
	const digest = "sha256:0123"
	messages := func(remove, replace, keep int) planner.Counts {
		return planner.Counts{Messages: planner.ActionCounts{Delete: remove, Replace: replace, NoOp: keep}}
	}
	tests := []struct {
		name    string
		plan    planner.Plan
		given   approval
		refused string
	}{
		{name: "nothing removed", plan: planner.Plan{Counts: messages(0, 0, 100)}, given: approval{auto: true}},
		{name: "a delete that is asked about", plan: planner.Plan{Counts: messages(1, 0, 99)}},
		{name: "a delete that nobody saw", plan: planner.Plan{Counts: messages(1, 0, 99)}, given: approval{auto: true}, refused: "nobody has looked"},
		{name: "a delete that is allowed", plan: planner.Plan{Counts: messages(1, 0, 99)}, given: approval{auto: true, allowDeletes: true}},
		{
			name: "people and groups that are only forgotten",
			plan: planner.Plan{
				Users:  []planner.UserChange{{Action: planner.Delete, Forget: true}, {Action: planner.Update}},
				Groups: []planner.GroupChange{{Action: planner.Delete, Forget: true}},
				Counts: planner.Counts{Users: planner.ActionCounts{Delete: 1, Update: 1}, Groups: planner.ActionCounts{Delete: 1}},
			},
			given: approval{auto: true},
		},
		{
			name: "one that is deleted beside one that is forgotten",
			plan: planner.Plan{
				Users:  []planner.UserChange{{Action: planner.Delete, Forget: true}, {Action: planner.Delete}},
				Counts: planner.Counts{Users: planner.ActionCounts{Delete: 2}},
			},
			given:   approval{auto: true},
			refused: "It deletes 1 object",
		},
		{name: "a delete in a saved plan", plan: planner.Plan{Counts: messages(1, 0, 99)}, given: approval{reviewed: true}},
		{name: "a delete with its digest", plan: planner.Plan{Digest: digest, Counts: messages(1, 0, 99)}, given: approval{auto: true, expect: digest}},
		{name: "a delete in a destroy", plan: planner.Plan{Destroy: true, Counts: messages(100, 0, 0)}, given: approval{auto: true}},
		{name: "another digest", plan: planner.Plan{Digest: digest}, given: approval{expect: "sha256:0124"}, refused: "another one"},
		{name: "the digest in other letters", plan: planner.Plan{Digest: "sha256:0abc"}, given: approval{expect: "0ABC"}},
		{name: "half a digest", plan: planner.Plan{Digest: digest}, given: approval{expect: "sha256:01"}, refused: "another one"},
		{name: "30 %", plan: planner.Plan{Counts: messages(2, 1, 7)}},
		{name: "more than 30 %", plan: planner.Plan{Counts: messages(2, 2, 6)}, refused: "4 of 10 objects"},
		{name: "more than 30 % of a saved plan", plan: planner.Plan{Counts: messages(4, 0, 6)}, given: approval{reviewed: true}, refused: "4 of 10 objects"},
		{name: "more than 30 % with --force", plan: planner.Plan{Counts: messages(4, 0, 6)}, given: approval{force: true}},
		{name: "all of a small dataset", plan: planner.Plan{Counts: messages(9, 0, 0)}},
		{
			name: "people and groups count",
			plan: planner.Plan{Counts: planner.Counts{
				Users:    planner.ActionCounts{Delete: 2},
				Groups:   planner.ActionCounts{Delete: 2},
				Messages: planner.ActionCounts{NoOp: 6, Create: 1000},
			}},
			refused: "4 of 10 objects",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.given.guard(&tt.plan)
			if !errorSays(err, tt.refused) {
				t.Fatalf("error %v, want one with %q", err, tt.refused)
			}
			if err != nil && exitCode(err) != exitRefused {
				t.Errorf("exit code %d, want %d", exitCode(err), exitRefused)
			}
		})
	}
}

func TestAsk(t *testing.T) {
	tests := []struct {
		name    string
		given   approval
		tty     bool
		input   string
		refused string
	}{
		{name: "yes", tty: true, input: "yes\n"},
		{name: "yes with blanks", tty: true, input: " yes \r\n"},
		{name: "y is not yes", tty: true, input: "y\n", refused: "not \"yes\""},
		{name: "no", tty: true, input: "no\n", refused: "not \"yes\""},
		{name: "nothing", tty: true, input: "\n", refused: "not \"yes\""},
		{name: "the end of the input", tty: true, refused: "not \"yes\""},
		{name: "no terminal", input: "yes\n", refused: "no terminal"},
		{name: "no terminal, but agreed", given: approval{auto: true}},
		{name: "no terminal, but the digest", given: approval{expect: "x"}},
		{name: "no terminal, but a saved plan", given: approval{reviewed: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRun(t.Context(), Env{
				Stdin: strings.NewReader(tt.input), Stdout: io.Discard, Stderr: io.Discard,
				Terminal: Terminal{Stdin: tt.tty},
			})
			if err := tt.given.ask(t.Context(), r, "Go on?"); !errorSays(err, tt.refused) {
				t.Errorf("error %v, want one with %q", err, tt.refused)
			}
		})
	}
}

// TestAskInterrupted holds that Ctrl-C ends a question that nobody answers.
func TestAskInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop, cancel := context.WithCancel(t.Context())
		input, keyboard := io.Pipe()
		r := newRun(t.Context(), Env{
			Stdin: input, Stdout: io.Discard, Stderr: io.Discard,
			Terminal: Terminal{Stdin: true}, Stop: stop,
		})
		answered := make(chan error)
		go func() { answered <- (&approval{}).ask(r.stopped, r, "Go on?") }()
		synctest.Wait()
		cancel()
		if err := <-answered; !errors.Is(err, context.Canceled) || exitCode(err) != exitInterrupted {
			t.Errorf("error %v with code %d, want an interruption", err, exitCode(err))
		}
		keyboard.Close()
	})
}
