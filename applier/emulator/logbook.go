package emulator

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/gofrs/flock"
)

// logbook keeps what is stored in a file to which lines are appended. Each line
// is one object as it is from now on, or says that one is gone. A request is
// answered only when its lines were written, so killing the process loses
// nothing that was acknowledged. A nil logbook keeps nothing.
type logbook struct {
	path string
	lock *flock.Flock
	file *os.File

	pending []byte       // lines to be written; guarded by Server.mu
	noted   atomic.Int64 // bytes ever put into pending

	writing sync.Mutex // guards what follows
	out     []byte     // lines taken from pending and not written yet
	size    int64      // of the file
	written atomic.Int64
}

const (
	logName  = "app.jsonl"
	lockName = "lock"
)

// InUseError says that another server has the data.
type InUseError struct{ Dir string }

func (e *InUseError) Error() string {
	return "the emulator's data in " + e.Dir + " is in use by another emulator: stop that one, or use another directory"
}

// openLogbook takes the directory for one server. The file is opened by load.
func openLogbook(dir string) (*logbook, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the emulator's data: %w", err)
	}
	l := &logbook{path: filepath.Join(dir, logName), lock: flock.New(filepath.Join(dir, lockName))}
	ok, err := l.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("the lock of the emulator's data: %w", err)
	}
	if !ok {
		return nil, &InUseError{Dir: dir}
	}
	return l, nil
}

// flush writes what was noted. mu is the lock that guards pending; it must not
// be held. Requests that come while one writes are written together.
func (l *logbook) flush(mu sync.Locker) error {
	if l == nil || l.written.Load() >= l.noted.Load() {
		return nil
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	mu.Lock()
	if len(l.out) == 0 {
		l.out, l.pending = l.pending, l.out
	} else { // an earlier write failed
		l.out, l.pending = append(l.out, l.pending...), l.pending[:0]
	}
	noted := l.noted.Load()
	mu.Unlock()
	if len(l.out) == 0 {
		return nil
	}
	if _, err := l.file.WriteAt(l.out, l.size); err != nil {
		return err
	}
	l.size += int64(len(l.out))
	l.out = l.out[:0]
	l.written.Store(noted)
	return nil
}

func (s *Server) flush() error { return s.log.flush(&s.mu) }

// close writes what is left and gives the directory back.
func (l *logbook) close(mu sync.Locker) error {
	err := l.flush(mu)
	if e := l.file.Sync(); err == nil {
		err = e
	}
	if e := l.file.Close(); err == nil {
		err = e
	}
	if e := l.lock.Unlock(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("the emulator's data: %w", err)
	}
	return nil
}

// note adds a line.
func (l *logbook) note(write func([]byte) []byte) {
	if l == nil {
		return
	}
	before := len(l.pending)
	l.pending = append(write(l.pending), '\n')
	l.noted.Add(int64(len(l.pending) - before))
}

func (l *logbook) user(u *user)     { l.noteJSON("user", u) }
func (l *logbook) group(g *group)   { l.noteJSON("group", g) }
func (l *logbook) member(m *member) { l.noteJSON("member", m) }
func (l *logbook) role(r *role)     { l.noteJSON("role", r) }

func (l *logbook) message(m *message) {
	l.note(func(dst []byte) []byte { return appendMessageLine(dst, m) })
}

func (l *logbook) conversation(c *conversation) {
	l.noteJSON("conversation", conversationLine{ID: c.id, Tags: c.tags, Read: c.read})
}

// next says that ids up to this one were given out.
func (l *logbook) next(id int64) { l.noteJSON("next", id) }

// drop says that a user, group, role or conversation is gone.
func (l *logbook) drop(what, id string) { l.noteJSON("-"+what, id) }

func (l *logbook) dropMember(guid, uid string) { l.noteJSON("-member", [2]string{guid, uid}) }
func (l *logbook) dropMessage(id int64)        { l.noteJSON("-message", id) }

func (l *logbook) noteJSON(kind string, v any) {
	l.note(func(dst []byte) []byte {
		b, err := json.Marshal(v)
		if err != nil {
			panic("emulator: " + err.Error()) // our own types always encode
		}
		o := begin(dst)
		o.raw(kind, b)
		return o.end()
	})
}

// conversationLine is what is kept of a conversation besides its messages.
type conversationLine struct {
	ID   string              `json:"id"`
	Tags map[string][]string `json:"tags,omitempty"`
	Read map[string]int64    `json:"read,omitempty"`
}

func appendMessageLine(dst []byte, m *message) []byte {
	o := begin(dst)
	o.name("message")
	l := begin(o.b)
	l.number("id", m.id)
	l.some("muid", m.muid)
	l.text("conversation", m.conv.id)
	if m.conv.isGroup() {
		l.boolean("group", true)
	}
	l.text("sender", m.sender)
	l.text("receiver", m.receiver)
	l.text("category", m.category)
	l.text("type", m.kind)
	l.name("data")
	l.b = append(append(append(l.b, '{'), m.data...), '}')
	l.texts("tags", m.tags)
	l.time("parent", m.parent)
	l.number("sentAt", m.sentAt)
	l.number("updatedAt", m.updatedAt)
	l.time("editedAt", m.editedAt)
	l.some("editedBy", m.editedBy)
	l.time("deletedAt", m.deletedAt)
	l.some("deletedBy", m.deletedBy)
	l.number("storedAt", m.storedAt)
	l.time("lag", m.lag)
	if m.held {
		l.boolean("held", true)
	}
	l.time("moderatedAt", m.moderatedAt)
	if m.bad {
		l.boolean("bad", true)
	}
	if len(m.reactions) > 0 {
		reactions, err := json.Marshal(m.reactions)
		if err != nil {
			panic("emulator: " + err.Error()) // our own types always encode
		}
		l.raw("reactions", reactions)
	}
	o.b = l.end()
	return o.end()
}
