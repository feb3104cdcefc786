package state

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/sowdev/sow/config/addr"
)

var update = flag.Bool("update", false, "write the expected files in testdata anew")

// golden compares with a file in testdata, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		must(t, os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, got, 0o666))
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// The files as people meet them. A change here is a change of the format: it
// needs a new version, and files of the old one must still be read.
func TestGolden(t *testing.T) {
	// By the virtual clock no sync comes in between, whose mark would be in the
	// journal.
	synctest.Test(t, testGolden)
}

func testGolden(t *testing.T) {
	journal := taped(t, nil, func(j Journal) { everything(t, j) })
	golden(t, "golden.journal", journal)
	snapshot := fold(t, nil, journal)
	golden(t, "golden.state", snapshot)

	f := mustOpen(t, nil, journal)
	folded := mustOpen(t, snapshot, nil)
	want := contentOf(t, f)
	want.Header.Serial++
	if diff := cmp.Diff(want, contentOf(t, folded)); diff != "" {
		t.Errorf("folding changed the state (-before +after):\n%s", diff)
	}
	if f.Fingerprint() == folded.Fingerprint() {
		t.Error("folding did not change the fingerprint")
	}
}

// What was put comes back as it was, field for field.
func TestRoundTrip(t *testing.T) {
	var put recorder
	everything(t, &put)
	journal := taped(t, nil, func(j Journal) { everything(t, j) })
	for name, f := range map[string]*Files{
		"journal":  mustOpen(t, nil, journal),
		"snapshot": mustOpen(t, fold(t, nil, journal), nil),
	} {
		got := contentOf(t, f)
		if diff := cmp.Diff(put.users, got.Users); diff != "" {
			t.Errorf("%s: users (-put +read):\n%s", name, diff)
		}
		if diff := cmp.Diff(put.groups, got.Groups); diff != "" {
			t.Errorf("%s: groups (-put +read):\n%s", name, diff)
		}
		if diff := cmp.Diff(put.messages, got.Messages["conversation.refund[0]"]); diff != "" {
			t.Errorf("%s: messages (-put +read):\n%s", name, diff)
		}
	}
}

// Every case in testdata/fold is a snapshot, NAME.in, with perhaps a journal,
// NAME.journal (without its checksums), and the snapshot that folding makes of
// them, NAME.out.
func TestFoldFiles(t *testing.T) {
	inputs, err := filepath.Glob("testdata/fold/*.in")
	if err != nil || len(inputs) == 0 {
		t.Fatal("no cases", err)
	}
	for _, input := range inputs {
		name := strings.TrimSuffix(filepath.Base(input), ".in")
		t.Run(name, func(t *testing.T) {
			in, err := os.ReadFile(input)
			must(t, err)
			journal, err := os.ReadFile(strings.TrimSuffix(input, ".in") + ".journal")
			if err == nil {
				journal = sumJournal(journal)
			}
			golden(t, filepath.Join("fold", name+".out"), fold(t, in, journal))
		})
	}
}

// Every case in testdata/damage is an archive with a state, perhaps a journal,
// and the error that opening them or reading their messages gives. Files whose
// name ends in .sum get right checksums first, so that the damage is elsewhere,
// those with .cut lose their last newline. The section flip holds a text to
// replace afterwards, and what to replace it by.
func TestDamage(t *testing.T) {
	cases, err := filepath.Glob("testdata/damage/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	for _, path := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			must(t, err)
			var snapshot, journal []byte
			var want *txtar.File
			for i, file := range archive.Files {
				switch file.Name {
				case "state":
					snapshot = file.Data
				case "state.sum":
					snapshot = sumSnapshot(file.Data)
				case "state.cut":
					snapshot = bytes.TrimSuffix(file.Data, newline)
				case "journal.cut":
					journal = bytes.TrimSuffix(file.Data, newline)
				case "journal":
					journal = file.Data
				case "journal.sum":
					journal = sumJournal(file.Data)
				case "flip":
					from, to, _ := bytes.Cut(bytes.TrimSpace(file.Data), newline)
					snapshot, journal = bytes.Replace(snapshot, from, to, 1), bytes.Replace(journal, from, to, 1)
				case "error":
					want = &archive.Files[i]
				default:
					t.Fatalf("unknown section %s", file.Name)
				}
			}
			got := readAll(snapshot, journal)
			if got == nil {
				t.Fatal("no error")
			}
			if *update {
				want.Data = []byte(got.Error() + "\n")
				must(t, os.WriteFile(path, txtar.Format(archive), 0o666))
			}
			if diff := cmp.Diff(strings.TrimSpace(string(want.Data)), got.Error()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// readAll opens a state and reads all of it.
func readAll(snapshot, journal []byte) error {
	f, err := open(snapshot, journal)
	if err != nil {
		return err
	}
	for _, c := range f.Conversations() {
		for _, err := range f.Messages(c.Addr) {
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// sumSnapshot adds the last line.
func sumSnapshot(lines []byte) []byte {
	var s sums
	for line := range bytes.Lines(lines) {
		s.add(bytes.TrimSuffix(line, newline))
	}
	return append(append(bytes.Clone(lines), s.endLine()...), '\n')
}

// sumJournal closes the lines, which lack their last brace, with checksums.
func sumJournal(lines []byte) []byte {
	var out []byte
	var crc uint32
	for line := range bytes.Lines(lines) {
		start := len(out)
		out, crc = appendCRC(append(out, bytes.TrimSuffix(line, newline)...), start, crc)
	}
	return out
}

// recorder is a journal that keeps what is put.
type recorder struct {
	Journal
	users    []*User
	groups   []*Group
	messages []*Message
}

func (r *recorder) PutUser(u *User) error {
	r.users = append(r.users, u)
	slices.SortFunc(r.users, func(a, b *User) int { return a.Addr.Compare(b.Addr) })
	return nil
}

func (r *recorder) PutGroup(g *Group) error {
	r.groups = append(r.groups, g)
	return nil
}

func (r *recorder) PutConversation(*Conversation) error { return nil }

func (r *recorder) Intend(_ addr.Object, m *Message) error {
	if m.InDoubt {
		r.messages = append(r.messages, m)
	}
	return nil
}

func (r *recorder) Receipt(_ addr.Object, m *Message) error {
	r.messages = append(r.messages, m)
	return nil
}

func (r *recorder) PutMessage(conversation addr.Object, m *Message) error {
	return r.Receipt(conversation, m)
}
