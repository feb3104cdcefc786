package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sowdev/sow/planner"
)

// approval is how a plan may be agreed to.
type approval struct {
	auto         bool   // --auto-approve
	expect       string // --expect
	allowDeletes bool
	force        bool
	reviewed     bool // the plan comes from a file that somebody could look at
}

func (a *approval) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&a.auto, "auto-approve", false, "do not ask")
	f.StringVar(&a.expect, "expect", "", "go on only if the plan has this `digest`, and do not ask")
}

// guard refuses what no answer on a terminal makes right.
func (a *approval) guard(p *planner.Plan) error {
	if a.expect != "" && p.Expect(a.expect) != nil {
		if digest, whole := strings.CutPrefix(a.expect, "sha256:"); !whole || len(digest) != 64 {
			return fail(exitRefused, "The plan is another one",
				"--expect asks for %q, which is not a whole digest. A digest is sha256: and 64 hexadecimal digits; the heading of a plan shortens it, and the last line of the plan has it whole. Nothing was sent.", a.expect)
		}
		return fail(exitRefused, "The plan is another one",
			"The plan has the digest %s, and --expect asks for %s. Nothing was sent. The configuration, the variables, the state or the app differ from what was reviewed; the plan above is what would be done now. Review it again:\n  sow plan",
			p.Digest, a.expect)
	}
	var much *planner.GuardError
	if err := p.Guard(); !a.force && errors.As(err, &much) {
		return fail(exitRefused, "The plan removes too much",
			"It deletes or replaces %d of %d objects, which is more than %d %%. Nothing was sent. If that is what you want, say so:\n  --force",
			much.Removed, much.Seeded, planner.GuardShare)
	}
	unreviewed := a.auto && a.expect == "" && !a.reviewed
	if n := deletes(p); unreviewed && n > 0 && !p.Destroy && !a.allowDeletes {
		return fail(exitRefused, "The plan deletes",
			"It deletes %s, and nobody has looked at it. Nothing was sent. Look at it, then agree to deletes, or to just this plan:\n  --auto-approve --allow-deletes\n  --expect %s", objects(n), p.Digest)
	}
	return nil
}

func objects(n int) string {
	if n == 1 {
		return "1 object"
	}
	return fmt.Sprintf("%d objects", n)
}

// deletes counts what the plan deletes in the app. Who was there before sow only
// leaves the state.
func deletes(p *planner.Plan) int {
	n := p.Counts.Users.Delete + p.Counts.Groups.Delete + p.Counts.Messages.Delete
	for i := range p.Users {
		if u := &p.Users[i]; u.Action == planner.Delete && u.Forget {
			n--
		}
	}
	for i := range p.Groups {
		if g := &p.Groups[i]; g.Action == planner.Delete && g.Forget {
			n--
		}
	}
	return n
}

// given reports whether the plan is agreed to without a question.
func (a *approval) given() bool { return a.auto || a.expect != "" || a.reviewed }

// ask gets the agreement that nothing else has given. Without a terminal
// there is nobody to ask.
func (a *approval) ask(ctx context.Context, r *run, question string) error {
	if a.given() {
		return ctx.Err() // Ctrl-C while the plan was made takes the agreement back
	}
	if !r.env.Terminal.Stdin {
		return fail(exitRefused, "Nobody approved",
			"There is no terminal to ask on. Nothing was sent. Agree without being asked, or agree to a plan that was looked at, by its digest or as a file:\n  --auto-approve\n  --expect sha256:…\n  sow plan --out FILE, then sow apply FILE")
	}
	yes, err := r.confirm(ctx, question)
	if err == nil && !yes {
		err = fail(exitRefused, "Not approved", "The answer was not \"yes\". Nothing was sent.")
	}
	return err
}

// confirm asks on the terminal, and reports whether the answer was yes.
func (r *run) confirm(ctx context.Context, question string) (bool, error) {
	r.view.Ask(question + ` Only "yes" is taken: `)
	answer, err := readLine(ctx, r.env.Stdin)
	return answer == "yes", err
}

// readLine reads one line. A read from a terminal cannot be interrupted, so it
// is left behind when ctx ends.
func readLine(ctx context.Context, in io.Reader) (string, error) {
	type result struct {
		line string
		err  error
	}
	read := make(chan result, 1)
	go func() {
		line, err := bufio.NewReader(in).ReadString('\n')
		read <- result{strings.TrimSpace(line), err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case got := <-read:
		if errors.Is(got.err, io.EOF) {
			return got.line, nil
		}
		return got.line, got.err
	}
}
