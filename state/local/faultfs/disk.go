// Package faultfs is a disk in memory for tests, which breaks on command: any
// operation can fail, be done in part, or be the last thing that a process
// does, and a power cut loses what was not synced.
package faultfs

import (
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"

	"github.com/sowdev/sow/state/local"
)

// Kind is what an operation does.
type Kind string

// The kinds of operations.
const (
	Open    Kind = "open"
	Read    Kind = "read"
	Create  Kind = "create"
	Write   Kind = "write"
	Sync    Kind = "sync"
	Rename  Kind = "rename"
	Link    Kind = "link"
	Remove  Kind = "remove"
	Stat    Kind = "stat"
	SyncDir Kind = "syncdir"
	Lock    Kind = "lock"
)

// Changes reports whether operations of this kind change what is on the disk.
func (k Kind) Changes() bool { return k != Open && k != Read && k != Stat && k != Lock }

// Op is one operation, before it is done.
type Op struct {
	N    int // counted from 1 over all processes of the disk
	Kind Kind
	Name string // of the file; of a rename, the new name
	Size int    // bytes of a write
}

// Fault says how an operation goes wrong. The zero Fault lets it be.
type Fault struct {
	// Err is what the operation returns.
	Err error
	// Stop ends the process with this operation, which returns [ErrStopped].
	Stop bool
	// Done is how much of a failed or last operation is done all the same: of
	// a write so many bytes, of others everything if it is not 0.
	Done int
}

// ErrStopped is what every operation of a process returns that has ended.
var ErrStopped = errors.New("faultfs: the process has ended")

// Disk is a disk and the machine it is in. It may be used concurrently.
type Disk struct {
	mu       sync.Mutex
	dirs     map[string]bool
	names    map[string]*inode // as processes see them
	durable  map[string]*inode // as they are after a power cut
	boot     int
	epoch    int // raised when the running processes end
	ops      int
	inodes   int
	fault    func(Op) Fault
	readOnly bool
	room     int // bytes that may still be written; negative: any number
	living   int // the process id that runs on this machine; 0 when none does
}

// inode is the content of a file, whatever it is called.
type inode struct {
	id      int
	perm    fs.FileMode
	data    []byte // as processes see it
	durable []byte // as it surely is after a power cut
	doubts  []span // what a failed sync left: later ones do not write it again
	locked  int    // the epoch whose process holds the lock, or 0
}

// span is a part of a file.
type span struct{ from, to int }

func (n *inode) doubt(from, to int) {
	n.doubts = append(n.doubts, span{from, to})
}

// New returns an empty disk with these folders.
func New(dirs ...string) *Disk {
	d := &Disk{dirs: map[string]bool{}, names: map[string]*inode{}, durable: map[string]*inode{}, boot: 1, epoch: 1, room: -1}
	for _, dir := range dirs {
		d.dirs[filepath.Clean(dir)] = true
	}
	return d
}

// FS returns the disk as a new process sees it.
func (d *Disk) FS() local.FS {
	d.mu.Lock()
	defer d.mu.Unlock()
	return process{disk: d, epoch: d.epoch}
}

// OnOp has fault decide about every operation from now on; nil lets all be.
func (d *Disk) OnOp(fault func(Op) Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault = fault
}

// Ops returns the number of operations so far.
func (d *Disk) Ops() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ops
}

// SetReadOnly makes changes fail with EROFS.
func (d *Disk) SetReadOnly(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.readOnly = on
}

// SetRoom bounds the bytes that can be written from now on; then ENOSPC. A
// negative room is endless.
func (d *Disk) SetRoom(bytes int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.room = bytes
}

// SetLiving says which process id runs on this machine, whose host name is
// [Host]; 0 is none.
func (d *Disk) SetLiving(pid int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.living = pid
}

// Host is the name of the machine that every disk is in.
const Host = "host"

// Kill ends all processes. What they wrote stays, synced or not.
func (d *Disk) Kill() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.epoch++
}

// sector is what a disk writes in one go. It is small, so that small tests see
// many torn writes.
const sector = 32

// PowerCut ends all processes and the boot. Of what was not synced, random
// decides what is there: of a file any sectors of any length, of names any.
func (d *Disk) PowerCut(random *rand.Rand) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.epoch++
	d.boot++
	all := maps.Clone(d.durable)
	maps.Copy(all, d.names)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if d.names[name] == d.durable[name] || random.IntN(2) == 0 {
			continue
		}
		if node := d.names[name]; node != nil {
			d.durable[name] = node
		} else {
			delete(d.durable, name)
		}
	}
	torn := map[*inode]bool{}
	for _, name := range slices.Sorted(maps.Keys(d.durable)) {
		node := d.durable[name]
		if torn[node] {
			continue
		}
		torn[node] = true
		node.tear(random)
	}
	d.names = maps.Clone(d.durable)
}

// tear mixes what is surely on the disk with what was written since.
func (n *inode) tear(random *rand.Rand) {
	short, long := min(len(n.durable), len(n.data)), max(len(n.durable), len(n.data))
	mixed := make([]byte, short+random.IntN(long-short+1))
	copy(mixed, n.durable)
	for from := 0; from < len(mixed); from += sector {
		to := min(from+sector, len(mixed))
		for _, d := range n.doubts {
			if d.from < to && from < d.to && random.IntN(2) == 0 {
				clear(mixed[max(from, d.from):min(to, d.to)])
			}
		}
		if from < len(n.data) && random.IntN(2) == 0 {
			copy(mixed[from:to], n.data[from:])
		}
	}
	n.data, n.durable, n.doubts = mixed, slices.Clone(mixed), nil
}

// Files returns what the processes see.
func (d *Disk) Files() map[string][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	files := map[string][]byte{}
	for name, node := range d.names {
		files[name] = slices.Clone(node.data)
	}
	return files
}

// WriteFile puts a file on the disk as another program would, durably.
func (d *Disk) WriteFile(name string, data []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	node := d.newInode(0o644)
	node.data, node.durable = slices.Clone(data), slices.Clone(data)
	d.names[name], d.durable[name] = node, node
}

// RemoveFile takes a file away as another program would, durably.
func (d *Disk) RemoveFile(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.names, name)
	delete(d.durable, name)
}

func (d *Disk) newInode(perm fs.FileMode) *inode {
	d.inodes++
	return &inode{id: d.inodes, perm: perm}
}

func (d *Disk) bootID() string { return "boot-" + strconv.Itoa(d.boot) }

// lookup returns the file with the name.
func (d *Disk) lookup(kind Kind, name string) (*inode, error) {
	node := d.names[name]
	if node == nil {
		return nil, pathError(kind, name, syscall.ENOENT)
	}
	return node, nil
}

// create returns a new, nameless file, if it may have the name.
func (d *Disk) create(kind Kind, name string, perm fs.FileMode) (*inode, error) {
	if !d.dirs[filepath.Dir(name)] {
		return nil, pathError(kind, name, syscall.ENOENT)
	}
	if d.readOnly { // locking creates, too
		return nil, pathError(kind, name, syscall.EROFS)
	}
	return d.newInode(perm), nil
}

func pathError(kind Kind, name string, err error) error {
	return &fs.PathError{Op: string(kind), Path: name, Err: err}
}
