package state

import (
	"bufio"
	"cmp"
	"context"
	"io"
	"slices"
)

// snapshotWriter writes the lines of a snapshot and sums them up.
type snapshotWriter struct {
	out  *bufio.Writer
	sums sums
}

func (w *snapshotWriter) line(line []byte) error {
	w.sums.add(line)
	if _, err := w.out.Write(line); err != nil {
		return err
	}
	return w.out.WriteByte('\n')
}

// end writes the last line.
func (w *snapshotWriter) end() error {
	if _, err := w.out.Write(append(w.sums.endLine(), '\n')); err != nil {
		return err
	}
	return w.out.Flush()
}

// writeSize is how much of a snapshot is written at once.
const writeSize = 256 << 10

// Fold writes the state as a new snapshot with the next serial. It holds one
// line at a time: what the journal did not touch is copied. Errors of out are
// returned as they are.
func (f *Files) Fold(ctx context.Context, out io.Writer) error {
	w := &snapshotWriter{out: bufio.NewWriterSize(out, writeSize)}
	header, err := marshal(headerLine{
		Sow: "state", Version: formatVersion,
		Lineage: f.header.Lineage, Serial: f.header.Serial + 1,
		headerFields: fieldsOf(f.header), Folded: f.log.identity(), // "" without a journal
	})
	if err != nil {
		return err
	}
	if err := w.line(header); err != nil {
		return err
	}
	for _, u := range f.users.rows {
		if err := writeRow(w, u, encodeUser); err != nil {
			return err
		}
	}
	for _, g := range f.groups.rows {
		if err := writeRow(w, g, encodeGroup); err != nil {
			return err
		}
	}
	for rest := f.conversations; len(rest) > 0; {
		batch, held, err := f.sweep(rest)
		if err != nil {
			return err
		}
		for _, c := range batch {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := writeRow(w, c, encodeConversation); err != nil {
				return err
			}
			s := f.section(c.Addr)
			if err := f.foldMessages(ctx, w, s, held[s]); err != nil {
				return err
			}
			delete(held, s)
		}
		rest = rest[len(batch):]
	}
	return w.end()
}

// sweepBytes is how much of the journal is held at once while it is folded.
const sweepBytes = 8 << 20

// sweep takes conversations off the front whose records can be held together,
// and reads these records in the order of the journal. Lanes that ran side by
// side have their records among each other: read one lane after the other, the
// journal would be read once for each.
func (f *Files) sweep(conversations []*Conversation) (batch []*Conversation, all map[*section]*held, err error) {
	type wanted struct {
		record uint32
		by     *held
	}
	var wants []wanted
	all = make(map[*section]*held)
	total := 0
	for i, c := range conversations {
		s := f.section(c.Addr)
		size := s.records.bytes
		if total += size; i > 0 && total > sweepBytes {
			break
		}
		batch = conversations[:i+1]
		if size == 0 || size > sweepBytes {
			continue // each of so many is read when it is wanted
		}
		all[s] = newHeld(&s.records)
		for _, n := range all[s].records {
			wants = append(wants, wanted{n, all[s]})
		}
	}
	slices.SortFunc(wants, func(a, b wanted) int { return cmp.Compare(a.record, b.record) })
	in := recordReader{f: f}
	for _, w := range wants {
		line, err := in.line(w.record)
		if err != nil {
			return nil, nil, err
		}
		w.by.add(line)
	}
	return batch, all, nil
}

func writeRow[T any](w *snapshotWriter, row *T, encode func(*T) ([]byte, error)) error {
	line, err := encode(row)
	if err != nil {
		return err
	}
	return w.line(line)
}

// ctxEvery is how many messages may pass before a long fold notices that it is
// not wanted any more.
const ctxEvery = 4096

func (f *Files) foldMessages(ctx context.Context, w *snapshotWriter, s *section, h *held) error {
	// A line leaves out the muid that derives from the dataset: it holds for
	// the new snapshot only if the dataset stays. What people wrote by hand is
	// brought into sow's own form.
	copies := f.header.Dataset == f.dataset && !f.edited
	old, derive := NewMUIDs(f.dataset, s.addr), NewMUIDs(f.header.Dataset, s.addr)
	var buf []byte
	n := 0
	return f.eachRowHolding(s, h, func(r row) error {
		if n++; n%ctxEvery == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if r.overlay == nil && copies {
			return w.line(r.line)
		}
		if r.overlay != nil {
			line, ok, err := r.overlay.splice(buf[:0], r.change, derive)
			if err != nil {
				return err
			}
			if buf = line; ok {
				return w.line(line)
			}
		}
		m, err := r.message(f, old)
		if err != nil {
			return err
		}
		if buf, err = appendMessage(buf[:0], m, derive.Of(m.Key, m.Generation)); err != nil {
			return err
		}
		return w.line(buf)
	})
}
