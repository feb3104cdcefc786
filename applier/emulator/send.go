package emulator

import (
	"strings"
	"time"
)

// halfYear is about how far back data import goes; whether sends are held to
// it is a quirk.
const halfYear = 183 * 24 * time.Hour

// sendModerated is POST /moderation/messages.
func (s *Server) sendModerated(c *call) *failure {
	switch c.quirks.of(endpointAvailability) {
	case "gone":
		return refuse(codeAPINotFound, "There is no POST /moderation/messages.")
	case "plan_restricted":
		return planRestriction()
	}
	if c.quirks.of(moderationSwitch) == "off" && c.quirks.of(moderationWhenOff) == "reject" {
		return planRestriction()
	}
	d, f := readDraft(c, s, true)
	if f != nil {
		return f
	}
	if f := s.senderLimit(c, d.sender); f != nil {
		return f
	}
	s.mu.Lock()
	sent, f := s.deliverDraft(c, d)
	s.mu.Unlock()
	if f != nil || sent == nil {
		return f
	}
	c.replyMessage(sent)
	return nil
}

func planRestriction() *failure {
	return refuse(codePlanRestriction, "The plan of the app does not include moderation.")
}

func (s *Server) senderLimit(c *call, uid string) *failure {
	if c.quirks.of(restSenderLimit) != "30_per_min" {
		return nil
	}
	if wait, ok := s.rates.takeSender(c.now, uid); !ok {
		return &failure{code: codeTooMany, wait: wait}
	}
	return nil
}

// deliverDraft stores the message and whoever it carries. Nothing comes back,
// without a failure, when the call is doomed.
func (s *Server) deliverDraft(c *call, d *draft) (*shown, *failure) {
	if f := s.checkTime(c, d); f != nil {
		return nil, f
	}
	if old, f := s.checkDuplicate(c, d); f != nil {
		return nil, f
	} else if old != nil {
		return s.showSent(c, old), nil
	}
	p := &carried{s: s, c: c}
	f := p.read(d)
	ready := f == nil // sender and receiver exist
	if f == nil {
		f = p.checkMembership(d)
	}
	if f == nil && d.content.unreachable && c.quirks.of(attachmentUnreachable) == "reject" {
		f = invalid(codeInvalidMedia, "data.attachments", "an attachment cannot be fetched")
	}
	broken := f == nil && (c.doomed || !c.deferred && s.breaksServer(c, d))
	if f == nil && !broken {
		p.commit()
		return s.showSent(c, s.store(c, d)), nil
	}
	s.leftovers(c, d, p, ready, broken)
	if broken && !c.doomed {
		f = refuse(codeException, "Something went wrong.")
	}
	return nil, f
}

// breaksServer reports whether the message makes the service fail.
func (s *Server) breaksServer(c *call, d *draft) bool {
	tooOld := d.sentAt != 0 && time.Unix(d.sentAt, 0).Before(c.now.Add(-halfYear))
	return tooOld && c.quirks.of(sentAtTooOld) == "server_error" ||
		d.content.unreachable && c.quirks.of(attachmentUnreachable) == "server_error"
}

// leftovers does what a failed call does all the same: one with details may
// leave what it created, and one that ended in a 5xx may have been stored.
func (s *Server) leftovers(c *call, d *draft, p *carried, ready, broken bool) {
	kept := c.quirks.of(failedCallEffects)
	withDetails := d.hasDetails() && kept != "none"
	outcome := "not_stored"
	if broken {
		outcome = c.quirks.of(sendFailureOutcome)
	}
	switch {
	case outcome == "stored", ready && withDetails && kept == "entities_and_message_kept":
		p.commit()
		s.store(c, d)
	case outcome == "stored_later":
		if withDetails {
			p.commit()
		}
		s.postpone(c, storedLaterDelay)
	case withDetails:
		p.commit()
	}
}

func (s *Server) checkTime(c *call, d *draft) *failure {
	if d.sentAt == 0 {
		d.sentAt = c.seconds()
	}
	switch {
	case d.sentAt > c.seconds() && c.quirks.of(sentAtFuture) == "reject":
		return invalid(codeBadRequest, "sentAt", "sentAt must not be in the future")
	case d.sentAt > c.seconds() && c.quirks.of(sentAtFuture) == "clamp_now":
		d.sentAt = c.seconds()
	case time.Unix(d.sentAt, 0).Before(c.now.Add(-halfYear)) && c.quirks.of(sentAtTooOld) == "reject":
		return invalid(codeBadRequest, "sentAt", "sentAt must not be more than half a year back")
	}
	return nil
}

// checkDuplicate looks for a message with the same muid, and returns it where
// the app answers with it.
func (s *Server) checkDuplicate(c *call, d *draft) (*message, *failure) {
	policy := c.quirks.of(muidDuplicate)
	if d.muid == "" || policy == "accept" {
		return nil, nil
	}
	var old *message
	s.data.muids.all(d.muid, func(id int64) bool {
		if m := s.data.message(id); sameScope(c.quirks.of(muidScope), m, d) {
			old = m
		}
		return old == nil
	})
	if old == nil || policy == "return_existing" {
		return old, nil
	}
	switch c.quirks.of(muidRejectCode) {
	case "import_code":
		return nil, refuse(codeImportMUIDExists, "The muid "+d.muid+" is in use.")
	case "unknown_code":
		return nil, refuse(codeUnknownMUID, "The muid "+d.muid+" is in use.")
	}
	return nil, invalid(codeBadRequest, "muid", "the muid is in use")
}

// sameScope reports whether two messages are where they must not have the same
// muid.
func sameScope(scope string, old *message, d *draft) bool {
	switch scope {
	case "conversation":
		if d.toGroup != old.conv.isGroup() {
			return false
		}
		if d.toGroup {
			return old.conv.guid == d.receiver
		}
		return old.conv.a == min(d.sender, d.receiver) && old.conv.b == max(d.sender, d.receiver)
	case "sender":
		return old.sender == d.sender
	}
	return true
}

// store stores the message. Sender and receiver exist.
func (s *Server) store(c *call, d *draft) *message {
	m := &message{
		muid: d.muid, sender: d.sender, receiver: d.receiver,
		category: d.category, kind: d.kind,
		data: d.content.fields, tags: d.tags, parent: d.parent,
		sentAt: d.sentAt, updatedAt: c.seconds(),
		storedAt: c.now.UnixNano(), lag: int64(c.lag),
		held: d.sentAt > c.seconds() && c.quirks.of(sentAtFuture) == "hold",
	}
	if d.toGroup {
		m.conv = s.data.groupChat(d.receiver, c.seconds())
		if r := s.data.rooms[d.receiver]; r != nil && c.quirks.of(senderJoinsGroup) == "yes" && r.members[d.sender] == nil {
			s.putMember(r, &member{GUID: r.GUID, UID: d.sender, Scope: "participant", JoinedAt: c.seconds()})
		}
	} else {
		m.conv = s.data.pairChat(d.sender, d.receiver, c.quirks.of(conversationIDForm) == "sorted", c.seconds())
	}
	if d.category == "message" {
		m.moderatedAt = c.now.UnixNano()
		m.bad = s.isBad(d.content.text)
	}
	s.putNewMessage(m)
	return m
}

// isBad reports whether moderation will disapprove of a text.
func (s *Server) isBad(text string) bool {
	if len(s.options.Keywords) == 0 || text == "" {
		return false
	}
	text = strings.ToLower(text)
	for _, word := range s.options.Keywords {
		if word != "" && strings.Contains(text, strings.ToLower(word)) {
			return true
		}
	}
	return false
}

// moderation is a message's status, or "" where there is none.
func (s *Server) moderation(q *Quirks, m *message, now time.Time) string {
	if m.moderatedAt == 0 {
		return ""
	}
	if q.of(moderationSwitch) == "off" {
		switch q.of(moderationWhenOff) {
		case "approved":
			return "approved"
		case "pending_forever":
			return "pending"
		}
		return ""
	}
	settles := q.of(moderationSettles)
	if settles == "never" || settles == "delayed" && now.UnixNano() < m.moderatedAt+int64(s.options.ModerationDelay) {
		return "pending"
	}
	if m.bad {
		return "disapproved"
	}
	return "approved"
}
