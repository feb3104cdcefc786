package emulator

import (
	"net/http"
	"sort"
	"strings"
	"time"
)

// The error codes that the emulator answers with. All but the last are from
// the error guide of the documentation, or were seen by users of the API.
const (
	codeEmptyKey           = "AUTH_ERR_EMPTY_APIKEY"
	codeKeyNotFound        = "AUTH_ERR_APIKEY_NOT_FOUND"
	codeInvalidApp         = "AUTH_ERR_INVALID_APPID"
	codeBadRequest         = "ERR_BAD_REQUEST"
	codeAPINotFound        = "ERR_API_NOT_FOUND"
	codePlanRestriction    = "ERR_PLAN_RESTRICTION"
	codePlanQuota          = "ERR_PLAN_QUOTA_RESTRICTION"
	codeTooMany            = "ERR_TOO_MANY_REQUESTS"
	codeOperationFailed    = "ERR_OPERATION_FAILED"
	codeException          = "ERR_EXCEPTION"
	codeUIDNotFound        = "ERR_UID_NOT_FOUND"
	codeUIDExists          = "ERR_UID_ALREADY_EXISTS"
	codeGUIDNotFound       = "ERR_GUID_NOT_FOUND"
	codeGUIDExists         = "ERR_GUID_ALREADY_EXISTS"
	codeEmptyGroupPass     = "ERR_EMPTY_GROUP_PASS"
	codeRoleNotFound       = "ERR_ROLE_NOT_FOUND"
	codeRoleExists         = "ERR_ROLE_ALREADY_EXISTS"
	codeRoleDeleteDenied   = "ERR_ROLE_DELETE_DENIED"
	codeNotAMember         = "ERR_NOT_A_MEMBER"
	codeAlreadyJoined      = "ERR_ALREADY_JOINED"
	codeNotJoined          = "ERR_GROUP_NOT_JOINED"
	codeSameScope          = "ERR_SAME_SCOPE"
	codeOwnerDemote        = "ERR_GROUP_OWNER_DEMOTE_FORBIDDEN"
	codeNoVacancy          = "ERR_NO_VACANCY"
	codeBanned             = "ERR_BANNED_GROUPMEMBER"
	codeAlreadyBanned      = "ERR_ALREADY_BANNED"
	codeNotBanned          = "ERR_NOT_A_BANNED_USER"
	codeReceiverType       = "ERR_INVALID_RECEIVER_TYPE"
	codeEmptyCategory      = "ERR_EMPTY_MESSAGE_CATEGORY"
	codeInvalidCategory    = "ERR_INVALID_MESSAGE_CATEGORY"
	codeEmptyType          = "ERR_EMPTY_MESSAGE_TYPE"
	codeInvalidType        = "ERR_INVALID_MESSAGE_TYPE"
	codeEmptyText          = "ERR_EMPTY_MESSAGE_TEXT"
	codeInvalidText        = "ERR_INVALID_MESSAGE_TEXT"
	codeInvalidData        = "ERR_INVALID_MESSAGE_DATA"
	codeEmptyFile          = "ERR_EMPTY_MESSAGE_FILE"
	codeInvalidMedia       = "ERR_INVALID_MEDIA_MESSAGE"
	codeEmptyCustom        = "ERR_EMPTY_CUSTOM_DATA"
	codeInvalidCustom      = "ERR_INVALID_CUSTOM_DATA"
	codeInvalidMetadata    = "ERR_INVALID_METADATA"
	codeMessageNotFound    = "ERR_MESSAGE_ID_NOT_FOUND"
	codeNoAccess           = "ERR_MESSAGE_NO_ACCESS"
	codeNotASender         = "ERR_MESSAGE_NOT_A_SENDER"
	codeActionNotAllowed   = "ERR_MESSAGE_ACTION_NOT_ALLOWED"
	codeWrongThread        = "ERR_WRONG_MESSAGE_THREAD"
	codeThreadNesting      = "ERR_MESSAGE_THREAD_NESTING"
	codeThreadCategory     = "ERR_WRONG_MESSAGE_THREAD_CATEGORY"
	codeConversationClosed = "ERR_CONVERSATION_NOT_ACCESSIBLE"
	codeImportMUIDExists   = "ERR_IMPORT_MUID_ALREADY_EXISTS"
	codeUnknownMUID        = "ERR_EMULATOR_MUID_IN_USE" // invented, for muid_reject_code=unknown_code
)

// failure is an answer that says no.
type failure struct {
	code    string
	message string
	details map[string]string // field → what is wrong with it
	status  int               // 0 leaves it to the code
	wait    time.Duration     // with ERR_TOO_MANY_REQUESTS
}

func refuse(code, message string) *failure { return &failure{code: code, message: message} }

// invalid is a failed validation of one field. Any code but ERR_BAD_REQUEST
// names the mistake by itself.
func invalid(code, field, complaint string) *failure {
	return &failure{code: code, message: "The request is not valid: " + complaint, details: map[string]string{field: complaint}}
}

// statusOf returns the HTTP status that goes with a code. Only 429 is
// documented; the others were seen, or are guesses.
func (q *Quirks) statusOf(f *failure) int {
	if f.status != 0 {
		return f.status
	}
	switch f.code {
	case codeTooMany:
		return http.StatusTooManyRequests
	case codeOperationFailed, codeException:
		return http.StatusInternalServerError
	}
	mapping := q.of(errorStatusMap)
	if mapping == "flat_400" {
		return http.StatusBadRequest
	}
	odd := mapping == "odd_409_417"
	switch f.code {
	case codeEmptyKey, codeKeyNotFound, codeInvalidApp, codeNotJoined:
		return http.StatusUnauthorized
	case codeNoAccess, codeBanned, codePlanRestriction, codePlanQuota:
		return http.StatusForbidden
	case codeUIDNotFound, codeGUIDNotFound, codeRoleNotFound, codeMessageNotFound, codeNotAMember,
		codeConversationClosed, codeAPINotFound:
		return http.StatusNotFound
	case codeUIDExists, codeGUIDExists, codeRoleExists, codeImportMUIDExists:
		if odd {
			return http.StatusConflict
		}
	case codeAlreadyJoined, codeSameScope:
		if odd {
			return http.StatusExpectationFailed
		}
	}
	return http.StatusBadRequest
}

// appendFailure appends the error as it stands in a body, without what is
// around it.
func (q *Quirks) appendFailure(dst []byte, f *failure) []byte {
	o := begin(dst)
	o.text("code", f.code)
	o.text("message", f.message)
	o.text("devMessage", f.message)
	o.text("source", "emulator")
	if form := q.of(errorDetails); len(f.details) > 0 && form != "absent" {
		o.name("details")
		o.b = appendDetails(o.b, f.details, form == "field_arrays")
	}
	return o.end()
}

func appendDetails(dst []byte, details map[string]string, arrays bool) []byte {
	o := begin(dst)
	names := make([]string, 0, len(details))
	for name := range details {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if arrays {
			o.texts(name, []string{details[name]})
		} else {
			o.text(name, details[name])
		}
	}
	return o.end()
}

// masked shows so much of a key that its owner recognises it.
func masked(key string) string {
	if len(key) <= 12 {
		return strings.Repeat("*", len(key))
	}
	return key[:4] + "***" + key[len(key)-4:]
}
