package applier

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/planner"
)

// asked are the requests of a reading, by what they read. The first read, which
// proves the key, is not among them.
type asked struct {
	Users, Groups, Members int // pages; of members, those who are banned included
	All                    int // pages of all messages of the app
	Chats                  int // pages of the messages of one chat
	Moderation             int
	Single                 int // reads of one object
}

// ReadingRequests counts the requests that reading an app takes, by the size of
// what was seeded. It tells requests by their paths.
func ReadingRequests(t *testing.T, arena func() Arena) {
	for _, test := range []struct {
		name            string
		chats, messages int // messages of each chat
		users, groups   int // that take part in no chat; each group with a member
		others          int // messages of others, in a chat of their own
		deleted         int // messages, behind sow's back
		wiped           bool
		want            asked
	}{
		{name: "many small chats", chats: 1000, messages: 2, want: asked{Users: 2, All: 3}},
		{name: "some small chats", chats: 100, messages: 10, want: asked{Users: 1, All: 2}},
		{name: "beside others", chats: 200, messages: 2, others: 2500, want: asked{Users: 1, All: 4}},
		{name: "beside too many others", chats: 40, messages: 2, others: 2500, want: asked{Users: 1, All: 2, Chats: 40}},
		{name: "few small chats", chats: 20, messages: 2, want: asked{Users: 1, Chats: 20}},
		{name: "chats that are a page", chats: 5, messages: 980, want: asked{Users: 1, Chats: 5}},
		{name: "one long chat", chats: 1, messages: 4 * 980, want: asked{Users: 1, Chats: 4}},
		{name: "one message is missing", chats: 200, messages: 2, deleted: 1, want: asked{Users: 1, All: 2, Chats: 1, Moderation: 2, Single: 1}},
		{name: "all is gone", chats: 200, messages: 2, wiped: true, want: asked{Users: 1, All: 1, Moderation: 2, Single: maxChecks}},
		{name: "many people", users: 3000, groups: 30, want: asked{Users: 3, Groups: 1, Members: 60}},
		{name: "people on a page more", users: 1001, want: asked{Users: 2}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(restart))
				w := &world{TB: t, arena: arena(), store: &memory{boot: "one"}, data: newDataset()}
				defer w.arena.Close()
				for i := range test.chats {
					a, b := fmt.Sprintf("a%d", i), fmt.Sprintf("b%d", i/10)
					w.data.between(fmt.Sprintf("c%d", i), a, b).chatter(test.messages, a, b)
				}
				for i := range test.users {
					w.data.user(fmt.Sprintf("u%d", i))
				}
				for i := range test.groups {
					w.data.group(fmt.Sprintf("g%d", i), func(g *config.Group) {
						g.Participants = []*config.User{w.data.user(fmt.Sprintf("u%d", i))}
					})
				}
				w.opts.Parallelism = 64
				w.mustComplete(w.apply())
				w.othersTalk(test.others)
				time.Sleep(time.Hour)
				want := findings{}
				for _, m := range w.arena.Messages()[:test.deleted] {
					if err := w.arena.App(NewRates(Limits{})).DeleteMessage(context.Background(), m.ID); err != nil {
						t.Fatal(err)
					}
					want[planner.Missing]++
				}
				if test.wiped {
					for uid := range w.arena.People() {
						if err := w.arena.App(NewRates(Limits{})).DeleteUser(context.Background(), uid); err != nil {
							t.Fatal(err)
						}
						want[planner.Missing]++
					}
					want[planner.Missing] += test.chats * test.messages
				}
				time.Sleep(time.Hour)
				w.written = time.Now().Add(-time.Hour)
				w.mustAskFor("a refresh", test.want, func() { w.mustFind("found", w.found(), want) })
				w.mustAskFor("verify", test.want, func() { w.mustFind("verified", w.verify(), want) })
			})
		})
	}
}

// othersTalk has two people of others exchange messages.
func (w *world) othersTalk(messages int) {
	w.Helper()
	if messages == 0 {
		return
	}
	w.arena.Populate("other-a", "Somebody")
	w.arena.Populate("other-b", "Somebody else")
	app := w.arena.App(NewRates(Limits{}))
	for i := range messages {
		m := Held{Chat: "user:other-a:other-b", Sender: "other-a", Text: "hello", SentAt: restart.Unix() - int64(messages-i)}
		if _, err := app.SendMessage(context.Background(), outgoingOf(m, fmt.Sprintf("other-%d", i), nil)); err != nil {
			w.Fatal(err)
		}
	}
}

// mustAskFor counts the requests that something makes.
func (w *world) mustAskFor(what string, want asked, do func()) {
	w.Helper()
	var mu sync.Mutex
	var got asked
	w.arena.Watch(func(what string) {
		mu.Lock()
		defer mu.Unlock()
		if n := got.count(what); n != nil {
			*n++
		}
	})
	defer w.arena.Watch(nil)
	do()
	if diff := gocmp.Diff(want, got); diff != "" {
		w.Errorf("the requests of %s (-want +got):\n%s", what, diff)
	}
}

// count is where a request is counted: one that reads, and is no answer.
func (a *asked) count(what string) *int {
	uri, reads := strings.CutPrefix(what, "GET /v3/")
	if !reads || strings.Contains(uri, ": ") {
		return nil
	}
	path, query, list := strings.Cut(uri, "?")
	switch parts := strings.Split(path, "/"); {
	case path == "moderation/messages":
		return &a.Moderation
	case path == "messages" && strings.Contains(query, "tags=sow"):
		return nil
	case path == "messages":
		return &a.All
	case path == "users":
		return &a.Users
	case path == "groups":
		return &a.Groups
	case list && len(parts) == 3 && parts[2] == "messages":
		return &a.Chats
	case list && len(parts) == 3:
		return &a.Members
	}
	return &a.Single
}
