package state

import (
	"bufio"
	"context"
	"io"
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
	for _, c := range f.conversations {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := writeRow(w, c, encodeConversation); err != nil {
			return err
		}
		if err := f.foldMessages(ctx, w, f.section(c.Addr)); err != nil {
			return err
		}
	}
	return w.end()
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

func (f *Files) foldMessages(ctx context.Context, w *snapshotWriter, s *section) error {
	// A line leaves out the muid that derives from the dataset: it holds for
	// the new snapshot only if the dataset stays. What people wrote by hand is
	// brought into sow's own form.
	copies := f.header.Dataset == f.dataset && !f.edited
	old, derive := newMUIDs(f.dataset, s.addr), newMUIDs(f.header.Dataset, s.addr)
	var buf []byte
	n := 0
	return f.eachRow(s, func(r row) error {
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
		if buf, err = appendMessage(buf[:0], m, derive.of(m.Key, m.Generation)); err != nil {
			return err
		}
		return w.line(buf)
	})
}
