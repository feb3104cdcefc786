package cometchat

import (
	"cmp"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/sowdev/sow/applier"
)

// decode reads an answer in one pass. Duplicate names and broken UTF-8 are no
// reason to lose it.
func decode(body []byte, out any) error {
	return json.Unmarshal(body, out, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// text is a JSON string, or a number in its digits: ids come as both. Anything
// else decodes to "".
type text string

// UnmarshalJSONFrom fails on broken JSON alone.
func (t *text) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	switch d.PeekKind() {
	case '"', '0':
		token, err := d.ReadToken()
		if err != nil {
			return err
		}
		*t = text(token.String())
		return nil
	}
	return d.SkipValue()
}

// seconds is a JSON number of seconds, or one in a string. Anything else
// decodes to 0.
type seconds int64

// UnmarshalJSONFrom fails on broken JSON alone.
func (s *seconds) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	var digits text
	if err := digits.UnmarshalJSONFrom(d); err != nil {
		return err
	}
	if n, err := strconv.ParseInt(string(digits), 10, 64); err == nil {
		*s = seconds(n)
	} else if f, err := strconv.ParseFloat(string(digits), 64); err == nil {
		*s = seconds(f)
	}
	return nil
}

// object decodes a JSON object, and leaves the zero T where something else
// comes: PHP writes an empty object as an empty array.
type object[T any] struct {
	value T
	there bool
}

// UnmarshalJSONFrom fails on broken JSON alone, as long as T does.
func (o *object[T]) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() != '{' {
		return d.SkipValue()
	}
	o.there = true
	return json.UnmarshalDecode(d, &o.value)
}

// one decodes an object, or the first element of an array: some single reads
// are documented with an array around the object.
type one[T any] struct{ object[T] }

// UnmarshalJSONFrom fails on broken JSON alone, as long as T does.
func (o *one[T]) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() != '[' {
		return o.object.UnmarshalJSONFrom(d)
	}
	var items list[T]
	if err := items.UnmarshalJSONFrom(d); err != nil || len(items) == 0 {
		return err
	}
	o.value, o.there = items[0], true
	return nil
}

// list decodes the objects of an array, or of an object whose keys are numbers,
// which is how some examples show a list. What is no object is left out.
type list[T any] []T

// UnmarshalJSONFrom fails on broken JSON alone, as long as T does.
func (l *list[T]) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	kind := d.PeekKind()
	if kind != '[' && kind != '{' {
		return d.SkipValue()
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() == '"' || kind == '[' && d.PeekKind() != ']' {
		if kind == '{' {
			name, err := d.ReadToken()
			if err != nil {
				return err
			}
			if _, err := strconv.Atoi(name.String()); err != nil {
				if err := d.SkipValue(); err != nil {
					return err
				}
				continue
			}
		}
		var item object[T]
		if err := item.UnmarshalJSONFrom(d); err != nil {
			return err
		}
		if item.there {
			*l = append(*l, item.value)
		}
	}
	_, err := d.ReadToken()
	return err
}

// texts decodes the strings of an array, and nothing from anything else.
type texts []string

// UnmarshalJSONFrom fails on broken JSON alone.
func (l *texts) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() != '[' {
		return d.SkipValue()
	}
	var items []text
	if err := json.UnmarshalDecode(d, &items); err != nil {
		return err
	}
	for _, item := range items {
		*l = append(*l, string(item))
	}
	return nil
}

// wireEntity is a user or a group in an answer.
type wireEntity struct {
	UID           text           `json:"uid"`
	GUID          text           `json:"guid"`
	Name          text           `json:"name"`
	Avatar        text           `json:"avatar"`
	Icon          text           `json:"icon"`
	Link          text           `json:"link"`
	Role          text           `json:"role"`
	Type          text           `json:"type"`
	Description   text           `json:"description"`
	Owner         text           `json:"owner"`
	Scope         text           `json:"scope"`
	Metadata      jsontext.Value `json:"metadata"`
	Tags          texts          `json:"tags"`
	CreatedAt     seconds        `json:"createdAt"`
	DeactivatedAt seconds        `json:"deactivatedAt"`
}

// defaultRole is the role of a user of whom the app tells none: it may leave out
// what was not set (page "Create user").
const defaultRole = "default"

func (e *wireEntity) user() *applier.User {
	return &applier.User{
		UID:           string(e.UID),
		Name:          string(e.Name),
		Avatar:        string(e.Avatar),
		Link:          string(e.Link),
		Role:          cmp.Or(string(e.Role), defaultRole),
		Metadata:      []byte(e.Metadata),
		Tags:          e.Tags,
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
		Metadata:    []byte(e.Metadata),
		Tags:        e.Tags,
		CreatedAt:   int64(e.CreatedAt),
	}
}

// wireMessage is a message in an answer.
type wireMessage struct {
	ID             text             `json:"id"`
	MUID           text             `json:"muid"`
	ConversationID text             `json:"conversationId"`
	Sender         text             `json:"sender"`
	Receiver       text             `json:"receiver"`
	ReceiverType   text             `json:"receiverType"`
	Category       text             `json:"category"`
	Type           text             `json:"type"`
	Data           object[wireData] `json:"data"`
	Tags           texts            `json:"tags"`
	SentAt         seconds          `json:"sentAt"`
	UpdatedAt      seconds          `json:"updatedAt"`
	EditedAt       seconds          `json:"editedAt"`
	DeletedAt      seconds          `json:"deletedAt"`
}

// wireData is the content of a message in an answer, with what the app adds.
type wireData struct {
	Text        text                 `json:"text"`
	CustomData  jsontext.Value       `json:"customData"`
	Metadata    jsontext.Value       `json:"metadata"`
	Attachments list[wireAttachment] `json:"attachments"`
	URL         text                 `json:"url"`
	Entities    object[wireEntities] `json:"entities"`
	Moderation  object[struct {
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
	Sender   object[wireHolder] `json:"sender"`
	Receiver object[wireHolder] `json:"receiver"`
}

type wireHolder struct {
	Entity object[wireEntity] `json:"entity"`
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
			CustomData: []byte(data.CustomData),
			Metadata:   []byte(data.Metadata),
		},
		Tags:       w.Tags,
		SentAt:     int64(w.SentAt),
		UpdatedAt:  int64(w.UpdatedAt),
		EditedAt:   int64(w.EditedAt),
		DeletedAt:  int64(w.DeletedAt),
		Moderation: string(data.Moderation.value.Status),
	}
	for _, a := range data.Attachments {
		m.Data.Attachments = append(m.Data.Attachments, applier.Attachment{
			URL: string(a.URL), Name: string(a.Name), MimeType: string(a.MimeType),
			Extension: string(a.Extension), Size: string(a.Size),
		})
	}
	if len(m.Data.Attachments) == 0 && data.URL != "" {
		m.Data.Attachments = []applier.Attachment{{URL: string(data.URL)}}
	}
	if e := &data.Entities.value.Sender.value.Entity; e.there {
		m.SenderEntity = e.value.user()
	}
	switch e := &data.Entities.value.Receiver.value.Entity; {
	case e.there && e.value.GUID != "":
		m.GroupEntity = e.value.group()
	case e.there:
		m.ReceiverEntity = e.value.user()
	}
	return m
}

// messageAnswer is an answer whose data is one message.
type messageAnswer struct {
	Data one[wireMessage] `json:"data"`
}

// messagesAnswer is a cursor-style list of messages.
type messagesAnswer struct {
	Data list[wireMessage] `json:"data"`
	Meta object[struct {
		Current object[struct {
			Limit seconds `json:"limit"`
		}] `json:"current"`
		Next object[map[string]text] `json:"next"`
	}] `json:"meta"`
}

func (a *messagesAnswer) page() *applier.MessagePage {
	p := &applier.MessagePage{Limit: max(0, int(a.Meta.value.Current.value.Limit))}
	for i := range a.Data {
		p.Messages = append(p.Messages, a.Data[i].message())
	}
	for name, value := range a.Meta.value.Next.value {
		if value == "" {
			continue // no text, so nothing that could be handed back
		}
		if p.Next == nil {
			p.Next = make(applier.Cursor)
		}
		p.Next[name] = string(value)
	}
	if len(p.Messages) == 0 {
		p.Next = nil
	}
	return p
}

// entitiesAnswer is a page-style list of users, groups or members.
type entitiesAnswer struct {
	Data list[wireEntity] `json:"data"`
	Meta object[struct {
		Pagination object[struct {
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
