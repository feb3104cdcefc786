package applier

import (
	"context"
	"errors"
	"time"

	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// Refreshed is a state as the app shows that it should be.
type Refreshed struct {
	// Reader is the prior state with the corrections. Closing it leaves the prior
	// one open.
	state.Reader
	// Found is what was found. It is closed by itself: a plan may take it.
	Found *planner.Findings
}

// Refresh reads the app and returns the state as it should be: without what the
// app no longer has, with what it has of the dataset and the state does not
// know, with the values that others gave what was seeded, and without doubts
// that the app settles. Nothing is written, neither to the app nor to the state;
// [planner.Findings.Record] does that, or [Apply] with a plan that has them.
//
// Declare plans what the configuration declares on a state: what is not known
// to the state and is still in the app can only be found by what declares it. It
// is called once or twice.
//
// What the app cannot tell stays as it is: a message counts as missing only when
// neither the list of its chat nor the lists of moderation show it, the time
// that an app may take to show one has passed since the state was written, and
// single reads of some confirm it. Errors are a [*StopError] when the app cannot
// be used, and those of declare, of the state and of the spool.
func Refresh(ctx context.Context, prior state.Folder, declare func(state.Reader) (*planner.Plan, error), app App, o ReadOptions) (*Refreshed, error) {
	draft, err := declare(prior)
	if err != nil {
		return nil, err
	}
	defer func() { draft.Close() }()
	rd := newReading(ctx, prior, draft.Dataset, app, o)
	if !prior.Exists() {
		rd.header = state.NewHeader(draft.Dataset, draft.AppID, draft.Region)
	}
	var found *planner.Findings
	err = rd.during(func() error {
		if err := rd.greet(); err != nil {
			return err
		}
		if draft.Anchor == nil {
			anchor, err := rd.inferAnchor(draft)
			if err != nil {
				return err
			}
			if anchor != nil {
				rd.header.Anchor = anchor
				again, err := declare(anchored{prior, rd.header})
				if err != nil {
					return err
				}
				draft, again = again, draft
				if err := again.Close(); err != nil {
					return err
				}
			}
		}
		rd.plan = draft
		found, err = rd.read(draft)
		return err
	})
	if err != nil {
		return nil, err
	}
	r := &Refreshed{Found: found}
	if r.Reader, err = Amend(ctx, prior, found, o.Spool); err != nil {
		return nil, errors.Join(err, found.Close())
	}
	return r, nil
}

// Amend returns the state with the corrections that were found for it, to be
// closed; prior stays open. Spool opens a temporary file, and may be nil.
func Amend(ctx context.Context, prior state.Folder, found *planner.Findings, spool func() (planner.Spool, error)) (state.Reader, error) {
	if found.Corrections() == 0 {
		return unowned{prior}, nil
	}
	open := func() (state.DraftFile, error) { return newScratch(spool) }
	return state.Draft(ctx, prior, found.Lesson.Header(prior), open, found.Record)
}

// unowned is a state that somebody else closes.
type unowned struct{ state.Reader }

// Close implements [state.Reader].
func (unowned) Close() error { return nil }

// Record writes what was found to the state that it was found for, where there
// is nothing else to apply. Prior is the state with what was found. The lock remains the caller's to release.
// Command is what the run marker calls the run.
func Record(ctx context.Context, p *planner.Plan, prior state.Reader, lock state.Lock, command string) error {
	marker := state.Run{ID: newRunID(), Started: time.Now(), Command: command, Plan: p.Digest}
	h := prior.Header()
	h.Dataset, h.AppID, h.Region = p.Dataset, p.AppID, p.Region
	if !p.Reanchored {
		h.Anchor = p.Anchor
	}
	journal, err := lock.Begin(ctx, marker, h)
	if err != nil {
		return err
	}
	if err := errors.Join(p.Found.Record(journal), journal.Close()); err != nil {
		return err
	}
	return lock.Fold(ctx)
}

// anchored is a state that has another header.
type anchored struct {
	state.Reader
	header state.Header
}

// Header implements [state.Reader].
func (a anchored) Header() state.Header { return a.header }

// greet makes the first read, which proves the key, the app id and the region.
func (rd *reading) greet() error {
	err := rd.first(func(ctx context.Context) error {
		_, err := rd.app.ListMessages(ctx, MessageQuery{Tag: rd.tag, Limit: 1, Newest: true})
		return err
	})
	if err != nil {
		return probeError(err)
	}
	return nil
}

// read reads people and chats. Draft is nil when only what the state knows is
// looked for.
func (rd *reading) read(draft *planner.Plan) (*planner.Findings, error) {
	people, err := rd.readPeople(draft)
	if err != nil {
		return nil, err
	}
	rd.addPlaces(draft)
	rd.findings = planner.NewFindingsWriter(len(rd.chats), rd.spool)
	if err := rd.readAll(); err != nil {
		return nil, errors.Join(err, rd.findings.Close())
	}
	found, err := rd.findings.Findings(rd.teach(), people)
	if err != nil {
		return nil, err
	}
	found.Requests = int(rd.requests.Load())
	return found, nil
}

// teach returns what was learnt about the state as a whole. Where messages are
// missing, what is sent again is of a generation that was never used; and so it
// is where the app has later ones than the state knows.
func (rd *reading) teach() planner.Lesson {
	h := &rd.header
	lesson := planner.Lesson{
		Dataset: h.Dataset, AppID: h.AppID, Region: h.Region,
		Anchor: h.Anchor, Generation: h.Generation, HashKey: h.HashKey,
	}
	latest := int(rd.latest.Load())
	if latest > h.Generation || rd.absent.Load() {
		lesson.Generation = max(latest, h.Generation) + 1
	}
	return lesson
}
