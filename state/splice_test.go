package state

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A line spliced from records is the line that decoding and encoding makes.
func TestSplice(t *testing.T) {
	spliced := 0
	rapid.Check(t, func(t *rapid.T) {
		a := conversationAddr("a")
		m := anyMessage().Draw(t, "message")
		derive := NewMUIDs("support-demo", a)
		if rapid.Bool().Draw(t, "ours") {
			m.MUID = derive.Of(m.Key, m.Generation)
		}
		file := &tape{}
		files, err := open(nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		j, err := files.Begin(file, testRun("1"), testHeader())
		if err != nil {
			t.Fatal(err)
		}
		defer j.Close()
		errs := []error{j.PutConversation(conversation("a"))}
		switch rapid.SampledFrom([]string{"put", "intent", "receipt"}).Draw(t, "record") {
		case "put":
			errs = append(errs, j.PutMessage(a, m))
		case "intent":
			errs = append(errs, j.Intend(a, m))
		case "receipt":
			m.InDoubt, m.Carries = false, nil
			errs = append(errs, j.Intend(a, m), j.Receipt(a, m))
		}
		for _, err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
		f, err := open(nil, file.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if err := f.eachRow(f.section(a), func(r row) error {
			line, ok, err := r.overlay.splice(nil, r.change, derive)
			if err != nil || !ok {
				return err
			}
			spliced++
			m, err := r.message(f, derive)
			if err != nil {
				return err
			}
			want, err := appendMessage(nil, m, derive.Of(m.Key, m.Generation))
			if diff := cmp.Diff(string(want), string(line)); diff != "" {
				t.Errorf("(-encoded +spliced):\n%s", diff)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
	if spliced == 0 {
		t.Error("nothing could be spliced")
	}
}
