package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/sowdev/sow/applier"
	"github.com/sowdev/sow/cmd/internal/view"
)

type verifyOptions struct {
	datasetOptions
	requests
	json bool
	full bool
}

func newVerifyCmd(r *run) *cobra.Command {
	o := &verifyOptions{}
	cmd := &cobra.Command{
		Use:     "verify [DIR]",
		GroupID: groupMain,
		Short:   "Read the app back and compare it with what was seeded",
		Long: `Reads what the app has and holds it against the state: messages that are missing,
there more than once, edited, in another order, or of others in the seeded chats;
people and groups that are missing or changed; and moderation that ended
otherwise than expected. It changes nothing, and ends with code 7 if the app
differs.

What sow apply has not sent yet is no difference: sow plan shows that. To bring
the app back to what is declared, use sow apply --refresh.`,
		Example: `  sow verify --emulator demo

  # in CI, after the apply
  sow apply --auto-approve demo && sow verify --json demo > verified.json`,
		Args: atMostOne("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dir = dirOf(args)
			return runVerify(cmd.Context(), r, o)
		},
	}
	o.datasetOptions.bind(cmd)
	o.requests.bind(cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, "print a JSON document")
	cmd.Flags().BoolVar(&o.full, "full", false, "cut nothing")
	return cmd
}

func runVerify(ctx context.Context, r *run, o *verifyOptions) error {
	v := r.show(document(o.json), nil)
	if err := o.check(); err != nil {
		return err
	}
	d, err := o.openFor(ctx, r, true) // the state is enough
	if err != nil {
		return err
	}
	defer d.Close()
	if !d.prior.Exists() {
		return d.noState()
	}
	app, err := o.reach(r, d)
	if err != nil {
		return err
	}
	progress := v.Reading()
	found, err := applier.Verify(ctx, d.prior, app.client, o.reading(d, app, progress, ctx.Done()))
	progress.Close()
	if err = errors.Join(unread(err), app.close()); err != nil {
		return err
	}
	defer found.Found.Close()
	next := "To bring it back to what is declared:\n  " + o.command("apply", "--refresh")
	if err := lessGone(v.Verification(d.prior, found, view.VerificationOptions{Full: o.full, Next: next})); err != nil {
		return err
	}
	if found.Differs() {
		return status(exitDiffers)
	}
	return nil
}
