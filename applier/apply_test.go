package applier

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
	"github.com/sowdev/sow/state/local"
	"github.com/sowdev/sow/state/local/faultfs"
)

// world is an app, a state and a dataset, under a virtual clock.
type world struct {
	testing.TB
	app   *fake // nil in other arenas
	arena Arena
	store *memory       // of most tests
	disk  *faultfs.Disk // of others, instead
	data  *dataset
	heard recorder
	opts  Options
	// written is when the state was last written; see ReadOptions.
	written time.Time
	// before is the uid of a user that was in the app before, or "".
	before string
	talks  []*talk // those of composeMuch
	eager  bool    // see ReadOptions
}

// inWorld runs a test under a virtual clock.
func inWorld(t *testing.T, q quirks, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(restart))
		app := newFake(q)
		w := &world{TB: t, app: app, arena: fakeArena{app}, store: &memory{boot: "one"}, data: newDataset()}
		test(w)
	})
}

// recorder keeps what an apply reports.
type recorder struct {
	mu     sync.Mutex
	events []Event
}

func (r *recorder) Report(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

func (r *recorder) kinds(kind EventKind) (found []Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		if e.Kind == kind {
			found = append(found, e)
		}
	}
	return found
}

// read reads the state.
func (w *world) read() state.Reader {
	w.Helper()
	if w.disk == nil {
		return w.store.read(w)
	}
	r, err := local.NewIn(w.disk.FS(), statePath).Read(context.Background())
	if err != nil {
		w.Fatalf("read the state: %v", err)
	}
	return r
}

// apply plans and applies.
func (w *world) apply() *Summary {
	w.Helper()
	return w.applyCtx(context.Background())
}

func (w *world) applyCtx(ctx context.Context) *Summary {
	w.Helper()
	prior := w.store.read(w)
	o := w.opts
	o.Reporter = &w.heard
	if o.Rates == nil {
		o.Rates = NewRates(Limits{})
	}
	return Apply(ctx, w.data.plan(w, prior), prior, w.store, w.arena.App(o.Rates), o)
}

// destroy plans and applies the removal of everything.
func (w *world) destroy() *Summary {
	w.Helper()
	prior := w.store.read(w)
	o := w.opts
	o.Rates = NewRates(Limits{})
	return Apply(context.Background(), w.planDestroy(prior), prior, w.store, w.arena.App(o.Rates), o)
}

func (w *world) planDestroy(prior state.Reader) *planner.Plan {
	w.Helper()
	p, diags, err := planner.BuildDestroy(prior, planner.Options{Now: time.Now().Unix(), App: w.data.App})
	if err != nil || diags.HasErrors() {
		w.Fatalf("plan: %v %v", err, diags)
	}
	return p
}

// mustComplete is for an apply that has to do everything.
func (w *world) mustComplete(s *Summary) *Summary {
	w.Helper()
	if !s.Complete() {
		w.Fatalf("not complete: %s", describe(s))
	}
	return s
}

func describe(s *Summary) string {
	var b strings.Builder
	fmt.Fprintf(&b, "done %+v, adopted %d, not attempted %d, interrupted %v, stopped %v\n", s.Done, s.Adopted, s.NotAttempted, s.Interrupted, s.Stopped)
	for _, f := range s.Failures {
		fmt.Fprintf(&b, "  failed %v %v (%v): %v\n    %s\n", f.Object, f.Message, f.Action, f.Err, f.Hint)
	}
	for _, m := range s.InDoubt {
		fmt.Fprintf(&b, "  in doubt %v\n", m)
	}
	for _, text := range s.Warnings {
		fmt.Fprintf(&b, "  warning %s\n", text)
	}
	return b.String()
}

// mustBeQuiet is for a dataset that is seeded: nothing is left to plan.
func (w *world) mustBeQuiet() {
	w.Helper()
	p := w.data.plan(w, w.read())
	if !p.Empty() {
		w.Fatalf("the plan after the apply is not empty: %+v users %+v groups %+v", p.Counts, p.Users, p.Groups)
	}
}

// chats are the texts in the app by chat, in the order of their times.
func (w *world) chats() map[string][]string {
	all := w.arena.Messages()
	slices.SortFunc(all, func(a, b Held) int { return cmp.Compare(a.SentAt, b.SentAt) })
	chats := make(map[string][]string)
	for _, m := range all {
		chats[m.Chat] = append(chats[m.Chat], m.Sender+": "+m.Text)
	}
	return chats
}

// declared are the texts that the dataset declares, by chat.
func (w *world) declared() map[string][]string {
	chats := make(map[string][]string)
	p := w.data.plan(w, (&memory{}).read(w))
	for i := range p.Lanes {
		for c, err := range p.Lane(i) {
			if err != nil {
				w.Fatal(err)
			}
			chats[p.Lanes[i].Chat] = append(chats[p.Lanes[i].Chat], c.After.Sender+": "+c.After.Text)
		}
	}
	return chats
}

// mustBeSeeded holds app and state against the dataset: every message once, in
// order, with the id that the app gave it.
func (w *world) mustBeSeeded() {
	w.Helper()
	if diff := gocmp.Diff(w.declared(), w.chats()); diff != "" {
		w.Fatalf("the app's chats (-want +got):\n%s", diff)
	}
	w.mustAgree()
	w.mustBeQuiet()
}

// mustAgree holds the state against the app: nothing in doubt, all ids right.
func (w *world) mustAgree() {
	w.Helper()
	held := w.arena.Messages()
	ids := make(map[string]Held)
	for _, m := range held {
		ids[m.ID] = m
	}
	known := 0
	r := w.read()
	for _, c := range r.Conversations() {
		for m, err := range r.Messages(c.Addr) {
			if err != nil {
				w.Fatal(err)
			}
			known++
			there, ok := ids[m.ID]
			switch {
			case m.InDoubt:
				w.Fatalf("%s is in doubt", c.Addr.Message(m.Key))
			case !ok:
				w.Fatalf("%s has the id %q, which the app does not know", c.Addr.Message(m.Key), m.ID)
			case there.MUID != m.MUID && there.TellsMUID || there.SentAt != m.SentAt || there.Sender != m.Sender || there.Text != m.Text:
				w.Fatalf("%s is %+v in the state and %+v in the app", c.Addr.Message(m.Key), m, there)
			}
		}
	}
	if known != len(held) {
		w.Fatalf("the state knows %d messages, the app has %d", known, len(held))
	}
	people, groups := w.arena.People(), w.arena.Groups()
	strangers := len(people) - len(r.Users())
	if _, ok := people[w.before]; ok && strangers == 1 && w.origins()[w.before] == "" {
		strangers = 0 // was there before, and is not ours to delete
	}
	if strangers != 0 || len(groups) != len(r.Groups()) {
		w.Fatalf("the app has %v and %v, the state %d users and %d groups", people, groups, len(r.Users()), len(r.Groups()))
	}
	for _, u := range r.Users() {
		if name, ok := people[u.UID]; !ok || u.Name != "" && name != u.Name {
			w.Fatalf("%s is %+v in the state and %q in the app", u.Addr, u, name)
		}
	}
	for _, g := range r.Groups() {
		if name, ok := groups[g.GUID]; !ok || name != g.Name {
			w.Fatalf("%s is %+v in the state and %q in the app", g.Addr, g, name)
		}
		members := w.arena.Members(g.GUID)
		for uid, scope := range planner.ScopesOf(g) {
			if uid != g.Owner && members[uid] != scope {
				w.Fatalf("%s is %s of %s in the state and %q in the app", uid, scope, g.Addr, members[uid])
			}
		}
	}
}

// origins are the origins of the users in the state, by uid.
func (w *world) origins() map[string]state.Origin {
	w.Helper()
	origins := make(map[string]state.Origin)
	for _, u := range w.read().Users() {
		origins[u.UID] = u.Origin
	}
	return origins
}

func (w *world) origin(uid string) state.Origin {
	w.Helper()
	return w.origins()[uid]
}

// small is a dataset with two chats between three people and a group.
func (w *world) small() {
	d := w.data
	d.between("a", "ana", "sam").chatter(5, "ana", "sam")
	d.between("b", "kim", "ana").chatter(4, "kim", "ana")
	d.in("c", "lobby").chatter(6, "ana", "sam", "kim")
}

func TestApplySeedsOnceAndIsQuietAfterwards(t *testing.T) {
	inWorld(t, quirks{}, func(w *world) {
		w.small()
		s := w.mustComplete(w.apply())
		want := planner.Counts{
			Users:    planner.ActionCounts{Create: 3},
			Groups:   planner.ActionCounts{Create: 1},
			Messages: planner.ActionCounts{Create: 15},
		}
		if diff := gocmp.Diff(want, s.Done); diff != "" {
			t.Errorf("done (-want +got):\n%s", diff)
		}
		w.mustBeSeeded()
		if n := w.app.calls["create user"] + w.app.calls["create group"]; n != 0 {
			t.Errorf("%d people and groups were created by their own requests, want all carried", n)
		}
		if got := w.origin("ana"); got != state.Created {
			t.Errorf("ana is %s", got)
		}
		if got := len(w.heard.kinds(Done)); got != 19 {
			t.Errorf("%d events tell of something done, want 19", got)
		}
	})
}

func TestApplyCreatesWhatNoMessageCarries(t *testing.T) {
	inWorld(t, quirks{}, func(w *world) {
		w.data.user("ana", func(u *config.User) { u.Role = "default"; u.Tags = []string{"vip"} })
		w.data.group("lobby", func(g *config.Group) {
			g.Owner = w.data.user("ana")
			g.Description = "A place"
			g.Participants = []*config.User{w.data.user("sam")}
		})
		w.mustComplete(w.apply())
		w.mustBeQuiet()
		want := map[string]string{"ana": planner.Admin, "sam": planner.Participant}
		if diff := gocmp.Diff(want, w.app.members["lobby"]); diff != "" {
			t.Errorf("members (-want +got):\n%s", diff)
		}
		if g := w.app.groups["lobby"]; g.Owner != "ana" || g.Description != "A place" {
			t.Errorf("the group is %+v", g)
		}
	})
}

func message(conversation, key string) addr.Message {
	return addr.Object{Kind: addr.Conversation, Name: conversation}.Message(key)
}
