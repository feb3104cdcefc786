package state

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sowdev/sow/config/addr"
)

// base is a snapshot with conversation a and its messages one, two and three,
// the last of them in doubt.
func base(t testing.TB) []byte {
	journal := taped(t, nil, func(j Journal) {
		a := conversation("a")
		must(t, j.PutConversation(a))
		must(t, j.PutMessage(a.Addr, message("a", "one", 10)), j.PutMessage(a.Addr, message("a", "two", 20)))
		must(t, j.Intend(a.Addr, intended(message("a", "three", 30))))
	})
	return fold(t, nil, journal)
}

// What the journal says of a conversation's messages lies over what the
// snapshot has.
func TestOverlay(t *testing.T) {
	a := conversationAddr("a")
	one, two, three := message("a", "one", 10), message("a", "two", 20), message("a", "three", 30)
	with := func(m *Message, change func(*Message)) *Message {
		c := *m
		change(&c)
		return &c
	}
	again := with(one, func(m *Message) { m.Generation, m.MUID, m.SentAt, m.ID = 1, "sow-again", 25, "id-again" })
	for _, test := range []struct {
		name string
		does func(j Journal) error
		want []*Message
	}{
		{"nothing", func(j Journal) error { return nil }, []*Message{one, two, intended(three)}},
		{"intent", func(j Journal) error { return j.Intend(a, message("a", "new", 15)) },
			[]*Message{one, intended(message("a", "new", 15)), two, intended(three)}},
		{"intent and receipt", func(j Journal) error {
			m := message("a", "new", 40)
			return errors.Join(j.Intend(a, intended(m)), j.Receipt(a, m))
		}, []*Message{one, two, intended(three), message("a", "new", 40)}},
		{"the receipt says something else than the intent", func(j Journal) error {
			m := message("a", "new", 40)
			return errors.Join(j.Intend(a, intended(m)), j.Receipt(a, with(m, func(m *Message) { m.SentAt = 5 })))
		}, []*Message{message("a", "new", 5), one, two, intended(three)}},
		{"receipt twice", func(j Journal) error {
			m := message("a", "new", 40)
			return errors.Join(j.Intend(a, m), j.Receipt(a, m), j.Receipt(a, m))
		}, []*Message{one, two, intended(three), message("a", "new", 40)}},
		{"adopted without an intent", func(j Journal) error { return j.Receipt(a, three) }, []*Message{one, two, three}},
		{"sent again with the same muid", func(j Journal) error {
			return errors.Join(j.Intend(a, three), j.Receipt(a, three))
		}, []*Message{one, two, three}},
		{"sent again and refused", func(j Journal) error {
			return errors.Join(j.Intend(a, three), j.Void(a.Message("three"), three.MUID))
		}, []*Message{one, two}},
		{"void of a doubt from before", func(j Journal) error { return j.Void(a.Message("three"), three.MUID) }, []*Message{one, two}},
		{"void of another muid", func(j Journal) error { return j.Void(a.Message("three"), "sow-other") },
			[]*Message{one, two, intended(three)}},
		{"a void leaves what the intent did not replace", func(j Journal) error {
			return errors.Join(j.Intend(a, again), j.Void(a.Message("one"), again.MUID))
		}, []*Message{one, two, intended(three)}},
		{"a void of what was put deletes it", func(j Journal) error {
			return errors.Join(j.PutMessage(a, again), j.Void(a.Message("one"), again.MUID))
		}, []*Message{two, intended(three)}},
		{"receipt after void", func(j Journal) error {
			m := message("a", "new", 40)
			return errors.Join(j.Intend(a, m), j.Void(a.Message("new"), m.MUID), j.Receipt(a, m))
		}, []*Message{one, two, intended(three), message("a", "new", 40)}},
		{"intended, void, intended", func(j Journal) error {
			m := message("a", "new", 40)
			return errors.Join(j.Intend(a, m), j.Void(a.Message("new"), m.MUID), j.Intend(a, m))
		}, []*Message{one, two, intended(three), intended(message("a", "new", 40))}},
		{"edited", func(j Journal) error {
			return j.PutMessage(a, with(two, func(m *Message) { m.Text = "edited" }))
		}, []*Message{one, with(two, func(m *Message) { m.Text = "edited" }), intended(three)}},
		{"moved", func(j Journal) error {
			return j.PutMessage(a, with(one, func(m *Message) { m.SentAt = 25 }))
		}, []*Message{two, with(one, func(m *Message) { m.SentAt = 25 }), intended(three)}},
		{"put twice", func(j Journal) error {
			return errors.Join(j.PutMessage(a, with(two, func(m *Message) { m.Text = "x" })), j.PutMessage(a, two))
		}, []*Message{one, two, intended(three)}},
		{"deleted", func(j Journal) error { return j.DeleteMessage(a.Message("two")) }, []*Message{one, intended(three)}},
		{"deleted twice", func(j Journal) error {
			return errors.Join(j.DeleteMessage(a.Message("two")), j.DeleteMessage(a.Message("two")))
		}, []*Message{one, intended(three)}},
		{"deleted and put again", func(j Journal) error {
			return errors.Join(j.DeleteMessage(a.Message("two")), j.PutMessage(a, two))
		}, []*Message{one, two, intended(three)}},
		{"deleted what is not there", func(j Journal) error { return j.DeleteMessage(a.Message("nobody")) },
			[]*Message{one, two, intended(three)}},
		{"replaced", func(j Journal) error {
			return errors.Join(j.DeleteMessage(a.Message("one")), j.Intend(a, again), j.Receipt(a, again))
		}, []*Message{two, again, intended(three)}},
		{"replaced, not yet answered", func(j Journal) error {
			return errors.Join(j.DeleteMessage(a.Message("one")), j.Intend(a, again))
		}, []*Message{two, intended(again), intended(three)}},
		{"void of an intent after a delete", func(j Journal) error {
			return errors.Join(j.DeleteMessage(a.Message("one")), j.Intend(a, again), j.Void(a.Message("one"), again.MUID))
		}, []*Message{two, intended(three)}},
		{"equal times sort by key", func(j Journal) error {
			return errors.Join(j.PutMessage(a, message("a", "z", 20)), j.PutMessage(a, message("a", "a", 20)))
		}, []*Message{one, message("a", "a", 20), two, message("a", "z", 20), intended(three)}},
		{"the conversation is gone", func(j Journal) error { return j.Delete(a) }, nil},
		{"the conversation begins anew", func(j Journal) error {
			return errors.Join(j.PutMessage(a, message("a", "lost", 12)), j.Delete(a), j.PutConversation(conversation("a")), j.PutMessage(a, message("a", "new", 15)))
		}, []*Message{message("a", "new", 15)}},
		{"a receipt for what is gone", func(j Journal) error {
			m := message("a", "new", 40)
			return errors.Join(j.Intend(a, m), j.Delete(a), j.PutConversation(conversation("a")),
				j.Void(a.Message("new"), m.MUID), j.PutMessage(a, two))
		}, []*Message{two}},
	} {
		t.Run(test.name, func(t *testing.T) {
			snapshot := base(t)
			journal := taped(t, snapshot, func(j Journal) { must(t, test.does(j)) })
			f := mustOpen(t, snapshot, journal)
			got := messagesOf(t, f, a)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("snapshot and journal (-want +got):\n%s", diff)
			}
			if n := f.Count(a); n != len(test.want) {
				t.Errorf("Count = %d, want %d", n, len(test.want))
			}
			folded := mustOpen(t, fold(t, snapshot, journal), nil)
			if diff := cmp.Diff(test.want, messagesOf(t, folded, a)); diff != "" {
				t.Errorf("folded (-want +got):\n%s", diff)
			}

			// Keys of equal hash are still told apart, and records that are too
			// many to be held are read when they are wanted.
			if s := f.section(a); s != nil {
				o := newOverlay(f, func([]byte) uint64 { return 7 })
				defer o.close()
				o.in.most = 0
				must(t, o.read(&s.records))
				var keysGot []string
				must(t, f.merge(s, o, func(r row) error {
					m, err := r.message(f, &MUIDs{})
					if err == nil {
						keysGot = append(keysGot, m.Key)
					}
					return err
				}))
				if diff := cmp.Diff(keys(test.want), keysGot); diff != "" {
					t.Errorf("with colliding hashes (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// A crash may cut a journal anywhere: what stands before the cut counts.
func TestCutJournal(t *testing.T) {
	a := conversationAddr("a")
	snapshot := base(t)
	journal := taped(t, snapshot, func(j Journal) {
		for i := range 5 {
			m := message("a", fmt.Sprint("new-", i), int64(40+i))
			must(t, j.Intend(a, m), j.Receipt(a, m))
		}
	})
	var records []int // their ends
	for i, b := range journal {
		if b == '\n' {
			records = append(records, i+1)
		}
	}
	for cut := 0; cut <= len(journal); cut++ {
		whole, _ := slices.BinarySearch(records, cut+1)
		f, err := open(snapshot, journal[:cut:cut])
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		wantCount := max(whole-1, 0)
		if int(f.log.count) != wantCount {
			t.Fatalf("cut at %d: %d records, want %d", cut, f.log.count, wantCount)
		}
		wantTail := CutOff
		if wantCount == 0 || cut == len(journal) {
			wantTail = Whole
		}
		if f.Tail() != wantTail || f.Header().LookBack {
			t.Errorf("cut at %d: tail %d, look back %v; want tail %d", cut, f.Tail(), f.Header().LookBack, wantTail)
		}
		if got := f.Interrupted() != nil; got != (wantCount > 0) {
			t.Errorf("cut at %d: Interrupted %v", cut, f.Interrupted())
		}
		if f.Unfolded() != (wantCount > 0) {
			t.Errorf("cut at %d: Unfolded %v", cut, f.Unfolded())
		}
		// The next run has the records that are whole.
		next := fold(t, snapshot, journal[:cut:cut])
		want := contentOf(t, f)
		want.Header.Serial++
		if diff := cmp.Diff(want, contentOf(t, mustOpen(t, next, nil))); diff != "" {
			t.Errorf("cut at %d: folding changed the state:\n%s", cut, diff)
		}
	}
}

// After a power failure the end of a journal may be anything; what the disk
// confirmed may not.
func TestLostTail(t *testing.T) {
	a := conversationAddr("a")
	snapshot := base(t)
	whole := taped(t, snapshot, func(j Journal) {
		must(t, j.PutMessage(a, message("a", "four", 40)), j.PutMessage(a, message("a", "five", 50)), j.PutMessage(a, message("a", "six", 60)))
	})
	lines := bytes.SplitAfter(whole, newline)
	head := bytes.Join(lines[:3], nil) // journal, run, four
	zeros := bytes.Repeat([]byte{0}, 300)
	for _, test := range []struct {
		name string
		tail []byte
	}{
		{"nothing more", nil},
		{"zeros", zeros},
		{"zeros and a line's end", append(bytes.Clone(zeros[:40]), '\n')},
		{"a line is missing", lines[4]},
		{"a line is zero, the next is there", slices.Concat(zeros[:len(lines[3])-1], newline, lines[4])},
		{"zeros run into the next line", slices.Concat(zeros[:20], lines[4])},
		{"half a line", lines[3][:50]},
	} {
		t.Run(test.name, func(t *testing.T) {
			journal := slices.Concat(head, test.tail)
			f, err := Open(part("state", snapshot), part("journal", journal), "boot-2")
			must(t, err)
			if f.Tail() != Lost || !f.Header().LookBack {
				t.Errorf("tail %d, look back %v after a power failure", f.Tail(), f.Header().LookBack)
			}
			if diff := cmp.Diff([]string{"one", "two", "three", "four"}, keys(messagesOf(t, f, a))); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("closed", func(t *testing.T) {
		f, err := Open(part("state", snapshot), part("journal", whole), "boot-2")
		must(t, err)
		if f.Tail() != Whole || f.Header().LookBack {
			t.Errorf("tail %d, look back %v, though the run had closed its journal", f.Tail(), f.Header().LookBack)
		}
	})
	t.Run("unknown boot", func(t *testing.T) {
		f, err := Open(part("state", snapshot), part("journal", head), "")
		must(t, err)
		if f.Tail() != Lost {
			t.Errorf("tail %d, though nobody knows the boot", f.Tail())
		}
	})
	t.Run("no run marker", func(t *testing.T) {
		begun := bytes.Join(lines[:2], nil)
		hole := slices.Concat(begun[:100], zeros[:20], begun[120:])
		for name, test := range map[string]struct {
			journal  []byte
			lookBack bool
			damage   bool
		}{
			"cut off":                    {begun[:150], false, false},
			"zeros":                      {zeros, true, false},
			"zeros after the first line": {append(bytes.Clone(lines[0]), zeros...), true, false},
			"zeros before something":     {slices.Concat(zeros[:40], begun[40:70]), true, false},
			"a hole in the first line":   {slices.Concat(begun[:30], zeros[:20], begun[50:]), true, false},
			"a hole":                     {hole, true, false},
			"a hole, and more records":   {slices.Concat(hole, lines[2]), false, true},
			"a hole above records":       {slices.Concat(begun[:30], zeros[:20], begun[50:], lines[2]), false, true},
		} {
			f, err := Open(part("state", snapshot), part("journal", test.journal), "boot-2")
			var damage *DamageError
			if errors.As(err, &damage) != test.damage {
				t.Errorf("%s: error %v, want damage %v", name, err, test.damage)
			}
			if err == nil && (f.Unfolded() || f.Header().LookBack != test.lookBack) {
				t.Errorf("%s: unfolded %v, look back %v", name, f.Unfolded(), f.Header().LookBack)
			}
		}
	})
	t.Run("same boot", func(t *testing.T) {
		// A disk that failed, perhaps: no killed run leaves zeros.
		f, err := Open(part("state", snapshot), part("journal", append(bytes.Clone(head), zeros...)), testBoot)
		must(t, err)
		if f.Tail() != Lost {
			t.Errorf("tail %d, though zeros stand where records should", f.Tail())
		}
	})
	t.Run("a confirmed record is damaged", func(t *testing.T) {
		journal := sumJournal([]byte(`{"sow":"journal","version":1,"lineage":"0123456789abcdef","serial":1
{"n":1,"run":{"id":"r","started":"2026-01-05T09:00:00Z","boot":"boot-1","command":"sow apply","plan":""},"header":{}
{"n":2,"gone":"user.a"
{"n":3,"gone":"user.b"
{"n":4,"s":2,"gone":"user.c"
`))
		for text, damaged := range map[string]bool{"user.a": true, "user.b": false} {
			flipped := bytes.Replace(journal, []byte(text), []byte("user.x"), 1)
			_, err := Open(part("state", snapshot), part("journal", flipped), "boot-2")
			var damage *DamageError
			if errors.As(err, &damage) != damaged || damaged && damage.Line != 3 {
				t.Errorf("%s changed: error %v, want damage %v", text, err, damaged)
			}
		}
	})
}

// What a run may have lost is not forgotten before somebody says that all was
// looked back at.
func TestLookBackStays(t *testing.T) {
	snapshot := base(t)
	journal := taped(t, snapshot, func(Journal) {})
	journal = journal[:bytes.LastIndexByte(journal[:len(journal)-1], '\n')+1] // the run did not close it
	lost, err := Open(part("state", snapshot), part("journal", journal), "boot-2")
	must(t, err)

	var out bytes.Buffer
	must(t, lost.Fold(t.Context(), &out))
	folded := out.Bytes()
	if f := mustOpen(t, folded, nil); !f.Header().LookBack {
		t.Error("folding forgot that messages may be in the app that the state does not know")
	}
	header := testHeader()
	header.LookBack = false // a run that knows nothing of it
	file := &tape{}
	j, err := mustOpen(t, folded, nil).Begin(file, testRun("run-2"), header)
	must(t, err, j.Close())
	if f := mustOpen(t, folded, file.Bytes()); !f.Header().LookBack {
		t.Error("the next run forgot it")
	}

	cleared := taped(t, folded, func(j Journal) {
		h := testHeader()
		h.LookBack = false
		must(t, j.PutHeader(h))
	})
	if f := mustOpen(t, folded, cleared); f.Header().LookBack {
		t.Error("PutHeader did not clear LookBack")
	}
}

// A crash between the renaming of the snapshot and the removal of the journal
// leaves a journal that is in the snapshot already.
func TestStaleJournal(t *testing.T) {
	a := conversationAddr("a")
	snapshot := base(t)
	journal := taped(t, snapshot, func(j Journal) { must(t, j.PutMessage(a, message("a", "four", 40))) })
	folded := fold(t, snapshot, journal)
	f := mustOpen(t, folded, journal)
	if diff := cmp.Diff(contentOf(t, mustOpen(t, folded, nil)), contentOf(t, f)); diff != "" {
		t.Errorf("a stale journal changes the state:\n%s", diff)
	}
	if f.Interrupted() != nil || f.Tail() != Whole || f.Unfolded() {
		t.Errorf("interrupted %v, tail %d, unfolded %v of a stale journal", f.Interrupted(), f.Tail(), f.Unfolded())
	}
	if want := mustOpen(t, folded, nil).Fingerprint(); f.Fingerprint() != want {
		t.Errorf("fingerprint %s, want %s", f.Fingerprint(), want)
	}
	// A power failure may leave less of it, or a mess.
	mess := bytes.Replace(journal, []byte("text of four"), make([]byte, 12), 1)
	for _, rest := range [][]byte{journal[:len(journal)-30], journal[:100], mess} {
		f, err := Open(part("state", folded), part("journal", rest), "boot-2")
		if err != nil || f.Unfolded() {
			t.Errorf("what a power failure left of a stale journal is refused: %v", err)
		}
	}
	// Not every journal with that serial is stale.
	more := taped(t, snapshot, func(j Journal) {
		must(t, j.PutMessage(a, message("a", "four", 40)), j.PutMessage(a, message("a", "five", 40)))
	})
	file := &tape{}
	j, err := mustOpen(t, snapshot, nil).Begin(file, testRun("run-2"), testHeader())
	must(t, err, j.Close())
	for name, journal := range map[string][]byte{"more records": more, "another run": file.Bytes()} {
		if _, err := open(folded, journal); err == nil {
			t.Errorf("%s: a journal was ignored whose records the snapshot does not have", name)
		}
	}
}

// edited gives a snapshot the last line of one that was changed by hand.
func edited(snapshot []byte) []byte {
	return append(bytes.Clone(snapshot[:bytes.LastIndex(snapshot, []byte(endPrefix))]), `{"end":"edited"}`...)
}

// Every change has another fingerprint.
func TestFingerprint(t *testing.T) {
	a := conversationAddr("a")
	snapshot := base(t)
	seen := map[string]string{}
	note := func(what string, snapshot, journal []byte) {
		print := mustOpen(t, snapshot, journal).Fingerprint()
		if before, ok := seen[print]; ok {
			t.Errorf("%q and %q have the same fingerprint %s", before, what, print)
		}
		seen[print] = what
	}
	note("snapshot", snapshot, nil)
	note("edited", bytes.Replace(edited(snapshot), []byte("text of one"), []byte("text of 1ne"), 1), nil)
	note("run", snapshot, taped(t, snapshot, func(j Journal) {}))
	for _, key := range []string{"four", "five"} {
		journal := taped(t, snapshot, func(j Journal) { must(t, j.PutMessage(a, message("a", key, 40))) })
		note(key, snapshot, journal)
		note("cut "+key, snapshot, journal[:bytes.LastIndexByte(journal[:len(journal)-1], '\n')+1])
		note("folded "+key, fold(t, snapshot, journal), nil)
	}
}

// Long before the end of a large snapshot, damage is narrowed down to a block.
func TestDamagedBlock(t *testing.T) {
	a := conversationAddr("a")
	snapshot := fold(t, nil, taped(t, nil, func(j Journal) {
		must(t, j.PutConversation(conversation("a")))
		for i := range 1000 {
			must(t, j.PutMessage(a, message("a", fmt.Sprint("m-", i), int64(i))))
		}
	}))
	text := bytes.Replace(snapshot, []byte("text of m-600"), []byte("text of m-6O0"), 1)
	_, err := open(text, nil)
	if want := "one of the lines 513 to 768 was changed"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q", err, want)
	}
	syntax := bytes.Replace(snapshot, []byte(`"msg":"m-600",`), []byte(`"msg":"m-600";`), 1)
	_, err = open(syntax, nil)
	var damage *DamageError
	if !errors.As(err, &damage) || damage.Line != 603 {
		t.Errorf("error %v, want line 603", err)
	}
}

func TestDeletedObjects(t *testing.T) {
	user := addr.Object{Kind: addr.User, Name: "ana"}
	snapshot := fold(t, nil, taped(t, nil, func(j Journal) { everything(t, j) }))
	f := mustOpen(t, snapshot, taped(t, snapshot, func(j Journal) {
		must(t, j.Delete(user), j.Delete(addr.Object{Kind: addr.Group, Name: "nobody"}), j.Delete(conversationAddr("nobody")))
	}))
	if len(f.Users()) != 1 || len(f.Groups()) != 1 || len(f.Conversations()) != 2 {
		t.Errorf("%d users, %d groups, %d conversations", len(f.Users()), len(f.Groups()), len(f.Conversations()))
	}
}
