package emulator

import (
	"fmt"
	"net/url"
	"unicode/utf8"
)

// The documented limits (page "Properties and constraints").
const (
	maxID          = 100
	maxName        = 100
	maxURL         = 3000
	maxMetadata    = 5 << 10
	maxEntityBody  = 10 << 10
	maxTags        = 25
	maxTag         = 100
	maxDescription = 255
	maxPassword    = 100
	maxMessageBody = 65_536
	maxMessageData = 10 << 10
	maxMembersCall = 25
	maxMembers     = 100_000
	maxRoles       = 25
	maxMentions    = 10
	maxReactions   = 25
	maxReaction    = 45
	maxPerPage     = 1000
)

// checks collects what is wrong with the fields of a request, so that all of it
// is told at once.
type checks struct {
	now     int64 // UNIX seconds; needed where times are read
	details map[string]string
}

func (k *checks) bad(field, format string, args ...any) {
	if k.details == nil {
		k.details = make(map[string]string)
	}
	if k.details[field] == "" {
		k.details[field] = fmt.Sprintf(format, args...)
	}
}

// failure is what came of the checks, nil when all is well.
func (k *checks) failure() *failure {
	if len(k.details) == 0 {
		return nil
	}
	return &failure{code: codeBadRequest, message: "The request is not valid; see details.", details: k.details}
}

// text reads an optional string of at most that many characters.
func (k *checks) text(field string, v value, most int) string {
	if v.missing() {
		return ""
	}
	if !v.isString() {
		k.bad(field, "%s must be a string", field)
		return ""
	}
	s := v.text()
	if n := utf8.RuneCountInString(s); n > most {
		k.bad(field, "%s has %d characters, and at most %d are allowed", field, n, most)
	}
	return s
}

// required reads a string that must be there.
func (k *checks) required(field string, v value, most int) string {
	s := k.text(field, v, most)
	if s == "" {
		k.bad(field, "%s is required", field)
	}
	return s
}

// id reads a uid, a guid or the id of a role, in lower case as the service
// keeps them.
func (k *checks) id(field string, v value) string {
	s := lower(k.required(field, v, maxID))
	if s != "" && !isID(s) {
		k.bad(field, "%s may have letters, digits, - and _ only", field)
	}
	return s
}

func isID(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' {
			return false
		}
	}
	return s != ""
}

// link reads an optional URL.
func (k *checks) link(field string, v value) string {
	s := k.text(field, v, maxURL)
	if s == "" {
		return ""
	}
	if !isLink(s) {
		k.bad(field, "%s must be a URL", field)
	}
	return s
}

func isLink(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// object reads an optional object of at most that many bytes, without blanks.
func (k *checks) object(field string, v value, most int) []byte {
	if v.missing() {
		return nil
	}
	if !v.isObject() {
		k.bad(field, "%s must be an object", field)
		return nil
	}
	b := appendCompact(nil, v)
	if len(b) > most {
		k.bad(field, "%s has %d bytes, and at most %d are allowed", field, len(b), most)
	}
	return b
}

// tags reads an optional list of tags.
func (k *checks) tags(field string, v value) []string {
	if v.missing() {
		return nil
	}
	tags, ok := v.texts()
	switch {
	case !ok:
		k.bad(field, "%s must be a list of strings", field)
		return nil
	case len(tags) > maxTags:
		k.bad(field, "%s has %d entries, and at most %d are allowed", field, len(tags), maxTags)
	}
	for _, tag := range tags {
		if n := utf8.RuneCountInString(tag); n == 0 || n > maxTag {
			k.bad(field, "each of %s must have 1 to %d characters", field, maxTag)
		}
	}
	return tags
}

// time reads an optional instant in seconds, which has ten digits: so a time in
// milliseconds is found out. Virtual clocks may stand where nine are right.
func (k *checks) time(field string, v value) int64 {
	if v.missing() {
		return 0
	}
	least := int64(1_000_000_000)
	if k.now < least {
		least /= 10
	}
	n, ok := v.integer()
	if !ok || n < least || n > 9_999_999_999 {
		k.bad(field, "%s must be a UNIX time in seconds, with ten digits", field)
		return 0
	}
	return n
}

// bodyObject reads the body of a request as an object.
func bodyObject(c *call, most int) (value, *failure) {
	if len(c.body) > most {
		return nil, invalid(codeBadRequest, "body", fmt.Sprintf("the body has %d bytes, and at most %d are allowed", len(c.body), most))
	}
	if len(c.body) == 0 {
		return value("{}"), nil
	}
	v := parseJSON(c.body)
	if !v.isObject() {
		return nil, invalid(codeBadRequest, "body", "the body must be a JSON object in UTF-8")
	}
	return v, nil
}
