package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sowdev/sow/config/addr"
)

// film is a journal's file that remembers how much was synced, and breaks when
// told to.
type film struct {
	mu     sync.Mutex
	data   []byte
	synced int
	syncs  []time.Time
	writes int
	broken error // of every write and sync from now on
	closed int
}

func (f *film) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken != nil {
		return 0, f.broken
	}
	f.writes++
	f.data = append(f.data, p...)
	return len(p), nil
}

func (f *film) Sync() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken != nil {
		return f.broken
	}
	f.synced = len(f.data)
	f.syncs = append(f.syncs, time.Now())
	return nil
}

func (f *film) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed++
	return nil
}

func (f *film) breakDown(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.broken = err
}

func (f *film) syncCount() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.syncs)
}

// lengths returns what was written and what was synced of it.
func (f *film) lengths() (written, synced int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.data), f.synced
}

// onDisk returns what a power cut would leave at the least.
func (f *film) onDisk() []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return bytes.Clone(f.data[:f.synced])
}

func begin(t testing.TB, file JournalFile) Journal {
	t.Helper()
	j, err := mustOpen(t, nil, nil).Begin(file, testRun("run-1"), testHeader())
	must(t, err, j.PutConversation(conversation("a")))
	return j
}

// A record is with the operating system when the method returns, a receipt with
// the record after it, and both are on the disk 10 ms later; the run marker is on
// the disk when Begin returns.
func TestJournalTiming(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := &film{}
		j, err := mustOpen(t, nil, nil).Begin(file, testRun("run-1"), testHeader())
		must(t, err)
		written, synced := file.lengths()
		if written == 0 || synced != written {
			t.Fatalf("after Begin %d of %d bytes are synced", synced, written)
		}
		must(t, j.PutConversation(conversation("a")))
		a := conversationAddr("a")
		start := time.Now()
		for i := range 100 {
			before, _ := file.lengths()
			must(t, j.Intend(a, message("a", fmt.Sprint(i), int64(i))))
			if after, _ := file.lengths(); after <= before {
				t.Fatal("Intend returned before the record was written")
			}
			time.Sleep(time.Millisecond)
			if i%2 == 0 {
				must(t, j.Receipt(a, message("a", fmt.Sprint(i), int64(i))))
				time.Sleep(syncEvery)
				if got := mustOpen(t, nil, file.onDisk()); intentsOpen(t, got, a) != i/2 {
					t.Fatalf("%v after its receipt, message %d is still in doubt on the disk", syncEvery, i)
				}
				continue
			}
			written, _ := file.lengths()
			time.Sleep(syncEvery)
			if _, synced := file.lengths(); synced < written {
				t.Fatalf("%d bytes were written, and %v later %d are synced", written, syncEvery, synced)
			}
		}
		elapsed := time.Since(start)
		if n := file.syncCount(); n > int(elapsed/syncEvery)+2 {
			t.Errorf("%d syncs in %v, want no more than one every %v", n, elapsed, syncEvery)
		}
		must(t, j.Close())
		if written, synced := file.lengths(); synced != written || file.closed != 1 {
			t.Errorf("after Close %d of %d bytes are synced, and the file was closed %d times", synced, written, file.closed)
		}
	})
}

// intentsOpen counts the messages in doubt.
func intentsOpen(t *testing.T, f *Files, conversation addr.Object) (n int) {
	for _, m := range messagesOf(t, f, conversation) {
		if m.InDoubt {
			n++
		}
	}
	return n
}

// A receipt costs no write of its own.
func TestReceiptRidesAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := &film{}
		j := begin(t, file)
		time.Sleep(time.Second)
		a := conversationAddr("a")
		writes := file.writes
		for i := range 20 {
			m := message("a", fmt.Sprint(i), int64(i))
			must(t, j.Intend(a, m), j.Receipt(a, m))
		}
		if n := file.writes - writes; n != 20 {
			t.Errorf("%d writes for 20 messages", n)
		}
		must(t, j.Close())
		if n := intentsOpen(t, mustOpen(t, nil, file.data), a); n != 0 {
			t.Errorf("after Close %d messages are in doubt", n)
		}
	})
}

// A receipt for another body than the intent's is recorded whole, whichever part
// of it is another one.
func TestReceiptOfAnotherBody(t *testing.T) {
	file := &film{}
	j := begin(t, file)
	a := conversationAddr("a")
	intended := message("a", "k", 5)
	outcome := []string{"MUID", "ID", "InDoubt", "Moderation", "Carries"} // said anew, or what the intent is found by
	fields := reflect.TypeFor[Message]()
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		if slices.Contains(outcome, name) {
			continue
		}
		must(t, j.Intend(a, intended))
		other := *intended
		other.ID = "17"
		switch field := reflect.ValueOf(&other).Elem().Field(i); v := field.Addr().Interface().(type) {
		case *string:
			*v += "x"
		case *int:
			*v++
		case *int64:
			*v++
		case *bool:
			*v = true
		case *json.RawMessage:
			*v = json.RawMessage(`{"x":1}`)
		case *[]string:
			*v = append(slices.Clone(*v), "x")
		case *[]Attachment:
			*v = []Attachment{{URL: "x"}}
		case *map[string]string:
			*v = map[string]string{"text": "x"}
		default:
			t.Fatalf("%s is a %T, which this test does not know", name, v)
		}
		must(t, j.Receipt(a, &other), j.DeleteMessage(a.Message("nobody")))
		lines := bytes.Split(bytes.TrimSpace(file.data), newline)
		if got := lines[len(lines)-2]; !bytes.Contains(got, []byte(`"put":`)) {
			t.Errorf("another %s is recorded as %s", name, got)
		}
	}
	must(t, j.Close())
}

// Without records there are no syncs.
func TestJournalIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := &film{}
		j := begin(t, file)
		time.Sleep(time.Second)
		before := file.syncCount()
		time.Sleep(time.Minute)
		if n := file.syncCount() - before; n != 0 {
			t.Errorf("%d syncs of nothing", n)
		}
		must(t, j.Close())
	})
}

// The first error of writing stays, and nothing more is written.
func TestJournalWriteError(t *testing.T) {
	file := &film{}
	j := begin(t, file)
	a := conversationAddr("a")
	must(t, j.Intend(a, message("a", "one", 1)), j.Err())
	full := errors.New("disk full")
	file.breakDown(full)
	if err := j.Intend(a, message("a", "two", 2)); !errors.Is(err, full) {
		t.Fatalf("error %v, want %v", err, full)
	}
	file.breakDown(nil)
	length, _ := file.lengths()
	for name, err := range eachMethod(j) {
		if !errors.Is(err, full) {
			t.Errorf("%s after the error: %v, want %v", name, err, full)
		}
	}
	if !errors.Is(j.Err(), full) {
		t.Errorf("Err = %v, want %v", j.Err(), full)
	}
	if err := j.Close(); !errors.Is(err, full) {
		t.Errorf("Close = %v, want %v", err, full)
	}
	if after, _ := file.lengths(); after != length || file.closed != 1 {
		t.Errorf("%d bytes were written after the error; closed %d times", after-length, file.closed)
	}
	f := mustOpen(t, nil, file.data)
	if diff := cmp.Diff([]*Message{intended(message("a", "one", 1))}, messagesOf(t, f, a)); diff != "" {
		t.Error(diff)
	}
}

// So does the first error of syncing, which nobody waits for.
func TestJournalSyncError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := &film{}
		j := begin(t, file)
		a := conversationAddr("a")
		must(t, j.Intend(a, message("a", "one", 1)))
		broken := errors.New("input/output error")
		file.breakDown(broken)
		time.Sleep(2 * syncEvery)
		file.breakDown(nil)
		for name, err := range eachMethod(j) {
			if !errors.Is(err, broken) {
				t.Errorf("%s after the error: %v, want %v", name, err, broken)
			}
		}
		syncs := file.syncCount()
		if err := j.Close(); !errors.Is(err, broken) {
			t.Errorf("Close = %v, want %v", err, broken)
		}
		if file.syncCount() != syncs {
			t.Error("a failed sync was tried again")
		}
	})
}

func TestJournalClosed(t *testing.T) {
	file := &film{}
	j := begin(t, file)
	must(t, j.Close(), j.Close(), j.Err())
	length, _ := file.lengths()
	for name, err := range eachMethod(j) {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s after Close: %v", name, err)
		}
	}
	if after, _ := file.lengths(); after != length || file.closed != 1 {
		t.Errorf("%d bytes were written after Close; closed %d times", after-length, file.closed)
	}
}

// eachMethod calls every method that records something.
func eachMethod(j Journal) map[string]error {
	a := conversationAddr("a")
	m := message("a", "m", 9)
	return map[string]error{
		"Intend":          j.Intend(a, m),
		"Receipt":         j.Receipt(a, m),
		"Void":            j.Void(a.Message("m"), m.MUID),
		"PutMessage":      j.PutMessage(a, m),
		"DeleteMessage":   j.DeleteMessage(a.Message("m")),
		"PutUser":         j.PutUser(&User{Addr: addr.Object{Kind: addr.User, Name: "u"}}),
		"PutGroup":        j.PutGroup(&Group{Addr: addr.Object{Kind: addr.Group, Name: "g"}}),
		"PutConversation": j.PutConversation(conversation("b")),
		"Delete":          j.Delete(conversationAddr("b")),
		"PutHeader":       j.PutHeader(testHeader()),
	}
}

// Begin that fails leaves nothing running.
func TestBeginFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := &film{broken: errors.New("disk full")}
		_, err := mustOpen(t, nil, nil).Begin(file, testRun("run-2"), testHeader())
		if !errors.Is(err, file.broken) {
			t.Errorf("error %v", err)
		}
	})
}

// A run does not go on with another one's journal.
func TestBeginUnfolded(t *testing.T) {
	f := mustOpen(t, nil, taped(t, nil, func(Journal) {}))
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	_, _ = f.Begin(&film{}, testRun("run-2"), testHeader())
}

// Begin keeps what is the state's own, and makes it for a new one.
func TestBeginHeader(t *testing.T) {
	first := mustOpen(t, nil, taped(t, nil, func(Journal) {})).Header()
	want := testHeader()
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("the given lineage and key did not stay (-want +got):\n%s", diff)
	}

	file := &film{}
	j, err := mustOpen(t, nil, nil).Begin(file, testRun("r"), Header{Dataset: "d"})
	must(t, err, j.Close())
	made := mustOpen(t, nil, file.data).Header()
	if len(made.Lineage) != 32 || len(made.HashKey) != 64 {
		t.Errorf("a new state has lineage %q and hash key %q", made.Lineage, made.HashKey)
	}

	snapshot := base(t)
	file = &film{}
	j, err = mustOpen(t, snapshot, nil).Begin(file, testRun("r"), Header{Lineage: "other", Serial: 99, Dataset: "other", Region: "eu"})
	must(t, err, j.Close())
	got := mustOpen(t, snapshot, file.data).Header()
	wantHeader := Header{Lineage: want.Lineage, Serial: 1, Dataset: "other", Region: "eu", HashKey: want.HashKey}
	if diff := cmp.Diff(wantHeader, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The run after one that was cut off settles its doubts.
func TestNextRun(t *testing.T) {
	a := conversationAddr("a")
	new1, new2 := message("a", "new-1", 40), message("a", "new-2", 41)
	snapshot := base(t)
	snapshot = fold(t, snapshot, taped(t, snapshot, func(j Journal) { must(t, j.Intend(a, new1), j.Intend(a, new2)) }))
	f := mustOpen(t, snapshot, taped(t, snapshot, func(j Journal) {
		must(t, j.Receipt(a, new1), j.Void(a.Message("new-2"), new2.MUID))
	}))
	want := []*Message{message("a", "one", 10), message("a", "two", 20), intended(message("a", "three", 30)), new1}
	if diff := cmp.Diff(want, messagesOf(t, f, a)); diff != "" {
		t.Error(diff)
	}
}

// A message's record in an unknown conversation could not be read back.
func TestUnknownConversation(t *testing.T) {
	b, m := conversationAddr("b"), message("b", "one", 1)
	for name, call := range map[string]func(j Journal) error{
		"Intend":        func(j Journal) error { return j.Intend(b, m) },
		"Receipt":       func(j Journal) error { return j.Receipt(b, m) },
		"Void":          func(j Journal) error { return j.Void(b.Message("one"), m.MUID) },
		"PutMessage":    func(j Journal) error { return j.PutMessage(b, m) },
		"DeleteMessage": func(j Journal) error { return j.DeleteMessage(b.Message("one")) },
		"deleted": func(j Journal) error {
			return errors.Join(j.Delete(conversationAddr("a")), j.PutMessage(conversationAddr("a"), m))
		},
	} {
		file := &film{}
		j := begin(t, file)
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			_ = call(j)
		}()
		must(t, j.Close())
		mustOpen(t, nil, file.data) // and the journal is still whole
	}
}

// What cannot be stored is refused before it is sent, and harms nothing.
func TestRefusedRecord(t *testing.T) {
	file := &film{}
	j := begin(t, file)
	a := conversationAddr("a")
	bad := message("a", "bad", 1)
	bad.Metadata = []byte("{")
	huge := message("a", "huge", 1)
	huge.Text = strings.Repeat("x", maxLine)
	for _, m := range []*Message{bad, huge} {
		if err := j.Intend(a, m); err == nil {
			t.Errorf("%s was taken", m.Key)
		}
	}
	must(t, j.Err(), j.Intend(a, message("a", "good", 2)), j.Close())
	if got := keys(messagesOf(t, mustOpen(t, nil, file.data), a)); !slices.Equal(got, []string{"good"}) {
		t.Errorf("messages %v", got)
	}
}

// Many senders share the journal: every record is there, whole, and in an order
// that each of them could have seen; writes are fewer than records.
func TestJournalConcurrent(t *testing.T) {
	const senders, each = 16, 200
	file := &film{}
	j := begin(t, file)
	for s := range senders {
		must(t, j.PutConversation(conversation(fmt.Sprint("c", s))))
	}
	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			name := fmt.Sprint("c", s)
			c := conversationAddr(name)
			for i := range each {
				m := message(name, fmt.Sprint(i), int64(i))
				if err := errors.Join(j.Intend(c, intended(m)), j.Receipt(c, m)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	must(t, j.Close())
	f := mustOpen(t, nil, file.data)
	for s := range senders {
		name := fmt.Sprint("c", s)
		var want []*Message
		for i := range each {
			want = append(want, message(name, fmt.Sprint(i), int64(i)))
		}
		if diff := cmp.Diff(want, messagesOf(t, f, conversationAddr(name))); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// The records state what the disk has confirmed, and never more.
func TestSyncMarks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := &film{}
		j := begin(t, file)
		a := conversationAddr("a")
		for i := range 50 {
			must(t, j.PutMessage(a, message("a", fmt.Sprint(i), int64(i))))
			time.Sleep(3 * time.Millisecond)
			_, synced := file.lengths()
			confirmed := bytes.Count(file.data[:synced], newline) - 1
			lines := bytes.Split(bytes.TrimSpace(file.data), newline)
			body, _, ok := cutCRC(lines[len(lines)-1])
			rec, err := parseRecord(body)
			if !ok || err != nil {
				t.Fatal(ok, err)
			}
			if int(rec.synced) > confirmed {
				t.Fatalf("record %d says that %d records are on the disk, but %d are", rec.n, rec.synced, confirmed)
			}
		}
		must(t, j.Close())
		if !bytes.Contains(file.data, []byte(`,"s":`)) {
			t.Error("no record says what is on the disk")
		}
	})
}

// The journal costs less than 600 bytes a message over what it says.
func TestJournalOverhead(t *testing.T) {
	file := &film{}
	j := begin(t, file)
	a := conversationAddr("a")
	before, _ := file.lengths()
	const n = 1000
	payload := 0
	for i := range n {
		m := message("a", fmt.Sprintf("~%016x", i), int64(1767603600+i))
		m.ID = fmt.Sprint(1234567 + i)
		payload += len(m.Text)
		must(t, j.Intend(a, m), j.Receipt(a, m))
	}
	after, _ := file.lengths()
	must(t, j.Close())
	if over := (after - before - payload) / n; over >= 350 {
		t.Errorf("%d bytes over the text for each message", over)
	}
	snapshot := fold(t, nil, file.data)
	if over := (len(snapshot) - payload) / n; over > 104 {
		t.Errorf("the snapshot has %d bytes over the text for each message", over)
	}
}

// readFails is a part whose reads fail from some offset on.
type readFails struct {
	memory
	from int64
	err  error
}

func (p *readFails) ReadAt(b []byte, off int64) (int, error) {
	if off+int64(len(b)) > p.from {
		return 0, p.err
	}
	return p.memory.ReadAt(b, off)
}

// Errors of reading are the file's, not damage.
func TestReadErrors(t *testing.T) {
	a := conversationAddr("a")
	snapshot := base(t)
	journal := taped(t, snapshot, func(j Journal) { must(t, j.PutMessage(a, message("a", "four", 40))) })
	broken := errors.New("input/output error")
	snapshotPart := &readFails{memory: part("state", snapshot).(memory), err: broken}
	journalPart := &readFails{memory: part("journal", journal).(memory), err: broken}
	check := func(what string, err error) {
		t.Helper()
		var access *AccessError
		if !errors.As(err, &access) || !errors.Is(err, broken) {
			t.Errorf("%s: error %v", what, err)
		}
	}
	_, err := Open(snapshotPart, nil, testBoot)
	check("opening the snapshot", err)
	_, err = Open(part("state", snapshot), journalPart, testBoot)
	check("opening the journal", err)

	snapshotPart.from, journalPart.from = 1<<40, 1<<40
	f, err := Open(snapshotPart, journalPart, testBoot)
	must(t, err)
	snapshotPart.from = 0
	for _, err := range f.Messages(a) {
		if err != nil {
			check("reading messages of the snapshot", err)
		}
	}
	check("folding", f.Fold(t.Context(), io.Discard))
	journalPart.from = 0
	var got error
	for _, err := range f.Messages(a) {
		got = err
	}
	check("reading messages of the journal", got)
	if n := f.Count(a); n != 3 {
		t.Errorf("Count = %d when nothing can be read, want what the snapshot has", n)
	}
}

// A consumer may stop at any message.
func TestMessagesStop(t *testing.T) {
	a := conversationAddr("a")
	snapshot := base(t)
	journal := taped(t, snapshot, func(j Journal) { must(t, j.PutMessage(a, message("a", "four", 40))) })
	for name, f := range map[string]*Files{"snapshot": mustOpen(t, snapshot, nil), "both": mustOpen(t, snapshot, journal)} {
		for stop := 1; stop <= 3; stop++ {
			n := 0
			for range f.Messages(a) {
				if n++; n == stop {
					break
				}
			}
			if n != stop {
				t.Errorf("%s: %d messages before the stop at %d", name, n, stop)
			}
		}
	}
	for range mustOpen(t, snapshot, nil).Messages(conversationAddr("nobody")) {
		t.Error("a message of nobody")
	}
}

// Lines may be longer than any buffer, up to a bound.
func TestLongLines(t *testing.T) {
	a := conversationAddr("a")
	long := message("a", "long", 1)
	long.Text = strings.Repeat("long ", bufferSize)
	journal := taped(t, nil, func(j Journal) {
		must(t, j.PutConversation(conversation("a")), j.Intend(a, long), j.PutMessage(a, message("a", "two", 2)), j.Receipt(a, long))
	})
	want := []*Message{long, message("a", "two", 2)}
	if diff := cmp.Diff(want, messagesOf(t, mustOpen(t, nil, journal), a)); diff != "" {
		t.Error("from the journal, other messages come back")
	}
	if diff := cmp.Diff(want, messagesOf(t, mustOpen(t, fold(t, nil, journal), nil), a)); diff != "" {
		t.Error("from the snapshot, other messages come back")
	}

	endless := bytes.Repeat([]byte("x"), maxLine+2)
	for name, files := range map[string][2][]byte{"state": {endless, nil}, "journal": {nil, endless}} {
		_, err := open(files[0], files[1])
		var damage *DamageError
		if !errors.As(err, &damage) || damage.File != name || damage.Line != 1 {
			t.Errorf("%s without an end of line: error %v", name, err)
		}
	}
}
