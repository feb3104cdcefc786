package applier

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
)

// The error codes that decisions are made on (page "Error guide"; the two
// ALREADY_EXISTS are not in it but are seen everywhere).
const (
	codeUserExists     = "ERR_UID_ALREADY_EXISTS"
	codeGroupExists    = "ERR_GUID_ALREADY_EXISTS"
	codeNoUser         = "ERR_UID_NOT_FOUND"
	codeNoGroup        = "ERR_GUID_NOT_FOUND"
	codeNotJoined      = "ERR_GROUP_NOT_JOINED"
	codeNoMember       = "ERR_NOT_A_MEMBER"
	codeJoined         = "ERR_ALREADY_JOINED"
	codeSameScope      = "ERR_SAME_SCOPE"
	codeOwnerScope     = "ERR_GROUP_OWNER_DEMOTE_FORBIDDEN"
	codeBanned         = "ERR_BANNED_GROUPMEMBER"
	codeNoMessage      = "ERR_MESSAGE_ID_NOT_FOUND"
	codeNoMessageOld   = "ERR_MSG_NOT_FOUND"
	codeNoAccess       = "ERR_MESSAGE_NO_ACCESS"
	codeNoConversation = "ERR_CONVERSATION_NOT_FOUND"
	codeEmptyChat      = "ERR_CONVERSATION_NOT_ACCESSIBLE" // also: no messages yet
	codeNoAPI          = "ERR_API_NOT_FOUND"
	codeRestricted     = "ERR_PLAN_RESTRICTION"
	codeExpired        = "ERR_SUBSCRIPTION_EXPIRED"
	codeBadRequest     = "ERR_BAD_REQUEST"
	codeNoRole         = "ERR_ROLE_NOT_FOUND"
	codeMUIDExists     = "ERR_IMPORT_MUID_ALREADY_EXISTS"
)

// refusedWith reports whether err is a refusal with one of the codes.
func refusedWith(err error, codes ...string) bool {
	refusal, ok := errors.AsType[*Refusal](err)
	if !ok {
		return false
	}
	for _, code := range codes {
		if refusal.Code == code {
			return true
		}
	}
	return false
}

func isRefusal(err error) bool { return is[*Refusal](err) }

// stopping reports whether err only says that the apply ends.
func stopping(err error) bool {
	return errors.Is(err, errHalted) || errors.Is(err, errAborted)
}

// blamesMUID reports whether a refusal names the muid: the message may be there
// already.
func blamesMUID(e *Refusal) bool {
	if e.Code == codeMUIDExists {
		return true
	}
	var details map[string]json.RawMessage
	if json.Unmarshal(e.Details, &details) == nil {
		_, ok := details["muid"]
		return ok
	}
	return bytes.Contains(e.Details, []byte("muid"))
}

// isUnheardOf reports whether a refusal's code tells nothing: it is not in the
// error guide.
func isUnheardOf(e *Refusal) bool {
	for _, prefix := range []string{
		"ERR_UID", "ERR_GUID", "ERR_GROUP", "ERR_EMPTY", "ERR_INVALID", "ERR_MESSAGE", "ERR_MSG", "ERR_ROLE",
		"ERR_BLOCKED", "ERR_PLAN", "ERR_BAD_REQUEST", "ERR_NOT_A_MEMBER", "ERR_BANNED", "ERR_NO_VACANCY",
		"ERR_API", "ERR_CONVERSATION", "ERR_SUBSCRIPTION", "ERR_USER", "AUTH_ERR",
	} {
		if strings.HasPrefix(e.Code, prefix) {
			return false
		}
	}
	return true
}

// fatal is the reason to stop the whole apply that a refusal gives, or nil. A
// refusal of a send says more than one of a read.
func fatal(err error) *StopError {
	refusal, ok := errors.AsType[*Refusal](err)
	if !ok {
		return nil
	}
	switch {
	case strings.HasPrefix(refusal.Code, "AUTH_ERR_"), refusal.Code == "" && refusal.Status == 401:
		return &StopError{Cause: BadKey, Err: err, Hint: keyHint}
	case refusal.Code == codeNoAPI:
		return &StopError{Cause: NoEndpoint, Err: err, Hint: endpointHint}
	case refusal.Code == codeRestricted, refusal.Code == codeExpired:
		return &StopError{Cause: PlanRestricted, Err: err, Hint: restrictedHint}
	}
	return nil
}
