package emulator

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func long(n int) string { return strings.Repeat("x", n) }

func list(n int, item string) string {
	return "[" + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + "]"
}

// TestRefusals holds what the documentation says may not be done.
func TestRefusals(t *testing.T) {
	media := func(attachments string) string {
		return text("ana", "sam", "", `type:"image"`, `data:{"attachments":`+attachments+`}`)
	}
	tests := []struct {
		name, method, path, body string
		behalf                   string
		status                   int
		code                     string
		field                    string // that details must have
	}{
		{"unknown path", "GET", "/nothing", "", "", 404, "ERR_API_NOT_FOUND", ""},
		{"unknown method", "PATCH", "/users", "{}", "", 404, "ERR_API_NOT_FOUND", ""},
		{"import is not here", "POST", "/data_import/users", "{}", "", 404, "ERR_API_NOT_FOUND", ""},

		{"no body", "POST", send, "", "", 400, "ERR_BAD_REQUEST", "receiver"},
		{"no JSON", "POST", send, `{"sender":`, "", 400, "ERR_BAD_REQUEST", "body"},
		{"no object", "POST", send, `[]`, "", 400, "ERR_BAD_REQUEST", "body"},
		{"no UTF-8", "POST", send, "{\"sender\":\"\xff\"}", "", 400, "ERR_BAD_REQUEST", "body"},
		{"no sender", "POST", send, text("", "sam", "x"), "", 400, "ERR_BAD_REQUEST", "sender"},
		{"no receiver", "POST", send, text("ana", "", "x"), "", 400, "ERR_BAD_REQUEST", "receiver"},
		{"no receiverType", "POST", send, text("ana", "sam", "x", `receiverType:null`), "", 400, "ERR_BAD_REQUEST", "receiverType"},
		{"wrong receiverType", "POST", send, text("ana", "sam", "x", `receiverType:"person"`), "", 400, "ERR_INVALID_RECEIVER_TYPE", "receiverType"},
		{"sender is a number", "POST", send, text("ana", "sam", "x", `sender:5`), "", 400, "ERR_BAD_REQUEST", "sender"},
		{"sender with a blank", "POST", send, text("an a", "sam", "x"), "", 400, "ERR_BAD_REQUEST", "sender"},
		{"long sender", "POST", send, text(long(101), "sam", "x"), "", 400, "ERR_BAD_REQUEST", "sender"},
		{"no category", "POST", send, text("ana", "sam", "x", `category:null`), "", 400, "ERR_EMPTY_MESSAGE_CATEGORY", "category"},
		{"wrong category", "POST", send, text("ana", "sam", "x", `category:"call"`), "", 400, "ERR_INVALID_MESSAGE_CATEGORY", "category"},
		{"no type", "POST", send, text("ana", "sam", "x", `type:""`), "", 400, "ERR_EMPTY_MESSAGE_TYPE", "type"},
		{"wrong type", "POST", send, text("ana", "sam", "x", `type:"poem"`), "", 400, "ERR_INVALID_MESSAGE_TYPE", "type"},
		{"empty text", "POST", send, text("ana", "sam", ""), "", 400, "ERR_EMPTY_MESSAGE_TEXT", "data.text"},
		{"blank text", "POST", send, text("ana", "sam", " \n"), "", 400, "ERR_EMPTY_MESSAGE_TEXT", "data.text"},
		{"no data", "POST", send, text("ana", "sam", "", `data:null`), "", 400, "ERR_EMPTY_MESSAGE_TEXT", "data.text"},
		{"text is a number", "POST", send, text("ana", "sam", "", `data:{"text":5}`), "", 400, "ERR_INVALID_MESSAGE_TEXT", "data.text"},
		{"data is a list", "POST", send, text("ana", "sam", "", `data:[]`), "", 400, "ERR_INVALID_MESSAGE_DATA", "data"},
		{"metadata is a list", "POST", send, text("ana", "sam", "", `data:{"text":"x","metadata":[]}`), "", 400, "ERR_INVALID_METADATA", "data.metadata"},
		{"customData is a list", "POST", send, text("ana", "sam", "", `data:{"text":"x","customData":[]}`), "", 400, "ERR_INVALID_CUSTOM_DATA", "data.customData"},
		{"no attachment", "POST", send, text("ana", "sam", "", `type:"image"`, `data:{"text":"x"}`), "", 400, "ERR_EMPTY_MESSAGE_FILE", "data.attachments"},
		{"attachments are an object", "POST", send, media(`{}`), "", 400, "ERR_INVALID_MEDIA_MESSAGE", "data.attachments"},
		{"attachment without a name", "POST", send, media(`[{"url":"https://x.test/a","mimeType":"image/png","extension":"png"}]`), "", 400, "ERR_INVALID_MEDIA_MESSAGE", "data.attachments"},
		{"attachment without a URL", "POST", send, media(`[{"url":"a.png","name":"a","mimeType":"image/png","extension":"png"}]`), "", 400, "ERR_INVALID_MEDIA_MESSAGE", "data.attachments"},
		{"empty muid", "POST", send, text("ana", "sam", "x", `muid:""`), "", 400, "ERR_BAD_REQUEST", "muid"},
		{"too many tags", "POST", send, text("ana", "sam", "x", `tags:`+list(26, `"t"`)), "", 400, "ERR_BAD_REQUEST", "tags"},
		{"long tag", "POST", send, text("ana", "sam", "x", `tags:["`+long(101)+`"]`), "", 400, "ERR_BAD_REQUEST", "tags"},
		{"tags are a text", "POST", send, text("ana", "sam", "x", `tags:"t"`), "", 400, "ERR_BAD_REQUEST", "tags"},
		{"milliseconds", "POST", send, text("ana", "sam", "x", `sentAt:1750335220000`), "", 400, "ERR_BAD_REQUEST", "sentAt"},
		{"sentAt is a text", "POST", send, text("ana", "sam", "x", `sentAt:"1750335220"`), "", 400, "ERR_BAD_REQUEST", "sentAt"},
		{"sentAt has a fraction", "POST", send, text("ana", "sam", "x", `sentAt:1750335220.5`), "", 400, "ERR_BAD_REQUEST", "sentAt"},
		{"70,000 characters", "POST", send, text("ana", "sam", long(70_000)), "", 400, "ERR_BAD_REQUEST", "data"},
		{"eleven mentions", "POST", send, text("ana", "sam", "<@uid:a><@uid:b><@uid:c><@uid:d><@uid:e><@uid:f><@uid:g><@uid:h><@uid:i><@uid:j><@uid:k>"), "", 400, "ERR_BAD_REQUEST", "data.text"},
		{"details without a name", "POST", send, text("new", "sam", "x", `senderUserDetails:{"uid":"new"}`), "", 400, "ERR_BAD_REQUEST", "senderUserDetails.name"},
		{"details are a text", "POST", send, text("new", "sam", "x", `senderUserDetails:"new"`), "", 400, "ERR_BAD_REQUEST", "senderUserDetails.uid"},
		{"group details without a type", "POST", send, text("ana", "group-new", "x", `receiverGroupDetails:{"guid":"group-new","name":"x"}`), "", 400, "ERR_BAD_REQUEST", "receiverGroupDetails.type"},
		{"group details of type password without one", "POST", send, text("ana", "group-new", "x", `receiverGroupDetails:{"guid":"group-new","name":"x","type":"password"}`), "", 400, "ERR_EMPTY_GROUP_PASS", ""},
		{"unknown sender", "POST", send, text("nobody", "sam", "x"), "", 404, "ERR_UID_NOT_FOUND", ""},
		{"unknown receiver", "POST", send, text("ana", "nobody", "x"), "", 404, "ERR_UID_NOT_FOUND", ""},
		{"unknown group", "POST", send, text("ana", "group-none", "x"), "", 404, "ERR_GUID_NOT_FOUND", ""},
		{"wrong moderationStatus", "GET", send + "?moderationStatus=approved", "", "", 400, "ERR_BAD_REQUEST", "moderationStatus"},
		{"unknown message", "GET", send + "/99", "", "", 404, "ERR_MESSAGE_ID_NOT_FOUND", ""},
		{"message id is a text", "GET", "/messages/x", "", "", 404, "ERR_MESSAGE_ID_NOT_FOUND", ""},
		{"edit of nothing", "PUT", send + "/99", `{"data":{"text":"x"}}`, "", 404, "ERR_MESSAGE_ID_NOT_FOUND", ""},
		{"edit without data", "PUT", send + "/99", `{}`, "", 400, "ERR_BAD_REQUEST", "data"},
		{"delete of nothing", "DELETE", "/messages/99", ``, "", 404, "ERR_MESSAGE_ID_NOT_FOUND", ""},
		{"permanent is a text", "DELETE", "/messages/99", `{"permanent":"yes"}`, "", 400, "ERR_BAD_REQUEST", "permanent"},
		{"large limit", "GET", "/messages?limit=1001", "", "", 400, "ERR_BAD_REQUEST", "limit"},
		{"no limit", "GET", "/messages?limit=0", "", "", 400, "ERR_BAD_REQUEST", "limit"},
		{"wrong affix", "GET", "/messages?affix=around", "", "", 400, "ERR_BAD_REQUEST", "affix"},
		{"wrong id", "GET", "/messages?id=x", "", "", 400, "ERR_BAD_REQUEST", "id"},
		{"messages of a pair need two", "GET", "/users/sam/messages", "", "", 400, "ERR_BAD_REQUEST", "onBehalfOf"},
		{"messages with nobody", "GET", "/users/nobody/messages", "", "ana", 404, "ERR_UID_NOT_FOUND", ""},
		{"messages of no group", "GET", "/groups/none/messages", "", "", 404, "ERR_GUID_NOT_FOUND", ""},

		{"plain send to nobody", "POST", "/messages", `{"receiver":"nobody","receiverType":"user","data":{"text":"x"}}`, "ana", 404, "ERR_UID_NOT_FOUND", ""},
		{"custom without customData", "POST", "/messages", `{"receiver":"sam","receiverType":"user","category":"custom","type":"poll","data":{}}`, "ana", 400, "ERR_EMPTY_CUSTOM_DATA", "data.customData"},
		{"reply for nobody", "POST", "/messages/99/thread", text("", "sam", "x"), "", 400, "ERR_BAD_REQUEST", "onBehalfOf"},
		{"reaction for nobody", "POST", "/messages/99/reactions/x", "", "", 400, "ERR_BAD_REQUEST", "onBehalfOf"},

		{"user without a name", "POST", "/users", `{"uid":"x"}`, "", 400, "ERR_BAD_REQUEST", "name"},
		{"user without a uid", "POST", "/users", `{"name":"X"}`, "", 400, "ERR_BAD_REQUEST", "uid"},
		{"user with an odd uid", "POST", "/users", `{"uid":"x/y","name":"X"}`, "", 400, "ERR_BAD_REQUEST", "uid"},
		{"user with a long name", "POST", "/users", `{"uid":"x","name":"` + long(101) + `"}`, "", 400, "ERR_BAD_REQUEST", "name"},
		{"user with a wrong avatar", "POST", "/users", `{"uid":"x","name":"X","avatar":"me.png"}`, "", 400, "ERR_BAD_REQUEST", "avatar"},
		{"user with a long link", "POST", "/users", `{"uid":"x","name":"X","link":"https://x.test/` + long(3000) + `"}`, "", 400, "ERR_BAD_REQUEST", "link"},
		{"user with much metadata", "POST", "/users", `{"uid":"x","name":"X","metadata":{"a":"` + long(5200) + `"}}`, "", 400, "ERR_BAD_REQUEST", "metadata"},
		{"user with a large body", "POST", "/users", `{"uid":"x","name":"X","more":"` + long(11000) + `"}`, "", 400, "ERR_BAD_REQUEST", "body"},
		{"user with many tags", "POST", "/users", `{"uid":"x","name":"X","tags":` + list(26, `"t"`) + `}`, "", 400, "ERR_BAD_REQUEST", "tags"},
		{"user with an unknown role", "POST", "/users", `{"uid":"x","name":"X","role":"boss"}`, "", 400, "ERR_BAD_REQUEST", "role"},
		{"user that exists", "POST", "/users", `{"uid":"ANA","name":"Ana"}`, "", 400, "ERR_UID_ALREADY_EXISTS", ""},
		{"the app's own user", "POST", "/users", `{"uid":"app_system","name":"Me"}`, "", 400, "ERR_UID_ALREADY_EXISTS", ""},
		{"unknown user", "GET", "/users/nobody", "", "", 404, "ERR_UID_NOT_FOUND", ""},
		{"update of nobody", "PUT", "/users/nobody", `{"name":"X"}`, "", 404, "ERR_UID_NOT_FOUND", ""},
		{"unset of a name", "PUT", "/users/ana", `{"unset":["name"]}`, "", 400, "ERR_BAD_REQUEST", "unset"},
		{"empty name", "PUT", "/users/ana", `{"name":""}`, "", 400, "ERR_BAD_REQUEST", "name"},
		{"delete of nobody", "DELETE", "/users/nobody", "", "", 404, "ERR_UID_NOT_FOUND", ""},
		{"activate nobody", "PUT", "/users", `{}`, "", 400, "ERR_BAD_REQUEST", "uidsToActivate"},
		{"deactivate nobody", "DELETE", "/users", `{"uidsToDeactivate":"ana"}`, "", 400, "ERR_BAD_REQUEST", "uidsToDeactivate"},
		{"large page", "GET", "/users?perPage=1001", "", "", 400, "ERR_BAD_REQUEST", "perPage"},
		{"page 0", "GET", "/users?page=0", "", "", 400, "ERR_BAD_REQUEST", "page"},

		{"group that exists", "POST", "/groups", `{"guid":"lobby","name":"L","type":"public"}`, "", 400, "ERR_GUID_ALREADY_EXISTS", ""},
		{"group without a type", "POST", "/groups", `{"guid":"x","name":"X"}`, "", 400, "ERR_BAD_REQUEST", "type"},
		{"group with a wrong type", "POST", "/groups", `{"guid":"x","name":"X","type":"protected"}`, "", 400, "ERR_BAD_REQUEST", "type"},
		{"group without its password", "POST", "/groups", `{"guid":"x","name":"X","type":"password"}`, "", 400, "ERR_EMPTY_GROUP_PASS", ""},
		{"group with a long password", "POST", "/groups", `{"guid":"x","name":"X","type":"password","password":"` + long(101) + `"}`, "", 400, "ERR_BAD_REQUEST", "password"},
		{"group with a long description", "POST", "/groups", `{"guid":"x","name":"X","type":"public","description":"` + long(256) + `"}`, "", 400, "ERR_BAD_REQUEST", "description"},
		{"group of an unknown owner", "POST", "/groups", `{"guid":"x","name":"X","type":"public","owner":"nobody"}`, "", 400, "ERR_BAD_REQUEST", "owner"},
		{"group with many members", "POST", "/groups", `{"guid":"x","name":"X","type":"public","members":{"admins":` + uids(26) + `}}`, "", 400, "ERR_BAD_REQUEST", "members.participants"},
		{"unknown group", "GET", "/groups/none", "", "", 404, "ERR_GUID_NOT_FOUND", ""},
		{"group for a stranger", "GET", "/groups/lobby", "", "eve", 401, "ERR_GROUP_NOT_JOINED", ""},
		{"unset of an owner", "PUT", "/groups/lobby", `{"unset":["owner"]}`, "", 400, "ERR_BAD_REQUEST", "unset"},
		{"too many members", "POST", "/groups/lobby/members", `{"participants":` + uids(20) + `,"admins":["a","b","c","d","e","f"]}`, "", 400, "ERR_BAD_REQUEST", "participants"},
		{"no members", "POST", "/groups/lobby/members", `{}`, "", 400, "ERR_BAD_REQUEST", "participants"},
		{"members of no group", "POST", "/groups/none/members", `{"participants":["ana"]}`, "", 404, "ERR_GUID_NOT_FOUND", ""},
		{"wrong scope", "PUT", "/groups/lobby/members/sam", `{"scope":"boss"}`, "", 400, "ERR_BAD_REQUEST", "scope"},
		{"same scope", "PUT", "/groups/lobby/members/sam", `{"scope":"participant"}`, "", 400, "ERR_SAME_SCOPE", ""},
		{"scope of the owner", "PUT", "/groups/lobby/members/ana", `{"scope":"participant"}`, "", 400, "ERR_GROUP_OWNER_DEMOTE_FORBIDDEN", ""},
		{"scope of a stranger", "PUT", "/groups/lobby/members/eve", `{"scope":"admin"}`, "", 404, "ERR_NOT_A_MEMBER", ""},
		{"kick of a stranger", "DELETE", "/groups/lobby/members/eve", "", "", 404, "ERR_NOT_A_MEMBER", ""},
		{"unban of somebody", "DELETE", "/groups/lobby/bannedusers/sam", "", "", 400, "ERR_NOT_A_BANNED_USER", ""},

		{"role without a name", "POST", "/roles", `{"role":"x"}`, "", 400, "ERR_BAD_REQUEST", "name"},
		{"role with wrong settings", "POST", "/roles", `{"role":"x","name":"X","settings":{"listUsers":"none"}}`, "", 400, "ERR_BAD_REQUEST", "settings.listUsers"},
		{"role that exists", "POST", "/roles", `{"role":"default","name":"X"}`, "", 400, "ERR_ROLE_ALREADY_EXISTS", ""},
		{"unknown role", "GET", "/roles/none", "", "", 404, "ERR_ROLE_NOT_FOUND", ""},
		{"default role", "DELETE", "/roles/default", "", "", 400, "ERR_ROLE_DELETE_DENIED", ""},

		{"conversation for nobody", "GET", "/users/sam/conversation", "", "", 400, "ERR_BAD_REQUEST", "onBehalfOf"},
		{"conversation without a word", "GET", "/users/sam/conversation", "", "ana", 404, "ERR_CONVERSATION_NOT_ACCESSIBLE", ""},
	}
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, Options{})
		a.chat()
		a.ok("POST", "/users", `{"uid":"eve","name":"Eve"}`)
		before := a.Snapshot()
		for _, test := range tests {
			var header []string
			if test.behalf != "" {
				header = []string{"onBehalfOf", test.behalf}
			}
			r := a.do(test.method, test.path, test.body, header...)
			if r.status != test.status || r.code != test.code {
				t.Errorf("%s: %d %s, want %d %s", test.name, r.status, r.raw, test.status, test.code)
				continue
			}
			e := r.body["error"].(map[string]any)
			if e["message"] == "" {
				t.Errorf("%s: no message", test.name)
			}
			details, _ := e["details"].(map[string]any)
			if _, ok := details[test.field].([]any); test.field != "" && !ok {
				t.Errorf("%s: details %v do not name %s", test.name, details, test.field)
			}
		}
		after := a.Snapshot()
		before.Requests, after.Requests = nil, nil
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("refused requests did something (-before +after):\n%s", diff)
		}
	})
}

func uids(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`"u%d"`, i))
	}
	return "[" + strings.Join(list, ",") + "]"
}

func TestAuthorization(t *testing.T) {
	a := newApp(t, Options{AppID: "app1", Region: "eu", APIKey: "0123456789abcdef0123456789abcdef01234567"})
	tests := []struct {
		name, url string
		header    http.Header
		status    int
		code      string
	}{
		{"right", "https://app1.api-eu.cometchat.io/v3/users", http.Header{"Apikey": {a.options.APIKey}}, 200, ""},
		{"with the app's id", "https://app1.api-eu.cometchat.io/v3/users", http.Header{"Apikey": {a.options.APIKey}, "Appid": {"app1"}}, 200, ""},
		{"no key", "https://app1.api-eu.cometchat.io/v3/users", nil, 401, "AUTH_ERR_EMPTY_APIKEY"},
		{"wrong key", "https://app1.api-eu.cometchat.io/v3/users", http.Header{"Apikey": {"secretsecretsecretsecretsecretsecretsecr"}}, 401, "AUTH_ERR_APIKEY_NOT_FOUND"},
		{"unknown path without a key", "https://app1.api-eu.cometchat.io/v3/nothing", nil, 401, "AUTH_ERR_EMPTY_APIKEY"},
		{"other app", "https://app2.api-eu.cometchat.io/v3/users", http.Header{"Apikey": {a.options.APIKey}}, 401, "AUTH_ERR_INVALID_APPID"},
		{"other region", "https://app1.api-us.cometchat.io/v3/users", http.Header{"Apikey": {a.options.APIKey}}, 401, "AUTH_ERR_INVALID_APPID"},
		{"other app's id", "https://app1.api-eu.cometchat.io/v3/users", http.Header{"Apikey": {a.options.APIKey}, "Appid": {"app2"}}, 401, "AUTH_ERR_INVALID_APPID"},
		{"old version", "https://app1.api-eu.cometchat.io/v2/users", nil, 400, "ERR_INVALID_API_VERSION"},
	}
	for _, test := range tests {
		req, err := http.NewRequest(http.MethodGet, test.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if test.header != nil {
			req.Header = test.header
		}
		res, err := a.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		r := readResult(t, res)
		if r.status != test.status || r.code != test.code {
			t.Errorf("%s: %d %s", test.name, r.status, r.raw)
		}
		if strings.Contains(string(r.raw), "secretsecret") {
			t.Errorf("%s: the key is in the answer: %s", test.name, r.raw)
		}
	}
}

func TestBodiesMustBeJSON(t *testing.T) {
	a := newApp(t, Options{})
	for kind, want := range map[string]string{
		"application/json":                "",
		"Application/JSON; charset=utf-8": "",
		"text/plain":                      "ERR_BAD_REQUEST",
		"":                                "ERR_BAD_REQUEST",
	} {
		r := a.do("POST", "/users", fmt.Sprintf(`{"uid":"u%d","name":"X"}`, len(kind)), "Content-Type", kind)
		if r.code != want {
			t.Errorf("%q: %s", kind, r.raw)
		}
	}
}

func TestSentMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(26 * 365 * 24 * time.Hour) // ids of ten digits
		a := newApp(t, Options{})
		sentAt := time.Now().Add(-48 * time.Hour).Unix()
		r := a.ok("POST", send, text("Ana", "SAM", "Hi <@uid:sam>!", `muid:"m-1"`, `tags:["a","b"]`, fmt.Sprintf("sentAt:%d", sentAt),
			`senderUserDetails:{"uid":"ANA","name":"Ana Lima","role":"default","avatar":"https://x.test/a.png","metadata":{"k":{"v":1}},"tags":["staff"],"createdAt":1750000000}`,
			`receiverUserDetails:{"uid":"sam","name":"Sam","link":"https://x.test/sam"}`))
		now := float64(time.Now().Unix())
		want := map[string]any{
			"id": "1", "muid": "m-1", "conversationId": "ana_user_sam", "sender": "ana", "receiverType": "user", "receiver": "sam",
			"category": "message", "type": "text", "sentAt": float64(sentAt), "updatedAt": now, "tags": []any{"a", "b"},
			"data": map[string]any{
				"text": "Hi <@uid:sam>!",
				"entities": map[string]any{
					"sender": map[string]any{"entityType": "user", "entity": map[string]any{
						"uid": "ana", "name": "Ana Lima", "avatar": "https://x.test/a.png", "metadata": map[string]any{"k": map[string]any{"v": 1.0}},
						"status": "offline", "role": "default", "createdAt": 1750000000.0, "conversationId": "ana_user_sam"}},
					"receiver": map[string]any{"entityType": "user", "entity": map[string]any{
						"uid": "sam", "name": "Sam", "link": "https://x.test/sam", "status": "offline", "role": "default", "createdAt": now}},
				},
				"mentions":   map[string]any{"sam": map[string]any{"uid": "sam", "name": "Sam", "link": "https://x.test/sam", "status": "offline", "role": "default", "createdAt": now}},
				"moderation": map[string]any{"status": "pending"},
			},
		}
		if diff := cmp.Diff(want, r.data()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		time.Sleep(time.Minute)
		want["data"].(map[string]any)["moderation"] = map[string]any{"status": "approved"}
		for _, path := range []string{send + "/1", "/messages/1"} {
			if diff := cmp.Diff(want, a.ok("GET", path, "").data()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
		}
		// Lists have tags only for those who ask.
		if got := a.ok("GET", "/messages?withTags=true", "").list()[0]; cmp.Diff(want, got) != "" {
			t.Error(cmp.Diff(want, got))
		}
		delete(want, "tags")
		if got := a.ok("GET", "/messages", "").list()[0]; cmp.Diff(want, got) != "" {
			t.Error(cmp.Diff(want, got))
		}
	})
}

func TestEditAndDelete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, Options{})
		a.chat()
		id := a.sendID(text("ana", "sam", "one"))
		time.Sleep(10 * time.Second)
		// The moderation endpoint answers with the message and moderates again.
		d := a.ok("PUT", send+"/"+id, `{"data":{"text":"a scam"}}`).data()
		a.want("id", d["id"], id)
		a.want("status", status(d), "pending")
		a.want("editedBy", d["editedBy"], "app_system")
		a.want("editedAt", int64(d["editedAt"].(float64)), time.Now().Unix())
		time.Sleep(10 * time.Second)
		a.want("status", status(a.ok("GET", send+"/"+id, "").data()), "disapproved")
		// The other one answers with an action that has an id of its own.
		d = a.ok("PUT", "/messages/"+id, `{"data":{"text":"two"},"tags":["x"]}`, "onBehalfOf", "ana").data()
		a.want("category", d["category"], "action")
		a.want("own id", d["id"] != id, true)
		on := d["data"].(map[string]any)["entities"].(map[string]any)["on"].(map[string]any)["entity"].(map[string]any)
		a.want("edited id", on["id"], id)
		a.want("edited text", on["data"].(map[string]any)["text"], "two")
		a.want("tags", on["tags"], []any{"x"})
		a.want("not the sender", a.code("PUT", "/messages/"+id, `{"data":{"text":"x"}}`, "onBehalfOf", "sam"), "ERR_MESSAGE_NOT_A_SENDER")
		a.want("not the sender", a.code("DELETE", "/messages/"+id, "", "onBehalfOf", "sam"), "ERR_MESSAGE_NOT_A_SENDER")
		a.want("not in it", a.code("GET", "/messages/"+id, "", "onBehalfOf", "eve"), "ERR_MESSAGE_NO_ACCESS")

		a.ok("DELETE", "/messages/"+id, `{}`)
		d = a.ok("GET", "/messages/"+id, "").data()
		a.want("deletedBy", d["deletedBy"], "app_system")
		a.want("text", d["data"].(map[string]any)["text"], nil)
		a.want("edit", a.code("PUT", send+"/"+id, `{"data":{"text":"x"}}`), "ERR_MESSAGE_ACTION_NOT_ALLOWED")
		a.want("listed", len(a.ok("GET", "/messages?category=message", "").list()), 1)
		a.want("hidden", len(a.ok("GET", "/messages?category=message&hideDeleted=true", "").list()), 0)
		a.want("again", a.code("DELETE", "/messages/"+id, `{}`), "")
		a.ok("DELETE", "/messages/"+id, `{"permanent":true}`)
		a.want("gone", a.code("DELETE", "/messages/"+id, `{"permanent":true}`), "ERR_MESSAGE_ID_NOT_FOUND")
		// Its id is not given to another one.
		a.want("new id", a.sendID(text("ana", "sam", "three")) > id, true)
	})
}

func TestUsers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, Options{})
		a.ok("POST", "/roles", `{"role":"boss","name":"Boss","settings":{"listUsers":"all"}}`)
		r := a.ok("POST", "/users", `{"uid":"Ana-1","name":"Ana","avatar":"https://x.test/a.png","link":"https://x.test","role":"boss","statusMessage":"hi","metadata":{"a":1},"tags":["x"],"withAuthToken":true,"unknown":1}`)
		now := float64(time.Now().Unix())
		want := map[string]any{"uid": "ana-1", "name": "Ana", "avatar": "https://x.test/a.png", "link": "https://x.test", "role": "boss",
			"statusMessage": "hi", "metadata": map[string]any{"a": 1.0}, "tags": []any{"x"}, "status": "offline", "createdAt": now}
		got := r.data()
		if token, _ := got["authToken"].(string); !strings.HasPrefix(token, "ana-1_") {
			t.Errorf("token %v", got["authToken"])
		}
		delete(got, "authToken")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		time.Sleep(time.Second)
		got = a.ok("PUT", "/users/ANA-1", `{"name":"Ana L","unset":["avatar","metadata"],"role":"default","tags":null}`).data()
		want["name"], want["role"], want["updatedAt"] = "Ana L", "default", now+1
		delete(want, "avatar")
		delete(want, "metadata")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		a.ok("DELETE", "/users", `{"uidsToDeactivate":["ana-1","nobody"]}`)
		a.want("deactivated", a.code("GET", "/users/ana-1", ""), "ERR_UID_NOT_FOUND")
		a.want("sends", a.code("POST", send, text("ana-1", "ana-1", "x")), "ERR_UID_NOT_FOUND")
		a.want("listed", len(a.ok("GET", "/users", "").list()), 0)
		a.want("listed", len(a.ok("GET", "/users?withDeactivated=true", "").list()), 1)
		a.want("listed", len(a.ok("GET", "/users?onlyDeactivated=true", "").list()), 1)
		a.want("activated", a.ok("PUT", "/users", `{"uidsToActivate":["ANA-1"]}`).data()["nonDeactivatedUids"], []any{"ana-1"})
		a.ok("GET", "/users/ana-1", "")
		a.ok("DELETE", "/users/ana-1", `{"permanent":true}`)
		a.ok("POST", "/users", `{"uid":"ana-1","name":"New"}`)
	})
}

func TestPages(t *testing.T) {
	a := newApp(t, Options{})
	for i := range 7 {
		a.ok("POST", "/users", fmt.Sprintf(`{"uid":"u%d","name":"User %d","tags":["t%d"]}`, i, i, i%2))
		a.ok("POST", "/groups", fmt.Sprintf(`{"guid":"g%d","name":"Group %d","type":"public"}`, i, 9-i))
	}
	collect := func(path, id string) (ids []string, pages int) {
		for page := 1; ; page++ {
			r := a.ok("GET", fmt.Sprintf("%s&perPage=3&page=%d", path, page), "")
			for _, item := range r.list() {
				ids = append(ids, item[id].(string))
			}
			p := r.body["meta"].(map[string]any)["pagination"].(map[string]any)
			a.want("count", p["count"], len(r.list()))
			if p["total_pages"] == p["current_page"] {
				return ids, page
			}
			a.want("one more page", p["total_pages"], page+1)
		}
	}
	ids, pages := collect("/users?", "uid")
	a.want("users", fmt.Sprint(ids, pages), "[u0 u1 u2 u3 u4 u5 u6] 3")
	ids, _ = collect("/groups?", "guid")
	a.want("groups", ids, "[g0 g1 g2 g3 g4 g5 g6]")
	ids, _ = collect("/groups?sortBy=name", "guid")
	a.want("groups by name", ids, "[g6 g5 g4 g3 g2 g1 g0]")
	ids, _ = collect("/groups?sortBy=guid&sortOrder=desc", "guid")
	a.want("groups by guid", ids, "[g6 g5 g4 g3 g2 g1 g0]")
	ids, _ = collect("/users?tags=t1", "uid")
	a.want("users by tag", ids, "[u1 u3 u5]")
	ids, _ = collect("/users?tags[]=t1&tags[]=t0", "uid")
	a.want("users by tags", len(ids), 7)
	ids, _ = collect("/users?searchKey=user%203", "uid")
	a.want("users by name", ids, "[u3]")
	ids, _ = collect("/users?searchKey=u3&searchIn=name", "uid")
	a.want("users by name", ids, "[]")
	a.want("no tags", a.ok("GET", "/users", "").list()[0]["tags"], nil)
	a.want("tags", a.ok("GET", "/users?withTags=true", "").list()[0]["tags"], []any{"t0"})
}

func TestMembers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, Options{})
		a.chat()
		for _, uid := range []string{"kim", "eve", "bob"} {
			a.ok("POST", "/users", `{"uid":"`+uid+`","name":"`+uid+`"}`)
		}
		r := a.ok("POST", "/groups/LOBBY/members", `{"participants":["KIM","sam","ana","nobody","eve"],"moderators":["eve"],"admins":["eve"],"usersToBan":["bob"]}`)
		var codes []string
		for _, scope := range []string{"admins", "moderators", "participants", "usersToBan"} {
			results, _ := r.data()[scope].(map[string]any)
			for _, uid := range []string{"ana", "bob", "eve", "kim", "nobody", "sam"} {
				result, ok := results[uid].(map[string]any)
				if !ok {
					continue
				}
				e, _ := result["error"].(map[string]any)
				codes = append(codes, fmt.Sprint(scope, " ", uid, " ", result["success"], " ", e["code"]))
			}
		}
		want := []string{
			"admins eve true <nil>",
			"participants ana false ERR_GROUP_OWNER_DEMOTE_FORBIDDEN",
			"participants kim true <nil>",
			"participants nobody false ERR_UID_NOT_FOUND",
			"participants sam false ERR_ALREADY_JOINED",
			"usersToBan bob true <nil>",
		}
		if diff := cmp.Diff(want, codes); diff != "" {
			t.Errorf("(-want +got):\n%s\n%s", diff, r.raw)
		}
		a.want("banned", a.code("POST", send, text("bob", "lobby", "x")), "ERR_BANNED_GROUPMEMBER")
		a.ok("PUT", "/groups/lobby/members/kim", `{"scope":"moderator"}`)
		var members []string
		for _, m := range a.ok("GET", "/groups/lobby/members?scopes=moderator,admin", "").list() {
			members = append(members, fmt.Sprint(m["uid"], " ", m["scope"]))
		}
		a.want("members", members, "[ana admin eve admin kim moderator]")
		a.ok("DELETE", "/groups/lobby/members/kim", "")
		a.want("kicked", a.code("POST", send, text("kim", "lobby", "x")), "ERR_GROUP_NOT_JOINED")
		a.ok("DELETE", "/groups/lobby/bannedusers/bob", "")
		a.ok("POST", "/groups/lobby/members", `{"participants":["bob"]}`)
		a.ok("POST", send, text("bob", "lobby", "x"))
		g := a.ok("GET", "/groups/lobby", "", "onBehalfOf", "bob").data()
		a.want("group", fmt.Sprint(g["membersCount"], g["hasJoined"], g["scope"]), "4 trueparticipant")
		// The owner is changed by the app alone.
		a.ok("PUT", "/groups/lobby", `{"owner":"sam"}`, "onBehalfOf", "ana")
		a.want("owner", a.ok("GET", "/groups/lobby", "").data()["owner"], "ana")
		a.want("owner", a.ok("PUT", "/groups/lobby", `{"owner":"sam"}`).data()["owner"], "sam")
		a.ok("DELETE", "/groups/lobby", "")
		a.want("messages", len(a.Snapshot().Messages), 0)
	})
}

func TestRoles(t *testing.T) {
	a := newApp(t, Options{})
	a.ok("POST", "/roles", `{"role":"Boss","name":"Boss","description":"d","metadata":{"a":1}}`)
	d := a.ok("PUT", "/roles/boss", `{"name":"Chief","unset":["metadata"]}`).data()
	a.want("role", fmt.Sprint(d["role"], d["name"], d["description"], d["metadata"]), "bossChiefd<nil>")
	a.ok("POST", "/users", `{"uid":"ana","name":"Ana","role":"boss"}`)
	a.want("listed", len(a.ok("GET", "/roles", "").list()), 2)
	a.ok("DELETE", "/roles/boss", "")
	a.want("role of ana", a.ok("GET", "/users/ana", "").data()["role"], "default")
	for i := range 24 {
		a.ok("POST", "/roles", fmt.Sprintf(`{"role":"r%d","name":"R"}`, i))
	}
	a.want("26th", a.code("POST", "/roles", `{"role":"more","name":"R"}`), "ERR_PLAN_QUOTA_RESTRICTION")
}
