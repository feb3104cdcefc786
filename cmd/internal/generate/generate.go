// Package generate makes datasets of any size, for benchmarks and for tests
// that need more messages than anybody would write. The same parameters always
// give the same bytes.
package generate

import (
	"fmt"
	"os"
	"path/filepath"
)

// Dataset is a configuration that is made rather than written.
type Dataset struct {
	// Messages is the number of messages, at least 1.
	Messages int
	Form     Form
	Shape    Shape
	// Edited gives one message in so many another text; 0 edits none. Two
	// datasets that differ in nothing else are two versions of the same one.
	Edited int
}

// Form is how the messages are written down.
type Form string

// The forms of messages.
const (
	Blocks  Form = "blocks"   // a message block each
	ForEach Form = "for_each" // one conversation with for_each, and a dynamic block in it
	Chat    Form = ".chat"    // a transcript for each conversation
	JSONL   Form = "JSONL"    // a source for each conversation
)

// Forms are all forms.
func Forms() []Form { return []Form{Blocks, ForEach, Chat, JSONL} }

// Shape is how the messages are spread over conversations and people.
type Shape string

// The shapes of datasets.
const (
	Even      Shape = "even"       // a hundred messages in each of up to 1,000 conversations, then longer ones
	FewLong   Shape = "few long"   // ten conversations
	ManyShort Shape = "many short" // ten messages in each conversation
	OneGiant  Shape = "one giant"  // one conversation
	ManyUsers Shape = "many users" // a user for every ten messages
)

// Shapes are all shapes.
func Shapes() []Shape { return []Shape{Even, FewLong, ManyShort, OneGiant, ManyUsers} }

func (d Dataset) String() string {
	return fmt.Sprintf("%d messages, %s, %s", d.Messages, d.Form, d.Shape)
}

// Conversations is the number of conversations.
func (d Dataset) Conversations() int {
	switch d.Shape {
	case FewLong:
		return min(10, d.Messages)
	case ManyShort:
		return max(1, d.Messages/10)
	case OneGiant:
		return 1
	case ManyUsers:
		return max(1, d.Messages/20)
	}
	return min(1000, max(1, d.Messages/100))
}

// Users is the number of users.
func (d Dataset) Users() int {
	conversations := d.Conversations()
	switch d.Shape {
	case ManyShort:
		return min(1000, max(3, conversations))
	case ManyUsers:
		return 2 * conversations
	}
	return min(200, max(3, conversations))
}

// Write makes the dataset in dir, which is created when it is missing. Files of
// another version of the dataset are overwritten. It returns the paths of the
// files that hold messages.
func (d Dataset) Write(dir string) ([]string, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	if err := writeFile(filepath.Join(dir, "people.sow.hcl"), d.people); err != nil {
		return nil, err
	}
	chats := filepath.Join(dir, "chats.sow.hcl")
	switch d.Form {
	case ForEach:
		return []string{chats}, writeFile(chats, d.forEach)
	case Chat:
		return d.writeEach(dir, chats, "chat", `script = file(%q)`, d.transcript)
	case JSONL:
		return d.writeEach(dir, chats, "jsonl", `source = %q`, d.source)
	}
	return []string{chats}, writeFile(chats, d.blocks)
}

// Name is the name of a user with that uid in every dataset.
func Name(uid string) string { return "Person " + uid }

// conversation is one conversation of a dataset.
type conversation struct {
	number int
	label  string
	first  string // uids, which are labels, too
	second string
	length int
}

// conversation gives each conversation a pair of people of its own.
func (d Dataset) conversation(c int) conversation {
	users := d.Users()
	first, second := c%users, (c%users+1+c/users)%users
	if d.Shape == ManyUsers { // everybody talks to one other
		first, second = 2*c, 2*c+1
	}
	length := d.Messages / d.Conversations()
	if c < d.Messages%d.Conversations() {
		length++
	}
	return conversation{number: c, label: fmt.Sprintf("c%06d", c), first: uid(first), second: uid(second), length: length}
}

func uid(u int) string { return fmt.Sprintf("u%06d", u) }

// speaker is who says the message with that number; the two take turns.
func (c conversation) speaker(m int) string {
	if m%2 == 1 {
		return c.second
	}
	return c.first
}

const (
	saying = "the parcel is on its way and should be with you by Thursday."
	sorry  = " Sorry, by Friday."
	stride = 7919 // spreads edited messages over the conversations
)

// text is what the message with that number says. It needs no escapes.
func (d Dataset) text(c conversation, m int) string {
	tail := ""
	if d.Edited > 0 && (c.number*stride+m)%d.Edited == 0 {
		tail = sorry
	}
	return fmt.Sprintf("Line %d of chat %s: %s%s", m, c.label, saying, tail)
}
