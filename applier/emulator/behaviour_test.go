package emulator

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// chat is the smallest app with something in it: ana and sam, and the lobby,
// which ana owns and sam is in.
func (a *app) chat() {
	a.t.Helper()
	a.ok("POST", "/users", `{"uid":"ana","name":"Ana Lima"}`)
	a.ok("POST", "/users", `{"uid":"sam","name":"Sam Ochoa"}`)
	a.ok("POST", "/groups", `{"guid":"lobby","name":"Lobby","type":"public","owner":"ana","members":{"participants":["sam"]}}`)
}

// text is a body for POST /moderation/messages. More are fields to be added or
// put in the place of others.
func text(from, to, text string, more ...string) string {
	kind := "user"
	if to == "lobby" || strings.HasPrefix(to, "group-") {
		kind = "group"
	}
	fields := map[string]string{
		"category": `"message"`, "type": `"text"`, "data": `{"text":` + string(appendString(nil, text)) + `}`,
		"sender": fmt.Sprintf("%q", from), "receiver": fmt.Sprintf("%q", to), "receiverType": fmt.Sprintf("%q", kind),
	}
	for _, field := range more {
		name, value, _ := strings.Cut(field, ":")
		fields[name] = value
	}
	var parts []string
	for name, value := range fields {
		parts = append(parts, fmt.Sprintf("%q:%s", name, value))
	}
	slices.Sort(parts)
	return "{" + strings.Join(parts, ",") + "}"
}

const send = "/moderation/messages"

// sendID sends a message and returns its id.
func (a *app) sendID(body string) string {
	a.t.Helper()
	return fmt.Sprint(a.ok("POST", send, body).data()["id"])
}

// code sends and returns the error code, "" for a success.
func (a *app) code(method, path, body string, header ...string) string {
	a.t.Helper()
	r := a.do(method, path, body, header...)
	if r.code == "" && r.status != 200 {
		a.t.Fatalf("%s %s: %d %s", method, path, r.status, r.raw)
	}
	return r.code
}

func (a *app) want(what string, got, want any) {
	a.t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		a.t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// behaviours say for every quirk and option how it shows.
var behaviours = map[string]map[string]func(a *app){
	"muid_duplicate": {
		"accept": func(a *app) { a.want("messages", a.sendTwice(), "[ 1 2]") },
		"reject": func(a *app) { a.want("messages", a.sendTwice(), "[ERR_BAD_REQUEST 1]") },
		"return_existing": func(a *app) {
			a.want("messages", a.sendTwice(), "[ 1 1]")
			a.want("stored", a.sent(), 1)
		},
	},
	"muid_reject_code": {
		"bad_request_details": func(a *app) {
			a.ok("POST", send, text("ana", "sam", "x", `muid:"m"`))
			r := a.do("POST", send, text("ana", "sam", "x", `muid:"m"`))
			a.want("code", r.code, "ERR_BAD_REQUEST")
			a.want("details", strings.Contains(string(r.raw), `"details":{"muid":[`), true)
		},
		"import_code": func(a *app) { a.want("code", a.sendTwice()[0], "ERR_IMPORT_MUID_ALREADY_EXISTS") },
		"unknown_code": func(a *app) {
			a.want("code", slices.Contains([]string{"", "ERR_BAD_REQUEST"}, a.sendTwice()[0]), false)
		},
	},
	"muid_scope": {
		"app":          func(a *app) { a.want("codes", a.scopes(), "[ERR_BAD_REQUEST ERR_BAD_REQUEST ERR_BAD_REQUEST]") },
		"conversation": func(a *app) { a.want("codes", a.scopes(), "[ERR_BAD_REQUEST  ERR_BAD_REQUEST]") },
		"sender":       func(a *app) { a.want("codes", a.scopes(), "[ERR_BAD_REQUEST ERR_BAD_REQUEST ]") },
	},
	"muid_format": {
		"any":                func(a *app) { a.want("codes", a.muids(), "[  ERR_BAD_REQUEST]") },
		"max_100":            func(a *app) { a.want("codes", a.muids(), "[ERR_BAD_REQUEST  ERR_BAD_REQUEST]") },
		"restricted_charset": func(a *app) { a.want("codes", a.muids(), "[ERR_BAD_REQUEST ERR_BAD_REQUEST ERR_BAD_REQUEST]") },
	},
	"muid_readback": {
		"everywhere":         func(a *app) { a.want("muids", a.readback(), "[m m m]") },
		"send_response_only": func(a *app) { a.want("muids", a.readback(), "[m <nil> <nil>]") },
		"nowhere":            func(a *app) { a.want("muids", a.readback(), "[<nil> <nil> <nil>]") },
	},
	"send_failure_outcome": {
		"not_stored":   func(a *app) { a.want("stored", a.failedSend(), "[0 0]") },
		"stored":       func(a *app) { a.want("stored", a.failedSend(), "[1 1]") },
		"stored_later": func(a *app) { a.want("stored", a.failedSend(), "[0 1]") },
	},
	"message_settle_time": {
		"3s":  func(a *app) { a.settles(3 * time.Second) },
		"0s":  func(a *app) { a.settles(0) },
		"10s": func(a *app) { a.settles(10 * time.Second) },
	},
	"details_on_existing": {
		"ignore": func(a *app) { a.want("outcome", a.detailsAgain(), "[ Ana Lima]") },
		"update": func(a *app) { a.want("outcome", a.detailsAgain(), "[ Renamed]") },
		"reject": func(a *app) { a.want("outcome", a.detailsAgain(), "[ERR_UID_ALREADY_EXISTS Ana Lima]") },
	},
	"details_id_mismatch": {
		"reject":      func(a *app) { a.want("outcome", a.mismatch(), "[ERR_BAD_REQUEST false false]") },
		"create_both": func(a *app) { a.want("outcome", a.mismatch(), "[ true true]") },
		"use_body":    func(a *app) { a.want("outcome", a.mismatch(), "[ true false]") },
	},
	"missing_entity": {
		"not_found":   func(a *app) { a.want("codes", a.missing(), "[ERR_UID_NOT_FOUND ERR_GUID_NOT_FOUND]") },
		"bad_request": func(a *app) { a.want("codes", a.missing(), "[ERR_BAD_REQUEST ERR_BAD_REQUEST]") },
		"auto_create": func(a *app) { a.want("codes", a.missing(), "[ ]") },
	},
	"failed_call_effects": {
		"none":                      func(a *app) { a.want("left", a.leftBehind(), "[false false 0]") },
		"entities_kept":             func(a *app) { a.want("left", a.leftBehind(), "[true true 0]") },
		"entities_and_message_kept": func(a *app) { a.want("left", a.leftBehind(), "[true true 1]") },
	},
	"details_role_missing": {
		"reject": func(a *app) {
			a.want("code", a.code("POST", send, text("new", "sam", "x", `senderUserDetails:{"uid":"new","name":"New","role":"boss"}`)), "ERR_BAD_REQUEST")
		},
		"fallback_default": func(a *app) {
			r := a.ok("POST", send, text("new", "sam", "x", `senderUserDetails:{"uid":"new","name":"New","role":"boss"}`))
			a.want("role", strings.Contains(string(r.raw), `"uid":"new","name":"New","status":"offline","role":"default"`), true)
		},
	},
	"details_owner_missing": {
		"reject":       func(a *app) { a.want("owner", a.ownerless(), "[ERR_BAD_REQUEST ]") },
		"system_owner": func(a *app) { a.want("owner", a.ownerless(), "[ app_system]") },
		"dangling":     func(a *app) { a.want("owner", a.ownerless(), "[ nobody]") },
	},
	"membership_required": {
		"always":        func(a *app) { a.want("codes", a.strangers(), "[ERR_GROUP_NOT_JOINED ERR_GROUP_NOT_JOINED]") },
		"closed_groups": func(a *app) { a.want("codes", a.strangers(), "[ ERR_GROUP_NOT_JOINED]") },
		"never":         func(a *app) { a.want("codes", a.strangers(), "[ ]") },
	},
	"creator_membership": {
		"waived":   func(a *app) { a.want("code", a.founder("sam"), "") },
		"required": func(a *app) { a.want("codes", a.founder("sam")+a.founder("ana"), "ERR_GROUP_NOT_JOINED") },
	},
	"sender_joins_group": {
		"no": func(a *app) {
			a.want("code", a.founder("sam")+a.code("POST", send, text("sam", "group-new", "y")), "ERR_GROUP_NOT_JOINED")
		},
		"yes": func(a *app) { a.want("code", a.founder("sam")+a.code("POST", send, text("sam", "group-new", "y")), "") },
	},
	"owner_is_member": {
		"yes": func(a *app) { a.want("members", len(a.ok("GET", "/groups/lobby/members", "").list()), 2) },
		"no":  func(a *app) { a.want("members", len(a.ok("GET", "/groups/lobby/members", "").list()), 1) },
	},
	"member_action_message": {
		"stamped_now": func(a *app) {
			list := a.ok("GET", "/groups/lobby/messages", "").list()
			a.want("messages", len(list), 1)
			a.want("category", list[0]["category"], "action")
			a.want("time", int64(list[0]["sentAt"].(float64)), time.Now().Unix())
			a.want("filtered", len(a.ok("GET", "/groups/lobby/messages?category=message", "").list()), 0)
		},
		"none": func(a *app) { a.want("messages", len(a.ok("GET", "/groups/lobby/messages", "").list()), 0) },
	},
	"sent_at_future": {
		"accept":    func(a *app) { a.want("outcome", a.future(), "[ 3600 1 1]") },
		"reject":    func(a *app) { a.want("outcome", a.future(), "[ERR_BAD_REQUEST <nil> 0 0]") },
		"clamp_now": func(a *app) { a.want("outcome", a.future(), "[ 0 1 1]") },
		"hold":      func(a *app) { a.want("outcome", a.future(), "[ 3600 0 1]") },
	},
	"sent_at_too_old": {
		"accept":       func(a *app) { a.want("outcome", a.old(), "[200 1]") },
		"reject":       func(a *app) { a.want("outcome", a.old(), "[400 0]") },
		"server_error": func(a *app) { a.want("outcome", a.old(), "[500 0]") },
	},
	"equal_sent_at_order": {
		"by_id":    func(a *app) { a.want("one order", a.orders(), 1) },
		"unstable": func(a *app) { a.want("many orders", a.orders() > 1, true) },
	},
	"list_order": {
		"by_sent_at": func(a *app) { a.want("order", a.backdated(), "[2 1]") },
		"by_id":      func(a *app) { a.want("order", a.backdated(), "[1 2]") },
	},
	"conversation_last_message": {
		"by_arrival": func(a *app) { a.want("last", a.lastMessage(), "2") },
		"by_sent_at": func(a *app) { a.want("last", a.lastMessage(), "1") },
	},
	"endpoint_availability": {
		"present": func(a *app) { a.want("codes", a.availability(), "[ ]") },
		"gone":    func(a *app) { a.want("codes", a.availability(), "[ERR_API_NOT_FOUND ERR_API_NOT_FOUND]") },
		"plan_restricted": func(a *app) {
			a.want("codes", a.availability(), "[ ERR_PLAN_RESTRICTION]")
		},
	},
	"moderation": {
		"on": func(a *app) {
			a.want("status", a.statusAfter(text("ana", "sam", "x"), time.Minute), "approved")
		},
		"off": func(a *app) { a.want("status", a.statusAfter(text("ana", "sam", "x"), time.Minute), "") },
	},
	"moderation_when_off": {
		"absent_status":   func(a *app) { a.want("status", a.whenOff(), "") },
		"approved":        func(a *app) { a.want("status", a.whenOff(), "approved") },
		"pending_forever": func(a *app) { a.want("status", a.whenOff(), "pending") },
		"reject":          func(a *app) { a.want("status", a.whenOff(), "ERR_PLAN_RESTRICTION") },
	},
	"moderation_settles": {
		"delayed": func(a *app) {
			a.want("at once", a.statusAfter(text("ana", "sam", "a scam"), 0), "pending")
			a.want("later", a.statusAfter(text("ana", "sam", "a scam"), 3*time.Second), "disapproved")
		},
		"immediate": func(a *app) { a.want("at once", a.statusAfter(text("ana", "sam", "a scam"), 0), "disapproved") },
		"never":     func(a *app) { a.want("later", a.statusAfter(text("ana", "sam", "a scam"), time.Hour), "pending") },
	},
	"disapproved_listing": {
		"listed": func(a *app) { a.want("listed", a.disapproved(), "[2 1]") },
		"hidden": func(a *app) { a.want("listed", a.disapproved(), "[1 1]") },
	},
	"moderation_custom_category": {
		"reject": func(a *app) {
			a.want("code", a.code("POST", send, text("ana", "sam", "", `category:"custom"`, `type:"poll"`, `data:{"customData":{"q":1}}`)), "ERR_INVALID_MESSAGE_CATEGORY")
		},
		"accept": func(a *app) {
			a.want("code", a.code("POST", send, text("ana", "sam", "", `category:"custom"`, `type:"poll"`, `data:{"customData":{"q":1}}`)), "")
		},
	},
	"media_data_url": {
		"derived":   func(a *app) { a.want("urls", a.mediaURLs(), "[https://x.test/a.png https://x.test/b.png]") },
		"echo_only": func(a *app) { a.want("urls", a.mediaURLs(), "[<nil> https://x.test/b.png]") },
		"absent":    func(a *app) { a.want("urls", a.mediaURLs(), "[<nil> <nil>]") },
	},
	"attachment_hosting": {
		"rehost": func(a *app) {
			a.want("url", a.attachmentURL(), "https://data-us.cometchat.io/emulator/media/x.test/a.png")
		},
		"by_reference": func(a *app) { a.want("url", a.attachmentURL(), "https://x.test/a.png") },
	},
	"attachment_unreachable": {
		"reject":       func(a *app) { a.want("outcome", a.unreachable(), "[400 0]") },
		"accept":       func(a *app) { a.want("outcome", a.unreachable(), "[200 1]") },
		"server_error": func(a *app) { a.want("outcome", a.unreachable(), "[500 0]") },
	},
	"text_over_10k": {
		"accept": func(a *app) {
			a.want("code", a.code("POST", send, text("ana", "sam", strings.Repeat("x", 20_000))), "")
		},
		"reject": func(a *app) {
			a.want("code", a.code("POST", send, text("ana", "sam", strings.Repeat("x", 20_000))), "ERR_BAD_REQUEST")
			a.want("code", a.code("POST", send, text("ana", "sam", strings.Repeat("x", 9_000))), "")
		},
	},
	"rest_sender_limit": {
		"off": func(a *app) { a.want("limited", a.burst(), "[0 0]") },
		"30_per_min": func(a *app) {
			a.want("limited", a.burst(), "[10 0]")
			time.Sleep(time.Minute)
			a.want("limited again", a.burst(), "[10 0]")
		},
	},
	"rate_header_spelling": {
		"dashed": func(a *app) { a.want("headers", a.rateHeaders(), "[20000 ]") },
		"joined": func(a *app) { a.want("headers", a.rateHeaders(), "[ 20000]") },
		"none":   func(a *app) { a.want("headers", a.rateHeaders(), "[ ]") },
	},
	"retry_after": {
		"present": func(a *app) { a.want("Retry-After", a.limited().header.Get("Retry-After"), "1") },
		"absent":  func(a *app) { a.want("Retry-After", a.limited().header.Get("Retry-After"), "") },
	},
	"rate_limit_body": {
		"envelope":  func(a *app) { a.want("code", a.limited().code, "ERR_TOO_MANY_REQUESTS") },
		"code_only": func(a *app) { a.want("code", a.limited().body["code"], "ERR_TOO_MANY_REQUESTS") },
		"not_json": func(a *app) {
			a.want("body", string(a.limited().raw), "Too many requests\n")
		},
	},
	"error_status_map": {
		"typical":     func(a *app) { a.want("statuses", a.statuses(), "[404 400 200 401]") },
		"flat_400":    func(a *app) { a.want("statuses", a.statuses(), "[400 400 200 400]") },
		"odd_409_417": func(a *app) { a.want("statuses", a.statuses(), "[404 409 200 401]") },
	},
	"server_error_body": {
		"json":  func(a *app) { a.want("body", a.serverError(), "application/json ERR_EXCEPTION true") },
		"html":  func(a *app) { a.want("body", a.serverError(), "text/html; charset=utf-8  true") },
		"empty": func(a *app) { a.want("body", a.serverError(), "text/html; charset=utf-8  false") },
	},
	"error_details": {
		"field_arrays":  func(a *app) { a.want("details", a.details(), `[name is required]`) },
		"field_strings": func(a *app) { a.want("details", a.details(), `name is required`) },
		"absent":        func(a *app) { a.want("details", a.details(), `<nil>`) },
	},
	"metadata_put": {
		"replace": func(a *app) { a.want("metadata", a.metadata(), "[map[b:2] map[b:2] map[b:2]]") },
		"merge":   func(a *app) { a.want("metadata", a.metadata(), "[map[a:1 b:2] map[a:1 b:2] map[a:1 b:2]]") },
	},
	"private_metadata_read": {
		"hidden":   func(a *app) { a.want("private", a.private(), false) },
		"returned": func(a *app) { a.want("private", a.private(), true) },
	},
	"clear_by_empty": {
		"clears":   func(a *app) { a.want("tags", a.clear(), "[ <nil> <nil>]") },
		"ignored":  func(a *app) { a.want("tags", a.clear(), "[ [vip] busy]") },
		"rejected": func(a *app) { a.want("tags", a.clear(), "[ERR_BAD_REQUEST [vip] busy]") },
	},
	"injected_fields": {
		"defaults": func(a *app) { a.want("fields", a.injected(), "[default <nil>]") },
		"none":     func(a *app) { a.want("fields", a.injected(), "[<nil> <nil>]") },
		"defaults_and_metadata": func(a *app) {
			a.want("fields", a.injected(), "[default map[@injected:map[extensions:map[]]]]")
		},
	},
	"group_password_read": {
		"absent":   func(a *app) { a.want("password", a.password(), nil) },
		"returned": func(a *app) { a.want("password", a.password(), "secret") },
	},
	"soft_deleted_uid": {
		"taken": func(a *app) { a.want("codes", a.again(), "[ERR_UID_NOT_FOUND ERR_UID_ALREADY_EXISTS]") },
		"free":  func(a *app) { a.want("codes", a.again(), "[ERR_UID_NOT_FOUND ]") },
	},
	"banned_in_members": {
		"listed": func(a *app) { a.want("listed", a.banned(), "[2 1]") },
		"hidden": func(a *app) { a.want("listed", a.banned(), "[1 1]") },
	},
	"message_delete_response": {
		"action_deleted": func(a *app) { a.want("data", a.deleted(), "[action deleted <nil>]") },
		"action_edited":  func(a *app) { a.want("data", a.deleted(), "[action edited <nil>]") },
		"success_object": func(a *app) { a.want("data", a.deleted(), "[<nil> <nil> true]") },
	},
	"moderation_delete": {
		"soft": func(a *app) {
			id := a.sendID(text("ana", "sam", "x"))
			a.ok("DELETE", send+"/"+id, "")
			a.want("deletedAt", a.ok("GET", "/messages/"+id, "").data()["deletedAt"] != nil, true)
		},
		"hard": func(a *app) {
			id := a.sendID(text("ana", "sam", "x"))
			a.ok("DELETE", send+"/"+id, "")
			a.want("code", a.code("GET", "/messages/"+id, ""), "ERR_MESSAGE_ID_NOT_FOUND")
		},
	},
	"moderation_list_paging": {
		"cursor":      func(a *app) { a.want("pages", a.moderationPages(), "[2 1 2]") },
		"page":        func(a *app) { a.want("pages", a.moderationPages(), "[3 3 0]") },
		"single_page": func(a *app) { a.want("pages", a.moderationPages(), "[3 3 3]") },
	},
	"conversation_id_form": {
		"sorted":       func(a *app) { a.want("id", a.conversationID(), "[ana_user_sam ana_user_sam]") },
		"sender_first": func(a *app) { a.want("id", a.conversationID(), "[sam_user_ana sam_user_ana]") },
	},
	"message_id_type": {
		"string": func(a *app) {
			a.want("id", fmt.Sprintf("%T", a.ok("POST", send, text("ana", "sam", "x")).data()["id"]), "string")
		},
		"number": func(a *app) {
			a.want("id", fmt.Sprintf("%T", a.ok("POST", send, text("ana", "sam", "x")).data()["id"]), "float64")
		},
	},
	"conversation_get_shape": {
		"array":  func(a *app) { a.want("data", a.conversationShape(), "[]interface {}") },
		"object": func(a *app) { a.want("data", a.conversationShape(), "map[string]interface {}") },
	},
	"reaction_duplicate": {
		"idempotent": func(a *app) { a.want("code", a.reactTwice(), "") },
		"reject":     func(a *app) { a.want("code", a.reactTwice(), "ERR_BAD_REQUEST") },
	},
	"multi_receiver_response": {
		"list":   func(a *app) { a.want("data", a.sendToMany(), "[]interface {} 2") },
		"map":    func(a *app) { a.want("data", a.sendToMany(), "map[string]interface {} 2") },
		"single": func(a *app) { a.want("data", a.sendToMany(), "map[string]interface {} 2") },
	},
	"wrong_app_id": {
		"auth_error": func(a *app) { a.want("code", a.otherApp(), "AUTH_ERR_INVALID_APPID") },
		"not_found":  func(a *app) { a.want("code", a.otherApp(), "ERR_API_NOT_FOUND") },
		"dns_error":  func(a *app) { a.want("no such host", strings.Contains(a.otherApp(), "no such host"), true) },
	},
}

// company are choices that a quirk needs beside it to show.
var company = map[string][]string{
	"muid_reject_code":        {"muid_duplicate=reject"},
	"muid_scope":              {"muid_duplicate=reject"},
	"moderation_when_off":     {"moderation=off"},
	"media_data_url":          {"attachment_hosting=by_reference"},
	"disapproved_listing":     {"moderation_settles=immediate"},
	"moderation_list_paging":  {"member_action_message=none"},
	"list_order":              {"member_action_message=none"},
	"multi_receiver_response": {"member_action_message=none"},
}

func TestEveryQuirkShows(t *testing.T) {
	for _, row := range List() {
		for _, option := range row.Options {
			run := behaviours[row.Name][option]
			if run == nil {
				t.Errorf("no test shows %s=%s", row.Name, option)
				continue
			}
			t.Run(row.Name+"="+option, func(t *testing.T) {
				var q Quirks
				for _, c := range append([]string{"message_settle_time=0s"}, append(company[row.Name], row.Name+"="+option)...) {
					if err := q.Set(c); err != nil {
						t.Fatal(err)
					}
				}
				synctest.Test(t, func(t *testing.T) {
					a := newApp(t, Options{Quirks: q})
					a.chat()
					run(a)
				})
			})
		}
	}
}
