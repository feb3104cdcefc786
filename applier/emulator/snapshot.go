package emulator

import "encoding/json"

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
func (s *Server) Snapshot() Snapshot { return Snapshot{} }
