package cli

import (
	"context"

	"github.com/spf13/cobra"
)

func newDestroyCmd(r *run) *cobra.Command {
	o := &applyOptions{}
	cmd := &cobra.Command{
		Use:     "destroy [DIR]",
		GroupID: groupMain,
		Short:   "Remove what was seeded",
		Long: `Shows what would be removed, asks, and removes it: every message that the state
has, then the conversations, groups and people. A person or a group that was in
the app before is left there and only forgotten. What is protected by
prevent_destroy stays, and with it everything else.

The state is enough: a configuration that is broken or gone is not in the way.
The same rules of approval hold as for sow apply, except that the command itself
is the leave to delete.`,
		Example: `  sow destroy --emulator demo
  sow destroy --app-id 2604abc --region us demo`,
		Args: atMostOne("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dir = dirOf(args)
			return runDestroy(cmd.Context(), r, o)
		},
	}
	o.bind(cmd)
	return cmd
}

func runDestroy(ctx context.Context, r *run, o *applyOptions) error {
	return o.withEvents(r, func() error { return o.applyDir(ctx, r, true) })
}
