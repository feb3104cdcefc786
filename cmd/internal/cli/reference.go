package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// WriteReference writes the manual of all commands as Markdown. It is made
// from the same texts as --help; docs/commands.md is this, and a test holds it
// to it.
func WriteReference(w io.Writer) error {
	r := newRun(context.Background(), Env{})
	root := newRootCmd(r)
	var b strings.Builder
	b.WriteString("# Commands\n\n")
	b.WriteString("This page is made from the texts of `sow --help`; a test keeps it so.\n\n")
	writeProse(&b, root.Long)
	writeExample(&b, root.Example)
	b.WriteString(referenceIntro)
	b.WriteString("## Exit codes\n\n| code | meaning |\n|---|---|\n")
	for _, e := range exitMeanings() {
		fmt.Fprintf(&b, "| %d | %s |\n", e.Code, e.Meaning)
	}
	b.WriteString("\n## Flags of every command\n\n")
	writeFlags(&b, root.PersistentFlags())
	for _, group := range root.Groups() {
		for _, cmd := range root.Commands() {
			if cmd.GroupID == group.ID {
				writeCommand(&b, cmd)
			}
		}
	}
	_, err := io.WriteString(w, strings.TrimRight(b.String(), "\n")+"\n")
	return err
}

// referenceIntro is what holds for all commands.
const referenceIntro = `Every command takes an optional ` + "`DIR`" + `, the directory of the configuration; the default is the
working directory. Results go to the standard output, everything else to the standard error. Colours
are printed on a terminal only; ` + "`NO_COLOR`" + ` and ` + "`--no-color`" + ` turn them off, ` + "`CLICOLOR_FORCE=1`" + `
turns them on.

## Which app, and which key

| what | flag | environment | configuration |
|---|---|---|---|
| the app's id | ` + "`--app-id`" + ` | ` + "`COMETCHAT_APP_ID`" + ` | ` + "`cometchat { app_id }`" + ` |
| its region | ` + "`--region`" + ` | ` + "`COMETCHAT_REGION`" + ` | ` + "`cometchat { region }`" + ` |
| an app elsewhere | ` + "`--endpoint`" + ` | ` + "`COMETCHAT_ENDPOINT`" + ` | ` + "`cometchat { endpoint }`" + ` |
| the REST API key | ` + "`--api-key-file`" + ` | ` + "`COMETCHAT_API_KEY`" + ` | never |

A flag counts more than the environment, and the environment more than the configuration. The key is
needed only by what sends: a plan uses neither key nor network; without a key, what sends ends with
code 1. An endpoint is scheme, host and port, and takes the place of the region;
plain ` + "`http`" + ` is refused except for this machine and, with a warning, for private addresses.

The state of a dataset and an app is ` + "`sow.APP.state.jsonl`" + ` beside the configuration, or what ` + "`--state`" + `
names. Without an app id, a plan takes the only such file there is.

`

// writeCommand writes the section of one command, and those of its own
// commands after it.
func writeCommand(b *strings.Builder, cmd *cobra.Command) {
	fmt.Fprintf(b, "## %s\n\n", cmd.CommandPath())
	if cmd.Runnable() {
		fmt.Fprintf(b, "```\n%s\n```\n\n", strings.TrimSuffix(cmd.UseLine(), " [flags]"))
	}
	writeProse(b, cmd.Long)
	writeExample(b, cmd.Example)
	writeFlags(b, cmd.NonInheritedFlags())
	subs := slices.Clone(cmd.Commands())
	for _, sub := range subs {
		writeCommand(b, sub)
	}
}

// writeProse writes help text: paragraphs stay, indented lines are code.
func writeProse(b *strings.Builder, text string) {
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if strings.HasPrefix(paragraph, "  ") {
			fmt.Fprintf(b, "```\n%s\n```\n\n", unindent(paragraph))
			continue
		}
		fmt.Fprintf(b, "%s\n\n", strings.ReplaceAll(paragraph, "*", `\*`))
	}
}

func writeExample(b *strings.Builder, text string) {
	if text != "" {
		fmt.Fprintf(b, "```sh\n%s\n```\n\n", unindent(text))
	}
}

// unindent takes two leading spaces off every line.
func unindent(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "  ")
	}
	return strings.Join(lines, "\n")
}

func writeFlags(b *strings.Builder, flags *pflag.FlagSet) {
	var rows []string
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		kind, text := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if kind != "" {
			name += " " + strings.ToUpper(kind)
		}
		if !slices.Contains([]string{"", "false", "0", "0s", "[]"}, f.DefValue) {
			text += " (default: " + f.DefValue + ")"
		}
		rows = append(rows, fmt.Sprintf("| `%s` | %s |", name, strings.ReplaceAll(text, "|", `\|`)))
	})
	if len(rows) > 0 {
		fmt.Fprintf(b, "| flag | meaning |\n|---|---|\n%s\n\n", strings.Join(rows, "\n"))
	}
}
