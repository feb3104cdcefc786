package state

import (
	"errors"
	"iter"

	"github.com/sowdev/sow/config/addr"
)

// row is one message on its way to a reader or to a new snapshot: a line of
// the snapshot, or a change from the journal.
type row struct {
	line    []byte // valid until the next row
	number  int    // of the line in the snapshot
	overlay *overlay
	change  change
}

// message decodes the row. A muid that a line leaves out is derived.
func (r row) message(f *Files, muids *MUIDs) (*Message, error) {
	if r.overlay != nil {
		return r.overlay.message(r.change)
	}
	m, err := decodeMessage(string(r.line), muids)
	if err != nil {
		return nil, f.damageAt(r.number, err.Error(), restoreSnapshot)
	}
	return m, nil
}

// Messages implements [Reader].
func (f *Files) Messages(conversation addr.Object) iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		s := f.section(conversation)
		if s == nil {
			return
		}
		muids := NewMUIDs(f.dataset, s.addr)
		err := f.eachRow(s, func(r row) error {
			m, err := r.message(f, muids)
			if err != nil {
				return err
			}
			if !yield(m, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(nil, err)
		}
	}
}

// errStop ends eachRow early. It never leaves the package.
var errStop = errors.New("stop")

// Count implements [Reader]. When the messages cannot be read, it returns what
// the snapshot has; reading them returns the error.
func (f *Files) Count(conversation addr.Object) int {
	s := f.section(conversation)
	if s == nil {
		return 0
	}
	if s.records.count == 0 {
		return s.count
	}
	n := 0
	if err := f.eachRow(s, func(row) error { n++; return nil }); err != nil {
		return s.count
	}
	return n
}

// eachRow visits a conversation's messages in the order of the chat.
func (f *Files) eachRow(s *section, visit func(row) error) error {
	return f.eachRowHolding(s, nil, visit)
}

// eachRowHolding is eachRow with the conversation's records of the journal read
// before, or nil.
func (f *Files) eachRowHolding(s *section, h *held, visit func(row) error) error {
	if s.records.count == 0 {
		return f.eachLine(s, func(line []byte, number int) error {
			return visit(row{line: line, number: number})
		})
	}
	o := newOverlay(f, hashKey)
	defer o.close()
	if h != nil {
		o.in.held = *h
	}
	if err := o.read(&s.records); err != nil {
		return err
	}
	return f.merge(s, o, visit)
}

// merge visits the snapshot's messages that still stand and the journal's, in
// order.
func (f *Files) merge(s *section, o *overlay, visit func(row) error) error {
	muids := NewMUIDs(f.dataset, s.addr)
	next := 0
	flush := func(until *place) error {
		for ; next < len(o.live); next++ {
			c := o.changes[o.live[next]]
			if until != nil && c.sent > until.sent {
				return nil
			}
			if until != nil && c.sent == until.sent {
				key, _, err := o.names(c)
				if err != nil {
					return err
				}
				if key > string(until.key) {
					return nil
				}
			}
			if err := visit(row{overlay: o, change: c}); err != nil {
				return err
			}
		}
		return nil
	}
	if !o.cleared && s.count > 0 {
		err := f.eachLine(s, func(line []byte, number int) error {
			p, err := placeOf(line)
			if err != nil {
				return f.damageAt(number, err.Error(), restoreSnapshot)
			}
			r := row{line: line, number: number}
			covered, err := o.covers(p.key, func() (string, error) {
				m, err := r.message(f, muids)
				if err != nil {
					return "", err
				}
				return m.MUID, nil
			})
			if err != nil || covered {
				return err
			}
			if err := flush(&p); err != nil {
				return err
			}
			return visit(r)
		})
		if err != nil {
			return err
		}
	}
	return flush(nil)
}
