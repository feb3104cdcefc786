package state

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sowdev/sow/config/addr"
)

// memory is a part that lies in memory.
type memory struct {
	*bytes.Reader
	name string
}

func (m memory) Name() string { return m.name }
func (m memory) Close() error { return nil }

// part returns a part with these bytes, or none for nil.
func part(name string, data []byte) Part {
	if data == nil {
		return nil
	}
	return memory{bytes.NewReader(data), name}
}

const testBoot = "boot-1"

func open(snapshot, journal []byte) (*Files, error) {
	return Open(part("state", snapshot), part("journal", journal), testBoot)
}

func mustOpen(t testing.TB, snapshot, journal []byte) *Files {
	t.Helper()
	f, err := open(snapshot, journal)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// tape is a journal's file in memory.
type tape struct {
	bytes.Buffer
	syncs int
}

func (t *tape) Sync() error  { t.syncs++; return nil }
func (t *tape) Close() error { return nil }

// taped returns the journal of a run on the state.
func taped(t testing.TB, snapshot []byte, does func(Journal)) []byte {
	t.Helper()
	file := &tape{}
	j, err := mustOpen(t, snapshot, nil).Begin(file, testRun("run-1"), testHeader())
	if err != nil {
		t.Fatal(err)
	}
	does(j)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func fold(t testing.TB, snapshot, journal []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := mustOpen(t, snapshot, journal).Fold(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func testRun(id string) Run {
	return Run{ID: id, Started: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), Boot: testBoot, Command: "sow apply", Plan: "sha256:1"}
}

func testHeader() Header {
	anchor := int64(1767603600)
	return Header{
		Lineage: "0123456789abcdef", Dataset: "support-demo", AppID: "2604abc", Region: "us", Anchor: &anchor,
		HashKey: "00112233445566778899aabbccddeeff", SenderLimit: map[string]int{"ana": 30},
	}
}

// content is all that a state says, for comparison.
type content struct {
	Header        Header
	Users         []*User
	Groups        []*Group
	Conversations []*Conversation
	Messages      map[string][]*Message
}

func contentOf(t testing.TB, r Reader) content {
	t.Helper()
	c := content{Header: r.Header(), Users: r.Users(), Groups: r.Groups(), Conversations: r.Conversations(), Messages: map[string][]*Message{}}
	for _, conversation := range r.Conversations() {
		list := messagesOf(t, r, conversation.Addr)
		if got := r.Count(conversation.Addr); got != len(list) {
			t.Errorf("Count(%s) = %d, but there are %d messages", conversation.Addr, got, len(list))
		}
		c.Messages[conversation.Addr.String()] = list
	}
	return c
}

func messagesOf(t testing.TB, r Reader, conversation addr.Object) []*Message {
	t.Helper()
	var list []*Message
	for m, err := range r.Messages(conversation) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, m)
	}
	return list
}

func conversation(name string) *Conversation {
	return &Conversation{Addr: conversationAddr(name), Between: []string{"ana", "sam"}}
}

func conversationAddr(name string) addr.Object {
	return addr.Object{Kind: addr.Conversation, Name: name}
}

// message returns a message that was sent at the time, with its muid.
func message(conversation, key string, sent int64) *Message {
	return &Message{
		Key: key, MUID: MUID("support-demo", conversationAddr(conversation), key, 0), ID: fmt.Sprint("id-", key),
		Sender: "ana", Text: "text of " + key, SentAt: sent, Moderation: "approved",
	}
}

// intended returns the message as it is before the app has answered.
func intended(m *Message) *Message {
	i := *m
	i.ID, i.Moderation, i.InDoubt = "", "", true
	return &i
}

func keys(list []*Message) (keys []string) {
	for _, m := range list {
		keys = append(keys, m.Key)
	}
	return keys
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestNoState(t *testing.T) {
	f := mustOpen(t, nil, nil)
	if f.Exists() || f.Fingerprint() != "" || f.Interrupted() != nil {
		t.Errorf("Exists %v, Fingerprint %q, Interrupted %v of nothing", f.Exists(), f.Fingerprint(), f.Interrupted())
	}
	if diff := cmp.Diff(content{Messages: map[string][]*Message{}}, contentOf(t, f)); diff != "" {
		t.Error(diff)
	}
	if n := f.Count(conversationAddr("a")); n != 0 {
		t.Errorf("Count = %d", n)
	}
	must(t, f.Close())
}

// everything puts one object of each kind, with every field set.
func everything(t testing.TB, j Journal) {
	t.Helper()
	u := &User{
		Addr: addr.Object{Kind: addr.User, Name: "agent", Key: addr.StringKey(`s"am`)}, UID: "agent-sam", Name: "Sam <Ochoa> & 김하늘",
		Avatar: "https://example.com/sam.png", Link: "https://example.com", Role: "default",
		Metadata: []byte(`{"team":"a<b"}`), Tags: []string{"staff"}, Sealed: map[string]string{"link": "00ff"},
		Origin: Created, CreatedAt: 1767603601, PreventDestroy: true,
	}
	g := &Group{
		Addr: addr.Object{Kind: addr.Group, Name: "room", Key: addr.IntKey(2)}, GUID: "room-2", Name: "Room", Type: "password",
		Icon: "https://example.com/i.png", Description: "two\nlines", Metadata: []byte(`{}`), Tags: []string{"x", "y"},
		Owner: "ana", Admins: []string{"ana"}, Moderators: []string{}, Participants: nil,
		Sealed: map[string]string{"password": "abcd"}, Origin: Adopted, CreatedAt: 1767603602, PreventDestroy: true,
	}
	c := &Conversation{Addr: addr.Object{Kind: addr.Conversation, Name: "refund", Key: addr.IntKey(0)}, Group: "room-2", Starts: "-3d 09:12", Pace: "45s", PreventDestroy: true}
	must(t, j.PutUser(u), j.PutGroup(g), j.PutConversation(c), j.PutConversation(conversation("empty")))
	must(t, j.PutUser(&User{Addr: addr.Object{Kind: addr.User, Name: "ana"}, UID: "ana", Name: "Ana", Origin: Created}))
	full := &Message{
		Key: "hello", MUID: MUID("support-demo", c.Addr, "hello", 3), Generation: 3, ID: "17", Sender: "ana", Type: "image",
		Text:        "a \"quoted\" \\ text\nwith <tags>, tabs\t, \x00, \u2028 and 😀",
		Attachments: []Attachment{{URL: "https://example.com/p.jpg", Name: "p.jpg", MimeType: "image/jpeg", Extension: "jpg", Size: "17"}},
		CustomData:  []byte(`{"a":[1,2.50,{"b":null}]}`), Metadata: []byte(`{"k":"v"}`), Tags: []string{"vip"},
		SentAt: 1767603700, At: "-3d 09:13", After: "2m", Expect: "approved", Moderation: "approved",
		Sealed: map[string]string{"text": "aa", "metadata": "bb"},
	}
	plain := &Message{Key: "~3fa9c01b77e24d10", MUID: MUID("support-demo", c.Addr, "~3fa9c01b77e24d10", 0), ID: "18", Sender: "agent-sam", Text: "Hi!", SentAt: 1767603701}
	foreign := &Message{Key: "foreign", ID: "19", Sender: "ana", Text: "not ours: no muid", SentAt: 1767603702, Type: "text"}
	doubt := &Message{
		Key: "doubt", MUID: "sow-other", InDoubt: true, Sender: "ana", Text: "?", SentAt: 1767603703,
		Carries: []addr.Object{u.Addr, g.Addr},
	}
	must(t, j.Intend(c.Addr, full), j.Receipt(c.Addr, full), j.PutMessage(c.Addr, plain), j.Receipt(c.Addr, foreign), j.Intend(c.Addr, doubt))
}
