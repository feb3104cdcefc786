package emulator

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Snapshot is everything that an app holds at one moment, for tests.
type Snapshot struct {
	Users    []User    // sorted by UID, deactivated ones included
	Groups   []Group   // sorted by GUID
	Messages []Message // in the order in which they arrived; action messages included
	// Requests counts the requests by endpoint, such as "GET /messages/{id}",
	// since the server was opened; unknown paths are under "".
	Requests map[string]int
	// Faults counts the faults that hit, by kind.
	Faults map[string]int
	// Pending is how many requests are still to be done, after their callers
	// were told that nobody knows.
	Pending int
}

// User is a user of the app.
type User struct {
	UID           string
	Name          string
	Avatar        string
	Link          string
	Role          string
	StatusMessage string
	Metadata      json.RawMessage
	Tags          []string
	CreatedAt     int64
	UpdatedAt     int64
	DeactivatedAt int64 // 0 for an active user
}

// Group is a group of the app.
type Group struct {
	GUID        string
	Name        string
	Type        string
	Password    string
	Icon        string
	Description string
	Owner       string
	Metadata    json.RawMessage
	Tags        []string
	CreatedAt   int64
	UpdatedAt   int64
	Members     []Member // sorted by UID
	Banned      []string // sorted
}

// Member is a member of a group.
type Member struct {
	UID      string
	Scope    string
	JoinedAt int64
}

// Message is a message of the app.
type Message struct {
	ID             string
	MUID           string
	ConversationID string
	Sender         string
	Receiver       string
	ReceiverType   string
	Category       string
	Type           string
	Text           string
	Data           json.RawMessage // as it was sent or last edited
	Tags           []string
	ParentID       string // of a reply in a thread
	SentAt         int64
	UpdatedAt      int64
	EditedAt       int64
	DeletedAt      int64 // of a message that is marked as deleted; removed ones are gone
	EditedBy       string
	DeletedBy      string
	Moderation     string // pending, approved, disapproved; "" when there is none
	// Arrival counts the messages as they were stored, from 1.
	Arrival int
}

// Snapshot returns what the app holds now. Whatever was due by now is done
// first.
func (s *Server) Snapshot() Snapshot {
	now := s.now()
	s.later.run(s, now)
	snap := Snapshot{
		Requests: s.stats.requests(s.endpoints),
		Faults:   s.stats.injected(),
		Pending:  s.later.pending(),
	}
	q := s.quirks.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.data.everybody {
		snap.Users = append(snap.Users, User{
			UID: p.UID, Name: p.Name, Avatar: p.Avatar, Link: p.Link, Role: p.Role,
			StatusMessage: p.StatusMessage, Metadata: slices.Clone(p.Metadata), Tags: slices.Clone(p.Tags),
			CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt, DeactivatedAt: p.DeactivatedAt,
		})
	}
	slices.SortFunc(snap.Users, func(a, b User) int { return strings.Compare(a.UID, b.UID) })
	for _, r := range s.data.allRooms {
		snap.Groups = append(snap.Groups, r.snapshot())
	}
	slices.SortFunc(snap.Groups, func(a, b Group) int { return strings.Compare(a.GUID, b.GUID) })
	for _, m := range s.data.messages {
		if m != nil {
			snap.Messages = append(snap.Messages, m.snapshot(s.moderation(q, m, now)))
			snap.Messages[len(snap.Messages)-1].Arrival = len(snap.Messages)
		}
	}
	return snap
}

func (r *room) snapshot() Group {
	g := Group{
		GUID: r.GUID, Name: r.Name, Type: r.Type, Password: r.Password, Icon: r.Icon,
		Description: r.Description, Owner: r.Owner, Metadata: slices.Clone(r.Metadata),
		Tags: slices.Clone(r.Tags), CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
	for _, m := range r.order {
		if m.Banned {
			g.Banned = append(g.Banned, m.UID)
		} else {
			g.Members = append(g.Members, Member{UID: m.UID, Scope: m.Scope, JoinedAt: m.JoinedAt})
		}
	}
	slices.Sort(g.Banned)
	slices.SortFunc(g.Members, func(a, b Member) int { return strings.Compare(a.UID, b.UID) })
	return g
}

func (m *message) snapshot(moderation string) Message {
	data := objectOf(m.data)
	out := Message{
		ID: strconv.FormatInt(m.id, 10), MUID: m.muid, ConversationID: m.conv.id,
		Sender: m.sender, Receiver: m.receiver, ReceiverType: receiverType(m.conv.isGroup()),
		Category: m.category, Type: m.kind, Text: data.field("text").text(), Data: json.RawMessage(data),
		Tags: slices.Clone(m.tags), SentAt: m.sentAt, UpdatedAt: m.updatedAt,
		EditedAt: m.editedAt, DeletedAt: m.deletedAt, EditedBy: m.editedBy, DeletedBy: m.deletedBy,
		Moderation: moderation,
	}
	if m.parent != 0 {
		out.ParentID = strconv.FormatInt(m.parent, 10)
	}
	return out
}
