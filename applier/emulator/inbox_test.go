package emulator

import (
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
)

// direct makes a request without a connection.
func direct(s *Server, method, path, body, behalf string) int {
	r := httptest.NewRequest(method, "http://localhost/v3"+path, strings.NewReader(body))
	r.Header.Set("apikey", "k")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if behalf != "" {
		r.Header.Set("onBehalfOf", behalf)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code
}

var _ http.Handler = (*Server)(nil)

// check holds the indexes against the messages.
func (s *Server) check(t interface{ Fatalf(string, ...any) }) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.data
	byConv, bySender := make(map[*conversation][]key), make(map[string][]key)
	var all []key
	for _, m := range d.messages {
		if m == nil {
			continue
		}
		if d.convs[m.conv.id] != m.conv {
			t.Fatalf("message %d is in a conversation that is not there", m.id)
		}
		k := d.key(m)
		all = append(all, k)
		byConv[m.conv] = append(byConv[m.conv], k)
		bySender[m.sender] = append(bySender[m.sender], k)
	}
	same := func(what string, x *index, want []key) {
		var got []key
		x.after(key{math.MinInt64, math.MinInt64}, func(k key) bool { got = append(got, k); return true })
		slices.SortFunc(want, compareKeys)
		if !slices.Equal(got, want) || x.size != len(want) {
			t.Fatalf("%s: got %v, want %v", what, got, want)
		}
	}
	same("all", &d.index, all)
	for _, c := range d.allConvs {
		same(c.id, &c.index, byConv[c])
		var arrived int64
		var latest key
		for _, k := range byConv[c] {
			arrived = max(arrived, k.id)
			if k := (key{d.message(k.id).sentAt, k.id}); k.compare(latest) > 0 {
				latest = k
			}
		}
		if c.arrived != arrived || c.latest != latest {
			t.Fatalf("%s: message %d came last and %v is the last, want %d and %v", c.id, c.arrived, c.latest, arrived, latest)
		}
	}
	for _, p := range d.everybody {
		same(p.UID, &p.sent, bySender[p.UID])
	}
	for _, r := range d.allRooms {
		n := 0
		for _, m := range r.order {
			if r.members[m.UID] != m {
				t.Fatalf("%s: the members do not agree", r.GUID)
			}
			n += seat(m)
		}
		if n != r.size || len(r.order) != len(r.members) {
			t.Fatalf("%s: %d members, counted %d", r.GUID, r.size, n)
		}
	}
}
