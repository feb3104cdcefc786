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
			if err != nil {
				rt.Fatal(err)
			}
			parts, others, err := Build(cfg, seeded, Options{Now: at, window: window, gap: 1 << 30})
			if err != nil {
				rt.Fatal(err)
			}
			if diff := cmp.Diff(diags, others); diff != "" {
				rt.Fatalf("window %d: (-whole +parts)\n%s", window, diff)
			}
			if diags.HasErrors() {
				rt.Skip("no plan")
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

// TestAppendedFitsBeforeTheAnchor: what is appended to a conversation without a
// pace moves together until there is room for it, whether what stands before it
// is held, left behind, or seen in parts.
func TestAppendedFitsBeforeTheAnchor(t *testing.T) {
	l := newLong(20)
	seeded := newModel()
	seeded = seeded.applied(t, mustBuild(t, l.config(), seeded, Options{}), now)
	for range 120 {
		l.texts = append(l.texts, l.text())
	}
	edited := *l
	edited.texts = append([]string{"another first one"}, l.texts[1:]...)
	for name, tt := range map[string]struct {
		long   *long
		window int
	}{
		"left behind": {l, 0}, "held": {&edited, 0}, "in parts": {l, 8},
	} {
		p := mustBuild(t, tt.long.config(), seeded, Options{window: tt.window})
		last := int64(0)
		for m, err := range p.Lane(0) {
			if err != nil {
				t.Fatal(err)
			}
			last = m.After.SentAt
		}
		if first := int64(now) - 3600; last <= first || last > now {
			t.Errorf("%s: the last one is sent at %d, and the anchor is %d", name, last, now)
		}
	}
}

// TestLongConversations says which conversations are planned in parts, and which
// ones have to be held.
func TestLongConversations(t *testing.T) {
	insert := func(l *long, at, n int) {
		for range n {
			l.texts = slices.Insert(l.texts, at, l.text())
		}
	}
	at := func(s string) *Time { return new(parseTime(t, s)) }
	for name, tt := range map[string]struct {
		edit func(*long)
		held bool
	}{
		"unchanged":        {func(*long) {}, false},
		"edited":           {func(l *long) { l.texts[50] += "!" }, false},
		"edited all over":  {func(l *long) { edit(l, 3) }, false},
		"all other texts":  {func(l *long) { edit(l, 1) }, false},
		"appended":         {func(l *long) { insert(l, 100, 60) }, false},
		"put before":       {func(l *long) { insert(l, 0, 60) }, false},
		"put between":      {func(l *long) { insert(l, 50, 60) }, false},
		"half of it":       {func(l *long) { l.texts = l.texts[:50] }, false},
		"another pace":     {func(l *long) { l.conversation.Pace = parsedGap(30) }, false},
		"another start":    {func(l *long) { l.conversation.Starts = at("-5d 10:00") }, false},
		"strict":           {func(l *long) { l.conversation.Lifecycle.StrictOrder = true; insert(l, 5, 1) }, false},
		"moved":            {func(l *long) { move(l, 10, 80) }, false},
		"a label moved":    {func(l *long) { move(l, 6, 80) }, true}, // message 7
		"times go back":    {func(l *long) { l.times[l.texts[50]] = at("-6d 10:00") }, true},
		"a time moved":     {func(l *long) { l.times[l.texts[50]] = at("-1d 10:00") }, false},
		"no longer at all": {func(l *long) { l.texts = nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLong(100)
			l.conversation.Starts = at("-4d 10:00")
			seeded := newModel()
			seeded = seeded.applied(t, mustBuild(t, l.config(), seeded, Options{}), now)
			tt.edit(l)
			cfg := l.config()
			b := newBuilder(seeded, Options{Now: now, window: 16, gap: 1000})
			b.plan.Dataset = cfg.Dataset
			b.setAnchor(nil)
			b.addUsers(cfg.Users)
			b.addConversations(cfg.Conversations)
			r := &laneResult{}
			planned := b.lanes[0].planLong(r, &laneWriter{body: newStore(nil)})
			if r.err != nil || r.diags.HasErrors() || planned == tt.held {
				t.Errorf("planned in parts: %t; %v, %v", planned, r.err, r.diags)
			}
		})
	}
}

// edit changes the text of every nth message.
func edit(l *long, n int) {
	for i := range l.texts {
		if i%n == 0 {
			l.texts[i] = l.text()
		}
	}
}

func move(l *long, from, to int) {
	text := l.texts[from]
	l.texts = slices.Insert(slices.Delete(l.texts, from, from+1), to, text)
}

func parsedGap(seconds int64) *int64 { return &seconds }
