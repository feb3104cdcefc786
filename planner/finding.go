package planner

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"sync"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
)

// FindingKind says in which way an app is not as the state says.
type FindingKind string

// The kinds of findings. Those up to Doubled correct the state; the others are
// only told.
const (
	Missing FindingKind = "missing" // the app no longer has it; the state forgets it
	Adopted FindingKind = "adopted" // the app has it and the state did not know; the state takes it in
	Settled FindingKind = "settled" // it was in doubt, and the app has it
	Edited  FindingKind = "edited"  // the app has other values than were sent
	Doubled FindingKind = "doubled" // the app has a copy more than it should; the state takes in the copy, so that it is deleted

	Unclear   FindingKind = "unclear"   // the app cannot tell whether it has it; the state keeps it
	Stray     FindingKind = "stray"     // it was sent for the dataset, and nothing declares or remembers it; it stays
	Foreign   FindingKind = "foreign"   // somebody else's message, in a chat that was seeded
	Reordered FindingKind = "reordered" // it stands elsewhere in the chat than it was sent to
	InDoubt   FindingKind = "in doubt"  // whether it was sent is not known, and the app does not show it
	Unmet     FindingKind = "unmet"     // moderation judged it otherwise than expected
	Undecided FindingKind = "undecided" // moderation has not judged it yet
)

// FindingKinds lists the kinds in the order in which they are told.
func FindingKinds() []FindingKind {
	return []FindingKind{Missing, Adopted, Settled, Edited, Doubled, Unclear, Stray, Foreign, Reordered, InDoubt, Unmet, Undecided}
}

// Corrects reports whether a finding of the kind changes what the state says.
func (k FindingKind) Corrects() bool {
	switch k {
	case Missing, Adopted, Settled, Edited, Doubled:
		return true
	}
	return false
}

// Finding is one thing in which the app is not as the state says. It is about
// a message, or about the user, group or conversation that Object names.
// Values are as the state keeps them: sensitive ones are sealed.
type Finding struct {
	Kind    FindingKind    `json:"kind"`
	Object  *addr.Object   `json:"object,omitempty"`
	Message *addr.Message  `json:"message,omitempty"` // nil for one that has no address
	Chat    string         `json:"chat,omitempty"`    // of a message; see config.Conversation.Chat
	ID      string         `json:"id,omitempty"`      // the app's id of the message
	Before  *state.Message `json:"before,omitempty"`  // as the state has it
	After   *state.Message `json:"after,omitempty"`   // as the app has it
	Fields  []FieldChange  `json:"fields,omitempty"`  // what differs; Old is the state's
	Why     string         `json:"why,omitempty"`     // what else is to be said, as a clause

	User         *state.User         `json:"user,omitempty"`  // as the app has it; of one that is missing, as the state does
	Group        *state.Group        `json:"group,omitempty"` // likewise
	Conversation *state.Conversation `json:"conversation,omitempty"`
}

// Lesson is what reading an app taught about the state as a whole.
type Lesson struct {
	Dataset string
	AppID   string
	Region  string
	// Anchor is the instant that messages were sent from, nil when the state has
	// one or nobody knows.
	Anchor *int64
	// Generation is one whose muids were never used: an app that deleted a message
	// may still know its muid.
	Generation int
	// HashKey is the key of the seals in the findings.
	HashKey string
}

// Header is the header of a state with the lesson.
func (l *Lesson) Header(prior state.Reader) state.Header {
	h := prior.Header()
	if !prior.Exists() {
		h = state.NewHeader(l.Dataset, l.AppID, l.Region)
	}
	h.HashKey = l.HashKey
	h.Generation = max(h.Generation, l.Generation)
	if h.Anchor == nil {
		h.Anchor = l.Anchor
	}
	return h
}

// Findings are what reading an app showed. The people are in memory, and what
// was found in the chats is read as a stream.
type Findings struct {
	Lesson Lesson
	// Counts has the number of findings of each kind, but for those of
	// conversations, which only go with their messages.
	Counts   map[FindingKind]int
	Requests int       // made to find it all
	People   []Finding // users, then groups, each sorted by address

	sections []*io.SectionReader
	body     io.Closer // nil when the sections need no closing
}

// Corrections counts the findings that change what the state says.
func (f *Findings) Corrections() int {
	n := 0
	for kind, count := range f.Counts {
		if kind.Corrects() {
			n += count
		}
	}
	return n
}

// Total counts all findings.
func (f *Findings) Total() int {
	n := 0
	for _, count := range f.Counts {
		n += count
	}
	return n
}

// Chats yields what was found in the chats, one chat after the other, in the
// order of their names; that of a chat in its order. An error ends it.
func (f *Findings) Chats() iter.Seq2[*Finding, error] {
	return func(yield func(*Finding, error) bool) {
		for _, section := range f.sections {
			again := io.NewSectionReader(section, 0, section.Size())
			decoder := json.NewDecoder(bufio.NewReaderSize(again, 64<<10))
			for {
				found := new(Finding)
				err := decoder.Decode(found)
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					yield(nil, fmt.Errorf("cannot read the findings: %w", err))
					return
				}
				if !yield(found, nil) {
					return
				}
			}
		}
	}
}

// All yields the people, then what was found in the chats.
func (f *Findings) All() iter.Seq2[*Finding, error] {
	return func(yield func(*Finding, error) bool) {
		for i := range f.People {
			if !yield(&f.People[i], nil) {
				return
			}
		}
		for found, err := range f.Chats() {
			if !yield(found, err) || err != nil {
				return
			}
		}
	}
}

// Record writes the corrections to the journal of a run on the state that they
// were found for. The journal must have begun with the header of the lesson.
func (f *Findings) Record(j state.Journal) error {
	for found, err := range f.All() {
		if err != nil {
			return err
		}
		if err := found.record(j); err != nil {
			return err
		}
	}
	return nil
}

func (f *Finding) record(j state.Journal) error {
	switch {
	case !f.Kind.Corrects():
		return nil
	case f.Message != nil && f.Kind == Missing:
		return j.DeleteMessage(*f.Message)
	case f.Message != nil:
		return j.PutMessage(f.Message.Conversation, f.After)
	case f.Kind == Missing:
		return j.Delete(*f.Object)
	case f.User != nil:
		return j.PutUser(f.User)
	case f.Group != nil:
		return j.PutGroup(f.Group)
	case f.Conversation != nil:
		return j.PutConversation(f.Conversation)
	}
	return nil
}

// Sections are where the findings of the chats lie, one JSON object a line, so
// that they can be saved as they are.
func (f *Findings) Sections() []*io.SectionReader { return f.sections }

// Attach gives findings that were read from somewhere those of their chats.
func (f *Findings) Attach(sections ...*io.SectionReader) { f.sections = sections }

// Close releases what the findings are read from.
func (f *Findings) Close() error {
	if f == nil || f.body == nil {
		return nil
	}
	return f.body.Close()
}

// FindingsWriter takes findings chat by chat, whatever order the chats are read
// in. Its methods may be called concurrently.
type FindingsWriter struct {
	mu     sync.Mutex
	body   *store
	chats  [][]int // the sections of each chat
	counts []map[FindingKind]int
}

// NewFindingsWriter takes the findings of that many chats. Spool opens the
// place to which they go once there are more than a few MB of them; nil keeps
// all in memory.
func NewFindingsWriter(chats int, spool func() (Spool, error)) *FindingsWriter {
	return &FindingsWriter{body: newStore(spool), chats: make([][]int, chats), counts: make([]map[FindingKind]int, chats)}
}

// Begin returns where the findings of a chat are put, in place of what was put
// there before. It is for one goroutine.
func (w *FindingsWriter) Begin(chat int) *ChatFindings {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.chats[chat], w.counts[chat] = nil, nil
	return &ChatFindings{writer: w, chat: chat, counts: make(map[FindingKind]int)}
}

// ChatFindings takes the findings of one chat.
type ChatFindings struct {
	writer *FindingsWriter
	chat   int
	buf    bytes.Buffer
	counts map[FindingKind]int
}

// findingsBlock is how much of a chat's findings is held before it is handed
// on.
const findingsBlock = 256 << 10

// Put adds a finding.
func (c *ChatFindings) Put(f *Finding) error {
	encoder := json.NewEncoder(&c.buf)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(f); err != nil {
		return fmt.Errorf("cannot note a finding: %w", err)
	}
	if f.Conversation == nil {
		c.counts[f.Kind]++
	}
	if c.buf.Len() < findingsBlock {
		return nil
	}
	return c.End()
}

// End hands on what was put.
func (c *ChatFindings) End() error {
	if c.buf.Len() == 0 {
		return nil
	}
	w := c.writer
	w.mu.Lock()
	defer w.mu.Unlock()
	w.chats[c.chat] = append(w.chats[c.chat], len(w.body.starts))
	w.counts[c.chat] = c.counts
	w.body.begin()
	err := w.body.write(c.buf.Bytes())
	c.buf.Reset()
	return err
}

// Findings ends the writing and returns what was found, to be closed.
func (w *FindingsWriter) Findings(lesson Lesson, people []Finding) (*Findings, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.body.finish(); err != nil {
		return nil, errors.Join(err, w.body.Close())
	}
	f := &Findings{Lesson: lesson, People: slices.Clone(people), Counts: make(map[FindingKind]int), body: w.body}
	for i := range people {
		f.Counts[people[i].Kind]++
	}
	for chat, sections := range w.chats {
		for _, i := range sections {
			f.sections = append(f.sections, w.body.Section(i))
		}
		for kind, n := range w.counts[chat] {
			f.Counts[kind] += n
		}
	}
	return f, nil
}

// Close gives up the findings.
func (w *FindingsWriter) Close() error { return w.body.Close() }
