package emulator

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// The scenes in which quirks show. Each starts in an app as chat leaves it.

func (a *app) sendTwice() []string {
	first := a.ok("POST", send, text("ana", "sam", "x", `muid:"m"`)).data()["id"]
	r := a.do("POST", send, text("ana", "sam", "x", `muid:"m"`))
	out := []string{r.code, idOf(a, first)}
	if r.status == 200 {
		out = append(out, idOf(a, r.data()["id"]))
	}
	return out
}

// idOf numbers the ids of messages from 1, whatever came before them.
func idOf(a *app, id any) string {
	n := 0
	for _, m := range a.Snapshot().Messages {
		if m.Category == "action" {
			continue
		}
		if n++; m.ID == fmt.Sprint(id) {
			return fmt.Sprint(n)
		}
	}
	return "?"
}

func (a *app) scopes() []string {
	a.ok("POST", send, text("ana", "sam", "x", `muid:"m"`))
	return []string{
		a.code("POST", send, text("ana", "sam", "x", `muid:"m"`)),
		a.code("POST", send, text("ana", "lobby", "x", `muid:"m"`)),
		a.code("POST", send, text("sam", "ana", "x", `muid:"m"`)),
	}
}

func (a *app) muids() []string {
	return []string{
		a.code("POST", send, text("ana", "sam", "x", `muid:"`+strings.Repeat("m", 101)+`"`)),
		a.code("POST", send, text("ana", "sam", "x", `muid:"Ünique!"`)),
		a.code("POST", send, text("ana", "sam", "x", `muid:""`)),
	}
}

func (a *app) readback() []any {
	r := a.ok("POST", send, text("ana", "sam", "x", `muid:"m"`)).data()
	get := a.ok("GET", fmt.Sprintf("/messages/%v", r["id"]), "").data()
	list := a.ok("GET", "/users/sam/messages", "", "onBehalfOf", "ana").list()
	return []any{r["muid"], get["muid"], list[0]["muid"]}
}

func (a *app) setFaults(rules ...string) {
	a.t.Helper()
	var faults []Fault
	for _, rule := range rules {
		f, err := ParseFault(rule)
		if err != nil {
			a.t.Fatal(err)
		}
		faults = append(faults, f)
	}
	if err := a.SetFaults(faults); err != nil {
		a.t.Fatal(err)
	}
}

// sent counts the messages that are no action messages.
func (a *app) sent() int {
	n := 0
	for _, m := range a.Snapshot().Messages {
		if m.Category != "action" {
			n++
		}
	}
	return n
}

func (a *app) failedSend() []int {
	a.setFaults("503")
	if r := a.do("POST", send, text("ana", "sam", "x")); r.status != 503 {
		a.t.Errorf("status %d", r.status)
	}
	a.setFaults()
	out := []int{a.sent()}
	time.Sleep(10 * time.Second)
	return append(out, a.sent())
}

func (a *app) settles(wait time.Duration) {
	id := a.sendID(text("ana", "sam", "x"))
	if wait > 0 {
		time.Sleep(wait - time.Millisecond)
		r := a.do("GET", "/messages/"+id, "")
		a.want("too early", fmt.Sprint(r.status, " ", r.code), "403 ERR_MESSAGE_NO_ACCESS")
		a.want("listed", len(a.ok("GET", "/users/sam/messages", "", "onBehalfOf", "ana").list()), 0)
		a.want("edit", a.code("PUT", send+"/"+id, `{"data":{"text":"y"}}`), "ERR_MESSAGE_NO_ACCESS")
		a.want("delete", a.code("DELETE", "/messages/"+id, ""), "ERR_MESSAGE_NO_ACCESS")
		a.want("reply", a.code("POST", "/messages/"+id+"/thread", text("", "sam", "y"), "onBehalfOf", "ana"), "ERR_MESSAGE_NO_ACCESS")
		a.want("react", a.code("POST", "/messages/"+id+"/reactions/x", "", "onBehalfOf", "ana"), "ERR_MESSAGE_NO_ACCESS")
		time.Sleep(time.Millisecond)
	}
	a.want("read", a.code("GET", "/messages/"+id, ""), "")
	a.want("listed", len(a.ok("GET", "/users/sam/messages", "", "onBehalfOf", "ana").list()), 1)
	a.want("edit", a.code("PUT", send+"/"+id, `{"data":{"text":"y"}}`), "")
}

func (a *app) detailsAgain() []any {
	code := a.code("POST", send, text("ana", "sam", "x", `senderUserDetails:{"uid":"ana","name":"Renamed"}`))
	return []any{code, a.ok("GET", "/users/ana", "").data()["name"]}
}

func (a *app) has(path string) bool { return a.do("GET", path, "").status == 200 }

func (a *app) mismatch() []any {
	code := a.code("POST", send, text("one", "sam", "x", `senderUserDetails:{"uid":"two","name":"Two"}`))
	return []any{code, a.has("/users/one"), a.has("/users/two")}
}

func (a *app) missing() []string {
	return []string{
		a.code("POST", send, text("nobody", "sam", "x")),
		a.code("POST", send, text("sam", "group-none", "x")),
	}
}

func (a *app) leftBehind() []any {
	// The call fails because somebody is to be created who cannot be, after the
	// sender was, and because of a 5xx.
	code := a.code("POST", send, text("new", "sam", "x",
		`senderUserDetails:{"uid":"new","name":"New"}`, `receiverUserDetails:{"uid":"sam","name":"Sam","role":"boss"}`))
	a.want("code", code, "ERR_BAD_REQUEST")
	left := a.has("/users/new")
	a.setFaults("500")
	r := a.do("POST", send, text("newer", "sam", "x", `senderUserDetails:{"uid":"newer","name":"Newer"}`))
	a.want("status", r.status, 500)
	a.setFaults()
	return []any{left, a.has("/users/newer"), a.sent()}
}

func (a *app) ownerless() []any {
	r := a.do("POST", send, text("ana", "group-new", "x", `receiverGroupDetails:{"guid":"group-new","name":"New","type":"public","owner":"nobody"}`))
	owner := a.do("GET", "/groups/group-new", "").data()["owner"]
	if owner == nil {
		owner = ""
	}
	return []any{r.code, owner}
}

func (a *app) strangers() []string {
	a.ok("POST", "/users", `{"uid":"eve","name":"Eve"}`)
	a.ok("POST", "/groups", `{"guid":"group-closed","name":"Closed","type":"private","owner":"ana"}`)
	return []string{a.code("POST", send, text("eve", "lobby", "x")), a.code("POST", send, text("eve", "group-closed", "x"))}
}

// founder sends the message that creates the group group-new, which ana owns.
func (a *app) founder(uid string) string {
	return a.code("POST", send, text(uid, "group-new", "x", `receiverGroupDetails:{"guid":"group-new","name":"New","type":"public","owner":"ana"}`))
}

func (a *app) future() []any {
	now := time.Now().Unix()
	r := a.do("POST", send, text("ana", "sam", "x", fmt.Sprintf(`sentAt:%d`, now+3600)))
	var ahead any
	if at, ok := r.data()["sentAt"].(float64); ok {
		ahead = int64(at) - now
	}
	list := func() int { return len(a.ok("GET", "/users/sam/messages", "", "onBehalfOf", "ana").list()) }
	out := []any{r.code, ahead, list()}
	time.Sleep(time.Hour)
	return append(out, list())
}

func (a *app) old() []any {
	r := a.do("POST", send, text("ana", "sam", "x", fmt.Sprintf(`sentAt:%d`, time.Now().AddDate(-1, 0, 0).Unix()),
		`muid:"old"`))
	young := a.do("POST", send, text("ana", "sam", "x", fmt.Sprintf(`sentAt:%d`, time.Now().AddDate(0, -5, 0).Unix())))
	a.want("five months", young.status, 200)
	return []any{r.status, a.sent() - 1}
}

func (a *app) ids(path string, header ...string) []string {
	var ids []string
	for _, m := range a.ok("GET", path, "", header...).list() {
		ids = append(ids, idOf(a, m["id"]))
	}
	return ids
}

func (a *app) orders() int {
	for range 6 {
		a.ok("POST", send, text("ana", "sam", "x"))
	}
	seen := make(map[string]bool)
	for range 8 {
		seen[fmt.Sprint(a.ids("/users/sam/messages", "onBehalfOf", "ana"))] = true
	}
	return len(seen)
}

func (a *app) twoBackdated() {
	now := time.Now().Unix()
	a.ok("POST", send, text("ana", "sam", "later", fmt.Sprintf("sentAt:%d", now-100)))
	a.ok("POST", send, text("ana", "sam", "earlier", fmt.Sprintf("sentAt:%d", now-200)))
}

func (a *app) backdated() []string {
	a.twoBackdated()
	got := a.ids("/users/sam/messages", "onBehalfOf", "ana")
	a.want("all", fmt.Sprint(a.ids("/messages?category=message")), fmt.Sprint(got))
	a.want("by sender", fmt.Sprint(a.ids("/messages?sender=ana&category=message")), fmt.Sprint(got))
	return got
}

func (a *app) lastMessage() string {
	a.twoBackdated()
	list := a.ok("GET", "/conversations?conversationType=user", "", "onBehalfOf", "ana").list()
	return idOf(a, list[0]["lastMessage"].(map[string]any)["id"])
}

func (a *app) availability() []string {
	return []string{a.code("GET", send, ""), a.code("POST", send, text("ana", "sam", "x"))}
}

// status is the moderation status in an answer, "" for none.
func status(data map[string]any) string {
	content, _ := data["data"].(map[string]any)
	m, _ := content["moderation"].(map[string]any)
	s, _ := m["status"].(string)
	return s
}

func (a *app) statusAfter(body string, wait time.Duration) string {
	r := a.ok("POST", send, body).data()
	if wait == 0 {
		return status(r)
	}
	time.Sleep(wait)
	return status(a.ok("GET", fmt.Sprintf("%s/%v", send, r["id"]), "").data())
}

func (a *app) whenOff() string {
	r := a.do("POST", send, text("ana", "sam", "x"))
	return r.code + status(r.data())
}

func (a *app) disapproved() []int {
	a.ok("POST", send, text("ana", "sam", "fine"))
	a.ok("POST", send, text("ana", "sam", "spam"))
	return []int{
		len(a.ok("GET", "/users/sam/messages", "", "onBehalfOf", "ana").list()),
		len(a.ok("GET", send+"?moderationStatus=disapproved&sender=ana", "").list()),
	}
}

const picture = `{"url":"https://x.test/a.png","name":"a.png","mimeType":"image/png","extension":"png"}`

func (a *app) mediaURLs() []any {
	get := func(data string) any {
		r := a.ok("POST", send, text("ana", "sam", "", `type:"image"`, "data:"+data))
		return r.data()["data"].(map[string]any)["url"]
	}
	return []any{get(`{"attachments":[` + picture + `]}`), get(`{"attachments":[` + picture + `],"url":"https://x.test/b.png"}`)}
}

func (a *app) attachmentURL() any {
	r := a.ok("POST", send, text("ana", "sam", "", `type:"image"`, `data:{"attachments":[`+picture+`]}`))
	list := r.data()["data"].(map[string]any)["attachments"].([]any)
	return list[0].(map[string]any)["url"]
}

func (a *app) unreachable() []int {
	r := a.do("POST", send, text("ana", "sam", "", `type:"image"`, `data:{"attachments":[`+strings.Replace(picture, "x.test", "x.invalid", 1)+`]}`))
	return []int{r.status, a.sent()}
}

func (a *app) burst() []int {
	out := []int{0, 0}
	for range 40 {
		if a.do("POST", send, text("ana", "sam", "x")).status == 429 {
			out[0]++
		}
	}
	if a.do("POST", send, text("sam", "ana", "x")).status == 429 { // others go on
		out[1]++
	}
	return out
}

func (a *app) rateHeaders() []string {
	h := a.ok("GET", "/users", "").header
	return []string{h.Get("X-Rate-Limit"), h.Get("X-RateLimit-Limit")}
}

func (a *app) limited() result {
	a.setFaults("429")
	r := a.do("GET", "/users", "")
	a.want("status", r.status, http.StatusTooManyRequests)
	return r
}

func (a *app) statuses() []int {
	return []int{
		a.do("GET", "/users/nobody", "").status,
		a.do("POST", "/users", `{"uid":"ana","name":"Ana"}`).status,
		a.do("POST", "/groups/lobby/members", `{"participants":["sam"]}`).status, // partly failed calls are 200
		a.do("GET", "/groups/lobby", "", "onBehalfOf", "eve").status,
	}
}

func (a *app) serverError() string {
	a.setFaults("500")
	r := a.do("GET", "/users", "")
	a.want("status", r.status, 500)
	return fmt.Sprint(r.header.Get("Content-Type"), " ", r.code, " ", len(r.raw) > 0)
}

func (a *app) details() any {
	r := a.do("POST", "/users", `{"uid":"x"}`)
	d, _ := r.body["error"].(map[string]any)["details"].(map[string]any)
	return d["name"]
}

func (a *app) metadata() []any {
	a.ok("PUT", "/users/ana", `{"metadata":{"a":1}}`)
	user := a.ok("PUT", "/users/ana", `{"metadata":{"b":2}}`).data()["metadata"]
	a.ok("PUT", "/groups/lobby", `{"metadata":{"a":1}}`)
	group := a.ok("PUT", "/groups/lobby", `{"metadata":{"b":2}}`).data()["metadata"]
	id := a.sendID(text("ana", "sam", "", `data:{"text":"x","metadata":{"a":1}}`))
	m := a.ok("PUT", send+"/"+id, `{"data":{"text":"y","metadata":{"b":2}}}`).data()
	return []any{user, group, m["data"].(map[string]any)["metadata"]}
}

func (a *app) private() bool {
	a.ok("PUT", "/users/ana", `{"metadata":{"@private":{"email":"a@x.test"},"a":1}}`)
	r := a.ok("GET", "/users/ana", "")
	a.want("the rest", r.data()["metadata"].(map[string]any)["a"], 1)
	return strings.Contains(string(r.raw), "@private")
}

func (a *app) clear() []any {
	a.ok("PUT", "/users/ana", `{"tags":["vip"],"statusMessage":"busy"}`)
	code := a.code("PUT", "/users/ana", `{"tags":[],"statusMessage":""}`)
	d := a.ok("GET", "/users/ana", "").data()
	return []any{code, d["tags"], d["statusMessage"]}
}

func (a *app) injected() []any {
	d := a.ok("GET", "/users/ana", "").data()
	m := a.ok("POST", send, text("ana", "sam", "x")).data()["data"].(map[string]any)
	a.want("text", m["text"], "x")
	return []any{d["role"], m["metadata"]}
}

func (a *app) password() any {
	a.ok("POST", "/groups", `{"guid":"vault","name":"Vault","type":"password","password":"secret"}`)
	return a.ok("GET", "/groups/vault", "").data()["password"]
}

func (a *app) again() []string {
	a.ok("DELETE", "/users/ana", "")
	return []string{a.code("GET", "/users/ana", ""), a.code("POST", "/users", `{"uid":"ana","name":"New Ana"}`)}
}

func (a *app) banned() []int {
	a.ok("POST", "/groups/lobby/bannedusers/sam", "")
	return []int{len(a.ok("GET", "/groups/lobby/members", "").list()), len(a.ok("GET", "/groups/lobby/bannedusers", "").list())}
}

func (a *app) deleted() []any {
	id := a.sendID(text("ana", "sam", "x"))
	d := a.ok("DELETE", "/messages/"+id, `{"permanent":true}`).data()
	a.want("gone", a.code("GET", "/messages/"+id, ""), "ERR_MESSAGE_ID_NOT_FOUND")
	content, _ := d["data"].(map[string]any)
	return []any{d["category"], content["action"], d["success"]}
}

func (a *app) moderationPages() []int {
	for range 3 {
		a.ok("POST", send, text("ana", "sam", "x"))
	}
	first := a.ok("GET", send+"?limit=2", "")
	next := first.body["meta"].(map[string]any)["next"].(map[string]any)
	second := a.ok("GET", fmt.Sprintf("%s?limit=2&affix=%v&sentAt=%.0f&id=%v", send, next["affix"], next["sentAt"], next["id"]), "")
	page := a.ok("GET", send+"?limit=2&page=2", "")
	return []int{len(first.list()), len(second.list()), len(page.list())}
}

func (a *app) conversationID() []any {
	first := a.ok("POST", send, text("sam", "ana", "x")).data()["conversationId"]
	second := a.ok("POST", send, text("ana", "sam", "x")).data()["conversationId"]
	return []any{first, second}
}

func (a *app) conversationShape() string {
	a.ok("POST", send, text("sam", "ana", "x"))
	return fmt.Sprintf("%T", a.ok("GET", "/users/sam/conversation", "", "onBehalfOf", "ana").body["data"])
}

func (a *app) reactTwice() string {
	id := a.sendID(text("sam", "ana", "x"))
	a.ok("POST", "/messages/"+id+"/reactions/%F0%9F%91%8D", "", "onBehalfOf", "ana")
	return a.code("POST", "/messages/"+id+"/reactions/%F0%9F%91%8D", "", "onBehalfOf", "ana")
}

func (a *app) sendToMany() string {
	r := a.ok("POST", "/messages", `{"data":{"text":"x"},"multipleReceivers":{"uids":["sam"],"guids":["lobby"]}}`, "onBehalfOf", "ana")
	return fmt.Sprintf("%T %d", r.body["data"], a.sent())
}

func (a *app) otherApp() string {
	req, err := http.NewRequest(http.MethodGet, "https://other.api-us.cometchat.io/v3/users", nil)
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("apikey", "k")
	res, err := a.client.Do(req)
	if err != nil {
		return err.Error()
	}
	return readResult(a.t, res).code
}
