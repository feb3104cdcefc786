package cometchat

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/sowdev/sow/applier"
)

type dataBody struct {
	Text        string               `json:"text,omitempty"`
	CustomData  json.RawMessage      `json:"customData,omitempty"`
	Metadata    json.RawMessage      `json:"metadata,omitempty"`
	Attachments []applier.Attachment `json:"attachments,omitempty"`
}

func bodyOf(d applier.MessageData) dataBody {
	return dataBody{Text: d.Text, CustomData: d.CustomData, Metadata: d.Metadata, Attachments: d.Attachments}
}

var sendPath = []string{"moderation", "messages"}

// SendMessage sends a message through POST /moderation/messages. Unless it
// carries details, the message that is returned has only what a receipt is made
// of: ids, sender, time, text and moderation status; and of the people and the
// group their ids and when they were created.
func (c *Client) SendMessage(ctx context.Context, m *applier.Outgoing) (*applier.Message, error) {
	body, err := appendOutgoing(make([]byte, 0, outgoingRoom(m)), m)
	if err != nil {
		return nil, err
	}
	r := call{method: http.MethodPost, message: body}
	if len(m.Data.Attachments) > 0 {
		r.patience = mediaPatience * c.timeout
	}
	x, err := c.roundTrip(ctx, r)
	if err != nil {
		return nil, err
	}
	defer c.release(x)
	if !carriesDetails(m) {
		if receipt, ok := readReceipt(x.answer.Bytes(), m); ok {
			return receipt, nil
		}
	}
	return readMessage(x.answer.Bytes())
}

func carriesDetails(m *applier.Outgoing) bool {
	return m.SenderDetails != nil || m.ReceiverDetails != nil || m.GroupDetails != nil
}

// EditMessage replaces the content of a message through PUT
// /moderation/messages/{id}, which moderates it again.
func (c *Client) EditMessage(ctx context.Context, id string, data applier.MessageData) (*applier.Message, error) {
	body := struct {
		Data dataBody `json:"data"`
	}{bodyOf(data)}
	return c.message(ctx, call{method: http.MethodPut, path: []string{"moderation", "messages", id}, body: &body})
}

// GetMessage reads a message with its moderation status.
func (c *Client) GetMessage(ctx context.Context, id string) (*applier.Message, error) {
	return c.message(ctx, call{method: http.MethodGet, path: []string{"moderation", "messages", id}})
}

// message makes a request whose answer is one message.
func (c *Client) message(ctx context.Context, r call) (*applier.Message, error) {
	x, err := c.roundTrip(ctx, r)
	if err != nil {
		return nil, err
	}
	defer c.release(x)
	return readMessage(x.answer.Bytes())
}

// readMessage reads an answer that is one message. One without an id says
// nothing.
func readMessage(body []byte) (*applier.Message, error) {
	var answer messageAnswer
	if err := read(body, &answer); err != nil {
		return nil, err
	}
	if !answer.Data.there || answer.Data.value.ID == "" {
		return nil, &applier.Unknown{Status: http.StatusOK, Err: errors.New("the answer holds no message")}
	}
	return answer.Data.value.message(), nil
}

// DeleteMessage removes a message for good through DELETE /messages/{id}. The
// body of a success has more than one form and tells nothing.
func (c *Client) DeleteMessage(ctx context.Context, id string) error {
	return c.do(ctx, call{
		method: http.MethodDelete,
		path:   []string{"messages", id},
		body:   map[string]bool{"permanent": true},
	}, nil)
}

// maxPage is the most records that a list gives at once.
const maxPage = 1000

// ListMessages reads a page of messages, tags included, without the action
// messages that joining leaves behind.
func (c *Client) ListMessages(ctx context.Context, q applier.MessageQuery) (*applier.MessagePage, error) {
	r := call{method: http.MethodGet, query: url.Values{
		"category": {"message"},
		"withTags": {"true"},
		"limit":    {strconv.Itoa(pageSize(q.Limit))},
	}}
	switch {
	case q.ConversationID != "":
		r.path = []string{"messages"}
		r.query.Set("conversationId", q.ConversationID)
	case q.Group != "":
		r.path = []string{"groups", q.Group, "messages"}
	case q.UserA != "" && q.UserB != "":
		r.path = []string{"users", q.UserB, "messages"}
		r.behalf = q.UserA
	default:
		r.path = []string{"messages"}
	}
	set(r.query, "sender", q.Sender)
	set(r.query, "tags", q.Tag)
	setRange(r.query, q.From, q.To)
	if q.Newest {
		r.query.Set("affix", "prepend")
	}
	for name, value := range q.Cursor {
		r.query.Set(name, value)
	}
	return c.messages(ctx, r)
}

// ListModerated reads a page of GET /moderation/messages.
func (c *Client) ListModerated(ctx context.Context, q applier.ModeratedQuery) (*applier.MessagePage, error) {
	r := call{method: http.MethodGet, path: []string{"moderation", "messages"}, query: url.Values{
		"category": {"message"},
	}}
	set(r.query, "sender", q.Sender)
	set(r.query, "receiverUID", q.ReceiverUID)
	set(r.query, "receiverGUID", q.ReceiverGUID)
	set(r.query, "moderationStatus", q.Status)
	for name, value := range q.Cursor {
		r.query.Set(name, value)
	}
	return c.messages(ctx, r)
}

func (c *Client) messages(ctx context.Context, r call) (*applier.MessagePage, error) {
	var answer messagesAnswer
	if err := c.do(ctx, r, &answer); err != nil {
		return nil, err
	}
	return answer.page(), nil
}

// setRange narrows to a span of time. Whether the API counts its bounds in is
// not documented, so the span is widened by a second on either side; an upper
// bound has no effect without a lower one.
func setRange(query url.Values, from, to int64) {
	if from == 0 && to == 0 {
		return
	}
	query.Set("fromTimestamp", strconv.FormatInt(max(from-1, 1), 10))
	if to != 0 {
		query.Set("toTimestamp", strconv.FormatInt(to+1, 10))
	}
}

func set(query url.Values, name, value string) {
	if value != "" {
		query.Set(name, value)
	}
}

func pageSize(limit int) int {
	if limit <= 0 {
		return 100
	}
	return min(limit, maxPage)
}
