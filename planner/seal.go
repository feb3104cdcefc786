package planner

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/state"
	"github.com/sowdev/sow/state/jsonline"
)

// Seal returns what the state keeps of a sensitive value: the HMAC-SHA-256 of
// the attribute's name and the value, in hex, under the state's hash key.
func Seal(hashKey, attribute, value string) string {
	mac := hmac.New(sha256.New, []byte(hashKey))
	mac.Write(appendPart(nil, attribute))
	mac.Write([]byte(value))
	return hex.EncodeToString(mac.Sum(nil))
}

// SealUser returns u as the state keeps it: the sensitive attributes are in
// Sealed and nowhere else. u is not changed.
func SealUser(u *state.User, sensitive []string, hashKey string) *state.User {
	sealed := *u
	s := sealer{hashKey: hashKey}
	for _, name := range sensitive {
		switch name {
		case "name":
			s.text(name, &sealed.Name)
		case "avatar":
			s.text(name, &sealed.Avatar)
		case "link":
			s.text(name, &sealed.Link)
		case "role":
			s.text(name, &sealed.Role)
		case "metadata":
			s.json(name, &sealed.Metadata)
		case "tags":
			s.list(name, &sealed.Tags)
		default:
			panic(unknownSecret(name))
		}
	}
	sealed.Sealed = s.sealed
	return &sealed
}

// SealGroup returns g as the state keeps it. The password is always sealed.
func SealGroup(g *state.Group, sensitive []string, hashKey string) *state.Group {
	sealed := *g
	s := sealer{hashKey: hashKey}
	s.text("password", &sealed.Password)
	for _, name := range sensitive {
		switch name {
		case "password": // sealed above
		case "name":
			s.text(name, &sealed.Name)
		case "icon":
			s.text(name, &sealed.Icon)
		case "description":
			s.text(name, &sealed.Description)
		case "metadata":
			s.json(name, &sealed.Metadata)
		case "tags":
			s.list(name, &sealed.Tags)
		default:
			panic(unknownSecret(name))
		}
	}
	sealed.Sealed = s.sealed
	return &sealed
}

// SealMessage returns m as the state keeps it. m is not changed.
func SealMessage(m *state.Message, sensitive []string, hashKey string) *state.Message {
	if len(sensitive) == 0 {
		return m
	}
	sealed := *m
	s := sealer{hashKey: hashKey}
	for _, name := range sensitive {
		switch name {
		case "text":
			s.text(name, &sealed.Text)
		case "attachments":
			if len(sealed.Attachments) > 0 {
				s.add(name, attachmentsText(sealed.Attachments))
				sealed.Attachments = nil
			}
		case "custom_data":
			s.json(name, &sealed.CustomData)
		case "metadata":
			s.json(name, &sealed.Metadata)
		case "tags":
			s.list(name, &sealed.Tags)
		default:
			panic(unknownSecret(name))
		}
	}
	sealed.Sealed = s.sealed
	return &sealed
}

// unknownSecret is the panic over an attribute that is sensitive and that nobody
// knows how to seal: passed over, it would be stored in clear.
func unknownSecret(attribute string) string { return "planner: cannot seal the attribute " + attribute }

// sealer moves values into seals. Empty ones are not declared and have no
// seal.
type sealer struct {
	hashKey string
	sealed  map[string]string
}

func (s *sealer) add(name, value string) {
	if s.sealed == nil {
		s.sealed = make(map[string]string)
	}
	s.sealed[name] = Seal(s.hashKey, name, value)
}

func (s *sealer) text(name string, value *string) {
	if *value != "" {
		s.add(name, *value)
		*value = ""
	}
}

func (s *sealer) json(name string, value *json.RawMessage) {
	if len(*value) > 0 {
		s.add(name, string(*value))
		*value = nil
	}
}

func (s *sealer) list(name string, value *[]string) {
	if len(*value) > 0 {
		s.add(name, listText(*value))
		*value = nil
	}
}

// listText is a list as one text, for seals and for people.
func listText(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return string(jsonline.AppendTexts(nil, list))
}

// attachmentsText is attachments as one text.
func attachmentsText(list []state.Attachment) string {
	if len(list) == 0 {
		return ""
	}
	return string(appendAttachments(nil, list))
}

func declaredAttachments(list []config.Attachment) []state.Attachment {
	if len(list) == 0 {
		return nil
	}
	out := make([]state.Attachment, len(list))
	for i, a := range list {
		out[i] = state.Attachment(a)
	}
	return out
}

// sealable returns the text that the seal of a declared message's attribute is
// made of.
func sealable(m *config.Message, name string) string {
	switch name {
	case "text":
		return m.Text
	case "attachments":
		return attachmentsText(declaredAttachments(m.Attachments))
	case "custom_data":
		return string(m.CustomData)
	case "metadata":
		return string(m.Metadata)
	case "tags":
		return listText(m.Tags)
	}
	return ""
}
