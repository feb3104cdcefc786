package state

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// seeds adds the states and journals of the damage cases, and good ones.
func seeds(f *testing.F, add func(snapshot, journal []byte)) {
	cases, err := filepath.Glob("testdata/damage/*.txtar")
	must(f, err)
	for _, path := range cases {
		archive, err := txtar.ParseFile(path)
		must(f, err)
		var snapshot, journal []byte
		for _, file := range archive.Files {
			switch file.Name {
			case "state":
				snapshot = file.Data
			case "state.sum":
				snapshot = sumSnapshot(file.Data)
			case "journal":
				journal = file.Data
			case "journal.sum":
				journal = sumJournal(file.Data)
			}
		}
		add(snapshot, journal)
	}
	for _, name := range []string{"golden.state", "fold/merge.in", "fold/edited.in", "fold/crlf.in"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		must(f, err)
		add(data, nil)
	}
	data, err := os.ReadFile("testdata/golden.journal")
	must(f, err)
	add(nil, data)
}

// checkReadable makes sure that a state that opens can be used: read, or
// refused with the place of the damage, and folded to one that says the same.
func checkReadable(t *testing.T, f *Files) {
	t.Helper()
	if !f.Exists() {
		return
	}
	messages := map[string][]*Message{}
	for _, c := range f.Conversations() {
		for m, err := range f.Messages(c.Addr) {
			if err != nil {
				mustBeDamage(t, err)
				return
			}
			messages[c.Addr.String()] = append(messages[c.Addr.String()], m)
		}
	}
	var out bytes.Buffer
	if err := f.Fold(context.Background(), &out); err != nil {
		t.Fatalf("what can be read cannot be folded: %v", err)
	}
	folded, err := open(out.Bytes(), nil)
	if err != nil {
		t.Fatalf("%v in the folded state:\n%s", err, out.Bytes())
	}
	header := f.Header()
	header.Serial++
	if diff := cmp.Diff(header, folded.Header()); diff != "" {
		t.Errorf("folding changed the header:\n%s", diff)
	}
	again := map[string][]*Message{}
	for _, c := range folded.Conversations() {
		for m, err := range folded.Messages(c.Addr) {
			must(t, err)
			again[c.Addr.String()] = append(again[c.Addr.String()], m)
		}
	}
	if diff := cmp.Diff(messages, again); diff != "" {
		t.Errorf("folding changed messages:\n%s", diff)
	}
}

func mustBeDamage(t *testing.T, err error) {
	t.Helper()
	var damage *DamageError
	if errors.As(err, &damage) {
		if damage.Line < 1 || damage.File == "" || damage.What == "" {
			t.Errorf("a damage that names no place: %#v", damage)
		}
		return
	}
	if !errors.Is(err, ErrNewer) {
		t.Errorf("an error that is neither damage nor a newer version: %v", err)
	}
}

// Whatever stands in the file, it is read or refused. A checksum is added as
// well, so that the search gets behind it.
func FuzzSnapshot(f *testing.F) {
	seeds(f, func(snapshot, _ []byte) { f.Add(snapshot) })
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, snapshot := range [][]byte{data, sumSnapshot(data), append(bytes.Clone(data), `{"end":"edited"}`...)} {
			files, err := open(snapshot, nil)
			if err != nil {
				mustBeDamage(t, err)
				continue
			}
			checkReadable(t, files)
		}
	})
}

// Whatever follows the good part of a journal, the good part is read or the
// journal refused: nothing of it is ever dropped. With sum, the lines get right
// checksums, so that the search gets behind them.
func FuzzJournal(f *testing.F) {
	snapshot := base(f)
	good := taped(f, snapshot, func(j Journal) {
		a := conversationAddr("a")
		must(f, j.Intend(a, message("a", "four", 40)), j.Receipt(a, message("a", "four", 40)), j.DeleteMessage(a.Message("one")))
	})
	seeds(f, func(_, journal []byte) {
		f.Add(journal, 0, false)
		f.Add(bytes.ReplaceAll(journal, []byte("\n"), []byte("\n\n")), len(good)/2, true)
	})
	for cut := range bytes.Count(good, newline) {
		f.Add([]byte(nil), cut*100, false)
	}
	f.Add([]byte(`{"n":5,"void":"conversation.a","key":"three","muid":"x"`+"\n"), 3, true)
	f.Add([]byte(`{"n":5,"put":"conversation.a","m":{"msg":"x","sent":1,"muid":""}`+"\n"), 3, true)
	f.Fuzz(func(t *testing.T, tail []byte, keep int, sum bool) {
		lines := bytes.SplitAfter(good, newline)
		lines = lines[:len(lines)-1]
		var head []byte
		whole := 0
		if sum {
			whole = max(keep, 0) % (len(lines) + 1)
			head = bytes.Join(lines[:whole], nil)
			var crc uint32
			if whole > 0 {
				_, crc, _ = cutCRC(bytes.TrimSuffix(lines[whole-1], newline))
			}
			for line := range bytes.Lines(tail) {
				start := len(head)
				head, crc = appendCRC(append(head, bytes.TrimSuffix(line, newline)...), start, crc)
			}
		} else {
			cut := max(keep, 0) % (len(good) + 1)
			whole = bytes.Count(good[:cut], newline)
			head = append(bytes.Clone(good[:cut]), tail...)
		}
		for _, boot := range []string{testBoot, "boot-2"} {
			files, err := Open(part("state", snapshot), part("journal", head), boot)
			if err != nil {
				mustBeDamage(t, err)
				continue
			}
			if kept := int(files.log.count) + 1; kept < whole && whole > 1 {
				t.Errorf("%d good lines, but only %d were kept of:\n%s", whole, kept, head)
			}
			checkReadable(t, files)
		}
	})
}

// Our reader takes the lines that encoding/json takes, and sees the same in
// them, or refuses them.
func FuzzMessageLine(f *testing.F) {
	f.Add(`{"msg":"a","sent":1,"from":"ana","text":"hi"}`)
	f.Add(`{"msg":"\u00e9\ud83d\ude00","sent":12,"type":"image","attachments":[{"url":"u","name":"n","mime":"m","ext":"e","size":"1"}],"customData":{"a":[1]},"metadata":null}`)
	f.Add(`{"msg":"a","sent":1,"tags":["a","b"],"at":"x","after":"y","expect":"z","gen":2,"sealed":{"a":"b"},"muid":"m","id":"1","mod":"approved","doubt":true,"carries":["user.ana"]}`)
	f.Fuzz(func(t *testing.T, line string) {
		ours, err := decodeMessage(line, &MUIDs{})
		if err != nil {
			return
		}
		var theirs struct {
			Msg, From, Type, Text, At, After, Expect, MUID, ID, Mod string
			Sent                                                    int64
			Gen                                                     int
			Tags                                                    []string
			Sealed                                                  map[string]string
			CustomData, Metadata                                    any
			Doubt                                                   bool
		}
		if err := json.Unmarshal([]byte(line), &theirs); err != nil {
			t.Fatalf("encoding/json refuses %s: %v", line, err)
		}
		for _, pair := range [][2]any{
			{ours.Key, theirs.Msg}, {ours.SentAt, theirs.Sent}, {ours.Sender, theirs.From}, {ours.Type, theirs.Type}, {ours.Text, theirs.Text},
			{ours.At, theirs.At}, {ours.After, theirs.After}, {ours.Expect, theirs.Expect}, {ours.Generation, theirs.Gen}, {ours.ID, theirs.ID},
			{ours.Moderation, theirs.Mod}, {ours.InDoubt, theirs.Doubt}, {len(ours.Tags), len(theirs.Tags)}, {len(ours.Sealed), len(theirs.Sealed)},
			{value(t, ours.CustomData), theirs.CustomData}, {value(t, ours.Metadata), theirs.Metadata},
		} {
			if !reflect.DeepEqual(pair[0], pair[1]) {
				t.Errorf("%s: read %v, encoding/json %v", line, pair[0], pair[1])
			}
		}
		again, err := appendMessage(nil, ours, "")
		must(t, err)
		back, err := decodeMessage(string(again), nil)
		if ours.MUID == "" { // written in the journal only, which says so
			return
		}
		must(t, err)
		back.CustomData, back.Metadata, ours.CustomData, ours.Metadata = nil, nil, nil, nil
		if diff := cmp.Diff(ours, back); diff != "" {
			t.Errorf("%s (-read +read again):\n%s", line, diff)
		}
	})
}

func value(t *testing.T, raw json.RawMessage) (v any) {
	if len(raw) > 0 {
		must(t, json.Unmarshal(raw, &v))
	}
	return v
}
