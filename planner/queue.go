package planner

import "sync"

// queue hands lanes to workers in order and takes their results in order.
// Workers run ahead only so far that what is held until its turn stays small.
type queue struct {
	lanes int
	ahead chan struct{}   // a token for each lane that was handed out and not taken
	turns []chan struct{} // closed when all lanes before are taken

	mu     sync.Mutex
	handed int
	taken  int
	done   map[int]func() error // results that wait for their turn
	err    error                // of the first that failed; none is taken after it
}

func newQueue(lanes, workers int) *queue {
	q := &queue{
		lanes: lanes, ahead: make(chan struct{}, 8*workers),
		turns: make([]chan struct{}, lanes+1), done: make(map[int]func() error),
	}
	for i := range q.turns {
		q.turns[i] = make(chan struct{})
	}
	close(q.turns[0])
	return q
}

// next returns the next lane to be planned; ok is false after the last, and
// after an error.
func (q *queue) next() (i int, ok bool) {
	q.ahead <- struct{}{}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.handed == q.lanes || q.err != nil {
		<-q.ahead
		return 0, false
	}
	q.handed++
	return q.handed - 1, true
}

// finish hands in the result of the ith lane. It is taken when it is the
// lane's turn, by whichever worker comes by.
func (q *queue) finish(i int, take func() error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.done[i] = take
	for {
		take, ok := q.done[q.taken]
		if !ok {
			return
		}
		delete(q.done, q.taken)
		if q.err == nil {
			q.err = take()
		}
		q.taken++
		close(q.turns[q.taken])
		<-q.ahead
	}
}

// laneWriter takes the lines of one lane. It holds the first of them until it
// is the lane's turn.
type laneWriter struct {
	body    *store
	turn    <-chan struct{}
	held    []byte
	started bool
}

// maxHeld is how much of a lane is held until it is its turn.
const maxHeld = 512 << 10

// reset makes the writer one of a lane that gets its turn when that is closed.
func (w *laneWriter) reset(turn <-chan struct{}) {
	w.turn, w.held, w.started = turn, w.held[:0], false
}

func (w *laneWriter) write(line []byte) error {
	w.held = append(w.held, line...)
	if len(w.held) < maxHeld {
		return nil
	}
	<-w.turn
	return w.flush()
}

// again forgets what was written of the lane.
func (w *laneWriter) again() {
	w.held = w.held[:0]
	if w.started {
		w.body.again()
	}
}

// flush writes what is held. It is for the lane whose turn it is.
func (w *laneWriter) flush() error {
	if !w.started {
		w.started = true
		w.body.begin()
	}
	err := w.body.write(w.held)
	w.held = w.held[:0]
	return err
}
