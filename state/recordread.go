package state

import "slices"

// recordReader reads records again that were checked when the journal was
// opened.
type recordReader struct {
	f      *Files
	buf    []byte
	pooled *[]byte // what buf was at first
	start  int64   // offset of buf in the file
	next   int64   // offset after the record that was read last
	ahead  int64   // how much to read at once

	most int // how many bytes of records may be held
	held held
}

// held are lines of records that were read ahead of their use.
type held struct {
	records []uint32 // in order
	text    []byte
	ends    []int // where each of them ends in text
}

func newHeld(records *numbers) *held {
	h := &held{
		records: make([]uint32, 0, records.count), text: make([]byte, 0, records.bytes), ends: make([]int, 0, records.count),
	}
	h.records = slices.AppendSeq(h.records, records.all())
	return h
}

// add takes in the line of the next of the records.
func (h *held) add(line []byte) {
	h.text = append(h.text, line...)
	h.ends = append(h.ends, len(h.text))
}

// line returns the line of record n.
func (h *held) line(n uint32) (line []byte, ok bool) {
	i, ok := slices.BinarySearch(h.records, n)
	if !ok {
		return nil, false
	}
	start := 0
	if i > 0 {
		start = h.ends[i-1]
	}
	return h.text[start:h.ends[i]], true
}

// Records that lie near each other are read together, the more the longer this
// goes on: a lane's records may be all of the journal, or one in a thousand.
const (
	firstAhead = 512
	nearby     = 16 << 10
)

// mostHeld is how many bytes of one conversation's records are read once and
// held. Of more, each record is read when it is wanted.
const mostHeld = 1 << 20

// hold reads these records, if they are not too many to be held and not held
// already.
func (r *recordReader) hold(records *numbers) error {
	if records.bytes > r.most || len(r.held.records) > 0 {
		return nil
	}
	h := newHeld(records)
	for _, n := range h.records {
		line, err := r.line(n)
		if err != nil {
			return err
		}
		h.add(line)
	}
	r.held = *h
	return nil
}

// read returns record n. It is valid until the next read.
func (r *recordReader) read(n uint32) (record, error) {
	line, ok := r.held.line(n)
	if !ok {
		var err error
		if line, err = r.line(n); err != nil {
			return record{}, err
		}
	}
	rec, err := parseRecord(line[:max(len(line)-crcLength-len("\n"), 0)])
	if err != nil {
		return record{}, r.damage(record{n: uint64(n)}, err)
	}
	return rec, nil
}

// line reads the line of record n. It is valid until the next call.
func (r *recordReader) line(n uint32) ([]byte, error) {
	from, to := r.f.log.records.span(n)
	if from < r.start || to > r.start+int64(len(r.buf)) {
		if from < r.next || from-r.next > nearby {
			r.ahead = 0
		}
		r.ahead = min(max(2*r.ahead, firstAhead), bufferSize)
		size := min(max(to-from, r.ahead), r.f.log.end-from)
		r.buf = slices.Grow(r.buf[:0], int(size))[:size]
		r.start = from
		if got, err := r.f.journal.ReadAt(r.buf, from); got < len(r.buf) {
			r.buf = r.buf[:0]
			return nil, r.f.journalAccess(err)
		}
	}
	r.next = to
	return r.buf[from-r.start : to-r.start], nil
}

// place returns where the message of an intend or put record stands.
func (r *recordReader) place(rec record) (place, error) {
	_, object, err := messageValue(rec.value)
	if err != nil {
		return place{}, r.damage(rec, err)
	}
	p, err := placeOf(object)
	if err != nil {
		return place{}, r.damage(rec, err)
	}
	return p, nil
}

// message returns the message of an intend or put record.
func (r *recordReader) message(rec record) (*Message, error) {
	_, object, err := messageValue(rec.value)
	if err != nil {
		return nil, r.damage(rec, err)
	}
	m, err := decodeMessage(string(object), nil)
	if err != nil {
		return nil, r.damage(rec, err)
	}
	return m, nil
}

// names returns the key of a record's message, and the muid where the record
// has one.
func (r *recordReader) names(rec record) (key, muid string, err error) {
	if rec.kind == kindIntend || rec.kind == kindPut {
		m, err := r.message(rec)
		if err != nil {
			return "", "", err
		}
		return m.Key, m.MUID, nil
	}
	_, quotedKey, quotedMUID, err := keyValue(rec.value, rec.kind == kindVoid)
	if err != nil {
		return "", "", r.damage(rec, err)
	}
	if key, err = unquote(quotedKey); err != nil {
		return "", "", r.damage(rec, err)
	}
	if quotedMUID != nil {
		if muid, err = unquote(quotedMUID); err != nil {
			return "", "", r.damage(rec, err)
		}
	}
	return key, muid, nil
}

func (r *recordReader) damage(rec record, err error) error {
	return r.f.journalDamage(int(rec.n)+1, err.Error())
}
