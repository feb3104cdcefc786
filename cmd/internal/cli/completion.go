package cli

import (
	"bytes"

	"github.com/spf13/cobra"
)

func newCompletionCmd(r *run) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:     "completion SHELL",
		GroupID: groupOther,
		Short:   "Print a completion script for a shell",
		Long: `Prints a script that teaches a shell to complete the commands and flags of sow.
The shell is bash, zsh, fish or powershell.`,
		Example: `  # bash, for this session; for all, write it to /etc/bash_completion.d/sow
  source <(sow completion bash)

  # zsh: into a directory of $fpath
  sow completion zsh > "${fpath[1]}/_sow"

  # fish
  sow completion fish > ~/.config/fish/completions/sow.fish

  # PowerShell: into the profile
  sow completion powershell | Out-String | Invoke-Expression`,
		ValidArgs: shells,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("%s takes one argument, the shell: bash, zsh, fish or powershell.", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return runCompletion(r, cmd.Root(), args[0]) },
	}
}

func runCompletion(r *run, root *cobra.Command, shell string) error {
	var (
		script bytes.Buffer
		err    error
	)
	switch shell {
	case "bash":
		err = root.GenBashCompletionV2(&script, true)
	case "zsh":
		err = root.GenZshCompletion(&script)
	case "fish":
		err = root.GenFishCompletion(&script, true)
	case "powershell":
		err = root.GenPowerShellCompletionWithDesc(&script)
	default:
		err = usage("There is no completion for %q: the shells are bash, zsh, fish and powershell.", shell)
	}
	if err != nil {
		return err
	}
	return r.view.Raw(script.Bytes())
}
