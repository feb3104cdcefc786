package faultfs

import (
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/sowdev/sow/state/local"
)

// process is the disk as one process sees it. It implements [local.FS].
type process struct {
	disk  *Disk
	epoch int
}

// do does one operation, or what is left of it after a fault: how much of a
// write's bytes, or for others 0 or 1.
func (p process) do(op Op, apply func(much int) error) error {
	d := p.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if p.epoch != d.epoch {
		return ErrStopped
	}
	d.ops++
	op.N = d.ops
	var fault Fault
	if d.fault != nil {
		fault = d.fault(op)
	}
	if fault == (Fault{}) && d.readOnly && op.Kind.Changes() && op.Kind != Sync && op.Kind != SyncDir {
		fault.Err = syscall.EROFS
	}
	if fault.Err == nil && !fault.Stop {
		return apply(max(op.Size, 1))
	}
	var err error
	if fault.Done > 0 {
		err = apply(min(fault.Done, max(op.Size, 1)))
	}
	if op.Kind == Sync && fault.Err != nil {
		if node := d.names[op.Name]; node != nil {
			node.doubt(len(node.durable), len(node.data))
		}
	}
	if fault.Stop {
		d.epoch++
		return ErrStopped
	}
	if err != nil {
		return err
	}
	return pathError(op.Kind, op.Name, fault.Err)
}

// Open implements [local.FS].
func (p process) Open(name string) (f local.File, err error) {
	err = p.do(Op{Kind: Open, Name: name}, func(int) error {
		node, err := p.disk.lookup(Open, name)
		f = &file{process: p, name: name, node: node}
		return err
	})
	return f, err
}

// Create implements [local.FS].
func (p process) Create(name string, perm fs.FileMode) (f local.File, err error) {
	err = p.do(Op{Kind: Create, Name: name}, func(int) error {
		node := p.disk.names[name]
		fresh, err := p.disk.create(Create, name, perm)
		if err != nil {
			return err
		}
		if node == nil {
			node = fresh
			p.disk.names[name] = node
		}
		node.data, node.doubts = nil, nil
		f = &file{process: p, name: name, node: node}
		return nil
	})
	return f, err
}

// Rename implements [local.FS].
func (p process) Rename(from, to string) error {
	return p.do(Op{Kind: Rename, Name: to}, func(int) error {
		node, err := p.disk.lookup(Rename, from)
		if err != nil {
			return err
		}
		delete(p.disk.names, from)
		p.disk.names[to] = node
		return nil
	})
}

// Link implements [local.FS].
func (p process) Link(from, to string) error {
	return p.do(Op{Kind: Link, Name: to}, func(int) error {
		node, err := p.disk.lookup(Link, from)
		if err != nil {
			return err
		}
		if p.disk.names[to] != nil {
			return pathError(Link, to, syscall.EEXIST)
		}
		p.disk.names[to] = node
		return nil
	})
}

// Remove implements [local.FS].
func (p process) Remove(name string) error {
	return p.do(Op{Kind: Remove, Name: name}, func(int) error {
		if _, err := p.disk.lookup(Remove, name); err != nil {
			return err
		}
		delete(p.disk.names, name)
		return nil
	})
}

// Stat implements [local.FS].
func (p process) Stat(name string) (i fs.FileInfo, err error) {
	err = p.do(Op{Kind: Stat, Name: name}, func(int) error {
		node, err := p.disk.lookup(Stat, name)
		if err == nil {
			i = info{name: name, node: node, size: int64(len(node.data))}
		}
		return err
	})
	return i, err
}

// SameFile implements [local.FS].
func (p process) SameFile(a, b fs.FileInfo) bool { return a.Sys() == b.Sys() }

// SyncDir implements [local.FS].
func (p process) SyncDir(dir string) error {
	return p.do(Op{Kind: SyncDir, Name: dir}, func(int) error {
		maps.DeleteFunc(p.disk.durable, func(name string, _ *inode) bool {
			return filepath.Dir(name) == filepath.Clean(dir)
		})
		for name, node := range p.disk.names {
			if filepath.Dir(name) == filepath.Clean(dir) {
				p.disk.durable[name] = node
			}
		}
		return nil
	})
}

// Resolve implements [local.FS]. The disk has no symbolic links.
func (p process) Resolve(name string) (string, error) { return filepath.Clean(name), nil }

// Runs implements [local.FS].
func (p process) Runs(host string, pid int) bool {
	p.disk.mu.Lock()
	defer p.disk.mu.Unlock()
	return host == Host && pid != 0 && pid == p.disk.living
}

// Boot implements [local.FS].
func (p process) Boot() string {
	p.disk.mu.Lock()
	defer p.disk.mu.Unlock()
	return p.disk.bootID()
}

// TryLock implements [local.FS].
func (p process) TryLock(name string, note []byte) (h local.Held, holder []byte, err error) {
	err = p.do(Op{Kind: Lock, Name: name}, func(int) error {
		node := p.disk.names[name]
		if node != nil && node.locked == p.epoch {
			holder = slices.Clone(node.data)
			return nil
		}
		if node == nil {
			if node, err = p.disk.create(Lock, name, 0o644); err != nil {
				return err
			}
			p.disk.names[name] = node
		}
		node.locked, node.data = p.epoch, slices.Clone(note)
		h = &held{process: p, name: name, node: node}
		return nil
	})
	return h, holder, err
}

type held struct {
	process
	name string
	node *inode
}

// Lost implements [local.Held].
func (h *held) Lost() bool {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	return h.disk.names[h.name] != h.node || h.node.locked != h.epoch
}

// Unlock implements [local.Held].
func (h *held) Unlock() error {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if h.epoch != h.disk.epoch {
		return ErrStopped
	}
	h.node.locked = 0
	if h.disk.names[h.name] == h.node {
		delete(h.disk.names, h.name)
	}
	return nil
}

// file is an open file.
type file struct {
	process
	name string
	node *inode
}

// ReadAt implements [local.File].
func (f *file) ReadAt(p []byte, offset int64) (n int, err error) {
	err = f.do(Op{Kind: Read, Name: f.name}, func(int) error {
		if offset < int64(len(f.node.data)) {
			n = copy(p, f.node.data[offset:])
		}
		if n < len(p) {
			return io.EOF
		}
		return nil
	})
	return n, err
}

// Write implements [local.File].
func (f *file) Write(p []byte) (n int, err error) {
	err = f.do(Op{Kind: Write, Name: f.name, Size: len(p)}, func(much int) error {
		n = min(much, len(p))
		full := f.disk.room >= 0 && n > f.disk.room
		if full {
			n = f.disk.room
		}
		if f.disk.room >= 0 {
			f.disk.room -= n
		}
		f.node.data = append(f.node.data, p[:n]...)
		if full {
			return pathError(Write, f.name, syscall.ENOSPC)
		}
		return nil
	})
	return n, err
}

// Sync implements [local.File].
func (f *file) Sync() error {
	return f.do(Op{Kind: Sync, Name: f.name}, func(int) error {
		// Written bytes never change, so that the two may share them.
		f.node.durable = f.node.data[:len(f.node.data):len(f.node.data)]
		return nil
	})
}

// Close implements [local.File].
func (f *file) Close() error { return nil }

// Stat implements [local.File].
func (f *file) Stat() (i fs.FileInfo, err error) {
	err = f.do(Op{Kind: Stat, Name: f.name}, func(int) error {
		i = info{name: f.name, node: f.node, size: int64(len(f.node.data))}
		return nil
	})
	return i, err
}

// info implements [fs.FileInfo].
type info struct {
	name string
	node *inode
	size int64
}

func (i info) Name() string       { return filepath.Base(i.name) }
func (i info) Size() int64        { return i.size }
func (i info) Mode() fs.FileMode  { return i.node.perm }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return false }
func (i info) Sys() any           { return i.node }
