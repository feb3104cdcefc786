// Package cli is the command line of sow: one file per command.
//
// A command is an options struct, a constructor that binds flags to it, and a
// run function that does the work with what [Env] gives it. Nothing here reads
// the process's own environment or writes to its streams, so every command
// runs in a test as it runs in a shell. Commands never print: what people see
// is the business of package view.
package cli

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"
)

// Env is what a command has of the world.
type Env struct {
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	// Environ is the environment, as os.Environ gives it.
	Environ  []string
	Terminal Terminal
	Now      func() time.Time
	// Transport carries the requests to the app; nil means the client's own.
	Transport http.RoundTripper
	// Stop ends when the person wants the command to end: a command that is
	// sending lets what is in flight settle, any other ends at once. It is made
	// from the context given to Main, which ends when the command has to end
	// without waiting. A nil Stop is that context itself.
	Stop context.Context
	// Applying, when set, is called when a command begins that is to send
	// something: time counts for it more than memory.
	Applying func()
}

// Terminal says which of the streams are terminals.
type Terminal struct {
	Stdin, Stdout, Stderr bool
	// Width returns the width of the terminal in columns, or 0 when there is
	// none.
	Width func() int
}

// Getenv returns the value of an environment variable, or "". As in a shell,
// the last of several settings counts.
func (e Env) Getenv(name string) string {
	for i := len(e.Environ) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(e.Environ[i], name+"="); ok {
			return value
		}
	}
	return ""
}

// Main runs sow with the arguments that follow the program's name and returns
// the exit code. When ctx ends, the command is abandoned; see [Env.Stop] for
// the gentle way.
func Main(ctx context.Context, args []string, env Env) int {
	env.Stdout = outlet{env.Stdout}
	r := newRun(ctx, env)
	root := newRootCmd(r)
	root.SetArgs(args)
	return r.finish(root.ExecuteContext(r.stopped))
}
