package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/sowdev/sow/config/addr"
)

const restoreJournal = "Nothing was overwritten: bring the file back as it was; or move it away and let sow look at the app again, knowing that what this run sent is then not in the state"

// log is what is kept of a journal: not its records, but where they are.
type log struct {
	run  *Run
	tail Tail

	count   uint64 // records
	end     int64  // where the last whole record ends
	crc     uint32 // of the last whole record
	first   uint32 // of the first record, the run marker
	records places

	ended bool // the last record is an end
}

// journalReader goes through a journal once.
type journalReader struct {
	*Files
	in     *lineReader
	header struct {
		versionLine
		Lineage string `json:"lineage"`
		Serial  uint64 `json:"serial"`
		CRC     string `json:"crc"`
	}
	bySection map[string]uint32 // by the address as the journal quotes it
	pending   map[uint64]uint32 // the section of each intent that has no outcome yet
	stale     bool
}

const noOwner = math.MaxUint32

// readJournal lays the journal's records over what the snapshot says.
func (f *Files) readJournal() error {
	r := &journalReader{Files: f, in: newLineReader(f.journal, 0, f.journal.Size()), bySection: map[string]uint32{}, pending: map[uint64]uint32{}}
	defer r.in.close()
	begun, err := r.readFirst()
	if err != nil || !begun {
		return err
	}
	if err := r.readRecords(); err != nil {
		return err
	}
	return r.conclude()
}

// readFirst reads the line that says what the journal is. Begun is false when
// a crash left no such line: then nothing was sent either.
func (r *journalReader) readFirst() (begun bool, err error) {
	line, whole, err := r.in.line()
	switch {
	case errors.Is(err, io.EOF):
		return false, nil
	case errors.Is(err, errLineTooLong):
		return false, r.damage(1, err.Error())
	case err != nil:
		return false, r.access(err)
	}
	if bytes.IndexByte(line, 0) >= 0 {
		return false, r.holedFirst(bytes.Clone(line))
	}
	if !whole {
		if !beginsAlike(line, `{"sow":"journal"`) {
			return false, r.damage(1, "this does not begin like a journal of sow")
		}
		return false, nil
	}
	if err := checkVersion(line, journalSow); err != nil {
		if errors.Is(err, ErrNewer) {
			return false, fmt.Errorf("%s: %w", r.journal.Name(), err)
		}
		return false, r.damage(1, err.Error())
	}
	_, crc, ok := checkCRC(line, 0)
	if !ok {
		return false, r.damage(1, "the line was changed since sow wrote it: the checksum differs")
	}
	if err := unmarshalStrict(line, &r.header); err != nil {
		return false, r.damage(1, err.Error())
	}
	r.log.crc, r.log.end = crc, r.in.offset()
	return true, r.matchSnapshot()
}

// matchSnapshot makes sure that the journal goes on from this snapshot, or is
// what a crash left of one that this snapshot has taken in.
func (r *journalReader) matchSnapshot() error {
	switch {
	case r.snapshot == nil && r.header.Serial > 0:
		return r.damage(1, fmt.Sprintf("the journal goes on from serial %d of a state, but the state is gone", r.header.Serial))
	case r.snapshot == nil:
		r.Files.header.Lineage = r.header.Lineage
	case r.header.Lineage != r.Files.header.Lineage:
		return r.damage(1, fmt.Sprintf("this is the journal of another state (lineage %s, not %s)", r.header.Lineage, r.Files.header.Lineage))
	case r.header.Serial+1 == r.Files.header.Serial && r.folded != "":
		r.stale = true
	case r.header.Serial != r.Files.header.Serial:
		return r.damage(1, r.otherSerial())
	}
	return nil
}

func (r *journalReader) otherSerial() string {
	return fmt.Sprintf("the journal goes on from serial %d, but the state has serial %d: the state was replaced by another copy while a run was not finished",
		r.header.Serial, r.Files.header.Serial)
}

// readRecords reads all that can be trusted.
func (r *journalReader) readRecords() error {
	r.log.records = newPlaces(r.journal.Size())
	for {
		offset := r.in.offset()
		line, whole, err := r.in.line()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errLineTooLong):
			return r.damage(r.lineNumber(), err.Error())
		case err != nil:
			return r.access(err)
		}
		if !whole {
			// The last write of a run that was killed. What does not look like it
			// is what a disk made of records that it lost.
			if !beginsAlike(line, string(appendRecord(nil, r.log.count+1, 0))) {
				r.log.tail = Lost
			}
			return nil
		}
		body, crc, ok := checkCRC(line, r.log.crc)
		if !ok {
			return r.badLine(bytes.Clone(line))
		}
		rec, err := parseRecord(body)
		if err != nil {
			return r.damage(r.lineNumber(), err.Error())
		}
		if rec.n != r.log.count+1 {
			return r.damage(r.lineNumber(), fmt.Sprintf("record %d stands where record %d should", rec.n, r.log.count+1))
		}
		if rec.n >= noOwner {
			return r.damage(r.lineNumber(), "the journal is too long")
		}
		owner := uint32(noOwner)
		if !r.stale {
			if owner, err = r.apply(rec); err != nil {
				return r.damage(r.lineNumber(), err.Error())
			}
		}
		if rec.n == 1 {
			r.log.first = crc
		}
		r.log.count, r.log.crc, r.log.end = rec.n, crc, r.in.offset()
		r.log.records.add(offset, r.log.end-offset)
		if owner != noOwner {
			r.sections[owner].records.add(uint32(rec.n), r.log.end-offset)
		}
		r.log.ended = rec.kind == kindEnd
	}
}

// holedFirst decides about a first line with zeros in it: a power failure
// leaves them, where the journal had not yet reached the disk. Then Begin had
// not returned, and nothing was sent.
func (r *journalReader) holedFirst(line []byte) error {
	began, err := r.anyLater(line, func(rec record) bool { return rec.n > 1 })
	if err != nil {
		return err
	}
	if began {
		return r.damage(1, "the line is damaged, but records follow it")
	}
	r.Files.header.LookBack = true
	return nil
}

// badLine decides about a whole line that does not fit. On another boot of the
// machine it may be where a power failure hit, if the disk never confirmed what
// is here: then the journal ends before it. Anything else is damage.
func (r *journalReader) badLine(line []byte) error {
	if r.stale {
		return nil // the snapshot has it all
	}
	number := r.lineNumber()
	confirmed := r.sameBoot()
	if !confirmed {
		var err error
		// The run marker is on the disk before anything else is recorded.
		if confirmed, err = r.anyLater(line, func(rec record) bool {
			return rec.synced > r.log.count || r.log.run == nil
		}); err != nil {
			return err
		}
	}
	if confirmed {
		return r.damage(number, "the record was changed or moved since sow wrote it: the checksum differs")
	}
	r.log.tail = Lost
	return nil
}

// anyLater reports whether proof holds for any of the records that come after
// the damaged line. A record is one if it fits the line before it.
func (r *journalReader) anyLater(line []byte, proof func(record) bool) (bool, error) {
	for {
		_, previous, known := cutCRC(line)
		next, whole, err := r.in.line()
		if errors.Is(err, io.EOF) || err == nil && !whole || errors.Is(err, errLineTooLong) {
			return false, nil
		}
		if err != nil {
			return false, r.access(err)
		}
		if body, _, ok := checkCRC(next, previous); known && ok {
			if rec, err := parseRecord(body); err == nil && proof(rec) {
				return true, nil
			}
		}
		line = bytes.Clone(next)
	}
}

// beginsAlike reports whether line is the beginning of whole, or whole the
// beginning of line.
func beginsAlike(line []byte, whole string) bool {
	n := min(len(line), len(whole))
	return string(line[:n]) == whole[:n]
}

// sameBoot reports whether the run was on this boot of this machine.
func (f *Files) sameBoot() bool {
	return f.log.run != nil && f.boot != "" && f.log.run.Boot == f.boot
}

// apply takes in one record, and returns the section of a message's record.
func (r *journalReader) apply(rec record) (owner uint32, err error) {
	if (rec.kind == kindRun) != (rec.n == 1) {
		return noOwner, errors.New("a journal begins with its run, and has one")
	}
	switch rec.kind {
	case kindRun:
		return noOwner, r.applyRun(rec.value)
	case kindHeader:
		return noOwner, r.applyHeader(rec.value)
	case kindObject:
		return noOwner, r.applyObject(rec.value)
	case kindGone:
		return r.applyGone(rec.value)
	case kindIntend, kindPut:
		conversation, _, err := messageValue(rec.value)
		if err != nil {
			return noOwner, err
		}
		owner, err := r.ownerOf(conversation)
		if rec.kind == kindIntend {
			r.pending[rec.n] = owner
		}
		return owner, err
	case kindDelete:
		conversation, _, _, err := keyValue(rec.value, false)
		if err != nil {
			return noOwner, err
		}
		return r.ownerOf(conversation)
	case kindReceipt:
		intent, _, ok := cutNumber(rec.value)
		if !ok {
			return noOwner, errRecord
		}
		return r.ownerOfIntent(intent)
	case kindVoid:
		if rec.refers() {
			intent, _, _ := cutNumber(rec.value)
			return r.ownerOfIntent(intent)
		}
		conversation, _, _, err := keyValue(rec.value, true)
		if err != nil {
			return noOwner, err
		}
		return r.ownerOf(conversation)
	}
	return noOwner, nil
}

func (r *journalReader) applyRun(value []byte) error {
	var line struct {
		Run    Run          `json:"run"`
		Header headerFields `json:"header"`
	}
	if err := unmarshalStrict(wrap(`{"run":`, value), &line); err != nil {
		return err
	}
	r.log.run = &line.Run
	r.Files.header = line.Header.header(r.Files.header.Lineage, r.Files.header.Serial)
	return nil
}

func (r *journalReader) applyHeader(value []byte) error {
	var fields headerFields
	if err := unmarshalStrict(value, &fields); err != nil {
		return err
	}
	r.Files.header = fields.header(r.Files.header.Lineage, r.Files.header.Serial)
	return nil
}

func (r *journalReader) applyObject(value []byte) error {
	switch {
	case bytes.HasPrefix(value, []byte(userPrefix)):
		u, err := decodeUser(value)
		if err == nil {
			r.users.put(u)
		}
		return err
	case bytes.HasPrefix(value, []byte(groupPrefix)):
		g, err := decodeGroup(value)
		if err == nil {
			r.groups.put(g)
		}
		return err
	}
	c, err := decodeConversation(value)
	if err != nil {
		return err
	}
	if i, ok := r.Files.bySection[c.Addr]; ok {
		r.sections[i].conversation = c
		return nil
	}
	r.addSection(&section{addr: c.Addr, conversation: c})
	return nil
}

func (r *journalReader) applyGone(value []byte) (owner uint32, err error) {
	text, err := unquote(value)
	if err != nil {
		return noOwner, err
	}
	o, err := addr.ParseObject(text)
	if err != nil {
		return noOwner, err
	}
	switch o.Kind {
	case addr.User:
		r.users.remove(o)
	case addr.Group:
		r.groups.remove(o)
	case addr.Conversation:
		if i, ok := r.Files.bySection[o]; ok {
			r.sections[i].conversation = nil
			return i, nil
		}
	}
	return noOwner, nil
}

// ownerOf returns the section of a conversation that stands in the state.
func (r *journalReader) ownerOf(quoted []byte) (uint32, error) {
	i, ok := r.bySection[string(quoted)]
	if !ok {
		text, err := unquote(quoted)
		if err != nil {
			return noOwner, err
		}
		o, err := addr.ParseObject(text)
		if err != nil {
			return noOwner, err
		}
		if i, ok = r.Files.bySection[o]; !ok {
			return noOwner, fmt.Errorf("the state has no %s", o)
		}
		r.bySection[string(quoted)] = i
	}
	if r.sections[i].conversation == nil {
		return noOwner, fmt.Errorf("the state has no %s any more", r.sections[i].addr)
	}
	return i, nil
}

// ownerOfIntent returns the section of an intent's conversation, which may be
// gone by now. An intent has one outcome.
func (r *journalReader) ownerOfIntent(n uint64) (uint32, error) {
	owner, ok := r.pending[n]
	if !ok {
		return noOwner, fmt.Errorf("record %d is no intent without an outcome", n)
	}
	delete(r.pending, n)
	return owner, nil
}

// conclude judges the journal as a whole.
func (r *journalReader) conclude() error {
	l := &r.log
	if r.stale {
		if !l.within(r.folded) {
			return r.damage(1, r.otherSerial())
		}
		*l = log{}
		return nil
	}
	if l.run == nil {
		// Begin did not come to its end: nothing was sent. Unless the disk lost
		// what it had confirmed; where it may have, looking costs little.
		if r.snapshot == nil {
			r.Files.header = Header{}
		}
		r.Files.header.LookBack = r.Files.header.LookBack || l.tail == Lost
		*l = log{}
		return nil
	}
	switch {
	case l.tail == Lost, l.ended:
	case r.sameBoot():
		l.tail = CutOff
	default:
		l.tail = Lost
	}
	return nil
}

// identity says which journal a snapshot took in: the number of its records, and
// the checksum of the run marker, which has its like nowhere. It is "" without
// any.
func (l *log) identity() string {
	if l.count == 0 {
		return ""
	}
	return fmt.Sprintf("%d:%08x", l.count, l.first)
}

// within reports whether the snapshot that took in the identified journal has
// all of this one: the same, or what a power failure left of it.
func (l *log) within(identity string) bool {
	count, first, _ := strings.Cut(identity, ":")
	n, err := strconv.ParseUint(count, 10, 64)
	return l.count == 0 || err == nil && l.count <= n && first == string(appendHex32(nil, l.first))
}

func (r *journalReader) lineNumber() int { return int(r.log.count) + 2 }

func (r *journalReader) damage(line int, what string) error { return r.journalDamage(line, what) }

func (f *Files) journalDamage(line int, what string) error {
	return &DamageError{File: f.journal.Name(), Line: line, What: what, Next: restoreJournal}
}

func (r *journalReader) access(err error) error { return r.journalAccess(err) }

func (f *Files) journalAccess(err error) error {
	return &AccessError{Doing: "read the journal", Path: f.journal.Name(), Err: err}
}

// wrap completes a record's value, which was cut out of an object, to an
// object again.
func wrap(open string, value []byte) json.RawMessage {
	b := append([]byte(open), value...)
	return append(b, '}')
}
