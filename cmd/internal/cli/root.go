package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sowdev/sow/cmd/internal/view"
)

// run is one invocation of the program: the world, the flags that every
// command knows, and the two ways to end early.
type run struct {
	env     Env
	globals globals
	verb    string // the command, as in "apply"
	command string // as in "sow apply": arguments may be secret
	view    *view.View
	sources view.Sources // of the files that diagnostics quote; may be nil

	// stopped ends with the first signal, aborted with the second one.
	stopped context.Context
	aborted context.Context
}

func newRun(ctx context.Context, env Env) *run {
	r := &run{env: env, stopped: ctx, aborted: ctx}
	if env.Stop != nil {
		r.stopped = env.Stop
	}
	r.show(view.Text, nil)
	return r
}

// The groups in which the overview lists the commands.
const (
	groupMain  = "main"
	groupWrite = "write"
	groupState = "state"
	groupOther = "other"
)

func newRootCmd(r *run) *cobra.Command {
	root := &cobra.Command{
		Use:   "sow",
		Short: "Seed a CometChat app from HCL",
		Long: `sow seeds a CometChat app the way Terraform makes infrastructure.

Files that end in .sow.hcl declare users, groups and conversations. sow plan
compares them with the state, the record of what was seeded, and shows the
difference as a conversation; sow apply sends it. Running sow apply again is
always safe: nothing is sent twice, and nothing is lost.

No account is needed to try it: with --emulator, everything happens in a
CometChat that runs inside sow.`,
		Example: `  # a first dataset, seeded without an account
  sow init demo
  sow apply --emulator demo

  # the same for a real app
  export COMETCHAT_APP_ID=… COMETCHAT_REGION=us COMETCHAT_API_KEY=…
  sow plan demo
  sow apply demo`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return nil
		},
		PersistentPreRun: func(cmd *cobra.Command, _ []string) {
			r.verb, r.command = cmd.Name(), cmd.CommandPath()
		},
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetIn(r.env.Stdin)
	root.SetOut(r.env.Stdout)
	root.SetErr(r.env.Stderr)
	root.SetFlagErrorFunc(flagFailure)
	root.AddGroup(
		&cobra.Group{ID: groupMain, Title: "The main commands:"},
		&cobra.Group{ID: groupWrite, Title: "Writing configurations:"},
		&cobra.Group{ID: groupState, Title: "Looking at what was seeded:"},
		&cobra.Group{ID: groupOther, Title: "Other commands:"},
	)
	root.SetHelpCommandGroupID(groupOther)
	r.globals.bind(root)
	root.AddCommand(
		newPlanCmd(r), newApplyCmd(r), newVerifyCmd(r), newDestroyCmd(r),
		newInitCmd(r), newValidateCmd(r), newFmtCmd(r),
		newShowCmd(r), newStateCmd(r), newForceUnlockCmd(r),
		newEmulatorCmd(r), newVersionCmd(r), newCompletionCmd(r),
	)
	return root
}

// unknownCommand is the failure for a command that does not exist, with those
// that the person may have meant.
func unknownCommand(cmd *cobra.Command, name string) error {
	if cmd.SuggestionsMinimumDistance <= 0 {
		cmd.SuggestionsMinimumDistance = 2
	}
	hint := "The commands are listed by:\n  " + cmd.CommandPath() + " --help"
	if near := cmd.SuggestionsFor(name); len(near) > 0 {
		hint = "Did you mean this?\n  " + cmd.CommandPath() + " " + strings.Join(near, "\n  "+cmd.CommandPath()+" ")
	}
	return usage("There is no command %q in %q.\n\n%s", name, cmd.CommandPath(), hint)
}

// atMostOne refuses more than the one optional argument that most commands
// take.
func atMostOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) <= 1 {
			return nil
		}
		return usage("%s takes one %s at most, and %q is one more. Flags that belong to a command follow its name; what holds spaces needs quotes.",
			cmd.CommandPath(), what, args[1])
	}
}

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usage("%s takes no arguments, but got %q.", cmd.CommandPath(), args[0])
}

// dirOf is the optional DIR argument.
func dirOf(args []string) string {
	if len(args) == 0 {
		return "."
	}
	return args[0]
}

// finish shows what is left to be said about err and returns the exit code.
func (r *run) finish(err error) int {
	err = lessGone(err)
	if diags := diagnose(err); len(diags) > 0 {
		r.view.Diagnostics(diags, r.sources)
	}
	return exitCode(err)
}

// sentence begins with a capital and ends without a full stop.
func sentence(s string) string {
	s = strings.TrimRight(s, ".")
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
