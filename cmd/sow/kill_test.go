package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sowdev/sow/applier/emulator"
	"github.com/sowdev/sow/applier/figures"
	"github.com/sowdev/sow/state/local"
)

var (
	kills       = flag.Int("kills", 4, "how many times TestKill kills sow")
	writeKills  = flag.Int("write-kills", 15, "how many times TestKillWrites kills sow")
	killSeed    = flag.Uint64("kill-seed", 0, "the seed of the tests that kill; 0 draws one")
	figuresFile = flag.String("figures", "", "a `file` that gets the counts of what was tried")
)

// drawnSeed is the seed that -kill-seed gives, or a new one.
func drawnSeed() uint64 {
	if *killSeed != 0 {
		return *killSeed
	}
	return rand.Uint64()
}

const killApp = "2604abc"

// TestKill kills the real program at random points of an apply, against an app
// that fails in every way it can, applies again until all is done, and looks
// whether every message is in the app exactly once, in order, and the state
// says so. One history is a dataset that is seeded, then edited and seeded
// again, with kills in both. The seed of a history makes the same dataset,
// quirks, faults and kill points; what runs at the same time is up to the
// machine.
func TestKill(t *testing.T) {
	t.Parallel()
	seed := drawnSeed()
	var counts figures.Figures
	ok := t.Run("histories", func(t *testing.T) {
		for n, left := uint64(0), *kills; left > 0; n, left = n+1, left-killsEach {
			seed, budget := seed+n, min(killsEach, left)
			t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
				t.Parallel()
				h := newHistory(t, seed)
				h.seed(0, (budget+1)/2)
				h.seed(1, budget/2)
				counts.Add("kills", h.killed)
				counts.Add("runs", h.runs)
				counts.Add("histories", 1)
				counts.AddAll("network fault: ", h.server.Snapshot().Faults)
			})
		}
	})
	if !ok {
		t.Fatalf("to see this again: go test ./cmd/sow -run TestKill$ -kills %d -kill-seed %d", *kills, seed)
	}
	save(t, &counts)
}

// killsEach is how often one history is killed.
const killsEach = 4

// save writes down what a test has tried and found nothing wrong with.
func save(t *testing.T, counts *figures.Figures) {
	t.Helper()
	counts.Add("violations", 0)
	t.Log(counts)
	if err := counts.Save(*figuresFile, t.Name()); err != nil {
		t.Error(err)
	}
}

// history is one dataset in one app, from the first run to the last.
type history struct {
	t      *testing.T
	random *rand.Rand
	dir    string
	server *emulator.Server
	url    string
	ahead  atomic.Int64 // the app's clock less ours, in nanoseconds

	target atomic.Pointer[victim]
	killed int
	runs   int
	edited bool // what came first need not stand first any more
	shape  dataset
}

// victim is a run that is to be killed.
type victim struct {
	process *os.Process
	request int64 // the request at which it is killed
	after   bool  // when the request was done, but not yet answered
	seen    atomic.Int64
}

// newHistory is one in an app that behaves in some way, and fails in every way
// there is.
func newHistory(t *testing.T, seed uint64) *history {
	return inApp(t, seed,
		"drop_before=0.02", "drop_after=0.03", "half=0.02", "truncated=0.01", "content_type=0.01",
		"stored_later:300ms@POST /moderation/messages=0.02", "lag:300ms=0.02",
		"500=0.02", "502:html:after=0.01", "503:before=0.01", "408=0.01",
	)
}

func inApp(t *testing.T, seed uint64, rules ...string) *history {
	h := &history{t: t, random: rand.New(rand.NewPCG(seed, 1)), dir: t.TempDir()}
	h.shape = someDataset(h.random)
	quirks, err := emulator.Profile("random", seed)
	if err != nil {
		t.Fatal(err)
	}
	// These only take time.
	for _, choice := range []string{"message_settle_time=0s", "rest_sender_limit=off", "send_failure_outcome=" + pick(h.random, "stored", "not_stored")} {
		if err := quirks.Set(choice); err != nil {
			t.Fatal(err)
		}
	}
	var faults []emulator.Fault
	for _, rule := range rules {
		fault, err := emulator.ParseFault(rule)
		if err != nil {
			t.Fatal(err)
		}
		faults = append(faults, fault)
	}
	h.server, err = emulator.New(emulator.Options{
		AppID: killApp, APIKey: canary, Plan: emulator.Unlimited, Quirks: quirks, Faults: faults, Seed: seed,
		ModerationDelay: 100 * time.Millisecond,
		Now:             func() time.Time { return time.Now().Add(time.Duration(h.ahead.Load())) },
	})
	if err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewServer(http.HandlerFunc(h.serve))
	h.url = listener.URL
	t.Cleanup(func() {
		listener.CloseClientConnections()
		listener.Close()
		if err := h.server.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func pick(r *rand.Rand, options ...string) string { return options[r.IntN(len(options))] }

// serve answers a request, and kills the victim at its request.
func (h *history) serve(w http.ResponseWriter, r *http.Request) {
	v := h.target.Load()
	mine := v != nil && v.seen.Add(1) == v.request
	if mine && !v.after {
		v.process.Kill()
	}
	h.server.ServeHTTP(w, r)
	if mine && v.after {
		v.process.Kill()
	}
}

// seed applies one version of the dataset, with that many kills on the way, and
// holds the app and the state against it.
func (h *history) seed(version, kills int) {
	d := h.declare(version)
	h.edited = h.edited || version > 0
	for failures := 0; ; {
		code, killed := h.apply(kills > 0)
		switch {
		case killed:
			h.killed++
			kills--
		case code == 0:
			h.verify(d)
			return
		case (code == 6 || code == 5) && failures < 5:
			failures++ // the faults outlasted the run's patience: again
		default:
			h.t.Fatalf("exit code %d", code)
		}
	}
}

// declare writes a version of the dataset.
func (h *history) declare(version int) dataset {
	d := h.shape
	d.version = version
	if err := os.WriteFile(filepath.Join(h.dir, "main.sow.hcl"), []byte(d.hcl()), 0o666); err != nil {
		h.t.Fatal(err)
	}
	return d
}

// apply runs sow apply, and kills it in the middle if it is to be.
func (h *history) apply(kill bool) (code int, killed bool) {
	h.runs++
	var output strings.Builder
	cmd := h.command("apply", "--auto-approve", "--allow-deletes", "--force",
		"--parallelism", "8", "--doubt-window", "1s", "--timeout", "2s")
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	if kill {
		v := &victim{process: cmd.Process, request: 1 + h.random.Int64N(60), after: h.random.IntN(2) == 0}
		switch h.random.IntN(4) {
		case 0: // at any moment, also before the first request and after the last
			time.AfterFunc(time.Duration(h.random.IntN(600))*time.Millisecond, func() { v.process.Kill() })
		default:
			h.target.Store(v)
		}
	}
	err := cmd.Wait()
	h.target.Store(nil)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		h.t.Fatal(err)
	}
	code = cmd.ProcessState.ExitCode()
	if file, err := findKey(h.dir); err != nil || file != "" {
		h.t.Fatalf("the key is in %s (%v)", file, err) // journals are there only now
	}
	if text := output.String(); strings.Contains(text, canary) {
		h.t.Fatalf("the key was printed:\n%s", text)
	} else if code > 0 {
		h.t.Logf("exit code %d:\n%s", code, tail(text, 3000))
	}
	return code, code < 0
}

func tail(text string, n int) string { return text[max(0, len(text)-n):] }

func (h *history) command(args ...string) *exec.Cmd {
	cmd := exec.Command(sowPath(), args...)
	cmd.Dir = h.dir
	cmd.Env = append(os.Environ(), "COMETCHAT_APP_ID="+killApp, "COMETCHAT_ENDPOINT="+h.url, "COMETCHAT_API_KEY="+canary)
	return cmd
}

// verify holds what is in the app and in the state against the dataset.
func (h *history) verify(d dataset) {
	h.t.Helper()
	h.ahead.Add(int64(time.Second)) // what the app does late, it has done by then
	app := h.server.Snapshot()
	byID := holds(h.t, app, d, !h.edited)
	h.verifyState(d, byID)
	if out, err := h.command("plan", "--detailed-exitcode").CombinedOutput(); err != nil {
		h.t.Errorf("a plan after the apply is not empty: %v\n%s", err, out)
	}
	if h.t.Failed() {
		h.t.FailNow()
	}
}

// holds makes sure that an app has just what the dataset declares, each message
// once, and returns the messages by their ids. If they were only ever added,
// they also came in their order.
func holds(t *testing.T, app emulator.Snapshot, d dataset, inOrder bool) map[string]emulator.Message {
	t.Helper()
	if app.Pending > 0 {
		t.Errorf("the app has %d requests still to do", app.Pending)
	}
	sent := map[string][]emulator.Message{}
	byID := map[string]emulator.Message{}
	for _, m := range app.Messages {
		if m.Category == "message" && m.DeletedAt == 0 {
			chat := m.ReceiverType + ":" + m.Receiver
			if m.ReceiverType == "user" {
				chat = "user:" + min(m.Sender, m.Receiver) + ":" + max(m.Sender, m.Receiver)
			}
			sent[chat] = append(sent[chat], m)
			byID[m.ID] = m
		}
	}
	got := map[string][]string{}
	for chat, messages := range sent {
		slices.SortStableFunc(messages, func(a, b emulator.Message) int { return cmp.Compare(a.SentAt, b.SentAt) })
		for i, m := range messages {
			got[chat] = append(got[chat], m.Sender+": "+m.Text)
			if i > 0 && inOrder && m.Arrival < messages[i-1].Arrival {
				t.Errorf("%s: %q arrived before %q", chat, m.Text, messages[i-1].Text)
			}
		}
	}
	if diff := gocmp.Diff(d.chats(), got); diff != "" {
		t.Errorf("the app does not hold what was declared (-want +got):\n%s", diff)
	}
	return byID
}

func (h *history) verifyState(d dataset, byID map[string]emulator.Message) {
	h.t.Helper()
	prior, err := local.New(filepath.Join(h.dir, "sow."+killApp+".state.jsonl")).Read(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	defer prior.Close()
	if run := prior.Interrupted(); run != nil {
		h.t.Errorf("the run %s was not folded", run.ID)
	}
	count := 0
	for _, c := range prior.Conversations() {
		for m, err := range prior.Messages(c.Addr) {
			if err != nil {
				h.t.Fatal(err)
			}
			count++
			there, ok := byID[m.ID]
			switch {
			case m.InDoubt:
				h.t.Errorf("%s is in doubt", c.Addr.Message(m.Key))
			case !ok:
				h.t.Errorf("%s has the id %q, which the app does not", c.Addr.Message(m.Key), m.ID)
			case there.Text != m.Text || there.SentAt != m.SentAt || there.Sender != m.Sender:
				h.t.Errorf("%s: the app has %q of %s at %d, the state %q of %s at %d", c.Addr.Message(m.Key),
					there.Text, there.Sender, there.SentAt, m.Text, m.Sender, m.SentAt)
			}
		}
	}
	if count != len(byID) {
		h.t.Errorf("the state has %d messages, the app %d", count, len(byID))
	}
}

// dataset is what the tests that kill seed: people who talk in pairs and in
// groups. The second version edits, inserts, removes and adds.
type dataset struct {
	version                         int
	people, groups, pairs, messages int
}

// someDataset is one of any shape. There are enough people that no two pairs
// are the same.
func someDataset(r *rand.Rand) dataset {
	people := 5 + r.IntN(4)
	return dataset{people: people, groups: r.IntN(4), pairs: 1 + r.IntN(people-1), messages: 1 + r.IntN(20)}
}

// lines are the messages of the nth conversation, as "sender: text".
func (d dataset) lines(n int, people ...string) []string {
	var lines []string
	for i := range d.messages {
		text := fmt.Sprintf("message %d of conversation %d", i, n)
		if d.version > 0 {
			switch i {
			case 2:
				continue
			case 5:
				text += ", edited"
			case 7:
				lines = append(lines, people[0]+": inserted")
			}
		}
		lines = append(lines, people[i%len(people)]+": "+text)
	}
	if d.version > 0 {
		lines = append(lines, people[1]+": added")
	}
	return lines
}

func (d dataset) person(n int) string { return fmt.Sprintf("person-%d", n%d.people) }

// chats are the messages by chat, in order.
func (d dataset) chats() map[string][]string {
	chats := map[string][]string{}
	for n := range d.pairs {
		a, b := d.person(n), d.person(n+1)
		chats["user:"+min(a, b)+":"+max(a, b)] = d.lines(n, a, b)
	}
	for n := range d.groups {
		chats[fmt.Sprintf("group:group-%d", n)] = d.lines(d.pairs+n, d.person(n), d.person(n+2), d.person(n+4))
	}
	return chats
}

// hcl is the configuration. The people are not in order, so that carriers are
// in several conversations.
func (d dataset) hcl() string {
	var b strings.Builder
	b.WriteString("sow {\n  dataset = \"kill\"\n}\n")
	for n := range d.people {
		fmt.Fprintf(&b, "user %q { name = \"Person %d\" }\n", d.person(n), n)
	}
	for n := range d.groups {
		fmt.Fprintf(&b, "group \"group-%d\" {\n  name = \"Group %d\"\n  type = \"public\"\n}\n", n, n)
	}
	conversation := func(n int, where string, lines []string) {
		fmt.Fprintf(&b, "conversation \"c%d\" {\n  %s\n  starts = \"-2d 09:00\"\n", n, where)
		for _, line := range lines {
			from, text, _ := strings.Cut(line, ": ")
			fmt.Fprintf(&b, "  message {\n    from = user.%s\n    text = %q\n  }\n", from, text)
		}
		b.WriteString("}\n")
	}
	for n := range d.pairs {
		conversation(n, fmt.Sprintf("between = [user.%s, user.%s]", d.person(n), d.person(n+1)), d.lines(n, d.person(n), d.person(n+1)))
	}
	for n := range d.groups {
		conversation(d.pairs+n, fmt.Sprintf("group = group.group-%d", n), d.lines(d.pairs+n, d.person(n), d.person(n+2), d.person(n+4)))
	}
	return b.String()
}
