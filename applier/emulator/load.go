package emulator

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

// logFormat is the version of the file's form, told by its first line.
const logFormat = 1

// headerLine is the first line of the file.
type headerLine struct {
	Format int    `json:"format"`
	ID     string `json:"id"`
}

// open reads what the directory keeps, or begins anew.
func (s *Server) open() error {
	if s.options.Dir == "" {
		s.name()
		s.addDefaults()
		return nil
	}
	l, err := openLogbook(s.options.Dir)
	if err != nil {
		return err
	}
	if err := s.load(l); err != nil {
		if l.file != nil {
			_ = l.file.Close() // the first error tells more
		}
		_ = l.lock.Unlock()
		return err
	}
	s.log = l
	s.addDefaults()
	return s.flush()
}

// name gives the app its id, when neither the options nor the data have one.
func (s *Server) name() {
	if s.options.AppID == "" {
		s.options.AppID = "emulator"
	}
}

// addDefaults adds what every app has.
func (s *Server) addDefaults() {
	if s.data.roles[defaultRole] == nil {
		r := &role{Role: defaultRole, Name: "Default Role", CreatedAt: s.now().Unix()}
		s.data.setRole(r)
		s.log.role(r)
	}
}

func (s *Server) load(l *logbook) error {
	var err error
	if l.file, err = os.OpenFile(l.path, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return fmt.Errorf("the emulator's data: %w", err)
	}
	lines, size, err := s.read(l.file)
	if err != nil {
		return fmt.Errorf("%s: %w", l.path, err)
	}
	s.name()
	if lines == 0 {
		l.noteJSON("app", headerLine{Format: logFormat, ID: s.options.AppID})
	}
	if lines > 2*s.data.count()+1000 {
		return s.compact(l)
	}
	// What follows the last whole line was being written when the process died.
	if err := l.file.Truncate(size); err != nil {
		return fmt.Errorf("the emulator's data: %w", err)
	}
	l.size = size
	return nil
}

// read applies the lines of the file, and returns how many there are and where
// the last whole one ends.
func (s *Server) read(file io.Reader) (lines int, size int64, err error) {
	r := bufio.NewReaderSize(file, 1<<20)
	for {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return lines, size, nil
		}
		if err != nil {
			return lines, size, err
		}
		lines++
		if err := s.applyLine(line, lines == 1); err != nil {
			return lines, size, fmt.Errorf("line %d: %w", lines, err)
		}
		size += int64(len(line))
	}
}

func (s *Server) applyLine(line []byte, first bool) error {
	v := parseJSON(line)
	if !v.isObject() {
		return errors.New("it is damaged: this is no JSON object")
	}
	kind, content := "", value(nil)
	v.fields(func(name string, field value) { kind, content = name, field })
	if first != (kind == "app") {
		return errors.New("it is damaged: only the first line is the header")
	}
	return s.apply(kind, content)
}

func (s *Server) apply(kind string, v value) error {
	d, q := s.data, s.quirks.Load()
	switch kind {
	case "app":
		return s.checkHeader(v)
	case "user":
		u := new(user)
		if err := json.Unmarshal(v, u); err != nil {
			return err
		}
		u.entity = q.appendUserEntity(nil, u)
		d.setUser(u)
	case "group":
		g := new(group)
		if err := json.Unmarshal(v, g); err != nil {
			return err
		}
		g.entity = q.appendGroupEntity(nil, g)
		d.setGroup(g)
	case "member":
		m := new(member)
		if err := json.Unmarshal(v, m); err != nil {
			return err
		}
		if r := d.rooms[m.GUID]; r != nil {
			r.setMember(m)
		}
	case "role":
		r := new(role)
		if err := json.Unmarshal(v, r); err != nil {
			return err
		}
		d.setRole(r)
	case "message":
		return d.applyMessage(v)
	case "conversation":
		var c conversationLine
		if err := json.Unmarshal(v, &c); err != nil {
			return err
		}
		if conv := d.convs[c.ID]; conv != nil {
			conv.tags, conv.read = c.Tags, c.Read
		}
	case "next":
		id, ok := v.integer()
		if !ok || id < 0 || id > math.MaxInt32 {
			return fmt.Errorf("it is damaged: %s is no id", v)
		}
		d.reserve(id)
	default:
		return d.applyDrop(kind, v)
	}
	return nil
}

func (d *inbox) applyDrop(kind string, v value) error {
	switch kind {
	case "-user":
		d.removeUser(v.text())
	case "-group":
		d.removeGroup(v.text())
	case "-role":
		d.removeRole(v.text())
	case "-conversation":
		if c := d.convs[v.text()]; c != nil {
			d.removeConversation(c)
		}
	case "-member":
		if ids, ok := v.texts(); ok && len(ids) == 2 && d.rooms[ids[0]] != nil {
			d.rooms[ids[0]].removeMember(ids[1])
		}
	case "-message":
		id, _ := v.integer()
		if m := d.message(id); m != nil {
			d.removeMessage(m)
		}
	default:
		return fmt.Errorf("there is no line of the kind %q: a newer sow has written it", kind)
	}
	return nil
}

func (s *Server) checkHeader(v value) error {
	var h headerLine
	if err := json.Unmarshal(v, &h); err != nil {
		return err
	}
	if h.Format != logFormat {
		return fmt.Errorf("it has the format %d, and this sow knows %d: a newer sow has written it", h.Format, logFormat)
	}
	if s.options.AppID == "" {
		s.options.AppID = h.ID
	}
	if h.ID != s.options.AppID {
		return fmt.Errorf("it holds the app %q, not %q: use another directory", h.ID, s.options.AppID)
	}
	return nil
}

// applyMessage stores a message as a line tells of it.
func (d *inbox) applyMessage(v value) error {
	m := new(message)
	var conv string
	var group bool
	v.fields(func(name string, field value) {
		n, _ := field.integer()
		switch name {
		case "id":
			m.id = n
		case "muid":
			m.muid = field.text()
		case "conversation":
			conv = field.text()
		case "group":
			group, _ = field.boolean()
		case "sender":
			m.sender = field.text()
		case "receiver":
			m.receiver = field.text()
		case "category":
			m.category = field.text()
		case "type":
			m.kind = field.text()
		case "data":
			m.data = bytes.Clone(field[1 : len(field)-1])
		case "tags":
			m.tags, _ = field.texts()
		case "parent":
			m.parent = n
		case "sentAt":
			m.sentAt = n
		case "updatedAt":
			m.updatedAt = n
		case "editedAt":
			m.editedAt = n
		case "editedBy":
			m.editedBy = field.text()
		case "deletedAt":
			m.deletedAt = n
		case "deletedBy":
			m.deletedBy = field.text()
		case "storedAt":
			m.storedAt = n
		case "lag":
			m.lag = n
		case "held":
			m.held, _ = field.boolean()
		case "moderatedAt":
			m.moderatedAt = n
		case "bad":
			m.bad, _ = field.boolean()
		case "reactions":
			_ = json.Unmarshal(field, &m.reactions) // a damaged one is left out
		}
	})
	if m.id < 1 || m.id > math.MaxInt32 || conv == "" {
		return errors.New("it is damaged: the message has no id or no conversation")
	}
	for _, r := range m.reactions {
		d.reactionID = max(d.reactionID, r.ID)
	}
	m.conv = d.restoreChat(conv, group, m)
	if old := d.message(m.id); old != nil {
		d.messages[m.id-1] = m
		return nil
	}
	d.addMessage(m)
	return nil
}

// restoreChat returns the conversation of a message, made with that id when it
// is missing.
func (d *inbox) restoreChat(id string, group bool, m *message) *conversation {
	if c := d.convs[id]; c != nil {
		return c
	}
	c := &conversation{id: id, createdAt: m.storedAt / 1e9}
	if group {
		c.guid = m.receiver
	} else {
		c.a, c.b = min(m.sender, m.receiver), max(m.sender, m.receiver)
	}
	d.addConversation(c)
	return c
}

// reserve makes sure that ids up to this one are not given out again.
func (d *inbox) reserve(id int64) {
	for int64(len(d.messages)) < id {
		d.messages = append(d.messages, nil)
	}
}

// count is how many lines it takes to write everything down.
func (d *inbox) count() int {
	return len(d.people) + len(d.rooms) + len(d.roles) + len(d.messages)
}

// compact writes a new file with nothing in it but what there is now.
func (s *Server) compact(l *logbook) error {
	if err := l.file.Close(); err != nil {
		return fmt.Errorf("the emulator's data: %w", err)
	}
	l.file = nil
	size, err := s.rewrite(l.path)
	if err != nil {
		return fmt.Errorf("the emulator's data: %w", err)
	}
	if l.file, err = os.OpenFile(l.path, os.O_RDWR, 0o600); err != nil {
		return fmt.Errorf("the emulator's data: %w", err)
	}
	l.size = size
	return nil
}

func (s *Server) rewrite(path string) (size int64, err error) {
	// One server at a time has the directory, so one name is enough, and what a
	// killed one has left is written over.
	const owner = 0o600
	file, err := os.OpenFile(path+".part", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, owner)
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			_ = file.Close()
			_ = os.Remove(file.Name())
		}
	}()
	w := bufio.NewWriterSize(file, 1<<20)
	fresh := new(logbook)
	for line := range s.everything(fresh) {
		size += int64(len(line))
		if _, err := w.Write(line); err != nil {
			return 0, err
		}
	}
	if err := w.Flush(); err != nil {
		return 0, err
	}
	if err := file.Sync(); err != nil {
		return 0, err
	}
	if err := file.Close(); err != nil {
		return 0, err
	}
	return size, os.Rename(file.Name(), path)
}

// everything yields the lines that make up the app, through a logbook of its
// own.
func (s *Server) everything(l *logbook) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		going := true
		emit := func() {
			going = going && yield(l.pending)
			l.pending = l.pending[:0]
		}
		d := s.data
		l.noteJSON("app", headerLine{Format: logFormat, ID: s.options.AppID})
		l.next(int64(len(d.messages)))
		emit()
		for _, name := range d.roleOrder {
			l.role(d.roles[name])
		}
		for _, p := range d.everybody {
			l.user(p.user)
		}
		emit()
		for _, r := range d.allRooms {
			l.group(r.group)
			for _, m := range r.order {
				l.member(m)
			}
			emit()
		}
		for _, m := range d.messages {
			if m != nil {
				l.message(m)
				emit()
			}
		}
		for _, c := range d.allConvs {
			if len(c.tags)+len(c.read) > 0 {
				l.conversation(c)
			}
		}
		emit()
	}
}
