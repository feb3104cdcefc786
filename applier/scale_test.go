package applier

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

var (
	scaleMessages = flag.Int("scale-messages", 0, "how many messages TestScale sends; 0 means a fraction of 10 million")
	scaleUpdate   = flag.Bool("scale-update", false, "write what TestScale finds into docs/scale.md")
)

// A simulation of 10 million messages: the shards are those that the planner
// cuts, and every request passes the pace, the gate and the bounds on lanes that
// an apply has. A virtual clock takes the place of time, and the app answers
// each request after a round trip.

const (
	scaleFull   = 10_000_000
	scaleTrip   = 150 * time.Millisecond
	scaleDoc    = "../docs/scale.md"
	scaleBegin  = "<!-- simulation -->\n"
	scaleEnd    = "<!-- end of the simulation -->"
	scaleNear   = 0.04 // by which a short simulation may miss the long one
	scaleAgents = 50
	scaleChats  = 20_000
)

// scaleShape is who writes to whom.
type scaleShape struct {
	name   string
	chats  int
	people int
	pair   func(chat int) (a, b int)
}

var (
	manySenders = scaleShape{"20,000 people in 20,000 chats", scaleChats, scaleChats, func(chat int) (a, b int) {
		return chat, (chat*7 + 1) % scaleChats
	}}
	fewSenders = scaleShape{"50 agents, 20,000 customers", scaleChats, scaleChats + scaleAgents, func(chat int) (a, b int) {
		return chat % scaleAgents, scaleAgents + chat
	}}
	fewChats = scaleShape{"10 chats", 10, 20, func(chat int) (a, b int) { return 2 * chat, 2*chat + 1 }}
)

// scaleApp is what the app allows a minute; 0 is no limit.
type scaleApp struct {
	name                   string
	requests, core, sender int
}

// Page "Rate limits" of the REST documentation.
var (
	freeApp      = scaleApp{"free", 500, 500, 0}
	standardApp  = scaleApp{"standard", 20_000, 10_000, 0}
	strictApp    = scaleApp{"standard, 30 a minute for a sender", 20_000, 10_000, 30}
	unlimitedApp = scaleApp{"without limits", 0, 0, 0}
)

// scaleRow is one simulation.
type scaleRow struct {
	app      scaleApp
	shape    scaleShape
	workers  int // 0: one machine with the whole plan
	parallel int
}

func scaleRows() (rows []scaleRow) {
	for _, of := range []struct {
		app     scaleApp
		shape   scaleShape
		workers []int
	}{
		{freeApp, manySenders, []int{0, 16}},
		{standardApp, manySenders, []int{0, 4, 16}},
		{strictApp, manySenders, []int{16}},
		{strictApp, fewSenders, []int{0, 4, 16}},
		{standardApp, fewChats, []int{0, 16}},
		{unlimitedApp, manySenders, []int{0, 4, 16}},
	} {
		for _, workers := range of.workers {
			rows = append(rows, scaleRow{of.app, of.shape, workers, planner.Parallelism})
		}
		if of.app == standardApp && of.shape.name == manySenders.name {
			rows = append(rows, scaleRow{of.app, of.shape, 0, 64})
		}
	}
	return rows
}

// scaleResult is what a simulation found.
type scaleResult struct {
	first time.Duration // of the first shard
	rest  time.Duration // of the others, side by side
	by    string        // what held it up
}

// TestScale holds the table of docs/scale.md to the simulation. Without flags it
// sends fewer messages, so that it takes seconds, and compares what they take
// with the same share of what the table says.
func TestScale(t *testing.T) {
	n := cmp.Or(*scaleMessages, scaleFull/250)
	var table strings.Builder
	table.WriteString("| the app's plan | dataset | workers | first shard | then | messages a minute | held up by |\n|---|---|---|---|---|---|---|\n")
	text, err := os.ReadFile(scaleDoc)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), scaleBegin)
	told, _, found := strings.Cut(rest, scaleEnd)
	lines := strings.Split(strings.TrimSpace(told), "\n")
	rows := scaleRows()
	cuts := make(map[string][]*planner.Plan) // by shape and workers
	if !*scaleUpdate && (!found || len(lines) != len(rows)+2) {
		t.Fatalf("%s has no table of %d simulations", scaleDoc, len(rows))
	}
	for i, row := range rows {
		t.Run(row.name(), func(t *testing.T) {
			if testing.Short() && row.workers != 4 {
				t.Skip("one of three is enough for a short run")
			}
			r := row.simulate(t, n, cuts)
			full := r
			full.rest = time.Duration(float64(r.rest) * scaleFull / float64(n))
			table.WriteString(row.line(full))
			if *scaleUpdate {
				return
			}
			row.compare(t, lines[i+2], full)
		})
	}
	if *scaleUpdate && !t.Failed() && strings.Count(table.String(), "\n") == len(rows)+2 {
		before, _, _ := strings.Cut(string(text), scaleBegin)
		_, after, _ := strings.Cut(string(text), scaleEnd)
		if err := os.WriteFile(scaleDoc, []byte(before+scaleBegin+table.String()+scaleEnd+after), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func (row scaleRow) name() string {
	return fmt.Sprintf("%s/%s/%d/%d", row.app.name, row.shape.name, row.workers, row.parallel)
}

func (row scaleRow) workersText() string {
	switch {
	case row.workers > 0:
		return fmt.Sprintf("%d shards", row.workers)
	case row.parallel != planner.Parallelism:
		return fmt.Sprintf("one, `--parallelism %d`", row.parallel)
	}
	return "one, no shards"
}

// line is the row of the table.
func (row scaleRow) line(r scaleResult) string {
	first := "–"
	if row.workers > 0 {
		first = minutesText(r.first)
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %d | %s |\n", row.app.name, row.shape.name, row.workersText(),
		first, hoursText(r.rest), perMinute(r.rest), r.by)
}

func minutesText(d time.Duration) string { return fmt.Sprintf("%.0f min", d.Minutes()) }
func hoursText(d time.Duration) string   { return fmt.Sprintf("%.1f h", d.Hours()) }

func perMinute(d time.Duration) int {
	n := int(scaleFull / d.Minutes())
	if n > 1000 {
		n = n / 100 * 100
	}
	return n
}

// compare holds a row of the table against a simulation.
func (row scaleRow) compare(t *testing.T, line string, r scaleResult) {
	t.Helper()
	want, got := strings.Split(line, " | "), strings.Split(strings.TrimSpace(row.line(r)), " | ")
	if len(want) != len(got) {
		t.Fatalf("%s\nis no row of the table", line)
	}
	for i := range want {
		if i == 4 || i == 5 {
			continue // the time and the rate, which a short simulation comes near to
		}
		if want[i] != got[i] {
			t.Errorf("the table says %q, the simulation %q", want[i], got[i])
		}
	}
	var hours float64
	if _, err := fmt.Sscanf(want[4], "%f h", &hours); err != nil {
		t.Fatal(err)
	}
	if off := r.rest.Hours()/hours - 1; off > scaleNear || off < -scaleNear {
		t.Errorf("the table says %s, the simulation %s", want[4], hoursText(r.rest))
	}
}

// simulate sends n messages.
func (row scaleRow) simulate(t *testing.T, n int, cuts map[string][]*planner.Plan) (r scaleResult) {
	name := fmt.Sprint(row.shape.name, row.workers)
	if cuts[name] == nil {
		cuts[name] = row.cut(t, n)
	}
	shards := cuts[name]
	synctest.Test(t, func(*testing.T) {
		if first := shards[0]; first != nil {
			r.first = row.together(func() { row.worker(first, row.parallel).each(len(first.Users), createOne) })
		}
		var group sync.WaitGroup
		r.rest = row.together(func() {
			for _, shard := range shards[1:] {
				group.Go(func() { row.worker(shard, row.parallel).sendAll() })
			}
			group.Wait()
		})
	})
	r.by = row.bound(n, r.rest)
	return r
}

// cut is the plan of the row as its workers get it.
func (row scaleRow) cut(t *testing.T, n int) []*planner.Plan {
	plan := row.shape.plan(n)
	if row.workers == 0 {
		return []*planner.Plan{nil, plan}
	}
	prior, err := state.Open(nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	shards, err := plan.Cut(prior, row.workers)
	if err != nil {
		t.Fatal(err)
	}
	return shards
}

// together is how long something takes.
func (scaleRow) together(work func()) time.Duration {
	began := time.Now()
	work()
	return time.Since(began)
}

// bound says what holds the simulation up: what comes within a tenth of the
// time that it took.
func (row scaleRow) bound(n int, took time.Duration) string {
	within := func(limit float64) bool { return took.Minutes() < limit*1.1 }
	each := n / row.shape.chats
	sends := map[int]int{}
	for chat := range row.shape.chats {
		a, b := row.shape.pair(chat)
		sends[a] += (each + 1) / 2
		sends[b] += each / 2
	}
	most := 0
	for _, n := range sends {
		most = max(most, n)
	}
	slots := float64(row.parallel*max(1, row.workers)) / scaleTrip.Minutes()
	switch {
	case row.app.sender > 0 && within(float64(most)/float64(row.app.sender)):
		return "the limit of a sender"
	case within(float64(each) * scaleTrip.Minutes()):
		return "the longest chat"
	case row.app.requests > 0 && within(float64(n)/float64(row.app.requests)):
		return "**the app's limit**"
	case within(float64(n) / slots):
		return fmt.Sprintf("%d requests at a time", row.parallel*max(1, row.workers))
	}
	return "what is left when some are done"
}

// scaleWorker is a machine that applies a plan.
type scaleWorker struct {
	*run
	shape *planner.Plan
}

func (row scaleRow) worker(p *planner.Plan, parallel int) *scaleWorker {
	limits := Limits{
		RequestsPerMinute: row.app.requests, CoreRequestsPerMinute: row.app.core, MessagesPerUserPerMinute: row.app.sender,
	}
	if p.Shard != nil {
		limits.Share, limits.SenderShare = p.Shard.Pace.Share, p.Shard.Pace.SenderShare
	}
	return &scaleWorker{shape: p, run: &run{
		Options: Options{Rates: NewRates(limits), Parallelism: parallel, Reporter: silent{}, Random: rand.Float64},
		ctx:     context.Background(), plan: p, brake: newBrake(), gate: newGate(parallel),
	}}
}

func createOne(w *scaleWorker) {
	if w.admit(core, nil, w.brake.halted) == nil {
		time.Sleep(scaleTrip)
		w.answered(nil, nil)
	}
}

// each does something n times, as many at a time as requests may be under way.
func (w *scaleWorker) each(n int, do func(*scaleWorker)) {
	w.run.each(n, func(int) { do(w) })
}

// sendAll sends the plan's lanes.
func (w *scaleWorker) sendAll() {
	places := make(chan struct{}, planner.ActiveLanes(w.Parallelism))
	var under sync.WaitGroup
	for i := range w.plan.Lanes {
		places <- struct{}{}
		under.Go(func() {
			w.sendLane(&w.plan.Lanes[i])
			<-places
		})
	}
	under.Wait()
}

func (w *scaleWorker) sendLane(lane *planner.LaneInfo) {
	senders := [2]*sender{w.Rates.sender(lane.Between[0]), w.Rates.sender(lane.Between[1])}
	for n := range lane.Counts.Messages.Create {
		s := senders[n%2]
		if w.admit(standard, s, w.brake.halted) != nil {
			return
		}
		time.Sleep(scaleTrip)
		w.answered(s, nil)
	}
}

// plan makes a plan with n messages, which come to be when they are read.
func (s scaleShape) plan(n int) *planner.Plan {
	p := &planner.Plan{Dataset: "scale", AppID: "app", Region: "us", Digest: "sha256:scale", Provisional: 1_700_000_000}
	for i := range s.people {
		uid := scaleUID(i)
		o := addr.Object{Kind: addr.User, Name: uid}
		p.Users = append(p.Users, planner.UserChange{Action: planner.Create, Addr: o, After: &state.User{Addr: o, UID: uid, Name: uid}})
	}
	body := scaleBody{each: n / s.chats}
	for i := range s.chats {
		a, b := s.pair(i)
		o := addr.Object{Kind: addr.Conversation, Name: fmt.Sprintf("c%05d", i)}
		c := &state.Conversation{Addr: o, Between: []string{scaleUID(a), scaleUID(b)}}
		lane := planner.LaneInfo{
			Chat: c.Chat(), Between: c.Between, Members: []state.User{{UID: c.Between[0]}, {UID: c.Between[1]}},
			Changes: []planner.ConversationChange{{Action: planner.Create, Addr: o, After: c}},
		}
		lane.Counts.Messages.Create = body.each
		p.Lanes = append(p.Lanes, lane)
		body.senders = append(body.senders, [2]string{c.Between[0], c.Between[1]})
	}
	p.Attach(body)
	return p
}

func scaleUID(i int) string { return fmt.Sprintf("u%06d", i) }

// scaleBody is the lanes of such a plan: lines of one length, made where they
// are read.
type scaleBody struct {
	each    int
	senders [][2]string
}

func (b scaleBody) Section(i int) *io.SectionReader {
	lane := scaleLane{b.senders[i]}
	return io.NewSectionReader(lane, 0, int64(b.each*len(lane.line(0))))
}

func (scaleBody) Close() error { return nil }

type scaleLane struct{ senders [2]string }

func (l scaleLane) line(n int) []byte {
	at := 1_600_000_000 + n
	return fmt.Appendf(nil, `{"do":"create","in":0,"when":[0,%d],"is":{"key":"m%09d","sender":"%s","text":"hello","sentAt":%d}}`+"\n", at, n, l.senders[n%2], at)
}

func (l scaleLane) ReadAt(p []byte, off int64) (n int, err error) {
	width := int64(len(l.line(0)))
	for n < len(p) {
		at := off + int64(n)
		n += copy(p[n:], bytes.NewBuffer(l.line(int(at / width))).Bytes()[at%width:])
	}
	return n, nil
}
