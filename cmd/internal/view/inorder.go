package view

import (
	"bufio"
	"io"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"
)

// inOrder prints n parts to p, in their order. They are made several at a time,
// each with a printer of its own that is like p; p must not be bounded. After
// the first part that fails, nothing more is printed.
func inOrder(p *printer, n int, print func(p *printer, part int) error) error {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	printers := sync.Pool{New: func() any { return &partPrinter{printer: printer{paint: p.paint, width: p.width}} }}
	turn := make(chan struct{})
	close(turn)
	failed := false // read and written by the part whose turn it is
	for part := range n {
		mine, next := turn, make(chan struct{})
		turn = next
		group.Go(func() error {
			defer close(next)
			one := printers.Get().(*partPrinter)
			defer printers.Put(one)
			one.begin(p.w, mine, &failed)
			err := print(&one.printer, part)
			if err == nil {
				err = one.w.Flush()
			}
			if err == nil {
				err = one.handOver()
			}
			<-mine
			failed = failed || err != nil
			return err
		})
	}
	return group.Wait()
}

// partPrinter prints one part. It holds what is printed until it is the part's
// turn, unless that becomes much.
type partPrinter struct {
	printer
	out    io.Writer
	turn   <-chan struct{}
	failed *bool // a part before did; to be read when it is this one's turn
	held   []byte
}

// maxHeld is how much of a part is held at most.
const maxHeld = 256 << 10

// begin makes the printer one of a part that goes to out when turn is closed.
func (p *partPrinter) begin(out io.Writer, turn <-chan struct{}, failed *bool) {
	p.out, p.turn, p.failed, p.held = out, turn, failed, p.held[:0]
	if p.w == nil {
		p.w = bufio.NewWriterSize(p, 4<<10)
		return
	}
	p.w.Reset(p)
}

// Write implements [io.Writer].
func (p *partPrinter) Write(b []byte) (int, error) {
	if len(p.held)+len(b) > maxHeld {
		if err := p.handOver(); err != nil {
			return 0, err
		}
	}
	p.held = append(p.held, b...)
	return len(b), nil
}

// handOver prints what is held, once it is the part's turn.
func (p *partPrinter) handOver() (err error) {
	<-p.turn
	if !*p.failed {
		_, err = p.out.Write(p.held)
	}
	p.held = p.held[:0]
	return err
}
