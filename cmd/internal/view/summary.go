package view

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sowdev/sow/applier"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
)

// SummaryOptions are what a summary tells besides the outcome. Empty fields
// are not shown.
type SummaryOptions struct {
	Destroy bool   // the plan was one that destroys
	State   string // where the state is: state.Store.Location
	Resume  string // the command that goes on where this run stopped
	Look    string // where to look at the chats: a URL or a command
}

// Summary shows the outcome of an apply or destroy on Out, or as the last
// event.
func (v *View) Summary(s *applier.Summary, o SummaryOptions) error {
	warnings := s.Warnings
	if err := v.stream.broken(); err != nil {
		warnings = append(slices.Clone(warnings), "The events could not all be written: "+err.Error())
	}
	v.stream.summary(s, warnings, o)
	if v.o.Format == Stream {
		return nil
	}
	return v.result(func(p *printer) { summaryText(p, s, warnings, o) })
}

func summaryText(p *printer, s *applier.Summary, warnings []string, o SummaryOptions) {
	if p.below {
		p.blank()
	}
	p.hang(nil, outcome(s, o.Destroy))
	if rest := unfinished(s); rest != "" {
		p.hang(nil, spans{say(plain, rest)})
	}
	if s.Stopped != nil {
		p.hang(spans{say(failed, "Stopped by: ")}, foreign(plain, s.Stopped.Error()))
		var stop *applier.StopError
		if errors.As(s.Stopped, &stop) && stop.Hint != "" {
			p.prose(stop.Hint, 0)
		}
	}
	failures(p, s.Failures)
	doubts(p, s.InDoubt)
	unmet(p, "expectations not met", s.Unmet)
	unmet(p, "expectations not decided yet", s.Undecided)
	if len(warnings) > 0 {
		p.blank()
		for _, w := range warnings {
			p.hang(spans{say(warned, "Warning: ")}, foreign(plain, w))
		}
	}
	last(p, s, o)
}

// outcome is the first line: "Applied in 4 s: 3 messages added".
func outcome(s *applier.Summary, destroy bool) spans {
	what := "applied"
	if destroy {
		what = "destroyed"
	}
	head := say(added, strings.ToUpper(what[:1])+what[1:])
	switch {
	case s.Interrupted:
		head = say(warned, "Interrupted")
	case s.Stopped != nil:
		head = say(failed, "Stopped")
	case !s.Complete():
		head = say(warned, "Partly "+what)
	case !s.OK():
		head.style = warned
	}
	done := tally(s.Done, map[planner.Action]string{
		planner.Create: "added", planner.Update: "changed", planner.Replace: "replaced", planner.Delete: "deleted",
	})
	if s.Adopted > 0 {
		done = strings.TrimPrefix(done+fmt.Sprintf(" · %s found in the app", count(s.Adopted, "message")), " · ")
	}
	if done == "" {
		done = "nothing was sent"
	}
	line := fmt.Sprintf(" in %s, with %s: %s", about(s.Elapsed.Seconds()), count(s.Requests, "request"), done)
	return spans{head, say(plain, line)}
}

// unfinished says what is missing: "1 failed, 3 not attempted, 1 in doubt".
func unfinished(s *applier.Summary) string {
	var parts []string
	for _, part := range []struct {
		n    int
		what string
	}{{len(s.Failures), "failed"}, {s.NotAttempted, "not attempted"}, {len(s.InDoubt), "in doubt"}} {
		if part.n > 0 {
			parts = append(parts, number(part.n)+" "+part.what)
		}
	}
	return strings.Join(parts, ", ")
}

// maxListed is how many failures, doubts and unmet expectations a summary
// lists; the events have them all.
const maxListed = 50

// listed prints a list under a heading, cut where it gets long.
func listed(p *printer, title string, n int, print func(i int)) {
	if n == 0 {
		return
	}
	p.blank()
	p.line(say(strong, title))
	for i := range min(n, maxListed) {
		print(i)
	}
	if n > maxListed {
		p.line(pad(symbolWidth+1), say(faint, fmt.Sprintf("… %s more; sow plan shows what is left to do, and --events FILE writes down everything", number(n-maxListed))))
	}
}

func failures(p *printer, all []applier.Failure) {
	listed(p, "failed", len(all), func(i int) {
		f := all[i]
		line := symbolColumn(f.Action.Symbol(), false)
		line = append(line, foreign(plain, addressOf(f.Object, f.Message))...)
		line = append(line, placed(f.Source)...)
		p.line(line...)
		if f.Err != nil {
			p.hang(spans{pad(hangBelow)}, foreign(failed, f.Err.Error()))
		}
		if f.Hint != "" {
			p.prose(f.Hint, hangBelow)
		}
	})
}

func placed(s planner.Source) spans {
	if s.File == "" {
		return nil
	}
	return append(spans{pad(columnGap)}, foreign(faint, fmt.Sprintf("%s:%d", s.File, s.Line))...)
}

func doubts(p *printer, all []addr.Message) {
	listed(p, "in doubt", len(all), func(i int) {
		p.line(append(spans{pad(symbolWidth + 1)}, foreign(plain, all[i].String())...)...)
	})
	if len(all) > 0 {
		p.hang(spans{pad(symbolWidth + 1)}, spans{say(faint, "The answers were lost, and the app could not say yet whether it has them. The next apply looks again before it sends anything.")})
	}
}

func unmet(p *printer, title string, all []applier.Unmet) {
	listed(p, title, len(all), func(i int) {
		u := all[i]
		line := append(spans{pad(symbolWidth + 1)}, foreign(plain, u.Message.String())...)
		p.line(append(line, placed(u.Source)...)...)
		got := "nothing yet"
		if u.Got != "" {
			got = u.Got
		}
		p.hang(spans{pad(hangBelow)}, foreign(plain, fmt.Sprintf("expected %s, moderation says %s", u.Want, got)))
	})
}

// last prints what stands below everything: moderation, where things are, and
// how to go on.
func last(p *printer, s *applier.Summary, o SummaryOptions) {
	var rows [][2]string
	if m := moderation(s.Moderation); m != "" {
		rows = append(rows, [2]string{"moderation", m})
	}
	if o.State != "" {
		rows = append(rows, [2]string{"state", o.State})
	}
	if o.Look != "" {
		rows = append(rows, [2]string{"look at it", o.Look})
	}
	if len(rows) > 0 {
		p.blank()
	}
	for _, row := range rows {
		p.hang(spans{say(faint, row[0]), pad(len("moderation") - len(row[0]) + 2)}, foreign(plain, row[1]))
	}
	if o.Resume != "" && !s.Complete() {
		p.blank()
		p.prose("To go on, run it again; nothing is sent twice:\n  "+o.Resume, 0)
	}
}

// moderation counts messages by status: "3 approved, 2 pending".
func moderation(statuses map[string]int) string {
	var parts []string
	for _, status := range slices.Sorted(maps.Keys(statuses)) {
		if status != "" && statuses[status] > 0 {
			parts = append(parts, number(statuses[status])+" "+status)
		}
	}
	if len(parts) == 0 {
		return "" // the app does not moderate, or does not say so
	}
	if n := statuses[""]; n > 0 {
		parts = append(parts, number(n)+" without a status")
	}
	return strings.Join(parts, ", ")
}
