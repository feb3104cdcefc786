package planner

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"
	"time"

	"github.com/sowdev/sow/config/addr"
)

// Body holds the encoded changes of a plan's lanes: in memory, in a spool, or
// in a plan file. Its methods may be called concurrently.
type Body interface {
	// Section returns the changes of the ith lane, one line each, in the form
	// that Encoding names.
	Section(i int) *io.SectionReader
	Close() error
}

// Spool takes the lanes of a plan that is too large for memory: they are
// written once, in order, and read back from then on. Close removes it.
type Spool interface {
	io.Writer
	io.ReaderAt
	io.Closer
}

// Body returns what the plan's lanes are read from, so that it can be saved as
// it is.
func (p *Plan) Body() Body { return p.body }

// Attach gives a plan that was read from somewhere its lanes.
func (p *Plan) Attach(body Body) { p.body, p.carriers = body, &carrierIndex{} }

// Compose gives a plan that was made by hand its lanes, in the order of
// p.Lanes. It encodes them as Build does, so that what Lane yields is equal to
// what was given, but not the same.
func (p *Plan) Compose(lanes [][]*MessageChange) {
	s := newStore(nil)
	var line []byte
	for i, lane := range lanes {
		index := make(map[addr.Object]int)
		for c, change := range p.Lanes[i].Changes {
			index[change.Addr] = c
		}
		s.begin()
		for _, m := range lane {
			c, ok := index[m.Addr.Conversation]
			if !ok {
				panic(fmt.Sprintf("planner: %s is not in lane %d", m.Addr, i))
			}
			line = appendChange(line[:0], m, c)
			if err := s.write(line); err != nil {
				panic(err) // memory has no errors
			}
		}
	}
	p.Attach(s)
}

// readSize is how much of a long lane is read at once.
const readSize = 16 << 10

// readLane is Lane.
func (p *Plan) readLane(i int) iter.Seq2[*MessageChange, error] {
	return func(yield func(*MessageChange, error) bool) {
		if p.body == nil {
			yield(nil, errors.New("the plan has no lanes to read"))
			return
		}
		carried := p.carriers.of(p)
		clock := resolver{plan: p}
		d := newChangeDecoder(p.Dataset, &p.Lanes[i])
		section := p.body.Section(i)
		lines := bufio.NewReaderSize(section, int(min(section.Size(), readSize)))
		var long []byte
		for {
			line, err := lines.ReadSlice('\n')
			if errors.Is(err, bufio.ErrBufferFull) {
				long = append(long, line...)
				continue
			}
			if len(long) > 0 {
				long = append(long, line...)
				line, long = long, nil
			}
			if errors.Is(err, io.EOF) && len(line) == 0 {
				return
			}
			if err != nil {
				yield(nil, fmt.Errorf("cannot read the plan: %w", err))
				return
			}
			m, err := d.decode(string(bytes.TrimSuffix(line, []byte{'\n'})))
			if err != nil {
				yield(nil, fmt.Errorf("cannot read the plan: lane %d: %w", i+1, err))
				return
			}
			if len(carried) > 0 {
				m.Carries = carried[m.Addr]
			}
			clock.resolve(m)
			if !yield(m, nil) {
				return
			}
		}
	}
}

// carrierIndex lists what each carrier creates: users by address, then the
// group. It is made when a lane is first read.
type carrierIndex struct {
	once    sync.Once
	carried map[addr.Message][]addr.Object
}

func (c *carrierIndex) of(p *Plan) map[addr.Message][]addr.Object {
	c.once.Do(func() { c.carried = p.carried() })
	return c.carried
}

func (p *Plan) carried() map[addr.Message][]addr.Object {
	carried := make(map[addr.Message][]addr.Object)
	for i := range p.Users {
		if u := &p.Users[i]; u.Carrier != nil {
			carried[*u.Carrier] = append(carried[*u.Carrier], u.Addr)
		}
	}
	for i := range p.Groups {
		if g := &p.Groups[i]; g.Carrier != nil {
			carried[*g.Carrier] = append(carried[*g.Carrier], g.Addr)
		}
	}
	return carried
}

// FutureError says that pinning a plan would send a message before its time
// has come.
type FutureError struct {
	At     Time  // as declared
	SentAt int64 // what it comes to
	Anchor int64
}

func (e *FutureError) Error() string {
	return fmt.Sprintf("with the anchor at %s, the time %q is %s, which is still to come: plan again, or declare an anchor",
		time.Unix(e.Anchor, 0).UTC().Format(time.RFC3339), e.At, time.Unix(e.SentAt, 0).UTC().Format(time.RFC3339))
}

// Pin fixes the anchor of a plan that has none, as an apply does when it
// begins: from here on Lane yields times that count from it. A [*FutureError]
// says that a time of the plan would lie after the anchor; the plan is as it
// was then. Pin does nothing to a plan that has an anchor. It must not be
// called while lanes are read.
func (p *Plan) Pin(anchor int64) error {
	if p.Anchor != nil {
		return nil
	}
	for _, t := range p.Latest {
		if at := t.At(anchor); at > anchor {
			return &FutureError{At: t, SentAt: at, Anchor: anchor}
		}
	}
	p.Anchor = &anchor
	return nil
}

// resolver turns the times of a plan that was pinned after it was made into
// instants. Between two times with different bases the distance may have
// changed, so it also holds that a lane's times increase.
type resolver struct {
	plan *Plan
	last int64
}

func (r *resolver) resolve(m *MessageChange) {
	if m.After == nil || r.plan.Anchor == nil {
		return
	}
	if m.When.Base != 0 {
		m.After.SentAt = max(m.When.At(*r.plan.Anchor), r.last+1)
	}
	r.last = m.After.SentAt
}
