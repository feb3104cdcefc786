package planner

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"pgregory.net/rapid"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/config/addr"
)

// long is a conversation of that many different messages, which can be edited.
type long struct {
	conversation config.Conversation
	users        [2]*config.User
	texts        []string
	times        map[string]*Time // of messages, by text
	next         int
}

func newLong(n int) *long {
	l := &long{times: map[string]*Time{}}
	for i, name := range []string{"ana", "bob"} {
		l.users[i] = &config.User{Addr: addr.Object{Kind: addr.User, Name: name}, UID: name, Name: name}
	}
	l.conversation = config.Conversation{Addr: addr.Object{Kind: addr.Conversation, Name: "c"}, Between: l.users}
	for range n {
		l.texts = append(l.texts, l.text())
	}
	return l
}

// text is one that no other message has.
func (l *long) text() string {
	l.next++
	return fmt.Sprintf("message %d", l.next)
}

func (l *long) config() *config.Config {
	c := l.conversation
	texts := slices.Clone(l.texts)
	c.Read = func(yield func(*config.Message) bool) hcl.Diagnostics {
		for _, text := range texts {
			m := &config.Message{From: l.users[len(text)%2], Type: "text", Text: text, At: l.times[text]}
			if strings.HasSuffix(text, "7") {
				m.Label = strings.ReplaceAll(text, " ", "-")
			}
			if !yield(m) {
				break
			}
		}
		return nil
	}
	return &config.Config{Dataset: "test", Users: l.users[:], Conversations: []*config.Conversation{&c}}
}

// edit changes something somewhere: whole stretches, too.
func (l *long) edit(t *rapid.T) {
	at := rapid.IntRange(0, len(l.texts)).Draw(t, "at")
	n := rapid.SampledFrom([]int{1, 1, 1, 2, 7, 30}).Draw(t, "n")
	until := min(at+n, len(l.texts))
	switch rapid.IntRange(0, 3).Draw(t, "edit") {
	case 0:
		for range n {
			l.texts = slices.Insert(l.texts, at, l.text())
		}
	case 1:
		l.texts = slices.Delete(l.texts, at, until)
	case 2:
		for i := at; i < until; i++ {
			l.texts[i] = l.text()
		}
	case 3:
		for range n {
			l.texts = append(l.texts, l.text())
		}
	}
}

// TestWindowsPlanLikeTheWhole: of messages that differ, a long conversation that
// is seen in parts has the plan that it has when it is held.
func TestWindowsPlanLikeTheWhole(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := newLong(rapid.IntRange(0, 80).Draw(rt, "messages"))
		if rapid.Bool().Draw(rt, "paced") {
			l.conversation.Pace = drawGap(rt, "pace")
		}
		if rapid.Bool().Draw(rt, "starts") {
			l.conversation.Starts = drawTime(rt, "start")
		}
		l.conversation.Lifecycle.StrictOrder = rapid.IntRange(0, 3).Draw(rt, "strict") == 0
		window := rapid.IntRange(4, 24).Draw(rt, "window")
		seeded, at, moved := newModel(), int64(now), false
		for range rapid.IntRange(1, 4).Draw(rt, "rounds") {
			cfg := l.config()
			whole, diags, err := Build(cfg, seeded, Options{Now: at, window: 1 << 30})
			if err != nil || diags.HasErrors() {
				rt.Skip("no plan")
			}
			parts, diags, err := Build(cfg, seeded, Options{Now: at, window: window, gap: 1 << 30})
			if err != nil || diags.HasErrors() {
				rt.Fatal(err, diags)
			}
			held, seen := renderRapid(rt, whole), renderRapid(rt, parts)
			if moved {
				// What is deleted stands where it stood, as far as that is in sight.
				held, seen = sortedLines(held), sortedLines(seen)
			} else if diff := cmp.Diff(whole.Lanes, parts.Lanes); diff != "" || whole.Digest != parts.Digest {
				rt.Fatalf("window %d: (-whole +parts)\n%s", window, diff)
			}
			if diff := cmp.Diff(held, seen); diff != "" {
				rt.Fatalf("window %d: (-whole +parts)\n%s", window, diff)
			}
			if diff := cmp.Diff(whole.Counts, parts.Counts); diff != "" {
				rt.Fatalf("window %d: (-whole +parts)\n%s", window, diff)
			}
			seeded = seeded.applied(t, parts, at)
			at += 600
			for range rapid.IntRange(0, 3).Draw(rt, "edits") {
				l.edit(rt)
			}
			if moved = rapid.IntRange(0, 4).Draw(rt, "new pace") == 0; moved {
				l.conversation.Pace = drawGap(rt, "pace")
			}
		}
	})
}

func sortedLines(s string) string {
	lines := strings.Split(s, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
