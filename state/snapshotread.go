package state

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sowdev/sow/config/addr"
)

// What to do about a damaged snapshot, and about one that was edited badly.
const (
	restoreSnapshot = "Nothing was overwritten: bring the file back from version control or from its .backup, and run again"
	correctSnapshot = "Nothing was overwritten: correct the line, and run again"
)

// snapshotReader goes through a snapshot once.
type snapshotReader struct {
	*Files
	in      *lineReader
	last    addr.Object // of the last object, to hold the order
	current *section    // whose messages are being passed
}

// readSnapshot takes in all but the messages, and holds every line against the
// checksums.
func (f *Files) readSnapshot() error {
	r := &snapshotReader{Files: f, in: newLineReader(f.snapshot, 0, f.snapshot.Size())}
	defer r.in.close()
	for {
		offset := r.in.offset()
		line, whole, err := r.in.line()
		switch {
		case errors.Is(err, io.EOF) && f.sums.lines == 0:
			return r.damage("the file is empty")
		case errors.Is(err, io.EOF):
			return r.damage("the file ends here, without its last line: it was cut off")
		case errors.Is(err, errLineTooLong):
			return r.damage(err.Error())
		case err != nil:
			return r.access(err)
		}
		line = trimCR(line)
		if marker := conflictMarker(line); marker != "" {
			return r.conflict(marker)
		}
		if f.sums.lines > 0 && bytes.HasPrefix(line, []byte(endPrefix)) {
			return r.finish(line, offset)
		}
		if !whole {
			return r.damage("the file is cut off in this line")
		}
		if err := r.take(line, offset); err != nil {
			if errors.Is(err, ErrNewer) {
				return fmt.Errorf("%s: %w", f.snapshot.Name(), err)
			}
			return r.damage(err.Error())
		}
		f.sums.add(line)
	}
}

// take takes in one line.
func (r *snapshotReader) take(line []byte, offset int64) error {
	if r.sums.lines == 0 {
		return r.takeHeader(line)
	}
	if r.current != nil && bytes.HasPrefix(line, []byte(messagePrefix)) {
		r.current.count++
		return nil
	}
	r.closeSection(offset)
	switch {
	case bytes.HasPrefix(line, []byte(userPrefix)):
		u, err := decodeUser(line)
		if err != nil {
			return err
		}
		r.users.rows = append(r.users.rows, u)
		return r.inOrder(u.Addr)
	case bytes.HasPrefix(line, []byte(groupPrefix)):
		g, err := decodeGroup(line)
		if err != nil {
			return err
		}
		r.groups.rows = append(r.groups.rows, g)
		return r.inOrder(g.Addr)
	case bytes.HasPrefix(line, []byte(conversationPrefix)):
		c, err := decodeConversation(line)
		if err != nil {
			return err
		}
		if err := r.inOrder(c.Addr); err != nil {
			return err
		}
		r.current = &section{addr: c.Addr, conversation: c, offset: r.in.offset(), line: r.sums.lines + 2}
		r.addSection(r.current)
		return nil
	case bytes.HasPrefix(line, []byte(messagePrefix)):
		return errors.New("a message stands before the first conversation")
	}
	return fmt.Errorf("this is no line of a state: %.40q", line)
}

func (r *snapshotReader) takeHeader(line []byte) error {
	if err := checkVersion(line, "state"); err != nil {
		return err
	}
	var h headerLine
	if err := unmarshalStrict(line, &h); err != nil {
		return err
	}
	if h.Lineage == "" {
		return errors.New("the header has no lineage")
	}
	r.header = h.header(h.Lineage, h.Serial)
	r.dataset = h.Dataset
	r.folded = h.Folded
	return nil
}

// inOrder holds the objects to ascending addresses.
func (r *snapshotReader) inOrder(o addr.Object) error {
	switch c := r.last.Compare(o); {
	case c == 0:
		return fmt.Errorf("%s stands there twice", o)
	case c > 0:
		return fmt.Errorf("%s is out of order: it belongs before %s", o, r.last)
	}
	r.last = o
	return nil
}

func (r *snapshotReader) closeSection(offset int64) {
	if r.current != nil {
		r.current.end = offset
		r.current = nil
	}
}

// finish checks what was read against the last line.
func (r *snapshotReader) finish(line []byte, offset int64) error {
	r.closeSection(offset)
	var edited struct {
		End string `json:"end"`
	}
	if unmarshalStrict(line, &edited) == nil && edited.End == "edited" {
		r.edited = true
	} else if err := r.checkEnd(line); err != nil {
		return err
	}
	r.sums.lines++ // for the line number of what follows
	defer func() { r.sums.lines-- }()
	for {
		rest, _, err := r.in.line()
		switch {
		case errors.Is(err, io.EOF):
			if r.edited {
				return r.checkMessages()
			}
			return nil
		case err != nil:
			return r.access(err)
		case len(bytes.TrimSpace(rest)) > 0:
			if marker := conflictMarker(trimCR(rest)); marker != "" {
				return r.conflict(marker)
			}
			return r.damage("something follows the line that ends a state")
		}
	}
}

func (r *snapshotReader) checkEnd(line []byte) error {
	var end struct {
		End int      `json:"end"`
		CRC []string `json:"crc"`
	}
	if err := unmarshalStrict(line, &end); err != nil {
		return r.damage("the last line is damaged: " + err.Error())
	}
	if end.End != r.sums.lines {
		return r.damage(fmt.Sprintf("%d lines should stand before this one, but there are %d", end.End, r.sums.lines))
	}
	marks := r.sums.all()
	if len(end.CRC) != len(marks) {
		return r.damage("the last line is damaged: it has a wrong number of checksums")
	}
	for i, mark := range marks {
		if end.CRC[i] != string(appendHex32(nil, mark)) {
			return r.badBlock(i)
		}
	}
	return nil
}

// badBlock names the line that was changed, or the few among which it is.
func (r *snapshotReader) badBlock(block int) error {
	first, last := block*sumEvery+1, min((block+1)*sumEvery, r.sums.lines)
	for _, s := range r.sections {
		if s.line > last || s.line+s.count <= first {
			continue
		}
		if err := r.eachLine(s, func(line []byte, number int) error {
			_, err := decodeMessage(string(line), &MUIDs{})
			if err != nil && number >= first && number <= last {
				return r.damageAt(number, err.Error(), restoreSnapshot)
			}
			return nil
		}); err != nil {
			return err
		}
	}
	what := fmt.Sprintf("one of the lines %d to %d was changed since sow wrote it: the checksum differs", first, last)
	next := `If it was you, replace the last line by {"end":"edited"}. ` + restoreSnapshot
	return r.damageAt(first, what, next)
}

// checkMessages reads every message of a snapshot that has no checksum.
func (r *snapshotReader) checkMessages() error {
	for _, s := range r.sections {
		var before place
		keys := make(map[string]bool, s.count)
		if err := r.eachLine(s, func(line []byte, number int) error {
			m, err := decodeMessage(string(line), &MUIDs{})
			if err != nil {
				return r.damageAt(number, err.Error(), correctSnapshot)
			}
			at := place{sent: m.SentAt, key: []byte(m.Key)}
			if keys[m.Key] {
				return r.damageAt(number, fmt.Sprintf("%s stands there twice", s.addr.Message(m.Key)), correctSnapshot)
			}
			if before.key != nil && before.compare(at) > 0 {
				return r.damageAt(number, fmt.Sprintf("%s is out of order: a later message stands before it", s.addr.Message(m.Key)), correctSnapshot)
			}
			before = at
			keys[m.Key] = true
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// eachLine calls visit for the snapshot's lines of a conversation's messages,
// with their numbers.
func (f *Files) eachLine(s *section, visit func(line []byte, number int) error) error {
	if s.count == 0 {
		return nil
	}
	in := newLineReader(f.snapshot, s.offset, s.end)
	defer in.close()
	for number := s.line; ; number++ {
		line, _, err := in.line()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return f.access(err)
		}
		if err := visit(trimCR(line), number); err != nil {
			return err
		}
	}
}

// damage says what is wrong with the line that is being read.
func (r *snapshotReader) damage(what string) error {
	return r.damageAt(r.sums.lines+1, what, restoreSnapshot)
}

func (f *Files) damageAt(line int, what, next string) error {
	return &DamageError{File: f.snapshot.Name(), Line: line, What: what, Next: next}
}

func (r *snapshotReader) conflict(marker string) error {
	return r.damageAt(r.sums.lines+1,
		fmt.Sprintf("a git merge left its conflict markers here (%s)", marker),
		`Keep the lines of both sides, sorted, with the higher serial in the header, and replace the last line by {"end":"edited"}`)
}

func (f *Files) access(err error) error {
	return &AccessError{Doing: "read the state", Path: f.snapshot.Name(), Err: err}
}

// conflictMarker returns the marker that the line begins with, if it is one of
// those that git leaves in a file it could not merge.
func conflictMarker(line []byte) string {
	for _, marker := range []string{"<<<<<<<", "|||||||", "=======", ">>>>>>>"} {
		if s := string(line[:min(len(line), len(marker)+1)]); s == marker || strings.HasPrefix(s, marker+" ") {
			return marker
		}
	}
	return ""
}
