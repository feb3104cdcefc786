package emulator

import (
	"fmt"
	"sync"
	"testing"
)

// Everything at once: the race detector and the indexes tell whether it holds.
func TestManyAtOnce(t *testing.T) {
	const people, each = 6, 30
	dir := t.TempDir()
	a := newApp(t, Options{Dir: dir, Plan: Unlimited, Quirks: quirks(t, "message_settle_time=0s", "membership_required=never")})
	a.chat()
	for i := range people {
		a.ok("POST", "/users", fmt.Sprintf(`{"uid":"p%d","name":"P%d"}`, i, i))
	}
	var wg sync.WaitGroup
	for i := range people {
		me, next := fmt.Sprintf("p%d", i), fmt.Sprintf("p%d", (i+1)%people)
		wg.Go(func() {
			for n := range each {
				a.do("POST", send, text(me, next, fmt.Sprintf("%d", n), fmt.Sprintf(`muid:"%s-%d"`, me, n)))
				a.do("POST", send, text(me, "lobby", "x"))
				switch n % 6 {
				case 0:
					a.do("GET", "/users/"+next+"/messages?limit=5&affix=prepend", "", "onBehalfOf", me)
				case 1:
					a.do("PUT", "/users/"+me, fmt.Sprintf(`{"name":"name %d"}`, n))
				case 2:
					a.do("DELETE", fmt.Sprintf("/messages/%d", n), `{"permanent":true}`)
				case 3:
					a.do("GET", send+"?moderationStatus=pending", "")
					browse(a.Server, "GET", "/chats/group_lobby")
				case 4:
					a.Snapshot()
					a.do("POST", "/groups/lobby/members", `{"participants":["`+me+`"]}`)
				case 5:
					q := quirks(t, "message_settle_time=0s", "membership_required=never")
					if i == 0 {
						q.Set("list_order=by_id")
					}
					a.SetQuirks(q)
					a.SetFaults(nil)
				}
			}
		})
	}
	wg.Wait()
	a.check(t)
	seen := make(map[string]int)
	for _, m := range a.Snapshot().Messages {
		if m.MUID != "" {
			seen[m.MUID]++
		}
	}
	for muid, n := range seen {
		if n != 1 {
			t.Errorf("%s is there %d times", muid, n)
		}
	}
	want := len(a.Snapshot().Messages)
	a.Close()
	b := newApp(t, Options{Dir: dir})
	b.check(t)
	if got := len(b.Snapshot().Messages); got != want {
		t.Errorf("%d messages after a restart, want %d", got, want)
	}
}
