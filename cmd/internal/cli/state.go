package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/config/lang"
	"github.com/sowdev/sow/state"
)

func newStateCmd(r *run) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "state",
		GroupID: groupState,
		Short:   "Look into the state",
		Long: `The state is the record of what was seeded into an app. These commands look
into it; none of them uses the network or a key.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newStateListCmd(r), newStateShowCmd(r), newStateMergeCmd(r))
	return cmd
}

type stateOptions struct {
	datasetOptions
	addresses []string
	json      bool
}

func (o *stateOptions) bind(cmd *cobra.Command) {
	o.datasetOptions.bind(cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, "print a JSON document")
}

// split takes the arguments apart: a directory may come first, what follows
// are addresses. A first argument that reads as an address is one.
func (o *stateOptions) split(args []string) {
	o.dir = "."
	if len(args) > 0 && !isAddress(args[0]) {
		o.dir, args = args[0], args[1:]
	}
	o.addresses = args
}

func isAddress(arg string) bool {
	_, objectErr := addr.ParseObject(arg)
	_, messageErr := addr.ParseMessage(arg)
	return objectErr == nil || messageErr == nil
}

func newStateListCmd(r *run) *cobra.Command {
	o := &stateOptions{}
	cmd := &cobra.Command{
		Use:   "list [DIR] [ADDRESS…]",
		Short: "List the addresses of what was seeded",
		Long: `Lists the addresses of what the state holds, one a line: people, groups, and
every conversation with its messages in their order. With addresses it lists
these objects only. A directory whose name reads as an address is written ./NAME.`,
		Example: `  sow state list
  sow state list demo conversation.refund 'user.agent["sam"]'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.split(args)
			return runStateList(cmd.Context(), r, o)
		},
	}
	o.bind(cmd)
	return cmd
}

func runStateList(ctx context.Context, r *run, o *stateOptions) error {
	v := r.show(document(o.json), nil)
	var only []addr.Object
	for _, arg := range o.addresses {
		object, err := addr.ParseObject(arg)
		if err != nil {
			return usage("%s.", sentence(err.Error()))
		}
		only = append(only, object)
	}
	d, err := o.openState(ctx, r)
	if err != nil {
		return err
	}
	defer d.Close()
	if !d.prior.Exists() {
		return d.noState()
	}
	return v.StateList(d.prior, only...)
}

func newStateShowCmd(r *run) *cobra.Command {
	o := &stateOptions{}
	cmd := &cobra.Command{
		Use:   "show [DIR] ADDRESS",
		Short: "Show all that the state holds of one object",
		Long: `Shows all that the state holds of a user, a group, a conversation or a message:
the values last written to the app, its id, and how it came to be there.
Sensitive values are not in the state, so they are not shown.`,
		Example: `  sow state show user.ana
  sow state show demo 'conversation.refund.message["hello"]'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.split(args)
			return runStateShow(cmd.Context(), r, o)
		},
	}
	o.bind(cmd)
	return cmd
}

func runStateShow(ctx context.Context, r *run, o *stateOptions) error {
	v := r.show(document(o.json), nil)
	if len(o.addresses) != 1 {
		return usage("sow state show takes one address, such as user.ana or 'conversation.refund.message[\"hello\"]'. Those there are, are listed by:\n  sow state list")
	}
	d, err := o.openState(ctx, r)
	if err != nil {
		return err
	}
	defer d.Close()
	if !d.prior.Exists() {
		return d.noState()
	}
	address := o.addresses[0]
	found := false
	if message, parseErr := addr.ParseMessage(address); parseErr == nil {
		found, err = v.StateMessage(d.prior, message)
	} else if object, parseErr := addr.ParseObject(address); parseErr == nil {
		found, err = v.StateObject(d.prior, object)
	} else {
		return usage("%s.", sentence(parseErr.Error()))
	}
	if err == nil && !found {
		return fail(exitError, "No such object", "The state has no %s.%s What it has is listed by:\n  %s",
			address, lang.Suggest(address, seededAddresses(d.prior)), o.command("state list"))
	}
	return err
}

// seededAddresses are those of the people, groups and conversations of a
// state. Messages are left out: there may be millions.
func seededAddresses(prior state.Reader) (addresses []string) {
	for _, u := range prior.Users() {
		addresses = append(addresses, u.Addr.String())
	}
	for _, g := range prior.Groups() {
		addresses = append(addresses, g.Addr.String())
	}
	for _, c := range prior.Conversations() {
		addresses = append(addresses, c.Addr.String())
	}
	return addresses
}
