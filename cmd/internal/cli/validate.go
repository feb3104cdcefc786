package cli

import (
	"context"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/sowdev/sow/cmd/internal/view"
	"github.com/sowdev/sow/config"
)

type validateOptions struct {
	dir  string
	json bool
	vars variables
}

func newValidateCmd(r *run) *cobra.Command {
	o := &validateOptions{}
	cmd := &cobra.Command{
		Use:     "validate [DIR]",
		GroupID: groupWrite,
		Short:   "Check a configuration",
		Long: `Checks everything that can be known from the files alone: the language, the
references, every limit that CometChat documents for people, groups and
messages. All mistakes are told together, each with its place. It uses neither
the state nor the network nor a key.`,
		Example: `  sow validate
  sow validate --json demo`,
		Args: atMostOne("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dir = dirOf(args)
			return runValidate(cmd.Context(), r, o)
		},
	}
	o.vars.bind(cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, "print a JSON document")
	return cmd
}

func runValidate(ctx context.Context, r *run, o *validateOptions) error {
	v := r.show(document(o.json), nil)
	cfg, diags := config.Load(o.dir, o.vars.options(r.env))
	r.sources = cfg.Source
	var messages atomic.Int64
	for _, c := range cfg.Conversations {
		c.Read = counted(c.Read, &messages)
	}
	diags = config.Merge(diags, cfg.Check())
	if err := ctx.Err(); err != nil {
		return err
	}
	err := v.Validation(view.Validation{
		Diagnostics:   diags,
		Dataset:       cfg.Dataset,
		Users:         len(cfg.Users),
		Groups:        len(cfg.Groups),
		Conversations: len(cfg.Conversations),
		Messages:      int(messages.Load()),
	}, cfg.Source)
	if err == nil && diags.HasErrors() {
		err = status(exitError)
	}
	return err
}
