package state_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
)

// draftFile is a file of a draft in memory.
type draftFile struct {
	bytes.Buffer
	closed *int
	broken error
}

func (f *draftFile) Write(p []byte) (int, error) {
	if f.broken != nil {
		return 0, f.broken
	}
	return f.Buffer.Write(p)
}

func (f *draftFile) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(f.Bytes()).ReadAt(p, off)
}

func (f *draftFile) Close() error {
	*f.closed++
	return nil
}

// TestDraft draws up a state with changes, on one that there is not and then on
// one that there is, and leaves both alone.
func TestDraft(t *testing.T) {
	ctx := context.Background()
	talk := addr.Object{Kind: addr.Conversation, Name: "talk"}
	ana := addr.Object{Kind: addr.User, Name: "ana"}
	opened, closed := 0, 0
	open := func() (state.DraftFile, error) {
		opened++
		return &draftFile{closed: &closed}, nil
	}
	none, err := state.Open(nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	first, err := state.Draft(ctx, none, state.NewHeader("demo", "app", "us"), open, func(j state.Journal) error {
		return errors.Join(
			j.PutUser(&state.User{Addr: ana, UID: "ana", Name: "Ana"}),
			j.PutConversation(&state.Conversation{Addr: talk, Between: []string{"ana", "sam"}}),
			j.PutMessage(talk, &state.Message{Key: "one", MUID: "m1", ID: "1", Sender: "ana", Text: "One", SentAt: 100}),
			j.PutMessage(talk, &state.Message{Key: "two", MUID: "", ID: "2", Sender: "ana", Text: "Two", SentAt: 200}),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	if none.Exists() || first.Fingerprint() != "" || first.Interrupted() != nil {
		t.Error("a draft passes for a state")
	}
	if diff := cmp.Diff([]string{"One", "Two"}, texts(t, first, talk)); diff != "" {
		t.Error(diff)
	}

	// The draft is folded into a state, of which the second one is drawn up.
	var snapshot bytes.Buffer
	if err := first.(state.Folder).Fold(ctx, &snapshot); err != nil {
		t.Fatal(err)
	}
	prior, err := state.Open(partIn{bytes.NewReader(snapshot.Bytes())}, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	header := prior.Header()
	header.Generation = 7
	second, err := state.Draft(ctx, prior, header, open, func(j state.Journal) error {
		return errors.Join(
			j.DeleteMessage(talk.Message("one")),
			j.PutMessage(talk, &state.Message{Key: "zero", MUID: "m0", ID: "3", Sender: "ana", Text: "Zero", SentAt: 50}),
			j.Delete(ana),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Zero", "Two"}, texts(t, second, talk)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"One", "Two"}, texts(t, prior, talk)); diff != "" {
		t.Errorf("the state was touched: %s", diff)
	}
	if len(second.Users()) != 0 || len(prior.Users()) != 1 {
		t.Error("the users are wrong")
	}
	h := second.Header()
	if h.Generation != 7 || h.Serial != prior.Header().Serial || h.Lineage != prior.Header().Lineage || second.Fingerprint() != prior.Fingerprint() {
		t.Errorf("the header is %+v", h)
	}
	if err := errors.Join(first.Close(), second.Close()); err != nil || opened != closed {
		t.Errorf("%d of %d files were closed, %v", closed, opened, err)
	}
}

// TestDraftFails closes what it has opened.
func TestDraftFails(t *testing.T) {
	full := errors.New("no space left on device")
	none, err := state.Open(nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	opened, closed := 0, 0
	for name, open := range map[string]func() (state.DraftFile, error){
		"open":  func() (state.DraftFile, error) { return nil, full },
		"write": func() (state.DraftFile, error) { opened++; return &draftFile{closed: &closed, broken: full}, nil },
	} {
		_, err := state.Draft(context.Background(), none, state.NewHeader("demo", "app", "us"), open, func(state.Journal) error { return nil })
		if !errors.Is(err, full) {
			t.Errorf("%s: %v", name, err)
		}
	}
	wanted := errors.New("enough")
	_, err = state.Draft(context.Background(), none, state.NewHeader("demo", "app", "us"), func() (state.DraftFile, error) {
		opened++
		return &draftFile{closed: &closed}, nil
	}, func(state.Journal) error { return wanted })
	if !errors.Is(err, wanted) || opened != closed {
		t.Errorf("%v; %d of %d files were closed", err, closed, opened)
	}
}

// partIn is a part of a state in memory.
type partIn struct{ *bytes.Reader }

func (partIn) Close() error { return nil }
func (partIn) Name() string { return "memory" }

func texts(t *testing.T, r state.Reader, c addr.Object) (list []string) {
	t.Helper()
	for m, err := range r.Messages(c) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, m.Text)
	}
	return list
}
