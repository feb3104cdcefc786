package state

import "sync"

const (
	blockSize    = 64 << 10
	recentBlocks = 128
)

// recent keeps the parts of the journal that were read last. The records of the
// lanes that ran side by side lie among each other, and one lane's are wanted
// after the other's: without it, each lane would read all of the others' too.
// Its methods may be called concurrently.
type recent struct {
	mu    sync.Mutex
	slots [recentBlocks]struct {
		number int64
		data   []byte // nil when the slot is empty; never written to again
	}
}

// block returns the journal's bytes from number*blockSize on: a whole block, or
// what there is of the last one. They must not be changed.
func (r *recent) block(f *Files, number int64) ([]byte, error) {
	slot := &r.slots[number%recentBlocks]
	r.mu.Lock()
	data, there := slot.data, slot.data != nil && slot.number == number
	r.mu.Unlock()
	if there {
		return data, nil
	}
	start := number * blockSize
	data = make([]byte, min(blockSize, f.log.end-start))
	if got, err := f.journal.ReadAt(data, start); got < len(data) {
		return nil, f.journalAccess(err)
	}
	r.mu.Lock()
	slot.number, slot.data = number, data
	r.mu.Unlock()
	return data, nil
}
