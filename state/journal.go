package state

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state/jsonline"
)

// syncEvery is how long a record may wait for the disk.
const syncEvery = 10 * time.Millisecond

// JournalFile is what a journal is appended to.
type JournalFile interface {
	// Write appends.
	Write(p []byte) (int, error)
	// Sync returns when all that was written is on the disk.
	Sync() error
	Close() error
}

// ErrClosed is what a journal's methods return after Close.
var ErrClosed = errors.New("the journal is closed")

// journal implements [Journal] over a file.
//
// Callers append their records to a batch under mu; whoever then gets hold of
// the file writes the whole batch, so that many callers share one write. A
// receipt waits in the batch for the record after it. One committer writes what
// nobody else did and syncs the file.
type journal struct {
	file  JournalFile
	runID string

	mu      sync.Mutex
	batch   []byte
	count   uint64 // records appended to the journal so far
	crc     uint32 // of the last of them
	told    uint64 // the last number of a synced record that the journal states
	known   map[addr.Object]bool
	intents map[string]*intent // by muid, those without an outcome
	settled []*intent          // to be used again
	err     error              // why nothing more is written
	closed  bool               // the end is recorded
	ended   bool               // the file is closed, or about to be

	writing sync.Mutex // held while writing to file
	spare   []byte     // the batch before, to be used again
	written uint64     // records handed to the operating system

	syncing sync.Mutex    // held while the file is synced
	synced  atomic.Uint64 // records that the disk has confirmed

	wake chan struct{} // something was recorded
	stop chan struct{} // closed by Close
	done chan struct{} // closed by the committer
}

// intent remembers what an intent recorded.
type intent struct {
	n       uint64
	message Message
}

// Begin begins a journal, in an empty file, for a run on the state that was
// read, which must have no other: an unfolded journal is a programmer's mistake
// and panics. The header keeps the state's lineage, serial, and need to look
// back. When Begin returns, the run marker is on the disk, provided that the
// file's name is.
func (f *Files) Begin(file JournalFile, run Run, header Header) (Journal, error) {
	if f.Unfolded() {
		panic("state: a run begins before the one before it was folded")
	}
	header.LookBack = header.LookBack || f.header.LookBack
	header.Merged = nil // shards cannot follow what a run does
	if f.Exists() {
		header.Lineage, header.Serial = f.header.Lineage, f.header.Serial
		header.HashKey = cmp.Or(header.HashKey, f.header.HashKey)
	} else {
		fresh := NewHeader(header.Dataset, header.AppID, header.Region)
		header.Lineage, header.Serial = cmp.Or(header.Lineage, fresh.Lineage), 0
		header.HashKey = cmp.Or(header.HashKey, fresh.HashKey)
	}
	j := &journal{
		file: file, runID: run.ID,
		known: make(map[addr.Object]bool, len(f.conversations)), intents: map[string]*intent{},
		wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
	for _, c := range f.conversations {
		j.known[c.Addr] = true
	}
	j.appendFirst(header)
	if err := j.begin(run, header); err != nil {
		return nil, err
	}
	go j.commit()
	return j, nil
}

// appendFirst begins a new journal.
func (j *journal) appendFirst(header Header) {
	line := []byte(`{"sow":"` + journalSow + `","version":`)
	line = strconv.AppendInt(line, formatVersion, 10)
	line = append(line, `,"lineage":`...)
	line = jsonline.AppendText(line, header.Lineage)
	line = append(line, `,"serial":`...)
	line = strconv.AppendUint(line, header.Serial, 10)
	j.batch, j.crc = appendCRC(line, 0, 0)
}

// begin writes the run marker and syncs it.
func (j *journal) begin(run Run, header Header) error {
	value, err := marshal(run)
	if err != nil {
		return err
	}
	fields, err := marshal(fieldsOf(header))
	if err != nil {
		return err
	}
	body := append([]byte(`"run":`), value...)
	body = append(append(body, `,"header":`...), fields...)
	if err := j.record(body, nil); err != nil {
		return err
	}
	if err := j.file.Sync(); err != nil {
		return err
	}
	j.synced.Store(j.written)
	return nil
}

// commit writes and syncs, syncEvery after something was recorded, that and what
// was recorded meanwhile. After a failed sync nobody knows what is on the disk:
// there is no second try.
func (j *journal) commit() {
	defer close(j.done)
	for {
		select {
		case <-j.stop:
			return
		case <-j.wake:
		}
		select {
		case <-j.stop:
			return
		case <-time.After(syncEvery):
		}
		if j.Sync() != nil {
			return // whoever records something next is told
		}
	}
}

// Sync implements [Journal]. One sync serves all who wait for it.
func (j *journal) Sync() error {
	j.mu.Lock()
	n := j.count
	j.mu.Unlock()
	j.syncing.Lock()
	defer j.syncing.Unlock()
	if err := j.Err(); err != nil {
		return err
	}
	if j.synced.Load() >= n {
		return nil
	}
	upto, err := j.flushAll()
	if err != nil {
		return err
	}
	if err := j.file.Sync(); err != nil {
		return j.fail(err)
	}
	j.synced.Store(upto)
	return nil
}

// fail ends the journal. The first error stays.
func (j *journal) fail(err error) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err == nil {
		j.err = err
	}
	return j.err
}

// Err implements [Journal].
func (j *journal) Err() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

// record appends a record, whose beginning it writes itself, and returns when
// the operating system has it. Note is called with its number, under mu, before
// anything is written.
func (j *journal) record(body []byte, note func(n uint64)) error {
	n, err := j.enqueue(body, note)
	if err != nil {
		return err
	}
	// Whoever else is about to record something gets to do it first: on a busy
	// machine, one write then serves many.
	runtime.Gosched()
	return j.flush(n)
}

func (j *journal) enqueue(body []byte, note func(n uint64)) (n uint64, err error) {
	if len(body) > maxLine-1024 {
		return 0, fmt.Errorf("a record of %d bytes does not fit into the state", len(body))
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return 0, j.err
	}
	if j.closed {
		return 0, ErrClosed
	}
	n = j.count + 1
	if note != nil {
		note(n)
	}
	var news uint64
	if synced := j.synced.Load(); synced > j.told {
		j.told, news = synced, synced
	}
	start := len(j.batch)
	j.batch = appendRecord(j.batch, n, news)
	j.batch = append(j.batch, body...)
	j.batch, j.crc = appendCRC(j.batch, start, j.crc)
	j.count = n
	select {
	case j.wake <- struct{}{}:
	default:
	}
	return n, nil
}

// flush returns when record n is with the operating system.
func (j *journal) flush(n uint64) error {
	j.writing.Lock()
	defer j.writing.Unlock()
	if j.written >= n {
		return nil
	}
	return j.write()
}

// flushAll returns when all that was recorded is with the operating system, and
// how many records that are.
func (j *journal) flushAll() (upto uint64, err error) {
	j.writing.Lock()
	defer j.writing.Unlock()
	err = j.write()
	return j.written, err
}

// write writes the batch. It is called under writing.
func (j *journal) write() error {
	j.mu.Lock()
	batch, upto, err := j.batch, j.count, j.err
	if err == nil && len(batch) > 0 {
		j.batch = j.spare[:0]
	}
	j.mu.Unlock()
	if err != nil || len(batch) == 0 {
		return err
	}
	if _, err := j.file.Write(batch); err != nil {
		return j.fail(err)
	}
	if j.spare = batch; cap(batch) > maxSpare {
		j.spare = nil
	}
	j.written = upto
	return nil
}

// maxSpare is the largest batch that is kept to be used again.
const maxSpare = 1 << 20

// Close implements [Journal].
func (j *journal) Close() error {
	err := j.record(jsonline.AppendText([]byte(`"end":`), j.runID), func(uint64) { j.closed = true })
	if errors.Is(err, ErrClosed) {
		return nil
	}
	j.mu.Lock()
	j.closed = true
	first := !j.ended
	j.ended = true
	j.mu.Unlock()
	if !first {
		return err
	}
	close(j.stop)
	<-j.done
	if err == nil {
		err = j.Err()
	}
	if err == nil {
		if err = j.file.Sync(); err != nil {
			err = j.fail(err)
		}
	}
	return errors.Join(err, j.file.Close())
}

// bodies are buffers for records of messages.
var bodies = sync.Pool{New: func() any { return new([]byte) }}

// withMessage calls use with the beginning of a record of a message: head, the
// conversation's address, and the message's body.
func withMessage(head string, conversation addr.Object, m *Message, use func(body []byte) error) error {
	buf := bodies.Get().(*[]byte)
	defer bodies.Put(buf)
	b := appendAddress(append((*buf)[:0], head...), conversation)
	b = append(b, `,"m":`...)
	b, err := appendBody(b, m, "")
	if m.MUID == "" {
		b = append(b, `,"muid":""`...)
	}
	if *buf = b; cap(b) > maxSpare {
		*buf = nil
	}
	if err != nil {
		return err
	}
	return use(b)
}

// appendAddress appends an address as a JSON string.
func appendAddress(dst []byte, o addr.Object) []byte {
	if !o.Key.IsZero() {
		return jsonline.AppendText(dst, o.String())
	}
	dst = append(dst, '"') // a name needs no escapes
	dst = append(dst, o.Kind.String()...)
	dst = append(dst, '.')
	dst = append(dst, o.Name...)
	return append(dst, '"')
}

// Intend implements [Journal].
func (j *journal) Intend(conversation addr.Object, m *Message) error {
	return withMessage(`"intend":`, conversation, m, func(body []byte) error {
		body = appendOutcome(body, &Message{Carries: m.Carries})
		return j.record(body, func(n uint64) {
			j.mustKnow(conversation)
			j.remember(n, m)
		})
	})
}

// remember keeps the intent until its outcome is known. It is called under mu.
func (j *journal) remember(n uint64, m *Message) {
	var i *intent
	if last := len(j.settled) - 1; last >= 0 {
		i, j.settled = j.settled[last], j.settled[:last]
	} else {
		i = new(intent)
	}
	i.n, i.message = n, *m
	j.intents[m.MUID] = i
}

// settle forgets the intent of a message and returns its number, if there is
// one; same reports whether it was for the same body.
func (j *journal) settle(muid string, m *Message) (n uint64, same bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := j.intents[muid]
	if i == nil {
		return 0, false
	}
	delete(j.intents, muid)
	n, same = i.n, m != nil && sameBody(&i.message, m)
	i.message = Message{}
	j.settled = append(j.settled, i)
	return n, same
}

// Receipt implements [Journal].
func (j *journal) Receipt(conversation addr.Object, m *Message) error {
	n, same := j.settle(m.MUID, m)
	if !same || m.InDoubt || m.Gone || len(m.Carries) > 0 {
		return j.PutMessage(conversation, m)
	}
	var room [128]byte
	body := strconv.AppendUint(append(room[:0], `"receipt":`...), n, 10)
	body = jsonline.AppendField(body, "id", m.ID)
	body = jsonline.AppendField(body, "mod", m.Moderation)
	_, err := j.enqueue(body, nil)
	return err
}

// PutMessage implements [Journal].
func (j *journal) PutMessage(conversation addr.Object, m *Message) error {
	return withMessage(`"put":`, conversation, m, func(body []byte) error {
		return j.record(appendOutcome(body, m), func(uint64) { j.mustKnow(conversation) })
	})
}

// Void implements [Journal].
func (j *journal) Void(a addr.Message, muid string) error {
	if n, _ := j.settle(muid, nil); n > 0 {
		return j.record(strconv.AppendUint([]byte(`"void":`), n, 10), nil)
	}
	body := appendAddress([]byte(`"void":`), a.Conversation)
	body = jsonline.AppendText(append(body, `,"key":`...), a.Key)
	body = jsonline.AppendText(append(body, `,"muid":`...), muid)
	return j.record(body, func(uint64) { j.mustKnow(a.Conversation) })
}

// DeleteMessage implements [Journal].
func (j *journal) DeleteMessage(a addr.Message) error {
	body := appendAddress([]byte(`"delete":`), a.Conversation)
	body = jsonline.AppendText(append(body, `,"key":`...), a.Key)
	return j.record(body, func(uint64) { j.mustKnow(a.Conversation) })
}

// mustKnow makes sure that a message's record can be read back. It is called
// under mu.
func (j *journal) mustKnow(conversation addr.Object) {
	if !j.known[conversation] {
		panic(fmt.Sprintf("state: a record of a message in %s, which was never put", conversation))
	}
}

// PutUser implements [Journal].
func (j *journal) PutUser(u *User) error { return putObject(j, u, encodeUser, nil) }

// PutGroup implements [Journal].
func (j *journal) PutGroup(g *Group) error { return putObject(j, g, encodeGroup, nil) }

// PutConversation implements [Journal].
func (j *journal) PutConversation(c *Conversation) error {
	return putObject(j, c, encodeConversation, func(uint64) { j.known[c.Addr] = true })
}

func putObject[T any](j *journal, object *T, encode func(*T) ([]byte, error), note func(uint64)) error {
	line, err := encode(object)
	if err != nil {
		return err
	}
	return j.record(append([]byte(`"object":`), line...), note)
}

// Delete implements [Journal].
func (j *journal) Delete(o addr.Object) error {
	return j.record(appendAddress([]byte(`"gone":`), o), func(uint64) { delete(j.known, o) })
}

// PutHeader implements [Journal].
func (j *journal) PutHeader(h Header) error {
	h.Merged = nil
	fields, err := marshal(fieldsOf(h))
	if err != nil {
		return err
	}
	return j.record(append([]byte(`"header":`), fields...), nil)
}
