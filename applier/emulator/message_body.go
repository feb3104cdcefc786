package emulator

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"
)

// draft is a message as a request describes it.
type draft struct {
	moderated        bool // it came through the moderation endpoint
	sender, receiver string
	toGroup          bool
	category, kind   string
	content          content
	muid             string
	tags             []string
	sentAt           int64
	parent           int64 // of a reply in a thread

	senderDetails   value
	receiverDetails value
	groupDetails    value
	uids, guids     []string // those of multipleReceivers
}

func (d *draft) hasDetails() bool {
	return d.senderDetails != nil || d.receiverDetails != nil || d.groupDetails != nil
}

// content is what data says.
type content struct {
	fields      []byte // without the braces, and without what the service writes itself
	text        string
	unreachable bool // an attachment cannot be fetched
}

// readDraft reads the body of a send. moderated is for the moderation endpoint,
// which knows more fields, and fewer categories.
func readDraft(c *call, s *Server, moderated bool) (*draft, *failure) {
	if n := utf8.RuneCount(c.body); n > maxMessageBody {
		return nil, invalid(codeBadRequest, "data", fmt.Sprintf("the message has %d characters, and at most %d are allowed", n, maxMessageBody))
	}
	v, f := bodyObject(c, maxBody)
	if f != nil {
		return nil, f
	}
	d := &draft{moderated: moderated}
	var (
		k            = checks{now: c.seconds()}
		receiverType string
		data         value
		hasMUID      bool
	)
	v.fields(func(name string, field value) {
		if field.missing() {
			return
		}
		switch name {
		case "sender":
			if moderated {
				d.sender = k.id(name, field)
			}
		case "receiver":
			d.receiver = k.id(name, field)
		case "receiverType":
			receiverType = k.text(name, field, maxName)
		case "category":
			d.category = k.text(name, field, maxName)
		case "type":
			d.kind = k.text(name, field, maxName)
		case "data":
			data = field
		case "muid":
			d.muid, hasMUID = k.text(name, field, maxMessageBody), true
		case "tags":
			d.tags = k.tags(name, field)
		case "sentAt":
			if moderated {
				d.sentAt = k.time(name, field)
			}
		case "senderUserDetails":
			d.senderDetails = details(moderated, field)
		case "receiverUserDetails":
			d.receiverDetails = details(moderated, field)
		case "receiverGroupDetails":
			d.groupDetails = details(moderated, field)
		case "multipleReceivers":
			if !moderated {
				d.readReceivers(&k, field)
			}
		}
	})
	if moderated {
		k.needs("sender", d.sender)
	} else {
		d.sender = c.behalf
		d.standard(v)
	}
	if len(d.uids)+len(d.guids) == 0 {
		k.needs("receiver", d.receiver)
		k.needs("receiverType", receiverType)
	}
	if hasMUID {
		checkMUID(&k, c.quirks, d.muid)
	}
	if f := k.failure(); f != nil {
		return nil, f
	}
	switch receiverType {
	case "user", "":
	case "group":
		d.toGroup = true
	default:
		return nil, invalid(codeReceiverType, "receiverType", "receiverType must be user or group")
	}
	if f := d.checkCategory(c.quirks, moderated); f != nil {
		return nil, f
	}
	d.content, f = s.readContent(c.quirks, d.category, d.kind, data)
	return d, f
}

// standard fills in what POST /messages fills in by itself.
func (d *draft) standard(v value) {
	if v.field("category").missing() {
		d.category = "message"
	}
	if v.field("type").missing() && d.category == "message" {
		d.kind = "text"
	}
}

// details are read on the moderation endpoint alone.
func details(moderated bool, v value) value {
	if !moderated {
		return nil
	}
	return v
}

func (d *draft) readReceivers(k *checks, v value) {
	read := func(field string) []string {
		list, ok := v.field(field).texts()
		if !ok && !v.field(field).missing() {
			k.bad("multipleReceivers", "multipleReceivers.%s must be a list of ids", field)
		}
		for i := range list {
			list[i] = lower(list[i])
		}
		return list
	}
	d.uids, d.guids = read("uids"), read("guids")
}

func checkMUID(k *checks, q *Quirks, muid string) {
	format := q.of(muidFormat)
	switch {
	case muid == "":
		k.bad("muid", "muid must not be empty when it is there")
	case format != "any" && utf8.RuneCountInString(muid) > maxID:
		k.bad("muid", "muid has more than %d characters", maxID)
	case format == "restricted_charset" && !isID(muid):
		k.bad("muid", "muid may have lower-case letters, digits, - and _ only")
	}
}

func (d *draft) checkCategory(q *Quirks, moderated bool) *failure {
	switch d.category {
	case "":
		return invalid(codeEmptyCategory, "category", "category is required")
	case "message":
	case "custom":
		if moderated && q.of(moderationCustomCategory) == "reject" {
			return invalid(codeInvalidCategory, "category", "category must be message")
		}
	default:
		return invalid(codeInvalidCategory, "category", "category must be message or custom")
	}
	switch {
	case d.kind == "":
		return invalid(codeEmptyType, "type", "type is required")
	case d.category == "message" && !isKind(d.kind):
		return invalid(codeInvalidType, "type", "type must be text, image, file, audio or video")
	}
	return nil
}

func isKind(kind string) bool {
	return kind == "text" || isMedia(kind)
}

func isMedia(kind string) bool {
	switch kind {
	case "image", "file", "audio", "video":
		return true
	}
	return false
}

// readContent reads and checks data. What the service writes itself, such as
// entities, is dropped.
func (s *Server) readContent(q *Quirks, category, kind string, data value) (content, *failure) {
	var c content
	switch {
	case data.missing():
		data = value("{}")
	case !data.isObject():
		return c, invalid(codeInvalidData, "data", "data must be an object")
	}
	if len(data) > maxMessageData && q.of(textOver10K) == "reject" {
		return c, invalid(codeBadRequest, "data", fmt.Sprintf("data has %d bytes, and at most %d are allowed", len(data), maxMessageData))
	}
	var (
		f           *failure
		attachments value
		custom      bool
		link        string
	)
	o := object{make([]byte, 0, len(data)+64)}
	o.b = append(o.b, '{')
	data.fields(func(name string, field value) {
		switch name {
		case "text":
			if !field.isString() && !field.missing() {
				f = invalid(codeInvalidText, "data.text", "data.text must be a string")
			}
			c.text = field.text()
		case "metadata":
			if !field.isObject() && !field.missing() {
				f = invalid(codeInvalidMetadata, "data.metadata", "data.metadata must be an object")
			}
		case "customData":
			if !field.isObject() && !field.missing() {
				f = invalid(codeInvalidCustom, "data.customData", "data.customData must be an object")
			}
			custom = field.isObject()
		case "attachments":
			attachments = field
			return // written below
		case "url":
			link = field.text()
			return
		case "entities", "moderation", "mentions", "reactions":
			return
		}
		if !field.missing() {
			o.name(quoted(name))
			o.b = appendCompact(o.b, field)
		}
	})
	if f != nil {
		return c, f
	}
	if f := s.readAttachments(q, &o, attachments, link, &c); f != nil {
		return c, f
	}
	switch {
	case category == "custom" && !custom:
		return c, invalid(codeEmptyCustom, "data.customData", "data.customData is required")
	case category == "message" && kind == "text" && strings.TrimSpace(c.text) == "":
		return c, invalid(codeEmptyText, "data.text", "data.text is required")
	case category == "message" && isMedia(kind) && attachments.missing() && link == "":
		return c, invalid(codeEmptyFile, "data.attachments", "data.attachments is required")
	case mentions(c.text) > maxMentions:
		return c, invalid(codeBadRequest, "data.text", fmt.Sprintf("data.text mentions more than %d users", maxMentions))
	}
	c.fields = o.b[1:]
	return c, nil
}

// readAttachments writes the attachments and the url of data to o.
func (s *Server) readAttachments(q *Quirks, o *object, list value, link string, c *content) *failure {
	if list.missing() {
		if q.of(mediaDataURL) != "absent" {
			o.some("url", link)
		}
		return nil
	}
	if !list.isArray() {
		return invalid(codeInvalidMedia, "data.attachments", "data.attachments must be a list")
	}
	var (
		f     *failure
		first string
	)
	o.name("attachments")
	o.b = append(o.b, '[')
	list.items(func(item value) {
		for _, name := range []string{"url", "name", "mimeType", "extension"} {
			if item.field(name).text() == "" {
				f = invalid(codeInvalidMedia, "data.attachments", "each attachment needs url, name, mimeType and extension")
			}
		}
		source := item.field("url").text()
		if f != nil {
			return
		}
		if !isLink(source) {
			f = invalid(codeInvalidMedia, "data.attachments", "the url of an attachment must be a URL")
			return
		}
		c.unreachable = c.unreachable || unreachable(source)
		if o.b[len(o.b)-1] != '[' {
			o.b = append(o.b, ',')
		}
		at := len(o.b)
		o.b = s.appendAttachment(o.b, q, item)
		if first == "" {
			first = value(o.b[at:]).field("url").text()
		}
	})
	o.b = append(o.b, ']')
	switch q.of(mediaDataURL) {
	case "derived":
		if link == "" {
			link = first
		}
		o.some("url", link)
	case "echo_only":
		o.some("url", link)
	}
	return f
}

// appendAttachment appends an attachment as it is stored, with the URL of our
// own copy where the app keeps one.
func (s *Server) appendAttachment(dst []byte, q *Quirks, item value) []byte {
	if q.of(attachmentHosting) == "by_reference" {
		return appendCompact(dst, item)
	}
	o := begin(dst)
	item.fields(func(name string, field value) {
		if name == "url" {
			o.text("url", s.copyOf(field.text()))
			return
		}
		o.name(quoted(name))
		o.b = appendCompact(o.b, field)
	})
	return o.end()
}

// copyOf is where the service would keep its copy of a file. Nothing is there:
// the emulator fetches nothing.
func (s *Server) copyOf(source string) string {
	u, err := url.Parse(source)
	if err != nil {
		return source
	}
	host := "https://data-" + s.options.Region + ".cometchat.io/" + s.options.AppID + "/media/"
	if strings.HasPrefix(source, host) {
		return source
	}
	return host + url.PathEscape(u.Hostname()) + u.EscapedPath()
}

// unreachable reports whether a file cannot be fetched. The emulator never
// asks: names below .invalid are reserved for never existing.
func unreachable(source string) bool {
	u, err := url.Parse(source)
	return err != nil || u.Hostname() == "invalid" || strings.HasSuffix(strings.ToLower(u.Hostname()), ".invalid")
}

const mentionMark = "<@uid:"

// mentioned returns the uids that a text mentions, each once.
func mentioned(text string) []string {
	var uids []string
	seen := make(map[string]bool)
	for {
		_, rest, ok := strings.Cut(text, mentionMark)
		if !ok {
			return uids
		}
		uid, rest, ok := strings.Cut(rest, ">")
		if !ok {
			return uids
		}
		if uid = lower(uid); !seen[uid] {
			seen[uid] = true
			uids = append(uids, uid)
		}
		text = rest
	}
}

func mentions(text string) int {
	if !strings.Contains(text, mentionMark) {
		return 0
	}
	return len(mentioned(text))
}

// textOf returns the text of stored content.
func textOf(fields []byte) string {
	if !bytes.Contains(fields, []byte(`"text"`)) {
		return ""
	}
	return objectOf(fields).field("text").text()
}

// objectOf puts the braces around stored content.
func objectOf(fields []byte) value {
	v := make([]byte, 0, len(fields)+2)
	return append(append(append(v, '{'), fields...), '}')
}
