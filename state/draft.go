package state

import (
	"context"
	"errors"
	"io"
)

// Folder is a state that can be written as a snapshot: what a [Store] reads.
type Folder interface {
	Reader
	// Fold writes the state as a new snapshot.
	Fold(ctx context.Context, out io.Writer) error
}

// DraftFile holds a part of a draft: it is written once, from beginning to
// end, and read back from then on. Close removes it.
type DraftFile interface {
	io.Writer
	io.ReaderAt
	io.Closer
}

// Draft returns the state as it would be with what record writes to its
// journal, and with that header. Nothing of it is kept: the state itself is not
// touched, and the files that open makes are removed when the result is closed,
// which does not close prior. It needs memory as a state does that was read.
//
// The result goes by the fingerprint, serial and interrupted run of prior: it is
// what is known of that very state.
func Draft(ctx context.Context, prior Folder, header Header, open func() (DraftFile, error), record func(Journal) error) (Reader, error) {
	d := &draft{prior: prior}
	if err := d.make(ctx, header, open, record); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

type draft struct {
	*Files
	prior Folder
	files []DraftFile
}

// draftBoot is a boot that no machine has: the journal of a draft was written
// on it to its end.
const draftBoot = "draft"

func (d *draft) make(ctx context.Context, header Header, open func() (DraftFile, error), record func(Journal) error) error {
	part := func() (*draftPart, error) {
		f, err := open()
		if err != nil {
			return nil, &AccessError{Doing: "make", Path: "a temporary file", Err: err}
		}
		d.files = append(d.files, f)
		return &draftPart{DraftFile: f}, nil
	}
	var snapshot Part
	if d.prior.Exists() {
		p, err := part()
		if err != nil {
			return err
		}
		if err := d.prior.Fold(ctx, p); err != nil {
			return err
		}
		snapshot = p
	}
	base, err := Open(snapshot, nil, draftBoot)
	if err != nil {
		return err
	}
	log, err := part()
	if err != nil {
		return err
	}
	journal, err := base.Begin(log, Run{ID: draftBoot, Boot: draftBoot}, header)
	if err != nil {
		return err
	}
	if err := errors.Join(record(journal), journal.Close()); err != nil {
		return err
	}
	d.Files, err = Open(snapshot, log, draftBoot)
	return err
}

// Header implements [Reader].
func (d *draft) Header() Header {
	h, was := d.Files.Header(), d.prior.Header()
	h.Serial, h.LookBack = was.Serial, was.LookBack
	return h
}

// Fingerprint implements [Reader].
func (d *draft) Fingerprint() string { return d.prior.Fingerprint() }

// Interrupted implements [Reader].
func (d *draft) Interrupted() *Run { return d.prior.Interrupted() }

// Close implements [Reader].
func (d *draft) Close() error {
	var errs []error
	for _, f := range d.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// draftPart is a file of a draft, which counts what is written to it. It is
// both what a journal is appended to and what a state is read from.
type draftPart struct {
	DraftFile
	size int64
}

func (p *draftPart) Write(b []byte) (int, error) {
	n, err := p.DraftFile.Write(b)
	p.size += int64(n)
	return n, err
}

// Close leaves the file open: the draft closes it.
func (p *draftPart) Close() error { return nil }

// Sync does nothing: what a draft holds need not outlive the process.
func (p *draftPart) Sync() error { return nil }

// Name implements [Part].
func (p *draftPart) Name() string { return "the draft of a state" }

// Size implements [Part].
func (p *draftPart) Size() int64 { return p.size }
