package emulator

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Whatever comes in, the answer is JSON, and what was stored can be listed and
// shown.
func FuzzRequest(f *testing.F) {
	for _, body := range []string{
		text("ana", "sam", "hi", `muid:"m"`, `tags:["a"]`, `sentAt:1750335220`),
		text("new", "group-2", "hi <@uid:ana>", `senderUserDetails:{"uid":"new","name":"N","metadata":{"@private":{}}}`,
			`receiverGroupDetails:{"guid":"group-2","name":"G","type":"password","password":"p","owner":"new"}`),
		text("ana", "sam", "", `type:"image"`, `data:{"attachments":[`+picture+`],"url":"u","entities":{},"metadata":{"a":[{}]}}`),
		`{"category":"message","type":"text","data":{"text":"\ud800","x\n":1},"sender":"ana","receiver":"sam","receiverType":"user"}`,
		`{"uid":"u","name":"n","tags":[],"unset":["avatar"]}`,
		`{"admins":["ana","ana"],"participants":[5]}`,
		`{"data":{"text":"edited"},"tags":null}`,
		"{}", "", "[", "\xff", `{"":null}`, ` { "data" : { } } `,
	} {
		for i := range endpoints() {
			if i%7 == 0 || i < 3 {
				f.Add(uint8(i), "1", "ana", uint64(0), body)
			}
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, arg, behalf string, seed uint64, body string) {
		q := randomQuirks(seed)
		q.Set("message_settle_time=0s")
		s, err := New(Options{Plan: Unlimited, Quirks: q})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		direct(s, "POST", "/users", `{"uid":"ana","name":"Ana"}`, "")
		direct(s, "POST", "/users", `{"uid":"sam","name":"Sam"}`, "")
		direct(s, "POST", "/groups", `{"guid":"lobby","name":"L","type":"public","owner":"ana"}`, "")
		direct(s, "POST", send, text("ana", "sam", "first"), "")
		e := s.endpoints[int(which)%len(s.endpoints)]
		// The arguments come as they are, for a path could not carry them all.
		c := &call{endpoint: e, args: []string{arg, arg}, rawQuery: body, body: []byte(body), behalf: behalf, now: s.now(), quirks: &q}
		failed := e.do(s, c)
		if failed == nil && !json.Valid(c.out) {
			t.Fatalf("%s %q answers %q", e.name(), body, c.out)
		}
		if failed != nil {
			if a := s.refusal(&q, failed); !json.Valid(a.body) && !a.html {
				t.Fatalf("%s %q answers %q", e.name(), body, a.body)
			}
		}
		s.check(t)
		for _, path := range []string{"/users", "/groups", "/messages?limit=100&withTags=true", "/conversations", send} {
			r := httptest.NewRequest(http.MethodGet, "http://localhost/v3"+path, nil)
			r.Header.Set("apikey", "k")
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if !json.Valid(w.Body.Bytes()) && w.Code != 500 {
				t.Fatalf("after %s %q, %s answers %d %q", e.name(), body, path, w.Code, w.Body)
			}
		}
		for _, page := range []string{"/", "/people", "/groups", "/chats/ana_user_sam", "/chats/sam_user_ana", "/chats/group_lobby"} {
			if w := browse(s, "GET", page); w.Code == 500 || strings.Contains(w.Body.String(), "<script") {
				t.Fatalf("after %s %q, %s is %s", e.name(), body, page, w.Body)
			}
		}
	})
}
