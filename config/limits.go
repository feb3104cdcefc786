package config

import "encoding/json"

// A Warning is what a check returns for a value that the app takes, but that
// may not do what was meant. Tell it from a refusal with errors.As.
type Warning struct{ Text string }

// Error returns the text.
func (w *Warning) Error() string { return w.Text }

// The checks hold the API's documented limits. Each returns nil, a *Warning,
// or an error that says what is wrong, the limit, and how to mend it.

func CheckUID(uid string) error                    { panic("skeleton") }
func CheckGUID(guid string) error                  { panic("skeleton") }
func CheckRole(role string) error                  { panic("skeleton") }
func CheckName(name string) error                  { panic("skeleton") }
func CheckURL(url string) error                    { panic("skeleton") }
func CheckTags(tags []string) error                { panic("skeleton") }
func CheckMessageTags(tags []string) error         { panic("skeleton") }
func CheckMetadata(object json.RawMessage) error   { panic("skeleton") } // of a user or group
func CheckObject(object json.RawMessage) error     { panic("skeleton") } // metadata or custom data of a message
func CheckDescription(description string) error    { panic("skeleton") }
func CheckPassword(password string) error          { panic("skeleton") }
func CheckGroupType(typ string) error              { panic("skeleton") }
func CheckLabel(label string) error                { panic("skeleton") }
func CheckType(typ string, attachments int) error  { panic("skeleton") }
func CheckText(text string, attachments int) error { panic("skeleton") }
func CheckMentions(text string) error              { panic("skeleton") }
func CheckExpect(status string) error              { panic("skeleton") }
func CheckAttachment(a Attachment) error           { panic("skeleton") }
func CheckTime(seconds int64) error                { panic("skeleton") } // resolved, UNIX seconds
func CheckData(m *Message) error                   { panic("skeleton") } // the whole: 65,536 an error, over 10 KB a *Warning
func ContactWarning(text string) *Warning          { panic("skeleton") }

// DeriveAttachment fills in what is not given ("") from the URL and the rest.
func DeriveAttachment(url, name, mimeType, extension string) (Attachment, error) { panic("skeleton") }

// MessageType returns the type of a message that carries those attachments:
// text when there are none, the common kind, or file.
func MessageType(attachments []Attachment) string { panic("skeleton") }
