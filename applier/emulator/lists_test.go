package emulator

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// walk reads a list page by page, as its meta says, and returns the texts.
func (a *app) walk(path string, header ...string) (texts []string, pages int) {
	a.t.Helper()
	next := ""
	for {
		r := a.ok("GET", path+next, "", header...)
		items := r.list()
		if len(items) == 0 {
			return texts, pages
		}
		pages++
		for _, m := range items {
			content := m["data"].(map[string]any)
			texts = append(texts, fmt.Sprint(content["text"]))
		}
		cursor := r.body["meta"].(map[string]any)["next"].(map[string]any)
		next = fmt.Sprintf("&affix=%v&sentAt=%.0f&id=%v", cursor["affix"], cursor["sentAt"], cursor["id"])
	}
}

func TestListsOfMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, Options{Quirks: quirks(t, "message_settle_time=0s", "member_action_message=none")})
		a.chat()
		base := time.Now().Unix() - 1000
		for i := range 7 {
			from, to := "ana", "sam"
			if i%2 == 1 {
				from, to = to, from
			}
			// Three share a second.
			a.ok("POST", send, text(from, to, fmt.Sprintf("m%d", i), fmt.Sprintf("sentAt:%d", base+int64(i/3*10)), fmt.Sprintf(`tags:["t%d"]`, i%3)))
		}
		a.ok("POST", send, text("ana", "lobby", "g0", fmt.Sprintf("sentAt:%d", base+5)))
		tests := []struct{ path, want string }{
			{"/users/sam/messages?limit=2", "[m0 m1 m2 m3 m4 m5 m6] 4"},
			{"/users/sam/messages?perPage=3", "[m0 m1 m2 m3 m4 m5 m6] 3"},
			{"/users/sam/messages?limit=3&affix=prepend", "[m4 m5 m6 m1 m2 m3 m0] 3"},
			{"/messages?conversationId=ana_user_sam&limit=100", "[m0 m1 m2 m3 m4 m5 m6] 1"},
			{"/messages?conversationId=none&limit=100", "[] 0"},
			{"/messages?limit=100", "[m0 m1 m2 g0 m3 m4 m5 m6] 1"},
			{"/messages?limit=3", "[m0 m1 m2 g0 m3 m4 m5 m6] 3"},
			{"/messages?sender=sam&limit=2", "[m1 m3 m5] 2"},
			{"/messages?sender=nobody&limit=2", "[] 0"},
			{"/messages?receiverType=group", "[g0] 1"},
			{"/messages?tags=t0&limit=2", "[m0 m3 m6] 2"},
			{"/messages?searchKey=M3", "[m3] 1"},
			{fmt.Sprintf("/users/sam/messages?fromTimestamp=%d", base+10), "[m3 m4 m5 m6] 1"},
			{fmt.Sprintf("/users/sam/messages?fromTimestamp=%d&toTimestamp=%d", base+1, base+10), "[m3 m4 m5] 1"},
			{fmt.Sprintf("/users/sam/messages?fromTimestamp=%d&toTimestamp=%d&limit=2", base, base+10), "[m0 m1 m2 m3 m4 m5] 3"},
			{fmt.Sprintf("/users/sam/messages?toTimestamp=%d", base), "[m0 m1 m2 m3 m4 m5 m6] 1"}, // without effect
			{"/groups/lobby/messages?limit=5", "[g0] 1"},
		}
		for _, order := range []string{"by_sent_at", "by_id"} {
			a.SetQuirks(quirks(t, "message_settle_time=0s", "list_order="+order))
			for _, test := range tests {
				texts, pages := a.walk(test.path, "onBehalfOf", "ana")
				want := test.want
				if order == "by_id" && strings.HasPrefix(test.path, "/messages?limit") {
					want = strings.Replace(strings.Replace(want, "g0 ", "", 1), "m6", "m6 g0", 1)
				}
				if got := fmt.Sprint(texts, pages); got != want {
					t.Errorf("%s %s: got %s, want %s", order, test.path, got, want)
				}
			}
		}
		// With a user, only conversations the user is in.
		a.ok("POST", "/users", `{"uid":"eve","name":"Eve"}`)
		if texts, _ := a.walk("/messages?limit=9", "onBehalfOf", "eve"); len(texts) != 0 {
			t.Errorf("eve reads %v", texts)
		}
	})
}

func quirks(t testing.TB, assignments ...string) Quirks {
	t.Helper()
	var q Quirks
	for _, assignment := range assignments {
		if err := q.Set(assignment); err != nil {
			t.Fatal(err)
		}
	}
	return q
}

func TestFilters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, Options{Quirks: quirks(t, "message_settle_time=0s")})
		a.chat()
		a.ok("POST", send, text("ana", "sam", "plain"))
		a.ok("POST", send, text("ana", "sam", "see https://x.test"))
		a.ok("POST", send, text("ana", "sam", "hello <@uid:sam>"))
		a.ok("POST", send, text("ana", "sam", "", `type:"image"`, `data:{"text":"picture","attachments":[`+picture+`]}`))
		id := a.sendID(text("ana", "sam", "liked"))
		a.ok("POST", "/messages/"+id+"/reactions/x", "", "onBehalfOf", "sam")
		a.ok("POST", "/messages/"+id+"/thread", text("", "ana", "reply"), "onBehalfOf", "sam")
		for query, want := range map[string]string{
			"hasLinks=true":                       "[see https://x.test]",
			"hasMentions=1":                       "[hello <@uid:sam>]",
			"mentionedUids=sam,eve":               "[hello <@uid:sam>]",
			"hasAttachments=true":                 "[picture]",
			"attachmentTypes=image":               "[picture]",
			"type=image":                          "[picture]",
			"hasReactions=true":                   "[liked]",
			"hideReplies=true&types=text&limit=3": "[plain see https://x.test hello <@uid:sam>]",
			"unread=true":                         "[reply]",
			"categories=custom,message&limit=1":   "[plain]",
			"category=action":                     "[]",
			"myMentionsOnly=true":                 "[]",
		} {
			var texts []string
			for _, m := range a.ok("GET", "/users/sam/messages?"+query, "", "onBehalfOf", "ana").list() {
				texts = append(texts, m["data"].(map[string]any)["text"].(string))
			}
			if got := fmt.Sprint(texts); got != want {
				t.Errorf("%s: got %s, want %s", query, got, want)
			}
		}
	})
}

func TestModerationList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, Options{Quirks: quirks(t, "message_settle_time=0s")})
		a.chat()
		a.ok("POST", send, text("ana", "sam", "a scam"))
		a.ok("POST", send, text("sam", "ana", "SPAM"))
		time.Sleep(10 * time.Second)
		a.ok("POST", send, text("ana", "sam", "fine"))
		a.ok("POST", send, text("ana", "lobby", "a badword"))
		for query, want := range map[string]string{
			"moderationStatus=disapproved":                "[a scam SPAM] 1",
			"moderationStatus=disapproved&sender=ana":     "[a scam] 1",
			"moderationStatus=pending":                    "[fine a badword] 1",
			"moderationStatus=pending&receiverGUID=lobby": "[a badword] 1",
			"moderationStatus=pending&receiverUID=sam":    "[fine] 1",
			"sender=ana&limit=2":                          "[a scam fine a badword] 2",
			"limit=3":                                     "[a scam SPAM fine a badword] 2",
			"moderationStatus=disapproved&limit=1":        "[a scam SPAM] 2",
		} {
			texts, pages := a.walk(send + "?" + query)
			if got := fmt.Sprint(texts, pages); got != want {
				t.Errorf("%s: got %s, want %s", query, got, want)
			}
		}
		time.Sleep(10 * time.Second)
		texts, _ := a.walk(send + "?moderationStatus=pending")
		a.want("pending", texts, "[]")
		texts, _ = a.walk(send + "?moderationStatus=disapproved")
		a.want("disapproved", texts, "[a scam SPAM a badword]")
	})
}

func TestThreads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, Options{Quirks: quirks(t, "message_settle_time=0s")})
		a.chat()
		id := a.sendID(text("ana", "sam", "parent"))
		thread := "/messages/" + id + "/thread"
		d := a.ok("POST", thread, text("", "ana", "reply", `muid:"ignored"`, `sentAt:1`), "onBehalfOf", "sam").data()
		a.want("parent", fmt.Sprint(d["parentId"], d["muid"], int64(d["sentAt"].(float64)) == time.Now().Unix()), id+"<nil> true")
		a.ok("POST", thread, text("", "sam", "answer"), "onBehalfOf", "ana")
		reply := fmt.Sprint(d["id"])
		a.want("nesting", a.code("POST", "/messages/"+reply+"/thread", text("", "sam", "x"), "onBehalfOf", "ana"), "ERR_MESSAGE_THREAD_NESTING")
		a.want("elsewhere", a.code("POST", thread, text("", "lobby", "x"), "onBehalfOf", "ana"), "ERR_WRONG_MESSAGE_THREAD")
		var texts []string
		for page := 1; page <= 3; page++ {
			for _, m := range a.ok("GET", fmt.Sprintf("%s?perPage=1&page=%d", thread, page), "").list() {
				texts = append(texts, m["data"].(map[string]any)["text"].(string))
			}
		}
		a.want("thread", texts, "[reply answer]")
	})
}

func TestReactions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, Options{Quirks: quirks(t, "message_settle_time=0s")})
		a.chat()
		path := "/messages/" + a.sendID(text("ana", "sam", "x")) + "/reactions"
		like, fox := url.PathEscape("👍"), url.PathEscape("🦊")
		a.ok("POST", path+"/"+like, "", "onBehalfOf", "ana")
		a.ok("POST", path+"/"+like, "", "onBehalfOf", "sam")
		d := a.ok("POST", path+"/"+fox, "", "onBehalfOf", "sam").data()
		want := []any{
			map[string]any{"reaction": "👍", "count": 2.0, "reactedByMe": true},
			map[string]any{"reaction": "🦊", "count": 1.0, "reactedByMe": true},
		}
		if diff := cmp.Diff(want, d["data"].(map[string]any)["reactions"]); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		r := a.ok("GET", path+"?limit=2", "")
		a.want("first page", len(r.list()), 2)
		a.want("who", r.list()[1]["reactedBy"].(map[string]any)["name"], "Sam Ochoa")
		next := r.body["meta"].(map[string]any)["next"].(map[string]any)
		a.want("next page", len(a.ok("GET", fmt.Sprintf("%s?limit=2&affix=%v&id=%v", path, next["affix"], next["id"]), "").list()), 1)
		a.want("latest", a.ok("GET", path+"?limit=1&affix=prepend", "").list()[0]["reaction"], "🦊")
		a.want("of one kind", len(a.ok("GET", path+"/"+like, "").list()), 2)
		a.ok("DELETE", path+"/"+like, "", "onBehalfOf", "ana")
		a.want("of one kind", len(a.ok("GET", path+"/"+like, "").list()), 1)
		for i := range 23 {
			a.ok("POST", fmt.Sprintf("%s/r%d", path, i), "", "onBehalfOf", "ana")
		}
		a.want("too many", a.code("POST", path+"/more", "", "onBehalfOf", "ana"), "ERR_BAD_REQUEST")
		a.want("too long", a.code("POST", path+"/"+strings.Repeat("x", 46), "", "onBehalfOf", "ana"), "ERR_BAD_REQUEST")
	})
}

func TestConversations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, Options{Quirks: quirks(t, "message_settle_time=0s", "member_action_message=none")})
		a.chat()
		a.ok("POST", send, text("ana", "sam", "one"))
		a.ok("POST", send, text("ana", "sam", "two"))
		time.Sleep(time.Second)
		a.ok("POST", send, text("sam", "lobby", "hello"))
		var got []string
		for _, c := range a.ok("GET", "/conversations", "").list() {
			last := c["lastMessage"].(map[string]any)["data"].(map[string]any)["text"]
			with := c["conversationWith"].(map[string]any)["name"]
			got = append(got, fmt.Sprint(c["conversationId"], " ", c["conversationType"], " ", with, " ", c["unreadMessageCount"], " ", last))
		}
		want := []string{
			"group_lobby group Lobby 1 hello",
			"ana_user_sam user Sam Ochoa 0 two",
			"group_lobby group Lobby 0 hello",
			"ana_user_sam user Ana Lima 2 two",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		count := func(query string) int {
			return len(a.ok("GET", "/conversations?"+query, "", "onBehalfOf", "sam").list())
		}
		a.want("of sam", count(""), 2)
		a.want("groups", count("conversationType=group"), 1)
		a.want("by name", count("searchKey=ana"), 1)
		a.want("unread", count("unread=true"), 1)

		first := a.ok("GET", "/users/ana/messages?limit=1", "", "onBehalfOf", "sam").list()[0]["id"]
		a.ok("POST", "/users/ana/conversation/read", fmt.Sprintf(`{"messageId":%v}`, first), "onBehalfOf", "sam")
		unread := func() any {
			return a.ok("GET", "/users/ana/conversation", "", "onBehalfOf", "sam").list()[0]["unreadMessageCount"]
		}
		a.want("half read", unread(), "1")
		a.ok("POST", "/users/ana/conversation/delivered", "", "onBehalfOf", "sam")
		a.want("half read", unread(), "1")
		a.ok("POST", "/users/ana/conversation/read", "", "onBehalfOf", "sam")
		a.want("read", unread(), "0")
		a.ok("DELETE", "/users/ana/conversation/read", fmt.Sprintf(`{"messageId":%v}`, first), "onBehalfOf", "sam")
		a.want("unread again", unread(), "1")
		a.want("other's message", a.code("POST", "/groups/lobby/conversation/read", fmt.Sprintf(`{"messageId":%v}`, first), "onBehalfOf", "sam"), "ERR_MESSAGE_ID_NOT_FOUND")

		a.ok("PUT", "/users/ana/conversation", `{"tags":["vip"]}`, "onBehalfOf", "sam")
		a.want("by tag", count("tags=vip"), 1)
		a.want("tags", a.ok("GET", "/conversations?tags=vip&withTags=true", "", "onBehalfOf", "sam").list()[0]["tags"], []any{"vip"})
		a.ok("DELETE", "/users/ana/conversation", `{"conversationWith":"ana"}`, "onBehalfOf", "sam")
		a.want("kept", a.sent(), 3)
		a.ok("DELETE", "/users/ana/conversation", `{"conversationWith":"ana","deleteMessagesPermanently":true}`, "onBehalfOf", "sam")
		a.want("left", a.sent(), 1)
		a.want("closed", a.code("GET", "/users/ana/conversation", "", "onBehalfOf", "sam"), "ERR_CONVERSATION_NOT_ACCESSIBLE")
	})
}

func TestPlainSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, Options{Quirks: quirks(t, "missing_entity=auto_create")})
		a.chat()
		// The sender and the time in the body count for nothing, nor do details.
		d := a.ok("POST", "/messages", text("ana", "sam", "x", `sentAt:1500000000`, `category:null`, `type:null`)).data()
		a.want("sender", d["sender"], "app_system")
		a.want("time", int64(d["sentAt"].(float64)), time.Now().Unix())
		a.want("type", fmt.Sprint(d["category"], "/", d["type"]), "message/text")
		d = a.ok("POST", "/messages", text("", "sam", "x"), "onBehalfOf", "ana").data()
		a.want("sender", d["sender"], "ana")
		a.want("details", a.code("POST", "/messages", text("", "new", "x", `receiverUserDetails:{"uid":"new","name":"New"}`), "onBehalfOf", "ana"), "ERR_UID_NOT_FOUND")
		d = a.ok("POST", "/messages", `{"receiver":"sam","receiverType":"user","category":"custom","type":"poll","data":{"customData":{"q":1}}}`, "onBehalfOf", "ana").data()
		a.want("no moderation", status(d), "")
	})
}
