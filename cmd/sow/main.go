// Command sow seeds a CometChat app from HCL.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/sowdev/sow/cmd/internal/cli"
)

func main() { os.Exit(run()) }

func run() int {
	applying := paceCollector()
	ctx, abort := context.WithCancel(context.Background())
	defer abort()
	env := cli.Env{
		Stdin:   os.Stdin,
		Stdout:  os.Stdout,
		Stderr:  os.Stderr,
		Environ: os.Environ(),
		Now:     time.Now,
		Terminal: cli.Terminal{
			Stdin:  term.IsTerminal(int(os.Stdin.Fd())),
			Stdout: term.IsTerminal(int(os.Stdout.Fd())),
			Stderr: term.IsTerminal(int(os.Stderr.Fd())),
			Width:  width,
		},
		Stop:     listen(ctx, abort),
		Applying: applying,
	}
	return cli.Main(ctx, os.Args[1:], env)
}

// listen returns a child of ctx that ends with the first signal that asks the
// program to end, and calls abort with the second; a third one kills.
func listen(ctx context.Context, abort func()) context.Context {
	// A reader that goes away (| head) makes writes fail; it must not kill an
	// apply between a send and its record.
	signal.Ignore(syscall.SIGPIPE)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup
		signal.Notify(signals, syscall.SIGHUP)
	}
	stopped, stop := context.WithCancel(ctx)
	go func() {
		<-signals
		stop()
		<-signals
		abort()
		signal.Stop(signals)
	}()
	return stopped
}

// width returns the columns of the terminal, or 0 without one.
func width() int {
	for _, f := range []*os.File{os.Stdout, os.Stderr} {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil {
			return columns
		}
	}
	return 0
}
