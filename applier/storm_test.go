package applier

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sowdev/sow/planner"
)

// Storm is a time in which an app answers requests with 429.
type Storm struct {
	Begins, Ends time.Time
	// Retry is how the answers say how long to wait, "seconds", "date" or
	// "none", and Wait is how long.
	Retry string
	Wait  time.Duration
	// Endpoint and Sender are those that it hits; "" is any.
	Endpoint, Sender string
}

// Exchanged is a request and its answer, as the network saw them.
type Exchanged struct {
	Endpoint, Sender string // of sends
	Sent, Answered   time.Time
	Refused          bool      // with a 429
	Until            time.Time // nothing was to be sent before
}

// Stormy is an arena over which a storm can come. Each request takes as long as
// the forecast says.
type Stormy interface {
	Arena
	Brew(Storm)
	// Exchanges are the requests so far, in the order of their answers.
	Exchanges() []Exchanged
}

// The dataset of a storm: so many chats of so many messages, and what an apply
// of it takes while the weather is calm.
const (
	stormChats = 30
	stormEach  = 60
	stormCalm  = 25 * time.Second
)

// Storms has storms of all kinds come over an apply. They cost time, never
// messages: nothing is sent before the app wants it, less is under way at once
// while the app refuses everybody, as much as before some time after, and whom
// it does not refuse is not kept waiting long.
func Storms(t *testing.T, arena func() Stormy) {
	for _, test := range []struct {
		name          string
		begins, lasts time.Duration
		storm         Storm
		// late is how much longer the apply takes than the storm and an apply in
		// calm weather, at the most.
		late time.Duration
		// others is how much longer senders whom the storm is not for take than in
		// calm weather, at the most; 0 is for storms that are for all.
		others time.Duration
	}{
		{"no word", 5 * time.Second, 10 * time.Minute, Storm{Retry: "none"}, longestWait * 6 / 5, 0},
		{"seconds", 5 * time.Second, 2 * time.Minute, Storm{Retry: "seconds", Wait: 7 * time.Second}, firstWait * 6 / 5, 0},
		{"a date", 5 * time.Second, 2 * time.Minute, Storm{Retry: "date", Wait: 7 * time.Second}, firstWait * 6 / 5, 0},
		{"one endpoint", 0, 2 * time.Minute, Storm{Retry: "seconds", Wait: 3 * time.Second, Endpoint: "POST members"}, firstWait * 6 / 5, 0},
		{"one sender", 5 * time.Second, 3 * time.Minute, Storm{Retry: "seconds", Wait: 3 * time.Second, Sender: "a07"}, firstWait * 6 / 5, 15 * time.Second},
		{"one sender, no word", 5 * time.Second, 5 * time.Minute, Storm{Retry: "none", Sender: "a07"}, firstWait * 6 / 5, firstWait * 6 / 5},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newStormWorld(t, arena())
				defer w.arena.Close()
				began := time.Now()
				storm := test.storm
				storm.Begins = began.Add(test.begins)
				storm.Ends = storm.Begins.Add(test.lasts)
				w.arena.(Stormy).Brew(storm)
				s := w.mustComplete(w.apply())
				seen := w.arena.(Stormy).Exchanges()
				time.Sleep(time.Minute)
				w.mustBeSeeded()

				if late := s.Elapsed - test.lasts - stormCalm; late > test.late {
					t.Errorf("after a storm of %v it took %v", test.lasts, s.Elapsed)
				}
				storm.mustBeObeyed(t, seen)
				if test.others > 0 {
					if took := lastBeside(seen, storm.Sender).Sub(began); took > stormCalm+test.others {
						t.Errorf("the others took %v", took)
					}
					return
				}
				if n := most(seen, storm.Begins.Add(test.lasts/2), storm.Ends); storm.Endpoint == "" && n > planner.Parallelism/4 {
					t.Errorf("%d requests were under way at once in the second half of the storm", n)
				}
				if n := most(seen, storm.Ends, storm.Ends.Add(time.Hour)); n != planner.Parallelism {
					t.Errorf("%d requests were under way at once after the storm", n)
				}
			})
		})
	}
}

// lastBeside is when the last message was sent in any chat but the sender's; the
// two in a chat have one number.
func lastBeside(seen []Exchanged, sender string) (last time.Time) {
	for _, x := range seen {
		if x.Sender != "" && x.Sender[1:] != sender[1:] && x.Sent.After(last) {
			last = x.Sent
		}
	}
	return last
}

func newStormWorld(t *testing.T, arena Stormy) *world {
	time.Sleep(time.Until(restart))
	w := &world{TB: t, arena: arena, store: &memory{boot: "one"}, data: newDataset()}
	w.opts.Random = NewLapses(6).random
	for i := range stormChats {
		a, b := fmt.Sprintf("a%02d", i), fmt.Sprintf("b%02d", i)
		w.data.between("c"+a, a, b).chatter(stormEach, a, b)
	}
	w.data.in("club", "club").chatter(stormEach, "a00", "b00", "a01")
	return w
}

// Strikes reports whether the storm is for such requests.
func (s *Storm) Strikes(x *Exchanged) bool {
	return strings.Contains(x.Endpoint, s.Endpoint) && (s.Sender == "" || s.Sender == x.Sender)
}

// mustBeObeyed sees to it that nothing was sent that the app had asked to wait.
func (s *Storm) mustBeObeyed(t *testing.T, seen []Exchanged) {
	t.Helper()
	refused := 0
	var until time.Time
	for _, m := range moments(seen, sentFirst) {
		switch {
		case m.sent && s.Strikes(m.Exchanged) && m.at.Before(until):
			t.Errorf("%s was sent %v before it was wanted", m.Endpoint, until.Sub(m.at))
			return
		case !m.sent && m.Refused:
			until = m.Until
			refused++
		}
	}
	if refused == 0 {
		t.Error("there was no storm")
	}
}

// moment is when a request was sent, or answered.
type moment struct {
	*Exchanged
	at   time.Time
	sent bool
}

// What comes first of one instant: an answer that is not known yet when
// something is sent, or one that makes room for it.
const (
	sentFirst     = true
	answeredFirst = false
)

// moments are the sendings and the answers in their order.
func moments(seen []Exchanged, first bool) (all []moment) {
	for i := range seen {
		all = append(all, moment{&seen[i], seen[i].Sent, true}, moment{&seen[i], seen[i].Answered, false})
	}
	slices.SortStableFunc(all, func(a, b moment) int {
		if order := a.at.Compare(b.at); order != 0 || a.sent == b.sent {
			return order
		}
		if a.sent == first {
			return -1
		}
		return 1
	})
	return all
}

// most is how many requests were under way at once, at the most, of those that
// were sent in a span of time.
func most(seen []Exchanged, from, to time.Time) (most int) {
	under := 0
	for _, m := range moments(seen, answeredFirst) {
		switch {
		case m.Sent.Before(from) || m.Sent.After(to):
		case m.sent:
			under++
			most = max(most, under)
		default:
			under--
		}
	}
	return most
}

// Fair holds lanes of very different lengths against each other, one of which
// has a sender whom the app hardly lets through. At no time is a lane that has
// something to send more than a little behind another one.
func Fair(t *testing.T, arena func() Stormy) {
	// A place comes free, and whoever has waited longest gets it: each lane in its
	// turn, but for answers that overtake each other.
	const little = 3
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(restart))
		w := &world{TB: t, arena: arena(), store: &memory{boot: "one"}, data: newDataset()}
		defer w.arena.Close()
		w.opts.Random = NewLapses(7).random
		const slow = "a00"
		length := map[string]int{slow: 40}
		for i := range 60 {
			a := fmt.Sprintf("a%02d", i)
			if a != slow {
				length[a] = []int{5, 40, 40, 200}[i%4]
			}
			w.data.between("c"+a, a, fmt.Sprintf("b%02d", i)).chatter(length[a], a)
		}
		began := time.Now()
		w.arena.(Stormy).Brew(Storm{Begins: began.Add(time.Second), Ends: began.Add(5 * time.Minute), Retry: "seconds", Wait: 2 * time.Second, Sender: slow})
		w.mustComplete(w.apply())
		seen := w.arena.(Stormy).Exchanges()
		time.Sleep(time.Minute)
		w.mustBeSeeded()

		sent := make(map[string]int) // and answered, of those that still have something to send
		for uid := range length {
			sent[uid] = 0
		}
		delete(sent, slow)
		for _, x := range seen { // in the order of the answers
			if _, under := sent[x.Sender]; !under || x.Refused {
				continue
			}
			sent[x.Sender]++
			for uid, n := range sent {
				if sent[x.Sender]-n > little {
					t.Fatalf("%s has sent %d messages, and %s only %d", x.Sender, sent[x.Sender], uid, n)
				}
			}
			if sent[x.Sender] == length[x.Sender] {
				delete(sent, x.Sender)
			}
		}
		if len(sent) > 0 {
			t.Errorf("%v did not come to their ends", sent)
		}
		if took := lastBeside(seen, slow).Sub(began); took > 90*time.Second {
			t.Errorf("the lanes beside the slow one took %v", took)
		}
	})
}
