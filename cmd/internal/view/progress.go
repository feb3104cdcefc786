package view

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/sowdev/sow/applier"
)

// How often progress is shown: on a terminal a line is rewritten, elsewhere
// lines are added.
const (
	redrawEvery = 100 * time.Millisecond
	lineEvery   = 5 * time.Second
)

// maxLines is how many failures, doubts and warnings are each told while they
// happen; the summary has them all.
const maxLines = 20

// Progress shows how an apply goes: a line at the foot of a terminal, plain
// lines elsewhere, and events.
type Progress struct {
	v   *View
	end func()

	mu     sync.Mutex // guards the rest
	tally  pace
	told   map[applier.EventKind]int // lines printed
	waits  string                    // what sending waits for
	until  time.Time                 // when that is over
	failed int
	doubts int // not settled yet
}

var _ applier.Reporter = (*Progress)(nil)

// Progress returns a reporter for one apply. Close it before the summary
// is shown. Other things may be shown while it runs: they appear above its
// line.
func (v *View) Progress() *Progress {
	p := &Progress{v: v, told: map[applier.EventKind]int{}}
	p.end = v.follow(p.status)
	return p
}

// Close ends the live line. It may be called more than once.
func (p *Progress) Close() { p.end() }

// follow shows what status says, as a line at the foot of a terminal or as plain
// lines, until it is ended.
func (v *View) follow(status func(now time.Time) string) (end func()) {
	if v.o.Format != Text {
		return func() {}
	}
	every := lineEvery
	if v.o.ErrTerminal {
		every = redrawEvery
		v.mu.Lock()
		v.live = &liveLine{w: v.o.Err}
		v.mu.Unlock()
	}
	stop := make(chan struct{})
	var ended sync.WaitGroup
	ended.Go(func() { v.repeat(every, status, stop) })
	return sync.OnceFunc(func() {
		close(stop)
		ended.Wait()
		v.mu.Lock()
		defer v.mu.Unlock()
		v.live.hide()
		v.live = nil
	})
}

func (v *View) repeat(every time.Duration, status func(now time.Time) string, stop <-chan struct{}) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	said := ""
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
		}
		now := status(time.Now())
		if now == "" || now == said {
			continue
		}
		said = now
		if v.o.ErrTerminal {
			v.redraw(now)
		} else {
			v.talk(func(p *printer) { p.line(foreign(plain, now)...) })
		}
	}
}

// Report takes in an event. It waits for nothing but the streams.
func (p *Progress) Report(e applier.Event) {
	p.v.stream.applied(e)
	if line := p.take(e); line != nil && p.v.o.Format == Text {
		p.v.talk(func(pr *printer) { pr.hang(nil, line) })
	}
}

// take counts an event, and returns the line that tells of it, if one does.
func (p *Progress) take(e applier.Event) spans {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e.Kind {
	case applier.Started:
		p.tally.begin(time.Now(), e.Total)
		p.tally.foresee(time.Now(), e.Left)
	case applier.Done:
		p.tally.done++
		p.tally.foresee(time.Now(), e.Left)
	case applier.Failed:
		p.failed++
		return p.tell(e, say(failed, "failed "), eventSubject(e))
	case applier.Waiting:
		p.waits, p.until = e.Reason, time.Now().Add(e.Wait)
		p.tally.foresee(time.Now(), e.Left)
	case applier.Doubt:
		p.doubts++
		return p.tell(e, say(warned, "in doubt "), append(eventSubject(e), say(plain, ". The app is asked whether it has it.")))
	case applier.Settled:
		p.doubts--
	case applier.Warned:
		return p.tell(e, say(warned, "Warning: "), eventSubject(e))
	case applier.Interrupted:
		line := spans{say(warned, "Stopping: ")}
		what := "nothing more is sent, and what is under way is waited for."
		if e.Err != nil {
			line = append(line, foreign(plain, e.Err.Error()+"; ")...)
		} else { // somebody did
			what += " Interrupt once more to end at once."
		}
		return append(line, say(plain, what))
	}
	return nil
}

// tell returns a line for an event, until there were enough of its kind.
func (p *Progress) tell(e applier.Event, head span, subject spans) spans {
	p.told[e.Kind]++
	switch n := p.told[e.Kind]; {
	case n <= maxLines:
		return append(spans{head}, subject...)
	case n == maxLines+1:
		return spans{head, say(faint, "… and more; the summary lists them")}
	}
	return nil
}

// eventSubject says what an event is about: address, place, error.
func eventSubject(e applier.Event) spans {
	var line spans
	if address := addressOf(e.Object, e.Message); address != "" {
		line = append(line, foreign(strong, address)...)
	}
	if e.Source.File != "" {
		line = append(line, foreign(faint, fmt.Sprintf(" (%s:%d)", e.Source.File, e.Source.Line))...)
	}
	if e.Err != nil {
		separator := ""
		if len(line) > 0 {
			separator = ": "
		}
		line = append(line, foreign(plain, separator+e.Err.Error())...)
	}
	return line
}

// status is the line that says how far things are: "1,234 of 4,567 done, 12 a
// second, 3 min left". Before the first event it is empty.
func (p *Progress) status(now time.Time) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	wait := max(p.until.Sub(now), 0)
	status := p.tally.status(now, wait)
	if status == "" {
		return ""
	}
	if p.failed > 0 {
		status += fmt.Sprintf(", %s failed", number(p.failed))
	}
	if p.doubts > 0 {
		status += fmt.Sprintf(", %s in doubt", number(p.doubts))
	}
	if wait > 0 {
		status += fmt.Sprintf(", waiting %s: %s", about(wait.Seconds()), p.waits)
	}
	return status
}

// liveLine is a line at the foot of a terminal that is rewritten in place. It
// is guarded by the View's lock; a nil one is never there.
type liveLine struct {
	w     io.Writer
	text  string
	drawn bool
}

// eraseLine takes the cursor to the first column and clears the line.
const eraseLine = "\r\x1b[K"

func (l *liveLine) hide() {
	if l != nil && l.drawn {
		_, _ = io.WriteString(l.w, eraseLine)
		l.drawn = false
	}
}

func (l *liveLine) show() {
	if l != nil && !l.drawn && l.text != "" {
		_, _ = io.WriteString(l.w, l.text)
		l.drawn = true
	}
}

// replace shows another text, with one write so that nothing flickers.
func (l *liveLine) replace(text string) {
	line := text
	if l.drawn {
		line = eraseLine + text
	}
	l.text, l.drawn = text, true
	_, _ = io.WriteString(l.w, line)
}

// redraw replaces the live line. One that is as wide as the terminal would be
// broken, and could not be rewritten.
func (v *View) redraw(status string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.live == nil {
		return
	}
	columns := v.o.width(true)
	line := truncate(foreign(faint, status), columns-1)
	paint := newPaint(v.o.colour(true))
	var b strings.Builder
	for _, piece := range line {
		b.WriteString(paint.apply(piece.style, piece.text))
	}
	v.live.replace(b.String())
}
