package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sowdev/sow/config/lang"
)

// The limits that the API documents for its objects, on its page "Properties
// and constraints" where nothing else is said. Lengths are in characters.
const (
	maxID          = 100
	maxName        = 100
	maxURL         = 3000
	maxTags        = 25
	maxTag         = 100
	maxMetadata    = 5 * 1024 // bytes, of a user or group
	maxDescription = 255
	maxPassword    = 100
	maxPayload     = 65536
	maxData        = 10 * 1024 // bytes
	maxMentions    = 10        // page "Send message"
	maxFile        = 100 << 20 // bytes
)

// datasetTag begins the tag that sow puts on every message it sends, and by
// which it finds them again.
const datasetTag = "sow:"

// A Warning is what a check returns for a value that the app takes, but that
// may not do what was meant. It is told from a refusal with errors.As.
type Warning struct{ Text string }

// Error returns the text.
func (w *Warning) Error() string { return w.Text }

// The checks below hold what the API documents. Each returns nil or an error
// that says what is wrong, what the limit is, and how to mend it. They run for
// every message, so what is right costs no allocation.

// CheckUID checks the uid of a user: 1 to 100 of a-z, 0-9, - and _.
func CheckUID(uid string) error { return checkID("uid", uid) }

// CheckGUID checks the guid of a group, which follows the rules of a uid.
func CheckGUID(guid string) error { return checkID("guid", guid) }

// CheckRole checks the id of a role, which follows the rules of a uid.
func CheckRole(role string) error { return checkID("role", role) }

func checkID(what, id string) error {
	if id == "" {
		return fmt.Errorf("the %s is empty: give it at least one character of a-z, 0-9, - and _", what)
	}
	for i := range len(id) {
		if c := id[i]; !isIDByte(c) {
			return badID(what, id)
		}
	}
	if len(id) > maxID {
		return tooLong("the "+what, len(id), maxID)
	}
	return nil
}

func isIDByte(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}

func badID(what, id string) error {
	lower := strings.ToLower(id)
	strange := strings.IndexFunc(lower, func(r rune) bool { return r >= utf8.RuneSelf || !isIDByte(byte(r)) })
	if strange < 0 {
		return fmt.Errorf("the %s %q has capitals, which the app would store as %q: write %q", what, id, lower, lower)
	}
	r, _ := utf8.DecodeRuneInString(lower[strange:])
	return fmt.Errorf("the %s %q has the character %q: a %s is made of a-z, 0-9, - and _", what, id, r, what)
}

// CheckName checks the name of a user, a group or a role: 1 to 100 characters.
func CheckName(name string) error {
	if strings.TrimSpace(name) == "" {
		return errors.New("the name is empty: give it at least one visible character")
	}
	return checkLength("the name", name, maxName)
}

// CheckURL checks a link to something on the web: http or https, at most 3000
// characters.
func CheckURL(link string) error {
	if plainURL(link) {
		return nil
	}
	if err := checkLength("the URL", link, maxURL); err != nil {
		return err
	}
	u, err := url.Parse(link)
	var parseErr *url.Error
	switch {
	case errors.As(err, &parseErr):
		return fmt.Errorf("%q is no URL: %w", link, parseErr.Err)
	case err != nil:
		return fmt.Errorf("%q is no URL: %w", link, err)
	case u.Scheme == "" && u.Host == "":
		return fmt.Errorf(`%q is no full URL: write it from the beginning, as in "https://example.com/photo.jpg"`, link)
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("%q is a %s URL, and the app takes http and https only", link, u.Scheme)
	case u.Hostname() == "":
		return fmt.Errorf(`%q names no host: write it as in "https://example.com/photo.jpg"`, link)
	}
	if i := strings.IndexFunc(link, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }); i >= 0 {
		return fmt.Errorf("%q holds white space: write a space as %%20", link)
	}
	return nil
}

// plainURL reports whether link is surely a good URL. It knows the ordinary
// ones, so that net/url need not look at them.
func plainURL(link string) bool {
	rest, ok := strings.CutPrefix(link, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(link, "http://")
	}
	if !ok || len(link) > maxURL {
		return false
	}
	host := strings.IndexByte(rest, '/')
	if host < 0 {
		host = len(rest)
	}
	for i := range host {
		if c := rest[i]; !isIDByte(c) && c != '.' || c == '_' {
			return false
		}
	}
	for i := host; i < len(rest); i++ {
		c := rest[i]
		if !isIDByte(c) && (c < 'A' || c > 'Z') && strings.IndexByte("/.~+,=&?", c) < 0 {
			return false
		}
	}
	return host > 0
}

// CheckTags checks the tags of a user or group: at most 25 different ones of 1
// to 100 characters.
func CheckTags(tags []string) error {
	if len(tags) > maxTags {
		return fmt.Errorf("there are %d tags, and the limit is %d", len(tags), maxTags)
	}
	return checkTags(tags)
}

// CheckMessageTags checks the tags of a message. They are 24 at most, because
// sow adds one of its own.
func CheckMessageTags(tags []string) error {
	if len(tags) > maxTags-1 {
		return fmt.Errorf("there are %d tags, and the limit is %d: a message can have %d, and sow needs one to find its messages again",
			len(tags), maxTags-1, maxTags)
	}
	for _, tag := range tags {
		if strings.HasPrefix(tag, datasetTag) {
			return fmt.Errorf("the tag %q begins with %q, which is kept for the tag that sow adds itself: give it another beginning", tag, datasetTag)
		}
	}
	return checkTags(tags)
}

func checkTags(tags []string) error {
	for i, tag := range tags {
		if strings.TrimSpace(tag) == "" {
			return errors.New("a tag is empty: give it at least one visible character, or leave it away")
		}
		if err := checkLength("a tag", tag, maxTag); err != nil {
			return err
		}
		for _, other := range tags[:i] {
			if tag == other {
				return fmt.Errorf("the tag %q is there twice: leave one away", tag)
			}
		}
	}
	return nil
}

// CheckMetadata checks the metadata of a user or group: a JSON object of at
// most 5 KB.
func CheckMetadata(object json.RawMessage) error {
	if err := CheckObject("metadata", object); err != nil {
		return err
	}
	if len(object) > maxMetadata {
		return fmt.Errorf("the metadata is %d bytes of JSON, and the limit is %d: keep what is large elsewhere, and put a link to it here", len(object), maxMetadata)
	}
	return nil
}

// CheckObject checks the metadata or the custom data of a message, which
// stands in the place of what: a JSON object. Its size counts in [CheckData].
func CheckObject(what string, object json.RawMessage) error {
	if len(object) > 0 && object[0] != '{' {
		return fmt.Errorf(`%s is a JSON object, as in { order = "A-1042" }`, what)
	}
	return nil
}

// CheckDescription checks the description of a group: at most 255 characters.
func CheckDescription(description string) error {
	return checkLength("the description", description, maxDescription)
}

// CheckPassword checks the password of a group: 1 to 100 characters. The error
// does not hold it.
func CheckPassword(password string) error {
	if password == "" {
		return errors.New("the password is empty: give it at least one character")
	}
	return checkLength("the password", password, maxPassword)
}

// CheckGroupType checks the type of a group: public, private or password.
func CheckGroupType(typ string) error {
	switch typ {
	case "public", "private", "password":
		return nil
	case "protected":
		return errors.New(`a group of type "protected" is called "password" here: write type = "password"`)
	}
	return fmt.Errorf("%q is no type of group: it is public, private or password.%s", typ,
		lang.Suggest(typ, []string{"public", "private", "password"}))
}

// CheckLabel checks the label of a message: 1 to 100 letters, digits and
// - _ . : beginning with a letter, a digit or _. What begins with ~ is kept
// for the keys that sow derives.
func CheckLabel(label string) error {
	if label == "" {
		return errors.New("the label is empty: give it a word, or leave it away")
	}
	for i, r := range label {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '_' || i > 0 && (r == '-' || r == '.' || r == ':') {
			continue
		}
		return fmt.Errorf("the label %q has the character %q: a label is made of letters, digits and - _ . : and begins with a letter, a digit or _", label, r)
	}
	return checkLength("the label", label, maxID)
}

// CheckType checks the type of a message against the number of its
// attachments.
func CheckType(typ string, attachments int) error {
	switch typ {
	case "text":
		if attachments > 0 {
			return errors.New("a message of type text has no attachments: leave the type away, and it follows from the attachments")
		}
		return nil
	case "image", "file", "audio", "video":
		if attachments == 0 {
			return fmt.Errorf("a message of type %s needs an attachment: add one, or leave the type away", typ)
		}
		return nil
	case "custom":
		return errors.New("custom messages cannot be sent to moderation, and so not by sow: send a text with custom data instead")
	}
	return fmt.Errorf("%q is no type of message: it is text, image, file, audio or video.%s", typ,
		lang.Suggest(typ, []string{"text", "image", "file", "audio", "video"}))
}

// CheckText checks the text of a message: at most 65,536 characters, and not
// empty when there are no attachments.
func CheckText(text string, attachments int) error {
	if attachments == 0 && strings.TrimSpace(text) == "" {
		return errors.New("the message says nothing: give it a text or an attachment")
	}
	return checkLength("the text", text, maxPayload)
}

// CheckMentions checks the mentions in a text, which are written <@uid:UID>:
// at most 10 different ones.
func CheckMentions(text string) error {
	var seen [maxMentions]string
	n := 0
next:
	for {
		_, rest, ok := strings.Cut(text, "<@uid:")
		if !ok {
			return nil
		}
		uid, after, ok := strings.Cut(rest, ">")
		if !ok {
			return nil
		}
		text = after
		for _, other := range seen[:n] {
			if uid == other {
				continue next
			}
		}
		if n == maxMentions {
			return fmt.Errorf("the text mentions more than %d people, which is the limit: split the message", maxMentions)
		}
		seen[n] = uid
		n++
	}
}

// CheckExpect checks the moderation status that a message is to end with.
func CheckExpect(status string) error {
	switch status {
	case "approved", "disapproved":
		return nil
	case "pending":
		return errors.New("pending is where moderation begins, not where it ends: expect approved or disapproved")
	case "rejected", "blocked":
		return fmt.Errorf("a message that is %s has the status disapproved: write disapproved", status)
	}
	return fmt.Errorf("%q is no status that moderation ends with: it is approved or disapproved.%s", status,
		lang.Suggest(status, []string{"approved", "disapproved"}))
}

// CheckTime checks a resolved time, in UNIX seconds: ten digits.
func CheckTime(seconds int64) error {
	switch {
	case seconds < 1e9:
		return fmt.Errorf("%s is before %s, the earliest time that the app takes", Time{Seconds: seconds}, Time{Seconds: 1e9})
	case seconds >= 1e10:
		return fmt.Errorf("%s is after %s, the latest time that the app takes", Time{Seconds: seconds}, Time{Seconds: 1e10 - 1})
	}
	return nil
}

// CheckData checks the size of the whole message, as JSON. Over 65,536
// characters is an error; data of more than 10 KB, which the documentation
// allows in one place and not in another, is a *[Warning].
func CheckData(m *Message) error {
	data := dataSize(m)
	payload := data.chars + envelope
	for _, tag := range m.Tags {
		payload += jsonString(tag).chars + 1
	}
	switch {
	case payload > maxPayload:
		return fmt.Errorf("the message is %d characters of JSON, and the limit is %d: shorten it, or split it", payload, maxPayload)
	case data.bytes > maxData:
		return &Warning{fmt.Sprintf("The text, attachments and data of the message are %d bytes of JSON. The documented limit is %d in one place and %d in another, so the app may refuse it.",
			data.bytes, maxData, maxPayload)}
	}
	return nil
}

func checkLength(what, s string, limit int) error {
	if len(s) <= limit {
		return nil
	}
	if n := utf8.RuneCountInString(s); n > limit {
		return tooLong(what, n, limit)
	}
	return nil
}

func tooLong(what string, n, limit int) error {
	return fmt.Errorf("%s is %d characters long, and the limit is %d: shorten it", what, n, limit)
}
