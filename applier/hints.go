package applier

import "errors"

// Hints tell what to do next, in a sentence or two.
const (
	keyHint         = "Check the app id, the region and the key: it must be a REST API key (scope fullAccess) of this very app."
	unreachableHint = "Check the app id and the region, or the endpoint, and whether this machine reaches the network. Running the same command again goes on where this one stopped."
	endpointHint    = "The app does not have this part of the API. Check the app id and the region; if they are right, ask CometChat whether its moderation API, with POST /moderation/messages, is open to this app."
	restrictedHint  = "The app's plan has no moderation, or has run out. Switch moderation on in the dashboard, or change the plan."
	journalHint     = "Make room on the disk, or mend the folder. What the app confirmed before is recorded; what was under way is settled by the next run, which goes on where this one stopped."
	beginHint       = "Nothing was sent. Once the folder of the state can be written to, run the same command again."
	foldHint        = "Nothing is lost: the journal beside the state has everything, and the next run folds it."
	againHint       = "Running the same command again goes on where this one stopped."
	doubtHint       = "The app could not say whether it has this message. Run the same command again: it looks before it sends anything."
	ambiguousHint   = "Delete the copy that is too many in the dashboard, then run the same command again."
	collisionHint   = "Another message in the app has the muid of this one. See whether another dataset has the same name; give one of them another name with sow { dataset = ... }."
	futureHint      = "Messages cannot be sent with a time to come. Give it an earlier time, or apply once the time has come."
	missingHint     = "See the failure of what it needs."
	goneHint        = "The app no longer has it. Look at what it has with sow plan --refresh."
	roleHint        = "Create the role in the dashboard, or leave role away. Then run the same command again."
	bannedHint      = "Unban the user in the dashboard, or declare the user as a member of the group. Then run the same command again."
	blockedHint     = "One of the two has blocked the other, or a rule or extension of the app blocks the message. Change that in the dashboard, or change the message."
	contentHint     = "Change the message as the app asks. Then run the same command again."
	attachmentHint  = "The app could not take the attachment: see that its URL can be reached from outside."
	sealedHint      = "The app no longer has it, and the state does not hold the sensitive values that are needed to make it again. Look at what the app has with sow plan --refresh."
	settlingHint    = "The app still refuses to change a message this long after it was sent. Run the same command again."
)

// hintFor tells what to do about an error.
func hintFor(err error) string {
	if hinted, ok := errors.AsType[*hintedError](err); ok {
		return hinted.hint
	}
	if is[*missingError](err) {
		return missingHint
	}
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		return hintForCode(refusal.Code)
	}
	switch {
	case is[*NotSent](err):
		return unreachableHint
	case is[*Unknown](err):
		return againHint
	}
	return ""
}

func hintForCode(code string) string {
	switch code {
	case codeNoRole:
		return roleHint
	case codeBanned:
		return bannedHint
	case "ERR_BLOCKED_RECEIVER", "ERR_BLOCKED_SENDER", "ERR_BLOCKED_BY_EXTENSION", "ERR_BLOCKED_BY_WEBHOOK":
		return blockedHint
	case "ERR_EMPTY_MESSAGE_FILE", "ERR_INVALID_MEDIA_MESSAGE":
		return attachmentHint
	case codeBadRequest, "ERR_EMPTY_MESSAGE_TEXT", "ERR_INVALID_MESSAGE_TEXT", "ERR_INVALID_MESSAGE_DATA", "ERR_INVALID_METADATA",
		"ERR_EMPTY_CUSTOM_DATA", "ERR_INVALID_CUSTOM_DATA", "ERR_INVALID_MESSAGE_TYPE", "ERR_EMPTY_MESSAGE_TYPE":
		return contentHint
	case codeNoMessage, codeNoMessageOld, codeNoUser, codeNoGroup:
		return goneHint
	case codeNoAccess:
		return settlingHint
	case codeRestricted, codeExpired:
		return restrictedHint
	}
	return ""
}

// hintedError is an error that knows what to do about it.
type hintedError struct {
	err  error
	hint string
}

func withHint(err error, hint string) error { return &hintedError{err: err, hint: hint} }

func (e *hintedError) Error() string { return e.err.Error() }
func (e *hintedError) Unwrap() error { return e.err }
