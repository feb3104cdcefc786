package emulator

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Profiles returns the names of the quirk profiles.
func Profiles() []string { return []string{"default", "strict", "hostile", "random"} }

// Profile returns the choices of a profile: default, strict (a server that
// refuses whatever it may refuse), hostile (one that hides, repeats and
// reorders whatever it may) or random, drawn from the seed, which the others do
// not use.
func Profile(name string, seed uint64) (Quirks, error) {
	var q Quirks
	switch name {
	case "", "default":
	case "strict":
		q.choose(strictChoices())
	case "hostile":
		q.choose(hostileChoices())
	case "random":
		q = randomQuirks(seed)
	default:
		return q, fmt.Errorf("there is no quirk profile %q%s; the profiles are %s",
			name, didYouMean(name, Profiles()), strings.Join(Profiles(), ", "))
	}
	return q, nil
}

func (q *Quirks) choose(options map[quirk]string) {
	for which, option := range options {
		if err := q.Set(quirkRows[which].Name + "=" + option); err != nil {
			panic("emulator: a profile is wrong: " + err.Error())
		}
	}
}

func strictChoices() map[quirk]string {
	return map[quirk]string{
		muidDuplicate:         "reject",
		muidFormat:            "restricted_charset",
		detailsOnExisting:     "reject",
		detailsIDMismatch:     "reject",
		missingEntity:         "not_found",
		detailsRoleMissing:    "reject",
		detailsOwnerMissing:   "reject",
		membershipRequired:    "always",
		creatorMembership:     "required",
		sentAtFuture:          "reject",
		sentAtTooOld:          "reject",
		attachmentUnreachable: "reject",
		textOver10K:           "reject",
		restSenderLimit:       "30_per_min",
		clearByEmpty:          "rejected",
		softDeletedUID:        "taken",
		reactionDuplicate:     "reject",
		errorStatusMap:        "odd_409_417",
	}
}

func hostileChoices() map[quirk]string {
	return map[quirk]string{
		muidDuplicate:           "accept",
		muidReadback:            "nowhere",
		sendFailureOutcome:      "stored_later",
		messageSettleTime:       "10s",
		detailsOnExisting:       "reject",
		failedCallEffects:       "entities_kept",
		detailsRoleMissing:      "fallback_default",
		detailsOwnerMissing:     "dangling",
		membershipRequired:      "always",
		creatorMembership:       "required",
		ownerIsMember:           "no",
		equalSentAtOrder:        "unstable",
		listOrder:               "by_id",
		conversationLastMessage: "by_sent_at",
		moderationSettles:       "never",
		disapprovedListing:      "hidden",
		attachmentHosting:       "rehost",
		mediaDataURL:            "absent",
		restSenderLimit:         "30_per_min",
		rateHeaderSpelling:      "none",
		retryAfter:              "absent",
		rateLimitBody:           "not_json",
		errorStatusMap:          "flat_400",
		serverErrorBody:         "html",
		errorDetails:            "absent",
		metadataPut:             "merge",
		clearByEmpty:            "ignored",
		injectedFields:          "defaults_and_metadata",
		messageDeleteResponse:   "action_edited",
		moderationListPaging:    "single_page",
		conversationIDForm:      "sender_first",
		messageIDType:           "number",
		conversationGetShape:    "object",
	}
}

// randomQuirks draws every choice, but leaves the app usable: an app without
// the endpoint, or one that takes no message at all, is a case of its own.
func randomQuirks(seed uint64) Quirks {
	var q Quirks
	r := rand.New(rand.NewPCG(seed, 0x73_6f_77))
	for i := range q.chosen {
		q.chosen[i] = uint8(r.IntN(len(quirkRows[i].Options)))
	}
	q.chosen[endpointAvailability] = 0
	if q.of(moderationWhenOff) == "reject" {
		q.chosen[moderationWhenOff] = 0
	}
	return q
}
