package cli

import (
	"context"
	"errors"

	"github.com/sowdev/sow/applier"
	"github.com/sowdev/sow/cmd/internal/view"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/planner/planfile/wholefile"
)

// receipt is the file that says what an apply has done. A nil receipt, of an
// apply that nobody wants one of, takes everything and writes nothing.
type receipt struct {
	file  wholefile.File
	notes *view.Receipt
	plan  *planner.Plan
}

// openReceipt makes sure, before anything is sent, that the receipt has a
// place.
func (o *applyOptions) openReceipt(plan *planner.Plan) (*receipt, error) {
	if o.receipt == "" {
		return nil, nil
	}
	const readable = 0o666
	file, err := wholefile.Create(o.receipt, readable)
	if err != nil {
		return nil, wrap(err, exitError, "The receipt cannot be written", "Nothing was sent")
	}
	return &receipt{file: file, notes: view.NewReceipt(plan), plan: plan}, nil
}

// beside hears what an apply reports, beside the one who shows it.
func (c *receipt) beside(shown applier.Reporter) applier.Reporter {
	if c == nil {
		return shown
	}
	return both{shown, c.notes}
}

type both [2]applier.Reporter

// Report implements [applier.Reporter].
func (b both) Report(e applier.Event) {
	for _, r := range b {
		r.Report(e)
	}
}

// write writes down what came of the apply, from the state as it is now. The
// run may have been told to end: its receipt is wanted all the same.
func (c *receipt) write(ctx context.Context, r *run, d *dataset, s *applier.Summary) error {
	if c == nil {
		return nil
	}
	after, err := d.store.Read(context.WithoutCancel(ctx))
	if err == nil {
		err = c.notes.Write(c.file, c.plan, s, view.ReceiptOptions{At: r.env.Now(), After: after})
		err = errors.Join(err, after.Close())
	}
	if err == nil {
		err = c.file.CloseAtomicallyReplace()
	}
	if err != nil {
		return wrap(err, exitError, "The receipt cannot be written", "What was done is in the state")
	}
	return nil
}

// close removes what was not written.
func (c *receipt) close() error {
	if c == nil {
		return nil
	}
	return c.file.Cleanup()
}
