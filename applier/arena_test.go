package applier

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sowdev/sow/config"
)

// Arena is an app that the simulation walks its histories in.
type Arena interface {
	// App is the app as a client has it, for one apply.
	App(rates *Rates) App
	// Skew tells how far the app's clock is ahead, as a client last heard.
	Skew() time.Duration
	// Key is what the client proves itself with.
	Key() string
	// Watch has somebody hear of each request and of each answer before they are
	// on their way; nil is nobody.
	Watch(hear func(what string))
	// Fail makes a share of the requests fail in all the ways there are. A share
	// of 0 ends the failing.
	Fail(random *rand.Rand, share float64)
	// Lateness is how long after a request was made the app shows at the latest
	// what it did, though nobody waits for it any more.
	Lateness() time.Duration
	// Injected counts the faults that requests were hit by, by kind.
	Injected() map[string]int
	// Messages are those that the app holds, in the order in which they came.
	Messages() []Held
	// People and Groups are the names of those that the app holds.
	People() map[string]string
	Groups() map[string]string
	// Members are the scopes of a group's members.
	Members(guid string) map[string]string
	// Populate puts a user into the app as if somebody had made it.
	Populate(uid, name string)
	// Broken tells which rule of using an app was broken, if one was.
	Broken() string
	// Close ends the app.
	Close()
	String() string
}

// Held is a message that an app holds.
type Held struct {
	ID, MUID, Chat, Sender, Text string
	SentAt                       int64
	// TellsMUID is whether a client is told the muid.
	TellsMUID bool
}

// fakeArena is the fake app as an arena.
type fakeArena struct{ *fake }

// newFakeArena is a fake app of any behaviour.
func newFakeArena(r *rand.Rand) Arena {
	f := newFake(behave(r))
	f.lapses = NewLapses(r.Uint64())
	return fakeArena{f}
}

func (a fakeArena) Skew() time.Duration      { return 0 }
func (a fakeArena) Key() string              { return "no key" }
func (a fakeArena) Lateness() time.Duration  { return 19 * time.Second }
func (a fakeArena) Injected() map[string]int { return a.injected }

func (a fakeArena) App(*Rates) App { return a.fake }

func (a fakeArena) Watch(hear func(what string)) { a.heed = hear }

func (a fakeArena) Fail(random *rand.Rand, share float64) {
	a.faults = func(string, int) fault {
		if share == 0 || random.Float64() >= share {
			return fault{}
		}
		kinds := []string{"refuse", "before", "after", "later", "slow", "429"}
		kind := kinds[random.IntN(len(kinds))]
		a.injected["fake "+kind]++
		return fault{kind: kind, delay: time.Duration(1+random.IntN(9)) * time.Second}
	}
}

func (a fakeArena) Messages() (held []Held) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, m := range a.messages {
		held = append(held, Held{
			ID: m.ID, MUID: m.MUID, Chat: chatName(&m.Message), Sender: m.Sender, Text: m.Data.Text, SentAt: m.SentAt,
			TellsMUID: a.readback == "",
		})
	}
	return held
}

func (a fakeArena) People() map[string]string {
	names := make(map[string]string)
	for uid, u := range a.users {
		names[uid] = u.Name
	}
	return names
}

func (a fakeArena) Groups() map[string]string {
	names := make(map[string]string)
	for guid, g := range a.groups {
		names[guid] = g.Name
	}
	return names
}

func (a fakeArena) Members(guid string) map[string]string { return a.members[guid] }

func (a fakeArena) Populate(uid, name string) {
	a.users[uid] = &User{UID: uid, Name: name, CreatedAt: 1}
}

func (a fakeArena) Broken() string { return a.broken }
func (a fakeArena) Close()         {}
func (a fakeArena) String() string { return fmt.Sprintf("%+v", a.quirks) }

// SeedSmall seeds a small dataset with a group into an arena, and hands the
// summary and what was reported to check.
func SeedSmall(t *testing.T, arena func() Arena, check func(t *testing.T, s *Summary, events []Event)) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(restart))
		w := &world{TB: t, arena: arena(), store: &memory{boot: "one"}, data: newDataset()}
		defer w.arena.Close()
		w.data.group("lobby", func(g *config.Group) {
			g.Owner = w.data.user("ana")
			g.Moderators = []*config.User{w.data.user("kim")}
			g.Description = "A place to meet"
		})
		w.small()
		s := w.mustComplete(w.apply())
		time.Sleep(time.Minute)
		w.mustBeSeeded()
		check(t, s, w.heard.events)
	})
}
