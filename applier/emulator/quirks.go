package emulator

import (
	"fmt"
	"strings"
)

// A Quirk is one behaviour of the real service that nobody has documented, and
// the ways in which a server might behave there. The first option is the
// default; it is a guess, not a finding.
type Quirk struct {
	ID      string // "Q1"; the number is stable and has no other meaning
	Name    string
	About   string // the open question, in one line
	Options []string
}

// Quirks is a choice for every quirk. The zero value has the defaults. A
// Quirks may be copied and compared.
type Quirks struct {
	chosen [quirkCount]uint8
}

// quirk is a place in the table below.
type quirk int

const (
	muidDuplicate quirk = iota
	muidRejectCode
	muidScope
	muidFormat
	muidReadback
	sendFailureOutcome
	messageSettleTime
	detailsOnExisting
	detailsIDMismatch
	missingEntity
	failedCallEffects
	detailsRoleMissing
	detailsOwnerMissing
	membershipRequired
	creatorMembership
	senderJoinsGroup
	ownerIsMember
	memberActionMessage
	sentAtFuture
	sentAtTooOld
	equalSentAtOrder
	listOrder
	conversationLastMessage
	endpointAvailability
	moderationSwitch
	moderationWhenOff
	moderationSettles
	disapprovedListing
	moderationCustomCategory
	mediaDataURL
	attachmentHosting
	attachmentUnreachable
	textOver10K
	restSenderLimit
	rateHeaderSpelling
	retryAfter
	rateLimitBody
	errorStatusMap
	serverErrorBody
	errorDetails
	metadataPut
	privateMetadataRead
	clearByEmpty
	injectedFields
	groupPasswordRead
	softDeletedUID
	bannedInMembers
	messageDeleteResponse
	moderationDelete
	moderationListPaging
	conversationIDForm
	messageIDType
	conversationGetShape
	reactionDuplicate
	multiReceiverResponse
	wrongAppID
	quirkCount
)

// quirkRows is never written to.
var quirkRows = [quirkCount]Quirk{
	muidDuplicate:            {"Q1", "muid_duplicate", "what a second send with a muid that is in use does", []string{"accept", "reject", "return_existing"}},
	muidRejectCode:           {"Q2", "muid_reject_code", "how the refusal of a muid in use looks", []string{"bad_request_details", "import_code", "unknown_code"}},
	muidScope:                {"Q3", "muid_scope", "within what a muid must be unique", []string{"app", "conversation", "sender"}},
	muidFormat:               {"Q4", "muid_format", "which muids are well formed", []string{"any", "max_100", "restricted_charset"}},
	muidReadback:             {"Q5", "muid_readback", "where the muid is returned", []string{"everywhere", "send_response_only", "nowhere"}},
	sendFailureOutcome:       {"Q6", "send_failure_outcome", "whether a send that ended in a timeout or a 5xx was stored", []string{"not_stored", "stored", "stored_later"}},
	messageSettleTime:        {"Q7", "message_settle_time", "how long until a sent message can be read, listed and changed", []string{"3s", "0s", "10s"}},
	detailsOnExisting:        {"Q8", "details_on_existing", "what details of a user or group that exists do", []string{"ignore", "update", "reject"}},
	detailsIDMismatch:        {"Q9", "details_id_mismatch", "what happens when the id in the details is not the sender's or the receiver's", []string{"reject", "create_both", "use_body"}},
	missingEntity:            {"Q10", "missing_entity", "what happens when a user or group does not exist and no details are given", []string{"not_found", "bad_request", "auto_create"}},
	failedCallEffects:        {"Q11", "failed_call_effects", "what a failed send with details leaves behind", []string{"none", "entities_kept", "entities_and_message_kept"}},
	detailsRoleMissing:       {"Q12", "details_role_missing", "what happens when the role in the details does not exist", []string{"reject", "fallback_default"}},
	detailsOwnerMissing:      {"Q13", "details_owner_missing", "what happens when the owner in the details of a group does not exist", []string{"reject", "system_owner", "dangling"}},
	membershipRequired:       {"Q14", "membership_required", "which groups only members may send to", []string{"always", "closed_groups", "never"}},
	creatorMembership:        {"Q14a", "creator_membership", "whether a message may create its group although the sender is no member yet", []string{"waived", "required"}},
	senderJoinsGroup:         {"Q15", "sender_joins_group", "whether sending to a group makes the sender a member", []string{"no", "yes"}},
	ownerIsMember:            {"Q16", "owner_is_member", "whether the owner of a new group is a member", []string{"yes", "no"}},
	memberActionMessage:      {"Q17", "member_action_message", "whether adding a member leaves an action message in the conversation", []string{"stamped_now", "none"}},
	sentAtFuture:             {"Q18", "sent_at_future", "what a sentAt in the future does; hold hides the message until then", []string{"accept", "reject", "clamp_now", "hold"}},
	sentAtTooOld:             {"Q19", "sent_at_too_old", "what a sentAt more than half a year back does", []string{"accept", "reject", "server_error"}},
	equalSentAtOrder:         {"Q20", "equal_sent_at_order", "in which order lists have messages of the same second", []string{"by_id", "unstable"}},
	listOrder:                {"Q21", "list_order", "what lists of messages are ordered by", []string{"by_sent_at", "by_id"}},
	conversationLastMessage:  {"Q22", "conversation_last_message", "what a conversation's last message and update time follow", []string{"by_arrival", "by_sent_at"}},
	endpointAvailability:     {"Q23", "endpoint_availability", "whether the app has /moderation/messages; when restricted by the plan, only reading works", []string{"present", "gone", "plan_restricted"}},
	moderationSwitch:         {"Q24a", "moderation", "whether moderation is switched on for the app", []string{"on", "off"}},
	moderationWhenOff:        {"Q24", "moderation_when_off", "what a send says of moderation when it is switched off", []string{"absent_status", "approved", "pending_forever", "reject"}},
	moderationSettles:        {"Q25", "moderation_settles", "when a pending message is approved or disapproved", []string{"delayed", "immediate", "never"}},
	disapprovedListing:       {"Q26", "disapproved_listing", "whether the lists outside moderation have messages that are disapproved or pending", []string{"listed", "hidden"}},
	moderationCustomCategory: {"Q27", "moderation_custom_category", "whether the moderation endpoint takes messages of category custom", []string{"reject", "accept"}},
	mediaDataURL:             {"Q28", "media_data_url", "where data.url of a media message comes from", []string{"derived", "echo_only", "absent"}},
	attachmentHosting:        {"Q29", "attachment_hosting", "whether the service keeps its own copy of an attachment", []string{"rehost", "by_reference"}},
	attachmentUnreachable:    {"Q30", "attachment_unreachable", "what an attachment that cannot be fetched does (here: any host below .invalid)", []string{"reject", "accept", "server_error"}},
	textOver10K:              {"Q31", "text_over_10k", "whether a message with more than 10 KB of data is taken", []string{"accept", "reject"}},
	restSenderLimit:          {"Q32", "rest_sender_limit", "whether each sender is limited to 30 messages a minute", []string{"off", "30_per_min"}},
	rateHeaderSpelling:       {"Q33", "rate_header_spelling", "how the rate headers are spelt", []string{"dashed", "joined", "none"}},
	retryAfter:               {"Q34", "retry_after", "whether a 429 has Retry-After", []string{"present", "absent"}},
	rateLimitBody:            {"Q35", "rate_limit_body", "what the body of a 429 is", []string{"envelope", "code_only", "not_json"}},
	errorStatusMap:           {"Q36", "error_status_map", "which HTTP status goes with an error code", []string{"typical", "flat_400", "odd_409_417"}},
	serverErrorBody:          {"Q37", "server_error_body", "what the body of a 5xx is", []string{"json", "html", "empty"}},
	errorDetails:             {"Q38", "error_details", "which form error.details has", []string{"field_arrays", "field_strings", "absent"}},
	metadataPut:              {"Q39", "metadata_put", "whether a PUT replaces metadata or merges it", []string{"replace", "merge"}},
	privateMetadataRead:      {"Q40", "private_metadata_read", "whether @private of a user's metadata is returned", []string{"hidden", "returned"}},
	clearByEmpty:             {"Q41", "clear_by_empty", "whether an empty value clears a field that unset does not cover", []string{"clears", "ignored", "rejected"}},
	injectedFields:           {"Q42", "injected_fields", "what the server adds by itself", []string{"defaults", "none", "defaults_and_metadata"}},
	groupPasswordRead:        {"Q43", "group_password_read", "whether the password of a group is returned", []string{"absent", "returned"}},
	softDeletedUID:           {"Q44", "soft_deleted_uid", "whether the uid of a deactivated user can be used again", []string{"taken", "free"}},
	bannedInMembers:          {"Q45", "banned_in_members", "whether banned users are in the list of members", []string{"listed", "hidden"}},
	messageDeleteResponse:    {"Q46", "message_delete_response", "what DELETE /messages/{id} answers", []string{"action_deleted", "action_edited", "success_object"}},
	moderationDelete:         {"Q47", "moderation_delete", "whether DELETE /moderation/messages/{id} marks or removes", []string{"soft", "hard"}},
	moderationListPaging:     {"Q48", "moderation_list_paging", "how GET /moderation/messages is paged", []string{"cursor", "page", "single_page"}},
	conversationIDForm:       {"Q49", "conversation_id_form", "which user comes first in the id of a one-to-one conversation", []string{"sorted", "sender_first"}},
	messageIDType:            {"Q50", "message_id_type", "the JSON type of message ids", []string{"string", "number"}},
	conversationGetShape:     {"Q51", "conversation_get_shape", "whether a single conversation comes in an array", []string{"array", "object"}},
	reactionDuplicate:        {"Q52", "reaction_duplicate", "what a reaction that exists already does", []string{"idempotent", "reject"}},
	multiReceiverResponse:    {"Q53", "multi_receiver_response", "what a send to several receivers answers", []string{"list", "map", "single"}},
	wrongAppID:               {"Q54", "wrong_app_id", "how a wrong app id shows; a name that does not resolve shows only in the in-memory transport", []string{"auth_error", "dns_error", "not_found"}},
}

// List returns all quirks, in the order of their numbers.
func List() []Quirk {
	rows := quirkRows
	for i := range rows {
		rows[i].Options = append([]string(nil), rows[i].Options...)
	}
	return rows[:]
}

// of returns the chosen option of a quirk.
func (q *Quirks) of(which quirk) string {
	return quirkRows[which].Options[q.chosen[which]]
}

// Get returns the chosen option of the named quirk, or "" when there is no
// such quirk.
func (q Quirks) Get(name string) string {
	i, ok := quirkNamed(name)
	if !ok {
		return ""
	}
	return q.of(i)
}

// Set makes one choice, written name=option. The name may also be the quirk's
// number, as in Q1=reject. An error says what was probably meant.
func (q *Quirks) Set(assignment string) error {
	which, option, err := parseQuirk(assignment)
	if err != nil {
		return err
	}
	q.chosen[which] = option
	return nil
}

// ParseQuirk checks an assignment name=option and returns its two halves, with
// the quirk's full name.
func ParseQuirk(assignment string) (name, option string, err error) {
	which, chosen, err := parseQuirk(assignment)
	if err != nil {
		return "", "", err
	}
	row := &quirkRows[which]
	return row.Name, row.Options[chosen], nil
}

func parseQuirk(assignment string) (quirk, uint8, error) {
	name, option, ok := strings.Cut(assignment, "=")
	name, option = strings.TrimSpace(name), strings.TrimSpace(option)
	which, known := quirkNamed(name)
	if !known {
		return 0, 0, fmt.Errorf("there is no quirk %q%s", name, didYouMean(name, quirkNames()))
	}
	row := &quirkRows[which]
	if !ok || option == "" {
		return 0, 0, fmt.Errorf("quirk %s needs a value: %s", row.Name, strings.Join(row.Options, ", "))
	}
	for i, o := range row.Options {
		if strings.EqualFold(o, option) {
			return which, uint8(i), nil
		}
	}
	return 0, 0, fmt.Errorf("quirk %s has no option %q%s; its options are %s",
		row.Name, option, didYouMean(option, row.Options), strings.Join(row.Options, ", "))
}

func quirkNamed(name string) (quirk, bool) {
	for i := range quirkRows {
		row := &quirkRows[i]
		if strings.EqualFold(row.Name, name) || strings.EqualFold(row.ID, name) {
			return quirk(i), true
		}
	}
	return 0, false
}

func quirkNames() []string {
	names := make([]string, 0, quirkCount)
	for i := range quirkRows {
		names = append(names, quirkRows[i].Name)
	}
	return names
}

// String lists the choices that are not the default, as Set reads them, with
// blanks between.
func (q Quirks) String() string {
	var parts []string
	for i := range quirkRows {
		if q.chosen[i] != 0 {
			parts = append(parts, quirkRows[i].Name+"="+q.of(quirk(i)))
		}
	}
	return strings.Join(parts, " ")
}
