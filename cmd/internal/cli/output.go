package cli

import (
	"errors"
	"io"
	"os"
	"syscall"

	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/cmd/internal/view"
)

// show chooses the form of what the command shows. Errors are shown in that
// form too, so a command calls it before anything that can fail.
func (r *run) show(format view.Format, events io.Writer) *view.View {
	r.view = view.New(view.Options{
		Out:         r.env.Stdout,
		Err:         r.env.Stderr,
		OutTerminal: r.env.Terminal.Stdout,
		ErrTerminal: r.env.Terminal.Stderr,
		Width:       r.env.Terminal.Width,
		Getenv:      r.env.Getenv,
		NoColor:     r.globals.noColor,
		Format:      format,
		Events:      events,
	})
	return r.view
}

// document is the format of a command that has a result.
func document(json bool) view.Format {
	if json {
		return view.JSON
	}
	return view.Text
}

// stream is the format of a command that acts.
func stream(json bool) view.Format {
	if json {
		return view.Stream
	}
	return view.Text
}

// warn shows a warning that no file is to blame for.
func (r *run) warn(summary, detail string) {
	r.view.Diagnostics(hcl.Diagnostics{{Severity: hcl.DiagWarning, Summary: summary, Detail: detail}}, nil)
}

// errReaderGone says that nobody reads the standard output any more.
var errReaderGone = errors.New("nobody reads the output")

// outlet tells a reader that went away (| head) from an output that fails
// (> /dev/full): the first is not an error of anybody's, the second loses a
// result.
type outlet struct{ w io.Writer }

func (o outlet) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, os.ErrClosed) {
		err = errReaderGone
	}
	return n, err
}

// lessGone returns err unless it only says that the reader of the output went
// away.
func lessGone(err error) error {
	if errors.Is(err, errReaderGone) {
		return nil
	}
	return err
}
