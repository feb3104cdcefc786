package cometchat

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/sowdev/sow/applier"
)

// text is a JSON string, or a number in its digits: ids come as both. Anything
// else decodes to "".
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	switch {
	case len(b) > 0 && b[0] == '"':
		var s string
		if json.Unmarshal(b, &s) == nil {
			*t = text(s)
		}
	case len(b) > 0 && (b[0] == '-' || b[0] >= '0' && b[0] <= '9'):
		*t = text(b)
	}
	return nil
}

// seconds is a JSON number of seconds, or one in a string. Anything else
// decodes to 0.
type seconds int64

func (s *seconds) UnmarshalJSON(b []byte) error {
	digits := string(bytes.Trim(b, `"`))
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
		*s = seconds(n)
	} else if f, err := strconv.ParseFloat(digits, 64); err == nil {
		*s = seconds(f)
	}
	return nil
}

// lenient decodes a value of type T, or to the zero T where something else
// came: PHP writes an empty object as an empty array.
type lenient[T any] struct{ value T }

func (l *lenient[T]) UnmarshalJSON(b []byte) error {
	var v T
	if json.Unmarshal(b, &v) == nil {
		l.value = v
	}
	return nil
}

// list decodes an array, or the values of an object whose keys are "0", "1", …
// among others; both are seen in examples.
type list[T any] []T

func (l *list[T]) UnmarshalJSON(b []byte) error {
	var items []json.RawMessage
	if json.Unmarshal(b, &items) != nil {
		var keyed map[string]json.RawMessage
		if json.Unmarshal(b, &keyed) != nil {
			return nil
		}
		for i := 0; ; i++ {
			item, ok := keyed[strconv.Itoa(i)]
			if !ok {
				break
			}
			items = append(items, item)
		}
	}
	for _, item := range items {
		var v T
		if json.Unmarshal(item, &v) == nil {
			*l = append(*l, v)
		}
	}
	return nil
}

// wireEntity is a user or a group in an answer.
type wireEntity struct {
	UID           text              `json:"uid"`
	GUID          text              `json:"guid"`
	Name          text              `json:"name"`
	Avatar        text              `json:"avatar"`
	Icon          text              `json:"icon"`
	Link          text              `json:"link"`
	Role          text              `json:"role"`
	Type          text              `json:"type"`
	Description   text              `json:"description"`
	Owner         text              `json:"owner"`
	Scope         text              `json:"scope"`
	Metadata      json.RawMessage   `json:"metadata"`
	Tags          lenient[[]string] `json:"tags"`
	CreatedAt     seconds           `json:"createdAt"`
	DeactivatedAt seconds           `json:"deactivatedAt"`
}

func (e *wireEntity) user() *applier.User {
	return &applier.User{
		UID:           string(e.UID),
		Name:          string(e.Name),
		Avatar:        string(e.Avatar),
		Link:          string(e.Link),
		Role:          string(e.Role),
		Metadata:      e.Metadata,
		Tags:          e.Tags.value,
		CreatedAt:     int64(e.CreatedAt),
		DeactivatedAt: int64(e.DeactivatedAt),
	}
}

func (e *wireEntity) group() *applier.Group {
	return &applier.Group{
		GUID:        string(e.GUID),
		Name:        string(e.Name),
		Type:        string(e.Type),
		Icon:        string(e.Icon),
		Description: string(e.Description),
		Owner:       string(e.Owner),
		Metadata:    e.Metadata,
		Tags:        e.Tags.value,
		CreatedAt:   int64(e.CreatedAt),
	}
}

// wireMessage is a message in an answer.
type wireMessage struct {
	ID             text              `json:"id"`
	MUID           text              `json:"muid"`
	ConversationID text              `json:"conversationId"`
	Sender         text              `json:"sender"`
	Receiver       text              `json:"receiver"`
	ReceiverType   text              `json:"receiverType"`
	Category       text              `json:"category"`
	Type           text              `json:"type"`
	Data           lenient[wireData] `json:"data"`
	Tags           lenient[[]string] `json:"tags"`
	SentAt         seconds           `json:"sentAt"`
	UpdatedAt      seconds           `json:"updatedAt"`
	EditedAt       seconds           `json:"editedAt"`
	DeletedAt      seconds           `json:"deletedAt"`
}

// wireData is the content of a message in an answer, with what the app adds.
type wireData struct {
	Text        text                      `json:"text"`
	CustomData  json.RawMessage           `json:"customData"`
	Metadata    json.RawMessage           `json:"metadata"`
	Attachments lenient[[]wireAttachment] `json:"attachments"`
	URL         text                      `json:"url"`
	Entities    lenient[wireEntities]     `json:"entities"`
	Moderation  lenient[struct {
		Status text `json:"status"`
	}] `json:"moderation"`
}

type wireAttachment struct {
	URL       text `json:"url"`
	Name      text `json:"name"`
	MimeType  text `json:"mimeType"`
	Extension text `json:"extension"`
	Size      text `json:"size"`
}

type wireEntities struct {
	Sender   lenient[wireHolder] `json:"sender"`
	Receiver lenient[wireHolder] `json:"receiver"`
}

type wireHolder struct {
	Entity lenient[*wireEntity] `json:"entity"`
}

func (w *wireMessage) message() *applier.Message {
	data := &w.Data.value
	m := &applier.Message{
		ID:             string(w.ID),
		MUID:           string(w.MUID),
		ConversationID: string(w.ConversationID),
		Sender:         string(w.Sender),
		Receiver:       string(w.Receiver),
		ReceiverType:   string(w.ReceiverType),
		Category:       string(w.Category),
		Type:           string(w.Type),
		Data: applier.MessageData{
			Text:       string(data.Text),
			CustomData: data.CustomData,
			Metadata:   data.Metadata,
		},
		Tags:       w.Tags.value,
		SentAt:     int64(w.SentAt),
		UpdatedAt:  int64(w.UpdatedAt),
		EditedAt:   int64(w.EditedAt),
		DeletedAt:  int64(w.DeletedAt),
		Moderation: string(data.Moderation.value.Status),
	}
	for _, a := range data.Attachments.value {
		m.Data.Attachments = append(m.Data.Attachments, applier.Attachment{
			URL: string(a.URL), Name: string(a.Name), MimeType: string(a.MimeType),
			Extension: string(a.Extension), Size: string(a.Size),
		})
	}
	if len(m.Data.Attachments) == 0 && data.URL != "" {
		m.Data.Attachments = []applier.Attachment{{URL: string(data.URL)}}
	}
	if e := data.Entities.value.Sender.value.Entity.value; e != nil {
		m.SenderEntity = e.user()
	}
	if e := data.Entities.value.Receiver.value.Entity.value; e != nil {
		if e.GUID != "" {
			m.GroupEntity = e.group()
		} else {
			m.ReceiverEntity = e.user()
		}
	}
	return m
}

// messageAnswer is an answer whose data is one message. Some single reads are
// documented with an array around it.
type messageAnswer struct {
	Data one[wireMessage] `json:"data"`
}

// one decodes an object, or the first element of an array.
type one[T any] struct {
	value T
	there bool
}

func (o *one[T]) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		var items []T
		if json.Unmarshal(b, &items) == nil && len(items) > 0 {
			o.value, o.there = items[0], true
		}
		return nil
	}
	if len(b) > 0 && b[0] == '{' && json.Unmarshal(b, &o.value) == nil {
		o.there = true
	}
	return nil
}

// messagesAnswer is a cursor-style list of messages.
type messagesAnswer struct {
	Data list[wireMessage] `json:"data"`
	Meta lenient[struct {
		Next lenient[map[string]json.RawMessage] `json:"next"`
	}] `json:"meta"`
}

func (a *messagesAnswer) page() *applier.MessagePage {
	p := new(applier.MessagePage)
	for i := range a.Data {
		p.Messages = append(p.Messages, a.Data[i].message())
	}
	for name, value := range a.Meta.value.Next.value {
		var t text
		_ = t.UnmarshalJSON(value) // never fails; what is no text is left out
		if t == "" {
			continue
		}
		if p.Next == nil {
			p.Next = make(applier.Cursor)
		}
		p.Next[name] = string(t)
	}
	if len(p.Messages) == 0 {
		p.Next = nil
	}
	return p
}

// entitiesAnswer is a page-style list of users, groups or members.
type entitiesAnswer struct {
	Data list[wireEntity] `json:"data"`
	Meta lenient[struct {
		Pagination lenient[struct {
			CurrentPage seconds `json:"current_page"`
			TotalPages  seconds `json:"total_pages"`
		}] `json:"pagination"`
	}] `json:"meta"`
}

// more reports whether there is another page. The total is documented to be
// unreliable: only the page numbers and an empty page tell.
func (a *entitiesAnswer) more() bool {
	p := a.Meta.value.Pagination.value
	return len(a.Data) > 0 && p.TotalPages > p.CurrentPage
}
